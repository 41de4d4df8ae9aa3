//! Households and people without names, and their identities in the vault.

mod care;
mod changes;
mod correct;
mod facts;
pub mod guardians;
pub mod host;
mod households;
mod http;
pub mod identity;
mod import;
pub mod kin;
mod known;
pub(crate) mod limit;
pub mod matching;
mod model;
mod parse;
mod pointers;
mod spelling;
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
pub use households::{ImportHousehold, ImportHouseholds, import_households, import_households_of};
pub use http::{
    CareQuery, HouseholdAnswer, HouseholdQuery, PeopleAnswer, PeopleQuery, PersonQuery, care_page, one_household,
    one_person, people, routes,
};
pub use identity::{
    Find, FindHousehold, Found, FoundPerson, Identity, IdentityRevealed, Look, Reveal, find, find_household, found_by,
    looks_at, looks_of, own_identity, reveal,
};
pub use import::{ImportPeople, ImportPerson, import_people, import_people_of, repeats};
pub use kin::{Kin, kin};
pub use model::{CareTag, Household, HouseholdContact, HouseholdKind, Person, Sex};
pub use parse::{
    HOUSEHOLD_COLUMNS, PERSON_COLUMNS, parse_households_csv, parse_people_csv, read_households, read_people,
};
pub use store::{
    Worker, each_absent, each_home, each_person_in, each_worker_of, household, household_members, households_in,
    people_at_school, people_at_workplace, people_in, people_in_room, people_on_vehicle, people_page, person,
};

pub(crate) use households::Grounds;
pub(crate) use limit::join as limit_finds;
pub(crate) use spelling::{name as name_spelling, plate as plate_spelling};
pub(crate) use store::{SCHEMA, fold};
