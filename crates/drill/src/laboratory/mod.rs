//! The drill's laboratory: the only part of the drill that may know who is infected.
//!
//! [`truth`] is private to this module. Everything else gets tubes back with an outcome, as staff would; nothing else
//! can ask who is infected, so that no figure of the report can lean on it. [`Bench`] says what a test of a tube shows,
//! [`queue`] says when: first the most urgent, so many an hour, each after the machine's turn.

mod bench;
pub mod queue;
#[cfg(test)]
mod tests;
mod truth;

pub use bench::{Bench, Outcome, Reading};
pub use truth::Truth;
