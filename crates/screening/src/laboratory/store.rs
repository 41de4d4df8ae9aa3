//! Tables of laboratories, their queues and results, and how facts fold into them.

use std::collections::BTreeMap;

use outpace_core::{LaboratoryId, RoundId, Seq, Text, Timestamp, TubeCode};
use outpace_store::{Capability, Entry, Result, Row, Tx, values};

use super::facts::{LaboratorySet, ResultRow, ResultsExcluded, ResultsReported, TubesLost, TubesReceived};
use super::model::{Laboratory, LaboratorySpec, Outcome, TubeResult, standing, standing_of};
use crate::carry::store::box_received;
use crate::flow::tally::Tally;
use crate::tubes::Stage;
use crate::tubes::store::{TubeRow, add_flags, move_to, row};
use crate::words::{json, unjson};

/// The tables.
pub(crate) const SCHEMA: &str = "
CREATE TABLE laboratory (
  j BIGINT NOT NULL, id BIGINT NOT NULL, key TEXT NOT NULL, name_zh TEXT NOT NULL, name_en TEXT NOT NULL,
  area BIGINT NOT NULL, tubes_per_hour BIGINT NOT NULL, turnaround_minutes BIGINT NOT NULL,
  leg_minutes BIGINT NOT NULL, PRIMARY KEY (j, id));
CREATE UNIQUE INDEX laboratory_key ON laboratory (j, key);
CREATE TABLE laboratory_queue (
  j BIGINT NOT NULL, laboratory BIGINT NOT NULL, rank BIGINT NOT NULL, tube BIGINT NOT NULL,
  PRIMARY KEY (j, laboratory, rank, tube)) WITHOUT ROWID;
CREATE TABLE tube_result (
  j BIGINT NOT NULL, tube BIGINT NOT NULL, ordinal BIGINT NOT NULL, laboratory BIGINT NOT NULL, outcome TEXT NOT NULL,
  ct TEXT NOT NULL, tested_at BIGINT NOT NULL, reported_at BIGINT NOT NULL, excluded BIGINT NOT NULL,
  PRIMARY KEY (j, tube, ordinal)) WITHOUT ROWID;
CREATE TABLE tube_positive (
  j BIGINT NOT NULL, round BIGINT NOT NULL, tube BIGINT NOT NULL, PRIMARY KEY (j, round, tube)) WITHOUT ROWID;
CREATE TABLE tube_suspect (
  j BIGINT NOT NULL, tube BIGINT NOT NULL, outcome TEXT, resulted_at BIGINT NOT NULL, seq BIGINT NOT NULL,
  PRIMARY KEY (j, tube)) WITHOUT ROWID;
";

/// Adds tables and folds.
pub(crate) fn join(capability: Capability) -> Capability {
    capability
        .table("laboratory", "j, id")
        .table("laboratory_queue", "j, laboratory, rank, tube")
        .table("tube_result", "j, tube, ordinal")
        .table("tube_positive", "j, round, tube")
        .table("tube_suspect", "j, tube")
        .fold(|tx, _, fact: &LaboratorySet| put_laboratory(tx, fact.laboratory, &fact.spec))
        .fold(fold_received)
        .fold(fold_lost)
        .fold(fold_results)
        .fold(fold_excluded)
}

fn put_laboratory(tx: &mut Tx<'_>, id: LaboratoryId, spec: &LaboratorySpec) -> Result<()> {
    let j = tx.jurisdiction();
    tx.execute(
        "INSERT INTO laboratory (j, id, key, name_zh, name_en, area, tubes_per_hour, turnaround_minutes, leg_minutes)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         ON CONFLICT (j, id) DO UPDATE SET key = excluded.key, name_zh = excluded.name_zh, name_en = excluded.name_en,
           area = excluded.area, tubes_per_hour = excluded.tubes_per_hour,
           turnaround_minutes = excluded.turnaround_minutes, leg_minutes = excluded.leg_minutes",
        values![
            j,
            id,
            &spec.key,
            &spec.name.zh,
            &spec.name.en,
            spec.area,
            spec.tubes_per_hour,
            spec.turnaround_minutes,
            spec.leg_minutes
        ],
    )
    .map(|_| ())
}

fn unqueue(tx: &mut Tx<'_>, row: &TubeRow) -> Result<()> {
    let Some(laboratory) = row.tube.laboratory else { return Ok(()) };
    let j = tx.jurisdiction();
    tx.execute(
        "DELETE FROM laboratory_queue WHERE j = $1 AND laboratory = $2 AND rank = $3 AND tube = $4",
        values![j, laboratory, row.tube.rank, row.tube.number],
    )
    .map(|_| ())
}

/// Notes where and when a tube arrived; a tube that nobody sealed is sealed by it.
fn arrive(tx: &mut Tx<'_>, tube: i64, laboratory: LaboratoryId, at: Timestamp) -> Result<()> {
    let j = tx.jurisdiction();
    tx.execute(
        "UPDATE tube SET laboratory = $3, received_at = $4, sealed_at = COALESCE(sealed_at, $4)
         WHERE j = $1 AND number = $2",
        values![j, tube, laboratory, at],
    )
    .map(|_| ())
}

fn fold_received(tx: &mut Tx<'_>, entry: &Entry, fact: &TubesReceived) -> Result<()> {
    let j = tx.jurisdiction();
    let mut tally = Tally::default();
    let at = entry.happened_at(None);
    for tube in &fact.tubes {
        let Some(row) = row(tx, tube.tube)? else { continue };
        add_flags(tx, &row, &tube.flags)?;
        if matches!(row.tube.stage, Stage::Resulted | Stage::Invalid) {
            continue;
        }
        unqueue(tx, &row)?;
        move_to(tx, &mut tally, &row, Stage::Received)?;
        arrive(tx, tube.tube, fact.laboratory, at)?;
        tx.execute(
            "INSERT INTO laboratory_queue (j, laboratory, rank, tube) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
            values![j, fact.laboratory, row.tube.rank, tube.tube],
        )?;
        tally.laboratory(fact.laboratory, at, 1, 0);
    }
    if let Some(code) = &fact.from_box {
        box_received(tx, code, fact.laboratory, entry)?;
    }
    tally.apply(tx)
}

fn fold_lost(tx: &mut Tx<'_>, entry: &Entry, fact: &TubesLost) -> Result<()> {
    let j = tx.jurisdiction();
    let mut tally = Tally::default();
    for tube in &fact.tubes {
        let Some(row) = row(tx, *tube)? else { continue };
        if !row.tube.stage.is_final() {
            unqueue(tx, &row)?;
            move_to(tx, &mut tally, &row, Stage::Lost)?;
            // A lost tube takes no more people: it counts as sealed.
            let sql = "UPDATE tube SET sealed_at = COALESCE(sealed_at, $3) WHERE j = $1 AND number = $2";
            tx.execute(sql, values![j, *tube, entry.happened_at(None)])?;
        }
    }
    tally.apply(tx)
}

fn fold_results(tx: &mut Tx<'_>, entry: &Entry, fact: &ResultsReported) -> Result<()> {
    let mut tally = Tally::default();
    for result in &fact.results {
        let Some(row) = row(tx, result.tube)? else { continue };
        let at = entry.happened_at(result.tested_at);
        if !row.tube.stage.is_received() {
            arrive(tx, result.tube, fact.laboratory, at)?;
            tally.laboratory(fact.laboratory, at, 1, 0);
        }
        unqueue(tx, &row)?;
        insert_result(tx, entry, fact.laboratory, &row, result)?;
        add_flags(tx, &row, &result.flags)?;
        let stands = standing(row.tube.outcome, result.outcome).outcome;
        settle(tx, &mut tally, &row, Some(stands), at, entry)?;
        tally.laboratory(fact.laboratory, entry.occurred_at, 0, 1);
    }
    tally.apply(tx)
}

fn insert_result(
    tx: &mut Tx<'_>,
    entry: &Entry,
    laboratory: LaboratoryId,
    row: &TubeRow,
    result: &ResultRow,
) -> Result<()> {
    let j = tx.jurisdiction();
    tx.execute(
        "INSERT INTO tube_result (j, tube, ordinal, laboratory, outcome, ct, tested_at, reported_at, plate, excluded)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0)",
        values![
            j,
            result.tube,
            row.results + 1,
            laboratory,
            result.outcome,
            &json(&result.ct)?,
            result.tested_at.unwrap_or(entry.occurred_at),
            entry.recorded_at,
            result.plate.as_ref()
        ],
    )?;
    let sql = "UPDATE tube SET results = results + 1 WHERE j = $1 AND number = $2";
    tx.execute(sql, values![j, result.tube]).map(|_| ())
}

/// Writes the result that stands now, with the tallies that hang on it.
fn settle(
    tx: &mut Tx<'_>,
    tally: &mut Tally,
    row: &TubeRow,
    stands: Option<Outcome>,
    at: Timestamp,
    entry: &Entry,
) -> Result<()> {
    let j = tx.jurisdiction();
    let valid = |outcome: Option<Outcome>| outcome.is_some_and(|outcome| outcome != Outcome::Invalid);
    let positive = |outcome: Option<Outcome>| outcome == Some(Outcome::Positive);
    move_to(tx, tally, row, if valid(stands) { Stage::Resulted } else { Stage::Invalid })?;
    let suspect = |outcome: Option<Outcome>| matches!(outcome, Some(Outcome::Positive | Outcome::Inconclusive));
    let resulted = i64::from(valid(stands)) - i64::from(row.tube.stage == Stage::Resulted);
    let suspects = i64::from(suspect(stands)) - i64::from(suspect(row.tube.outcome));
    let positives = i64::from(positive(stands)) - i64::from(positive(row.tube.outcome));
    for (grid, share) in &row.homes {
        if resulted != 0 && share.seats > 0 {
            tally.coverage(row.round(), *grid).resulted += resulted * share.seats;
        }
        if suspects != 0 {
            tally.coverage(row.round(), *grid).suspect_tubes += suspects;
        }
    }
    if positives != 0 {
        let sql = if positives > 0 {
            "INSERT INTO tube_positive (j, round, tube) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"
        } else {
            "DELETE FROM tube_positive WHERE j = $1 AND round = $2 AND tube = $3"
        };
        tx.execute(sql, values![j, row.round(), row.tube.number])?;
    }
    if suspect(stands) || suspect(row.tube.outcome) {
        note_suspect(tx, row.tube.number, stands, entry)?;
    }
    tx.execute(
        "UPDATE tube SET outcome = $3, tested_at = $4 WHERE j = $1 AND number = $2",
        values![j, row.tube.number, stands.map(Outcome::word), at],
    )
    .map(|_| ())
}

/// A tube that is or was positive or inconclusive, with the fact that made it so; the first one is kept while it stays
/// what it is, so that a confirming result is no new reason.
fn note_suspect(tx: &mut Tx<'_>, tube: i64, stands: Option<Outcome>, entry: &Entry) -> Result<()> {
    let j = tx.jurisdiction();
    tx.execute(
        "INSERT INTO tube_suspect (j, tube, outcome, resulted_at, seq) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (j, tube) DO UPDATE SET outcome = excluded.outcome, resulted_at = excluded.resulted_at,
           seq = excluded.seq WHERE tube_suspect.outcome IS NULL OR excluded.outcome IS NULL
           OR tube_suspect.outcome <> excluded.outcome",
        values![j, tube, stands.map(Outcome::word), entry.recorded_at, entry.seq],
    )
    .map(|_| ())
}

/// A tube that is or was positive or inconclusive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suspect {
    /// Its number.
    pub number: i64,
    /// Its code.
    pub tube: TubeCode,
    /// What stands now; `None` where all results were taken back.
    pub outcome: Option<Outcome>,
    /// When its first swab was taken.
    pub taken_at: Timestamp,
    /// When what stands now became known here.
    pub resulted_at: Timestamp,
    /// The fact that says so.
    pub seq: Seq,
}

/// Every tube that is or was positive or inconclusive, by number. Few: the response looks at all of them.
///
/// # Errors
/// What the engine refused.
pub fn suspects(tx: &mut Tx<'_>) -> Result<Vec<Suspect>> {
    let j = tx.jurisdiction();
    tx.query(
        "SELECT s.tube, t.code, s.outcome, t.first_taken_at, s.resulted_at, s.seq FROM tube_suspect s
         JOIN tube t ON t.j = s.j AND t.number = s.tube WHERE s.j = $1 ORDER BY s.tube",
        values![j],
        |row| {
            Ok(Suspect {
                number: row.get(0)?,
                tube: row.get(1)?,
                outcome: row.get(2)?,
                taken_at: row.get(3)?,
                resulted_at: row.get(4)?,
                seq: row.get(5)?,
            })
        },
    )
}

fn fold_excluded(tx: &mut Tx<'_>, entry: &Entry, fact: &ResultsExcluded) -> Result<()> {
    let j = tx.jurisdiction();
    let mut tally = Tally::default();
    for excluded in &fact.tubes {
        let Some(row) = row(tx, excluded.tube)? else { continue };
        for ordinal in &excluded.ordinals {
            tx.execute(
                "UPDATE tube_result SET excluded = 1 WHERE j = $1 AND tube = $2 AND ordinal = $3",
                values![j, excluded.tube, *ordinal],
            )?;
        }
        let left = results_of(tx, excluded.tube, &row.tube.code)?;
        let kept: Vec<&TubeResult> = left.iter().filter(|result| !result.excluded).collect();
        let stands = standing_of(kept.iter().map(|result| result.outcome));
        let at = kept.last().map_or(entry.happened_at(None), |result| result.tested_at.min(result.reported_at));
        settle(tx, &mut tally, &row, stands, at, entry)?;
    }
    if let (Some(laboratory), Some(plate)) = (fact.laboratory, &fact.plate) {
        super::plate::void(tx, laboratory, plate, entry.occurred_at)?;
    }
    if let Some(exclusion) = fact.exclusion {
        super::exclusions::confirm(tx, exclusion, entry.actor, entry.occurred_at)?;
    }
    tally.apply(tx)
}

const LABORATORY: &str = "l.id, l.key, l.name_zh, l.name_en, l.area, l.tubes_per_hour, l.turnaround_minutes,
    l.leg_minutes, (SELECT COUNT(*) FROM laboratory_queue q WHERE q.j = l.j AND q.laboratory = l.id)";

fn read_laboratory(row: &Row<'_>) -> Result<Laboratory> {
    Ok(Laboratory {
        id: row.get(0)?,
        spec: LaboratorySpec {
            key: row.get(1)?,
            name: Text { zh: row.get(2)?, en: row.get(3)? },
            area: row.get(4)?,
            tubes_per_hour: row.get(5)?,
            turnaround_minutes: row.get(6)?,
            leg_minutes: row.get(7)?,
        },
        pending: row.get(8)?,
    })
}

/// A laboratory by its id.
///
/// # Errors
/// What the engine refused.
pub fn laboratory(tx: &mut Tx<'_>, id: LaboratoryId) -> Result<Option<Laboratory>> {
    let j = tx.jurisdiction();
    let sql = format!("SELECT {LABORATORY} FROM laboratory l WHERE l.j = $1 AND l.id = $2");
    tx.first(&sql, values![j, id], read_laboratory)
}

/// A laboratory by the jurisdiction's own key.
///
/// # Errors
/// What the engine refused.
pub fn laboratory_by_key(tx: &mut Tx<'_>, key: &str) -> Result<Option<Laboratory>> {
    let j = tx.jurisdiction();
    let sql = format!("SELECT {LABORATORY} FROM laboratory l WHERE l.j = $1 AND l.key = $2");
    tx.first(&sql, values![j, key], read_laboratory)
}

/// All laboratories, by id.
///
/// # Errors
/// What the engine refused.
pub fn laboratories(tx: &mut Tx<'_>) -> Result<Vec<Laboratory>> {
    let j = tx.jurisdiction();
    let sql = format!("SELECT {LABORATORY} FROM laboratory l WHERE l.j = $1 ORDER BY l.id");
    tx.query(&sql, values![j], read_laboratory)
}

/// Laboratories that work, each with the tubes ahead of a round's own: those that wait there, and (counted at the
/// first, since nobody has chosen yet) those still on their way.
///
/// A laboratory counts with what it really does, where that is less than it says.
pub(crate) fn loads(tx: &mut Tx<'_>, now: Timestamp) -> Result<Vec<(LaboratorySpec, i64)>> {
    let j = tx.jurisdiction();
    let mut coming = tx.number(
        "SELECT CAST(COALESCE(SUM(tubes), 0) AS BIGINT) FROM tube_flow
         WHERE j = $1 AND stage IN ('open', 'sealed', 'boxed', 'travelling')",
        values![j],
    )?;
    let working = laboratories(tx)?.into_iter().filter(|laboratory| laboratory.spec.tubes_per_hour > 0);
    let mut loads = Vec::new();
    for mut laboratory in working {
        laboratory.spec.tubes_per_hour = super::outlook::real_rate_of(tx, &laboratory, now)?;
        loads.push((laboratory.spec, laboratory.pending + std::mem::take(&mut coming)));
    }
    Ok(loads)
}

/// The results of a tube, oldest first, excluded ones too.
///
/// # Errors
/// What the engine refused.
pub fn results_of(tx: &mut Tx<'_>, tube: i64, code: &TubeCode) -> Result<Vec<TubeResult>> {
    let j = tx.jurisdiction();
    tx.query(
        "SELECT ordinal, laboratory, outcome, ct, tested_at, reported_at, excluded, plate FROM tube_result
         WHERE j = $1 AND tube = $2 ORDER BY ordinal",
        values![j, tube],
        |row| {
            Ok(TubeResult {
                tube: code.clone(),
                ordinal: row.get(0)?,
                laboratory: row.get(1)?,
                outcome: row.get(2)?,
                ct: unjson::<BTreeMap<String, f64>>(&row.get::<String>(3)?)?,
                tested_at: row.get(4)?,
                reported_at: row.get(5)?,
                excluded: row.get(6)?,
                plate: row.get::<Option<String>>(7)?.map(super::plate::PlateCode),
            })
        },
    )
}

/// Tubes that wait at a laboratory, in the order in which they go into the machine.
pub(crate) fn queue(tx: &mut Tx<'_>, laboratory: LaboratoryId, limit: i64) -> Result<Vec<TubeRow>> {
    let j = tx.jurisdiction();
    let columns = crate::tubes::store::TUBE;
    tx.query(
        &format!(
            "SELECT {columns} FROM laboratory_queue q JOIN tube t ON t.j = q.j AND t.number = q.tube
             WHERE q.j = $1 AND q.laboratory = $2 ORDER BY q.rank, q.tube LIMIT $3"
        ),
        values![j, laboratory, limit],
        crate::tubes::store::read_row,
    )
}

/// Positive tubes of a round.
///
/// # Errors
/// What the engine refused.
pub fn positive_tubes(tx: &mut Tx<'_>, round: Option<RoundId>) -> Result<Vec<TubeCode>> {
    let j = tx.jurisdiction();
    tx.query(
        "SELECT t.code FROM tube_positive p JOIN tube t ON t.j = p.j AND t.number = p.tube
         WHERE p.j = $1 AND p.round = $2 ORDER BY p.tube",
        values![j, round.unwrap_or(RoundId(0))],
        |row| row.get(0),
    )
}
