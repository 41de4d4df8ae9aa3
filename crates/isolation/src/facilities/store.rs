//! Tables of facilities, rooms and beds. [`set_bed`] is the only way in which a bed changes.

use outpace_core::{BedId, FacilityId, PersonId, RoomId, Text, Timestamp};
use outpace_store::{Capability, Entry, Result, Row, StoreError, Tx, values};
use outpace_zoning::ground::{unword, word};

use super::facts::{BedsCleaned, FacilitiesImported, FacilityClosed, RoomsReady};
use super::model::{Bed, BedState, Facility, FacilityState, FreeBeds, NewFacility};
use crate::ids::TransferId;

/// Tables of facilities, rooms and beds.
pub(crate) const SCHEMA: &str = "
CREATE TABLE facility (
  j BIGINT NOT NULL, id BIGINT NOT NULL, code TEXT NOT NULL, kind TEXT NOT NULL, name_zh TEXT NOT NULL,
  name_en TEXT NOT NULL, area BIGINT NOT NULL, place BIGINT, lon DOUBLE PRECISION, lat DOUBLE PRECISION,
  beds_planned BIGINT NOT NULL, state TEXT NOT NULL, rooms BIGINT NOT NULL, rooms_free BIGINT NOT NULL,
  beds BIGINT NOT NULL, free BIGINT NOT NULL, reserved BIGINT NOT NULL, occupied BIGINT NOT NULL,
  cleaning BIGINT NOT NULL, PRIMARY KEY (j, id));
CREATE UNIQUE INDEX facility_code ON facility (j, code);
CREATE TABLE room (
  j BIGINT NOT NULL, id BIGINT NOT NULL, facility BIGINT NOT NULL, name TEXT NOT NULL, beds BIGINT NOT NULL,
  taken BIGINT NOT NULL, PRIMARY KEY (j, id));
CREATE UNIQUE INDEX room_name ON room (j, facility, name);
CREATE INDEX room_taken ON room (j, facility, taken, id);
CREATE TABLE bed (
  j BIGINT NOT NULL, id BIGINT NOT NULL, facility BIGINT NOT NULL, room BIGINT NOT NULL, state TEXT NOT NULL,
  person BIGINT, transfer BIGINT, since BIGINT NOT NULL, PRIMARY KEY (j, id));
CREATE INDEX bed_room ON bed (j, room, id);
";

const FACILITY: &str = "id, code, kind, name_zh, name_en, area, place, lon, lat, beds_planned, state, rooms, rooms_free, \
    beds, free, reserved, occupied, cleaning";

pub(crate) fn join(capability: Capability) -> Capability {
    capability
        .table("facility", "j, id")
        .table("room", "j, id")
        .table("bed", "j, id")
        .fold(fold_imported)
        .fold(fold_rooms)
        .fold(fold_closed)
        .fold(fold_cleaned)
}

fn read(row: &Row<'_>) -> Result<Facility> {
    Ok(Facility {
        id: row.get(0)?,
        code: row.get(1)?,
        kind: unword(&row.get::<String>(2)?)?,
        name: Text::new(row.get::<String>(3)?, row.get::<String>(4)?),
        area: row.get(5)?,
        place: row.get::<Option<i64>>(6)?.map(Into::into),
        lon: row.get(7)?,
        lat: row.get(8)?,
        beds_planned: row.get(9)?,
        state: unword(&row.get::<String>(10)?)?,
        rooms: row.get(11)?,
        rooms_free: row.get(12)?,
        beds: row.get(13)?,
        free: row.get(14)?,
        reserved: row.get(15)?,
        occupied: row.get(16)?,
        cleaning: row.get(17)?,
    })
}

fn fold_imported(tx: &mut Tx<'_>, _: &Entry, fact: &FacilitiesImported) -> Result<()> {
    for (id, facility) in (fact.first.0..).zip(&fact.facilities) {
        insert(tx, FacilityId(id), facility)?;
    }
    Ok(())
}

fn insert(tx: &mut Tx<'_>, id: FacilityId, new: &NewFacility) -> Result<()> {
    let j = tx.jurisdiction();
    let (kind, state) = (word(&new.kind), word(&FacilityState::Planned));
    let planned = i64::from(new.rooms) * i64::from(new.beds_per_room);
    tx.execute(
        "INSERT INTO facility (j, id, code, kind, name_zh, name_en, area, place, lon, lat, beds_planned, state, rooms,
           rooms_free, beds, free, reserved, occupied, cleaning)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 0, 0, 0, 0, 0, 0, 0)",
        values![
            j,
            id,
            &new.code,
            &kind,
            &new.name,
            &new.name_en,
            new.area,
            new.place,
            new.lon,
            new.lat,
            planned,
            &state
        ],
    )
    .map(|_| ())
}

fn fold_rooms(tx: &mut Tx<'_>, entry: &Entry, fact: &RoomsReady) -> Result<()> {
    let j = tx.jurisdiction();
    let mut bed = fact.first_bed.0;
    for (room, new) in (fact.first_room.0..).zip(&fact.rooms) {
        tx.execute(
            "INSERT INTO room (j, id, facility, name, beds, taken) VALUES ($1, $2, $3, $4, $5, 0)",
            values![j, room, fact.facility, &new.name, new.beds],
        )?;
        for _ in 0..new.beds {
            tx.execute(
                "INSERT INTO bed (j, id, facility, room, state, person, transfer, since)
                 VALUES ($1, $2, $3, $4, 'free', NULL, NULL, $5)",
                values![j, bed, fact.facility, room, entry.occurred_at],
            )?;
            bed += 1;
        }
    }
    let rooms = i64::try_from(fact.rooms.len()).unwrap_or(i64::MAX);
    let state = word(&FacilityState::Ready);
    tx.execute(
        "UPDATE facility SET state = $3, rooms = rooms + $4, rooms_free = rooms_free + $4, beds = beds + $5,
           free = free + $5 WHERE j = $1 AND id = $2",
        values![j, fact.facility, &state, rooms, bed - fact.first_bed.0],
    )
    .map(|_| ())
}

fn fold_closed(tx: &mut Tx<'_>, _: &Entry, fact: &FacilityClosed) -> Result<()> {
    let (j, state) = (tx.jurisdiction(), word(&FacilityState::Closed));
    tx.execute("UPDATE facility SET state = $3 WHERE j = $1 AND id = $2", values![j, fact.facility, &state]).map(|_| ())
}

fn fold_cleaned(tx: &mut Tx<'_>, entry: &Entry, fact: &BedsCleaned) -> Result<()> {
    for bed in &fact.beds {
        set_bed(tx, entry, *bed, BedState::Cleaning, BedState::Free, None)?;
    }
    Ok(())
}

/// Whose a bed becomes: a person, and the transfer that brings them.
pub(crate) type Holder = (PersonId, Option<TransferId>);

/// Moves a bed from one state to the next and keeps the counts of its room and facility. The update names the state
/// that the bed must be in; if no row changes, somebody was about to be given a bed that another has.
///
/// # Errors
/// [`StoreError::Broken`] when the bed is not in the state it must be in, or the step is none.
pub(crate) fn set_bed(
    tx: &mut Tx<'_>,
    entry: &Entry,
    bed: BedId,
    from: BedState,
    to: BedState,
    holder: Option<Holder>,
) -> Result<()> {
    let j = tx.jurisdiction();
    if !from.allows(to) {
        return Err(StoreError::Broken(format!("bed {bed} cannot go from {} to {}", from.word(), to.word())));
    }
    let (person, transfer) = holder.map_or((None, None), |(person, transfer)| (Some(person), transfer));
    let changed = tx.count_changed(
        "UPDATE bed SET state = $4, person = $5, transfer = $6, since = $7 WHERE j = $1 AND id = $2 AND state = $3",
        values![j, bed, from.word(), to.word(), person, transfer, entry.occurred_at],
    )?;
    if changed != 1 {
        return Err(StoreError::Broken(format!("bed {bed} is not {}: it would be given twice", from.word())));
    }
    count_bed(tx, bed, from, to)
}

fn count_bed(tx: &mut Tx<'_>, bed: BedId, from: BedState, to: BedState) -> Result<()> {
    let j = tx.jurisdiction();
    let place = tx.first("SELECT facility, room FROM bed WHERE j = $1 AND id = $2", values![j, bed], |row| {
        Ok((row.get::<FacilityId>(0)?, row.get::<RoomId>(1)?))
    })?;
    let Some((facility, room)) = place else { return Ok(()) };
    let (less, more) = (from.word(), to.word());
    tx.execute(
        &format!("UPDATE facility SET {less} = {less} - 1, {more} = {more} + 1 WHERE j = $1 AND id = $2"),
        values![j, facility],
    )?;
    let step = match (from, to) {
        (BedState::Free, _) => 1,
        (_, BedState::Free) => -1,
        _ => return Ok(()),
    };
    tx.execute("UPDATE room SET taken = taken + $3 WHERE j = $1 AND id = $2", values![j, room, step])?;
    let taken = tx.number("SELECT taken FROM room WHERE j = $1 AND id = $2", values![j, room])?;
    let free = match (step, taken) {
        (1, 1) => -1,
        (-1, 0) => 1,
        _ => return Ok(()),
    };
    tx.execute("UPDATE facility SET rooms_free = rooms_free + $3 WHERE j = $1 AND id = $2", values![j, facility, free])
        .map(|_| ())
}

/// One facility.
///
/// # Errors
/// What the engine refused.
pub fn facility(tx: &mut Tx<'_>, id: FacilityId) -> Result<Option<Facility>> {
    let j = tx.jurisdiction();
    tx.first(&format!("SELECT {FACILITY} FROM facility WHERE j = $1 AND id = $2"), values![j, id], read)
}

/// The facility with a code.
pub(crate) fn by_code(tx: &mut Tx<'_>, code: &str) -> Result<Option<FacilityId>> {
    let j = tx.jurisdiction();
    tx.first("SELECT id FROM facility WHERE j = $1 AND code = $2", values![j, code], |row| row.get(0))
}

/// All facilities, in order of number. A city has some hundreds.
///
/// # Errors
/// What the engine refused.
pub fn facilities(tx: &mut Tx<'_>) -> Result<Vec<Facility>> {
    let j = tx.jurisdiction();
    tx.query(&format!("SELECT {FACILITY} FROM facility WHERE j = $1 ORDER BY id"), values![j], read)
}

/// What each facility in use can still take, in order of number. Reads counts, not beds.
///
/// # Errors
/// What the engine refused.
pub fn free_beds(tx: &mut Tx<'_>) -> Result<Vec<FreeBeds>> {
    let ready = facilities(tx)?.into_iter().filter(|facility| facility.state == FacilityState::Ready);
    Ok(ready
        .map(|facility| FreeBeds {
            facility: facility.id,
            kind: facility.kind,
            name: facility.name,
            area: facility.area,
            rooms_free: facility.rooms_free,
            beds_free: facility.free,
            beds: facility.beds,
        })
        .collect())
}

/// Whether a room of this name is registered already.
pub(crate) fn has_room(tx: &mut Tx<'_>, facility: FacilityId, name: &str) -> Result<bool> {
    let j = tx.jurisdiction();
    let found = tx
        .number("SELECT COUNT(*) FROM room WHERE j = $1 AND facility = $2 AND name = $3", values![j, facility, name])?;
    Ok(found > 0)
}

/// Beds of a facility, in order of number.
///
/// # Errors
/// What the engine refused.
pub fn beds_of(tx: &mut Tx<'_>, facility: FacilityId, after: BedId, limit: i64) -> Result<Vec<Bed>> {
    let j = tx.jurisdiction();
    tx.query(
        "SELECT b.id, b.facility, b.room, r.name, b.state, b.person, b.transfer, b.since
         FROM room r JOIN bed b ON b.j = r.j AND b.room = r.id
         WHERE r.j = $1 AND r.facility = $2 AND b.id > $3 ORDER BY b.id LIMIT $4",
        values![j, facility, after, limit],
        read_bed,
    )
}

fn read_bed(row: &Row<'_>) -> Result<Bed> {
    Ok(Bed {
        id: row.get(0)?,
        facility: row.get(1)?,
        room: row.get(2)?,
        room_name: row.get(3)?,
        state: unword(&row.get::<String>(4)?)?,
        person: row.get::<Option<i64>>(5)?.map(PersonId),
        transfer: row.get(6)?,
        since: row.get(7)?,
    })
}

/// One bed.
pub(crate) fn bed(tx: &mut Tx<'_>, id: BedId) -> Result<Option<Bed>> {
    let j = tx.jurisdiction();
    tx.first(
        "SELECT b.id, b.facility, b.room, r.name, b.state, b.person, b.transfer, b.since
         FROM bed b JOIN room r ON r.j = b.j AND r.id = b.room WHERE b.j = $1 AND b.id = $2",
        values![j, id],
        read_bed,
    )
}

/// Rooms of a facility with free beds, in order of number, each with the numbers of these beds; under the single-room
/// rule only rooms in which no bed is taken. Uses `room_taken`.
pub(crate) fn free_rooms(
    tx: &mut Tx<'_>,
    facility: FacilityId,
    single_room: bool,
    limit: i64,
) -> Result<Vec<Vec<BedId>>> {
    let j = tx.jurisdiction();
    let sql = if single_room {
        "SELECT id FROM room WHERE j = $1 AND facility = $2 AND taken = 0 AND beds > 0 ORDER BY id LIMIT $3"
    } else {
        "SELECT id FROM room WHERE j = $1 AND facility = $2 AND taken < beds ORDER BY id LIMIT $3"
    };
    let rooms: Vec<RoomId> = tx.query(sql, values![j, facility, limit], |row| row.get(0))?;
    rooms.into_iter().map(|room| free_beds_in(tx, room)).collect()
}

/// Free beds of a room.
pub(crate) fn free_beds_in(tx: &mut Tx<'_>, room: RoomId) -> Result<Vec<BedId>> {
    let j = tx.jurisdiction();
    tx.query("SELECT id FROM bed WHERE j = $1 AND room = $2 AND state = 'free' ORDER BY id", values![j, room], |row| {
        row.get(0)
    })
}

/// Beds that wait to be cleaned since before a moment, with their facility.
///
/// # Errors
/// What the engine refused.
pub fn to_clean(tx: &mut Tx<'_>, facility: FacilityId, since_before: Timestamp) -> Result<Vec<BedId>> {
    let j = tx.jurisdiction();
    tx.query(
        "SELECT b.id FROM room r JOIN bed b ON b.j = r.j AND b.room = r.id
         WHERE r.j = $1 AND r.facility = $2 AND b.state = 'cleaning' AND b.since <= $3 ORDER BY b.since, b.id",
        values![j, facility, since_before],
        |row| row.get(0),
    )
}
