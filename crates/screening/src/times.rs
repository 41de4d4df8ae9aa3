//! When people were last sampled and last found negative: what the status board asks, by tube and for everyone.

use outpace_core::{PersonId, Timestamp};
use outpace_store::{Result, Tx, values};

use crate::laboratory::Outcome;

/// A tube with its people, as far as their last sample and last negative go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TubeTimes {
    /// The result that stands; `None` where there is none, or where all were taken back.
    pub outcome: Option<Outcome>,
    /// When the standing result was obtained: it says nothing about swabs taken later.
    pub tested_at: Option<Timestamp>,
    /// Results so far, those that were taken back among them.
    pub results: i64,
    /// Who is in it, and when each was sampled.
    pub people: Vec<(PersonId, Timestamp)>,
}

/// A tube by its number.
///
/// # Errors
/// What the engine refused.
pub fn of_tube(tx: &mut Tx<'_>, tube: i64) -> Result<Option<TubeTimes>> {
    let j = tx.jurisdiction();
    let found = tx.first(
        "SELECT outcome, results, tested_at FROM tube WHERE j = $1 AND number = $2",
        values![j, tube],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )?;
    let Some((outcome, results, tested_at)) = found else { return Ok(None) };
    let people = tx.query(
        "SELECT person, taken_at FROM sample WHERE j = $1 AND tube = $2 AND person IS NOT NULL ORDER BY position",
        values![j, tube],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    Ok(Some(TubeTimes { outcome, results, tested_at, people }))
}

/// Hands over every sample of a known person, with whether its tube stands as negative, tube by tube; a swab that was
/// taken after its tube was tested is none. Both tables are walked once in the order of their keys; of the tubes with an
/// outcome eight bytes each are kept.
///
/// # Errors
/// What the engine refused.
pub fn each_sample(tx: &mut Tx<'_>, mut each: impl FnMut(PersonId, Timestamp, bool)) -> Result<()> {
    let j = tx.jurisdiction();
    // The time of the test, doubled, and 1 more where it was negative; absent: no outcome.
    let mut tests: Vec<i64> = Vec::new();
    tx.each(
        "SELECT number, tested_at, outcome FROM tube WHERE j = $1 AND outcome IS NOT NULL AND tested_at IS NOT NULL
         ORDER BY number",
        values![j],
        |row| {
            let Ok(tube) = usize::try_from(row.get::<i64>(0)?) else { return Ok(()) };
            if tube >= tests.len() {
                tests.resize(tube + 1 + tube / 8, ABSENT);
            }
            let negative = row.get::<Outcome>(2)? == Outcome::Negative;
            tests[tube] = row.get::<Timestamp>(1)?.0.saturating_mul(2).saturating_add(i64::from(negative));
            Ok(())
        },
    )?;
    tx.each(
        "SELECT tube, person, taken_at FROM sample WHERE j = $1 AND person IS NOT NULL ORDER BY tube, position",
        values![j],
        |row| {
            let tube = usize::try_from(row.get::<i64>(0)?).ok();
            let test = tube.and_then(|tube| tests.get(tube)).copied().unwrap_or(ABSENT);
            let (person, taken_at): (PersonId, Timestamp) = (row.get(1)?, row.get(2)?);
            if test == ABSENT || taken_at.0 <= test.div_euclid(2) {
                each(person, taken_at, test != ABSENT && test.rem_euclid(2) == 1);
            }
            Ok(())
        },
    )
}

/// A tube without an outcome.
const ABSENT: i64 = i64::MIN;
