//! Whether the server still thinks: its threads, its clocks, its follow-up work. A server that answers requests and does none of
//! these looks well from outside. Read from memory by health checks, figures and the board.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use outpace_core::Text;
use parking_lot::RwLock;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How old the last tick may be in which every clock went well. A release takes effect within a minute.
pub const TICK_AGE_MAX: Duration = Duration::from_secs(90);
/// How long follow-up work may wait before the response counts as behind.
pub const TRIGGER_AGE_MS_MAX: i64 = 3 * 60_000;
/// Stuck jobs that are named one by one.
const NAMED_MAX: usize = 3;

/// Which clock.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Of {
    clock: &'static str,
}

/// A clock that could not be run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClockFailed {
    /// Its stable name.
    pub clock: &'static str,
    /// Its name for people.
    pub says: Text,
    /// What it failed with.
    pub why: String,
}

/// Follow-up work that failed so often that people must hear of it. It names nobody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StuckJob {
    /// Its number, for `outpace admin jobs`.
    pub job: i64,
    /// Which work: `respond`, `screening.file`, …
    pub kind: String,
    /// How often it failed.
    pub attempts: i64,
}

/// Follow-up work as the watcher found it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JobsSeen {
    /// Age of the oldest that waits, in milliseconds; none where nothing waits.
    pub oldest_ms: Option<i64>,
    /// Those that failed so often that people must hear of it.
    pub stuck: Vec<StuckJob>,
}

struct Failing {
    says: Text,
    since: Instant,
}

#[derive(Default)]
struct State {
    /// Since when this process keeps time; nothing in a drill, whose clock is moved by hand.
    since: Option<Instant>,
    /// When all clocks were run last, whether or not one failed.
    ran: Option<Instant>,
    /// When every clock went well last.
    full: Option<Instant>,
    failing: BTreeMap<&'static str, Failing>,
    jobs: JobsSeen,
}

/// What is known. Clones share it.
#[derive(Clone, Default)]
pub(crate) struct Thinking {
    state: Arc<RwLock<State>>,
    failures: Family<Of, Counter>,
    tick_age: Gauge<f64, std::sync::atomic::AtomicU64>,
}

impl Thinking {
    pub(crate) fn register(&self, registry: &mut Registry) {
        registry.register(
            "clock_failures",
            "Runs of a clock that failed, by clock; the others went on",
            self.failures.clone(),
        );
        registry.register(
            "clock_tick_seconds",
            "Time since every clock went well; 0 in a drill",
            self.tick_age.clone(),
        );
    }

    pub(crate) fn keeps_time(&self) {
        self.state.write().since = Some(Instant::now());
    }

    /// Every clock was run; these failed.
    pub(crate) fn ticked(&self, failed: Vec<ClockFailed>) {
        let mut state = self.state.write();
        state.ran = Some(Instant::now());
        if failed.is_empty() {
            state.full = state.ran;
        }
        state.failing.retain(|clock, _| failed.iter().any(|one| one.clock == *clock));
        for one in failed {
            self.failures.get_or_create(&Of { clock: one.clock }).inc();
            state.failing.entry(one.clock).or_insert_with(|| Failing { says: one.says, since: Instant::now() });
        }
    }

    pub(crate) fn jobs_seen(&self, jobs: JobsSeen) {
        self.state.write().jobs = jobs;
    }

    pub(crate) fn jobs(&self) -> JobsSeen {
        self.state.read().jobs.clone()
    }

    /// How long ago every clock went well, where this process keeps time.
    pub(crate) fn tick_age(&self) -> Option<Duration> {
        let state = self.state.read();
        state.since.map(|since| state.full.unwrap_or(since).elapsed())
    }

    pub(crate) fn measure(&self) {
        self.tick_age.set(self.tick_age().unwrap_or_default().as_secs_f64());
    }

    /// Why the server does not keep time at all, if it does not.
    pub(crate) fn stands_still(&self) -> Option<Text> {
        let state = self.state.read();
        let age = state.since.map(|since| state.ran.unwrap_or(since).elapsed()).filter(|age| *age > TICK_AGE_MAX)?;
        let seconds = age.as_secs();
        Some(Text::new(format!("定时任务已 {seconds} 秒没有运行"), format!("the clock has not run for {seconds} s")))
    }

    /// What is wrong while the server goes on, in words.
    pub(crate) fn alarms(&self) -> Vec<Text> {
        let mut found = Vec::new();
        let state = self.state.read();
        for failing in state.failing.values() {
            let (zh, en, minutes) = (&failing.says.zh, &failing.says.en, failing.since.elapsed().as_secs() / 60);
            found.push(Text::new(
                format!("定时任务“{zh}”已出错 {minutes} 分钟"),
                format!("the clock for {en} has failed for {minutes} min"),
            ));
        }
        if let Some(ms) = state.jobs.oldest_ms.filter(|ms| *ms > TRIGGER_AGE_MS_MAX) {
            let minutes = ms / 60_000;
            found.push(Text::new(
                format!("最早的待处置事项已等待 {minutes} 分钟"),
                format!("the oldest trigger has waited for {minutes} min"),
            ));
        }
        for stuck in state.jobs.stuck.iter().take(NAMED_MAX) {
            let StuckJob { job, attempts, .. } = stuck;
            found.push(Text::new(
                format!("第 {job} 号后续处置已失败 {attempts} 次"),
                format!("job {job} ({}) failed {attempts} times", stuck.kind),
            ));
        }
        if state.jobs.stuck.len() > NAMED_MAX {
            let more = state.jobs.stuck.len() - NAMED_MAX;
            found.push(Text::new(format!("另有 {more} 项后续处置多次失败"), format!("{more} more jobs are stuck")));
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_fails_is_named_until_it_goes_well_again() {
        let thinking = Thinking::default();
        thinking.keeps_time();
        assert_eq!(thinking.alarms(), []);
        let failed =
            ClockFailed { clock: "supplies", says: Text::new("物资短缺", "shortages"), why: "x".to_owned() };
        thinking.ticked(vec![failed.clone()]);
        thinking.ticked(vec![failed]);
        let alarms = thinking.alarms();
        assert_eq!(alarms.len(), 1);
        assert!(alarms[0].en.contains("shortages"), "{alarms:?}");
        assert_eq!(thinking.failures.get_or_create(&Of { clock: "supplies" }).get(), 2);
        thinking.ticked(Vec::new());
        assert_eq!(thinking.alarms(), []);
    }

    #[test]
    fn the_job_that_is_stuck_is_named_and_old_work_is_told() {
        let thinking = Thinking::default();
        let stuck = (1..=5).map(|job| StuckJob { job, kind: "respond".to_owned(), attempts: 7 }).collect();
        thinking.jobs_seen(JobsSeen { oldest_ms: Some(TRIGGER_AGE_MS_MAX + 1), stuck });
        let told: Vec<String> = thinking.alarms().into_iter().map(|text| text.en).collect();
        assert_eq!(told[0], "the oldest trigger has waited for 3 min");
        assert_eq!(told[1], "job 1 (respond) failed 7 times");
        assert_eq!((told.len(), told[4].as_str()), (5, "2 more jobs are stuck"));
        thinking.jobs_seen(JobsSeen { oldest_ms: Some(TRIGGER_AGE_MS_MAX), stuck: Vec::new() });
        assert_eq!(thinking.alarms(), []);
    }
}
