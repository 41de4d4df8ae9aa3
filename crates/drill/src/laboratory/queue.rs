//! When a laboratory is done: so many tubes an hour go into the machines, the most urgent first, and each comes out after
//! the machine's turn. Pure.

use std::collections::{BTreeMap, BTreeSet};

use outpace_core::Timestamp;
use outpace_core::time::HOUR_MS;

/// A tube that waits: the pack's rank first (0 is most urgent), then who came first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Waiting {
    rank: i64,
    received_at: Timestamp,
    tube: String,
}

/// The machines of one laboratory.
#[derive(Debug)]
pub struct Machines {
    tubes_per_hour: i64,
    turnaround_ms: i64,
    works_from: Timestamp,
    waiting: BTreeSet<Waiting>,
    running: BTreeMap<Timestamp, Vec<String>>,
    /// When the next place in a machine is free.
    next_start: Timestamp,
}

impl Machines {
    /// Machines that take so many tubes an hour, each for so many minutes, from a moment on.
    #[must_use]
    pub fn new(tubes_per_hour: i64, turnaround_minutes: i64, works_from: Timestamp) -> Self {
        Self {
            tubes_per_hour: tubes_per_hour.max(1),
            turnaround_ms: turnaround_minutes * outpace_core::time::MINUTE_MS,
            works_from,
            waiting: BTreeSet::new(),
            running: BTreeMap::new(),
            next_start: works_from,
        }
    }

    /// Takes a tube in.
    pub fn take_in(&mut self, tube: &str, rank: i64, received_at: Timestamp) {
        self.waiting.insert(Waiting { rank, received_at, tube: tube.to_owned() });
    }

    /// Lets time pass until `now`: fills the machines as places come free, and gives the tubes that are done, by when.
    pub fn until(&mut self, now: Timestamp) -> Vec<(Timestamp, String)> {
        let pause = HOUR_MS / self.tubes_per_hour;
        while let Some(first) = self.waiting.first() {
            let start = self.next_start.max(first.received_at).max(self.works_from);
            if start > now {
                break;
            }
            let Some(tube) = self.waiting.pop_first() else { break };
            self.next_start = Timestamp(start.0 + pause);
            self.running.entry(Timestamp(start.0 + self.turnaround_ms)).or_default().push(tube.tube);
        }
        let later = self.running.split_off(&Timestamp(now.0 + 1));
        let done = std::mem::replace(&mut self.running, later);
        done.into_iter().flat_map(|(at, tubes)| tubes.into_iter().map(move |tube| (at, tube))).collect()
    }

    /// Tubes that wait or are in a machine.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.waiting.len() + self.running.values().map(Vec::len).sum::<usize>()
    }

    /// Tubes that it tests in an hour.
    #[must_use]
    pub fn tubes_per_hour(&self) -> i64 {
        self.tubes_per_hour
    }

    /// Minutes of work that wait before a tube taken in now would start.
    #[must_use]
    pub fn backlog_minutes(&self) -> i64 {
        i64::try_from(self.waiting.len()).unwrap_or(i64::MAX).saturating_mul(60) / self.tubes_per_hour
    }
}
