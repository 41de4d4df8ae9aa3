//! An order and what it may become.

use std::collections::{BTreeMap, BTreeSet};

use outpace_core::{ActorId, AreaId, OrderId, Seq, TeamId, Text, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Subject;

/// Answers to the fields of a form, by key.
pub type Form = BTreeMap<String, serde_json::Value>;

/// Where an order stands. Every state but the first four has a reason beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OrderState {
    /// Issued, nobody has taken it.
    Open,
    /// Somebody has taken it.
    Accepted,
    /// Reported as done. Closed, unless its kind must be verified.
    Done,
    /// Somebody else has looked and agreed. Closed.
    Verified,
    /// Given back before work began (退单).
    Declined,
    /// Work began and it turned out to be impossible.
    CannotBeDone,
    /// Some of it is done; the rest is still owed.
    PartlyDone,
    /// Given to another owner, who has not taken it yet.
    Reassigned,
    /// Somebody else has looked and disagreed.
    FailedVerification,
    /// No longer wanted. Closed.
    Cancelled,
}

impl OrderState {
    /// Every state, in the order of declaration.
    pub const ALL: [Self; 10] = [
        Self::Open,
        Self::Accepted,
        Self::Done,
        Self::Verified,
        Self::Declined,
        Self::CannotBeDone,
        Self::PartlyDone,
        Self::Reassigned,
        Self::FailedVerification,
        Self::Cancelled,
    ];

    /// The one table of steps: whether an order may go from this state to `next`.
    #[must_use]
    pub fn allows(self, next: Self) -> bool {
        use OrderState::{
            Accepted, Cancelled, CannotBeDone, Declined, Done, FailedVerification, Open, PartlyDone, Reassigned,
            Verified,
        };
        match self {
            Open | Reassigned => matches!(next, Accepted | Declined | Reassigned | Cancelled),
            Accepted | PartlyDone => matches!(next, Done | PartlyDone | CannotBeDone | Reassigned | Cancelled),
            Declined | CannotBeDone => matches!(next, Reassigned | Cancelled),
            Done => matches!(next, Verified | FailedVerification),
            FailedVerification => matches!(next, Accepted | Reassigned | Cancelled),
            Verified | Cancelled => false,
        }
    }

    /// Whether work is still owed: only such an order can become overdue.
    #[must_use]
    pub fn is_pending(self) -> bool {
        !matches!(self, Self::Done | Self::Verified | Self::Cancelled)
    }

    /// Whether an order of this state is over, given whether its kind must be verified.
    #[must_use]
    pub fn is_closed(self, verify: bool) -> bool {
        match self {
            Self::Verified | Self::Cancelled => true,
            Self::Done => !verify,
            _ => false,
        }
    }

    /// Name for people.
    #[must_use]
    pub fn name(self) -> Text {
        match self {
            Self::Open => Text::new("待接单", "open"),
            Self::Accepted => Text::new("已接单", "accepted"),
            Self::Done => Text::new("已完成", "done"),
            Self::Verified => Text::new("已核验", "verified"),
            Self::Declined => Text::new("已退单", "declined"),
            Self::CannotBeDone => Text::new("无法完成", "cannot be done"),
            Self::PartlyDone => Text::new("部分完成", "partly done"),
            Self::Reassigned => Text::new("已改派", "reassigned"),
            Self::FailedVerification => Text::new("核验不通过", "failed verification"),
            Self::Cancelled => Text::new("已取消", "cancelled"),
        }
    }
}

/// Who answers for an order now. Never nobody: without a team it is the task force, without one the command.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", content = "id", rename_all = "snake_case")]
pub enum Owner {
    /// A team.
    Team(TeamId),
    /// The head of a task force, by its key.
    TaskForce(String),
    /// The command.
    Command,
}

/// What it takes to issue an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewOrder {
    /// Idempotency: while an order with this key is not closed, issuing it again answers that one.
    pub key: String,
    /// A kind of the playbook.
    pub kind: String,
    /// What it is about.
    pub subject: Subject,
    /// Where it is done: any level of the tree.
    pub area: AreaId,
    /// Task force; absent or unknown to the profile = the kind's own, else the command.
    pub task_force: Option<String>,
    /// Team, if one is chosen already.
    pub team: Option<TeamId>,
    /// When it is due; absent = as the kind says, counted from now.
    pub deadline_at: Option<Timestamp>,
    /// Why it exists.
    pub because: Text,
    /// The clause of the pack it rests on.
    pub clause: Option<String>,
    /// The fact that caused it.
    pub cause: Option<Seq>,
    /// What whoever does it must know, by field.
    pub form: Form,
}

/// A piece of work for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Order {
    /// Its number.
    pub id: OrderId,
    /// Its idempotency key.
    pub key: String,
    /// Its kind, a key of the playbook.
    pub kind: String,
    /// What it is about.
    pub subject: Subject,
    /// Where it is done.
    pub area: AreaId,
    /// The task force that answers for it, if any.
    pub task_force: Option<String>,
    /// The team that does it, if one was chosen.
    pub team: Option<TeamId>,
    /// Where it stands.
    pub state: OrderState,
    /// When it is due.
    pub deadline_at: Timestamp,
    /// Why it exists.
    pub because: Text,
    /// The clause it rests on.
    pub clause: Option<String>,
    /// The fact that caused it.
    pub cause: Option<Seq>,
    /// What was given with it.
    #[schema(value_type = Object)]
    pub form: Form,
    /// What was reported with it.
    #[schema(value_type = Object)]
    pub result: Form,
    /// Lines of the kind's checklist that were ticked, from 0.
    pub ticked: BTreeSet<u32>,
    /// Why it is in its state, where the state has a reason.
    pub reason: Option<String>,
    /// Whether somebody else must verify it.
    pub verify: bool,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// By whom.
    pub issued_by: ActorId,
    /// When it was last accepted.
    pub accepted_at: Option<Timestamp>,
    /// By whom.
    pub accepted_by: Option<ActorId>,
    /// When it was last reported as done.
    pub done_at: Option<Timestamp>,
    /// By whom.
    pub done_by: Option<ActorId>,
    /// When it was over.
    pub closed_at: Option<Timestamp>,
    /// When its deadline was found to have passed; stays once it is done late, goes when the deadline is moved.
    pub overdue_at: Option<Timestamp>,
    /// How many deadlines of it have passed; more than one only if its deadline was moved.
    pub times_overdue: u32,
    /// Steps of the ladder that were told since it is overdue.
    pub escalation_level: u32,
    /// Minutes between these steps.
    pub escalation_minutes: u32,
}

impl Order {
    /// Who answers for it now.
    #[must_use]
    pub fn owner(&self) -> Owner {
        match (self.team, &self.task_force) {
            (Some(team), _) => Owner::Team(team),
            (None, Some(force)) => Owner::TaskForce(force.clone()),
            (None, None) => Owner::Command,
        }
    }

    /// Whether it is over.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.state.is_closed(self.verify)
    }

    /// Whether its deadline has passed and work is still owed.
    #[must_use]
    pub fn is_overdue(&self) -> bool {
        self.overdue_at.is_some() && self.state.is_pending()
    }
}
