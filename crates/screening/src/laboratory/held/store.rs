//! Clocks of laboratories and results without effect, and how facts fold into them.

use outpace_core::{LaboratoryId, Timestamp};
use outpace_store::{Capability, Entry, Result, Tx, values};

use super::facts::{LaboratoryClockSet, ResultsCredited};
use crate::flow::tally::Tally;
use crate::laboratory::model::{Held, standing_of};
use crate::laboratory::store::{arrive, results_of, settle, unqueue};
use crate::tubes::store::row;

/// The tables. `held`: why the result credits nobody; absent where it counts. `said_at`: the time of the test as the
/// laboratory's clock had it; absent where it said none.
pub(crate) const SCHEMA: &str = "
ALTER TABLE tube_result ADD COLUMN held TEXT;
ALTER TABLE tube_result ADD COLUMN said_at BIGINT;
CREATE INDEX tube_result_said ON tube_result (j, laboratory, reported_at);
CREATE TABLE laboratory_clock (
  j BIGINT NOT NULL, laboratory BIGINT NOT NULL, since BIGINT NOT NULL, until BIGINT, ahead_minutes BIGINT NOT NULL,
  PRIMARY KEY (j, laboratory, since));
";

/// The end of time for a clock that is off until it is set again.
const OPEN: Timestamp = Timestamp(i64::MAX);

/// Adds tables and folds.
pub(crate) fn join(capability: Capability) -> Capability {
    capability.table("laboratory_clock", "j, laboratory, since").fold(fold_clock).fold(fold_credited)
}

/// Minutes by which a laboratory's clock is ahead in what it reports at a moment; the setting that began last counts.
pub(crate) fn ahead_minutes(tx: &mut Tx<'_>, laboratory: LaboratoryId, reported_at: Timestamp) -> Result<i64> {
    let j = tx.jurisdiction();
    tx.number(
        "SELECT ahead_minutes FROM laboratory_clock WHERE j = $1 AND laboratory = $2 AND since <= $3
           AND (until IS NULL OR until > $3) ORDER BY since DESC LIMIT 1",
        values![j, laboratory, reported_at],
    )
}

/// Results of a laboratory that credit nobody because of their time, by tube: number, ordinal, the time it said.
pub(crate) fn held_between(
    tx: &mut Tx<'_>,
    clock: &LaboratoryClockSet,
    limit: i64,
) -> Result<Vec<(i64, i64, Timestamp)>> {
    let j = tx.jurisdiction();
    tx.query(
        "SELECT tube, ordinal, said_at FROM tube_result
         WHERE j = $1 AND laboratory = $2 AND reported_at >= $3 AND reported_at < $4 AND held = $6 AND excluded = 0
           AND said_at IS NOT NULL ORDER BY tube, ordinal LIMIT $5",
        values![j, clock.laboratory, clock.since, clock.until.unwrap_or(OPEN), limit, Held::Time],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )
}

/// How many results said a time meanwhile.
pub(crate) fn said_between(tx: &mut Tx<'_>, clock: &LaboratoryClockSet) -> Result<i64> {
    let j = tx.jurisdiction();
    tx.number(
        "SELECT COUNT(*) FROM tube_result
         WHERE j = $1 AND laboratory = $2 AND reported_at >= $3 AND reported_at < $4 AND said_at IS NOT NULL",
        values![j, clock.laboratory, clock.since, clock.until.unwrap_or(OPEN)],
    )
}

fn fold_clock(tx: &mut Tx<'_>, _: &Entry, fact: &LaboratoryClockSet) -> Result<()> {
    let j = tx.jurisdiction();
    tx.execute(
        "INSERT INTO laboratory_clock (j, laboratory, since, until, ahead_minutes) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (j, laboratory, since) DO UPDATE SET until = excluded.until, ahead_minutes = excluded.ahead_minutes",
        values![j, fact.laboratory, fact.since, fact.until, fact.ahead_minutes],
    )?;
    let until = fact.until.unwrap_or(OPEN);
    let minutes = fact.ahead_minutes.saturating_mul(60_000);
    tx.execute(
        "UPDATE tube_result SET tested_at = said_at - $5
         WHERE j = $1 AND laboratory = $2 AND reported_at >= $3 AND reported_at < $4 AND said_at IS NOT NULL",
        values![j, fact.laboratory, fact.since, until, minutes],
    )?;
    // The tubes on which one of these results stands: their standing result has this time now.
    tx.execute(
        "UPDATE tube SET tested_at = (
           SELECT CASE WHEN r.tested_at < r.reported_at THEN r.tested_at ELSE r.reported_at END FROM tube_result r
           WHERE r.j = tube.j AND r.tube = tube.number AND r.held IS NULL AND r.excluded = 0 ORDER BY r.ordinal DESC LIMIT 1)
         WHERE j = $1 AND outcome IS NOT NULL AND number IN (
           SELECT s.tube FROM tube_result s WHERE s.j = $1 AND s.laboratory = $2 AND s.reported_at >= $3
             AND s.reported_at < $4 AND s.said_at IS NOT NULL AND s.held IS NULL AND s.excluded = 0)",
        values![j, fact.laboratory, fact.since, until],
    )
    .map(|_| ())
}

fn fold_credited(tx: &mut Tx<'_>, entry: &Entry, fact: &ResultsCredited) -> Result<()> {
    let j = tx.jurisdiction();
    let mut tally = Tally::default();
    for credited in &fact.tubes {
        let Some(row) = row(tx, credited.tube)? else { continue };
        for ordinal in &credited.ordinals {
            tx.execute(
                "UPDATE tube_result SET held = NULL WHERE j = $1 AND tube = $2 AND ordinal = $3",
                values![j, credited.tube, *ordinal],
            )?;
        }
        let results = results_of(tx, credited.tube, &row.tube.code)?;
        let kept: Vec<_> = results.iter().filter(|result| result.counts()).collect();
        let stands = standing_of(kept.iter().map(|result| result.outcome));
        let at = kept.last().map_or(entry.happened_at(None), |result| result.tested_at.min(result.reported_at));
        if !row.tube.stage.is_received() {
            arrive(tx, credited.tube, fact.laboratory, at)?;
            tally.laboratory(fact.laboratory, at, 1, 0);
        }
        unqueue(tx, &row)?;
        settle(tx, &mut tally, &row, stands, at, entry)?;
        tally.laboratory(fact.laboratory, entry.occurred_at, 0, 1);
    }
    tally.apply(tx)
}
