//! Bringing in areas and boundaries.

use outpace_access::Call;
use outpace_core::{AreaId, Refusal};
use outpace_store::Unit;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::facts::{AreasImported, BoundariesImported};
use super::model::{Area, Boundary};
use super::{parse, store};
use crate::rows::{self, About, Fate, Imported, Origin, told, twice};
use crate::{BATCH_MAX, RegistryError, is_latitude, is_longitude};

/// Areas to bring in; a known code gets the new row.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ImportAreas {
    /// Where they come from: a file, a register.
    pub source: String,
    /// At most 20,000 areas.
    pub areas: Vec<Area>,
}

/// Boundaries to bring in over existing areas.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ImportBoundaries {
    /// Where they come from.
    pub source: String,
    /// At most 20,000 boundaries.
    pub boundaries: Vec<Boundary>,
}

/// Brings in areas: new ones as they are, known ones where the row says something else. What a row leaves out stays as it
/// stands, so that a list of names takes no seats and populations away. Areas are public geography: neighbours of one's
/// own jurisdiction may be among them. A code filled up with zeros (140121000000) is the code without them.
///
/// # Errors
/// Too many rows. A bad row is told and the others go in.
pub fn import_areas(unit: &mut Unit<'_>, call: &Call, request: ImportAreas) -> Result<Imported, Refusal> {
    import_areas_of(unit, call, request, &Origin::default())
}

/// Brings in areas whose rows stand in a file, as [`import_areas`] does.
///
/// # Errors
/// As [`import_areas`].
pub fn import_areas_of(
    unit: &mut Unit<'_>,
    _: &Call,
    request: ImportAreas,
    origin: &Origin,
) -> Result<Imported, Refusal> {
    if request.areas.len() > BATCH_MAX {
        return Err(RegistryError::BatchTooLarge(request.areas.len()).into());
    }
    let mut rows = request.areas;
    for row in &mut rows {
        row.id = row.id.without_filling();
    }
    let codes: Vec<AreaId> = rows.iter().map(|row| row.id).collect();
    let twice = twice(&rows, |row| Some(row.id), origin);
    let (mut fates, mut areas) = (Vec::with_capacity(rows.len()), Vec::new());
    for (index, row) in rows.into_iter().enumerate() {
        let judged = match twice.get(&index) {
            Some(lines) => {
                Err(RegistryError::KeyTwice { field: "code", value: row.id.to_string(), lines: lines.clone() })
            }
            None => judge(unit, row, &mut areas),
        };
        fates.push(told(judged)?);
    }
    if !areas.is_empty() {
        unit.record(AreasImported { source: request.source, areas })?;
    }
    Ok(of_codes(fates, &codes, origin))
}

/// Areas have their own ids; none is counted up.
fn of_codes(fates: Vec<Fate>, codes: &[AreaId], origin: &Origin) -> Imported {
    let taken: Vec<bool> = fates.iter().map(|fate| !matches!(fate, Fate::Told(_))).collect();
    let mut done = rows::answer(fates, 1, origin);
    done.ids = taken.iter().zip(codes).map(|(taken, code)| taken.then_some(code.0)).collect();
    done
}

fn judge(unit: &mut Unit<'_>, mut row: Area, areas: &mut Vec<Area>) -> Result<Fate, RegistryError> {
    row.level = row.id.level().ok_or(RegistryError::AreaCode(row.id))?;
    row.parent = row.id.parent();
    check(&row)?;
    let Some(known) = store::area(unit.tx(), row.id)? else {
        if row.name_en.is_empty() {
            row.name_en.clone_from(&row.name);
        }
        areas.push(row);
        return Ok(Fate::Fresh);
    };
    let id = row.id.0;
    let merged = over(&known, row);
    let fields = differing(&known, &merged);
    if !fields.is_empty() {
        areas.push(merged);
    }
    Ok(Fate::Known { about: About::Id(id), fields, known_by: "", changed: true })
}

/// The row over what is known: what the row leaves out stays.
fn over(known: &Area, row: Area) -> Area {
    let translated = known.name_en != known.name;
    let name_en = match (row.name_en.is_empty(), translated) {
        (false, _) => row.name_en,
        (true, true) => known.name_en.clone(),
        (true, false) => row.name.clone(),
    };
    let has_seat = row.lon.is_some() && row.lat.is_some();
    Area {
        name_en,
        lon: if has_seat { row.lon } else { known.lon },
        lat: if has_seat { row.lat } else { known.lat },
        seat_approximate: if has_seat { row.seat_approximate } else { known.seat_approximate },
        river_side: row.river_side.or(known.river_side),
        kind: row.kind.or(known.kind),
        residents: row.residents.or(known.residents),
        ..row
    }
}

fn differing(known: &Area, merged: &Area) -> Vec<&'static str> {
    let columns = [
        ("name", known.name != merged.name),
        ("name_en", known.name_en != merged.name_en),
        ("seat", (known.lon, known.lat) != (merged.lon, merged.lat)),
        ("seat_source", known.seat_approximate != merged.seat_approximate),
        ("river_side", known.river_side != merged.river_side),
        ("kind", known.kind != merged.kind),
        ("population", known.residents != merged.residents),
    ];
    columns.into_iter().filter(|(_, differs)| *differs).map(|(column, _)| column).collect()
}

/// More people than any area has.
const RESIDENTS_MAX: i64 = 2_000_000_000;

fn check(area: &Area) -> Result<(), RegistryError> {
    let wrong = |field, value: String, zh, en| Err(RegistryError::Value { field, value, zh, en });
    if area.name.trim().is_empty() {
        return wrong("name", area.id.to_string(), "区域须有名称。", "An area has a name.");
    }
    if let Some(lon) = area.lon.filter(|lon| !is_longitude(*lon)) {
        return wrong(
            "lon",
            lon.to_string(),
            "经度应在 -180 至 180 之间。",
            "A longitude is from -180 to 180 degrees.",
        );
    }
    if let Some(lat) = area.lat.filter(|lat| !is_latitude(*lat)) {
        let zh = "纬度应在 -90 至 90 之间;经度和纬度可能写反了。";
        let en = "A latitude is from -90 to 90 degrees; longitude and latitude may be the wrong way round.";
        return wrong("lat", lat.to_string(), zh, en);
    }
    if let Some(residents) = area.residents.filter(|residents| !(0..=RESIDENTS_MAX).contains(residents)) {
        let (zh, en) = ("人口应在 0 至 20 亿之间。", "A population is from 0 to 2,000,000,000.");
        return wrong("population", residents.to_string(), zh, en);
    }
    Ok(())
}

/// Brings in boundaries over existing areas; a known one is replaced and named.
///
/// # Errors
/// Too many rows. A row of an area that was never imported, or whose rings are none, is told and the others go in.
pub fn import_boundaries(unit: &mut Unit<'_>, call: &Call, request: ImportBoundaries) -> Result<Imported, Refusal> {
    import_boundaries_of(unit, call, request, &Origin::default())
}

/// Brings in boundaries whose rows stand in a file, as [`import_boundaries`] does.
///
/// # Errors
/// As [`import_boundaries`].
pub fn import_boundaries_of(
    unit: &mut Unit<'_>,
    _: &Call,
    request: ImportBoundaries,
    origin: &Origin,
) -> Result<Imported, Refusal> {
    if request.boundaries.len() > BATCH_MAX {
        return Err(RegistryError::BatchTooLarge(request.boundaries.len()).into());
    }
    let mut rows = request.boundaries;
    for row in &mut rows {
        row.area = row.area.without_filling();
    }
    let codes: Vec<AreaId> = rows.iter().map(|row| row.area).collect();
    let twice = twice(&rows, |row| Some(row.area), origin);
    let (mut fates, mut boundaries) = (Vec::with_capacity(rows.len()), Vec::new());
    for (index, row) in rows.into_iter().enumerate() {
        let judged = match twice.get(&index) {
            Some(lines) => {
                Err(RegistryError::KeyTwice { field: "code", value: row.area.to_string(), lines: lines.clone() })
            }
            None => judge_boundary(unit, row, &mut boundaries),
        };
        fates.push(told(judged)?);
    }
    if !boundaries.is_empty() {
        unit.record(BoundariesImported { source: request.source, boundaries })?;
    }
    Ok(of_codes(fates, &codes, origin))
}

fn judge_boundary(
    unit: &mut Unit<'_>,
    mut row: Boundary,
    boundaries: &mut Vec<Boundary>,
) -> Result<Fate, RegistryError> {
    let area = row.area;
    store::area(unit.tx(), area)?.ok_or(RegistryError::UnknownArea(area))?;
    row.geometry = parse::rings_of(&row.geometry).map_err(|reason| RegistryError::Geometry { area, reason })?;
    let known = store::boundary(unit.tx(), area)?;
    if known.as_deref() == Some(&row.geometry) {
        return Ok(Fate::known(area.0, Vec::new()));
    }
    boundaries.push(row);
    Ok(match known {
        None => Fate::Fresh,
        Some(_) => Fate::Known { about: About::Id(area.0), fields: vec!["boundary"], known_by: "", changed: true },
    })
}
