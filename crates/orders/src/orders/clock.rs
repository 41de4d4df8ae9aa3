//! What happens to orders by itself: deadlines that pass, and the next one up who is told.

use std::collections::BTreeMap;

use outpace_access::Call;
use outpace_core::{Refusal, Role, Text};
use outpace_policy::{OrderTrigger, SubjectKind};
use outpace_store::Unit;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::facts::{OrderBecameOverdue, OrderEscalated};
use super::model::{Form, NewOrder, Order};
use super::verbs::{escalation_key, issue};
use super::{rules, store};
use crate::errors::role_word;
use crate::notices::{self, Audience, NewNotice};
use crate::{Subject, command, kinds, teams};

/// Orders looked at in one tick; the next tick goes on where this one ended.
pub const TICK_ORDERS_MAX: i64 = 5_000;

/// What a tick found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = OrdersTicked)]
pub struct Ticked {
    /// Deadlines of orders that were found to have passed.
    pub overdue: usize,
    /// Steps of escalation that were taken.
    pub escalated: usize,
    /// Messages that nobody confirmed in time.
    pub unanswered: usize,
    /// Shifts that ran out.
    pub shifts_ended: usize,
    /// Targets that were not cleared by their day.
    pub targets_missed: usize,
    /// Whether there was more than one tick may do.
    pub more: bool,
}

/// Marks deadlines that have passed, each once, and tells the next one up of what stays undone. Doing it twice at the
/// same moment changes nothing.
///
/// # Errors
/// What the store refused.
pub fn tick(unit: &mut Unit<'_>, call: &Call) -> Result<Ticked, Refusal> {
    let mut ticked = Ticked::default();
    let mut told: BTreeMap<Role, Vec<Order>> = BTreeMap::new();
    // Each pass takes an order one step further; the ladder is short, so the passes are few.
    for _ in 0..=rules::LADDER.len() {
        let orders = store::due(unit.tx(), call.now, TICK_ORDERS_MAX)?;
        if orders.is_empty() {
            break;
        }
        ticked.more = orders.len() as i64 == TICK_ORDERS_MAX;
        for order in orders {
            if order.overdue_at.is_none() {
                unit.record(OrderBecameOverdue { order: order.id, deadline_at: order.deadline_at })?;
                ticked.overdue += 1;
            } else if let Some((level, to)) = rules::next_step(&order) {
                unit.record(OrderEscalated { order: order.id, level, to })?;
                if to == Role::Deputy {
                    ask_why(unit, call, &order)?;
                }
                told.entry(to).or_default().push(order);
                ticked.escalated += 1;
            }
        }
    }
    for (role, orders) in told {
        notices::publish(unit, call, escalation(call, role, &orders))?;
    }
    ticked.unanswered = notices::tick(unit, call)?;
    ticked.shifts_ended = teams::tick(unit, call)?;
    ticked.targets_missed = command::tick(unit, call)?;
    Ok(ticked)
}

/// Opens the order to find out why orders of this kind are late in this township; not about such an order itself, or there were no end of it.
fn ask_why(unit: &mut Unit<'_>, call: &Call, order: &Order) -> Result<(), Refusal> {
    let started = call.rules.playbook.started_by(OrderTrigger::OrderOverdue);
    let about_orders = started.filter(|kind| kind.subject == SubjectKind::Order);
    let started: Vec<String> = about_orders.map(|kind| kind.key.clone()).collect();
    if started.contains(&order.kind) {
        return Ok(());
    }
    for kind in started {
        let title = kinds::title(&call.rules, &order.kind);
        issue(
            unit,
            call,
            NewOrder {
                key: escalation_key(order),
                kind,
                subject: Subject::Order(order.id),
                area: order.area,
                task_force: None,
                team: None,
                deadline_at: None,
                because: Text::new(
                    format!("“{}”任务超时未完成,首项为任务单 {}。", title.zh, order.id),
                    format!("Orders \"{}\" are overdue and not done; the first is order {}.", title.en, order.id),
                ),
                clause: None,
                cause: None,
                form: Form::new(),
            },
        )?;
    }
    Ok(())
}

fn escalation(call: &Call, role: Role, orders: &[Order]) -> NewNotice {
    /// Orders named one by one in a message; the rest are counted.
    const NAMED_MAX: usize = 20;
    let count = orders.len();
    let titles = orders.iter().take(NAMED_MAX).map(|order| (order.id, kinds::title(&call.rules, &order.kind)));
    let (zh, en): (Vec<_>, Vec<_>) =
        titles.map(|(id, title)| (format!("{id} {}", title.zh), format!("{id} {}", title.en))).unzip();
    NewNotice {
        key: None,
        kind: "orders_overdue".to_owned(),
        audience: Audience::Receivers(vec![role_word(role)]),
        area: call.rules.profile.area,
        title: Text::new(format!("{count} 项任务超时"), format!("{count} orders are overdue")),
        body: Text::new(format!("超时未完成:{}", zh.join(";")), format!("Overdue and not done: {}", en.join("; "))),
        reference: Subject::None,
        clause: None,
        deadline_at: None,
    }
}
