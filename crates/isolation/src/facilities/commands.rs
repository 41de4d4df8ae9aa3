//! Bringing in facilities, making rooms ready, turning beds over, closing.

use std::collections::BTreeSet;

use outpace_access::Call;
use outpace_core::{BedId, FacilityId, Refusal, RoomId, Text};
use outpace_store::Unit;

use super::facts::{BedsCleaned, FacilitiesImported, FacilityClosed, RoomsReady};
use super::model::{BedState, Facility, FacilityState, NewFacility, NewRoom};
use super::store;
use crate::errors::IsolationError;
use crate::restrictions::commands::count;

/// Facilities of one import.
pub const FACILITIES_MAX: usize = 2_000;
/// Rooms made ready by one command.
pub const ROOMS_MAX: usize = 5_000;
/// Beds of one room: a shelter is one large room.
pub const BEDS_PER_ROOM_MAX: u32 = 2_000;

/// Brings in facilities. One whose code is known keeps its number and is not changed.
///
/// # Errors
/// Too many of them, too many beds in a room, an area outside the actor's.
pub fn import(unit: &mut Unit<'_>, call: &Call, rows: Vec<NewFacility>) -> Result<Vec<FacilityId>, Refusal> {
    if rows.is_empty() || rows.len() > FACILITIES_MAX {
        return Err(IsolationError::Count { field: "facilities", count: rows.len(), max: FACILITIES_MAX }.into());
    }
    let mut ids = Vec::with_capacity(rows.len());
    for row in rows {
        call.covers(row.area)?;
        if let Some(known) = store::by_code(unit.tx(), &row.code)? {
            ids.push(known);
            continue;
        }
        bed_count(row.beds_per_room)?;
        let id = FacilityId(unit.next(FacilityId::COUNTER)?);
        let rooms = row
            .ready
            .then(|| (1..=row.rooms).map(|number| NewRoom { name: number.to_string(), beds: row.beds_per_room }));
        let rooms: Vec<NewRoom> = rooms.into_iter().flatten().collect();
        unit.record(FacilitiesImported { first: id, facilities: vec![row] })?;
        if !rooms.is_empty() {
            register(unit, id, rooms)?;
        }
        ids.push(id);
    }
    Ok(ids)
}

fn bed_count(beds: u32) -> Result<(), IsolationError> {
    if beds <= BEDS_PER_ROOM_MAX {
        return Ok(());
    }
    let count = usize::try_from(beds).unwrap_or(usize::MAX);
    Err(IsolationError::Count { field: "beds_per_room", count, max: 2_000 })
}

fn register(unit: &mut Unit<'_>, facility: FacilityId, rooms: Vec<NewRoom>) -> Result<(), Refusal> {
    let room_count = i64::try_from(rooms.len()).unwrap_or(i64::MAX);
    let bed_count: i64 = rooms.iter().map(|room| i64::from(room.beds)).sum();
    let first_room = RoomId(unit.next_many(RoomId::COUNTER, room_count)?);
    let first_bed = BedId(unit.next_many(BedId::COUNTER, bed_count)?);
    unit.record(RoomsReady { facility, first_room, first_bed, rooms })?;
    Ok(())
}

pub(crate) fn known(unit: &mut Unit<'_>, call: &Call, id: FacilityId) -> Result<Facility, Refusal> {
    let found = store::facility(unit.tx(), id)?.filter(|facility| call.sees(facility.area));
    found.ok_or_else(|| IsolationError::UnknownFacility(id).into())
}

/// Registers rooms that are ready, with their beds; the facility is in use from then on. Rooms whose name is registered
/// already are passed over. Answers the facility with its counts.
///
/// # Errors
/// An unknown or closed facility, too many rooms or beds.
pub fn rooms_ready(
    unit: &mut Unit<'_>,
    call: &Call,
    facility: FacilityId,
    rooms: Vec<NewRoom>,
) -> Result<Facility, Refusal> {
    if rooms.is_empty() || rooms.len() > ROOMS_MAX {
        return Err(IsolationError::Count { field: "rooms", count: rooms.len(), max: ROOMS_MAX }.into());
    }
    let found = known(unit, call, facility)?;
    if found.state == FacilityState::Closed {
        return Err(IsolationError::FacilityState(facility, found.state).into());
    }
    let mut fresh = Vec::with_capacity(rooms.len());
    let mut names = BTreeSet::new();
    for room in rooms {
        bed_count(room.beds)?;
        let is_new = names.insert(room.name.clone()) && !store::has_room(unit.tx(), facility, &room.name)?;
        if is_new && room.beds > 0 {
            fresh.push(room);
        }
    }
    if !fresh.is_empty() {
        register(unit, facility, fresh)?;
    }
    known(unit, call, facility)
}

/// Closes a facility: it takes nobody any more; who is inside stays until their release.
///
/// # Errors
/// An unknown facility.
pub fn close(unit: &mut Unit<'_>, call: &Call, facility: FacilityId, reason: Text) -> Result<(), Refusal> {
    if known(unit, call, facility)?.state != FacilityState::Closed {
        unit.record(FacilityClosed { facility, reason })?;
    }
    Ok(())
}

/// Notes that beds were turned over; they are free again. Beds that are free already are passed over.
///
/// # Errors
/// A bed that is reserved or occupied, or that nobody knows.
pub fn beds_cleaned(unit: &mut Unit<'_>, call: &Call, beds: &[BedId]) -> Result<usize, Refusal> {
    count("beds", beds.len())?;
    let mut cleaned = Vec::with_capacity(beds.len());
    for id in beds.iter().copied().collect::<BTreeSet<_>>() {
        let bed = store::bed(unit.tx(), id)?.ok_or(IsolationError::NotCleaning(id))?;
        known(unit, call, bed.facility)?;
        match bed.state {
            BedState::Cleaning => cleaned.push(id),
            BedState::Free => {}
            BedState::Reserved | BedState::Occupied => return Err(IsolationError::NotCleaning(id).into()),
        }
    }
    let count = cleaned.len();
    if count > 0 {
        unit.record(BedsCleaned { beds: cleaned })?;
    }
    Ok(count)
}
