//! The scenario of a drill: hours, places, resources, what officers judged, how people behave, and what was reported.
//!
//! A scenario is one TOML file, read by [`Scenario::load`]. Every figure in it says whether it is an **input** (given on
//! the day, and given to the drill) or an **outcome** (what the system must reach); only outcomes are scored. The hidden
//! truth, who is infected, stands in the same file, but what is read of it goes into a [`Truth`] that only the drill's
//! laboratory can open. A mistake in the file names its line and key.

mod errors;
mod model;
mod parse;
#[cfg(test)]
mod tests;

use std::path::Path;

pub use errors::ScenarioError;
pub use model::*;

use crate::laboratory::Truth;
use crate::population::{self, AreaRow};

/// The name of the file in a scenario's folder.
pub const FILE: &str = "scenario.toml";

impl Scenario {
    /// Reads and checks the scenario of a folder.
    ///
    /// # Errors
    /// A file that cannot be read; a key that is unknown, missing or of the wrong kind; an hour outside the drill; a name
    /// of a step, resource or place that nothing bears. Each with file, line and key.
    pub fn load(folder: &Path) -> Result<Self, ScenarioError> {
        let file = folder.join(FILE);
        let text = std::fs::read_to_string(&file)
            .map_err(|source| ScenarioError::Unreadable { file: file.display().to_string(), source })?;
        let mut scenario = parse::read(&file.display().to_string(), &text)?;
        scenario.folder = folder.to_path_buf();
        Ok(scenario)
    }

    /// The areas of the scenario's folder.
    ///
    /// # Errors
    /// A file that cannot be read, with line and field.
    pub fn read_areas(&self) -> Result<Vec<AreaRow>, ScenarioError> {
        let path = self.folder.join(&self.files.areas);
        let file = path.display().to_string();
        let source =
            std::fs::File::open(&path).map_err(|source| ScenarioError::Unreadable { file: file.clone(), source })?;
        population::read_areas(source).map_err(|source| ScenarioError::Areas { file, source })
    }

    /// The amount of a resource; 0 where the scenario has none of that name.
    #[must_use]
    pub fn amount(&self, key: &str) -> i64 {
        self.resources.iter().find(|resource| resource.key == key).map_or(0, |resource| resource.amount)
    }

    /// A step by its key.
    #[must_use]
    pub fn step(&self, key: StepKey) -> Option<&Step> {
        self.steps.iter().find(|step| step.key == key)
    }

    /// The hidden truth, for the laboratory.
    pub(crate) fn truth(&self) -> &Truth {
        &self.truth
    }
}
