//! Bringing in facilities, making rooms ready, turning beds over, closing.

use std::collections::BTreeSet;

use outpace_access::Call;
use outpace_core::{BedId, FacilityId, Refusal, RoomId, Text};
use outpace_registry::rows::{self, Fate, Imported, Origin};
use outpace_registry::{RegistryError, is_latitude, is_longitude};
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

/// Beds made ready by one command, over all its facilities: the writer is busy with them for seconds.
pub const BEDS_MAX: u64 = 200_000;

/// Brings in facilities. One whose code is known keeps its number and is not changed; columns that differ are named.
///
/// # Errors
/// Too many of them, or none inside the actor's area. Any other bad row is told and the others go in.
pub fn import(unit: &mut Unit<'_>, call: &Call, rows: Vec<NewFacility>) -> Result<Imported, Refusal> {
    import_of(unit, call, rows, &Origin::default())
}

/// Brings in facilities whose rows stand in a file, as [`import`] does.
///
/// # Errors
/// As [`import`].
pub fn import_of(
    unit: &mut Unit<'_>,
    call: &Call,
    mut rows: Vec<NewFacility>,
    origin: &Origin,
) -> Result<Imported, Refusal> {
    if rows.is_empty() || rows.len() > FACILITIES_MAX {
        return Err(IsolationError::Count { field: "facilities", count: rows.len(), max: FACILITIES_MAX }.into());
    }
    for row in &mut rows {
        row.code = row.code.trim().to_owned();
        row.area = row.area.without_filling().unknown_grid();
    }
    let twice = rows::twice(&rows, |row| Some(row.code.to_uppercase()), origin);
    let mut fates = Vec::with_capacity(rows.len());
    let mut beds = 0_u64;
    for (index, row) in rows.iter().enumerate() {
        let judged = match twice.get(&index) {
            Some(lines) => {
                Err(RegistryError::KeyTwice { field: "code", value: row.code.clone(), lines: lines.clone() }.into())
            }
            None => judge(unit, call, row).and_then(|fate| {
                if row.ready && matches!(fate, Fate::Fresh) {
                    let more = beds + u64::from(row.rooms) * u64::from(row.beds_per_room);
                    beds_at_once(more)?;
                    beds = more;
                }
                Ok(fate)
            }),
        };
        fates.push(rows::told(judged)?);
    }
    rows::allowed(&fates)?;
    let count = rows::fresh(&fates);
    if count == 0 {
        return Ok(rows::answer(fates, 1, origin));
    }
    let first = unit.next_many(FacilityId::COUNTER, count)?;
    let is_fresh = |(row, fate): (NewFacility, &Fate)| matches!(fate, Fate::Fresh).then_some(row);
    let fresh = rows.into_iter().zip(&fates).filter_map(is_fresh);
    for (id, row) in (first..).map(FacilityId).zip(fresh) {
        let rooms = row
            .ready
            .then(|| (1..=row.rooms).map(|number| NewRoom { name: number.to_string(), beds: row.beds_per_room }));
        let rooms: Vec<NewRoom> = rooms.into_iter().flatten().collect();
        unit.record(FacilitiesImported { first: id, facilities: vec![row] })?;
        if !rooms.is_empty() {
            register(unit, id, rooms)?;
        }
    }
    Ok(rows::answer(fates, first, origin))
}

fn judge(unit: &mut Unit<'_>, call: &Call, row: &NewFacility) -> Result<Fate, Refusal> {
    call.covers(row.area)?;
    if row.code.is_empty() || row.name.trim().is_empty() {
        let (zh, en) = ("设施须有编码和名称。", "A facility has a code and a name.");
        return Err(RegistryError::Value { field: "code", value: row.code.clone(), zh, en }.into());
    }
    if !outpace_registry::areas::is_known_ground(unit.tx(), row.area)? {
        return Err(RegistryError::UnknownArea(row.area).into());
    }
    if let Some(lat) = row.lat.filter(|lat| !is_latitude(*lat)) {
        let zh = "纬度应在 -90 至 90 之间;经度和纬度可能写反了。";
        let en = "A latitude is from -90 to 90 degrees; longitude and latitude may be the wrong way round.";
        return Err(RegistryError::Value { field: "lat", value: lat.to_string(), zh, en }.into());
    }
    if let Some(lon) = row.lon.filter(|lon| !is_longitude(*lon)) {
        let (zh, en) = ("经度应在 -180 至 180 之间。", "A longitude is from -180 to 180 degrees.");
        return Err(RegistryError::Value { field: "lon", value: lon.to_string(), zh, en }.into());
    }
    bed_count(row.beds_per_room)?;
    room_count(row.rooms)?;
    let Some(id) = store::by_code(unit.tx(), &row.code)? else { return Ok(Fate::Fresh) };
    match store::facility(unit.tx(), id)?.filter(|known| call.sees(known.area)) {
        Some(known) => Ok(Fate::known(id.0, differing(&known, row))),
        None => {
            let (zh, en) = ("该编码已被其他设施使用。", "Another facility has this code.");
            Err(RegistryError::Value { field: "code", value: row.code.clone(), zh, en }.into())
        }
    }
}

/// The columns in which a row differs from the facility that has its code.
fn differing(known: &Facility, row: &NewFacility) -> Vec<&'static str> {
    let planned = i64::from(row.rooms) * i64::from(row.beds_per_room);
    let columns = [
        ("kind", known.kind != row.kind),
        ("name", known.name.zh.trim() != row.name.trim()),
        ("name_en", row.name_en != row.name && known.name.en.trim() != row.name_en.trim()),
        ("area", known.area != row.area),
        ("place", row.place.is_some() && known.place != row.place),
        ("lon", row.lon.is_some() && known.lon != row.lon),
        ("lat", row.lat.is_some() && known.lat != row.lat),
        ("rooms", known.beds_planned != planned),
    ];
    columns.into_iter().filter(|(_, differs)| *differs).map(|(column, _)| column).collect()
}

fn bed_count(beds: u32) -> Result<(), IsolationError> {
    if beds <= BEDS_PER_ROOM_MAX {
        return Ok(());
    }
    let count = usize::try_from(beds).unwrap_or(usize::MAX);
    Err(IsolationError::Count { field: "beds_per_room", count, max: 2_000 })
}

fn room_count(rooms: u32) -> Result<(), IsolationError> {
    let count = usize::try_from(rooms).unwrap_or(usize::MAX);
    if count <= ROOMS_MAX { Ok(()) } else { Err(IsolationError::Count { field: "rooms", count, max: ROOMS_MAX }) }
}

fn beds_at_once(beds: u64) -> Result<(), IsolationError> {
    if beds <= BEDS_MAX {
        return Ok(());
    }
    let count = usize::try_from(beds).unwrap_or(usize::MAX);
    Err(IsolationError::Count { field: "beds", count, max: 200_000 })
}

fn register(unit: &mut Unit<'_>, facility: FacilityId, rooms: Vec<NewRoom>) -> Result<(), Refusal> {
    let room_count = i64::try_from(rooms.len()).unwrap_or(i64::MAX);
    let beds: u64 = rooms.iter().map(|room| u64::from(room.beds)).sum();
    beds_at_once(beds)?;
    let bed_count = i64::try_from(beds).unwrap_or(i64::MAX);
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
