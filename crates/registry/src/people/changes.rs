//! What changes about people after the import: who really lives there, who needs care, who is away.

use std::collections::BTreeSet;

use outpace_access::Call;
use outpace_core::{AreaId, HouseholdId, PersonId, Refusal, Timestamp, Trigger, trigger};
use outpace_store::Unit;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::facts::{HouseholdsImported, ImportedHousehold, PersonMoved, PersonTagged, PresenceChanged};
use super::import::{Grounds, ImportPeople, ImportPerson, import_people, keep_contacts};
use super::model::{CareTag, Household, HouseholdContact, HouseholdKind, Person};
use super::store;
use crate::RegistryError;

const AT_THE_DOOR: &str = "register";

/// A household that was found at the door.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RegisterHousehold {
    /// A grid, or a village where the grid is not known.
    pub area: AreaId,
    /// Family or dormitory room.
    pub kind: HouseholdKind,
    /// The household that lets the home.
    pub landlord: Option<HouseholdId>,
    /// Whom to ask; goes to the vault.
    pub contact: Option<HouseholdContact>,
}

/// Registers one household.
///
/// # Errors
/// An area that is unknown or not the actor's, an unknown landlord.
pub fn register_household(unit: &mut Unit<'_>, call: &Call, request: RegisterHousehold) -> Result<Household, Refusal> {
    let area = Grounds::default().grid(unit.tx(), call, request.area)?;
    if let Some(landlord) = request.landlord {
        let unknown = RegistryError::Unknown { field: "landlord", id: landlord.0 };
        store::household(unit.tx(), landlord)?.ok_or(unknown)?;
    }
    let id = HouseholdId(unit.next(HouseholdId::COUNTER)?);
    let household = ImportedHousehold { reference: None, area, kind: request.kind, landlord: request.landlord };
    unit.record(HouseholdsImported { source: AT_THE_DOOR.to_owned(), first: id, households: vec![household] })?;
    if let Some(contact) = request.contact {
        keep_contacts(unit, &[(id, contact)])?;
    }
    Ok(Household { id, area, kind: request.kind, landlord: request.landlord })
}

/// A person who was found at the door or at a lane. Numbers are ids.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RegisterPerson {
    /// The person, with name and ID number.
    pub person: ImportPerson,
}

/// Registers one person; who they are goes to the vault.
///
/// # Errors
/// What [`import_people`] refuses.
pub fn register_person(unit: &mut Unit<'_>, call: &Call, request: RegisterPerson) -> Result<Person, Refusal> {
    let people = vec![request.person];
    let imported =
        import_people(unit, call, ImportPeople { source: AT_THE_DOOR.to_owned(), by_reference: false, people })?;
    let id = imported.ids.first().copied().map(PersonId).unwrap_or(PersonId(0));
    if imported.added > 0 {
        unit.enqueue(trigger::RESPOND, &Trigger::Person(id))?;
    }
    seen(unit, call, id)
}

fn seen(unit: &mut Unit<'_>, call: &Call, id: PersonId) -> Result<Person, Refusal> {
    let unknown = RegistryError::Unknown { field: "person", id: id.0 };
    Ok(store::person(unit.tx(), id)?.filter(|person| call.sees(person.area)).ok_or(unknown)?)
}

/// Who really lives where.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct MovePerson {
    /// Who.
    pub person: PersonId,
    /// The household that the person lives in.
    pub household: HouseholdId,
    /// Since when, as far as it is known; else now.
    pub occurred_at: Option<Timestamp>,
}

/// Records that a person lives in another household than registered.
///
/// # Errors
/// An unknown person or household, or nothing to change.
pub fn move_person(unit: &mut Unit<'_>, call: &Call, request: MovePerson) -> Result<Person, Refusal> {
    let person = seen(unit, call, request.person)?;
    let unknown = RegistryError::Unknown { field: "household", id: request.household.0 };
    let household = store::household(unit.tx(), request.household)?.ok_or(unknown)?;
    call.covers(household.area)?;
    if person.household == household.id {
        return Err(RegistryError::LivesThere { person: person.id, household: household.id }.into());
    }
    let at = request.occurred_at.unwrap_or(call.now);
    unit.record_at(
        PersonMoved { person: person.id, from: person.household, household: household.id, area: household.area },
        at,
    )?;
    // Who lives with whom decides who is a contact.
    unit.enqueue(trigger::RESPOND, &Trigger::Person(person.id))?;
    seen(unit, call, request.person)
}

/// Care needs that became known or ended.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TagPerson {
    /// Who.
    pub person: PersonId,
    /// Needs that are known from now on.
    #[serde(default)]
    pub add: BTreeSet<CareTag>,
    /// Needs that ended.
    #[serde(default)]
    pub remove: BTreeSet<CareTag>,
}

/// Records care needs. Needs that already stand change nothing.
///
/// # Errors
/// An unknown person, a tag both added and removed.
pub fn tag_person(unit: &mut Unit<'_>, call: &Call, request: TagPerson) -> Result<Person, Refusal> {
    if let Some(both) = request.add.intersection(&request.remove).next() {
        return Err(RegistryError::Value {
            field: "add",
            value: both.word().to_owned(),
            zh: "同一标签不能同时添加和删除。",
            en: "A tag cannot be added and removed at once.",
        }
        .into());
    }
    let person = seen(unit, call, request.person)?;
    let added: BTreeSet<CareTag> = request.add.difference(&person.tags).copied().collect();
    let removed: BTreeSet<CareTag> = request.remove.intersection(&person.tags).copied().collect();
    if added.is_empty() && removed.is_empty() {
        return Ok(person);
    }
    unit.record(PersonTagged { person: person.id, added, removed })?;
    seen(unit, call, request.person)
}

/// Who is away, or back.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct MarkAbsent {
    /// Who.
    pub person: PersonId,
    /// True when away, false when back.
    pub absent: bool,
    /// Where the person is instead.
    pub whereabouts: Option<AreaId>,
    /// When the person is expected back.
    pub until: Option<Timestamp>,
    /// Since when, as far as it is known; else now.
    pub occurred_at: Option<Timestamp>,
}

/// Records that someone is away or back. What already stands changes nothing.
///
/// # Errors
/// An unknown person, whereabouts that are no area code.
pub fn mark_absent(unit: &mut Unit<'_>, call: &Call, request: MarkAbsent) -> Result<Person, Refusal> {
    let person = seen(unit, call, request.person)?;
    if let Some(area) = request.whereabouts.filter(|area| area.level().is_none()) {
        return Err(RegistryError::AreaCode(area).into());
    }
    let nothing_new = request.whereabouts.is_none() && request.until.is_none();
    if person.present != request.absent && nothing_new {
        return Ok(person);
    }
    let (present, whereabouts, until) = (!request.absent, request.whereabouts, request.until);
    let at = request.occurred_at.unwrap_or(call.now);
    unit.record_at(PresenceChanged { person: person.id, present, whereabouts, until }, at)?;
    seen(unit, call, request.person)
}
