//! Orders, teams, responsibility, notices, command and the briefing: who does what until when, and who is told.
//!
//! - [`orders`]: pieces of work for people, each with an owner, a deadline and a state.
//! - [`conflicts`]: observations that cannot be, each with an order to settle it.
//! - [`notices`]: what everyone, one person, or a list of receivers is told.
//!
//! Other capabilities call [`issue`], [`cancel`], [`by_key`], [`conflict`], [`notices::publish`]; the clock calls
//! [`tick`].

#[macro_use]
mod facts_macro;
pub mod conflicts;
pub mod errors;
pub mod kinds;
pub mod notices;
pub mod orders;
mod subject;
mod words;

pub use conflicts::{Conflict, NewConflict, conflict, settle};
pub use errors::OrdersError;
pub use orders::{Form, NewOrder, Order, OrderState, Owner, Ticked, by_key, cancel, complete, issue, tick};
pub use subject::Subject;

use outpace_access::Routes;
use outpace_store::Capability;

const SCHEMA: &[&str] = &[orders::store::SCHEMA, conflicts::SCHEMA, notices::SCHEMA];

/// The capability: tables and folds.
#[must_use]
pub fn capability() -> Capability {
    let capability = Capability::new("orders").schema(SCHEMA);
    notices::join(conflicts::join(orders::store::join(capability)))
}

/// The routes.
#[must_use]
pub fn routes() -> Routes {
    Routes::new()
}
