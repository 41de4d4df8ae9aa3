//! The store as a capability sees it, on real temporary folders, with a capability that counts marbles.

// The helpers of a test may stop it, as its assertions do.
#![allow(clippy::unwrap_used)]

mod marbles;

use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use marbles::{Fixed, Put, count, in_bowl, open, open_as, put, total};
use outpace_core::{AreaId, Seq};
use outpace_store::{
    Capabilities, Capability, Hash, Place, Settings, Store, StoreError, Unit, journal, testing, values, vault,
};
use proptest::prelude::*;

#[test]
fn a_refused_command_leaves_no_fact_no_row_and_no_number() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    put(&store, "red", 3).unwrap();
    let refused = store.write(&store.system(), |unit| {
        unit.next("bowl")?;
        unit.record(Put { bowl: "red".to_owned(), marbles: 100 })?;
        unit.enqueue("double", &"red")?;
        Err::<(), _>(StoreError::Folder("no".to_owned()))
    });
    assert!(refused.is_err());
    assert_eq!((count(&store, "red"), total(&store), store.head().seq.0), (3, 3, 1));
    let next = store.write(&store.system(), |unit| unit.next("bowl")).unwrap();
    assert_eq!(next.answer, 1);
}

#[test]
fn a_command_that_was_certain_and_errs_takes_its_whole_commit_with_it_and_nobody_is_told_otherwise() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    put(&store, "red", 3).unwrap();
    // The first command keeps the writer busy until the others wait, so that they share a commit.
    let (go, wait) = std::sync::mpsc::channel::<()>();
    store.submit(
        &store.system(),
        move |_| {
            wait.recv().unwrap();
            Ok::<(), StoreError>(())
        },
        |_| {},
    );
    let (told, answers) = std::sync::mpsc::channel();
    for (name, fails) in [("innocent", false), ("certain", true)] {
        let told = told.clone();
        store.submit(
            &store.system(),
            move |unit| {
                unit.certain();
                unit.next("bowl")?;
                unit.record(Put { bowl: "red".to_owned(), marbles: 100 })?;
                if fails { Err(StoreError::Busy) } else { Ok(()) }
            },
            move |answer| told.send((name, answer.is_ok())).unwrap(),
        );
    }
    go.send(()).unwrap();
    let mut heard = [answers.recv().unwrap(), answers.recv().unwrap()];
    heard.sort_unstable();
    assert_eq!(heard, [("certain", false), ("innocent", false)]);
    assert_eq!((count(&store, "red"), total(&store), store.head().seq.0), (3, 3, 1));
    assert_eq!(store.write(&store.system(), |unit| unit.next("bowl")).unwrap().answer, 1);
    assert_eq!(put(&store, "red", 1).unwrap().seq.0, 2);
}

#[test]
fn a_command_that_panics_is_answered_and_the_writer_lives_on() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let stopped = store.write(&store.system(), |unit| {
        unit.record(Put { bowl: "red".to_owned(), marbles: 1 })?;
        panic!("marbles everywhere");
        #[allow(unreachable_code)]
        Ok::<(), StoreError>(())
    });
    assert!(matches!(stopped, Err(StoreError::Panic(text)) if text == "marbles everywhere"));
    put(&store, "red", 2).unwrap();
    assert_eq!((count(&store, "red"), total(&store)), (2, 2));
}

#[test]
fn a_batch_that_was_not_committed_refuses_nobody_for_what_it_held() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    put(&store, "red", 1).unwrap();
    // While the first command runs, the others wait; then they share one batch.
    let (begun, runs) = std::sync::mpsc::sync_channel(0);
    let (go, waits) = std::sync::mpsc::sync_channel::<()>(0);
    let (told, answers) = std::sync::mpsc::channel();
    let first = move |_: &mut Unit<'_>| {
        begun.send(()).unwrap();
        waits.recv().unwrap();
        Ok::<_, StoreError>(())
    };
    store.submit(&store.system(), first, |_| {});
    runs.recv().unwrap();
    let tell = told.clone();
    let put_more = |unit: &mut Unit<'_>| unit.record(Put { bowl: "red".to_owned(), marbles: 8 }).map(|_| ());
    store.submit(&store.system(), put_more, move |answer| tell.send(answer.map(|_| ())).unwrap());
    let tell = told.clone();
    let too_full = |unit: &mut Unit<'_>| match in_bowl(unit, "red")? {
        9 => Err(StoreError::Folder("the bowl is full".to_owned())),
        _ => Ok(()),
    };
    store.submit(&store.system(), too_full, move |answer| tell.send(answer.map(|_| ())).unwrap());
    // The transaction is lost under the batch, as an engine in trouble loses it.
    let lose = |unit: &mut Unit<'_>| unit.tx().execute("ROLLBACK", &[]).map(|_| ());
    store.submit(&store.system(), lose, move |answer| told.send(answer.map(|_| ())).unwrap());
    go.send(()).unwrap();
    for _ in 0..3 {
        assert!(matches!(answers.recv().unwrap(), Err(StoreError::Uncommitted)), "the bowl never held nine");
    }
    assert_eq!((count(&store, "red"), total(&store), store.head().seq.0), (1, 1, 1));
    put(&store, "red", 2).unwrap();
    assert_eq!((count(&store, "red"), total(&store), store.head().seq.0), (3, 3, 2));
}

#[test]
fn what_was_answered_is_there_after_opening_again() {
    let folder = tempfile::tempdir().unwrap();
    let head = {
        let store = open(folder.path());
        put(&store, "red", 3).unwrap();
        put(&store, "blue", 4).unwrap()
    };
    let store = open(folder.path());
    assert_eq!((store.head(), total(&store), count(&store, "blue")), (head, 7, 4));
}

#[test]
fn many_writers_share_commits_and_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..50 {
                    put(&store, "red", 1).unwrap();
                }
            });
        }
    });
    assert_eq!((count(&store, "red"), total(&store), store.head().seq.0), (400, 400, 400));
}

#[test]
fn two_processes_on_one_folder_keep_one_order() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (open(folder.path()), open(folder.path()));
    put(&first, "red", 1).unwrap();
    put(&second, "red", 10).unwrap();
    put(&first, "red", 100).unwrap();
    assert_eq!((count(&second, "red"), first.head().seq.0, total(&first)), (111, 3, 111));
    let verified = first.read(|tx| journal::verify(tx, None)).unwrap();
    assert_eq!((verified.entries, verified.broken), (3, vec![]));
}

#[test]
fn a_rebuild_gives_the_same_digest_and_finds_a_table_edited_by_hand() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    for marbles in 1..=50 {
        put(&store, if marbles % 2 == 0 { "red" } else { "blue" }, marbles).unwrap();
    }
    let rebuilt = store.rebuild().unwrap();
    assert_eq!((rebuilt.entries, &rebuilt.before, rebuilt.changed.is_empty()), (50, &rebuilt.after, true));
    testing::by_hand(&store, "UPDATE bowl SET marbles = 0 WHERE name = 'red'").unwrap();
    assert_eq!(store.rebuild().unwrap().changed, vec!["bowl"]);
    assert_eq!(count(&store, "red"), (1..=50).filter(|marbles| marbles % 2 == 0).sum::<i64>());
}

#[test]
fn a_changed_payload_and_a_missing_tail_are_found() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    put(&store, "red", 1).unwrap();
    put(&store, "red", 2).unwrap();
    let witness = put(&store, "red", 3).unwrap().hash;
    let check = |witness: Option<Hash>| store.read(|tx| journal::verify(tx, witness)).unwrap();
    assert_eq!((check(Some(witness)).witness_found, check(None).broken.len()), (Some(true), 0));
    testing::by_hand(&store, "UPDATE journal SET payload = '{\"bowl\":\"red\",\"marbles\":9}' WHERE seq = 2").unwrap();
    assert!(check(None).broken[0].contains("entry 2"));
    testing::by_hand(&store, "DELETE FROM journal WHERE seq = 3").unwrap();
    assert_eq!(check(Some(witness)).witness_found, Some(false));
}

#[test]
fn a_destroyed_payload_leaves_the_chain_whole() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    for marbles in 1..=3 {
        put(&store, "red", marbles).unwrap();
    }
    testing::by_hand(&store, "UPDATE journal SET payload = NULL, salt = NULL WHERE seq = 2").unwrap();
    let verified = store.read(|tx| journal::verify(tx, None)).unwrap();
    assert_eq!((verified.entries, verified.destroyed, verified.broken), (3, 1, vec![]));
}

#[test]
fn follow_up_work_commits_with_its_facts_and_failing_work_blocks_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    put(&store, "red", 5).unwrap();
    store.write(&store.system(), |unit| unit.enqueue("double", &"cursed")).unwrap();
    store.write(&store.system(), |unit| unit.enqueue("double", &"red")).unwrap();
    store.work_off().unwrap();
    assert_eq!(count(&store, "red"), 10);
    let stuck = store.read(outpace_store::jobs::stuck).unwrap();
    assert_eq!(stuck.len(), 1);
    assert!(stuck[0].1.contains("cursed"));
}

#[test]
fn a_folder_stays_what_it_was_made_for() {
    let folder = tempfile::tempdir().unwrap();
    drop(open_as(folder.path(), 140_121, true).unwrap());
    assert!(open_as(folder.path(), 140_121, false).is_err());
    assert!(open_as(folder.path(), 140_122, true).is_err());
    assert!(open_as(folder.path(), 140_121, true).unwrap().is_drill());
}

#[test]
fn an_identity_is_found_by_its_hash_and_stands_nowhere_in_clear() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let plain = "甲乙丙 000000199001011234";
    store
        .write(&store.system(), |unit| {
            vault::keep(unit, "identity", 7, "甲乙丙 000000199001011234".as_bytes(), &[(1, "000000199001011234")])
        })
        .unwrap();
    let found = store.read(|tx| vault::find(tx, store.keys(), 1, "000000199001011234")).unwrap();
    assert_eq!(found, vec![7]);
    let opened = store.read(|tx| vault::open(tx, store.keys(), 7)).unwrap().unwrap();
    assert_eq!(opened.as_slice(), plain.as_bytes());
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        for secret in ["000000199001011234", "甲乙丙"] {
            assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()));
        }
    }
    assert!(store.keys().unseal("identity-2022-04", 8, &[0; 60]).is_err());
}

#[test]
fn a_list_by_id_takes_the_narrow_index_and_not_the_whole_jurisdiction() {
    let folder = tempfile::tempdir().unwrap();
    let people = Capability::new("people").schema(&["CREATE TABLE member (j BIGINT NOT NULL, id BIGINT NOT NULL,
        home BIGINT NOT NULL, work BIGINT, PRIMARY KEY (j, id));
        CREATE INDEX member_home ON member (j, home); CREATE INDEX member_work ON member (j, work, home);"]);
    let clock = Arc::new(Fixed(AtomicI64::new(0)));
    let settings =
        Settings { folder: folder.path().to_owned(), place: Place::Folder, area: AreaId(140_121), drill: false, clock };
    let store = Store::open(settings, Capabilities::new(vec![people])).unwrap();
    for (column, index) in [("home", "member_home"), ("work", "member_work")] {
        let sql = format!("EXPLAIN QUERY PLAN SELECT id FROM member WHERE j = $1 AND {column} = $2 ORDER BY id");
        let plan: Vec<String> =
            store.read(|tx| tx.query(&sql, values![1_i64, 2_i64], |row| row.get::<String>(3))).unwrap();
        assert!(plan[0].contains(index), "{plan:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    #[test]
    fn the_chain_holds_and_rebuilds_for_any_facts(facts in prop::collection::vec(("[a-c]", -50_i64..50, any::<bool>()), 1..40)) {
        let folder = tempfile::tempdir().unwrap();
        let store = open(folder.path());
        let mut expected = 0;
        for (bowl, marbles, refuse) in facts {
            let fact = Put { bowl, marbles };
            let written = store.write(&store.system(), move |unit| {
                unit.record(fact)?;
                if refuse { Err(StoreError::Busy) } else { Ok(()) }
            });
            if written.is_ok() { expected += marbles; }
        }
        prop_assert_eq!(total(&store), expected);
        let verified = store.read(|tx| journal::verify(tx, None)).unwrap();
        prop_assert!(verified.broken.is_empty());
        let rebuilt = store.rebuild().unwrap();
        prop_assert_eq!(rebuilt.before, rebuilt.after);
    }
}

#[test]
fn content_put_back_into_a_destroyed_entry_is_named_and_never_folded() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    put(&store, "red", 3).unwrap();
    marbles::destroy(&store);
    put(&store, "blue", 4).unwrap();
    let forged = r#"UPDATE journal SET payload = CAST('{"bowl":"red","marbles":900}' AS BLOB) WHERE salt IS NULL"#;
    let forged = if testing::place(folder.path()).holds_many() {
        forged.replace("CAST('", "convert_to('").replace("' AS BLOB)", "', 'UTF8')")
    } else {
        forged.to_owned()
    };
    assert_eq!(testing::by_hand(&store, &forged).unwrap(), 1);
    let verified = store.read(|tx| journal::verify(tx, None)).unwrap();
    assert_eq!(verified.broken, ["entry 1 (marbles.put): content stands where it was destroyed"]);
    let rebuilt = store.rebuild().unwrap();
    assert_eq!(rebuilt.before, rebuilt.after);
    assert_eq!((count(&store, "red"), count(&store, "blue")), (0, 4));
    assert_eq!(store.read(|tx| journal::entry(tx, Seq(1))).unwrap().unwrap().payload, Vec::<u8>::new());
}

#[cfg(unix)]
#[test]
fn a_data_folder_and_its_files_are_their_owners_alone_whatever_stood_there() {
    use std::os::unix::fs::PermissionsExt;
    let home = tempfile::tempdir().unwrap();
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let folder = home.path().join("data");
    drop(open(&folder));
    assert_eq!(mode(&folder), 0o700);
    // As an older version, or a copy by hand, left it.
    std::fs::set_permissions(&folder, PermissionsExt::from_mode(0o755)).unwrap();
    for entry in std::fs::read_dir(&folder).unwrap() {
        std::fs::set_permissions(entry.unwrap().path(), PermissionsExt::from_mode(0o664)).unwrap();
    }
    let store = open(&folder);
    put(&store, "red", 3).unwrap();
    store.keep_snapshot(1).unwrap();
    assert_eq!(mode(&folder), 0o700);
    let files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(files.len() >= 2, "{files:?}");
    for file in files {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
}
