//! Facts as a restored journal hands them over: the facts of a busy county with a few values twisted, folded into tables and
//! memory. Folded, or refused as a payload that is none; nothing stops, hangs or fills the memory.
#![no_main]

#[path = "../../crates/server/tests/rights/county.rs"]
#[allow(dead_code)]
mod county;

use std::cell::OnceCell;

use county::County;
use libfuzzer_sys::fuzz_target;
use outpace_core::Seq;
use outpace_fuzz::{Draws, twist};
use outpace_store::{Entry, journal, testing};
use tokio::runtime::Builder;

struct House {
    county: County,
    entries: Vec<Entry>,
}

impl House {
    fn open() -> Self {
        let county = Builder::new_current_thread().enable_all().build().unwrap().block_on(County::busy());
        let entries = county.opened.office.store.read(|tx| journal::page(tx, Seq(0))).unwrap();
        Self { county, entries }
    }
}

thread_local! {
    static HOUSE: OnceCell<House> = const { OnceCell::new() };
}

/// What stops a fold is caught by the store, without a word here; what gets out of it ends the process.
fn be_silent() {
    std::panic::set_hook(Box::new(|_| ()));
}

fuzz_target!(init: be_silent(), |bytes: &[u8]| {
    HOUSE.with(|house| {
        let house = house.get_or_init(House::open);
        let mut draws = Draws::from(bytes);
        let mut entry = house.entries[draws.below(house.entries.len())].clone();
        let Ok(mut payload) = serde_json::from_slice(&entry.payload) else { return };
        twist(&mut payload, &mut draws);
        entry.payload = payload.to_string().into_bytes();
        let _ = testing::folded(&house.county.opened.office.store, &entry);
    });
});
