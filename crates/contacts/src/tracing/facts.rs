//! Facts about exposures and contacts.

use outpace_core::{AreaId, CaseId, FacilityId, PersonId, Timestamp};

use super::model::{Exposure, Observation, Outcome};
use crate::cases::FoundHow;

outpace_registry::facts! {
    /// People were exposed to a case. One entry for a whole list.
    ContactsRecorded = "contacts.contacts_recorded" {
        /// The case.
        case: CaseId,
        /// How they were found.
        found_how: FoundHow,
        /// The exposures.
        exposures: Vec<Exposure>,
    }
    /// Something became known about a contact. What is absent stays as it is.
    ContactUpdated = "contacts.contact_updated" {
        /// The case.
        case: CaseId,
        /// Who.
        person: PersonId,
        /// How observed.
        observation: Option<Observation>,
        /// Where.
        facility: Option<FacilityId>,
        /// What became of it.
        outcome: Option<Outcome>,
        /// When somebody first spoke to the person.
        reached_at: Option<Timestamp>,
        /// Whether the person has left the area.
        left_area: Option<bool>,
        /// Where to.
        whereabouts: Option<AreaId>,
        /// When release is due.
        release_due_at: Option<Timestamp>,
    }
    /// Someone was no contact after all.
    ContactExcluded = "contacts.contact_excluded" {
        /// The case.
        case: CaseId,
        /// Who.
        person: PersonId,
        /// Why.
        reason: String,
    }
}
