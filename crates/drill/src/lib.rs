//! Plays a scenario through the HTTP API as its staff would, and scores it.

pub mod population;
