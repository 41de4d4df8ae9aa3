//! What a test shows. The same tube gives the same outcome whenever it is asked, for a seed.

use std::collections::BTreeMap;

use outpace_core::Timestamp;
use serde::Serialize;

use super::truth::Truth;
use crate::population::{PersonRef, Population};

/// What a test of a tube found, in the words of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Not found.
    Negative,
    /// Found.
    Positive,
    /// The test itself failed: it is done again.
    Invalid,
}

/// An outcome with the Ct values that the machine shows.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// What was found.
    pub outcome: Outcome,
    /// Ct by gene; empty where nothing was found.
    pub ct: BTreeMap<&'static str, f64>,
}

/// The laboratory's bench: tubes in, readings out.
#[derive(Debug)]
pub struct Bench {
    infected: BTreeMap<PersonRef, Timestamp>,
    false_lines: Vec<PersonRef>,
    invalid_per_10000: u64,
    seed: u64,
}

impl Bench {
    /// A bench that knows the truth of a county.
    #[must_use]
    pub fn new(truth: &Truth, county: &Population, starts_at: Timestamp) -> Self {
        Self {
            infected: truth.infected(county, starts_at),
            false_lines: truth.false_lines(county),
            invalid_per_10000: truth.invalid_per_10000,
            seed: county.seed,
        }
    }

    /// Tests a tube: what is in it, when it was taken, and the how-manieth test of it this is, from 0.
    #[must_use]
    pub fn test(&self, tube: &str, people: &[PersonRef], taken_at: Timestamp, attempt: u64) -> Reading {
        let draw = crate::population::mix(self.seed ^ hash(tube) ^ attempt.wrapping_mul(0x9e37));
        // Only a first test fails here: the repeat uses what is left in the tube.
        if attempt == 0 && draw % 10_000 < self.invalid_per_10000 {
            return Reading { outcome: Outcome::Invalid, ct: BTreeMap::new() };
        }
        let found = people.iter().any(|one| self.infected.get(one).is_some_and(|from| *from <= taken_at));
        if !found {
            return Reading { outcome: Outcome::Negative, ct: BTreeMap::new() };
        }
        // Ten in a tube dilute one: about three cycles later.
        let diluted = if people.len() > 1 { 3.0 } else { 0.0 };
        let ct = 24.0 + diluted + f64::from(u16::try_from(draw % 60).unwrap_or(0)) / 10.0;
        let ct = BTreeMap::from([("orf1ab", ct), ("n", ct - 1.2)]);
        Reading { outcome: Outcome::Positive, ct }
    }

    /// Whether a self-test shows two lines.
    #[must_use]
    pub fn two_lines(&self, person: PersonRef, at: Timestamp) -> bool {
        self.false_lines.contains(&person) || self.infected.get(&person).is_some_and(|from| *from <= at)
    }
}

fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |state, byte| (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
