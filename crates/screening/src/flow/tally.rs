//! Small tables that folds keep up, so that live pages and the clock never scan tubes.
//!
//! - `tube_flow`: tubes and people at each stage, by round and site.
//! - `tube_wave`: by round and quarter-hour of sampling, how many are not yet received, not yet resulted.
//! - `coverage`: people of each home grid by round, as they stand to it.
//! - `laboratory_hour`: tubes received and resulted, by laboratory and hour.
//!
//! A fold adds up its changes here, however many tubes its fact has; the writer adds up those of a whole commit.

use std::collections::BTreeMap;

use outpace_core::time::{HOUR_MS, MINUTE_MS};
use outpace_core::{AreaId, LaboratoryId, RoundId, SiteId, Timestamp};
use outpace_store::{Join, Result, Sums, Tx, values};

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

    /// In the order of [`COVERAGE`].
    fn amounts(&self) -> [i64; 11] {
        [
            self.registered,
            self.due,
            self.absent,
            self.exempt,
            self.quarantined,
            self.sampled,
            self.again,
            self.outside,
            self.unknown,
            self.resulted,
            self.suspect_tubes,
        ]
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

    /// Adds every changed row up.
    pub(crate) fn apply(self, tx: &mut Tx<'_>) -> Result<()> {
        for ((round, site, stage), (tubes, people)) in self.flow {
            if (tubes, people) != (0, 0) {
                tx.add(&FLOW, values![round, site, stage], &[tubes, people])?;
            }
        }
        for ((round, wave), (received, resulted)) in self.waves {
            if (received, resulted) != (0, 0) {
                tx.add(&WAVE, values![round, wave], &[received, resulted, i64::MAX, 0, 0, 0, 0])?;
            }
        }
        for ((round, grid), row) in self.coverage {
            if row != CoverageRow::default() {
                tx.add(&COVERAGE, values![round, grid], &row.amounts())?;
            }
        }
        for ((laboratory, hour), (received, resulted)) in self.hours {
            tx.add(&LABORATORY_HOUR, values![laboratory, hour], &[received, resulted])?;
        }
        Ok(())
    }
}

static FLOW: Sums = Sums::new("tube_flow", &["round", "site", "stage"], &[("tubes", Join::Sum), ("people", Join::Sum)]);

/// A step of a tube names no tube and no deadline: `i64::MAX` and zeros leave what stands.
static WAVE: Sums = Sums::new(
    "tube_wave",
    &["round", "wave"],
    &[
        ("not_received", Join::Sum),
        ("not_resulted", Join::Sum),
        ("first_tube", Join::Least),
        ("last_tube", Join::Most),
        ("ambient_due_at", Join::Most),
        ("laboratory_due_at", Join::Most),
        ("result_due_at", Join::Most),
    ],
);

static COVERAGE: Sums = Sums::new(
    "coverage",
    &["round", "grid"],
    &[
        ("registered", Join::Sum),
        ("due", Join::Sum),
        ("absent", Join::Sum),
        ("exempt", Join::Sum),
        ("quarantined", Join::Sum),
        ("sampled", Join::Sum),
        ("again", Join::Sum),
        ("outside", Join::Sum),
        ("unknown", Join::Sum),
        ("resulted", Join::Sum),
        ("suspect_tubes", Join::Sum),
    ],
);

static LABORATORY_HOUR: Sums =
    Sums::new("laboratory_hour", &["laboratory", "hour"], &[("received", Join::Sum), ("resulted", Join::Sum)]);

/// A tube joins its wave.
pub(crate) fn join_wave(tx: &mut Tx<'_>, round: RoundId, wave: i64, dues: WaveDues, stage: Stage) -> Result<()> {
    let (received, resulted) = waits(stage);
    let WaveDues { tube, ambient_due_at, laboratory_due_at, result_due_at } = dues;
    tx.add(
        &WAVE,
        values![round, wave],
        &[received, resulted, tube, tube, ambient_due_at.0, laboratory_due_at.0, result_due_at.0],
    )
}

/// A tube leaves its wave (it turned out to belong to another round).
pub(crate) fn leave_wave(tx: &mut Tx<'_>, round: RoundId, wave: i64, stage: Stage) -> Result<()> {
    let (received, resulted) = waits(stage);
    tx.add(&WAVE, values![round, wave], &[-received, -resulted, i64::MAX, 0, 0, 0, 0])
}

/// Whether a tube at a stage waits to be received, and for its result: 0 or 1 each.
fn waits(stage: Stage) -> (i64, i64) {
    (i64::from(!stage.is_received() && stage != Stage::Lost), i64::from(!stage.is_final()))
}
