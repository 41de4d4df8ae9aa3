//! What this capability asks of its neighbours beyond a single call.

use std::collections::BTreeSet;

use outpace_core::PersonId;
use outpace_isolation::{Filter, RestrictionKind, in_force, in_force_of};
use outpace_store::{Result, Tx};

/// Who is in facility quarantine or isolation now, and so is tested there and not at a lane.
pub(crate) fn in_facilities(tx: &mut Tx<'_>) -> Result<BTreeSet<PersonId>> {
    let mut people = BTreeSet::new();
    for kind in [RestrictionKind::FacilityQuarantine, RestrictionKind::Isolation] {
        let filter = Filter { kind: Some(kind), ..Filter::default() };
        people.extend(in_force(tx, &filter)?.into_iter().map(|restriction| restriction.person));
    }
    Ok(people)
}

/// Whether a person is under a measure that gives an abnormal status: held, quarantined, isolated.
pub(crate) fn is_confined(tx: &mut Tx<'_>, person: PersonId) -> Result<bool> {
    Ok(!in_force_of(tx, person)?.is_empty())
}
