//! Tables of trips and who is on them, and how facts fold into them.

use outpace_core::{BedId, FacilityId, PersonId, TripId, VehicleId};
use outpace_store::{Capability, Entry, Result, Row, Tx, values};
use outpace_zoning::ground::{packed, unpacked, unword, word};

use super::facts::{
    Aboard, Admitted, PeopleAdmitted, PeopleBoarded, TripArrived, TripCancelled, TripDeparted, TripPlanned,
    VehicleDisinfected,
};
use super::model::{Trip, TripPerson, TripState};
use crate::facilities::BedState;
use crate::facilities::store::set_bed;
use crate::ids::TransferId;
use crate::stays::store as stays;
use crate::transfers::TransferState;
use crate::transfers::store as transfers;

/// Tables of trips.
pub(crate) const SCHEMA: &str = "
CREATE TABLE trip (
  j BIGINT NOT NULL, id BIGINT NOT NULL, vehicle BIGINT NOT NULL, facility BIGINT NOT NULL, kind TEXT NOT NULL,
  state TEXT NOT NULL, places BIGINT NOT NULL, drivers BIGINT NOT NULL, stops TEXT NOT NULL, planned BIGINT NOT NULL,
  boarded BIGINT NOT NULL, handed_over BIGINT NOT NULL, planned_at BIGINT NOT NULL, departed_at BIGINT,
  arrived_at BIGINT, disinfected_at BIGINT, plan BIGINT, PRIMARY KEY (j, id));
CREATE TABLE trip_person (
  j BIGINT NOT NULL, trip BIGINT NOT NULL, person BIGINT NOT NULL, transfer BIGINT, guardian BIGINT NOT NULL,
  planned BIGINT NOT NULL, boarded_at BIGINT, handed_at BIGINT, superseded BIGINT NOT NULL, PRIMARY KEY (j, trip, person));
CREATE INDEX trip_person_person ON trip_person (j, person, trip);
CREATE INDEX trip_person_transfer ON trip_person (j, transfer, trip);
CREATE TABLE vehicle_run (j BIGINT NOT NULL, vehicle BIGINT NOT NULL, trip BIGINT NOT NULL, PRIMARY KEY (j, vehicle));
";

const TRIP: &str = "id, vehicle, facility, kind, state, places, drivers, stops, planned, boarded, handed_over, \
    planned_at, departed_at, arrived_at, disinfected_at, plan";
const PERSON: &str = "trip, person, transfer, guardian, planned, boarded_at, handed_at, superseded";

pub(crate) fn join(capability: Capability) -> Capability {
    capability
        .table("trip", "j, id")
        .table("trip_person", "j, trip, person")
        .table("vehicle_run", "j, vehicle")
        .fold(fold_planned)
        .fold(fold_boarded)
        .fold(fold_departed)
        .fold(fold_arrived)
        .fold(fold_admitted)
        .fold(fold_disinfected)
        .fold(fold_cancelled)
}

fn read(row: &Row<'_>) -> Result<Trip> {
    Ok(Trip {
        id: row.get(0)?,
        vehicle: row.get(1)?,
        facility: row.get(2)?,
        kind: unword(&row.get::<String>(3)?)?,
        state: unword(&row.get::<String>(4)?)?,
        places: row.get(5)?,
        drivers: row.get(6)?,
        stops: unpacked(&row.get::<String>(7)?)?,
        planned: row.get(8)?,
        boarded: row.get(9)?,
        handed_over: row.get(10)?,
        planned_at: row.get(11)?,
        departed_at: row.get(12)?,
        arrived_at: row.get(13)?,
        disinfected_at: row.get(14)?,
        plan: row.get::<Option<i64>>(15)?.map(Into::into),
    })
}

fn read_person(row: &Row<'_>) -> Result<TripPerson> {
    Ok(TripPerson {
        trip: row.get(0)?,
        person: row.get(1)?,
        transfer: row.get(2)?,
        guardian: row.get(3)?,
        planned: row.get(4)?,
        boarded_at: row.get(5)?,
        handed_at: row.get(6)?,
        superseded: row.get(7)?,
    })
}

fn fold_planned(tx: &mut Tx<'_>, entry: &Entry, fact: &TripPlanned) -> Result<()> {
    let (j, trip) = (tx.jurisdiction(), &fact.trip);
    let (kind, stops) = (word(&trip.kind), packed(&trip.stops)?);
    let planned = i64::try_from(fact.seats.len()).unwrap_or(i64::MAX);
    tx.execute(
        "INSERT INTO trip (j, id, vehicle, facility, kind, state, places, drivers, stops, planned, boarded, handed_over,
           planned_at, departed_at, arrived_at, disinfected_at, plan)
         VALUES ($1, $2, $3, $4, $5, 'planned', $6, $7, $8, $9, 0, 0, $10, NULL, NULL, NULL, $11)",
        values![
            j,
            fact.id,
            trip.vehicle,
            trip.facility,
            &kind,
            fact.places,
            trip.drivers,
            &stops,
            planned,
            entry.occurred_at,
            trip.plan,
        ],
    )?;
    tx.execute(
        "INSERT INTO vehicle_run (j, vehicle, trip) VALUES ($1, $2, $3)
         ON CONFLICT (j, vehicle) DO UPDATE SET trip = excluded.trip",
        values![j, trip.vehicle, fact.id],
    )?;
    for seat in &fact.seats {
        if !seat.kept {
            // A reservation elsewhere is given up first, so that nobody holds two beds.
            transfers::drop_reservation(tx, entry, seat.transfer)?;
            let holder = Some((seat.person, Some(seat.transfer)));
            set_bed(tx, entry, seat.bed, BedState::Free, BedState::Reserved, holder)?;
        }
        tx.execute(
            "UPDATE transfer SET trip = $3, bed = $4, to_facility = $5 WHERE j = $1 AND id = $2",
            values![j, seat.transfer, fact.id, seat.bed, trip.facility],
        )?;
        tx.execute(
            "INSERT INTO trip_person (j, trip, person, transfer, guardian, planned, boarded_at, handed_at, superseded)
             VALUES ($1, $2, $3, $4, $5, 1, NULL, NULL, 0)",
            values![j, fact.id, seat.person, seat.transfer, seat.guardian],
        )?;
    }
    Ok(())
}

fn fold_boarded(tx: &mut Tx<'_>, entry: &Entry, fact: &PeopleBoarded) -> Result<()> {
    let j = tx.jurisdiction();
    for person in &fact.people {
        fold_one_boarded(tx, entry, fact.trip, person)?;
    }
    let boarded = i64::try_from(fact.people.len()).unwrap_or(i64::MAX);
    tx.execute("UPDATE trip SET boarded = boarded + $3 WHERE j = $1 AND id = $2", values![j, fact.trip, boarded])
        .map(|_| ())
}

fn fold_one_boarded(tx: &mut Tx<'_>, entry: &Entry, trip: TripId, aboard: &Aboard) -> Result<()> {
    let j = tx.jurisdiction();
    let at = entry.occurred_at;
    if let Some(other) = aboard.from_trip {
        tx.execute(
            "UPDATE trip_person SET superseded = 1 WHERE j = $1 AND trip = $2 AND person = $3",
            values![j, other, aboard.person],
        )?;
    }
    tx.execute(
        "INSERT INTO trip_person (j, trip, person, transfer, guardian, planned, boarded_at, handed_at, superseded)
         VALUES ($1, $2, $3, $4, $5, 0, $6, NULL, 0)
         ON CONFLICT (j, trip, person) DO UPDATE SET boarded_at = excluded.boarded_at, transfer = excluded.transfer,
           handed_at = NULL, superseded = 0",
        values![j, trip, aboard.person, aboard.transfer, aboard.guardian, at],
    )?;
    if let Some(stay) = aboard.left_stay {
        stays::end(tx, entry, stay, "moved")?;
    }
    let Some(id) = aboard.transfer else { return Ok(()) };
    transfers::unplan(tx, id, trip)?;
    if let Some(old) = transfers::transfer(tx, id)? {
        transfers::count_step(tx, old.state, TransferState::UnderWay)?;
    }
    tx.execute(
        "UPDATE transfer SET state = 'under_way', trip = $3, boarded_at = $4, excused_because = NULL
         WHERE j = $1 AND id = $2",
        values![j, id, trip, at],
    )
    .map(|_| ())
}

fn fold_departed(tx: &mut Tx<'_>, entry: &Entry, fact: &TripDeparted) -> Result<()> {
    let j = tx.jurisdiction();
    tx.execute(
        "UPDATE trip SET state = 'under_way', departed_at = $3 WHERE j = $1 AND id = $2",
        values![j, fact.trip, entry.occurred_at],
    )
    .map(|_| ())
}

fn fold_arrived(tx: &mut Tx<'_>, entry: &Entry, fact: &TripArrived) -> Result<()> {
    let j = tx.jurisdiction();
    tx.execute(
        "UPDATE trip SET state = 'arrived', arrived_at = $3 WHERE j = $1 AND id = $2",
        values![j, fact.trip, entry.occurred_at],
    )
    .map(|_| ())
}

fn fold_admitted(tx: &mut Tx<'_>, entry: &Entry, fact: &PeopleAdmitted) -> Result<()> {
    let j = tx.jurisdiction();
    for person in &fact.people {
        fold_one_admitted(tx, entry, fact.facility, fact.trip, person)?;
    }
    let Some(trip) = fact.trip else { return Ok(()) };
    let count = i64::try_from(fact.people.len()).unwrap_or(i64::MAX);
    tx.execute("UPDATE trip SET handed_over = handed_over + $3 WHERE j = $1 AND id = $2", values![j, trip, count])
        .map(|_| ())
}

fn fold_one_admitted(
    tx: &mut Tx<'_>,
    entry: &Entry,
    facility: FacilityId,
    trip: Option<TripId>,
    admitted: &Admitted,
) -> Result<()> {
    let j = tx.jurisdiction();
    let at = entry.occurred_at;
    if let Some(trip) = trip {
        tx.execute(
            "INSERT INTO trip_person (j, trip, person, transfer, guardian, planned, boarded_at, handed_at, superseded)
             VALUES ($1, $2, $3, $4, 0, 0, NULL, $5, 0)
             ON CONFLICT (j, trip, person) DO UPDATE SET handed_at = excluded.handed_at",
            values![j, trip, admitted.person, admitted.transfer, at],
        )?;
    }
    if let Some(id) = admitted.transfer {
        // Wherever the transfer was seen aboard, it is over now.
        tx.execute(
            "UPDATE trip_person SET handed_at = COALESCE(handed_at, $3) WHERE j = $1 AND transfer = $2 AND boarded_at IS NOT NULL",
            values![j, id, at],
        )?;
        if !admitted.reserved {
            transfers::drop_reservation(tx, entry, id)?;
        }
    }
    if let Some(bed) = admitted.bed {
        let from = if admitted.reserved { BedState::Reserved } else { BedState::Free };
        set_bed(tx, entry, bed, from, BedState::Occupied, Some((admitted.person, admitted.transfer)))?;
    }
    stays::begin(tx, entry, facility, trip, admitted)?;
    let Some(id) = admitted.transfer else { return Ok(()) };
    if let Some(old) = transfers::transfer(tx, id)? {
        transfers::count_step(tx, old.state, TransferState::Admitted)?;
    }
    tx.execute(
        "UPDATE transfer SET state = 'admitted', admitted_at = $3, stay = $4, bed = $5, excused_because = NULL
         WHERE j = $1 AND id = $2",
        values![j, id, at, admitted.stay, admitted.bed],
    )
    .map(|_| ())
}

fn fold_disinfected(tx: &mut Tx<'_>, entry: &Entry, fact: &VehicleDisinfected) -> Result<()> {
    let j = tx.jurisdiction();
    tx.execute(
        "UPDATE trip SET state = 'done', disinfected_at = $3 WHERE j = $1 AND id = $2",
        values![j, fact.trip, entry.occurred_at],
    )?;
    free_vehicle(tx, fact.vehicle, fact.trip)
}

fn free_vehicle(tx: &mut Tx<'_>, vehicle: VehicleId, trip: TripId) -> Result<()> {
    let j = tx.jurisdiction();
    tx.execute("DELETE FROM vehicle_run WHERE j = $1 AND vehicle = $2 AND trip = $3", values![j, vehicle, trip])
        .map(|_| ())
}

fn fold_cancelled(tx: &mut Tx<'_>, entry: &Entry, fact: &TripCancelled) -> Result<()> {
    let j = tx.jurisdiction();
    let waiting: Vec<TransferId> = tx.query(
        "SELECT id FROM transfer WHERE j = $1 AND trip = $2 AND state = 'waiting' ORDER BY id",
        values![j, fact.trip],
        |row| row.get(0),
    )?;
    for id in waiting {
        transfers::drop_reservation(tx, entry, id)?;
        tx.execute("UPDATE transfer SET trip = NULL WHERE j = $1 AND id = $2", values![j, id])?;
    }
    tx.execute("UPDATE trip SET state = 'cancelled' WHERE j = $1 AND id = $2", values![j, fact.trip])?;
    tx.execute("DELETE FROM vehicle_run WHERE j = $1 AND trip = $2", values![j, fact.trip]).map(|_| ())
}

/// One trip.
///
/// # Errors
/// What the engine refused.
pub fn trip(tx: &mut Tx<'_>, id: TripId) -> Result<Option<Trip>> {
    let j = tx.jurisdiction();
    tx.first(&format!("SELECT {TRIP} FROM trip WHERE j = $1 AND id = $2"), values![j, id], read)
}

/// A page of trips, in one state or all.
///
/// # Errors
/// What the engine refused.
pub fn trips(tx: &mut Tx<'_>, state: Option<TripState>, after: TripId, limit: i64) -> Result<Vec<Trip>> {
    let j = tx.jurisdiction();
    let state = state.map(|state| word(&state));
    tx.query(
        &format!(
            "SELECT {TRIP} FROM trip WHERE j = $1 AND id > $2 AND (state = $3 OR $3 IS NULL) ORDER BY id LIMIT $4"
        ),
        values![j, after, state.as_deref(), limit],
        read,
    )
}

/// Everyone planned for or seen on a trip.
///
/// # Errors
/// What the engine refused.
pub fn aboard(tx: &mut Tx<'_>, trip: TripId) -> Result<Vec<TripPerson>> {
    let j = tx.jurisdiction();
    tx.query(
        &format!("SELECT {PERSON} FROM trip_person WHERE j = $1 AND trip = $2 ORDER BY person"),
        values![j, trip],
        read_person,
    )
}

/// One person on one trip.
pub(crate) fn on_trip(tx: &mut Tx<'_>, trip: TripId, person: PersonId) -> Result<Option<TripPerson>> {
    let j = tx.jurisdiction();
    tx.first(
        &format!("SELECT {PERSON} FROM trip_person WHERE j = $1 AND trip = $2 AND person = $3"),
        values![j, trip, person],
        read_person,
    )
}

/// Another trip on which a person was seen boarding and not handed over. Uses `trip_person_person`.
pub(crate) fn aboard_elsewhere(tx: &mut Tx<'_>, trip: TripId, person: PersonId) -> Result<Option<TripId>> {
    let j = tx.jurisdiction();
    tx.first(
        "SELECT trip FROM trip_person WHERE j = $1 AND person = $2 AND trip <> $3 AND boarded_at IS NOT NULL
         AND handed_at IS NULL AND superseded = 0 ORDER BY trip DESC",
        values![j, person, trip],
        |row| row.get(0),
    )
}

/// People aboard a trip now who count against its places.
pub(crate) fn load(tx: &mut Tx<'_>, trip: TripId, guardians: bool) -> Result<i64> {
    let j = tx.jurisdiction();
    tx.number(
        "SELECT COUNT(*) FROM trip_person WHERE j = $1 AND trip = $2 AND boarded_at IS NOT NULL AND handed_at IS NULL
         AND superseded = 0 AND ($3 = 1 OR guardian = 0)",
        values![j, trip, guardians],
    )
}

/// The trip that a vehicle is on, or was on without being disinfected since.
///
/// # Errors
/// What the engine refused.
pub fn run_of(tx: &mut Tx<'_>, vehicle: VehicleId) -> Result<Option<TripId>> {
    let j = tx.jurisdiction();
    tx.first("SELECT trip FROM vehicle_run WHERE j = $1 AND vehicle = $2", values![j, vehicle], |row| row.get(0))
}

/// The bed reserved for a transfer at a facility.
pub(crate) fn reserved_bed(tx: &mut Tx<'_>, transfer: TransferId, facility: FacilityId) -> Result<Option<BedId>> {
    let j = tx.jurisdiction();
    tx.first(
        "SELECT b.id FROM transfer t JOIN bed b ON b.j = t.j AND b.id = t.bed
         WHERE t.j = $1 AND t.id = $2 AND b.facility = $3 AND b.state = 'reserved' AND b.transfer = t.id",
        values![j, transfer, facility],
        |row| row.get(0),
    )
}
