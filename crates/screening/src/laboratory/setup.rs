//! Setting laboratories up, and looking at what waits there.

use outpace_access::Call;
use outpace_core::{LaboratoryId, Refusal, Timestamp, TubeCode};
use outpace_store::{Tx, Unit};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::facts::LaboratorySet;
use super::model::{Laboratory, LaboratorySpec};
use super::store;
use crate::errors::{ScreeningError, said, within};
use crate::page_limit;
use crate::tubes::Purpose;

/// Sets up a laboratory, or changes the one with the same key.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SetLaboratory {
    /// What holds from now on.
    pub spec: LaboratorySpec,
}

/// Sets up a laboratory, or changes the one with the same key.
///
/// # Errors
/// An area outside the actor's own, numbers out of range.
pub fn set_laboratory(unit: &mut Unit<'_>, call: &Call, request: SetLaboratory) -> Result<Laboratory, Refusal> {
    let spec = request.spec;
    said("key", &spec.key, 80)?;
    said("name", &spec.name.zh, 80)?;
    spec.area.level().ok_or(ScreeningError::NotAnArea { area: spec.area })?;
    call.covers(spec.area)?;
    within("tubes_per_hour", spec.tubes_per_hour, 0, 1_000_000)?;
    within("turnaround_minutes", spec.turnaround_minutes, 0, 1_440)?;
    within("leg_minutes", spec.leg_minutes, 0, 1_440)?;
    let known = store::laboratory_by_key(unit.tx(), &spec.key)?;
    if let Some(known) = known.as_ref().filter(|known| known.spec == spec) {
        return Ok(known.clone());
    }
    let id = match &known {
        Some(known) => known.id,
        None => LaboratoryId(unit.next(LaboratoryId::COUNTER)?),
    };
    unit.record(LaboratorySet { laboratory: id, spec: spec.clone() })?;
    Ok(Laboratory { id, spec, pending: known.map_or(0, |known| known.pending) })
}

/// Laboratories, by id.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct LaboratoriesAnswer {
    /// The laboratories.
    pub laboratories: Vec<Laboratory>,
}

/// Lists laboratories.
///
/// # Errors
/// What the store refused.
pub fn list_laboratories(
    tx: &mut Tx<'_>,
    call: &Call,
    _: outpace_access::routes::Empty,
) -> Result<LaboratoriesAnswer, Refusal> {
    let mut laboratories = store::laboratories(tx)?;
    laboratories.retain(|known| call.sees(known.spec.area));
    Ok(LaboratoriesAnswer { laboratories })
}

/// Which queue to look at.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct QueueQuery {
    /// Of which laboratory.
    pub laboratory: LaboratoryId,
    /// At most so many.
    #[serde(default)]
    pub limit: Option<i64>,
}

/// A tube that waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct QueuedTube {
    /// The tube.
    pub tube: TubeCode,
    /// Its place by the pack; 0 goes first.
    pub rank: i64,
    /// Why it was taken.
    pub purpose: Purpose,
    /// People in it.
    pub people: i64,
    /// When its result is promised.
    pub result_due_at: Timestamp,
}

/// What waits, first first.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct QueueAnswer {
    /// How many wait in all.
    pub pending: i64,
    /// The first of them.
    pub tubes: Vec<QueuedTube>,
}

/// What waits at a laboratory, in the order in which it goes into the machine.
///
/// # Errors
/// An unknown laboratory.
pub fn list_queue(tx: &mut Tx<'_>, call: &Call, query: QueueQuery) -> Result<QueueAnswer, Refusal> {
    let laboratory = query.laboratory;
    let known = store::laboratory(tx, laboratory)?.filter(|known| call.sees(known.spec.area));
    let known = known.ok_or(ScreeningError::UnknownLaboratory { laboratory })?;
    let tubes = store::queue(tx, laboratory, page_limit(query.limit))?.into_iter().map(|row| QueuedTube {
        tube: row.tube.code,
        rank: row.tube.rank,
        purpose: row.tube.purpose,
        people: row.tube.people,
        result_due_at: row.tube.result_due_at,
    });
    Ok(QueueAnswer { pending: known.pending, tubes: tubes.collect() })
}
