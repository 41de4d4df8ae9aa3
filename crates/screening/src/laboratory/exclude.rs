//! Taking results back: a plate whose controls failed, contamination, a mix-up. Only this lifts a positive. The actor's
//! name is the signature; where the profile asks for two, a positive falls with the second, which must be somebody
//! else's. What the response hung on the result falls when it looks again.

use std::collections::{BTreeMap, BTreeSet};

use outpace_access::Call;
use outpace_core::{LaboratoryId, Refusal, Text, Timestamp, Trigger, TubeCode, trigger};
use outpace_orders::{Form, Subject, complete};
use outpace_store::{Tx, Unit};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::exclusions::{self, Exclusion, ExclusionSigned};
use super::facts::{ExcludedResults, ExclusionReason, ResultsExcluded};
use super::intake::{TUBES_MAX, resample};
use super::model::{Laboratory, Outcome};
use super::plate::{self, PlateCode};
use super::store;
use crate::doors::order;
use crate::errors::{ScreeningError, said, some_of};
use crate::kinds;
use crate::tubes::store::{TubeRow, members, row, row_by_code};

/// The counter of exclusions that wait for their second signature.
const EXCLUSION: &str = "exclusion";

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

/// Declares a plate void: every result that was read off it is taken back.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct VoidPlate {
    /// Whose plate.
    pub laboratory: LaboratoryId,
    /// Its code.
    pub plate: PlateCode,
    /// What was found, such as which control failed.
    pub finding: String,
    /// When; absent: now.
    #[serde(default)]
    pub occurred_at: Option<Timestamp>,
}

/// Signs an exclusion that waits for its second signature.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
pub struct SignExclusion {
    /// Which.
    pub exclusion: i64,
}

/// What was taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Excluded {
    /// Results taken back.
    pub results: i64,
    /// Tubes without a valid result now; their people are to be sampled again.
    pub resample: Vec<TubeCode>,
    /// The exclusion that waits for a second signature; nothing is taken back before.
    pub waits: Option<i64>,
}

/// What is to be taken back, and why.
struct Taking {
    laboratory: LaboratoryId,
    reason: ExclusionReason,
    finding: String,
    plate: Option<PlateCode>,
    exclusion: Option<i64>,
    tubes: Vec<(TubeRow, ExcludedResults)>,
    at: Timestamp,
}

fn known(unit: &mut Unit<'_>, call: &Call, laboratory: LaboratoryId) -> Result<Laboratory, Refusal> {
    let known = store::laboratory(unit.tx(), laboratory)?.ok_or(ScreeningError::UnknownLaboratory { laboratory })?;
    call.covers(known.spec.area)?;
    Ok(known)
}

/// Takes results back by a signed exclusion. Results taken back before are left as they are.
///
/// # Errors
/// An unknown laboratory or tube, a tube without a result of this laboratory, no finding.
pub fn exclude_results(unit: &mut Unit<'_>, call: &Call, request: ExcludeResults) -> Result<Excluded, Refusal> {
    said("finding", &request.finding, 400)?;
    some_of("tubes", &request.tubes, TUBES_MAX)?;
    let laboratory = known(unit, call, request.laboratory)?;
    let mut tubes = Vec::new();
    let distinct: BTreeSet<&TubeCode> = request.tubes.iter().collect();
    for code in distinct {
        let row = row_by_code(unit.tx(), code)?.ok_or_else(|| ScreeningError::UnknownTube { tube: code.clone() })?;
        let results = store::results_of(unit.tx(), row.tube.number, code)?;
        let own: Vec<_> = results.into_iter().filter(|result| result.laboratory == laboratory.id).collect();
        if own.is_empty() {
            return Err(ScreeningError::NothingToExclude { tube: code.clone() }.into());
        }
        let ordinals: Vec<i64> = own.iter().filter(|result| !result.excluded).map(|result| result.ordinal).collect();
        if !ordinals.is_empty() {
            let tube = row.tube.number;
            tubes.push((row, ExcludedResults { tube, ordinals }));
        }
    }
    let taking = Taking {
        laboratory: laboratory.id,
        reason: request.reason,
        finding: request.finding,
        plate: None,
        exclusion: None,
        tubes,
        at: request.occurred_at.unwrap_or(call.now),
    };
    sign_first(unit, call, &laboratory, taking)
}

/// Declares a plate void. Doing it again takes back what was read off it since.
///
/// # Errors
/// An unknown laboratory or plate, no finding.
pub fn void_plate(unit: &mut Unit<'_>, call: &Call, request: VoidPlate) -> Result<Excluded, Refusal> {
    said("finding", &request.finding, 400)?;
    let laboratory = known(unit, call, request.laboratory)?;
    let plate = plate::plate_of(unit.tx(), laboratory.id, &request.plate)?
        .ok_or_else(|| ScreeningError::UnknownPlate { plate: request.plate.to_string() })?;
    let tubes = on_plate(unit.tx(), &plate)?;
    if tubes.is_empty() && plate.void_at.is_some() {
        return Ok(Excluded { results: 0, resample: Vec::new(), waits: None });
    }
    let taking = Taking {
        laboratory: laboratory.id,
        reason: ExclusionReason::VoidPlate,
        finding: request.finding,
        plate: Some(plate.plate),
        exclusion: None,
        tubes,
        at: request.occurred_at.unwrap_or(call.now),
    };
    sign_first(unit, call, &laboratory, taking)
}

/// What was read off a plate, by tube.
fn on_plate(tx: &mut Tx<'_>, plate: &plate::Plate) -> Result<Vec<(TubeRow, ExcludedResults)>, Refusal> {
    let mut by_tube: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
    for (tube, ordinal) in plate::results_on(tx, plate)? {
        by_tube.entry(tube).or_default().push(ordinal);
    }
    let mut tubes = Vec::new();
    for (tube, ordinals) in by_tube {
        if let Some(row) = row(tx, tube)? {
            tubes.push((row, ExcludedResults { tube, ordinals }));
        }
    }
    Ok(tubes)
}

/// The first signature: it is enough, or a second is asked for.
fn sign_first(unit: &mut Unit<'_>, call: &Call, laboratory: &Laboratory, taking: Taking) -> Result<Excluded, Refusal> {
    let suspicious = |outcome: Option<Outcome>| matches!(outcome, Some(Outcome::Positive | Outcome::Inconclusive));
    let lifts = taking.tubes.iter().any(|(row, _)| suspicious(row.tube.outcome));
    if !(lifts && call.rules.profile.two_persons_for_exclusion) {
        return take_back(unit, call, taking);
    }
    let tubes: Vec<ExcludedResults> = taking.tubes.iter().map(|(_, excluded)| excluded.clone()).collect();
    if let Some(same) = exclusions::waiting_for(unit.tx(), taking.laboratory, &tubes)? {
        return Ok(Excluded { results: 0, resample: Vec::new(), waits: Some(same) });
    }
    let exclusion = unit.next(EXCLUSION)?;
    let count = tubes.len() as i64;
    let seq = unit.record_at(
        ExclusionSigned {
            exclusion,
            laboratory: taking.laboratory,
            reason: taking.reason,
            finding: taking.finding,
            plate: taking.plate,
            tubes,
        },
        taking.at,
    )?;
    unit.because_of(Some(seq));
    let name = &laboratory.spec.name;
    let because = Text::new(
        format!("{}申请撤销 {count} 管结果({}),其中有阳性或可疑,需第二人签字。", name.zh, taking.reason.zh()),
        format!(
            "{} takes the results of {count} tubes back ({}), suspicious ones among them: a second person must sign.",
            name.en,
            taking.reason.word()
        ),
    );
    let form = Form::from([("exclusion".to_owned(), exclusion.into()), ("tubes".to_owned(), count.into())]);
    let key = order_key(exclusion);
    order(unit, call, key, kinds::SIGN_EXCLUSION, Subject::None, laboratory.spec.area, because, form)?;
    unit.because_of(None);
    Ok(Excluded { results: 0, resample: Vec::new(), waits: Some(exclusion) })
}

fn order_key(exclusion: i64) -> String {
    format!("sign-exclusion:{exclusion}")
}

/// The second signature: what the first asked for is taken back now.
///
/// # Errors
/// An unknown exclusion, one signed twice before, the same person again, a laboratory outside the actor's area.
pub fn sign_exclusion(unit: &mut Unit<'_>, call: &Call, request: SignExclusion) -> Result<Excluded, Refusal> {
    let exclusion = request.exclusion;
    let found: Exclusion =
        exclusions::exclusion(unit.tx(), exclusion)?.ok_or(ScreeningError::UnknownExclusion { exclusion })?;
    known(unit, call, found.laboratory)?;
    if found.confirmed_at.is_some() {
        return Ok(Excluded { results: 0, resample: Vec::new(), waits: None });
    }
    if found.signed_by == call.actor.id {
        return Err(ScreeningError::SameExcluder { exclusion }.into());
    }
    let mut tubes = Vec::new();
    for excluded in found.tubes {
        if let Some(row) = row(unit.tx(), excluded.tube)? {
            tubes.push((row, excluded));
        }
    }
    let taking = Taking {
        laboratory: found.laboratory,
        reason: found.reason,
        finding: found.finding,
        plate: found.plate,
        exclusion: Some(exclusion),
        tubes,
        at: call.now,
    };
    let answer = take_back(unit, call, taking)?;
    if let Some(order) = outpace_orders::by_key(unit.tx(), &order_key(exclusion))?.filter(|order| !order.is_closed()) {
        complete(unit, call, order.id, Form::from([("signed".to_owned(), true.into())]))?;
    }
    Ok(answer)
}

/// Takes results back and has everything that hung on them looked at again.
fn take_back(unit: &mut Unit<'_>, call: &Call, taking: Taking) -> Result<Excluded, Refusal> {
    let mut answer = Excluded { results: 0, resample: Vec::new(), waits: None };
    if taking.tubes.is_empty() && taking.plate.is_none() {
        return Ok(answer);
    }
    let tubes: Vec<ExcludedResults> = taking.tubes.iter().map(|(_, excluded)| excluded.clone()).collect();
    answer.results = tubes.iter().map(|excluded| excluded.ordinals.len() as i64).sum();
    let fact = ResultsExcluded {
        reason: taking.reason,
        finding: taking.finding,
        tubes,
        laboratory: Some(taking.laboratory),
        plate: taking.plate,
        exclusion: taking.exclusion,
    };
    let seq = unit.record_at(fact, taking.at)?;
    unit.because_of(Some(seq));
    for (before, _) in &taking.tubes {
        follow(unit, call, before, taking.reason, &mut answer)?;
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
