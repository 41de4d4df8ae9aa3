//! What limits one person.

use outpace_core::{
    ActorId, AreaId, AssessmentId, CaseId, NoticeId, PersonId, PlaceId, PlanId, RestrictionId, Seq, Text, Timestamp,
    TubeCode, ZoneId,
};
use outpace_policy::{HomePhase, QuarantineClass, QuarantinePlace};
use outpace_zoning::{Ground, ImposedBy};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How a person is limited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RestrictionKind {
    /// Short hold in place, such as of a member of a positive pool.
    Hold,
    /// Quarantine at a site.
    FacilityQuarantine,
    /// Quarantine at home.
    HomeQuarantine,
    /// Health monitoring at home.
    HomeMonitoring,
    /// Isolation of a case in hospital or shelter.
    Isolation,
}

impl RestrictionKind {
    /// Every kind.
    pub const ALL: [Self; 5] =
        [Self::Hold, Self::FacilityQuarantine, Self::HomeQuarantine, Self::HomeMonitoring, Self::Isolation];

    /// Name for people.
    #[must_use]
    pub fn name(self) -> Text {
        match self {
            Self::Hold => Text::new("临时管控", "hold in place"),
            Self::FacilityQuarantine => Text::new("集中隔离", "quarantine at a site"),
            Self::HomeQuarantine => Text::new("居家隔离", "quarantine at home"),
            Self::HomeMonitoring => Text::new("居家健康监测", "health monitoring at home"),
            Self::Isolation => Text::new("隔离治疗", "isolation of a case"),
        }
    }

    /// Whether the person is kept at a facility.
    #[must_use]
    pub fn is_at_facility(self) -> bool {
        matches!(self, Self::FacilityQuarantine | Self::Isolation)
    }

    /// The kind that the first phase of a class's quarantine is; `None` where it is not confined. Where an officer
    /// chooses between site and home, home is the lesser measure and is meant until one has chosen.
    #[must_use]
    pub fn of_place(place: QuarantinePlace) -> Option<Self> {
        match place {
            QuarantinePlace::Facility => Some(Self::FacilityQuarantine),
            QuarantinePlace::Home | QuarantinePlace::FacilityOrHome => Some(Self::HomeQuarantine),
            QuarantinePlace::None => None,
        }
    }

    /// The kind that the home phase is; `None` where there is none.
    #[must_use]
    pub fn of_home_phase(phase: HomePhase) -> Option<Self> {
        match phase {
            HomePhase::Monitoring => Some(Self::HomeMonitoring),
            HomePhase::Quarantine => Some(Self::HomeQuarantine),
            HomePhase::None => None,
        }
    }
}

/// What a restriction hangs on: when it falls, so does the restriction.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", content = "id", rename_all = "snake_case")]
#[schema(as = RestrictionCause)]
pub enum Because {
    /// A positive or inconclusive pool.
    Tube(TubeCode),
    /// A case: the person's own, or one the person was exposed to.
    Case(CaseId),
    /// A place where a case was.
    Place(PlaceId),
    /// A zone that the person lives in or left.
    Zone(ZoneId),
    /// A signed judgement.
    Assessment(AssessmentId),
    /// Another person: the contact of whom this one is a contact, the child whom this one accompanies.
    Person(PersonId),
}

impl Because {
    /// One text for tables and keys: `case:7`.
    #[must_use]
    pub fn key(&self) -> String {
        match self {
            Self::Tube(tube) => format!("tube:{tube}"),
            Self::Case(case) => format!("case:{case}"),
            Self::Place(place) => format!("place:{place}"),
            Self::Zone(zone) => format!("zone:{zone}"),
            Self::Assessment(assessment) => format!("assessment:{assessment}"),
            Self::Person(person) => format!("person:{person}"),
        }
    }
}

/// A restriction to be put in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NewRestriction {
    /// Whom.
    pub person: PersonId,
    /// How.
    pub kind: RestrictionKind,
    /// Why.
    pub ground: Ground,
    /// What it hangs on.
    pub because_of: Because,
    /// The class of the person, where it is a quarantine.
    #[schema(value_type = Option<String>)]
    pub class: Option<QuarantineClass>,
    /// From when on.
    pub starts_at: Timestamp,
    /// Until when. There is no restriction without an end.
    pub ends_at: Timestamp,
    /// Local days (from the epoch) on which the person is tested; a day that stands twice asks for two samples.
    pub test_days: Vec<i64>,
    /// The approved plan; none for a hold that started by itself.
    pub plan: Option<PlanId>,
}

/// Why a restriction was lifted before its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LiftReason {
    /// The fact that it rested on was excluded.
    Excluded(Seq),
    /// The person's own test was negative, which is all that a hold waits for.
    Negative(Seq),
    /// The rule of release was met.
    Fulfilled,
    /// Another restriction took its place.
    Superseded,
    /// Nothing in the rules calls for it any more.
    NoGround,
    /// An appeal was granted.
    Appeal,
    /// Something else, in words.
    Other(Text),
}

/// How a restriction ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EndedWhy {
    /// Its time had come.
    Expired,
    /// It was a hold, and nobody had decided: our failure. The person is due for a retest.
    Lapsed,
    /// It was lifted.
    Lifted(LiftReason),
}

impl EndedWhy {
    /// The word in the tally.
    #[must_use]
    pub fn key(&self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::Lapsed => "lapsed",
            Self::Lifted(LiftReason::Superseded) => "superseded",
            Self::Lifted(_) => "lifted",
        }
    }

    /// Whether the person walks free with it, as far as this restriction goes.
    #[must_use]
    pub fn releases(&self) -> bool {
        !matches!(self, Self::Lifted(LiftReason::Superseded))
    }
}

/// A restriction as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Restriction {
    /// Its number.
    pub id: RestrictionId,
    /// Whom.
    pub person: PersonId,
    /// The grid where the person lives.
    pub area: AreaId,
    /// How.
    pub kind: RestrictionKind,
    /// Why.
    pub ground: Ground,
    /// What it hangs on.
    pub because_of: Because,
    /// The class of the person.
    #[schema(value_type = Option<String>)]
    pub class: Option<QuarantineClass>,
    /// From when on.
    pub starts_at: Timestamp,
    /// Until when.
    pub ends_at: Timestamp,
    /// When the warning before the end of a hold went out.
    pub warned_at: Option<Timestamp>,
    /// How often it was extended.
    pub extensions: i64,
    /// Who extended it last.
    pub extended_by: Option<ActorId>,
    /// The plan behind it.
    pub plan: Option<PlanId>,
    /// The written notice.
    pub notice: Option<NoticeId>,
    /// The fact that put it in force.
    pub seq: Seq,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// How it ended.
    pub ended_why: Option<EndedWhy>,
}

impl Restriction {
    /// Whether it binds the person at a moment.
    #[must_use]
    pub fn in_force_at(&self, at: Timestamp) -> bool {
        self.starts_at <= at && at < self.ends_at && self.ended_at.is_none_or(|ended| at < ended)
    }
}

/// Another end for a restriction that is no hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChangeEnd {
    /// Until when.
    pub ends_at: Timestamp,
    /// Why.
    pub ground: Ground,
    /// Days of tests from now on.
    pub test_days: Vec<i64>,
    /// The approved plan.
    pub plan: Option<PlanId>,
}

/// The one reasoned extension of a hold by a named officer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ExtendPersonHold)]
pub struct ExtendHold {
    /// The hold.
    pub restriction: RestrictionId,
    /// Why it takes longer.
    pub reason: Text,
}

/// A restriction that someone else imposed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ObservedRestriction {
    /// Its number.
    pub id: RestrictionId,
    /// Whom.
    pub person: PersonId,
    /// The grid where the person lives.
    pub area: AreaId,
    /// How, as far as known.
    pub kind: RestrictionKind,
    /// What was given as the reason.
    pub reason: Text,
    /// From when on.
    pub starts_at: Timestamp,
    /// Until when, if anybody said.
    pub ends_at: Option<Timestamp>,
    /// Who imposed it.
    pub imposed_by: ImposedBy,
}

/// A test that is due on a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TestDue {
    /// Local day from the epoch.
    pub day: i64,
    /// Samples still to be taken: 2 where the pack asks for a double test.
    pub samples: i64,
    /// Whom.
    pub person: PersonId,
    /// Where the person lives.
    pub area: AreaId,
    /// Under which restriction.
    pub restriction: RestrictionId,
    /// What kind of restriction.
    pub kind: RestrictionKind,
}

/// A certificate of release (解除隔离证明).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Certificate {
    /// Its number, such as `140121-2022-000017`.
    pub number: String,
    /// Whom it is for.
    pub person: PersonId,
    /// The restriction that ended.
    pub restriction: RestrictionId,
    /// Its words.
    pub text: Text,
}
