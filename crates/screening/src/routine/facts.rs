//! What was adopted about routine screening.

use outpace_core::AreaId;
use outpace_store::Fact;
use serde::{Deserialize, Serialize};

use super::rules::Interval;

/// An interval was adopted for an area, in the place of the one that held there for the same people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IntervalSet {
    /// What holds now.
    pub interval: Interval,
}

impl Fact for IntervalSet {
    const KIND: &'static str = "screening.interval_set";
}

/// An interval no longer holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IntervalEnded {
    /// In which area.
    pub area: AreaId,
    /// For people who work at places of this class; absent: for everyone.
    pub workers_of: Option<String>,
}

impl Fact for IntervalEnded {
    const KIND: &'static str = "screening.interval_ended";
}
