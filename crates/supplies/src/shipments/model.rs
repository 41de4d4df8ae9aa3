//! Shipments and their trucks.

use outpace_core::{DepotId, OrderId, Seq, ShipmentId, TeamId, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

outpace_registry::words! {
    /// Where a shipment stands: follows from its trucks, save for the two ends.
    pub enum ShipmentState {
        /// No truck is there yet.
        Expected = "expected",
        /// Some trucks are there, none is being unloaded.
        Arriving = "arriving",
        /// Trucks are being unloaded.
        Unloading = "unloading",
        /// Every truck is unloaded.
        Unloaded = "unloaded",
        /// Signed for. Over.
        HandedOver = "handed_over",
        /// It does not come. Over.
        Cancelled = "cancelled",
    }
}

impl ShipmentState {
    /// Its Chinese name.
    #[must_use]
    pub fn zh(self) -> &'static str {
        match self {
            Self::Expected => "待到达",
            Self::Arriving => "到达中",
            Self::Unloading => "卸货中",
            Self::Unloaded => "已卸完",
            Self::HandedOver => "已交接",
            Self::Cancelled => "已取消",
        }
    }

    /// Whether nothing more happens to it.
    #[must_use]
    pub fn is_over(self) -> bool {
        matches!(self, Self::HandedOver | Self::Cancelled)
    }

    /// What follows from the trucks.
    #[must_use]
    pub fn of_trucks(trucks: &[Truck]) -> Self {
        if trucks.iter().all(|truck| truck.unloaded_at.is_some()) && !trucks.is_empty() {
            Self::Unloaded
        } else if trucks.iter().any(|truck| truck.started_at.is_some() || truck.unloaded_at.is_some()) {
            Self::Unloading
        } else if trucks.iter().any(|truck| truck.arrived_at.is_some()) {
            Self::Arriving
        } else {
            Self::Expected
        }
    }
}

/// What a truck carries of one item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TruckLine {
    /// The item.
    pub item: String,
    /// Pieces by the paper.
    pub expected: i64,
    /// Pieces counted; `None` until then.
    pub counted: Option<i64>,
}

/// One truck of a shipment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Truck {
    /// Its number within the shipment, from 1.
    pub number: i64,
    /// Its plate; empty until it is known.
    pub plate: String,
    /// Boxes by the paper.
    pub boxes_expected: i64,
    /// Boxes counted; `None` until then.
    pub boxes_counted: Option<i64>,
    /// What it carries, by item.
    pub lines: Vec<TruckLine>,
    /// When it arrived.
    pub arrived_at: Option<Timestamp>,
    /// When its unloading began.
    pub started_at: Option<Timestamp>,
    /// When it was empty.
    pub unloaded_at: Option<Timestamp>,
    /// Who unloads it.
    pub team: Option<TeamId>,
    /// How many people unload it.
    pub people: i64,
    /// Whether the paper knew it.
    pub announced: bool,
}

/// Sums over the trucks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct ShipmentTotals {
    /// Trucks.
    pub trucks: i64,
    /// Of these, arrived.
    pub arrived: i64,
    /// Of these, empty.
    pub unloaded: i64,
    /// Boxes by the paper.
    pub boxes_expected: i64,
    /// Boxes counted.
    pub boxes_counted: i64,
    /// The most people that unloaded one truck: teams go from truck to truck.
    pub people: i64,
}

/// Trucks that come together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Shipment {
    /// Its id.
    pub id: ShipmentId,
    /// Its number on the paper: the same number twice is one.
    pub key: String,
    /// From whom: a county, a firm.
    pub from: String,
    /// The depot it is unloaded into.
    pub depot: DepotId,
    /// When it is expected.
    pub expected_at: Timestamp,
    /// Where it stands.
    pub state: ShipmentState,
    /// Its trucks, by number.
    pub trucks: Vec<Truck>,
    /// Sums over them.
    pub totals: ShipmentTotals,
    /// The order to unload it, from the first arrival on.
    pub order: Option<OrderId>,
    /// When it was handed over.
    pub handed_over_at: Option<Timestamp>,
    /// The newest fact about it.
    pub seq: Seq,
}

impl ShipmentTotals {
    /// The sums over some trucks.
    #[must_use]
    pub fn of(trucks: &[Truck]) -> Self {
        let mut totals = Self::default();
        for truck in trucks {
            totals.trucks += 1;
            totals.arrived += i64::from(truck.arrived_at.is_some() || truck.unloaded_at.is_some());
            totals.unloaded += i64::from(truck.unloaded_at.is_some());
            totals.boxes_expected += truck.boxes_expected;
            totals.boxes_counted += truck.boxes_counted.unwrap_or(0);
            totals.people = totals.people.max(truck.people);
        }
        totals
    }
}
