//! The day as its staff live it. [`play::Play`] holds everything; each file beside it is one part of the work.

pub mod flow;
pub mod orders;
pub mod sampling;
pub mod sites;
pub mod trips;
