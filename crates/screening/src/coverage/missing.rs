//! The door list: everyone of an area who was not sampled, in the class they are in.

use std::collections::{BTreeMap, BTreeSet};

use outpace_access::Call;
use outpace_core::{AreaId, AreaLevel, HouseholdId, PersonId, Refusal, RoundId};
use outpace_registry as registry;
use outpace_store::{Result, Tx, values};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::errors::ScreeningError;
use crate::page_limit;
use crate::rounds::{self, Class, ExemptReason, store};
use crate::tubes::store::filed_to;

/// Which people to list.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct MissingQuery {
    /// Of which round.
    pub round: RoundId,
    /// Of which area; absent: the actor's own.
    #[serde(default)]
    pub area: Option<AreaId>,
    /// Only this class; absent: all.
    #[serde(default)]
    pub class: Option<Class>,
    /// After this grid.
    #[serde(default)]
    pub after: Option<AreaId>,
    /// At most about so many; a grid is never cut.
    #[serde(default)]
    pub limit: Option<i64>,
}

/// Someone who was not sampled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MissingPerson {
    /// Who.
    pub person: PersonId,
    /// The home grid.
    pub grid: AreaId,
    /// The household, where the registry still knows it.
    pub household: Option<HouseholdId>,
    /// `due` is missing; the others have their reason.
    pub class: Class,
    /// Why exempt.
    pub exempt_because: Option<ExemptReason>,
}

/// People who were not sampled, by grid and household.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct MissingAnswer {
    /// The people.
    pub people: Vec<MissingPerson>,
    /// Ask again after this grid; absent: that is all.
    pub after: Option<AreaId>,
}

/// Which of some people were sampled in a round (or reported an antigen test), from the tables alone.
///
/// # Errors
/// What the engine refused.
pub fn sampled_in(tx: &mut Tx<'_>, round: RoundId, people: &[PersonId]) -> Result<BTreeSet<PersonId>> {
    let j = tx.jurisdiction();
    let mut sampled = BTreeSet::new();
    for person in people {
        let found = tx.number(
            "SELECT COUNT(*) FROM sample_by_person s JOIN tube t ON t.j = s.j AND t.number = s.tube
             WHERE s.j = $1 AND s.person = $2 AND t.round = $3",
            values![j, *person, round],
        )? + tx.number(
            "SELECT COUNT(*) FROM antigen_result WHERE j = $1 AND round = $2 AND person = $3",
            values![j, round, *person],
        )?;
        if found > 0 {
            sampled.insert(*person);
        }
    }
    // The tail that is not yet filed by person: one walk over it, however many people are asked for.
    let filed = filed_to(tx)?;
    let asked: BTreeSet<PersonId> = people.iter().copied().collect();
    tx.each(
        "SELECT s.person FROM sample s JOIN tube t ON t.j = s.j AND t.number = s.tube
         WHERE s.j = $1 AND s.tube > $2 AND t.round = $3 AND s.person IS NOT NULL",
        values![j, filed, round],
        |row| {
            let person = row.get(0)?;
            if asked.contains(&person) {
                sampled.insert(person);
            }
            Ok(())
        },
    )?;
    Ok(sampled)
}

/// Everyone of one grid of a roster with the class they are in now.
pub(super) fn classes_now(
    roster: &rounds::RosterGrid,
    changes: &BTreeMap<PersonId, (AreaId, Class)>,
) -> Vec<(PersonId, Class)> {
    roster
        .everyone()
        .map(|(person, class)| (person, changes.get(&person).map_or(class, |(_, changed)| *changed)))
        .collect()
}

/// Lists who was not sampled: missing, and exempt, absent or in quarantine with their reason.
///
/// # Errors
/// An unknown round, an area outside the actor's own.
pub fn missing(tx: &mut Tx<'_>, call: &Call, query: MissingQuery) -> Result<MissingAnswer, Refusal> {
    let area = query.area.unwrap_or(call.actor.area);
    call.covers(area)?;
    crate::reach::seen_round(tx, call, query.round)?;
    let limit = page_limit(query.limit);
    let exempt = store::exemptions(tx, call.now)?;
    let j = tx.jurisdiction();
    let (first, last) = area.grids();
    let first = query.after.map_or(first, |after| AreaId(after.0 + 1).max(first));
    let grids: Vec<AreaId> = tx.query(
        "SELECT grid FROM coverage WHERE j = $1 AND round = $2 AND grid BETWEEN $3 AND $4 AND registered > sampled
         ORDER BY grid",
        values![j, query.round, first, last],
        |row| row.get(0),
    )?;
    let mut people: Vec<MissingPerson> = Vec::new();
    let mut after = None;
    for grid in grids {
        if people.len() as i64 >= limit {
            after = people.last().map(|person| person.grid).max(after);
            return Ok(MissingAnswer { people, after });
        }
        let changes = store::changes(tx, query.round, grid)?;
        for roster in store::roster(tx, query.round, grid)? {
            let asked: Vec<(PersonId, Class)> = classes_now(&roster, &changes)
                .into_iter()
                .filter(|(_, class)| query.class.is_none_or(|only| only == *class))
                .collect();
            let ids: Vec<PersonId> = asked.iter().map(|(person, _)| *person).collect();
            let sampled = sampled_in(tx, query.round, &ids)?;
            let mut here = Vec::new();
            for (person, class) in asked.into_iter().filter(|(person, _)| !sampled.contains(person)) {
                let household = registry::person(tx, person)?.map(|person| person.household);
                let exempt_because = exempt.get(&person).copied().filter(|_| class == Class::Exempt);
                here.push(MissingPerson { person, grid, household, class, exempt_because });
            }
            here.sort_by_key(|person| (person.household, person.person));
            people.extend(here);
        }
        after = Some(grid);
    }
    Ok(MissingAnswer { people, after: None })
}

/// Which households to show.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct HouseholdsQuery {
    /// Of which round.
    pub round: RoundId,
    /// Of which village or grid.
    pub area: AreaId,
}

/// One household's coverage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HouseholdCoverage {
    /// The household.
    pub household: HouseholdId,
    /// Its grid.
    pub grid: AreaId,
    /// People on the roster.
    pub registered: i64,
    /// Sampled.
    pub sampled: i64,
    /// Due and not sampled.
    pub missing: i64,
}

/// Households, by grid.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct HouseholdsAnswer {
    /// The households.
    pub households: Vec<HouseholdCoverage>,
}

/// Coverage by household of a village or a grid.
///
/// # Errors
/// An unknown round, an area outside the actor's own, one larger than a village.
pub fn households(tx: &mut Tx<'_>, call: &Call, query: HouseholdsQuery) -> Result<HouseholdsAnswer, Refusal> {
    call.covers(query.area)?;
    if query.area.level().is_none_or(|level| level < AreaLevel::Village) {
        return Err(ScreeningError::AreaTooLarge { area: query.area }.into());
    }
    crate::reach::seen_round(tx, call, query.round)?;
    let changes = store::changes(tx, query.round, query.area)?;
    let mut found: BTreeMap<(AreaId, HouseholdId), HouseholdCoverage> = BTreeMap::new();
    for roster in store::roster(tx, query.round, query.area)? {
        let everyone = classes_now(&roster, &changes);
        let ids: Vec<PersonId> = everyone.iter().map(|(person, _)| *person).collect();
        let sampled = sampled_in(tx, query.round, &ids)?;
        for (person, class) in everyone {
            let Some(known) = registry::person(tx, person)? else { continue };
            let (grid, household) = (roster.grid, known.household);
            let row = found.entry((grid, household)).or_insert(HouseholdCoverage {
                household,
                grid,
                registered: 0,
                sampled: 0,
                missing: 0,
            });
            row.registered += 1;
            if sampled.contains(&person) {
                row.sampled += 1;
            } else if class == Class::Due {
                row.missing += 1;
            }
        }
    }
    Ok(HouseholdsAnswer { households: found.into_values().collect() })
}
