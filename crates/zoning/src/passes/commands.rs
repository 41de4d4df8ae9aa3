//! Issuing passes and taking them back.

use outpace_access::Call;
use outpace_core::{Refusal, Text};
use outpace_store::{Tx, Unit};

use super::{NewPass, PassId, PassIssued, PassRevoked, store};
use crate::errors::ZoningError;
use crate::zones::{self, Zone};

/// Passes when the whole zone lies in the actor's area.
fn covers(tx: &mut Tx<'_>, call: &Call, zone: &Zone) -> Result<(), Refusal> {
    for area in &zone.areas {
        call.covers(*area)?;
    }
    for place in &zone.places {
        if let Some(place) = outpace_registry::place(tx, *place)? {
            call.covers(place.area)?;
        }
    }
    Ok(())
}

/// Issues a pass. The same pass again (holder, zone, times) is answered with the first.
///
/// # Errors
/// An unknown or lifted zone, no holder or two, an end before the start, no reason.
pub fn issue(unit: &mut Unit<'_>, call: &Call, pass: NewPass) -> Result<PassId, Refusal> {
    if pass.person.is_some() == pass.vehicle.is_some() {
        return Err(ZoningError::PassHolder.into());
    }
    if pass.to_at <= pass.from_at {
        return Err(ZoningError::EndsBeforeStart.into());
    }
    if pass.reason.zh.trim().is_empty() && pass.reason.en.trim().is_empty() {
        return Err(ZoningError::NoReason("reason").into());
    }
    let zone = zones::zone(unit.tx(), pass.zone)?.ok_or(ZoningError::UnknownZone(pass.zone))?;
    covers(unit.tx(), call, &zone)?;
    if zone.lifted_at.is_some() {
        return Err(ZoningError::Lifted(zone.id).into());
    }
    let known = store::valid(unit.tx(), pass.zone, pass.person, pass.vehicle, pass.from_at)?;
    if let Some(known) = known.filter(|known| known.from_at == pass.from_at && known.to_at == pass.to_at) {
        return Ok(known.id);
    }
    let id = PassId(unit.next(PassId::COUNTER)?);
    unit.record(PassIssued { id, pass })?;
    Ok(id)
}

/// Takes a pass back. Twice is the same as once.
///
/// # Errors
/// An unknown pass.
pub fn revoke(unit: &mut Unit<'_>, call: &Call, id: PassId, reason: Text) -> Result<(), Refusal> {
    let pass = store::pass(unit.tx(), id)?.ok_or(ZoningError::UnknownPass(id))?;
    if let Some(zone) = zones::zone(unit.tx(), pass.zone)? {
        covers(unit.tx(), call, &zone)?;
    }
    if pass.revoked_at.is_none() {
        unit.record(PassRevoked { id, reason })?;
    }
    Ok(())
}
