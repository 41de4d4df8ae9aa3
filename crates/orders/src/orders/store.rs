//! All SQL of orders, and how their facts fold: one row per order, a tally per owner, area and kind, and a short list
//! of the moments at which the clock must look at an order again.

use std::collections::BTreeMap;

use outpace_core::{AreaId, AreaLevel, OrderId, TeamId, Timestamp};
use outpace_store::{Capability, Entry, Result, Row, StoreError, Tx, values};

use super::facts::{
    OrderAccepted, OrderBecameOverdue, OrderCancelled, OrderDeadlineMoved, OrderDeclined, OrderDone, OrderEscalated,
    OrderFailedVerification, OrderFoundImpossible, OrderIssued, OrderPartlyDone, OrderProgressed, OrderReassigned,
    OrderVerified,
};
use super::model::{Form, Order, OrderState};
use super::rules;
use crate::Subject;
use crate::words::{json, unjson, unword, word};

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

fn read(row: &Row<'_>) -> Result<Order> {
    let (kind, id) = (row.get::<String>(3)?, row.get::<String>(4)?);
    Ok(Order {
        id: row.get(0)?,
        key: row.get(1)?,
        kind: row.get(2)?,
        subject: subject(&kind, &id)?,
        area: row.get(5)?,
        task_force: row.get(6)?,
        team: row.get(7)?,
        state: unword(&row.get::<String>(8)?)?,
        deadline_at: row.get(9)?,
        because: unjson(&row.get::<String>(10)?)?,
        clause: row.get(11)?,
        cause: row.get(12)?,
        form: unjson(&row.get::<String>(13)?)?,
        result: unjson(&row.get::<String>(14)?)?,
        ticked: unjson(&row.get::<String>(15)?)?,
        reason: row.get(16)?,
        verify: row.get(17)?,
        issued_at: row.get(18)?,
        issued_by: row.get(19)?,
        accepted_at: row.get(20)?,
        accepted_by: row.get(21)?,
        done_at: row.get(22)?,
        done_by: row.get(23)?,
        closed_at: row.get(24)?,
        overdue_at: row.get(25)?,
        times_overdue: small(row, 26)?,
        escalation_level: small(row, 27)?,
        escalation_minutes: small(row, 28)?,
    })
}

fn small(row: &Row<'_>, column: usize) -> Result<u32> {
    Ok(u32::try_from(row.get::<i64>(column)?).unwrap_or_default())
}

/// A subject out of its two columns.
pub(crate) fn subject(kind: &str, id: &str) -> Result<Subject> {
    Subject::parse(kind, id).ok_or_else(|| StoreError::Broken(format!("`{kind}` `{id}` is no subject")))
}

/// An order by its number.
///
/// # Errors
/// What the store refused.
pub fn by_id(tx: &mut Tx<'_>, id: OrderId) -> Result<Option<Order>> {
    let j = tx.jurisdiction();
    tx.first(concat!("SELECT ", columns!(), " FROM work_order WHERE j = $1 AND id = $2"), values![j, id], read)
}

/// The newest order with this key, closed or not.
///
/// # Errors
/// What the store refused.
pub fn by_key(tx: &mut Tx<'_>, key: &str) -> Result<Option<Order>> {
    let j = tx.jurisdiction();
    let id: Option<OrderId> =
        tx.first("SELECT id FROM order_key WHERE j = $1 AND key = $2", values![j, key], |row| row.get(0))?;
    match id {
        Some(id) => by_id(tx, id),
        None => Ok(None),
    }
}

/// Orders about one subject, newest first, at most `limit`.
///
/// # Errors
/// What the store refused.
pub fn about(tx: &mut Tx<'_>, subject: &Subject, limit: i64) -> Result<Vec<Order>> {
    let (j, id) = (tx.jurisdiction(), subject.id());
    tx.query(
        concat!(
            "SELECT ",
            columns!(),
            " FROM work_order WHERE j = $1 AND subject_kind = $2 AND subject_id = $3 ORDER BY id DESC LIMIT $4"
        ),
        values![j, subject.kind(), &id, limit],
        read,
    )
}

/// Orders at which the clock must look: their moment lies before `now`. Earliest first.
pub(super) fn due(tx: &mut Tx<'_>, now: Timestamp, limit: i64) -> Result<Vec<Order>> {
    let j = tx.jurisdiction();
    let ids: Vec<OrderId> = tx.query(
        "SELECT id FROM order_due WHERE j = $1 AND at < $2 ORDER BY at, id LIMIT $3",
        values![j, now, limit],
        |row| row.get(0),
    )?;
    let mut orders = Vec::with_capacity(ids.len());
    for id in ids {
        orders.extend(by_id(tx, id)?);
    }
    Ok(orders)
}

/// What a list of orders is narrowed to.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only this state.
    pub state: Option<OrderState>,
    /// Only this task force (`command` = those without one).
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
}

impl Filter {
    /// Whether an order passes.
    #[must_use]
    pub fn passes(&self, order: &Order) -> bool {
        let force = order.task_force.as_deref().unwrap_or(COMMAND);
        self.state.is_none_or(|state| order.state == state)
            && self.task_force.as_deref().is_none_or(|wanted| wanted == force)
            && self.team.is_none_or(|team| order.team == Some(team))
            && self.area.is_none_or(|area| area.contains(order.area))
            && self.kind.as_ref().is_none_or(|kind| *kind == order.kind)
            && (!self.overdue || order.is_overdue())
            && (!self.open || !order.is_closed())
    }
}

/// Orders that pass, newest first, from below `after`, at most `limit`.
///
/// # Errors
/// What the store refused.
pub fn list(tx: &mut Tx<'_>, filter: &Filter, after: Option<OrderId>, limit: usize) -> Result<Vec<Order>> {
    const ALL: &str =
        concat!("SELECT ", columns!(), " FROM work_order WHERE j = $1 AND id < $2 ORDER BY id DESC LIMIT $3");
    const OPEN: &str = concat!(
        "SELECT ",
        columns!(),
        " FROM work_order WHERE j = $1 AND id < $2 AND closed_at IS NULL ORDER BY id DESC LIMIT $3"
    );
    const PAGE: i64 = 500;
    let j = tx.jurisdiction();
    let only_open = filter.open || filter.overdue || filter.state.is_some_and(|state| !state.is_closed(false));
    let mut below = after.unwrap_or(OrderId(i64::MAX));
    let mut found = Vec::new();
    loop {
        let page = tx.query(if only_open { OPEN } else { ALL }, values![j, below, PAGE], read)?;
        let Some(last) = page.last() else { return Ok(found) };
        below = last.id;
        for order in page {
            if filter.passes(&order) {
                found.push(order);
                if found.len() == limit {
                    return Ok(found);
                }
            }
        }
    }
}

/// One cell of the tallies. Each order is counted once in each dimension.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    /// `task_force`, `area` (township) or `kind`.
    pub dimension: String,
    /// Which of them.
    pub label: String,
    /// A state's word, or `issued`, `not_closed`, `overdue`, `became_overdue`.
    pub mark: String,
    /// How many orders.
    pub count: i64,
}

/// All cells that are not empty.
///
/// # Errors
/// What the store refused.
pub fn tallies(tx: &mut Tx<'_>) -> Result<Vec<Cell>> {
    let j = tx.jurisdiction();
    tx.query(
        "SELECT dimension, label, mark, count FROM order_tally WHERE j = $1 AND count <> 0
         ORDER BY dimension, label, mark",
        values![j],
        |row| Ok(Cell { dimension: row.get(0)?, label: row.get(1)?, mark: row.get(2)?, count: row.get(3)? }),
    )
}

/// Orders that are owed, earliest deadline first, at most `limit`: the overdue ones and then the next ones due.
///
/// # Errors
/// What the store refused.
pub fn next_due(tx: &mut Tx<'_>, limit: i64) -> Result<Vec<Order>> {
    let j = tx.jurisdiction();
    tx.query(
        concat!(
            "SELECT ",
            columns!(),
            " FROM work_order WHERE j = $1 AND closed_at IS NULL AND state <> 'done'
             ORDER BY deadline_at, id LIMIT $2"
        ),
        values![j, limit],
        read,
    )
}

/// Orders reported as done at or after a moment, newest first, at most `limit`.
///
/// # Errors
/// What the store refused.
pub fn done_since(tx: &mut Tx<'_>, since: Timestamp, limit: i64) -> Result<Vec<Order>> {
    let j = tx.jurisdiction();
    tx.query(
        concat!(
            "SELECT ",
            columns!(),
            " FROM work_order WHERE j = $1 AND done_at >= $2 ORDER BY done_at DESC, id DESC LIMIT $3"
        ),
        values![j, since, limit],
        read,
    )
}
