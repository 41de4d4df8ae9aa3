//! Planning trips, and what a vehicle does: leaves, arrives, is disinfected.

use outpace_access::Call;
use outpace_core::{ActorId, BedId, Refusal, Text, Timestamp, TripId};
use outpace_orders::Subject;
use outpace_policy::TransferVehicle;
use outpace_registry::{Vehicle, VehicleKind};
use outpace_store::{Tx, Unit};

use super::facts::{Seat, TripArrived, TripCancelled, TripDeparted, TripPlanned, VehicleDisinfected};
use super::model::{NewTrip, PassengerKind, Trip, TripState};
use super::plan::TripRules;
use super::store;
use crate::errors::IsolationError;
use crate::facilities::{self, FacilityState};
use crate::observed::{Moment, Oddity, ahead, flag};
use crate::rooms::{Party, assign_beds, single_room};
use crate::transfers::{Transfer, TransferState, transfer};

/// People planned for one trip.
pub const PEOPLE_PER_TRIP_MAX: usize = 200;
/// Trips planned by one command.
pub const TRIPS_MAX: usize = 500;
/// Stops of one trip.
pub const STOPS_MAX: usize = 50;

/// Plans trips: each with its vehicle, its drivers, its people and a bed for each of them.
///
/// # Errors
/// As [`open_trip`]; then none is planned.
pub fn open_trips(unit: &mut Unit<'_>, call: &Call, trips: Vec<NewTrip>) -> Result<Vec<TripId>, Refusal> {
    if trips.is_empty() || trips.len() > TRIPS_MAX {
        return Err(IsolationError::Count { field: "trips", count: trips.len(), max: TRIPS_MAX }.into());
    }
    trips.into_iter().map(|trip| open_trip(unit, call, trip)).collect()
}

/// Plans a trip and reserves a bed for each of its people. The same vehicle with the same people again is answered with
/// the trip that stands.
///
/// # Errors
/// An unknown vehicle, facility or transfer; a vehicle of the wrong kind, on another trip or not disinfected; too few or
/// too many drivers; more people than the rules let into it; contacts and cases together; a facility that is not in use
/// or has too few free rooms; somebody who does not wait.
pub fn open_trip(unit: &mut Unit<'_>, call: &Call, mut trip: NewTrip) -> Result<TripId, Refusal> {
    trip.transfers.sort_unstable();
    trip.transfers.dedup();
    if trip.transfers.is_empty() || trip.transfers.len() > PEOPLE_PER_TRIP_MAX {
        let count = trip.transfers.len();
        return Err(IsolationError::Count { field: "transfers", count, max: PEOPLE_PER_TRIP_MAX }.into());
    }
    if trip.stops.len() > STOPS_MAX {
        return Err(IsolationError::Count { field: "stops", count: trip.stops.len(), max: STOPS_MAX }.into());
    }
    let rules = TripRules::of(call.pack());
    let vehicle = outpace_registry::vehicle(unit.tx(), trip.vehicle)?;
    let vehicle = vehicle.ok_or(IsolationError::UnknownVehicle(trip.vehicle))?;
    if let Some(run) = store::run_of(unit.tx(), trip.vehicle)? {
        return same_trip(unit, run, &trip)?.ok_or_else(|| IsolationError::VehicleInUse(vehicle.id, run).into());
    }
    let facility = facilities::commands::known(unit, call, trip.facility)?;
    if facility.state != FacilityState::Ready || facility.kind.takes() != trip.kind {
        return Err(IsolationError::FacilityState(facility.id, facility.state).into());
    }
    let people = passengers(unit, call, &trip)?;
    let places = rules.places(&vehicle, trip.kind);
    check_vehicle(&rules, &vehicle, &trip, &people, places)?;
    let single_room = single_room(rules.single_room, facility.kind);
    let seats = seats(unit, single_room, &trip, people)?;
    let id = TripId(unit.next(TripId::COUNTER)?);
    unit.record(TripPlanned { id, trip, places, seats })?;
    Ok(id)
}

fn same_trip(unit: &mut Unit<'_>, run: TripId, trip: &NewTrip) -> Result<Option<TripId>, Refusal> {
    let Some(known) = store::trip(unit.tx(), run)? else { return Ok(None) };
    let planned = store::aboard(unit.tx(), run)?.into_iter().filter(|person| person.planned);
    let mut transfers: Vec<_> = planned.filter_map(|person| person.transfer).collect();
    transfers.sort_unstable();
    Ok((known.facility == trip.facility && transfers == trip.transfers).then_some(run))
}

fn passengers(unit: &mut Unit<'_>, call: &Call, trip: &NewTrip) -> Result<Vec<Transfer>, Refusal> {
    let mut people = Vec::with_capacity(trip.transfers.len());
    for id in &trip.transfers {
        let found = transfer(unit.tx(), *id)?.filter(|transfer| call.sees(transfer.area));
        let found = found.ok_or(IsolationError::UnknownTransfer(*id))?;
        if found.state != TransferState::Waiting || found.trip.is_some() {
            return Err(IsolationError::NotWaiting(*id).into());
        }
        // A guardian goes with their ward, whatever they themselves are.
        if found.kind != trip.kind && found.guardian_of.is_none() {
            return Err(IsolationError::Mixed(*id).into());
        }
        people.push(found);
    }
    Ok(people)
}

fn check_vehicle(
    rules: &TripRules,
    vehicle: &Vehicle,
    trip: &NewTrip,
    people: &[Transfer],
    places: i64,
) -> Result<(), Refusal> {
    let by = if trip.kind == PassengerKind::Case { rules.cases_by } else { rules.contacts_by };
    let right = match by {
        TransferVehicle::Bus => matches!(vehicle.kind, VehicleKind::Bus | VehicleKind::LineBus),
        TransferVehicle::Ambulance => vehicle.kind == VehicleKind::Ambulance,
    };
    // One contact alone may go by ambulance: someone in labour, on a stretcher.
    let lone =
        vehicle.kind == VehicleKind::Ambulance && people.iter().filter(|one| one.guardian_of.is_none()).count() == 1;
    if !right && !lone {
        return Err(IsolationError::VehicleKind(vehicle.id, trip.kind).into());
    }
    if vehicle.kind != VehicleKind::Ambulance && !(rules.drivers_min..=rules.drivers_max).contains(&trip.drivers) {
        let (min, max) = (rules.drivers_min, rules.drivers_max);
        return Err(IsolationError::Drivers { found: trip.drivers, min, max }.into());
    }
    let counted = people.iter().filter(|one| trip.kind == PassengerKind::Contact || one.guardian_of.is_none()).count();
    if i64::try_from(counted).unwrap_or(i64::MAX) > places {
        return Err(IsolationError::TooMany { people: counted, places }.into());
    }
    Ok(())
}

/// A bed for each: those with a guardian aboard share the guardian's room where it has a bed for both.
fn seats(unit: &mut Unit<'_>, single_room: bool, trip: &NewTrip, people: Vec<Transfer>) -> Result<Vec<Seat>, Refusal> {
    let mut seats = Vec::with_capacity(people.len());
    let mut parties: Vec<Party<Transfer>> = Vec::new();
    for person in people {
        if let Some(bed) = store::reserved_bed(unit.tx(), person.id, trip.facility)? {
            seats.push(seat(&person, bed, true));
            continue;
        }
        let ward = person.guardian_of;
        let party = parties.iter_mut().find(|party| {
            party.people.iter().any(|other| ward == Some(other.person) || other.guardian_of == Some(person.person))
        });
        match party {
            Some(party) => party.people.push(person),
            None => parties.push(Party { people: vec![person] }),
        }
    }
    let assigned = assign_beds(unit.tx(), trip.facility, single_room, &parties)?;
    for (person, bed) in parties.into_iter().flat_map(|party| party.people).zip(assigned) {
        seats.push(seat(&person, bed, false));
    }
    Ok(seats)
}

fn seat(person: &Transfer, bed: BedId, kept: bool) -> Seat {
    Seat { transfer: person.id, person: person.person, guardian: person.guardian_of.is_some(), bed, kept }
}

/// A trip that the actor may see: to a facility in their area, or with somebody aboard who lives there.
///
/// # Errors
/// What the store refused.
pub fn seen(tx: &mut Tx<'_>, call: &Call, id: TripId) -> Result<Option<Trip>, Refusal> {
    let Some(trip) = store::trip(tx, id)? else { return Ok(None) };
    if facilities::facility(tx, trip.facility)?.is_some_and(|to| call.sees(to.area)) {
        return Ok(Some(trip));
    }
    for aboard in store::aboard(tx, id)? {
        if outpace_registry::person(tx, aboard.person)?.is_some_and(|person| call.sees(person.area)) {
            return Ok(Some(trip));
        }
    }
    Ok(None)
}

pub(super) fn known(unit: &mut Unit<'_>, call: &Call, id: TripId) -> Result<Trip, Refusal> {
    seen(unit.tx(), call, id)?.ok_or_else(|| IsolationError::UnknownTrip(id).into())
}

fn step(trip: &Trip, next: TripState) -> Result<(), IsolationError> {
    if trip.state.allows(next) { Ok(()) } else { Err(IsolationError::TripState(trip.id, trip.state)) }
}

/// Notes that a vehicle left its last stop. Twice is once.
///
/// # Errors
/// An unknown trip, one that has arrived or is over.
pub fn depart(unit: &mut Unit<'_>, call: &Call, id: TripId, occurred_at: Option<Timestamp>) -> Result<(), Refusal> {
    let trip = known(unit, call, id)?;
    if trip.state == TripState::UnderWay {
        return Ok(());
    }
    step(&trip, TripState::UnderWay)?;
    let at = Moment::of(call, occurred_at).at;
    unit.record_at(TripDeparted { trip: id }, at)?;
    Ok(())
}

/// Notes that a vehicle arrived at its facility. Twice is once.
///
/// # Errors
/// An unknown trip, one that is over.
pub fn arrive(unit: &mut Unit<'_>, call: &Call, id: TripId, occurred_at: Option<Timestamp>) -> Result<(), Refusal> {
    let trip = known(unit, call, id)?;
    if trip.state == TripState::Arrived {
        return Ok(());
    }
    step(&trip, TripState::Arrived)?;
    let at = Moment::of(call, occurred_at).at;
    unit.record_at(TripArrived { trip: id }, at)?;
    Ok(())
}

/// Notes that a vehicle was disinfected after a trip; it may go again. Somebody who boarded and was not handed over is
/// an alarm: the loop was not closed. Twice is once.
///
/// # Errors
/// An unknown trip, one that has not arrived.
pub fn disinfected(
    unit: &mut Unit<'_>,
    call: &Call,
    id: TripId,
    signed_by: Vec<ActorId>,
    occurred_at: Option<Timestamp>,
) -> Result<Vec<String>, Refusal> {
    let trip = known(unit, call, id)?;
    if trip.state == TripState::Done {
        return Ok(Vec::new());
    }
    step(&trip, TripState::Done)?;
    let moment = Moment::of(call, occurred_at);
    let mut oddities = ahead(&Subject::Trip(id), moment);
    let aboard = store::load(unit.tx(), id, true)?;
    if aboard > 0 {
        oddities.push(Oddity {
            kind: "loop_not_closed",
            subject: Subject::Trip(id),
            what: Text::new(
                format!("车辆已消毒,但仍有 {aboard} 人上车后未交接入住。"),
                format!("The vehicle was disinfected, but {aboard} people boarded it and were not handed over."),
            ),
        });
    }
    let seq = unit.record_at(VehicleDisinfected { vehicle: trip.vehicle, trip: id, signed_by }, moment.at)?;
    let area = facilities::commands::known(unit, call, trip.facility)?.area;
    flag(unit, call, area, seq, oddities)
}

/// Cancels a trip that nobody boarded; its people wait again and its beds are free. Twice is once.
///
/// # Errors
/// An unknown trip, one that somebody boarded or that has left, no reason.
pub fn cancel(unit: &mut Unit<'_>, call: &Call, id: TripId, reason: Text) -> Result<(), Refusal> {
    if reason.zh.trim().is_empty() && reason.en.trim().is_empty() {
        return Err(IsolationError::NoReason.into());
    }
    let trip = known(unit, call, id)?;
    if trip.state == TripState::Cancelled {
        return Ok(());
    }
    step(&trip, TripState::Cancelled)?;
    if trip.boarded > 0 {
        return Err(IsolationError::TripState(id, trip.state).into());
    }
    unit.record(TripCancelled { trip: id, reason })?;
    Ok(())
}
