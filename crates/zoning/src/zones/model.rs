//! What a zone is.

use outpace_core::{AreaId, NoticeId, PlaceId, PlanId, Text, Timestamp, ZoneId};
use outpace_policy::ZoneLevel;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ground::{Ground, ImposedBy};

/// Areas and places of one zone.
pub const PARTS_MAX: usize = 2_000;

/// When a zone may end, as people read it and as the clock knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Lift {
    /// The rule of lifting in words.
    pub rule: Text,
    /// The earliest moment at which the rule can be met; `None` where it waits for other zones.
    pub earliest_at: Option<Timestamp>,
}

/// A zone as it is drawn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NewZone {
    /// What it is called on the notice and on the map.
    pub name: Text,
    /// The areas it consists of, whole; may be empty where it consists of places.
    pub areas: Vec<AreaId>,
    /// The places it consists of, such as a logistics park.
    pub places: Vec<PlaceId>,
    /// The level.
    #[schema(value_type = String, example = "lockdown")]
    pub level: ZoneLevel,
    /// High, medium or low, where that family stands beside the three zones at the same time.
    #[schema(value_type = Option<String>, example = "medium")]
    pub risk: Option<ZoneLevel>,
    /// Why.
    pub ground: Ground,
    /// From when on; may lie ahead.
    pub starts_at: Timestamp,
    /// When it may end.
    pub lift: Lift,
    /// The approved plan that it comes from.
    pub plan: Option<PlanId>,
    /// The published notice, if it is out already.
    pub notice: Option<NoticeId>,
}

/// What a zone becomes when it is raised or lowered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ZoneChange {
    /// The level from now on.
    #[schema(value_type = String)]
    pub level: ZoneLevel,
    /// The risk level beside it from now on.
    #[schema(value_type = Option<String>)]
    pub risk: Option<ZoneLevel>,
    /// Why.
    pub ground: Ground,
    /// When it may end now.
    pub lift: Lift,
    /// The approved plan.
    pub plan: Option<PlanId>,
    /// What it is called from now on, where its old name told the old level; absent: the name stays.
    #[serde(default)]
    pub name: Option<Text>,
}

/// A zone as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Zone {
    /// Its number.
    pub id: ZoneId,
    /// What it is called.
    pub name: Text,
    /// Areas it consists of.
    pub areas: Vec<AreaId>,
    /// Places it consists of.
    pub places: Vec<PlaceId>,
    /// The level now.
    #[schema(value_type = String)]
    pub level: ZoneLevel,
    /// The risk level beside it.
    #[schema(value_type = Option<String>)]
    pub risk: Option<ZoneLevel>,
    /// Why, as of the last change.
    pub ground: Ground,
    /// From when on.
    pub starts_at: Timestamp,
    /// From when on it has had this level.
    pub level_since: Timestamp,
    /// When it may end.
    pub lift: Lift,
    /// Whether the earliest moment of lifting has passed (a recorded fact).
    pub lift_due: bool,
    /// When it ended.
    pub lifted_at: Option<Timestamp>,
    /// Why it ended.
    pub lifted_because: Option<Text>,
    /// The plan behind it.
    pub plan: Option<PlanId>,
    /// The notice.
    pub notice: Option<NoticeId>,
    /// Who imposed it, if it was not us; then it enforces nothing here.
    pub imposed_by: Option<ImposedBy>,
}

impl Zone {
    /// Whether it is in force at a moment. Observed zones never are.
    #[must_use]
    pub fn in_force_at(&self, at: Timestamp) -> bool {
        self.imposed_by.is_none() && self.starts_at <= at && self.lifted_at.is_none_or(|end| at < end)
    }

    /// Whether one of its areas contains this one. Places are not looked at.
    #[must_use]
    pub fn contains(&self, area: AreaId) -> bool {
        self.areas.iter().any(|own| own.contains(area))
    }
}

/// One level that a zone has had.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ZoneStep {
    /// From when on.
    pub from_at: Timestamp,
    /// The level.
    #[schema(value_type = String)]
    pub level: ZoneLevel,
    /// The risk level beside it.
    #[schema(value_type = Option<String>)]
    pub risk: Option<ZoneLevel>,
    /// Why.
    pub reason: Text,
    /// The clause.
    pub clause: String,
}

/// Who lives and works in a zone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ZonePopulation {
    /// Residents of its areas, as registered.
    pub residents: i64,
    /// Of these, present.
    pub present: i64,
    /// Households of its areas.
    pub households: i64,
    /// People who work at its places and live outside its areas.
    pub at_places: i64,
}

impl ZonePopulation {
    /// Everyone the zone affects: residents of its areas and people of its places.
    #[must_use]
    pub fn people(&self) -> i64 {
        self.residents + self.at_places
    }
}
