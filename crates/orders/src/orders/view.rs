//! An order as people see it: with names, the checklist, how late it is, and what may be done with it now.

use outpace_access::Call;
use outpace_core::time::MINUTE_MS;
use outpace_core::{Refusal, Text};
use outpace_store::Tx;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::actions::{Action, actions};
use super::model::{Order, Owner};
use crate::{kinds, names};

/// One line of a checklist.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CheckLine {
    /// What is to be done.
    pub text: Text,
    /// Whether it is.
    pub ticked: bool,
}

/// An order with what a screen needs beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OrderView {
    /// The order.
    pub order: Order,
    /// The name of its kind.
    pub title: Text,
    /// The name of its state.
    pub state_name: Text,
    /// Who answers for it now.
    pub owner: Owner,
    /// The owner's name.
    pub owner_name: Text,
    /// The area's name.
    pub area_name: Text,
    /// Minutes past the deadline while work is owed; negative while there is time left; absent when nothing is owed.
    pub overdue_minutes: Option<i64>,
    /// The checklist.
    pub checklist: Vec<CheckLine>,
    /// What may be done with it now, and why not.
    pub actions: Vec<Action>,
}

/// Makes the view of an order.
///
/// # Errors
/// What the store refused.
pub fn view(tx: &mut Tx<'_>, call: &Call, order: Order) -> Result<OrderView, Refusal> {
    let owner = order.owner();
    let checklist = (0_u32..)
        .zip(kinds::checklist(&call.rules, &order.kind))
        .map(|(line, text)| CheckLine { text, ticked: order.ticked.contains(&line) })
        .collect();
    Ok(OrderView {
        title: kinds::title(&call.rules, &order.kind),
        state_name: order.state.name(),
        owner_name: names::owner(tx, &call.rules, &owner)?,
        owner,
        area_name: names::area(tx, order.area)?,
        overdue_minutes: order.state.is_pending().then(|| call.now.since(order.deadline_at).div_euclid(MINUTE_MS)),
        checklist,
        actions: actions(call, &order),
        order,
    })
}
