//! What happened to zones.

use outpace_core::{NoticeId, Text, ZoneId};
use outpace_store::Fact;
use serde::{Deserialize, Serialize};

use super::model::{NewZone, ZoneChange};
use crate::ground::ImposedBy;

/// A zone was drawn after its approval.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ZoneDeclared {
    /// Its number.
    pub id: ZoneId,
    /// What was drawn.
    pub zone: NewZone,
}

impl Fact for ZoneDeclared {
    const KIND: &'static str = "zoning.zone_declared";
}

/// A zone that someone else imposed was seen.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ZoneObserved {
    /// Its number.
    pub id: ZoneId,
    /// What was seen.
    pub zone: NewZone,
    /// Who imposed it.
    pub imposed_by: ImposedBy,
}

impl Fact for ZoneObserved {
    const KIND: &'static str = "zoning.zone_observed";
}

/// A zone was raised or lowered.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ZoneChanged {
    /// Which.
    pub id: ZoneId,
    /// What it became.
    pub change: ZoneChange,
}

impl Fact for ZoneChanged {
    const KIND: &'static str = "zoning.zone_changed";
}

/// The earliest moment at which a zone may be lifted has passed: the response looks whether its rule is met.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ZoneLiftDue {
    /// Which.
    pub id: ZoneId,
}

impl Fact for ZoneLiftDue {
    const KIND: &'static str = "zoning.zone_lift_due";
}

/// A zone ended.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ZoneLifted {
    /// Which.
    pub id: ZoneId,
    /// Why.
    pub reason: Text,
}

impl Fact for ZoneLifted {
    const KIND: &'static str = "zoning.zone_lifted";
}

/// The notice about a zone was published.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ZoneNoticed {
    /// Which.
    pub id: ZoneId,
    /// The notice.
    pub notice: NoticeId,
}

impl Fact for ZoneNoticed {
    const KIND: &'static str = "zoning.zone_noticed";
}
