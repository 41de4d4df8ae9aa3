//! Facts about places and vehicles.

use outpace_core::{AreaId, PlaceId, VehicleId};
use outpace_store::Fact;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::model::VehicleKind;

/// One place of a batch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ImportedPlace {
    /// The source's own number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<i64>,
    /// Its class as a word: small letters, digits and `_`.
    pub class: String,
    /// Chinese name.
    pub name: String,
    /// English name; the Chinese one where it is empty.
    #[serde(default)]
    pub name_en: String,
    /// A grid, or a village where the grid is not known.
    pub area: AreaId,
    /// Longitude, degrees WGS-84.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lon: Option<f64>,
    /// Latitude, degrees WGS-84.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lat: Option<f64>,
    /// The place it is part of: in an import a reference of the same source, in the fact an id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part_of: Option<i64>,
    /// People who work there.
    #[serde(default)]
    pub staff: i64,
}

/// Places were brought in.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PlacesImported {
    /// Where they come from.
    pub source: String,
    /// The id of the first; the others follow it without gaps.
    pub first: PlaceId,
    /// The places.
    pub places: Vec<ImportedPlace>,
}

impl Fact for PlacesImported {
    const KIND: &'static str = "registry.places_imported";
}

/// One vehicle of a batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImportedVehicle {
    /// The source's own number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<i64>,
    /// What it is for.
    pub kind: VehicleKind,
    /// Its plate; unique.
    pub plate: String,
    /// Chinese name of its line or unit.
    #[serde(default)]
    pub name: String,
    /// English name.
    #[serde(default)]
    pub name_en: String,
    /// Seats for passengers.
    #[serde(default)]
    pub seats: i64,
    /// Drivers assigned to it.
    #[serde(default)]
    pub drivers: i64,
    /// Whether its windows stay shut.
    #[serde(default)]
    pub sealed: bool,
}

/// Vehicles were brought in.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct VehiclesImported {
    /// Where they come from.
    pub source: String,
    /// The id of the first; the others follow it without gaps.
    pub first: VehicleId,
    /// The vehicles.
    pub vehicles: Vec<ImportedVehicle>,
}

impl Fact for VehiclesImported {
    const KIND: &'static str = "registry.vehicles_imported";
}
