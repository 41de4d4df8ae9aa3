//! The day as its staff live it. [`play`] holds everything together; each file beside it is one part of the work.

mod antigen;
mod beds;
mod chase;
mod decisions;
pub mod flow;
mod night;
pub mod orders;
pub(crate) mod play;
mod round;
pub mod sampling;
pub mod sites;
mod steps;
pub mod trips;
mod trucks;
mod vehicles;

pub use play::PlayError;
