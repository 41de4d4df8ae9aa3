//! Hand-overs: the giver signs, then the taker. The signature is whoever sends the request, so that nobody can sign
//! for both.

use std::collections::BTreeSet;

use outpace_access::Call;
use outpace_core::{BoxCode, LaboratoryId, Refusal, Text, Timestamp, VehicleId};
use outpace_orders::{NewConflict, Subject, conflict};
use outpace_store::Unit;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::facts::{BoxesGiven, BoxesTaken};
use super::model::{BoxState, Leg, Receiver};
use super::store;
use crate::errors::{ScreeningError, some_of};
use crate::laboratory;
use crate::tubes::register::well_formed;

/// Boxes in one hand-over at most.
const BOXES_MAX: usize = 1_000;
/// The counter of hand-overs.
const LEG: &str = "leg";

/// Hands boxes over.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Give {
    /// The boxes.
    pub boxes: Vec<BoxCode>,
    /// Who is to take them.
    pub to: Receiver,
    /// Which laboratory, where it is one.
    #[serde(default)]
    pub laboratory: Option<LaboratoryId>,
    /// The vehicle.
    #[serde(default)]
    pub vehicle: Option<VehicleId>,
    /// When it happened; absent: now.
    #[serde(default)]
    pub occurred_at: Option<Timestamp>,
}

/// A hand-over that waits for the taker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Given {
    /// Its number.
    pub leg: i64,
    /// Whether it was known.
    pub repeated: bool,
}

fn check_boxes(boxes: &[BoxCode]) -> Result<BTreeSet<BoxCode>, ScreeningError> {
    some_of("boxes", boxes, BOXES_MAX)?;
    for code in boxes {
        well_formed("boxes", code.as_str(), code.is_well_formed())?;
    }
    Ok(boxes.iter().cloned().collect())
}

/// Hands boxes over: the giver's signature. The same boxes from the same giver again, not yet taken, are the same
/// hand-over.
///
/// # Errors
/// A malformed code, no box, a box outside the actor's area that is not in their hands, a laboratory that is not named or
/// unknown.
pub fn give(unit: &mut Unit<'_>, call: &Call, request: Give) -> Result<Given, Refusal> {
    let boxes = check_boxes(&request.boxes)?;
    match (request.to, request.laboratory) {
        (Receiver::Laboratory, None) => return Err(ScreeningError::Empty { field: "laboratory" }.into()),
        (_, Some(laboratory)) => {
            laboratory::laboratory(unit.tx(), laboratory)?.ok_or(ScreeningError::UnknownLaboratory { laboratory })?;
        }
        (Receiver::Courier, None) => {}
    }
    if let Some(leg) = same_leg(unit, call, &boxes)? {
        return Ok(Given { leg, repeated: true });
    }
    let mut unpacked = Vec::new();
    for code in &boxes {
        match store::tube_box(unit.tx(), code)? {
            Some(state) if !crate::reach::sees_box(unit.tx(), call, &state)? => {
                return Err(ScreeningError::UnknownBox { code: code.clone() }.into());
            }
            Some(_) => {}
            None => unpacked.push(code.clone()),
        }
    }
    let leg = unit.next(LEG)?;
    let fact = BoxesGiven {
        leg,
        boxes: boxes.into_iter().collect(),
        to: request.to,
        laboratory: request.laboratory,
        vehicle: request.vehicle,
    };
    let seq = unit.record_at(fact, request.occurred_at.unwrap_or(call.now))?;
    for code in &unpacked {
        strange(unit, call, code, seq, "box_not_packed", "已交出但无装箱记录", "was given, but nobody packed it")?;
    }
    Ok(Given { leg, repeated: false })
}

/// The open hand-over that holds exactly these boxes from this giver.
fn same_leg(unit: &mut Unit<'_>, call: &Call, boxes: &BTreeSet<BoxCode>) -> Result<Option<i64>, Refusal> {
    let Some(first) = boxes.first() else { return Ok(None) };
    let known = store::tube_box(unit.tx(), first)?.filter(|known| known.state == BoxState::Given);
    let Some(leg) = known.and_then(|known| known.leg) else { return Ok(None) };
    let found = store::leg(unit.tx(), leg)?.filter(|leg| {
        leg.taken_by.is_none() && leg.given_by == Some(call.actor.id) && leg.boxes.iter().eq(boxes.iter())
    });
    Ok(found.map(|leg| leg.leg))
}

/// Takes boxes over.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Take {
    /// The hand-over; absent where nobody gave (only the boxes are there).
    #[serde(default)]
    pub leg: Option<i64>,
    /// The boxes that are there; absent: all of the hand-over.
    #[serde(default)]
    pub boxes: Option<Vec<BoxCode>>,
    /// Which laboratory takes them, where it is one and nobody gave.
    #[serde(default)]
    pub laboratory: Option<LaboratoryId>,
    /// When it happened; absent: now.
    #[serde(default)]
    pub occurred_at: Option<Timestamp>,
}

/// A hand-over that both have signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Taken {
    /// Its number.
    pub leg: i64,
    /// Boxes taken.
    pub boxes: i64,
    /// Boxes that were given and are not there; they stay with the giver and are settled.
    pub missing: Vec<BoxCode>,
    /// Whether it was known.
    pub repeated: bool,
}

/// Takes boxes over: the taker's signature. Boxes that were not given are kept and settled.
///
/// # Errors
/// An unknown hand-over, one that the same actor gave, malformed codes, neither hand-over nor boxes.
pub fn take(unit: &mut Unit<'_>, call: &Call, request: Take) -> Result<Taken, Refusal> {
    let known = match request.leg {
        Some(id) => {
            let unknown = ScreeningError::UnknownLeg { leg: id };
            let leg = store::leg(unit.tx(), id)?.ok_or(unknown.clone())?;
            if !crate::reach::sees_leg(unit.tx(), call, &leg)? {
                return Err(unknown.into());
            }
            Some(leg)
        }
        None => None,
    };
    let there = match (&request.boxes, &known) {
        (Some(boxes), _) => check_boxes(boxes)?,
        (None, Some(leg)) => leg.boxes.iter().cloned().collect(),
        (None, None) => return Err(ScreeningError::Empty { field: "boxes" }.into()),
    };
    if let Some(leg) = &known {
        if leg.given_by == Some(call.actor.id) {
            return Err(ScreeningError::SameSigner { leg: leg.leg }.into());
        }
        if leg.taken_by.is_some() {
            let (leg, boxes) = (leg.leg, leg.boxes.len() as i64);
            return Ok(Taken { leg, boxes, missing: Vec::new(), repeated: true });
        }
    } else if let Some(leg) = taken_before(unit, call, &there)? {
        return Ok(Taken { leg, boxes: there.len() as i64, missing: Vec::new(), repeated: true });
    }
    let given: BTreeSet<BoxCode> = known.iter().flat_map(|leg| leg.boxes.iter().cloned()).collect();
    let id = match &known {
        Some(leg) => leg.leg,
        None => unit.next(LEG)?,
    };
    let (to, laboratory) = match &known {
        Some(leg) => (leg.to, leg.laboratory),
        None if request.laboratory.is_some() => (Receiver::Laboratory, request.laboratory),
        None => (Receiver::Courier, None),
    };
    let fact = BoxesTaken { leg: id, boxes: there.iter().cloned().collect(), to, laboratory };
    let seq = unit.record_at(fact, request.occurred_at.unwrap_or(call.now))?;
    let missing: Vec<BoxCode> = given.difference(&there).cloned().collect();
    for code in &missing {
        strange(unit, call, code, seq, "box_not_there", "已交出但未收到", "was given and is not there")?;
    }
    for code in there.difference(&given) {
        strange(
            unit,
            call,
            code,
            seq,
            "box_not_given",
            "收到但无交出签字",
            "is there, but nobody signed for giving it",
        )?;
    }
    Ok(Taken { leg: id, boxes: there.len() as i64, missing, repeated: false })
}

/// The hand-over by which the same actor took exactly these boxes.
fn taken_before(unit: &mut Unit<'_>, call: &Call, boxes: &BTreeSet<BoxCode>) -> Result<Option<i64>, Refusal> {
    let Some(first) = boxes.first() else { return Ok(None) };
    let known = store::tube_box(unit.tx(), first)?;
    let carried = known.filter(|known| known.state == BoxState::Carried && known.holder == call.actor.id);
    let Some(leg) = carried.and_then(|known| known.leg) else { return Ok(None) };
    let same = |leg: &Leg| leg.boxes.iter().eq(boxes.iter());
    Ok(store::leg(unit.tx(), leg)?.filter(same).map(|leg| leg.leg))
}

fn strange(
    unit: &mut Unit<'_>,
    call: &Call,
    code: &BoxCode,
    seq: outpace_core::Seq,
    kind: &'static str,
    zh: &str,
    en: &str,
) -> Result<(), Refusal> {
    let what = Text::new(format!("转运箱 {code} {zh},请核实。"), format!("Box {code} {en}; find out what was true."));
    let subject = Subject::Box(code.clone());
    // One fact may hold several strange boxes: each is a conflict of its own.
    let seq = Some(seq);
    conflict(unit, call, NewConflict { kind, subject, area: call.actor.area, what, seq })?;
    Ok(())
}
