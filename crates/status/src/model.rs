//! What a status is made of: reasons as bits, marks on a person, zones around a home, and the answer that people read.

use outpace_core::{AreaId, CaseId, PersonId, RestrictionId, RoundId, Text, Timestamp, ZoneId};
use outpace_policy::{Closed, QuarantineClass, StatusColour, StatusReason, ZoneLevel};
use outpace_screening::coverage::reconcile::CountingRound;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::slots::minute_of;

/// A set of reasons: one bit each, by the position in the pack's closed list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Reasons(pub u16);

impl Reasons {
    /// No reason: green.
    pub const NONE: Self = Self(0);

    /// One reason.
    #[must_use]
    pub fn of(reason: StatusReason) -> Self {
        Self(1 << reason.index())
    }

    /// These and those.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether the sets share a reason.
    #[must_use]
    pub fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Each reason, in the order of the closed list.
    pub fn each(self) -> impl Iterator<Item = StatusReason> {
        StatusReason::ALL.iter().copied().filter(move |reason| self.meets(Self::of(*reason)))
    }
}

impl FromIterator<StatusReason> for Reasons {
    fn from_iter<I: IntoIterator<Item = StatusReason>>(reasons: I) -> Self {
        reasons.into_iter().fold(Self::NONE, |all, reason| all.and(Self::of(reason)))
    }
}

/// What a mark on a person hangs on. When that falls, so does the mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Cause {
    /// The person's own case.
    Case(CaseId),
    /// A restriction in force.
    Restriction(RestrictionId),
    /// A round that the person missed, and no sample since.
    Round(RoundId),
}

/// One thing that bears on a person's colour, with what they must be told about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// What it hangs on.
    pub cause: Cause,
    /// The reasons that it gives.
    pub reasons: Reasons,
    /// Since when.
    pub since: Timestamp,
    /// Until when, where it has an end that is known.
    pub until: Option<Timestamp>,
    /// Why, where a measure says so itself.
    pub because: Option<Because>,
    /// A sample taken from then on, to the minute, lifts it: a missed round.
    pub sampled_from: Option<Timestamp>,
}

impl Mark {
    /// The mark of a round that somebody missed.
    #[must_use]
    pub fn of_missed(round: &CountingRound) -> Self {
        Self {
            cause: Cause::Round(round.round),
            reasons: Reasons::of(StatusReason::MissedRound),
            since: round.closed_at,
            until: None,
            because: None,
            sampled_from: Some(round.opened_at),
        }
    }

    /// Whether a sample taken at a moment lifts it.
    #[must_use]
    pub fn is_lifted_by_sample_at(&self, taken_at: Timestamp) -> bool {
        self.sampled_from.is_some_and(|from| minute_of(taken_at) >= minute_of(from))
    }

    /// Whether it counts at a moment: a measure counts from its start to its end, and not a second longer, whether or
    /// not the clock has recorded that yet.
    #[must_use]
    pub fn counts_at(&self, now: Timestamp) -> bool {
        self.since <= now && self.until.is_none_or(|until| now < until)
    }
}

/// The reason and clause of a measure, as its notice gives them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = StatusGround)]
pub struct Because {
    /// The reason as the person concerned reads it.
    pub reason: Text,
    /// The clause that the measure rests on.
    pub clause: String,
}

/// A zone as it bears on the colour of whoever lives in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ZoneMark {
    /// Which zone.
    pub zone: ZoneId,
    /// The areas it consists of.
    pub areas: Vec<AreaId>,
    /// The reasons that its level and its risk level give.
    pub reasons: Reasons,
    /// From when on it is in force.
    pub starts_at: Timestamp,
    /// Since when it has had this level.
    pub since: Timestamp,
    /// The rule of lifting in words.
    pub lifted_by: Text,
    /// The earliest moment at which that rule can be met.
    pub earliest_at: Option<Timestamp>,
    /// Why it was drawn.
    pub because: Because,
}

/// The reason that a zone's level gives to whoever lives there; none for low risk.
#[must_use]
pub fn reason_of_level(level: ZoneLevel) -> Option<StatusReason> {
    match level {
        ZoneLevel::Lockdown => Some(StatusReason::LockdownZone),
        ZoneLevel::Control => Some(StatusReason::ControlZone),
        ZoneLevel::Precaution => Some(StatusReason::PrecautionZone),
        ZoneLevel::High | ZoneLevel::Medium => Some(StatusReason::RiskAreaStay),
        ZoneLevel::Low => None,
    }
}

/// The reason that the class of a quarantined person gives.
#[must_use]
pub fn reason_of_class(class: QuarantineClass) -> Option<StatusReason> {
    match class {
        QuarantineClass::CloseContact => Some(StatusReason::CloseContact),
        QuarantineClass::ContactOfContact => Some(StatusReason::ContactOfContact),
        QuarantineClass::OutbreakVenue => Some(StatusReason::OutbreakVenue),
        QuarantineClass::CasualContact => Some(StatusReason::SameTimeAndPlace),
        QuarantineClass::LeftHighRisk | QuarantineClass::LeftMediumRisk => Some(StatusReason::RiskAreaStay),
        _ => None,
    }
}

/// The reason that a case gives while care lasts. A preliminary positive counts as suspected until it is reviewed.
#[must_use]
pub fn reason_of_stage(stage: outpace_contacts::Stage) -> Option<StatusReason> {
    use outpace_contacts::Stage as S;
    match stage {
        S::Suspected | S::Preliminary => Some(StatusReason::Suspected),
        S::Confirmed => Some(StatusReason::Confirmed),
        S::Asymptomatic => Some(StatusReason::Asymptomatic),
        S::PositiveAgain => Some(StatusReason::PositiveAgain),
        S::Discharged | S::Died | S::Excluded => None,
    }
}

/// The name of a reason in both languages.
#[must_use]
pub fn name_of(reason: StatusReason) -> Text {
    use StatusReason as R;
    let en = match reason {
        R::Confirmed => "confirmed case",
        R::Suspected => "suspected case",
        R::Asymptomatic => "infected without symptoms",
        R::PositiveAgain => "positive again",
        R::CloseContact => "close contact",
        R::ContactOfContact => "contact of a close contact",
        R::FacilityQuarantine => "quarantine at a site",
        R::HomeQuarantine => "quarantine at home",
        R::RiskAreaStay => "stay in a medium- or high-risk area",
        R::LockdownZone => "lockdown zone",
        R::ControlZone => "control zone",
        R::PrecautionZone => "precaution zone",
        R::SameTimeAndPlace => "same time and place as a case",
        R::OutbreakVenue => "stay at an outbreak venue",
        R::MissedRound => "missed a round",
    };
    Text::new(reason.zh(), en)
}

/// One reason of a colour.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ColourReason {
    /// The colour that it gives.
    #[schema(value_type = String, example = "red")]
    pub colour: StatusColour,
    /// The reason, as the pack names it.
    #[schema(value_type = String, example = "close_contact")]
    pub reason: StatusReason,
    /// Its name.
    pub name: Text,
    /// The clause of the pack by which the reason gives the colour.
    pub clause: String,
    /// Since when.
    pub since: Timestamp,
    /// Until when, where that is known: the end of a measure, the earliest end of a zone.
    pub until: Option<Timestamp>,
    /// What lifts it.
    pub lifted_by: Text,
    /// What the measure behind it rests on.
    pub ground: Option<Because>,
}

/// A colour with every reason for it. Green has none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Colour {
    /// Green, yellow or red.
    #[schema(value_type = String, example = "green")]
    pub colour: StatusColour,
    /// Why, the gravest first.
    pub reasons: Vec<ColourReason>,
}

/// A person's status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = PersonStatus)]
pub struct Status {
    /// Whose.
    pub person: PersonId,
    /// Green, yellow or red.
    #[schema(value_type = String, example = "green")]
    pub colour: StatusColour,
    /// Why, the gravest first; none for green.
    pub reasons: Vec<ColourReason>,
    /// When the last sample was taken, to the minute.
    pub last_sample_at: Option<Timestamp>,
    /// When the last sample that was found negative was taken, to the minute.
    pub last_negative_at: Option<Timestamp>,
    /// Changes to this person's slot since the board was filled, modulo 65,536: a display sees whether anything changed.
    pub version: u32,
    /// The moment of the answer.
    pub at: Timestamp,
}
