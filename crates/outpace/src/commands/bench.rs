//! `outpace bench`: measures this program on this machine, beside the bare limits.

use std::net::SocketAddr;
use std::path::PathBuf;

use outpace_bench::{BenchError, Options, Work, bare, run as measure};
use outpace_store::Place;

use super::{Failure, block_on};

/// What to measure.
#[derive(clap::Args)]
pub struct Arguments {
    /// People of the city that is written first.
    #[arg(long, default_value_t = 5_300_000)]
    people: i64,
    /// Rounds in which everybody was sampled and tested before the measurement: 4 make 21 million samples.
    #[arg(long, default_value_t = 4)]
    rounds: i64,
    /// What to measure; everything where nothing is said.
    #[arg(long, value_delimiter = ',', value_parser = work)]
    only: Vec<Work>,
    /// Seconds for which each load is offered.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Connections of a closed loop.
    #[arg(long, default_value_t = 64)]
    connections: usize,
    /// Write the report as JSON.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// The database to measure, which must be empty: sqlite:PATH or postgres://user@host/database.
    #[arg(long = "db", value_name = "URL", default_value = "sqlite:")]
    place: Place,
    /// An empty folder for the city; a temporary one where nothing is said. Removed afterwards.
    #[arg(long = "data", value_name = "DIR")]
    folder: Option<PathBuf>,
}

fn work(word: &str) -> Result<Work, String> {
    let known = || Work::ALL.map(Work::word).join(", ");
    Work::of_word(word).ok_or_else(|| format!("{word} is not measured; known: {}", known()))
}

impl From<BenchError> for Failure {
    fn from(error: BenchError) -> Self {
        Self::Unable(error.to_string())
    }
}

/// Measures, prints, says whether every target was reached.
pub fn run(arguments: Arguments) -> Result<(), Failure> {
    let folder =
        arguments.folder.unwrap_or_else(|| std::env::temp_dir().join(format!("outpace-bench-{}", std::process::id())));
    let options = Options {
        people: arguments.people,
        rounds: arguments.rounds,
        only: arguments.only,
        seconds: arguments.seconds,
        connections: arguments.connections,
        folder: folder.clone(),
        place: arguments.place,
        program: std::env::current_exe()?,
    };
    let report = block_on(async { Ok(measure(&options, |line| eprintln!("{line}")).await?) });
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    let report = report?;
    println!("{}", report.table());
    if let Some(file) = arguments.json {
        let text = serde_json::to_string_pretty(&report).map_err(|error| Failure::Unable(error.to_string()))?;
        std::fs::write(file, text + "\n")?;
    }
    if report.ok() { Ok(()) } else { Err(Failure::Found("not every target was reached; see the table".to_owned())) }
}

/// The bare limit, served.
pub fn run_bare(folder: PathBuf, entry_bytes: usize, listen: SocketAddr) -> Result<(), Failure> {
    block_on(async { Ok(bare::serve(&folder, entry_bytes, listen).await?) })
}
