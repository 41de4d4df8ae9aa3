//! Tables of rounds, rosters and exemptions, and how facts fold into them.

use std::collections::BTreeMap;

use outpace_core::{AreaId, PersonId, RoundId, Text, Timestamp};
use outpace_store::{Capability, Entry, Result, Row, StoreError, Tx, values};

use super::exempt::ExemptReason;
use super::facts::{
    ExemptionsEnded, ForecastRevised, PeopleExempted, PoolsRevised, RosterRevised, RoundClosed, RoundOpened,
    RoundPlanned,
};
use super::model::{Class, Pool, RosterGrid, Round, RoundSpec, RoundState, SitePool};
use crate::flow::tally::Tally;
use crate::person_set::PersonSet;
use crate::words::{json, unjson};

/// The tables.
pub(crate) const SCHEMA: &str = "
CREATE TABLE screening_round (
  j BIGINT NOT NULL, id BIGINT NOT NULL, key TEXT NOT NULL, name_zh TEXT NOT NULL, name_en TEXT NOT NULL,
  method TEXT NOT NULL, scope TEXT NOT NULL, starts_at BIGINT NOT NULL, ends_at BIGINT NOT NULL, pool_group TEXT,
  state TEXT NOT NULL, opened_at BIGINT, closed_at BIGINT, forecast TEXT, PRIMARY KEY (j, id));
CREATE UNIQUE INDEX screening_round_key ON screening_round (j, key);
CREATE TABLE screening_pool (
  j BIGINT NOT NULL, round BIGINT NOT NULL, site BIGINT NOT NULL, pool TEXT NOT NULL, PRIMARY KEY (j, round, site));
CREATE TABLE screening_roster (
  j BIGINT NOT NULL, round BIGINT NOT NULL, grid BIGINT NOT NULL, due TEXT NOT NULL, absent TEXT NOT NULL,
  exempt TEXT NOT NULL, quarantined TEXT NOT NULL, PRIMARY KEY (j, round, grid)) WITHOUT ROWID;
CREATE TABLE screening_roster_change (
  j BIGINT NOT NULL, round BIGINT NOT NULL, grid BIGINT NOT NULL, person BIGINT NOT NULL, class TEXT NOT NULL,
  PRIMARY KEY (j, round, grid, person)) WITHOUT ROWID;
CREATE TABLE screening_exemption (
  j BIGINT NOT NULL, person BIGINT NOT NULL, reason TEXT NOT NULL, until_at BIGINT, PRIMARY KEY (j, person))
  WITHOUT ROWID;
";

/// Which round another one follows, as JSON.
pub(crate) const FOLLOWS: &str = "
ALTER TABLE screening_round ADD COLUMN follows TEXT;
";

/// Adds tables and folds.
pub(crate) fn join(capability: Capability) -> Capability {
    capability
        .table("screening_round", "j, id")
        .table("screening_pool", "j, round, site")
        .table("screening_roster", "j, round, grid")
        .table("screening_roster_change", "j, round, grid, person")
        .table("screening_exemption", "j, person")
        .fold(fold_planned)
        .fold(fold_opened)
        .fold(fold_revised)
        .fold(|tx, _, fact: &PoolsRevised| put_pools(tx, fact.round, &fact.pools))
        .fold(|tx, _, fact: &ForecastRevised| {
            let j = tx.jurisdiction();
            let forecast = json(&fact.forecast)?;
            let sql = "UPDATE screening_round SET forecast = $3 WHERE j = $1 AND id = $2";
            tx.execute(sql, values![j, fact.round, &forecast]).map(|_| ())
        })
        .fold(|tx, entry, fact: &RoundClosed| {
            let j = tx.jurisdiction();
            let sql = "UPDATE screening_round SET state = $3, closed_at = $4 WHERE j = $1 AND id = $2";
            tx.execute(sql, values![j, fact.round, RoundState::Closed, entry.occurred_at]).map(|_| ())
        })
        .fold(|tx, _, fact: &PeopleExempted| {
            let j = tx.jurisdiction();
            let sql = "INSERT INTO screening_exemption (j, person, reason, until_at) VALUES ($1, $2, $3, $4)
                       ON CONFLICT (j, person) DO UPDATE SET reason = excluded.reason, until_at = excluded.until_at";
            let until = fact.until;
            let rows = fact.people.iter().map(|person| [j.into(), person.into(), fact.reason.into(), until.into()]);
            tx.insert_many::<4>(sql, rows).map(|_| ())
        })
        .fold(|tx, _, fact: &ExemptionsEnded| {
            let j = tx.jurisdiction();
            for person in fact.people.iter() {
                let sql = "DELETE FROM screening_exemption WHERE j = $1 AND person = $2";
                tx.execute(sql, values![j, person])?;
            }
            Ok(())
        })
}

fn fold_planned(tx: &mut Tx<'_>, _: &Entry, fact: &RoundPlanned) -> Result<()> {
    let j = tx.jurisdiction();
    let spec = &fact.spec;
    tx.execute(
        "INSERT INTO screening_round (j, id, key, name_zh, name_en, method, scope, starts_at, ends_at, pool_group, state,
           follows)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        values![
            j,
            fact.round,
            &spec.key,
            &spec.name.zh,
            &spec.name.en,
            spec.method,
            &json(&spec.scope)?,
            spec.starts_at,
            spec.ends_at,
            spec.group.map(outpace_policy::PoolGroup::key),
            RoundState::Planned,
            spec.follows.as_ref().map(json).transpose()?.as_deref()
        ],
    )
    .map(|_| ())
}

fn fold_opened(tx: &mut Tx<'_>, entry: &Entry, fact: &RoundOpened) -> Result<()> {
    let j = tx.jurisdiction();
    tx.execute(
        "UPDATE screening_round SET state = $3, opened_at = $4, forecast = $5 WHERE j = $1 AND id = $2",
        values![j, fact.round, RoundState::Open, entry.occurred_at, &json(&fact.forecast)?],
    )?;
    put_pools(tx, fact.round, &fact.pools)?;
    let mut tally = Tally::default();
    for grid in &fact.roster {
        tx.execute(
            "INSERT INTO screening_roster (j, round, grid, due, absent, exempt, quarantined)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
            values![
                j,
                fact.round,
                grid.grid,
                &grid.due.to_string(),
                &grid.absent.to_string(),
                &grid.exempt.to_string(),
                &grid.quarantined.to_string()
            ],
        )?;
        let row = tally.coverage(fact.round, grid.grid);
        row.registered = grid.registered();
        row.due = grid.due.len() as i64;
        row.absent = grid.absent.len() as i64;
        row.exempt = grid.exempt.len() as i64;
        row.quarantined = grid.quarantined.len() as i64;
    }
    tally.apply(tx)
}

fn fold_revised(tx: &mut Tx<'_>, _: &Entry, fact: &RosterRevised) -> Result<()> {
    let j = tx.jurisdiction();
    let mut tally = Tally::default();
    for change in &fact.changes {
        *tally.coverage(fact.round, change.grid).class(change.from) -= 1;
        *tally.coverage(fact.round, change.grid).class(change.to) += 1;
        tx.execute(
            "INSERT INTO screening_roster_change (j, round, grid, person, class) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (j, round, grid, person) DO UPDATE SET class = excluded.class",
            values![j, fact.round, change.grid, change.person, change.to],
        )?;
    }
    tally.apply(tx)
}

fn put_pools(tx: &mut Tx<'_>, round: RoundId, pools: &[SitePool]) -> Result<()> {
    let j = tx.jurisdiction();
    for pool in pools {
        tx.execute(
            "INSERT INTO screening_pool (j, round, site, pool) VALUES ($1, $2, $3, $4)
             ON CONFLICT (j, round, site) DO UPDATE SET pool = excluded.pool",
            values![j, round, pool.site, &json(&pool.pool)?],
        )?;
    }
    Ok(())
}

const ROUND: &str = "id, key, name_zh, name_en, method, scope, starts_at, ends_at, pool_group, state, opened_at,
    closed_at, forecast, follows";

fn read_round(row: &Row<'_>) -> Result<Round> {
    let group: Option<String> = row.get(8)?;
    let forecast: Option<String> = row.get(12)?;
    let follows: Option<String> = row.get(13)?;
    Ok(Round {
        id: row.get(0)?,
        spec: RoundSpec {
            key: row.get(1)?,
            name: Text { zh: row.get(2)?, en: row.get(3)? },
            method: row.get(4)?,
            scope: unjson(&row.get::<String>(5)?)?,
            starts_at: row.get(6)?,
            ends_at: row.get(7)?,
            group: group.and_then(|key| <outpace_policy::PoolGroup as outpace_policy::Closed>::from_key(&key)),
            follows: follows.map(|text| unjson(&text)).transpose()?,
        },
        state: row.get::<RoundState>(9)?,
        opened_at: row.get(10)?,
        closed_at: row.get(11)?,
        forecast: forecast.map(|text| unjson(&text)).transpose()?,
    })
}

/// A round by its id.
///
/// # Errors
/// What the engine refused.
pub fn round(tx: &mut Tx<'_>, id: RoundId) -> Result<Option<Round>> {
    let j = tx.jurisdiction();
    tx.first(&format!("SELECT {ROUND} FROM screening_round WHERE j = $1 AND id = $2"), values![j, id], read_round)
}

/// A round by its natural key.
///
/// # Errors
/// What the engine refused.
pub fn round_by_key(tx: &mut Tx<'_>, key: &str) -> Result<Option<Round>> {
    let j = tx.jurisdiction();
    tx.first(&format!("SELECT {ROUND} FROM screening_round WHERE j = $1 AND key = $2"), values![j, key], read_round)
}

/// All rounds, newest first, at most `limit`; one state only where given.
///
/// # Errors
/// What the engine refused.
pub fn rounds(tx: &mut Tx<'_>, state: Option<RoundState>, limit: i64) -> Result<Vec<Round>> {
    let j = tx.jurisdiction();
    let sql = format!(
        "SELECT {ROUND} FROM screening_round WHERE j = $1 AND ($2 = '' OR state = $2) ORDER BY id DESC LIMIT $3"
    );
    tx.query(&sql, values![j, state.map_or("", RoundState::word), limit], read_round)
}

/// The pool of a site in a round, if it was set.
pub(crate) fn pools(tx: &mut Tx<'_>, round: RoundId) -> Result<Vec<SitePool>> {
    let j = tx.jurisdiction();
    tx.query(
        "SELECT site, pool FROM screening_pool WHERE j = $1 AND round = $2 ORDER BY site",
        values![j, round],
        |row| Ok(SitePool { site: row.get(0)?, pool: unjson::<Pool>(&row.get::<String>(1)?)? }),
    )
}

fn people(text: &str) -> Result<PersonSet> {
    PersonSet::parse(text).ok_or_else(|| StoreError::Broken(format!("a roster holds {text:?}")))
}

/// The roster of a round in an area, grid by grid, as it stood at the opening.
pub(crate) fn roster(tx: &mut Tx<'_>, round: RoundId, area: AreaId) -> Result<Vec<RosterGrid>> {
    roster_between(tx, round, area.grids())
}

/// The roster between two grids, both included.
pub(crate) fn roster_between(
    tx: &mut Tx<'_>,
    round: RoundId,
    (first, last): (AreaId, AreaId),
) -> Result<Vec<RosterGrid>> {
    let j = tx.jurisdiction();
    tx.query(
        "SELECT grid, due, absent, exempt, quarantined FROM screening_roster
         WHERE j = $1 AND round = $2 AND grid BETWEEN $3 AND $4 ORDER BY grid",
        values![j, round, first, last],
        |row| {
            Ok(RosterGrid {
                grid: row.get(0)?,
                due: people(&row.get::<String>(1)?)?,
                absent: people(&row.get::<String>(2)?)?,
                exempt: people(&row.get::<String>(3)?)?,
                quarantined: people(&row.get::<String>(4)?)?,
            })
        },
    )
}

/// Classes that changed since the opening, in an area.
pub(crate) fn changes(tx: &mut Tx<'_>, round: RoundId, area: AreaId) -> Result<BTreeMap<PersonId, (AreaId, Class)>> {
    changes_between(tx, round, area.grids())
}

/// Classes that changed, between two grids, both included.
pub(crate) fn changes_between(
    tx: &mut Tx<'_>,
    round: RoundId,
    (first, last): (AreaId, AreaId),
) -> Result<BTreeMap<PersonId, (AreaId, Class)>> {
    let j = tx.jurisdiction();
    let rows = tx.query(
        "SELECT person, grid, class FROM screening_roster_change
         WHERE j = $1 AND round = $2 AND grid BETWEEN $3 AND $4",
        values![j, round, first, last],
        |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?))),
    )?;
    Ok(rows.into_iter().collect())
}

/// Who is exempt at a moment, and why.
pub(crate) fn exemptions(tx: &mut Tx<'_>, at: Timestamp) -> Result<BTreeMap<PersonId, ExemptReason>> {
    let j = tx.jurisdiction();
    let rows = tx.query(
        "SELECT person, reason FROM screening_exemption WHERE j = $1 AND (until_at IS NULL OR until_at > $2)",
        values![j, at],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    Ok(rows.into_iter().collect())
}
