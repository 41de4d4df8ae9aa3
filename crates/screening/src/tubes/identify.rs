//! Saying afterwards whose an unidentified swab was, when the paper slip was matched.

use outpace_access::Call;
use outpace_core::{PersonId, Refusal, Trigger, TubeCode, trigger};
use outpace_registry as registry;
use outpace_store::Unit;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::facts::SwabIdentified;
use super::model::{Counts, Home, Member};
use super::store;
use crate::desk::{Desk, Seat, load_seats};
use crate::errors::ScreeningError;
use crate::laboratory::Outcome;

/// Names the person behind a swab.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct IdentifySwab {
    /// The tube.
    pub tube: TubeCode,
    /// The position.
    pub position: i64,
    /// Whose it was.
    pub person: PersonId,
}

/// Names the person behind a swab; coverage and, where the tube is positive, the response follow.
///
/// # Errors
/// An unknown tube, position or person, or a swab that is known to be someone else's.
pub fn identify_swab(unit: &mut Unit<'_>, call: &Call, request: IdentifySwab) -> Result<Member, Refusal> {
    let row = store::row_by_code(unit.tx(), &request.tube)?
        .ok_or_else(|| ScreeningError::UnknownTube { tube: request.tube.clone() })?;
    if !crate::reach::sees_tube(unit.tx(), call, &row.tube)? {
        return Err(ScreeningError::UnknownTube { tube: request.tube }.into());
    }
    let (tube, position) = (request.tube.clone(), request.position);
    let member = store::members(unit.tx(), row.tube.number)?
        .into_iter()
        .find(|member| member.position == position)
        .ok_or(ScreeningError::NoSuchSwab { tube: tube.clone(), position })?;
    match member.person {
        Some(person) if person == request.person => return Ok(member),
        Some(person) => return Err(ScreeningError::AlreadyIdentified { tube, position, person }.into()),
        None => {}
    }
    let person =
        registry::person(unit.tx(), request.person)?.ok_or(ScreeningError::UnknownPerson { person: request.person })?;
    call.covers(person.area)?;
    let seat = match row.tube.round {
        Some(round) => {
            let look = |desk: &Desk| Some(desk.rounds.get(&round)?.seats.as_ref()?.seat(request.person));
            match unit.remembered(look).flatten() {
                Some(seat) => seat,
                None => load_seats(unit.tx(), round)?.seat(request.person),
            }
        }
        None => Seat { home: None, tube: None },
    };
    let (grid, counts) = match seat {
        Seat { home: Some((grid, class)), tube: None } => (grid, Counts::Seat(class)),
        Seat { home: Some((grid, _)), tube: Some(_) } => (grid, Counts::Again),
        Seat { home: None, .. } => (person.area, Counts::Outside),
    };
    let home = Home { grid, counts, people: 1 };
    let (number, round) = (row.tube.number, row.tube.round);
    unit.record(SwabIdentified { tube: number, position, person: request.person, round, home })?;
    if matches!(row.tube.outcome, Some(Outcome::Positive | Outcome::Inconclusive)) {
        unit.enqueue(trigger::RESPOND, &Trigger::Tube(tube))?;
        unit.enqueue(trigger::RESPOND, &Trigger::Person(request.person))?;
    }
    Ok(Member { person: Some(request.person), ..member })
}
