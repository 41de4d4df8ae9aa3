//! What happened to tubes at the lane. One entry for a whole tube with its people.

use outpace_core::{LaneId, PersonId, RoundId, SiteId, Timestamp, TubeCode};
use outpace_store::Fact;
use serde::{Deserialize, Serialize};

use super::model::{Flag, Home, NoFile, Purpose};
use crate::words::is_false;

/// What is fixed when the first swab goes into a tube.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opening {
    /// Why it is taken.
    pub purpose: Purpose,
    /// People it may hold.
    pub people_max: i64,
    /// Whether one household may share it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub household: bool,
    /// Place in the laboratory's queue; 0 goes first.
    pub rank: i64,
    /// When it should leave ambient temperature.
    pub ambient_due_at: Timestamp,
    /// When it should be at the laboratory.
    pub laboratory_due_at: Timestamp,
    /// When its result is promised.
    pub result_due_at: Timestamp,
}

/// One person's swab.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SwabTaken {
    /// Whose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<PersonId>,
    /// When, where it differs from the entry's time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken_at: Option<Timestamp>,
    /// Why there is no file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_file: Option<NoFile>,
    /// The paper slip.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slip: Option<String>,
    /// Whose code was shown, where it was somebody else's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shown: Option<PersonId>,
    /// What was strange about it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flags: Vec<Flag>,
}

/// People were sampled into a tube: all of a tube at once, or one after another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SwabsTaken {
    /// The tube's number.
    pub tube: i64,
    /// Its code.
    pub code: TubeCode,
    /// The round; absent outside any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub round: Option<RoundId>,
    /// The site.
    pub site: SiteId,
    /// The lane.
    pub lane: LaneId,
    /// Present with the tube's first registration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opening: Option<Opening>,
    /// Whether the tube had been found before it was registered: `opening` then gives it its round and site.
    #[serde(default, skip_serializing_if = "is_false")]
    pub adopts: bool,
    /// Position of the first of `swabs`; the others follow.
    pub first_position: i64,
    /// The people.
    pub swabs: Vec<SwabTaken>,
    /// How they count, by home grid.
    pub homes: Vec<Home>,
    /// Whether the tube was sealed with it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub sealed: bool,
}

impl Fact for SwabsTaken {
    const KIND: &'static str = "screening.swabs_taken";
}

/// A tube was sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TubeSealed {
    /// Its number.
    pub tube: i64,
}

impl Fact for TubeSealed {
    const KIND: &'static str = "screening.tube_sealed";
}

/// A tube came up in a box or at a laboratory that nobody had registered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TubeFound {
    /// The number it has from now on.
    pub tube: i64,
    /// Its code.
    pub code: TubeCode,
    /// How it is treated until its registration comes.
    pub opening: Opening,
}

impl Fact for TubeFound {
    const KIND: &'static str = "screening.tube_found";
}

/// It became known whose swab it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SwabIdentified {
    /// The tube's number.
    pub tube: i64,
    /// The position.
    pub position: i64,
    /// Whose.
    pub person: PersonId,
    /// The round of the tube.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub round: Option<RoundId>,
    /// How it counts now.
    pub home: Home,
}

impl Fact for SwabIdentified {
    const KIND: &'static str = "screening.swab_identified";
}

/// Samples were filed by person: the tubes up to a number stand in the order of people as well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SamplesFiled {
    /// The last tube filed before.
    pub after: i64,
    /// The last tube filed now.
    pub to: i64,
}

impl Fact for SamplesFiled {
    const KIND: &'static str = "screening.samples_filed";
}
