//! What happened to restrictions. Many people limited or released for one reason are one fact.

use outpace_core::{AreaId, NoticeId, PersonId, RestrictionId, Text, Timestamp};
use outpace_store::Fact;
use outpace_zoning::ImposedBy;
use serde::{Deserialize, Serialize};

use super::model::{Certificate, ChangeEnd, EndedWhy, NewRestriction, RestrictionKind};

/// One restriction that began.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Began {
    /// Its number.
    pub id: RestrictionId,
    /// The grid where the person lives.
    pub area: AreaId,
    /// The written notice.
    pub notice: NoticeId,
    /// What it is.
    pub restriction: NewRestriction,
}

/// People were limited.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RestrictionsBegan {
    /// Each of them.
    pub items: Vec<Began>,
}

impl Fact for RestrictionsBegan {
    const KIND: &'static str = "isolation.restrictions_began";
}

/// A restriction that someone else imposed was seen.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RestrictionObserved {
    /// Its number.
    pub id: RestrictionId,
    /// Whom.
    pub person: PersonId,
    /// Where the person lives.
    pub area: AreaId,
    /// How.
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

impl Fact for RestrictionObserved {
    const KIND: &'static str = "isolation.restriction_observed";
}

/// The end of a restriction was moved by an approved plan.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RestrictionEndChanged {
    /// Which.
    pub id: RestrictionId,
    /// To what.
    pub change: ChangeEnd,
}

impl Fact for RestrictionEndChanged {
    const KIND: &'static str = "isolation.restriction_end_changed";
}

/// A hold was extended by a named officer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct HoldExtended {
    /// Which.
    pub id: RestrictionId,
    /// Until when now.
    pub ends_at: Timestamp,
    /// Why.
    pub reason: Text,
}

impl Fact for HoldExtended {
    const KIND: &'static str = "isolation.hold_extended";
}

/// Holds end soon and nobody has decided.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct HoldsWarned {
    /// Which.
    pub ids: Vec<RestrictionId>,
}

impl Fact for HoldsWarned {
    const KIND: &'static str = "isolation.holds_warned";
}

/// One restriction that ended.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Ended {
    /// Its number.
    pub id: RestrictionId,
    /// Whose.
    pub person: PersonId,
}

/// Restrictions ended.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RestrictionsEnded {
    /// Which.
    pub items: Vec<Ended>,
    /// How.
    pub why: EndedWhy,
}

impl Fact for RestrictionsEnded {
    const KIND: &'static str = "isolation.restrictions_ended";
}

/// Somebody whose hold had lapsed was sampled again.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RetestTaken {
    /// Who.
    pub people: Vec<PersonId>,
}

impl Fact for RetestTaken {
    const KIND: &'static str = "isolation.retest_taken";
}

/// One test that was due and was taken.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TestTaken {
    /// Under which restriction.
    pub restriction: RestrictionId,
    /// The local day on which it was due.
    pub day: i64,
}

/// Tests of restricted people were taken.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TestsTaken {
    /// Which.
    pub items: Vec<TestTaken>,
}

impl Fact for TestsTaken {
    const KIND: &'static str = "isolation.tests_taken";
}

/// People were given certificates of release.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CertificatesIssued {
    /// Each of them.
    pub items: Vec<Certificate>,
}

impl Fact for CertificatesIssued {
    const KIND: &'static str = "isolation.certificates_issued";
}
