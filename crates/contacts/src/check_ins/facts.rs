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

    /// The code was shown at another time.
    pub const STALE: u8 = 8;
    /// The code is none of this place.
    pub const FOREIGN: u8 = 16;
    /// The person was elsewhere too shortly before.
    pub const IMPLAUSIBLE: u8 = 32;
    /// Nothing bears a printed code out.
    pub const UNPROVEN: u8 = 64;
    /// Any of the flags that make a check-in a signal. They stand above all others, so that SQL compares once.
    pub const SIGNAL: u8 = Self::STALE | Self::FOREIGN | Self::IMPLAUSIBLE | Self::UNPROVEN;
    /// Flags below this one leave a check-in evidence.
    pub const EVIDENCE_BELOW: u8 = Self::STALE;

    /// Whether it puts the person at the place.
    #[must_use]
    pub fn is_evidence(self) -> bool {
        !self.has(Self::SIGNAL)
    }

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
    /// A code was printed for a place: from then on the ones printed before count for nothing.
    PlaceCodePrinted = "contacts.place_code_printed" {
        /// The place.
        place: PlaceId,
        /// Which print, from 1.
        print: i64,
    }
    /// Check-ins were filed by place and by person.
    CheckInsFiled = "contacts.check_ins_filed" {
        /// The last entry of the log that is filed now.
        to: Seq,
    }
}
