//! All SQL of notices.

use outpace_core::{AreaId, NoticeId, Text, Timestamp};
use outpace_store::{Capability, Entry, Result, Row, Tx, values};

use super::facts::{
    NoticeAcknowledged, NoticeDelivered, NoticePublished, NoticeRevised, NoticeUnanswered, NoticeWithdrawn,
};
use super::model::{Notice, Receipt, Revision};
use crate::orders::store::subject;
use crate::words::{json, unjson};

/// The tables of notices.
pub(crate) const SCHEMA: &str = "
CREATE TABLE notice (
  j BIGINT NOT NULL, id BIGINT NOT NULL, kind TEXT NOT NULL, audience TEXT NOT NULL, is_public BIGINT NOT NULL,
  area BIGINT NOT NULL, title TEXT NOT NULL, body TEXT NOT NULL, subject_kind TEXT NOT NULL, subject_id TEXT NOT NULL,
  clause TEXT, published_at BIGINT NOT NULL, published_by BIGINT NOT NULL, deadline_at BIGINT,
  revisions BIGINT NOT NULL, revised_at BIGINT, withdrawn_at BIGINT, withdrawn_because TEXT,
  receivers BIGINT NOT NULL, delivered BIGINT NOT NULL, acknowledged BIGINT NOT NULL, unanswered BIGINT NOT NULL,
  PRIMARY KEY (j, id));
CREATE TABLE notice_key (j BIGINT NOT NULL, key TEXT NOT NULL, notice BIGINT NOT NULL, PRIMARY KEY (j, key));
CREATE TABLE notice_due (j BIGINT NOT NULL, at BIGINT NOT NULL, notice BIGINT NOT NULL, PRIMARY KEY (j, at, notice));
CREATE TABLE notice_receiver (
  j BIGINT NOT NULL, notice BIGINT NOT NULL, receiver TEXT NOT NULL, delivered_at BIGINT, acknowledged_at BIGINT,
  unanswered_at BIGINT, PRIMARY KEY (j, notice, receiver));
CREATE INDEX notice_by_receiver ON notice_receiver (j, receiver, notice);
CREATE TABLE notice_revision (
  j BIGINT NOT NULL, notice BIGINT NOT NULL, number BIGINT NOT NULL, body TEXT NOT NULL, reason TEXT NOT NULL,
  at BIGINT NOT NULL, PRIMARY KEY (j, notice, number));
";

macro_rules! columns {
    () => {
        "id, kind, audience, area, title, body, subject_kind, subject_id, clause, published_at, published_by,
         deadline_at, revisions, revised_at, withdrawn_at, withdrawn_because, receivers, delivered, acknowledged,
         unanswered"
    };
}

/// Adds tables and folds to the capability.
pub(crate) fn join(capability: Capability) -> Capability {
    capability
        .table("notice", "j, id")
        .table("notice_key", "j, key")
        .table("notice_due", "j, at, notice")
        .table("notice_receiver", "j, notice, receiver")
        .table("notice_revision", "j, notice, number")
        .fold(|tx, entry, fact: &NoticePublished| fold_published(tx, entry, fact))
        .fold(|tx, entry, fact: &NoticeRevised| fold_revised(tx, entry, fact))
        .fold(|tx, entry, fact: &NoticeWithdrawn| {
            let j = tx.jurisdiction();
            unschedule(tx, fact.notice)?;
            tx.execute(
                "UPDATE notice SET withdrawn_at = $3, withdrawn_because = $4 WHERE j = $1 AND id = $2",
                values![j, fact.notice, entry.recorded_at, &fact.reason],
            )
            .map(|_| ())
        })
        .fold(|tx, entry, fact: &NoticeDelivered| {
            let j = tx.jurisdiction();
            tx.execute(
                "UPDATE notice_receiver SET delivered_at = $4 WHERE j = $1 AND notice = $2 AND receiver = $3",
                values![j, fact.notice, &fact.receiver, entry.recorded_at],
            )?;
            recount(tx, fact.notice)
        })
        .fold(|tx, entry, fact: &NoticeAcknowledged| {
            let j = tx.jurisdiction();
            // Whoever confirms has it.
            tx.execute(
                "UPDATE notice_receiver SET acknowledged_at = $4, delivered_at = COALESCE(delivered_at, $4)
                 WHERE j = $1 AND notice = $2 AND receiver = $3",
                values![j, fact.notice, &fact.receiver, entry.recorded_at],
            )?;
            recount(tx, fact.notice)
        })
        .fold(|tx, entry, fact: &NoticeUnanswered| {
            let j = tx.jurisdiction();
            unschedule(tx, fact.notice)?;
            for receiver in &fact.receivers {
                tx.execute(
                    "UPDATE notice_receiver SET unanswered_at = $4 WHERE j = $1 AND notice = $2 AND receiver = $3",
                    values![j, fact.notice, receiver, entry.recorded_at],
                )?;
            }
            recount(tx, fact.notice)
        })
}

fn fold_published(tx: &mut Tx<'_>, entry: &Entry, fact: &NoticePublished) -> Result<()> {
    let (j, id) = (tx.jurisdiction(), fact.reference.id());
    let (audience, title, body) = (json(&fact.audience)?, json(&fact.title)?, json(&fact.body)?);
    let receivers = fact.audience.receivers();
    let is_public = fact.audience == super::Audience::Public;
    tx.execute(
        concat!(
            "INSERT INTO notice (j, is_public, ",
            columns!(),
            ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, 0, NULL, NULL, NULL, $15, 0, 0, 0)"
        ),
        values![
            j,
            is_public,
            fact.notice,
            &fact.kind,
            &audience,
            fact.area,
            &title,
            &body,
            fact.reference.kind(),
            &id,
            fact.clause.as_deref(),
            entry.recorded_at,
            entry.actor,
            fact.deadline_at,
            receivers.len() as i64
        ],
    )?;
    for receiver in &receivers {
        tx.execute(
            "INSERT INTO notice_receiver (j, notice, receiver) VALUES ($1, $2, $3)",
            values![j, fact.notice, receiver],
        )?;
    }
    if let Some(key) = &fact.key {
        tx.execute("INSERT INTO notice_key (j, key, notice) VALUES ($1, $2, $3)", values![j, key, fact.notice])?;
    }
    if let (Some(at), false) = (fact.deadline_at, receivers.is_empty()) {
        tx.execute("INSERT INTO notice_due (j, at, notice) VALUES ($1, $2, $3)", values![j, at, fact.notice])?;
    }
    Ok(())
}

fn fold_revised(tx: &mut Tx<'_>, entry: &Entry, fact: &NoticeRevised) -> Result<()> {
    let j = tx.jurisdiction();
    let (body, reason) = (json(&fact.body)?, json(&fact.reason)?);
    let first = json(&Text::new("首次发布", "first published"))?;
    tx.execute(
        "INSERT INTO notice_revision (j, notice, number, body, reason, at)
         SELECT j, id, 0, body, $3, published_at FROM notice WHERE j = $1 AND id = $2 AND revisions = 0",
        values![j, fact.notice, &first],
    )?;
    tx.execute(
        "UPDATE notice SET body = $3, revisions = revisions + 1, revised_at = $4 WHERE j = $1 AND id = $2",
        values![j, fact.notice, &body, entry.recorded_at],
    )?;
    tx.execute(
        "INSERT INTO notice_revision (j, notice, number, body, reason, at)
         SELECT j, id, revisions, body, $3, $4 FROM notice WHERE j = $1 AND id = $2",
        values![j, fact.notice, &reason, entry.recorded_at],
    )
    .map(|_| ())
}

fn unschedule(tx: &mut Tx<'_>, notice: NoticeId) -> Result<()> {
    let j = tx.jurisdiction();
    tx.execute(
        "DELETE FROM notice_due WHERE j = $1 AND notice = $2
           AND at = (SELECT deadline_at FROM notice WHERE j = $1 AND id = $2)",
        values![j, notice],
    )
    .map(|_| ())
}

fn recount(tx: &mut Tx<'_>, notice: NoticeId) -> Result<()> {
    let j = tx.jurisdiction();
    tx.execute(
        "UPDATE notice SET
           delivered = (SELECT COUNT(delivered_at) FROM notice_receiver WHERE j = $1 AND notice = $2),
           acknowledged = (SELECT COUNT(acknowledged_at) FROM notice_receiver WHERE j = $1 AND notice = $2),
           unanswered = (SELECT COUNT(unanswered_at) FROM notice_receiver
                         WHERE j = $1 AND notice = $2 AND acknowledged_at IS NULL)
         WHERE j = $1 AND id = $2",
        values![j, notice],
    )
    .map(|_| ())
}

fn small(row: &Row<'_>, column: usize) -> Result<u32> {
    Ok(u32::try_from(row.get::<i64>(column)?).unwrap_or_default())
}

fn read(row: &Row<'_>) -> Result<Notice> {
    Ok(Notice {
        id: row.get(0)?,
        kind: row.get(1)?,
        audience: unjson(&row.get::<String>(2)?)?,
        area: row.get(3)?,
        title: unjson(&row.get::<String>(4)?)?,
        body: unjson(&row.get::<String>(5)?)?,
        reference: subject(&row.get::<String>(6)?, &row.get::<String>(7)?)?,
        clause: row.get(8)?,
        published_at: row.get(9)?,
        published_by: row.get(10)?,
        deadline_at: row.get(11)?,
        revisions: small(row, 12)?,
        revised_at: row.get(13)?,
        withdrawn_at: row.get(14)?,
        withdrawn_because: row.get(15)?,
        receivers: small(row, 16)?,
        delivered: small(row, 17)?,
        acknowledged: small(row, 18)?,
        unanswered: small(row, 19)?,
    })
}

/// A notice by its number.
///
/// # Errors
/// What the store refused.
pub fn by_id(tx: &mut Tx<'_>, id: NoticeId) -> Result<Option<Notice>> {
    let j = tx.jurisdiction();
    tx.first(concat!("SELECT ", columns!(), " FROM notice WHERE j = $1 AND id = $2"), values![j, id], read)
}

/// The notice published under a key.
///
/// # Errors
/// What the store refused.
pub fn by_key(tx: &mut Tx<'_>, key: &str) -> Result<Option<NoticeId>> {
    let j = tx.jurisdiction();
    tx.first("SELECT notice FROM notice_key WHERE j = $1 AND key = $2", values![j, key], |row| row.get(0))
}

/// Notices, newest first, from below `after`, at most `limit`: the public ones, or all.
///
/// # Errors
/// What the store refused.
pub fn list(
    tx: &mut Tx<'_>,
    only_public: bool,
    area: AreaId,
    after: Option<NoticeId>,
    limit: usize,
) -> Result<Vec<Notice>> {
    const PAGE: i64 = 200;
    let j = tx.jurisdiction();
    let mut below = after.unwrap_or(NoticeId(i64::MAX));
    let mut found = Vec::new();
    loop {
        let page = tx.query(
            concat!(
                "SELECT ",
                columns!(),
                " FROM notice WHERE j = $1 AND id < $2 AND is_public >= $3 ORDER BY id DESC LIMIT $4"
            ),
            values![j, below, only_public, PAGE],
            read,
        )?;
        let Some(last) = page.last() else { return Ok(found) };
        below = last.id;
        // A notice about an area concerns those below it and those above it.
        let concerns = |notice: &Notice| area.contains(notice.area) || notice.area.contains(area);
        for notice in page.into_iter().filter(concerns) {
            found.push(notice);
            if found.len() == limit {
                return Ok(found);
            }
        }
    }
}

/// What became of a notice at each of its receivers.
///
/// # Errors
/// What the store refused.
pub fn receipts(tx: &mut Tx<'_>, notice: NoticeId) -> Result<Vec<Receipt>> {
    let j = tx.jurisdiction();
    tx.query(
        "SELECT receiver, delivered_at, acknowledged_at, unanswered_at FROM notice_receiver
         WHERE j = $1 AND notice = $2 ORDER BY receiver",
        values![j, notice],
        read_receipt,
    )
}

/// Notices that stand and did not reach this receiver yet. Rests on the index `notice_by_receiver`.
pub(super) fn not_delivered(tx: &mut Tx<'_>, receiver: &str) -> Result<Vec<NoticeId>> {
    let j = tx.jurisdiction();
    tx.query(
        "SELECT r.notice FROM notice_receiver r JOIN notice n ON n.j = r.j AND n.id = r.notice
         WHERE r.j = $1 AND r.receiver = $2 AND r.delivered_at IS NULL AND n.withdrawn_at IS NULL ORDER BY r.notice",
        values![j, receiver],
        |row| row.get(0),
    )
}

/// Notices that were made for this receiver, newest first, at most `limit`.
///
/// # Errors
/// What the store refused.
pub fn for_receiver(tx: &mut Tx<'_>, receiver: &str, limit: i64) -> Result<Vec<NoticeId>> {
    let j = tx.jurisdiction();
    tx.query(
        "SELECT notice FROM notice_receiver WHERE j = $1 AND receiver = $2 ORDER BY notice DESC LIMIT $3",
        values![j, receiver, limit],
        |row| row.get(0),
    )
}

/// One receiver of a notice.
pub(super) fn receipt(tx: &mut Tx<'_>, notice: NoticeId, receiver: &str) -> Result<Option<Receipt>> {
    let j = tx.jurisdiction();
    tx.first(
        "SELECT receiver, delivered_at, acknowledged_at, unanswered_at FROM notice_receiver
         WHERE j = $1 AND notice = $2 AND receiver = $3",
        values![j, notice, receiver],
        read_receipt,
    )
}

fn read_receipt(row: &Row<'_>) -> Result<Receipt> {
    Ok(Receipt {
        receiver: row.get(0)?,
        delivered_at: row.get(1)?,
        acknowledged_at: row.get(2)?,
        unanswered_at: row.get(3)?,
    })
}

/// How a notice read over time, its first words first, each with its moment; empty while it was never revised.
///
/// # Errors
/// What the store refused.
pub fn revisions(tx: &mut Tx<'_>, notice: NoticeId) -> Result<Vec<(Timestamp, Revision)>> {
    let j = tx.jurisdiction();
    tx.query(
        "SELECT at, body, reason FROM notice_revision WHERE j = $1 AND notice = $2 ORDER BY number",
        values![j, notice],
        |row| {
            let revision = Revision { body: unjson(&row.get::<String>(1)?)?, reason: unjson(&row.get::<String>(2)?)? };
            Ok((row.get(0)?, revision))
        },
    )
}

/// Notices whose receivers should have confirmed before `now`.
pub(super) fn due(tx: &mut Tx<'_>, now: Timestamp, limit: i64) -> Result<Vec<NoticeId>> {
    let j = tx.jurisdiction();
    tx.query(
        "SELECT notice FROM notice_due WHERE j = $1 AND at < $2 ORDER BY at, notice LIMIT $3",
        values![j, now, limit],
        |row| row.get(0),
    )
}
