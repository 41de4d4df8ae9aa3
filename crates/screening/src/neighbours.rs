//! What this capability asks of its neighbours beyond a single call.

use std::collections::BTreeSet;

use outpace_core::PersonId;
use outpace_store::{Result, Tx};

/// Who is in facility quarantine or isolation now, and so is tested there and not at a lane.
pub(crate) fn in_facilities(_: &mut Tx<'_>) -> Result<BTreeSet<PersonId>> {
    Ok(BTreeSet::new())
}

/// Whether a person is under a measure that gives an abnormal status: held, quarantined, isolated.
pub(crate) fn is_confined(_: &mut Tx<'_>, _: PersonId) -> Result<bool> {
    Ok(false)
}
