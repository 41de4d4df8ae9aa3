//! Who need not be sampled, and why. A reason is one of a closed list: free text would carry illnesses into the journal.

use outpace_access::Call;
use outpace_core::{PersonId, Refusal, RoundId, Timestamp};
use outpace_store::Unit;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::facts::{ClassChange, ExemptionEnded, PersonExempted, RosterRevised};
use super::model::{Class, RoundState};
use crate::desk::Desk;
use crate::errors::ScreeningError;
use crate::words::words;

words! {
    /// Why someone is exempt.
    pub enum ExemptReason {
        /// A baby, or a child too young to be sampled.
        Infant = "infant" / "婴幼儿",
        /// A medical reason, certified.
        Medical = "medical" / "医学原因",
        /// Recovered within the time in which tests stay positive.
        Recovered = "recovered" / "康复期",
        /// In hospital, and tested there.
        InHospital = "in_hospital" / "住院",
        /// Tested elsewhere today, and the result was shown.
        TestedElsewhere = "tested_elsewhere" / "他处已检",
        /// Needs to be sampled at the door, and stands on that list.
        AtTheDoor = "at_the_door" / "上门采样",
    }
}

/// Exempts someone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Exempt {
    /// Who.
    pub person: PersonId,
    /// Why; absent ends an exemption.
    pub reason: Option<ExemptReason>,
    /// Until when; absent: until it is ended.
    #[serde(default)]
    pub until: Option<Timestamp>,
}

/// What followed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Exempted {
    /// Open rounds whose lists changed by it.
    pub rounds: Vec<RoundId>,
}

/// Exempts a person from rounds, or ends it, and moves the person on the lists of rounds that are open.
///
/// # Errors
/// An unknown person, one outside the actor's area, an end that has passed.
pub fn exempt(unit: &mut Unit<'_>, call: &Call, request: Exempt) -> Result<Exempted, Refusal> {
    let person = outpace_registry::person(unit.tx(), request.person)?
        .ok_or(ScreeningError::UnknownPerson { person: request.person })?;
    call.covers(person.area)?;
    if let Some(until) = request.until.filter(|until| *until <= call.now) {
        return Err(ScreeningError::PassedEnd { until }.into());
    }
    let to = match request.reason {
        Some(reason) => {
            unit.record(PersonExempted { person: request.person, reason, until: request.until })?;
            Class::Exempt
        }
        None => {
            if super::store::exemption(unit.tx(), request.person, call.now)?.is_none() {
                return Ok(Exempted { rounds: Vec::new() });
            }
            unit.record(ExemptionEnded { person: request.person })?;
            if person.present { Class::Due } else { Class::Absent }
        }
    };
    let moved = unit
        .remembered(|desk: &Desk| {
            let open = desk.rounds.iter().filter(|(_, brief)| brief.state == RoundState::Open);
            open.filter_map(|(round, brief)| {
                let seat = brief.seats.as_ref()?.seat(request.person);
                let (grid, from) = seat.home.filter(|_| seat.tube.is_none())?;
                (from != to).then_some((*round, ClassChange { person: request.person, grid, from, to }))
            })
            .collect::<Vec<_>>()
        })
        .unwrap_or_default();
    let rounds = moved.iter().map(|(round, _)| *round).collect();
    for (round, change) in moved {
        unit.record(RosterRevised { round, changes: vec![change] })?;
    }
    Ok(Exempted { rounds })
}
