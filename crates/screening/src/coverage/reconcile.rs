//! When a closed round counts against those who missed it: once nothing is open on our side any more. Until then every
//! rule that punishes a missed test is suspended; then a fact names, grid by grid, who was due and did not come. Whoever
//! turns out to have been sampled after all is taken off again, by another fact.

use std::collections::{BTreeMap, BTreeSet};

use outpace_access::Call;
use outpace_core::{AreaId, AreaLevel, PersonId, Refusal, RoundId, Timestamp};
use outpace_store::{Capability, Entry, Fact, Result, StoreError, Tx, Unit, values};
use serde::{Deserialize, Serialize};

use super::missed::our_failures;
use crate::desk::{Desk, Seats, load_seats};
use crate::person_set::PersonSet;
use crate::rounds::{Class, Round, RoundState, round};
use crate::sites::closed_between;

/// Rounds whose missing people are looked at, newest first.
pub const ROUNDS_MAX: i64 = 30;

/// The tables.
pub(crate) const SCHEMA: &str = "
ALTER TABLE screening_round ADD COLUMN reconciled_at BIGINT;
ALTER TABLE screening_round ADD COLUMN reconciled_wholly BIGINT NOT NULL DEFAULT 0;
CREATE TABLE round_missed (
  j BIGINT NOT NULL, round BIGINT NOT NULL, grid BIGINT NOT NULL, people TEXT NOT NULL, PRIMARY KEY (j, round, grid))
  WITHOUT ROWID;
";

/// People of a grid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GridPeople {
    /// The home grid on the roster.
    pub grid: AreaId,
    /// Who.
    pub people: PersonSet,
}

/// A closed round was reconciled: nothing is open on our side, and these people missed it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoundReconciled {
    /// Which round.
    pub round: RoundId,
    /// Who was due and did not come, without those near a site that shut.
    pub missed: Vec<GridPeople>,
    /// Whether this is all: false while lanes are without a network, on whose account nobody in their areas is named.
    pub wholly: bool,
}

impl Fact for RoundReconciled {
    const KIND: &'static str = "screening.round_reconciled";
}

/// People who counted as having missed a round turned out to have been sampled in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MissedLifted {
    /// Which round.
    pub round: RoundId,
    /// Who.
    pub people: Vec<GridPeople>,
}

impl Fact for MissedLifted {
    const KIND: &'static str = "screening.missed_lifted";
}

/// A round that counts against those who missed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CountingRound {
    /// Which.
    pub round: RoundId,
    /// A sample taken from then on lifts it.
    pub opened_at: Timestamp,
    /// Since when the test is owed: the close of the round.
    pub closed_at: Timestamp,
}

/// Adds the table and its folds.
pub(crate) fn join(capability: Capability) -> Capability {
    capability.table("round_missed", "j, round, grid").fold(fold_reconciled).fold(|tx, _, fact: &MissedLifted| {
        for lifted in &fact.people {
            let Some(stood) = people_at(tx, fact.round, lifted.grid)? else { continue };
            let left: PersonSet = stood.iter().filter(|person| !lifted.people.contains(*person)).collect();
            put(tx, fact.round, lifted.grid, &left)?;
        }
        Ok(())
    })
}

fn fold_reconciled(tx: &mut Tx<'_>, entry: &Entry, fact: &RoundReconciled) -> Result<()> {
    let j = tx.jurisdiction();
    let sql = "UPDATE screening_round SET reconciled_at = COALESCE(reconciled_at, $3), reconciled_wholly = $4
               WHERE j = $1 AND id = $2";
    tx.execute(sql, values![j, fact.round, entry.recorded_at, fact.wholly])?;
    fact.missed.iter().try_for_each(|missed| put(tx, fact.round, missed.grid, &missed.people))
}

fn put(tx: &mut Tx<'_>, round: RoundId, grid: AreaId, people: &PersonSet) -> Result<()> {
    let j = tx.jurisdiction();
    tx.execute(
        "INSERT INTO round_missed (j, round, grid, people) VALUES ($1, $2, $3, $4)
         ON CONFLICT (j, round, grid) DO UPDATE SET people = excluded.people",
        values![j, round, grid, &people.to_string()],
    )
    .map(|_| ())
}

fn parse(text: &str) -> Result<PersonSet> {
    PersonSet::parse(text).ok_or_else(|| StoreError::Broken(format!("a round's missing people are {text:?}")))
}

fn people_at(tx: &mut Tx<'_>, round: RoundId, grid: AreaId) -> Result<Option<PersonSet>> {
    let j = tx.jurisdiction();
    let sql = "SELECT people FROM round_missed WHERE j = $1 AND round = $2 AND grid = $3";
    let found = tx.first(sql, values![j, round, grid], |row| row.get::<String>(0))?;
    found.map(|text| parse(&text)).transpose()
}

/// Who missed a round, grid by grid.
///
/// # Errors
/// What the engine refused.
pub fn missed_in(tx: &mut Tx<'_>, round: RoundId) -> Result<Vec<GridPeople>> {
    let j = tx.jurisdiction();
    tx.query(
        "SELECT grid, people FROM round_missed WHERE j = $1 AND round = $2 ORDER BY grid",
        values![j, round],
        |row| Ok(GridPeople { grid: row.get(0)?, people: parse(&row.get::<String>(1)?)? }),
    )
}

/// Rounds that count against those who missed them, newest first; at most [`ROUNDS_MAX`].
///
/// # Errors
/// What the engine refused.
pub fn counting_rounds(tx: &mut Tx<'_>) -> Result<Vec<CountingRound>> {
    let j = tx.jurisdiction();
    tx.query(
        "SELECT id, opened_at, closed_at FROM screening_round
         WHERE j = $1 AND reconciled_at IS NOT NULL AND opened_at IS NOT NULL AND closed_at IS NOT NULL
         ORDER BY id DESC LIMIT $2",
        values![j, ROUNDS_MAX],
        |row| Ok(CountingRound { round: row.get(0)?, opened_at: row.get(1)?, closed_at: row.get(2)? }),
    )
}

/// The newest round that counts against a person, whatever samples they gave since. People who moved stand at the grid
/// where they lived when the round opened.
///
/// # Errors
/// What the engine refused.
pub fn counting_against(tx: &mut Tx<'_>, person: PersonId, home: AreaId) -> Result<Option<CountingRound>> {
    for counting in counting_rounds(tx)? {
        let at_home = people_at(tx, counting.round, home)?.is_some_and(|people| people.contains(person));
        if at_home || missed_in(tx, counting.round)?.iter().any(|grid| grid.people.contains(person)) {
            return Ok(Some(counting));
        }
    }
    Ok(None)
}

fn unreconciled(tx: &mut Tx<'_>) -> Result<Vec<RoundId>> {
    let j = tx.jurisdiction();
    tx.query(
        "SELECT id FROM screening_round WHERE j = $1 AND state = $2 AND reconciled_wholly = 0 ORDER BY id",
        values![j, RoundState::Closed],
        |row| row.get(0),
    )
}

/// Reconciles every closed round with nothing left open, and lifts those who turned out to have been sampled.
///
/// # Errors
/// What the store refused.
pub(crate) fn reconcile_all(unit: &mut Unit<'_>, call: &Call) -> std::result::Result<(), Refusal> {
    for id in unreconciled(unit.tx())? {
        if let Some(known) = round(unit.tx(), id)? {
            reconcile(unit, call, &known)?;
        }
    }
    lift_sampled(unit)
}

/// Reconciles a closed round if nothing is open on our side.
///
/// # Errors
/// What the store refused.
pub(crate) fn reconcile(unit: &mut Unit<'_>, _: &Call, known: &Round) -> std::result::Result<(), Refusal> {
    if !our_failures(unit.tx(), known, None)?.is_empty() {
        return Ok(());
    }
    let due = |seats: &Seats| {
        let mut grids: BTreeMap<AreaId, Vec<PersonId>> = BTreeMap::new();
        for (person, grid, class) in seats.unsampled() {
            if class == Class::Due {
                grids.entry(grid).or_default().push(person);
            }
        }
        grids
    };
    let kept = unit.remembered(|desk: &Desk| desk.rounds.get(&known.id)?.seats.as_ref().map(due)).flatten();
    let mut grids = match kept {
        Some(grids) => grids,
        None => due(&load_seats(unit.tx(), known.id)?),
    };
    let villages: BTreeSet<AreaId> = grids.keys().map(|grid| village_of(*grid)).collect();
    for village in villages {
        if shut_near(unit.tx(), known, village)? {
            grids.retain(|grid, _| village_of(*grid) != village);
        }
    }
    // Whoever may stand in records that are not here yet is not named; when the lane is back, a second fact names them.
    let out = crate::lanes::unsynced::unsynced(unit.tx(), Some(known.id), Timestamp(i64::MIN))?;
    grids.retain(|grid, _| !out.iter().any(|lane| lane.serves(*grid)));
    let named: BTreeSet<AreaId> = missed_in(unit.tx(), known.id)?.into_iter().map(|named| named.grid).collect();
    grids.retain(|grid, _| !named.contains(grid));
    let wholly = out.is_empty();
    if wholly || !grids.is_empty() {
        let missed = grids.into_iter().map(|(grid, people)| GridPeople { grid, people: people.into_iter().collect() });
        unit.record(RoundReconciled { round: known.id, missed: missed.collect(), wholly })?;
    }
    Ok(())
}

/// The village of a grid.
pub(crate) fn village_of(grid: AreaId) -> AreaId {
    grid.at(AreaLevel::Village).unwrap_or(grid)
}

/// Whether a site of a village stopped working during the round.
pub(crate) fn shut_near(tx: &mut Tx<'_>, round: &Round, village: AreaId) -> Result<bool> {
    let until = round.closed_at.unwrap_or(round.spec.ends_at).min(round.spec.ends_at);
    let from = round.opened_at.unwrap_or(round.spec.starts_at);
    Ok(!closed_between(tx, village, from, until)?.is_empty())
}

/// People whose sample came in after all: from a lane that was offline, under another name, with a wrong clock.
fn lift_sampled(unit: &mut Unit<'_>) -> std::result::Result<(), Refusal> {
    for counting in counting_rounds(unit.tx())? {
        let is_kept = |desk: &Desk| desk.rounds.get(&counting.round).is_some_and(|brief| brief.seats.is_some());
        if !unit.remembered(is_kept).unwrap_or(false) {
            continue;
        }
        let missed = missed_in(unit.tx(), counting.round)?;
        let lifted = unit.remembered(|desk: &Desk| {
            let seats = desk.rounds.get(&counting.round)?.seats.as_ref()?;
            let came = |grid: GridPeople| {
                let people: PersonSet = grid.people.iter().filter(|id| seats.seat(*id).tube.is_some()).collect();
                (!people.is_empty()).then_some(GridPeople { grid: grid.grid, people })
            };
            Some(missed.into_iter().filter_map(came).collect::<Vec<_>>())
        });
        match lifted.flatten() {
            Some(people) if !people.is_empty() => {
                unit.record(MissedLifted { round: counting.round, people })?;
            }
            _ => {}
        }
    }
    Ok(())
}
