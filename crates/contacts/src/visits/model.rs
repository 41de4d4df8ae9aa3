//! Visits and what is read from them.

use outpace_core::time::{DAY_MS, MINUTE_MS};
use outpace_core::{CaseId, FromValue, PersonId, PlaceId, Seq, Timestamp, Value, ValueError, VehicleId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The longest piece of a visit in the tables, milliseconds: how far a range read looks back.
pub const PIECE_MS_MAX: i64 = DAY_MS;
/// How long two visits of one person at two spots may overlap before they cannot both be, milliseconds: clocks and
/// memories are no better.
pub const OVERLAP_MS_MAX: i64 = 15 * MINUTE_MS;

/// Where people meet: a place or a vehicle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Spot {
    /// A place.
    Place(PlaceId),
    /// A vehicle.
    Vehicle(VehicleId),
}

impl Spot {
    /// One of the two, from a request that has a field for each.
    #[must_use]
    pub fn of(place: Option<PlaceId>, vehicle: Option<VehicleId>) -> Option<Self> {
        match (place, vehicle) {
            (Some(place), None) => Some(Self::Place(place)),
            (None, Some(vehicle)) => Some(Self::Vehicle(vehicle)),
            _ => None,
        }
    }
}

/// Places are kept as their number, vehicles as the negative of theirs, so that a spot is one column.
impl From<Spot> for Value<'_> {
    fn from(spot: Spot) -> Self {
        match spot {
            Spot::Place(place) => Value::Int(place.0),
            Spot::Vehicle(vehicle) => Value::Int(-vehicle.0),
        }
    }
}

impl FromValue for Spot {
    fn from_value(value: Value<'_>) -> Result<Self, ValueError> {
        let number = i64::from_value(value)?;
        Ok(if number < 0 { Self::Vehicle(VehicleId(-number)) } else { Self::Place(PlaceId(number)) })
    }
}

outpace_registry::words! {
    /// How it is known that someone was there.
    pub enum Evidence {
        /// The workplace's or school's list of who was on duty.
        Roster = "roster",
        /// A place code was scanned.
        CheckIn = "check_in",
        /// The person said so.
        Interview = "interview",
        /// Someone else said so.
        Witness = "witness",
        /// A camera.
        Camera = "camera",
        /// A payment.
        Payment = "payment",
        /// A ticket, or the record of a vehicle.
        VehicleRecord = "vehicle_record",
        /// A telephone's position.
        Phone = "phone",
    }
}

impl Evidence {
    /// Whether it ties the person to the spot at that very time. A roster or a memory does not: people go out for
    /// lunch, and interviews err by hours.
    #[must_use]
    pub fn is_exact(self) -> bool {
        matches!(self, Self::CheckIn | Self::Camera | Self::Payment | Self::VehicleRecord)
    }
}

outpace_registry::words! {
    /// Why a visit cannot be as it was recorded.
    pub enum Flaw {
        /// It ends before it starts.
        EndsBeforeStart = "ends_before_start",
        /// It lies in the future.
        InFuture = "in_future",
        /// The person was elsewhere at that time.
        TwoPlaces = "two_places",
        /// The device's clock was wrong; the moment was reckoned from when it was told.
        ClockSkewed = "clock_skewed",
    }
}

/// A person at a spot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Visit {
    /// Who.
    pub person: PersonId,
    /// Where.
    pub spot: Spot,
    /// From.
    pub from: Timestamp,
    /// To.
    pub to: Timestamp,
    /// How it is known.
    pub evidence: Evidence,
    /// The room, the row or the seat, as far as it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<String>,
    /// Why it cannot be as recorded; `None` where nothing is wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flaw: Option<Flaw>,
}

/// Two people at one spot at the same time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
pub struct Together {
    /// The other one.
    pub person: PersonId,
    /// Where.
    pub spot: Spot,
    /// When the time together began.
    pub from: Timestamp,
    /// When it ended.
    pub to: Timestamp,
    /// The other one's room, row or seat.
    pub room: Option<String>,
    /// Whether both are known to have been in the same room.
    pub same_room: bool,
    /// The fact that puts the first person there.
    pub seq: Seq,
    /// The fact that puts the other one there.
    pub other_seq: Seq,
}

impl Together {
    /// Whole minutes together.
    #[must_use]
    pub fn minutes(&self) -> i64 {
        self.to.since(self.from) / MINUTE_MS
    }
}

/// A spot where a case was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CasePlace {
    /// Where.
    pub spot: Spot,
    /// Which case.
    pub case: CaseId,
    /// The earliest known moment.
    pub first_at: Timestamp,
    /// The latest known moment.
    pub last_at: Timestamp,
}
