//! Coverage by class: people with a care need, and people who work at places of a class. Their files name them by index;
//! how each stands to the round is looked up in memory, eight bytes a person, so that no sample is read.

use std::collections::BTreeMap;

use outpace_access::{Call, Office};
use outpace_core::{AreaId, PersonId, Refusal, RoundId, Text};
use outpace_registry as registry;
use outpace_registry::people::{CareTag, care_list};
use outpace_store::Tx;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Coverage;
use crate::desk::{Desk, Seats, load_seats};
use crate::errors::said;
use crate::rounds::Class;

/// Which classes to show.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ClassesQuery {
    /// Of which round.
    pub round: RoundId,
    /// Of which area; absent: the actor's own.
    #[serde(default)]
    pub area: Option<AreaId>,
    /// People who live here and work at places of these classes, with commas between, such as `hospital,market`; absent:
    /// care needs alone.
    #[serde(default)]
    pub workers_of: Option<String>,
}

/// How the people of a class stand to a round.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ClassCoverage {
    /// The care need, or the class of the places where they work.
    pub class: String,
    /// Its name.
    pub name: Text,
    /// How they stand: registered, sampled, missing, exempt, absent, quarantined. The other figures are not counted by
    /// class.
    pub coverage: Coverage,
}

/// Coverage by class.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ClassesAnswer {
    /// The classes that the round covers anybody of.
    pub classes: Vec<ClassCoverage>,
}

/// Adds up how people stand to a round. Pure.
fn counted(seats: &Seats, people: &[PersonId]) -> Coverage {
    let mut coverage = Coverage::default();
    for person in people {
        let seat = seats.seat(*person);
        let Some((_, class)) = seat.home else { continue };
        coverage.registered += 1;
        *match (seat.tube, class) {
            (Some(_), _) => &mut coverage.sampled,
            (None, Class::Due) => &mut coverage.missing,
            (None, Class::Exempt) => &mut coverage.exempt,
            (None, Class::Absent) => &mut coverage.absent,
            (None, Class::Quarantined) => &mut coverage.quarantined,
        } += 1;
    }
    coverage
}

/// Coverage of a round by care need and by class of workplace, for any area.
///
/// # Errors
/// An unknown round, an area outside the actor's own.
pub fn classes(office: &Office, tx: &mut Tx<'_>, call: &Call, query: ClassesQuery) -> Result<ClassesAnswer, Refusal> {
    let area = query.area.unwrap_or(call.actor.area);
    call.covers(area)?;
    crate::reach::seen_round(tx, call, query.round)?;
    let mut people: BTreeMap<(usize, String), (Text, Vec<PersonId>)> = BTreeMap::new();
    for person in care_list(tx, area)? {
        for tag in &person.tags {
            let key = (0, tag.word().to_owned());
            people.entry(key).or_insert_with(|| (tag_name(*tag), Vec::new())).1.push(person.id);
        }
    }
    for class in query.workers_of.iter().flat_map(|classes| classes.split(',')).map(str::trim) {
        said("workers_of", class, 60)?;
        let mut workers = Vec::new();
        for place in registry::places_of_class(tx, class, AreaId(tx.jurisdiction()))? {
            for id in registry::people_at_workplace(tx, place.id)? {
                if registry::person(tx, id)?.is_some_and(|person| area.contains(person.area)) {
                    workers.push(id);
                }
            }
        }
        people.insert((1, class.to_owned()), (registry::places::class_name(class), workers));
    }
    let count = |seats: &Seats| -> Vec<ClassCoverage> {
        let counted = people.iter().map(|((_, class), (name, people))| ClassCoverage {
            class: class.clone(),
            name: name.clone(),
            coverage: counted(seats, people),
        });
        counted.filter(|one| one.coverage.registered > 0).collect()
    };
    let kept =
        office.store.remembered(|desk: &Desk| desk.rounds.get(&query.round)?.seats.as_ref().map(&count)).flatten();
    let classes = match kept {
        Some(classes) => classes,
        None => count(&load_seats(tx, query.round)?),
    };
    Ok(ClassesAnswer { classes })
}

fn tag_name(tag: CareTag) -> Text {
    let (zh, en) = match tag {
        CareTag::LivingAloneOld => ("独居老人", "old and alone"),
        CareTag::Infant => ("婴儿", "infants"),
        CareTag::Pregnant => ("孕妇", "pregnant"),
        CareTag::InLabour => ("临产", "in labour"),
        CareTag::Dialysis => ("血液透析", "on dialysis"),
        CareTag::Chemotherapy => ("放化疗", "in chemotherapy"),
        CareTag::AfterSurgery => ("术后", "after an operation"),
        CareTag::ChronicMedicine => ("慢病用药", "on chronic medicine"),
        CareTag::Disabled => ("残疾", "disabled"),
    };
    Text::new(zh, en)
}
