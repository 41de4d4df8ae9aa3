//! What the facts add up to, as far as the response asks: plain types, no store, no clock.
//!
//! A [`Situation`] is loaded for a [`Reach`](crate::closure::Reach) (what a trigger touches) or for everything; deciding
//! on either gives the same answer for what both hold. Every part names the facts (sequence numbers) that it rests on,
//! so that whatever is decided can name them too.

use std::collections::{BTreeMap, BTreeSet};

use outpace_core::{
    AreaId, AssessmentId, CaseId, ExposureId, HouseholdId, PersonId, PlaceId, Seq, Timestamp, TubeCode,
};
use outpace_policy::{Aboard, ContactClass, Setting, VehicleKind};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::items::{InForce, Key};
pub use crate::judgement::{Assessment, Finding, Scope};

/// Why a resident needs more care than a closed door allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CareNeed {
    /// In labour: never waits.
    InLabour,
    /// Dialysis several times a week.
    Dialysis,
    /// Chemotherapy in cycles.
    Chemotherapy,
    /// Dressing and stitches after surgery.
    AfterSurgery,
    /// Pregnant.
    Pregnant,
    /// Infant.
    Infant,
    /// Lives alone and is old.
    LivingAloneOld,
    /// Medicine that must not run out.
    ChronicMedicine,
    /// Depends on help.
    Disabled,
}

impl CareNeed {
    /// Whether this person has to leave the zone to be treated: a pass, a gate and a vehicle are planned beforehand.
    #[must_use]
    pub fn needs_way_out(self) -> bool {
        matches!(self, Self::InLabour | Self::Dialysis | Self::Chemotherapy | Self::AfterSurgery | Self::Pregnant)
    }
}

/// A person as far as the response asks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Person {
    /// Who they live with.
    pub household: Option<HouseholdId>,
    /// Grid of residence.
    pub area: Option<AreaId>,
    /// Age in whole years.
    pub age_years: i64,
    /// Care needs.
    pub care: BTreeSet<CareNeed>,
    /// Where they work or learn.
    pub workplace: Option<PlaceId>,
    /// Workshop, office or class there.
    pub room: Option<String>,
    /// Whether they learn there: a class is shared by study, not by work.
    pub studies: bool,
    /// Whether they are in the jurisdiction now.
    pub present: bool,
    /// When they were admitted to a facility or hospital and thereby cut off from others, if they were.
    pub isolated_at: Option<Timestamp>,
}

/// Age below which a child is not left alone.
pub const CHILD_BELOW_YEARS: i64 = 14;
/// Ages at which a person without need of help can look after others.
pub const CARER_YEARS: std::ops::RangeInclusive<i64> = 18..=79;

impl Person {
    /// Whether this person cannot be left without someone.
    #[must_use]
    pub fn is_dependant(&self) -> bool {
        self.age_years < CHILD_BELOW_YEARS
            || self.care.contains(&CareNeed::Infant)
            || self.care.contains(&CareNeed::Disabled)
    }

    /// Whether this person can look after a dependant.
    #[must_use]
    pub fn can_care(&self) -> bool {
        CARER_YEARS.contains(&self.age_years) && !self.care.contains(&CareNeed::Disabled) && self.present
    }
}

/// How far a case is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Suspected.
    Suspected,
    /// One positive single sample, not yet reviewed.
    Preliminary,
    /// Confirmed.
    Confirmed,
    /// Asymptomatic infection.
    Asymptomatic,
    /// It was none: void plate, contaminated sample, review negative.
    Excluded,
}

/// A day on which a case was at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Visited {
    /// Local day, counted from the epoch.
    pub day: i64,
    /// The fact.
    pub seq: Seq,
}

/// One infection of one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// Whose.
    pub person: PersonId,
    /// How far it is known.
    pub stage: Stage,
    /// When it was found: day 0 of everything that follows.
    pub found_at: Timestamp,
    /// First symptom.
    pub onset_at: Option<Timestamp>,
    /// When the positive sample was taken.
    pub sampled_at: Option<Timestamp>,
    /// Last negative sample before it.
    pub last_negative_at: Option<Timestamp>,
    /// Whether repeated screening found it.
    pub by_screening: bool,
    /// When an ambulance took the person, or they were admitted.
    pub isolated_at: Option<Timestamp>,
    /// When care ended.
    pub discharged_at: Option<Timestamp>,
    /// Where the person lives (kept here too, so that zones can be decided without loading people).
    pub area: Option<AreaId>,
    /// The place in whose dormitory the person lives: then that place, and no village, is the residence.
    pub lives_at: Option<PlaceId>,
    /// Where the person works or learns.
    pub places: BTreeSet<PlaceId>,
    /// Days of the look-back on which the person was at other places: those they went to often follow by the pack.
    pub visited: BTreeMap<PlaceId, BTreeSet<Visited>>,
    /// The facts that say all this.
    pub facts: Vec<Seq>,
}

impl Case {
    /// Whether measures follow from it.
    #[must_use]
    pub fn counts(&self) -> bool {
        self.stage != Stage::Excluded
    }

    /// Whether an expert group can let the person go: the infection stands and is more than a suspicion.
    #[must_use]
    pub fn may_be_discharged(&self) -> bool {
        matches!(self.stage, Stage::Confirmed | Stage::Asymptomatic)
    }

    /// Until when others were exposed: the moment of isolation, or of finding as long as that is not recorded.
    #[must_use]
    pub fn infectious_until(&self) -> Timestamp {
        self.isolated_at.unwrap_or(self.found_at)
    }
}

/// What a laboratory said of a tube.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Nothing found.
    Negative,
    /// Found.
    Positive,
    /// Must be repeated.
    Inconclusive,
    /// Not usable.
    Invalid,
}

/// A pooled tube that came back positive or inconclusive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tube {
    /// Who is in it.
    pub members: BTreeSet<PersonId>,
    /// What it said.
    pub outcome: Outcome,
    /// When it was sampled.
    pub sampled_at: Timestamp,
    /// When the result came.
    pub resulted_at: Timestamp,
    /// Where it was sampled.
    pub area: Option<AreaId>,
    /// Whether the result was excluded (void plate, contaminated sample).
    pub excluded: bool,
    /// The facts that say so.
    pub facts: Vec<Seq>,
}

/// A sample of one person alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Single {
    /// When it was taken.
    pub sampled_at: Timestamp,
    /// When the result came.
    pub resulted_at: Timestamp,
    /// What it said.
    pub outcome: Outcome,
    /// The tube, for a sample that went to a laboratory.
    pub tube: Option<TubeCode>,
    /// Whether it is an antigen self-test (which diagnoses nothing).
    pub antigen: bool,
    /// Whether the result was excluded.
    pub excluded: bool,
    /// The fact.
    pub seq: Seq,
}

/// To whom or what somebody was exposed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExposedTo {
    /// To a case.
    Case(CaseId),
    /// To a contact of a case.
    Person(PersonId),
}

/// Somebody was with a case or with a contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exposure {
    /// Who was exposed.
    pub person: PersonId,
    /// To whom.
    pub to: ExposedTo,
    /// How.
    pub setting: Setting,
    /// From when.
    pub from: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// Minutes together.
    pub minutes: u32,
    /// Where each sat, for vehicles.
    pub aboard: Option<(VehicleKind, Aboard)>,
    /// The class that a tracer judged it to give, against the rule of the setting.
    pub judged: Option<ContactClass>,
    /// Whether it was found not to be so.
    pub excluded: bool,
    /// The fact.
    pub seq: Seq,
}

/// A zone covers an area of the tree or one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ZoneScope {
    /// An area and everything in it.
    Area(AreaId),
    /// A place, such as a park or a market.
    Place(PlaceId),
}

impl std::fmt::Display for ZoneScope {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Area(area) => write!(out, "area/{area}"),
            Self::Place(place) => write!(out, "place/{place}"),
        }
    }
}

/// Someone inside a zone who needs care.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
pub struct CareResident {
    /// Who.
    pub person: PersonId,
    /// Why.
    pub need: CareNeed,
}

/// A closed round of an area.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RoundHeld {
    /// When it was closed.
    pub closed_at: Timestamp,
    /// Whether it found no case. Who is in quarantine is tested there, so a round finds only cases outside of it.
    pub clean: bool,
}

/// What is known of an area or place that has or may get a zone: one row each, never one per resident.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ground {
    /// Chinese name.
    pub name: String,
    /// English name.
    pub name_en: String,
    /// People who are there.
    pub population: i64,
    /// Households.
    pub households: i64,
    /// Where a place lies.
    pub area: Option<AreaId>,
    /// The place that a place is part of, such as the park around a warehouse.
    pub part_of: Option<PlaceId>,
    /// Residents with care needs, loaded where it may be locked.
    pub care: Vec<CareResident>,
    /// Who left in the look-back window.
    pub leavers: Vec<PersonId>,
    /// Last exposure of the last close contact of the cases inside.
    pub last_contact_at: Option<Timestamp>,
    /// Whether the tests of that contact are all negative.
    pub contacts_negative: bool,
    /// When the last round closed in which everyone was negative.
    pub negative_round_at: Option<Timestamp>,
    /// Rounds since the chain was found unclear, where it was.
    pub rounds: Vec<RoundHeld>,
    /// The facts behind last contact, its tests and the negative round.
    pub facts: Vec<Seq>,
}

/// A line that an officer declined or narrowed: it does not come back before a newer fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Declined {
    /// The journal as it stood when the plan was computed that the officer saw.
    pub seq: Seq,
}

/// What was approved for an item: a weaker or shorter form needs no new yes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approved {
    /// The strictness that was approved, see [`What::strictness`](crate::items::What::strictness).
    pub strictness: u8,
    /// Until when; `None` is without an end of its own.
    pub until: Option<Timestamp>,
}

/// Vehicles at hand for pricing transfers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fleet {
    /// Seats of a usual bus.
    pub bus_seats: u32,
    /// Free beds at quarantine sites.
    pub beds_free: i64,
}

impl Default for Fleet {
    fn default() -> Self {
        Self { bus_seats: 45, beds_free: 0 }
    }
}

/// What decide() needs, no more.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Situation {
    /// The area of the journal: a county or a city.
    pub jurisdiction: Option<AreaId>,
    /// The people who matter: members of positive pools, cases, whoever shares something with them.
    pub people: BTreeMap<PersonId, Person>,
    /// All cases; zones need every one of them.
    pub cases: BTreeMap<CaseId, Case>,
    /// Pools that were positive or inconclusive.
    pub tubes: BTreeMap<TubeCode, Tube>,
    /// Samples of single people.
    pub singles: BTreeMap<PersonId, Vec<Single>>,
    /// Exposures.
    pub exposures: BTreeMap<ExposureId, Exposure>,
    /// Judgements.
    pub assessments: BTreeMap<AssessmentId, Assessment>,
    /// Areas and places that have or may get a zone.
    pub grounds: BTreeMap<ZoneScope, Ground>,
    /// What is in force, by the key under which it is decided.
    pub in_force: BTreeMap<Key, InForce>,
    /// What was declined or narrowed.
    pub declined: BTreeMap<Key, Declined>,
    /// What was approved.
    pub approved: BTreeMap<Key, Approved>,
    /// Dependants for whom somebody was named.
    pub carers: BTreeMap<PersonId, Seq>,
    /// Vehicles and beds.
    pub fleet: Fleet,
}

impl Situation {
    /// When care of a case ended: as recorded, or when an expert group agreed to it. That is a moment, not a state: it
    /// outlasts the assessment, and only taking the assessment back undoes it.
    #[must_use]
    pub fn discharged_at(&self, id: CaseId, case: &Case) -> Option<Timestamp> {
        case.discharged_at.or_else(|| self.discharge_agreed(id, case).map(|(_, agreed)| agreed.signed_at))
    }

    /// The first assessment by which a case may leave care.
    #[must_use]
    pub fn discharge_agreed(&self, id: CaseId, case: &Case) -> Option<(AssessmentId, &Assessment)> {
        let agreed = self.assessments.iter().filter(|(_, one)| {
            case.may_be_discharged()
                && !one.withdrawn
                && one.finding == Finding::DischargeAgreed
                && one.scope.cases.contains(&id)
                && one.signed_at >= case.found_at
        });
        agreed.min_by_key(|(id, one)| (one.signed_at, **id)).map(|(id, one)| (*id, one))
    }

    /// Whether the person of a case has to be cared for now.
    #[must_use]
    pub fn is_in_care(&self, id: CaseId, case: &Case) -> bool {
        case.counts() && self.discharged_at(id, case).is_none()
    }

    /// The newest case of a person that counts.
    #[must_use]
    pub fn case_of(&self, person: PersonId) -> Option<(CaseId, &Case)> {
        self.cases
            .iter()
            .filter(|(_, case)| case.person == person && case.counts())
            .max_by_key(|(id, case)| (case.found_at, **id))
            .map(|(id, case)| (*id, case))
    }
}
