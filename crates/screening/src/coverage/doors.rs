//! The list of a grid worker: household after household, those first who need a visit at home.

use std::collections::{BTreeMap, BTreeSet};

use outpace_access::Call;
use outpace_core::{AreaId, AreaLevel, HouseholdId, PersonId, Refusal, RoundId};
use outpace_registry as registry;
use outpace_registry::people::CareTag;
use outpace_store::Tx;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::missing::{classes_now, sampled_in};
use crate::errors::ScreeningError;
use crate::rounds::{Class, ExemptReason, store};

/// Whose list.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct DoorsQuery {
    /// Of which round.
    pub round: RoundId,
    /// Of which village or grid.
    pub area: AreaId,
}

/// Somebody behind a door.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DoorPerson {
    /// Who.
    pub person: PersonId,
    /// `due` did not come; `exempt` stands here only to be sampled at the door.
    pub class: Class,
    /// Care needs for which somebody comes to them.
    pub needs: BTreeSet<CareTag>,
}

/// A door.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Door {
    /// The household.
    pub household: HouseholdId,
    /// Its grid.
    pub grid: AreaId,
    /// Whether somebody here needs a visit at home: to be sampled at the door, or with a care need.
    pub visit_first: bool,
    /// Who was not sampled.
    pub people: Vec<DoorPerson>,
}

/// The doors of an area.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct DoorsAnswer {
    /// The doors: those that need a visit first, then the others, each grid by grid and in the order in which its
    /// households were registered, which is that of its buildings.
    pub doors: Vec<Door>,
    /// People on the list.
    pub people: i64,
}

/// Draws up the list of doors of a village or a grid.
///
/// # Errors
/// An unknown round, an area outside the actor's own, one larger than a village.
pub fn doors(tx: &mut Tx<'_>, call: &Call, query: DoorsQuery) -> Result<DoorsAnswer, Refusal> {
    call.covers(query.area)?;
    if query.area.level().is_none_or(|level| level < AreaLevel::Village) {
        return Err(ScreeningError::AreaTooLarge { area: query.area }.into());
    }
    crate::reach::seen_round(tx, call, query.round)?;
    let (changes, exempt) = (store::changes(tx, query.round, query.area)?, store::exemptions(tx, call.now)?);
    let at_the_door = |person: &PersonId| exempt.get(person) == Some(&ExemptReason::AtTheDoor);
    let mut found: BTreeMap<(AreaId, HouseholdId), Door> = BTreeMap::new();
    for roster in store::roster(tx, query.round, query.area)? {
        let asked: Vec<(PersonId, Class)> = classes_now(&roster, &changes)
            .into_iter()
            .filter(|(person, class)| *class == Class::Due || (*class == Class::Exempt && at_the_door(person)))
            .collect();
        let ids: Vec<PersonId> = asked.iter().map(|(person, _)| *person).collect();
        let sampled = sampled_in(tx, query.round, &ids)?;
        for (person, class) in asked.into_iter().filter(|(person, _)| !sampled.contains(person)) {
            let Some(file) = registry::person(tx, person)? else { continue };
            let (grid, household) = (roster.grid, file.household);
            let door = found.entry((grid, household)).or_insert_with(|| Door {
                household,
                grid,
                visit_first: false,
                people: Vec::new(),
            });
            door.visit_first |= class == Class::Exempt || !file.tags.is_empty();
            door.people.push(DoorPerson { person, class, needs: file.tags });
        }
    }
    let people = found.values().map(|door| door.people.len() as i64).sum();
    let mut doors: Vec<Door> = found.into_values().collect();
    doors.iter_mut().for_each(|door| door.people.sort_by_key(|one| one.person));
    doors.sort_by_key(|door| (!door.visit_first, door.grid, door.household));
    Ok(DoorsAnswer { doors, people })
}
