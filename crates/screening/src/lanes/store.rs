//! Tables of lane sheets and their records. The bytes of records that wait or cannot be read stand beside them
//! (`lane_bytes`, by their hash), as identities stand in the vault: no fact holds them, and those of a record go when it
//! is merged.

use std::collections::BTreeMap;

use outpace_core::{AreaId, LaneId, RoundId, SheetId, Timestamp, TubeCode};
use outpace_store::{Capability, Result, Row, Tx, Unit, values};

use super::facts::{
    LaneConnectionChanged, LaneRecordsQuarantined, LaneRecordsTaken, LaneSheetIssued, LaneSheetReturned,
};
use super::model::{RecordState, SheetRow};
use crate::words::{json, unjson};

/// The tables.
pub(crate) const SCHEMA: &str = "
CREATE TABLE lane_sheet (
  j BIGINT NOT NULL, id BIGINT NOT NULL, round BIGINT NOT NULL, site BIGINT NOT NULL, lane BIGINT NOT NULL,
  area BIGINT NOT NULL, areas TEXT NOT NULL, issued_at BIGINT NOT NULL, ends_at BIGINT NOT NULL, returned_at BIGINT,
  records BIGINT NOT NULL, seq BIGINT NOT NULL, PRIMARY KEY (j, id));
CREATE INDEX lane_sheet_out ON lane_sheet (j, round, lane) WHERE returned_at IS NULL;
CREATE TABLE lane_record (
  j BIGINT NOT NULL, sheet BIGINT NOT NULL, device TEXT NOT NULL, counter BIGINT NOT NULL, at BIGINT NOT NULL,
  ahead_ms BIGINT, kind TEXT NOT NULL, tube TEXT, target BIGINT, state TEXT NOT NULL, print TEXT NOT NULL,
  PRIMARY KEY (j, sheet, device, counter));
CREATE TABLE lane_quarantine (
  j BIGINT NOT NULL, print TEXT NOT NULL, sheet BIGINT NOT NULL, reason TEXT NOT NULL, PRIMARY KEY (j, print));
CREATE TABLE lane_offline (
  j BIGINT NOT NULL, round BIGINT NOT NULL, lane BIGINT NOT NULL, area BIGINT NOT NULL, since BIGINT NOT NULL,
  PRIMARY KEY (j, round, lane));
CREATE TABLE lane_bytes (
  j BIGINT NOT NULL, print TEXT NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY (j, print));
";

/// Adds tables and folds.
pub(crate) fn join(capability: Capability) -> Capability {
    capability
        .table("lane_sheet", "j, id")
        .table("lane_record", "j, sheet, device, counter")
        .table("lane_quarantine", "j, print")
        .table("lane_offline", "j, round, lane")
        .fold(|tx, entry, fact: &LaneSheetIssued| {
            let j = tx.jurisdiction();
            tx.execute(
                "INSERT INTO lane_sheet (j, id, round, site, lane, area, areas, issued_at, ends_at, returned_at, records,
                   seq) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, NULL, 0, $10)",
                values![
                    j,
                    fact.sheet,
                    fact.round,
                    fact.site,
                    fact.lane,
                    fact.area,
                    &json(&fact.areas)?,
                    entry.occurred_at,
                    fact.ends_at,
                    entry.seq
                ],
            )
            .map(|_| ())
        })
        .fold(|tx, _, fact: &LaneRecordsTaken| fold_taken(tx, fact))
        .fold(|tx, _, fact: &LaneRecordsQuarantined| {
            let j = tx.jurisdiction();
            let rows = fact.records.iter();
            tx.insert_many(
                "INSERT INTO lane_quarantine (j, print, sheet, reason) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
                rows.map(|(print, reason)| [j.into(), print.into(), fact.sheet.into(), reason.into()]),
            )
            .map(|_| ())
        })
        .fold(|tx, entry, fact: &LaneSheetReturned| {
            let j = tx.jurisdiction();
            let sql = "UPDATE lane_sheet SET returned_at = $3 WHERE j = $1 AND id = $2 AND returned_at IS NULL";
            tx.execute(sql, values![j, fact.sheet, entry.recorded_at]).map(|_| ())
        })
        .fold(|tx, entry, fact: &LaneConnectionChanged| {
            let j = tx.jurisdiction();
            if fact.offline {
                return tx
                    .execute(
                        "INSERT INTO lane_offline (j, round, lane, area, since) VALUES ($1, $2, $3, $4, $5)
                         ON CONFLICT DO NOTHING",
                        values![j, fact.round, fact.lane, fact.area, entry.recorded_at],
                    )
                    .map(|_| ());
            }
            let sql = "DELETE FROM lane_offline WHERE j = $1 AND round = $2 AND lane = $3";
            tx.execute(sql, values![j, fact.round, fact.lane]).map(|_| ())
        })
}

fn fold_taken(tx: &mut Tx<'_>, fact: &LaneRecordsTaken) -> Result<()> {
    let j = tx.jurisdiction();
    let settled: BTreeMap<i64, RecordState> = fact.settled.iter().copied().collect();
    for row in &fact.came {
        let state = settled.get(&row.counter).copied().unwrap_or(RecordState::Waiting);
        tx.execute(
            "INSERT INTO lane_record (j, sheet, device, counter, at, ahead_ms, kind, tube, target, state, print)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
            values![
                j,
                fact.sheet,
                &fact.device,
                row.counter,
                row.at,
                row.ahead_ms,
                &row.kind,
                row.tube.as_ref(),
                row.target,
                state,
                &row.print
            ],
        )?;
    }
    let came: Vec<i64> = fact.came.iter().map(|row| row.counter).collect();
    for (counter, state) in settled.into_iter().filter(|(counter, _)| !came.contains(counter)) {
        tx.execute(
            "UPDATE lane_record SET state = $5 WHERE j = $1 AND sheet = $2 AND device = $3 AND counter = $4",
            values![j, fact.sheet, &fact.device, counter, state],
        )?;
    }
    let sql = "UPDATE lane_sheet SET records = records + $3 WHERE j = $1 AND id = $2";
    tx.execute(sql, values![j, fact.sheet, came.len() as i64]).map(|_| ())
}

/// A record as its table has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RecordRow {
    pub(crate) counter: i64,
    pub(crate) at: Timestamp,
    pub(crate) ahead_ms: Option<i64>,
    pub(crate) kind: String,
    pub(crate) tube: Option<TubeCode>,
    pub(crate) target: Option<i64>,
    pub(crate) state: RecordState,
    pub(crate) print: String,
}

/// The records of a device under a sheet, by counter.
pub(crate) fn records(tx: &mut Tx<'_>, sheet: SheetId, device: &str) -> Result<Vec<RecordRow>> {
    let j = tx.jurisdiction();
    tx.query(
        "SELECT counter, at, ahead_ms, kind, tube, target, state, print FROM lane_record
         WHERE j = $1 AND sheet = $2 AND device = $3 ORDER BY counter",
        values![j, sheet, device],
        |row| {
            Ok(RecordRow {
                counter: row.get(0)?,
                at: row.get(1)?,
                ahead_ms: row.get(2)?,
                kind: row.get(3)?,
                tube: row.get(4)?,
                target: row.get(5)?,
                state: row.get(6)?,
                print: row.get(7)?,
            })
        },
    )
}

/// The devices that sent records under a sheet.
pub(crate) fn devices(tx: &mut Tx<'_>, sheet: SheetId) -> Result<Vec<String>> {
    let j = tx.jurisdiction();
    let sql = "SELECT DISTINCT device FROM lane_record WHERE j = $1 AND sheet = $2 ORDER BY device";
    tx.query(sql, values![j, sheet], |row| row.get(0))
}

/// Whether bytes with this hash are in quarantine already.
pub(crate) fn is_quarantined(tx: &mut Tx<'_>, print: &str) -> Result<bool> {
    let j = tx.jurisdiction();
    Ok(tx.number("SELECT COUNT(*) FROM lane_quarantine WHERE j = $1 AND print = $2", values![j, print])? > 0)
}

/// Keeps the bytes of a record by their hash. Not a read model: no fact holds them.
pub(crate) fn keep_bytes(unit: &mut Unit<'_>, print: &str, bytes: &[u8]) -> Result<()> {
    unit.open()?;
    let tx = unit.tx();
    let j = tx.jurisdiction();
    let sql = "INSERT INTO lane_bytes (j, print, bytes) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    tx.execute(sql, values![j, print, bytes]).map(|_| ())
}

/// The bytes with a hash.
pub(crate) fn bytes(tx: &mut Tx<'_>, print: &str) -> Result<Option<Vec<u8>>> {
    let j = tx.jurisdiction();
    tx.first("SELECT bytes FROM lane_bytes WHERE j = $1 AND print = $2", values![j, print], |row| row.get(0))
}

/// Forgets the bytes of a record that was merged.
pub(crate) fn drop_bytes(unit: &mut Unit<'_>, print: &str) -> Result<()> {
    unit.open()?;
    let tx = unit.tx();
    let j = tx.jurisdiction();
    tx.execute("DELETE FROM lane_bytes WHERE j = $1 AND print = $2", values![j, print]).map(|_| ())
}

const SHEET: &str = "id, round, site, lane, area, areas, issued_at, ends_at, returned_at, records, seq";

fn read_sheet(row: &Row<'_>) -> Result<SheetRow> {
    Ok(SheetRow {
        sheet: row.get(0)?,
        round: row.get(1)?,
        site: row.get(2)?,
        lane: row.get(3)?,
        area: row.get(4)?,
        areas: unjson(&row.get::<String>(5)?)?,
        issued_at: row.get(6)?,
        ends_at: row.get(7)?,
        returned_at: row.get(8)?,
        records: row.get(9)?,
        seq: row.get(10)?,
    })
}

/// A sheet by its number.
///
/// # Errors
/// What the engine refused.
pub fn sheet(tx: &mut Tx<'_>, id: SheetId) -> Result<Option<SheetRow>> {
    let j = tx.jurisdiction();
    tx.first(&format!("SELECT {SHEET} FROM lane_sheet WHERE j = $1 AND id = $2"), values![j, id], read_sheet)
}

/// The sheets of a round that are still out, by number; of every round where none is named.
pub(crate) fn sheets_out(tx: &mut Tx<'_>, round: Option<RoundId>) -> Result<Vec<SheetRow>> {
    let j = tx.jurisdiction();
    match round {
        Some(round) => tx.query(
            &format!("SELECT {SHEET} FROM lane_sheet WHERE j = $1 AND round = $2 AND returned_at IS NULL ORDER BY id"),
            values![j, round],
            read_sheet,
        ),
        None => tx.query(
            &format!("SELECT {SHEET} FROM lane_sheet WHERE j = $1 AND returned_at IS NULL ORDER BY id"),
            values![j],
            read_sheet,
        ),
    }
}

/// The sheet of a lane for a round that is out and has not ended.
pub(crate) fn current(tx: &mut Tx<'_>, round: RoundId, lane: LaneId, now: Timestamp) -> Result<Option<SheetRow>> {
    let j = tx.jurisdiction();
    tx.first(
        &format!(
            "SELECT {SHEET} FROM lane_sheet WHERE j = $1 AND round = $2 AND lane = $3 AND returned_at IS NULL
               AND ends_at > $4 ORDER BY id DESC LIMIT 1"
        ),
        values![j, round, lane, now],
        read_sheet,
    )
}

/// Lanes that said that they are without a network: round, lane, area of the site, since when.
pub(crate) fn offline(tx: &mut Tx<'_>, round: Option<RoundId>) -> Result<Vec<(RoundId, LaneId, AreaId, Timestamp)>> {
    let j = tx.jurisdiction();
    let every = tx.query(
        "SELECT round, lane, area, since FROM lane_offline WHERE j = $1 ORDER BY round, lane",
        values![j],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
    )?;
    Ok(every.into_iter().filter(|(known, _, _, _)| round.is_none_or(|round| *known == round)).collect())
}
