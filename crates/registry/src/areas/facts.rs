//! Facts about areas.

use outpace_store::Fact;
use serde::{Deserialize, Serialize};

use super::model::{Area, Boundary};

/// Areas were brought in; a known code gets the new row.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AreasImported {
    /// Where they come from: a file, a register.
    pub source: String,
    /// The areas.
    pub areas: Vec<Area>,
}

impl Fact for AreasImported {
    const KIND: &'static str = "registry.areas_imported";
}

/// Boundaries were brought in over existing areas; a known one is replaced.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct BoundariesImported {
    /// Where they come from.
    pub source: String,
    /// The boundaries.
    pub boundaries: Vec<Boundary>,
}

impl Fact for BoundariesImported {
    const KIND: &'static str = "registry.boundaries_imported";
}
