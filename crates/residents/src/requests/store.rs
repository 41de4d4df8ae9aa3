//! Tables of requests.

use outpace_core::{PersonId, RequestId, RestrictionId};
use outpace_store::vault::Keys;
use outpace_store::{Capability, Entry, Result, Row, StoreError, Tx, values};

use super::facts::{RequestAnswered, RequestMade, RequestOrdered};
use super::model::{Request, RequestKind, RequestRow};

pub(crate) const SCHEMA: &str = "
CREATE TABLE resident_request (
  j BIGINT NOT NULL, id BIGINT NOT NULL, kind TEXT NOT NULL, person BIGINT NOT NULL, area BIGINT NOT NULL,
  restriction BIGINT, about TEXT, key_name TEXT NOT NULL, sealed BLOB NOT NULL, asked_by TEXT NOT NULL,
  asked_at BIGINT NOT NULL, due_at BIGINT NOT NULL, task BIGINT NOT NULL, answered_at BIGINT, answered_by BIGINT,
  outcome TEXT, reason TEXT, fact BIGINT, seq BIGINT NOT NULL, PRIMARY KEY (j, id));
CREATE INDEX resident_request_person ON resident_request (j, person, id);
CREATE INDEX resident_request_open ON resident_request (j, kind, id) WHERE answered_at IS NULL;
";

const COLUMNS: &str = "id, kind, person, area, restriction, about, asked_by, asked_at, due_at, task, answered_at,
    answered_by, outcome, reason, fact, seq, key_name, sealed";

pub(crate) fn fold(capability: Capability) -> Capability {
    capability
        .table("resident_request", "j, id")
        .fold(made)
        .fold(|tx, _, fact: &RequestOrdered| {
            let j = tx.jurisdiction();
            let now = values![j, fact.request, fact.order];
            tx.execute("UPDATE resident_request SET task = $3 WHERE j = $1 AND id = $2", now).map(|_| ())
        })
        .fold(|tx, entry, fact: &RequestAnswered| {
            let j = tx.jurisdiction();
            let reason = serde_json::to_string(&fact.reason)
                .map_err(|source| StoreError::Payload { kind: "column".to_owned(), source })?;
            tx.execute(
                "UPDATE resident_request SET answered_at = $3, answered_by = $4, outcome = $5, reason = $6, fact = $7
                 WHERE j = $1 AND id = $2",
                values![j, fact.request, entry.recorded_at, entry.actor, fact.outcome, &reason, fact.fact],
            )
            .map(|_| ())
        })
}

fn made(tx: &mut Tx<'_>, entry: &Entry, fact: &RequestMade) -> Result<()> {
    let j = tx.jurisdiction();
    let area = outpace_registry::person(tx, fact.person)?.map(|person| person.area.0).unwrap_or(j);
    let sealed = hex::decode(&fact.sealed).map_err(|error| StoreError::Broken(error.to_string()))?;
    tx.execute(
        "INSERT INTO resident_request
           (j, id, kind, person, area, restriction, about, key_name, sealed, asked_by, asked_at, due_at, task, seq)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
        values![
            j,
            fact.request,
            fact.kind,
            fact.person,
            area,
            fact.restriction,
            fact.about,
            &fact.key_name,
            &sealed,
            fact.asked_by,
            entry.recorded_at,
            fact.due_at,
            fact.order,
            entry.seq
        ],
    )
    .map(|_| ())
}

fn read(row: &Row<'_>) -> Result<RequestRow> {
    let reason: Option<String> = row.get(13)?;
    let reason = reason.map(|text| serde_json::from_str(&text)).transpose();
    let request = Request {
        id: row.get(0)?,
        kind: row.get(1)?,
        person: row.get(2)?,
        area: row.get(3)?,
        restriction: row.get(4)?,
        about: row.get(5)?,
        words: None,
        asked_by: row.get(6)?,
        asked_at: row.get(7)?,
        due_at: row.get(8)?,
        order: row.get(9)?,
        answered_at: row.get(10)?,
        answered_by: row.get(11)?,
        outcome: row.get(12)?,
        reason: reason.map_err(|source| StoreError::Payload { kind: "column".to_owned(), source })?,
        fact: row.get(14)?,
        seq: row.get(15)?,
    };
    Ok(RequestRow { request, key_name: row.get(16)?, sealed: row.get(17)? })
}

/// One request.
pub(crate) fn by_id(tx: &mut Tx<'_>, id: RequestId) -> Result<Option<RequestRow>> {
    let j = tx.jurisdiction();
    tx.first(&format!("SELECT {COLUMNS} FROM resident_request WHERE j = $1 AND id = $2"), values![j, id], read)
}

/// All requests for a person, oldest first.
pub(crate) fn of(tx: &mut Tx<'_>, person: PersonId) -> Result<Vec<RequestRow>> {
    let j = tx.jurisdiction();
    let sql = format!("SELECT {COLUMNS} FROM resident_request WHERE j = $1 AND person = $2 ORDER BY id");
    tx.query(&sql, values![j, person], read)
}

/// The open appeal against a measure.
pub(crate) fn open_appeal(tx: &mut Tx<'_>, person: PersonId, restriction: RestrictionId) -> Result<Option<Request>> {
    let mine = of(tx, person)?.into_iter().map(|row| row.request);
    let mut open = mine.filter(|request| request.answered_at.is_none());
    Ok(open.find(|request| request.restriction == Some(restriction)))
}

/// Requests of a kind that wait for an answer, oldest first, after one of them.
pub(crate) fn open(tx: &mut Tx<'_>, kind: RequestKind, after: RequestId, limit: i64) -> Result<Vec<RequestRow>> {
    let j = tx.jurisdiction();
    let sql = format!(
        "SELECT {COLUMNS} FROM resident_request WHERE j = $1 AND kind = $2 AND id > $3 AND answered_at IS NULL
         ORDER BY id LIMIT $4"
    );
    tx.query(&sql, values![j, kind, after, limit], read)
}

/// A request with its words, as far as their key still exists.
pub(crate) fn opened(keys: &Keys, row: RequestRow) -> Request {
    let words = keys.unseal(&row.key_name, row.request.id.0, &row.sealed).ok();
    let words = words.and_then(|bytes| String::from_utf8(bytes.to_vec()).ok());
    Request { words, ..row.request }
}
