//! Tables and facts of antigen rounds.

use outpace_core::{AreaId, PersonId, RoundId, Seq, Timestamp};
use outpace_store::{Capability, Entry, Fact, Result, Tx, values};
use serde::{Deserialize, Serialize};

use crate::flow::tally::Tally;
use crate::laboratory::Outcome;
use crate::tubes::Home;

/// The tables.
pub(crate) const SCHEMA: &str = "
CREATE TABLE antigen_result (
  j BIGINT NOT NULL, round BIGINT NOT NULL, person BIGINT NOT NULL, outcome TEXT NOT NULL, tested_at BIGINT NOT NULL,
  PRIMARY KEY (j, round, person)) WITHOUT ROWID;
CREATE TABLE antigen_positive (
  j BIGINT NOT NULL, person BIGINT NOT NULL, round BIGINT NOT NULL, tested_at BIGINT NOT NULL, seq BIGINT NOT NULL,
  PRIMARY KEY (j, person, round)) WITHOUT ROWID;
CREATE TABLE antigen_kits (
  j BIGINT NOT NULL, round BIGINT NOT NULL, grid BIGINT NOT NULL, kits BIGINT NOT NULL, PRIMARY KEY (j, round, grid))
  WITHOUT ROWID;
";

/// Self-tests that wait for somebody who answers for whom they are of.
pub(crate) const UNPLACED: &str = "
CREATE TABLE antigen_unplaced (
  j BIGINT NOT NULL, round BIGINT NOT NULL, person BIGINT NOT NULL, outcome TEXT NOT NULL, tested_at BIGINT NOT NULL,
  PRIMARY KEY (j, round, person, outcome)) WITHOUT ROWID;
";

/// Kits were handed out in a grid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KitsHandedOut {
    /// For which round.
    pub round: RoundId,
    /// In which grid.
    pub grid: AreaId,
    /// How many kits in all so far: a hand-out told twice counts once.
    pub total: i64,
}

impl Fact for KitsHandedOut {
    const KIND: &'static str = "screening.kits_handed_out";
}

/// One self-test.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AntigenFact {
    /// Whose.
    pub person: PersonId,
    /// What it showed.
    pub outcome: Outcome,
    /// When, where it differs from the entry's time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tested_at: Option<Timestamp>,
}

/// Self-tests were reported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AntigenReported {
    /// For which round.
    pub round: RoundId,
    /// The tests.
    pub reports: Vec<AntigenFact>,
    /// How the people count, by home grid; those who had reported before do not count again.
    pub homes: Vec<Home>,
}

impl Fact for AntigenReported {
    const KIND: &'static str = "screening.antigen_reported";
}

/// Self-tests were told of people whom nobody registered, or for whom whoever told them does not answer. They are kept and
/// count nowhere until somebody who answers for these people reports them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AntigenUnplaced {
    /// For which round.
    pub round: RoundId,
    /// The tests.
    pub reports: Vec<AntigenFact>,
}

impl Fact for AntigenUnplaced {
    const KIND: &'static str = "screening.antigen_unplaced";
}

/// Adds tables and folds.
pub(crate) fn join(capability: Capability) -> Capability {
    capability
        .table("antigen_result", "j, round, person")
        .table("antigen_positive", "j, person, round")
        .table("antigen_kits", "j, round, grid")
        .table("antigen_unplaced", "j, round, person, outcome")
        .fold(|tx, _, fact: &KitsHandedOut| {
            let j = tx.jurisdiction();
            tx.execute(
                "INSERT INTO antigen_kits (j, round, grid, kits) VALUES ($1, $2, $3, $4)
                 ON CONFLICT (j, round, grid) DO UPDATE SET kits = excluded.kits",
                values![j, fact.round, fact.grid, fact.total],
            )
            .map(|_| ())
        })
        .fold(fold_reported)
        .fold(|tx, entry, fact: &AntigenUnplaced| {
            let j = tx.jurisdiction();
            let tested_at = |report: &AntigenFact| report.tested_at.unwrap_or(entry.occurred_at);
            tx.insert_many(
                "INSERT INTO antigen_unplaced (j, round, person, outcome, tested_at) VALUES ($1, $2, $3, $4, $5)
                 ON CONFLICT (j, round, person, outcome) DO NOTHING",
                fact.reports.iter().map(|report| {
                    let at = tested_at(report);
                    [j.into(), fact.round.into(), report.person.into(), report.outcome.into(), at.into()]
                }),
            )
        })
}

fn fold_reported(tx: &mut Tx<'_>, entry: &Entry, fact: &AntigenReported) -> Result<()> {
    let j = tx.jurisdiction();
    for report in &fact.reports {
        tx.execute(
            "INSERT INTO antigen_result (j, round, person, outcome, tested_at) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (j, round, person) DO UPDATE
               SET outcome = excluded.outcome, tested_at = excluded.tested_at",
            values![j, fact.round, report.person, report.outcome, report.tested_at.unwrap_or(entry.occurred_at)],
        )?;
        if report.outcome == Outcome::Positive {
            tx.execute(
                "INSERT INTO antigen_positive (j, person, round, tested_at, seq) VALUES ($1, $2, $3, $4, $5)
                 ON CONFLICT (j, person, round) DO NOTHING",
                values![j, report.person, fact.round, report.tested_at.unwrap_or(entry.occurred_at), entry.seq],
            )?;
        }
    }
    let mut tally = Tally::default();
    tally.sampled(fact.round, &fact.homes);
    tally.apply(tx)
}

/// What a person reported in a round.
pub(crate) fn result_of(tx: &mut Tx<'_>, round: RoundId, person: PersonId) -> Result<Option<(Outcome, Timestamp)>> {
    let j = tx.jurisdiction();
    tx.first(
        "SELECT outcome, tested_at FROM antigen_result WHERE j = $1 AND round = $2 AND person = $3",
        values![j, round, person],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}

/// Who reported a positive in a round, by id.
pub(crate) fn positives(tx: &mut Tx<'_>, round: RoundId) -> Result<Vec<PersonId>> {
    let j = tx.jurisdiction();
    tx.query(
        "SELECT person FROM antigen_result WHERE j = $1 AND round = $2 AND outcome = 'positive' ORDER BY person",
        values![j, round],
        |row| row.get(0),
    )
}

/// Whether this was told before of somebody for whom nobody has answered yet.
pub(crate) fn is_kept(tx: &mut Tx<'_>, round: RoundId, report: &AntigenFact) -> Result<bool> {
    let j = tx.jurisdiction();
    let sql = "SELECT COUNT(*) FROM antigen_unplaced WHERE j = $1 AND round = $2 AND person = $3 AND outcome = $4";
    Ok(tx.number(sql, values![j, round, report.person, report.outcome])? > 0)
}

/// Self-tests of a round that nobody who answers for these people has reported since, by person.
pub(crate) fn unplaced(tx: &mut Tx<'_>, round: RoundId, limit: i64) -> Result<Vec<AntigenFact>> {
    let j = tx.jurisdiction();
    tx.query(
        "SELECT u.person, u.outcome, u.tested_at FROM antigen_unplaced u
         LEFT JOIN antigen_result r ON r.j = u.j AND r.round = u.round AND r.person = u.person
         WHERE u.j = $1 AND u.round = $2 AND r.person IS NULL ORDER BY u.person, u.outcome LIMIT $3",
        values![j, round, limit],
        |row| Ok(AntigenFact { person: row.get(0)?, outcome: row.get(1)?, tested_at: Some(row.get(2)?) }),
    )
}

/// A self-test that was positive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PositiveSelfTest {
    /// Whose.
    pub person: PersonId,
    /// When it was taken.
    pub tested_at: Timestamp,
    /// The fact that says so.
    pub seq: Seq,
}

/// Every self-test that was positive, by person. Few: each is answered by a nucleic-acid test.
///
/// # Errors
/// What the engine refused.
pub fn positive_self_tests(tx: &mut Tx<'_>) -> Result<Vec<PositiveSelfTest>> {
    let j = tx.jurisdiction();
    tx.query(
        "SELECT person, tested_at, seq FROM antigen_positive WHERE j = $1 ORDER BY person, round",
        values![j],
        |row| Ok(PositiveSelfTest { person: row.get(0)?, tested_at: row.get(1)?, seq: row.get(2)? }),
    )
}

/// Kits handed out for a round in an area.
///
/// # Errors
/// What the engine refused.
pub fn kits_of(tx: &mut Tx<'_>, round: RoundId, area: AreaId) -> Result<i64> {
    let j = tx.jurisdiction();
    let (first, last) = area.grids();
    tx.number(
        "SELECT CAST(COALESCE(SUM(kits), 0) AS BIGINT) FROM antigen_kits
         WHERE j = $1 AND round = $2 AND grid BETWEEN $3 AND $4",
        values![j, round, first, last],
    )
}
