//! Codes by time (RFC 6238): six digits, HMAC-SHA-1, half a minute each, as every authenticator app makes them. Pure:
//! secret and moment come from outside.

use std::fmt::Write;

use hmac::{Hmac, KeyInit, Mac};
use outpace_core::Timestamp;
use sha1::Sha1;

/// How long a code stands, in milliseconds (RFC 6238, 5.2).
pub const STEP_MS: i64 = 30_000;
/// Steps that a phone's clock may be off, in either direction: 5.2 recommends one.
pub const DRIFT_STEPS: i64 = 1;
/// Bytes of a secret: the length of the hash (RFC 4226, 4).
pub const SECRET_BYTES: usize = 20;
const DIGITS: usize = 6;
const CODES: u32 = 1_000_000;
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// The step in which a moment lies.
#[must_use]
pub fn step_of(at: Timestamp) -> i64 {
    at.0.div_euclid(STEP_MS)
}

/// The code of a step.
#[must_use]
pub fn code(secret: &[u8], step: i64) -> String {
    // HMAC takes a key of any length.
    let Ok(mut mac) = <Hmac<Sha1> as KeyInit>::new_from_slice(secret) else { return String::new() };
    mac.update(&step.to_be_bytes());
    let digest = mac.finalize().into_bytes();
    // Dynamic truncation (RFC 4226, 5.3): the last four bits say where to read 31 bits.
    let at = usize::from(digest[19] & 0x0f);
    let read = u32::from_be_bytes([digest[at] & 0x7f, digest[at + 1], digest[at + 2], digest[at + 3]]);
    format!("{:0width$}", read % CODES, width = DIGITS)
}

/// The step whose code was given, where it is one of now and later than the last that was used. Always compares with every
/// code that may be, by their hashes, so that its time tells nothing.
#[must_use]
pub fn fitting_step(secret: &[u8], given: &str, now: Timestamp, last_used: i64) -> Option<i64> {
    let given: String = given.chars().filter(|letter| !letter.is_whitespace()).collect();
    let given = blake3::hash(given.as_bytes());
    let middle = step_of(now);
    (middle - DRIFT_STEPS..=middle + DRIFT_STEPS).fold(None, |fits, step| {
        let same = blake3::hash(code(secret, step).as_bytes()) == given;
        if same && step > last_used { Some(step) } else { fits }
    })
}

/// Bytes as base32 (RFC 4648) without padding: what one types where a camera is missing.
#[must_use]
pub fn base32(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(5) * 8);
    let (mut held, mut bits) = (0_u32, 0);
    for byte in bytes {
        held = (held << 8) | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            text.push(letter(held >> bits));
        }
    }
    if bits > 0 {
        text.push(letter(held << (5 - bits)));
    }
    text
}

/// The bytes of a text in base32, as an app reads it; none where it is none.
#[must_use]
pub fn read_base32(text: &str) -> Option<Vec<u8>> {
    let (mut bytes, mut held, mut bits) = (Vec::with_capacity(text.len() * 5 / 8), 0_u32, 0);
    for letter in text.bytes() {
        let five = BASE32.iter().position(|known| *known == letter)?;
        held = (held << 5) | u32::try_from(five).ok()?;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from((held >> bits) & 0xff).ok()?);
        }
    }
    Some(bytes)
}

fn letter(bits: u32) -> char {
    char::from(BASE32[(bits & 31) as usize])
}

/// What an authenticator app reads from the QR code.
#[must_use]
pub fn address(secret: &[u8], place: &str, name: &str) -> String {
    let (place, name) = (escaped(place), escaped(name));
    format!("otpauth://totp/{place}:{name}?secret={}&issuer={place}&algorithm=SHA1&digits=6&period=30", base32(secret))
}

fn escaped(text: &str) -> String {
    text.bytes().fold(String::new(), |mut told, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            told.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(told, "%{byte:02X}");
        }
        told
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const RFC: &[u8] = b"12345678901234567890";

    fn at(seconds: i64) -> Timestamp {
        Timestamp(seconds * 1_000)
    }

    /// RFC 6238, appendix B, the SHA-1 rows, cut to six digits.
    #[test]
    fn the_codes_are_those_of_the_rfc() {
        for (seconds, expected) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(code(RFC, step_of(at(seconds))), expected, "{seconds} s");
        }
    }

    /// RFC 4648, section 10, without padding.
    #[test]
    fn base32_is_that_of_the_rfc() {
        for (bytes, expected) in
            [("", ""), ("f", "MY"), ("fo", "MZXQ"), ("foo", "MZXW6"), ("foob", "MZXW6YQ"), ("foobar", "MZXW6YTBOI")]
        {
            assert_eq!(base32(bytes.as_bytes()), expected);
            assert_eq!(read_base32(expected).unwrap(), bytes.as_bytes());
        }
    }

    #[test]
    fn an_app_reads_whose_code_it_is() {
        let told = address(b"foobar", "Outpace 140121", "admin");
        assert_eq!(
            told,
            "otpauth://totp/Outpace%20140121:admin?secret=MZXW6YTBOI&issuer=Outpace%20140121&algorithm=SHA1&digits=6&period=30"
        );
    }

    proptest! {
        #[test]
        fn a_code_counts_within_one_step_and_never_twice(
            secret in proptest::collection::vec(any::<u8>(), SECRET_BYTES),
            step in 1_000_i64..2_000_000_000,
            off in -3_i64..=3,
        ) {
            let now = Timestamp(step * STEP_MS + 17);
            let given = code(&secret, step + off);
            // Two steps of seven share a code once in fifty thousand: then the other one fits, and is as good.
            let fits = fitting_step(&secret, &given, now, 0);
            prop_assert!(fits.is_none_or(|found| code(&secret, found) == given && (found - step).abs() <= DRIFT_STEPS));
            if off.abs() <= DRIFT_STEPS {
                let used = fits.unwrap();
                prop_assert!(fitting_step(&secret, &given, now, used).is_none_or(|again| again > used));
                prop_assert_eq!(fitting_step(&secret, &given, now, step + DRIFT_STEPS), None);
                let spaced = format!(" {} {}", &given[..3], &given[3..]);
                prop_assert_eq!(fitting_step(&secret, &spaced, now, 0), fits);
            }
        }

        #[test]
        fn what_is_no_code_never_counts(given in "[a-z]{6}|[0-9]{0,5}|[0-9]{7,9}", step in 1_000_i64..2_000_000_000) {
            prop_assert_eq!(fitting_step(RFC, &given, Timestamp(step * STEP_MS), 0), None);
        }
    }
}
