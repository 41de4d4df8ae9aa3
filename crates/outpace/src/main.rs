//! The `outpace` binary: composes the capabilities into one program and reads the command line.
//!
//! Every command that writes goes through the same door as the server: the store's writer. Exit codes: 0 all is well,
//! 1 something was found (a checkpoint missed, a broken chain, a bad row), 2 the command could not be carried out.

mod commands;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use commands::Failure;
use outpace_store::Place;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Outbreak response, from the first positive tube to zero community spread.
/// 疫情应急处置:从第一管阳性到社会面清零。
#[derive(Parser)]
#[command(name = "outpace", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

/// Where the data are.
#[derive(clap::Args, Clone)]
pub(crate) struct Data {
    /// The data folder; made when absent.
    #[arg(long = "data", value_name = "DIR", default_value = "data")]
    folder: PathBuf,
    /// Where the journal stands: sqlite:PATH, or postgres://USER@HOST/DATABASE; a file in the data folder where nothing
    /// is said. The folder holds the keys in either case.
    #[arg(long = "db", value_name = "URL", env = "OUTPACE_DB", hide_env_values = true, default_value = "sqlite:")]
    place: Place,
    /// The jurisdiction's profile; what the folder used last where nothing is said.
    #[arg(long, value_name = "ID")]
    profile: Option<String>,
}

#[derive(Subcommand)]
enum Command {
    /// Start the server on a data folder.
    Serve {
        #[command(flatten)]
        data: Data,
        /// Where to listen.
        #[arg(long, default_value = "127.0.0.1:8088")]
        listen: std::net::SocketAddr,
        /// The policy pack; what the folder used last where nothing is said.
        #[arg(long, value_name = "ID")]
        pack: Option<String>,
        /// Make the folder a drill's, for ever, with a clock that starts at this local time (2022-04-13T01:00).
        #[arg(long, value_name = "TIME")]
        drill_from: Option<String>,
        /// Encrypt: `self` makes a local authority and a certificate in the data folder and tells how phones trust it; or
        /// a certificate and its key, as PEM files.
        #[arg(long, value_names = ["self|CERT", "KEY"], num_args = 1..=2)]
        tls: Vec<PathBuf>,
    },
    /// Bring in areas, households, people, places, sites, facilities or vehicles from a file, or what a lane noted
    /// without a network.
    Import {
        /// What the file holds.
        #[arg(value_enum)]
        what: commands::import::What,
        /// A .csv file; .geojson for the boundaries of areas; the device's own file for a lane.
        file: PathBuf,
        #[command(flatten)]
        data: Data,
    },
    /// Write what a lane needs to work without a network, or a list with names that must leave, sealed.
    Export {
        #[command(subcommand)]
        command: commands::export::Command,
    },
    /// Play a scenario through the API and score it.
    Drill(commands::drill::Arguments),
    /// Print the plan: what should be in force, what is, and the price of the difference.
    Plan {
        #[command(flatten)]
        data: Data,
        /// Another pack: both prices stand side by side.
        #[arg(long, value_name = "ID")]
        pack: Option<String>,
    },
    /// Check or show a file of rules.
    Policy {
        #[command(subcommand)]
        command: commands::policy::Command,
    },
    /// Fold the journal again into fresh read models and compare.
    Rebuild {
        #[command(flatten)]
        data: Data,
    },
    /// Write a city, offer it load over HTTP, and measure beside the bare limits.
    Bench(commands::bench::Arguments),
    /// The bare limit that `bench` measures beside.
    #[command(hide = true)]
    BenchBare {
        #[arg(long)]
        data: PathBuf,
        #[arg(long)]
        entry_bytes: usize,
        #[arg(long)]
        listen: std::net::SocketAddr,
    },
    /// Look after a data folder.
    Admin {
        #[command(subcommand)]
        command: commands::verify::Command,
    },
}

fn main() -> ExitCode {
    // What this program writes is read by its owner only, whatever the machine's default is.
    #[cfg(unix)]
    rustix::process::umask(rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO);
    tracing_subscriber::fmt()
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_env("OUTPACE_LOG")
                .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn")),
        )
        .with_writer(std::io::stderr)
        .init();
    let done = match Cli::parse().command {
        Command::Serve { data, listen, pack, drill_from, tls } => {
            commands::serve::run(data, commands::serve::Wanted { listen, pack, drill_from, tls })
        }
        Command::Import { what, file, data } => commands::import::run(what, &file, data),
        Command::Export { command } => commands::export::run(command),
        Command::Drill(arguments) => commands::drill::run(arguments),
        Command::Plan { data, pack } => commands::plan::run(data, pack),
        Command::Policy { command } => commands::policy::run(command),
        Command::Rebuild { data } => commands::verify::rebuild(data),
        Command::Bench(arguments) => commands::bench::run(arguments),
        Command::BenchBare { data, entry_bytes, listen } => commands::bench::run_bare(data, entry_bytes, listen),
        Command::Admin { command } => commands::verify::run(command),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Found(text)) => {
            if !text.is_empty() {
                eprintln!("outpace: {text}");
            }
            ExitCode::from(1)
        }
        Err(Failure::Unable(text)) => {
            eprintln!("outpace: {text}");
            ExitCode::from(2)
        }
    }
}
