//! Orders, teams, responsibility, notices, command and the briefing: who does what until when, and who is told.
//!
//! - [`orders`]: pieces of work for people, each with an owner, a deadline and a state.
//! - [`conflicts`]: observations that cannot be, each with an order to settle it.
//! - [`teams`]: who does it, where they are, when they rest; who answers for whom.
//! - [`command`]: peacetime or emergency, who is on duty, which task forces work, what was decided.
//! - [`notices`]: what everyone, one person, or a list of receivers is told.
//! - [`glass`]: break-glass access, told to the command and reviewed by the auditor.
//! - [`briefing`]: what was found, done, late and next, at any hour.
//!
//! Other capabilities call [`issue`], [`cancel`], [`by_key`], [`conflict`], [`notices::publish`]; the clock calls
//! [`tick`].

#[macro_use]
mod facts_macro;
pub mod briefing;
pub mod command;
pub mod conflicts;
pub mod errors;
pub mod glass;
pub mod kinds;
pub mod names;
pub mod notices;
pub mod orders;
mod subject;
pub mod teams;
mod words;

pub use conflicts::{Conflict, NewConflict, conflict, settle};
pub use errors::OrdersError;
pub use orders::{Form, NewOrder, Order, OrderState, Owner, Ticked, by_key, cancel, complete, issue, tick};
pub use subject::Subject;

use outpace_access::Routes;
use outpace_store::Capability;

const SCHEMA: &[&str] = &[orders::store::SCHEMA, conflicts::SCHEMA, notices::SCHEMA, teams::SCHEMA, command::SCHEMA];

/// The capability: tables and folds.
#[must_use]
pub fn capability() -> Capability {
    let capability = Capability::new("orders").schema(SCHEMA);
    command::join(teams::join(notices::join(conflicts::join(orders::store::join(capability)))))
}

/// The routes.
#[must_use]
pub fn routes() -> Routes {
    let work = orders::routes().and(conflicts::routes()).and(teams::routes());
    work.and(command::routes()).and(notices::routes()).and(glass::routes())
}

/// A subject as it comes in a query string.
pub(crate) fn subject_of(kind: &str, id: &str) -> Result<Subject, OrdersError> {
    Subject::parse(kind, id).ok_or_else(|| {
        OrdersError::rule(
            "subject",
            "subject_kind",
            format!("{kind} {id}"),
            "对象类型或编号不正确,例如 subject_kind=person&subject_id=7。",
            "No such subject; for example subject_kind=person&subject_id=7.",
        )
    })
}
