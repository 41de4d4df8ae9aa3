//! Who must not be forgotten: the care list of an area, and who would be left without anyone to look after them.

use std::collections::BTreeSet;

use outpace_core::{AreaId, HouseholdId, PersonId, Timestamp};
use outpace_store::{Result, Tx};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::model::{CareTag, Person};
use super::store;

/// Up to this age a child needs a carer. The control plans speak of children of 14 and younger where they let a
/// parent stay with a child (general knowledge, not verified against a clause).
pub const CHILD_AGE_MAX: i64 = 14;
/// From this age someone counts as frail. An assumption.
pub const FRAIL_AGE_MIN: i64 = 80;
/// Who can look after others: from this age. An assumption: of age.
pub const CARER_AGE_MIN: i64 = 18;
/// Up to this age. An assumption.
pub const CARER_AGE_MAX: i64 = 75;

crate::words! {
    /// Why someone needs a carer.
    pub enum DependantReason {
        /// A child.
        Child = "child",
        /// Old and frail.
        Frail = "frail",
        /// Disabled.
        Disabled = "disabled",
    }
}

/// Someone who would be left without a carer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Dependant {
    /// Who.
    pub person: PersonId,
    /// Where they live.
    pub household: HouseholdId,
    /// The grid.
    pub area: AreaId,
    /// Why they need someone.
    pub reason: DependantReason,
}

/// People with care needs in an area, by grid and id.
///
/// # Errors
/// What the engine refused.
pub fn care_list(tx: &mut Tx<'_>, area: AreaId) -> Result<Vec<Person>> {
    store::people_with_tags(tx, area)
}

/// Who would stay behind at home without anyone to look after them when these people leave (to a hospital, to
/// quarantine): the blocking line of a plan until someone is named. `at` tells the ages.
///
/// # Errors
/// What the engine refused.
pub fn dependants_without_carer(tx: &mut Tx<'_>, leaving: &[PersonId], at: Timestamp) -> Result<Vec<Dependant>> {
    let leaving: BTreeSet<PersonId> = leaving.iter().copied().collect();
    let mut households = BTreeSet::new();
    for person in &leaving {
        if let Some(person) = store::person(tx, *person)? {
            households.insert(person.household);
        }
    }
    let year = year_of(at);
    let mut left = Vec::new();
    for household in households {
        let mut stay = Vec::new();
        for member in store::household_members(tx, household)? {
            if leaving.contains(&member) {
                continue;
            }
            stay.extend(store::person(tx, member)?.filter(|person| person.present));
        }
        left.extend(without_carer(&stay, year));
    }
    Ok(left)
}

/// Of the people who stay in one household, those who need a carer when none of the others can be one.
fn without_carer(stay: &[Person], year: i64) -> Vec<Dependant> {
    if stay.iter().any(|person| can_care(person, year)) {
        return Vec::new();
    }
    stay.iter()
        .filter_map(|person| {
            let reason = need(person, year)?;
            Some(Dependant { person: person.id, household: person.household, area: person.area, reason })
        })
        .collect()
}

fn need(person: &Person, year: i64) -> Option<DependantReason> {
    let age = person.age_in(year);
    if age <= CHILD_AGE_MAX || person.tags.contains(&CareTag::Infant) {
        Some(DependantReason::Child)
    } else if person.tags.contains(&CareTag::Disabled) {
        Some(DependantReason::Disabled)
    } else {
        (age >= FRAIL_AGE_MIN).then_some(DependantReason::Frail)
    }
}

fn can_care(person: &Person, year: i64) -> bool {
    (CARER_AGE_MIN..=CARER_AGE_MAX).contains(&person.age_in(year))
        && !person.tags.contains(&CareTag::Disabled)
        && !person.tags.contains(&CareTag::InLabour)
}

/// The calendar year of a moment in UTC: right to within some hours of New Year; years of birth are no finer.
fn year_of(at: Timestamp) -> i64 {
    at.to_string().get(..4).and_then(|year| year.parse().ok()).unwrap_or(1970)
}
