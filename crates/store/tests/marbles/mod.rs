//! A capability that counts marbles, for tests of the store.

// Each test file uses a part of it.
#![allow(dead_code)]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use outpace_core::{AreaId, Clock, Timestamp};
use outpace_store::destroy::{Destroyed, Part};
use outpace_store::{
    Capabilities, Capability, Fact, Join, Place, Result, Settings, Store, StoreError, Sums, Unit, journal, testing,
    values,
};
use serde::{Deserialize, Serialize};

pub struct Fixed(pub AtomicI64);

impl Clock for Fixed {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Put {
    pub bowl: String,
    pub marbles: i64,
}

impl Fact for Put {
    const KIND: &'static str = "marbles.put";
}

#[derive(Default)]
pub struct Total(pub i64);

static BOWL: Sums = Sums::new("bowl", &["name"], &[("marbles", Join::Sum)]);

pub fn marbles() -> Capability {
    Capability::new("marbles")
        .schema(&[
            "CREATE TABLE bowl (j BIGINT NOT NULL, name TEXT NOT NULL, marbles BIGINT NOT NULL, PRIMARY KEY (j, name))",
        ])
        .table("bowl", "j, name")
        .fold(|tx, _, fact: &Put| tx.add(&BOWL, values![&fact.bowl], &[fact.marbles]))
        .remember(|memory, _, fact: &Put| memory.of::<Total>().0 += fact.marbles)
        .restore(|tx, memory| {
            let j = tx.jurisdiction();
            memory.of::<Total>().0 =
                tx.number("SELECT CAST(SUM(marbles) AS BIGINT) FROM bowl WHERE j = $1", values![j])?;
            Ok(())
        })
        .snapshot(
            "marbles.1",
            |memory| Some(memory.get::<Total>()?.0.to_le_bytes().to_vec()),
            |memory, bytes| {
                memory.of::<Total>().0 = i64::from_le_bytes(bytes.try_into().ok()?);
                Some(())
            },
        )
        .work("double", |store, job| {
            let id = job.id;
            let bowl: String = serde_json::from_str(&job.payload).map_err(|_| StoreError::Busy)?;
            if bowl == "cursed" {
                return Err(StoreError::Folder("the bowl is cursed".to_owned()));
            }
            store.write(&store.system(), move |unit| {
                let marbles = in_bowl(unit, &bowl)?;
                unit.record(Put { bowl, marbles })?;
                unit.finish_job(id)
            })?;
            Ok(())
        })
}

pub fn in_bowl(unit: &mut Unit<'_>, bowl: &str) -> Result<i64> {
    let j = unit.tx().jurisdiction();
    unit.tx().number("SELECT marbles FROM bowl WHERE j = $1 AND name = $2", values![j, bowl])
}

pub fn open(folder: &Path) -> Store {
    open_as(folder, 140_121, false).unwrap()
}

pub fn open_as(folder: &Path, area: i64, drill: bool) -> Result<Store> {
    open_at(folder, testing::place(folder), area, drill)
}

pub fn open_at(folder: &Path, place: Place, area: i64, drill: bool) -> Result<Store> {
    let clock = Arc::new(Fixed(AtomicI64::new(1_649_784_600_000)));
    Store::open(
        Settings { folder: folder.to_owned(), place, area: AreaId(area), drill, clock },
        Capabilities::new(vec![marbles(), Capability::new("custody").remember(|_, _, _: &Destroyed| {})]),
    )
}

pub fn put(store: &Store, bowl: &str, marbles: i64) -> Result<journal::Head> {
    let fact = Put { bowl: bowl.to_owned(), marbles };
    store.write(&store.system(), move |unit| unit.record(fact)).map(|committed| committed.head)
}

/// The month of the tests' clock.
pub const MONTH: &str = "2022-04";

/// Destroys every marble that was put, as far as the transaction goes: the steps after it are the caller's.
pub fn destroy(store: &Store) -> Destroyed {
    let parts = vec![Part { class: "marbles".to_owned(), month: MONTH.to_owned() }];
    let class_of = |kind: &str| (kind == Put::KIND).then_some("marbles");
    store.destroy(&store.system(), parts, class_of, |_| Ok::<_, StoreError>((1, Default::default()))).unwrap().answer
}

pub fn count(store: &Store, bowl: &str) -> i64 {
    store
        .read(|tx| {
            let j = tx.jurisdiction();
            tx.number("SELECT marbles FROM bowl WHERE j = $1 AND name = $2", values![j, bowl])
        })
        .unwrap()
}

pub fn total(store: &Store) -> i64 {
    store.remembered(|total: &Total| total.0).unwrap_or(0)
}
