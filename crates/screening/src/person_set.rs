//! Many people in little room: a sorted set of person ids, written as runs.
//!
//! Ids are given out household by household and village by village, so the people of a grid are mostly neighbours in
//! the numbering. A set is written as `gap.length` runs: `7.3,2.1` is 7, 8, 9 and then, two after 9, 11. The due list of
//! 220,000 people with one in six absent takes about one byte a person, in the journal and in the tables.

use std::fmt;

use outpace_core::PersonId;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The most people that one text may stand for: a city's. A run of a few digits could name more than any memory holds.
const PEOPLE_MAX: i64 = 1 << 24;

/// A set of people, sorted by id.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PersonSet(Vec<PersonId>);

impl PersonSet {
    /// How many people.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nobody is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The people, by id.
    pub fn iter(&self) -> impl Iterator<Item = PersonId> + '_ {
        self.0.iter().copied()
    }

    /// Whether a person is in it.
    #[must_use]
    pub fn contains(&self, person: PersonId) -> bool {
        self.0.binary_search(&person).is_ok()
    }

    /// Reads what [`fmt::Display`] wrote; `None` for any other text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut people = Vec::new();
        let (mut last, mut room) = (0_i64, PEOPLE_MAX);
        for run in text.split(',').filter(|run| !run.is_empty()) {
            let (gap, length) = run.split_once('.')?;
            let (gap, length): (i64, i64) = (gap.parse().ok()?, length.parse().ok()?);
            if gap < 1 || !(1..=room).contains(&length) {
                return None;
            }
            room -= length;
            let first = last.checked_add(gap)?;
            last = first.checked_add(length - 1)?;
            people.extend((first..=last).map(PersonId));
        }
        Some(Self(people))
    }
}

impl FromIterator<PersonId> for PersonSet {
    fn from_iter<I: IntoIterator<Item = PersonId>>(people: I) -> Self {
        let mut people: Vec<PersonId> = people.into_iter().collect();
        people.sort_unstable();
        people.dedup();
        Self(people)
    }
}

impl fmt::Display for PersonSet {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut written = 0_i64;
        let mut rest = self.0.as_slice();
        let mut comma = "";
        while let Some(first) = rest.first() {
            let length = rest.iter().enumerate().take_while(|(at, person)| person.0 == first.0 + *at as i64).count();
            write!(out, "{comma}{}.{length}", first.0 - written)?;
            written = first.0 + (length as i64 - 1);
            rest = &rest[length..];
            comma = ",";
        }
        Ok(())
    }
}

impl Serialize for PersonSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PersonSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| D::Error::custom("not a set of people"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn neighbours_are_written_as_runs() {
        let set: PersonSet = [9, 7, 8, 11, 7].into_iter().map(PersonId).collect();
        assert_eq!(set.to_string(), "7.3,2.1");
        assert_eq!(PersonSet::default().to_string(), "");
        assert_eq!(PersonSet::parse("7.x"), None);
    }

    /// Nobody has a number below 1, no run is empty or stands before the one before it, and none fills the memory.
    #[test]
    fn a_text_that_no_set_is_written_as_is_none() {
        for text in
            ["1.9223372036854775807", "1.16777217", "1.16777216,2.1", "5.1,-3.1", "5.1,0.1", "0.1", "7.0", "7.-1"]
        {
            assert_eq!(PersonSet::parse(text), None, "{text}");
        }
        assert_eq!(PersonSet::parse("9223372036854775806.2").map(|set| set.len()), Some(2));
        assert_eq!(PersonSet::parse("9223372036854775806.3"), None);
    }

    proptest! {
        #[test]
        fn a_set_reads_back_as_it_was_written(ids in proptest::collection::btree_set(1_i64..5_000, 0..200)) {
            let set: PersonSet = ids.iter().copied().map(PersonId).collect();
            prop_assert_eq!(PersonSet::parse(&set.to_string()), Some(set.clone()));
            prop_assert!(ids.iter().all(|id| set.contains(PersonId(*id))));
            prop_assert_eq!(set.len(), ids.len());
        }
    }
}
