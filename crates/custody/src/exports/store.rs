//! All SQL of exports.

use outpace_core::{ActorId, PersonId, Timestamp};
use outpace_store::{Capability, Result, Row, StoreError, Tx, values};

use super::commands::Export;
use super::{Content, ExportEnded, ExportFetched, ExportMade};

/// Exports, who is in them, and the sealed files for fetching them again (neither journal nor read model).
pub(crate) const SCHEMA: &str = "
CREATE TABLE export (
  j BIGINT NOT NULL, id BIGINT NOT NULL, content TEXT NOT NULL, purpose TEXT NOT NULL, people BIGINT NOT NULL,
  made_by BIGINT NOT NULL, made_at BIGINT NOT NULL, until_at BIGINT NOT NULL, fetched BIGINT NOT NULL,
  ended_at BIGINT, PRIMARY KEY (j, id));
CREATE INDEX export_due ON export (j, until_at, id) WHERE ended_at IS NULL;
CREATE TABLE export_person (
  j BIGINT NOT NULL, person BIGINT NOT NULL, export BIGINT NOT NULL, PRIMARY KEY (j, person, export)) WITHOUT ROWID;
CREATE TABLE export_file (j BIGINT NOT NULL, id BIGINT NOT NULL, sealed BLOB NOT NULL, PRIMARY KEY (j, id));
";

fn json(content: &Content) -> Result<String> {
    serde_json::to_string(content).map_err(|source| StoreError::Payload { kind: "export".to_owned(), source })
}

pub(crate) fn fold(capability: Capability) -> Capability {
    capability
        .table("export", "j, id")
        .table("export_person", "j, person, export")
        .fold(|tx, entry, fact: &ExportMade| {
            let (j, content) = (tx.jurisdiction(), json(&fact.content)?);
            tx.execute(
                "INSERT INTO export (j, id, content, purpose, people, made_by, made_at, until_at, fetched)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0)",
                values![
                    j,
                    fact.export,
                    &content,
                    &fact.purpose,
                    fact.people.len() as i64,
                    entry.actor,
                    entry.recorded_at,
                    fact.until
                ],
            )?;
            tx.insert_many(
                "INSERT INTO export_person (j, person, export) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
                fact.people.iter().map(|person| [j.into(), (*person).into(), fact.export.into()]),
            )
        })
        .fold(|tx, _, fact: &ExportFetched| {
            let j = tx.jurisdiction();
            tx.execute("UPDATE export SET fetched = fetched + 1 WHERE j = $1 AND id = $2", values![j, fact.export])
        })
        .fold(|tx, entry, fact: &ExportEnded| {
            let j = tx.jurisdiction();
            tx.execute(
                "UPDATE export SET ended_at = $3 WHERE j = $1 AND id = $2",
                values![j, fact.export, entry.recorded_at],
            )
        })
}

const EXPORT: &str = "id, content, purpose, people, made_by, made_at, until_at, fetched, ended_at";

fn read(row: &Row<'_>) -> Result<Export> {
    let content: String = row.get(1)?;
    Ok(Export {
        export: row.get(0)?,
        content: serde_json::from_str(&content)
            .map_err(|source| StoreError::Payload { kind: "export".to_owned(), source })?,
        purpose: row.get(2)?,
        people: row.get(3)?,
        made_by: row.get(4)?,
        made_at: row.get(5)?,
        until: row.get(6)?,
        fetched: row.get(7)?,
        ended_at: row.get(8)?,
    })
}

/// An export by its number.
pub(super) fn export(tx: &mut Tx<'_>, id: i64) -> Result<Option<Export>> {
    let j = tx.jurisdiction();
    tx.first(&format!("SELECT {EXPORT} FROM export WHERE j = $1 AND id = $2"), values![j, id], read)
}

/// One page of exports, newest first, before one of them; of one person where one is given.
pub(super) fn exports(tx: &mut Tx<'_>, before: i64, person: Option<PersonId>, limit: i64) -> Result<Vec<Export>> {
    let j = tx.jurisdiction();
    match person {
        None => tx.query(
            &format!("SELECT {EXPORT} FROM export WHERE j = $1 AND id < $2 ORDER BY id DESC LIMIT $3"),
            values![j, before, limit],
            read,
        ),
        Some(person) => tx.query(
            &format!(
                "SELECT {EXPORT} FROM export WHERE j = $1 AND id < $2 AND id IN
                   (SELECT export FROM export_person WHERE j = $1 AND person = $3) ORDER BY id DESC LIMIT $4"
            ),
            values![j, before, person, limit],
            read,
        ),
    }
}

/// One page of what somebody made, newest first, before one of them. There are a few a day: read along the primary key.
pub(super) fn exports_by(tx: &mut Tx<'_>, before: i64, actor: ActorId, limit: i64) -> Result<Vec<Export>> {
    let j = tx.jurisdiction();
    tx.query(
        &format!("SELECT {EXPORT} FROM export WHERE j = $1 AND id < $2 AND made_by = $3 ORDER BY id DESC LIMIT $4"),
        values![j, before, actor, limit],
        read,
    )
}

/// Exports past their end, at most `limit`; from the index `export_due`.
pub(super) fn past_end(tx: &mut Tx<'_>, now: Timestamp, limit: i64) -> Result<Vec<i64>> {
    let j = tx.jurisdiction();
    tx.query(
        "SELECT id FROM export WHERE j = $1 AND ended_at IS NULL AND until_at <= $2 ORDER BY until_at, id LIMIT $3",
        values![j, now, limit],
        |row| row.get(0),
    )
}

/// Keeps a sealed file.
pub(super) fn keep_file(tx: &mut Tx<'_>, id: i64, sealed: &[u8]) -> Result<()> {
    let j = tx.jurisdiction();
    tx.execute("INSERT INTO export_file (j, id, sealed) VALUES ($1, $2, $3)", values![j, id, sealed])
}

/// A sealed file.
pub(super) fn file(tx: &mut Tx<'_>, id: i64) -> Result<Option<Vec<u8>>> {
    let j = tx.jurisdiction();
    tx.first("SELECT sealed FROM export_file WHERE j = $1 AND id = $2", values![j, id], |row| row.get(0))
}

/// Takes a sealed file out.
pub(super) fn drop_file(tx: &mut Tx<'_>, id: i64) -> Result<()> {
    let j = tx.jurisdiction();
    tx.execute("DELETE FROM export_file WHERE j = $1 AND id = $2", values![j, id])
}

/// Whether somebody made an export, for whoever asks to fetch it.
pub(super) fn is_makers(export: &Export, actor: ActorId) -> bool {
    export.made_by == actor
}
