//! What happened to assessments, plans, approvals and what they put in force.

use outpace_core::{ActorId, AssessmentId, PersonId, PlanId, Seq, Text, Timestamp, Trigger};
use outpace_store::Fact;
use serde::{Deserialize, Serialize};

use crate::items::{Key, Subject, What};
use crate::plan::{Line, Price};
use crate::situation::{Finding, Scope};

/// Reads words in both languages; journals of before have one sentence that held both.
fn in_both<'de, D: serde::Deserializer<'de>>(reader: D) -> Result<Text, D::Error> {
    let value = serde_json::Value::deserialize(reader)?;
    match value {
        serde_json::Value::String(words) => Ok(Text::typed(&words)),
        other => serde_json::from_value(other).map_err(serde::de::Error::custom),
    }
}

/// A judgement (研判) was signed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AssessmentSigned {
    /// Its number.
    pub id: AssessmentId,
    /// What it is about.
    pub scope: Scope,
    /// What it found.
    pub finding: Finding,
    /// When it ends by itself.
    pub expires_at: Timestamp,
    /// The reason in words.
    #[serde(deserialize_with = "in_both")]
    pub reason: Text,
    /// What it rests on.
    pub evidence: Vec<String>,
    /// Who signed.
    pub signers: Vec<ActorId>,
}

impl Fact for AssessmentSigned {
    const KIND: &'static str = "response.assessment_signed";
}

/// A judgement was taken back before its end.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AssessmentWithdrawn {
    /// Which.
    pub id: AssessmentId,
    /// Why.
    #[serde(deserialize_with = "in_both")]
    pub reason: Text,
}

impl Fact for AssessmentWithdrawn {
    const KIND: &'static str = "response.assessment_withdrawn";
}

/// The end of a judgement passed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AssessmentExpired {
    /// Which.
    pub id: AssessmentId,
}

impl Fact for AssessmentExpired {
    const KIND: &'static str = "response.assessment_expired";
}

/// A plan was computed. Lines that start at once stand in the facts of what was put in force; only those that wait, and
/// are new or different, stand here in full.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PlanComputed {
    /// Its number: the version that approvals name.
    pub id: PlanId,
    /// What made the response look.
    pub triggers: Vec<Trigger>,
    /// The newest fact that the plan knew.
    pub basis: Seq,
    /// The pack.
    pub pack: String,
    /// Lines that wait, new or different from the version before.
    pub lines: Vec<Line>,
    /// Of these, the keys of those that are worse than what waited before under the same key.
    pub worse: Vec<String>,
    /// Keys of lines that waited and no longer stand.
    pub gone: Vec<String>,
    /// What the whole plan costs, lines that start at once included.
    pub price: Price,
    /// The local day, counted from the epoch.
    pub day: i64,
    /// In words, one line each.
    pub titles: Vec<Text>,
}

impl Fact for PlanComputed {
    const KIND: &'static str = "response.plan_computed";
}

/// What an officer said to a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Yes.
    Yes,
    /// Yes, in a milder form.
    Narrowed,
    /// No.
    No,
}

/// An officer answered a line.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LineAnswered {
    /// The plan that the officer saw.
    pub plan: PlanId,
    /// The line.
    pub line: String,
    /// What was said.
    pub verdict: Verdict,
    /// By whom: the officer, also where somebody else recorded it.
    pub by: ActorId,
    /// When it was said, where it was said before it was recorded.
    pub said_at: Option<Timestamp>,
    /// Why, where it was not a plain yes.
    pub reason: Option<String>,
    /// Whether the line is decided by it, or waits for a second person.
    pub decides: bool,
    /// Items that do not come back without a new fact: declined, or narrowed.
    pub kept_away: Vec<Key>,
    /// The picture that the officer saw: facts newer than this bring an item back.
    pub seen: Seq,
    /// Items that were agreed to and still wait for a carer to be named.
    pub held_back: Vec<Agreed>,
}

impl Fact for LineAnswered {
    const KIND: &'static str = "response.line_answered";
}

/// What was agreed for an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agreed {
    /// The item.
    pub key: Key,
    /// How strict it may be.
    pub strictness: u8,
    /// Until when.
    pub until: Option<Timestamp>,
}

/// Something that was put in force.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Applied {
    /// Its key.
    pub key: Key,
    /// What.
    pub what: What,
    /// The number that the capability gave it.
    pub id: i64,
    /// From when.
    pub starts_at: Timestamp,
    /// Until when.
    pub ends_at: Option<Timestamp>,
    /// The facts that it rests on.
    pub facts: Vec<Seq>,
    /// The measure that it follows from.
    pub with: Option<Key>,
    /// The case or pool that it belongs to.
    pub about: Option<Subject>,
}

/// Items of a line came into force, or changed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ItemsApplied {
    /// The plan.
    pub plan: PlanId,
    /// The line.
    pub line: String,
    /// The items.
    pub items: Vec<Applied>,
}

impl Fact for ItemsApplied {
    const KIND: &'static str = "response.items_applied";
}

/// Items were lifted.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ItemsLifted {
    /// The plan.
    pub plan: PlanId,
    /// Their keys.
    pub keys: Vec<Key>,
}

impl Fact for ItemsLifted {
    const KIND: &'static str = "response.items_lifted";
}

/// Nobody answered a line in time: the next deputy may.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ApprovalTimedOut {
    /// The line.
    pub line: String,
    /// The plan in which it stands.
    pub plan: PlanId,
    /// How many deputies may answer now, in the order of the profile.
    pub deputies: u32,
}

impl Fact for ApprovalTimedOut {
    const KIND: &'static str = "response.approval_timed_out";
}

/// Somebody was named who looks after a dependant.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CarerNamed {
    /// The dependant.
    pub dependant: PersonId,
    /// Who looks after them, if it is a person of the registry.
    pub carer: Option<PersonId>,
    /// Whether that person goes along to the facility, of their own will.
    pub goes_along: bool,
    /// In words, without names: "aunt in the same village", "community home".
    pub words: String,
}

impl Fact for CarerNamed {
    const KIND: &'static str = "response.carer_named";
}

/// A local day began while something was in force or waiting.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DayBegan {
    /// The day, counted from the epoch.
    pub day: i64,
}

impl Fact for DayBegan {
    const KIND: &'static str = "response.day_began";
}
