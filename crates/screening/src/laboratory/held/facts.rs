//! What settles results that were kept without effect.

use outpace_core::{LaboratoryId, Timestamp};
use outpace_store::Fact;
use serde::{Deserialize, Serialize};

/// Results of one tube that count from now on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreditedResults {
    /// The tube's number.
    pub tube: i64,
    /// Which of its results.
    pub ordinals: Vec<i64>,
}

/// Results that were kept without effect count from now on. Who found that is the entry's actor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResultsCredited {
    /// Who had reported them.
    pub laboratory: LaboratoryId,
    /// What was found out.
    pub finding: String,
    /// The results.
    pub tubes: Vec<CreditedResults>,
}

impl Fact for ResultsCredited {
    const KIND: &'static str = "screening.results_credited";
}

/// A laboratory's clock was off: the times it said between two moments of reporting are corrected by so much.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaboratoryClockSet {
    /// Whose clock.
    pub laboratory: LaboratoryId,
    /// Minutes ahead of the right time; negative: behind.
    pub ahead_minutes: i64,
    /// From which moment of reporting on.
    pub since: Timestamp,
    /// Until which; absent: until it is set again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// How it was found.
    pub finding: String,
}

impl Fact for LaboratoryClockSet {
    const KIND: &'static str = "screening.laboratory_clock_set";
}
