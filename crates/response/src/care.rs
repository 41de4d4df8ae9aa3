//! Whom a plan would leave alone: children and dependants whose carers are taken away, and children who are taken away
//! without anyone of their household.

use std::collections::{BTreeMap, BTreeSet};

use outpace_core::{HouseholdId, PersonId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::decide::Response;
use crate::items::{Confinement, What};
use crate::situation::{CareNeed, Situation};

/// A dependant who would be without a carer, and who leaves.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
pub struct MissingCarer {
    /// Who would be alone.
    pub dependant: PersonId,
    /// Whether the dependant goes too, with nobody of the household beside them.
    pub goes_alone: bool,
    /// Who of the household leaves.
    pub leaving: Vec<PersonId>,
}

/// A resident of a zone who needs care.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CareEntry {
    /// Who.
    pub person: PersonId,
    /// Why.
    pub need: CareNeed,
    /// Whether a pass, a gate and a vehicle have to be planned.
    pub way_out: bool,
}

/// Missing carers, found from both sides.
#[derive(Debug, Clone, Default)]
pub(crate) struct Carers {
    pub(crate) by_dependant: BTreeMap<PersonId, MissingCarer>,
    by_leaving: BTreeMap<PersonId, PersonId>,
}

impl Carers {
    /// The dependant because of whom a person cannot leave yet.
    pub(crate) fn blocks(&self, person: PersonId) -> Option<PersonId> {
        self.by_leaving.get(&person).copied()
    }
}

/// Who would leave home under a response: into a facility or a hospital.
fn leaving(situation: &Situation, desired: &Response) -> BTreeMap<PersonId, Confinement> {
    let wanted = desired.items.values().filter_map(|item| match &item.what {
        What::Confine { person, kind, .. } if *kind >= Confinement::FacilityQuarantine => Some((*person, *kind)),
        _ => None,
    });
    let gone = situation.people.iter().filter(|(_, person)| person.isolated_at.is_some());
    gone.map(|(id, _)| (*id, Confinement::FacilityQuarantine)).chain(wanted).collect()
}

/// Dependants of the response's households who would be without a carer and for whom nobody has been named.
#[must_use]
pub fn missing_carers(situation: &Situation, desired: &Response) -> Vec<MissingCarer> {
    let leaving = leaving(situation, desired);
    let mut households: BTreeMap<HouseholdId, BTreeSet<PersonId>> = BTreeMap::new();
    for (id, person) in &situation.people {
        if let Some(household) = person.household {
            households.entry(household).or_default().insert(*id);
        }
    }
    let mut missing = Vec::new();
    for members in households.values().filter(|members| members.iter().any(|id| leaving.contains_key(id))) {
        let people = || members.iter().filter_map(|id| situation.people.get(id).map(|person| (*id, person)));
        let stays = people().any(|(id, person)| person.can_care() && !leaving.contains_key(&id));
        for (dependant, _) in people().filter(|(_, person)| person.is_dependant() && person.present) {
            let goes = leaving.get(&dependant);
            let cared_for = match goes {
                None => stays,
                Some(kind) => people().any(|(id, person)| person.can_care() && leaving.get(&id) == Some(kind)),
            };
            if !cared_for {
                let leaving = members.iter().filter(|id| leaving.contains_key(id)).copied().collect();
                missing.push(MissingCarer { dependant, goes_alone: goes.is_some(), leaving });
            }
        }
    }
    missing
}

pub(crate) fn of_plan(situation: &Situation, desired: &Response) -> Carers {
    let mut carers = Carers::default();
    for missing in missing_carers(situation, desired) {
        if situation.carers.contains_key(&missing.dependant) {
            continue;
        }
        for leaving in &missing.leaving {
            let blocks = if missing.goes_alone { *leaving == missing.dependant } else { *leaving != missing.dependant };
            let already_gone = situation.people.get(leaving).is_some_and(|person| person.isolated_at.is_some());
            if blocks && !already_gone {
                carers.by_leaving.entry(*leaving).or_insert(missing.dependant);
            }
        }
        carers.by_dependant.insert(missing.dependant, missing);
    }
    carers
}
