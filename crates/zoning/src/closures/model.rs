//! What a closure or hold is.

use outpace_core::{ActorId, AreaId, ClosureId, NoticeId, PlaceId, PlanId, Text, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ground::{Ground, ImposedBy};
use crate::zones::Lift;

/// What is closed or held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ClosureTarget)]
pub enum Target {
    /// Every place of a class in an area, such as `express` in a county.
    Class {
        /// The class, a key of the registry.
        class: String,
        /// Where.
        area: AreaId,
    },
    /// One place and those in it.
    Place {
        /// Which.
        place: PlaceId,
        /// Where it stands.
        area: AreaId,
    },
    /// A lot of goods.
    Goods {
        /// What it is called: waybill range, batch, container.
        lot: String,
        /// Where it lies, if at a known place.
        place: Option<PlaceId>,
        /// In which area.
        area: AreaId,
    },
}

/// The kind of target, as it stands in tables and query strings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TargetKind {
    /// A class of places.
    Class,
    /// One place.
    Place,
    /// Goods.
    Goods,
}

impl Target {
    /// Its kind.
    #[must_use]
    pub fn kind(&self) -> TargetKind {
        match self {
            Self::Class { .. } => TargetKind::Class,
            Self::Place { .. } => TargetKind::Place,
            Self::Goods { .. } => TargetKind::Goods,
        }
    }

    /// The area it lies in.
    #[must_use]
    pub fn area(&self) -> AreaId {
        match self {
            Self::Class { area, .. } | Self::Place { area, .. } | Self::Goods { area, .. } => *area,
        }
    }
}

/// A closure or hold as it is put in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NewClosure {
    /// Why.
    pub ground: Ground,
    /// From when on.
    pub starts_at: Timestamp,
    /// Until when. A hold of a place without one ends after the pack's hours.
    pub ends_at: Option<Timestamp>,
    /// When it may end before, in words.
    pub lift: Lift,
    /// The approved plan, if it was not an automatic hold.
    pub plan: Option<PlanId>,
    /// The published notice.
    pub notice: Option<NoticeId>,
}

/// Why a closure or hold ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// Its rule of lifting was met, or what it rested on fell.
    Lifted(Text),
    /// Its end came.
    Expired,
    /// A hold ran out before anybody decided: our failure.
    Lapsed,
}

impl EndReason {
    /// The word in tables.
    #[must_use]
    pub fn key(&self) -> &'static str {
        match self {
            Self::Lifted(_) => "lifted",
            Self::Expired => "expired",
            Self::Lapsed => "lapsed",
        }
    }
}

/// A closure or hold as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Closure {
    /// Its number.
    pub id: ClosureId,
    /// What is closed or held.
    pub target: Target,
    /// Why.
    pub ground: Ground,
    /// From when on.
    pub starts_at: Timestamp,
    /// Until when, if it has an end of its own.
    pub ends_at: Option<Timestamp>,
    /// When it may end before.
    pub lift: Lift,
    /// When the warning before the end went out.
    pub warned_at: Option<Timestamp>,
    /// How often it was extended.
    pub extensions: i64,
    /// Who extended it last.
    pub extended_by: Option<ActorId>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Why it ended.
    pub ended_why: Option<EndReason>,
    /// The plan behind it.
    pub plan: Option<PlanId>,
    /// The notice.
    pub notice: Option<NoticeId>,
    /// Who imposed it, if it was not us.
    pub imposed_by: Option<ImposedBy>,
}

/// One reasoned extension of a hold by a named officer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ExtendPlaceHold)]
pub struct ExtendHold {
    /// The hold.
    pub closure: ClosureId,
    /// Why it takes longer.
    pub reason: Text,
}
