//! The heart: what should be in force, given what is known, and how it comes into force.
//!
//! Facts add up to a [`situation`]; [`decide`] says, purely, what should be in force; [`plan`] compares that with what
//! is, prices it and says who has to agree; an officer approves; the capabilities carry it out. [`closure`] names what a
//! trigger can reach, so that a decision loads no more than that. [`status`] derives a person's colour from the same
//! measures. Nothing here invents a rule: every item names its clause and its facts.

pub mod care;
pub mod closure;
pub mod decide;
pub mod items;
pub mod plan;
pub mod situation;
pub mod status;

pub use closure::{Reach, closure};
pub use decide::{Response, Rules, decide};
pub use items::{Item, Key, What};
pub use plan::{Plan, plan};
pub use situation::Situation;

#[cfg(test)]
mod laws;
