//! A store under load and in trouble: a full queue, a disk without room, callers who are told so and lose nothing.

// The helpers of a test may stop it, as its assertions do.
#![allow(clippy::unwrap_used)]

mod marbles;

use std::sync::mpsc;
use std::time::{Duration, Instant};

use marbles::{Put, count, open, open_at, put, total};
use outpace_core::{ActorId, ActorKind, Refusal};
use outpace_store::writer::{BATCH_MAX, QUEUE_MAX};
use outpace_store::{Place, Store, StoreError, Trouble, journal, testing};
use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;

/// Waits for what comes by itself, and fails when it does not.
fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(20), "{what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Holds the writer until the answer is dropped.
fn hold_writer(store: &Store) -> mpsc::Sender<()> {
    let (release, released) = mpsc::channel::<()>();
    let (began, begun) = mpsc::channel();
    store.submit(
        &store.system(),
        move |_| {
            let _ = began.send(());
            let _ = released.recv();
            Ok::<_, StoreError>(())
        },
        |_| {},
    );
    begun.recv().unwrap();
    release
}

#[test]
fn a_full_queue_turns_callers_away_at_once_and_loses_nothing_it_took() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let release = hold_writer(&store);
    let (tell, told) = mpsc::channel();
    let offered = QUEUE_MAX + BATCH_MAX;
    for _ in 0..offered {
        let tell = tell.clone();
        let fact = Put { bowl: "red".to_owned(), marbles: 1 };
        store.submit(&store.system(), move |unit| unit.record(fact), move |answer| drop(tell.send(answer.map(|_| ()))));
    }
    drop(tell);
    // The writer still stands, so these can only be those that were turned away.
    let early: Vec<_> = told.try_iter().collect();
    assert_eq!((early.len(), store.pulse().waiting()), (BATCH_MAX, QUEUE_MAX));
    assert!(early.iter().all(|answer| matches!(answer, Err(StoreError::Busy))));
    until("the oldest command grows old", || store.pulse().oldest().is_some_and(|age| age.as_millis() > 20));
    assert_eq!(store.read(|tx| tx.number("SELECT COUNT(*) FROM bowl", &[])).unwrap(), 0);
    drop(release);
    let late: Vec<_> = told.iter().collect();
    assert_eq!((late.len(), late.iter().filter(|answer| answer.is_ok()).count()), (QUEUE_MAX, QUEUE_MAX));
    assert_eq!((count(&store, "red"), total(&store)), (QUEUE_MAX as i64, QUEUE_MAX as i64));
    until("the queue is empty", || (store.pulse().waiting(), store.pulse().oldest()) == (0, None));
}

#[test]
fn the_systems_own_work_waits_for_a_place_where_others_are_turned_away() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let release = hold_writer(&store);
    for _ in 0..QUEUE_MAX {
        store.submit(&store.system(), |_| Ok::<_, StoreError>(()), |_| {});
    }
    let mut stranger = store.system();
    (stranger.id, stranger.kind) = (ActorId(7), ActorKind::Account);
    let refused = store.write(&stranger, |unit| unit.record(Put { bowl: "red".to_owned(), marbles: 1 }));
    assert!(matches!(refused, Err(StoreError::Busy)));
    std::thread::scope(|scope| {
        let clock = scope.spawn(|| put(&store, "blue", 1));
        std::thread::sleep(Duration::from_millis(50));
        drop(release);
        assert!(clock.join().unwrap().is_ok());
    });
    assert_eq!((count(&store, "red"), count(&store, "blue")), (0, 1));
}

#[test]
fn every_refusal_of_a_crowded_or_paused_door_says_what_goes_on_and_what_to_do() {
    let paused = Trouble::ALL.map(StoreError::Paused);
    for error in paused.into_iter().chain([StoreError::Busy]) {
        let refusal = Refusal::from(error);
        assert_eq!(refusal.status, 503);
        for (text, words) in
            [(&refusal.text.en, ["Status", "offline", "again"]), (&refusal.text.zh, ["状态", "离线", "重发"])]
        {
            assert!(words.iter().all(|word| text.contains(word)), "{text}");
        }
    }
}

/// A store on a file whose writer may grow by a few pages only, and a filler that can be taken away.
fn nearly_full(folder: &std::path::Path) -> Store {
    let store = open_at(folder, Place::Folder, 140_121, false).unwrap();
    testing::by_hand(&store, "CREATE TABLE filler (bytes BLOB)").unwrap();
    testing::by_hand(&store, "INSERT INTO filler VALUES (zeroblob(4000000))").unwrap();
    store
        .write(&store.system(), |unit| {
            let pages = unit.tx().number("PRAGMA page_count", &[])?;
            unit.tx().number(&format!("PRAGMA max_page_count = {}", pages + 20), &[])
        })
        .unwrap();
    store
}

#[test]
fn whoever_is_told_that_writing_is_paused_finds_it_so() {
    let folder = tempfile::tempdir().unwrap();
    let store = nearly_full(folder.path());
    let (tell, told) = mpsc::channel();
    for _ in 0..2_000 {
        let (tell, asked) = (tell.clone(), store.clone());
        let fact = Put { bowl: "x".repeat(1_000), marbles: 1 };
        // Answers come on the writer's own thread: what it says afterwards cannot have been said before.
        store.submit(
            &store.system(),
            move |unit| unit.record(fact),
            move |answer| {
                let _ = tell.send((answer.is_ok(), asked.pulse().paused().is_some()));
            },
        );
        let (taken, paused) = told.recv_timeout(Duration::from_secs(20)).unwrap();
        assert_eq!(taken, !paused);
        if paused {
            return;
        }
    }
    panic!("the disk was never full");
}

#[test]
fn a_full_disk_pauses_writing_keeps_reading_and_ends_by_itself_when_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let store = nearly_full(folder.path());
    let (mut acknowledged, mut refused) = (0, None);
    for _ in 0..2_000 {
        match put(&store, &"x".repeat(1_000), 1) {
            Ok(_) => acknowledged += 1,
            Err(error) => {
                refused = Some(error);
                break;
            }
        }
    }
    assert!(acknowledged > 0);
    assert!(matches!(refused, Some(StoreError::Engine(_) | StoreError::Paused(Trouble::Full))), "{refused:?}");
    assert_eq!(refused.and_then(|error| error.trouble()), Some(Trouble::Full));
    until("writing is paused", || store.pulse().paused().is_some_and(|paused| paused.trouble == Trouble::Full));
    // At once, without the queue.
    assert!(matches!(put(&store, "red", 1), Err(StoreError::Paused(Trouble::Full))));
    let bowl = "x".repeat(1_000);
    assert_eq!((count(&store, &bowl), total(&store), store.head().seq.0), (acknowledged, acknowledged, acknowledged));
    std::thread::sleep(Duration::from_millis(500));
    assert!(store.pulse().paused().is_some(), "without room it stays paused");
    testing::by_hand(&store, "DELETE FROM filler").unwrap();
    until("writing goes on by itself", || store.pulse().paused().is_none());
    put(&store, "red", 1).unwrap();
    assert_eq!((count(&store, "red"), total(&store)), (1, acknowledged + 1));
    let verified = store.read(|tx| journal::verify(tx, Some(store.head().hash))).unwrap();
    assert_eq!((verified.entries, verified.witness_found, verified.broken), (acknowledged + 1, Some(true), vec![]));
    assert_eq!(store.rebuild().unwrap().changed, Vec::<&str>::new());
}

#[test]
fn a_batch_that_met_a_full_disk_leaves_nothing_of_any_of_its_commands() {
    let folder = tempfile::tempdir().unwrap();
    let store = nearly_full(folder.path());
    let release = hold_writer(&store);
    let (tell, told) = mpsc::channel();
    for number in 0..50_usize {
        let tell = tell.clone();
        let fact = Put { bowl: format!("{number} {}", "y".repeat(20_000)), marbles: 1 };
        store.submit(&store.system(), move |unit| unit.record(fact), move |answer| drop(tell.send(answer.map(|_| ()))));
    }
    drop((tell, release));
    let answers: Vec<_> = told.iter().collect();
    assert_eq!(answers.len(), 50);
    let acknowledged = answers.iter().filter(|answer| answer.is_ok()).count() as i64;
    assert!(
        answers.iter().filter_map(|answer| answer.as_ref().err()).all(|error| error.trouble() == Some(Trouble::Full))
    );
    assert!(acknowledged < 50);
    let bowls = store.read(|tx| tx.number("SELECT COUNT(*) FROM bowl", &[])).unwrap();
    assert_eq!((bowls, store.head().seq.0, total(&store)), (acknowledged, acknowledged, acknowledged));
}

#[test]
fn the_pulse_tells_commits_facts_and_who_was_turned_away() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    put(&store, "red", 1).unwrap();
    put(&store, "red", 1).unwrap();
    let mut registry = Registry::with_prefix("outpace");
    store.pulse().register(&mut registry);
    let mut text = String::new();
    encode(&mut text, &registry).unwrap();
    for line in ["outpace_commits_total 2", "outpace_facts_total 2", "outpace_writer_turned_away_total 0"] {
        assert!(text.lines().any(|found| found == line), "{line} in\n{text}");
    }
    assert!(text.contains("outpace_commit_facts_count 2") && store.pulse().followed_ago() < Duration::from_secs(5));
}
