//! Facts about visits.

use outpace_core::{PersonId, Timestamp};

use super::model::{Spot, Visit};

outpace_registry::facts! {
    /// People were at spots. One entry for a whole roster.
    VisitsRecorded = "contacts.visits_recorded" {
        /// The visits, those that cannot be among them, flagged.
        visits: Vec<Visit>,
    }
    /// A visit did not take place.
    VisitExcluded = "contacts.visit_excluded" {
        /// Who.
        person: PersonId,
        /// Where.
        spot: Spot,
        /// When it was said to begin.
        from: Timestamp,
        /// Why it was none.
        reason: String,
    }
}
