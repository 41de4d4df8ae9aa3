//! Visits: a person at a place or in a vehicle, from–to, with the evidence.
//!
//! They are kept twice, by spot and time and by person and time, both written in one fold, so that "who was there"
//! and "where was she" are each one range read. Visits longer than a day stand in pieces of at most a day: a range
//! read has to look back no further than that.

mod facts;
mod http;
mod model;
mod record;
pub(crate) mod store;

pub use facts::{VisitExcluded, VisitsRecorded};
pub use http::{CasePlacesAnswer, TogetherAnswer, VisitRow, VisitorsQuery, VisitsAnswer, VisitsQuery, routes};
pub use model::{CasePlace, Evidence, Flaw, Spot, Together, Visit};
pub use record::{ExcludeVisit, NewVisit, RecordVisits, Recorded, exclude_visit, record_visits};
pub use store::{case_places, visitors, visits_of, who_was_with};

pub(crate) use store::{SCHEMA, fold};
