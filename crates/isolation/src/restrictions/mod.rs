//! Restrictions on persons: holds, quarantine at a site or at home, monitoring, isolation of cases.
//!
//! Nobody is restricted without a reason: a restriction names its reason in both languages, its clause, the facts it
//! rests on and what it hangs on. Nothing outlasts its end: each has one, and the clock ends it. A hold warns before it
//! ends, can be extended once by a named officer with a reason, and lapses into "retest due", which counts as our
//! failure. What others imposed is recorded apart and enforces nothing.

pub mod commands;
pub mod facts;
pub mod model;
pub mod rules;
pub mod store;
mod tick;

pub use commands::{
    change_end, extend_hold, lift, lift_because, lift_many, observe, record_tests, restrict, restrict_many, retested,
};
pub use model::{
    Because, Certificate, ChangeEnd, EndedWhy, ExtendHold, LiftReason, NewRestriction, ObservedRestriction,
    Restriction, RestrictionKind, TestDue,
};
pub use store::{
    Filter, certificates_of, history_of, in_force, in_force_because, in_force_of, observed_of, resting_on, restriction,
    retests_due, tests_due,
};
pub use tick::{Ticked, tick};
