//! Tables of stock: items, depots, the ledger and its running balance.

use outpace_core::time::HOUR_MS;
use outpace_core::{AreaId, DepotId, Timestamp};
use outpace_store::{Capability, Entry, Result, Row, Tx, Value, values};

use super::facts::{
    DepotRegistered, ItemsRegistered, ShortageEnded, ShortageFound, StockCounted, StockIssued, StockReceived,
    UsagePlanned,
};
use super::model::{Conservation, Depot, Item, LedgerReason, LedgerRow, Line, Shortage, StockRow};
use super::rules;

pub(crate) const SCHEMA: &str = "
CREATE TABLE item (
  j BIGINT NOT NULL, key TEXT NOT NULL, name TEXT NOT NULL, name_en TEXT NOT NULL, unit TEXT NOT NULL,
  category TEXT NOT NULL, days_min BIGINT NOT NULL, PRIMARY KEY (j, key));
CREATE TABLE depot (
  j BIGINT NOT NULL, id BIGINT NOT NULL, name TEXT NOT NULL, name_en TEXT NOT NULL, kind TEXT NOT NULL,
  area BIGINT NOT NULL, area_first BIGINT NOT NULL, place BIGINT, PRIMARY KEY (j, id));
CREATE INDEX depot_name ON depot (j, name);
CREATE TABLE ledger (
  j BIGINT NOT NULL, depot BIGINT NOT NULL, item TEXT NOT NULL, seq BIGINT NOT NULL, line BIGINT NOT NULL,
  at BIGINT NOT NULL, reason TEXT NOT NULL, change BIGINT NOT NULL, note TEXT NOT NULL,
  PRIMARY KEY (j, depot, item, seq, line));
CREATE TABLE balance (
  j BIGINT NOT NULL, depot BIGINT NOT NULL, item TEXT NOT NULL, received BIGINT NOT NULL, used BIGINT NOT NULL,
  found BIGINT NOT NULL, missed BIGINT NOT NULL, sent BIGINT NOT NULL, delivered BIGINT NOT NULL,
  on_hand BIGINT NOT NULL, planned_per_day BIGINT, PRIMARY KEY (j, depot, item));
CREATE TABLE usage_hour (
  j BIGINT NOT NULL, depot BIGINT NOT NULL, item TEXT NOT NULL, hour BIGINT NOT NULL, used BIGINT NOT NULL,
  PRIMARY KEY (j, depot, item, hour));
CREATE TABLE stock_paper (
  j BIGINT NOT NULL, depot BIGINT NOT NULL, key TEXT NOT NULL, seq BIGINT NOT NULL, PRIMARY KEY (j, depot, key));
CREATE TABLE shortage (
  j BIGINT NOT NULL, depot BIGINT NOT NULL, item TEXT NOT NULL, since BIGINT NOT NULL, hours_left BIGINT NOT NULL,
  task BIGINT NOT NULL, PRIMARY KEY (j, depot, item));
";

const ITEM: &str = "key, name, name_en, unit, category, days_min";
const DEPOT: &str = "id, name, name_en, kind, area, place";

pub(crate) fn fold(capability: Capability) -> Capability {
    capability
        .table("item", "j, key")
        .table("depot", "j, id")
        .table("ledger", "j, depot, item, seq, line")
        .table("balance", "j, depot, item")
        .table("usage_hour", "j, depot, item, hour")
        .table("stock_paper", "j, depot, key")
        .table("shortage", "j, depot, item")
        .fold(register_items)
        .fold(register_depot)
        .fold(|tx, entry, fact: &StockReceived| {
            paper(tx, entry, fact.depot, fact.key.as_ref())?;
            book(tx, entry, fact.depot, LedgerReason::Received, &fact.from, &fact.lines)
        })
        .fold(|tx, entry, fact: &StockIssued| {
            let reason = if fact.observed { LedgerReason::Used } else { LedgerReason::Issued };
            paper(tx, entry, fact.depot, fact.key.as_ref())?;
            book(tx, entry, fact.depot, reason, &fact.to, &fact.lines)
        })
        .fold(|tx, entry, fact: &StockCounted| {
            let line = Line { item: fact.item.clone(), quantity: fact.counted - fact.book };
            book(tx, entry, fact.depot, LedgerReason::Counted, "", &[line])
        })
        .fold(|tx, _, fact: &UsagePlanned| {
            let j = tx.jurisdiction();
            open_balance(tx, fact.depot, &fact.item)?;
            let per_day = (fact.per_day > 0).then_some(fact.per_day);
            tx.execute(
                "UPDATE balance SET planned_per_day = $4 WHERE j = $1 AND depot = $2 AND item = $3",
                values![j, fact.depot, &fact.item, per_day],
            )
            .map(|_| ())
        })
        .fold(|tx, entry, fact: &ShortageFound| {
            let j = tx.jurisdiction();
            tx.execute(
                "INSERT INTO shortage (j, depot, item, since, hours_left, task) VALUES ($1, $2, $3, $4, $5, $6)
                 ON CONFLICT DO NOTHING",
                values![j, fact.depot, &fact.item, entry.occurred_at, fact.hours_left, fact.order],
            )
            .map(|_| ())
        })
        .fold(|tx, _, fact: &ShortageEnded| {
            let j = tx.jurisdiction();
            tx.execute(
                "DELETE FROM shortage WHERE j = $1 AND depot = $2 AND item = $3",
                values![j, fact.depot, &fact.item],
            )
            .map(|_| ())
        })
}

fn register_items(tx: &mut Tx<'_>, _: &Entry, fact: &ItemsRegistered) -> Result<()> {
    let j = tx.jurisdiction();
    tx.insert_many(
        "INSERT INTO item (j, key, name, name_en, unit, category, days_min) VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (j, key) DO UPDATE SET name = excluded.name, name_en = excluded.name_en, unit = excluded.unit,
           category = excluded.category, days_min = excluded.days_min",
        fact.items.iter().map(|item| {
            [
                Value::Int(j),
                (&item.key).into(),
                (&item.name).into(),
                (&item.name_en).into(),
                (&item.unit).into(),
                item.category.into(),
                item.days_min.into(),
            ]
        }),
    )
    .map(|_| ())
}

fn register_depot(tx: &mut Tx<'_>, _: &Entry, fact: &DepotRegistered) -> Result<()> {
    let (j, depot) = (tx.jurisdiction(), &fact.depot);
    tx.execute(
        "INSERT INTO depot (j, id, name, name_en, kind, area, area_first, place) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        values![j, depot.id, &depot.name, &depot.name_en, depot.kind, depot.area, depot.area.grids().0, depot.place],
    )
    .map(|_| ())
}

fn paper(tx: &mut Tx<'_>, entry: &Entry, depot: DepotId, key: Option<&String>) -> Result<()> {
    let Some(key) = key else { return Ok(()) };
    let j = tx.jurisdiction();
    tx.execute(
        "INSERT INTO stock_paper (j, depot, key, seq) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        values![j, depot, key, entry.seq],
    )
    .map(|_| ())
}

fn open_balance(tx: &mut Tx<'_>, depot: DepotId, item: &str) -> Result<()> {
    let j = tx.jurisdiction();
    tx.execute(
        "INSERT INTO balance (j, depot, item, received, used, found, missed, sent, delivered, on_hand)
         VALUES ($1, $2, $3, 0, 0, 0, 0, 0, 0, 0) ON CONFLICT DO NOTHING",
        values![j, depot, item],
    )
    .map(|_| ())
}

/// Books lines: the one place where stock changes. Quantities are positive, save those of a count.
pub(crate) fn book(
    tx: &mut Tx<'_>,
    entry: &Entry,
    depot: DepotId,
    reason: LedgerReason,
    note: &str,
    lines: &[Line],
) -> Result<()> {
    let j = tx.jurisdiction();
    for (number, line) in (0_i64..).zip(lines) {
        let (column, change) = match reason {
            LedgerReason::Received => ("received", line.quantity),
            LedgerReason::Delivered => ("delivered", line.quantity),
            LedgerReason::Issued | LedgerReason::Used => ("used", -line.quantity),
            LedgerReason::Sent => ("sent", -line.quantity),
            LedgerReason::Counted if line.quantity < 0 => ("missed", line.quantity),
            LedgerReason::Counted => ("found", line.quantity),
        };
        open_balance(tx, depot, &line.item)?;
        tx.execute(
            &format!(
                "UPDATE balance SET {column} = {column} + $4, on_hand = on_hand + $5
                 WHERE j = $1 AND depot = $2 AND item = $3"
            ),
            values![j, depot, &line.item, change.abs(), change],
        )?;
        tx.execute(
            "INSERT INTO ledger (j, depot, item, seq, line, at, reason, change, note)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            values![j, depot, &line.item, entry.seq, number, entry.occurred_at, reason, change, note],
        )?;
        if matches!(reason, LedgerReason::Issued | LedgerReason::Used) {
            tx.execute(
                "INSERT INTO usage_hour (j, depot, item, hour, used) VALUES ($1, $2, $3, $4, $5)
                 ON CONFLICT (j, depot, item, hour) DO UPDATE SET used = usage_hour.used + excluded.used",
                values![j, depot, &line.item, entry.occurred_at.0.div_euclid(HOUR_MS), line.quantity],
            )?;
        }
    }
    Ok(())
}

fn read_item(row: &Row<'_>) -> Result<Item> {
    Ok(Item {
        key: row.get(0)?,
        name: row.get(1)?,
        name_en: row.get(2)?,
        unit: row.get(3)?,
        category: row.get(4)?,
        days_min: row.get(5)?,
    })
}

fn read_depot(row: &Row<'_>) -> Result<Depot> {
    Ok(Depot {
        id: row.get(0)?,
        name: row.get(1)?,
        name_en: row.get(2)?,
        kind: row.get(3)?,
        area: row.get(4)?,
        place: row.get(5)?,
    })
}

/// An item by its key.
///
/// # Errors
/// What the engine refused.
pub fn item(tx: &mut Tx<'_>, key: &str) -> Result<Option<Item>> {
    let j = tx.jurisdiction();
    tx.first(&format!("SELECT {ITEM} FROM item WHERE j = $1 AND key = $2"), values![j, key], read_item)
}

/// All items, by key.
///
/// # Errors
/// What the engine refused.
pub fn items(tx: &mut Tx<'_>) -> Result<Vec<Item>> {
    let j = tx.jurisdiction();
    tx.query(&format!("SELECT {ITEM} FROM item WHERE j = $1 ORDER BY key"), values![j], read_item)
}

/// A depot by its id.
///
/// # Errors
/// What the engine refused.
pub fn depot(tx: &mut Tx<'_>, id: DepotId) -> Result<Option<Depot>> {
    let j = tx.jurisdiction();
    tx.first(&format!("SELECT {DEPOT} FROM depot WHERE j = $1 AND id = $2"), values![j, id], read_depot)
}

/// The depots and points that stand in an area, by id.
///
/// # Errors
/// What the engine refused.
pub fn depots_in(tx: &mut Tx<'_>, area: AreaId) -> Result<Vec<Depot>> {
    let j = tx.jurisdiction();
    let (first, last) = area.grids();
    let found = tx.query(
        &format!("SELECT {DEPOT} FROM depot WHERE j = $1 AND area_first BETWEEN $2 AND $3 ORDER BY id"),
        values![j, first, last],
        read_depot,
    )?;
    // A depot of the whole county begins where its first township does, but does not stand in it.
    Ok(found.into_iter().filter(|depot| area.contains(depot.area)).collect())
}

/// The depot with a name.
pub(super) fn depot_by_name(tx: &mut Tx<'_>, name: &str) -> Result<Option<Depot>> {
    let j = tx.jurisdiction();
    tx.first(&format!("SELECT {DEPOT} FROM depot WHERE j = $1 AND name = $2"), values![j, name], read_depot)
}

/// Whether a paper was booked in a depot already.
pub(super) fn has_paper(tx: &mut Tx<'_>, depot: DepotId, key: &str) -> Result<bool> {
    let j = tx.jurisdiction();
    Ok(tx
        .number("SELECT COUNT(*) FROM stock_paper WHERE j = $1 AND depot = $2 AND key = $3", values![j, depot, key])?
        > 0)
}

/// Pieces of an item on hand in a depot, by the book.
///
/// # Errors
/// What the engine refused.
pub fn on_hand_at(tx: &mut Tx<'_>, depot: DepotId, item: &str) -> Result<i64> {
    let j = tx.jurisdiction();
    tx.number("SELECT on_hand FROM balance WHERE j = $1 AND depot = $2 AND item = $3", values![j, depot, item])
}

/// Pieces of an item on hand in all depots and points of an area; overdrawn ones count as empty.
///
/// # Errors
/// What the engine refused.
pub fn on_hand(tx: &mut Tx<'_>, item: &str, area: AreaId) -> Result<i64> {
    let mut sum = 0;
    for depot in depots_in(tx, area)? {
        sum += on_hand_at(tx, depot.id, item)?.max(0);
    }
    Ok(sum)
}

/// The stock of a depot at a moment, by item: with the rate and how long it lasts.
///
/// # Errors
/// What the engine refused.
pub fn stock_rows(tx: &mut Tx<'_>, depot: DepotId, now: Timestamp) -> Result<Vec<StockRow>> {
    let j = tx.jurisdiction();
    let rows = tx.query(
        "SELECT item, on_hand, received + found + delivered, used + missed + sent, planned_per_day
         FROM balance WHERE j = $1 AND depot = $2 ORDER BY item",
        values![j, depot],
        |row| {
            let planned: Option<i64> = row.get(4)?;
            let row = StockRow {
                depot,
                item: row.get(0)?,
                on_hand: row.get(1)?,
                came_in: row.get(2)?,
                went_out: row.get(3)?,
                per_day: None,
                hours_left: None,
                days_left: None,
            };
            Ok((row, planned))
        },
    )?;
    let mut stock = Vec::with_capacity(rows.len());
    for (mut row, planned) in rows {
        row.per_day = rules::rate(planned, measured(tx, depot, &row.item, now)?);
        row.hours_left = row.per_day.and_then(|per_day| rules::hours_left(row.on_hand, per_day));
        row.days_left = row.hours_left.map(rules::days);
        stock.push(row);
    }
    Ok(stock)
}

/// Pieces a day, measured over the window before a moment.
fn measured(tx: &mut Tx<'_>, depot: DepotId, item: &str, now: Timestamp) -> Result<Option<i64>> {
    let j = tx.jurisdiction();
    let hour = now.0.div_euclid(HOUR_MS);
    let found = tx.first(
        "SELECT CAST(SUM(used) AS BIGINT), MIN(hour) FROM usage_hour
         WHERE j = $1 AND depot = $2 AND item = $3 AND hour > $4 AND hour <= $5",
        values![j, depot, item, hour - rules::USAGE_WINDOW_HOURS, hour],
        |row| Ok((row.get::<Option<i64>>(0)?, row.get::<Option<i64>>(1)?)),
    )?;
    let Some((Some(used), Some(first))) = found else { return Ok(None) };
    Ok(rules::measured_per_day(used, Timestamp(first * HOUR_MS), now))
}

/// One page of the ledger of an item in a depot, newest first, before a fact.
pub(super) fn ledger(
    tx: &mut Tx<'_>,
    depot: DepotId,
    item: &str,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<LedgerRow>> {
    let j = tx.jurisdiction();
    tx.query(
        "SELECT seq, at, reason, change, note FROM ledger WHERE j = $1 AND depot = $2 AND item = $3 AND seq < $4
         ORDER BY seq DESC, line DESC LIMIT $5",
        values![j, depot, item, before.unwrap_or(i64::MAX), limit],
        |row| {
            Ok(LedgerRow {
                seq: row.get(0)?,
                at: row.get(1)?,
                reason: row.get(2)?,
                change: row.get(3)?,
                note: row.get(4)?,
            })
        },
    )
}

/// Every shortage that stands, by depot and item.
///
/// # Errors
/// What the engine refused.
pub fn shortages(tx: &mut Tx<'_>) -> Result<Vec<Shortage>> {
    let j = tx.jurisdiction();
    tx.query(
        "SELECT depot, item, since, hours_left, task FROM shortage WHERE j = $1 ORDER BY depot, item",
        values![j],
        |row| {
            Ok(Shortage {
                depot: row.get(0)?,
                item: row.get(1)?,
                since: row.get(2)?,
                hours_left: row.get(3)?,
                order: row.get(4)?,
            })
        },
    )
}

/// The shortage of an item in a depot, if there is one.
pub(super) fn shortage_of(tx: &mut Tx<'_>, depot: DepotId, item: &str) -> Result<Option<Shortage>> {
    Ok(shortages(tx)?.into_iter().find(|shortage| shortage.depot == depot && shortage.item == item))
}

/// All depots that hold anything, for the clock.
pub(super) fn depots_with_stock(tx: &mut Tx<'_>) -> Result<Vec<DepotId>> {
    let j = tx.jurisdiction();
    tx.query("SELECT DISTINCT depot FROM balance WHERE j = $1 ORDER BY depot", values![j], |row| row.get(0))
}

/// The conservation law, by item.
///
/// # Errors
/// What the engine refused.
pub fn conservation(tx: &mut Tx<'_>) -> Result<Vec<Conservation>> {
    let j = tx.jurisdiction();
    let mut laws = tx.query(
        "SELECT item, CAST(SUM(received) AS BIGINT), CAST(SUM(found - missed) AS BIGINT), CAST(SUM(used) AS BIGINT),
                CAST(SUM(on_hand) AS BIGINT)
         FROM balance WHERE j = $1 GROUP BY item ORDER BY item",
        values![j],
        |row| {
            Ok(Conservation {
                item: row.get(0)?,
                received: row.get(1)?,
                counted: row.get(2)?,
                used: row.get(3)?,
                on_hand: row.get(4)?,
                under_way: 0,
                lost: 0,
                difference: 0,
            })
        },
    )?;
    for law in &mut laws {
        (law.under_way, law.lost) = crate::deliveries::store::on_the_road(tx, &law.item)?;
        law.difference = law.received + law.counted - law.used - law.on_hand - law.under_way - law.lost;
    }
    Ok(laws)
}
