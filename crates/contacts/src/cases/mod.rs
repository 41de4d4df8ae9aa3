//! Cases: one infection of one person, from suspicion to its end.

mod chains;
mod commands;
mod facts;
mod http;
mod model;
pub mod rules;
pub(crate) mod store;

pub use chains::{RecordLink, chain_of, record_link};
pub use commands::{
    ChangeStage, ExcludeCase, OpenCase, ReportCase, SetCaseDates, change_stage, exclude_case, open_case, report_case,
    set_case_dates,
};
pub use facts::{CaseDatesSet, CaseExcluded, CaseOpened, CaseReported, CaseStageChanged, LinkRecorded};
pub use http::{
    CaseAnswer, CaseQuery, CasesAnswer, CasesQuery, ChainAnswer, LateReport, LateReports, cases, chain, late_reports,
    one_case, routes,
};
pub use model::{Case, CaseDates, CaseReport, ChainLink, FoundHow, Severity, Stage};
pub use rules::contact_window;
pub use store::{active_case_of, active_cases, case, case_ids_of, cases_in, reports_of, seen};

pub(crate) use store::{SCHEMA, fold};
