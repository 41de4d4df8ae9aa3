//! Closing, holding, extending, releasing.

use outpace_access::Call;
use outpace_core::{ActorKind, AreaId, ClosureId, PlaceId, Refusal, Text};
use outpace_store::Unit;

use super::facts::{ClosureBegan, ClosureEnded, ClosureExtended, ClosureObserved};
use super::model::{Closure, EndReason, ExtendHold, NewClosure, Target};
use super::store;
use crate::errors::ZoningError;
use crate::ground::{Ground, ImposedBy};
use crate::zones::commands::place_area;

fn begin(unit: &mut Unit<'_>, call: &Call, target: Target, closure: NewClosure) -> Result<ClosureId, Refusal> {
    closure.ground.check()?;
    call.covers(target.area())?;
    if closure.ends_at.is_some_and(|ends_at| ends_at <= closure.starts_at) {
        return Err(ZoningError::EndsBeforeStart.into());
    }
    // The same target is closed once; asking again answers the closure that stands.
    if let Some(standing) = store::in_force(unit.tx())?.into_iter().find(|old| old.target == target) {
        return Ok(standing.id);
    }
    let id = ClosureId(unit.next(ClosureId::COUNTER)?);
    unit.record(ClosureBegan { id, target, closure })?;
    Ok(id)
}

/// Closes every place of a class in an area.
///
/// # Errors
/// A missing reason, an area outside the actor's, an end before the start.
pub fn close_class(
    unit: &mut Unit<'_>,
    call: &Call,
    class: &str,
    area: AreaId,
    closure: NewClosure,
) -> Result<ClosureId, Refusal> {
    begin(unit, call, Target::Class { class: class.to_owned(), area }, closure)
}

/// Opens a class of places again.
///
/// # Errors
/// An unknown or ended closure.
pub fn reopen(unit: &mut Unit<'_>, call: &Call, id: ClosureId, reason: Text) -> Result<(), Refusal> {
    end(unit, call, id, EndReason::Lifted(reason))
}

/// Holds a place, before anything needs to be confirmed. Without an end of its own it lasts the pack's hours.
///
/// # Errors
/// A missing reason, an unknown place, an area outside the actor's, an end before the start.
pub fn hold_place(unit: &mut Unit<'_>, call: &Call, place: PlaceId, closure: NewClosure) -> Result<ClosureId, Refusal> {
    let area = place_area(unit.tx(), place)?;
    begin_hold_at(unit, call, place, area, closure)
}

pub(crate) fn begin_hold_at(
    unit: &mut Unit<'_>,
    call: &Call,
    place: PlaceId,
    area: AreaId,
    mut closure: NewClosure,
) -> Result<ClosureId, Refusal> {
    let hours = i64::from(call.pack().holds.place_hours.value);
    closure.ends_at = closure.ends_at.or(Some(closure.starts_at.plus_hours(hours)));
    begin(unit, call, Target::Place { place, area }, closure)
}

/// Releases a held place.
///
/// # Errors
/// An unknown or ended hold.
pub fn release_place(unit: &mut Unit<'_>, call: &Call, id: ClosureId, reason: Text) -> Result<(), Refusal> {
    end(unit, call, id, EndReason::Lifted(reason))
}

/// Holds a lot of goods.
///
/// # Errors
/// A missing reason, an area outside the actor's, an end before the start.
pub fn hold_goods(
    unit: &mut Unit<'_>,
    call: &Call,
    lot: &str,
    place: Option<PlaceId>,
    area: AreaId,
    closure: NewClosure,
) -> Result<ClosureId, Refusal> {
    begin(unit, call, Target::Goods { lot: lot.to_owned(), place, area }, closure)
}

/// Releases a lot of goods.
///
/// # Errors
/// An unknown or ended hold.
pub fn release_goods(unit: &mut Unit<'_>, call: &Call, id: ClosureId, reason: Text) -> Result<(), Refusal> {
    end(unit, call, id, EndReason::Lifted(reason))
}

fn known(unit: &mut Unit<'_>, call: &Call, id: ClosureId) -> Result<Closure, Refusal> {
    let closure = store::closure(unit.tx(), id)?.ok_or(ZoningError::UnknownClosure(id))?;
    call.covers(closure.target.area())?;
    Ok(closure)
}

/// Ends a closure or hold of any kind. Ending it twice is the same as once.
///
/// # Errors
/// An unknown closure, an area outside the actor's.
pub fn end(unit: &mut Unit<'_>, call: &Call, id: ClosureId, why: EndReason) -> Result<(), Refusal> {
    if known(unit, call, id)?.ended_at.is_none() {
        unit.record(ClosureEnded { id, why })?;
    }
    Ok(())
}

/// Extends the hold of a place: by a named officer, with a reason, as often as the pack allows.
///
/// # Errors
/// An unknown or ended hold, a closure that is no hold, one extended already, the system as the officer, no reason.
pub fn extend_hold(unit: &mut Unit<'_>, call: &Call, request: ExtendHold) -> Result<Closure, Refusal> {
    let closure = known(unit, call, request.closure)?;
    if let Target::Place { place, .. } = &closure.target {
        outpace_registry::people::kin(unit.tx(), &call.actor)?.stand_back_from(*place)?;
    }
    if call.actor.kind != ActorKind::Account {
        return Err(ZoningError::NoOfficer.into());
    }
    if request.reason.zh.trim().is_empty() && request.reason.en.trim().is_empty() {
        return Err(ZoningError::NoReason("reason").into());
    }
    let (Target::Place { .. }, Some(ends_at)) = (&closure.target, closure.ends_at) else {
        return Err(ZoningError::NotAHold(closure.id).into());
    };
    if closure.ended_at.is_some() {
        return Err(ZoningError::Ended(closure.id).into());
    }
    let holds = &call.pack().holds;
    if closure.extensions >= i64::from(holds.extensions_max.value) {
        return Err(ZoningError::Extended(closure.id).into());
    }
    let ends_at = ends_at.plus_hours(i64::from(holds.place_extension_hours.value));
    unit.record(ClosureExtended { id: closure.id, ends_at, reason: request.reason })?;
    store::closure(unit.tx(), closure.id)?.ok_or_else(|| ZoningError::UnknownClosure(closure.id).into())
}

/// Records a closure that someone else imposed. It is listed and counted, and enforces nothing.
///
/// # Errors
/// An area or a place outside the actor's area.
pub fn observe(
    unit: &mut Unit<'_>,
    call: &Call,
    target: Target,
    closure: NewClosure,
    imposed_by: ImposedBy,
) -> Result<ClosureId, Refusal> {
    call.covers(target.area())?;
    if let Target::Place { place, .. } | Target::Goods { place: Some(place), .. } = &target {
        call.covers(place_area(unit.tx(), *place)?)?;
    }
    let same = store::observed(unit.tx())?
        .into_iter()
        .find(|old| old.target == target && old.imposed_by.as_ref() == Some(&imposed_by));
    if let Some(same) = same {
        return Ok(same.id);
    }
    let id = ClosureId(unit.next(ClosureId::COUNTER)?);
    unit.record(ClosureObserved { id, target, closure, imposed_by })?;
    Ok(id)
}

/// A ground without facts, for measures that others imposed: what is known of their reason.
#[must_use]
pub fn ground_as_told(reason: Text, clause: &str) -> Ground {
    Ground { reason, clause: clause.to_owned(), facts: Vec::new(), assessment: None }
}
