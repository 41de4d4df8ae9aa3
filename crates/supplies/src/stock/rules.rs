//! How long stock lasts. Pure, whole numbers only.

use outpace_core::Timestamp;
use outpace_core::time::HOUR_MS;

/// Hours of the past that a measured rate looks at.
pub const USAGE_WINDOW_HOURS: i64 = 72;
/// The fewest hours that a measured rate is spread over: the first hour of a site says little about its day.
pub const USAGE_HOURS_MIN: i64 = 6;

/// Pieces a day, measured: what was used in the window, spread over the hours since its first use. Rounded up: better
/// an order too early. `None` where nothing was used.
#[must_use]
pub fn measured_per_day(used: i64, first_used_at: Timestamp, now: Timestamp) -> Option<i64> {
    if used <= 0 {
        return None;
    }
    let hours = (now.since(first_used_at) / HOUR_MS + 1).clamp(USAGE_HOURS_MIN, USAGE_WINDOW_HOURS);
    Some((used.saturating_mul(24) + hours - 1) / hours)
}

/// The rate that counts: as planned, else as measured.
#[must_use]
pub fn rate(planned: Option<i64>, measured: Option<i64>) -> Option<i64> {
    planned.or(measured).filter(|per_day| *per_day > 0)
}

/// Whole hours that a stock lasts at a rate; an overdrawn one lasts none.
#[must_use]
pub fn hours_left(on_hand: i64, per_day: i64) -> Option<i64> {
    (per_day > 0).then(|| on_hand.max(0).saturating_mul(24) / per_day)
}

/// Hours as days with one decimal, rounded down.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "days of stock are small numbers")]
pub fn days(hours: i64) -> f64 {
    (hours * 10 / 24) as f64 / 10.0
}

/// Whether a stock that lasts so many hours is short for an item that must last so many days.
#[must_use]
pub fn is_short(hours_left: Option<i64>, days_min: i64) -> bool {
    days_min > 0 && hours_left.is_some_and(|hours| hours < days_min * 24)
}
