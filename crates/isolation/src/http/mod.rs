//! Routes of restrictions, facilities, transfers, trips and stays. People are restricted and ordered to move by the
//! response alone, so there is no route that does it.

mod facilities;
mod restrictions;
mod transfers;
mod trips;

use std::collections::BTreeMap;

use outpace_access::{Call, Empty, Routes};
use outpace_core::{Permission, Refusal};
use outpace_store::Tx;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::facilities::{FreeBeds, free_beds};
use crate::restrictions::retests_due;
use crate::tally;
use crate::transfers::{Conservation, people_conservation};

/// Rows of one page.
pub(crate) const PAGE_MAX: i64 = 1_000;

pub(crate) fn limit_of(limit: Option<i64>) -> i64 {
    limit.unwrap_or(PAGE_MAX).clamp(1, PAGE_MAX)
}

/// The routes of this capability.
#[must_use]
pub fn routes() -> Routes {
    Routes::new()
        .query(
            "/api/isolation/overview",
            Permission::IsolationRead.whole(),
            "Counts of restrictions, transfers, stays and free beds, with the law of people",
            get_overview,
        )
        .query(
            "/api/isolation/conservation",
            Permission::IsolationRead.whole(),
            "The law of people: ordered = waiting + under way + admitted + excused",
            conservation,
        )
        .and(restrictions::routes())
        .and(facilities::routes())
        .and(transfers::routes())
        .and(trips::routes())
}

/// Everything in numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Overview {
    /// Counters by name: `standing_hold`, `hold_lapsed`, `transfers_waiting`, `stays_open`, `released`, …
    pub counts: BTreeMap<String, i64>,
    /// People whose hold lapsed and who were not sampled again yet.
    pub retests_due: i64,
    /// What each facility in use can take.
    pub beds: Vec<FreeBeds>,
    /// The law of people.
    pub conservation: Conservation,
}

/// Everything in numbers, from counters; only the law of people passes over the transfers.
///
/// # Errors
/// What the store refused.
pub fn overview(tx: &mut Tx<'_>) -> Result<Overview, Refusal> {
    Ok(Overview {
        counts: tally::all(tx)?,
        retests_due: i64::try_from(retests_due(tx)?.len()).unwrap_or(i64::MAX),
        beds: free_beds(tx)?,
        conservation: people_conservation(tx)?,
    })
}

fn get_overview(tx: &mut Tx<'_>, _: &Call, _: Empty) -> Result<Overview, Refusal> {
    overview(tx)
}

fn conservation(tx: &mut Tx<'_>, _: &Call, _: Empty) -> Result<Conservation, Refusal> {
    Ok(people_conservation(tx)?)
}
