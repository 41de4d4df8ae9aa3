//! Supervises the threads on which the server thinks: the writer, follow-up work, the tail of the journal, the clock, the
//! watcher. Each runs in turns; a turn that panics is counted, told, and tried again after a pause that doubles. A thread
//! whose turns all fail ends the process with a message, so that the service manager starts it anew: a server that
//! answers and no longer thinks is worse than one that is away for a moment.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use outpace_core::refusal::Text;
use parking_lot::{Mutex, RwLock};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

/// Turns in a row that may fail before the process ends: about 90 seconds with their pauses.
pub const FAILURES_MAX: u32 = 14;
/// The pause after the first turn that failed.
const PAUSE_FIRST: Duration = Duration::from_millis(100);
/// The longest pause between two turns.
const PAUSE_MAX: Duration = Duration::from_secs(10);
/// What the process answers its service manager with when a thread cannot go on (EX_SOFTWARE of sysexits.h).
const EXIT_CODE: i32 = 70;

/// Which thread.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Of {
    thread: &'static str,
}

/// A thread whose last turn failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Down {
    /// Its name: `writer`, `jobs`, `tail`, `clock`, `watcher`.
    pub thread: &'static str,
    /// Turns that failed in a row.
    pub failures: u32,
    /// Since when.
    pub since: Instant,
    /// What the last of them said.
    pub why: String,
}

impl Down {
    /// One sentence for people.
    #[must_use]
    pub fn text(&self) -> Text {
        let (zh, en) = match self.thread {
            "writer" => ("写入线程", "the writer's thread"),
            "jobs" => ("后续处置线程", "the thread for follow-up work"),
            "tail" => ("日志跟随线程", "the thread that follows the journal"),
            "clock" => ("时钟线程", "the clock's thread"),
            "watcher" => ("状态监视线程", "the watcher's thread"),
            other => ("线程", other),
        };
        let failures = self.failures;
        Text::new(
            format!("{zh}连续出错 {failures} 次,正在重试"),
            format!("{en} failed {failures} times in a row and is tried again"),
        )
    }
}

type End = Box<dyn Fn(&str) + Send + Sync>;

/// All supervised threads of a store. Clones share them.
#[derive(Clone)]
pub struct Threads(Arc<Shared>);

struct Shared {
    lives: Mutex<Vec<Arc<Life>>>,
    panics: Family<Of, Counter>,
    failures: Family<Of, Gauge>,
    end: RwLock<End>,
}

impl Default for Threads {
    fn default() -> Self {
        Self(Arc::new(Shared {
            lives: Mutex::default(),
            panics: Family::default(),
            failures: Family::default(),
            end: RwLock::new(Box::new(|message| {
                eprintln!("outpace: {message}");
                std::process::exit(EXIT_CODE);
            })),
        }))
    }
}

/// One supervised thread.
pub struct Life {
    thread: &'static str,
    down: RwLock<Option<Down>>,
    panics: Counter,
    failures: Gauge,
    shared: std::sync::Weak<Shared>,
}

impl Threads {
    /// Registers a thread, or finds the one of that name.
    #[must_use]
    pub fn of(&self, thread: &'static str) -> Arc<Life> {
        let mut lives = self.0.lives.lock();
        if let Some(known) = lives.iter().find(|life| life.thread == thread) {
            return Arc::clone(known);
        }
        let of = Of { thread };
        let life = Arc::new(Life {
            thread,
            down: RwLock::default(),
            panics: self.0.panics.get_or_create_owned(&of),
            failures: self.0.failures.get_or_create_owned(&of),
            shared: Arc::downgrade(&self.0),
        });
        lives.push(Arc::clone(&life));
        life
    }

    /// Threads whose last turn failed, in the order in which they were registered; empty on any good day.
    #[must_use]
    pub fn down(&self) -> Vec<Down> {
        self.0.lives.lock().iter().filter_map(|life| life.down.read().clone()).collect()
    }

    /// Puts the counters on a registry.
    pub fn register(&self, registry: &mut Registry) {
        registry.register("thread_panics", "Panics of a supervised thread; it went on", self.0.panics.clone());
        registry.register(
            "thread_failures",
            "Turns of a supervised thread that failed in a row; 0 while it works",
            self.0.failures.clone(),
        );
    }

    /// What happens when a thread cannot go on, in place of the end of the process: for tests.
    pub(crate) fn on_end(&self, end: impl Fn(&str) + Send + Sync + 'static) {
        *self.0.end.write() = Box::new(end);
    }
}

impl Life {
    /// Runs one turn.
    ///
    /// # Errors
    /// How long to wait before the next one, where this one panicked.
    pub fn turn<T>(&self, turn: impl FnOnce() -> T) -> Result<T, Duration> {
        match catch_unwind(AssertUnwindSafe(turn)) {
            Ok(done) => {
                self.went_well();
                Ok(done)
            }
            Err(panic) => Err(self.panicked(&*panic)),
        }
    }

    /// A turn ended as it should.
    pub fn went_well(&self) {
        let was_down = self.down.read().is_some();
        if was_down {
            *self.down.write() = None;
            self.failures.set(0);
            tracing::warn!(thread = self.thread, "the thread works again");
        }
    }

    /// A turn panicked; answers how long to wait before the next one.
    pub fn panicked(&self, panic: &(dyn Any + Send)) -> Duration {
        self.panics.inc();
        self.failed(&panic_text(panic))
    }

    /// A turn could not do what it is there for; answers how long to wait before the next one. The process ends after
    /// [`FAILURES_MAX`] in a row.
    pub fn failed(&self, why: &str) -> Duration {
        let failures = {
            let mut down = self.down.write();
            let (failures, since) = down.as_ref().map_or((0, Instant::now()), |down| (down.failures, down.since));
            let failures = failures.saturating_add(1);
            *down = Some(Down { thread: self.thread, failures, since, why: why.to_owned() });
            failures
        };
        self.failures.set(i64::from(failures));
        tracing::error!(thread = self.thread, failures, why, "a supervised thread failed and is tried again");
        if failures >= FAILURES_MAX
            && let Some(shared) = self.shared.upgrade()
        {
            let thread = self.thread;
            (shared.end.read())(&format!(
                "线程 {thread} 连续 {failures} 次出错,无法继续,进程退出以便重新启动 · the thread {thread} failed {failures} \
                 times in a row and cannot go on; the process ends to be started again: {why}"
            ));
        }
        pause(failures)
    }
}

fn pause(failures: u32) -> Duration {
    PAUSE_FIRST.saturating_mul(1 << failures.saturating_sub(1).min(16)).min(PAUSE_MAX)
}

/// What a panic said.
#[must_use]
pub fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn pauses_double_and_a_good_turn_forgets_what_failed() {
        let threads = Threads::default();
        let life = threads.of("jobs");
        let pauses: Vec<u128> =
            (0..9).filter_map(|_| life.turn(|| panic!("broken")).err()).map(|one: Duration| one.as_millis()).collect();
        assert_eq!(pauses, [100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000]);
        let down = threads.down();
        assert_eq!((down[0].thread, down[0].failures, down[0].why.as_str()), ("jobs", 9, "broken"));
        assert_eq!(life.turn(|| 7), Ok(7));
        assert_eq!(threads.down(), []);
        assert_eq!(life.panics.get(), 9);
    }

    #[test]
    fn a_thread_whose_turns_all_fail_ends_the_process_with_its_name() {
        let threads = Threads::default();
        let told = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&told);
        threads.on_end(move |message| {
            assert!(message.contains("the thread tail failed") && message.contains("no table"), "{message}");
            counted.fetch_add(1, Ordering::SeqCst);
        });
        let life = threads.of("tail");
        for _ in 1..FAILURES_MAX {
            life.failed("no table");
        }
        assert_eq!(told.load(Ordering::SeqCst), 0);
        life.failed("no table");
        assert_eq!(told.load(Ordering::SeqCst), 1);
    }
}
