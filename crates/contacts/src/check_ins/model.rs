//! Check-ins as a device tells them, and what it is answered.

use outpace_core::{ActorId, PersonId, PlaceId, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One check-in, as the device noted it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NewCheckIn {
    /// The device's own counter, from 1: it names the check-in for ever.
    pub counter: i64,
    /// Who.
    pub person: PersonId,
    /// When, by the device's clock.
    pub at: Timestamp,
}

/// Check-ins of one device at one place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CheckIns {
    /// Where.
    pub place: PlaceId,
    /// What the device's clock shows as it sends, so that a wrong clock can be told and put right.
    #[serde(default)]
    pub sent_at: Option<Timestamp>,
    /// At most 10,000, in any order.
    pub check_ins: Vec<NewCheckIn>,
}

/// What became of check-ins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = CheckInsRecorded)]
pub struct Taken {
    /// Check-ins that are new.
    pub recorded: i64,
    /// Check-ins that had come before.
    pub already: i64,
    /// Of the new ones, those that were flagged: a wrong clock, a person whom nobody knows.
    pub flagged: i64,
    /// How far the device's clock was behind ours, milliseconds; 0 where it was right, or did not say.
    pub skew_ms: i64,
    /// What the device need not keep any longer.
    pub marks: DeviceMarks,
}

/// What is here of a device's check-ins: everything up to the mark, without the gaps.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeviceMarks {
    /// The highest counter that came; 0 before the first.
    pub mark: i64,
    /// Counters below it that have not come, each from–to.
    pub gaps: Vec<(i64, i64)>,
}

/// A device's row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DeviceRow {
    pub(crate) device: ActorId,
    pub(crate) marks: DeviceMarks,
    pub(crate) skew_ms: i64,
}
