//! Recording exposures and what becomes of contacts.

use outpace_access::Call;
use outpace_core::{
    AreaId, CaseId, ExposureId, FacilityId, PersonId, PlaceId, Refusal, Text, Timestamp, Trigger, VehicleId,
};
use outpace_orders::{NewConflict, Subject, conflict};
use outpace_policy::{ContactClass, Setting};
use outpace_store::Unit;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::facts::{ContactExcluded, ContactUpdated, ContactsRecorded};
use super::model::{Contact, Exposure, Observation, Outcome};
use super::rules::class_of;
use super::store;
use crate::cases::{self, Case, FoundHow};
use crate::visits::{Evidence, Spot};
use crate::{BATCH_MAX, ContactsError, respond, text};

/// An exposure to record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NewExposure {
    /// Who.
    pub person: PersonId,
    /// In what setting: household, room, workplace, study, meal, care, medical, ward, leisure, vehicle, place, school,
    /// goods, other.
    #[schema(value_type = String)]
    pub setting: Setting,
    /// The class, where a tracer judges otherwise than the rule; absent = by the pack in force.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub class: Option<ContactClass>,
    /// The place.
    #[serde(default)]
    pub place: Option<PlaceId>,
    /// Or the vehicle.
    #[serde(default)]
    pub vehicle: Option<VehicleId>,
    /// The room, row or seat.
    #[serde(default)]
    pub room: Option<String>,
    /// From.
    pub from: Timestamp,
    /// To.
    pub to: Timestamp,
    /// How it is known.
    pub evidence: Evidence,
    /// The close contact in between, for a contact of a contact.
    #[serde(default)]
    pub via: Option<PersonId>,
}

/// Contacts of a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RecordContacts {
    /// The case.
    pub case: CaseId,
    /// How they were found.
    pub found_how: FoundHow,
    /// At most 20,000 exposures; several of one person add up.
    pub exposures: Vec<NewExposure>,
}

/// What was recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ContactsAnswer {
    /// Contacts of the case that the exposures touched, by person.
    pub contacts: Vec<Contact>,
    /// Exposures that stood there already, the same in everything.
    pub already: i64,
}

fn seen_case(unit: &mut Unit<'_>, call: &Call, id: CaseId) -> Result<Case, ContactsError> {
    cases::seen(unit.tx(), call, id)?.ok_or(ContactsError::Unknown { field: "case", id: id.0 })
}

/// Turns an exposure into what stands in the fact, its class by the pack unless somebody judged.
fn exposure(unit: &mut Unit<'_>, call: &Call, new: NewExposure) -> Result<Exposure, ContactsError> {
    let person = outpace_registry::person(unit.tx(), new.person)?;
    person.ok_or(ContactsError::Unknown { field: "person", id: new.person.0 })?;
    let spot = match (new.place, new.vehicle) {
        (None, None) => None,
        (place, vehicle) => Some(Spot::of(place, vehicle).ok_or(ContactsError::NoSpot)?),
    };
    let (ruled, _) = class_of(&call.pack().contacts, new.setting, new.from, new.to);
    let ruled = if new.via.is_some() { ContactClass::ContactOfContact } else { ruled };
    Ok(Exposure {
        id: ExposureId(0),
        person: new.person,
        setting: new.setting,
        class: new.class.unwrap_or(ruled),
        spot,
        room: new.room,
        from: new.from,
        to: new.to,
        evidence: new.evidence,
        via: new.via,
        judged: new.class.is_some_and(|class| class != ruled),
    })
}

/// Records who was exposed to a case. The same exposure twice is one.
///
/// # Errors
/// Too many rows, an unknown case or person. Never an exposure that cannot be: it is kept and opens a conflict.
pub fn record_contacts(unit: &mut Unit<'_>, call: &Call, request: RecordContacts) -> Result<ContactsAnswer, Refusal> {
    if request.exposures.len() > BATCH_MAX {
        return Err(ContactsError::BatchTooLarge(request.exposures.len()).into());
    }
    let case = seen_case(unit, call, request.case)?;
    let (mut fresh, mut already, mut people) = (Vec::<Exposure>::new(), 0, std::collections::BTreeSet::new());
    for new in request.exposures {
        let exposure = exposure(unit, call, new)?;
        people.insert(exposure.person);
        let known = store::exposures_of(unit.tx(), case.id, exposure.person)?;
        let same = |other: &Exposure| Exposure { id: ExposureId(0), ..other.clone() } == exposure;
        let excluded = store::contact(unit.tx(), case.id, exposure.person)?
            .is_some_and(|contact| contact.excluded_because.is_some());
        if (!excluded && known.iter().any(|(other, _)| same(other))) || fresh.iter().rev().take(8).any(same) {
            already += 1;
        } else {
            fresh.push(exposure);
        }
    }
    if !fresh.is_empty() {
        let first = unit.next_many(ExposureId::COUNTER, i64::try_from(fresh.len()).unwrap_or(i64::MAX))?;
        for (id, exposure) in (first..).zip(&mut fresh) {
            exposure.id = ExposureId(id);
        }
        let odd: Vec<Exposure> = fresh.iter().filter(|one| cannot_be(one, &case)).cloned().collect();
        let seq = unit.record(ContactsRecorded { case: case.id, found_how: request.found_how, exposures: fresh })?;
        for exposure in odd {
            flag(unit, call, &case, &exposure, seq)?;
        }
        respond(unit, &Trigger::Case(case.id))?;
    }
    let mut contacts = Vec::new();
    for person in people {
        contacts.extend(store::contact(unit.tx(), case.id, person)?);
    }
    Ok(ContactsAnswer { contacts, already })
}

/// Whether an exposure cannot be as recorded: backwards in time, or to oneself.
fn cannot_be(exposure: &Exposure, case: &Case) -> bool {
    exposure.to < exposure.from || exposure.person == case.person || exposure.via == Some(exposure.person)
}

fn flag(
    unit: &mut Unit<'_>,
    call: &Call,
    case: &Case,
    exposure: &Exposure,
    seq: outpace_core::Seq,
) -> Result<(), Refusal> {
    let (id, person) = (case.id, exposure.person);
    let what = Text::new(
        format!("人员 {person} 对病例 {id} 的暴露记录不可能成立(时间颠倒,或接触者就是病例本人);请核实。"),
        format!("The exposure of person {person} to case {id} cannot be (backwards in time, or to oneself); find out."),
    );
    let subject = Subject::Exposure(exposure.id);
    conflict(unit, call, NewConflict { kind: "exposure_impossible", subject, area: case.area, what, seq: Some(seq) })?;
    Ok(())
}

/// What became known about a contact; what is absent stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UpdateContact {
    /// The case.
    pub case: CaseId,
    /// Who.
    pub person: PersonId,
    /// How observed.
    #[serde(default)]
    pub observation: Option<Observation>,
    /// The quarantine site or hospital.
    #[serde(default)]
    pub facility: Option<FacilityId>,
    /// What became of it.
    #[serde(default)]
    pub outcome: Option<Outcome>,
    /// When somebody spoke to the person. The first time counts.
    #[serde(default)]
    pub reached_at: Option<Timestamp>,
    /// Whether the person has left the area.
    #[serde(default)]
    pub left_area: Option<bool>,
    /// Where to.
    #[serde(default)]
    pub whereabouts: Option<AreaId>,
    /// When release is due.
    #[serde(default)]
    pub release_due_at: Option<Timestamp>,
}

/// Records what became known about a contact.
///
/// # Errors
/// An unknown case or contact, nothing to record.
pub fn update_contact(unit: &mut Unit<'_>, call: &Call, request: UpdateContact) -> Result<Contact, Refusal> {
    let (case, person) = (request.case, request.person);
    seen_case(unit, call, case)?;
    let unknown = ContactsError::Unknown { field: "person", id: person.0 };
    store::contact(unit.tx(), case, person)?.ok_or(unknown)?;
    let fact = ContactUpdated {
        case,
        person,
        observation: request.observation,
        facility: request.facility,
        outcome: request.outcome,
        reached_at: request.reached_at,
        left_area: request.left_area,
        whereabouts: request.whereabouts,
        release_due_at: request.release_due_at,
    };
    let empty = fact.observation.is_none()
        && fact.facility.is_none()
        && fact.outcome.is_none()
        && fact.reached_at.is_none()
        && fact.left_area.is_none()
        && fact.whereabouts.is_none()
        && fact.release_due_at.is_none();
    if empty {
        return Err(ContactsError::Nothing("observation").into());
    }
    unit.record(fact)?;
    respond(unit, &Trigger::Person(person))?;
    let unknown = ContactsError::Unknown { field: "person", id: person.0 };
    Ok(store::contact(unit.tx(), case, person)?.ok_or(unknown)?)
}

/// Someone who was no contact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ExcludeContact {
    /// The case.
    pub case: CaseId,
    /// Who.
    pub person: PersonId,
    /// Why.
    pub reason: String,
}

/// Says that someone was no contact: what hung on it lifts at once.
///
/// # Errors
/// An unknown case or contact, no reason.
pub fn exclude_contact(unit: &mut Unit<'_>, call: &Call, request: ExcludeContact) -> Result<Contact, Refusal> {
    let reason = text("reason", &request.reason, true)?;
    let (case, person) = (request.case, request.person);
    seen_case(unit, call, case)?;
    let unknown = ContactsError::Unknown { field: "person", id: person.0 };
    let mut contact = store::contact(unit.tx(), case, person)?.ok_or(unknown)?;
    if contact.excluded_because.is_none() {
        unit.record(ContactExcluded { case, person, reason: reason.clone() })?;
        respond(unit, &Trigger::Person(person))?;
        contact.excluded_because = Some(reason);
    }
    Ok(contact)
}
