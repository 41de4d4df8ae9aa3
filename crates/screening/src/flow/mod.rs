//! The flow of tubes as numbers: how many stand at each stage, per round and site; which quarter-hours of sampling
//! still wait for the laboratory or a result; which tubes are late and who must look for them; whether everything adds
//! up.

pub mod balance;
pub(crate) mod chase;
pub mod conservation;
pub mod late;
pub mod late_list;
pub mod stages;
pub(crate) mod tally;

pub use balance::{BalanceAnswer, BalanceQuery, BalanceRow, By, balance_by};
pub use conservation::{Balance, ConservationQuery, Difference, conservation, sampled_total};
pub use late::LateKind;
pub use late_list::{LateAnswer, LateQuery, LateTube, late_counts, late_tubes};

use outpace_access::Routes;
use outpace_core::Permission;

/// The routes.
#[must_use]
pub fn routes() -> Routes {
    let read = Permission::ScreeningRead;
    Routes::new()
        .query(
            "/api/screening/conservation",
            read.whole(),
            "Whether every swab, tube and result is accounted for",
            conservation::conservation_of,
        )
        .query("/api/screening/flow", read.whole(), "Tubes at each stage, by round and site", stages::flow)
        .query(
            "/api/screening/balance",
            read.by_area(),
            "What stands at each round, site, box, laboratory or hour",
            balance_by,
        )
        .query(
            "/api/screening/late",
            read.by_area(),
            "Tubes late against a deadline, and where each was last signed",
            late_tubes,
        )
}

/// People in tubes, by the site that sampled them.
///
/// # Errors
/// What the engine refused.
pub fn people_by_site(
    tx: &mut outpace_store::Tx<'_>,
) -> outpace_store::Result<std::collections::BTreeMap<outpace_core::SiteId, i64>> {
    let j = tx.jurisdiction();
    let rows = tx.query(
        "SELECT site, CAST(SUM(people) AS BIGINT) FROM tube_flow WHERE j = $1 GROUP BY site ORDER BY site",
        outpace_store::values![j],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    Ok(rows.into_iter().collect())
}

/// Tubes of a round that have no result yet.
pub(crate) fn waiting(tx: &mut outpace_store::Tx<'_>, round: outpace_core::RoundId) -> outpace_store::Result<i64> {
    let j = tx.jurisdiction();
    tx.number(
        "SELECT CAST(COALESCE(SUM(not_resulted), 0) AS BIGINT) FROM tube_wave WHERE j = $1 AND round = $2",
        outpace_store::values![j, round],
    )
}
