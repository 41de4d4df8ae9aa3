//! Threads that panic, and follow-up work that does: the store goes on, answers everybody, and tells.

// The helpers of a test may stop it, as its assertions do.
#![allow(clippy::unwrap_used)]

mod marbles;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use marbles::{Fixed, Put, count, marbles, open, put, total};
use outpace_core::AreaId;
use outpace_store::{
    Capabilities, Capability, Fact, Place, Settings, Store, StoreError, Urgency, jobs, journal, testing, values,
};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

/// A fact that something panics over after its command has ended.
#[derive(Debug, Serialize, Deserialize)]
struct Trap {
    in_memory: bool,
    on_board: bool,
}

impl Fact for Trap {
    const KIND: &'static str = "traps.set";
}

/// What the work of a test does: tells that it began, and waits for leave to end.
#[derive(Clone)]
struct Slow {
    began: Sender<String>,
    leave: Arc<Mutex<Receiver<()>>>,
}

fn traps(restore_panics: Arc<AtomicBool>, slow: Option<Slow>) -> Capability {
    Capability::new("traps")
        .fold(|_, _, _: &Trap| Ok(()))
        .remember(|memory, _, fact: &Trap| {
            // Half of it is done when it panics.
            memory.of::<marbles::Total>().0 += 1_000;
            assert!(!fact.in_memory, "a trap in memory");
        })
        .follow(|_, _, fact: &Trap| {
            assert!(!fact.on_board, "a trap on the board");
            Ok(())
        })
        .restore(move |_, _| {
            assert!(!restore_panics.load(Ordering::SeqCst), "a trap in the tables");
            Ok(())
        })
        .work("trap", |_, job| panic!("a trap in the work of {}", job.payload))
        .work("unfinished", |_, _| Ok(()))
        .work("slow", move |store, job| {
            let (id, payload) = (job.id, job.payload.clone());
            if let Some(slow) = &slow {
                slow.began.send(payload).unwrap();
                slow.leave.lock().recv().unwrap();
            }
            store.write(&store.system(), move |unit| unit.finish_job(id)).map(|_| ())
        })
}

fn open_with(folder: &Path, restore_panics: &Arc<AtomicBool>, slow: Option<Slow>) -> (Store, Arc<Fixed>) {
    let clock = Arc::new(Fixed(AtomicI64::new(1_649_784_600_000)));
    let settings = Settings {
        folder: folder.to_owned(),
        place: testing::place(folder),
        area: AreaId(140_121),
        drill: false,
        clock: clock.clone(),
    };
    let capabilities = Capabilities::new(vec![marbles(), traps(Arc::clone(restore_panics), slow)]);
    (Store::open(settings, capabilities).unwrap(), clock)
}

fn until(what: &str, mut done: impl FnMut() -> bool) {
    let began = Instant::now();
    while !done() {
        assert!(began.elapsed() < Duration::from_secs(20), "{what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn failing(store: &Store, kind: &str) -> Option<(i64, String)> {
    let failing = store.read(jobs::failing).unwrap();
    failing.into_iter().find(|(job, _)| job.kind == kind).map(|(job, error)| (job.attempts, error))
}

#[test]
fn a_fact_whose_memory_fold_panics_is_refused_and_the_writer_lives() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _) = open_with(folder.path(), &Arc::default(), None);
    put(&store, "red", 3).unwrap();
    for (in_memory, on_board) in [(true, false), (false, true)] {
        let refused = store.write(&store.system(), move |unit| {
            unit.record(Put { bowl: "red".to_owned(), marbles: 7 })?;
            unit.record(Trap { in_memory, on_board })
        });
        assert!(matches!(&refused, Err(StoreError::Panic(why)) if why.contains("traps.set: a trap")), "{refused:?}");
        // Nothing is half done: neither in the tables nor in memory.
        assert_eq!((count(&store, "red"), total(&store), store.head().seq.0), (3, 3, 1));
    }
    put(&store, "red", 1).unwrap();
    assert_eq!((count(&store, "red"), total(&store), store.head().seq.0), (4, 4, 2));
    assert_eq!(store.threads().down(), []);
    assert_eq!(store.read(|tx| journal::verify(tx, None)).unwrap().broken, Vec::<String>::new());
}

#[test]
fn who_shares_a_commit_with_a_panic_is_answered_and_may_send_again() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _) = open_with(folder.path(), &Arc::default(), None);
    let (go, wait) = channel::<()>();
    let holding = move |_: &mut outpace_store::Unit<'_>| {
        wait.recv().unwrap();
        Ok::<(), StoreError>(())
    };
    store.submit(&store.system(), holding, |_| {});
    let (told, answers) = channel();
    for number in 0..3 {
        let told = told.clone();
        let command = move |unit: &mut outpace_store::Unit<'_>| match number {
            1 => unit.record(Trap { in_memory: true, on_board: false }),
            _ => unit.record(Put { bowl: "red".to_owned(), marbles: 1 }),
        };
        store.submit(&store.system(), command, move |answer| {
            told.send((number, answer.map(|_| ()))).unwrap();
            assert!(number != 0, "whoever was answered panics over it");
        });
    }
    go.send(()).unwrap();
    let mut answers: Vec<_> = answers.iter().take(3).collect();
    answers.sort_by_key(|(number, _)| *number);
    assert!(matches!(answers[0].1, Err(StoreError::Uncommitted)), "{answers:?}");
    assert!(matches!(answers[1].1, Err(StoreError::Panic(_))), "{answers:?}");
    assert!(matches!(answers[2].1, Err(StoreError::Uncommitted)), "{answers:?}");
    assert_eq!((count(&store, "red"), total(&store)), (0, 0));
    put(&store, "red", 2).unwrap();
    assert_eq!((count(&store, "red"), total(&store)), (2, 2));
}

#[test]
fn memory_that_cannot_be_restored_is_told_and_right_once_it_can() {
    let folder = tempfile::tempdir().unwrap();
    let restore_panics = Arc::<AtomicBool>::default();
    let (store, _) = open_with(folder.path(), &restore_panics, None);
    put(&store, "red", 3).unwrap();
    restore_panics.store(true, Ordering::SeqCst);
    let trap = store.write(&store.system(), |unit| unit.record(Trap { in_memory: true, on_board: false }));
    assert!(trap.is_err());
    assert!(put(&store, "red", 1).is_err(), "nothing is written beside memory that is wrong");
    until("the thread is told as down", || {
        store.threads().down().iter().any(|down| down.why.contains("a trap in the tables"))
    });
    restore_panics.store(false, Ordering::SeqCst);
    until("the writer works again", || put(&store, "red", 1).is_ok());
    assert_eq!((count(&store, "red"), total(&store)), (4, 4));
    until("no thread is down", || store.threads().down().is_empty());
}

#[test]
fn a_job_that_panics_counts_as_failed_and_the_thread_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _) = open_with(folder.path(), &Arc::default(), None);
    put(&store, "red", 5).unwrap();
    store
        .write(&store.system(), |unit| {
            unit.enqueue("trap", &1)?;
            unit.enqueue("unfinished", &2)?;
            unit.enqueue("double", &"red")
        })
        .unwrap();
    // Nobody but the store's own thread works here.
    until("work behind the one that panics is done", || count(&store, "red") == 10);
    until("the failures are recorded", || failing(&store, "trap").is_some() && failing(&store, "unfinished").is_some());
    assert_eq!(
        failing(&store, "trap"),
        Some((1, "a command stopped unexpectedly: a trap in the work of 1".to_owned()))
    );
    store.write(&store.system(), |unit| unit.enqueue("double", &"red")).unwrap();
    until("the thread lives", || count(&store, "red") == 20);
    assert_eq!(store.threads().down(), []);
}

#[test]
fn a_job_that_ended_the_process_is_counted_and_put_off_at_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _) = open_with(folder.path(), &Arc::default(), None);
    // It stands as it would in the middle of its work when the process ends: taken up, and nothing of it written.
    store
        .write(&store.system(), |unit| {
            let jurisdiction = unit.tx().jurisdiction();
            unit.open()?;
            unit.tx().execute(
                "INSERT INTO job (j, id, kind, payload, queued_at, attempts, taken) VALUES ($1, 7, 'double', '\"red\"', 0, 4, 0)",
                values![jurisdiction],
            )
        })
        .unwrap();
    let job = store.read(|tx| jobs::waiting(tx, 1)).unwrap().remove(0);
    assert_eq!(store.take_up(&[job]).unwrap().len(), 1);
    drop(store);
    let (again, clock) = open_with(folder.path(), &Arc::default(), None);
    put(&again, "red", 5).unwrap();
    again.work_off().unwrap();
    assert_eq!(count(&again, "red"), 5, "whatever else there is comes first");
    let stuck = again.read(jobs::stuck).unwrap();
    assert_eq!((stuck[0].0.id, stuck[0].0.attempts), (7, 5));
    assert!(stuck[0].1.contains("the process ended while it ran"));
    clock.0.fetch_add(jobs::pause_ms(5), Ordering::SeqCst);
    again.work_off().unwrap();
    assert_eq!(count(&again, "red"), 10);
}

#[test]
fn work_that_waits_stands_once_and_work_asked_for_while_it_runs_runs_again() {
    let folder = tempfile::tempdir().unwrap();
    let ((began, begun), (go, leave)) = (channel(), channel());
    let slow = Slow { began, leave: Arc::new(Mutex::new(leave)) };
    let (store, _) = open_with(folder.path(), &Arc::default(), Some(slow));
    let ask = |payload: &'static str| store.write(&store.system(), move |unit| unit.enqueue("slow", &payload)).unwrap();
    ask("a");
    assert_eq!(begun.recv().unwrap(), "\"a\"");
    // It runs now: what is asked for may have come too late for it.
    for _ in 0..5 {
        ask("a");
        ask("b");
    }
    assert_eq!(store.read(jobs::standing).unwrap().waiting, 3, "one that runs, two that wait");
    for expected in ["\"a\"", "\"b\""] {
        go.send(()).unwrap();
        assert_eq!(begun.recv().unwrap(), expected);
    }
    go.send(()).unwrap();
    until("nothing is left", || store.read(jobs::standing).unwrap().waiting == 0);
    assert!(begun.try_recv().is_err(), "nothing ran once more than it was asked for");
}

#[test]
fn work_that_fails_while_it_is_asked_for_again_stands_once() {
    let folder = tempfile::tempdir().unwrap();
    let (store, clock) = open_with(folder.path(), &Arc::default(), None);
    for round in 1..=6 {
        store.write(&store.system(), |unit| unit.enqueue("trap", &1)).unwrap();
        store.work_off().unwrap();
        until("it failed", || failing(&store, "trap").is_some_and(|(attempts, _)| attempts == round));
        let standing = store.read(jobs::standing).unwrap();
        assert_eq!(standing.waiting + standing.stuck, 1, "round {round}");
        clock.0.fetch_add(jobs::PAUSE_MAX_MS, Ordering::SeqCst);
    }
}

#[test]
fn a_flood_of_the_same_work_leaves_a_few_jobs_and_what_is_urgent_comes_first() {
    let folder = tempfile::tempdir().unwrap();
    let ((began, begun), (go, leave)) = (channel(), channel());
    let slow = Slow { began, leave: Arc::new(Mutex::new(leave)) };
    let (store, _) = open_with(folder.path(), &Arc::default(), Some(slow));
    store.write(&store.system(), |unit| unit.enqueue("slow", &"first of all")).unwrap();
    begun.recv().unwrap();
    for _ in 0..50 {
        let flood = |unit: &mut outpace_store::Unit<'_>| {
            (0..1_000).try_for_each(|number| unit.enqueue_as(Urgency::Later, "slow", &(number % 3)))
        };
        store.write(&store.system(), flood).unwrap();
    }
    store.write(&store.system(), |unit| unit.enqueue("slow", &"case")).unwrap();
    store.write(&store.system(), |unit| unit.enqueue_as(Urgency::First, "slow", &"positive")).unwrap();
    // One of the flood turns out to be urgent.
    store.write(&store.system(), |unit| unit.enqueue_as(Urgency::First, "slow", &2)).unwrap();
    let waiting = store.read(|tx| jobs::waiting(tx, 100)).unwrap();
    assert_eq!(waiting.len(), 6, "50,000 times the same three leave three");
    for expected in ["2", "\"positive\"", "\"case\"", "0", "1"] {
        go.send(()).unwrap();
        assert_eq!(begun.recv().unwrap(), expected);
    }
    go.send(()).unwrap();
}

#[test]
fn a_refused_command_that_only_queued_work_leaves_none() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let refused = store.write(&store.system(), |unit| {
        unit.enqueue("double", &"red")?;
        Err::<(), _>(StoreError::Folder("no".to_owned()))
    });
    assert!(refused.is_err());
    assert_eq!(store.read(jobs::standing).unwrap().waiting, 0);
    assert!(store.write(&store.system(), |unit| unit.enqueue("double", &"x".repeat(jobs::PAYLOAD_BYTES_MAX))).is_err());
}

#[test]
fn doubles_that_an_older_version_left_are_gone_after_the_migration() {
    let folder = tempfile::tempdir().unwrap();
    if !matches!(testing::place(folder.path()), Place::Folder) {
        return;
    }
    let store = open(folder.path());
    for sql in [
        "DROP INDEX job_once",
        "DROP INDEX job_in_turn",
        "ALTER TABLE job DROP COLUMN urgency",
        "ALTER TABLE job DROP COLUMN taken",
        "DELETE FROM migration WHERE name = 'store' AND version = 1",
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
         INSERT INTO job (j, id, kind, payload, queued_at, attempts) SELECT 140121, i, 'other', i % 4, i, 0 FROM n",
    ] {
        testing::by_hand(&store, sql).unwrap();
    }
    drop(store);
    let again = open(folder.path());
    let waiting = again.read(|tx| jobs::waiting(tx, 100)).unwrap();
    assert_eq!(waiting.iter().map(|job| job.id).collect::<Vec<_>>(), [1, 2, 3, 4], "the oldest of each stands");
}
