//! Everything that stands before the day begins, brought in through the API: areas, people, places, vehicles, sites,
//! laboratories, facilities, stock.

pub mod office;
pub mod registry;

pub use office::Standing;
pub use registry::Register;
