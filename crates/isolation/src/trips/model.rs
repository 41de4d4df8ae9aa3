//! What a trip is.

use outpace_core::{ActorId, AreaId, FacilityId, PersonId, PlaceId, PlanId, Text, Timestamp, TripId, VehicleId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ids::TransferId;

/// Contacts and cases never share a vehicle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PassengerKind {
    /// Contacts, and guardians who go along with them.
    Contact,
    /// Cases, and guardians who go along with them.
    Case,
}

impl PassengerKind {
    /// Name for people.
    #[must_use]
    pub fn name(self) -> Text {
        match self {
            Self::Contact => Text::new("密接人员", "contacts"),
            Self::Case => Text::new("感染者", "cases"),
        }
    }
}

/// Where people board.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
pub struct Stop {
    /// In which area.
    pub area: AreaId,
    /// At which place, where it is one.
    pub place: Option<PlaceId>,
}

/// A trip to be planned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NewTrip {
    /// The vehicle.
    pub vehicle: VehicleId,
    /// Where to.
    pub facility: FacilityId,
    /// Contacts or cases.
    pub kind: PassengerKind,
    /// Drivers.
    pub drivers: u32,
    /// Stops in order.
    pub stops: Vec<Stop>,
    /// Who goes, by their transfers.
    pub transfers: Vec<TransferId>,
    /// The approved plan.
    pub plan: Option<PlanId>,
}

/// Where a trip stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TripState {
    /// Vehicle, people and beds are set.
    Planned,
    /// On the road.
    UnderWay,
    /// At the facility.
    Arrived,
    /// The vehicle was disinfected. Over.
    Done,
    /// Not made. Over.
    Cancelled,
}

impl TripState {
    /// The one table of steps of a trip.
    #[must_use]
    pub fn allows(self, next: Self) -> bool {
        matches!(
            (self, next),
            (Self::Planned, Self::UnderWay | Self::Arrived | Self::Cancelled)
                | (Self::UnderWay, Self::Arrived)
                | (Self::Arrived, Self::Done)
        )
    }

    /// Whether the vehicle is still bound to it.
    #[must_use]
    pub fn is_open(self) -> bool {
        !matches!(self, Self::Done | Self::Cancelled)
    }

    /// Name for people.
    #[must_use]
    pub fn name(self) -> Text {
        match self {
            Self::Planned => Text::new("待出发", "planned"),
            Self::UnderWay => Text::new("途中", "under way"),
            Self::Arrived => Text::new("已到达", "arrived"),
            Self::Done => Text::new("已完成并消毒", "done and disinfected"),
            Self::Cancelled => Text::new("已取消", "cancelled"),
        }
    }
}

/// A trip as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Trip {
    /// Its number.
    pub id: TripId,
    /// The vehicle.
    pub vehicle: VehicleId,
    /// Where to.
    pub facility: FacilityId,
    /// Contacts or cases.
    pub kind: PassengerKind,
    /// Where it stands.
    pub state: TripState,
    /// People it may carry under the rules, guardians of cases not counted.
    pub places: i64,
    /// Drivers.
    pub drivers: i64,
    /// Stops in order.
    pub stops: Vec<Stop>,
    /// People planned for it.
    pub planned: i64,
    /// People who boarded.
    pub boarded: i64,
    /// People who were handed over.
    pub handed_over: i64,
    /// When it was planned.
    pub planned_at: Timestamp,
    /// When it left.
    pub departed_at: Option<Timestamp>,
    /// When it arrived.
    pub arrived_at: Option<Timestamp>,
    /// When the vehicle was disinfected after it.
    pub disinfected_at: Option<Timestamp>,
    /// The plan behind it.
    pub plan: Option<PlanId>,
}

/// One person of a trip.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TripPerson {
    /// Which trip.
    pub trip: TripId,
    /// Who.
    pub person: PersonId,
    /// Their transfer, if there is one.
    pub transfer: Option<TransferId>,
    /// Whether they go along as a guardian.
    pub guardian: bool,
    /// Whether they were planned for it.
    pub planned: bool,
    /// When they boarded.
    pub boarded_at: Option<Timestamp>,
    /// When they were handed over.
    pub handed_at: Option<Timestamp>,
    /// Whether they were then seen boarding another trip instead.
    pub superseded: bool,
}

/// People seen boarding at a stop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Boarding {
    /// The trip.
    pub trip: TripId,
    /// Who boarded.
    pub people: Vec<PersonId>,
    /// Where.
    pub stop: Option<Stop>,
    /// Who signed: who gave and who took.
    pub signed_by: Vec<ActorId>,
    /// When it happened; now where absent.
    pub occurred_at: Option<Timestamp>,
}

/// People seen handed over at a facility.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HandOver {
    /// The trip.
    pub trip: TripId,
    /// At which facility.
    pub facility: FacilityId,
    /// Who was handed over.
    pub people: Vec<PersonId>,
    /// Who signed: who gave and who took.
    pub signed_by: Vec<ActorId>,
    /// When it happened; now where absent.
    pub occurred_at: Option<Timestamp>,
}
