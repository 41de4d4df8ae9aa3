//! Who may answer an appeal, and what makes a yes true. Pure.

use outpace_core::{Actor, ActorId, PersonId, Role, Seq};
use outpace_store::Entry;

/// Somebody who took part in a decision; the role is unknown where their account is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decider {
    /// Who.
    pub id: ActorId,
    /// In which role.
    pub role: Option<Role>,
}

/// How far up the line a role stands.
fn rank(role: Role) -> u8 {
    match role {
        Role::Commander => 3,
        Role::Deputy => 2,
        Role::TaskForceHead => 1,
        _ => 0,
    }
}

/// Whether somebody can answer an appeal against what others decided: they took no part in it, and stand under none who
/// did. The auditor stands outside the line.
#[must_use]
pub fn is_independent(answers: &Actor, deciders: &[Decider]) -> bool {
    let highest = deciders.iter().map(|decider| rank(decider.role.unwrap_or(Role::Commander))).max().unwrap_or(0);
    let took_part = deciders.iter().any(|decider| decider.id == answers.id);
    !took_part && (answers.role == Role::Auditor || rank(answers.role) >= highest)
}

/// Facts that take the ground of a measure back.
pub(crate) const TAKES_BACK: &[&str] = &[
    "contacts.case_excluded",
    "contacts.case_dates_set",
    "contacts.case_stage_changed",
    "contacts.contact_excluded",
    "contacts.visit_excluded",
    "screening.results_excluded",
    "screening.results_reported",
    "screening.swab_identified",
    "response.assessment_signed",
    "response.assessment_withdrawn",
];

/// Facts that correct what is held about a person.
pub(crate) const CORRECTS: &[&str] = &[
    "registry.person_moved",
    "registry.person_tagged",
    "registry.presence_changed",
    "registry.guardian_named",
    "registry.guardian_ended",
    "registry.household_contact_kept",
    "registry.identity_corrected",
    "contacts.visit_excluded",
    "contacts.visits_recorded",
    "contacts.contact_excluded",
    "contacts.contact_updated",
    "contacts.case_dates_set",
    "contacts.case_excluded",
    "screening.swab_identified",
    "screening.results_excluded",
    "screening.results_reported",
];

fn fits(entry: &Entry, kinds: &[&str], person: PersonId, after: Seq) -> bool {
    let names = |payload: &[u8]| {
        let fact: Option<serde_json::Value> = serde_json::from_slice(payload).ok();
        fact.and_then(|fact| fact.get("person").and_then(serde_json::Value::as_i64))
    };
    let of_another = names(&entry.payload).is_some_and(|named| named != person.0);
    entry.seq > after && kinds.contains(&entry.kind.as_str()) && !of_another
}

/// Whether a fact takes back the ground of a measure that began with another fact.
#[must_use]
pub fn takes_back(entry: &Entry, person: PersonId, began: Seq) -> bool {
    fits(entry, TAKES_BACK, person, began)
}

/// Whether a fact corrects what is held about a person, after it was asked for.
#[must_use]
pub fn corrects(entry: &Entry, person: PersonId, asked: Seq) -> bool {
    fits(entry, CORRECTS, person, asked)
}

#[cfg(test)]
mod tests {
    use outpace_core::{ActorKind, AreaId};
    use proptest::prelude::*;

    use super::*;

    const ROLES: [Role; 6] =
        [Role::Commander, Role::Deputy, Role::TaskForceHead, Role::Tracer, Role::Auditor, Role::GridWorker];

    proptest! {
        #[test]
        fn nobody_answers_for_themselves_or_for_whoever_stands_above_them(
            deciders in proptest::collection::vec((1_i64..6, 0_usize..6), 0..4), id in 1_i64..6, role in 0_usize..6,
        ) {
            let deciders: Vec<Decider> =
                deciders.into_iter().map(|(id, role)| Decider { id: ActorId(id), role: Some(ROLES[role]) }).collect();
            let answers = Actor::new(ActorId(id), ActorKind::Account, ROLES[role], AreaId(140_121));
            if is_independent(&answers, &deciders) {
                prop_assert!(deciders.iter().all(|decider| decider.id != answers.id));
                let above = |role: Role| deciders.iter().any(|decider| decider.role == Some(role));
                match answers.role {
                    Role::Commander | Role::Auditor => {}
                    Role::Deputy => prop_assert!(!above(Role::Commander)),
                    Role::TaskForceHead => prop_assert!(!above(Role::Commander) && !above(Role::Deputy)),
                    _ => prop_assert!(!above(Role::Commander) && !above(Role::Deputy) && !above(Role::TaskForceHead)),
                }
            }
        }
    }

    #[test]
    fn who_decided_and_left_counts_as_a_commander() {
        let gone = [Decider { id: ActorId(9), role: None }];
        let actor = |role| Actor::new(ActorId(1), ActorKind::Account, role, AreaId(140_121));
        assert!(!is_independent(&actor(Role::Deputy), &gone));
        assert!(is_independent(&actor(Role::Commander), &gone) && is_independent(&actor(Role::Auditor), &gone));
    }
}
