//! What follows from the moments of a case by the pack. Pure.

use outpace_core::Timestamp;
use outpace_core::time::DAY_MS;
use outpace_policy::{LookbackRules, RepeatedScreening};

use super::model::{CaseDates, FoundHow};

/// From when contacts of a case count: so many whole local days before the onset (or, without one, before the
/// positive sample, or before it was found), or from the last negative sample where the pack says so for a case that
/// screening found (9th edition, annex 4).
#[must_use]
pub fn contact_window(
    lookback: &LookbackRules,
    dates: &CaseDates,
    found_how: FoundHow,
    found_at: Timestamp,
    offset_minutes: i64,
) -> Timestamp {
    let anchor = dates.onset_at.or(dates.sampled_at).unwrap_or(found_at);
    let day = anchor.local_day(offset_minutes) - i64::from(lookback.contact_days.value);
    let fixed = Timestamp::start_of_local_day(day, offset_minutes);
    let screened = matches!(found_how, FoundHow::ActiveScreening | FoundHow::Quarantine) && dates.onset_at.is_none();
    match dates.last_negative_at {
        Some(negative)
            if screened
                && lookback.repeated_screening.value == RepeatedScreening::LastNegative
                && negative <= anchor =>
        {
            negative
        }
        _ => fixed,
    }
}

/// From when the movements of a case are established: so many days before the same moment.
#[must_use]
pub fn movement_window(
    lookback: &LookbackRules,
    dates: &CaseDates,
    found_at: Timestamp,
    offset_minutes: i64,
) -> Timestamp {
    let anchor = dates.onset_at.or(dates.sampled_at).unwrap_or(found_at);
    let days = i64::from(lookback.movement_days.value);
    Timestamp::start_of_local_day(anchor.local_day(offset_minutes) - days, offset_minutes)
}

/// Until when contacts of a case count: its isolation, or without one this moment.
#[must_use]
pub fn contact_window_end(dates: &CaseDates, now: Timestamp) -> Timestamp {
    dates.isolated_at.unwrap_or(now)
}

/// Whole days from one moment to another, rounded down; 0 when the second lies before the first.
#[must_use]
pub fn days_between(from: Timestamp, to: Timestamp) -> i64 {
    (to.since(from) / DAY_MS).max(0)
}
