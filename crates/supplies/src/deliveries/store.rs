//! Tables of deliveries.

use outpace_core::{DepotId, Timestamp};
use outpace_store::{Capability, Entry, Result, Row, Tx, Value, values};

use super::facts::{StockDelivered, StockDispatched};
use super::{Delivery, DeliveryLine};
use crate::stock::store::book;
use crate::stock::{LedgerReason, Line};

pub(crate) const SCHEMA: &str = "
CREATE TABLE delivery (
  j BIGINT NOT NULL, id BIGINT NOT NULL, key TEXT, from_depot BIGINT NOT NULL, to_depot BIGINT NOT NULL,
  sent_at BIGINT NOT NULL, received_at BIGINT, seq BIGINT NOT NULL, PRIMARY KEY (j, id));
CREATE INDEX delivery_open ON delivery (j, to_depot) WHERE received_at IS NULL;
CREATE INDEX delivery_key ON delivery (j, from_depot, key) WHERE key IS NOT NULL;
CREATE TABLE delivery_line (
  j BIGINT NOT NULL, delivery BIGINT NOT NULL, item TEXT NOT NULL, sent BIGINT NOT NULL, received BIGINT,
  PRIMARY KEY (j, delivery, item));
CREATE INDEX delivery_line_item ON delivery_line (j, item);
";

const DELIVERY: &str = "id, key, from_depot, to_depot, sent_at, received_at, seq";

pub(crate) fn fold(capability: Capability) -> Capability {
    capability.table("delivery", "j, id").table("delivery_line", "j, delivery, item").fold(send).fold(receive)
}

fn send(tx: &mut Tx<'_>, entry: &Entry, fact: &StockDispatched) -> Result<()> {
    let j = tx.jurisdiction();
    tx.execute(
        "INSERT INTO delivery (j, id, key, from_depot, to_depot, sent_at, seq) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        values![j, fact.delivery, fact.key.as_ref(), fact.from, fact.to, entry.occurred_at, entry.seq],
    )?;
    tx.insert_many(
        "INSERT INTO delivery_line (j, delivery, item, sent) VALUES ($1, $2, $3, $4)",
        fact.lines.iter().map(|line| [Value::Int(j), fact.delivery.into(), (&line.item).into(), line.quantity.into()]),
    )?;
    book(tx, entry, fact.from, LedgerReason::Sent, &format!("#{}", fact.delivery), &fact.lines)
}

fn receive(tx: &mut Tx<'_>, entry: &Entry, fact: &StockDelivered) -> Result<()> {
    let j = tx.jurisdiction();
    tx.execute(
        "UPDATE delivery SET received_at = $3 WHERE j = $1 AND id = $2",
        values![j, fact.delivery, entry.occurred_at],
    )?;
    tx.execute("UPDATE delivery_line SET received = 0 WHERE j = $1 AND delivery = $2", values![j, fact.delivery])?;
    for line in &fact.lines {
        tx.execute(
            "INSERT INTO delivery_line (j, delivery, item, sent, received) VALUES ($1, $2, $3, 0, $4)
             ON CONFLICT (j, delivery, item) DO UPDATE SET received = excluded.received",
            values![j, fact.delivery, &line.item, line.quantity],
        )?;
    }
    let came: Vec<Line> = fact.lines.iter().filter(|line| line.quantity > 0).cloned().collect();
    book(tx, entry, fact.to, LedgerReason::Delivered, &format!("#{}", fact.delivery), &came)
}

fn read(row: &Row<'_>) -> Result<Delivery> {
    Ok(Delivery {
        id: row.get(0)?,
        key: row.get(1)?,
        from: row.get(2)?,
        to: row.get(3)?,
        sent_at: row.get(4)?,
        received_at: row.get(5)?,
        lines: Vec::new(),
        seq: row.get(6)?,
    })
}

fn with_lines(tx: &mut Tx<'_>, mut delivery: Delivery) -> Result<Delivery> {
    let j = tx.jurisdiction();
    delivery.lines = tx.query(
        "SELECT item, sent, received FROM delivery_line WHERE j = $1 AND delivery = $2 ORDER BY item",
        values![j, delivery.id],
        |row| Ok(DeliveryLine { item: row.get(0)?, sent: row.get(1)?, received: row.get(2)? }),
    )?;
    Ok(delivery)
}

/// A delivery by its number.
///
/// # Errors
/// What the engine refused.
pub fn delivery(tx: &mut Tx<'_>, id: i64) -> Result<Option<Delivery>> {
    let j = tx.jurisdiction();
    let found = tx.first(&format!("SELECT {DELIVERY} FROM delivery WHERE j = $1 AND id = $2"), values![j, id], read)?;
    found.map(|delivery| with_lines(tx, delivery)).transpose()
}

/// The delivery of a paper from a depot.
pub(super) fn by_key(tx: &mut Tx<'_>, from: DepotId, key: &str) -> Result<Option<Delivery>> {
    let j = tx.jurisdiction();
    let sql = format!("SELECT {DELIVERY} FROM delivery WHERE j = $1 AND from_depot = $2 AND key = $3");
    let found = tx.first(&sql, values![j, from, key], read)?;
    found.map(|delivery| with_lines(tx, delivery)).transpose()
}

/// Deliveries that are under way, by number.
///
/// # Errors
/// What the engine refused.
pub fn open_deliveries(tx: &mut Tx<'_>) -> Result<Vec<Delivery>> {
    let j = tx.jurisdiction();
    let sql = format!("SELECT {DELIVERY} FROM delivery WHERE j = $1 AND received_at IS NULL ORDER BY id");
    let found = tx.query(&sql, values![j], read)?;
    found.into_iter().map(|delivery| with_lines(tx, delivery)).collect()
}

/// One page of deliveries, by number, after one of them.
pub(super) fn page(tx: &mut Tx<'_>, after: i64, limit: i64) -> Result<Vec<Delivery>> {
    let j = tx.jurisdiction();
    let sql = format!("SELECT {DELIVERY} FROM delivery WHERE j = $1 AND id > $2 ORDER BY id LIMIT $3");
    let found = tx.query(&sql, values![j, after, limit], read)?;
    found.into_iter().map(|delivery| with_lines(tx, delivery)).collect()
}

/// Pieces of an item that are under way, and those that were lost (negative when more came than was sent).
pub(crate) fn on_the_road(tx: &mut Tx<'_>, item: &str) -> Result<(i64, i64)> {
    let j = tx.jurisdiction();
    let found = tx.first(
        "SELECT CAST(COALESCE(SUM(CASE WHEN received IS NULL THEN sent ELSE 0 END), 0) AS BIGINT),
                CAST(COALESCE(SUM(CASE WHEN received IS NULL THEN 0 ELSE sent - received END), 0) AS BIGINT)
         FROM delivery_line WHERE j = $1 AND item = $2",
        values![j, item],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    Ok(found.unwrap_or((0, 0)))
}

/// Whether a delivery took longer than a moment allows; for lists.
pub(super) fn age_hours(delivery: &Delivery, now: Timestamp) -> i64 {
    delivery.received_at.unwrap_or(now).since(delivery.sent_at) / outpace_core::time::HOUR_MS
}
