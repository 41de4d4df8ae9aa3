//! Areas, households, people, places: know the population before you test it.
//!
//! - [`areas`]: the tree of areas with names, seats and boundaries; how many people live where.
//! - [`people`]: households and people without names; care needs, workplaces, presence. Who they are stands in the
//!   vault alone ([`people::identity`]), is found by keyed hash and looked at with a purpose that is a fact.
//! - [`places`]: where people meet, and the vehicles that carry them.
//!
//! Everything comes in by import commands in batches of at most [`BATCH_MAX`]; changes after that are single facts.
//! Other capabilities read by the functions re-exported here.

pub mod areas;
mod errors;
pub mod people;
pub mod places;
mod references;
pub mod tables;
#[cfg(test)]
mod tests;
mod words;

pub use areas::{Area, AreaKind, Population, RiverSide, area, areas_under, population_of};
pub use errors::RegistryError;
pub use people::{
    CareTag, Dependant, Household, HouseholdKind, Identity, Person, Sex, care_list, dependants_without_carer,
    each_person_in, find, household, household_members, households_in, people_at_school, people_at_workplace,
    people_in, people_in_room, people_on_vehicle, person, reveal, seen,
};
pub use places::{Place, Vehicle, VehicleKind, place, places_in, places_of_class, vehicle, vehicles_of_kind};
pub use references::Imported;

use outpace_access::Routes;
use outpace_store::Capability;

/// The most rows that one import command takes.
pub const BATCH_MAX: usize = 20_000;
/// The most rows that a list answers at once.
pub const PAGE_MAX: i64 = 1_000;
/// Rows that a list answers when no limit is asked for.
pub const PAGE_DEFAULT: i64 = 100;

/// The tables and folds of the registry.
#[must_use]
pub fn capability() -> Capability {
    let capability = Capability::new("registry").schema(SCHEMA);
    let capability = references::fold(capability);
    let capability = areas::fold(capability);
    let capability = people::guardians::fold(people::limit_finds(people::fold(capability)));
    places::fold(capability)
}

/// Migrations in the order in which they came; an applied one never changes.
const SCHEMA: &[&str] = &[
    areas::SCHEMA,
    people::SCHEMA,
    places::SCHEMA,
    references::SCHEMA,
    people::guardians::SCHEMA,
    people::host::SCHEMA,
];

/// The routes of the registry.
#[must_use]
pub fn routes() -> Routes {
    areas::routes().and(people::routes()).and(places::routes())
}

/// The limit of a list: what was asked for, between 1 and [`PAGE_MAX`].
#[must_use]
pub fn page_limit(asked: Option<i64>) -> i64 {
    asked.unwrap_or(PAGE_DEFAULT).clamp(1, PAGE_MAX)
}
