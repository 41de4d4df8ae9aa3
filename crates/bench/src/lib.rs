//! `outpace bench`: how fast a server is, measured as its users would meet it, beside what the machine could do at best.
//!
//! The city is written first, in process: people, and whole rounds of samples, so that the tables have the size they
//! would have in the third week. Then a server is started in a process of its own and gets load over HTTP from this
//! one, on the same cores. Beside each rate stands a bare limit of the same run: a handler that does nothing, a handler
//! that writes the same rows with group commit and checks nothing, the same inserts without any HTTP. A ratio of two
//! numbers of one run says more than either of them.
//!
//! `city` writes the city, `load` offers requests and keeps the time, `bare` is the limit, `works` puts them together.

pub mod bare;
pub mod city;
mod day;
mod display;
pub mod load;
pub mod report;
pub mod server;
mod signed;
pub mod works;

use std::path::PathBuf;

use outpace_store::Place;
pub use report::{Report, Row};
pub use works::{Work, run};

/// What to measure, and on what.
#[derive(Debug, Clone)]
pub struct Options {
    /// People of the city.
    pub people: i64,
    /// Rounds in which everybody was sampled before the measurement begins.
    pub rounds: i64,
    /// What to measure; empty: everything.
    pub only: Vec<Work>,
    /// Seconds for which each load is offered.
    pub seconds: u64,
    /// Connections of a closed loop.
    pub connections: usize,
    /// Where the city is written; must be empty or absent.
    pub folder: PathBuf,
    /// The database; the folder's own file where nothing is said. On a server it must be empty.
    pub place: Place,
    /// The program that serves: this one.
    pub program: PathBuf,
}

/// Why a measurement could not be made.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// The store refused.
    #[error(transparent)]
    Store(#[from] outpace_store::StoreError),
    /// The city could not be written.
    #[error("{0}")]
    Refused(#[from] outpace_core::Refusal),
    /// A file, a process or a socket.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// The server or its answer.
    #[error("{0}")]
    Http(String),
    /// The bare limit's own database.
    #[error("bare: {0}")]
    Bare(#[from] rusqlite::Error),
}

impl From<hyper::Error> for BenchError {
    fn from(error: hyper::Error) -> Self {
        Self::Http(error.to_string())
    }
}
