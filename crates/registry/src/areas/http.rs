//! Routes of areas.

use outpace_access::{Call, Routes};
use outpace_core::{AreaId, AreaLevel, Permission, Refusal};
use outpace_store::Tx;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::import::{import_areas, import_boundaries};
use super::model::{Area, Population};
use super::store;
use crate::RegistryError;

/// The routes of areas.
#[must_use]
pub fn routes() -> Routes {
    Routes::new()
        .command("/api/registry/import-areas", Permission::RegistryImport.whole(), "Bring in areas", import_areas)
        .command(
            "/api/registry/import-boundaries",
            Permission::RegistryImport.whole(),
            "Bring in boundaries over existing areas",
            import_boundaries,
        )
        .query("/api/registry/area", Permission::RegistryRead.open(), "One area with its population", one_area)
        .query("/api/registry/areas", Permission::RegistryRead.open(), "Areas of a level inside an area", list_areas)
        .query(
            "/api/registry/boundaries",
            Permission::RegistryRead.open(),
            "Boundaries of a level as a GeoJSON FeatureCollection",
            boundaries,
        )
        .query(
            "/api/registry/population",
            Permission::RegistryRead.by_area(),
            "People registered, by area of a level",
            population,
        )
}

/// Which area.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(as = RegistryAreaQuery)]
pub struct AreaQuery {
    /// Its code.
    pub area: AreaId,
}

/// An area and who is registered in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AreaAnswer {
    /// The area.
    pub area: Area,
    /// People registered in it.
    pub population: Population,
}

/// One area with its population.
///
/// # Errors
/// An unknown code.
pub fn one_area(tx: &mut Tx<'_>, _: &Call, query: AreaQuery) -> Result<AreaAnswer, Refusal> {
    let area = store::area(tx, query.area)?.ok_or(RegistryError::UnknownArea(query.area))?;
    let population = store::population_of(tx, query.area)?;
    Ok(AreaAnswer { area, population })
}

/// Which areas.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AreasQuery {
    /// The area they lie in; the actor's own when absent.
    pub under: Option<AreaId>,
    /// Their level.
    pub level: AreaLevel,
}

/// Areas, by code.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AreasAnswer {
    /// The areas.
    pub areas: Vec<Area>,
}

/// Areas of a level inside an area. Geography is not narrowed to the actor's area.
///
/// # Errors
/// What the store refused.
pub fn list_areas(tx: &mut Tx<'_>, call: &Call, query: AreasQuery) -> Result<AreasAnswer, Refusal> {
    let under = query.under.unwrap_or(call.actor.area);
    Ok(AreasAnswer { areas: store::areas_under(tx, under, query.level)? })
}

/// Which boundaries.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct BoundariesQuery {
    /// The area they lie in; the actor's own when absent.
    pub under: Option<AreaId>,
    /// Their level.
    pub level: AreaLevel,
}

/// A GeoJSON FeatureCollection (RFC 7946).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct BoundariesAnswer {
    /// Always `FeatureCollection`.
    #[serde(rename = "type")]
    pub kind: String,
    /// One feature per boundary, with the properties `code`, `name`, `name_en`, `level`.
    #[schema(value_type = Vec<Object>)]
    pub features: Vec<serde_json::Value>,
}

/// Boundaries of a level inside an area, for a map.
///
/// # Errors
/// What the store refused.
pub fn boundaries(tx: &mut Tx<'_>, call: &Call, query: BoundariesQuery) -> Result<BoundariesAnswer, Refusal> {
    let under = query.under.unwrap_or(call.actor.area);
    let mut features = Vec::new();
    for boundary in store::boundaries_under(tx, under, query.level)? {
        let Some(area) = store::area(tx, boundary.area)? else { continue };
        let geometry: serde_json::Value = serde_json::from_str(&boundary.geometry).unwrap_or_default();
        features.push(serde_json::json!({
            "type": "Feature",
            "properties": { "code": area.id, "name": area.name, "name_en": area.name_en, "level": area.level },
            "geometry": geometry,
        }));
    }
    Ok(BoundariesAnswer { kind: "FeatureCollection".to_owned(), features })
}

/// Whose population.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct PopulationQuery {
    /// The area; the actor's own when absent.
    pub under: Option<AreaId>,
    /// The level by which it is split.
    pub level: AreaLevel,
}

/// The population of one area.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PopulationRow {
    /// The area.
    pub area: AreaId,
    /// Its people.
    pub population: Population,
}

/// A population split by areas.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = RegistryPopulation)]
pub struct PopulationAnswer {
    /// All of it.
    pub total: Population,
    /// The parts in which anyone is registered, by code.
    pub parts: Vec<PopulationRow>,
}

/// People registered, by area of a level.
///
/// # Errors
/// An area outside the actor's.
pub fn population(tx: &mut Tx<'_>, call: &Call, query: PopulationQuery) -> Result<PopulationAnswer, Refusal> {
    let under = query.under.unwrap_or(call.actor.area);
    call.covers(under)?;
    let parts = store::populations_under(tx, under, query.level)?;
    let parts = parts.into_iter().map(|(area, population)| PopulationRow { area, population }).collect();
    Ok(PopulationAnswer { total: store::population_of(tx, under)?, parts })
}
