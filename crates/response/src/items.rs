//! What may be desired or in force: one [`Item`] per measure or piece of work, each under a stable [`Key`].
//!
//! The same key names the same thing in the desired response, in what is in force, in approvals and in refusals, so
//! that a plan is a comparison of two maps.

use outpace_core::{AreaId, AssessmentId, CaseId, HouseholdId, PersonId, PlaceId, Seq, Text, Timestamp, TubeCode};
use outpace_policy::{Citation, Measure, QuarantineClass, QuarantinePlace, TransferVehicle, ZoneLevel};
use serde::{Deserialize, Serialize};
use std::fmt;
use utoipa::ToSchema;

use crate::situation::ZoneScope;

/// The stable name of an item, such as `person/17/confinement` or `zone/area/140121203/zones`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
pub struct Key(pub String);

impl fmt::Display for Key {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl Key {
    /// The short hold of a person.
    #[must_use]
    pub fn hold(person: PersonId) -> Self {
        Self(format!("person/{person}/hold"))
    }

    /// Whatever confines a person for days: of isolation, quarantine and monitoring the strictest.
    #[must_use]
    pub fn confinement(person: PersonId) -> Self {
        Self(format!("person/{person}/confinement"))
    }

    /// The zone of an area or place in one of the two families of levels.
    #[must_use]
    pub fn zone(scope: ZoneScope, risk: bool) -> Self {
        Self(format!("zone/{scope}/{}", if risk { "risk" } else { "zones" }))
    }

    /// The closure of a class of places in an area.
    #[must_use]
    pub fn closure(area: AreaId, class: &str) -> Self {
        Self(format!("closure/{area}/{class}"))
    }

    /// The hold of a place.
    #[must_use]
    pub fn place_hold(place: PlaceId) -> Self {
        Self(format!("place/{place}/hold"))
    }

    /// The hold of goods at a place, by the judgement that asks for it.
    #[must_use]
    pub fn goods_hold(place: PlaceId, assessment: AssessmentId) -> Self {
        Self(format!("goods/{place}/{assessment}"))
    }

    /// An order of a kind about a subject; `mark` tells several of them apart (a day, a tube).
    #[must_use]
    pub fn order(kind: &str, subject: &Subject, mark: &str) -> Self {
        let dash = if mark.is_empty() { "" } else { "/" };
        Self(format!("order/{kind}/{subject}{dash}{mark}"))
    }

    /// A notice.
    #[must_use]
    pub fn notice(kind: &str, about: impl fmt::Display) -> Self {
        Self(format!("notice/{kind}/{about}"))
    }
}

/// What an item is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// The whole jurisdiction.
    Jurisdiction,
    /// A person.
    Person(PersonId),
    /// A household.
    Household(HouseholdId),
    /// A case.
    Case(CaseId),
    /// A tube.
    Tube(TubeCode),
    /// A place.
    Place(PlaceId),
    /// An area.
    Area(AreaId),
}

impl fmt::Display for Subject {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Jurisdiction => out.write_str("jurisdiction"),
            Self::Person(id) => write!(out, "person/{id}"),
            Self::Household(id) => write!(out, "household/{id}"),
            Self::Case(id) => write!(out, "case/{id}"),
            Self::Tube(code) => write!(out, "tube/{code}"),
            Self::Place(id) => write!(out, "place/{id}"),
            Self::Area(id) => write!(out, "area/{id}"),
        }
    }
}

/// Where a reason starts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// A case.
    Case(CaseId),
    /// A positive pool.
    Tube(TubeCode),
    /// A signed judgement.
    Assessment(AssessmentId),
    /// A close contact of a case, by way of whom somebody is a contact of a contact.
    Contact(PersonId),
    /// A test of a person's own.
    Test(PersonId),
    /// Zones that stand elsewhere in the county.
    OtherZones,
}

impl fmt::Display for Cause {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Case(id) => write!(out, "case/{id}"),
            Self::Tube(code) => write!(out, "tube/{code}"),
            Self::Assessment(id) => write!(out, "assessment/{id}"),
            Self::Contact(id) => write!(out, "contact/{id}"),
            Self::Test(id) => write!(out, "test/{id}"),
            Self::OtherZones => out.write_str("zones"),
        }
    }
}

/// Why: where it starts, by which clause, on which facts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Because {
    /// Where the reason starts.
    pub cause: Cause,
    /// The clause of the pack.
    #[schema(value_type = Option<Object>)]
    pub clause: Option<Citation>,
    /// The facts that it rests on.
    pub facts: Vec<Seq>,
    /// Whether a judgement rather than a rule decided it.
    pub judgement: bool,
    /// In words.
    pub text: Text,
}

/// How a person is confined, weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Confinement {
    /// Health monitoring at home.
    HomeMonitoring,
    /// Quarantine at home.
    HomeQuarantine,
    /// Quarantine at a site.
    FacilityQuarantine,
    /// Isolation of a case.
    Isolation,
}

impl Confinement {
    /// The measure that a profile's approval is asked for.
    #[must_use]
    pub fn measure(self) -> Measure {
        match self {
            Self::HomeMonitoring => Measure::HomeMonitoring,
            Self::HomeQuarantine => Measure::HomeQuarantine,
            Self::FacilityQuarantine => Measure::FacilityQuarantine,
            Self::Isolation => Measure::CaseIsolation,
        }
    }

    /// Where the pack's quarantine place puts people. An officer who may choose gets the milder proposal.
    #[must_use]
    pub fn at(place: QuarantinePlace) -> Option<Self> {
        match place {
            QuarantinePlace::Facility => Some(Self::FacilityQuarantine),
            QuarantinePlace::Home | QuarantinePlace::FacilityOrHome => Some(Self::HomeQuarantine),
            QuarantinePlace::None => None,
        }
    }
}

/// The phase that follows the first, approved with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Then {
    /// How.
    pub kind: Confinement,
    /// Until when.
    pub until: Timestamp,
}

/// Where a person is taken, and in what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Transfer {
    /// To a quarantine site.
    ToFacility {
        /// In what.
        #[schema(value_type = String)]
        by: TransferVehicle,
    },
    /// To the designated hospital.
    ToHospital {
        /// In what.
        #[schema(value_type = String)]
        by: TransferVehicle,
    },
}

/// Who is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// Everyone.
    Public,
    /// Offices, by their keys in the pack.
    Receivers(Vec<String>),
}

/// A measure or a piece of work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// A person stays where they are for hours.
    Hold {
        /// Who.
        person: PersonId,
        /// When the warning of the end goes out.
        warn_at: Timestamp,
    },
    /// A person is isolated, quarantined or monitored.
    Confine {
        /// Who.
        person: PersonId,
        /// How.
        kind: Confinement,
        /// As what; `None` for a case.
        #[schema(value_type = Option<String>)]
        class: Option<QuarantineClass>,
        /// What follows.
        then: Option<Then>,
        /// Local days (counted from the epoch) on which the person is tested, in both phases; a day that stands twice
        /// asks for two samples, as at the exit of the first phase.
        test_days: Vec<i64>,
        /// How the person gets there, as long as they are not there.
        transfer: Option<Transfer>,
    },
    /// An area or place is under measures.
    Zone {
        /// What.
        scope: ZoneScope,
        /// The level.
        #[schema(value_type = String)]
        level: ZoneLevel,
        /// Whether it came down to this level by the rule of lifting.
        stepped_down: bool,
    },
    /// A class of places is closed in an area.
    Closure {
        /// Where.
        area: AreaId,
        /// The class's key.
        class: String,
    },
    /// A place and those in it stay as they are for hours.
    PlaceHold {
        /// Where.
        place: PlaceId,
        /// When the warning of the end goes out.
        warn_at: Timestamp,
    },
    /// Goods stay where they are.
    GoodsHold {
        /// Where.
        place: PlaceId,
        /// Which, in words.
        goods: String,
    },
    /// Somebody has to do something.
    Order {
        /// Kind in the playbook.
        kind: String,
        /// About what.
        subject: Subject,
        /// Where.
        area: AreaId,
        /// By when.
        deadline_at: Timestamp,
    },
    /// Somebody has to be told.
    Notice {
        /// Kind, such as `positive-person`.
        kind: String,
        /// Who.
        audience: Audience,
        /// Where.
        area: AreaId,
        /// Headline.
        title: Text,
        /// Text.
        body: Text,
    },
}

impl What {
    /// The measure of the pack; `None` for work and notices, which restrict nobody.
    #[must_use]
    pub fn measure(&self) -> Option<Measure> {
        match self {
            Self::Hold { .. } => Some(Measure::PersonHold),
            Self::Confine { kind, .. } => Some(kind.measure()),
            Self::Zone { level, .. } => Some(level.measure()),
            Self::Closure { .. } => Some(Measure::ClassClosure),
            Self::PlaceHold { .. } => Some(Measure::PlaceHold),
            Self::GoodsHold { .. } => Some(Measure::GoodsHold),
            Self::Order { .. } | Self::Notice { .. } => None,
        }
    }

    /// How strict it is among items of the same key; 0 restricts nobody.
    #[must_use]
    pub fn strictness(&self) -> u8 {
        match self {
            Self::Confine { kind, .. } => 1 + *kind as u8,
            Self::Zone { level, .. } => match level {
                ZoneLevel::Lockdown | ZoneLevel::High => 3,
                ZoneLevel::Control | ZoneLevel::Medium => 2,
                ZoneLevel::Precaution | ZoneLevel::Low => 1,
            },
            Self::Hold { .. } | Self::Closure { .. } | Self::PlaceHold { .. } | Self::GoodsHold { .. } => 1,
            Self::Order { .. } | Self::Notice { .. } => 0,
        }
    }

    /// What it is about.
    #[must_use]
    pub fn subject(&self) -> Subject {
        match self {
            Self::Hold { person, .. } | Self::Confine { person, .. } => Subject::Person(*person),
            Self::Zone { scope: ZoneScope::Area(area), .. }
            | Self::Closure { area, .. }
            | Self::Notice { area, .. } => Subject::Area(*area),
            Self::Zone { scope: ZoneScope::Place(place), .. }
            | Self::PlaceHold { place, .. }
            | Self::GoodsHold { place, .. } => Subject::Place(*place),
            Self::Order { subject, .. } => subject.clone(),
        }
    }

    /// Until when the whole of it lasts, second phase included.
    #[must_use]
    pub fn lasts_until(&self, ends_at: Option<Timestamp>) -> Option<Timestamp> {
        match self {
            Self::Confine { then: Some(then), .. } => ends_at.map(|end| end.max(then.until)),
            _ => ends_at,
        }
    }

    /// A short word for the kind, used to bundle items into lines: `facility_quarantine`, `zone_control`.
    #[must_use]
    pub fn word(&self) -> String {
        match self {
            Self::Hold { .. } => "hold".to_owned(),
            Self::Confine { kind, .. } => kind.measure().key().to_owned(),
            Self::Zone { level, .. } => format!("zone_{}", level.key()),
            Self::Closure { .. } => "closure".to_owned(),
            Self::PlaceHold { .. } => "place_hold".to_owned(),
            Self::GoodsHold { .. } => "goods_hold".to_owned(),
            Self::Order { kind, .. } => format!("order/{kind}"),
            Self::Notice { kind, .. } => format!("notice/{kind}"),
        }
    }
}

/// Something that should exist, with its reasons.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// What.
    pub what: What,
    /// From when: as it is in force, or from now.
    pub starts_at: Timestamp,
    /// Until when; `None` where a rule of lifting or a discharge ends it, or nothing has to.
    pub ends_at: Option<Timestamp>,
    /// Why, the first reason first.
    pub because: Vec<Because>,
    /// The measure that it follows from: it comes and goes with that one.
    pub with: Option<Key>,
    /// The case or tube whose closure it belongs to, where the subject does not say it.
    pub about: Option<Subject>,
}

impl Item {
    /// The newest fact that it rests on; a refusal older than that no longer counts.
    #[must_use]
    pub fn newest_fact(&self) -> Seq {
        self.because.iter().flat_map(|because| because.facts.iter().copied()).max().unwrap_or(Seq(0))
    }

    /// All facts that it rests on, each once.
    #[must_use]
    pub fn facts(&self) -> Vec<Seq> {
        let all: std::collections::BTreeSet<Seq> =
            self.because.iter().flat_map(|because| because.facts.iter().copied()).collect();
        all.into_iter().collect()
    }

    /// Whether judgement carries it: the first reason is the one that asks for the most, a rule before a judgement.
    #[must_use]
    pub fn on_judgement(&self) -> bool {
        self.because.first().is_some_and(|because| because.judgement)
    }
}

/// Something that exists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InForce {
    /// What.
    pub what: What,
    /// Number of the restriction, zone, closure, order or notice.
    pub id: i64,
    /// Since when (of a zone: on this level).
    pub starts_at: Timestamp,
    /// Until when.
    pub ends_at: Option<Timestamp>,
    /// The facts it was based on.
    pub facts: Vec<Seq>,
    /// Imposed by someone else and only recorded: enforces nothing here and is never lifted by us.
    pub observed: bool,
    /// Finished work, a published notice: nothing is left to lift.
    pub done: bool,
    /// A hold whose one extension was used: its end is no longer compared.
    pub extended: bool,
    /// For a confinement: whether a transfer was ordered or the person is there.
    pub moved: bool,
    /// See [`Item::with`].
    pub with: Option<Key>,
    /// See [`Item::about`].
    pub about: Option<Subject>,
}
