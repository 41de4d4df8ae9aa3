//! What happened during stays; their beginning is a fact of trips.

use outpace_core::{FacilityId, StayId};
use outpace_store::Fact;
use serde::{Deserialize, Serialize};

/// One check that was made.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Checked {
    /// During which stay.
    pub stay: StayId,
    /// Body temperature, degrees Celsius.
    pub celsius: f64,
    /// Whether there were symptoms.
    pub symptoms: bool,
}

/// People of a facility were checked.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ChecksMade {
    /// Where.
    pub facility: FacilityId,
    /// Each of them.
    pub items: Vec<Checked>,
    /// How far the witness's clock ran ahead, in milliseconds.
    pub skew_ms: i64,
}

impl Fact for ChecksMade {
    const KIND: &'static str = "isolation.checks_made";
}

/// People left a facility, released. Their beds must be cleaned.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PeopleReleased {
    /// The stays that ended.
    pub stays: Vec<StayId>,
}

impl Fact for PeopleReleased {
    const KIND: &'static str = "isolation.people_released";
}
