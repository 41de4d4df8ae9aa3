//! Tables of shipments.

use outpace_core::{Seq, ShipmentId};
use outpace_store::{Capability, Entry, Result, Row, Tx, Value, values};

use super::facts::{
    ShipmentCancelled, ShipmentExpected, ShipmentHandedOver, TruckArrived, TruckUnloaded, UnloadingStarted,
};
use super::model::{Shipment, ShipmentState, ShipmentTotals, Truck, TruckLine};
use crate::stock::LedgerReason;
use crate::stock::store::book;

pub(crate) const SCHEMA: &str = "
CREATE TABLE shipment (
  j BIGINT NOT NULL, id BIGINT NOT NULL, key TEXT NOT NULL, sender TEXT NOT NULL, depot BIGINT NOT NULL,
  expected_at BIGINT NOT NULL, ended TEXT, task BIGINT, handed_over_at BIGINT, seq BIGINT NOT NULL,
  PRIMARY KEY (j, id));
CREATE INDEX shipment_key ON shipment (j, key);
CREATE TABLE truck (
  j BIGINT NOT NULL, shipment BIGINT NOT NULL, number BIGINT NOT NULL, plate TEXT NOT NULL,
  boxes_expected BIGINT NOT NULL, boxes_counted BIGINT, arrived_at BIGINT, started_at BIGINT, unloaded_at BIGINT,
  team BIGINT, people BIGINT NOT NULL, announced BIGINT NOT NULL, PRIMARY KEY (j, shipment, number));
CREATE TABLE truck_line (
  j BIGINT NOT NULL, shipment BIGINT NOT NULL, number BIGINT NOT NULL, item TEXT NOT NULL, expected BIGINT NOT NULL,
  counted BIGINT, PRIMARY KEY (j, shipment, number, item));
";

const SHIPMENT: &str = "id, key, sender, depot, expected_at, ended, task, handed_over_at, seq";

pub(crate) fn fold(capability: Capability) -> Capability {
    capability
        .table("shipment", "j, id")
        .table("truck", "j, shipment, number")
        .table("truck_line", "j, shipment, number, item")
        .fold(expect)
        .fold(arrive)
        .fold(|tx, entry, fact: &UnloadingStarted| {
            let j = tx.jurisdiction();
            tx.execute(
                "UPDATE truck SET started_at = COALESCE(started_at, $4), team = COALESCE($5, team), people = $6
                 WHERE j = $1 AND shipment = $2 AND number = $3",
                values![j, fact.shipment, fact.truck, entry.occurred_at, fact.team, fact.people],
            )?;
            touch(tx, fact.shipment, entry.seq)
        })
        .fold(unload)
        .fold(|tx, entry, fact: &ShipmentHandedOver| {
            let j = tx.jurisdiction();
            tx.execute(
                "UPDATE shipment SET ended = $3, handed_over_at = $4 WHERE j = $1 AND id = $2",
                values![j, fact.shipment, ShipmentState::HandedOver, entry.occurred_at],
            )?;
            touch(tx, fact.shipment, entry.seq)
        })
        .fold(|tx, entry, fact: &ShipmentCancelled| {
            let j = tx.jurisdiction();
            tx.execute(
                "UPDATE shipment SET ended = $3 WHERE j = $1 AND id = $2",
                values![j, fact.shipment, ShipmentState::Cancelled],
            )?;
            touch(tx, fact.shipment, entry.seq)
        })
}

fn touch(tx: &mut Tx<'_>, shipment: ShipmentId, seq: Seq) -> Result<()> {
    let j = tx.jurisdiction();
    tx.execute("UPDATE shipment SET seq = $3 WHERE j = $1 AND id = $2", values![j, shipment, seq]).map(|_| ())
}

fn expect(tx: &mut Tx<'_>, entry: &Entry, fact: &ShipmentExpected) -> Result<()> {
    let j = tx.jurisdiction();
    tx.execute(
        "INSERT INTO shipment (j, id, key, sender, depot, expected_at, seq) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        values![j, fact.shipment, &fact.key, &fact.from, fact.depot, fact.expected_at, entry.seq],
    )?;
    for (number, truck) in (1_i64..).zip(&fact.trucks) {
        tx.execute(
            "INSERT INTO truck (j, shipment, number, plate, boxes_expected, people, announced)
             VALUES ($1, $2, $3, $4, $5, 0, 1)",
            values![j, fact.shipment, number, &truck.plate, truck.boxes],
        )?;
        tx.insert_many(
            "INSERT INTO truck_line (j, shipment, number, item, expected) VALUES ($1, $2, $3, $4, $5)",
            truck.lines.iter().map(|line| {
                [Value::Int(j), fact.shipment.into(), number.into(), (&line.item).into(), line.quantity.into()]
            }),
        )?;
    }
    Ok(())
}

fn arrive(tx: &mut Tx<'_>, entry: &Entry, fact: &TruckArrived) -> Result<()> {
    let j = tx.jurisdiction();
    tx.execute(
        "INSERT INTO truck (j, shipment, number, plate, boxes_expected, arrived_at, people, announced)
         VALUES ($1, $2, $3, $4, 0, $5, 0, $6)
         ON CONFLICT (j, shipment, number) DO UPDATE SET
           plate = CASE WHEN excluded.plate = '' THEN truck.plate ELSE excluded.plate END,
           arrived_at = COALESCE(truck.arrived_at, excluded.arrived_at)",
        values![j, fact.shipment, fact.truck, &fact.plate, entry.occurred_at, fact.announced],
    )?;
    tx.execute(
        "UPDATE shipment SET task = COALESCE(task, $3) WHERE j = $1 AND id = $2",
        values![j, fact.shipment, fact.order],
    )?;
    touch(tx, fact.shipment, entry.seq)
}

fn unload(tx: &mut Tx<'_>, entry: &Entry, fact: &TruckUnloaded) -> Result<()> {
    let j = tx.jurisdiction();
    tx.execute(
        "UPDATE truck SET unloaded_at = $4, boxes_counted = $5, team = COALESCE($6, team),
           people = CASE WHEN $7 > people THEN $7 ELSE people END
         WHERE j = $1 AND shipment = $2 AND number = $3",
        values![j, fact.shipment, fact.truck, entry.occurred_at, fact.boxes, fact.team, fact.people],
    )?;
    tx.execute(
        "UPDATE truck_line SET counted = 0 WHERE j = $1 AND shipment = $2 AND number = $3",
        values![j, fact.shipment, fact.truck],
    )?;
    for line in &fact.lines {
        tx.execute(
            "INSERT INTO truck_line (j, shipment, number, item, expected, counted) VALUES ($1, $2, $3, $4, 0, $5)
             ON CONFLICT (j, shipment, number, item) DO UPDATE SET counted = excluded.counted",
            values![j, fact.shipment, fact.truck, &line.item, line.quantity],
        )?;
    }
    let came: Vec<_> = fact.lines.iter().filter(|line| line.quantity > 0).cloned().collect();
    let note = format!("{}/{}", fact.shipment, fact.truck);
    book(tx, entry, fact.depot, LedgerReason::Received, &note, &came)?;
    touch(tx, fact.shipment, entry.seq)
}

fn trucks_of(tx: &mut Tx<'_>, shipment: ShipmentId) -> Result<Vec<Truck>> {
    let j = tx.jurisdiction();
    let mut trucks = tx.query(
        "SELECT number, plate, boxes_expected, boxes_counted, arrived_at, started_at, unloaded_at, team, people,
                announced
         FROM truck WHERE j = $1 AND shipment = $2 ORDER BY number",
        values![j, shipment],
        |row| {
            Ok(Truck {
                number: row.get(0)?,
                plate: row.get(1)?,
                boxes_expected: row.get(2)?,
                boxes_counted: row.get(3)?,
                lines: Vec::new(),
                arrived_at: row.get(4)?,
                started_at: row.get(5)?,
                unloaded_at: row.get(6)?,
                team: row.get(7)?,
                people: row.get(8)?,
                announced: row.get(9)?,
            })
        },
    )?;
    tx.each(
        "SELECT number, item, expected, counted FROM truck_line WHERE j = $1 AND shipment = $2 ORDER BY number, item",
        values![j, shipment],
        |row| {
            let number: i64 = row.get(0)?;
            let line = TruckLine { item: row.get(1)?, expected: row.get(2)?, counted: row.get(3)? };
            if let Some(truck) = trucks.iter_mut().find(|truck| truck.number == number) {
                truck.lines.push(line);
            }
            Ok(())
        },
    )?;
    Ok(trucks)
}

/// A row without its trucks, and how it ended.
fn read(row: &Row<'_>) -> Result<(Shipment, Option<ShipmentState>)> {
    let shipment = Shipment {
        id: row.get(0)?,
        key: row.get(1)?,
        from: row.get(2)?,
        depot: row.get(3)?,
        expected_at: row.get(4)?,
        state: ShipmentState::Expected,
        trucks: Vec::new(),
        totals: ShipmentTotals::default(),
        order: row.get(6)?,
        handed_over_at: row.get(7)?,
        seq: row.get(8)?,
    };
    Ok((shipment, row.get(5)?))
}

fn with_trucks(tx: &mut Tx<'_>, (mut shipment, ended): (Shipment, Option<ShipmentState>)) -> Result<Shipment> {
    shipment.trucks = trucks_of(tx, shipment.id)?;
    shipment.totals = ShipmentTotals::of(&shipment.trucks);
    shipment.state = ended.unwrap_or_else(|| ShipmentState::of_trucks(&shipment.trucks));
    Ok(shipment)
}

/// A shipment by its id.
///
/// # Errors
/// What the engine refused.
pub fn shipment(tx: &mut Tx<'_>, id: ShipmentId) -> Result<Option<Shipment>> {
    let j = tx.jurisdiction();
    let found = tx.first(&format!("SELECT {SHIPMENT} FROM shipment WHERE j = $1 AND id = $2"), values![j, id], read)?;
    found.map(|found| with_trucks(tx, found)).transpose()
}

/// The shipment with a number on the paper.
pub(super) fn by_key(tx: &mut Tx<'_>, key: &str) -> Result<Option<Shipment>> {
    let j = tx.jurisdiction();
    let sql = format!("SELECT {SHIPMENT} FROM shipment WHERE j = $1 AND key = $2");
    let found = tx.first(&sql, values![j, key], read)?;
    found.map(|found| with_trucks(tx, found)).transpose()
}

/// One page of shipments, by id, after one of them.
///
/// # Errors
/// What the engine refused.
pub fn shipments(tx: &mut Tx<'_>, after: ShipmentId, limit: i64) -> Result<Vec<Shipment>> {
    let j = tx.jurisdiction();
    let sql = format!("SELECT {SHIPMENT} FROM shipment WHERE j = $1 AND id > $2 ORDER BY id LIMIT $3");
    let found = tx.query(&sql, values![j, after, limit], read)?;
    found.into_iter().map(|found| with_trucks(tx, found)).collect()
}
