//! Tubes and their people as the tables hold them: by number, by code, by position.

use std::sync::LazyLock;

use outpace_core::{RoundId, SiteId, TubeCode};
use outpace_store::{Result, Row, Tx, values};

use super::model::{Member, Purpose, Stage, Tube, flags_of};
use super::store::{TubeRow, homes_of};

/// The columns of a tube, in the order that [`read_row`] reads.
pub(crate) const TUBE: &str =
    "t.number, t.code, t.round, t.site, t.lane, t.purpose, t.people_max, t.household, t.people,
    t.first_taken_at, t.wave, t.sealed_at, t.stage, t.box, t.laboratory, t.received_at, t.outcome, t.tested_at,
    t.results, t.rank, t.ambient_due_at, t.laboratory_due_at, t.result_due_at, t.homes, t.flags";

/// Reads the columns of [`TUBE`].
pub(crate) fn read_row(row: &Row<'_>) -> Result<TubeRow> {
    let some = |column: usize| row.get::<i64>(column).map(|id| (id != 0).then_some(id));
    Ok(TubeRow {
        tube: Tube {
            number: row.get(0)?,
            code: row.get::<TubeCode>(1)?,
            round: some(2)?.map(RoundId),
            site: some(3)?.map(SiteId),
            lane: some(4)?.map(outpace_core::LaneId),
            purpose: row.get::<Purpose>(5)?,
            people_max: row.get(6)?,
            household: row.get(7)?,
            people: row.get(8)?,
            first_taken_at: row.get(9)?,
            sealed_at: row.get(11)?,
            stage: row.get::<Stage>(12)?,
            in_box: row.get(13)?,
            laboratory: row.get(14)?,
            received_at: row.get(15)?,
            outcome: row.get(16)?,
            tested_at: row.get(17)?,
            rank: row.get(19)?,
            ambient_due_at: row.get(20)?,
            laboratory_due_at: row.get(21)?,
            result_due_at: row.get(22)?,
            flags: flags_of(&row.get::<String>(24)?),
        },
        wave: row.get(10)?,
        results: row.get(18)?,
        homes: homes_of(&row.get::<String>(23)?)?,
    })
}

// Made once: these are asked for every swab.
static BY_NUMBER: LazyLock<String> =
    LazyLock::new(|| format!("SELECT {TUBE} FROM tube t WHERE t.j = $1 AND t.number = $2"));
static BY_CODE: LazyLock<String> = LazyLock::new(|| {
    format!(
        "SELECT {TUBE} FROM tube_code c JOIN tube t ON t.j = c.j AND t.number = c.number WHERE c.j = $1 AND c.code = $2"
    )
});

/// A tube by its number.
pub(crate) fn row(tx: &mut Tx<'_>, number: i64) -> Result<Option<TubeRow>> {
    let j = tx.jurisdiction();
    tx.first(&BY_NUMBER, values![j, number], read_row)
}

/// A tube by its code, with what folds need.
pub(crate) fn row_by_code(tx: &mut Tx<'_>, code: &TubeCode) -> Result<Option<TubeRow>> {
    let j = tx.jurisdiction();
    tx.first(&BY_CODE, values![j, code], read_row)
}

/// A tube by its code.
///
/// # Errors
/// What the engine refused.
pub fn tube(tx: &mut Tx<'_>, code: &TubeCode) -> Result<Option<Tube>> {
    Ok(row_by_code(tx, code)?.map(|row| row.tube))
}

/// The people of a tube by its number, by position.
pub(crate) fn members(tx: &mut Tx<'_>, number: i64) -> Result<Vec<Member>> {
    let j = tx.jurisdiction();
    tx.query(
        "SELECT position, person, taken_at, slip, flags FROM sample WHERE j = $1 AND tube = $2 ORDER BY position",
        values![j, number],
        |row| {
            Ok(Member {
                position: row.get(0)?,
                person: row.get(1)?,
                taken_at: row.get(2)?,
                slip: row.get(3)?,
                flags: flags_of(&row.get::<String>(4)?),
            })
        },
    )
}

/// The people of a tube, by position.
///
/// # Errors
/// What the engine refused.
pub fn tube_people(tx: &mut Tx<'_>, code: &TubeCode) -> Result<Vec<Member>> {
    match row_by_code(tx, code)? {
        Some(row) => members(tx, row.tube.number),
        None => Ok(Vec::new()),
    }
}

/// The newest tube's number; 0 while there is none.
pub(crate) fn newest(tx: &mut Tx<'_>) -> Result<i64> {
    let j = tx.jurisdiction();
    tx.number("SELECT number FROM tube WHERE j = $1 ORDER BY number DESC LIMIT 1", values![j])
}
