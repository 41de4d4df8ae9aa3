//! Facts about who left and came back.

use outpace_core::{AreaId, PersonId, Timestamp, VehicleId};

use crate::visits::Evidence;

outpace_registry::facts! {
    /// Someone left the area.
    DepartureRecorded = "contacts.departure_recorded" {
        /// Who.
        person: PersonId,
        /// The grid the person lives in.
        area: AreaId,
        /// When.
        left_at: Timestamp,
        /// Where to, as a code.
        to_area: Option<AreaId>,
        /// Where to, in words.
        to: String,
        /// In what.
        vehicle: Option<VehicleId>,
        /// How it is known.
        evidence: Evidence,
    }
    /// Someone came back.
    ReturnRecorded = "contacts.return_recorded" {
        /// Who.
        person: PersonId,
        /// When they had left.
        left_at: Timestamp,
        /// When they came back.
        returned_at: Timestamp,
    }
}
