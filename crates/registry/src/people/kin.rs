//! Whose own case something is: an officer decides nothing about themselves, those they live with, or where they live and
//! work.

use std::collections::BTreeSet;

use outpace_core::{Actor, AreaId, PersonId, PlaceId, Refusal};
use outpace_store::{Result, Tx};

use super::store;

/// An officer and those they live with. Empty for an account that stands for nobody in the registry.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Kin {
    /// The officer and everybody of their household.
    pub people: BTreeSet<PersonId>,
    /// The grid where they live.
    pub home: Option<AreaId>,
    /// Where they work.
    pub workplace: Option<PlaceId>,
}

/// The kin of an actor.
///
/// # Errors
/// What the engine refused.
pub fn kin(tx: &mut Tx<'_>, actor: &Actor) -> Result<Kin> {
    let Some(own) = actor.person else { return Ok(Kin::default()) };
    let Some(person) = store::person(tx, own)? else { return Ok(Kin::default()) };
    let mut people: BTreeSet<PersonId> = store::household_members(tx, person.household)?.into_iter().collect();
    people.insert(own);
    Ok(Kin { people, home: Some(person.area), workplace: person.workplace })
}

impl Kin {
    /// Passes a person who is none of them.
    ///
    /// # Errors
    /// The officer's own case otherwise.
    pub fn stand_back(&self, person: PersonId) -> std::result::Result<(), Refusal> {
        if self.people.contains(&person) { Err(own_case("person", person)) } else { Ok(()) }
    }

    /// Passes a place that is not where they work.
    ///
    /// # Errors
    /// The officer's own case otherwise.
    pub fn stand_back_from(&self, place: PlaceId) -> std::result::Result<(), Refusal> {
        if self.workplace == Some(place) { Err(own_case("place", place)) } else { Ok(()) }
    }
}

/// The refusal of whoever would decide their own case.
#[must_use]
pub fn own_case(field: &'static str, what: impl std::fmt::Display) -> Refusal {
    Refusal::forbidden(
        field,
        what,
        "此事涉及您本人、同住人或您居住、工作的地方,须由他人决定。",
        "This is about yourself, somebody you live with, or where you live or work; somebody else decides it.",
    )
}
