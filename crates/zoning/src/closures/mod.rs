//! Measures on places and goods: a class of places closed in an area, one place held, a lot of goods held.
//!
//! A hold of a place is short and may begin before anything is confirmed. It warns before it ends, a named officer may
//! extend it once with a reason, and then it lapses, which is counted as our failure. Closures of classes and holds of
//! goods stand until they are lifted, or until their end if they have one.

pub mod commands;
pub mod facts;
pub mod model;
pub mod store;

pub use commands::{
    close_class, end, extend_hold, hold_goods, hold_place, observe, release_goods, release_place, reopen,
};
pub use model::{Closure, EndReason, ExtendHold, NewClosure, Target, TargetKind};
pub use store::{class_closed_at, closure, hold_of_place, in_force, observed};
