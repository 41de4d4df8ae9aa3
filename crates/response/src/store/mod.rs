//! Tables of assessments, plans, lines, approvals and of what they put in force; all SQL of the response: [`folds`] writes,
//! the functions here read.

mod folds;

use outpace_core::{ActorId, AssessmentId, PersonId, PlanId, Seq, Timestamp};
use outpace_store::{Result, Row, Tx, values};

pub(crate) use folds::join;
use folds::{owner_text, unpack};

use crate::closure::Owner;
use crate::items::{InForce, Key};
use crate::plan::{Line, Price};
use crate::situation::{Approved, Assessment, Declined};

const ASSESSMENT: &str = "id, scope, finding, signed_at, expires_at, withdrawn, reason, seq";

fn read_assessment(row: &Row<'_>) -> Result<(AssessmentId, Assessment)> {
    let assessment = Assessment {
        scope: unpack(&row.get::<String>(1)?)?,
        finding: unpack(&row.get::<String>(2)?)?,
        signed_at: row.get(3)?,
        expires_at: row.get(4)?,
        withdrawn: row.get(5)?,
        reason: unpack(&row.get::<String>(6)?)?,
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
///
/// # Errors
/// What the engine refused.
pub fn signers(tx: &mut Tx<'_>, id: AssessmentId) -> Result<(Vec<ActorId>, Vec<String>)> {
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

/// Whoever said yes to a line that a plan put in force, in whatever form the line had.
///
/// # Errors
/// What the engine refused.
pub fn approvers_of(tx: &mut Tx<'_>, plan: PlanId) -> Result<Vec<ActorId>> {
    let j = tx.jurisdiction();
    tx.query(
        "SELECT DISTINCT actor FROM approval WHERE j = $1 AND verdict <> 'no'
           AND line IN (SELECT line FROM approval WHERE j = $1 AND plan = $2 AND verdict <> 'no') ORDER BY actor",
        values![j, plan],
        |row| row.get(0),
    )
}

/// Everybody who had a hand in the yeses to a line: who said one, and who recorded it for them.
pub(crate) fn signed_yes(tx: &mut Tx<'_>, key: &str) -> Result<Vec<ActorId>> {
    let j = tx.jurisdiction();
    tx.query(
        "SELECT actor FROM approval WHERE j = $1 AND line = $2 AND counts = 1 AND verdict <> 'no'
         UNION SELECT hand FROM approval WHERE j = $1 AND line = $2 AND counts = 1 AND verdict <> 'no' AND hand IS NOT NULL",
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
           UNION ALL SELECT max(seq) FROM carer WHERE j = $1) AS newest",
        values![j],
    )?;
    Ok(Seq(newest))
}

/// The last local day on which a plan was computed or a day began; `None` while nothing ever happened.
pub(crate) fn last_day(tx: &mut Tx<'_>) -> Result<Option<i64>> {
    let j = tx.jurisdiction();
    tx.first("SELECT day FROM response_day WHERE j = $1", values![j], |row| row.get(0))
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
