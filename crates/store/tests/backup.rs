//! A backup taken while a writer writes, restored on either engine, compared by its hashes; a damaged one is refused.

// The helpers of a test may stop it, as its assertions do.
#![allow(clippy::unwrap_used)]

mod marbles;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use marbles::{Fixed, count, marbles, open, open_at, put, total};
use outpace_core::{AreaId, Timestamp};
use outpace_store::backup::{self, Manifest, Restored};
use outpace_store::{Capabilities, Place, Result, Settings, Store, StoreError, journal, testing, vault};
use proptest::prelude::*;

const AT: Timestamp = Timestamp(1_649_790_000_000);

fn capabilities() -> Capabilities {
    Capabilities::new(vec![marbles()])
}

fn take(folder: &Path, to: &Path) -> Result<Manifest> {
    backup::take(&testing::place(folder), folder, to, &capabilities(), AT)
}

fn settings(folder: &Path, place: Place, manifest: &Manifest) -> Settings {
    let clock = Arc::new(Fixed(AtomicI64::new(AT.0)));
    Settings { folder: folder.to_owned(), place, area: manifest.area, drill: manifest.drill, clock }
}

/// Restores with the keys of the folder it was taken from.
fn restore(from: &Path, keys_of: &Path, folder: &Path, place: Place) -> Result<Restored> {
    std::fs::create_dir_all(folder).unwrap();
    // A backup of a journal without facts has no keys of its own.
    for keys in ["vault.keys", "backup.keys"].into_iter().filter(|keys| keys_of.join(keys).exists()) {
        std::fs::copy(keys_of.join(keys), folder.join(keys)).unwrap();
    }
    let manifest = backup::manifest(from)?;
    backup::restore(from, &settings(folder, place, &manifest), &capabilities(), true)
}

fn keep_identity(store: &Store) {
    let kept = store.write(&store.system(), |unit| vault::keep(unit, "identity", 7, b"made up", &[(1, "0000")]));
    kept.unwrap();
}

/// Places to restore to: a file always, a server where there is one.
fn targets(folder: &Path) -> Vec<(std::path::PathBuf, Place)> {
    let (file, server) = (folder.join("to-file"), folder.join("to-server"));
    let mut targets = vec![(file, Place::Folder)];
    if let place @ Place::Postgres(_) = testing::place(&server) {
        targets.push((server, place));
    }
    targets
}

#[test]
fn a_backup_taken_while_a_writer_writes_comes_back_with_the_same_hashes_on_every_engine() {
    let folder = tempfile::tempdir().unwrap();
    let (data, to) = (folder.path().join("data"), folder.path().join("backup"));
    let store = open(&data);
    keep_identity(&store);
    for marbles in 0..300 {
        put(&store, if marbles % 3 == 0 { "红" } else { "blue" }, marbles).unwrap();
    }
    store.write(&store.system(), |unit| unit.enqueue("double", &"cursed")).unwrap();
    let (before, stop) = (store.head().seq.0, AtomicBool::new(false));
    let manifest = std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let mut written = 0;
            while !stop.load(Ordering::SeqCst) || written == 0 {
                written += i64::from(put(&store, "green", 1).is_ok());
            }
            written
        });
        let manifest = take(&data, &to).unwrap();
        stop.store(true, Ordering::SeqCst);
        assert!(writer.join().unwrap() > 0, "the writer was not stopped");
        manifest
    });
    assert!(manifest.head_seq >= before && manifest.head_seq <= store.head().seq.0);
    assert_eq!(manifest.keys_needed, ["identity-2022-04"]);
    let green = manifest.head_seq - 300;
    for (target, place) in targets(folder.path()) {
        let restored = restore(&to, &data, &target, place.clone()).unwrap();
        assert_eq!((restored.entries, restored.same), (manifest.head_seq, 1));
        assert_eq!((restored.changed, restored.not_compared), (vec![], vec![]));
        let again = open_at(&target, place, 140_121, false).unwrap();
        assert_eq!(
            (again.head().seq.0, again.head().hash.to_string()),
            (manifest.head_seq, manifest.head_hash.clone())
        );
        let digests: Vec<String> = again.digests().unwrap().into_iter().map(|(_, digest)| digest).collect();
        assert_eq!(digests, [manifest.read_models[0].digest.clone()]);
        assert_eq!((count(&again, "green"), total(&again)), (green, (0..300).sum::<i64>() + green));
        // What is no read model came too: the sealed identity, its look-up, the counter, the work that waits.
        assert_eq!(again.read(|tx| vault::open(tx, again.keys(), 7)).unwrap().unwrap().as_slice(), b"made up");
        assert_eq!(again.read(|tx| vault::find(tx, again.keys(), 1, "0000")).unwrap(), vec![7]);
        let jobs = again.read(outpace_store::jobs::standing).unwrap();
        assert_eq!(jobs.waiting + jobs.stuck, 1);
        let verified = again.read(|tx| journal::verify(tx, None)).unwrap();
        assert_eq!((verified.broken, again.rebuild().unwrap().changed), (vec![], vec![]));
    }
}

/// A backup of a few facts, and where it came from.
fn small(folder: &Path) -> (std::path::PathBuf, std::path::PathBuf) {
    let (data, to) = (folder.join("data"), folder.join("backup"));
    let store = open(&data);
    keep_identity(&store);
    for marbles in 1..20 {
        put(&store, "red", marbles).unwrap();
    }
    take(&data, &to).unwrap();
    (data, to)
}

fn refused(done: Result<Restored>, words: &[&str]) {
    let error = done.unwrap_err().to_string();
    assert!(words.iter().all(|word| error.contains(word)), "{error}");
}

#[test]
fn a_damaged_file_is_refused_by_name_and_nothing_is_left_behind() {
    let folder = tempfile::tempdir().unwrap();
    let (data, to) = small(folder.path());
    for name in ["journal.rows", "vault.rows", "vault_lookup.rows"] {
        let file = to.join(name);
        let whole = std::fs::read(&file).unwrap();
        let mut flipped = whole.clone();
        flipped[whole.len() / 2] ^= 1;
        for damaged in [&flipped[..], &whole[..whole.len() - 1], &[&whole[..], b"n"].concat()[..]] {
            std::fs::write(&file, damaged).unwrap();
            let target = folder.path().join("target");
            refused(restore(&to, &data, &target, Place::Folder), &[name, "damaged", "损坏"]);
            assert!(!target.join("outpace.sqlite").exists());
        }
        std::fs::remove_file(&file).unwrap();
        refused(restore(&to, &data, &folder.path().join("target"), Place::Folder), &[name]);
        std::fs::write(&file, whole).unwrap();
    }
    let (file, whole) = (to.join("manifest.json"), std::fs::read_to_string(to.join("manifest.json")).unwrap());
    std::fs::write(&file, &whole[..whole.len() / 2]).unwrap();
    refused(restore(&to, &data, &folder.path().join("target"), Place::Folder), &["manifest.json", "damaged"]);
    // Files and manifest that fit each other, and a journal that does not fit itself.
    let manifest: Manifest = serde_json::from_str(&whole).unwrap();
    let other = Manifest { head_hash: "0".repeat(64), ..manifest };
    std::fs::write(&file, serde_json::to_vec(&other).unwrap()).unwrap();
    let target = folder.path().join("target");
    refused(restore(&to, &data, &target, Place::Folder), &["journal.rows"]);
    assert!(!target.join("outpace.sqlite").exists());
    std::fs::write(&file, whole).unwrap();
    assert!(restore(&to, &data, &target, Place::Folder).is_ok());
}

/// Found by `make fuzz`: a table without columns has rows without end, and its name stood in a statement.
#[test]
fn a_manifest_that_names_what_no_journal_has_is_refused_before_anything_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let (data, to) = small(folder.path());
    let whole = backup::manifest(&to).unwrap();
    let other = |table: &str, columns: &[&str]| {
        let mut manifest = whole.clone();
        let told = manifest.files.iter_mut().find(|file| file.table == "journal").unwrap();
        if table != told.table {
            std::fs::copy(to.join("journal.rows"), to.join(format!("{table}.rows"))).unwrap();
        }
        (told.table, told.rows) = (table.to_owned(), i64::MAX);
        told.columns = columns.iter().map(|column| (*column).to_owned()).collect();
        std::fs::write(to.join("manifest.json"), serde_json::to_vec(&manifest).unwrap()).unwrap();
        let target = folder.path().join("target");
        refused(restore(&to, &data, &target, Place::Folder), &["newer version", "更新的版本"]);
        assert!(!target.join("outpace.sqlite").exists());
    };
    other("journal WHERE 1 = 1; --", &[]);
    other("journal", &[]);
    other("nothing", &["j"]);
}

#[test]
fn nothing_that_stands_is_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let (data, to) = small(folder.path());
    refused(take(&data, &to).map(|_| unreachable(&to)), &["not empty", "不为空"]);
    for (target, place) in targets(folder.path()) {
        restore(&to, &data, &target, place.clone()).unwrap();
        refused(restore(&to, &data, &target, place.clone()), &["stands here already", "已在此处"]);
        assert_eq!(count(&open_at(&target, place, 140_121, false).unwrap(), "red"), 190);
    }
    let nowhere = folder.path().join("nowhere");
    assert!(backup::take(&Place::Folder, &nowhere, &folder.path().join("copy"), &capabilities(), AT).is_err());
}

fn unreachable(to: &Path) -> Restored {
    panic!("{} was written twice", to.display())
}

#[test]
fn without_the_right_keys_nothing_is_restored_unless_identities_are_given_up() {
    let folder = tempfile::tempdir().unwrap();
    let (data, to) = small(folder.path());
    let manifest = backup::manifest(&to).unwrap();
    let target = folder.path().join("target");
    std::fs::create_dir_all(&target).unwrap();
    let restore = |identities: bool| {
        backup::restore(&to, &settings(&target, Place::Folder, &manifest), &capabilities(), identities)
    };
    refused(restore(true), &["vault.keys", "--without-identities"]);
    refused(restore(false), &["backup.keys", "备份密钥"]);
    std::fs::copy(data.join("backup.keys"), target.join("backup.keys")).unwrap();
    let stranger = folder.path().join("stranger");
    drop(open_at(&stranger, Place::Folder, 140_122, false).unwrap());
    std::fs::copy(stranger.join("vault.keys"), target.join("vault.keys")).unwrap();
    assert!(matches!(restore(true), Err(StoreError::Vault(_))));
    assert!(!target.join("outpace.sqlite").exists());
    std::fs::remove_file(target.join("vault.keys")).unwrap();
    assert_eq!(restore(false).unwrap().same, 1);
    let store = open_at(&target, Place::Folder, 140_121, false).unwrap();
    assert_eq!(
        (count(&store, "red"), store.read(|tx| vault::find(tx, store.keys(), 1, "0000")).unwrap()),
        (190, vec![])
    );
}

#[test]
fn the_keys_are_not_in_the_backup() {
    let folder = tempfile::tempdir().unwrap();
    let (data, to) = small(folder.path());
    let read = |name| std::fs::read_to_string(data.join(name)).unwrap();
    let keys = read("vault.keys") + &read("backup.keys");
    let secrets: Vec<Vec<u8>> = keys
        .lines()
        .flat_map(|line| {
            let digits = line.split(' ').nth(1).unwrap();
            let bytes = (0..32).map(|at| u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).unwrap()).collect();
            [digits.as_bytes().to_vec(), bytes]
        })
        .collect();
    assert!(secrets.len() >= 8);
    for file in std::fs::read_dir(&to).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        // The identity, and the payload of a fact: a backup without keys tells nobody anything.
        for secret in secrets.iter().map(Vec::as_slice).chain([&b"made up"[..], b"\"bowl\":\"red\""]) {
            assert!(!bytes.windows(secret.len()).any(|window| window == secret));
        }
    }
}

#[test]
fn a_read_model_that_was_edited_by_hand_comes_back_as_the_journal_has_it_and_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let (data, to) = (folder.path().join("data"), folder.path().join("backup"));
    let store = open(&data);
    put(&store, "red", 5).unwrap();
    testing::by_hand(&store, "UPDATE bowl SET marbles = 9").unwrap();
    take(&data, &to).unwrap();
    let target = folder.path().join("target");
    assert_eq!(restore(&to, &data, &target, Place::Folder).unwrap().changed, ["bowl"]);
    assert_eq!(count(&open_at(&target, Place::Folder, 140_121, false).unwrap(), "red"), 5);
}

#[test]
fn one_of_several_journals_in_a_database_is_copied_alone() {
    let folder = tempfile::tempdir().unwrap();
    let place = testing::place(folder.path());
    if place == Place::Folder {
        return;
    }
    let stores: Vec<Store> = [140_121, 140_122]
        .map(|area| open_at(&folder.path().join(area.to_string()), place.clone(), area, false).unwrap())
        .into();
    put(&stores[0], "red", 1).unwrap();
    put(&stores[1], "red", 10).unwrap();
    let (data, to) = (folder.path().join("140122"), folder.path().join("backup"));
    let manifest = backup::take(&place, &data, &to, &capabilities(), AT).unwrap();
    assert_eq!((manifest.area, manifest.head_seq), (AreaId(140_122), 1));
    let target = folder.path().join("target");
    restore(&to, &data, &target, Place::Folder).unwrap();
    assert_eq!(count(&open_at(&target, Place::Folder, 140_122, false).unwrap(), "red"), 10);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn any_journal_comes_back_as_it_was(facts in prop::collection::vec((".{0,6}", any::<i32>()), 0..40)) {
        let folder = tempfile::tempdir().unwrap();
        let (data, to, target) = (folder.path().join("data"), folder.path().join("backup"), folder.path().join("target"));
        let store = open(&data);
        for (bowl, marbles) in &facts {
            // A NUL cannot stand in a text of one of the engines.
            put(&store, &bowl.replace('\0', ""), i64::from(*marbles)).unwrap();
        }
        take(&data, &to).unwrap();
        let restored = restore(&to, &data, &target, Place::Folder).unwrap();
        prop_assert_eq!((restored.entries as usize, restored.same), (facts.len(), 1));
        let again = open_at(&target, Place::Folder, 140_121, false).unwrap();
        prop_assert_eq!((again.head(), again.digests().unwrap()), (store.head(), store.digests().unwrap()));
    }
}
