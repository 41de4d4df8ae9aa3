//! Recording what became known about a lot.

use outpace_access::Call;
use outpace_core::{CaseId, PersonId, PlaceId, Refusal, Timestamp, Trigger};
use outpace_store::Unit;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::facts::LotTraced;
use super::{Hand, HandRole, Lot, store};
use crate::{BATCH_MAX, ContactsError, cases, respond, text};

/// The most characters of a lot's mark.
const CODE_CHARACTERS_MAX: usize = 64;

/// Someone who had to do with a lot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LotHand {
    /// Who.
    pub person: PersonId,
    /// What they had to do with it.
    pub role: HandRole,
    /// When.
    pub at: Timestamp,
}

/// What became known about a lot; it adds to what was known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TraceLot {
    /// Its mark: a waybill, a batch number.
    pub code: String,
    /// What it is, in words.
    #[serde(default)]
    pub what: String,
    /// Where it is now.
    #[serde(default)]
    pub place: Option<PlaceId>,
    /// The case that touched it.
    #[serde(default)]
    pub case: Option<CaseId>,
    /// Who had to do with it.
    #[serde(default)]
    pub hands: Vec<LotHand>,
}

/// Records what became known about a lot. What is known already is not recorded again.
///
/// # Errors
/// No mark; an unknown case, place or person; too many hands.
pub fn trace_lot(unit: &mut Unit<'_>, call: &Call, request: TraceLot) -> Result<Lot, Refusal> {
    let code = text("code", &request.code, true)?;
    let what = text("what", &request.what, false)?;
    if code.chars().count() > CODE_CHARACTERS_MAX {
        return Err(ContactsError::Text { field: "code" }.into());
    }
    if request.hands.len() > BATCH_MAX {
        return Err(ContactsError::BatchTooLarge(request.hands.len()).into());
    }
    if let Some(case) = request.case {
        cases::seen(unit.tx(), call, case)?.ok_or(ContactsError::Unknown { field: "case", id: case.0 })?;
    }
    if let Some(place) = request.place {
        let unknown = ContactsError::Unknown { field: "place", id: place.0 };
        outpace_registry::place(unit.tx(), place)?.ok_or(unknown)?;
    }
    let mut hands = Vec::with_capacity(request.hands.len());
    for hand in request.hands {
        let unknown = ContactsError::Unknown { field: "person", id: hand.person.0 };
        outpace_registry::person(unit.tx(), hand.person)?.ok_or(unknown)?;
        hands.push(Hand { at: hand.at, person: hand.person, role: hand.role });
    }
    if let Some(known) = store::lot(unit.tx(), &code)? {
        let nothing_new = hands.iter().all(|hand| known.hands.contains(hand))
            && request.case.is_none_or(|case| known.cases.contains(&case))
            && (request.place.is_none() || request.place == known.place)
            && (what.is_empty() || what == known.what);
        if nothing_new {
            return Ok(known);
        }
    }
    let (place, case) = (request.place, request.case);
    unit.record(LotTraced { code: code.clone(), what, place, case, hands })?;
    let lot = store::lot(unit.tx(), &code)?.ok_or(ContactsError::Text { field: "code" })?;
    for case in &lot.cases {
        respond(unit, &Trigger::Case(*case))?;
    }
    Ok(lot)
}
