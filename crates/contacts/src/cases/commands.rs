//! What can be done with a case: open it, let it take a step, correct its dates, report it, exclude it.

use outpace_access::Call;
use outpace_core::{CaseId, PersonId, Refusal, Seq, Timestamp, Trigger, TubeCode};
use outpace_policy::Profile;
use outpace_store::Unit;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::facts::{CaseDatesSet, CaseExcluded, CaseOpened, CaseReported, CaseStageChanged};
use super::model::{Case, CaseDates, CaseReport, FoundHow, Severity, Stage};
use super::rules::contact_window;
use super::store;
use crate::{ContactsError, respond, text};

/// A case to open.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct OpenCase {
    /// Who.
    pub person: PersonId,
    /// As what: suspected, preliminary, confirmed, asymptomatic or positive again.
    pub stage: Stage,
    /// How it was found.
    pub found_how: FoundHow,
    /// When the result was known; absent = now.
    #[serde(default)]
    pub found_at: Option<Timestamp>,
    /// First symptoms, the positive sample, the last negative one.
    #[serde(default)]
    pub dates: CaseDates,
    /// The tube of the positive sample.
    #[serde(default)]
    pub tube: Option<TubeCode>,
    /// The fact it rests on.
    #[serde(default)]
    pub evidence: Option<Seq>,
}

/// The case if it exists and the actor may see it ([`store::seen`]).
pub(super) fn seen(unit: &mut Unit<'_>, call: &Call, id: CaseId) -> Result<Case, ContactsError> {
    store::seen(unit.tx(), call, id)?.ok_or(ContactsError::Unknown { field: "case", id: id.0 })
}

/// The reports up the chain that a finding at a moment owes.
fn reports(profile: &Profile, found_at: Timestamp) -> Vec<CaseReport> {
    let step = |step: &outpace_policy::ReportStep| CaseReport {
        to: step.to.clone(),
        due_at: found_at.plus_minutes(i64::from(step.within_minutes)),
        reported_at: None,
        reference: None,
    };
    profile.reporting_chain.iter().map(step).collect()
}

/// Opens a case. A person has one case at a time: when there is one that is not over, that one is answered.
///
/// # Errors
/// An unknown person, a stage that no case begins with.
pub fn open_case(unit: &mut Unit<'_>, call: &Call, request: OpenCase) -> Result<Case, Refusal> {
    let class = request.stage.class().ok_or(ContactsError::Beginning(request.stage))?;
    let unknown = ContactsError::Unknown { field: "person", id: request.person.0 };
    let person = outpace_registry::seen(unit.tx(), call, request.person)?.ok_or(unknown)?;
    if let Some(known) = store::active_case_of(unit.tx(), person.id)? {
        return Ok(known);
    }
    let found_at = request.found_at.unwrap_or(call.now);
    let rules = &call.pack().cases;
    let report_hours = rules.report_hours.get(class).network.value;
    let lookback = &call.pack().lookback;
    let infectious_from = contact_window(lookback, &request.dates, request.found_how, found_at, call.offset_minutes());
    let id = CaseId(unit.next(CaseId::COUNTER)?);
    unit.record_at(
        CaseOpened {
            case: id,
            person: person.id,
            area: person.area,
            stage: request.stage,
            found_how: request.found_how,
            found_at,
            dates: request.dates,
            infectious_from,
            tube: request.tube,
            evidence: request.evidence,
            report_due_at: found_at.plus_hours(i64::from(report_hours)),
            investigation_due_at: found_at.plus_hours(i64::from(rules.investigation_hours.value)),
            reports: reports(&call.rules.profile, found_at),
        },
        found_at,
    )?;
    respond(unit, &Trigger::Case(id))?;
    Ok(seen(unit, call, id)?)
}

/// A step of a case.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ChangeStage {
    /// Which.
    pub case: CaseId,
    /// The stage to go to; the same one only with a severity.
    pub stage: Stage,
    /// How ill.
    #[serde(default)]
    pub severity: Option<Severity>,
    /// On what grounds: a review, an image, two negatives.
    pub reason: String,
    /// When it happened; absent = now.
    #[serde(default)]
    pub occurred_at: Option<Timestamp>,
}

/// Lets a case take a step. An exclusion given here is recorded as one.
///
/// # Errors
/// An unknown case, a step that it cannot take, no reason.
pub fn change_stage(unit: &mut Unit<'_>, call: &Call, request: ChangeStage) -> Result<Case, Refusal> {
    let reason = text("reason", &request.reason, true)?;
    let case = seen(unit, call, request.case)?;
    let (from, to) = (case.stage, request.stage);
    let at = request.occurred_at.unwrap_or(call.now);
    if to == Stage::Excluded {
        return exclude_case(unit, call, ExcludeCase { case: case.id, reason, occurred_at: Some(at) });
    }
    let only_severity = from == to && from.is_active() && request.severity.is_some();
    if from == to && !only_severity {
        return Ok(case);
    }
    if !only_severity && !from.next().contains(&to) {
        return Err(ContactsError::Step { case: case.id, from, to }.into());
    }
    unit.record_at(CaseStageChanged { case: case.id, from, to, severity: request.severity, reason }, at)?;
    respond(unit, &Trigger::Case(case.id))?;
    Ok(seen(unit, call, case.id)?)
}

/// A case that was none.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ExcludeCase {
    /// Which.
    pub case: CaseId,
    /// Why: a void plate, a contaminated sample, negative reviews.
    pub reason: String,
    /// When it was known; absent = now.
    #[serde(default)]
    pub occurred_at: Option<Timestamp>,
}

/// Excludes a case: what hung on it lifts at once. Excluding it again changes nothing.
///
/// # Errors
/// An unknown case, one that is over, no reason.
pub fn exclude_case(unit: &mut Unit<'_>, call: &Call, request: ExcludeCase) -> Result<Case, Refusal> {
    let reason = text("reason", &request.reason, true)?;
    let case = seen(unit, call, request.case)?;
    let (from, to) = (case.stage, Stage::Excluded);
    if from == to {
        return Ok(case);
    }
    if !from.next().contains(&to) {
        return Err(ContactsError::Step { case: case.id, from, to }.into());
    }
    let at = request.occurred_at.unwrap_or(call.now);
    unit.record_at(CaseExcluded { case: case.id, from, reason }, at)?;
    respond(unit, &Trigger::Case(case.id))?;
    Ok(seen(unit, call, case.id)?)
}

/// Moments of a case that became known or were corrected; those not given stay as they are.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SetCaseDates {
    /// Which.
    pub case: CaseId,
    /// The moments.
    pub dates: CaseDates,
}

/// Records moments of a case: onset, samples, isolation.
///
/// # Errors
/// An unknown case, no moment given.
pub fn set_case_dates(unit: &mut Unit<'_>, call: &Call, request: SetCaseDates) -> Result<Case, Refusal> {
    if request.dates == CaseDates::default() {
        return Err(ContactsError::Nothing("dates").into());
    }
    let case = seen(unit, call, request.case)?;
    let new = request.dates;
    let dates = CaseDates {
        onset_at: new.onset_at.or(case.onset_at),
        sampled_at: new.sampled_at.or(case.sampled_at),
        last_negative_at: new.last_negative_at.or(case.last_negative_at),
        isolated_at: new.isolated_at.or(case.isolated_at),
    };
    let lookback = &call.pack().lookback;
    let infectious_from = contact_window(lookback, &dates, case.found_how, case.found_at, call.offset_minutes());
    unit.record(CaseDatesSet { case: case.id, dates, infectious_from })?;
    respond(unit, &Trigger::Case(case.id))?;
    Ok(seen(unit, call, case.id)?)
}

/// A report up the chain.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ReportCase {
    /// Which.
    pub case: CaseId,
    /// Whom, by the key of the profile's reporting chain, such as `city-command` or `network`.
    pub to: String,
    /// Its number there.
    #[serde(default)]
    pub reference: Option<String>,
    /// When; absent = now.
    #[serde(default)]
    pub occurred_at: Option<Timestamp>,
}

/// Records that somebody up the chain was told. The first report to each receiver counts.
///
/// # Errors
/// An unknown case or receiver.
pub fn report_case(unit: &mut Unit<'_>, call: &Call, request: ReportCase) -> Result<CaseReport, Refusal> {
    let case = seen(unit, call, request.case)?;
    let find = |unit: &mut Unit<'_>| -> Result<CaseReport, ContactsError> {
        let steps = store::reports_of(unit.tx(), case.id)?;
        let found = steps.into_iter().find(|step| step.to == request.to);
        found.ok_or_else(|| ContactsError::UnknownReceiver(request.to.clone()))
    };
    let step = find(unit)?;
    if step.reported_at.is_some() {
        return Ok(step);
    }
    let at = request.occurred_at.unwrap_or(call.now);
    let (to, reference) = (request.to.clone(), request.reference.clone());
    unit.record_at(CaseReported { case: case.id, to, reference, at }, at)?;
    Ok(find(unit)?)
}
