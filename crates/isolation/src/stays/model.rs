//! What a stay and a check are.

use outpace_core::{BedId, FacilityId, PersonId, RestrictionId, StayId, Text, Timestamp, TripId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ids::TransferId;
use crate::trips::PassengerKind;

/// One person's time at a facility.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Stay {
    /// Its number.
    pub id: StayId,
    /// Who.
    pub person: PersonId,
    /// Where.
    pub facility: FacilityId,
    /// In which bed; none where the facility was full.
    pub bed: Option<BedId>,
    /// As a contact or as a case.
    pub kind: PassengerKind,
    /// The transfer that led to it.
    pub transfer: Option<TransferId>,
    /// The trip that brought the person.
    pub trip: Option<TripId>,
    /// When it began.
    pub admitted_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// How it ended: `released` or `moved`.
    pub ended_how: Option<String>,
}

/// One check of a person: temperature and symptoms.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct NewCheck {
    /// Whom.
    pub person: PersonId,
    /// Body temperature, degrees Celsius.
    pub celsius: f64,
    /// Whether there are symptoms.
    #[serde(default)]
    pub symptoms: bool,
}

/// A check that was made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = StayCheck)]
pub struct Check {
    /// During which stay.
    pub stay: StayId,
    /// When.
    pub at: Timestamp,
    /// Body temperature, degrees Celsius.
    pub celsius: f64,
    /// Whether there were symptoms.
    pub symptoms: bool,
}

/// A check that is due now and was not made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CheckDue {
    /// Of whom.
    pub person: PersonId,
    /// During which stay.
    pub stay: StayId,
    /// Where.
    pub facility: FacilityId,
    /// Its part of the day began.
    pub from_at: Timestamp,
    /// Its part of the day ends: by then it is made.
    pub due_at: Timestamp,
}

/// Somebody who left with a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Released {
    /// Who.
    pub person: PersonId,
    /// The stay that ended.
    pub stay: StayId,
    /// The bed, which must be cleaned now.
    pub bed: Option<BedId>,
    /// The number of the certificate; none where no measure of ours had ended.
    pub certificate: Option<String>,
    /// The words of the certificate.
    pub text: Option<Text>,
    /// The restriction that the certificate is about.
    pub restriction: Option<RestrictionId>,
}
