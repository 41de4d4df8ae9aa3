//! The vault's keys: sealed by a passphrase, rotated while others read and write, shared by servers, destroyed for good.

// The helpers of a test may stop it, as its assertions do.
#![allow(clippy::unwrap_used)]

mod marbles;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use marbles::{Fixed, marbles, put};
use outpace_core::AreaId;
use outpace_store::vault::{self, Keys, VAULT_FILE};
use outpace_store::{Capabilities, Result, Settings, Store, StoreError, journal, testing};
use zeroize::Zeroizing;

const MONTH: &str = "identity-2022-04";

fn open(folder: &Path) -> Store {
    let clock = Arc::new(Fixed(AtomicI64::new(1_649_784_600_000)));
    let place = testing::place(folder);
    let settings = Settings { folder: folder.to_owned(), place, area: AreaId(140_121), drill: false, clock };
    Store::open(settings, Capabilities::new(vec![marbles(), vault::capability()])).unwrap()
}

/// What the tests seal is found by the whole of it.
fn fields(_: i64, plain: &[u8]) -> Result<Vec<(i64, Zeroizing<String>)>> {
    Ok(vec![(1, Zeroizing::new(String::from_utf8_lossy(plain).into_owned()))])
}

fn number(subject: i64) -> String {
    format!("000000{subject:012}")
}

fn keep(store: &Store, subject: i64) {
    let text = number(subject);
    store
        .write(&store.system(), move |unit| vault::keep(unit, "identity", subject, text.as_bytes(), &[(1, &text)]))
        .unwrap();
}

fn is_whole(store: &Store, subject: i64) -> bool {
    let text = number(subject);
    let found = store.read(|tx| vault::find(tx, store.keys(), 1, &text)).unwrap();
    let opened = store.read(|tx| vault::open(tx, store.keys(), subject)).unwrap();
    found == [subject] && opened.is_some_and(|plain| *plain == text.as_bytes())
}

fn key_names(store: &Store) -> Vec<String> {
    store.read(|tx| tx.query("SELECT DISTINCT key_name FROM vault ORDER BY key_name", &[], |row| row.get(0))).unwrap()
}

fn digits_of(folder: &Path, name: &str) -> String {
    let text = std::fs::read_to_string(folder.join(VAULT_FILE)).unwrap();
    text.lines().find_map(|line| line.strip_prefix(&format!("{name} "))).unwrap().to_owned()
}

#[test]
fn a_passphrase_seals_the_key_file_and_only_it_opens_it() {
    let folder = tempfile::tempdir().unwrap();
    let given = |text: &str| Some(Zeroizing::new(text.to_owned()));
    let plain = Keys::open_with(folder.path(), None).unwrap();
    plain.ensure(MONTH).unwrap();
    let (digits, sealed) = (digits_of(folder.path(), MONTH), plain.seal(MONTH, 7, b"made up").unwrap());
    let derived = plain.derive("a purpose").unwrap();
    // A plain file is sealed as soon as there is a passphrase; the keys stay the same.
    let keys = Keys::open_with(folder.path(), given("a long passphrase")).unwrap();
    assert_eq!(
        (keys.unseal(MONTH, 7, &sealed).unwrap().as_slice(), keys.derive("a purpose").unwrap()),
        (&b"made up"[..], derived)
    );
    let text = std::fs::read_to_string(folder.path().join(VAULT_FILE)).unwrap();
    assert!(!text.contains(&digits) && !text.contains(MONTH), "{text}");
    // A month's key that is made later is sealed too.
    keys.ensure("identity-2022-05").unwrap();
    assert!(Keys::are_sealed(folder.path()));
    for wrong in [None, given("another passphrase")] {
        assert!(matches!(Keys::open_with(folder.path(), wrong), Err(StoreError::Vault(_))));
    }
    let again = Keys::open_with(folder.path(), given("a long passphrase")).unwrap();
    assert!(again.has("identity-2022-05") && again.has(MONTH));
    // One bit of a sealed file, and nothing opens.
    let mut bytes = std::fs::read(folder.path().join(VAULT_FILE)).unwrap();
    let last = bytes.len() - 2;
    bytes[last] = if bytes[last] == b'0' { b'1' } else { b'0' };
    std::fs::write(folder.path().join(VAULT_FILE), bytes).unwrap();
    assert!(Keys::open_with(folder.path(), given("a long passphrase")).is_err());
}

#[test]
fn keys_are_rotated_while_others_read_and_write_and_nobody_is_lost_for_a_moment() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    (1..=1_200).for_each(|subject| keep(&store, subject));
    let (before, lookup) = (digits_of(folder.path(), MONTH), digits_of(folder.path(), "lookup"));
    let other = open(folder.path());
    let (stop, newest) = (AtomicBool::new(false), AtomicI64::new(1_200));
    let rotated = std::thread::scope(|scope| {
        for store in [&store, &other] {
            scope.spawn(|| {
                while !stop.load(Ordering::SeqCst) {
                    keep(store, newest.fetch_add(1, Ordering::SeqCst) + 1);
                }
            });
        }
        scope.spawn(|| {
            let mut at = 0;
            while !stop.load(Ordering::SeqCst) {
                at = at % 1_200 + 97;
                assert!(is_whole(&other, at.min(1_200)), "{at} was not to be found for a moment");
            }
        });
        let rotated = vault::rotate(&store, fields);
        stop.store(true, Ordering::SeqCst);
        rotated.unwrap()
    });
    assert!(rotated.values >= 1_200 && rotated.unopened == 0, "{rotated:?}");
    assert_eq!(rotated.destroyed, [MONTH, "lookup"]);
    assert_eq!(key_names(&store), ["identity-2022-04.1"]);
    let newest = newest.load(Ordering::SeqCst);
    assert!(newest > 1_202, "nobody wrote meanwhile");
    for subject in 1..=newest {
        assert!(is_whole(&store, subject) && is_whole(&other, subject), "{subject} is lost");
    }
    let text = std::fs::read_to_string(folder.path().join(VAULT_FILE)).unwrap();
    assert!(!text.contains(&before) && !text.contains(&lookup));
    let old = store.read(|tx| tx.number("SELECT COUNT(*) FROM vault_lookup WHERE field < 1000", &[])).unwrap();
    assert_eq!(old, 0, "look-up hashes of the old key");
    let facts = store.read(|tx| journal::recent(tx, "vault.", 10)).unwrap();
    assert_eq!(facts.len(), 1);
    // The other server let go of the old keys too, and a third one opens the folder as it is.
    put(&other, "red", 1).unwrap();
    assert!(!other.keys().has(MONTH) && !other.keys().has("lookup"));
    drop((store, other));
    assert!(is_whole(&open(folder.path()), newest));
}

#[test]
fn a_rotation_that_was_interrupted_goes_on_and_everybody_is_found_in_between() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    (1..=700).for_each(|subject| keep(&store, subject));
    let purpose = store.keys().derive("lane sheets").unwrap();
    let broken: vault::Fields =
        |subject, plain| if subject == 600 { Err(StoreError::Busy) } else { fields(subject, plain) };
    assert!(vault::rotate(&store, broken).is_err());
    assert_eq!(key_names(&store), [MONTH, "identity-2022-04.1"]);
    drop(store);
    let store = open(folder.path());
    assert!((1..=700).all(|subject| is_whole(&store, subject)));
    let rotated = vault::rotate(&store, fields).unwrap();
    assert_eq!((rotated.values, rotated.in_use), (200, vec!["identity-2022-04.1".to_owned()]));
    assert!((1..=700).all(|subject| is_whole(&store, subject)));
    assert_eq!(vault::rotate(&store, fields).unwrap().in_use, ["identity-2022-04.2"]);
    assert_eq!(store.keys().derive("lane sheets").unwrap(), purpose, "what is made of the root stays the same");
    assert!((1..=700).all(|subject| is_whole(&store, subject)));
}

#[test]
fn keys_that_an_interrupted_rotation_left_in_the_file_are_destroyed_at_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let (file, store) = (folder.path().join(VAULT_FILE), open(folder.path()));
    (1..=3).for_each(|subject| keep(&store, subject));
    let before = std::fs::read_to_string(&file).unwrap();
    vault::rotate(&store, fields).unwrap();
    drop(store);
    // As if the machine had stopped after the last commit: both generations stand in the file.
    let old: String =
        before.lines().filter(|line| !line.starts_with("root ")).map(|line| format!("{line}\n")).collect();
    std::fs::write(&file, std::fs::read_to_string(&file).unwrap() + &old).unwrap();
    let store = open(folder.path());
    assert_eq!(store.keys().names(), ["identity-2022-04.1", "lookup.1", "root"]);
    assert!(old.lines().all(|line| !std::fs::read_to_string(&file).unwrap().contains(line)));
    assert!((1..=3).all(|subject| is_whole(&store, subject)));
}

#[test]
fn the_month_of_a_key_is_read_off_its_name_whatever_its_generation() {
    assert_eq!(vault::class_and_month("identity-2022-04.12"), Some(("identity", "2022-04")));
    assert_eq!(vault::class_and_month("sample-2022-11"), Some(("sample", "2022-11")));
    for other in ["lookup", "lookup.3", "root", "export-7", "identity-2022-4", ""] {
        assert_eq!(vault::class_and_month(other), None, "{other}");
    }
}
