//! A whole day: everybody of the city registered, taken in and tested, one after the other; and what one positive pool
//! among them sets off.

use std::sync::Arc;
use std::time::{Duration, Instant};

use outpace_screening::laboratory::{Intake, ReportResults};

use crate::BenchError;
use crate::city::{POOL, code, negative, tube};
use crate::load::{Asked, Load, Maker, Measured, offer, once};
use crate::report::Row;
use crate::works::{Bench, accepted, body};

/// Tubes in one intake and in one batch of results.
const BATCH: i64 = 1_000;
/// A day may take so long before it is given up.
const DAY_MAX: Duration = Duration::from_secs(3_600);
/// Seconds within which the day of Chengdu, 21 million people, must be done.
const DAY_FLOOR_S: f64 = 600.0;
/// Its people.
const DAY_PEOPLE: f64 = 21_000_000.0;
/// Memory that the server may hold for it, MB.
const DAY_MEMORY_MB: u64 = 4_096;
/// How long to wait for what a positive pool sets off.
const PLAN_MAX: Duration = Duration::from_secs(120);
/// Seconds within which holds must stand: design's number for a city of 5.3 million.
const PLAN_FLOOR_S: f64 = 5.0;

impl Bench<'_> {
    /// Everybody registered, then every tube taken in, then every result.
    pub(crate) async fn day(&self) -> Result<Vec<Row>, BenchError> {
        let began = Instant::now();
        let long = |load: Load| Load { lasts: DAY_MAX, ..load };
        let lanes = long(self.load(&self.city.lane_tokens));
        let registered = offer(&lanes, self.tubes("D", 0..self.city.tubes(), "/api/screening/tubes")).await?;
        let laboratory = std::slice::from_ref(&self.city.laboratory_token);
        let few = long(Load { connections: 2, ..self.load(laboratory) });
        let (tubes, id) = (self.city.tubes(), self.city.laboratory);
        let batches = (tubes + BATCH - 1) / BATCH;
        let codes = move |batch: i64| (batch * BATCH..tubes.min((batch + 1) * BATCH)).map(|number| code("D", number));
        let intake: Maker = Arc::new(move |batch| {
            let tubes: Vec<String> = codes(batch).collect();
            let count = tubes.len() as i64 * POOL;
            let request = Intake { laboratory: id, from_box: None, tubes, declare_missing: false, occurred_at: None };
            let path = "/api/screening/intake".to_owned();
            (batch < batches).then(|| Asked { path, body: Some(body(&request)), count })
        });
        let taken_in = offer(&few, intake).await?;
        let report: Maker = Arc::new(move |batch| {
            let results: Vec<_> = codes(batch).map(negative).collect();
            let count = results.len() as i64 * POOL;
            let request = ReportResults { laboratory: id, results };
            let path = "/api/screening/results".to_owned();
            (batch < batches).then(|| Asked { path, body: Some(body(&request)), count })
        });
        let resulted = offer(&few, report).await?;
        let seconds = began.elapsed().as_secs_f64();
        let fine = accepted(&registered)? && accepted(&taken_in)? && accepted(&resulted)?;
        let memory = self.server.memory_peak_mb();
        let floor = DAY_FLOOR_S * self.city.people as f64 / DAY_PEOPLE;
        let part = |work: &str, measured: &Measured| Row {
            target: "part of the day".to_owned(),
            ok: fine,
            ..self.row(work, measured)
        };
        let whole = Measured { count: self.city.tubes() * POOL, seconds, ..Measured::default() };
        Ok(vec![
            part("day: registration", &registered),
            part("day: intake, 1,000 tubes a request", &taken_in),
            part("day: results, 1,000 tubes a request", &resulted),
            Row {
                target: format!(
                    "{seconds:.0} s of {floor:.0} s (ten minutes for 21 million); at most {} of {DAY_MEMORY_MB} MB",
                    memory.map_or("?".to_owned(), |mb| mb.to_string())
                ),
                ok: fine && seconds < floor && memory.is_some_and(|mb| mb < DAY_MEMORY_MB),
                ..self.row("day: registered and resulted", &whole)
            },
        ])
    }

    /// One pool of the round turns out positive: until its people are held and their single samples are ordered.
    pub(crate) async fn plan(&self) -> Result<Row, BenchError> {
        let share = self.city.share(98, 100);
        let (name, people) = (code("Z", 0), self.city.members(share.start));
        let lane = self.city.lanes[0];
        let send = async |token: &String, path: &str, body: String| -> Result<(), BenchError> {
            let asked = Asked { path: path.to_owned(), body: Some(body), count: 1 };
            let (status, answer) = once(self.server.address, Some(token), asked).await?;
            if status == 200 { Ok(()) } else { Err(BenchError::Http(String::from_utf8_lossy(&answer).into_owned())) }
        };
        let laboratory = &self.city.laboratory_token;
        let registration = tube(self.city.round, lane, &name, &people);
        send(&self.city.lane_tokens[0], "/api/screening/tubes", body(&registration)).await?;
        let id = self.city.laboratory;
        let tubes = vec![name.clone()];
        let intake = Intake { laboratory: id, from_box: None, tubes, declare_missing: false, occurred_at: None };
        send(laboratory, "/api/screening/intake", body(&intake)).await?;
        let mut result = negative(name);
        result.outcome = "positive".to_owned();
        let began = Instant::now();
        let report = ReportResults { laboratory: id, results: vec![result] };
        send(laboratory, "/api/screening/results", body(&report)).await?;
        let mut held = 0;
        while held < people.len() && began.elapsed() < PLAN_MAX {
            tokio::time::sleep(Duration::from_millis(5)).await;
            held = self.held(people.first().copied().unwrap_or(0), people.len()).await?;
        }
        let milliseconds = began.elapsed().as_secs_f64() * 1e3;
        Ok(Row {
            p50_ms: milliseconds,
            p99_ms: milliseconds,
            target: format!("{held} of {} held in {PLAN_FLOOR_S} s", people.len()),
            ok: held == people.len() && milliseconds < PLAN_FLOOR_S * 1e3,
            ..self.row("plan: a positive pool, to holds in force", &Measured::default())
        })
    }

    /// How many people from one id on are held.
    async fn held(&self, first: i64, people: usize) -> Result<usize, BenchError> {
        let mut held = 0;
        for person in (first..).take(people) {
            let path = format!("/api/isolation/person?person={person}");
            let asked = Asked { path, body: None, count: 1 };
            let (status, answer) = once(self.server.address, Some(&self.city.office_token), asked).await?;
            if status != 200 {
                return Err(BenchError::Http(String::from_utf8_lossy(&answer).into_owned()));
            }
            let told: serde_json::Value = serde_json::from_slice(&answer).unwrap_or_default();
            let found = told.get("restrictions").and_then(|list| list.as_array()).is_some_and(|list| !list.is_empty());
            held += usize::from(found);
        }
        Ok(held)
    }
}
