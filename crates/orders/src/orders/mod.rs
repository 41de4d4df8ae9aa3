//! Orders: work for people. One kind, one subject, one owner, one deadline, a checklist, a result.
//!
//! Start with [`OrderState::allows`], the one table of steps; then [`verbs`], what can be done with an order; then
//! [`clock`], what happens by itself when a deadline passes.

mod clock;
mod facts;
mod model;
pub mod rules;
pub(crate) mod store;
mod verbs;

pub use clock::{Ticked, tick};
pub use facts::*;
pub use model::{Form, NewOrder, Order, OrderState, Owner};
pub use store::{Cell, Filter, about, by_id, by_key, list, owner_label, tallies};
pub use verbs::{
    Report, accept, cancel, complete, decline, fail_verification, finish, finish_partly, found_impossible, issue,
    move_deadline, progress, reassign, verify,
};
