//! Plays a scenario through the HTTP API as its staff would, and scores it.
//!
//! This crate knows the system only by its contract: it signs in, posts and gets. Start with [`scenario`] for what is
//! given, then [`schedule`] for when, and [`laboratory`] for the one secret.

pub mod client;
pub mod laboratory;
pub mod population;
pub mod scenario;
pub mod schedule;
pub mod setup;
pub mod staff;
