//! Routes of orders and conflicts. An order outside one's area looks like one that does not exist.

use std::collections::BTreeSet;

use outpace_access::{Call, Empty, Routes};
use outpace_core::{AreaId, OrderId, Permission, Refusal, Seq, TeamId, Text, Timestamp};
use outpace_store::{Tx, Unit};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::actions::{OrderVerb, why_not};
use super::model::{Form, NewOrder, Order, OrderState, Owner};
use super::view::{OrderView, view};
use super::{Filter, Report, store, verbs};
use crate::conflicts;
use crate::errors::OrdersError;
use crate::{Subject, kinds, subject_of};

/// Orders of one answer at the most.
pub const ORDERS_MAX: usize = 500;
/// Orders of one answer where no limit is asked for.
pub const ORDERS_USUAL: usize = 100;

/// The routes of orders.
#[must_use]
pub fn routes() -> Routes {
    use Permission::{OrdersManage, OrdersRead, OrdersWork};
    Routes::new()
        .query(
            "/api/orders/list",
            OrdersRead.by_area(),
            "Orders with what may be done with each now, and why not",
            list,
        )
        .query("/api/orders/one", OrdersRead.by_area(), "One order", one)
        .query("/api/orders/about", OrdersRead.by_area(), "Orders about one subject", about)
        .query("/api/orders/summary", OrdersRead.whole(), "Orders by state, task force, area and kind", summary)
        .query("/api/orders/kinds", OrdersRead.open(), "Kinds of orders with checklist and form", kinds_of_orders)
        .command("/api/orders/issue", OrdersManage.by_area(), "Issue an order by hand", issue)
        .command("/api/orders/accept", OrdersWork.by_area(), "Take an order, perhaps naming the team", accept)
        .command("/api/orders/decline", OrdersWork.by_area(), "Give an order back before work began", decline)
        .command("/api/orders/progress", OrdersWork.by_area(), "Tick lines and note answers on the way", progress)
        .command("/api/orders/finish", OrdersWork.by_area(), "Report an order as done", finish)
        .command("/api/orders/finish-partly", OrdersWork.by_area(), "Report some of an order as done", finish_partly)
        .command(
            "/api/orders/found-impossible",
            OrdersWork.by_area(),
            "Report that an order is impossible",
            found_impossible,
        )
        .command("/api/orders/verify", OrdersWork.by_area(), "Look at what was done and agree", verify)
        .command(
            "/api/orders/fail-verification",
            OrdersWork.by_area(),
            "Look at what was done and disagree",
            fail_verification,
        )
        .command("/api/orders/reassign", OrdersManage.by_area(), "Give an order to another owner", reassign)
        .command("/api/orders/move-deadline", OrdersManage.by_area(), "Give an order another deadline", move_deadline)
        .command("/api/orders/cancel", OrdersManage.by_area(), "Cancel an order", cancel)
}

/// Narrows the list of orders.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct ListOrders {
    /// Only this state.
    pub state: Option<OrderState>,
    /// Only this task force; `commanders` for those that have none.
    pub task_force: Option<String>,
    /// Only this team.
    pub team: Option<TeamId>,
    /// Only in this area.
    pub area: Option<AreaId>,
    /// Only this kind.
    pub kind: Option<String>,
    /// Only overdue ones.
    pub overdue: bool,
    /// Only those that are not closed.
    pub open: bool,
    /// From below this order.
    pub after: Option<OrderId>,
    /// At most this many, up to 500; 100 when absent.
    pub limit: Option<usize>,
}

/// Orders, newest first.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct OrderList {
    /// The orders.
    pub orders: Vec<OrderView>,
    /// Where the next page begins; absent at the end.
    pub after: Option<OrderId>,
}

fn list(tx: &mut Tx<'_>, call: &Call, query: ListOrders) -> Result<OrderList, Refusal> {
    let limit = query.limit.unwrap_or(ORDERS_USUAL).clamp(1, ORDERS_MAX);
    let area = match query.area {
        Some(area) if call.actor.area.contains(area) => area,
        Some(area) if !area.contains(call.actor.area) => return Ok(OrderList { orders: Vec::new(), after: None }),
        _ => call.actor.area,
    };
    let filter = Filter {
        state: query.state,
        task_force: query.task_force,
        team: query.team,
        area: Some(area),
        kind: query.kind.as_deref().map(kinds::spelled),
        overdue: query.overdue,
        open: query.open,
    };
    let found = store::list(tx, &filter, query.after, limit)?;
    let after = (found.len() == limit).then(|| found.last().map(|order| order.id)).flatten();
    let mut orders = Vec::with_capacity(found.len());
    for order in found {
        orders.push(view(tx, call, order)?);
    }
    Ok(OrderList { orders, after })
}

/// The number of an order.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
pub struct OrderRef {
    /// Which order.
    pub order: OrderId,
}

fn one(tx: &mut Tx<'_>, call: &Call, query: OrderRef) -> Result<OrderView, Refusal> {
    let order = visible(store::by_id(tx, query.order)?, call, query.order)?;
    view(tx, call, order)
}

fn visible(order: Option<Order>, call: &Call, id: OrderId) -> Result<Order, Refusal> {
    Ok(order.filter(|order| call.sees(order.area)).ok_or_else(|| OrdersError::unknown("order", id))?)
}

/// Asks for orders about one subject.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct OrdersAbout {
    /// Type of the subject.
    pub subject_kind: String,
    /// Its id; empty for `none`.
    #[serde(default)]
    pub subject_id: String,
}

fn about(tx: &mut Tx<'_>, call: &Call, query: OrdersAbout) -> Result<OrderList, Refusal> {
    let subject = subject_of(&query.subject_kind, &query.subject_id)?;
    let mut orders = Vec::new();
    for order in store::about(tx, &subject, ORDERS_MAX as i64)?.into_iter().filter(|order| call.sees(order.area)) {
        orders.push(view(tx, call, order)?);
    }
    Ok(OrderList { orders, after: None })
}

/// How many orders stand where, in one row for each task force, township or kind.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct OrderSummary {
    /// All orders.
    pub all: super::Counts,
    /// By task force.
    pub task_forces: Vec<CountRow>,
    /// By township.
    pub areas: Vec<CountRow>,
    /// By kind.
    pub kinds: Vec<CountRow>,
    /// Conflicts that wait to be settled.
    pub conflicts_open: i64,
}

/// One row of the summary.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct CountRow {
    /// Key of the task force or kind, or the area's code.
    pub key: String,
    /// Its name.
    pub name: Text,
    /// How many.
    pub counts: super::Counts,
}

fn summary(tx: &mut Tx<'_>, call: &Call, _: Empty) -> Result<OrderSummary, Refusal> {
    let tallies = super::tally::read(tx)?;
    let rows = |of: &std::collections::BTreeMap<String, super::Counts>, name: &dyn Fn(&str) -> Text| {
        of.iter().map(|(key, counts)| CountRow { key: key.clone(), name: name(key), counts: *counts }).collect()
    };
    let mut names = std::collections::BTreeMap::new();
    for code in tallies.areas.keys() {
        names.insert(code.clone(), crate::names::area(tx, AreaId(code.parse().unwrap_or_default()))?);
    }
    Ok(OrderSummary {
        all: tallies.all,
        task_forces: rows(&tallies.task_forces, &|key| crate::names::task_force(&call.rules, key)),
        areas: rows(&tallies.areas, &|key| names.get(key).cloned().unwrap_or_else(|| Text::new(key, key))),
        kinds: rows(&tallies.kinds, &|key| kinds::title(&call.rules, key)),
        conflicts_open: conflicts::open_count(tx)?,
    })
}

/// The playbook's kinds as JSON, with the keys of the files.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct OrderKinds {
    /// By key.
    #[schema(value_type = Vec<Object>)]
    pub kinds: Vec<serde_json::Value>,
}

fn kinds_of_orders(_: &mut Tx<'_>, call: &Call, _: Empty) -> Result<OrderKinds, Refusal> {
    let kinds = call.rules.playbook.kinds.values().map(|kind| serde_json::to_value(kind).unwrap_or_default());
    Ok(OrderKinds { kinds: kinds.collect() })
}

/// Issues an order by hand.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct IssueOrder {
    /// Its key: while an order with this key is open, that one is answered.
    pub key: String,
    /// A kind of the playbook.
    pub kind: String,
    /// What it is about.
    pub subject: Subject,
    /// Where it is done.
    pub area: AreaId,
    /// Task force; absent = the kind's own.
    #[serde(default)]
    pub task_force: Option<String>,
    /// Team.
    #[serde(default)]
    pub team: Option<TeamId>,
    /// When it is due; absent = as the kind says.
    #[serde(default)]
    pub deadline_at: Option<Timestamp>,
    /// Why it exists.
    pub because: Text,
    /// The clause it rests on.
    #[serde(default)]
    pub clause: Option<String>,
    /// The fact that caused it.
    #[serde(default)]
    pub cause: Option<Seq>,
    /// What whoever does it must know.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub form: Form,
}

fn issue(unit: &mut Unit<'_>, call: &Call, request: IssueOrder) -> Result<OrderRef, Refusal> {
    call.covers(request.area)?;
    crate::names::near(unit.tx(), call, &request.subject)?;
    known_task_force(call, request.task_force.as_deref())?;
    let task_force = own_task_force(call, request.task_force)?;
    if let Some(deadline_at) = request.deadline_at.filter(|at| *at <= call.now) {
        return Err(OrdersError::Past { field: "deadline_at", value: deadline_at, now: call.now }.into());
    }
    let order = verbs::issue(
        unit,
        call,
        NewOrder {
            key: request.key,
            kind: request.kind,
            subject: request.subject,
            area: request.area,
            task_force,
            team: request.team,
            deadline_at: request.deadline_at,
            because: request.because,
            clause: request.clause,
            cause: request.cause,
            form: request.form,
        },
    )?;
    Ok(OrderRef { order })
}

/// Whoever belongs to a task force issues orders to it, and to no other.
fn own_task_force(call: &Call, asked: Option<String>) -> Result<Option<String>, OrdersError> {
    match (&call.actor.task_force, asked) {
        (None, asked) => Ok(asked),
        (Some(own), Some(asked)) if asked != *own => Err(OrdersError::rule(
            "other_task_force",
            "task_force",
            &asked,
            format!("您属于专班 {own},只能向本专班下达任务。"),
            format!("You belong to the task force {own} and issue orders to it alone."),
        )),
        (Some(own), _) => Ok(Some(own.clone())),
    }
}

fn known_task_force(call: &Call, task_force: Option<&str>) -> Result<(), OrdersError> {
    let Some(key) = task_force.filter(|key| call.rules.profile.task_force(key).is_none()) else { return Ok(()) };
    let known = call.rules.profile.task_forces.iter().map(|force| force.key.as_str()).collect::<Vec<_>>().join(", ");
    Err(OrdersError::rule(
        "unknown_task_force",
        "task_force",
        key,
        format!("本辖区没有该专班;可用:{known}。"),
        format!("The jurisdiction has no such task force; it has: {known}."),
    ))
}

/// Passes an order that the actor sees and may use the verb on.
fn may(unit: &mut Unit<'_>, call: &Call, id: OrderId, verb: OrderVerb) -> Result<(), Refusal> {
    let order = visible(store::by_id(unit.tx(), id)?, call, id)?;
    match why_not(call, &order, verb) {
        // A wrong state is refused by the verb itself, which says which steps are open.
        Some(why) if verb.leads_to().is_none_or(|next| order.state.allows(next)) => {
            Err(OrdersError::state("not_now", "order", id, why.zh, why.en).into())
        }
        _ => Ok(()),
    }
}

fn done(answer: Result<(), Refusal>) -> Result<Empty, Refusal> {
    answer.map(|()| Empty {})
}

/// Takes an order.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
pub struct AcceptOrder {
    /// Which.
    pub order: OrderId,
    /// The team that will do it.
    #[serde(default)]
    pub team: Option<TeamId>,
}

fn accept(unit: &mut Unit<'_>, call: &Call, request: AcceptOrder) -> Result<Empty, Refusal> {
    may(unit, call, request.order, OrderVerb::Accept)?;
    done(verbs::accept(unit, call, request.order, request.team))
}

/// An order and the reason for what is done with it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct OrderBecause {
    /// Which.
    pub order: OrderId,
    /// Why.
    pub reason: String,
}

fn decline(unit: &mut Unit<'_>, call: &Call, request: OrderBecause) -> Result<Empty, Refusal> {
    may(unit, call, request.order, OrderVerb::Decline)?;
    done(verbs::decline(unit, call, request.order, &request.reason))
}

fn found_impossible(unit: &mut Unit<'_>, call: &Call, request: OrderBecause) -> Result<Empty, Refusal> {
    may(unit, call, request.order, OrderVerb::FoundImpossible)?;
    done(verbs::found_impossible(unit, call, request.order, &request.reason))
}

fn fail_verification(unit: &mut Unit<'_>, call: &Call, request: OrderBecause) -> Result<Empty, Refusal> {
    may(unit, call, request.order, OrderVerb::FailVerification)?;
    done(verbs::fail_verification(unit, call, request.order, &request.reason))
}

fn cancel(unit: &mut Unit<'_>, call: &Call, request: OrderBecause) -> Result<Empty, Refusal> {
    may(unit, call, request.order, OrderVerb::Cancel)?;
    let order = visible(store::by_id(unit.tx(), request.order)?, call, request.order)?;
    if !order.state.allows(OrderState::Cancelled) {
        return Err(OrdersError::Step { order: order.id, from: order.state, to: OrderState::Cancelled }.into());
    }
    done(verbs::cancel(unit, call, request.order, &request.reason))
}

fn verify(unit: &mut Unit<'_>, call: &Call, request: OrderRef) -> Result<Empty, Refusal> {
    may(unit, call, request.order, OrderVerb::Verify)?;
    done(verbs::verify(unit, call, request.order))
}

/// Progress, or the end of the work.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ReportOrder {
    /// Which.
    pub order: OrderId,
    /// Lines of the checklist ticked now, from 0.
    #[serde(default)]
    pub ticked: BTreeSet<u32>,
    /// Answers to the form's fields given now.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub result: Form,
    /// What is missing and why, where only a part is done.
    #[serde(default)]
    pub reason: Option<String>,
    /// When it really happened; absent = now.
    #[serde(default)]
    pub occurred_at: Option<Timestamp>,
}

impl ReportOrder {
    fn report(self) -> Report {
        Report { ticked: self.ticked.into_iter().collect(), result: self.result, occurred_at: self.occurred_at }
    }
}

fn progress(unit: &mut Unit<'_>, call: &Call, request: ReportOrder) -> Result<Empty, Refusal> {
    may(unit, call, request.order, OrderVerb::Progress)?;
    done(verbs::progress(unit, call, request.order, request.report()))
}

fn finish(unit: &mut Unit<'_>, call: &Call, request: ReportOrder) -> Result<Empty, Refusal> {
    may(unit, call, request.order, OrderVerb::Finish)?;
    done(verbs::finish(unit, call, request.order, request.report()))
}

fn finish_partly(unit: &mut Unit<'_>, call: &Call, request: ReportOrder) -> Result<Empty, Refusal> {
    may(unit, call, request.order, OrderVerb::FinishPartly)?;
    let reason = request.reason.clone().unwrap_or_default();
    done(verbs::finish_partly(unit, call, request.order, &reason, request.report()))
}

/// Gives an order to another owner: a team, a task force, or neither, which is the command.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ReassignOrder {
    /// Which.
    pub order: OrderId,
    /// To whom.
    pub owner: Owner,
    /// Why.
    pub reason: String,
}

fn reassign(unit: &mut Unit<'_>, call: &Call, request: ReassignOrder) -> Result<Empty, Refusal> {
    may(unit, call, request.order, OrderVerb::Reassign)?;
    let known = visible(store::by_id(unit.tx(), request.order)?, call, request.order)?;
    let (task_force, team) = match request.owner {
        Owner::Team(team) => (known.task_force, Some(team)),
        Owner::TaskForce(force) => (Some(force), None),
        Owner::Command => (None, None),
    };
    known_task_force(call, task_force.as_deref())?;
    done(verbs::reassign(unit, call, request.order, task_force, team, &request.reason))
}

/// Gives an order another deadline.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct MoveDeadline {
    /// Which.
    pub order: OrderId,
    /// The new deadline.
    pub deadline_at: Timestamp,
    /// Why.
    pub reason: String,
}

fn move_deadline(unit: &mut Unit<'_>, call: &Call, request: MoveDeadline) -> Result<Empty, Refusal> {
    may(unit, call, request.order, OrderVerb::MoveDeadline)?;
    done(verbs::move_deadline(unit, call, request.order, request.deadline_at, &request.reason))
}
