//! Bringing in places and vehicles.

use std::collections::BTreeMap;

use outpace_access::Call;
use outpace_core::{PlaceId, Refusal, VehicleId};
use outpace_store::Unit;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::facts::{ImportedPlace, ImportedVehicle, PlacesImported, VehiclesImported};
use super::store;
use crate::people::Grounds;
use crate::references::{self, Imported, Resolver};
use crate::{BATCH_MAX, RegistryError};

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

fn number(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}

fn check_class(place: &ImportedPlace) -> Result<(), RegistryError> {
    let word = !place.class.is_empty()
        && place.class.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    if word && !place.name.trim().is_empty() {
        return Ok(());
    }
    Err(RegistryError::Value {
        field: "class",
        value: format!("{} {}", place.class, place.name),
        zh: "场所须有名称;类别用小写英文字母、数字和下划线,如 courier_outlet。",
        en: "A place has a name, and a class of small letters, digits and underscores such as courier_outlet.",
    })
}

/// Brings in places. A known reference keeps its id and is not changed.
///
/// # Errors
/// Too many rows, an area that is unknown or not the actor's, a class that is no word.
pub fn import_places(unit: &mut Unit<'_>, call: &Call, request: ImportPlaces) -> Result<Imported, Refusal> {
    if request.places.len() > BATCH_MAX {
        return Err(RegistryError::BatchTooLarge(request.places.len()).into());
    }
    let names: Vec<Option<i64>> = request.places.iter().map(|row| row.reference).collect();
    let known = references::known(unit.tx(), PlaceId::COUNTER, &names)?;
    let fresh = number(known.iter().filter(|known| known.is_none()).count());
    if fresh == 0 {
        return Ok(references::answer(&known, 1));
    }
    let first = unit.next_many(PlaceId::COUNTER, fresh)?;
    let answer = references::answer(&known, first);
    let own: BTreeMap<i64, i64> =
        names.iter().zip(&answer.ids).filter_map(|(name, id)| name.map(|name| (name, *id))).collect();
    let mut grounds = Grounds::default();
    let mut resolver = Resolver::new(PlaceId::COUNTER, "part_of", true);
    let mut places = Vec::new();
    for (mut row, known) in request.places.into_iter().zip(&known) {
        if known.is_some() {
            continue;
        }
        check_class(&row)?;
        row.area = grounds.grid(unit.tx(), call, row.area)?;
        if let Some(reference) = row.part_of {
            row.part_of = Some(match own.get(&reference) {
                Some(id) => *id,
                None => resolver.id(unit.tx(), reference)?,
            });
        }
        if row.name_en.is_empty() {
            row.name_en.clone_from(&row.name);
        }
        places.push(row);
    }
    unit.record(PlacesImported { source: request.source, first: PlaceId(first), places })?;
    Ok(answer)
}

/// Brings in vehicles. A known reference or plate keeps its id and is not changed.
///
/// # Errors
/// Too many rows, no plate, negative seats.
pub fn import_vehicles(unit: &mut Unit<'_>, _: &Call, request: ImportVehicles) -> Result<Imported, Refusal> {
    if request.vehicles.len() > BATCH_MAX {
        return Err(RegistryError::BatchTooLarge(request.vehicles.len()).into());
    }
    let names: Vec<Option<i64>> = request.vehicles.iter().map(|row| row.reference).collect();
    let mut known = references::known(unit.tx(), VehicleId::COUNTER, &names)?;
    for (row, known) in request.vehicles.iter().zip(&mut known) {
        check_vehicle(row)?;
        if known.is_none() {
            *known = store::vehicle_by_plate(unit.tx(), &row.plate)?.map(|id| id.0);
        }
    }
    let fresh = number(known.iter().filter(|known| known.is_none()).count());
    if fresh == 0 {
        return Ok(references::answer(&known, 1));
    }
    let first = unit.next_many(VehicleId::COUNTER, fresh)?;
    let vehicles =
        request.vehicles.into_iter().zip(&known).filter(|(_, known)| known.is_none()).map(|(row, _)| row).collect();
    unit.record(VehiclesImported { source: request.source, first: VehicleId(first), vehicles })?;
    Ok(references::answer(&known, first))
}

fn check_vehicle(row: &ImportedVehicle) -> Result<(), RegistryError> {
    if !row.plate.trim().is_empty() && row.seats >= 0 && row.drivers >= 0 {
        return Ok(());
    }
    Err(RegistryError::Value {
        field: "plate",
        value: row.plate.clone(),
        zh: "车辆须有车牌,座位数和驾驶员数不为负。",
        en: "A vehicle has a plate, and seats and drivers that are not negative.",
    })
}
