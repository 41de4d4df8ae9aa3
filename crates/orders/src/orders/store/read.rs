//! How orders are read.

use outpace_core::{AreaId, OrderId, TeamId, Timestamp};
use outpace_store::{Result, Row, StoreError, Tx, values};

use super::{COMMAND, LATE, late_label};
use crate::Subject;
use crate::orders::model::{Order, OrderState};
use crate::words::{unjson, unword};

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
pub(in crate::orders) fn due(tx: &mut Tx<'_>, now: Timestamp, limit: i64) -> Result<Vec<Order>> {
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

/// How many orders of the same kind and township are overdue now.
pub(in crate::orders) fn overdue_alike(tx: &mut Tx<'_>, order: &Order) -> Result<i64> {
    let (j, label) = (tx.jurisdiction(), late_label(order));
    tx.number(
        "SELECT count FROM order_tally WHERE j = $1 AND dimension = $2 AND label = $3 AND mark = 'overdue'",
        values![j, LATE, &label],
    )
}

/// All cells of task forces, areas and kinds that are not empty.
///
/// # Errors
/// What the store refused.
pub fn tallies(tx: &mut Tx<'_>) -> Result<Vec<Cell>> {
    let j = tx.jurisdiction();
    tx.query(
        "SELECT dimension, label, mark, count FROM order_tally WHERE j = $1 AND count <> 0 AND dimension <> $2
         ORDER BY dimension, label, mark",
        values![j, LATE],
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
