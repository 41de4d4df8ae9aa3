//! Which verbs an actor may use on an order now, and why not the others: the page shows the reason on its button.

use outpace_access::{Call, matrix};
use outpace_core::{Permission, Role, Text};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::model::{Order, OrderState};

/// What can be done with an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OrderVerb {
    /// Take it.
    Accept,
    /// Give it back before work began.
    Decline,
    /// Tick lines, note answers.
    Progress,
    /// Report it as done.
    Finish,
    /// Report some of it as done.
    FinishPartly,
    /// Report that it is impossible.
    FoundImpossible,
    /// Look and agree.
    Verify,
    /// Look and disagree.
    FailVerification,
    /// Give it to another owner.
    Reassign,
    /// Give it another deadline.
    MoveDeadline,
    /// It is no longer wanted.
    Cancel,
}

impl OrderVerb {
    /// Every verb, in the order in which a page shows them.
    pub const ALL: [Self; 11] = [
        Self::Accept,
        Self::Decline,
        Self::Progress,
        Self::Finish,
        Self::FinishPartly,
        Self::FoundImpossible,
        Self::Verify,
        Self::FailVerification,
        Self::Reassign,
        Self::MoveDeadline,
        Self::Cancel,
    ];

    /// The state that the verb leads to; `None` where it leaves the state alone.
    #[must_use]
    pub fn leads_to(self) -> Option<OrderState> {
        match self {
            Self::Accept => Some(OrderState::Accepted),
            Self::Decline => Some(OrderState::Declined),
            Self::Finish => Some(OrderState::Done),
            Self::FinishPartly => Some(OrderState::PartlyDone),
            Self::FoundImpossible => Some(OrderState::CannotBeDone),
            Self::Verify => Some(OrderState::Verified),
            Self::FailVerification => Some(OrderState::FailedVerification),
            Self::Reassign => Some(OrderState::Reassigned),
            Self::Cancel => Some(OrderState::Cancelled),
            Self::Progress | Self::MoveDeadline => None,
        }
    }

    /// What one must be allowed.
    #[must_use]
    pub fn permission(self) -> Permission {
        match self {
            Self::Reassign | Self::MoveDeadline | Self::Cancel => Permission::OrdersManage,
            _ => Permission::OrdersWork,
        }
    }
}

/// One verb, and whether it may be used now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = OrderAction)]
pub struct Action {
    /// Which.
    pub verb: OrderVerb,
    /// Whether it may be used.
    pub allowed: bool,
    /// Why not; absent when it may.
    pub why_not: Option<Text>,
}

/// Roles that judge the work of others.
#[must_use]
pub fn may_verify(role: Role) -> bool {
    matches!(
        role,
        Role::System | Role::Commander | Role::Deputy | Role::TaskForceHead | Role::Auditor | Role::Administrator
    )
}

/// Every verb with its answer for this actor and this order.
#[must_use]
pub fn actions(call: &Call, order: &Order) -> Vec<Action> {
    OrderVerb::ALL
        .into_iter()
        .map(|verb| {
            let why_not = why_not(call, order, verb);
            Action { verb, allowed: why_not.is_none(), why_not }
        })
        .collect()
}

/// Why a verb may not be used; `None` when it may.
#[must_use]
pub fn why_not(call: &Call, order: &Order, verb: OrderVerb) -> Option<Text> {
    let role = call.actor.role;
    if role != Role::System && !matrix::permits(&call.rules.profile, &call.actor, verb.permission()) {
        return Some(Text::new("您的角色没有此权限。", "Your role may not do this."));
    }
    if !call.sees(order.area) {
        return Some(Text::new("该任务不在您的区域内。", "The order lies outside your area."));
    }
    if !is_theirs(call, order) {
        return Some(Text::new("该任务属于其他专班。", "The order belongs to another task force."));
    }
    if let Some(no) = state_forbids(order, verb) {
        return Some(no);
    }
    if let Some(breaker) = crate::glass::breaker(order)
        && !may_review(call, breaker)
    {
        return Some(Text::new(
            "由督查人员复核,且不得复核自己的查阅。",
            "The auditor reviews it, and nobody their own.",
        ));
    }
    if matches!(verb, OrderVerb::Verify | OrderVerb::FailVerification) {
        if !may_verify(role) {
            return Some(Text::new(
                "须由指挥长、专班负责人或督查人员核验。",
                "Command, task force head or auditor verifies.",
            ));
        }
        if order.done_by == Some(call.actor.id) {
            return Some(Text::new("不能核验自己完成的任务。", "One cannot verify one's own work."));
        }
    }
    None
}

fn may_review(call: &Call, breaker: outpace_core::ActorId) -> bool {
    matches!(call.actor.role, Role::Auditor | Role::System) && call.actor.id != breaker
}

/// Whoever belongs to a task force acts on its orders alone.
fn is_theirs(call: &Call, order: &Order) -> bool {
    call.actor.task_force.is_none() || call.actor.task_force == order.task_force
}

fn state_forbids(order: &Order, verb: OrderVerb) -> Option<Text> {
    let name = order.state.name();
    let no = || Text::new(format!("任务当前为“{}”。", name.zh), format!("The order is {}.", name.en));
    let allowed = match verb {
        OrderVerb::Progress => matches!(order.state, OrderState::Accepted | OrderState::PartlyDone),
        OrderVerb::MoveDeadline => order.state.is_pending(),
        OrderVerb::FailVerification if order.is_closed() && order.state == OrderState::Done => {
            return Some(Text::new(
                "此类任务无需核验,完成即结束。",
                "Orders of this kind are over when they are done.",
            ));
        }
        _ => verb.leads_to().is_some_and(|next| order.state.allows(next)),
    };
    (!allowed).then(no)
}
