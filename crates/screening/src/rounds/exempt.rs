//! Who need not be sampled, and why. A reason is one of a closed list: free text would carry illnesses into the journal.

use std::collections::BTreeMap;

use outpace_access::Call;
use outpace_core::{PersonId, Refusal, RoundId, Timestamp};
use outpace_store::Unit;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::facts::{ClassChange, ExemptionsEnded, PeopleExempted, RosterRevised};
use super::model::{Class, RoundState};
use crate::desk::Desk;
use crate::errors::{ScreeningError, some_of};
use crate::person_set::PersonSet;
use crate::words::words;

words! {
    /// Why someone is exempt.
    pub enum ExemptReason {
        /// A baby, or a child too young to be sampled.
        Infant = "infant" / "婴幼儿",
        /// A medical reason, certified.
        Medical = "medical" / "医学原因",
        /// Recovered within the time in which tests stay positive.
        Recovered = "recovered" / "康复期",
        /// In hospital, and tested there.
        InHospital = "in_hospital" / "住院",
        /// Tested elsewhere today, and the result was shown.
        TestedElsewhere = "tested_elsewhere" / "他处已检",
        /// Needs to be sampled at the door, and stands on that list.
        AtTheDoor = "at_the_door" / "上门采样",
    }
}

/// People in one request at most.
const PEOPLE_MAX: usize = 20_000;

/// Exempts people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Exempt {
    /// Who; at most 20,000.
    pub people: Vec<PersonId>,
    /// Why; absent ends their exemptions.
    #[serde(default)]
    pub reason: Option<ExemptReason>,
    /// Until when; absent: until it is ended.
    #[serde(default)]
    pub until: Option<Timestamp>,
}

/// What followed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Exempted {
    /// Open rounds whose lists changed by it.
    pub rounds: Vec<RoundId>,
}

/// Exempts people from rounds, or ends it, and moves them on the lists of rounds that are open.
///
/// # Errors
/// An unknown person, one outside the actor's area, an end that has passed, nobody or too many.
pub fn exempt(unit: &mut Unit<'_>, call: &Call, request: Exempt) -> Result<Exempted, Refusal> {
    some_of("people", &request.people, PEOPLE_MAX)?;
    if let Some(until) = request.until.filter(|until| *until <= call.now) {
        return Err(ScreeningError::PassedEnd { until }.into());
    }
    let people: PersonSet = request.people.iter().copied().collect();
    let mut to: BTreeMap<PersonId, Class> = BTreeMap::new();
    for id in people.iter() {
        let person = outpace_registry::person(unit.tx(), id)?.ok_or(ScreeningError::UnknownPerson { person: id })?;
        call.covers(person.area)?;
        let otherwise = if person.present { Class::Due } else { Class::Absent };
        to.insert(id, request.reason.map_or(otherwise, |_| Class::Exempt));
    }
    match request.reason {
        Some(reason) => unit.record(PeopleExempted { people, reason, until: request.until })?,
        None => {
            let known = super::store::exemptions(unit.tx(), call.now)?;
            to.retain(|person, _| known.contains_key(person));
            if to.is_empty() {
                return Ok(Exempted { rounds: Vec::new() });
            }
            unit.record(ExemptionsEnded { people: to.keys().copied().collect() })?
        }
    };
    let moved = unit.remembered(|desk: &Desk| moved(desk, &to)).unwrap_or_default();
    let rounds = moved.keys().copied().collect();
    for (round, changes) in moved {
        unit.record(RosterRevised { round, changes })?;
    }
    Ok(Exempted { rounds })
}

/// Who stands in another class now, by open round; whoever was sampled stays.
fn moved(desk: &Desk, to: &BTreeMap<PersonId, Class>) -> BTreeMap<RoundId, Vec<ClassChange>> {
    let mut moved: BTreeMap<RoundId, Vec<ClassChange>> = BTreeMap::new();
    for (round, brief) in desk.rounds.iter().filter(|(_, brief)| brief.state == RoundState::Open) {
        let Some(seats) = &brief.seats else { continue };
        for (person, to) in to {
            let seat = seats.seat(*person);
            if let (Some((grid, from)), None) = (seat.home, seat.tube)
                && from != *to
                && from != Class::Quarantined
            {
                moved.entry(*round).or_default().push(ClassChange { person: *person, grid, from, to: *to });
            }
        }
    }
    moved
}
