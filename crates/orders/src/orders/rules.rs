//! Pure rules of orders: when the clock must look at one again, and whom an overdue one is told.

use outpace_core::{Role, Timestamp};

use super::model::Order;

/// Whom an overdue order is told, step by step: who leads the work, who decides in the commander's stead, who decides.
pub const LADDER: [Role; 3] = [Role::TaskForceHead, Role::Deputy, Role::Commander];

/// The next moment after which something about this order is due to happen by itself; `None` when nothing is.
///
/// While work is owed that is first its deadline, then one step of the [`LADDER`] after each `escalation_minutes`.
#[must_use]
pub fn look_again_at(order: &Order) -> Option<Timestamp> {
    if !order.state.is_pending() {
        return None;
    }
    if order.overdue_at.is_none() {
        return Some(order.deadline_at);
    }
    next_step(order).map(|_| {
        let minutes = i64::from(order.escalation_level + 1) * i64::from(order.escalation_minutes);
        order.deadline_at.plus_minutes(minutes)
    })
}

/// The next step of the ladder for an overdue order, with its number from 1; `None` at the top.
#[must_use]
pub fn next_step(order: &Order) -> Option<(u32, Role)> {
    let at = usize::try_from(order.escalation_level).ok()?;
    LADDER.get(at).map(|role| (order.escalation_level + 1, *role))
}
