//! Routes of cases.

use outpace_access::{Call, Routes};
use outpace_core::{AreaId, CaseId, Permission, Refusal};
use outpace_store::Tx;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::chains::{chain_of, record_link};
use super::commands::{change_stage, exclude_case, open_case, report_case, set_case_dates};
use super::model::{Case, CaseReport, ChainLink};
use super::store;
use crate::ContactsError;

use Permission as P;

/// The routes of cases.
#[must_use]
pub fn routes() -> Routes {
    Routes::new()
        .command("/api/contacts/open-case", P::TracingRecord.by_area(), "Open a case", open_case)
        .command("/api/contacts/change-stage", P::TracingRecord.by_area(), "Let a case take a step", change_stage)
        .command("/api/contacts/exclude-case", P::TracingRecord.by_area(), "Say that a case was none", exclude_case)
        .command("/api/contacts/set-case-dates", P::TracingRecord.by_area(), "Record moments of a case", set_case_dates)
        .command("/api/contacts/report-case", P::TracingRecord.by_area(), "Record a report up the chain", report_case)
        .command("/api/contacts/record-link", P::TracingRecord.by_area(), "Record who infected whom", record_link)
        .query("/api/contacts/case", P::TracingRead.by_area(), "One case with its reports", one_case)
        .query("/api/contacts/cases", P::TracingRead.by_area(), "Cases of an area", cases)
        .query("/api/contacts/chain", P::TracingRead.by_area(), "The chain that a case belongs to", chain)
        .query(
            "/api/contacts/late-reports",
            P::TracingRead.by_area(),
            "Reports that are owed past their deadline",
            late_reports,
        )
}

/// Which case.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct CaseQuery {
    /// Its number.
    pub case: CaseId,
}

/// A case and its reports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CaseAnswer {
    /// The case.
    pub case: Case,
    /// The report up the chain, by deadline.
    pub reports: Vec<CaseReport>,
}

fn seen(tx: &mut Tx<'_>, call: &Call, id: CaseId) -> Result<Case, ContactsError> {
    store::seen(tx, call, id)?.ok_or(ContactsError::Unknown { field: "case", id: id.0 })
}

/// One case with its reports.
///
/// # Errors
/// An unknown case, one outside the actor's area.
pub fn one_case(tx: &mut Tx<'_>, call: &Call, query: CaseQuery) -> Result<CaseAnswer, Refusal> {
    let case = seen(tx, call, query.case)?;
    Ok(CaseAnswer { reports: store::reports_of(tx, case.id)?, case })
}

/// Which cases.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct CasesQuery {
    /// The area that they live in, or are looked after in; the actor's own when absent.
    pub area: Option<AreaId>,
    /// The last case of the page before.
    pub after: Option<CaseId>,
    /// At most 1,000.
    pub limit: Option<i64>,
}

/// Cases, by number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CasesAnswer {
    /// The cases.
    pub cases: Vec<Case>,
}

/// Cases of an area.
///
/// # Errors
/// An area outside the actor's.
pub fn cases(tx: &mut Tx<'_>, call: &Call, query: CasesQuery) -> Result<CasesAnswer, Refusal> {
    let area = query.area.unwrap_or(call.actor.area);
    call.covers(area)?;
    let (after, limit) = (query.after.unwrap_or(CaseId(0)), outpace_registry::page_limit(query.limit));
    let mut cases = store::cases_in(tx, area, after, limit)?;
    for guest in outpace_registry::people::host::guests(tx, area)? {
        cases.extend(store::active_case_of(tx, guest)?.filter(|case| case.id > after && !area.contains(case.area)));
    }
    cases.sort_unstable_by_key(|case| case.id);
    cases.truncate(usize::try_from(limit).unwrap_or(1));
    Ok(CasesAnswer { cases })
}

/// A chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChainAnswer {
    /// Its links, by infectee.
    pub links: Vec<ChainLink>,
}

/// The chain that a case belongs to.
///
/// # Errors
/// An unknown case, one outside the actor's area.
pub fn chain(tx: &mut Tx<'_>, call: &Call, query: CaseQuery) -> Result<ChainAnswer, Refusal> {
    let case = seen(tx, call, query.case)?;
    let mut links = Vec::new();
    for link in chain_of(tx, case.id)? {
        // A link with both ends elsewhere is told to those who answer for either.
        if store::seen(tx, call, link.infectee)?.is_some() || store::seen(tx, call, link.infector)?.is_some() {
            links.push(link);
        }
    }
    Ok(ChainAnswer { links })
}

/// A report that is owed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LateReport {
    /// The case.
    pub case: CaseId,
    /// The step.
    pub report: CaseReport,
}

/// Reports that are owed past their deadline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LateReports {
    /// By deadline.
    pub reports: Vec<LateReport>,
}

/// Reports that are owed past their deadline.
///
/// # Errors
/// What the store refused.
pub fn late_reports(tx: &mut Tx<'_>, call: &Call, _: outpace_access::Empty) -> Result<LateReports, Refusal> {
    let mut reports = Vec::new();
    for (case, report) in store::overdue_reports(tx, call.now)? {
        if store::seen(tx, call, case)?.is_some() {
            reports.push(LateReport { case, report });
        }
    }
    Ok(LateReports { reports })
}
