//! Tables of places and vehicles.

use outpace_core::{AreaId, PlaceId, VehicleId};
use outpace_store::{Capability, Result, Row, Tx, Value, values};

use super::facts::{PlacesImported, VehiclesImported};
use super::model::{Place, Vehicle, VehicleKind};
use crate::references;

pub(crate) const SCHEMA: &str = "
CREATE TABLE place (
  j BIGINT NOT NULL, id BIGINT NOT NULL, class TEXT NOT NULL, name TEXT NOT NULL, name_en TEXT NOT NULL,
  area BIGINT NOT NULL, lon DOUBLE PRECISION, lat DOUBLE PRECISION, part_of BIGINT, staff BIGINT NOT NULL,
  PRIMARY KEY (j, id));
CREATE INDEX place_area ON place (j, area, id);
CREATE INDEX place_class ON place (j, class, area, id);
CREATE TABLE vehicle (
  j BIGINT NOT NULL, id BIGINT NOT NULL, kind TEXT NOT NULL, plate TEXT NOT NULL, name TEXT NOT NULL,
  name_en TEXT NOT NULL, seats BIGINT NOT NULL, drivers BIGINT NOT NULL, sealed BIGINT NOT NULL,
  PRIMARY KEY (j, id));
CREATE INDEX vehicle_plate ON vehicle (j, plate);
";

const PLACE: &str = "id, class, name, name_en, area, lon, lat, part_of, staff";
const VEHICLE: &str = "id, kind, plate, name, name_en, seats, drivers, sealed";

pub(crate) fn fold(capability: Capability) -> Capability {
    capability
        .table("place", "j, id")
        .table("vehicle", "j, id")
        .fold(|tx, _, fact: &PlacesImported| {
            let j = tx.jurisdiction();
            tx.insert_many(
                "INSERT INTO place (j, id, class, name, name_en, area, lon, lat, part_of, staff)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
                (fact.first.0..).zip(&fact.places).map(|(id, row)| {
                    [
                        Value::Int(j),
                        Value::Int(id),
                        (&row.class).into(),
                        (&row.name).into(),
                        (&row.name_en).into(),
                        row.area.into(),
                        row.lon.into(),
                        row.lat.into(),
                        row.part_of.into(),
                        row.staff.into(),
                    ]
                }),
            )?;
            references::keep(tx, PlaceId::COUNTER, fact.first.0, fact.places.iter().map(|row| row.reference))
        })
        .fold(|tx, _, fact: &VehiclesImported| {
            let j = tx.jurisdiction();
            tx.insert_many(
                "INSERT INTO vehicle (j, id, kind, plate, name, name_en, seats, drivers, sealed)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
                (fact.first.0..).zip(&fact.vehicles).map(|(id, row)| {
                    [
                        Value::Int(j),
                        Value::Int(id),
                        row.kind.into(),
                        (&row.plate).into(),
                        (&row.name).into(),
                        (&row.name_en).into(),
                        row.seats.into(),
                        row.drivers.into(),
                        row.sealed.into(),
                    ]
                }),
            )?;
            references::keep(tx, VehicleId::COUNTER, fact.first.0, fact.vehicles.iter().map(|row| row.reference))
        })
}

fn read_place(row: &Row<'_>) -> Result<Place> {
    Ok(Place {
        id: row.get(0)?,
        class: row.get(1)?,
        name: row.get(2)?,
        name_en: row.get(3)?,
        area: row.get(4)?,
        lon: row.get(5)?,
        lat: row.get(6)?,
        part_of: row.get(7)?,
        staff: row.get(8)?,
    })
}

fn read_vehicle(row: &Row<'_>) -> Result<Vehicle> {
    Ok(Vehicle {
        id: row.get(0)?,
        kind: row.get(1)?,
        plate: row.get(2)?,
        name: row.get(3)?,
        name_en: row.get(4)?,
        seats: row.get(5)?,
        drivers: row.get(6)?,
        sealed: row.get(7)?,
    })
}

/// A place by its id.
///
/// # Errors
/// What the engine refused.
pub fn place(tx: &mut Tx<'_>, id: PlaceId) -> Result<Option<Place>> {
    let j = tx.jurisdiction();
    tx.first(&format!("SELECT {PLACE} FROM place WHERE j = $1 AND id = $2"), values![j, id], read_place)
}

/// The places of an area, by grid and id.
///
/// # Errors
/// What the engine refused.
pub fn places_in(tx: &mut Tx<'_>, area: AreaId) -> Result<Vec<Place>> {
    let j = tx.jurisdiction();
    let (first, last) = area.grids();
    tx.query(
        &format!("SELECT {PLACE} FROM place WHERE j = $1 AND area BETWEEN $2 AND $3 ORDER BY area, id"),
        values![j, first, last],
        read_place,
    )
}

/// The places of a class in an area, by grid and id.
///
/// # Errors
/// What the engine refused.
pub fn places_of_class(tx: &mut Tx<'_>, class: &str, area: AreaId) -> Result<Vec<Place>> {
    let j = tx.jurisdiction();
    let (first, last) = area.grids();
    tx.query(
        &format!("SELECT {PLACE} FROM place WHERE j = $1 AND class = $2 AND area BETWEEN $3 AND $4 ORDER BY area, id"),
        values![j, class, first, last],
        read_place,
    )
}

/// A vehicle by its id.
///
/// # Errors
/// What the engine refused.
pub fn vehicle(tx: &mut Tx<'_>, id: VehicleId) -> Result<Option<Vehicle>> {
    let j = tx.jurisdiction();
    tx.first(&format!("SELECT {VEHICLE} FROM vehicle WHERE j = $1 AND id = $2"), values![j, id], read_vehicle)
}

/// The vehicles of a kind (of all kinds without one), by id.
///
/// # Errors
/// What the engine refused.
pub fn vehicles_of_kind(tx: &mut Tx<'_>, kind: Option<VehicleKind>) -> Result<Vec<Vehicle>> {
    let j = tx.jurisdiction();
    let all = tx.query(&format!("SELECT {VEHICLE} FROM vehicle WHERE j = $1 ORDER BY id"), values![j], read_vehicle)?;
    Ok(all.into_iter().filter(|vehicle| kind.is_none_or(|kind| vehicle.kind == kind)).collect())
}

/// The vehicle with a plate, if there is one.
pub(super) fn vehicle_by_plate(tx: &mut Tx<'_>, plate: &str) -> Result<Option<VehicleId>> {
    let j = tx.jurisdiction();
    tx.first("SELECT id FROM vehicle WHERE j = $1 AND plate = $2 LIMIT 1", values![j, plate], |row| row.get(0))
}
