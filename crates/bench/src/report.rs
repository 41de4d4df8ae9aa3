//! What was measured: keys that stay stable, and a table for people.

use serde::Serialize;

/// The machine that measured.
#[derive(Debug, Clone, Serialize)]
pub struct Machine {
    /// Cores that this process may use, the load's among them.
    pub cores: usize,
    /// Its processor, where the system says.
    pub processor: Option<String>,
    /// Memory in MB, where the system says.
    pub memory_mb: Option<u64>,
}

impl Machine {
    /// This machine.
    #[must_use]
    pub fn this() -> Self {
        let line = |file: &str, key: &str| {
            let text = std::fs::read_to_string(file).ok()?;
            let line = text.lines().find(|line| line.starts_with(key))?;
            line.split_once(':').map(|(_, value)| value.trim().to_owned())
        };
        let memory = line("/proc/meminfo", "MemTotal");
        Self {
            cores: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            processor: line("/proc/cpuinfo", "model name"),
            memory_mb: memory.and_then(|text| Some(text.split(' ').next()?.parse::<u64>().ok()? / 1024)),
        }
    }
}

/// One measurement.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Row {
    /// What was done.
    pub work: String,
    /// The engine under it.
    pub engine: &'static str,
    /// Samples stored before.
    pub preloaded: i64,
    /// How many a second, in the unit of the work.
    pub rate_per_s: f64,
    /// Half of the requests were answered within so many milliseconds.
    pub p50_ms: f64,
    /// All but one of a hundred.
    pub p99_ms: f64,
    /// The limit beside it; absent where there is none.
    pub baseline: Option<&'static str>,
    /// How many a second the limit reached.
    pub baseline_rate_per_s: Option<f64>,
    /// Rate by the limit's rate.
    pub ratio: Option<f64>,
    /// What must be reached, in words.
    pub target: String,
    /// Whether it was.
    pub ok: bool,
}

/// All of it.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Who measured.
    pub machine: Machine,
    /// People of the city.
    pub people: i64,
    /// Seconds that writing the city took.
    pub city_seconds: f64,
    /// Bytes on disk after that.
    pub city_bytes: u64,
    /// The measurements.
    pub results: Vec<Row>,
}

impl Report {
    /// Whether every target was reached.
    #[must_use]
    pub fn ok(&self) -> bool {
        self.results.iter().all(|row| row.ok)
    }

    /// For a terminal.
    #[must_use]
    pub fn table(&self) -> String {
        let mut text = format!(
            "{} cores, {} people, {:.1} GB written in {:.0} s\n\n{:<34}{:>12}{:>10}{:>10}{:>14}{:>8}  target\n",
            self.machine.cores,
            self.people,
            self.city_bytes as f64 / 1e9,
            self.city_seconds,
            "work",
            "per second",
            "p50 ms",
            "p99 ms",
            "bare/s",
            "ratio",
        );
        for row in &self.results {
            let number =
                |value: Option<f64>, digits: usize| value.map_or("-".to_owned(), |value| format!("{value:.digits$}"));
            text.push_str(&format!(
                "{:<34}{:>12.0}{:>10.2}{:>10.2}{:>14}{:>8}  {} {}\n",
                row.work,
                row.rate_per_s,
                row.p50_ms,
                row.p99_ms,
                number(row.baseline_rate_per_s, 0),
                number(row.ratio, 2),
                if row.ok { "✓" } else { "✗" },
                row.target,
            ));
        }
        text
    }
}
