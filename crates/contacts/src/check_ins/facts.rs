//! Facts about check-ins.

use outpace_core::{ActorId, PersonId, PlaceId, Seq, Timestamp};
use serde::{Deserialize, Serialize};

use super::model::DeviceMarks;

/// One check-in, as short as it can be written: counter, person, moment by our clock, flags.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckInRow(pub i64, pub PersonId, pub Timestamp, pub u8);

impl CheckInRow {
    /// The device's clock was wrong: the moment was reckoned from when it was told.
    pub const SKEWED: u8 = 1;
    /// Nobody is registered under this id.
    pub const UNKNOWN: u8 = 2;
    /// The person is a case: where they were stands for it at once.
    pub const CASE: u8 = 4;

    /// Whether a flag is set.
    #[must_use]
    pub fn has(self, flag: u8) -> bool {
        self.3 & flag != 0
    }
}

outpace_registry::facts! {
    /// A device told who checked in at a place. One entry for all that it sent.
    CheckInsTaken = "contacts.check_ins_taken" {
        /// The device.
        device: ActorId,
        /// Where.
        place: PlaceId,
        /// How long a check-in counts as a stay, milliseconds, by the pack in force.
        stay_ms: i64,
        /// How far the device's clock was behind ours, milliseconds.
        skew_ms: i64,
        /// What is here of the device's check-ins with these.
        marks: DeviceMarks,
        /// Those that are new.
        rows: Vec<CheckInRow>,
    }
    /// Check-ins were filed by place and by person.
    CheckInsFiled = "contacts.check_ins_filed" {
        /// The last entry of the log that is filed now.
        to: Seq,
    }
}
