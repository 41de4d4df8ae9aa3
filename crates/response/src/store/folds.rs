//! The tables, and how facts fold into them.

use outpace_core::{AssessmentId, Timestamp};
use outpace_store::{Capability, Entry, Result, StoreError, Tx, values};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::closure::{Owner, owner};
use crate::facts::{
    ApprovalTimedOut, AssessmentExpired, AssessmentSigned, AssessmentWithdrawn, CarerNamed, DayBegan, ItemsApplied,
    ItemsLifted, LineAnswered, PlanComputed, Verdict,
};
use crate::items::Key;
use crate::plan::{Line, Needs};

const SCHEMA: &[&str] = &[
    "
CREATE TABLE assessment (
  j BIGINT NOT NULL, id BIGINT NOT NULL, scope TEXT NOT NULL, finding TEXT NOT NULL, signed_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL, withdrawn BIGINT NOT NULL, expired BIGINT NOT NULL, reason TEXT NOT NULL,
  evidence TEXT NOT NULL, signers TEXT NOT NULL, seq BIGINT NOT NULL, PRIMARY KEY (j, id));
CREATE TABLE plan (
  j BIGINT NOT NULL, id BIGINT NOT NULL, triggers TEXT NOT NULL, basis BIGINT NOT NULL, pack TEXT NOT NULL,
  price TEXT NOT NULL, titles TEXT NOT NULL, computed_at BIGINT NOT NULL, seq BIGINT NOT NULL, PRIMARY KEY (j, id));
CREATE TABLE plan_line (
  j BIGINT NOT NULL, key TEXT NOT NULL, plan BIGINT NOT NULL, worse_since BIGINT NOT NULL, state TEXT NOT NULL,
  body TEXT NOT NULL, basis BIGINT NOT NULL, waits_since BIGINT NOT NULL, timeout_at BIGINT, deputies BIGINT NOT NULL,
  decided_at BIGINT, decided_by BIGINT, said_at BIGINT, reason TEXT, seq BIGINT NOT NULL, PRIMARY KEY (j, key));
CREATE TABLE approval (
  j BIGINT NOT NULL, seq BIGINT NOT NULL, line TEXT NOT NULL, plan BIGINT NOT NULL, actor BIGINT NOT NULL,
  verdict TEXT NOT NULL, said_at BIGINT, recorded_at BIGINT NOT NULL, reason TEXT, counts BIGINT NOT NULL,
  PRIMARY KEY (j, seq));
CREATE INDEX approval_line ON approval (j, line, seq);
CREATE TABLE declined (j BIGINT NOT NULL, key TEXT NOT NULL, seen BIGINT NOT NULL, seq BIGINT NOT NULL,
  PRIMARY KEY (j, key));
CREATE TABLE approved_item (j BIGINT NOT NULL, key TEXT NOT NULL, strictness BIGINT NOT NULL, until_at BIGINT,
  PRIMARY KEY (j, key));
CREATE TABLE applied (
  j BIGINT NOT NULL, key TEXT NOT NULL, owner TEXT NOT NULL, what TEXT NOT NULL, id BIGINT NOT NULL,
  starts_at BIGINT NOT NULL, ends_at BIGINT, facts TEXT NOT NULL, with_key TEXT, about TEXT, plan BIGINT NOT NULL,
  seq BIGINT NOT NULL, PRIMARY KEY (j, key));
CREATE INDEX applied_owner ON applied (j, owner, key);
CREATE TABLE carer (j BIGINT NOT NULL, dependant BIGINT NOT NULL, carer BIGINT, goes_along BIGINT NOT NULL,
  words TEXT NOT NULL, seq BIGINT NOT NULL, PRIMARY KEY (j, dependant));
CREATE TABLE response_day (j BIGINT NOT NULL, day BIGINT NOT NULL, PRIMARY KEY (j));
CREATE TABLE plan_timing (j BIGINT NOT NULL, plan BIGINT NOT NULL, wall_ms BIGINT NOT NULL, people BIGINT NOT NULL,
  PRIMARY KEY (j, plan));
",
    "
ALTER TABLE approval ADD COLUMN hand BIGINT;
",
];

/// Tables and folds of the response. `plan_timing` is no read model: how long the machine took is no fact.
pub(crate) fn join(capability: Capability) -> Capability {
    capability
        .schema(SCHEMA)
        .table("assessment", "j, id")
        .table("plan", "j, id")
        .table("plan_line", "j, key")
        .table("approval", "j, seq")
        .table("declined", "j, key")
        .table("approved_item", "j, key")
        .table("applied", "j, key")
        .table("carer", "j, dependant")
        .table("response_day", "j")
        .fold(fold_signed)
        .fold(|tx, _, fact: &AssessmentWithdrawn| mark_assessment(tx, fact.id, "withdrawn"))
        .fold(|tx, _, fact: &AssessmentExpired| mark_assessment(tx, fact.id, "expired"))
        .fold(fold_computed)
        .fold(fold_answered)
        .fold(fold_applied)
        .fold(fold_lifted)
        .fold(fold_timed_out)
        .fold(fold_carer)
        .fold(|tx, _, fact: &DayBegan| note_day(tx, fact.day))
}

fn note_day(tx: &mut Tx<'_>, day: i64) -> Result<()> {
    let j = tx.jurisdiction();
    tx.execute(
        "INSERT INTO response_day (j, day) VALUES ($1, $2) ON CONFLICT (j) DO UPDATE SET day = excluded.day",
        values![j, day],
    )
    .map(|_| ())
}

fn pack<T: Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|source| StoreError::Payload { kind: "column".to_owned(), source })
}

pub(super) fn unpack<T: DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|source| StoreError::Payload { kind: "column".to_owned(), source })
}

/// The owner of an item as it stands in the table.
pub(super) fn owner_text(owner: &Owner) -> String {
    match owner {
        Owner::Person(id) => format!("person/{id}"),
        Owner::Case(id) => format!("case/{id}"),
        Owner::Tube(code) => format!("tube/{code}"),
        Owner::Ground => "ground".to_owned(),
    }
}

fn fold_signed(tx: &mut Tx<'_>, entry: &Entry, fact: &AssessmentSigned) -> Result<()> {
    let j = tx.jurisdiction();
    let (scope, finding) = (pack(&fact.scope)?, pack(&fact.finding)?);
    let (reason, evidence, signers) = (pack(&fact.reason)?, pack(&fact.evidence)?, pack(&fact.signers)?);
    tx.execute(
        "INSERT INTO assessment (j, id, scope, finding, signed_at, expires_at, withdrawn, expired, reason, evidence,
           signers, seq) VALUES ($1, $2, $3, $4, $5, $6, 0, 0, $7, $8, $9, $10)",
        values![
            j,
            fact.id,
            &scope,
            &finding,
            entry.occurred_at,
            fact.expires_at,
            &reason,
            &evidence,
            &signers,
            entry.seq
        ],
    )?;
    Ok(())
}

fn mark_assessment(tx: &mut Tx<'_>, id: AssessmentId, column: &str) -> Result<()> {
    let j = tx.jurisdiction();
    let sql = match column {
        "withdrawn" => "UPDATE assessment SET withdrawn = 1 WHERE j = $1 AND id = $2",
        _ => "UPDATE assessment SET expired = 1 WHERE j = $1 AND id = $2",
    };
    tx.execute(sql, values![j, id]).map(|_| ())
}

fn fold_computed(tx: &mut Tx<'_>, entry: &Entry, fact: &PlanComputed) -> Result<()> {
    let j = tx.jurisdiction();
    let (triggers, price, titles) = (pack(&fact.triggers)?, pack(&fact.price)?, pack(&fact.titles)?);
    tx.execute(
        "INSERT INTO plan (j, id, triggers, basis, pack, price, titles, computed_at, seq)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        values![j, fact.id, &triggers, fact.basis, &fact.pack, &price, &titles, entry.recorded_at, entry.seq],
    )?;
    note_day(tx, fact.day)?;
    for line in &fact.lines {
        keep_line(tx, entry, fact, line)?;
    }
    for key in &fact.gone {
        tx.execute(
            "UPDATE plan_line SET state = 'gone', seq = $3 WHERE j = $1 AND key = $2 AND state = 'waiting'",
            values![j, key, entry.seq],
        )?;
    }
    Ok(())
}

/// A line that waits already keeps its clock and the deputies who may answer, unless it grew worse; then it starts anew.
fn keep_line(tx: &mut Tx<'_>, entry: &Entry, fact: &PlanComputed, line: &Line) -> Result<()> {
    let j = tx.jurisdiction();
    let body = pack(line)?;
    let timeout_at = match &line.needs {
        Needs::Approval { timeout_minutes, deputies, .. } if !deputies.is_empty() => {
            Some(entry.recorded_at.plus_minutes(i64::from(*timeout_minutes)))
        }
        _ => None,
    };
    let known = tx.number(
        "SELECT COUNT(*) FROM plan_line WHERE j = $1 AND key = $2 AND state = 'waiting'",
        values![j, &line.key],
    )?;
    if known > 0 && !fact.worse.contains(&line.key) {
        tx.execute(
            "UPDATE plan_line SET plan = $3, body = $4, basis = $5, seq = $6 WHERE j = $1 AND key = $2",
            values![j, &line.key, fact.id, &body, fact.basis, entry.seq],
        )?;
        return Ok(());
    }
    tx.execute(
        "INSERT INTO plan_line (j, key, plan, worse_since, state, body, basis, waits_since, timeout_at, deputies, seq)
         VALUES ($1, $2, $3, $3, 'waiting', $4, $5, $6, $7, 0, $8)
         ON CONFLICT (j, key) DO UPDATE SET plan = excluded.plan, worse_since = excluded.worse_since,
           state = excluded.state, body = excluded.body, basis = excluded.basis, waits_since = excluded.waits_since,
           timeout_at = excluded.timeout_at, deputies = excluded.deputies, decided_at = NULL, decided_by = NULL,
           said_at = NULL, reason = NULL, seq = excluded.seq",
        values![j, &line.key, fact.id, &body, fact.basis, entry.recorded_at, timeout_at, entry.seq],
    )?;
    // What was said to the milder line no longer counts.
    tx.execute("UPDATE approval SET counts = 0 WHERE j = $1 AND line = $2", values![j, &line.key])?;
    Ok(())
}

fn verdict_word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Yes => "yes",
        Verdict::Narrowed => "narrowed",
        Verdict::No => "no",
    }
}

fn fold_answered(tx: &mut Tx<'_>, entry: &Entry, fact: &LineAnswered) -> Result<()> {
    let j = tx.jurisdiction();
    let verdict = verdict_word(fact.verdict);
    tx.execute(
        "INSERT INTO approval (j, seq, line, plan, actor, verdict, said_at, recorded_at, reason, counts, hand)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1, $10)",
        values![
            j,
            entry.seq,
            &fact.line,
            fact.plan,
            fact.by,
            verdict,
            fact.said_at,
            entry.recorded_at,
            fact.reason.as_ref(),
            entry.actor
        ],
    )?;
    if fact.decides {
        let state = if fact.verdict == Verdict::No { "declined" } else { "approved" };
        tx.execute(
            "UPDATE plan_line SET state = $3, decided_at = $4, decided_by = $5, said_at = $6, reason = $7, seq = $8
             WHERE j = $1 AND key = $2",
            values![j, &fact.line, state, entry.recorded_at, fact.by, fact.said_at, fact.reason.as_ref(), entry.seq],
        )?;
    }
    for key in &fact.kept_away {
        tx.execute(
            "INSERT INTO declined (j, key, seen, seq) VALUES ($1, $2, $3, $4)
             ON CONFLICT (j, key) DO UPDATE SET seen = excluded.seen, seq = excluded.seq",
            values![j, &key.0, fact.seen, entry.seq],
        )?;
    }
    for agreed in &fact.held_back {
        agree(tx, &agreed.key, i64::from(agreed.strictness), agreed.until)?;
    }
    Ok(())
}

fn agree(tx: &mut Tx<'_>, key: &Key, strictness: i64, until: Option<Timestamp>) -> Result<()> {
    let j = tx.jurisdiction();
    tx.execute(
        "INSERT INTO approved_item (j, key, strictness, until_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (j, key) DO UPDATE SET strictness = excluded.strictness, until_at = excluded.until_at",
        values![j, &key.0, strictness, until],
    )
    .map(|_| ())
}

fn fold_applied(tx: &mut Tx<'_>, entry: &Entry, fact: &ItemsApplied) -> Result<()> {
    let j = tx.jurisdiction();
    for item in &fact.items {
        let (what, facts) = (pack(&item.what)?, pack(&item.facts)?);
        let about = item.about.as_ref().map(pack).transpose()?;
        let owner = owner_text(&owner(&item.what, item.with.as_ref(), item.about.as_ref()));
        tx.execute(
            "INSERT INTO applied (j, key, owner, what, id, starts_at, ends_at, facts, with_key, about, plan, seq)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
             ON CONFLICT (j, key) DO UPDATE SET owner = excluded.owner, what = excluded.what, id = excluded.id,
               starts_at = excluded.starts_at, ends_at = excluded.ends_at, facts = excluded.facts,
               with_key = excluded.with_key, about = excluded.about, plan = excluded.plan, seq = excluded.seq",
            values![
                j,
                &item.key.0,
                &owner,
                &what,
                item.id,
                item.starts_at,
                item.ends_at,
                &facts,
                item.with.as_ref().map(|key| &key.0),
                about.as_ref(),
                fact.plan,
                entry.seq
            ],
        )?;
        if item.what.strictness() > 0 {
            let until = item.what.lasts_until(item.ends_at);
            agree(tx, &item.key, i64::from(item.what.strictness()), until)?;
        }
    }
    Ok(())
}

fn fold_lifted(tx: &mut Tx<'_>, _: &Entry, fact: &ItemsLifted) -> Result<()> {
    let j = tx.jurisdiction();
    for key in &fact.keys {
        tx.execute("DELETE FROM applied WHERE j = $1 AND key = $2", values![j, &key.0])?;
        tx.execute("DELETE FROM approved_item WHERE j = $1 AND key = $2", values![j, &key.0])?;
    }
    Ok(())
}

fn fold_timed_out(tx: &mut Tx<'_>, entry: &Entry, fact: &ApprovalTimedOut) -> Result<()> {
    let j = tx.jurisdiction();
    let body: Option<String> =
        tx.first("SELECT body FROM plan_line WHERE j = $1 AND key = $2", values![j, &fact.line], |row| row.get(0))?;
    let next = match body.as_deref().map(unpack::<Line>).transpose()?.map(|line| line.needs) {
        Some(Needs::Approval { deputies, timeout_minutes, .. }) if (fact.deputies as usize) < deputies.len() => {
            Some(entry.recorded_at.plus_minutes(i64::from(timeout_minutes)))
        }
        _ => None,
    };
    tx.execute(
        "UPDATE plan_line SET deputies = $3, timeout_at = $4, seq = $5 WHERE j = $1 AND key = $2",
        values![j, &fact.line, fact.deputies, next, entry.seq],
    )
    .map(|_| ())
}

fn fold_carer(tx: &mut Tx<'_>, entry: &Entry, fact: &CarerNamed) -> Result<()> {
    let j = tx.jurisdiction();
    tx.execute(
        "INSERT INTO carer (j, dependant, carer, goes_along, words, seq) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (j, dependant) DO UPDATE SET carer = excluded.carer, goes_along = excluded.goes_along,
           words = excluded.words, seq = excluded.seq",
        values![j, fact.dependant, fact.carer, fact.goes_along, &fact.words, entry.seq],
    )
    .map(|_| ())
}
