//! Restrictions of people and their transfers.

use outpace_access::Call;
use outpace_core::{PersonId, PlaceId, Refusal, RestrictionId, Text};
use outpace_isolation::{
    ChangeEnd, Guardian, LiftReason, NewRestriction, NewTransfer, PassengerKind, RestrictionKind, TransferState,
};
use outpace_store::Unit;

use super::{Order, applied, ground, hangs_on, is_about_people};
use crate::facts::Applied;
use crate::items::{Confinement, Key, Transfer, What};
use crate::plan::Planned;
use crate::store;

fn kind(kind: Confinement) -> RestrictionKind {
    match kind {
        Confinement::HomeMonitoring => RestrictionKind::HomeMonitoring,
        Confinement::HomeQuarantine => RestrictionKind::HomeQuarantine,
        Confinement::FacilityQuarantine => RestrictionKind::FacilityQuarantine,
        Confinement::Isolation => RestrictionKind::Isolation,
    }
}

/// Puts holds and confinements of a line in force: those that only change their end are changed, all others begin
/// together, and what they replace ends as superseded.
pub(super) fn put(unit: &mut Unit<'_>, call: &Call, order: &Order<'_>, done: &mut Vec<Applied>) -> Result<(), Refusal> {
    let now = unit.now();
    let hangs = hangs_on(order.line.because.first());
    let mut begin: Vec<(Planned, NewRestriction)> = Vec::new();
    let mut superseded: Vec<RestrictionId> = Vec::new();
    let mut transfers: Vec<NewTransfer> = Vec::new();
    for item in order.items.iter().filter(|item| is_about_people(&item.what)) {
        let Some(ends_at) = item.ends_at.filter(|end| *end > now) else { continue };
        let (person, kind, class, test_days) = match &item.what {
            What::Hold { person, .. } => (*person, RestrictionKind::Hold, None, Vec::new()),
            What::Confine { person, kind: how, class, test_days, .. } => {
                (*person, kind(*how), *class, test_days.clone())
            }
            _ => continue,
        };
        if let Some(own) = transfer(unit, order, item, person)? {
            transfers.extend(guardian(unit, call, &own)?);
            transfers.push(own);
        }
        let standing = outpace_isolation::in_force_of(unit.tx(), person)?;
        let known = item.id.and_then(|id| standing.iter().find(|one| one.id == RestrictionId(id)));
        if let Some(known) = known.filter(|known| known.kind == kind && kind != RestrictionKind::Hold) {
            let change = ChangeEnd { ends_at, ground: ground(order.line, item), test_days, plan: Some(order.plan) };
            let id = known.id;
            outpace_isolation::change_end(unit, call, id, change)?;
            done.push(applied(item, id.0));
            continue;
        }
        superseded.extend(known.map(|known| known.id));
        let starts_at = if kind == RestrictionKind::Hold { item.starts_at } else { now.min(ends_at) };
        let ground = ground(order.line, item);
        let because_of = hangs.clone();
        let plan = Some(order.plan);
        let new = NewRestriction { person, kind, ground, because_of, class, starts_at, ends_at, test_days, plan };
        begin.push((item.clone(), new));
    }
    if !superseded.is_empty() {
        outpace_isolation::lift_many(unit, call, &superseded, LiftReason::Superseded)?;
    }
    if !begin.is_empty() {
        let (items, news): (Vec<Planned>, Vec<NewRestriction>) = begin.into_iter().unzip();
        let starts: Vec<_> = news.iter().map(|new| new.starts_at).collect();
        let ids = outpace_isolation::restrict_many(unit, call, news)?;
        for ((item, id), starts_at) in items.iter().zip(ids).zip(starts) {
            done.push(Applied { starts_at, ..applied(item, id.0) });
        }
    }
    if !transfers.is_empty() {
        outpace_isolation::order_transfers(unit, call, transfers)?;
    }
    Ok(())
}

/// The transfer that an item asks for. People who are held at their place of work are fetched there.
fn transfer(
    unit: &mut Unit<'_>,
    order: &Order<'_>,
    item: &Planned,
    person: PersonId,
) -> Result<Option<NewTransfer>, Refusal> {
    let What::Confine { transfer: Some(transfer), .. } = &item.what else { return Ok(None) };
    let kind = match transfer {
        Transfer::ToFacility { .. } => PassengerKind::Contact,
        Transfer::ToHospital { .. } => PassengerKind::Case,
    };
    Ok(Some(NewTransfer {
        person,
        to: None,
        kind,
        because_of: hangs_on(order.line.because.first()),
        from_place: held_at(unit, person)?,
        guardian: None,
        plan: Some(order.plan),
    }))
}

/// The transfer of a guardian who goes along with a dependant, where the pack lets them: they count as exposed by it.
fn guardian(unit: &mut Unit<'_>, call: &Call, own: &NewTransfer) -> Result<Option<NewTransfer>, Refusal> {
    if !call.pack().transfer.guardian_may_go_along.value {
        return Ok(None);
    }
    let guardian = store::guardian_of(unit.tx(), own.person)?;
    Ok(guardian.map(|person| NewTransfer {
        person,
        guardian: Some(Guardian { of: own.person, consented: true }),
        from_place: None,
        ..own.clone()
    }))
}

/// The place at which a person is held with their place of work, if they are.
fn held_at(unit: &mut Unit<'_>, person: PersonId) -> Result<Option<PlaceId>, Refusal> {
    let work = outpace_registry::person(unit.tx(), person)?.and_then(|person| person.workplace);
    let Some(work) = work else { return Ok(None) };
    let around = outpace_registry::place(unit.tx(), work)?.and_then(|place| place.part_of);
    for place in [Some(work), around].into_iter().flatten() {
        if store::applied(unit.tx(), &Key::place_hold(place))?.is_some() {
            return Ok(Some(place));
        }
    }
    Ok(None)
}

/// Lifts holds and confinements; whoever still waited to be moved stays.
pub(super) fn lift(unit: &mut Unit<'_>, call: &Call, order: &Order<'_>) -> Result<(), Refusal> {
    for item in order.items.iter().filter(|item| is_about_people(&item.what)) {
        let Some(id) = item.id else { continue };
        let why = order.why.get(&item.key).cloned().unwrap_or(match item.what {
            What::Hold { .. } => LiftReason::Fulfilled,
            _ => LiftReason::NoGround,
        });
        outpace_isolation::lift(unit, call, RestrictionId(id), why)?;
        if let What::Confine { person, .. } = item.what
            && let Some(open) = outpace_isolation::transfers::open_of(unit.tx(), person)?
            && open.state == TransferState::Waiting
        {
            let reason = Text::new("管控已解除,无需转运", "the measure was lifted; nobody has to be moved");
            outpace_isolation::excuse(unit, call, open.id, reason)?;
        }
    }
    Ok(())
}
