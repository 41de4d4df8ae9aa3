//! Antigen rounds: kits handed out grid by grid, self-reports, one or many at once. An antigen result diagnoses nobody:
//! a positive is confirmed by PCR and looked at by the response.

mod report;
pub(crate) mod store;

pub use report::{
    AntigenReport, AntigenReports, AntigenTaken, HandOut, KitsStand, ReportOutcome, hand_out_kits, report_antigen,
};
pub use store::{
    AntigenFact, AntigenReported, AntigenUnplaced, KitsHandedOut, PositiveSelfTest, kits_of, positive_self_tests,
};

use outpace_access::{Call, Routes};
use outpace_core::{AreaId, Permission, Refusal, RoundId};
use outpace_store::Tx;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::coverage::{self, Coverage};

/// Which antigen round to look at.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AntigenQuery {
    /// The round.
    pub round: RoundId,
    /// In which area; absent: the actor's own.
    #[serde(default)]
    pub area: Option<AreaId>,
}

/// An antigen round in an area.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AntigenAnswer {
    /// The round.
    pub round: RoundId,
    /// Kits handed out.
    pub kits: i64,
    /// People as they stand to it; `sampled` reported a result.
    pub coverage: Coverage,
    /// Who reported a positive, by id.
    pub positive: Vec<outpace_core::PersonId>,
    /// Told of people whom nobody registered, or by somebody who does not answer for them, and reported by nobody since; at
    /// most 200, for whoever answers for the whole jurisdiction.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unplaced: Vec<Unplaced>,
}

/// A self-test that counts nowhere yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Unplaced {
    /// The number that was told.
    pub person: outpace_core::PersonId,
    /// What the test showed.
    pub outcome: crate::laboratory::Outcome,
    /// When it was taken.
    pub tested_at: outpace_core::Timestamp,
}

/// Tests without a place that one answer shows.
const UNPLACED_MAX: i64 = 200;

/// How an antigen round goes in an area.
///
/// # Errors
/// An unknown round, an area outside the actor's own.
pub fn show_antigen(tx: &mut Tx<'_>, call: &Call, query: AntigenQuery) -> Result<AntigenAnswer, Refusal> {
    let area = query.area.unwrap_or(call.actor.area);
    call.covers(area)?;
    crate::reach::seen_round(tx, call, query.round)?;
    let coverage = coverage::of(tx, query.round, area.grids())?;
    let mut positive = Vec::new();
    for person in store::positives(tx, query.round)? {
        let inside = outpace_registry::person(tx, person)?.is_some_and(|person| area.contains(person.area));
        positive.extend(inside.then_some(person));
    }
    let mut unplaced = Vec::new();
    if call.sees(AreaId(tx.jurisdiction())) {
        let kept = store::unplaced(tx, query.round, UNPLACED_MAX)?.into_iter();
        unplaced.extend(kept.filter_map(|told| {
            let (person, outcome) = (told.person, told.outcome);
            told.tested_at.map(|tested_at| Unplaced { person, outcome, tested_at })
        }));
    }
    Ok(AntigenAnswer { round: query.round, kits: kits_of(tx, query.round, area)?, coverage, positive, unplaced })
}

/// The routes.
#[must_use]
pub fn routes() -> Routes {
    // Grid workers do both, as part of the order to hand kits out.
    let work = Permission::OrdersWork;
    Routes::new()
        .command("/api/screening/kits", work.by_area(), "Note kits handed out in a grid", hand_out_kits)
        .command("/api/screening/antigen-reports", work.by_area(), "Report self-tests, one or many", report_antigen)
        .query("/api/screening/antigen", Permission::ScreeningRead.by_area(), "How an antigen round goes", show_antigen)
}
