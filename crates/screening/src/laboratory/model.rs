//! Laboratories and results.

use std::collections::BTreeMap;

use outpace_core::{AreaId, LaboratoryId, Text, Timestamp, TubeCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::words::words;

words! {
    /// What a test found.
    pub enum Outcome {
        /// Not found.
        Negative = "negative" / "阴性",
        /// Found.
        Positive = "positive" / "阳性",
        /// Neither: to be tested again (grey zone).
        Inconclusive = "inconclusive" / "可疑",
        /// The test itself failed.
        Invalid = "invalid" / "无效",
    }
}

/// What is told of a laboratory when it is set up, or changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LaboratorySpec {
    /// The jurisdiction's own key, unique: setting it up twice changes the first one.
    pub key: String,
    /// Its name.
    pub name: Text,
    /// Where it stands.
    pub area: AreaId,
    /// Tubes it can test in an hour; 0: does not work now.
    pub tubes_per_hour: i64,
    /// Minutes from the machine's start to the report.
    pub turnaround_minutes: i64,
    /// Minutes of the usual way from the sites that it serves.
    pub leg_minutes: i64,
}

/// A laboratory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Laboratory {
    /// Its id.
    pub id: LaboratoryId,
    /// What was told of it.
    pub spec: LaboratorySpec,
    /// Tubes that wait for a result there.
    pub pending: i64,
}

/// One reported result of a tube, as it stands in the record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TubeResult {
    /// The tube.
    pub tube: TubeCode,
    /// First, second … report of this tube.
    pub ordinal: i64,
    /// Who tested.
    pub laboratory: LaboratoryId,
    /// What was found.
    pub outcome: Outcome,
    /// Ct values by gene.
    pub ct: BTreeMap<String, f64>,
    /// When the test was done.
    pub tested_at: Timestamp,
    /// When it was reported here.
    pub reported_at: Timestamp,
    /// Whether a signed exclusion took it back.
    pub excluded: bool,
    /// The plate it was read off.
    #[serde(default)]
    pub plate: Option<super::plate::PlateCode>,
}

/// What stands after another result of the same tube.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// The result that stands now.
    pub outcome: Outcome,
    /// Whether the new result contradicts what stood.
    pub contradicts: bool,
}

/// How results of one tube add up. A positive is never overwritten: only a signed exclusion lifts it. An inconclusive
/// one waits for its repeat, whatever that says. A failed test takes nothing back.
#[must_use]
pub fn standing(stood: Option<Outcome>, found: Outcome) -> Standing {
    use Outcome::{Inconclusive, Invalid, Negative, Positive};
    let (outcome, contradicts) = match (stood, found) {
        (None | Some(Invalid), found) => (found, false),
        (Some(stood), Invalid) => (stood, false),
        (Some(Positive), found) => (Positive, found == Negative),
        (Some(Inconclusive), found) => (found, false),
        (Some(Negative), found) => (found, found != Negative),
    };
    Standing { outcome, contradicts }
}

/// What stands after all results of a tube that nobody took back, oldest first; `None` where none is left.
#[must_use]
pub fn standing_of(results: impl IntoIterator<Item = Outcome>) -> Option<Outcome> {
    results.into_iter().fold(None, |stood, found| Some(standing(stood, found).outcome))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_negative_never_overwrites_a_positive_but_is_seen_as_a_contradiction() {
        let after = standing(Some(Outcome::Positive), Outcome::Negative);
        assert_eq!(after, Standing { outcome: Outcome::Positive, contradicts: true });
        assert!(standing(Some(Outcome::Negative), Outcome::Positive).contradicts);
    }

    #[test]
    fn the_repeat_of_an_inconclusive_test_decides() {
        assert_eq!(standing_of([Outcome::Inconclusive, Outcome::Negative]), Some(Outcome::Negative));
        assert_eq!(standing_of([Outcome::Invalid, Outcome::Inconclusive]), Some(Outcome::Inconclusive));
        assert_eq!(standing_of([]), None);
    }

    proptest! {
        #[test]
        fn once_positive_always_positive(before in 0_usize..4, after in proptest::collection::vec(0_usize..4, 0..8)) {
            let results = [Outcome::ALL[before], Outcome::Positive].into_iter();
            let all = results.chain(after.into_iter().map(|at| Outcome::ALL[at]));
            prop_assert_eq!(standing_of(all), Some(Outcome::Positive));
        }
    }
}
