//! Small counters that folds keep, so that live pages never count rows.

use std::collections::BTreeMap;

use outpace_store::{Result, Tx, values};

pub(crate) const SCHEMA: &str = "
CREATE TABLE isolation_tally (j BIGINT NOT NULL, name TEXT NOT NULL, value BIGINT NOT NULL, PRIMARY KEY (j, name));
";

/// Adds to a counter.
pub(crate) fn add(tx: &mut Tx<'_>, name: &str, by: i64) -> Result<()> {
    let j = tx.jurisdiction();
    tx.execute(
        "INSERT INTO isolation_tally (j, name, value) VALUES ($1, $2, $3)
         ON CONFLICT (j, name) DO UPDATE SET value = isolation_tally.value + excluded.value",
        values![j, name, by],
    )
    .map(|_| ())
}

/// One counter; 0 where nothing was counted.
///
/// # Errors
/// What the engine refused.
pub fn get(tx: &mut Tx<'_>, name: &str) -> Result<i64> {
    let j = tx.jurisdiction();
    tx.number("SELECT value FROM isolation_tally WHERE j = $1 AND name = $2", values![j, name])
}

/// Every counter by name: `standing_hold`, `hold_lapsed`, `facility_quarantine_expired`, `transfers_waiting`, …
///
/// # Errors
/// What the engine refused.
pub fn all(tx: &mut Tx<'_>) -> Result<BTreeMap<String, i64>> {
    let j = tx.jurisdiction();
    let rows = tx.query("SELECT name, value FROM isolation_tally WHERE j = $1 ORDER BY name", values![j], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })?;
    Ok(rows.into_iter().collect())
}
