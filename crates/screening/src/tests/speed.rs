//! How fast registration is in process, with every check, group commit and the journal. Printed, and held to a floor
//! only in release builds, where it means something.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;

use super::{House, request};
use crate::rounds::Method;
use crate::tubes::register_tube;

/// Requests under way at once.
const CONNECTIONS: i64 = 64;

#[test]
fn registration_of_whole_tubes_keeps_pace() {
    let people = if cfg!(debug_assertions) { 4_000 } else { 120_000 };
    let house = House::of(people);
    let round = house.open_round(Method::Pcr);
    let began = Instant::now();
    let next = AtomicI64::new(0);
    let tubes = people / 10;
    let call = Arc::new(house.call(&super::actor(7, outpace_core::Role::Sampler)));
    std::thread::scope(|scope| {
        for _ in 0..CONNECTIONS {
            scope.spawn(|| {
                loop {
                    let tube = next.fetch_add(1, Ordering::Relaxed);
                    if tube >= tubes {
                        return;
                    }
                    let ids: Vec<i64> = (tube * 10 + 1..=tube * 10 + 10).collect();
                    let request = request(round, house.lanes[0], &format!("QX-{tube:08}"), &ids);
                    let call = Arc::clone(&call);
                    house.store.write(&call.actor.clone(), move |unit| register_tube(unit, &call, request)).unwrap();
                }
            });
        }
    });
    let seconds = began.elapsed().as_secs_f64();
    house.store.work_off().unwrap();
    let rate = people as f64 / seconds;
    println!("{people} people in {tubes} tubes: {seconds:.2} s, {rate:.0} people/s");
    house.assert_balanced();
    assert!(cfg!(debug_assertions) || rate > 20_000.0, "{rate:.0} people/s");
}
