//! Tables of tubes and samples, and how facts fold into them.
//!
//! Keys grow at the end: tubes by number, samples by tube number and position. The one index by code costs a write a
//! tube, not a person, and printed codes come in rolls, so that it stays local too. The order by person
//! (`sample_by_person`) is never written during registration: it is filed in sorted batches by [`SamplesFiled`], and
//! readers add the unfiled tail. A random index on persons would cost nine tenths of the speed (design §4).

use std::collections::{BTreeMap, BTreeSet};

use outpace_core::{AreaId, PersonId, RoundId, SiteId, Timestamp};
use outpace_store::{Capability, Entry, Result, Tx, Value, values};

use super::facts::{Opening, SamplesFiled, SwabIdentified, SwabTaken, SwabsTaken, TubeFound, TubeSealed};
use super::model::{Counts, Flag, Home, Stage, Tube, flags_text};
use crate::flow::tally::{Tally, WaveDues, join_wave, leave_wave, round_key, wave_of};
use crate::laboratory::Outcome;
use crate::words::{json, unjson};

pub(crate) use super::rows::{TUBE, members, newest, read_row, row, row_by_code};

/// Where people stand whose home nobody knows: grid 000 of the whole jurisdiction, so that its totals hold them.
pub(crate) fn nowhere(tx: &Tx<'_>) -> AreaId {
    AreaId(tx.jurisdiction()).unknown_grid()
}

/// The tables.
pub(crate) const SCHEMA: &str = "
CREATE TABLE tube (
  j BIGINT NOT NULL, number BIGINT NOT NULL, code TEXT NOT NULL, round BIGINT NOT NULL, site BIGINT NOT NULL,
  lane BIGINT NOT NULL, purpose TEXT NOT NULL, people_max BIGINT NOT NULL, household BIGINT NOT NULL,
  people BIGINT NOT NULL, first_taken_at BIGINT NOT NULL, wave BIGINT NOT NULL, sealed_at BIGINT, stage TEXT NOT NULL,
  box TEXT, laboratory BIGINT, received_at BIGINT, outcome TEXT, tested_at BIGINT, results BIGINT NOT NULL,
  rank BIGINT NOT NULL, ambient_due_at BIGINT NOT NULL, laboratory_due_at BIGINT NOT NULL,
  result_due_at BIGINT NOT NULL, homes TEXT NOT NULL, flags TEXT NOT NULL, PRIMARY KEY (j, number)) WITHOUT ROWID;
CREATE TABLE tube_code (
  j BIGINT NOT NULL, code TEXT NOT NULL, number BIGINT NOT NULL, PRIMARY KEY (j, code)) WITHOUT ROWID;
CREATE TABLE sample (
  j BIGINT NOT NULL, tube BIGINT NOT NULL, position BIGINT NOT NULL, person BIGINT, taken_at BIGINT NOT NULL,
  slip TEXT, flags TEXT NOT NULL, PRIMARY KEY (j, tube, position)) WITHOUT ROWID;
CREATE TABLE sample_by_person (
  j BIGINT NOT NULL, person BIGINT NOT NULL, tube BIGINT NOT NULL, position BIGINT NOT NULL,
  PRIMARY KEY (j, person, tube, position)) WITHOUT ROWID;
CREATE TABLE samples_filed (j BIGINT NOT NULL, tube BIGINT NOT NULL, PRIMARY KEY (j));
";

/// Adds tables and folds.
pub(crate) fn join(capability: Capability) -> Capability {
    capability
        .table("tube", "j, number")
        .table("tube_code", "j, code")
        .table("sample", "j, tube, position")
        .table("sample_by_person", "j, person, tube, position")
        .table("samples_filed", "j")
        .table("tube_flow", "j, round, site, stage")
        .table("tube_wave", "j, round, wave")
        .table("coverage", "j, round, grid")
        .table("laboratory_hour", "j, laboratory, hour")
        .fold(fold_swabs)
        .fold(|tx, entry, fact: &TubeSealed| {
            let Some(row) = row(tx, fact.tube)? else { return Ok(()) };
            let mut tally = Tally::default();
            move_to(tx, &mut tally, &row, Stage::Sealed)?;
            seal(tx, fact.tube, entry.happened_at(None))?;
            tally.apply(tx)
        })
        .fold(fold_found)
        .fold(fold_identified)
        .fold(fold_filed)
}

/// How many people of a grid a tube holds: those who count for the coverage of its round, and others.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct GridShare {
    pub(crate) seats: i64,
    pub(crate) others: i64,
}

/// A tube's row with what folds need beside [`Tube`].
#[derive(Debug, Clone)]
pub(crate) struct TubeRow {
    pub(crate) tube: Tube,
    pub(crate) wave: i64,
    pub(crate) results: i64,
    pub(crate) homes: BTreeMap<AreaId, GridShare>,
}

impl TubeRow {
    pub(crate) fn round(&self) -> RoundId {
        round_key(self.tube.round)
    }

    pub(crate) fn site(&self) -> SiteId {
        self.tube.site.unwrap_or(SiteId(0))
    }
}

fn homes_text(homes: &BTreeMap<AreaId, GridShare>) -> Result<String> {
    json(&homes.iter().map(|(grid, share)| (grid.0, share.seats, share.others)).collect::<Vec<_>>())
}

pub(super) fn homes_of(text: &str) -> Result<BTreeMap<AreaId, GridShare>> {
    let rows: Vec<(i64, i64, i64)> = unjson(text)?;
    Ok(rows.into_iter().map(|(grid, seats, others)| (AreaId(grid), GridShare { seats, others })).collect())
}

fn add_homes(homes: &mut BTreeMap<AreaId, GridShare>, added: &[Home]) {
    for home in added {
        let share = homes.entry(home.grid).or_default();
        match home.counts {
            Counts::Seat(_) => share.seats += home.people,
            Counts::Again | Counts::Outside | Counts::Unknown => share.others += home.people,
        }
    }
}

fn fold_swabs(tx: &mut Tx<'_>, entry: &Entry, fact: &SwabsTaken) -> Result<()> {
    let mut tally = Tally::default();
    let round = round_key(fact.round);
    let people = fact.swabs.len() as i64;
    let found = if fact.adopts || fact.opening.is_none() { row(tx, fact.tube)? } else { None };
    match (found, &fact.opening) {
        (None, Some(opening)) => {
            let taken = |swab: &SwabTaken| entry.happened_at(swab.taken_at);
            let first = fact.swabs.iter().map(taken).min().unwrap_or(entry.happened_at(None));
            let stage = if fact.sealed { Stage::Sealed } else { Stage::Open };
            let wave = wave_of(first);
            insert_tube(tx, fact, opening, first, wave, entry)?;
            tally.flow(round, fact.site, stage, 1, people);
            join_wave(tx, round, wave, dues(fact.tube, opening), stage)?;
        }
        (Some(row), opening) => append(tx, entry, fact, row, opening.as_ref(), &mut tally)?,
        (None, None) => {}
    }
    insert_samples(tx, entry, fact)?;
    tally.sampled(round, &fact.homes);
    tally.apply(tx)
}

fn dues(tube: i64, opening: &Opening) -> WaveDues {
    WaveDues {
        tube,
        ambient_due_at: opening.ambient_due_at,
        laboratory_due_at: opening.laboratory_due_at,
        result_due_at: opening.result_due_at,
    }
}

fn insert_tube(
    tx: &mut Tx<'_>,
    fact: &SwabsTaken,
    opening: &Opening,
    first_taken_at: Timestamp,
    wave: i64,
    entry: &Entry,
) -> Result<()> {
    let j = tx.jurisdiction();
    let mut homes = BTreeMap::new();
    add_homes(&mut homes, &fact.homes);
    let (stage, sealed_at) =
        if fact.sealed { (Stage::Sealed, Some(entry.happened_at(None))) } else { (Stage::Open, None) };
    tx.execute(
        INSERT_TUBE,
        values![
            j,
            fact.tube,
            &fact.code,
            round_key(fact.round),
            fact.site,
            fact.lane,
            opening.purpose,
            opening.people_max,
            opening.household,
            fact.swabs.len() as i64,
            first_taken_at,
            wave,
            sealed_at,
            stage,
            opening.rank,
            opening.ambient_due_at,
            opening.laboratory_due_at,
            opening.result_due_at,
            &homes_text(&homes)?,
            &flags_text(&tube_flags(&[], &fact.swabs))
        ],
    )?;
    tx.execute("INSERT INTO tube_code (j, code, number) VALUES ($1, $2, $3)", values![j, &fact.code, fact.tube])
}

const INSERT_TUBE: &str =
    "INSERT INTO tube (j, number, code, round, site, lane, purpose, people_max, household, people,
   first_taken_at, wave, sealed_at, stage, box, laboratory, received_at, outcome, tested_at, results, rank,
   ambient_due_at, laboratory_due_at, result_due_at, homes, flags)
 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, NULL, NULL, NULL, NULL, NULL, 0, $15, $16, $17,
   $18, $19, $20)";

/// The flags of a tube: what was strange about any of its people, each once.
fn tube_flags(stood: &[Flag], swabs: &[SwabTaken]) -> Vec<Flag> {
    let mut flags: Vec<Flag> =
        stood.iter().copied().chain(swabs.iter().flat_map(|swab| swab.flags.iter().copied())).collect();
    flags.sort_unstable();
    flags.dedup();
    flags
}

/// More people in a tube that is known; or the registration of one that had only been found.
fn append(
    tx: &mut Tx<'_>,
    entry: &Entry,
    fact: &SwabsTaken,
    mut row: TubeRow,
    opening: Option<&Opening>,
    tally: &mut Tally,
) -> Result<()> {
    let j = tx.jurisdiction();
    let people = fact.swabs.len() as i64;
    let stage = row.tube.stage;
    if let Some(opening) = opening {
        // It had been found without a registration: now it gets its round, its site and its deadlines.
        tally.flow(row.round(), row.site(), stage, -1, -row.tube.people);
        leave_wave(tx, row.round(), row.wave, stage)?;
        tally.flow(round_key(fact.round), fact.site, stage, 1, row.tube.people + people);
        join_wave(tx, round_key(fact.round), row.wave, dues(fact.tube, opening), stage)?;
        tx.execute(
            "UPDATE tube SET round = $3, site = $4, lane = $5, purpose = $6, people_max = $7, household = $8, rank = $9,
               ambient_due_at = $10, laboratory_due_at = $11, result_due_at = $12 WHERE j = $1 AND number = $2",
            values![
                j,
                fact.tube,
                round_key(fact.round),
                fact.site,
                fact.lane,
                opening.purpose,
                opening.people_max,
                opening.household,
                opening.rank,
                opening.ambient_due_at,
                opening.laboratory_due_at,
                opening.result_due_at
            ],
        )?;
        row.tube.round = fact.round;
        row.tube.site = Some(fact.site);
    } else {
        tally.flow(row.round(), row.site(), stage, 0, people);
    }
    if stage == Stage::Resulted {
        // They were in the tube when it was tested: its result is theirs.
        for home in &fact.homes {
            if let Counts::Seat(_) = home.counts {
                tally.coverage(round_key(fact.round), home.grid).resulted += home.people;
            }
        }
    }
    if matches!(row.tube.outcome, Some(Outcome::Positive | Outcome::Inconclusive)) {
        let grids: BTreeSet<AreaId> = fact.homes.iter().map(|home| home.grid).collect();
        for grid in grids.into_iter().filter(|grid| !row.homes.contains_key(grid)) {
            tally.coverage(round_key(fact.round), grid).suspect_tubes += 1;
        }
    }
    row.tube.people += people;
    if fact.sealed && stage == Stage::Open {
        move_to(tx, tally, &row, Stage::Sealed)?;
        seal(tx, fact.tube, entry.happened_at(None))?;
    }
    add_homes(&mut row.homes, &fact.homes);
    tx.execute(
        "UPDATE tube SET people = people + $3, homes = $4, flags = $5 WHERE j = $1 AND number = $2",
        values![j, fact.tube, people, &homes_text(&row.homes)?, &flags_text(&tube_flags(&row.tube.flags, &fact.swabs))],
    )
}

fn insert_samples(tx: &mut Tx<'_>, entry: &Entry, fact: &SwabsTaken) -> Result<()> {
    let j = tx.jurisdiction();
    let flags: Vec<String> = fact
        .swabs
        .iter()
        .map(|swab| if swab.flags.is_empty() { String::new() } else { flags_text(&swab.flags) })
        .collect();
    let rows = fact.swabs.iter().zip(&flags).enumerate().map(|(index, (swab, flags))| {
        [
            Value::from(j),
            Value::from(fact.tube),
            Value::from(fact.first_position + index as i64),
            Value::from(swab.person),
            Value::from(entry.happened_at(swab.taken_at)),
            Value::from(swab.slip.as_ref()),
            Value::from(flags),
        ]
    });
    tx.insert_many(
        "INSERT INTO sample (j, tube, position, person, taken_at, slip, flags) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        rows,
    )?;
    // Someone who comes late into a tube that was already filed is filed at once; so are the people of a tube that had
    // been found, and filed while it was empty, before its registration came.
    if (fact.opening.is_none() || fact.adopts) && fact.tube <= filed_to(tx)? {
        for (index, swab) in fact.swabs.iter().enumerate() {
            if let Some(person) = swab.person {
                file(tx, person, fact.tube, fact.first_position + index as i64)?;
            }
        }
    }
    Ok(())
}

fn file(tx: &mut Tx<'_>, person: PersonId, tube: i64, position: i64) -> Result<()> {
    let j = tx.jurisdiction();
    tx.execute(
        "INSERT INTO sample_by_person (j, person, tube, position) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        values![j, person, tube, position],
    )
    .map(|_| ())
}

/// The last tube whose people are filed.
pub(crate) fn filed_to(tx: &mut Tx<'_>) -> Result<i64> {
    let j = tx.jurisdiction();
    tx.number("SELECT tube FROM samples_filed WHERE j = $1", values![j])
}

fn fold_filed(tx: &mut Tx<'_>, _: &Entry, fact: &SamplesFiled) -> Result<()> {
    let j = tx.jurisdiction();
    // One sorted insert: each page of the order by person is touched once.
    tx.execute(
        "INSERT INTO sample_by_person (j, person, tube, position)
         SELECT j, person, tube, position FROM sample
         WHERE j = $1 AND tube > $2 AND tube <= $3 AND person IS NOT NULL ORDER BY person, tube, position",
        values![j, fact.after, fact.to],
    )?;
    tx.execute(
        "INSERT INTO samples_filed (j, tube) VALUES ($1, $2) ON CONFLICT (j) DO UPDATE SET tube = excluded.tube",
        values![j, fact.to],
    )
    .map(|_| ())
}

fn fold_found(tx: &mut Tx<'_>, entry: &Entry, fact: &TubeFound) -> Result<()> {
    let j = tx.jurisdiction();
    let nobody = RoundId(0);
    let at = entry.happened_at(None);
    let wave = wave_of(at);
    tx.execute(
        INSERT_TUBE,
        values![
            j,
            fact.tube,
            &fact.code,
            nobody,
            0_i64,
            0_i64,
            fact.opening.purpose,
            fact.opening.people_max,
            fact.opening.household,
            0_i64,
            at,
            wave,
            Some(at),
            Stage::Sealed,
            fact.opening.rank,
            fact.opening.ambient_due_at,
            fact.opening.laboratory_due_at,
            fact.opening.result_due_at,
            "[]",
            Flag::Unregistered.word()
        ],
    )?;
    tx.execute("INSERT INTO tube_code (j, code, number) VALUES ($1, $2, $3)", values![j, &fact.code, fact.tube])?;
    join_wave(tx, nobody, wave, dues(fact.tube, &fact.opening), Stage::Sealed)?;
    let mut tally = Tally::default();
    tally.flow(nobody, SiteId(0), Stage::Sealed, 1, 0);
    tally.apply(tx)
}

fn fold_identified(tx: &mut Tx<'_>, _: &Entry, fact: &SwabIdentified) -> Result<()> {
    let j = tx.jurisdiction();
    let Some(mut row) = row(tx, fact.tube)? else { return Ok(()) };
    tx.execute(
        "UPDATE sample SET person = $4 WHERE j = $1 AND tube = $2 AND position = $3",
        values![j, fact.tube, fact.position, fact.person],
    )?;
    if fact.tube <= filed_to(tx)? {
        file(tx, fact.person, fact.tube, fact.position)?;
    }
    let mut tally = Tally::default();
    let unknown = Home { grid: nowhere(tx), counts: Counts::Unknown, people: -1 };
    tally.sampled(row.round(), &[unknown, fact.home]);
    if let (Stage::Resulted, Counts::Seat(_)) = (row.tube.stage, fact.home.counts) {
        tally.coverage(row.round(), fact.home.grid).resulted += 1;
    }
    add_homes(&mut row.homes, &[unknown, fact.home]);
    row.homes.retain(|_, share| *share != GridShare::default());
    let homes = homes_text(&row.homes)?;
    tx.execute("UPDATE tube SET homes = $3 WHERE j = $1 AND number = $2", values![j, fact.tube, &homes])?;
    tally.apply(tx)
}

fn seal(tx: &mut Tx<'_>, tube: i64, at: Timestamp) -> Result<()> {
    let j = tx.jurisdiction();
    let sql = "UPDATE tube SET sealed_at = $3 WHERE j = $1 AND number = $2";
    tx.execute(sql, values![j, tube, at]).map(|_| ())
}

/// Writes a tube's new stage and adds the step up.
pub(crate) fn move_to(tx: &mut Tx<'_>, tally: &mut Tally, row: &TubeRow, to: Stage) -> Result<()> {
    let from = row.tube.stage;
    if from == to {
        return Ok(());
    }
    tally.flow(row.round(), row.site(), from, -1, -row.tube.people);
    tally.flow(row.round(), row.site(), to, 1, row.tube.people);
    tally.step(row.round(), row.wave, from, to);
    let j = tx.jurisdiction();
    tx.execute("UPDATE tube SET stage = $3 WHERE j = $1 AND number = $2", values![j, row.tube.number, to]).map(|_| ())
}

/// Adds flags to a tube's own.
pub(crate) fn add_flags(tx: &mut Tx<'_>, row: &TubeRow, added: &[Flag]) -> Result<()> {
    if added.iter().all(|flag| row.tube.flags.contains(flag)) {
        return Ok(());
    }
    let mut flags: Vec<Flag> = row.tube.flags.iter().chain(added).copied().collect();
    flags.sort_unstable();
    flags.dedup();
    let j = tx.jurisdiction();
    tx.execute(
        "UPDATE tube SET flags = $3 WHERE j = $1 AND number = $2",
        values![j, row.tube.number, &flags_text(&flags)],
    )
    .map(|_| ())
}
