//! What happened to closures and holds.

use outpace_core::{ClosureId, Text, Timestamp};
use outpace_store::Fact;
use serde::{Deserialize, Serialize};

use super::model::{EndReason, NewClosure, Target};
use crate::ground::ImposedBy;

/// A class of places was closed, a place or goods were held.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ClosureBegan {
    /// Its number.
    pub id: ClosureId,
    /// What.
    pub target: Target,
    /// Why and until when.
    pub closure: NewClosure,
}

impl Fact for ClosureBegan {
    const KIND: &'static str = "zoning.closure_began";
}

/// A closure that someone else imposed was seen.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ClosureObserved {
    /// Its number.
    pub id: ClosureId,
    /// What.
    pub target: Target,
    /// Why and until when, as far as known.
    pub closure: NewClosure,
    /// Who imposed it.
    pub imposed_by: ImposedBy,
}

impl Fact for ClosureObserved {
    const KIND: &'static str = "zoning.closure_observed";
}

/// The hold of a place ends soon and nobody has decided.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ClosureWarned {
    /// Which.
    pub id: ClosureId,
    /// When it ends.
    pub ends_at: Timestamp,
}

impl Fact for ClosureWarned {
    const KIND: &'static str = "zoning.closure_warned";
}

/// The hold of a place was extended by a named officer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ClosureExtended {
    /// Which.
    pub id: ClosureId,
    /// Until when now.
    pub ends_at: Timestamp,
    /// Why.
    pub reason: Text,
}

impl Fact for ClosureExtended {
    const KIND: &'static str = "zoning.closure_extended";
}

/// A closure or hold ended.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ClosureEnded {
    /// Which.
    pub id: ClosureId,
    /// Why.
    pub why: EndReason,
}

impl Fact for ClosureEnded {
    const KIND: &'static str = "zoning.closure_ended";
}
