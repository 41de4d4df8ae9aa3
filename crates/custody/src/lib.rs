//! What leaves the house, and what ends.
//!
//! - [`exports`]: lists with names leave only as a file bound to a purpose, sealed, with an end, and each is a fact.
//! - [`classes`], [`due`]: which class of data a fact is, and when the pack's days for it are over. The end of an emergency
//!   starts the clock by itself.
//! - [`destruction`]: an officer orders it, somebody else carries it out at the machine; rows, keys, backups' keys and
//!   everything folded from it are gone, and [`attest`] says so under a signature that a third party checks.
//! - [`leaks`]: looks for identities in every byte of files.

pub mod attest;
pub mod classes;
pub mod destruction;
pub mod due;
mod errors;
pub mod exports;
pub mod leaks;
#[cfg(test)]
mod tests;

pub use classes::class_of;
pub use errors::CustodyError;

use outpace_access::{Call, Routes};
use outpace_core::Refusal;
use outpace_store::{Capability, Unit};

/// The tables and folds of custody.
#[must_use]
pub fn capability() -> Capability {
    let capability = Capability::new("custody").schema(&[destruction::SCHEMA, exports::SCHEMA, destruction::STEPS]);
    exports::fold(destruction::fold(capability))
}

/// The routes of custody.
#[must_use]
pub fn routes() -> Routes {
    destruction::routes().and(exports::routes())
}

/// What passes by itself: exports that end. Called by the clock only.
///
/// # Errors
/// What the store refused.
pub fn tick(unit: &mut Unit<'_>, call: &Call) -> Result<usize, Refusal> {
    exports::tick(unit, call)
}
