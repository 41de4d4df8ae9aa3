//! All SQL of the command.

use outpace_core::{ActorId, Timestamp};
use outpace_store::{Capability, Result, Row, Tx, values};

use super::facts::{
    CommandSwitched, DutyLeft, DutyTaken, MeetingHeld, TargetCleared, TargetMissed, TargetSet, TaskForcesActivated,
    TaskForcesStoodDown, VerbalRecorded,
};
use super::model::{ActiveTaskForce, CommandState, Meeting, Mode, OnDuty, Target, Verbal};
use crate::Subject;
use crate::orders::store::subject;
use crate::words::{json, unjson, unword, word};

/// The tables of the command. Rows that only grow are keyed by their entry's sequence number.
pub(crate) const SCHEMA: &str = "
CREATE TABLE command_switch (
  j BIGINT NOT NULL, seq BIGINT NOT NULL, mode TEXT NOT NULL, level TEXT, reason TEXT NOT NULL, at BIGINT NOT NULL,
  actor BIGINT NOT NULL, PRIMARY KEY (j, seq));
CREATE TABLE task_force_active (
  j BIGINT NOT NULL, key TEXT NOT NULL, activated_at BIGINT NOT NULL, PRIMARY KEY (j, key));
CREATE TABLE command_duty (
  j BIGINT NOT NULL, actor BIGINT NOT NULL, role TEXT NOT NULL, since BIGINT NOT NULL, PRIMARY KEY (j, actor));
CREATE TABLE verbal (
  j BIGINT NOT NULL, seq BIGINT NOT NULL, said_at BIGINT NOT NULL, said_by BIGINT NOT NULL, recorded_at BIGINT NOT NULL,
  recorded_by BIGINT NOT NULL, what TEXT NOT NULL, subject_kind TEXT NOT NULL, subject_id TEXT NOT NULL,
  in_time BIGINT NOT NULL, PRIMARY KEY (j, seq));
CREATE INDEX verbal_subject ON verbal (j, subject_kind, subject_id, seq);
CREATE TABLE meeting (
  j BIGINT NOT NULL, id BIGINT NOT NULL, held_at BIGINT NOT NULL, recorded_by BIGINT NOT NULL, found TEXT NOT NULL,
  done TEXT NOT NULL, late TEXT NOT NULL, decisions TEXT NOT NULL, PRIMARY KEY (j, id));
CREATE TABLE target (
  j BIGINT NOT NULL, id BIGINT NOT NULL, meeting BIGINT, what TEXT NOT NULL, task_force TEXT, area BIGINT NOT NULL,
  horizon TEXT NOT NULL, due_at BIGINT NOT NULL, set_at BIGINT NOT NULL, cleared_at BIGINT, cleared_by BIGINT,
  missed_at BIGINT, PRIMARY KEY (j, id));
CREATE INDEX target_open ON target (j, due_at, id) WHERE cleared_at IS NULL;
";

/// Adds tables and folds to the capability.
pub(crate) fn join(capability: Capability) -> Capability {
    let capability = capability
        .table("command_switch", "j, seq")
        .table("task_force_active", "j, key")
        .table("command_duty", "j, actor")
        .table("verbal", "j, seq")
        .table("meeting", "j, id")
        .table("target", "j, id");
    records(people(capability))
}

/// The switch, the task forces, the duty.
fn people(capability: Capability) -> Capability {
    capability
        .fold(|tx, entry, fact: &CommandSwitched| {
            let (j, mode, reason) = (tx.jurisdiction(), word(&fact.mode), json(&fact.reason)?);
            let level = fact.level.map(|level| word(&level));
            tx.execute(
                "INSERT INTO command_switch (j, seq, mode, level, reason, at, actor) VALUES ($1, $2, $3, $4, $5, $6, $7)",
                values![j, entry.seq, &mode, level.as_deref(), &reason, entry.recorded_at, entry.actor],
            )
            .map(|_| ())
        })
        .fold(|tx, entry, fact: &TaskForcesActivated| {
            let j = tx.jurisdiction();
            for key in &fact.keys {
                tx.execute(
                    "INSERT INTO task_force_active (j, key, activated_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
                    values![j, key, entry.recorded_at],
                )?;
            }
            Ok(())
        })
        .fold(|tx, _, fact: &TaskForcesStoodDown| {
            let j = tx.jurisdiction();
            for key in &fact.keys {
                tx.execute("DELETE FROM task_force_active WHERE j = $1 AND key = $2", values![j, key])?;
            }
            Ok(())
        })
        .fold(|tx, entry, fact: &DutyTaken| {
            let (j, role) = (tx.jurisdiction(), word(&fact.role));
            tx.execute(
                "INSERT INTO command_duty (j, actor, role, since) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
                values![j, fact.actor, &role, entry.recorded_at],
            )
            .map(|_| ())
        })
        .fold(|tx, _, fact: &DutyLeft| {
            let j = tx.jurisdiction();
            tx.execute("DELETE FROM command_duty WHERE j = $1 AND actor = $2", values![j, fact.actor]).map(|_| ())
        })
}

/// What was said, decided, set as a target.
fn records(capability: Capability) -> Capability {
    capability
        .fold(|tx, entry, fact: &VerbalRecorded| {
            let (j, what, id) = (tx.jurisdiction(), json(&fact.what)?, fact.subject.id());
            tx.execute(
                "INSERT INTO verbal (j, seq, said_at, said_by, recorded_at, recorded_by, what, subject_kind, subject_id,
                 in_time) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
                values![
                    j,
                    entry.seq,
                    fact.said_at,
                    fact.said_by,
                    entry.recorded_at,
                    entry.actor,
                    &what,
                    fact.subject.kind(),
                    &id,
                    fact.in_time
                ],
            )
            .map(|_| ())
        })
        .fold(|tx, entry, fact: &MeetingHeld| {
            let j = tx.jurisdiction();
            let (found, done) = (json(&fact.found)?, json(&fact.done)?);
            let (late, decisions) = (json(&fact.late)?, json(&fact.decisions)?);
            tx.execute(
                "INSERT INTO meeting (j, id, held_at, recorded_by, found, done, late, decisions)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
                values![j, fact.meeting, entry.occurred_at, entry.actor, &found, &done, &late, &decisions],
            )
            .map(|_| ())
        })
        .fold(|tx, entry, fact: &TargetSet| {
            let (j, what, horizon) = (tx.jurisdiction(), json(&fact.what)?, word(&fact.horizon));
            tx.execute(
                "INSERT INTO target (j, id, meeting, what, task_force, area, horizon, due_at, set_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
                values![
                    j,
                    fact.target,
                    fact.meeting,
                    &what,
                    fact.task_force.as_deref(),
                    fact.area,
                    &horizon,
                    fact.due_at,
                    entry.recorded_at
                ],
            )
            .map(|_| ())
        })
        .fold(|tx, entry, fact: &TargetCleared| {
            let j = tx.jurisdiction();
            tx.execute(
                "UPDATE target SET cleared_at = $3, cleared_by = $4 WHERE j = $1 AND id = $2",
                values![j, fact.target, entry.recorded_at, entry.actor],
            )
            .map(|_| ())
        })
        .fold(|tx, entry, fact: &TargetMissed| {
            let j = tx.jurisdiction();
            tx.execute(
                "UPDATE target SET missed_at = $3 WHERE j = $1 AND id = $2",
                values![j, fact.target, entry.recorded_at],
            )
            .map(|_| ())
        })
}

/// Where the switch stands, who is at work, who is on duty.
///
/// # Errors
/// What the store refused.
pub fn state(tx: &mut Tx<'_>) -> Result<CommandState> {
    let j = tx.jurisdiction();
    let task_forces =
        tx.query("SELECT key, activated_at FROM task_force_active WHERE j = $1 ORDER BY key", values![j], |row| {
            Ok(ActiveTaskForce { key: row.get(0)?, activated_at: row.get(1)? })
        })?;
    let duty =
        tx.query("SELECT actor, role, since FROM command_duty WHERE j = $1 ORDER BY actor", values![j], |row| {
            Ok(OnDuty { actor: row.get(0)?, role: unword(&row.get::<String>(1)?)?, since: row.get(2)? })
        })?;
    let newest = tx.first(
        "SELECT mode, level, reason, at, actor FROM command_switch WHERE j = $1 ORDER BY seq DESC LIMIT 1",
        values![j],
        |row| {
            let level = row.get::<Option<String>>(1)?.map(|level| unword(&level)).transpose()?;
            Ok(CommandState {
                mode: unword(&row.get::<String>(0)?)?,
                level,
                since: Some(row.get::<Timestamp>(3)?),
                switched_by: Some(row.get::<ActorId>(4)?),
                reason: Some(unjson(&row.get::<String>(2)?)?),
                task_forces: Vec::new(),
                duty: Vec::new(),
            })
        },
    )?;
    let state = newest.unwrap_or(CommandState {
        mode: Mode::Peacetime,
        level: None,
        since: None,
        switched_by: None,
        reason: None,
        task_forces: Vec::new(),
        duty: Vec::new(),
    });
    Ok(CommandState { task_forces, duty, ..state })
}

/// Every turn of the switch, oldest first: when, and to what.
///
/// # Errors
/// What the store refused.
pub fn switches(tx: &mut Tx<'_>) -> Result<Vec<(Timestamp, Mode)>> {
    let j = tx.jurisdiction();
    tx.query("SELECT at, mode FROM command_switch WHERE j = $1 ORDER BY seq", values![j], |row| {
        Ok((row.get(0)?, unword(&row.get::<String>(1)?)?))
    })
}

fn read_verbal(row: &Row<'_>) -> Result<Verbal> {
    Ok(Verbal {
        said_at: row.get(0)?,
        said_by: row.get(1)?,
        recorded_at: row.get(2)?,
        recorded_by: row.get(3)?,
        what: unjson(&row.get::<String>(4)?)?,
        subject: subject(&row.get::<String>(5)?, &row.get::<String>(6)?)?,
        in_time: row.get(7)?,
    })
}

/// What was said about a subject, newest record first.
///
/// # Errors
/// What the store refused.
pub fn said_about(tx: &mut Tx<'_>, about: &Subject) -> Result<Vec<Verbal>> {
    let (j, id) = (tx.jurisdiction(), about.id());
    tx.query(
        "SELECT said_at, said_by, recorded_at, recorded_by, what, subject_kind, subject_id, in_time FROM verbal
         WHERE j = $1 AND subject_kind = $2 AND subject_id = $3 ORDER BY seq DESC",
        values![j, about.kind(), &id],
        read_verbal,
    )
}

/// What was said, newest record first, at most `limit`.
///
/// # Errors
/// What the store refused.
pub fn said(tx: &mut Tx<'_>, limit: i64) -> Result<Vec<Verbal>> {
    let j = tx.jurisdiction();
    tx.query(
        "SELECT said_at, said_by, recorded_at, recorded_by, what, subject_kind, subject_id, in_time FROM verbal
         WHERE j = $1 ORDER BY seq DESC LIMIT $2",
        values![j, limit],
        read_verbal,
    )
}

/// Meetings, newest first, at most `limit`.
///
/// # Errors
/// What the store refused.
pub fn meetings(tx: &mut Tx<'_>, limit: i64) -> Result<Vec<Meeting>> {
    let j = tx.jurisdiction();
    tx.query(
        "SELECT id, held_at, recorded_by, found, done, late, decisions FROM meeting WHERE j = $1
         ORDER BY id DESC LIMIT $2",
        values![j, limit],
        |row| {
            Ok(Meeting {
                id: row.get(0)?,
                held_at: row.get(1)?,
                recorded_by: row.get(2)?,
                found: unjson(&row.get::<String>(3)?)?,
                done: unjson(&row.get::<String>(4)?)?,
                late: unjson(&row.get::<String>(5)?)?,
                decisions: unjson(&row.get::<String>(6)?)?,
            })
        },
    )
}

macro_rules! target_columns {
    () => {
        "id, meeting, what, task_force, area, horizon, due_at, set_at, cleared_at, cleared_by, missed_at"
    };
}

fn read_target(row: &Row<'_>) -> Result<Target> {
    Ok(Target {
        id: row.get(0)?,
        meeting: row.get(1)?,
        what: unjson(&row.get::<String>(2)?)?,
        task_force: row.get(3)?,
        area: row.get(4)?,
        horizon: unword(&row.get::<String>(5)?)?,
        due_at: row.get(6)?,
        set_at: row.get(7)?,
        cleared_at: row.get(8)?,
        cleared_by: row.get(9)?,
        missed_at: row.get(10)?,
    })
}

/// A target by its number.
///
/// # Errors
/// What the store refused.
pub fn target(tx: &mut Tx<'_>, id: i64) -> Result<Option<Target>> {
    let j = tx.jurisdiction();
    tx.first(
        concat!("SELECT ", target_columns!(), " FROM target WHERE j = $1 AND id = $2"),
        values![j, id],
        read_target,
    )
}

/// Targets, newest first, at most `limit`.
///
/// # Errors
/// What the store refused.
pub fn targets(tx: &mut Tx<'_>, limit: i64) -> Result<Vec<Target>> {
    let j = tx.jurisdiction();
    tx.query(
        concat!("SELECT ", target_columns!(), " FROM target WHERE j = $1 ORDER BY id DESC LIMIT $2"),
        values![j, limit],
        read_target,
    )
}

/// Targets that are not cleared, earliest first, at most `limit`.
///
/// # Errors
/// What the store refused.
pub fn targets_open(tx: &mut Tx<'_>, limit: i64) -> Result<Vec<Target>> {
    let j = tx.jurisdiction();
    tx.query(
        concat!(
            "SELECT ",
            target_columns!(),
            " FROM target WHERE j = $1 AND cleared_at IS NULL ORDER BY due_at, id LIMIT $2"
        ),
        values![j, limit],
        read_target,
    )
}

/// Targets whose moment lies before `now`, not cleared and not yet marked as missed.
pub(super) fn targets_due(tx: &mut Tx<'_>, now: Timestamp, limit: i64) -> Result<Vec<i64>> {
    let j = tx.jurisdiction();
    tx.query(
        "SELECT id FROM target WHERE j = $1 AND cleared_at IS NULL AND due_at < $2 AND missed_at IS NULL
         ORDER BY due_at, id LIMIT $3",
        values![j, now, limit],
        |row| row.get(0),
    )
}
