//! Bringing in places and vehicles.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use outpace_access::Call;
use outpace_core::{AreaId, PlaceId, Refusal, VehicleId};
use outpace_store::Unit;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::classes::CLASSES;
use super::facts::{ImportedPlace, ImportedVehicle, PlacesImported, VehiclesImported};
use super::model::{Place, Vehicle};
use super::store;
use crate::people::{Grounds, name_spelling, plate_spelling};
use crate::references::{self, Resolver};
use crate::rows::{self, Fate, Imported, Origin, fresh, told, twice};
use crate::{BATCH_MAX, RegistryError, is_latitude, is_longitude};

/// Places to bring in.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ImportPlaces {
    /// Where they come from.
    pub source: String,
    /// At most 20,000 places.
    pub places: Vec<ImportedPlace>,
}

/// Vehicles to bring in.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ImportVehicles {
    /// Where they come from.
    pub source: String,
    /// At most 20,000 vehicles.
    pub vehicles: Vec<ImportedVehicle>,
}

/// Most people of one place, and most seats of one vehicle, that are believed.
const STAFF_MAX: i64 = 1_000_000;
const SEATS_MAX: i64 = 1_000;

fn wrong(field: &'static str, value: impl ToString, zh: &'static str, en: &'static str) -> RegistryError {
    RegistryError::Value { field, value: value.to_string(), zh, en }
}

fn check_place(place: &ImportedPlace) -> Result<(), RegistryError> {
    if place.name.trim().is_empty() {
        return Err(wrong("name", "", "场所须有名称。", "A place has a name."));
    }
    if !CLASSES.iter().any(|(class, ..)| *class == place.class) {
        let all = CLASSES.iter().map(|(class, zh, _)| format!("{class} {zh}")).collect::<Vec<_>>().join(", ");
        return Err(RegistryError::UnknownClass { class: place.class.clone(), all });
    }
    if !place.lon.is_none_or(is_longitude) {
        let lon = place.lon.unwrap_or_default();
        return Err(wrong("lon", lon, "经度应在 -180 至 180 之间。", "A longitude is from -180 to 180 degrees."));
    }
    if !place.lat.is_none_or(is_latitude) {
        let zh = "纬度应在 -90 至 90 之间;经度和纬度可能写反了。";
        let en = "A latitude is from -90 to 90 degrees; longitude and latitude may be the wrong way round.";
        return Err(wrong("lat", place.lat.unwrap_or_default(), zh, en));
    }
    if !(0..=STAFF_MAX).contains(&place.staff) {
        return Err(wrong("staff", place.staff, "人数应在 0 至 1000000 之间。", "Staff is from 0 to 1,000,000."));
    }
    Ok(())
}

/// What a place is known by where it has no reference: class, name and village.
type PlaceKey = (String, String, AreaId);

fn place_key(row: &ImportedPlace, area: AreaId) -> PlaceKey {
    (row.class.clone(), name_spelling(&row.name).to_string(), area)
}

/// Brings in places. A row is known by its reference, else by class, name and grid; columns that differ are named.
///
/// # Errors
/// Too many rows, or none inside the actor's area. Any other bad row is told and the others go in.
pub fn import_places(unit: &mut Unit<'_>, call: &Call, request: ImportPlaces) -> Result<Imported, Refusal> {
    import_places_of(unit, call, request, &Origin::default())
}

/// Brings in places whose rows stand in a file, as [`import_places`] does.
///
/// # Errors
/// As [`import_places`].
pub fn import_places_of(
    unit: &mut Unit<'_>,
    call: &Call,
    request: ImportPlaces,
    origin: &Origin,
) -> Result<Imported, Refusal> {
    if request.places.len() > BATCH_MAX {
        return Err(RegistryError::BatchTooLarge(request.places.len()).into());
    }
    let mut rows = request.places;
    let names: Vec<Option<i64>> = rows.iter().map(|row| row.reference).collect();
    let mut known = references::known(unit.tx(), PlaceId::COUNTER, &names)?;
    let twice_named = twice(&rows, |row| row.reference, origin);
    let twice_same = twice(&rows, |row| row.reference.is_none().then(|| place_key(row, row.area)), origin);
    let mut grounds = Grounds::default();
    let mut fates = Vec::with_capacity(rows.len());
    for (index, row) in rows.iter_mut().enumerate() {
        let judged = match (twice_named.get(&index), twice_same.get(&index)) {
            (Some(lines), _) => Err(key_twice("reference", row.reference.unwrap_or_default(), lines)),
            (None, Some(lines)) => Err(key_twice("name", &row.name, lines)),
            (None, None) => {
                check_place(row).and_then(|()| grounds.grid(unit.tx(), call, row.area)).map(|grid| row.area = grid)
            }
        };
        fates.push(told(judged.map(|()| Fate::Fresh))?);
    }
    let wholes = wholes(unit, &rows, &known, &mut fates)?;
    rows::allowed(&fates)?;
    let mut by_key: BTreeMap<AreaId, BTreeMap<PlaceKey, PlaceId>> = BTreeMap::new();
    for (index, row) in rows.iter().enumerate().filter(|(index, _)| matches!(fates[*index], Fate::Fresh)) {
        if known[index].is_none() && row.reference.is_none() {
            if let Entry::Vacant(unread) = by_key.entry(row.area) {
                let there = store::places_in(unit.tx(), row.area)?;
                let key = |place: &Place| (place.class.clone(), name_spelling(&place.name).to_string(), place.area);
                unread.insert(there.iter().map(|place| (key(place), place.id)).collect());
            }
            let there = by_key.get(&row.area).and_then(|there| there.get(&place_key(row, row.area)));
            known[index] = there.map(|id| id.0);
        }
    }
    for (index, row) in rows.iter().enumerate() {
        if let (Some(id), Fate::Fresh) = (known[index], &fates[index]) {
            let place = store::place(unit.tx(), PlaceId(id))?;
            let fields = place.map(|place| place_differs(&place, row, &wholes[index])).unwrap_or_default();
            fates[index] = Fate::known(id, fields);
        }
    }
    let count = fresh(&fates);
    if count == 0 {
        return Ok(rows::answer(fates, 1, origin));
    }
    let first = unit.next_many(PlaceId::COUNTER, count)?;
    let ids = rows::ids(&fates, first);
    let mut places = Vec::new();
    for (index, mut row) in rows.into_iter().enumerate().filter(|(index, _)| matches!(fates[*index], Fate::Fresh)) {
        row.part_of = match wholes[index] {
            Whole::None => None,
            Whole::Id(id) => Some(id),
            Whole::Row(other) => ids[other],
        };
        if row.name_en.is_empty() {
            row.name_en.clone_from(&row.name);
        }
        places.push(row);
    }
    unit.record(PlacesImported { source: request.source, first: PlaceId(first), places })?;
    Ok(rows::answer(fates, first, origin))
}

fn key_twice(field: &'static str, value: impl ToString, lines: &[u64]) -> RegistryError {
    RegistryError::KeyTwice { field, value: value.to_string(), lines: lines.to_vec() }
}

/// What a place is part of.
enum Whole {
    None,
    Id(i64),
    Row(usize),
}

/// Resolves what places are part of; a row whose whole is told is told too.
fn wholes(
    unit: &mut Unit<'_>,
    rows: &[ImportedPlace],
    known: &[Option<i64>],
    fates: &mut [Fate],
) -> Result<Vec<Whole>, Refusal> {
    let own: BTreeMap<i64, usize> =
        rows.iter().enumerate().filter_map(|(index, row)| row.reference.map(|name| (name, index))).collect();
    let mut resolver = Resolver::new(PlaceId::COUNTER, "part_of", true);
    let mut found = Vec::with_capacity(rows.len());
    for (index, row) in rows.iter().enumerate() {
        let Some(reference) = row.part_of else {
            found.push(Whole::None);
            continue;
        };
        found.push(match own.get(&reference) {
            Some(other) => known[*other].map_or(Whole::Row(*other), Whole::Id),
            None => match resolver.id(unit.tx(), reference) {
                Ok(id) => Whole::Id(id),
                Err(error) => {
                    fates[index] = told(Err(error))?;
                    Whole::None
                }
            },
        });
    }
    loop {
        let is_told = |index: usize| matches!(fates[index], Fate::Told(_));
        let lost: Vec<(usize, i64)> = (0..rows.len())
            .filter(|index| !is_told(*index) && matches!(found[*index], Whole::Row(other) if is_told(other)))
            .filter_map(|index| Some((index, rows[index].part_of?)))
            .collect();
        if lost.is_empty() {
            return Ok(found);
        }
        for (index, reference) in lost {
            fates[index] = told(Err(RegistryError::UnknownReference { field: "part_of", reference }))?;
        }
    }
}

/// The columns in which a row differs from the place it is about. What it leaves out contradicts nothing.
fn place_differs(known: &Place, row: &ImportedPlace, whole: &Whole) -> Vec<&'static str> {
    let other = |given: &str, known: &str| !given.is_empty() && *name_spelling(given) != *name_spelling(known);
    let whole = match whole {
        Whole::None => None,
        Whole::Id(id) => Some(*id),
        Whole::Row(_) => Some(0),
    };
    let columns = [
        ("class", known.class != row.class),
        ("name", other(&row.name, &known.name)),
        ("name_en", other(&row.name_en, &known.name_en)),
        ("area", known.area != row.area),
        ("lon", row.lon.is_some() && row.lon != known.lon),
        ("lat", row.lat.is_some() && row.lat != known.lat),
        ("part_of", whole.is_some() && whole != known.part_of.map(|place| place.0)),
        ("staff", row.staff != 0 && row.staff != known.staff),
    ];
    columns.into_iter().filter(|(_, differs)| *differs).map(|(column, _)| column).collect()
}

/// Brings in vehicles. A row is known by its reference, else by its plate, which is compared without dots, spaces, hyphens
/// and case; columns that differ are named.
///
/// # Errors
/// Too many rows. A bad row is told and the others go in.
pub fn import_vehicles(unit: &mut Unit<'_>, call: &Call, request: ImportVehicles) -> Result<Imported, Refusal> {
    import_vehicles_of(unit, call, request, &Origin::default())
}

/// Brings in vehicles whose rows stand in a file, as [`import_vehicles`] does.
///
/// # Errors
/// As [`import_vehicles`].
pub fn import_vehicles_of(
    unit: &mut Unit<'_>,
    _: &Call,
    request: ImportVehicles,
    origin: &Origin,
) -> Result<Imported, Refusal> {
    if request.vehicles.len() > BATCH_MAX {
        return Err(RegistryError::BatchTooLarge(request.vehicles.len()).into());
    }
    let rows = request.vehicles;
    let names: Vec<Option<i64>> = rows.iter().map(|row| row.reference).collect();
    let known = references::known(unit.tx(), VehicleId::COUNTER, &names)?;
    // A city has some thousands.
    let there = store::vehicles_of_kind(unit.tx(), None)?;
    let by_plate: BTreeMap<String, i64> =
        there.iter().rev().map(|vehicle| (plate_spelling(&vehicle.plate), vehicle.id.0)).collect();
    let by_id: BTreeMap<i64, _> = there.iter().map(|vehicle| (vehicle.id.0, vehicle)).collect();
    let twice_named = twice(&rows, |row| row.reference, origin);
    let plate = |row: &ImportedVehicle| Some(plate_spelling(&row.plate)).filter(|plate| !plate.is_empty());
    let twice_plated = twice(&rows, plate, origin);
    let mut fates = Vec::with_capacity(rows.len());
    for (index, row) in rows.iter().enumerate() {
        let judged = match (twice_plated.get(&index), twice_named.get(&index)) {
            (Some(lines), _) => Err(key_twice("plate", &row.plate, lines)),
            (None, Some(lines)) => Err(key_twice("reference", row.reference.unwrap_or_default(), lines)),
            (None, None) => check_vehicle(row).map(|()| {
                let id = known[index].or_else(|| by_plate.get(&plate_spelling(&row.plate)).copied());
                let differs = |id: &i64| by_id.get(id).map(|known| vehicle_differs(known, row)).unwrap_or_default();
                id.map_or(Fate::Fresh, |id| Fate::known(id, differs(&id)))
            }),
        };
        fates.push(told(judged)?);
    }
    let count = fresh(&fates);
    if count == 0 {
        return Ok(rows::answer(fates, 1, origin));
    }
    let first = unit.next_many(VehicleId::COUNTER, count)?;
    let is_fresh = |(row, fate): (ImportedVehicle, &Fate)| matches!(fate, Fate::Fresh).then_some(row);
    let vehicles = rows.into_iter().zip(&fates).filter_map(is_fresh).collect();
    unit.record(VehiclesImported { source: request.source, first: VehicleId(first), vehicles })?;
    Ok(rows::answer(fates, first, origin))
}

fn check_vehicle(row: &ImportedVehicle) -> Result<(), RegistryError> {
    if plate_spelling(&row.plate).is_empty() {
        return Err(wrong("plate", &row.plate, "车辆须有车牌。", "A vehicle has a plate."));
    }
    for (field, value) in [("seats", row.seats), ("drivers", row.drivers)] {
        if !(0..=SEATS_MAX).contains(&value) {
            return Err(wrong(field, value, "应在 0 至 1000 之间。", "It is from 0 to 1,000."));
        }
    }
    Ok(())
}

/// The columns in which a row differs from the vehicle it is about. What it leaves out contradicts nothing.
fn vehicle_differs(known: &Vehicle, row: &ImportedVehicle) -> Vec<&'static str> {
    let other = |given: &str, known: &str| !given.is_empty() && *name_spelling(given) != *name_spelling(known);
    let columns = [
        ("kind", known.kind != row.kind),
        ("plate", plate_spelling(&known.plate) != plate_spelling(&row.plate)),
        ("name", other(&row.name, &known.name)),
        ("name_en", other(&row.name_en, &known.name_en)),
        ("seats", row.seats != 0 && row.seats != known.seats),
        ("drivers", row.drivers != 0 && row.drivers != known.drivers),
        ("sealed", row.sealed && !known.sealed),
    ];
    columns.into_iter().filter(|(_, differs)| *differs).map(|(column, _)| column).collect()
}
