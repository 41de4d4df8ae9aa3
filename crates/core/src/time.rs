//! Time as the journal keeps it: whole milliseconds since the epoch. Local hours exist only for people's eyes and
//! for the rules that speak of days; they are made with the jurisdiction's fixed offset (China has one).

use jiff::{civil, tz};
use serde::{Deserialize, Serialize};
use std::fmt;
use utoipa::ToSchema;

use crate::value::{FromValue, Value, ValueError};

/// Milliseconds in a minute.
pub const MINUTE_MS: i64 = 60_000;
/// Milliseconds in an hour.
pub const HOUR_MS: i64 = 60 * MINUTE_MS;
/// Milliseconds in a day.
pub const DAY_MS: i64 = 24 * HOUR_MS;

/// A moment, in milliseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// This moment plus whole minutes (may be negative). Saturates at the ends of time.
    #[must_use]
    pub fn plus_minutes(self, minutes: i64) -> Self {
        Self(self.0.saturating_add(minutes.saturating_mul(MINUTE_MS)))
    }

    /// This moment plus whole hours.
    #[must_use]
    pub fn plus_hours(self, hours: i64) -> Self {
        Self(self.0.saturating_add(hours.saturating_mul(HOUR_MS)))
    }

    /// This moment plus whole days of 24 hours.
    #[must_use]
    pub fn plus_days(self, days: i64) -> Self {
        Self(self.0.saturating_add(days.saturating_mul(DAY_MS)))
    }

    /// Milliseconds from `earlier` to this moment; negative when it lies before.
    #[must_use]
    pub fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// Number of the local day, counted from the epoch, for an offset in minutes east of Greenwich.
    #[must_use]
    pub fn local_day(self, offset_minutes: i64) -> i64 {
        self.plus_minutes(offset_minutes).0.div_euclid(DAY_MS)
    }

    /// The moment at which a local day begins.
    #[must_use]
    pub fn start_of_local_day(day: i64, offset_minutes: i64) -> Self {
        Self(day.saturating_mul(DAY_MS)).plus_minutes(-offset_minutes)
    }

    /// `2022-04-13 01:30` in local time.
    #[must_use]
    pub fn local(self, offset_minutes: i64) -> String {
        match self.civil(offset_minutes) {
            Some(at) => at.strftime("%Y-%m-%d %H:%M").to_string(),
            None => format!("{} ms", self.0),
        }
    }

    /// `01:30` in local time.
    #[must_use]
    pub fn local_hour(self, offset_minutes: i64) -> String {
        match self.civil(offset_minutes) {
            Some(at) => at.strftime("%H:%M").to_string(),
            None => format!("{} ms", self.0),
        }
    }

    /// Reads a local time such as `2022-04-13T01:30` or `2022-04-13T01:30:00`.
    #[must_use]
    pub fn parse_local(text: &str, offset_minutes: i64) -> Option<Self> {
        let civil: civil::DateTime = text.parse().ok()?;
        let utc = civil.to_zoned(tz::TimeZone::UTC).ok()?;
        Some(Self(utc.timestamp().as_millisecond()).plus_minutes(-offset_minutes))
    }

    fn civil(self, offset_minutes: i64) -> Option<civil::DateTime> {
        let shifted = self.plus_minutes(offset_minutes);
        let instant = jiff::Timestamp::from_millisecond(shifted.0).ok()?;
        Some(instant.to_zoned(tz::TimeZone::UTC).datetime())
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(instant) => write!(out, "{instant}"),
            Err(_) => write!(out, "{} ms", self.0),
        }
    }
}

impl From<Timestamp> for Value<'_> {
    fn from(at: Timestamp) -> Self {
        Value::Int(at.0)
    }
}

impl FromValue for Timestamp {
    fn from_value(value: Value<'_>) -> Result<Self, ValueError> {
        i64::from_value(value).map(Self)
    }
}

/// The one door to the present time. Only the outermost edge holds one; rules are given a [`Timestamp`].
pub trait Clock: Send + Sync {
    /// The present moment, cut to the millisecond.
    fn now(&self) -> Timestamp;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_time_round_trips() {
        let at = Timestamp::parse_local("2022-04-13T01:30", 480).unwrap();
        assert_eq!(at.local(480), "2022-04-13 01:30");
        assert_eq!(at.to_string(), "2022-04-12T17:30:00Z");
        assert_eq!(Timestamp::start_of_local_day(at.local_day(480), 480).local(480), "2022-04-13 00:00");
    }
}
