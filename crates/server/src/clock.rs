//! The present time: the machine's, or a drill's own, which stands still until somebody moves it.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use outpace_core::{Clock, Timestamp};

/// The machine's clock, cut to the millisecond.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        // A machine whose clock stands before 1970 records the epoch; the journal never runs backwards anyway.
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }
}

/// A drill's clock. It only moves forward, and exists only on data folders marked for ever as a drill's.
#[derive(Debug)]
pub struct DrillClock(AtomicI64);

impl DrillClock {
    /// A clock that stands at a moment.
    #[must_use]
    pub fn at(moment: Timestamp) -> Self {
        Self(AtomicI64::new(moment.0))
    }

    /// Moves forward; an earlier moment changes nothing.
    pub fn move_to(&self, moment: Timestamp) {
        self.0.fetch_max(moment.0, Ordering::SeqCst);
    }
}

impl Clock for DrillClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drill_clock_never_runs_backwards() {
        let clock = DrillClock::at(Timestamp(1_000));
        clock.move_to(Timestamp(5_000));
        clock.move_to(Timestamp(2_000));
        assert_eq!(clock.now(), Timestamp(5_000));
    }
}
