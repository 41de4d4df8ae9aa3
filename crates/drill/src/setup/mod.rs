//! Everything that stands before the day begins, brought in through the API: areas, people, places, vehicles, sites,
//! laboratories, facilities, stock.

pub mod registry;

pub use registry::Register;
