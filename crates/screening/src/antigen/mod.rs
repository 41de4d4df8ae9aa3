//! Antigen rounds: kits handed out grid by grid, self-reports, one or many at once. An antigen result diagnoses nobody:
//! a positive is confirmed by PCR and looked at by the response.

mod report;
pub(crate) mod store;

pub use report::{
    AntigenReport, AntigenReports, AntigenTaken, HandOut, KitsStand, ReportOutcome, hand_out_kits, report_antigen,
};
pub use store::{AntigenFact, AntigenReported, KitsHandedOut, PositiveSelfTest, kits_of, positive_self_tests};

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
}

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
    Ok(AntigenAnswer { round: query.round, kits: kits_of(tx, query.round, area)?, coverage, positive })
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
