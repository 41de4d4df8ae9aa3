//! What the targets share: choices drawn from a fuzzer's bytes, and a reader of JSON's worst enemy.

use serde_json::{Map, Value, json};

/// Choices drawn from bytes, first to last; when they are used up, always the first choice.
pub struct Draws<'a>(&'a [u8]);

impl<'a> Draws<'a> {
    /// Draws from these bytes.
    #[must_use]
    pub fn from(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// One byte.
    pub fn byte(&mut self) -> u8 {
        match self.0.split_first() {
            Some((first, rest)) => {
                self.0 = rest;
                *first
            }
            None => 0,
        }
    }

    /// A number below a bound, which is not 0.
    pub fn below(&mut self, bound: usize) -> usize {
        (usize::from(self.byte()) | usize::from(self.byte()) << 8) % bound
    }

    /// A number of 64 bits.
    pub fn number(&mut self) -> i64 {
        i64::from_le_bytes(std::array::from_fn(|_| self.byte()))
    }

    /// A text of at most 15 bytes.
    pub fn text(&mut self) -> String {
        let length = usize::from(self.byte() & 15).min(self.0.len());
        let (text, rest) = self.0.split_at(length);
        self.0 = rest;
        String::from_utf8_lossy(text).into_owned()
    }

    /// Everything that was not drawn yet.
    #[must_use]
    pub fn rest(self) -> &'a [u8] {
        self.0
    }
}

/// Changes up to four values of a JSON text: out of range, of another kind, left out, too many, with a field nobody knows.
pub fn twist(value: &mut Value, draws: &mut Draws<'_>) {
    for _ in 0..1 + draws.byte() % 4 {
        twist_one(value, draws);
    }
}

fn twist_one(value: &mut Value, draws: &mut Draws<'_>) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            let name = fields.keys().nth(draws.below(fields.len())).cloned().unwrap_or_default();
            match draws.byte() % 16 {
                0 => drop(fields.remove(&name)),
                1 => drop(fields.insert(draws.text(), odd(draws))),
                _ => fields.get_mut(&name).into_iter().for_each(|inner| twist_one(inner, draws)),
            }
        }
        Value::Array(items) if !items.is_empty() => {
            let at = draws.below(items.len());
            match draws.byte() % 16 {
                0 => drop(items.remove(at)),
                1 => items.push(items[at].clone()),
                2 => items.resize(600, items[at].clone()),
                _ => twist_one(&mut items[at], draws),
            }
        }
        leaf => *leaf = odd(draws),
    }
}

/// A value at the edge of what there is.
fn odd(draws: &mut Draws<'_>) -> Value {
    match draws.byte() % 24 {
        0 => Value::Null,
        1 => json!(0),
        2 => json!(-1),
        3 => json!(i64::MAX),
        4 => json!(i64::MIN),
        5 => json!(u64::MAX),
        6 => json!(1e308),
        7 => json!(i64::from(draws.byte())),
        8 => json!(draws.number()),
        9 => json!(""),
        10 => json!("\u{0}"),
        11 => json!("字".repeat(1 + draws.below(3_000))),
        12 => json!({ "zh": draws.text(), "en": "" }),
        13 => json!([]),
        14 => Value::Object(Map::new()),
        15 => json!(draws.byte() & 1 == 1),
        // An area outside the county, one of another length, a moment in the year 9999 and one long ago.
        16 => json!(110_101),
        17 => json!(14_012_120),
        18 => json!(253_402_300_799_000_i64 + draws.number() % 2_000),
        19 => json!(-62_135_596_800_001_i64 - i64::from(draws.byte())),
        20 => json!(draws.number().to_string()),
        21 => json!("2022-02-30"),
        22 => json!([[[[draws.number()]]]]),
        _ => json!(draws.text()),
    }
}
