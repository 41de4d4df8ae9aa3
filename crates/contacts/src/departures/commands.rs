//! Recording who left and who came back.

use outpace_access::Call;
use outpace_core::{AreaId, PersonId, Refusal, Timestamp, Trigger, VehicleId};
use outpace_registry::people::{MarkAbsent, mark_absent};
use outpace_store::Unit;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::facts::{DepartureRecorded, ReturnRecorded};
use super::{Departure, store};
use crate::visits::Evidence;
use crate::{ContactsError, respond, text};

/// Someone left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RecordDeparture {
    /// Who.
    pub person: PersonId,
    /// When.
    pub left_at: Timestamp,
    /// Where to, as a code of any area of the country.
    #[serde(default)]
    pub to_area: Option<AreaId>,
    /// Where to, in words; no names of people.
    #[serde(default)]
    pub to: String,
    /// In what.
    #[serde(default)]
    pub vehicle: Option<VehicleId>,
    /// How it is known.
    pub evidence: Evidence,
}

fn person(unit: &mut Unit<'_>, call: &Call, id: PersonId) -> Result<outpace_registry::Person, ContactsError> {
    outpace_registry::seen(unit.tx(), call, id)?.ok_or(ContactsError::Unknown { field: "person", id: id.0 })
}

fn known(unit: &mut Unit<'_>, person: PersonId, left_at: Timestamp) -> Result<Option<Departure>, ContactsError> {
    Ok(store::departures_of(unit.tx(), person)?.into_iter().find(|departure| departure.left_at == left_at))
}

/// Records that someone left the area; the registry counts the person as absent from then on.
///
/// # Errors
/// An unknown person.
pub fn record_departure(unit: &mut Unit<'_>, call: &Call, request: RecordDeparture) -> Result<Departure, Refusal> {
    let leaver = person(unit, call, request.person)?;
    let to = text("to", &request.to, false)?;
    if let Some(known) = known(unit, leaver.id, request.left_at)? {
        let same = (known.to_area, known.to.as_str(), known.vehicle, known.evidence)
            == (request.to_area, to.as_str(), request.vehicle, request.evidence);
        if same {
            return Ok(known);
        }
    }
    let (id, left_at) = (leaver.id, request.left_at);
    unit.record_at(
        DepartureRecorded {
            person: id,
            area: leaver.area,
            left_at,
            to_area: request.to_area,
            to,
            vehicle: request.vehicle,
            evidence: request.evidence,
        },
        left_at,
    )?;
    let whereabouts = request.to_area.filter(|area| area.level().is_some());
    let absent = MarkAbsent { person: id, absent: true, whereabouts, until: None, occurred_at: Some(left_at) };
    mark_absent(unit, call, absent)?;
    respond(unit, &Trigger::Person(id))?;
    Ok(known(unit, id, left_at)?.ok_or(ContactsError::Unknown { field: "person", id: id.0 })?)
}

/// Someone came back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RecordReturn {
    /// Who.
    pub person: PersonId,
    /// When; absent = now.
    #[serde(default)]
    pub returned_at: Option<Timestamp>,
}

/// Records that someone came back; the newest departure ends.
///
/// # Errors
/// An unknown person, one who is not known to have left.
pub fn record_return(unit: &mut Unit<'_>, call: &Call, request: RecordReturn) -> Result<Departure, Refusal> {
    let person = person(unit, call, request.person)?;
    let newest = store::departures_of(unit.tx(), person.id)?.into_iter().next();
    let newest = newest.ok_or(ContactsError::Unknown { field: "person", id: person.id.0 })?;
    if newest.returned_at.is_some() {
        return Ok(newest);
    }
    let returned_at = request.returned_at.unwrap_or(call.now);
    unit.record_at(ReturnRecorded { person: person.id, left_at: newest.left_at, returned_at }, returned_at)?;
    let (person, at) = (person.id, Some(returned_at));
    mark_absent(unit, call, MarkAbsent { person, absent: false, whereabouts: None, until: None, occurred_at: at })?;
    respond(unit, &Trigger::Person(person))?;
    Ok(Departure { returned_at: Some(returned_at), ..newest })
}
