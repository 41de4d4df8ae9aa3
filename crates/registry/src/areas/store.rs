//! Tables of areas: `area`, `area_boundary`, and the tally `population` that the folds of people keep per grid.

use outpace_core::{AreaId, AreaLevel};
use outpace_store::{Capability, Result, Row, Tx, Value, values};

use super::facts::{AreasImported, BoundariesImported};
use super::model::{Area, Boundary, Population};

pub(crate) const SCHEMA: &str = "
CREATE TABLE area (
  j BIGINT NOT NULL, id BIGINT NOT NULL, name TEXT NOT NULL, name_en TEXT NOT NULL, lon DOUBLE PRECISION,
  lat DOUBLE PRECISION, seat_approximate BIGINT NOT NULL, river_side TEXT, kind TEXT, residents BIGINT,
  PRIMARY KEY (j, id));
CREATE TABLE area_boundary (
  j BIGINT NOT NULL, area BIGINT NOT NULL, geometry TEXT NOT NULL, source TEXT NOT NULL, PRIMARY KEY (j, area));
CREATE TABLE population (
  j BIGINT NOT NULL, area BIGINT NOT NULL, registered BIGINT NOT NULL, present BIGINT NOT NULL,
  households BIGINT NOT NULL, PRIMARY KEY (j, area));
";

const AREA: &str = "id, name, name_en, lon, lat, seat_approximate, river_side, kind, residents";

pub(crate) fn fold(capability: Capability) -> Capability {
    capability
        .table("area", "j, id")
        .table("area_boundary", "j, area")
        .table("population", "j, area")
        .fold(|tx, _, fact: &AreasImported| {
            let j = tx.jurisdiction();
            tx.insert_many(
                "INSERT INTO area (j, id, name, name_en, lon, lat, seat_approximate, river_side, kind, residents)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
                 ON CONFLICT (j, id) DO UPDATE SET name = excluded.name, name_en = excluded.name_en,
                   lon = excluded.lon, lat = excluded.lat, seat_approximate = excluded.seat_approximate,
                   river_side = excluded.river_side, kind = excluded.kind, residents = excluded.residents",
                fact.areas.iter().map(|area| area_values(j, area)),
            )
            .map(|_| ())
        })
        .fold(|tx, _, fact: &BoundariesImported| {
            let j = tx.jurisdiction();
            tx.insert_many(
                "INSERT INTO area_boundary (j, area, geometry, source) VALUES ($1, $2, $3, $4)
                 ON CONFLICT (j, area) DO UPDATE SET geometry = excluded.geometry, source = excluded.source",
                fact.boundaries.iter().map(|boundary| {
                    [Value::Int(j), boundary.area.into(), (&boundary.geometry).into(), (&fact.source).into()]
                }),
            )
            .map(|_| ())
        })
}

fn area_values(j: i64, area: &Area) -> [Value<'_>; 10] {
    [
        Value::Int(j),
        area.id.into(),
        (&area.name).into(),
        (&area.name_en).into(),
        area.lon.into(),
        area.lat.into(),
        area.seat_approximate.into(),
        area.river_side.into(),
        area.kind.into(),
        area.residents.into(),
    ]
}

fn read_area(row: &Row<'_>) -> Result<Area> {
    let id: AreaId = row.get(0)?;
    Ok(Area {
        id,
        parent: id.parent(),
        // Only codes with a level are imported.
        level: id.level().unwrap_or(AreaLevel::Grid),
        name: row.get(1)?,
        name_en: row.get(2)?,
        lon: row.get(3)?,
        lat: row.get(4)?,
        seat_approximate: row.get(5)?,
        river_side: row.get(6)?,
        kind: row.get(7)?,
        residents: row.get(8)?,
    })
}

/// The first and last code of a level inside an area, both included; an empty range where the level lies above it.
pub(crate) fn codes_under(area: AreaId, level: AreaLevel) -> (i64, i64) {
    match area.level() {
        Some(own) if own <= level => {
            let scale = 10_i64.pow(level.digits() - own.digits());
            (area.0 * scale, area.0 * scale + (scale - 1))
        }
        _ => (1, 0),
    }
}

/// An area by its code.
///
/// # Errors
/// What the engine refused.
pub fn area(tx: &mut Tx<'_>, id: AreaId) -> Result<Option<Area>> {
    let j = tx.jurisdiction();
    tx.first(&format!("SELECT {AREA} FROM area WHERE j = $1 AND id = $2"), values![j, id], read_area)
}

/// The areas of a level inside an area, by code. On its own level the area itself.
///
/// # Errors
/// What the engine refused.
pub fn areas_under(tx: &mut Tx<'_>, under: AreaId, level: AreaLevel) -> Result<Vec<Area>> {
    let j = tx.jurisdiction();
    let (first, last) = codes_under(under, level);
    tx.query(
        &format!("SELECT {AREA} FROM area WHERE j = $1 AND id BETWEEN $2 AND $3 ORDER BY id"),
        values![j, first, last],
        read_area,
    )
}

/// The boundaries of a level inside an area, by code.
///
/// # Errors
/// What the engine refused.
pub fn boundaries_under(tx: &mut Tx<'_>, under: AreaId, level: AreaLevel) -> Result<Vec<Boundary>> {
    let j = tx.jurisdiction();
    let (first, last) = codes_under(under, level);
    tx.query(
        "SELECT area, geometry FROM area_boundary WHERE j = $1 AND area BETWEEN $2 AND $3 ORDER BY area",
        values![j, first, last],
        |row| Ok(Boundary { area: row.get(0)?, geometry: row.get(1)? }),
    )
}

/// How many people are registered in an area: a sum of tallies, no scan of people.
///
/// # Errors
/// What the engine refused.
pub fn population_of(tx: &mut Tx<'_>, area: AreaId) -> Result<Population> {
    let j = tx.jurisdiction();
    let (first, last) = area.grids();
    let found = tx.first(
        "SELECT CAST(COALESCE(SUM(registered), 0) AS BIGINT), CAST(COALESCE(SUM(present), 0) AS BIGINT),
                CAST(COALESCE(SUM(households), 0) AS BIGINT)
         FROM population WHERE j = $1 AND area BETWEEN $2 AND $3",
        values![j, first, last],
        |row| Ok(Population { registered: row.get(0)?, present: row.get(1)?, households: row.get(2)? }),
    )?;
    Ok(found.unwrap_or_default())
}

/// The population of each area of a level inside an area that has anyone registered, by code.
///
/// # Errors
/// What the engine refused.
pub fn populations_under(tx: &mut Tx<'_>, under: AreaId, level: AreaLevel) -> Result<Vec<(AreaId, Population)>> {
    let j = tx.jurisdiction();
    let (first, last) = under.grids();
    let scale = 10_i64.pow(AreaLevel::Grid.digits() - level.digits());
    tx.query(
        "SELECT area / $4 AS part, CAST(SUM(registered) AS BIGINT), CAST(SUM(present) AS BIGINT),
                CAST(SUM(households) AS BIGINT)
         FROM population WHERE j = $1 AND area BETWEEN $2 AND $3 GROUP BY area / $4 ORDER BY part",
        values![j, first, last, scale],
        |row| {
            let population = Population { registered: row.get(1)?, present: row.get(2)?, households: row.get(3)? };
            Ok((row.get(0)?, population))
        },
    )
}

/// Adds to the tally of a grid. Called by the folds of people.
pub(crate) fn tally(tx: &mut Tx<'_>, area: AreaId, change: Population) -> Result<()> {
    let j = tx.jurisdiction();
    tx.execute(
        "INSERT INTO population (j, area, registered, present, households) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (j, area) DO UPDATE SET registered = population.registered + excluded.registered,
           present = population.present + excluded.present, households = population.households + excluded.households",
        values![j, area, change.registered, change.present, change.households],
    )
    .map(|_| ())
}
