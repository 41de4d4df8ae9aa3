//! The measurements, one function each, over one city and one server.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use outpace_screening::laboratory::{Intake, ReportResults};
use outpace_screening::tubes::{RegisterSwab, Swab};
use outpace_store::Place;
use serde_json::Value;

use crate::city::{City, POOL, code, negative, tube};
use crate::load::{Asked, Load, Maker, Measured, Pace, offer, once};
use crate::report::{Machine, Report, Row};
use crate::server::Server;
use crate::{BenchError, Options, bare, city, signed};

/// What can be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// Whole tubes of ten.
    Registration,
    /// One person a request.
    Persons,
    /// Batches of a thousand tubes.
    Results,
    /// Coverage of areas of every size.
    Coverage,
    /// A person's status with its reasons.
    Status,
    /// Check-ins at places, until they are on disk.
    CheckIn,
    /// From a positive pool to holds in force, orders and a plan.
    Plan,
    /// Coverage and status asked at a fixed rate while registration runs.
    Mixed,
    /// Everybody of the city registered and tested: the day of Chengdu with 21 million people.
    Day,
    /// From the start of the process to the first answer.
    Start,
    /// The check of a request's token and permission, alone.
    Access,
    /// Registration with and without sign-in, side by side.
    Signed,
}

impl Work {
    /// All of them, in the order in which they run.
    pub const ALL: [Self; 12] = [
        Self::Start,
        Self::Registration,
        Self::Persons,
        Self::Results,
        Self::Coverage,
        Self::Status,
        Self::CheckIn,
        Self::Mixed,
        Self::Plan,
        Self::Access,
        Self::Signed,
        Self::Day,
    ];

    /// Whether it runs where nothing is chosen. A day needs everybody, and leaves nobody for the others.
    #[must_use]
    pub fn is_usual(self) -> bool {
        self != Self::Day
    }

    /// Its word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Registration => "registration",
            Self::Persons => "persons",
            Self::Results => "results",
            Self::Coverage => "coverage",
            Self::Status => "status",
            Self::CheckIn => "checkin",
            Self::Plan => "plan",
            Self::Mixed => "mixed",
            Self::Day => "day",
            Self::Start => "start",
            Self::Access => "access",
            Self::Signed => "signed",
        }
    }

    /// The work with a word.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|work| work.word() == word)
    }
}

/// Tubes in a batch of results, as a laboratory's file has them.
const RESULTS: i64 = 1_000;
/// Batches of results at most: a million people.
const RESULT_BATCHES_MAX: i64 = 100;

pub(crate) struct Bench<'a> {
    pub(crate) options: &'a Options,
    pub(crate) city: Arc<City>,
    pub(crate) server: Server,
}

pub(crate) fn body(request: &impl serde::Serialize) -> String {
    // Requests are our own types, whose maps have text as keys: they always serialise.
    serde_json::to_string(request).unwrap_or_default()
}

impl Bench<'_> {
    pub(crate) fn load(&self, tokens: &[String]) -> Load {
        Load {
            address: self.server.address,
            tokens: tokens.to_vec(),
            connections: self.options.connections,
            lasts: Duration::from_secs(self.options.seconds),
            pace: Pace::Closed,
        }
    }

    fn engine(&self) -> &'static str {
        if self.on_file() { "sqlite" } else { "postgresql" }
    }

    pub(crate) fn row(&self, work: &str, measured: &Measured) -> Row {
        Row {
            work: work.to_owned(),
            engine: self.engine(),
            preloaded: self.city.stored,
            rate_per_s: measured.rate(),
            p50_ms: measured.percentile_ms(0.5),
            p99_ms: measured.percentile_ms(0.99),
            ..Row::default()
        }
    }

    /// Whether this runs on SQLite, whose floors these are; on a server only registration has one.
    pub(crate) fn on_file(&self) -> bool {
        !matches!(self.options.place, Place::Postgres(_))
    }

    /// A row whose floor is SQLite's.
    pub(crate) fn floored(&self, work: &str, measured: &Measured, fine: bool, floor: f64, unit: &str) -> Row {
        let row = self.row(work, measured);
        if self.on_file() {
            let thousands = floor / 1e3;
            return Row { target: format!("{thousands:.0},000 {unit}"), ok: fine && row.rate_per_s >= floor, ..row };
        }
        Row { target: "told, no target on this engine".to_owned(), ok: fine, ..row }
    }

    /// Registers tubes of a share of the city, each once; ends when everybody there was sampled.
    pub(crate) fn tubes(&self, campaign: &'static str, share: Range<i64>, path: &'static str) -> Maker {
        let city = Arc::clone(&self.city);
        Arc::new(move |number| {
            let lane = city.lanes[usize::try_from(number).unwrap_or(0) % city.lanes.len()];
            let people = city.members(share.start + number);
            let request = tube(city.round, lane, &code(campaign, number), &people);
            let asked = Asked { path: path.to_owned(), body: Some(body(&request)), count: people.len() as i64 };
            (number < share.end - share.start).then_some(asked)
        })
    }

    fn scratch(&self) -> PathBuf {
        self.options.folder.join("bare")
    }

    /// The bare handlers in a process of their own.
    pub(crate) async fn bare(&self) -> Result<Server, BenchError> {
        let (scratch, bytes) = (self.scratch().display().to_string(), self.city.entry_bytes.to_string());
        let arguments = ["bench-bare", "--data", &scratch, "--entry-bytes", &bytes];
        Server::start(&self.options.program, &arguments, "/empty").await
    }

    async fn registration(&self) -> Result<Vec<Row>, BenchError> {
        let measured =
            offer(&self.load(&self.city.lane_tokens), self.tubes("R", self.city.share(0, 50), "/api/screening/tubes"))
                .await?;
        let fault = accepted(&measured)?;
        let server = self.bare().await?;
        let load = Load { address: server.address, ..self.load(&[]) };
        let limit = offer(&load, self.tubes("R", self.city.share(0, 100), "/tubes")).await?;
        accepted(&limit)?;
        let nothing = offer(&load, empty()).await?;
        drop(server);
        let scratch = self.scratch();
        std::fs::remove_dir_all(&scratch)?;
        let raw = bare::raw_inserts(&scratch, usize::try_from(self.city.entry_bytes).unwrap_or(0), 100_000)?;
        std::fs::remove_dir_all(&scratch)?;
        let ratio = measured.rate() / limit.rate();
        let (floor, target) = match self.options.place {
            Place::Postgres(_) => (30_000.0, "30,000 people/s (the limit is SQLite's)"),
            Place::Folder | Place::File(_) => (100_000.0, "100,000 people/s, p99 < 50 ms, half of bare"),
        };
        let paced = !self.on_file() || (measured.percentile_ms(0.99) < 50.0 && ratio >= 0.5);
        let reached = measured.rate() >= floor && paced && fault;
        Ok(vec![
            Row {
                baseline: Some("bare handler, same rows and journal bytes"),
                baseline_rate_per_s: Some(limit.rate()),
                ratio: Some(ratio),
                target: target.to_owned(),
                ok: reached,
                ..self.row("registration, tubes of ten", &measured)
            },
            Row { target: "a limit, no target".to_owned(), ok: true, ..self.row("bare handler (people)", &limit) },
            Row { target: "a limit, no target".to_owned(), ok: true, ..self.row("empty handler (requests)", &nothing) },
            Row {
                rate_per_s: raw,
                target: "a limit, no target".to_owned(),
                ok: true,
                ..self.row("raw inserts (people)", &Measured::default())
            },
        ])
    }

    async fn persons(&self) -> Result<Row, BenchError> {
        let city = Arc::clone(&self.city);
        let share = city.share(50, 60);
        let make: Maker = Arc::new(move |number| {
            // Sixty-four queues move side by side, each filling its own tube.
            let queues = city.lanes.len() as i64;
            let (queue, turn) = (number % queues, number / queues);
            let tube = queue + turn / POOL * queues;
            if share.start + tube >= share.end {
                return None;
            }
            let person = (share.start + tube) * POOL + turn % POOL + 1;
            let request = RegisterSwab {
                tube: code("P", tube).as_str().into(),
                lane: city.lanes[usize::try_from(queue).unwrap_or(0)],
                round: Some(city.round),
                purpose: None,
                position: None,
                swab: Swab { person: Some(outpace_core::PersonId(person)), ..Swab::default() },
                seal: false,
                occurred_at: None,
            };
            Some(Asked { path: "/api/screening/swabs".to_owned(), body: Some(body(&request)), count: 1 })
        });
        let measured = offer(&self.load(&self.city.lane_tokens), make).await?;
        let fine = accepted(&measured)?;
        Ok(self.floored("registration, one person a request", &measured, fine, 15_000.0, "people/s"))
    }

    /// Registers tubes (not counted), takes them in, then reports their results.
    async fn results(&self) -> Result<Row, BenchError> {
        let share = self.city.share(60, 75);
        let size = RESULTS.min(share.end - share.start).max(1);
        let batches = ((share.end - share.start) / size).clamp(1, RESULT_BATCHES_MAX);
        let share = share.start..share.start + batches * size;
        let all = self.tubes("T", share, "/api/screening/tubes");
        let long = Duration::from_secs(600);
        accepted(&offer(&Load { lasts: long, ..self.load(&self.city.lane_tokens) }, all).await?)?;
        let laboratory = std::slice::from_ref(&self.city.laboratory_token);
        let codes = move |batch: i64| (batch * size..(batch + 1) * size).map(|number| code("T", number));
        let id = self.city.laboratory;
        let few = Load { connections: 2, lasts: long, ..self.load(laboratory) };
        let intake: Maker = Arc::new(move |batch| {
            let tubes = codes(batch).collect();
            let request = Intake { laboratory: id, from_box: None, tubes, declare_missing: false, occurred_at: None };
            let asked = Asked { path: "/api/screening/intake".to_owned(), body: Some(body(&request)), count: 1 };
            (batch < batches).then_some(asked)
        });
        accepted(&offer(&few, intake).await?)?;
        let report: Maker = Arc::new(move |batch| {
            let request = ReportResults { laboratory: id, results: codes(batch).map(negative).collect() };
            let path = "/api/screening/results".to_owned();
            (batch < batches).then(|| Asked { path, body: Some(body(&request)), count: size * POOL })
        });
        let measured = offer(&few, report).await?;
        let fine = accepted(&measured)?;
        Ok(self.floored("results, batches of 1,000 tubes", &measured, fine, 100_000.0, "people/s"))
    }

    pub(crate) fn coverage_maker(&self) -> Maker {
        let round = self.city.round;
        Arc::new(move |number| {
            let path = format!("/api/screening/coverage?round={round}&area={}", area_of(number));
            Some(Asked { path, body: None, count: 1 })
        })
    }

    async fn due(&self) -> Result<Row, BenchError> {
        let office = std::slice::from_ref(&self.city.office_token);
        let load = Load { connections: 1, ..self.load(office) };
        let make: Maker = Arc::new(|number| {
            let path = format!("/api/status/due?by=village&area={}", area_of(number));
            Some(Asked { path, body: None, count: 1 })
        });
        let measured = offer(&load, make).await?;
        let ok = accepted(&measured)? && measured.percentile_ms(0.99) < 50.0;
        Ok(Row { target: "any area < 50 ms".to_owned(), ok, ..self.row("due today, by village", &measured) })
    }

    async fn coverage(&self) -> Result<Row, BenchError> {
        let office = std::slice::from_ref(&self.city.office_token);
        let load = Load { connections: 1, ..self.load(office) };
        let measured = offer(&load, self.coverage_maker()).await?;
        let ok = accepted(&measured)? && measured.percentile_ms(0.99) < 50.0;
        Ok(Row { target: "any area < 50 ms".to_owned(), ok, ..self.row("coverage of a round", &measured) })
    }

    fn start(&self) -> Row {
        let milliseconds = self.server.ready_after * 1e3;
        Row {
            p50_ms: milliseconds,
            p99_ms: milliseconds,
            target: "first answer < 10 s".to_owned(),
            ok: self.server.ready_after < 10.0,
            ..self.row("start", &Measured::default())
        }
    }

    /// No tube may have been lost by all of this.
    async fn balance(&self) -> Result<Row, BenchError> {
        let path = "/api/screening/conservation".to_owned();
        let asked = Asked { path, body: None, count: 1 };
        let (status, answer) = once(self.server.address, Some(&self.city.office_token), asked).await?;
        let told: Value = serde_json::from_slice(&answer).unwrap_or_default();
        let difference = told.get("difference").and_then(Value::as_i64);
        let memory = self.server.memory_mb().map_or("?".to_owned(), |mb| mb.to_string());
        let told = difference.map_or("?".to_owned(), |tubes| tubes.to_string());
        Ok(Row {
            target: format!("difference 0 (found {told}); server holds {memory} MB"),
            ok: status == 200 && difference == Some(0),
            ..self.row("conservation afterwards", &Measured::default())
        })
    }
}

/// Requests to the handler that does nothing.
pub(crate) fn empty() -> Maker {
    Arc::new(|_| Some(Asked { path: "/empty".to_owned(), body: None, count: 1 }))
}

/// A load that was refused measured nothing.
pub(crate) fn accepted(measured: &Measured) -> Result<bool, BenchError> {
    match &measured.first_refusal {
        Some(refusal) if measured.requests == 0 => Err(BenchError::Http(refusal.clone())),
        Some(refusal) => {
            eprintln!("outpace bench: {} requests refused, the first: {refusal}", measured.refused);
            Ok(false)
        }
        None => Ok(true),
    }
}

/// The whole city, a district, a township or a village in turn.
fn area_of(number: i64) -> i64 {
    match number % 4 {
        0 => 1_401,
        1 => 140_101 + number % 10,
        2 => 140_101_001 + number % 10,
        _ => 140_101_001_001 + number % 15,
    }
}

/// Writes the city, starts the server, measures.
///
/// # Errors
/// When the city cannot be written or the server does not answer. A target that was missed is no error.
pub async fn run(options: &Options, tell: impl Fn(&str)) -> Result<Report, BenchError> {
    tell("writing the city / 生成城市数据");
    let (folder, place) = (options.folder.clone(), options.place.clone());
    let (people, rounds) = (options.people, options.rounds);
    let write = move || city::write(&folder.join("city"), place, people, rounds);
    let written = tokio::task::spawn_blocking(write).await.map_err(|error| BenchError::Http(error.to_string()))??;
    let city_folder = options.folder.join("city");
    let city_bytes = city::bytes_of(&city_folder)?;
    let bench = Bench { options, server: serve(options, &city_folder).await?, city: Arc::new(written) };
    let mut results = Vec::new();
    let chosen = |work: &Work| if options.only.is_empty() { work.is_usual() } else { options.only.contains(work) };
    for work in Work::ALL.into_iter().filter(chosen) {
        tell(work.word());
        match work {
            Work::Registration => results.extend(bench.registration().await?),
            Work::Persons => results.push(bench.persons().await?),
            Work::Results => results.push(bench.results().await?),
            Work::Coverage => results.extend([bench.coverage().await?, bench.due().await?]),
            Work::Status => results.push(bench.status().await?),
            Work::CheckIn => results.push(bench.check_ins().await?),
            Work::Mixed => results.extend(bench.mixed().await?),
            Work::Plan => results.push(bench.plan().await?),
            Work::Day => results.extend(bench.day().await?),
            Work::Start => results.push(bench.start()),
            Work::Access => results.push(signed::check(&bench)?),
            Work::Signed => results.push(signed::compare(&bench).await?),
        }
    }
    results.push(bench.balance().await?);
    Ok(Report { machine: Machine::this(), people, city_seconds: bench.city.seconds, city_bytes, results })
}

async fn serve(options: &Options, folder: &Path) -> Result<Server, BenchError> {
    let folder = folder.display().to_string();
    let mut arguments = vec!["serve".to_owned(), "--data".to_owned(), folder];
    match &options.place {
        Place::Folder => {}
        Place::File(file) => arguments.extend(["--db".to_owned(), format!("sqlite:{}", file.display())]),
        Place::Postgres(url) => arguments.extend(["--db".to_owned(), url.clone()]),
    }
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    Server::start(&options.program, &arguments, "/api/health").await
}
