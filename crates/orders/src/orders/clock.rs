//! What happens to orders by itself: deadlines that pass, and the next one up who is told.

use std::collections::BTreeMap;

use outpace_access::Call;
use outpace_core::{AreaId, Refusal, Role, Text};
use outpace_store::Unit;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::facts::{OrderBecameOverdue, OrderEscalated};
use super::{rules, store};
use crate::Subject;
use crate::errors::role_word;
use crate::notices::{self, Audience, NewNotice};

/// Orders looked at in one tick; the next tick goes on where this one ended.
pub const TICK_ORDERS_MAX: i64 = 5_000;

/// What a tick found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Ticked {
    /// Deadlines of orders that were found to have passed.
    pub overdue: usize,
    /// Steps of escalation that were taken.
    pub escalated: usize,
    /// Messages that nobody confirmed in time.
    pub unanswered: usize,
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
    let mut told: BTreeMap<Role, Vec<String>> = BTreeMap::new();
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
                told.entry(to).or_default().push(format!("{} {}", order.id, order.kind));
                ticked.escalated += 1;
            }
        }
    }
    for (role, orders) in told {
        notices::publish(unit, call, escalation(call.actor.area, role, &orders))?;
    }
    ticked.unanswered = notices::tick(unit, call)?;
    Ok(ticked)
}

fn escalation(area: AreaId, role: Role, orders: &[String]) -> NewNotice {
    /// Orders named one by one in a message; the rest are counted.
    const NAMED_MAX: usize = 20;
    let count = orders.len();
    let named = orders.iter().take(NAMED_MAX).cloned().collect::<Vec<_>>().join("; ");
    NewNotice {
        key: None,
        kind: "orders_overdue".to_owned(),
        audience: Audience::Receivers(vec![role_word(role)]),
        area,
        title: Text::new(format!("{count} 项任务超时"), format!("{count} orders are overdue")),
        body: Text::new(format!("超时未完成:{named}"), format!("Overdue and not done: {named}")),
        reference: Subject::None,
        clause: None,
        deadline_at: None,
    }
}
