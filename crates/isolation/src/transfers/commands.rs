//! Ordering people to move, and excusing them.

use std::collections::BTreeMap;

use outpace_access::Call;
use outpace_core::{FacilityId, PersonId, Refusal, Text};
use outpace_store::Unit;

use super::facts::{Ordered, TransferExcused, TransferRedirected, TransfersOrdered};
use super::model::{NewTransfer, Transfer, TransferState};
use super::store;
use crate::errors::IsolationError;
use crate::facilities;
use crate::facilities::FacilityState;
use crate::ids::TransferId;
use crate::restrictions::commands::{count, home};
use crate::stays;
use crate::trips::PassengerKind;

/// Orders one person to move.
///
/// # Errors
/// As [`order_transfers`].
pub fn order_transfer(unit: &mut Unit<'_>, call: &Call, new: NewTransfer) -> Result<TransferId, Refusal> {
    let ids = order_transfers(unit, call, vec![new])?;
    ids.first().copied().ok_or_else(Refusal::internal)
}

/// Orders people to move. A person who is to move already keeps that transfer, which goes to the new facility if it
/// still waits; a contact who has become a case gets a new one.
///
/// # Errors
/// An unknown person or facility, somebody who is at that facility already, a facility that takes the other kind, a guardian who did not consent or whom the
/// rules do not let along; then nobody is ordered.
pub fn order_transfers(unit: &mut Unit<'_>, call: &Call, news: Vec<NewTransfer>) -> Result<Vec<TransferId>, Refusal> {
    count("people", news.len())?;
    let mut ids = Vec::with_capacity(news.len());
    let mut items: Vec<Ordered> = Vec::new();
    let mut fresh: BTreeMap<PersonId, TransferId> = BTreeMap::new();
    for new in news {
        let area = home(unit.tx(), call, new.person)?;
        check(unit, call, &new)?;
        let open = store::open_of(unit.tx(), new.person)?;
        if let Some(known) = standing(unit, open, &new)?.or_else(|| fresh.get(&new.person).copied()) {
            ids.push(known);
            continue;
        }
        let id = TransferId(unit.next(TransferId::COUNTER)?);
        fresh.insert(new.person, id);
        ids.push(id);
        items.push(Ordered { id, area, transfer: new });
    }
    if !items.is_empty() {
        unit.record(TransfersOrdered { items })?;
    }
    Ok(ids)
}

fn check(unit: &mut Unit<'_>, call: &Call, new: &NewTransfer) -> Result<(), Refusal> {
    if let Some(guardian) = new.guardian {
        if !guardian.consented {
            return Err(IsolationError::NoConsent(new.person).into());
        }
        if !call.pack().transfer.guardian_may_go_along.value {
            return Err(IsolationError::NoGuardian.into());
        }
    }
    let stay = stays::open_of(unit.tx(), new.person)?;
    if let Some(stay) = stay.filter(|stay| new.to == Some(stay.facility)) {
        return Err(IsolationError::AlreadyThere(new.person, stay.facility).into());
    }
    match new.to {
        Some(facility) => takes(unit, call, facility, new.kind),
        None => Ok(()),
    }
}

fn takes(unit: &mut Unit<'_>, call: &Call, id: FacilityId, kind: PassengerKind) -> Result<(), Refusal> {
    let facility = facilities::commands::known(unit, call, id)?;
    if facility.state == FacilityState::Closed || facility.kind.takes() != kind {
        return Err(IsolationError::FacilityState(id, facility.state).into());
    }
    Ok(())
}

/// The transfer that stands for the person already, redirected where it may be.
fn standing(unit: &mut Unit<'_>, open: Option<Transfer>, new: &NewTransfer) -> Result<Option<TransferId>, Refusal> {
    let Some(old) = open else { return Ok(None) };
    let waits = old.state == TransferState::Waiting;
    if old.kind != new.kind && waits {
        let reason = Text::new("已改为另一类转运", "replaced by a transfer of the other kind");
        unit.record(TransferExcused { id: old.id, reason })?;
        return Ok(None);
    }
    if let Some(to) = new.to.filter(|to| waits && old.to != Some(*to)) {
        unit.record(TransferRedirected { id: old.id, to })?;
    }
    Ok(Some(old.id))
}

/// Excuses a person who waits from moving, for a reason: excluded, isolated elsewhere, cannot be moved. Excusing twice
/// is the same as once.
///
/// # Errors
/// No transfer that waits, no reason.
pub fn excuse(unit: &mut Unit<'_>, call: &Call, id: TransferId, reason: Text) -> Result<(), Refusal> {
    if reason.zh.trim().is_empty() && reason.en.trim().is_empty() {
        return Err(IsolationError::NoReason.into());
    }
    let found = store::transfer(unit.tx(), id)?.filter(|transfer| call.sees(transfer.area));
    let found = found.ok_or(IsolationError::UnknownTransfer(id))?;
    outpace_registry::people::kin(unit.tx(), &call.actor)?.stand_back(found.person)?;
    match found.state {
        TransferState::Excused => Ok(()),
        TransferState::Waiting => {
            unit.record(TransferExcused { id, reason })?;
            Ok(())
        }
        TransferState::UnderWay | TransferState::Admitted => Err(IsolationError::NotWaiting(id).into()),
    }
}
