//! What happens to orders. One struct per kind of fact; who and when stand in the journal's entry.

use outpace_core::{AreaId, OrderId, Role, Seq, TeamId, Text, Timestamp};

use super::model::Form;
use crate::Subject;

facts! {
    /// An order was issued.
    OrderIssued = "orders.order_issued" {
        /// Its number.
        order: OrderId,
        /// Its idempotency key.
        key: String,
        /// Its kind.
        kind: String,
        /// What it is about.
        subject: Subject,
        /// Where.
        area: AreaId,
        /// The task force that answers for it.
        task_force: Option<String>,
        /// The team that does it.
        team: Option<TeamId>,
        /// When it is due.
        deadline_at: Timestamp,
        /// Minutes between two steps of escalation.
        escalation_minutes: u32,
        /// Whether somebody else must verify it.
        verify: bool,
        /// Why it exists.
        because: Text,
        /// The clause it rests on.
        clause: Option<String>,
        /// The fact that caused it.
        cause: Option<Seq>,
        /// What was given with it.
        form: Form,
    }
    /// An order was taken, perhaps with the team that will do it.
    OrderAccepted = "orders.order_accepted" {
        /// Which.
        order: OrderId,
        /// The team, where the one who accepts names it.
        team: Option<TeamId>,
    }
    /// An order was given back before work began.
    OrderDeclined = "orders.order_declined" {
        /// Which.
        order: OrderId,
        /// Why.
        reason: String,
    }
    /// Lines of the checklist were ticked, or something was noted on the way.
    OrderProgressed = "orders.order_progressed" {
        /// Which.
        order: OrderId,
        /// Lines ticked now.
        ticked: Vec<u32>,
        /// Answers given now.
        result: Form,
    }
    /// An order was reported as done.
    OrderDone = "orders.order_done" {
        /// Which.
        order: OrderId,
        /// Lines ticked now.
        ticked: Vec<u32>,
        /// Answers given now.
        result: Form,
    }
    /// Some of an order was reported as done.
    OrderPartlyDone = "orders.order_partly_done" {
        /// Which.
        order: OrderId,
        /// What is missing and why.
        reason: String,
        /// Lines ticked now.
        ticked: Vec<u32>,
        /// Answers given now.
        result: Form,
    }
    /// An order turned out to be impossible.
    OrderFoundImpossible = "orders.order_found_impossible" {
        /// Which.
        order: OrderId,
        /// Why.
        reason: String,
    }
    /// Somebody else looked and agreed.
    OrderVerified = "orders.order_verified" {
        /// Which.
        order: OrderId,
    }
    /// Somebody else looked and disagreed; work is owed again.
    OrderFailedVerification = "orders.order_failed_verification" {
        /// Which.
        order: OrderId,
        /// What was wrong.
        reason: String,
    }
    /// An order got another owner.
    OrderReassigned = "orders.order_reassigned" {
        /// Which.
        order: OrderId,
        /// The task force that answers for it now.
        task_force: Option<String>,
        /// The team that does it now.
        team: Option<TeamId>,
        /// Why.
        reason: String,
    }
    /// An order is no longer wanted.
    OrderCancelled = "orders.order_cancelled" {
        /// Which.
        order: OrderId,
        /// Why.
        reason: String,
    }
    /// An order got another deadline.
    OrderDeadlineMoved = "orders.order_deadline_moved" {
        /// Which.
        order: OrderId,
        /// The new deadline.
        deadline_at: Timestamp,
        /// Why.
        reason: String,
    }
    /// A deadline passed while work was owed. Once for each deadline.
    OrderBecameOverdue = "orders.order_became_overdue" {
        /// Which.
        order: OrderId,
        /// The deadline that passed.
        deadline_at: Timestamp,
    }
    /// The next one up was told of an overdue order.
    OrderEscalated = "orders.order_escalated" {
        /// Which.
        order: OrderId,
        /// Step of the ladder, from 1.
        level: u32,
        /// Who was told.
        to: Role,
    }
}
