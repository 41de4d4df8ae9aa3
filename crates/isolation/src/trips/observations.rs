//! What was seen of trips: who boarded, who was handed over. Never refused; what cannot be is kept and flagged.

use std::collections::BTreeSet;

use outpace_access::Call;
use outpace_access::actors::{PostKind, at_post};
use outpace_core::{ActorId, AreaId, BedId, FacilityId, PersonId, Refusal, StayId, Text, Timestamp, TripId};
use outpace_orders::Subject;
use outpace_store::{Tx, Unit};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::facts::{Aboard, Admitted, PeopleAdmitted, PeopleBoarded};
use super::model::{Boarding, HandOver, PassengerKind, Trip, TripPerson};
use super::{commands, store};
use crate::errors::IsolationError;
use crate::facilities::store as beds;
use crate::facilities::{self, Facility, FacilityState};
use crate::observed::{Moment, Oddity, flag, formal};
use crate::restrictions::commands::{count, look_again};
use crate::rooms::single_room;
use crate::stays;
use crate::transfers::{Transfer, open_of};

/// What became of people seen boarding.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Boarded {
    /// Who was recorded; those known to be aboard already are not again.
    pub people: Vec<PersonId>,
    /// Guardians among them: exposed from now on, contacts to be recorded.
    pub exposed: Vec<PersonId>,
    /// What was flagged.
    pub conflicts: Vec<String>,
}

/// What became of people seen handed over.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HandedOver {
    /// Who was admitted, in order; those known to be in already are not again.
    pub people: Vec<PersonId>,
    /// Their stays, in the same order.
    pub stays: Vec<StayId>,
    /// Their beds, in the same order; none where the facility was full.
    pub beds: Vec<Option<BedId>>,
    /// What was flagged.
    pub conflicts: Vec<String>,
}

fn unique(people: &[PersonId]) -> Vec<PersonId> {
    let mut seen = BTreeSet::new();
    people.iter().copied().filter(|person| seen.insert(*person)).collect()
}

/// Records people who boarded. Guardians among them are told to the response as exposed.
///
/// # Errors
/// An unknown trip, an empty list. Nothing about the people is a reason to refuse.
pub fn board(unit: &mut Unit<'_>, call: &Call, seen: Boarding) -> Result<Boarded, Refusal> {
    count("people", seen.people.len())?;
    let trip = commands::known(unit, call, seen.trip)?;
    at_post(unit, &[(PostKind::Vehicle, trip.vehicle.0)])?;
    let area = facility_area(unit.tx(), trip.facility)?;
    let moment = Moment::of(call, seen.occurred_at);
    let mut oddities = Vec::new();
    let mut aboard = Vec::new();
    for person in unique(&seen.people) {
        if known_aboard(unit.tx(), trip.id, person)? {
            continue;
        }
        aboard.push(boarding_of(unit.tx(), &trip, person, &mut oddities)?);
    }
    if aboard.is_empty() {
        return Ok(Boarded::default());
    }
    oddities.extend(formal(&Subject::Trip(trip.id), &seen.signed_by, moment));
    let people: Vec<PersonId> = aboard.iter().map(|person| person.person).collect();
    let exposed: Vec<PersonId> = aboard.iter().filter(|person| person.guardian).map(|person| person.person).collect();
    let fact = PeopleBoarded {
        trip: trip.id,
        stop: seen.stop,
        people: aboard,
        signed_by: seen.signed_by,
        skew_ms: moment.skew_ms,
    };
    let seq = unit.record_at(fact, moment.at)?;
    oddities.extend(over_full(unit.tx(), &trip)?);
    let conflicts = flag(unit, call, area, seq, oddities)?;
    look_again(unit, &exposed)?;
    Ok(Boarded { people, exposed, conflicts })
}

fn facility_area(tx: &mut Tx<'_>, facility: FacilityId) -> Result<AreaId, Refusal> {
    let found = facilities::facility(tx, facility)?.ok_or(IsolationError::UnknownFacility(facility))?;
    Ok(found.area)
}

fn known_aboard(tx: &mut Tx<'_>, trip: TripId, person: PersonId) -> Result<bool, Refusal> {
    let is_aboard = |on: &TripPerson| on.boarded_at.is_some() && on.handed_at.is_none() && !on.superseded;
    Ok(store::on_trip(tx, trip, person)?.as_ref().is_some_and(is_aboard))
}

fn boarding_of(tx: &mut Tx<'_>, trip: &Trip, person: PersonId, oddities: &mut Vec<Oddity>) -> Result<Aboard, Refusal> {
    let transfer = open_of(tx, person)?;
    let guardian = transfer.as_ref().is_some_and(|transfer| transfer.guardian_of.is_some());
    let mut odd = |kind, zh: String, en: String| {
        oddities.push(Oddity { kind, subject: Subject::Person(person), what: Text::new(zh, en) });
    };
    match &transfer {
        None => odd(
            "boarded_without_order",
            format!("{person} 号人员没有转运指令却已登上 {} 号转运车。", trip.id),
            format!("Person {person} boarded trip {} without an order to move.", trip.id),
        ),
        Some(transfer) if transfer.kind != trip.kind && !guardian => odd(
            "kinds_mixed",
            format!("{person} 号人员与 {} 号转运车上的人员类别不同,密接与感染者不得同车。", trip.id),
            format!("Person {person} is of another kind than trip {}; contacts and cases go apart.", trip.id),
        ),
        Some(_) => {}
    }
    let from_trip = store::aboard_elsewhere(tx, trip.id, person)?;
    if let Some(other) = from_trip {
        odd(
            "person_on_two_trips",
            format!("{person} 号人员已在 {other} 号转运车上且未交接,又登上 {} 号车。", trip.id),
            format!("Person {person} is aboard trip {other}, not handed over, and now boarded trip {}.", trip.id),
        );
    }
    let left_stay = stays::open_of(tx, person)?.map(|stay| stay.id);
    Ok(Aboard { person, transfer: transfer.map(|transfer| transfer.id), guardian, from_trip, left_stay })
}

fn over_full(tx: &mut Tx<'_>, trip: &Trip) -> Result<Option<Oddity>, Refusal> {
    let load = store::load(tx, trip.id, trip.kind == PassengerKind::Contact)?;
    if load <= trip.places {
        return Ok(None);
    }
    let places = trip.places;
    Ok(Some(Oddity {
        kind: "vehicle_over_full",
        subject: Subject::Trip(trip.id),
        what: Text::new(
            format!("该车限载 {places} 人,现有 {load} 人在车上。"),
            format!("{places} people may go in this vehicle; {load} are aboard."),
        ),
    }))
}

/// Records people handed over by a trip at a facility: their stays begin.
///
/// # Errors
/// An unknown trip or facility, an empty list. Nothing about the people is a reason to refuse.
pub fn hand_over(unit: &mut Unit<'_>, call: &Call, seen: HandOver) -> Result<HandedOver, Refusal> {
    let trip = commands::known(unit, call, seen.trip)?;
    at_post(unit, &[(PostKind::Vehicle, trip.vehicle.0)])?;
    admit_people(unit, call, Some(&trip), seen.facility, &seen.people, seen.signed_by, seen.occurred_at)
}

/// Records people who came to a facility by other ways than a trip of ours.
///
/// # Errors
/// An unknown facility, an empty list.
pub fn admit(
    unit: &mut Unit<'_>,
    call: &Call,
    facility: FacilityId,
    people: &[PersonId],
    signed_by: Vec<ActorId>,
    occurred_at: Option<Timestamp>,
) -> Result<HandedOver, Refusal> {
    admit_people(unit, call, None, facility, people, signed_by, occurred_at)
}

fn admit_people(
    unit: &mut Unit<'_>,
    call: &Call,
    trip: Option<&Trip>,
    facility: FacilityId,
    people: &[PersonId],
    signed_by: Vec<ActorId>,
    occurred_at: Option<Timestamp>,
) -> Result<HandedOver, Refusal> {
    count("people", people.len())?;
    let facility = facilities::commands::known(unit, call, facility)?;
    let moment = Moment::of(call, occurred_at);
    let mut oddities = Vec::new();
    let mut arrivals = Vec::new();
    for person in unique(people) {
        if let Some(arrival) = arrival(unit.tx(), trip, &facility, person, &mut oddities)? {
            arrivals.push(arrival);
        }
    }
    if arrivals.is_empty() {
        return Ok(HandedOver::default());
    }
    let admitted = with_beds(unit, call, trip, &facility, arrivals, &mut oddities)?;
    let subject = trip.map_or(Subject::Facility(facility.id), |trip| Subject::Trip(trip.id));
    oddities.extend(formal(&subject, &signed_by, moment));
    if facility.state != FacilityState::Ready {
        let name = facility.state.name();
        oddities.push(Oddity {
            kind: "facility_not_in_use",
            subject: Subject::Facility(facility.id),
            what: Text::new(
                format!("该隔离点当前为“{}”,却有人员入住。", name.zh),
                format!("This facility is {}, and people were admitted to it.", name.en),
            ),
        });
    }
    let answer = HandedOver {
        people: admitted.iter().map(|one| one.person).collect(),
        stays: admitted.iter().map(|one| one.stay).collect(),
        beds: admitted.iter().map(|one| one.bed).collect(),
        conflicts: Vec::new(),
    };
    let fact = PeopleAdmitted {
        trip: trip.map(|trip| trip.id),
        facility: facility.id,
        people: admitted,
        signed_by,
        skew_ms: moment.skew_ms,
    };
    let seq = unit.record_at(fact, moment.at)?;
    let conflicts = flag(unit, call, facility.area, seq, oddities)?;
    Ok(HandedOver { conflicts, ..answer })
}

/// Somebody who arrived and has no bed yet.
struct Arrival {
    person: PersonId,
    transfer: Option<Transfer>,
}

/// Who arrived, and what is odd about it; nobody where the person is known to be in.
fn arrival(
    tx: &mut Tx<'_>,
    trip: Option<&Trip>,
    facility: &Facility,
    person: PersonId,
    oddities: &mut Vec<Oddity>,
) -> Result<Option<Arrival>, Refusal> {
    let transfer = open_of(tx, person)?;
    let stay = stays::open_of(tx, person)?;
    let inside = stay.as_ref().is_some_and(|stay| stay.facility == facility.id);
    if inside && transfer.is_none() {
        return Ok(None);
    }
    let mut odd = |kind, zh: String, en: String| {
        oddities.push(Oddity { kind, subject: Subject::Person(person), what: Text::new(zh, en) });
    };
    let name = &facility.name;
    if let Some(stay) = stay {
        odd(
            "in_two_facilities",
            format!("{person} 号人员在 {} 号隔离点尚未解除,又入住{}。", stay.facility, name.zh),
            format!("Person {person} has not left facility {} and was admitted to {}.", stay.facility, name.en),
        );
    }
    match &transfer {
        None => odd(
            "admitted_without_order",
            format!("{person} 号人员没有转运指令却入住{}。", name.zh),
            format!("Person {person} was admitted to {} without an order to move.", name.en),
        ),
        Some(transfer) if transfer.to.is_some_and(|to| to != facility.id) => odd(
            "admitted_elsewhere",
            format!("{person} 号人员应送往其他隔离点,却入住{}。", name.zh),
            format!("Person {person} was to go to another facility and was admitted to {}.", name.en),
        ),
        Some(_) => {}
    }
    if let Some(trip) = trip
        && !known_aboard(tx, trip.id, person)?
    {
        odd(
            "handed_over_without_boarding",
            format!("{person} 号人员未登记上车,却由 {} 号转运车交接。", trip.id),
            format!("Person {person} was handed over by trip {} without having been seen boarding it.", trip.id),
        );
    }
    Ok(Some(Arrival { person, transfer }))
}

/// Gives each arrival the bed that is reserved, or another free room; nobody is turned away where there is none.
fn with_beds(
    unit: &mut Unit<'_>,
    call: &Call,
    trip: Option<&Trip>,
    facility: &Facility,
    arrivals: Vec<Arrival>,
    oddities: &mut Vec<Oddity>,
) -> Result<Vec<Admitted>, Refusal> {
    let mut admitted = Vec::with_capacity(arrivals.len());
    let wanted = i64::try_from(arrivals.len()).unwrap_or(i64::MAX);
    let mut spare: Option<std::vec::IntoIter<BedId>> = None;
    let mut without: Vec<PersonId> = Vec::new();
    for Arrival { person, transfer } in arrivals {
        let reserved = match &transfer {
            Some(transfer) => store::reserved_bed(unit.tx(), transfer.id, facility.id)?,
            None => None,
        };
        if reserved.is_none() && spare.is_none() {
            spare = Some(spare_beds(unit.tx(), call, facility, wanted)?.into_iter());
        }
        let bed = reserved.or_else(|| spare.as_mut().and_then(Iterator::next));
        if bed.is_none() {
            without.push(person);
        }
        let kind = transfer
            .as_ref()
            .map_or_else(|| trip.map_or(facility.kind.takes(), |trip| trip.kind), |transfer| transfer.kind);
        let stay = StayId(unit.next(StayId::COUNTER)?);
        let transfer = transfer.map(|transfer| transfer.id);
        admitted.push(Admitted { person, transfer, stay, bed, reserved: reserved.is_some(), kind });
    }
    if !without.is_empty() {
        oddities.push(full(facility, &without));
    }
    Ok(admitted)
}

/// Beds that may be given to somebody for whom none is reserved: one of each free room under the single-room rule.
fn spare_beds(tx: &mut Tx<'_>, call: &Call, facility: &Facility, wanted: i64) -> Result<Vec<BedId>, Refusal> {
    let single = single_room(call.pack().facility.single_room.value, facility.kind);
    let rooms = beds::free_rooms(tx, facility.id, single, wanted)?;
    let per_room = if single { 1 } else { usize::MAX };
    Ok(rooms.into_iter().flat_map(|room| room.into_iter().take(per_room)).collect())
}

fn full(facility: &Facility, without: &[PersonId]) -> Oddity {
    let list: Vec<String> = without.iter().take(20).map(ToString::to_string).collect();
    let (list, count, name) = (list.join(", "), without.len(), &facility.name);
    Oddity {
        kind: "facility_full",
        subject: Subject::Facility(facility.id),
        what: Text::new(
            format!("{}已无空房,{count} 人已到达但没有床位:{list}。", name.zh),
            format!("{} has no free room; {count} people arrived and have no bed: {list}.", name.en),
        ),
    }
}
