//! Households and people without names, and their identities in the vault.

mod care;
mod changes;
mod facts;
pub mod guardians;
pub mod host;
mod http;
pub mod identity;
mod import;
pub mod kin;
pub(crate) mod limit;
pub mod matching;
mod model;
mod parse;
pub(crate) mod store;

pub use care::{Dependant, DependantReason, care_list, dependants_without_carer};
pub use changes::{
    MarkAbsent, MovePerson, RegisterHousehold, RegisterPerson, TagPerson, mark_absent, move_person, register_household,
    register_person, tag_person,
};
pub use facts::{
    HouseholdContactKept, HouseholdsImported, ImportedHousehold, ImportedPerson, PeopleImported, PersonMoved,
    PersonTagged, PresenceChanged,
};
pub use host::seen;
pub use http::{
    CareQuery, HouseholdAnswer, HouseholdQuery, PeopleAnswer, PeopleQuery, PersonQuery, care_page, one_household,
    one_person, people, routes,
};
pub use identity::{
    Find, FindHousehold, Found, FoundPerson, Identity, IdentityRevealed, Look, Reveal, find, find_household, found_by,
    looks_at, looks_of, own_identity, reveal,
};
pub use import::{ImportHousehold, ImportHouseholds, ImportPeople, ImportPerson, import_households, import_people};
pub use kin::{Kin, kin};
pub use model::{CareTag, Household, HouseholdContact, HouseholdKind, Person, Sex};
pub use parse::{parse_households_csv, parse_people_csv};
pub use store::{
    Worker, each_absent, each_home, each_person_in, each_worker_of, household, household_members, households_in,
    people_at_school, people_at_workplace, people_in, people_in_room, people_on_vehicle, people_page, person,
};

pub(crate) use import::Grounds;
pub(crate) use limit::join as limit_finds;
pub(crate) use store::{SCHEMA, fold};
