//! Places and vehicles.

use outpace_core::{AreaId, PlaceId, VehicleId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A place where people meet: a workplace, a school, a shop.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Place {
    /// Its id.
    pub id: PlaceId,
    /// Its class as a word, such as `courier_outlet`: closures name classes.
    pub class: String,
    /// Chinese name.
    pub name: String,
    /// English name.
    pub name_en: String,
    /// The grid it stands in.
    pub area: AreaId,
    /// Longitude, degrees WGS-84.
    pub lon: Option<f64>,
    /// Latitude, degrees WGS-84.
    pub lat: Option<f64>,
    /// The place that it is part of.
    pub part_of: Option<PlaceId>,
    /// People who work there, as the source says; 0 where nothing is known.
    pub staff: i64,
}

crate::words! {
    /// What a vehicle is for.
    pub enum VehicleKind {
        /// A bus that can be ordered for transfers.
        Bus = "bus",
        /// A bus of a line, a shuttle or a school: people meet in it.
        LineBus = "line_bus",
        /// An ambulance.
        Ambulance = "ambulance",
        /// A truck with goods.
        Truck = "truck",
        /// A courier's car for tubes.
        Courier = "courier",
    }
}

/// A vehicle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Vehicle {
    /// Its id.
    pub id: VehicleId,
    /// What it is for.
    pub kind: VehicleKind,
    /// Its plate.
    pub plate: String,
    /// Chinese name of its line or unit.
    pub name: String,
    /// English name.
    pub name_en: String,
    /// Seats for passengers.
    pub seats: i64,
    /// Drivers assigned to it.
    pub drivers: i64,
    /// Whether its windows stay shut (air-conditioned): decides who aboard is a contact.
    pub sealed: bool,
}
