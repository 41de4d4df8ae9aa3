//! Areas as the registry keeps them.

use outpace_core::{AreaId, AreaLevel};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

crate::words! {
    /// Which bank of the county's river an area lies on, where that matters for orders.
    pub enum RiverSide {
        /// East of the river.
        East = "east",
        /// West of the river.
        West = "west",
    }
}

crate::words! {
    /// What a village-level area is.
    pub enum AreaKind {
        /// A village of houses (村委会).
        Village = "village",
        /// A community of flats (居委会).
        Community = "community",
        /// A compound (小区).
        Compound = "compound",
    }
}

/// A node of the area tree.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Area {
    /// Its code.
    pub id: AreaId,
    /// The area above it; `None` for a province.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<AreaId>,
    /// Its step of the tree.
    pub level: AreaLevel,
    /// Its Chinese name.
    pub name: String,
    /// Its English name, or the Chinese one where none was given.
    pub name_en: String,
    /// Longitude of its seat, degrees WGS-84.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lon: Option<f64>,
    /// Latitude of its seat, degrees WGS-84.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lat: Option<f64>,
    /// Whether the seat was placed by a method and is no published fact.
    #[serde(default)]
    pub seat_approximate: bool,
    /// Its bank of the river; `None` where it lies on both or it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub river_side: Option<RiverSide>,
    /// Village, community or compound; `None` above and where it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<AreaKind>,
    /// Residents as the source of the areas gives them (a census); `None` where nothing is known. The people in the
    /// registry are counted in [`Population`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub residents: Option<i64>,
}

/// The boundary of an area.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Boundary {
    /// The area.
    pub area: AreaId,
    /// A GeoJSON geometry (Polygon or MultiPolygon, WGS-84) as compact text.
    pub geometry: String,
}

/// How many people are registered in an area.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct Population {
    /// People registered.
    pub registered: i64,
    /// Of these, people who are there.
    pub present: i64,
    /// Households.
    pub households: i64,
}
