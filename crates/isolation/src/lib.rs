//! Restrictions on persons, and where and how people are moved and kept.
//!
//! - [`restrictions`]: what limits one person, why and until when; the clock that ends it.
//! - [`facilities`]: quarantine sites, hospitals, shelters; rooms and beds, none given twice.
//! - [`transfers`]: people ordered to move, each until admitted or excused, and the law that counts them.
//! - [`trips`]: vehicles, boarding and hand-over signed by two, disinfection; who goes in which vehicle.
//! - [`stays`]: checks, tests, release with a certificate, turnover of beds.
//!
//! What restricts people is approved before it comes here. What was seen is never refused: it is kept, and what cannot
//! be is flagged with an order to settle it.

pub mod errors;
pub mod facilities;
mod http;
mod ids;
mod observed;
pub mod restrictions;
mod rooms;
pub mod stays;
pub mod tally;
#[cfg(test)]
mod tests;
pub mod transfers;
pub mod trips;

pub use errors::IsolationError;
pub use facilities::{BedState, Facility, FacilityKind, FacilityState, FreeBeds, NewFacility, NewRoom, free_beds};
pub use http::{Overview, overview, routes};
pub use ids::TransferId;
pub use restrictions::{
    Because, ChangeEnd, EndedWhy, ExtendHold, Filter, LiftReason, NewRestriction, Restriction, RestrictionKind, Ticked,
    change_end, extend_hold, in_force, in_force_because, in_force_of, lift, lift_because, lift_many, resting_on,
    restrict, restrict_many, tests_due, tick,
};
pub use stays::{Stay, release};
pub use transfers::{
    Conservation, Guardian, NewTransfer, Transfer, TransferState, excuse, order_transfer, order_transfers,
    people_conservation,
};
pub use trips::{
    NewTrip, PassengerKind, Stop, Trip, TripPlan, TripRules, TripState, open_trip, open_trips, plan_trips,
};

use outpace_store::Capability;

const MIGRATIONS: &[&str] = &[
    tally::SCHEMA,
    restrictions::store::SCHEMA,
    facilities::store::SCHEMA,
    transfers::store::SCHEMA,
    trips::store::SCHEMA,
    stays::store::SCHEMA,
];

/// What the store must know: tables and folds.
#[must_use]
pub fn capability() -> Capability {
    let capability = Capability::new("isolation").schema(MIGRATIONS).table("isolation_tally", "j, name");
    let capability = facilities::store::join(restrictions::store::join(capability));
    stays::store::join(trips::store::join(transfers::store::join(capability)))
}
