//! All SQL of conflicts.

use outpace_core::ConflictId;
use outpace_store::{Capability, Result, Row, Tx, values};

use super::facts::{ConflictFound, ConflictSettled};
use super::{Conflict, NewConflict};
use crate::orders::store::subject;
use crate::words::{json, unjson};

/// The table of conflicts.
pub(crate) const SCHEMA: &str = "
CREATE TABLE conflict (
  j BIGINT NOT NULL, id BIGINT NOT NULL, kind TEXT NOT NULL, subject_kind TEXT NOT NULL, subject_id TEXT NOT NULL,
  area BIGINT NOT NULL, what TEXT NOT NULL, seq BIGINT, found_at BIGINT NOT NULL, work_order BIGINT NOT NULL,
  settled_at BIGINT, settled_by BIGINT, settlement TEXT, PRIMARY KEY (j, id));
CREATE INDEX conflict_subject ON conflict (j, subject_kind, subject_id, kind);
CREATE INDEX conflict_open ON conflict (j, id) WHERE settled_at IS NULL;
";

macro_rules! columns {
    () => {
        "id, kind, subject_kind, subject_id, area, what, seq, found_at, work_order, settled_at, settled_by, settlement"
    };
}

/// Adds table and folds to the capability.
pub(crate) fn join(capability: Capability) -> Capability {
    capability
        .table("conflict", "j, id")
        .fold(|tx, entry, fact: &ConflictFound| {
            let (j, id, what) = (tx.jurisdiction(), fact.subject.id(), json(&fact.what)?);
            tx.execute(
                concat!(
                    "INSERT INTO conflict (j, ",
                    columns!(),
                    ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, NULL, NULL, NULL)"
                ),
                values![
                    j,
                    fact.conflict,
                    &fact.kind,
                    fact.subject.kind(),
                    &id,
                    fact.area,
                    &what,
                    fact.seq,
                    entry.recorded_at,
                    fact.order
                ],
            )
            .map(|_| ())
        })
        .fold(|tx, entry, fact: &ConflictSettled| {
            let j = tx.jurisdiction();
            tx.execute(
                "UPDATE conflict SET settled_at = $3, settled_by = $4, settlement = $5 WHERE j = $1 AND id = $2",
                values![j, fact.conflict, entry.recorded_at, entry.actor, &fact.settlement],
            )
            .map(|_| ())
        })
}

fn read(row: &Row<'_>) -> Result<Conflict> {
    Ok(Conflict {
        id: row.get(0)?,
        kind: row.get(1)?,
        subject: subject(&row.get::<String>(2)?, &row.get::<String>(3)?)?,
        area: row.get(4)?,
        what: unjson(&row.get::<String>(5)?)?,
        seq: row.get(6)?,
        found_at: row.get(7)?,
        order: row.get(8)?,
        settled_at: row.get(9)?,
        settled_by: row.get(10)?,
        settlement: row.get(11)?,
    })
}

/// A conflict by its number.
///
/// # Errors
/// What the store refused.
pub fn by_id(tx: &mut Tx<'_>, id: ConflictId) -> Result<Option<Conflict>> {
    let j = tx.jurisdiction();
    tx.first(concat!("SELECT ", columns!(), " FROM conflict WHERE j = $1 AND id = $2"), values![j, id], read)
}

/// The conflict that the same observation has made already.
pub(super) fn same(tx: &mut Tx<'_>, new: &NewConflict) -> Result<Option<ConflictId>> {
    let (j, id) = (tx.jurisdiction(), new.subject.id());
    match new.seq {
        Some(seq) => tx.first(
            "SELECT id FROM conflict WHERE j = $1 AND subject_kind = $2 AND subject_id = $3 AND kind = $4 AND seq = $5
             ORDER BY id DESC LIMIT 1",
            values![j, new.subject.kind(), &id, new.kind, seq],
            |row| row.get(0),
        ),
        None => tx.first(
            "SELECT id FROM conflict WHERE j = $1 AND subject_kind = $2 AND subject_id = $3 AND kind = $4
               AND seq IS NULL AND settled_at IS NULL ORDER BY id DESC LIMIT 1",
            values![j, new.subject.kind(), &id, new.kind],
            |row| row.get(0),
        ),
    }
}

/// Conflicts, newest first, from below `after`, at most `limit`; all of them or only those not settled.
///
/// # Errors
/// What the store refused.
pub fn list(tx: &mut Tx<'_>, open: bool, after: Option<ConflictId>, limit: i64) -> Result<Vec<Conflict>> {
    const ALL: &str =
        concat!("SELECT ", columns!(), " FROM conflict WHERE j = $1 AND id < $2 ORDER BY id DESC LIMIT $3");
    const OPEN: &str = concat!(
        "SELECT ",
        columns!(),
        " FROM conflict WHERE j = $1 AND id < $2 AND settled_at IS NULL ORDER BY id DESC LIMIT $3"
    );
    let j = tx.jurisdiction();
    let below = after.unwrap_or(ConflictId(i64::MAX));
    tx.query(if open { OPEN } else { ALL }, values![j, below, limit], read)
}

/// How many conflicts wait to be settled.
///
/// # Errors
/// What the store refused.
pub fn open_count(tx: &mut Tx<'_>) -> Result<i64> {
    let j = tx.jurisdiction();
    tx.number("SELECT COUNT(*) FROM conflict WHERE j = $1 AND settled_at IS NULL", values![j])
}
