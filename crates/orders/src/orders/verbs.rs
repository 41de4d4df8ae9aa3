//! What can be done with an order. Each verb is one step of the table, or is refused with the steps that are open.
//!
//! These functions do not ask where the actor's area lies: the response calls them for everyone. The routes do.

use outpace_access::Call;
use outpace_core::{ActorKind, AreaLevel, OrderId, Refusal, TeamId, Timestamp};
use outpace_store::Unit;

use super::facts::{
    OrderAccepted, OrderCancelled, OrderDeadlineMoved, OrderDeclined, OrderDone, OrderFailedVerification,
    OrderFoundImpossible, OrderIssued, OrderPartlyDone, OrderProgressed, OrderReassigned, OrderVerified,
};
use super::model::{Form, NewOrder, Order, OrderState};
use super::{effects, store};
use crate::conflicts::clock_ahead;
use crate::errors::{OrdersError, SHORT_CHARACTERS_MAX, is_area, said};
use crate::{Subject, kinds, teams};

/// What is handed in with progress, a part or the whole of the work.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Lines of the checklist ticked now, from 0.
    pub ticked: Vec<u32>,
    /// Answers to the form's fields given now.
    pub result: Form,
    /// When it really happened, if it is reported later.
    pub occurred_at: Option<Timestamp>,
}

/// Issues an order. While one with the same key is not closed, answers that one and records nothing.
///
/// # Errors
/// An empty key, a number that is no area, an unknown team, a kind that the playbook lacks or that is about something
/// else.
pub fn issue(unit: &mut Unit<'_>, call: &Call, new: NewOrder) -> Result<OrderId, Refusal> {
    said("key", &new.key, SHORT_CHARACTERS_MAX)?;
    said("kind", &new.kind, SHORT_CHARACTERS_MAX)?;
    is_area(new.area)?;
    if let Some(known) = store::by_key(unit.tx(), &new.key)?.filter(|order| !order.is_closed()) {
        return Ok(known.id);
    }
    if let Some(team) = new.team {
        teams::load(unit, team)?;
    }
    let terms = kinds::terms(&call.rules, &new.kind, &new.subject, new.task_force.as_deref())?;
    let order = OrderId(unit.next(OrderId::COUNTER)?);
    unit.record(OrderIssued {
        order,
        key: new.key,
        kind: terms.key,
        subject: new.subject,
        area: new.area,
        task_force: terms.task_force,
        team: new.team,
        deadline_at: new.deadline_at.unwrap_or_else(|| call.now.plus_minutes(terms.minutes)),
        escalation_minutes: terms.escalation_minutes,
        verify: terms.verify,
        because: new.because,
        clause: new.clause.or(terms.clause),
        cause: new.cause,
        form: new.form,
    })?;
    Ok(order)
}

fn load(unit: &mut Unit<'_>, order: OrderId) -> Result<Order, Refusal> {
    Ok(store::by_id(unit.tx(), order)?.ok_or_else(|| OrdersError::unknown("order", order))?)
}

/// The order, if it may go to the next state.
fn stepping(unit: &mut Unit<'_>, order: OrderId, to: OrderState) -> Result<Order, Refusal> {
    let order = load(unit, order)?;
    if !order.state.allows(to) || (to == OrderState::FailedVerification && order.is_closed()) {
        return Err(OrdersError::Step { order: order.id, from: order.state, to }.into());
    }
    Ok(order)
}

/// Takes an order, perhaps naming the team that will do it.
///
/// # Errors
/// An unknown order, a step that the table does not have, a team that is unknown, dissolved or resting.
pub fn accept(unit: &mut Unit<'_>, call: &Call, order: OrderId, team: Option<TeamId>) -> Result<(), Refusal> {
    stepping(unit, order, OrderState::Accepted)?;
    if let Some(team) = team {
        teams::fit_for_work(unit, call, team)?;
    }
    unit.record(OrderAccepted { order, team })?;
    Ok(())
}

/// Gives an order back before work began (退单).
///
/// # Errors
/// An unknown order, a step that the table does not have, no reason.
pub fn decline(unit: &mut Unit<'_>, _: &Call, order: OrderId, reason: &str) -> Result<(), Refusal> {
    said("reason", reason, SHORT_CHARACTERS_MAX)?;
    stepping(unit, order, OrderState::Declined)?;
    unit.record(OrderDeclined { order, reason: reason.to_owned() })?;
    Ok(())
}

/// Ticks lines and notes answers on the way, without changing the state.
///
/// # Errors
/// An unknown order, one that nobody works on, answers that the form does not know.
pub fn progress(unit: &mut Unit<'_>, call: &Call, order: OrderId, report: Report) -> Result<(), Refusal> {
    let known = load(unit, order)?;
    if !matches!(known.state, OrderState::Accepted | OrderState::PartlyDone) {
        return Err(OrdersError::Step { order, from: known.state, to: OrderState::PartlyDone }.into());
    }
    kinds::check_answers(&call.rules, &known, &report)?;
    let at = report.occurred_at.unwrap_or(call.now);
    let seq = unit.record_at(OrderProgressed { order, ticked: report.ticked, result: report.result }, at)?;
    clock_ahead(unit, call, Subject::Order(order), known.area, at, seq)
}

/// Reports an order as done.
///
/// # Errors
/// An unknown order, a step that the table does not have, an unticked line, a missing or wrong answer.
pub fn finish(unit: &mut Unit<'_>, call: &Call, order: OrderId, report: Report) -> Result<(), Refusal> {
    let known = stepping(unit, order, OrderState::Done)?;
    kinds::check_answers(&call.rules, &known, &report)?;
    kinds::check_complete(&call.rules, &known, &report)?;
    let at = report.occurred_at.unwrap_or(call.now);
    let Report { ticked, result, .. } = report;
    let seq = unit.record_at(OrderDone { order, ticked, result: result.clone() }, at)?;
    clock_ahead(unit, call, Subject::Order(order), known.area, at, seq)?;
    close_escalation(unit, &known)?;
    effects::apply(unit, call, &known, &result)
}

/// The key of the order that asks why orders of a kind are overdue in a township. A thousand late door visits are one
/// question, not a thousand.
pub(super) fn escalation_key(order: &Order) -> String {
    format!("overdue:{}:{}", order.kind, order.area.at(AreaLevel::Township).unwrap_or(order.area))
}

/// Once the last of its like is no longer overdue, nobody needs to ask any more why it was late.
fn close_escalation(unit: &mut Unit<'_>, order: &Order) -> Result<(), Refusal> {
    if order.escalation_level == 0 || store::overdue_alike(unit.tx(), order)? > 0 {
        return Ok(());
    }
    let asked = store::by_key(unit.tx(), &escalation_key(order))?;
    if let Some(asked) = asked.filter(|asked| asked.state.allows(OrderState::Cancelled)) {
        let reason = "none of these orders is overdue any more".to_owned();
        unit.record(OrderCancelled { order: asked.id, reason })?;
    }
    Ok(())
}

/// Reports some of an order as done, saying what is missing and why.
///
/// # Errors
/// An unknown order, a step that the table does not have, no reason, answers that the form does not know.
pub fn finish_partly(
    unit: &mut Unit<'_>,
    call: &Call,
    order: OrderId,
    reason: &str,
    report: Report,
) -> Result<(), Refusal> {
    said("reason", reason, SHORT_CHARACTERS_MAX)?;
    let known = stepping(unit, order, OrderState::PartlyDone)?;
    kinds::check_answers(&call.rules, &known, &report)?;
    let at = report.occurred_at.unwrap_or(call.now);
    let reason = reason.to_owned();
    let seq = unit.record_at(OrderPartlyDone { order, reason, ticked: report.ticked, result: report.result }, at)?;
    clock_ahead(unit, call, Subject::Order(order), known.area, at, seq)
}

/// Reports that an order turned out to be impossible.
///
/// # Errors
/// An unknown order, a step that the table does not have, no reason.
pub fn found_impossible(unit: &mut Unit<'_>, _: &Call, order: OrderId, reason: &str) -> Result<(), Refusal> {
    said("reason", reason, SHORT_CHARACTERS_MAX)?;
    stepping(unit, order, OrderState::CannotBeDone)?;
    unit.record(OrderFoundImpossible { order, reason: reason.to_owned() })?;
    Ok(())
}

/// Looks at what was done and agrees. Not by the one who did it.
///
/// # Errors
/// An unknown order, a step that the table does not have, the same person as the one who reported it.
pub fn verify(unit: &mut Unit<'_>, call: &Call, order: OrderId) -> Result<(), Refusal> {
    let known = stepping(unit, order, OrderState::Verified)?;
    not_the_doer(call, &known)?;
    unit.record(OrderVerified { order })?;
    Ok(())
}

/// Looks at what was done and disagrees: work is owed again.
///
/// # Errors
/// As [`verify`], and no reason.
pub fn fail_verification(unit: &mut Unit<'_>, call: &Call, order: OrderId, reason: &str) -> Result<(), Refusal> {
    said("reason", reason, SHORT_CHARACTERS_MAX)?;
    let known = stepping(unit, order, OrderState::FailedVerification)?;
    not_the_doer(call, &known)?;
    unit.record(OrderFailedVerification { order, reason: reason.to_owned() })?;
    Ok(())
}

fn not_the_doer(call: &Call, order: &Order) -> Result<(), OrdersError> {
    if order.done_by != Some(call.actor.id) || call.actor.kind == ActorKind::System {
        return Ok(());
    }
    Err(OrdersError::state(
        "own_work",
        "order",
        order.id,
        "不能核验自己完成的任务,请由他人核验。",
        "One cannot verify one's own work; somebody else must look.",
    ))
}

/// Gives an order to another owner. Without team and task force it falls to the command.
///
/// # Errors
/// An unknown order, a step that the table does not have, no reason, a team that may not be given work.
pub fn reassign(
    unit: &mut Unit<'_>,
    call: &Call,
    order: OrderId,
    task_force: Option<String>,
    team: Option<TeamId>,
    reason: &str,
) -> Result<(), Refusal> {
    said("reason", reason, SHORT_CHARACTERS_MAX)?;
    stepping(unit, order, OrderState::Reassigned)?;
    if let Some(team) = team {
        teams::fit_for_work(unit, call, team)?;
    }
    unit.record(OrderReassigned { order, task_force, team, reason: reason.to_owned() })?;
    Ok(())
}

/// Gives a pending order another deadline.
///
/// # Errors
/// An unknown or finished order, a deadline in the past, no reason.
pub fn move_deadline(
    unit: &mut Unit<'_>,
    call: &Call,
    order: OrderId,
    deadline_at: Timestamp,
    reason: &str,
) -> Result<(), Refusal> {
    said("reason", reason, SHORT_CHARACTERS_MAX)?;
    let known = load(unit, order)?;
    if !known.state.is_pending() {
        return Err(OrdersError::Step { order, from: known.state, to: OrderState::Reassigned }.into());
    }
    if deadline_at <= call.now {
        return Err(OrdersError::Past { field: "deadline_at", value: deadline_at, now: call.now }.into());
    }
    unit.record(OrderDeadlineMoved { order, deadline_at, reason: reason.to_owned() })?;
    close_escalation(unit, &known)
}

/// Cancels an order that is no longer wanted. One that is done or cancelled already stays as it is, without an error:
/// whoever calls this wants it not to be done, and it is not going to be.
///
/// # Errors
/// An unknown order, no reason.
pub fn cancel(unit: &mut Unit<'_>, _: &Call, order: OrderId, reason: &str) -> Result<(), Refusal> {
    said("reason", reason, SHORT_CHARACTERS_MAX)?;
    let known = load(unit, order)?;
    if known.state.allows(OrderState::Cancelled) {
        unit.record(OrderCancelled { order, reason: reason.to_owned() })?;
        close_escalation(unit, &known)?;
    }
    Ok(())
}

/// Finishes an order because what it asks for was seen to have happened (the result came in, the conflict was
/// settled): takes it if nobody has, ticks every line. Nothing happens to one that is not pending.
///
/// # Errors
/// An unknown order.
pub fn complete(unit: &mut Unit<'_>, call: &Call, order: OrderId, result: Form) -> Result<(), Refusal> {
    let known = load(unit, order)?;
    if !known.state.is_pending() {
        return Ok(());
    }
    if !known.state.allows(OrderState::Done) {
        if !known.state.allows(OrderState::Accepted) {
            let (task_force, team) = (known.task_force.clone(), known.team);
            let reason = "completed by what was observed".to_owned();
            unit.record(OrderReassigned { order, task_force, team, reason })?;
        }
        unit.record(OrderAccepted { order, team: None })?;
    }
    let lines = kinds::checklist(&call.rules, &known.kind).len();
    let ticked = (0_u32..).take(lines).collect();
    unit.record(OrderDone { order, ticked, result: result.clone() })?;
    close_escalation(unit, &known)?;
    effects::apply(unit, call, &known, &result)
}
