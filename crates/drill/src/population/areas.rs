//! Reads the areas of a drill: the rows of `areas.csv`, whose columns its SOURCES.md explains.

use std::io::Read;

use outpace_core::{AreaId, AreaLevel};
use serde::{Deserialize, Serialize};

/// One row of `areas.csv`: a division of the city with what is known about it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AreaRow {
    /// The division's code.
    pub code: AreaId,
    /// Its Chinese name.
    pub name: String,
    /// The division above it; `None` for the city.
    pub parent: Option<AreaId>,
    /// Its level in the tree.
    pub level: AreaLevel,
    /// Residents; `None` where nothing is known.
    pub population: Option<u32>,
    /// How the population came about, such as `census-2020` or `weight-village`; empty where there is none.
    pub population_method: String,
    /// Longitude of the seat, degrees WGS-84.
    pub lon: Option<f64>,
    /// Latitude of the seat, degrees WGS-84.
    pub lat: Option<f64>,
    /// Whether the seat is a fact or was placed by the script.
    pub seat_source: Option<SeatSource>,
    /// Which side of the Fen it lies on; `None` where it lies on both or outside the county.
    pub river_side: Option<RiverSide>,
    /// Its English name: a transliteration and its kind; empty in files that have none.
    #[serde(default)]
    pub name_en: String,
}

impl AreaRow {
    /// The English name, or the Chinese one where the file has none.
    #[must_use]
    pub fn english(&self) -> &str {
        if self.name_en.is_empty() { &self.name } else { &self.name_en }
    }
}

/// Where a seat's coordinates come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SeatSource {
    /// Published coordinates.
    Known,
    /// Placed around the township's seat.
    Approximate,
}

/// A bank of the Fen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RiverSide {
    /// Left bank.
    East,
    /// Right bank.
    West,
}

/// A file of areas that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum AreaFileError {
    /// A line does not have the columns of `areas.csv`, or a value of the wrong kind; the source names line and field.
    #[error(
        "区域文件无法读取 / the file of areas cannot be read: {0}; \
         columns: code,name,parent,level,population,population_method,lon,lat,seat_source,river_side,name_en"
    )]
    Row(#[from] csv::Error),
}

/// Reads every row of an `areas.csv`.
///
/// # Errors
/// [`AreaFileError::Row`] with the line and field that could not be read.
pub fn read_areas(source: impl Read) -> Result<Vec<AreaRow>, AreaFileError> {
    let mut reader = csv::Reader::from_reader(source);
    Ok(reader.deserialize().collect::<Result<Vec<AreaRow>, csv::Error>>()?)
}
