//! Facts about households and people. None holds a name, a number or an address.

use std::collections::BTreeSet;

use outpace_core::{AreaId, HouseholdId, PersonId, PlaceId, Timestamp, VehicleId};
use outpace_store::Fact;
use serde::{Deserialize, Serialize};

use super::model::{CareTag, HouseholdKind, Sex};

/// One household of a batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportedHousehold {
    /// The number that the source gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<i64>,
    /// Its grid.
    pub area: AreaId,
    /// Family or dormitory room.
    pub kind: HouseholdKind,
    /// Who lets the home to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub landlord: Option<HouseholdId>,
}

/// Households came in, by import or one by one.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct HouseholdsImported {
    /// Where they come from.
    pub source: String,
    /// The id of the first; the others follow it without gaps.
    pub first: HouseholdId,
    /// The households.
    pub households: Vec<ImportedHousehold>,
}

impl Fact for HouseholdsImported {
    const KIND: &'static str = "registry.households_imported";
}

/// One person of a batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportedPerson {
    /// The number that the source gave the person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<i64>,
    /// Where the person lives.
    pub household: HouseholdId,
    /// The grid of the household.
    pub area: AreaId,
    /// Year of birth.
    pub birth_year: i64,
    /// Sex as registered.
    pub sex: Sex,
    /// Care needs.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub tags: BTreeSet<CareTag>,
    /// Where the person works.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workplace: Option<PlaceId>,
    /// Where the person goes to school.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub school: Option<PlaceId>,
    /// The room there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<String>,
    /// The bus usually taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vehicle: Option<VehicleId>,
    /// Whether the person is elsewhere.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub absent: bool,
}

/// People came in, by import or one by one. Who they are was sealed in the vault in the same unit.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PeopleImported {
    /// Where they come from.
    pub source: String,
    /// The id of the first; the others follow it without gaps.
    pub first: PersonId,
    /// The people.
    pub people: Vec<ImportedPerson>,
}

impl Fact for PeopleImported {
    const KIND: &'static str = "registry.people_imported";
}

/// Someone was found to live elsewhere than registered, or moved.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PersonMoved {
    /// Who.
    pub person: PersonId,
    /// The household before.
    pub from: HouseholdId,
    /// The household now.
    pub household: HouseholdId,
    /// Its grid.
    pub area: AreaId,
}

impl Fact for PersonMoved {
    const KIND: &'static str = "registry.person_moved";
}

/// Care needs became known or ended.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PersonTagged {
    /// Who.
    pub person: PersonId,
    /// Needs that are known from now on.
    pub added: BTreeSet<CareTag>,
    /// Needs that ended.
    pub removed: BTreeSet<CareTag>,
}

impl Fact for PersonTagged {
    const KIND: &'static str = "registry.person_tagged";
}

/// Someone left the jurisdiction or came back.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PresenceChanged {
    /// Who.
    pub person: PersonId,
    /// Whether the person is there from now on.
    pub present: bool,
    /// Where the person is instead, as far as it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub whereabouts: Option<AreaId>,
    /// When the person is expected back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

impl Fact for PresenceChanged {
    const KIND: &'static str = "registry.presence_changed";
}

/// Whom to ask about a household was sealed in the vault.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct HouseholdContactKept {
    /// The household.
    pub household: HouseholdId,
}

impl Fact for HouseholdContactKept {
    const KIND: &'static str = "registry.household_contact_kept";
}
