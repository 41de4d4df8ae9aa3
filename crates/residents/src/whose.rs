//! The one guard of this room: a resident sees their own file, and that of whom they act for.

use outpace_access::Call;
use outpace_core::{PersonId, Role};
use outpace_registry::people::guardians::acts_for;
use outpace_store::Tx;

use crate::entry;
use crate::errors::ResidentsError;

/// Whose account asks.
///
/// # Errors
/// An account that is no resident's, or is bound to nobody.
pub fn own(tx: &mut Tx<'_>, call: &Call) -> Result<PersonId, ResidentsError> {
    if call.actor.role != Role::Resident {
        return Err(ResidentsError::NoFile);
    }
    entry::person_of(tx, call.actor.id)?.ok_or(ResidentsError::NoFile)
}

/// The person whose file is asked for: one's own where nobody is named. Somebody else's and nobody's look the same.
///
/// # Errors
/// A person for whom the caller does not act.
pub fn asked(tx: &mut Tx<'_>, call: &Call, person: Option<PersonId>) -> Result<PersonId, ResidentsError> {
    let own = own(tx, call)?;
    let asked = person.unwrap_or(own);
    if asked == own || acts_for(tx, own, asked, call.now)? { Ok(asked) } else { Err(ResidentsError::NotYours(asked)) }
}
