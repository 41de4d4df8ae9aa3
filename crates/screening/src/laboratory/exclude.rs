//! Taking results back: a plate whose controls failed, contamination, a mix-up. Only this lifts a positive. The actor's
//! name is the signature; what the response hung on the result falls when it looks again.

use std::collections::BTreeSet;

use outpace_access::Call;
use outpace_core::{LaboratoryId, Refusal, Text, Timestamp, Trigger, TubeCode, trigger};
use outpace_store::Unit;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::facts::{ExcludedResults, ExclusionReason, ResultsExcluded};
use super::intake::{TUBES_MAX, resample};
use super::model::Outcome;
use super::store;
use crate::errors::{ScreeningError, said, some_of};
use crate::tubes::store::{TubeRow, members, row_by_code};

/// Takes the results of tubes back.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ExcludeResults {
    /// Whose results: the laboratory that signs.
    pub laboratory: LaboratoryId,
    /// Of which tubes; all results of this laboratory for them.
    pub tubes: Vec<TubeCode>,
    /// Why.
    pub reason: ExclusionReason,
    /// What was found, in the laboratory's words.
    pub finding: String,
    /// When; absent: now.
    #[serde(default)]
    pub occurred_at: Option<Timestamp>,
}

/// What was taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Excluded {
    /// Results taken back.
    pub results: i64,
    /// Tubes without a valid result now; their people are to be sampled again.
    pub resample: Vec<TubeCode>,
}

/// Takes results back by a signed exclusion. Results taken back before are left as they are.
///
/// # Errors
/// An unknown laboratory or tube, a tube without a result of this laboratory, no finding.
pub fn exclude_results(unit: &mut Unit<'_>, call: &Call, request: ExcludeResults) -> Result<Excluded, Refusal> {
    said("finding", &request.finding, 400)?;
    some_of("tubes", &request.tubes, TUBES_MAX)?;
    let laboratory = request.laboratory;
    let known = store::laboratory(unit.tx(), laboratory)?.ok_or(ScreeningError::UnknownLaboratory { laboratory })?;
    call.covers(known.spec.area)?;
    let mut rows: Vec<(TubeRow, ExcludedResults)> = Vec::new();
    let distinct: BTreeSet<&TubeCode> = request.tubes.iter().collect();
    for code in distinct {
        let row = row_by_code(unit.tx(), code)?.ok_or_else(|| ScreeningError::UnknownTube { tube: code.clone() })?;
        let results = store::results_of(unit.tx(), row.tube.number, code)?;
        let own: Vec<_> = results.into_iter().filter(|result| result.laboratory == laboratory).collect();
        if own.is_empty() {
            return Err(ScreeningError::NothingToExclude { tube: code.clone() }.into());
        }
        let ordinals: Vec<i64> = own.iter().filter(|result| !result.excluded).map(|result| result.ordinal).collect();
        if !ordinals.is_empty() {
            let tube = row.tube.number;
            rows.push((row, ExcludedResults { tube, ordinals }));
        }
    }
    let mut answer = Excluded { results: 0, resample: Vec::new() };
    if rows.is_empty() {
        return Ok(answer);
    }
    let tubes: Vec<ExcludedResults> = rows.iter().map(|(_, excluded)| excluded.clone()).collect();
    answer.results = tubes.iter().map(|excluded| excluded.ordinals.len() as i64).sum();
    let fact = ResultsExcluded { reason: request.reason, finding: request.finding, tubes };
    let seq = unit.record_at(fact, request.occurred_at.unwrap_or(call.now))?;
    unit.because_of(Some(seq));
    for (before, _) in &rows {
        follow(unit, call, before, request.reason, &mut answer)?;
    }
    unit.because_of(None);
    Ok(answer)
}

/// People of a tube without a valid result are sampled again; whoever was held for it is looked at again.
fn follow(
    unit: &mut Unit<'_>,
    call: &Call,
    before: &TubeRow,
    reason: ExclusionReason,
    answer: &mut Excluded,
) -> Result<(), Refusal> {
    let code = &before.tube.code;
    let now = row_by_code(unit.tx(), code)?.and_then(|row| row.tube.outcome);
    if now.is_none_or(|outcome| outcome == Outcome::Invalid) {
        let why =
            Text::new(format!("结果撤销({})", reason.zh()), format!("its result was taken back ({})", reason.word()));
        resample(unit, call, before, &why)?;
        answer.resample.push(code.clone());
    }
    unit.enqueue(trigger::RESPOND, &Trigger::Tube(code.clone()))?;
    if before.tube.is_single() {
        for person in members(unit.tx(), before.tube.number)?.into_iter().filter_map(|member| member.person) {
            unit.enqueue(trigger::RESPOND, &Trigger::Person(person))?;
        }
    }
    Ok(())
}
