//! Routes of contacts.

use outpace_access::{Call, Routes};
use outpace_core::{AreaId, CaseId, Permission, PersonId, Refusal, Seq};
use outpace_store::Tx;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::commands::{exclude_contact, record_contacts, update_contact};
use super::model::{Contact, ContactGap, Exposure};
use super::store;
use crate::{ContactsError, cases};

use Permission as P;

/// The routes of contacts.
#[must_use]
pub fn routes() -> Routes {
    Routes::new()
        .command(
            "/api/contacts/record-contacts",
            P::TracingRecord.by_area(),
            "Record who was exposed to a case",
            record_contacts,
        )
        .command(
            "/api/contacts/update-contact",
            P::TracingRecord.by_area(),
            "Record what became of a contact",
            update_contact,
        )
        .command(
            "/api/contacts/exclude-contact",
            P::TracingRecord.by_area(),
            "Say that someone was no contact",
            exclude_contact,
        )
        .query("/api/contacts/contacts", P::TracingRead.by_area(), "Contacts of a case", contacts)
        .query("/api/contacts/contacts-in", P::TracingRead.by_area(), "Contacts who live in an area", contacts_in)
        .query(
            "/api/contacts/contacts-of",
            P::TracingRead.by_area(),
            "Cases that a person was in contact with",
            contacts_of,
        )
        .query("/api/contacts/exposures", P::TracingRead.by_area(), "Exposures of a person to a case", exposures)
}

/// Whose contacts.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ContactsQuery {
    /// The case.
    pub case: CaseId,
    /// The last person of the page before.
    pub after: Option<PersonId>,
    /// At most 1,000.
    pub limit: Option<i64>,
}

/// A contact and what is missing in its record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ContactRow {
    /// The contact.
    pub contact: Contact,
    /// What is missing.
    pub gaps: Vec<ContactGap>,
}

/// Contacts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ContactList {
    /// The contacts.
    pub contacts: Vec<ContactRow>,
}

impl ContactList {
    fn of(contacts: Vec<Contact>) -> Self {
        let contacts = contacts.into_iter().map(|contact| ContactRow { gaps: contact.gaps(), contact }).collect();
        Self { contacts }
    }
}

fn seen_case(tx: &mut Tx<'_>, call: &Call, id: CaseId) -> Result<(), ContactsError> {
    cases::seen(tx, call, id)?.map(|_| ()).ok_or(ContactsError::Unknown { field: "case", id: id.0 })
}

/// Contacts of a case, by person; excluded ones among them.
///
/// # Errors
/// An unknown case, one outside the actor's area.
pub fn contacts(tx: &mut Tx<'_>, call: &Call, query: ContactsQuery) -> Result<ContactList, Refusal> {
    seen_case(tx, call, query.case)?;
    let limit = usize::try_from(outpace_registry::page_limit(query.limit)).unwrap_or(1);
    let all = store::contacts_of_case(tx, query.case)?.into_iter();
    let page = all.filter(|contact| query.after.is_none_or(|after| contact.person > after)).take(limit);
    Ok(ContactList::of(page.collect()))
}

/// Which contacts.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ContactsInQuery {
    /// The area they live in; the actor's own when absent.
    pub area: Option<AreaId>,
    /// The case of the last contact of the page before; with `after_person`.
    pub after_case: Option<CaseId>,
    /// The person of the last contact of the page before.
    pub after_person: Option<PersonId>,
    /// At most 1,000.
    pub limit: Option<i64>,
}

/// Contacts who live in an area, by grid, case and person.
///
/// # Errors
/// An area outside the actor's.
pub fn contacts_in(tx: &mut Tx<'_>, call: &Call, query: ContactsInQuery) -> Result<ContactList, Refusal> {
    let area = query.area.unwrap_or(call.actor.area);
    call.covers(area)?;
    let after = match (query.after_case, query.after_person) {
        (Some(case), Some(person)) => store::contact(tx, case, person)?.map(|found| (found.area, case, person)),
        _ => None,
    };
    let limit = outpace_registry::page_limit(query.limit);
    Ok(ContactList::of(store::contacts_in(tx, area, after, limit)?))
}

/// Whose.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ContactsOfQuery {
    /// The person.
    pub person: PersonId,
}

/// Cases that a person was in contact with.
///
/// # Errors
/// An unknown person, one outside the actor's area.
pub fn contacts_of(tx: &mut Tx<'_>, call: &Call, query: ContactsOfQuery) -> Result<ContactList, Refusal> {
    outpace_registry::seen(tx, call, query.person)?
        .ok_or(ContactsError::Unknown { field: "person", id: query.person.0 })?;
    Ok(ContactList::of(store::contacts_of_person(tx, query.person)?))
}

/// Whose exposures.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ExposuresQuery {
    /// The case.
    pub case: CaseId,
    /// The person.
    pub person: PersonId,
}

/// An exposure and its fact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ExposureRow {
    /// The exposure.
    pub exposure: Exposure,
    /// The fact.
    pub seq: Seq,
}

/// Exposures, by number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ExposuresAnswer {
    /// The exposures.
    pub exposures: Vec<ExposureRow>,
}

/// Exposures of a person to a case.
///
/// # Errors
/// An unknown case, one outside the actor's area.
pub fn exposures(tx: &mut Tx<'_>, call: &Call, query: ExposuresQuery) -> Result<ExposuresAnswer, Refusal> {
    seen_case(tx, call, query.case)?;
    let rows = store::exposures_of(tx, query.case, query.person)?;
    Ok(ExposuresAnswer { exposures: rows.into_iter().map(|(exposure, seq)| ExposureRow { exposure, seq }).collect() })
}
