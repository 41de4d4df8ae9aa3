//! One drill from its first minute to its last: the clock is moved, steps begin when they may, and between them tubes
//! travel, vehicles drive, laboratories report and people work on their orders.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use outpace_core::{AreaId, Timestamp};
use serde_json::{Value, json};

use super::orders::Workers;
use super::sampling::Sampling;
use super::sites::Site;
use super::trips::Trips;
use crate::client::{Api, CallError, Staff};
use crate::laboratory::Bench;
use crate::population::Population;
use crate::progress::Progress;
use crate::scenario::{Scenario, StepKey};
use crate::schedule::{Pace, Schedule, ScheduleError};
use crate::score::measure::{Asked, Names, System};
use crate::score::{Board, Report, report};
use crate::setup::{Register, Standing};
use crate::staff::Office;

/// Minutes by which the clock moves at a time. Observations carry their own time to the second.
const SLICE_MINUTES: i64 = 5;
/// Hours after which everybody signs in again and devices renew; the system lets a sign-in hold for twelve.
const SHIFT_HOURS: i64 = 8;
/// Minutes between two looks at the orders.
const ORDERS_EVERY_MINUTES: i64 = 15;
/// Minutes between two looks of the score.
const SCORE_EVERY_MINUTES: i64 = 15;

/// A drill that could not be played to its end.
#[derive(Debug, thiserror::Error)]
pub enum PlayError {
    /// The system refused or did not answer.
    #[error("{clock} {step}: {source}")]
    Call {
        /// The simulated hour.
        clock: String,
        /// The part of the work.
        step: String,
        /// What it said.
        source: CallError,
    },
    /// The player's own schedule.
    #[error(transparent)]
    Schedule(#[from] ScheduleError),
}

/// Everything that a drill has in hand.
pub(crate) struct Play {
    pub(crate) api: Api,
    pub(crate) scenario: Scenario,
    pub(crate) pace: Pace,
    pub(crate) pack: String,
    pub(crate) county: Population,
    pub(crate) register: Register,
    pub(crate) office: Office,
    pub(crate) flow: super::flow::Flow,
    pub(crate) bench: Bench,
    pub(crate) trips: Trips,
    pub(crate) workers: Workers,
    pub(crate) schedule: Schedule,
    pub(crate) board: Board,
    pub(crate) names: Names,
    asked: Asked,
    pub(crate) now: Timestamp,
    pub(crate) standing: Fleet,
    pub(crate) night: Night,
    pub(crate) east: East,
    pub(crate) antigen: super::antigen::Antigen,
    pub(crate) retests: super::chase::Chase,
    pub(crate) decisions: super::decisions::Decisions,
    pub(crate) transfer: Vec<i64>,
    pub(crate) teams: BTreeMap<StepKey, Vec<(i64, i64)>>,
    pub(crate) supplies: super::trucks::Supplies,
    pub(crate) beds_ready: usize,
    pub(crate) progress: Progress,
    started: Instant,
    /// What each part of the work took of the machine's time.
    parts: BTreeMap<&'static str, Duration>,
    last_sign_in: Timestamp,
    last_collect: Timestamp,
}

/// Vehicles and facilities.
pub(crate) struct Fleet {
    pub(crate) ambulances: Vec<crate::setup::office::Driven>,
    pub(crate) buses: Vec<crate::setup::office::Driven>,
    pub(crate) transfer_buses: usize,
    pub(crate) trucks: Vec<i64>,
    pub(crate) facilities: Vec<i64>,
}

/// The round of the night at the distribution centre.
#[derive(Default)]
pub(crate) struct Night {
    pub(crate) site: Option<Site>,
    pub(crate) sampling: Option<Sampling>,
    pub(crate) people: usize,
}

/// The round of the east.
#[derive(Default)]
pub(crate) struct East {
    pub(crate) sites: Vec<Site>,
    pub(crate) sampling: Option<Sampling>,
    pub(crate) closed: bool,
}

impl Play {
    /// Puts everything in hand; nothing has happened yet.
    pub(crate) async fn ready(
        api: Api,
        scenario: Scenario,
        (pace, pack): (Pace, String),
        county: Population,
        standing: Standing,
        progress: Progress,
        started: Instant,
    ) -> Result<Self, CallError> {
        let bench = Bench::new(scenario.truth(), &county, scenario.starts_at);
        let workers =
            Workers::ready(&standing.office.auditor, standing.ambulances.first().map_or(0, |one| one.vehicle)).await?;
        let place = |which: Option<crate::population::PlaceRef>| which.map_or(0, |one| standing.register.place(one));
        let names = Names {
            county: Some(scenario.county),
            park: place(county.park.as_ref().map(|park| park.place_ref)),
            centre: place(county.park.as_ref().map(|park| park.distribution_centre)),
            east: crate::attendance::east_villages(&county).collect(),
            west: crate::attendance::west_villages(&county).collect(),
            closed_classes: super::decisions::closed_classes(&scenario),
            ..Names::default()
        };
        Ok(Self {
            schedule: Schedule::new(pace, &scenario.steps, &scenario.resources),
            board: Board::of(&scenario),
            now: scenario.opens_at,
            last_collect: scenario.opens_at,
            api,
            parts: BTreeMap::from([("setting up", started.elapsed())]),
            last_sign_in: scenario.opens_at,
            pace,
            pack,
            register: standing.register,
            office: standing.office,
            flow: standing.flow,
            bench,
            trips: Trips::default(),
            workers,
            names,
            asked: Asked::default(),
            standing: Fleet {
                ambulances: standing.ambulances,
                buses: standing.buses,
                transfer_buses: standing.transfer_buses,
                trucks: standing.trucks,
                facilities: standing.facilities,
            },
            night: Night::default(),
            east: East::default(),
            antigen: super::antigen::Antigen::default(),
            retests: super::chase::Chase::default(),
            decisions: super::decisions::Decisions::default(),
            transfer: Vec::new(),
            teams: BTreeMap::new(),
            supplies: super::trucks::Supplies::default(),
            beds_ready: 0,
            progress,
            started,
            scenario,
            county,
        })
    }

    /// Plays the drill.
    pub(crate) async fn run(mut self) -> Result<Report, PlayError> {
        self.scene(None).await.map_err(|error| self.at("scene", error))?;
        self.stock_up().await.map_err(|error| self.at("stock", error))?;
        self.evening_before().await.map_err(|error| self.at("evening before", error))?;
        while self.now < self.scenario.ends_at {
            let next = self.now.plus_minutes(SLICE_MINUTES).min(self.scenario.ends_at);
            let first = self.now < self.scenario.starts_at;
            let mut begun = Instant::now();
            self.move_clock(if first { self.scenario.starts_at } else { next })
                .await
                .map_err(|error| self.at("clock", error))?;
            self.spent("clock", &mut begun);
            self.steps().await?;
            self.spent("steps", &mut begun);
            self.in_between().await?;
        }
        self.finish().await
    }

    pub(crate) fn at(&self, step: &str, source: CallError) -> PlayError {
        PlayError::Call { clock: self.now.local(self.scenario.utc_offset_minutes), step: step.to_owned(), source }
    }

    /// Moves the drill's clock; the system does on the way what passes by itself.
    pub(crate) async fn move_clock(&mut self, to: Timestamp) -> Result<(), CallError> {
        self.office.administrator.tell("/api/drill/clock", &json!({ "to": to })).await?;
        self.now = to;
        self.api.set_clock(to);
        if self.now >= self.last_sign_in.plus_hours(SHIFT_HOURS) {
            self.office.begin_shift(&self.api).await?;
            self.last_sign_in = self.now;
        }
        Ok(())
    }

    /// Goes on with the steps that run and begins those that may; one that takes no time lets the next begin at once.
    async fn steps(&mut self) -> Result<(), PlayError> {
        loop {
            let mut changed = false;
            for key in self.schedule.running() {
                let done = self.go_on(key).await.map_err(|error| self.at(&word(key), error))?;
                if done {
                    self.schedule.end(key, self.now)?;
                    changed = true;
                }
            }
            for key in self.schedule.ready(self.now) {
                // Another that began just now may have taken what this one needs.
                if self.schedule.begin(key, self.now).is_ok() {
                    self.begin(key).await.map_err(|error| self.at(&word(key), error))?;
                    changed = true;
                }
            }
            if !changed {
                return Ok(());
            }
        }
    }

    /// What goes on beside the steps.
    async fn in_between(&mut self) -> Result<(), PlayError> {
        let minute = self.now.since(self.scenario.starts_at) / outpace_core::time::MINUTE_MS;
        let mut begun = Instant::now();
        self.carry().await.map_err(|error| self.at("tubes", error))?;
        self.spent("tubes", &mut begun);
        self.decide().await.map_err(|error| self.at("decisions", error))?;
        self.spent("decisions", &mut begun);
        self.trace().await.map_err(|error| self.at("tracing", error))?;
        self.spent("tracing", &mut begun);
        self.drive().await.map_err(|error| self.at("vehicles", error))?;
        self.spent("vehicles", &mut begun);
        self.chase().await.map_err(|error| self.at("retests", error))?;
        self.spent("retests", &mut begun);
        self.keep_holds().await.map_err(|error| self.at("holds", error))?;
        self.spent("holds", &mut begun);
        if minute % ORDERS_EVERY_MINUTES == 0 {
            let (office, now) = (self.office.clone(), self.now);
            self.workers.go_on(&office, now).await.map_err(|error| self.at("orders", error))?;
            self.spent("orders", &mut begun);
        }
        if minute % SCORE_EVERY_MINUTES == 0 || self.now >= self.scenario.ends_at {
            self.score().await.map_err(|error| self.at("score", error))?;
            self.spent("score", &mut begun);
        }
        Ok(())
    }

    /// Adds the time since `begun` to what a part of the work took, and begins anew.
    fn spent(&mut self, part: &'static str, begun: &mut Instant) {
        *self.parts.entry(part).or_default() += begun.elapsed();
        *begun = Instant::now();
    }

    /// Tubes: what waits is collected, what has arrived is handed over, what is done is reported.
    async fn carry(&mut self) -> Result<(), CallError> {
        let turn = self.now.since(self.last_collect) >= self.scenario.rates.courier_every_minutes * 60_000;
        if turn || !self.round_runs() {
            self.flow.collect(self.now).await?;
            self.last_collect = self.now;
        }
        self.flow.deliver(self.now).await?;
        self.flow.test(self.now, &self.bench).await?;
        Ok(())
    }

    fn round_runs(&self) -> bool {
        self.schedule.running().contains(&StepKey::RoundEast)
    }

    /// Whether a step has lasted as long as the scenario says.
    pub(crate) fn lasted(&self, key: StepKey) -> bool {
        let minutes = self.scenario.step(key).map_or(0, |step| step.minutes);
        self.schedule.begun_at(key).is_some_and(|begun| begun.plus_minutes(minutes) <= self.now)
    }

    /// The system as the score asks it.
    pub(crate) fn system(&self) -> System<'_> {
        System { reader: &self.office.auditor, pack: self.pack.clone(), names: &self.names, asked: &self.asked }
    }

    async fn score(&mut self) -> Result<(), CallError> {
        let mut changed = false;
        for question in self.board.open(self.now) {
            let figure = self.system().ask(question).await?;
            changed |= self.board.answer(question, figure, self.now);
        }
        let tubes: Value = self.office.auditor.get("/api/screening/conservation", &[]).await?;
        let orders: Value = self.office.auditor.get("/api/orders/summary", &[]).await?;
        let count = |answer: &Value, pointer: &str| answer.pointer(pointer).and_then(Value::as_i64).unwrap_or(0);
        self.progress.show(
            &self.now.local(self.scenario.utc_offset_minutes),
            count(&tubes, "/sampled"),
            count(&tubes, "/tubes"),
            count(&orders, "/all/issued"),
        );
        if changed { self.scene(None).await } else { Ok(()) }
    }

    /// Tells the page what the scenario is and how far it has come.
    async fn scene(&self, report: Option<&Report>) -> Result<(), CallError> {
        let scenario = json!({
            "id": self.scenario.id, "title": self.scenario.title, "started_at": self.scenario.starts_at,
            "ends_at": self.scenario.ends_at, "mark_24h_at": self.scenario.mark_24h_at,
            "landmarks": self.landmarks(),
        });
        let body = json!({ "scenario": scenario, "timeline": self.board.checkpoints(), "report": report });
        self.office.administrator.tell("/api/drill/scene", &body).await
    }

    /// The river, for the map; without its file the map goes without.
    fn landmarks(&self) -> Value {
        let file = self.scenario.folder.join(&self.scenario.files.river);
        let text = std::fs::read_to_string(file).unwrap_or_default();
        serde_json::from_str(&text).unwrap_or_else(|_| json!({ "type": "FeatureCollection", "features": [] }))
    }

    async fn finish(mut self) -> Result<Report, PlayError> {
        let (office, now) = (self.office.clone(), self.now);
        self.workers.go_on(&office, now).await.map_err(|error| self.at("orders", error))?;
        self.score().await.map_err(|error| self.at("score", error))?;
        self.progress.end();
        let wall = seconds(self.started.elapsed());
        for (part, took) in &self.parts {
            tracing::info!(part, seconds = took.as_secs_f64(), "a part of the drill");
        }
        let gathered = report::gather(&self.system(), &self.scenario, self.pace, self.board.checkpoints(), wall).await;
        let report = gathered.map_err(|error| self.at("report", error))?;
        self.scene(Some(&report)).await.map_err(|error| self.at("scene", error))?;
        Ok(report)
    }

    /// The people who must not go to a site: those in isolation or facility quarantine, as the system lists them.
    pub(crate) async fn kept(&self) -> Result<std::collections::BTreeSet<crate::population::PersonRef>, CallError> {
        let mut kept = std::collections::BTreeSet::new();
        for kind in ["facility_quarantine", "isolation", "hold"] {
            let mut after = 0;
            loop {
                let query = [("kind", kind.to_owned()), ("after", after.to_string()), ("limit", "1000".to_owned())];
                let page: Value = self.office.auditor.get("/api/isolation/restrictions", &query).await?;
                let rows = crate::client::list(&page, "/restrictions");
                kept.extend(rows.iter().filter_map(|row| self.register.person_ref(row.get("person")?.as_i64()?)));
                let Some(last) = rows.last().and_then(|row| row.get("id")?.as_i64()) else { break };
                after = last;
            }
        }
        Ok(kept)
    }

    /// The lane of a site near a grid: for a sample at a door.
    pub(crate) fn lane_near(&self, grid: AreaId) -> Option<(i64, Staff, super::flow::Post)> {
        let village = grid.at(outpace_core::AreaLevel::Village);
        let township = grid.at(outpace_core::AreaLevel::Township);
        let all = || self.east.sites.iter().chain(&self.night.site);
        let of_village = all().find(|site| site.plan.grid.at(outpace_core::AreaLevel::Village) == village);
        let of_township = || all().find(|site| site.plan.grid.at(outpace_core::AreaLevel::Township) == township);
        let site = of_village.or_else(of_township).or_else(|| all().next())?;
        let (lane, staff) = site.lanes.first()?;
        Some((*lane, staff.clone(), site.post.clone()))
    }
}

fn word(key: StepKey) -> String {
    serde_json::to_value(key).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

fn seconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 10.0).round() / 10.0
}
