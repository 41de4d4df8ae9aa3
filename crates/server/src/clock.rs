//! The present time: the machine's, or a drill's own, which stands still until somebody moves it.
//!
//! A machine's clock can be set wrong: by hand, by a bad time server, by a battery that ran out. One jump ahead would end
//! holds and let deadlines pass that have not come; a journal never takes that back. So a jump is not believed until it
//! has stood for a while (ADR 10): meanwhile time goes on as it did, counted by the clock that nobody can set.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use outpace_core::time::MINUTE_MS;
use outpace_core::{Clock, Timestamp};
use parking_lot::Mutex;

/// A clock that moves more than this against the counting one has jumped; less is what a time server corrects.
pub const JUMP_MS_MIN: i64 = MINUTE_MS;
/// A jump that stands so long is believed: then the clock was wrong before.
pub const BELIEVED_AFTER_MS: i64 = 10 * MINUTE_MS;

/// The clocks of a machine.
pub trait Source: Send + Sync {
    /// Milliseconds since 1970, as the wall's clock shows them; it may be set at any moment.
    fn wall_ms(&self) -> i64;

    /// Milliseconds since some moment; it only counts on.
    fn counted_ms(&self) -> i64;
}

/// The clocks of this machine.
#[derive(Debug, Clone, Copy)]
struct Machine {
    began: Instant,
}

impl Source for Machine {
    fn wall_ms(&self) -> i64 {
        // A machine whose clock stands before 1970 records the epoch; the journal never runs backwards anyway.
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    }

    fn counted_ms(&self) -> i64 {
        i64::try_from(self.began.elapsed().as_millis()).unwrap_or(i64::MAX)
    }
}

/// A jump that is not believed yet.
#[derive(Debug, Clone, Copy)]
struct Doubted {
    offset_ms: i64,
    since_ms: i64,
}

/// The machine's clock, cut to the millisecond, without its jumps.
pub struct SteadyClock {
    source: Arc<dyn Source>,
    /// What the wall's clock shows beyond the counting one, as it is believed.
    offset_ms: AtomicI64,
    doubted: Mutex<Option<Doubted>>,
}

impl SteadyClock {
    /// A clock that believes what the wall's clock shows now.
    #[must_use]
    pub fn new(source: Arc<dyn Source>) -> Self {
        let offset_ms = source.wall_ms().saturating_sub(source.counted_ms());
        Self { source, offset_ms: AtomicI64::new(offset_ms), doubted: Mutex::new(None) }
    }

    /// This machine's.
    #[must_use]
    pub fn of_this_machine() -> Self {
        Self::new(Arc::new(Machine { began: Instant::now() }))
    }

    /// The offset to go by, where the wall's clock shows another than the one believed.
    fn weigh(&self, believed_ms: i64, offset_ms: i64, counted_ms: i64) -> i64 {
        let mut doubted = self.doubted.lock();
        if !jumped(believed_ms, offset_ms) {
            *doubted = None;
            return offset_ms;
        }
        let since_ms = match *doubted {
            Some(known) if !jumped(known.offset_ms, offset_ms) => known.since_ms,
            _ => {
                let by_ms = offset_ms.saturating_sub(believed_ms);
                tracing::error!(by_ms, "the machine's clock jumped; time goes on as it did until the jump has stood");
                counted_ms
            }
        };
        if counted_ms.saturating_sub(since_ms) >= BELIEVED_AFTER_MS {
            tracing::error!("the machine's clock stayed where it was set; it is believed from now on");
            *doubted = None;
            return offset_ms;
        }
        *doubted = Some(Doubted { offset_ms, since_ms });
        believed_ms
    }
}

fn jumped(from_ms: i64, to_ms: i64) -> bool {
    to_ms.saturating_sub(from_ms).unsigned_abs() > JUMP_MS_MIN.unsigned_abs()
}

impl Clock for SteadyClock {
    fn now(&self) -> Timestamp {
        let (wall_ms, counted_ms) = (self.source.wall_ms(), self.source.counted_ms());
        let offset_ms = wall_ms.saturating_sub(counted_ms);
        let believed_ms = self.offset_ms.load(Ordering::Relaxed);
        if offset_ms == believed_ms {
            return Timestamp(wall_ms);
        }
        let offset_ms = self.weigh(believed_ms, offset_ms, counted_ms);
        self.offset_ms.store(offset_ms, Ordering::Relaxed);
        Timestamp(counted_ms.saturating_add(offset_ms))
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

    #[derive(Default)]
    struct Hands {
        wall_ms: AtomicI64,
        counted_ms: AtomicI64,
    }

    impl Hands {
        fn pass(&self, ms: i64) {
            self.wall_ms.fetch_add(ms, Ordering::SeqCst);
            self.counted_ms.fetch_add(ms, Ordering::SeqCst);
        }
    }

    impl Source for Hands {
        fn wall_ms(&self) -> i64 {
            self.wall_ms.load(Ordering::SeqCst)
        }

        fn counted_ms(&self) -> i64 {
            self.counted_ms.load(Ordering::SeqCst)
        }
    }

    fn clock() -> (Arc<Hands>, SteadyClock) {
        let hands = Arc::new(Hands::default());
        hands.wall_ms.store(1_700_000_000_000, Ordering::SeqCst);
        let source: Arc<dyn Source> = hands.clone();
        (hands, SteadyClock::new(source))
    }

    #[test]
    fn small_corrections_are_followed_at_once() {
        let (hands, clock) = clock();
        hands.pass(5_000);
        hands.wall_ms.fetch_sub(700, Ordering::SeqCst);
        assert_eq!(clock.now(), Timestamp(1_700_000_004_300));
    }

    #[test]
    fn a_jump_is_believed_only_when_it_has_stood() {
        let (hands, clock) = clock();
        for jump in [86_400_000, -86_400_000, i64::MAX - 1_800_000_000_000, -1_700_000_000_000] {
            let before = clock.now();
            hands.wall_ms.fetch_add(jump, Ordering::SeqCst);
            assert_eq!(clock.now(), before, "a jump by {jump} ms");
            hands.pass(BELIEVED_AFTER_MS - 1);
            assert_eq!(clock.now(), Timestamp(before.0 + BELIEVED_AFTER_MS - 1));
            // Put right in time: nothing ever happened.
            hands.wall_ms.fetch_sub(jump, Ordering::SeqCst);
            assert_eq!(clock.now(), Timestamp(before.0 + BELIEVED_AFTER_MS - 1));
        }
        let before = clock.now();
        hands.wall_ms.fetch_add(7_200_000, Ordering::SeqCst);
        assert_eq!(clock.now(), before);
        hands.pass(BELIEVED_AFTER_MS);
        assert_eq!(clock.now(), Timestamp(before.0 + BELIEVED_AFTER_MS + 7_200_000));
    }

    #[test]
    fn a_clock_that_keeps_jumping_is_never_believed() {
        let (hands, clock) = clock();
        let before = clock.now();
        for step in 1..=50 {
            hands.wall_ms.fetch_add(3_600_000, Ordering::SeqCst);
            hands.pass(MINUTE_MS);
            assert_eq!(clock.now(), Timestamp(before.0 + step * MINUTE_MS));
        }
    }

    #[test]
    fn a_drill_clock_never_runs_backwards() {
        let clock = DrillClock::at(Timestamp(1_000));
        clock.move_to(Timestamp(5_000));
        clock.move_to(Timestamp(2_000));
        assert_eq!(clock.now(), Timestamp(5_000));
    }
}
