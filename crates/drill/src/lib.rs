//! Plays a scenario through the HTTP API as its staff would, and scores it.
//!
//! This crate knows the system only by its contract: it signs in, posts and gets. Start with [`scenario`] for what is
//! given, then [`schedule`] for when, [`laboratory`] for the one secret, [`day`] for the work, and [`score`] for the end.

pub mod attendance;
pub mod client;
pub mod day;
pub mod laboratory;
pub mod population;
pub mod scenario;
pub mod schedule;
pub mod score;
pub mod setup;
pub mod staff;
