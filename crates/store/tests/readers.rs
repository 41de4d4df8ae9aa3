//! Facts that a restored journal hands over: whatever they say, they are folded or refused by name.

// The helpers of a test may stop it, as its assertions do.
#![allow(clippy::unwrap_used)]

mod marbles;

use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use marbles::Fixed;
use outpace_core::{ActorId, AreaId, Seq, Timestamp};
use outpace_store::{Capabilities, Capability, Entry, Fact, Settings, Store, StoreError, testing};
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize)]
struct Numbered {
    first: i64,
}

impl Fact for Numbered {
    const KIND: &'static str = "numbers.numbered";
}

/// Counts on from what the fact says, as folds do that give numbers to rows.
fn next(fact: &Numbered) -> i64 {
    (fact.first..).zip([(), ()]).map(|(number, ())| number).sum()
}

fn entry(payload: &str) -> Entry {
    Entry {
        seq: Seq(7),
        kind: Numbered::KIND.to_owned(),
        occurred_at: Timestamp(0),
        recorded_at: Timestamp(0),
        actor: ActorId(1),
        cause: None,
        payload: payload.as_bytes().to_vec(),
    }
}

/// Found by `make fuzz`.
#[test]
fn a_fact_whose_numbers_run_out_of_range_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let numbers = Capability::new("numbers").fold(|_, _, fact: &Numbered| {
        next(fact);
        Ok(())
    });
    let settings = Settings {
        folder: folder.path().to_owned(),
        place: testing::place(folder.path()),
        area: AreaId(140_121),
        drill: false,
        clock: Arc::new(Fixed(AtomicI64::new(1))),
    };
    let store = Store::open(settings, Capabilities::new(vec![numbers])).unwrap();
    assert!(testing::folded(&store, &entry(r#"{"first":3}"#)).is_ok());
    let told = testing::folded(&store, &entry(r#"{"first":9223372036854775807}"#)).unwrap_err().to_string();
    assert!(told.contains("7 (numbers.numbered)") && told.contains("out of range"), "{told}");
    assert!(matches!(testing::folded(&store, &entry("{}")), Err(StoreError::Payload { .. })));
}
