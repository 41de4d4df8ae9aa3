//! Check-ins as a device tells them, and what it is answered.

use outpace_core::{ActorId, PersonId, PlaceId, Seq, Timestamp};
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
    /// The text of the place's code, where the person's own telephone read it; absent where the device saw the person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
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
    /// Of the new ones, those that are kept as signals only: their code was not shown there then, or nothing bears it out.
    pub signals: i64,
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
    #[schema(value_type = Vec<Vec<i64>>)]
    pub gaps: Vec<(i64, i64)>,
}

outpace_registry::words! {
    /// Why a check-in is a signal that a code was passed about, and no evidence that somebody was there.
    pub enum SignalReason {
        /// The code was shown there at another time: a picture of it.
        Stale = "stale",
        /// It is no code of this place.
        Foreign = "foreign",
        /// The person was seen elsewhere too shortly before.
        Implausible = "implausible",
        /// A printed code, and nobody saw the person nearby.
        Unproven = "unproven",
    }
}

/// A check-in that is kept as a signal. It is no visit: neither tracing nor the response ever reads it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Signal {
    /// Whose telephone sent it.
    pub person: PersonId,
    /// The place of the code.
    pub place: PlaceId,
    /// When.
    pub at: Timestamp,
    /// Why it is no evidence.
    pub reason: SignalReason,
    /// The fact that keeps it.
    pub seq: Seq,
}

/// A device's row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DeviceRow {
    pub(crate) device: ActorId,
    pub(crate) marks: DeviceMarks,
    pub(crate) skew_ms: i64,
}
