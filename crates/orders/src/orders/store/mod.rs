//! All SQL of orders. Here: how their facts fold into one row per order, a tally per owner, area and kind, and a short
//! list of the moments at which the clock must look at an order again. In `read`: how orders are read back.

use std::collections::BTreeMap;

use outpace_core::{AreaLevel, OrderId};
use outpace_store::{Capability, Entry, Result, StoreError, Tx, values};

use super::facts::{
    OrderAccepted, OrderBecameOverdue, OrderCancelled, OrderDeadlineMoved, OrderDeclined, OrderDone, OrderEscalated,
    OrderFailedVerification, OrderFoundImpossible, OrderIssued, OrderPartlyDone, OrderProgressed, OrderReassigned,
    OrderVerified,
};
use super::model::{Form, Order, OrderState};
use super::rules;
use crate::words::{json, word};

/// The tables of orders. `work_order`, because ORDER is a word of SQL.
pub(crate) const SCHEMA: &str = "
CREATE TABLE work_order (
  j BIGINT NOT NULL, id BIGINT NOT NULL, key TEXT NOT NULL, kind TEXT NOT NULL,
  subject_kind TEXT NOT NULL, subject_id TEXT NOT NULL, area BIGINT NOT NULL, task_force TEXT, team BIGINT,
  state TEXT NOT NULL, deadline_at BIGINT NOT NULL, because TEXT NOT NULL, clause TEXT, cause BIGINT,
  form TEXT NOT NULL, result TEXT NOT NULL, ticked TEXT NOT NULL, reason TEXT, verify BIGINT NOT NULL,
  issued_at BIGINT NOT NULL, issued_by BIGINT NOT NULL, accepted_at BIGINT, accepted_by BIGINT,
  done_at BIGINT, done_by BIGINT, closed_at BIGINT, overdue_at BIGINT, times_overdue BIGINT NOT NULL,
  escalation_level BIGINT NOT NULL, escalation_minutes BIGINT NOT NULL, PRIMARY KEY (j, id));
CREATE INDEX work_order_open ON work_order (j, id) WHERE closed_at IS NULL;
CREATE INDEX work_order_next ON work_order (j, deadline_at, id) WHERE closed_at IS NULL;
CREATE INDEX work_order_done ON work_order (j, done_at, id) WHERE done_at IS NOT NULL;
CREATE INDEX work_order_subject ON work_order (j, subject_kind, subject_id, id);
CREATE TABLE order_key (j BIGINT NOT NULL, key TEXT NOT NULL, id BIGINT NOT NULL, PRIMARY KEY (j, key));
CREATE TABLE order_due (j BIGINT NOT NULL, at BIGINT NOT NULL, id BIGINT NOT NULL, PRIMARY KEY (j, at, id));
CREATE TABLE order_tally (
  j BIGINT NOT NULL, dimension TEXT NOT NULL, label TEXT NOT NULL, mark TEXT NOT NULL, count BIGINT NOT NULL,
  PRIMARY KEY (j, dimension, label, mark));
";

macro_rules! columns {
    () => {
        "id, key, kind, subject_kind, subject_id, area, task_force, team, state, deadline_at, because, clause, cause,
         form, result, ticked, reason, verify, issued_at, issued_by, accepted_at, accepted_by, done_at, done_by,
         closed_at, overdue_at, times_overdue, escalation_level, escalation_minutes"
    };
}

mod read;

pub(crate) use read::subject;
pub use read::{Filter, about, by_id, by_key, done_since, list, next_due, tallies};
pub(super) use read::{due, overdue_alike};

/// Adds tables and folds of orders to the capability.
pub(crate) fn join(capability: Capability) -> Capability {
    capability
        .table("work_order", "j, id")
        .table("order_key", "j, key")
        .table("order_due", "j, at, id")
        .table("order_tally", "j, dimension, label, mark")
        .fold(|tx, entry, fact: &OrderIssued| fold_issued(tx, entry, fact))
        .fold(|tx, entry, fact: &OrderAccepted| {
            change(tx, fact.order, |order| {
                order.team = fact.team.or(order.team);
                order.accepted_at = Some(entry.occurred_at);
                order.accepted_by = Some(entry.actor);
                go(order, OrderState::Accepted, None, entry);
            })
        })
        .fold(|tx, entry, fact: &OrderDeclined| {
            change(tx, fact.order, |order| go(order, OrderState::Declined, Some(&fact.reason), entry))
        })
        .fold(|tx, _, fact: &OrderProgressed| change(tx, fact.order, |order| report(order, &fact.ticked, &fact.result)))
        .fold(|tx, entry, fact: &OrderDone| {
            change(tx, fact.order, |order| {
                report(order, &fact.ticked, &fact.result);
                order.done_at = Some(entry.occurred_at);
                order.done_by = Some(entry.actor);
                go(order, OrderState::Done, None, entry);
            })
        })
        .fold(|tx, entry, fact: &OrderPartlyDone| {
            change(tx, fact.order, |order| {
                report(order, &fact.ticked, &fact.result);
                go(order, OrderState::PartlyDone, Some(&fact.reason), entry);
            })
        })
        .fold(|tx, entry, fact: &OrderFoundImpossible| {
            change(tx, fact.order, |order| go(order, OrderState::CannotBeDone, Some(&fact.reason), entry))
        })
        .fold(|tx, entry, fact: &OrderVerified| {
            change(tx, fact.order, |order| go(order, OrderState::Verified, None, entry))
        })
        .fold(|tx, entry, fact: &OrderFailedVerification| {
            change(tx, fact.order, |order| go(order, OrderState::FailedVerification, Some(&fact.reason), entry))
        })
        .fold(|tx, entry, fact: &OrderReassigned| {
            change(tx, fact.order, |order| {
                order.task_force.clone_from(&fact.task_force);
                order.team = fact.team;
                go(order, OrderState::Reassigned, Some(&fact.reason), entry);
            })
        })
        .fold(|tx, entry, fact: &OrderCancelled| {
            change(tx, fact.order, |order| go(order, OrderState::Cancelled, Some(&fact.reason), entry))
        })
        .fold(|tx, _, fact: &OrderDeadlineMoved| {
            change(tx, fact.order, |order| {
                order.deadline_at = fact.deadline_at;
                order.overdue_at = None;
                order.escalation_level = 0;
            })
        })
        .fold(|tx, entry, fact: &OrderBecameOverdue| {
            change(tx, fact.order, |order| {
                order.overdue_at = Some(entry.recorded_at);
                order.times_overdue += 1;
            })
        })
        .fold(|tx, _, fact: &OrderEscalated| change(tx, fact.order, |order| order.escalation_level = fact.level))
}

fn go(order: &mut Order, next: OrderState, reason: Option<&String>, entry: &Entry) {
    order.state = next;
    order.reason = reason.cloned();
    order.closed_at = next.is_closed(order.verify).then(|| order.closed_at.unwrap_or(entry.recorded_at));
}

fn report(order: &mut Order, ticked: &[u32], result: &Form) {
    order.ticked.extend(ticked);
    order.result.extend(result.iter().map(|(key, value)| (key.clone(), value.clone())));
}

fn fold_issued(tx: &mut Tx<'_>, entry: &Entry, fact: &OrderIssued) -> Result<()> {
    let order = Order {
        id: fact.order,
        key: fact.key.clone(),
        kind: fact.kind.clone(),
        subject: fact.subject.clone(),
        area: fact.area,
        task_force: fact.task_force.clone(),
        team: fact.team,
        state: OrderState::Open,
        deadline_at: fact.deadline_at,
        because: fact.because.clone(),
        clause: fact.clause.clone(),
        cause: fact.cause,
        form: fact.form.clone(),
        result: Form::new(),
        ticked: std::collections::BTreeSet::new(),
        reason: None,
        verify: fact.verify,
        issued_at: entry.recorded_at,
        issued_by: entry.actor,
        accepted_at: None,
        accepted_by: None,
        done_at: None,
        done_by: None,
        closed_at: None,
        overdue_at: None,
        times_overdue: 0,
        escalation_level: 0,
        escalation_minutes: fact.escalation_minutes,
    };
    let j = tx.jurisdiction();
    tx.execute(
        "INSERT INTO order_key (j, key, id) VALUES ($1, $2, $3) ON CONFLICT (j, key) DO UPDATE SET id = excluded.id",
        values![j, &order.key, order.id],
    )?;
    write(tx, &order)?;
    recount(tx, None, &order)?;
    schedule(tx, None, &order)
}

/// Reads an order, changes it, writes it back with its tallies and its place in the clock's list.
fn change(tx: &mut Tx<'_>, id: OrderId, change: impl FnOnce(&mut Order)) -> Result<()> {
    let Some(before) = by_id(tx, id)? else {
        return Err(StoreError::Broken(format!("a fact speaks of order {id}, which was never issued")));
    };
    let mut after = before.clone();
    change(&mut after);
    write(tx, &after)?;
    recount(tx, Some(&before), &after)?;
    schedule(tx, Some(&before), &after)
}

fn write(tx: &mut Tx<'_>, order: &Order) -> Result<()> {
    let j = tx.jurisdiction();
    let (because, form, result) = (json(&order.because)?, json(&order.form)?, json(&order.result)?);
    let (ticked, state, subject) = (json(&order.ticked)?, word(&order.state), order.subject.id());
    tx.execute(
        concat!(
            "INSERT INTO work_order (j, ",
            columns!(),
            ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21,
              $22, $23, $24, $25, $26, $27, $28, $29, $30)
             ON CONFLICT (j, id) DO UPDATE SET task_force = excluded.task_force, team = excluded.team,
              state = excluded.state, deadline_at = excluded.deadline_at, result = excluded.result,
              ticked = excluded.ticked, reason = excluded.reason, accepted_at = excluded.accepted_at,
              accepted_by = excluded.accepted_by, done_at = excluded.done_at, done_by = excluded.done_by,
              closed_at = excluded.closed_at, overdue_at = excluded.overdue_at,
              times_overdue = excluded.times_overdue, escalation_level = excluded.escalation_level"
        ),
        values![
            j,
            order.id,
            &order.key,
            &order.kind,
            order.subject.kind(),
            &subject,
            order.area,
            order.task_force.as_deref(),
            order.team,
            &state,
            order.deadline_at,
            &because,
            order.clause.as_deref(),
            order.cause,
            &form,
            &result,
            &ticked,
            order.reason.as_deref(),
            order.verify,
            order.issued_at,
            order.issued_by,
            order.accepted_at,
            order.accepted_by,
            order.done_at,
            order.done_by,
            order.closed_at,
            order.overdue_at,
            order.times_overdue,
            order.escalation_level,
            order.escalation_minutes
        ],
    )
    .map(|_| ())
}

/// The label of orders without a task force: the commanders themselves answer for them.
pub(crate) const COMMAND: &str = "commanders";

fn labels(order: &Order) -> [(&'static str, String); 3] {
    let area = order.area.at(AreaLevel::Township).unwrap_or(order.area);
    [
        ("task_force", order.task_force.clone().unwrap_or_else(|| COMMAND.to_owned())),
        ("area", area.to_string()),
        ("kind", order.kind.clone()),
    ]
}

/// The dimension that counts what is overdue by kind and township together, for the order that asks why.
const LATE: &str = "late";

fn late_label(order: &Order) -> String {
    format!("{}@{}", order.kind, order.area.at(AreaLevel::Township).unwrap_or(order.area))
}

fn marks(order: &Order) -> Vec<String> {
    let mut marks = vec!["issued".to_owned(), word(&order.state)];
    if order.is_overdue() {
        marks.push("overdue".to_owned());
    }
    if order.times_overdue > 0 {
        marks.push("became_overdue".to_owned());
    }
    if !order.is_closed() {
        marks.push("not_closed".to_owned());
    }
    marks
}

/// Moves the tallies by what changed and nothing else; an order changes often and its labels seldom do.
fn recount(tx: &mut Tx<'_>, before: Option<&Order>, after: &Order) -> Result<()> {
    let mut moves: BTreeMap<(&'static str, String, String), i64> = BTreeMap::new();
    for (order, by) in before.map(|order| (order, -1)).into_iter().chain([(after, 1)]) {
        for (dimension, label) in labels(order) {
            for mark in marks(order) {
                *moves.entry((dimension, label.clone(), mark)).or_default() += by;
            }
        }
        if order.is_overdue() {
            *moves.entry((LATE, late_label(order), "overdue".to_owned())).or_default() += by;
        }
    }
    let j = tx.jurisdiction();
    for ((dimension, label, mark), by) in moves.into_iter().filter(|(_, by)| *by != 0) {
        tx.execute(
            "INSERT INTO order_tally (j, dimension, label, mark, count) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (j, dimension, label, mark) DO UPDATE SET count = order_tally.count + excluded.count",
            values![j, dimension, &label, &mark, by],
        )?;
    }
    Ok(())
}

fn schedule(tx: &mut Tx<'_>, before: Option<&Order>, after: &Order) -> Result<()> {
    let j = tx.jurisdiction();
    let (old, new) = (before.and_then(rules::look_again_at), rules::look_again_at(after));
    if old == new {
        return Ok(());
    }
    if let Some(at) = old {
        tx.execute("DELETE FROM order_due WHERE j = $1 AND at = $2 AND id = $3", values![j, at, after.id])?;
    }
    if let Some(at) = new {
        tx.execute("INSERT INTO order_due (j, at, id) VALUES ($1, $2, $3)", values![j, at, after.id])?;
    }
    Ok(())
}
