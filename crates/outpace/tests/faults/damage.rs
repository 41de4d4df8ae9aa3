//! Damage to the file: one flipped byte, a log that was cut off, a last page that was torn.

use std::ops::Range;
use std::path::Path;
use std::time::Duration;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rusqlite::Connection;

use crate::crew::{Acknowledged, Caller, Crew, compare};
use crate::form::{Toll, amount, dice, on_sqlite};
use crate::house::{House, copy, told};

/// Tubes that are registered before the damage.
const TUBES: usize = 60;
const CLIENTS: usize = 4;
/// Bytes of a frame of SQLite's log: its header and a page.
const FRAME: u64 = 24 + 4_096;

/// A city in which samplers have worked until the server was killed, and a copy of its folder.
async fn worked_in() -> (House, tempfile::TempDir, Vec<Acknowledged>) {
    let house = House::on_sqlite();
    let served = house.serve();
    let crew = Crew::begin(&house.city, vec![served.address()], CLIENTS, Duration::ZERO);
    crew.until_more_than(TUBES).await;
    let acknowledged = crew.end().await;
    served.kill();
    let kept = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    copy(&house.data(), kept.path());
    (house, kept, acknowledged)
}

/// Puts the folder back as it was kept.
fn put_back(house: &House, kept: &Path) {
    std::fs::remove_dir_all(house.data()).unwrap();
    copy(kept, &house.data());
}

fn number(database: &Connection, sql: &str) -> i64 {
    database.query_row(sql, [], |row| row.get(0)).unwrap()
}

/// Everything in one file, without a log beside it.
fn settle_log(file: &Path) -> Connection {
    let database = Connection::open(file).unwrap();
    let mode: String = database.query_row("PRAGMA journal_mode=DELETE", [], |row| row.get(0)).unwrap();
    assert_eq!(mode, "delete");
    database
}

/// Where these bytes stand in the file; they stand there once.
fn place_of(file: &[u8], bytes: &[u8]) -> Range<usize> {
    let finder: Vec<usize> =
        (0..=file.len() - bytes.len()).filter(|at| &file[*at..at + bytes.len()] == bytes).take(2).collect();
    assert_eq!(finder.len(), 1, "the column stands in the file once");
    finder[0]..finder[0] + bytes.len()
}

/// Flips one bit of a column of an entry.
fn flip(house: &House, column: &str, seq: i64, dice: &mut ChaCha8Rng) {
    let database = Connection::open(house.file()).unwrap();
    let change = |set: String| {
        let changed = database.execute(&format!("UPDATE journal SET {set} WHERE seq = {seq}"), []).unwrap();
        assert_eq!(changed, 1);
    };
    match column {
        "kind" => change("kind = substr(kind, 1, 3) || 'x' || substr(kind, 5)".to_owned()),
        // Numbers stand in the file in as few bytes as they need; a hand on the table does the same.
        "occurred_at" | "recorded_at" | "actor" => {
            let bit = 1_i64 << dice.random_range(0..30);
            change(format!("{column} = ({column} | {bit}) - ({column} & {bit})"));
        }
        _ => {
            let sql = format!("SELECT {column} FROM journal WHERE seq = {seq}");
            let bytes: Vec<u8> = database.query_row(&sql, [], |row| row.get(0)).unwrap();
            drop(database);
            let mut file = std::fs::read(house.file()).unwrap();
            let place = place_of(&file, &bytes);
            file[dice.random_range(place)] ^= 1 << dice.random_range(0..8);
            std::fs::write(house.file(), file).unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_flipped_byte_is_found_and_its_entry_named() {
    if !on_sqlite() {
        return;
    }
    let (house, kept, _) = worked_in().await;
    let database = settle_log(&kept.path().join("outpace.sqlite"));
    let last = number(&database, "SELECT MAX(seq) FROM journal");
    // Entries of one page: a payload that runs over pages does not stand in the file in one piece.
    let first = number(&database, "SELECT MIN(seq) FROM journal WHERE kind = 'screening.swabs_taken'");
    drop(database);
    let mut dice = dice("one flipped byte");
    let mut toll = Toll::of("one flipped byte", "sqlite");
    for _ in 0..amount(1, 12) {
        for column in ["payload", "salt", "digest", "hash", "kind", "occurred_at", "recorded_at", "actor"] {
            put_back(&house, kept.path());
            let seq = dice.random_range(first..=last);
            flip(&house, column, seq, &mut dice);
            let verified = house.verify(None);
            let said = told(&verified);
            assert_eq!(verified.status.code(), Some(1), "{column} of entry {seq}: {said}");
            assert!(said.contains(&format!("entry {seq} (")), "{column} of entry {seq}: {said}");
            toll.kills += 1;
            toll.acknowledged += 1;
            toll.found += 1;
        }
    }
    put_back(&house, kept.path());
    assert!(house.verify(None).status.success(), "put back, it is whole");
    toll.settle();
}

/// What is left of the log, and what stands in the part that was not fully written.
#[derive(Debug, Clone, Copy)]
enum Cut {
    /// The file ends after so many bytes.
    After(u64),
    /// The last page was written up to so many bytes; what stood there before follows.
    Torn(u64),
}

fn damage(wal: &Path, cut: Cut) {
    let mut bytes = std::fs::read(wal).unwrap();
    match cut {
        Cut::After(length) => bytes.truncate(usize::try_from(length).unwrap()),
        Cut::Torn(written) => {
            let from = bytes.len() - usize::try_from(FRAME - written).unwrap();
            bytes[from..].fill(0);
        }
    }
    std::fs::write(wal, bytes).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_starts_with_everything_before_a_torn_page_and_the_witness_shows_the_missing_tail() {
    if !on_sqlite() {
        return;
    }
    let (house, kept, acknowledged) = worked_in().await;
    let wal = house.data().join("outpace.sqlite-wal");
    let length = std::fs::metadata(&wal).unwrap().len();
    let newest = acknowledged.iter().max_by_key(|one| one.seq).unwrap().clone();
    let mut dice = dice("torn pages, cut logs");
    let mut cuts: Vec<Cut> = Vec::new();
    for _ in 0..amount(3, 25) {
        cuts.push(Cut::After(dice.random_range(length / 4..length - 1)));
        cuts.push(Cut::Torn(dice.random_range(0..FRAME - 1)));
    }
    let mut toll = Toll::of("torn page, truncated log", "sqlite");
    let mut heads: Vec<(u64, i64)> = Vec::new();
    for cut in cuts {
        put_back(&house, kept.path());
        damage(&wal, cut);
        let served = house.serve();
        let caller = Caller::new(&house.city.office_token);
        let head = caller.look(served.address(), "/api/health").await["head"].clone();
        served.kill();
        let (seq, hash) = (head["seq"].as_i64().unwrap(), head["hash"].as_str().unwrap());
        let verified = house.verify(Some(&newest.head));
        let said = told(&verified);
        assert_eq!(verified.status.code(), Some(1), "{cut:?}: {said}");
        assert!(said.contains("the witness does not stand in the chain"), "{cut:?}: {said}");
        house.assert_whole(hash);
        let before: Vec<Acknowledged> = acknowledged.iter().filter(|one| one.seq <= seq).cloned().collect();
        let after = acknowledged.len() - before.len();
        assert!(after > 0, "{cut:?}: something is missing");
        match cut {
            Cut::After(length) => heads.push((length, seq)),
            Cut::Torn(_) => assert!(after <= CLIENTS, "a torn page costs the last commit: {after} tubes"),
        }
        let (found, twice) = compare(&before, &house.tubes());
        toll.kills += 1;
        toll.acknowledged += before.iter().map(|one| one.people.len() as i64).sum::<i64>();
        toll.found += found;
        toll.twice += twice;
    }
    heads.sort_unstable();
    assert!(heads.is_sorted_by_key(|(_, seq)| *seq), "the more of the log is left, the more is there: {heads:?}");
    put_back(&house, kept.path());
    house.assert_whole(&newest.head);
    toll.settle();
}
