//! When checks are due. Pure.

use outpace_core::Timestamp;
use outpace_core::time::DAY_MS;

/// From this temperature the response looks at a person. General knowledge: the threshold used at the doors of the time.
pub const FEVER_CELSIUS: f64 = 37.3;

/// The part of the local day in which a moment lies, when a day has so many equal parts: its beginning and its end.
#[must_use]
pub fn part_of_day(at: Timestamp, parts: u32, offset_minutes: i64) -> (Timestamp, Timestamp) {
    let parts = i64::from(parts.max(1));
    let start = Timestamp::start_of_local_day(at.local_day(offset_minutes), offset_minutes);
    let length_ms = DAY_MS / parts;
    let part = (at.since(start) / length_ms).min(parts - 1);
    let from = Timestamp(start.0 + part * length_ms);
    let to = if part == parts - 1 { Timestamp(start.0 + DAY_MS) } else { Timestamp(from.0 + length_ms) };
    (from, to)
}
