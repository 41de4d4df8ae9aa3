//! Small tables that folds keep up, so that live pages and the clock never scan tubes.
//!
//! - `tube_flow`: tubes and people at each stage, by round and site.
//! - `tube_wave`: by round and quarter-hour of sampling, how many are not yet received, not yet resulted.
//! - `coverage`: people of each home grid by round, as they stand to it.
//! - `laboratory_hour`: tubes received and resulted, by laboratory and hour.
//!
//! A fold adds up its changes here and writes each row once, however many tubes its fact has.

use std::collections::BTreeMap;

use outpace_core::time::{HOUR_MS, MINUTE_MS};
use outpace_core::{AreaId, LaboratoryId, RoundId, SiteId, Timestamp};
use outpace_store::{Result, Tx, values};

use crate::rounds::Class;
use crate::tubes::{Counts, Home, Stage};

/// Length of a wave.
const WAVE_MS: i64 = 15 * MINUTE_MS;

/// The tables.
pub(crate) const SCHEMA: &str = "
CREATE TABLE tube_flow (
  j BIGINT NOT NULL, round BIGINT NOT NULL, site BIGINT NOT NULL, stage TEXT NOT NULL, tubes BIGINT NOT NULL,
  people BIGINT NOT NULL, PRIMARY KEY (j, round, site, stage)) WITHOUT ROWID;
CREATE TABLE tube_wave (
  j BIGINT NOT NULL, round BIGINT NOT NULL, wave BIGINT NOT NULL, not_received BIGINT NOT NULL,
  not_resulted BIGINT NOT NULL, first_tube BIGINT NOT NULL, last_tube BIGINT NOT NULL,
  ambient_due_at BIGINT NOT NULL, laboratory_due_at BIGINT NOT NULL, result_due_at BIGINT NOT NULL,
  PRIMARY KEY (j, round, wave)) WITHOUT ROWID;
CREATE TABLE coverage (
  j BIGINT NOT NULL, round BIGINT NOT NULL, grid BIGINT NOT NULL, registered BIGINT NOT NULL, due BIGINT NOT NULL,
  absent BIGINT NOT NULL, exempt BIGINT NOT NULL, quarantined BIGINT NOT NULL, sampled BIGINT NOT NULL,
  again BIGINT NOT NULL, outside BIGINT NOT NULL, unknown BIGINT NOT NULL, resulted BIGINT NOT NULL,
  suspect_tubes BIGINT NOT NULL, PRIMARY KEY (j, round, grid)) WITHOUT ROWID;
CREATE TABLE laboratory_hour (
  j BIGINT NOT NULL, laboratory BIGINT NOT NULL, hour BIGINT NOT NULL, received BIGINT NOT NULL,
  resulted BIGINT NOT NULL, PRIMARY KEY (j, laboratory, hour)) WITHOUT ROWID;
";

/// The wave of a moment.
#[must_use]
pub(crate) fn wave_of(at: Timestamp) -> i64 {
    at.0.div_euclid(WAVE_MS)
}

/// When a wave began.
#[must_use]
pub(crate) fn wave_start(wave: i64) -> Timestamp {
    Timestamp(wave.saturating_mul(WAVE_MS))
}

/// The key of a round in tables where 0 means "outside any round".
#[must_use]
pub(crate) fn round_key(round: Option<RoundId>) -> RoundId {
    round.unwrap_or(RoundId(0))
}

/// One row of the coverage of a round, or what is to be added to it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct CoverageRow {
    pub(crate) registered: i64,
    pub(crate) due: i64,
    pub(crate) absent: i64,
    pub(crate) exempt: i64,
    pub(crate) quarantined: i64,
    pub(crate) sampled: i64,
    pub(crate) again: i64,
    pub(crate) outside: i64,
    pub(crate) unknown: i64,
    pub(crate) resulted: i64,
    pub(crate) suspect_tubes: i64,
}

impl CoverageRow {
    /// The counter of a class of people who are not sampled.
    pub(crate) fn class(&mut self, class: Class) -> &mut i64 {
        match class {
            Class::Due => &mut self.due,
            Class::Absent => &mut self.absent,
            Class::Exempt => &mut self.exempt,
            Class::Quarantined => &mut self.quarantined,
        }
    }

    fn count(&mut self, counts: Counts, people: i64) {
        match counts {
            Counts::Seat(class) => {
                *self.class(class) -= people;
                self.sampled += people;
            }
            Counts::Again => self.again += people,
            Counts::Outside => self.outside += people,
            Counts::Unknown => self.unknown += people,
        }
    }
}

/// The dues of a wave, and the tubes in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WaveDues {
    pub(crate) tube: i64,
    pub(crate) ambient_due_at: Timestamp,
    pub(crate) laboratory_due_at: Timestamp,
    pub(crate) result_due_at: Timestamp,
}

/// Changes added up.
#[derive(Default)]
pub(crate) struct Tally {
    flow: BTreeMap<(RoundId, SiteId, Stage), (i64, i64)>,
    waves: BTreeMap<(RoundId, i64), (i64, i64)>,
    coverage: BTreeMap<(RoundId, AreaId), CoverageRow>,
    hours: BTreeMap<(LaboratoryId, i64), (i64, i64)>,
}

impl Tally {
    /// Tubes and people come to (or with negative numbers leave) a stage.
    pub(crate) fn flow(&mut self, round: RoundId, site: SiteId, stage: Stage, tubes: i64, people: i64) {
        let row = self.flow.entry((round, site, stage)).or_default();
        row.0 += tubes;
        row.1 += people;
    }

    /// A tube of a wave goes from one stage to another.
    pub(crate) fn step(&mut self, round: RoundId, wave: i64, from: Stage, to: Stage) {
        let waits = |stage: Stage| {
            let lost = stage == Stage::Lost;
            (i64::from(!stage.is_received() && !lost), i64::from(!stage.is_final()))
        };
        let (before, after) = (waits(from), waits(to));
        let row = self.waves.entry((round, wave)).or_default();
        row.0 += after.0 - before.0;
        row.1 += after.1 - before.1;
    }

    /// People were sampled.
    pub(crate) fn sampled(&mut self, round: RoundId, homes: &[Home]) {
        for home in homes {
            self.coverage.entry((round, home.grid)).or_default().count(home.counts, home.people);
        }
    }

    /// The row of a grid, to be added to.
    pub(crate) fn coverage(&mut self, round: RoundId, grid: AreaId) -> &mut CoverageRow {
        self.coverage.entry((round, grid)).or_default()
    }

    /// A laboratory received and resulted tubes in the hour of a moment.
    pub(crate) fn laboratory(&mut self, laboratory: LaboratoryId, at: Timestamp, received: i64, resulted: i64) {
        let row = self.hours.entry((laboratory, at.0.div_euclid(HOUR_MS))).or_default();
        row.0 += received;
        row.1 += resulted;
    }

    /// Writes every changed row once.
    pub(crate) fn apply(self, tx: &mut Tx<'_>) -> Result<()> {
        let j = tx.jurisdiction();
        for ((round, site, stage), (tubes, people)) in self.flow {
            if (tubes, people) != (0, 0) {
                tx.execute(
                    "INSERT INTO tube_flow (j, round, site, stage, tubes, people) VALUES ($1, $2, $3, $4, $5, $6)
                     ON CONFLICT (j, round, site, stage) DO UPDATE
                       SET tubes = tube_flow.tubes + excluded.tubes, people = tube_flow.people + excluded.people",
                    values![j, round, site, stage, tubes, people],
                )?;
            }
        }
        for ((round, wave), (received, resulted)) in self.waves {
            if (received, resulted) != (0, 0) {
                tx.execute(
                    "UPDATE tube_wave SET not_received = not_received + $4, not_resulted = not_resulted + $5
                     WHERE j = $1 AND round = $2 AND wave = $3",
                    values![j, round, wave, received, resulted],
                )?;
            }
        }
        for ((round, grid), row) in self.coverage {
            add_coverage(tx, round, grid, &row)?;
        }
        for ((laboratory, hour), (received, resulted)) in self.hours {
            tx.execute(
                "INSERT INTO laboratory_hour (j, laboratory, hour, received, resulted) VALUES ($1, $2, $3, $4, $5)
                 ON CONFLICT (j, laboratory, hour) DO UPDATE
                   SET received = laboratory_hour.received + excluded.received,
                       resulted = laboratory_hour.resulted + excluded.resulted",
                values![j, laboratory, hour, received, resulted],
            )?;
        }
        Ok(())
    }
}

fn add_coverage(tx: &mut Tx<'_>, round: RoundId, grid: AreaId, row: &CoverageRow) -> Result<()> {
    if *row == CoverageRow::default() {
        return Ok(());
    }
    let j = tx.jurisdiction();
    tx.execute(
        "INSERT INTO coverage (j, round, grid, registered, due, absent, exempt, quarantined, sampled, again, outside,
           unknown, resulted, suspect_tubes)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
         ON CONFLICT (j, round, grid) DO UPDATE SET registered = coverage.registered + excluded.registered,
           due = coverage.due + excluded.due, absent = coverage.absent + excluded.absent,
           exempt = coverage.exempt + excluded.exempt, quarantined = coverage.quarantined + excluded.quarantined,
           sampled = coverage.sampled + excluded.sampled, again = coverage.again + excluded.again,
           outside = coverage.outside + excluded.outside, unknown = coverage.unknown + excluded.unknown,
           resulted = coverage.resulted + excluded.resulted,
           suspect_tubes = coverage.suspect_tubes + excluded.suspect_tubes",
        values![
            j,
            round,
            grid,
            row.registered,
            row.due,
            row.absent,
            row.exempt,
            row.quarantined,
            row.sampled,
            row.again,
            row.outside,
            row.unknown,
            row.resulted,
            row.suspect_tubes
        ],
    )
    .map(|_| ())
}

/// A tube joins its wave.
pub(crate) fn join_wave(tx: &mut Tx<'_>, round: RoundId, wave: i64, dues: WaveDues, stage: Stage) -> Result<()> {
    let j = tx.jurisdiction();
    let received = i64::from(!stage.is_received() && stage != Stage::Lost);
    let resulted = i64::from(!stage.is_final());
    tx.execute(
        "INSERT INTO tube_wave (j, round, wave, not_received, not_resulted, first_tube, last_tube, ambient_due_at,
           laboratory_due_at, result_due_at)
         VALUES ($1, $2, $3, $4, $5, $6, $6, $7, $8, $9)
         ON CONFLICT (j, round, wave) DO UPDATE SET not_received = tube_wave.not_received + excluded.not_received,
           not_resulted = tube_wave.not_resulted + excluded.not_resulted,
           first_tube = CASE WHEN excluded.first_tube < tube_wave.first_tube THEN excluded.first_tube
                             ELSE tube_wave.first_tube END,
           last_tube = CASE WHEN excluded.last_tube > tube_wave.last_tube THEN excluded.last_tube
                            ELSE tube_wave.last_tube END,
           ambient_due_at = CASE WHEN excluded.ambient_due_at > tube_wave.ambient_due_at
                                 THEN excluded.ambient_due_at ELSE tube_wave.ambient_due_at END,
           laboratory_due_at = CASE WHEN excluded.laboratory_due_at > tube_wave.laboratory_due_at
                                    THEN excluded.laboratory_due_at ELSE tube_wave.laboratory_due_at END,
           result_due_at = CASE WHEN excluded.result_due_at > tube_wave.result_due_at
                                THEN excluded.result_due_at ELSE tube_wave.result_due_at END",
        values![
            j,
            round,
            wave,
            received,
            resulted,
            dues.tube,
            dues.ambient_due_at,
            dues.laboratory_due_at,
            dues.result_due_at
        ],
    )
    .map(|_| ())
}

/// A tube leaves its wave (it turned out to belong to another round).
pub(crate) fn leave_wave(tx: &mut Tx<'_>, round: RoundId, wave: i64, stage: Stage) -> Result<()> {
    let j = tx.jurisdiction();
    let received = i64::from(!stage.is_received() && stage != Stage::Lost);
    let resulted = i64::from(!stage.is_final());
    tx.execute(
        "UPDATE tube_wave SET not_received = not_received - $4, not_resulted = not_resulted - $5
         WHERE j = $1 AND round = $2 AND wave = $3",
        values![j, round, wave, received, resulted],
    )
    .map(|_| ())
}
