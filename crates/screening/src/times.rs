//! When people were last sampled and last found negative: what the status board asks, by tube and for everyone.

use outpace_core::{PersonId, Timestamp};
use outpace_store::{Result, Tx, values};

use crate::laboratory::Outcome;

/// A tube with its people, as far as their last sample and last negative go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TubeTimes {
    /// The result that stands; `None` where there is none, or where all were taken back.
    pub outcome: Option<Outcome>,
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
    let found =
        tx.first("SELECT outcome, results FROM tube WHERE j = $1 AND number = $2", values![j, tube], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
    let Some((outcome, results)) = found else { return Ok(None) };
    let people = tx.query(
        "SELECT person, taken_at FROM sample WHERE j = $1 AND tube = $2 AND person IS NOT NULL ORDER BY position",
        values![j, tube],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    Ok(Some(TubeTimes { outcome, results, people }))
}

/// Hands over every sample of a known person, with whether its tube stands as negative, tube by tube. Both tables are
/// walked once in the order of their keys; the tubes' outcomes are kept as one bit each.
///
/// # Errors
/// What the engine refused.
pub fn each_sample(tx: &mut Tx<'_>, mut each: impl FnMut(PersonId, Timestamp, bool)) -> Result<()> {
    let j = tx.jurisdiction();
    let mut negative: Vec<u64> = Vec::new();
    tx.each(
        "SELECT number FROM tube WHERE j = $1 AND outcome = $2 ORDER BY number",
        values![j, Outcome::Negative],
        |row| {
            let Some((word, bit)) = bit_of(row.get(0)?) else { return Ok(()) };
            if word >= negative.len() {
                negative.resize(word + 1 + word / 8, 0);
            }
            negative[word] |= bit;
            Ok(())
        },
    )?;
    tx.each(
        "SELECT tube, person, taken_at FROM sample WHERE j = $1 AND person IS NOT NULL ORDER BY tube, position",
        values![j],
        |row| {
            let found = bit_of(row.get(0)?).and_then(|(word, bit)| Some(negative.get(word)? & bit != 0));
            each(row.get(1)?, row.get(2)?, found.unwrap_or(false));
            Ok(())
        },
    )
}

/// Where the bit of a tube stands; `None` for a number that no counter gives.
fn bit_of(tube: i64) -> Option<(usize, u64)> {
    let tube = usize::try_from(tube).ok()?;
    Some((tube / 64, 1 << (tube % 64)))
}
