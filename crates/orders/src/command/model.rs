//! Peacetime and emergency, duty, what was said, what was decided, what is to be cleared by when.

use outpace_core::time::MINUTE_MS;
use outpace_core::{ActorId, AreaId, Role, Text, Timestamp};
use outpace_policy::ApprovalRules;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Subject;

/// The one switch (平急一体化).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Watching.
    Peacetime,
    /// Responding.
    Emergency,
}

impl Mode {
    /// Name for people.
    #[must_use]
    pub fn name(self) -> Text {
        match self {
            Self::Peacetime => Text::new("平时", "peacetime"),
            Self::Emergency => Text::new("应急", "emergency"),
        }
    }
}

/// Level of an emergency response, I the gravest. Names of the levels are common knowledge of China's emergency plans.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ResponseLevel {
    /// Level I.
    One,
    /// Level II.
    Two,
    /// Level III.
    Three,
    /// Level IV.
    Four,
}

impl ResponseLevel {
    /// Name for people.
    #[must_use]
    pub fn name(self) -> Text {
        match self {
            Self::One => Text::new("Ⅰ级响应", "level I"),
            Self::Two => Text::new("Ⅱ级响应", "level II"),
            Self::Three => Text::new("Ⅲ级响应", "level III"),
            Self::Four => Text::new("Ⅳ级响应", "level IV"),
        }
    }
}

/// Where the switch stands, and who is at work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CommandState {
    /// Peacetime or emergency.
    pub mode: Mode,
    /// Level of the response; absent in peacetime.
    pub level: Option<ResponseLevel>,
    /// When it was switched; absent while nobody ever did.
    pub since: Option<Timestamp>,
    /// Who switched it.
    pub switched_by: Option<ActorId>,
    /// Why.
    pub reason: Option<Text>,
    /// Task forces at work.
    pub task_forces: Vec<ActiveTaskForce>,
    /// Commanders and deputies on duty.
    pub duty: Vec<OnDuty>,
}

/// A task force at work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ActiveTaskForce {
    /// Its key in the jurisdiction profile.
    pub key: String,
    /// Since when.
    pub activated_at: Timestamp,
}

/// A commander or deputy on duty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OnDuty {
    /// Who.
    pub actor: ActorId,
    /// In which role.
    pub role: Role,
    /// Since when.
    pub since: Timestamp,
}

/// Turns the switch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = CommandSwitch)]
pub struct Switch {
    /// To what.
    pub mode: Mode,
    /// Level of the response; needed for an emergency.
    #[serde(default)]
    pub level: Option<ResponseLevel>,
    /// Why.
    pub reason: Text,
    /// Task forces that start now; absent = all of the profile, an empty list = none yet.
    #[serde(default)]
    pub task_forces: Option<Vec<String>>,
}

/// What somebody in command said, written down later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Verbal {
    /// When it was said.
    pub said_at: Timestamp,
    /// By whom.
    pub said_by: ActorId,
    /// When it was written down.
    pub recorded_at: Timestamp,
    /// By whom.
    pub recorded_by: ActorId,
    /// What was said.
    pub what: Text,
    /// About what.
    pub subject: Subject,
    /// Whether it was written down within the time that the profile gives.
    pub in_time: bool,
}

/// By when a target is cleared (当日清、三日清、全面清).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Horizon {
    /// By the end of the local day on which it is set.
    SameDay,
    /// By the end of the second local day after it.
    ThreeDays,
    /// Entirely, by a moment that is named.
    Entire,
}

impl Horizon {
    /// The moment by which a target set at `set_at` is to be cleared; `None` where the moment must be named.
    #[must_use]
    pub fn due_at(self, set_at: Timestamp, offset_minutes: i64) -> Option<Timestamp> {
        let day = set_at.local_day(offset_minutes);
        match self {
            Self::SameDay => Some(Timestamp::start_of_local_day(day + 1, offset_minutes)),
            Self::ThreeDays => Some(Timestamp::start_of_local_day(day + 3, offset_minutes)),
            Self::Entire => None,
        }
    }

    /// Name for people.
    #[must_use]
    pub fn name(self) -> Text {
        match self {
            Self::SameDay => Text::new("当日清", "same day"),
            Self::ThreeDays => Text::new("三日清", "within three days"),
            Self::Entire => Text::new("全面清", "entirely"),
        }
    }
}

/// A target to be set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NewTarget {
    /// What is to be cleared.
    pub what: Text,
    /// Which task force answers for it; absent = the command.
    #[serde(default)]
    pub task_force: Option<String>,
    /// Where; absent = the whole jurisdiction.
    #[serde(default)]
    pub area: Option<AreaId>,
    /// By when.
    pub horizon: Horizon,
    /// The moment, where the horizon does not give it.
    #[serde(default)]
    pub due_at: Option<Timestamp>,
}

/// A target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = CommandTarget)]
pub struct Target {
    /// Its number.
    pub id: i64,
    /// The meeting that set it.
    pub meeting: Option<i64>,
    /// What is to be cleared.
    pub what: Text,
    /// Which task force answers for it.
    pub task_force: Option<String>,
    /// Where.
    pub area: AreaId,
    /// By when, in words.
    pub horizon: Horizon,
    /// By when.
    pub due_at: Timestamp,
    /// When it was set.
    pub set_at: Timestamp,
    /// When it was cleared (销号).
    pub cleared_at: Option<Timestamp>,
    /// By whom.
    pub cleared_by: Option<ActorId>,
    /// When it was found not cleared in time.
    pub missed_at: Option<Timestamp>,
}

/// The daily dispatch meeting (每日调度), to be recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HoldMeeting {
    /// When it was held; absent = now.
    #[serde(default)]
    pub held_at: Option<Timestamp>,
    /// What was found.
    pub found: Text,
    /// What was done.
    pub done: Text,
    /// What is late.
    pub late: Text,
    /// What was decided.
    pub decisions: Vec<Text>,
    /// What is to be cleared by when.
    #[serde(default)]
    pub targets: Vec<NewTarget>,
}

/// A meeting that was held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Meeting {
    /// Its number.
    pub id: i64,
    /// When it was held.
    pub held_at: Timestamp,
    /// Who recorded it.
    pub recorded_by: ActorId,
    /// What was found.
    pub found: Text,
    /// What was done.
    pub done: Text,
    /// What is late.
    pub late: Text,
    /// What was decided.
    pub decisions: Vec<Text>,
}

/// Who may decide on something now, and who joins when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Deciders {
    /// Roles that may decide now.
    pub roles: Vec<Role>,
    /// The deputy who joins next.
    pub next: Option<Role>,
    /// When.
    pub next_at: Option<Timestamp>,
}

/// Who may decide now on what was asked at `asked_at`: the approvers, and after each time-out without an answer the
/// next deputy as well. Somebody who may decide never stops being allowed to.
#[must_use]
pub fn deciders(rules: &ApprovalRules, asked_at: Timestamp, now: Timestamp) -> Deciders {
    let timeout_ms = i64::from(rules.timeout_minutes) * MINUTE_MS;
    let waited_ms = now.since(asked_at).max(0);
    let joined = match timeout_ms {
        0 => rules.deputies.len(),
        _ => usize::try_from(waited_ms / timeout_ms).unwrap_or(usize::MAX).min(rules.deputies.len()),
    };
    let mut roles = rules.approvers.clone();
    roles.extend(rules.deputies.iter().take(joined));
    let next = rules.deputies.get(joined).copied();
    let steps = i64::try_from(joined).unwrap_or(i64::MAX).saturating_add(1);
    let next_at = next.map(|_| asked_at.plus_minutes(steps.saturating_mul(i64::from(rules.timeout_minutes))));
    Deciders { roles, next, next_at }
}
