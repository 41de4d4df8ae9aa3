//! How fast the day goes in process, with every check, group commit and the journal. Printed, not held to a floor: the
//! machine that runs the tests has other work. Run it in a release build to learn something.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;

use outpace_core::{BoxCode, PersonId, Role, RoundId};

use super::{COUNTY, House, actor, request};
use crate::carry::{Give, PackBox, Receiver, Take, give, pack_box, take};
use crate::flow::{BalanceQuery, By, LateQuery, balance_by, late_tubes};
use crate::laboratory::{Intake, ReportResults, ReportedResult, intake, report_results};
use crate::rounds::{CloseRound, Method, close_round};
use crate::tubes::register_tube;

/// Requests under way at once.
const CONNECTIONS: i64 = 64;
/// Tubes in a box.
const BOX: i64 = 40;

fn timed<T>(what: &str, count: i64, act: impl FnOnce() -> T) -> T {
    let began = Instant::now();
    let answer = act();
    let seconds = began.elapsed().as_secs_f64();
    println!("{what}: {count} in {seconds:.3} s, {:.0}/s", count as f64 / seconds);
    answer
}

fn code(tube: i64) -> String {
    format!("QX-{tube:08}")
}

fn register_all(house: &House, round: RoundId, people: i64) {
    let next = AtomicI64::new(0);
    let call = Arc::new(house.call(&actor(7, Role::Sampler)));
    std::thread::scope(|scope| {
        for _ in 0..CONNECTIONS {
            scope.spawn(|| {
                loop {
                    let tube = next.fetch_add(1, Ordering::Relaxed);
                    if tube * 10 >= people {
                        return;
                    }
                    let ids: Vec<i64> = (tube * 10 + 1..=tube * 10 + 10).collect();
                    let request = request(round, house.lanes[0], &code(tube), &ids);
                    let call = Arc::clone(&call);
                    house.store.write(&call.actor.clone(), move |unit| register_tube(unit, &call, request)).unwrap();
                }
            });
        }
    });
}

fn carry_all(house: &House, tubes: i64) {
    for first in (0..tubes).step_by(BOX as usize) {
        let name = BoxCode(format!("B-{first}"));
        let scanned: Vec<String> = (first..tubes.min(first + BOX)).map(code).collect();
        let request = PackBox { code: name.clone(), tubes: scanned.clone(), site: None, occurred_at: None };
        house.act(move |unit, call| pack_box(unit, call, request)).unwrap();
        let request = Give {
            boxes: vec![name.clone()],
            to: Receiver::Courier,
            laboratory: None,
            vehicle: None,
            occurred_at: None,
        };
        let leg = house.act(move |unit, call| give(unit, call, request)).unwrap().leg;
        let request = Take { leg: Some(leg), boxes: None, laboratory: None, occurred_at: None };
        house.act_as(&actor(20, Role::Courier), move |unit, call| take(unit, call, request)).unwrap();
        let request = Intake {
            laboratory: house.laboratory,
            from_box: Some(name),
            tubes: scanned,
            declare_missing: true,
            occurred_at: None,
        };
        house.act_as(&actor(30, Role::Laboratory), move |unit, call| intake(unit, call, request)).unwrap();
    }
}

fn result_all(house: &House, tubes: i64) {
    for first in (0..tubes).step_by(1_000) {
        let results = (first..tubes.min(first + 1_000)).map(|tube| ReportedResult {
            tube: code(tube),
            outcome: "negative".to_owned(),
            ct: BTreeMap::new(),
            tested_at: None,
        });
        let request = ReportResults { laboratory: house.laboratory, results: results.collect() };
        house.act_as(&actor(30, Role::Laboratory), move |unit, call| report_results(unit, call, request)).unwrap();
    }
}

#[test]
fn a_county_is_sampled_carried_and_tested_at_pace() {
    let people = if cfg!(debug_assertions) { 4_000 } else { 120_000 };
    let tubes = people / 10;
    let house = House::of(people);
    let round = timed("people on the due list", people, || house.open_round(Method::Pcr));
    timed("people registered", people, || register_all(&house, round, people - 500));
    timed("people filed (rest)", people, || house.store.work_off().unwrap());
    house.wait_minutes(5 * 60);
    let late = timed("late tubes noted and chased", tubes, || house.act(crate::tick).unwrap().late_tubes);
    assert_eq!(late, tubes - 50);
    let query = || LateQuery { limit: Some(100), ..LateQuery::default() };
    let page = timed("a page of late tubes", 100, || house.ask(|tx, call| late_tubes(tx, call, query())).unwrap());
    assert_eq!(page.tubes.len(), 100);
    let by = |by| BalanceQuery { by, area: None, round: None, after: None, limit: None };
    let rows = timed("balance by site", 1, || house.ask(|tx, call| balance_by(tx, call, by(By::Site))).unwrap().rows);
    assert_eq!(rows.iter().map(|row| row.tubes).sum::<i64>(), tubes - 50);
    let law = timed("conservation from tallies", 1, || house.read(|tx| crate::conservation(tx, &Default::default())));
    assert_eq!((law.difference, law.tubes), (0, tubes - 50));
    timed("tubes carried and received", tubes, || carry_all(&house, tubes - 50));
    timed("tubes resulted", tubes, || result_all(&house, tubes - 50));
    let everyone: Vec<PersonId> = (1..=people.min(327)).map(PersonId).collect();
    timed("histories read", 327, || house.read(|tx| crate::last_results_of(tx, &everyone)));
    let coverage = timed("coverage", 1, || house.read(|tx| crate::coverage::of(tx, round, COUNTY.grids())));
    assert_eq!((coverage.sampled, coverage.resulted), (people - 500, people - 500));
    let seats = timed("seats restored", people, || house.read(|tx| crate::desk::load_seats(tx, round)));
    assert!(seats.seat(PersonId(1)).tube.is_some());
    let close = CloseRound { round, reason: "完成".to_owned() };
    let end = timed("round closed", 1, || house.act(|unit, call| close_round(unit, call, close)).unwrap());
    assert_eq!(end.coverage.missing, 450);
    timed("late tubes found again", tubes, || house.act(crate::tick).unwrap());
    assert!(house.ask(|tx, call| late_tubes(tx, call, query())).unwrap().tubes.is_empty());
    timed("balance with recount", people, || house.assert_balanced());
}
