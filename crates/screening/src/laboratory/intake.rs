//! Tubes arrive: what is scanned is there, whatever was registered before. What was packed and is not there can be
//! declared lost, and its people are sampled again.

use std::collections::{BTreeMap, BTreeSet};

use outpace_access::Call;
use outpace_access::actors::{PostKind, at_post};
use outpace_core::{BoxCode, LaboratoryId, Refusal, Text, Timestamp, TubeCode};
use outpace_orders::{Form, Subject, complete};
use outpace_store::Unit;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::facts::{LossReason, TubeIn, TubesLost, TubesReceived};
use super::store;
use crate::carry::{order_key, store as carry};
use crate::doors::order;
use crate::errors::{ScreeningError, some_of};
use crate::found::find_or_note;
use crate::kinds;
use crate::tubes::register::{settle, well_formed};
use crate::tubes::store::{TubeRow, row_by_code};
use crate::tubes::{Flag, Stage};

/// Tubes in one request at most.
pub const TUBES_MAX: usize = 5_000;

/// Takes tubes in.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Intake {
    /// Which laboratory.
    pub laboratory: LaboratoryId,
    /// The box they came in; what it should hold is compared with what was scanned.
    #[serde(default, rename = "box")]
    pub from_box: Option<BoxCode>,
    /// The codes that were scanned.
    pub tubes: Vec<String>,
    /// Whether what the box should hold and was not scanned is declared lost.
    #[serde(default)]
    pub declare_missing: bool,
    /// When it happened; absent: now.
    #[serde(default)]
    pub occurred_at: Option<Timestamp>,
}

/// A code that cannot have come off a label.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BadCode {
    /// What was read.
    pub code: String,
    /// What would be right.
    pub reason: Text,
}

/// What was taken in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct IntakeAnswer {
    /// Tubes received now.
    pub received: i64,
    /// Tubes that had been received before.
    pub repeated: i64,
    /// Tubes that nobody had registered; they are kept and settled.
    pub unregistered: Vec<TubeCode>,
    /// Tubes that the box should hold and that were not scanned.
    pub missing: Vec<TubeCode>,
    /// Of these, declared lost with this request.
    pub lost: i64,
    /// Codes that cannot be.
    pub bad: Vec<BadCode>,
}

/// Takes tubes in at a laboratory; with it the laboratory signs for the box.
///
/// # Errors
/// An unknown laboratory or one outside the actor's area, nothing scanned and no box named.
pub fn intake(unit: &mut Unit<'_>, call: &Call, request: Intake) -> Result<IntakeAnswer, Refusal> {
    let laboratory = request.laboratory;
    let known = store::laboratory(unit.tx(), laboratory)?.ok_or(ScreeningError::UnknownLaboratory { laboratory })?;
    call.covers(known.spec.area)?;
    at_post(unit, &[(PostKind::Laboratory, laboratory.0)])?;
    if request.from_box.is_none() {
        some_of("tubes", &request.tubes, TUBES_MAX)?;
    } else if request.tubes.len() > TUBES_MAX {
        return Err(ScreeningError::TooMany { field: "tubes", count: request.tubes.len(), most: TUBES_MAX }.into());
    }
    let at = request.occurred_at.unwrap_or(call.now);
    let scanned = scan(unit, call, &request.tubes, at)?;
    let unboxed = match &request.from_box {
        Some(code) => {
            well_formed("box", code.as_str(), code.is_well_formed())?;
            carry::tube_box(unit.tx(), code)?.is_none_or(|known| known.laboratory != Some(laboratory))
        }
        None => false,
    };
    let mut answer = IntakeAnswer {
        received: scanned.fresh.len() as i64,
        repeated: scanned.repeated,
        unregistered: scanned.unregistered,
        missing: Vec::new(),
        lost: 0,
        bad: scanned.bad,
    };
    if !scanned.fresh.is_empty() || unboxed {
        let tubes = scanned.fresh.values().map(|(row, flags)| TubeIn { tube: row.tube.number, flags: flags.clone() });
        let fact = TubesReceived { laboratory, from_box: request.from_box.clone(), tubes: tubes.collect() };
        let seq = unit.record_at(fact, at)?;
        for (code, (_, flags)) in scanned.fresh.iter().filter(|(_, (_, flags))| !flags.is_empty()) {
            settle(unit, call, code, known.spec.area, &flags.iter().copied().collect(), seq)?;
        }
    }
    if let Some(code) = &request.from_box {
        let waiting = |row: &TubeRow| row.tube.stage.is_under_way() || row.tube.stage == Stage::Open;
        let left: Vec<TubeRow> = carry::tubes_in(unit.tx(), code)?.into_iter().filter(waiting).collect();
        answer.missing = left.iter().map(|row| row.tube.code.clone()).collect();
        if request.declare_missing && !left.is_empty() {
            answer.lost = lose(unit, call, &left, LossReason::MissingInBox, at)?;
        }
        if let Some(known) = outpace_orders::by_key(unit.tx(), &order_key(code))?.filter(|order| !order.is_closed()) {
            let result = Form::from([("received_at".to_owned(), at.0.into())]);
            complete(unit, call, known.id, result)?;
        }
    }
    Ok(answer)
}

struct Scanned {
    fresh: BTreeMap<TubeCode, (TubeRow, Vec<Flag>)>,
    repeated: i64,
    unregistered: Vec<TubeCode>,
    bad: Vec<BadCode>,
}

fn scan(unit: &mut Unit<'_>, call: &Call, codes: &[String], at: Timestamp) -> Result<Scanned, Refusal> {
    let mut scanned = Scanned { fresh: BTreeMap::new(), repeated: 0, unregistered: Vec::new(), bad: Vec::new() };
    let distinct: BTreeSet<&String> = codes.iter().collect();
    for text in distinct {
        let code = TubeCode(text.trim().to_owned());
        if let Err(error) = well_formed("tubes", code.as_str(), code.is_well_formed()) {
            scanned.bad.push(BadCode { code: text.chars().take(60).collect(), reason: Refusal::from(error).text });
            continue;
        }
        let (row, noted) = find_or_note(unit, call, &code, at)?;
        if noted {
            scanned.unregistered.push(code.clone());
        }
        let mut flags = Vec::new();
        match row.tube.stage {
            Stage::Received | Stage::Resulted | Stage::Invalid => {
                scanned.repeated += 1;
                continue;
            }
            Stage::Open => flags.push(Flag::SealImplied),
            Stage::Lost => flags.push(Flag::FoundAgain),
            Stage::Sealed | Stage::Boxed | Stage::Travelling => {}
        }
        scanned.fresh.insert(code, (row, flags));
    }
    Ok(scanned)
}

/// Declares tubes lost.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct DeclareLost {
    /// Which tubes.
    pub tubes: Vec<TubeCode>,
    /// Why.
    pub reason: LossReason,
    /// When it was found; absent: now.
    #[serde(default)]
    pub occurred_at: Option<Timestamp>,
}

/// How many were declared lost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LostAnswer {
    /// Declared now; those declared before are not counted again.
    pub lost: i64,
}

/// Declares tubes lost; their people are to be sampled again.
///
/// # Errors
/// Unknown codes, tubes that have a result.
pub fn declare_lost(unit: &mut Unit<'_>, call: &Call, request: DeclareLost) -> Result<LostAnswer, Refusal> {
    some_of("tubes", &request.tubes, TUBES_MAX)?;
    let mut rows = Vec::new();
    let distinct: BTreeSet<&TubeCode> = request.tubes.iter().collect();
    for code in distinct {
        let unknown = || ScreeningError::UnknownTube { tube: code.clone() };
        let row = row_by_code(unit.tx(), code)?.ok_or_else(unknown)?;
        if !crate::reach::sees_tube(unit.tx(), call, &row.tube)? {
            return Err(unknown().into());
        }
        match row.tube.stage {
            Stage::Lost => {}
            stage @ (Stage::Resulted | Stage::Invalid) => {
                return Err(ScreeningError::WrongStage { tube: code.clone(), stage }.into());
            }
            _ => rows.push(row),
        }
    }
    let lost = lose(unit, call, &rows, request.reason, request.occurred_at.unwrap_or(call.now))?;
    Ok(LostAnswer { lost })
}

fn lose(unit: &mut Unit<'_>, call: &Call, rows: &[TubeRow], reason: LossReason, at: Timestamp) -> Result<i64, Refusal> {
    if rows.is_empty() {
        return Ok(0);
    }
    let seq = unit.record_at(TubesLost { tubes: rows.iter().map(|row| row.tube.number).collect(), reason }, at)?;
    unit.because_of(Some(seq));
    for row in rows {
        let why = Text::new(format!("样本丢失({})", reason.zh()), format!("the tube is lost ({})", reason.word()));
        resample(unit, call, row, &why)?;
    }
    unit.because_of(None);
    Ok(rows.len() as i64)
}

/// One order to sample the people of a tube again.
pub(crate) fn resample(unit: &mut Unit<'_>, call: &Call, row: &TubeRow, why: &Text) -> Result<(), Refusal> {
    let code = &row.tube.code;
    let area = match row.tube.site {
        Some(site) => crate::sites::site(unit.tx(), site)?.map(|site| site.spec.area),
        None => None,
    };
    let because = Text::new(
        format!("采样管 {code} 的 {} 人需重新采样:{}。", row.tube.people, why.zh),
        format!("The {} people of tube {code} must be sampled again: {}.", row.tube.people, why.en),
    );
    let form = Form::from([("people".to_owned(), row.tube.people.into())]);
    let key = format!("resample:{code}");
    let subject = Subject::Tube(code.clone());
    order(unit, call, key, kinds::RESAMPLE_TUBE, subject, area.unwrap_or(call.actor.area), because, form)
}
