//! Facts about cases.

use outpace_core::{AreaId, CaseId, PersonId, Seq, Timestamp, TubeCode};

use super::model::{CaseDates, CaseReport, FoundHow, Severity, Stage};

outpace_registry::facts! {
    /// A case was opened.
    CaseOpened = "contacts.case_opened" {
        /// Its number.
        case: CaseId,
        /// Who.
        person: PersonId,
        /// The grid the person lives in.
        area: AreaId,
        /// As what.
        stage: Stage,
        /// How it was found.
        found_how: FoundHow,
        /// When the result was known.
        found_at: Timestamp,
        /// Its moments.
        dates: CaseDates,
        /// From when contacts count, by the pack in force.
        infectious_from: Timestamp,
        /// The tube of the positive sample.
        tube: Option<TubeCode>,
        /// The fact it rests on: a result, an antigen report.
        evidence: Option<Seq>,
        /// By when the network report is due.
        report_due_at: Timestamp,
        /// By when the county has investigated.
        investigation_due_at: Timestamp,
        /// Who must be told up the chain, and by when.
        reports: Vec<CaseReport>,
    }
    /// A case took a step.
    CaseStageChanged = "contacts.case_stage_changed" {
        /// Which.
        case: CaseId,
        /// Where it stood.
        from: Stage,
        /// Where it stands.
        to: Stage,
        /// How ill, where that was said.
        severity: Option<Severity>,
        /// On what grounds.
        reason: String,
    }
    /// A case was none. Whatever hung on it hangs on nothing now.
    CaseExcluded = "contacts.case_excluded" {
        /// Which.
        case: CaseId,
        /// Where it stood.
        from: Stage,
        /// Why.
        reason: String,
    }
    /// Moments of a case became known or were corrected.
    CaseDatesSet = "contacts.case_dates_set" {
        /// Which.
        case: CaseId,
        /// All its moments as they are known now.
        dates: CaseDates,
        /// From when contacts count, by the pack in force.
        infectious_from: Timestamp,
    }
    /// Somebody up the chain was told.
    CaseReported = "contacts.case_reported" {
        /// Which.
        case: CaseId,
        /// Whom, by the key of the profile.
        to: String,
        /// Its number there.
        reference: Option<String>,
        /// When.
        at: Timestamp,
    }
    /// Someone found who infected whom.
    LinkRecorded = "contacts.link_recorded" {
        /// The later case.
        infectee: CaseId,
        /// The earlier one.
        infector: CaseId,
        /// On what grounds.
        grounds: String,
        /// Whether it cannot be as recorded: it closes a circle.
        flagged: bool,
    }
}
