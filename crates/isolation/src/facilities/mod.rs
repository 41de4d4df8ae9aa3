//! Facilities: quarantine sites, hospitals, shelters, with their rooms and beds.
//!
//! A facility is imported as planned and made ready by orders; what makes it usable is that its rooms and beds are
//! registered. A bed is free, reserved, occupied or being cleaned, and moves between these by a conditional update whose
//! rows are counted, so that no bed is given twice. Everyone has a room alone, but for the exceptions of the pack.

pub mod commands;
pub mod facts;
pub mod import;
pub mod model;
pub mod store;

pub use commands::{beds_cleaned, close, import as import_facilities, rooms_ready};
pub use import::parse_facilities_csv;
pub use model::{Bed, BedState, Facility, FacilityKind, FacilityState, FreeBeds, NewFacility, NewRoom};
pub use store::{beds_of, facilities, facility, free_beds};
