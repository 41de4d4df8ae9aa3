//! Tables of assessments, plans, lines, approvals and of what they put in force; all SQL of the response.

use outpace_core::{ActorId, AssessmentId, PersonId, PlanId, Seq, Timestamp};
use outpace_store::{Capability, Entry, Result, Row, StoreError, Tx, values};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::closure::{Owner, owner};
use crate::facts::{
    ApprovalTimedOut, AssessmentExpired, AssessmentSigned, AssessmentWithdrawn, CarerNamed, DayBegan, ItemsApplied,
    ItemsLifted, LineAnswered, PlanComputed, Verdict,
};
use crate::items::{InForce, Key};
use crate::plan::{Line, Needs, Price};
use crate::situation::{Approved, Assessment, Declined};

const SCHEMA: &[&str] = &["
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
"];

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

/// The last local day on which a plan was computed or a day began; `None` while nothing ever happened.
pub(crate) fn last_day(tx: &mut Tx<'_>) -> Result<Option<i64>> {
    let j = tx.jurisdiction();
    tx.first("SELECT day FROM response_day WHERE j = $1", values![j], |row| row.get(0))
}

fn pack<T: Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|source| StoreError::Payload { kind: "column".to_owned(), source })
}

fn unpack<T: DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|source| StoreError::Payload { kind: "column".to_owned(), source })
}

/// The owner of an item as it stands in the table.
pub(crate) fn owner_text(owner: &Owner) -> String {
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
    let (evidence, signers) = (pack(&fact.evidence)?, pack(&fact.signers)?);
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
            &fact.reason,
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
        "INSERT INTO approval (j, seq, line, plan, actor, verdict, said_at, recorded_at, reason, counts)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1)",
        values![
            j,
            entry.seq,
            &fact.line,
            fact.plan,
            fact.by,
            verdict,
            fact.said_at,
            entry.recorded_at,
            fact.reason.as_ref()
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

const ASSESSMENT: &str = "id, scope, finding, signed_at, expires_at, withdrawn, reason, seq";

fn read_assessment(row: &Row<'_>) -> Result<(AssessmentId, Assessment)> {
    let assessment = Assessment {
        scope: unpack(&row.get::<String>(1)?)?,
        finding: unpack(&row.get::<String>(2)?)?,
        signed_at: row.get(3)?,
        expires_at: row.get(4)?,
        withdrawn: row.get(5)?,
        reason: row.get(6)?,
        seq: row.get(7)?,
    };
    Ok((row.get(0)?, assessment))
}

/// Every assessment that counts or was in the last plans: those that neither expired nor were withdrawn.
pub(crate) fn assessments(tx: &mut Tx<'_>) -> Result<Vec<(AssessmentId, Assessment)>> {
    let j = tx.jurisdiction();
    let sql = format!("SELECT {ASSESSMENT} FROM assessment WHERE j = $1 AND withdrawn = 0 AND expired = 0 ORDER BY id");
    tx.query(&sql, values![j], read_assessment)
}

/// One assessment.
pub(crate) fn assessment(tx: &mut Tx<'_>, id: AssessmentId) -> Result<Option<Assessment>> {
    let j = tx.jurisdiction();
    let sql = format!("SELECT {ASSESSMENT} FROM assessment WHERE j = $1 AND id = $2");
    Ok(tx.first(&sql, values![j, id], read_assessment)?.map(|(_, assessment)| assessment))
}

/// Assessments whose end passed without being recorded yet.
pub(crate) fn expiring(tx: &mut Tx<'_>, now: Timestamp) -> Result<Vec<AssessmentId>> {
    let j = tx.jurisdiction();
    tx.query(
        "SELECT id FROM assessment WHERE j = $1 AND withdrawn = 0 AND expired = 0 AND expires_at <= $2 ORDER BY id",
        values![j, now],
        |row| row.get(0),
    )
}

/// The signers and the evidence of an assessment, for people.
pub(crate) fn signers(tx: &mut Tx<'_>, id: AssessmentId) -> Result<(Vec<ActorId>, Vec<String>)> {
    let j = tx.jurisdiction();
    let found =
        tx.first("SELECT signers, evidence FROM assessment WHERE j = $1 AND id = $2", values![j, id], |row| {
            Ok((unpack(&row.get::<String>(0)?)?, unpack(&row.get::<String>(1)?)?))
        })?;
    Ok(found.unwrap_or_default())
}

fn read_applied(row: &Row<'_>) -> Result<(Key, InForce)> {
    let about: Option<String> = row.get(7)?;
    let held = InForce {
        what: unpack(&row.get::<String>(1)?)?,
        id: row.get(2)?,
        starts_at: row.get(3)?,
        ends_at: row.get(4)?,
        facts: unpack(&row.get::<String>(5)?)?,
        observed: false,
        done: false,
        extended: false,
        moved: false,
        with: row.get::<Option<String>>(6)?.map(Key),
        about: about.as_deref().map(unpack).transpose()?,
    };
    Ok((Key(row.get(0)?), held))
}

const APPLIED: &str = "key, what, id, starts_at, ends_at, facts, with_key, about";

/// What was put in force for an owner (index `applied_owner`).
pub(crate) fn applied_of(tx: &mut Tx<'_>, owner: &Owner) -> Result<Vec<(Key, InForce)>> {
    let (j, owner) = (tx.jurisdiction(), owner_text(owner));
    let sql = format!("SELECT {APPLIED} FROM applied WHERE j = $1 AND owner = $2 ORDER BY key");
    tx.query(&sql, values![j, &owner], read_applied)
}

/// Everything that was put in force.
pub(crate) fn applied_all(tx: &mut Tx<'_>) -> Result<Vec<(Key, InForce)>> {
    let j = tx.jurisdiction();
    tx.query(&format!("SELECT {APPLIED} FROM applied WHERE j = $1 ORDER BY key"), values![j], read_applied)
}

/// One item that was put in force.
pub(crate) fn applied(tx: &mut Tx<'_>, key: &Key) -> Result<Option<InForce>> {
    let j = tx.jurisdiction();
    let sql = format!("SELECT {APPLIED} FROM applied WHERE j = $1 AND key = $2");
    Ok(tx.first(&sql, values![j, &key.0], read_applied)?.map(|(_, held)| held))
}

/// What was declined or narrowed.
pub(crate) fn declined(tx: &mut Tx<'_>) -> Result<Vec<(Key, Declined)>> {
    let j = tx.jurisdiction();
    tx.query("SELECT key, seen FROM declined WHERE j = $1", values![j], |row| {
        Ok((Key(row.get(0)?), Declined { seq: row.get(1)? }))
    })
}

/// What was approved for each item.
pub(crate) fn approved_items(tx: &mut Tx<'_>) -> Result<Vec<(Key, Approved)>> {
    let j = tx.jurisdiction();
    tx.query("SELECT key, strictness, until_at FROM approved_item WHERE j = $1", values![j], |row| {
        let strictness = u8::try_from(row.get::<i64>(1)?).unwrap_or(u8::MAX);
        Ok((Key(row.get(0)?), Approved { strictness, until: row.get(2)? }))
    })
}

/// Dependants for whom somebody was named.
pub(crate) fn carers(tx: &mut Tx<'_>) -> Result<Vec<(PersonId, Seq)>> {
    let j = tx.jurisdiction();
    tx.query("SELECT dependant, seq FROM carer WHERE j = $1", values![j], |row| Ok((row.get(0)?, row.get(1)?)))
}

/// Who goes along with a dependant, of their own will.
pub(crate) fn guardian_of(tx: &mut Tx<'_>, dependant: PersonId) -> Result<Option<PersonId>> {
    let j = tx.jurisdiction();
    let sql = "SELECT carer FROM carer WHERE j = $1 AND dependant = $2 AND goes_along = 1";
    Ok(tx.first(sql, values![j, dependant], |row| row.get::<Option<PersonId>>(0))?.flatten())
}

/// A line as it stands.
#[derive(Debug, Clone)]
pub(crate) struct Standing {
    pub(crate) line: Line,
    pub(crate) plan: PlanId,
    pub(crate) worse_since: PlanId,
    pub(crate) state: String,
    pub(crate) basis: Seq,
    pub(crate) waits_since: Timestamp,
    pub(crate) timeout_at: Option<Timestamp>,
    pub(crate) deputies: i64,
}

const LINE: &str = "body, plan, worse_since, state, basis, waits_since, timeout_at, deputies";

fn read_line(row: &Row<'_>) -> Result<Standing> {
    Ok(Standing {
        line: unpack(&row.get::<String>(0)?)?,
        plan: row.get(1)?,
        worse_since: row.get(2)?,
        state: row.get(3)?,
        basis: row.get(4)?,
        waits_since: row.get(5)?,
        timeout_at: row.get(6)?,
        deputies: row.get(7)?,
    })
}

/// The lines that wait for an officer or follow one that does.
pub(crate) fn waiting(tx: &mut Tx<'_>) -> Result<Vec<Standing>> {
    let j = tx.jurisdiction();
    let sql = format!("SELECT {LINE} FROM plan_line WHERE j = $1 AND state = 'waiting' ORDER BY key");
    tx.query(&sql, values![j], read_line)
}

/// One line.
pub(crate) fn line(tx: &mut Tx<'_>, key: &str) -> Result<Option<Standing>> {
    let j = tx.jurisdiction();
    tx.first(&format!("SELECT {LINE} FROM plan_line WHERE j = $1 AND key = $2"), values![j, key], read_line)
}

/// Lines whose time-out passed.
pub(crate) fn timed_out(tx: &mut Tx<'_>, now: Timestamp) -> Result<Vec<Standing>> {
    let j = tx.jurisdiction();
    let sql = format!(
        "SELECT {LINE} FROM plan_line WHERE j = $1 AND state = 'waiting' AND timeout_at IS NOT NULL AND timeout_at <= $2
         ORDER BY key"
    );
    tx.query(&sql, values![j, now], read_line)
}

/// Who said yes to a line in its present form.
pub(crate) fn said_yes(tx: &mut Tx<'_>, key: &str) -> Result<Vec<ActorId>> {
    let j = tx.jurisdiction();
    tx.query(
        "SELECT DISTINCT actor FROM approval WHERE j = $1 AND line = $2 AND counts = 1 AND verdict <> 'no' ORDER BY actor",
        values![j, key],
        |row| row.get(0),
    )
}

/// The newest fact of the response itself that changes what a plan would say: answers, applications, carers.
pub(crate) fn newest_answer(tx: &mut Tx<'_>) -> Result<Seq> {
    let j = tx.jurisdiction();
    let newest = tx.number(
        "SELECT max(seq) FROM (
           SELECT max(seq) AS seq FROM approval WHERE j = $1 UNION ALL SELECT max(seq) FROM applied WHERE j = $1
           UNION ALL SELECT max(seq) FROM carer WHERE j = $1)",
        values![j],
    )?;
    Ok(Seq(newest))
}

/// A computed plan.
#[derive(Debug, Clone)]
pub(crate) struct PlanRow {
    pub(crate) id: PlanId,
    pub(crate) triggers: Vec<outpace_core::Trigger>,
    pub(crate) basis: Seq,
    pub(crate) pack: String,
    pub(crate) price: Price,
    pub(crate) titles: Vec<outpace_core::Text>,
    pub(crate) computed_at: Timestamp,
    pub(crate) wall_ms: Option<i64>,
    pub(crate) people: Option<i64>,
}

/// Computed plans, newest first, before one id.
pub(crate) fn plans(tx: &mut Tx<'_>, before: Option<PlanId>, limit: i64) -> Result<Vec<PlanRow>> {
    let (j, before) = (tx.jurisdiction(), before.unwrap_or(PlanId(i64::MAX)));
    tx.query(
        "SELECT p.id, p.triggers, p.basis, p.pack, p.price, p.titles, p.computed_at, t.wall_ms, t.people
         FROM plan p LEFT JOIN plan_timing t ON t.j = p.j AND t.plan = p.id
         WHERE p.j = $1 AND p.id < $2 ORDER BY p.id DESC LIMIT $3",
        values![j, before, limit],
        |row| {
            Ok(PlanRow {
                id: row.get(0)?,
                triggers: unpack(&row.get::<String>(1)?)?,
                basis: row.get(2)?,
                pack: row.get(3)?,
                price: unpack(&row.get::<String>(4)?)?,
                titles: unpack(&row.get::<String>(5)?)?,
                computed_at: row.get(6)?,
                wall_ms: row.get(7)?,
                people: row.get(8)?,
            })
        },
    )
}

/// Notes how long a plan took. No fact: a rebuild leaves it alone.
pub(crate) fn note_timing(tx: &mut Tx<'_>, plan: PlanId, wall_ms: i64, people: i64) -> Result<()> {
    let j = tx.jurisdiction();
    tx.execute(
        "INSERT INTO plan_timing (j, plan, wall_ms, people) VALUES ($1, $2, $3, $4) ON CONFLICT (j, plan) DO NOTHING",
        values![j, plan, wall_ms, people],
    )
    .map(|_| ())
}
