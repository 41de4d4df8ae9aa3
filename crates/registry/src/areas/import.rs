//! Bringing in areas and boundaries.

use outpace_access::Call;
use outpace_core::{AreaId, Refusal};
use outpace_store::Unit;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::facts::{AreasImported, BoundariesImported};
use super::model::{Area, Boundary};
use super::{parse, store};
use crate::references::Imported;
use crate::{BATCH_MAX, RegistryError};

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

/// Brings in areas. Areas are public geography: neighbours of one's own jurisdiction may be among them.
///
/// # Errors
/// Too many rows, a code that is none, a seat outside the earth.
pub fn import_areas(unit: &mut Unit<'_>, _: &Call, request: ImportAreas) -> Result<Imported, Refusal> {
    if request.areas.len() > BATCH_MAX {
        return Err(RegistryError::BatchTooLarge(request.areas.len()).into());
    }
    let mut areas = request.areas;
    for area in &mut areas {
        let level = area.id.level().ok_or(RegistryError::AreaCode(area.id))?;
        area.level = level;
        area.parent = area.id.parent();
        check_seat(area)?;
        if area.name_en.is_empty() {
            area.name_en.clone_from(&area.name);
        }
    }
    let ids: Vec<i64> = areas.iter().map(|area| area.id.0).collect();
    let added = count(ids.len());
    if !areas.is_empty() {
        unit.record(AreasImported { source: request.source, areas })?;
    }
    Ok(Imported { ids, added, already: 0 })
}

fn check_seat(area: &Area) -> Result<(), RegistryError> {
    let on_earth = area.lon.is_none_or(|lon| (-180.0..=180.0).contains(&lon))
        && area.lat.is_none_or(|lat| (-90.0..=90.0).contains(&lat));
    if on_earth && !area.name.trim().is_empty() {
        return Ok(());
    }
    Err(RegistryError::Value {
        field: "areas",
        value: area.id.to_string(),
        zh: "区域须有名称,经度在 -180 至 180、纬度在 -90 至 90 之间(WGS-84)。",
        en: "An area has a name, a longitude from -180 to 180 and a latitude from -90 to 90 (WGS-84).",
    })
}

/// Brings in boundaries over existing areas.
///
/// # Errors
/// Too many rows, an area that was never imported, a geometry that is no polygon.
pub fn import_boundaries(unit: &mut Unit<'_>, _: &Call, request: ImportBoundaries) -> Result<Imported, Refusal> {
    if request.boundaries.len() > BATCH_MAX {
        return Err(RegistryError::BatchTooLarge(request.boundaries.len()).into());
    }
    for boundary in &request.boundaries {
        known_area(unit, boundary.area)?;
        if !parse::is_polygon(&boundary.geometry) {
            return Err(RegistryError::Value {
                field: "geometry",
                value: boundary.area.to_string(),
                zh: "边界须为 GeoJSON 的 Polygon 或 MultiPolygon。",
                en: "A boundary is a GeoJSON Polygon or MultiPolygon.",
            }
            .into());
        }
    }
    let ids: Vec<i64> = request.boundaries.iter().map(|boundary| boundary.area.0).collect();
    let added = count(ids.len());
    if !ids.is_empty() {
        unit.record(BoundariesImported { source: request.source, boundaries: request.boundaries })?;
    }
    Ok(Imported { ids, added, already: 0 })
}

fn known_area(unit: &mut Unit<'_>, area: AreaId) -> Result<(), RegistryError> {
    match store::area(unit.tx(), area)? {
        Some(_) => Ok(()),
        None => Err(RegistryError::UnknownArea(area)),
    }
}

fn count(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}
