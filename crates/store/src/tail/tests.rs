//! A server that follows the journal while its connection is lost: whatever was half done, each entry is remembered once.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use outpace_core::{AreaId, Clock, Timestamp, Value};
use serde::{Deserialize, Serialize};

use crate::Place;
use crate::capability::{Capabilities, Capability, Fact};
use crate::engine::{Connection, Database, Result, Row, Rows, StoreError, Sums};
use crate::values;
use crate::writer::{Settings, Store};

#[derive(Debug, Serialize, Deserialize)]
struct Put {
    marbles: i64,
}

impl Fact for Put {
    const KIND: &'static str = "marbles.put";
}

#[derive(Default)]
struct Total(i64);

fn marbles() -> Capability {
    Capability::new("marbles")
        .schema(&[
            "CREATE TABLE bowl (j BIGINT NOT NULL, seq BIGINT NOT NULL, marbles BIGINT NOT NULL, PRIMARY KEY (j, seq))",
        ])
        .table("bowl", "j, seq")
        .fold(|tx, entry, fact: &Put| {
            let j = tx.jurisdiction();
            tx.execute("INSERT INTO bowl (j, seq, marbles) VALUES ($1, $2, $3)", values![j, entry.seq, fact.marbles])
        })
        .remember(|memory, _, fact: &Put| memory.of::<Total>().0 += fact.marbles)
        .restore(|tx, memory| {
            let j = tx.jurisdiction();
            memory.of::<Total>().0 =
                tx.number("SELECT CAST(SUM(marbles) AS BIGINT) FROM bowl WHERE j = $1", values![j])?;
            Ok(())
        })
}

/// A database behind a wire that somebody can cut.
struct Wired {
    inner: Box<dyn Database>,
    cut: Arc<AtomicBool>,
}

impl Database for Wired {
    fn exists(&self) -> Result<bool> {
        self.inner.exists()
    }

    fn open_writer(&self) -> Result<Box<dyn Connection>> {
        self.inner.open_writer()
    }

    fn open_reader(&self) -> Result<Box<dyn Connection>> {
        self.inner.open_reader()
    }

    fn discard(&self) -> Result<()> {
        self.inner.discard()
    }

    /// Only the connection of the tail is cut: what it asks goes through, the end of its transaction is never answered.
    fn open_listener(&self) -> Result<Box<dyn Connection>> {
        Ok(Box::new(Wire { inner: self.inner.open_reader()?, cut: self.cut.clone(), lost: false }))
    }
}

struct Wire {
    inner: Box<dyn Connection>,
    cut: Arc<AtomicBool>,
    lost: bool,
}

impl Wire {
    fn alive(&self) -> Result<()> {
        if self.lost { Err(StoreError::Folder("the wire is cut".to_owned())) } else { Ok(()) }
    }
}

impl Connection for Wire {
    fn execute(&mut self, sql: &str, values: &[Value<'_>]) -> Result<usize> {
        self.inner.execute(sql, values)
    }

    fn add(&mut self, sums: &'static Sums, jurisdiction: i64, key: &[Value<'_>], amounts: &[i64]) -> Result<()> {
        self.inner.add(sums, jurisdiction, key, amounts)
    }

    fn execute_many(&mut self, sql: &str, rows: &mut Rows<'_>) -> Result<usize> {
        self.inner.execute_many(sql, rows)
    }

    fn query(&mut self, sql: &str, values: &[Value<'_>], each: &mut dyn FnMut(&Row<'_>) -> Result<()>) -> Result<()> {
        self.alive()?;
        self.inner.query(sql, values, each)
    }

    fn migrate(&mut self, sql: &str) -> Result<()> {
        self.inner.migrate(sql)
    }

    fn settle(&mut self) -> Result<()> {
        self.inner.settle()
    }

    fn columns(&mut self, table: &str) -> Result<Vec<String>> {
        self.inner.columns(table)
    }

    fn describe(&mut self) -> Result<Vec<String>> {
        self.inner.describe()
    }

    fn check(&mut self, sql: &str) -> Result<()> {
        self.inner.check(sql)
    }

    fn begin_writing(&mut self) -> Result<()> {
        self.inner.begin_writing()
    }

    fn begin_reading(&mut self) -> Result<()> {
        self.alive()?;
        self.inner.begin_reading()
    }

    fn still_open(&mut self) -> Result<()> {
        self.inner.still_open()
    }

    fn commit(&mut self) -> Result<()> {
        self.lost |= self.cut.swap(false, Ordering::SeqCst);
        self.alive()?;
        self.inner.commit()
    }

    fn rollback(&mut self) -> Result<()> {
        self.alive()?;
        self.inner.rollback()
    }

    fn savepoint(&mut self) -> Result<()> {
        self.inner.savepoint()
    }

    fn release(&mut self) -> Result<()> {
        self.inner.release()
    }

    fn undo(&mut self) -> Result<()> {
        self.inner.undo()
    }

    fn wait(&mut self, at_most: Duration) -> Result<()> {
        self.inner.wait(at_most.min(Duration::from_millis(10)))
    }

    fn scrub(&mut self) -> Result<()> {
        self.inner.scrub()
    }

    fn is_lost(&self) -> bool {
        self.lost
    }
}

struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp(1_649_784_600_000)
    }
}

fn opened(folder: &Path, cut: &Arc<AtomicBool>) -> Store {
    let settings = Settings {
        folder: folder.to_owned(),
        place: Place::Folder,
        area: AreaId(140_121),
        drill: false,
        clock: Arc::new(Still),
    };
    let inner = Place::Folder.database(folder, settings.area).unwrap();
    Store::open_on(Box::new(Wired { inner, cut: cut.clone() }), settings, Capabilities::new(vec![marbles()])).unwrap()
}

fn put(store: &Store, marbles: i64) {
    store.write(&store.system(), move |unit| unit.record(Put { marbles })).unwrap();
}

fn total(store: &Store) -> i64 {
    store.remembered(|total: &Total| total.0).unwrap_or(0)
}

fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(10), "{what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn entries_whose_end_of_transaction_was_lost_are_remembered_once() {
    let folder = tempfile::tempdir().unwrap();
    let (never, cut) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let (first, second) = (opened(folder.path(), &never), opened(folder.path(), &cut));
    put(&first, 1);
    until("the second follows", || second.head() == first.head());
    for round in 0..5 {
        cut.store(true, Ordering::SeqCst);
        put(&first, 10);
        until("the wire is cut", || !cut.load(Ordering::SeqCst));
        until("the second follows again", || second.head() == first.head());
        assert_eq!(total(&second), 1 + 10 * (round + 1), "round {round}");
    }
    put(&second, 100);
    assert_eq!((total(&second), second.head().seq.0), (151, 7));
}
