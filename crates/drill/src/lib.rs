//! Plays a scenario through the HTTP API as its staff would, and scores it.
//!
//! This crate knows the system only by its contract: it signs in, posts and gets. Start with [`scenario`] for what is
//! given, then [`schedule`] for when, [`laboratory`] for the one secret, [`day`] for the work, and [`score`] for the end.
//! [`play`] does it all.

pub mod attendance;
pub mod authenticator;
pub mod client;
pub mod day;
pub mod laboratory;
pub mod parts;
pub mod population;
pub mod progress;
pub mod scenario;
pub mod schedule;
pub mod score;
pub mod setup;
pub mod staff;

use std::path::PathBuf;
use std::time::Instant;

pub use scenario::{Scenario, ScenarioError};
pub use schedule::Pace;
pub use score::Report;

use client::{Api, CallError};
use day::PlayError;
use day::play::Play;
use progress::Progress;

/// How a drill is to be played.
#[derive(Debug, Clone)]
pub struct Options {
    /// The folder of the scenario.
    pub scenario_dir: PathBuf,
    /// At the reported hours, or as early as possible.
    pub pace: Pace,
    /// The pack that the system runs under; the scenario's own where nothing is said. It is only named in the report:
    /// the system was opened with it.
    pub pack: Option<String>,
    /// Whether progress is shown on standard output.
    pub progress: bool,
}

/// A drill that could not be played to its end.
#[derive(Debug, thiserror::Error)]
pub enum DrillError {
    /// The scenario.
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
    /// A file beside it.
    #[error("{file}: {source}")]
    File {
        /// Which.
        file: String,
        /// Why.
        source: std::io::Error,
    },
    /// Setting up.
    #[error("设置 setting up: {0}")]
    SetUp(#[from] CallError),
    /// The day.
    #[error(transparent)]
    Play(#[from] PlayError),
}

/// Every made-up text of a scenario that says who somebody is, one a line, for `outpace admin leaks`.
///
/// # Errors
/// A scenario with mistakes.
pub fn identities(scenario: &Scenario) -> Result<String, DrillError> {
    let county = population::generate(scenario.seed, &scenario.read_areas()?);
    let mut lines: String = county.secrets().into_iter().collect::<Vec<_>>().join("\n");
    lines.push('\n');
    Ok(lines)
}

/// Plays a scenario against a system at an address, whose data folder is a drill's and whose clock stands at
/// [`Scenario::opens_at`]; signs in as the administrator with the password.
///
/// # Errors
/// A scenario with mistakes; whatever the system refuses, with the simulated hour and the step.
pub async fn play(base_url: &str, admin_password: &str, options: Options) -> Result<Report, DrillError> {
    let started = Instant::now();
    let scenario = Scenario::load(&options.scenario_dir)?;
    let mut progress = Progress::new(options.progress);
    let areas = scenario.read_areas()?;
    let path = scenario.folder.join(&scenario.files.boundaries);
    let boundaries = std::fs::read_to_string(&path)
        .map_err(|source| DrillError::File { file: path.display().to_string(), source })?;
    progress.note("生成人口", "making the population");
    let county = population::generate(scenario.seed, &areas);
    let api = Api::at(base_url)?;
    api.set_clock(scenario.opens_at);
    let first = staff::administrator(&api, admin_password).await?;
    let office = staff::open_office(&api, first, scenario.county).await?;
    let administrator = office.administrator.clone();
    progress.note("导入区域、住户、人员、场所", "bringing areas, households, people and places in");
    setup::registry::import_areas(&administrator, &scenario, &areas, &county).await?;
    setup::registry::import_boundaries(&administrator, &scenario, &boundaries).await?;
    let register = setup::registry::import_people(&administrator, &county).await?;
    let standing = setup::office::set_up(&api, &administrator, office, &scenario, register).await?;
    let pack = options.pack.unwrap_or_else(|| scenario.pack.clone());
    let play = Play::ready(api, scenario, (options.pace, pack), county, standing, progress, started).await?;
    Ok(play.run().await?)
}
