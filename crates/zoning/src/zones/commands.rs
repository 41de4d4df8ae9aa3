//! Drawing, changing and lifting zones. Whether somebody may is decided before, in the response: these functions are
//! called with what was approved, and record it.

use outpace_access::Call;
use outpace_core::{AreaId, NoticeId, Refusal, Text, ZoneId};
use outpace_store::{Tx, Unit};

use super::facts::{ZoneChanged, ZoneDeclared, ZoneLifted, ZoneNoticed, ZoneObserved};
use super::model::{NewZone, Zone, ZoneChange};
use super::{rules, store};
use crate::errors::ZoningError;
use crate::ground::ImposedBy;

/// Passes when every part of a zone lies in the actor's area.
fn covers(tx: &mut Tx<'_>, call: &Call, zone: &NewZone) -> Result<(), Refusal> {
    for area in &zone.areas {
        call.covers(*area)?;
    }
    for place in &zone.places {
        call.covers(place_area(tx, *place)?)?;
    }
    Ok(())
}

pub(crate) fn place_area(tx: &mut Tx<'_>, place: outpace_core::PlaceId) -> Result<AreaId, Refusal> {
    Ok(outpace_registry::place(tx, place)?.ok_or(ZoningError::UnknownPlace(place))?.area)
}

fn standing(tx: &mut Tx<'_>, id: ZoneId) -> Result<Zone, Refusal> {
    let zone = store::zone(tx, id)?.ok_or(ZoningError::UnknownZone(id))?;
    if zone.lifted_at.is_some() { Err(ZoningError::Lifted(id).into()) } else { Ok(zone) }
}

/// Puts an approved zone in force. A zone of the same parts and levels that stands already is answered instead.
///
/// # Errors
/// A missing reason, a part outside the actor's area, an unknown place.
pub fn declare(unit: &mut Unit<'_>, call: &Call, mut zone: NewZone) -> Result<ZoneId, Refusal> {
    zone.areas.sort_unstable();
    zone.areas.dedup();
    zone.places.sort_unstable();
    zone.places.dedup();
    rules::check(&zone)?;
    covers(unit.tx(), call, &zone)?;
    let same = store::in_force(unit.tx())?.into_iter().find(|old| {
        old.areas == zone.areas && old.places == zone.places && old.level == zone.level && old.risk == zone.risk
    });
    if let Some(same) = same {
        return Ok(same.id);
    }
    let id = ZoneId(unit.next(ZoneId::COUNTER)?);
    unit.record(ZoneDeclared { id, zone })?;
    Ok(id)
}

/// Records a zone that someone else imposed. It is listed and counted, and enforces nothing.
///
/// # Errors
/// A zone of nothing, a part outside the actor's area.
pub fn observe(unit: &mut Unit<'_>, call: &Call, mut zone: NewZone, imposed_by: ImposedBy) -> Result<ZoneId, Refusal> {
    zone.areas.sort_unstable();
    zone.places.sort_unstable();
    let parts = zone.areas.len() + zone.places.len();
    if !(1..=super::PARTS_MAX).contains(&parts) {
        return Err(ZoningError::Parts(parts).into());
    }
    rules::check_levels(zone.level, zone.risk)?;
    covers(unit.tx(), call, &zone)?;
    let same = store::observed(unit.tx())?.into_iter().find(|old| {
        old.areas == zone.areas
            && old.places == zone.places
            && old.level == zone.level
            && old.imposed_by.as_ref() == Some(&imposed_by)
    });
    if let Some(same) = same {
        return Ok(same.id);
    }
    let id = ZoneId(unit.next(ZoneId::COUNTER)?);
    unit.record(ZoneObserved { id, zone, imposed_by })?;
    Ok(id)
}

/// Raises or lowers a zone, with effect from now. A change to what it is already records nothing.
///
/// # Errors
/// A missing reason, an unknown or lifted zone.
pub fn change(unit: &mut Unit<'_>, call: &Call, id: ZoneId, change: ZoneChange) -> Result<(), Refusal> {
    change.ground.check()?;
    rules::check_levels(change.level, change.risk)?;
    let zone = standing(unit.tx(), id)?;
    for area in &zone.areas {
        call.covers(*area)?;
    }
    let same = zone.level == change.level
        && zone.risk == change.risk
        && zone.lift == change.lift
        && zone.ground == change.ground;
    if !same {
        unit.record(ZoneChanged { id, change })?;
    }
    Ok(())
}

/// Ends a zone now. Ending it twice is the same as once.
///
/// # Errors
/// An unknown zone, a part outside the actor's area.
pub fn lift(unit: &mut Unit<'_>, call: &Call, id: ZoneId, reason: Text) -> Result<(), Refusal> {
    let zone = store::zone(unit.tx(), id)?.ok_or(ZoningError::UnknownZone(id))?;
    for area in &zone.areas {
        call.covers(*area)?;
    }
    if zone.lifted_at.is_none() {
        unit.record(ZoneLifted { id, reason })?;
    }
    Ok(())
}

/// Notes the published notice of a zone.
///
/// # Errors
/// An unknown or lifted zone.
pub fn attach_notice(unit: &mut Unit<'_>, _: &Call, id: ZoneId, notice: NoticeId) -> Result<(), Refusal> {
    let zone = standing(unit.tx(), id)?;
    if zone.notice != Some(notice) {
        unit.record(ZoneNoticed { id, notice })?;
    }
    Ok(())
}
