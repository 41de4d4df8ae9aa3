//! Several servers on one journal, several journals in one database, the same on every engine.

// The helpers of a test may stop it, as its assertions do.
#![allow(clippy::unwrap_used)]

mod marbles;

use std::path::Path;
use std::time::{Duration, Instant};

use marbles::{count, open, open_as, open_at, put, total};
use outpace_store::{Place, Store, StoreError, journal, testing};

/// Waits for what comes by itself, and fails when it does not.
fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(10), "{what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// A second server's folder: the same journal and keys, another folder.
fn copy_of(folder: &Path, name: &str) -> std::path::PathBuf {
    let copy = folder.join(name);
    std::fs::create_dir(&copy).unwrap();
    std::fs::copy(folder.join("vault.keys"), copy.join("vault.keys")).unwrap();
    copy
}

#[test]
fn what_another_server_wrote_reaches_memory_and_listeners_without_a_write_of_ours() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (open(folder.path()), open(folder.path()));
    let (tell, told) = std::sync::mpsc::channel();
    second.on_commit(move |head| {
        let _ = tell.send(head);
    });
    let head = put(&first, "red", 5).unwrap();
    assert_eq!(told.recv_timeout(Duration::from_secs(10)).unwrap(), head);
    assert_eq!((total(&second), second.head()), (5, head));
}

#[test]
fn servers_that_write_at_once_keep_one_order_without_gaps() {
    let folder = tempfile::tempdir().unwrap();
    let servers: Vec<Store> = (0..3).map(|_| open(folder.path())).collect();
    std::thread::scope(|scope| {
        for server in &servers {
            scope.spawn(|| (0..40).all(|_| put(server, "red", 1).is_ok()));
        }
    });
    let verified = servers[0].read(|tx| journal::verify(tx, None)).unwrap();
    assert_eq!((verified.entries, verified.head.seq.0, verified.broken), (120, 120, vec![]));
    for server in &servers {
        until("every server has everything in memory", || total(server) == 120);
    }
}

#[test]
fn the_death_of_one_server_hands_its_lock_to_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (open(folder.path()), open(folder.path()));
    put(&first, "red", 1).unwrap();
    drop(first);
    put(&second, "red", 1).unwrap();
    assert_eq!((count(&second, "red"), second.head().seq.0), (2, 2));
}

#[test]
fn follow_up_work_that_another_server_finished_is_not_done_twice() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (open(folder.path()), open(folder.path()));
    put(&first, "red", 5).unwrap();
    first.write(&first.system(), |unit| unit.enqueue("double", &"red")).unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| first.work_off().unwrap());
        scope.spawn(|| second.work_off().unwrap());
    });
    assert_eq!(count(&first, "red"), 10);
    let again = first.write(&first.system(), |unit| unit.finish_job(1));
    assert!(matches!(again, Err(StoreError::JobDone(1))));
    assert_eq!(first.read(outpace_store::jobs::stuck).unwrap(), vec![]);
}

#[test]
fn a_server_with_other_keys_is_turned_away() {
    let folder = tempfile::tempdir().unwrap();
    let place = match testing::place(folder.path()) {
        Place::Folder => Place::File(folder.path().join("elsewhere.sqlite")),
        other => other,
    };
    drop(open_at(folder.path(), place.clone(), 140_121, false).unwrap());
    let copy = copy_of(folder.path(), "second");
    assert!(open_at(&copy, place.clone(), 140_121, false).is_ok());
    let stranger = open_at(&folder.path().join("stranger"), place, 140_121, false);
    assert!(matches!(stranger, Err(StoreError::Vault(_))));
}

#[test]
fn the_same_commands_give_the_same_digest_on_every_engine() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    let server = folder.path().join("server");
    let stores = [open_at(&file, Place::Folder, 140_121, false).unwrap(), open(&server)];
    for store in &stores {
        for (bowl, marbles) in [("红", 3), ("B", 1), ("a", i64::MIN), ("", i64::MAX), ("b'\"", 0)] {
            put(store, bowl, marbles).unwrap();
        }
    }
    assert_eq!(stores[0].digests().unwrap(), stores[1].digests().unwrap());
    assert_eq!(testing::schema(&stores[0]).unwrap(), testing::schema(&stores[1]).unwrap());
}

/// A test of the server engine only: nothing where no server is named.
fn on_a_server(test: impl FnOnce(&Path, Place)) {
    let folder = tempfile::tempdir().unwrap();
    if let place @ Place::Postgres(_) = testing::place(folder.path()) {
        test(folder.path(), place);
    }
}

#[test]
fn several_journals_stand_in_one_database_each_in_partitions_of_its_own() {
    on_a_server(|folder, place| {
        let open = |area: i64| open_at(&folder.join(area.to_string()), place.clone(), area, area == 140_122).unwrap();
        let (east, west) = (open(140_121), open(140_122));
        put(&east, "red", 1).unwrap();
        put(&west, "red", 10).unwrap();
        put(&east, "red", 100).unwrap();
        assert_eq!((count(&east, "red"), count(&west, "red")), (101, 10));
        assert_eq!((east.head().seq.0, west.head().seq.0), (2, 1));
        let rows = |store: &Store, table: &str| {
            let sql = format!("SELECT COUNT(*) FROM {table}");
            store.read(|tx| tx.number(&sql, &[])).unwrap()
        };
        // Each sees its own partition under the table's name, and everything under the schema's.
        assert_eq!(rows(&east, "journal"), 2);
        assert!(west.is_drill() && !east.is_drill());
        assert!(open_at(&folder.join("140121"), place.clone(), 140_122, true).is_err());
        assert!(open_at(&folder.join("140121"), place.clone(), 140_121, true).is_err());
        assert_eq!(east.rebuild().unwrap().changed, Vec::<&str>::new());
        assert_eq!(count(&west, "red"), 10);
    });
}

#[test]
fn a_connection_that_is_cut_is_opened_again_and_nothing_acknowledged_is_lost() {
    on_a_server(|folder, _| {
        let store = open_as(folder, 140_121, false).unwrap();
        let mut acknowledged = 0;
        for round in 0..5 {
            acknowledged += i64::from(put(&store, "red", 1).is_ok());
            let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                       WHERE application_name = 'outpace ' || current_schema() AND pid <> pg_backend_pid()";
            testing::by_hand(&store, cut).unwrap();
            until(&format!("the writer comes back, round {round}"), || {
                let written = put(&store, "red", 1).is_ok();
                acknowledged += i64::from(written);
                written
            });
        }
        let verified = store.read(|tx| journal::verify(tx, Some(store.head().hash))).unwrap();
        assert_eq!((verified.witness_found, verified.broken), (Some(true), vec![]));
        assert!(count(&store, "red") >= acknowledged);
        assert_eq!(total(&store), count(&store, "red"));
    });
}
