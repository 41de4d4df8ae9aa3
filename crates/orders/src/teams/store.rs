//! All SQL of units, teams and responsibility lists.

use std::collections::BTreeMap;

use outpace_core::{AreaId, TeamId, Timestamp};
use outpace_store::{Capability, Result, Row, StoreError, Tx, values};

use super::facts::{
    ResponsibilityEnded, ResponsibilityGiven, ShiftEnded, ShiftSet, TeamArrived, TeamDeployed, TeamFormed,
    TeamRelieved, TeamStoodDown, UnitsRegistered,
};
use super::model::{Duty, Holder, Post, Responsibility, Team, TeamState, WorkUnit};
use crate::Subject;
use crate::words::{json, unjson, unword, word};

/// The tables of teams.
pub(crate) const SCHEMA: &str = "
CREATE TABLE work_unit (
  j BIGINT NOT NULL, key TEXT NOT NULL, name TEXT NOT NULL, people BIGINT NOT NULL, village BIGINT,
  PRIMARY KEY (j, key));
CREATE TABLE team (
  j BIGINT NOT NULL, id BIGINT NOT NULL, key TEXT NOT NULL, name TEXT NOT NULL, task_force TEXT, units TEXT NOT NULL,
  people BIGINT NOT NULL, members TEXT NOT NULL, state TEXT NOT NULL, area BIGINT, deployed_at BIGINT,
  arrived_at BIGINT, people_arrived BIGINT, shift_starts_at BIGINT, shift_ends_at BIGINT, rests_until BIGINT,
  PRIMARY KEY (j, id));
CREATE TABLE team_key (j BIGINT NOT NULL, key TEXT NOT NULL, team BIGINT NOT NULL, PRIMARY KEY (j, key));
CREATE TABLE shift_due (j BIGINT NOT NULL, at BIGINT NOT NULL, team BIGINT NOT NULL, PRIMARY KEY (j, at, team));
CREATE TABLE responsibility (
  j BIGINT NOT NULL, subject_kind TEXT NOT NULL, subject_id TEXT NOT NULL, duty TEXT NOT NULL, post TEXT NOT NULL,
  holder TEXT NOT NULL, since BIGINT NOT NULL, PRIMARY KEY (j, subject_kind, subject_id, duty, post));
";

macro_rules! columns {
    () => {
        "id, key, name, task_force, units, people, members, state, area, deployed_at, arrived_at, people_arrived,
         shift_starts_at, shift_ends_at, rests_until"
    };
}

/// Adds tables and folds to the capability.
pub(crate) fn join(capability: Capability) -> Capability {
    capability
        .table("work_unit", "j, key")
        .table("team", "j, id")
        .table("team_key", "j, key")
        .table("shift_due", "j, at, team")
        .table("responsibility", "j, subject_kind, subject_id, duty, post")
        .fold(|tx, _, fact: &UnitsRegistered| fact.units.iter().try_for_each(|unit| keep_unit(tx, unit)))
        .fold(|tx, _, fact: &TeamFormed| fold_formed(tx, fact))
        .fold(|tx, entry, fact: &TeamDeployed| {
            change(tx, fact.team, |team| {
                team.state = TeamState::Deployed;
                team.area = Some(fact.area);
                team.deployed_at = Some(entry.recorded_at);
                (team.arrived_at, team.people_arrived, team.rests_until) = (None, None, None);
            })
        })
        .fold(|tx, entry, fact: &TeamArrived| {
            change(tx, fact.team, |team| {
                team.state = TeamState::InPlace;
                team.area = Some(fact.area);
                team.arrived_at = Some(entry.occurred_at);
                team.people_arrived = Some(fact.people);
            })
        })
        .fold(|tx, _, fact: &ShiftSet| {
            change(tx, fact.team, |team| {
                team.shift_starts_at = Some(fact.starts_at);
                team.shift_ends_at = Some(fact.ends_at);
            })?;
            unschedule(tx, fact.team)?;
            let j = tx.jurisdiction();
            tx.execute("INSERT INTO shift_due (j, at, team) VALUES ($1, $2, $3)", values![j, fact.ends_at, fact.team])
                .map(|_| ())
        })
        .fold(|tx, _, fact: &ShiftEnded| unschedule(tx, fact.team))
        .fold(|tx, _, fact: &TeamRelieved| {
            unschedule(tx, fact.team)?;
            change(tx, fact.team, |team| {
                team.state = TeamState::Resting;
                team.rests_until = Some(fact.rests_until);
                (team.shift_starts_at, team.shift_ends_at) = (None, None);
            })
        })
        .fold(|tx, _, fact: &TeamStoodDown| {
            unschedule(tx, fact.team)?;
            change(tx, fact.team, |team| team.state = TeamState::StoodDown)
        })
        .fold(|tx, entry, fact: &ResponsibilityGiven| {
            let (j, duty, id) = (tx.jurisdiction(), word(&fact.duty), fact.subject.id());
            for (post, holder) in &fact.holders {
                let (post, holder) = (word(post), json(holder)?);
                tx.execute(
                    "INSERT INTO responsibility (j, subject_kind, subject_id, duty, post, holder, since)
                     VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (j, subject_kind, subject_id, duty, post)
                     DO UPDATE SET holder = excluded.holder, since = excluded.since",
                    values![j, fact.subject.kind(), &id, &duty, &post, &holder, entry.recorded_at],
                )?;
            }
            Ok(())
        })
        .fold(|tx, _, fact: &ResponsibilityEnded| {
            let (j, duty, id) = (tx.jurisdiction(), word(&fact.duty), fact.subject.id());
            tx.execute(
                "DELETE FROM responsibility WHERE j = $1 AND subject_kind = $2 AND subject_id = $3 AND duty = $4",
                values![j, fact.subject.kind(), &id, &duty],
            )
            .map(|_| ())
        })
}

fn keep_unit(tx: &mut Tx<'_>, unit: &WorkUnit) -> Result<()> {
    let (j, name) = (tx.jurisdiction(), json(&unit.name)?);
    tx.execute(
        "INSERT INTO work_unit (j, key, name, people, village) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (j, key)
         DO UPDATE SET name = excluded.name, people = excluded.people, village = excluded.village",
        values![j, &unit.key, &name, unit.people, unit.village],
    )
    .map(|_| ())
}

fn fold_formed(tx: &mut Tx<'_>, fact: &TeamFormed) -> Result<()> {
    let j = tx.jurisdiction();
    tx.execute("INSERT INTO team_key (j, key, team) VALUES ($1, $2, $3)", values![j, &fact.key, fact.team])?;
    write(
        tx,
        &Team {
            id: fact.team,
            key: fact.key.clone(),
            name: fact.name.clone(),
            task_force: fact.task_force.clone(),
            units: fact.units.clone(),
            people: fact.people,
            members: fact.members.clone(),
            state: TeamState::Ready,
            area: None,
            deployed_at: None,
            arrived_at: None,
            people_arrived: None,
            shift_starts_at: None,
            shift_ends_at: None,
            rests_until: None,
        },
    )
}

fn change(tx: &mut Tx<'_>, id: TeamId, change: impl FnOnce(&mut Team)) -> Result<()> {
    let Some(mut team) = by_id(tx, id)? else {
        return Err(StoreError::Broken(format!("a fact speaks of team {id}, which was never formed")));
    };
    change(&mut team);
    write(tx, &team)
}

fn write(tx: &mut Tx<'_>, team: &Team) -> Result<()> {
    let (j, state) = (tx.jurisdiction(), word(&team.state));
    let (name, units, members) = (json(&team.name)?, json(&team.units)?, json(&team.members)?);
    tx.execute(
        concat!(
            "INSERT INTO team (j, ",
            columns!(),
            ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
             ON CONFLICT (j, id) DO UPDATE SET state = excluded.state, area = excluded.area,
              deployed_at = excluded.deployed_at, arrived_at = excluded.arrived_at,
              people_arrived = excluded.people_arrived, shift_starts_at = excluded.shift_starts_at,
              shift_ends_at = excluded.shift_ends_at, rests_until = excluded.rests_until"
        ),
        values![
            j,
            team.id,
            &team.key,
            &name,
            team.task_force.as_deref(),
            &units,
            team.people,
            &members,
            &state,
            team.area,
            team.deployed_at,
            team.arrived_at,
            team.people_arrived,
            team.shift_starts_at,
            team.shift_ends_at,
            team.rests_until
        ],
    )
    .map(|_| ())
}

fn unschedule(tx: &mut Tx<'_>, team: TeamId) -> Result<()> {
    let j = tx.jurisdiction();
    tx.execute("DELETE FROM shift_due WHERE j = $1 AND team = $2", values![j, team]).map(|_| ())
}

fn small(number: i64) -> u32 {
    u32::try_from(number).unwrap_or_default()
}

fn read(row: &Row<'_>) -> Result<Team> {
    Ok(Team {
        id: row.get(0)?,
        key: row.get(1)?,
        name: unjson(&row.get::<String>(2)?)?,
        task_force: row.get(3)?,
        units: unjson(&row.get::<String>(4)?)?,
        people: small(row.get(5)?),
        members: unjson(&row.get::<String>(6)?)?,
        state: unword(&row.get::<String>(7)?)?,
        area: row.get(8)?,
        deployed_at: row.get(9)?,
        arrived_at: row.get(10)?,
        people_arrived: row.get::<Option<i64>>(11)?.map(small),
        shift_starts_at: row.get(12)?,
        shift_ends_at: row.get(13)?,
        rests_until: row.get(14)?,
    })
}

/// A team by its number.
///
/// # Errors
/// What the store refused.
pub fn by_id(tx: &mut Tx<'_>, id: TeamId) -> Result<Option<Team>> {
    let j = tx.jurisdiction();
    tx.first(concat!("SELECT ", columns!(), " FROM team WHERE j = $1 AND id = $2"), values![j, id], read)
}

/// The team with this key.
///
/// # Errors
/// What the store refused.
pub fn by_key(tx: &mut Tx<'_>, key: &str) -> Result<Option<Team>> {
    let j = tx.jurisdiction();
    let id = tx.first("SELECT team FROM team_key WHERE j = $1 AND key = $2", values![j, key], |row| row.get(0))?;
    id.map_or(Ok(None), |id| by_id(tx, id))
}

/// Teams by number, from above `after`, at most `limit`.
///
/// # Errors
/// What the store refused.
pub fn list(tx: &mut Tx<'_>, after: Option<TeamId>, limit: i64) -> Result<Vec<Team>> {
    let (j, above) = (tx.jurisdiction(), after.unwrap_or(TeamId(0)));
    tx.query(
        concat!("SELECT ", columns!(), " FROM team WHERE j = $1 AND id > $2 ORDER BY id LIMIT $3"),
        values![j, above, limit],
        read,
    )
}

/// Teams whose shift ended before `now` and who were not relieved.
pub(super) fn shifts_ended(tx: &mut Tx<'_>, now: Timestamp, limit: i64) -> Result<Vec<(TeamId, Timestamp)>> {
    let j = tx.jurisdiction();
    tx.query(
        "SELECT team, at FROM shift_due WHERE j = $1 AND at < $2 ORDER BY at, team LIMIT $3",
        values![j, now, limit],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}

/// All units by key.
///
/// # Errors
/// What the store refused.
pub fn units(tx: &mut Tx<'_>) -> Result<Vec<WorkUnit>> {
    let j = tx.jurisdiction();
    tx.query("SELECT key, name, people, village FROM work_unit WHERE j = $1 ORDER BY key", values![j], |row| {
        Ok(WorkUnit {
            key: row.get(0)?,
            name: unjson(&row.get::<String>(1)?)?,
            people: small(row.get(2)?),
            village: row.get::<Option<AreaId>>(3)?,
        })
    })
}

/// Who answers for a subject, list by list.
///
/// # Errors
/// What the store refused.
pub fn responsible_for(tx: &mut Tx<'_>, subject: &Subject) -> Result<Vec<Responsibility>> {
    let (j, id) = (tx.jurisdiction(), subject.id());
    let rows = tx.query(
        "SELECT duty, post, holder FROM responsibility WHERE j = $1 AND subject_kind = $2 AND subject_id = $3
         ORDER BY duty, post",
        values![j, subject.kind(), &id],
        |row| {
            let (duty, post): (Duty, Post) = (unword(&row.get::<String>(0)?)?, unword(&row.get::<String>(1)?)?);
            Ok((duty, post, unjson::<Holder>(&row.get::<String>(2)?)?))
        },
    )?;
    let mut lists: BTreeMap<Duty, BTreeMap<Post, Holder>> = BTreeMap::new();
    for (duty, post, holder) in rows {
        lists.entry(duty).or_default().insert(post, holder);
    }
    Ok(lists.into_iter().map(|(duty, holders)| complete(duty, subject.clone(), holders)).collect())
}

/// A list with the posts that are still empty.
pub(super) fn complete(duty: Duty, subject: Subject, holders: BTreeMap<Post, Holder>) -> Responsibility {
    let missing = duty.posts().iter().copied().filter(|post| !holders.contains_key(post)).collect();
    Responsibility { duty, subject, holders, missing }
}

/// How many subjects stand on each list.
///
/// # Errors
/// What the store refused.
pub fn responsibility_counts(tx: &mut Tx<'_>) -> Result<Vec<(Duty, i64)>> {
    let j = tx.jurisdiction();
    tx.query(
        "SELECT duty, COUNT(*) FROM (SELECT DISTINCT duty, subject_kind, subject_id FROM responsibility WHERE j = $1)
         AS listed GROUP BY duty ORDER BY duty",
        values![j],
        |row| Ok((unword(&row.get::<String>(0)?)?, row.get(1)?)),
    )
}
