//! Codes of places: a text that a telephone reads, which cannot be made without the key of the place.
//!
//! A place with a screen shows another code every few seconds, so that a picture of it is stale before it is passed on. A
//! printed code stays, so it proves nothing alone. Both are keyed hashes cut to 40 bits: too many to guess, short enough for
//! an old telephone's camera. The key is derived from the vault's and stored nowhere.

use outpace_core::{PlaceId, Timestamp};
use outpace_store::Result;
use outpace_store::vault::Keys;
use zeroize::Zeroizing;

/// What every code of a place begins with.
const HEAD: &str = "OP1";
/// Letters of a code: no I, L, O and U, which are misread.
const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Letters of the part that cannot be guessed: 40 bits.
const LENGTH: usize = 8;
/// Milliseconds in a second.
const SECOND_MS: i64 = 1_000;

/// What a code says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeKind {
    /// Shown on a screen in one step of time.
    Shown,
    /// Printed.
    Printed,
}

impl CodeKind {
    fn letter(self) -> &'static str {
        match self {
            Self::Shown => "S",
            Self::Printed => "P",
        }
    }
}

/// A code as a telephone read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadCode {
    /// The place that it names.
    pub place: PlaceId,
    /// Shown or printed.
    pub kind: CodeKind,
    /// The part that cannot be guessed.
    value: u64,
}

impl ReadCode {
    /// Reads the text of a code; `None` for a text that is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.trim().split('-');
        let (head, place) = (parts.next()?, parts.next()?.parse().ok()?);
        let (kind, letters) = (parts.next()?, parts.next()?);
        let kind = [CodeKind::Shown, CodeKind::Printed].into_iter().find(|known| known.letter() == kind)?;
        let fits = head == HEAD && parts.next().is_none() && letters.len() == LENGTH;
        let digit = |value: u64, letter: u8| {
            let digit = LETTERS.iter().position(|known| *known == letter.to_ascii_uppercase())?;
            Some(value << 5 | digit as u64)
        };
        let value = letters.bytes().try_fold(0, digit)?;
        fits.then_some(Self { place: PlaceId(place), kind, value })
    }
}

/// The step of time that a moment lies in.
#[must_use]
pub fn step_of(at: Timestamp, seconds: u32) -> i64 {
    at.0.div_euclid(i64::from(seconds.max(1)) * SECOND_MS)
}

/// When a step begins.
#[must_use]
pub fn begins(step: i64, seconds: u32) -> Timestamp {
    Timestamp(step.saturating_mul(i64::from(seconds.max(1)) * SECOND_MS))
}

/// The key of a place's codes.
pub struct PlaceKey {
    place: PlaceId,
    key: Zeroizing<[u8; 32]>,
}

impl PlaceKey {
    /// The key of a place, the same on every server of the journal.
    ///
    /// # Errors
    /// When the vault's look-up key is missing.
    pub fn of(keys: &Keys, place: PlaceId) -> Result<Self> {
        Ok(Self { place, key: keys.derive(&format!("place codes: {place}"))? })
    }

    fn value(&self, kind: CodeKind, number: i64) -> u64 {
        let mut hasher = blake3::Hasher::new_keyed(&self.key);
        hasher.update(kind.letter().as_bytes());
        hasher.update(&number.to_le_bytes());
        let mut short = [0_u8; 8];
        short[..5].copy_from_slice(&hasher.finalize().as_bytes()[..5]);
        u64::from_le_bytes(short)
    }

    fn text(&self, kind: CodeKind, number: i64) -> String {
        let value = self.value(kind, number);
        let letters: String =
            (0..LENGTH).rev().map(|place| char::from(LETTERS[(value >> (5 * place)) as usize % 32])).collect();
        format!("{HEAD}-{}-{}-{letters}", self.place, kind.letter())
    }

    /// The code of a step of time.
    #[must_use]
    pub fn shown(&self, step: i64) -> String {
        self.text(CodeKind::Shown, step)
    }

    /// The code of a print.
    #[must_use]
    pub fn printed(&self, print: i64) -> String {
        self.text(CodeKind::Printed, print)
    }

    /// Whether a code was shown there at a moment, or one step before or after it.
    #[must_use]
    pub fn is_shown_at(&self, code: ReadCode, at: Timestamp, seconds: u32) -> bool {
        let step = step_of(at, seconds);
        let fits = |near: i64| self.value(CodeKind::Shown, step.saturating_add(near)) == code.value;
        code.place == self.place && code.kind == CodeKind::Shown && (-1..=1).any(fits)
    }

    /// Whether a code is that of a print.
    #[must_use]
    pub fn is_print(&self, code: ReadCode, print: i64) -> bool {
        let known = print > 0 && code.place == self.place && code.kind == CodeKind::Printed;
        known && self.value(CodeKind::Printed, print) == code.value
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn keys() -> (tempfile::TempDir, Keys) {
        let folder = tempfile::tempdir().unwrap();
        let keys = Keys::open(folder.path()).unwrap();
        (folder, keys)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn a_code_counts_for_its_place_and_its_time_and_for_nothing_else(
            place in 1_i64..1_000_000, other in 1_i64..1_000_000, at in 0_i64..4_000_000_000_000, late_s in 0_i64..100_000, seconds in 30_u32..=60,
        ) {
            let (_folder, keys) = keys();
            let key = PlaceKey::of(&keys, PlaceId(place)).unwrap();
            let shown_at = Timestamp(at);
            let text = key.shown(step_of(shown_at, seconds));
            let code = ReadCode::parse(&text).unwrap();
            prop_assert_eq!(code.place, PlaceId(place));
            prop_assert!(key.is_shown_at(code, shown_at, seconds));
            let read_at = Timestamp(at + late_s * 1_000);
            let steps = step_of(read_at, seconds) - step_of(shown_at, seconds);
            prop_assert_eq!(key.is_shown_at(code, read_at, seconds), steps <= 1);
            prop_assert!(!key.is_print(code, step_of(shown_at, seconds)));
            let another = PlaceKey::of(&keys, PlaceId(other)).unwrap();
            prop_assert_eq!(another.is_shown_at(code, shown_at, seconds), place == other);
        }

        #[test]
        fn no_text_is_read_as_a_code_that_does_not_print_the_same(text in "[A-Z0-9-]{0,30}") {
            if let Some(code) = ReadCode::parse(&text) {
                prop_assert!(text.starts_with("OP1-"), "{}", text);
                prop_assert!(text.contains(&code.place.0.to_string()) || text.contains("-0"), "{}", text);
            }
        }
    }

    #[test]
    fn only_the_newest_print_counts_and_keys_differ_between_folders() {
        let ((_one, keys), (_two, others)) = (keys(), keys());
        let key = PlaceKey::of(&keys, PlaceId(7)).unwrap();
        let first = ReadCode::parse(&key.printed(1)).unwrap();
        assert!(key.is_print(first, 1) && !key.is_print(first, 2) && !key.is_print(first, 0));
        let elsewhere = PlaceKey::of(&others, PlaceId(7)).unwrap();
        assert!(!elsewhere.is_print(first, 1));
        for wrong in
            ["", "OP1-7-P", "OP2-7-P-00000000", "OP1-7-X-00000000", "OP1-7-P-0000000U", "OP1-x-P-00000000", "张"]
        {
            assert_eq!(ReadCode::parse(wrong), None, "{wrong}");
        }
    }
}
