//! The people who are still to be given a household, counted by sex and age. Drawing from it without putting back
//! keeps the ages and sexes of the whole population exactly as the tables say, however households are composed.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::model::Sex;
use super::tables::{AGE_MAX, age_shares, men_share, whole_numbers};

/// A person not yet placed: sex and age in full years.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Someone {
    pub(super) sex: Sex,
    pub(super) age: u8,
}

/// Counts of people by sex and age.
#[derive(Debug, Clone)]
pub(super) struct Pool {
    counts: [[u32; AGE_MAX + 1]; 2],
}

impl Pool {
    /// A population of `total` by the age and sex tables.
    pub(super) fn by_tables(total: u32) -> Self {
        let by_age = whole_numbers(&age_shares(), total);
        let mut counts = [[0; AGE_MAX + 1]; 2];
        for (age, people) in by_age.into_iter().enumerate() {
            let split = whole_numbers(&[men_share(age), 1.0 - men_share(age)], people);
            counts[0][age] = split[0];
            counts[1][age] = split[1];
        }
        Self { counts }
    }

    /// Nobody.
    pub(super) fn empty() -> Self {
        Self { counts: [[0; AGE_MAX + 1]; 2] }
    }

    /// How many there are from `youngest` to `oldest`.
    pub(super) fn count(&self, youngest: u8, oldest: u8) -> u32 {
        let ages = usize::from(youngest)..=usize::from(oldest).min(AGE_MAX);
        self.counts.iter().map(|by_age| by_age[ages.clone()].iter().sum::<u32>()).sum()
    }

    /// Puts someone in.
    pub(super) fn put(&mut self, someone: Someone) {
        self.counts[someone.sex as usize][usize::from(someone.age)] += 1;
    }

    /// Takes someone of this sex as near to `age` as there is, within `youngest` to `oldest`.
    pub(super) fn near(&mut self, sex: Sex, age: i32, youngest: i32, oldest: i32) -> Option<Someone> {
        let oldest = oldest.min(99);
        let age = age.clamp(youngest.min(oldest), oldest);
        let found = (0..=oldest - youngest.min(oldest))
            .flat_map(|away| [age - away, age + away])
            .find(|&candidate| candidate >= youngest && candidate <= oldest && self.at(sex, candidate) > 0)?;
        self.take(sex, found)
    }

    /// Takes anyone from `youngest` to `oldest`, each with the same chance.
    pub(super) fn any(&mut self, random: &mut ChaCha8Rng, youngest: u8, oldest: u8) -> Option<Someone> {
        let total = self.count(youngest, oldest);
        if total == 0 {
            return None;
        }
        let mut left = random.random_range(0..total);
        for sex in [Sex::Male, Sex::Female] {
            for age in youngest..=oldest {
                let here = self.at(sex, i32::from(age));
                if left < here {
                    return self.take(sex, i32::from(age));
                }
                left -= here;
            }
        }
        None
    }

    fn at(&self, sex: Sex, age: i32) -> u32 {
        usize::try_from(age).ok().and_then(|age| self.counts[sex as usize].get(age).copied()).unwrap_or(0)
    }

    fn take(&mut self, sex: Sex, age: i32) -> Option<Someone> {
        let age = u8::try_from(age).ok()?;
        let count = self.counts[sex as usize].get_mut(usize::from(age))?;
        *count = count.checked_sub(1)?;
        Some(Someone { sex, age })
    }
}
