//! All SQL of destruction.

use std::collections::BTreeMap;

use outpace_core::{ActorId, Seq, Timestamp};
use outpace_store::destroy::{self, Destroyed, DestructionStep, Part, Step};
use outpace_store::{Capability, Result, Row, StoreError, Tx, values};

use super::{ClassMonth, DestructionOrdered, StandingOrder};

/// Orders, and what was destroyed.
pub(crate) const SCHEMA: &str = "
CREATE TABLE destruction_order (
  j BIGINT NOT NULL, id BIGINT NOT NULL, parts TEXT NOT NULL, reason TEXT NOT NULL, ordered_by BIGINT NOT NULL,
  ordered_at BIGINT NOT NULL, carried_out_at BIGINT, PRIMARY KEY (j, id));
CREATE TABLE destruction (
  j BIGINT NOT NULL, seq BIGINT NOT NULL, actor BIGINT NOT NULL, at BIGINT NOT NULL, what TEXT NOT NULL,
  PRIMARY KEY (j, seq));
";

/// The steps that were done of each destruction.
pub(crate) const STEPS: &str = "
CREATE TABLE destruction_step (
  j BIGINT NOT NULL, destruction BIGINT NOT NULL, step TEXT NOT NULL, at BIGINT NOT NULL,
  PRIMARY KEY (j, destruction, step));
";

/// A destruction that took place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destruction {
    /// The fact.
    pub seq: Seq,
    /// Who carried it out.
    pub actor: ActorId,
    /// When.
    pub at: Timestamp,
    /// What.
    pub what: Destroyed,
    /// The steps that are done, and when; a destruction from before steps were recorded has none, and takes them again.
    pub steps: BTreeMap<Step, Timestamp>,
}

impl Destruction {
    /// The steps that are still to be done, in their order.
    #[must_use]
    pub fn open_steps(&self) -> Vec<Step> {
        Step::ALL.into_iter().filter(|step| !self.steps.contains_key(step)).collect()
    }

    /// When the last step was done; `None` while one is open.
    #[must_use]
    pub fn finished_at(&self) -> Option<Timestamp> {
        if self.open_steps().is_empty() { self.steps.values().max().copied() } else { None }
    }
}

fn json(value: &impl serde::Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|source| StoreError::Payload { kind: "destruction".to_owned(), source })
}

fn unjson<T: serde::de::DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|source| StoreError::Payload { kind: "destruction".to_owned(), source })
}

pub(crate) fn fold(capability: Capability) -> Capability {
    capability
        .table("destruction_order", "j, id")
        .table("destruction", "j, seq")
        .table("destruction_step", "j, destruction, step")
        .fold(|tx, entry, fact: &DestructionStep| {
            let j = tx.jurisdiction();
            // Two servers that finish the same destruction both did it: the first one counts.
            tx.execute(
                "INSERT INTO destruction_step (j, destruction, step, at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
                values![j, fact.destruction, fact.step.word(), entry.recorded_at],
            )
        })
        .fold(|tx, entry, fact: &DestructionOrdered| {
            let (j, parts) = (tx.jurisdiction(), json(&fact.parts)?);
            tx.execute(
                "INSERT INTO destruction_order (j, id, parts, reason, ordered_by, ordered_at)
                 VALUES ($1, $2, $3, $4, $5, $6)",
                values![j, fact.order, &parts, &fact.reason, entry.actor, entry.recorded_at],
            )
        })
        .fold(|tx, entry, fact: &Destroyed| {
            let (j, what) = (tx.jurisdiction(), json(fact)?);
            tx.execute(
                "INSERT INTO destruction (j, seq, actor, at, what) VALUES ($1, $2, $3, $4, $5)",
                values![j, entry.seq, entry.actor, entry.recorded_at, &what],
            )?;
            tx.execute(
                "UPDATE destruction_order SET carried_out_at = $3 WHERE j = $1 AND id = $2",
                values![j, fact.order, entry.recorded_at],
            )
        })
}

const ORDER: &str = "id, parts, reason, ordered_by, ordered_at, carried_out_at";

fn read_order(row: &Row<'_>) -> Result<StandingOrder> {
    let parts: Vec<Part> = unjson(&row.get::<String>(1)?)?;
    Ok(StandingOrder {
        order: row.get(0)?,
        parts: parts.iter().map(ClassMonth::from).collect(),
        reason: row.get(2)?,
        ordered_by: row.get(3)?,
        ordered_at: row.get(4)?,
        carried_out_at: row.get(5)?,
        finished_at: None,
    })
}

fn with_end(tx: &mut Tx<'_>, orders: Vec<StandingOrder>) -> Result<Vec<StandingOrder>> {
    let ends: BTreeMap<i64, Option<Timestamp>> =
        destructions(tx)?.iter().map(|done| (done.what.order, done.finished_at())).collect();
    let with_end =
        |order: StandingOrder| StandingOrder { finished_at: ends.get(&order.order).copied().flatten(), ..order };
    Ok(orders.into_iter().map(with_end).collect())
}

/// An order by its number.
pub(super) fn order(tx: &mut Tx<'_>, id: i64) -> Result<Option<StandingOrder>> {
    let j = tx.jurisdiction();
    let sql = format!("SELECT {ORDER} FROM destruction_order WHERE j = $1 AND id = $2");
    let found = tx.first(&sql, values![j, id], read_order)?;
    Ok(with_end(tx, found.into_iter().collect())?.pop())
}

/// The newest orders, newest first.
pub(super) fn orders(tx: &mut Tx<'_>, limit: i64) -> Result<Vec<StandingOrder>> {
    let j = tx.jurisdiction();
    let sql = format!("SELECT {ORDER} FROM destruction_order WHERE j = $1 ORDER BY id DESC LIMIT $2");
    let found = tx.query(&sql, values![j, limit], read_order)?;
    with_end(tx, found)
}

/// The destruction by which an order was carried out.
pub(super) fn destruction_of(tx: &mut Tx<'_>, order: i64) -> Result<Option<Destruction>> {
    Ok(destructions(tx)?.into_iter().find(|done| done.what.order == order))
}

/// Every destruction that took place, oldest first: there are a few a year.
pub(crate) fn destructions(tx: &mut Tx<'_>) -> Result<Vec<Destruction>> {
    let j = tx.jurisdiction();
    let rows =
        tx.query("SELECT seq, actor, at, what FROM destruction WHERE j = $1 ORDER BY seq", values![j], |row| {
            Ok((row.get::<Seq>(0)?, row.get::<ActorId>(1)?, row.get::<Timestamp>(2)?, row.get::<String>(3)?))
        })?;
    let mut steps = steps(tx)?;
    rows.into_iter()
        .map(|(seq, actor, at, what)| {
            let steps = steps.remove(&seq).unwrap_or_default();
            Ok(Destruction { seq, actor, at, what: unjson(&what)?, steps })
        })
        .collect()
}

fn steps(tx: &mut Tx<'_>) -> Result<BTreeMap<Seq, BTreeMap<Step, Timestamp>>> {
    let j = tx.jurisdiction();
    let rows = tx.query(
        "SELECT destruction, step, at FROM destruction_step WHERE j = $1 ORDER BY destruction",
        values![j],
        |row| Ok((row.get::<Seq>(0)?, row.get::<String>(1)?, row.get::<Timestamp>(2)?)),
    )?;
    let mut steps: BTreeMap<Seq, BTreeMap<Step, Timestamp>> = BTreeMap::new();
    for (destruction, word, at) in rows {
        let step = Step::of_word(&word).ok_or_else(|| StoreError::Broken(format!("destruction_step: {word}")))?;
        steps.entry(destruction).or_default().insert(step, at);
    }
    Ok(steps)
}

/// Entries whose payload is gone although no destruction says so, in words; empty when all is accounted for. A hand on the
/// database would show here, and a backup from before a destruction.
///
/// # Errors
/// What the engine refused.
pub fn uncovered(tx: &mut Tx<'_>) -> Result<Vec<String>> {
    let mut told: BTreeMap<(String, String), i64> = BTreeMap::new();
    for done in destructions(tx)? {
        for gone in done.what.gone {
            *told.entry((gone.kind, gone.month)).or_default() += gone.entries;
        }
    }
    let mut found = Vec::new();
    for ((kind, month), entries) in destroy::gone(tx)? {
        let said = told.get(&(kind.clone(), month.clone())).copied().unwrap_or(0);
        if said != entries {
            found.push(format!(
                "{kind} {month}: {entries} 条事实已无内容,销毁记录只有 {said} 条 · {entries} facts without content, destructions tell of {said}"
            ));
        }
    }
    Ok(found)
}
