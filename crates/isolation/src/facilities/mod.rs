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

pub use commands::{
    FACILITIES_MAX, beds_cleaned, close, import as import_facilities, import_of as import_facilities_of, rooms_ready,
};
pub use import::{FACILITY_COLUMNS, parse_facilities_csv, read_facilities};
pub use model::{Bed, BedState, Facility, FacilityKind, FacilityState, FreeBeds, NewFacility, NewRoom};
pub use store::{beds_of, facilities, facility, free_beds};
