//! Orders: work for people. One kind, one subject, one owner, one deadline, a checklist, a result.
//!
//! Start with [`OrderState::allows`], the one table of steps; then [`verbs`], what can be done with an order; then
//! [`clock`], what happens by itself when a deadline passes.

mod actions;
mod clock;
mod effects;
mod facts;
mod http;
mod model;
pub mod rules;
pub(crate) mod store;
mod tally;
mod verbs;
mod view;

pub use actions::{Action, OrderVerb, actions, may_verify, why_not};
pub use clock::{Ticked, tick};
pub use facts::*;
pub use http::*;
pub use model::{Form, NewOrder, Order, OrderState, Owner};
pub use store::{Filter, about, by_id, by_key, done_since, list, next_due};
pub use tally::{Counts, Tallies, read as tallies};
pub use verbs::{
    Report, accept, cancel, complete, decline, fail_verification, finish, finish_partly, found_impossible, issue,
    move_deadline, progress, reassign, verify,
};
pub use view::{CheckLine, OrderView, view};
