//! Snapshots of memory: a saving of time that must never be a source of error.

// The helpers of a test may stop it, as its assertions do.
#![allow(clippy::unwrap_used)]

mod marbles;

use std::path::Path;

use marbles::{count, destroy, open, put, total};
use outpace_store::testing;

/// A folder with a snapshot at three marbles, two marbles more, and a table that says something else: whoever starts
/// from the table has 1,000, whoever starts from the snapshot has 5.
fn furnished(folder: &Path) {
    let store = open(folder);
    put(&store, "red", 3).unwrap();
    store.keep_snapshot(1).unwrap();
    put(&store, "red", 2).unwrap();
    testing::by_hand(&store, "UPDATE bowl SET marbles = 1000").unwrap();
}

fn file(folder: &Path) -> std::path::PathBuf {
    folder.join("memory.snapshot")
}

#[test]
fn memory_comes_from_the_snapshot_and_from_what_was_recorded_since() {
    let folder = tempfile::tempdir().unwrap();
    furnished(folder.path());
    let store = open(folder.path());
    assert_eq!((total(&store), count(&store, "red")), (5, 1_000));
    put(&store, "red", 1).unwrap();
    assert_eq!(total(&store), 6);
}

#[test]
fn a_snapshot_with_one_flipped_bit_is_left_aside_wherever_it_is() {
    let folder = tempfile::tempdir().unwrap();
    furnished(folder.path());
    let whole = std::fs::read(file(folder.path())).unwrap();
    for at in (0..whole.len()).step_by(7).chain([whole.len() - 1]) {
        let mut flipped = whole.clone();
        flipped[at] ^= 1;
        std::fs::write(file(folder.path()), &flipped).unwrap();
        assert_eq!(total(&open(folder.path())), 1_000, "byte {at}");
    }
    std::fs::write(file(folder.path()), &whole[..whole.len() / 2]).unwrap();
    assert_eq!(total(&open(folder.path())), 1_000);
}

#[test]
fn a_snapshot_of_another_journal_or_of_a_tail_that_is_gone_is_left_aside() {
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    furnished(folder.path());
    let store = open(other.path());
    put(&store, "red", 7).unwrap();
    drop(store);
    std::fs::copy(file(folder.path()), file(other.path())).unwrap();
    assert_eq!(total(&open(other.path())), 7);
    let store = open(folder.path());
    testing::by_hand(&store, "DELETE FROM journal").unwrap();
    drop(store);
    assert_eq!(total(&open(folder.path())), 1_000);
}

#[test]
fn nothing_is_written_where_little_was_recorded() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    put(&store, "red", 3).unwrap();
    store.keep_snapshot(2).unwrap();
    assert!(!file(folder.path()).exists());
    put(&store, "red", 3).unwrap();
    store.keep_snapshot(2).unwrap();
    let first = std::fs::read(file(folder.path())).unwrap();
    put(&store, "red", 3).unwrap();
    store.keep_snapshot(2).unwrap();
    assert_eq!(std::fs::read(file(folder.path())).unwrap(), first);
}

/// A header that is whole and tells lengths that no file has.
#[test]
fn a_snapshot_whose_parts_are_longer_than_everything_is_left_aside() {
    let folder = tempfile::tempdir().unwrap();
    furnished(folder.path());
    let whole = std::fs::read(file(folder.path())).unwrap();
    let text = String::from_utf8_lossy(&whole).into_owned();
    let header = text.lines().nth(1).unwrap();
    for parts in [r#"[["other",18446744073709551615],["marbles.1",8]]"#, r#"[["marbles.1",9]]"#, "[]"] {
        let (before, _) = header.split_once("\"parts\":").unwrap();
        let mut written = format!("outpace snapshot 2\n{before}\"parts\":{parts}}}\n").into_bytes();
        written.extend(5_i64.to_le_bytes());
        let hash = blake3::hash(&written);
        written.extend(hash.as_bytes());
        std::fs::write(file(folder.path()), written).unwrap();
        assert_eq!(total(&open(folder.path())), 1_000, "{parts}");
    }
}

#[test]
fn a_snapshot_from_before_a_destruction_is_neither_used_nor_left_on_the_disk() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    put(&store, "red", 3).unwrap();
    store.keep_snapshot(1).unwrap();
    let before = std::fs::read(file(folder.path())).unwrap();
    destroy(&store);
    store.forget_memory().unwrap();
    assert_eq!(total(&store), 0);
    assert!(!file(folder.path()).exists());
    put(&store, "blue", 4).unwrap();
    drop(store);
    // As a disk that kept the old file has it.
    std::fs::write(file(folder.path()), &before).unwrap();
    let store = open(folder.path());
    assert_eq!(total(&store), 4);
    assert!(!file(folder.path()).exists(), "what was destroyed stands in no file of the folder");
}

#[test]
fn memory_that_still_holds_what_was_destroyed_is_not_written_down() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    put(&store, "red", 3).unwrap();
    destroy(&store);
    // The moment between the commit and the step that reads memory again.
    assert_eq!(total(&store), 3);
    store.keep_snapshot(1).unwrap();
    assert!(!file(folder.path()).exists());
    store.forget_memory().unwrap();
    put(&store, "blue", 4).unwrap();
    store.keep_snapshot(1).unwrap();
    drop(store);
    assert_eq!(total(&open(folder.path())), 4);
}

/// The loop of a server that writes snapshots while an officer destroys: whoever comes first, nothing of it stays.
#[test]
fn a_snapshot_that_races_a_destruction_never_survives_it() {
    for round in 0..30 {
        let folder = tempfile::tempdir().unwrap();
        let store = open(folder.path());
        put(&store, "red", 3).unwrap();
        let (writing, over) = (store.clone(), std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false)));
        let until = over.clone();
        let snapshots = std::thread::spawn(move || {
            while !until.load(std::sync::atomic::Ordering::SeqCst) {
                writing.keep_snapshot(0).unwrap();
            }
        });
        destroy(&store);
        store.forget_memory().unwrap();
        over.store(true, std::sync::atomic::Ordering::SeqCst);
        snapshots.join().unwrap();
        if let Ok(bytes) = std::fs::read(file(folder.path())) {
            let held = &bytes[bytes.len() - 40..bytes.len() - 32];
            assert_eq!(held, 0_i64.to_le_bytes(), "round {round}: the snapshot holds marbles that were destroyed");
        }
        assert!(!file(folder.path()).with_extension("new").exists(), "round {round}");
        drop(store);
        assert_eq!(total(&open(folder.path())), 0, "round {round}");
    }
}
