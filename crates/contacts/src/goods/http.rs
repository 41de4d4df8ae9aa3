//! Routes of goods.

use outpace_access::{Call, Routes};
use outpace_core::{CaseId, Permission, PersonId, Refusal};
use outpace_store::Tx;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::commands::trace_lot;
use super::{Lot, store};
use crate::{ContactsError, cases};

/// The routes of goods.
#[must_use]
pub fn routes() -> Routes {
    Routes::new()
        .command(
            "/api/contacts/trace-lot",
            Permission::TracingRecord.whole(),
            "Record what is known about a lot",
            trace_lot,
        )
        .query("/api/contacts/lots", Permission::TracingRead.by_area(), "Lots that a case or a person touched", lots)
}

/// Whose lots: of a case, or of a person.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct LotsQuery {
    /// The case.
    pub case: Option<CaseId>,
    /// Or the person.
    pub person: Option<PersonId>,
}

/// Lots, by mark.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LotsAnswer {
    /// The lots.
    pub lots: Vec<Lot>,
}

/// Lots that a case or a person touched.
///
/// # Errors
/// Neither named, or one that is unknown or lies outside the actor's area.
pub fn lots(tx: &mut Tx<'_>, call: &Call, query: LotsQuery) -> Result<LotsAnswer, Refusal> {
    let lots = match (query.case, query.person) {
        (Some(case), _) => {
            cases::seen(tx, call, case)?.ok_or(ContactsError::Unknown { field: "case", id: case.0 })?;
            store::lots_of_case(tx, case)?
        }
        (None, Some(person)) => {
            outpace_registry::seen(tx, call, person)?
                .ok_or(ContactsError::Unknown { field: "person", id: person.0 })?;
            store::lots_of_person(tx, person)?
        }
        (None, None) => return Err(ContactsError::Nothing("case").into()),
    };
    Ok(LotsAnswer { lots })
}
