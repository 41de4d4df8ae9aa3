//! How large whatever comes from outside may be: one type per unit, with its least and its greatest value.
//!
//! A field of a request names one of these as its schema type (`#[schema(value_type = Days)]`); so its bounds stand in
//! `/openapi.json`, and the request reader (`access::bounds`) refuses a value beyond them before any handler runs. Facts
//! keep plain numbers: what was recorded before a bound existed still folds. Readers of files check a cell with
//! `Days::check("days_min", value)`.

use std::fmt;
use std::ops::RangeInclusive;

use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::refusal::Refusal;
use crate::time::Timestamp;

/// The longest text of a request, in characters, unless its field declares another length: a notice with its whole body.
pub const TEXT_CHARACTERS_MAX: usize = 20_000;
/// The longest list of a request, unless its field declares another length.
pub const LIST_ITEMS_MAX: usize = 100_000;
/// The greatest whole number that every JSON reader keeps exactly: 2^53 − 1.
pub const EXACT_MAX: i64 = 9_007_199_254_740_991;
/// Digits of a phone number, the country's prefix included.
pub const PHONE_DIGITS: RangeInclusive<usize> = 5..=15;

macro_rules! bounded {
    ($($(#[$doc:meta])* $name:ident: $number:ty as $kind:ident $format:ident = $least:literal ..= $most:literal;)*) => { $(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct $name;

        impl $name {
            /// The least value.
            pub const MIN: $number = $least;
            /// The greatest value.
            pub const MAX: $number = $most;

            /// Passes a value within the bounds.
            ///
            /// # Errors
            /// 422 `out_of_range` with the field, the value and both bounds.
            pub fn check(field: &str, value: $number) -> Result<$number, Refusal> {
                if (Self::MIN..=Self::MAX).contains(&value) {
                    return Ok(value);
                }
                Err(out_of_range(field, value, Self::MIN, Self::MAX))
            }
        }

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                let number = ObjectBuilder::new()
                    .schema_type(Type::$kind)
                    .format(Some(SchemaFormat::KnownFormat(KnownFormat::$format)))
                    .minimum(Some(Self::MIN))
                    .maximum(Some(Self::MAX));
                RefOr::T(Schema::Object(number.build()))
            }
        }

        impl ToSchema for $name {}
    )* };
}

bounded! {
    /// Goods, kits, residents: whatever is counted by the thousand.
    Quantity: i64 as Integer Int64 = 0..=1_000_000_000;
    /// People of a team, rooms, beds, lanes, seats, tubes an hour, positions.
    Count: i64 as Integer Int64 = 0..=1_000_000;
    /// Days of 24 hours.
    Days: i64 as Integer Int64 = 0..=3_650;
    /// Hours.
    Hours: i64 as Integer Int64 = 0..=87_600;
    /// Minutes.
    Minutes: i64 as Integer Int64 = 0..=5_256_000;
    /// Minutes by which a clock is ahead; negative: behind.
    MinutesAhead: i64 as Integer Int64 = -5_256_000..=5_256_000;
    /// Minutes since local midnight.
    MinuteOfDay: i64 as Integer Int64 = 0..=1_440;
    /// A number that one of our counters gave, where it has no id type of its own.
    Serial: i64 as Integer Int64 = 0..=9_007_199_254_740_991;
    /// The number by which another system knows something: at most 18 digits.
    Reference: i64 as Integer Int64 = 0..=999_999_999_999_999_999;
    /// A moment by the clock of a device, in milliseconds since 1970: a clock that stands years off keeps no observation
    /// out; the handler puts it right or flags it. Up to 2100.
    DeviceMoment: i64 as Integer Int64 = 0..=4_102_444_800_000;
    /// Rows of one page of a list; each list gives at most as many as its own page holds.
    PageLimit: i64 as Integer Int64 = 0..=100_000;
    /// Degrees north (WGS 84).
    Latitude: f64 as Number Double = -90.0..=90.0;
    /// Degrees east (WGS 84).
    Longitude: f64 as Number Double = -180.0..=180.0;
    /// Body temperature, degrees Celsius.
    Celsius: f64 as Number Double = 25.0..=45.0;
    /// Cycle threshold of one gene, as the machine writes it: -1 or 999 where there is none. An odd one keeps no result out.
    Ct: f64 as Number Double = -10_000.0..=10_000.0;
    /// A number of a form whose kind of order checks it further.
    FormNumber: f64 as Number Double = -1_000_000_000_000.0..=1_000_000_000_000.0;
}

/// The schema of a 64-bit whole number from `least` to `most`.
#[must_use]
pub fn whole_number(description: &str, least: i64, most: i64) -> RefOr<Schema> {
    let number = ObjectBuilder::new()
        .schema_type(Type::Integer)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
        .description(Some(description))
        .minimum(Some(least))
        .maximum(Some(most));
    RefOr::T(Schema::Object(number.build()))
}

/// 422: a number beyond its bounds.
#[must_use]
pub fn out_of_range<N: fmt::Display>(field: &str, value: N, least: N, most: N) -> Refusal {
    Refusal::rule(
        "out_of_range",
        field,
        &value,
        format!("数值 {value} 超出范围,应在 {least} 至 {most} 之间(含两端);未作任何更改。"),
        format!("{value} is out of range: it must be from {least} to {most}, both included. Nothing was changed."),
    )
}

/// 422: a moment outside the years in which it could lie, in local time.
#[must_use]
pub fn moment_out_of_range(
    field: &str,
    value: impl fmt::Display,
    (earliest, latest): (Timestamp, Timestamp),
    offset_minutes: i64,
) -> Refusal {
    let (earliest, latest) = (earliest.local(offset_minutes), latest.local(offset_minutes));
    Refusal::rule(
        "out_of_range",
        field,
        &value,
        format!("时间 {value}(毫秒)超出范围,应在 {earliest} 至 {latest} 之间;未作任何更改。"),
        format!(
            "{value} is out of range: a moment, in milliseconds, from {earliest} to {latest}. Nothing was changed."
        ),
    )
}

/// 422: a text that is too long. The text itself is not shown, as it may be a secret.
#[must_use]
pub fn text_too_long(field: &str, characters: usize, characters_max: usize) -> Refusal {
    Refusal::rule(
        "text_too_long",
        field,
        characters,
        format!("文字有 {characters} 个字符,最多 {characters_max} 个;未作任何更改。"),
        format!("The text has {characters} characters, at most {characters_max} are taken. Nothing was changed."),
    )
}

/// 422: a list that is too long.
#[must_use]
pub fn list_too_long(field: &str, items_max: usize) -> Refusal {
    Refusal::rule(
        "list_too_long",
        field,
        format!("> {items_max}"),
        format!("列表超过 {items_max} 项,请分批提交;未作任何更改。"),
        format!("The list has more than {items_max} entries; send it in parts. Nothing was changed."),
    )
}

/// Passes a moment that lies within [`crate::time::MOMENT_YEARS_MAX`] years of `now`.
///
/// # Errors
/// 422 `out_of_range` with the field, the value and both bounds.
pub fn near(field: &str, moment: Timestamp, now: Timestamp, offset_minutes: i64) -> Result<Timestamp, Refusal> {
    let (earliest, latest) = now.years_around();
    if earliest <= moment && moment <= latest {
        return Ok(moment);
    }
    Err(moment_out_of_range(field, moment.0, (earliest, latest), offset_minutes))
}

/// Whether a text can be a phone number: 5 to 15 digits after an optional `+`, with nothing but spaces, hyphens, dots and
/// brackets between them, and not the same digit throughout.
#[must_use]
pub fn is_plausible_phone(text: &str) -> bool {
    let text = text.trim();
    let digits: Vec<char> = text.chars().filter(char::is_ascii_digit).collect();
    let rest = text.strip_prefix('+').unwrap_or(text);
    let is_plain = rest.chars().all(|letter| letter.is_ascii_digit() || " -.()".contains(letter));
    let is_varied = digits.windows(2).any(|pair| pair.first() != pair.last());
    is_plain && PHONE_DIGITS.contains(&digits.len()) && is_varied
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::DAY_MS;

    #[test]
    fn value_is_taken_up_to_both_bounds_and_refused_beyond() {
        assert_eq!((Days::check("days_min", 0).unwrap(), Days::check("days_min", 3_650).unwrap()), (0, 3_650));
        for beyond in [-1, 3_651, 1_000_000_000_000_000_000, i64::MIN, i64::MAX] {
            let refusal = Days::check("days_min", beyond).unwrap_err();
            assert_eq!(
                (refusal.status, refusal.code.as_str(), refusal.field.as_str()),
                (422, "out_of_range", "days_min")
            );
            assert_eq!(refusal.value, beyond.to_string());
            assert!(refusal.text.zh.contains("3650") && refusal.text.en.contains("3650"), "{refusal}");
        }
        assert!(Latitude::check("lat", 112.4).is_err() && Latitude::check("lat", f64::NAN).is_err());
        assert!(Longitude::check("lon", 112.4).is_ok());
    }

    #[test]
    fn moment_is_taken_within_ten_years_of_now() {
        let now = Timestamp::parse_local("2022-04-13T01:00", 480).unwrap();
        assert!(
            near("at", now.plus_days(-3_000), now, 480).is_ok() && near("at", now.plus_days(3_000), now, 480).is_ok()
        );
        for far in [-9_200_000_000_000_000_000, i64::MIN, i64::MAX, 0, now.0 - 11 * 366 * DAY_MS] {
            let refusal = near("starts_at", Timestamp(far), now, 480).unwrap_err();
            assert!(refusal.text.en.contains("2012-04-") && refusal.text.zh.contains("2032-04-"), "{refusal}");
        }
    }

    #[test]
    fn phone_is_plausible_or_not() {
        for good in ["13900000004", "+86 139 0000 0004", "0351-1234567", "(0351) 1234567", "12345"] {
            assert!(is_plausible_phone(good), "{good}");
        }
        for bad in ["", "1", "abc", "1390000000x", "00000000000", "1390000000413900000004", "139/0000/0004"] {
            assert!(!is_plausible_phone(bad), "{bad}");
        }
    }
}
