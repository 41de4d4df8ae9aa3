//! The writer's pulse: how much waits and since when, how commits go, whether writing is paused. Read by health checks
//! and metrics without touching the database; costs the writer a few atomics a batch.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use parking_lot::RwLock;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

use crate::engine::Trouble;
use crate::journal::Head;

/// Writing is paused: nothing new is taken in until the engine takes writes again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paused {
    /// Why.
    pub trouble: Trouble,
    /// Since when.
    pub since: Instant,
}

/// What the writer and the tail leave behind for whoever looks.
pub struct Pulse {
    born: Instant,
    waiting: AtomicUsize,
    /// Milliseconds after `born`, plus one, at which the oldest command in hand was queued; 0 while none is.
    oldest: AtomicU64,
    /// Milliseconds after `born` at which the tail was last read.
    followed: AtomicU64,
    /// Entries that the tail found at its last look and that were not ours.
    lag: AtomicU64,
    paused: RwLock<Option<Paused>>,
    turned_away: Counter,
    pauses: Counter,
    commits: Counter,
    facts: Counter,
    failed: Counter,
    commit_seconds: Histogram,
    commit_facts: Histogram,
    commit_commands: Histogram,
}

impl Default for Pulse {
    fn default() -> Self {
        Self {
            born: Instant::now(),
            waiting: AtomicUsize::new(0),
            oldest: AtomicU64::new(0),
            followed: AtomicU64::new(0),
            lag: AtomicU64::new(0),
            paused: RwLock::new(None),
            turned_away: Counter::default(),
            pauses: Counter::default(),
            commits: Counter::default(),
            facts: Counter::default(),
            failed: Counter::default(),
            commit_seconds: Histogram::new(exponential_buckets(0.001, 2.0, 14)),
            commit_facts: Histogram::new(exponential_buckets(1.0, 4.0, 9)),
            commit_commands: Histogram::new(exponential_buckets(1.0, 2.0, 10)),
        }
    }
}

impl Pulse {
    /// Commands that wait in the queue.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// How long the oldest command has waited that is not answered yet; nothing while none is in hand.
    #[must_use]
    pub fn oldest(&self) -> Option<Duration> {
        let queued = self.oldest.load(Ordering::Relaxed).checked_sub(1)?;
        Some(self.born.elapsed().saturating_sub(Duration::from_millis(queued)))
    }

    /// How long ago the journal's tail was read.
    #[must_use]
    pub fn followed_ago(&self) -> Duration {
        self.born.elapsed().saturating_sub(Duration::from_millis(self.followed.load(Ordering::Relaxed)))
    }

    /// Entries of other servers that the last look at the tail found.
    #[must_use]
    pub fn lag(&self) -> u64 {
        self.lag.load(Ordering::Relaxed)
    }

    /// Why writing is paused, while it is.
    #[must_use]
    pub fn paused(&self) -> Option<Paused> {
        *self.paused.read()
    }

    /// Puts the counters and histograms on a registry.
    pub fn register(&self, registry: &mut Registry) {
        let counters = [
            ("writer_turned_away", "Commands turned away because the queue was full", &self.turned_away),
            ("writer_pauses", "Times that writing was paused because the engine took no writes", &self.pauses),
            ("commits", "Commits of the writer that added facts", &self.commits),
            ("facts", "Facts recorded by this server", &self.facts),
            ("batches_failed", "Batches that were not committed; their callers were told", &self.failed),
        ];
        for (name, help, counter) in counters {
            registry.register(name, help, counter.clone());
        }
        let histograms = [
            ("commit_seconds", "Time of a batch, from its first command to its commit", &self.commit_seconds),
            ("commit_facts", "Facts in one commit", &self.commit_facts),
            ("commit_commands", "Commands that shared one commit", &self.commit_commands),
        ];
        for (name, help, histogram) in histograms {
            registry.register(name, help, histogram.clone());
        }
    }

    pub(crate) fn queued(&self) {
        self.waiting.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn turned_away(&self) {
        self.turned_away.inc();
    }

    /// A command left the queue without standing in a batch, or was never in it.
    pub(crate) fn unqueued(&self) {
        // Never below zero: each is queued before it can be taken.
        self.waiting.fetch_sub(1, Ordering::Relaxed);
    }

    /// A batch begins; its first command was queued at this moment, and none that waits is older.
    pub(crate) fn batch_begins(&self, commands: usize, first_queued: Instant) {
        self.waiting.fetch_sub(commands, Ordering::Relaxed);
        let after = first_queued.saturating_duration_since(self.born).as_millis();
        self.oldest.store(u64::try_from(after).unwrap_or(u64::MAX - 1) + 1, Ordering::Relaxed);
    }

    /// A batch ended, committed from one head to another, or not.
    pub(crate) fn batch_ends(&self, begun: Instant, commands: usize, committed: Option<(Head, Head)>) {
        self.oldest.store(0, Ordering::Relaxed);
        let Some((before, after)) = committed else {
            self.failed.inc();
            return;
        };
        let facts = u64::try_from(after.seq.0 - before.seq.0).unwrap_or_default();
        if facts > 0 {
            self.commits.inc();
            self.facts.inc_by(facts);
            self.commit_seconds.observe(begun.elapsed().as_secs_f64());
            self.commit_facts.observe(facts as f64);
            self.commit_commands.observe(commands as f64);
        }
    }

    pub(crate) fn followed(&self, lag: i64) {
        self.followed.store(u64::try_from(self.born.elapsed().as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
        self.lag.store(u64::try_from(lag).unwrap_or_default(), Ordering::Relaxed);
    }

    pub(crate) fn pause(&self, trouble: Trouble) {
        let mut paused = self.paused.write();
        if paused.is_none() {
            self.pauses.inc();
        }
        let since = paused.map_or_else(Instant::now, |earlier| earlier.since);
        *paused = Some(Paused { trouble, since });
    }

    pub(crate) fn resume(&self) {
        *self.paused.write() = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use outpace_core::Seq;

    #[test]
    fn the_age_is_that_of_the_oldest_command_in_hand_and_ends_with_its_batch() {
        let pulse = Pulse::default();
        assert_eq!((pulse.waiting(), pulse.oldest()), (0, None));
        pulse.queued();
        pulse.queued();
        let queued = Instant::now();
        std::thread::sleep(Duration::from_millis(20));
        pulse.batch_begins(1, queued);
        assert_eq!(pulse.waiting(), 1);
        assert!(pulse.oldest().is_some_and(|age| age >= Duration::from_millis(15) && age < Duration::from_secs(5)));
        let after = Head { seq: Seq(3), ..Head::EMPTY };
        pulse.batch_ends(queued, 1, Some((Head::EMPTY, after)));
        assert_eq!((pulse.oldest(), pulse.facts.get(), pulse.commits.get(), pulse.failed.get()), (None, 3, 1, 0));
    }

    #[test]
    fn a_pause_keeps_its_beginning_while_its_cause_changes() {
        let pulse = Pulse::default();
        pulse.pause(Trouble::Full);
        let begun = pulse.paused().map(|paused| paused.since);
        pulse.pause(Trouble::Away);
        let now = pulse.paused();
        assert_eq!((now.map(|paused| paused.since), now.map(|paused| paused.trouble)), (begun, Some(Trouble::Away)));
        assert_eq!(pulse.pauses.get(), 1);
        pulse.resume();
        assert_eq!(pulse.paused(), None);
    }
}
