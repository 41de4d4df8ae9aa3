//! The tree of areas: names, seats, boundaries, and how many people live where.

mod facts;
mod http;
mod import;
mod model;
mod parse;
pub(crate) mod store;

pub use facts::{AreasImported, BoundariesImported};
pub use http::{
    AreaAnswer, AreaQuery, AreasAnswer, AreasQuery, BoundariesAnswer, BoundariesQuery, PopulationAnswer,
    PopulationQuery, PopulationRow, boundaries, list_areas, one_area, population, routes,
};
pub use import::{ImportAreas, ImportBoundaries, import_areas, import_boundaries};
pub use model::{Area, AreaKind, Boundary, Population, RiverSide};
pub use parse::{BadRow, Parsed, parse_areas_csv, parse_boundaries_geojson};
pub use store::{area, areas_under, boundaries_under, population_of, populations_under};

pub(crate) use store::{SCHEMA, fold};
