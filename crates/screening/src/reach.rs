//! What an actor may see of tubes, boxes, hand-overs and rounds: those of the sites and people of their area, and what lies
//! at, or is on its way to, a laboratory there. Everything else looks as if it did not exist.

use outpace_access::Call;
use outpace_core::{LaboratoryId, RoundId, SiteId};
use outpace_registry as registry;
use outpace_store::{Result, Tx};

use crate::carry::{Leg, TubeBox, tube_box};
use crate::errors::ScreeningError;
use crate::rounds::{self, Round};
use crate::tubes::Tube;
use crate::{laboratory, sites};

fn site(tx: &mut Tx<'_>, call: &Call, id: Option<SiteId>) -> Result<bool> {
    let Some(id) = id else { return Ok(false) };
    Ok(sites::site(tx, id)?.is_some_and(|site| call.sees(site.spec.area)))
}

fn at_laboratory(tx: &mut Tx<'_>, call: &Call, id: Option<LaboratoryId>) -> Result<bool> {
    let Some(id) = id else { return Ok(false) };
    Ok(laboratory::laboratory(tx, id)?.is_some_and(|known| call.sees(known.spec.area)))
}

fn whole(tx: &Tx<'_>, call: &Call) -> bool {
    call.sees(outpace_core::AreaId(tx.jurisdiction()))
}

/// Whether the actor may see a tube. One that nobody registered belongs to the jurisdiction as a whole.
pub(crate) fn sees_tube(tx: &mut Tx<'_>, call: &Call, tube: &Tube) -> Result<bool> {
    Ok(whole(tx, call) || site(tx, call, tube.site)? || at_laboratory(tx, call, tube.laboratory)?)
}

/// Whether the actor may see a box: one of their sites or laboratories, or the one in their own hands.
pub(crate) fn sees_box(tx: &mut Tx<'_>, call: &Call, state: &TubeBox) -> Result<bool> {
    Ok(whole(tx, call)
        || state.holder == call.actor.id
        || site(tx, call, state.site)?
        || at_laboratory(tx, call, state.laboratory)?)
}

/// Whether the actor may see a hand-over: to a laboratory of theirs, or of boxes of theirs.
pub(crate) fn sees_leg(tx: &mut Tx<'_>, call: &Call, leg: &Leg) -> Result<bool> {
    if whole(tx, call) || at_laboratory(tx, call, leg.laboratory)? {
        return Ok(true);
    }
    for code in &leg.boxes {
        if let Some(state) = tube_box(tx, code)?
            && sees_box(tx, call, &state)?
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether a round touches the actor's area: it covers a part of it, all of it, or somebody in it.
pub(crate) fn sees_round(tx: &mut Tx<'_>, call: &Call, round: &Round) -> Result<bool> {
    let scope = &round.spec.scope;
    if whole(tx, call) || scope.areas.iter().any(|area| call.sees(*area) || area.contains(call.actor.area)) {
        return Ok(true);
    }
    for place in &scope.places {
        if registry::place(tx, *place)?.is_some_and(|place| call.sees(place.area)) {
            return Ok(true);
        }
    }
    for person in &scope.people {
        if registry::person(tx, *person)?.is_some_and(|person| call.sees(person.area)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A round that touches the actor's area.
pub(crate) fn seen_round(
    tx: &mut Tx<'_>,
    call: &Call,
    id: RoundId,
) -> std::result::Result<Round, outpace_core::Refusal> {
    let unknown = ScreeningError::UnknownRound { round: id };
    let round = rounds::round(tx, id)?.ok_or(unknown.clone())?;
    if sees_round(tx, call, &round)? { Ok(round) } else { Err(unknown.into()) }
}
