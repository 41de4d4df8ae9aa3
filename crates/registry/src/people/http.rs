//! Routes of people and households.

use outpace_access::{Call, Routes};
use outpace_core::{AreaId, HouseholdId, Permission, PersonId, Refusal};
use outpace_store::Tx;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::changes::{mark_absent, move_person, register_household, register_person, tag_person};
use super::guardians::{end_guardian, guardians, name_guardian};
use super::identity::{find, find_household, looks_at, reveal};
use super::import::{import_households, import_people};
use super::model::{Household, Person};
use super::store;
use crate::{RegistryError, page_limit};

use Permission as P;

/// The routes of people and households.
#[must_use]
pub fn routes() -> Routes {
    Routes::new()
        .command("/api/registry/import-households", P::RegistryImport.whole(), "Bring in households", import_households)
        .command("/api/registry/import-people", P::RegistryImport.whole(), "Bring in people", import_people)
        .command(
            "/api/registry/register-household",
            P::RegistryFind.by_area(),
            "Register one household",
            register_household,
        )
        .command("/api/registry/register-person", P::RegistryFind.by_area(), "Register one person", register_person)
        .command("/api/registry/move-person", P::RegistryFind.by_area(), "Say who really lives where", move_person)
        .command("/api/registry/tag-person", P::RegistryFind.by_area(), "Record care needs", tag_person)
        .command("/api/registry/mark-absent", P::RegistryFind.by_area(), "Record who is away or back", mark_absent)
        .command("/api/registry/find", P::RegistryFind.by_area(), "Find a person; the answer is masked", find)
        .command(
            "/api/registry/find-household",
            P::RegistryFind.by_area(),
            "Find a household by landlord, tenant or member",
            find_household,
        )
        .command(
            "/api/registry/reveal",
            P::IdentityReveal.by_area(),
            "See an identity in clear, with a purpose",
            reveal,
        )
        .command("/api/registry/name-guardian", P::ResidentAdmit.by_area(), "Say who acts for a person", name_guardian)
        .command(
            "/api/registry/end-guardian",
            P::ResidentAdmit.by_area(),
            "Say who acts for a person no longer",
            end_guardian,
        )
        .query(
            "/api/registry/guardians",
            P::RegistryRead.by_area(),
            "Who acts for a person, and for whom they act",
            guardians,
        )
        .query("/api/registry/looks", P::AuditRead.by_area(), "Who looked at an identity", looks_at)
        .query("/api/registry/person", P::RegistryRead.by_area(), "A person without identity", one_person)
        .query("/api/registry/household", P::RegistryRead.by_area(), "A household with its members", one_household)
        .query("/api/registry/people", P::RegistryRead.by_area(), "People of an area, without identities", people)
        .query("/api/registry/care-list", P::RegistryRead.by_area(), "People with care needs in an area", care_page)
}

/// Which person.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(as = RegistryPersonQuery)]
pub struct PersonQuery {
    /// The person.
    pub person: PersonId,
}

/// A person without identity.
///
/// # Errors
/// An unknown person, one outside the actor's area.
pub fn one_person(tx: &mut Tx<'_>, call: &Call, query: PersonQuery) -> Result<Person, Refusal> {
    let unknown = RegistryError::Unknown { field: "person", id: query.person.0 };
    Ok(super::seen(tx, call, query.person)?.ok_or(unknown)?)
}

/// Which household.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct HouseholdQuery {
    /// The household.
    pub household: HouseholdId,
}

/// A household and who lives there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HouseholdAnswer {
    /// The household.
    pub household: Household,
    /// Its members, by id.
    pub members: Vec<Person>,
}

/// A household with its members.
///
/// # Errors
/// An unknown household, one outside the actor's area.
pub fn one_household(tx: &mut Tx<'_>, call: &Call, query: HouseholdQuery) -> Result<HouseholdAnswer, Refusal> {
    let unknown = RegistryError::Unknown { field: "household", id: query.household.0 };
    let household = store::household(tx, query.household)?.filter(|found| call.sees(found.area)).ok_or(unknown)?;
    let mut members = Vec::new();
    for member in store::household_members(tx, household.id)? {
        members.extend(store::person(tx, member)?);
    }
    Ok(HouseholdAnswer { household, members })
}

/// Which people.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct PeopleQuery {
    /// The area; the actor's own when absent.
    pub area: Option<AreaId>,
    /// The last person of the page before.
    pub after: Option<PersonId>,
    /// At most 1,000.
    pub limit: Option<i64>,
}

/// People, by grid and id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PeopleAnswer {
    /// The people.
    pub people: Vec<Person>,
}

/// People of an area, without identities.
///
/// # Errors
/// An area outside the actor's.
pub fn people(tx: &mut Tx<'_>, call: &Call, query: PeopleQuery) -> Result<PeopleAnswer, Refusal> {
    let area = query.area.unwrap_or(call.actor.area);
    call.covers(area)?;
    Ok(PeopleAnswer { people: store::people_page(tx, area, query.after, page_limit(query.limit))? })
}

/// Whose care list.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct CareQuery {
    /// The area.
    pub area: AreaId,
    /// The last person of the page before.
    pub after: Option<PersonId>,
    /// At most 1,000.
    pub limit: Option<i64>,
}

/// People with care needs in an area, by grid and id.
///
/// # Errors
/// An area outside the actor's.
pub fn care_page(tx: &mut Tx<'_>, call: &Call, query: CareQuery) -> Result<PeopleAnswer, Refusal> {
    call.covers(query.area)?;
    Ok(PeopleAnswer { people: store::care_page(tx, query.area, query.after, page_limit(query.limit))? })
}
