//! How long a fault is applied, from which seed, and the line that tells what came of it.

use std::io::Write;
use std::time::Instant;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// The seed where nothing is said.
const SEED: u64 = 20_220_902;

/// Whether this is the long form.
pub fn is_long() -> bool {
    std::env::var("OUTPACE_TORTURE").is_ok_and(|form| form == "long")
}

/// The small amount in a test, the large one in the long form.
pub fn amount<T>(small: T, long: T) -> T {
    if is_long() { long } else { small }
}

/// Whether the forms for SQLite run: unless this is the suite's turn on PostgreSQL.
pub fn on_sqlite() -> bool {
    is_long() || !postgres_is_named()
}

/// Whether the forms for PostgreSQL run: where the suite's turn is on it, and in the long form.
pub fn on_postgres() -> bool {
    is_long() || postgres_is_named()
}

/// The engine of the suite's turn.
pub fn engine() -> &'static str {
    if postgres_is_named() { "postgresql" } else { "sqlite" }
}

fn postgres_is_named() -> bool {
    std::env::var(outpace_store::testing::VARIABLE).is_ok_and(|url| !url.is_empty())
}

/// A stream of random numbers for one fault; printed, so that a failure can be played again.
pub fn dice(fault: &str) -> ChaCha8Rng {
    let seed = std::env::var("OUTPACE_TORTURE_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(SEED);
    println!("{fault}: seed {seed}");
    ChaCha8Rng::seed_from_u64(seed)
}

/// What came of a fault: a line of the table.
pub struct Toll {
    fault: &'static str,
    engine: &'static str,
    began: Instant,
    /// How often the fault struck.
    pub kills: i64,
    /// Samples acknowledged (other records where the fault is not about samples).
    pub acknowledged: i64,
    /// Of these found afterwards.
    pub found: i64,
    /// Found more than once.
    pub twice: i64,
}

impl Toll {
    pub fn of(fault: &'static str, engine: &'static str) -> Self {
        Self { fault, engine, began: Instant::now(), kills: 0, acknowledged: 0, found: 0, twice: 0 }
    }

    /// Prints the line, adds it to the table where `OUTPACE_TORTURE_TABLE` names a file, and fails where anything is
    /// lost or doubled.
    pub fn settle(self) {
        let lost = self.acknowledged - self.found;
        let line = format!(
            "{:<34} {:<10} {:>6} {:>12} {:>9} {:>5} {:>5} {:>7.1}",
            self.fault,
            self.engine,
            self.kills,
            self.acknowledged,
            self.found,
            lost,
            self.twice,
            self.began.elapsed().as_secs_f64()
        );
        println!("{line}");
        if let Ok(table) = std::env::var("OUTPACE_TORTURE_TABLE") {
            let file = std::fs::OpenOptions::new().append(true).create(true).open(table);
            writeln!(file.unwrap(), "{line}").unwrap();
        }
        assert_eq!((lost, self.twice), (0, 0), "{line}");
        assert!(self.acknowledged > 0, "nothing was acknowledged, so nothing was tried: {line}");
    }
}
