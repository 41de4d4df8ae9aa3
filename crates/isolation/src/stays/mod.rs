//! Stays: one person's time in one bed, with checks, tests, and a release with a certificate.

pub mod commands;
pub mod facts;
pub mod model;
pub mod rules;
pub mod store;

pub use commands::{record_checks, release};
pub use model::{Check, CheckDue, NewCheck, Released, Stay};
pub use store::{checks_due, checks_of, open_of, stay, stays_at};
