//! Late tubes: listed with their last signature, chased once, found again; and the balance laid out.

use outpace_core::Role;
use proptest::prelude::*;

use super::way::{give_to, pack, receive, report, take_from};
use super::{COUNTY, House, VILLAGES, actor};
use crate::carry::CustodyPlace;
use crate::flow::{BalanceQuery, BalanceRow, By, LateKind, LateQuery, LateTube, balance_by, late_tubes};
use crate::rounds::Method;
use crate::tick;

fn late(house: &House, query: LateQuery) -> Vec<LateTube> {
    house.ask(|tx, call| late_tubes(tx, call, query)).unwrap().tubes
}

fn rows(house: &House, by: By) -> Vec<BalanceRow> {
    let query = BalanceQuery { by, area: None, round: None, after: None, limit: None };
    house.ask(|tx, call| balance_by(tx, call, query)).unwrap().rows
}

#[test]
fn whoever_signed_last_gets_one_order_that_closes_when_the_tubes_turn_up() {
    let house = House::small();
    let round = house.open_round(Method::Pcr);
    for (code, person) in [("A", 1), ("B", 2), ("C", 3), ("D", 4)] {
        house.tube(round, code, &[person]);
    }
    pack(&house, "BOX-1", &["B", "C"]);
    let leg = give_to(&house, "BOX-1");
    take_from(&house, leg);
    receive(&house, None, &["D"], false);
    house.wait_minutes(5 * 60);
    assert_eq!(house.act(tick).unwrap().late_tubes, 3);
    assert_eq!(house.act(tick).unwrap().late_tubes, 0);

    let listed = late(&house, LateQuery { kind: Some(LateKind::Laboratory), ..LateQuery::default() });
    let seen: Vec<_> = listed.iter().map(|one| (one.tube.as_str(), one.custody.place, one.custody.leg)).collect();
    let courier = CustodyPlace::Courier;
    assert_eq!(seen, [("A", CustodyPlace::Site, None), ("B", courier, Some(leg)), ("C", courier, Some(leg))]);
    assert_eq!(listed[1].custody.holder, Some(actor(20, Role::Courier).id));
    assert_eq!(listed[1].chase, listed[2].chase, "one order for what one hand holds");
    assert_ne!(listed[0].chase, listed[1].chase);
    let open = |chase: &str| !house.read(|tx| outpace_orders::by_key(tx, chase)).unwrap().is_closed();
    assert!(open(&listed[0].chase) && open(&listed[1].chase));

    receive(&house, Some("BOX-1"), &["B"], false);
    assert_eq!(late(&house, LateQuery::default()).iter().filter(|one| one.tube.as_str() == "B").count(), 0);
    house.act(tick).unwrap();
    assert!(open(&listed[1].chase), "one of its tubes is still out");
    receive(&house, None, &["C"], false);
    house.act(tick).unwrap();
    assert!(open(&listed[0].chase) && !open(&listed[1].chase));
    house.assert_balanced();
    house.assert_rebuilds();
}

#[test]
fn tubes_that_join_a_quarter_hour_after_its_deadline_join_the_list_and_the_order() {
    let house = House::small();
    let round = house.open_round(Method::Pcr);
    let first = house.now();
    house.tube(round, "A", &[1]);
    house.wait_minutes(5 * 60);
    house.act(tick).unwrap();
    // In the same minute one turns up and another comes in from a lane that had no network: their number is the same.
    receive(&house, None, &["A"], false);
    let mut offline = super::request(round, house.lanes[0], "B", &[2]);
    offline.occurred_at = Some(first);
    house.register(offline).unwrap();
    assert_eq!(house.act(tick).unwrap().late_tubes, 1);
    let listed = late(&house, LateQuery { kind: Some(LateKind::Laboratory), ..LateQuery::default() });
    assert_eq!(listed.iter().map(|one| one.tube.as_str()).collect::<Vec<_>>(), ["B"]);
    house.assert_rebuilds();
}

#[test]
fn a_page_of_late_tubes_goes_on_where_the_last_one_ended() {
    let house = House::small();
    let round = house.open_round(Method::Pcr);
    let all: Vec<String> = (1..=9).map(|person| format!("T{person}")).collect();
    for (index, code) in all.iter().enumerate() {
        house.tube(round, code, &[index as i64 + 1]);
    }
    house.wait_minutes(5 * 60);
    house.act(tick).unwrap();
    let mut seen = Vec::new();
    let mut query = LateQuery { kind: Some(LateKind::Ambient), limit: Some(4), ..LateQuery::default() };
    loop {
        let page = house.ask(|tx, call| late_tubes(tx, call, query.clone())).unwrap();
        seen.extend(page.tubes.into_iter().map(|one| one.tube.to_string()));
        match page.after {
            Some(after) => query.after = Some(after),
            None => break,
        }
    }
    assert_eq!(seen, all);
    let elsewhere = LateQuery { area: Some(VILLAGES[1]), ..LateQuery::default() };
    assert!(late(&house, elsewhere).is_empty());
    let bad = LateQuery { after: Some("yesterday".to_owned()), ..LateQuery::default() };
    assert_eq!(house.ask(|tx, call| late_tubes(tx, call, bad)).unwrap_err().code, "bad_page");
    let outside = LateQuery { area: Some(outpace_core::AreaId(140_105)), ..LateQuery::default() };
    assert!(house.ask(|tx, call| late_tubes(tx, call, outside)).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    /// However tubes go on their way, every layout of the balance holds the same tubes, and the list of late ones holds
    /// exactly those that wait past their deadline.
    #[test]
    fn every_layout_of_the_balance_holds_the_same_tubes(ways in proptest::collection::vec(0_u8..6, 1..14), lookings: bool) {
        let house = House::small();
        let round = house.open_round(Method::Pcr);
        for (index, way) in ways.iter().enumerate() {
            let code = format!("T{index}");
            let mut tube = super::request(round, house.lanes[0], &code, &[index as i64 + 1]);
            tube.seal = *way != 0;
            house.register(tube).unwrap();
            if *way >= 2 {
                pack(&house, &format!("B{index}"), &[&code]);
            }
            if *way >= 3 {
                let leg = give_to(&house, &format!("B{index}"));
                take_from(&house, leg);
            }
        }
        let go_on = |least: u8, arrive: bool| {
            for (index, _) in ways.iter().enumerate().filter(|(_, way)| **way >= least) {
                if arrive {
                    receive(&house, Some(&format!("B{index}")), &[&format!("T{index}")], false);
                } else {
                    report(&house, &[(&format!("T{index}"), "negative")]);
                }
            }
        };
        house.wait_minutes(5 * 60);
        if lookings {
            house.act(tick).unwrap();
        }
        go_on(4, true);
        if lookings {
            house.act(tick).unwrap();
        }
        go_on(5, false);
        house.act(tick).unwrap();
        let count = |from: u8, to: u8| ways.iter().filter(|way| (from..=to).contains(way)).count() as i64;
        for by in [By::Round, By::Site] {
            let rows = rows(&house, by);
            let sum = |pick: fn(&BalanceRow) -> i64| rows.iter().map(pick).sum::<i64>();
            prop_assert_eq!(sum(|row| row.tubes), ways.len() as i64);
            prop_assert_eq!(sum(|row| row.open), count(0, 0));
            prop_assert_eq!(sum(|row| row.under_way), count(1, 3));
            prop_assert_eq!(sum(|row| row.pending), count(4, 4));
            prop_assert_eq!(sum(|row| row.resulted), count(5, 5));
            prop_assert_eq!(sum(|row| row.late), count(0, 3));
        }
        let hours = rows(&house, By::Hour);
        prop_assert_eq!(hours.iter().map(|row| row.under_way).sum::<i64>(), count(0, 3));
        prop_assert_eq!(hours.iter().map(|row| row.pending).sum::<i64>(), count(4, 4));
        prop_assert_eq!(rows(&house, By::Laboratory)[0].pending, count(4, 4));
        let boxes = rows(&house, By::Box);
        prop_assert_eq!(boxes.iter().map(|row| row.tubes).sum::<i64>(), count(2, 3));
        let listed = late(&house, LateQuery { kind: Some(LateKind::Laboratory), ..LateQuery::default() });
        prop_assert_eq!(listed.len() as i64, count(0, 3));
        house.assert_balanced();
        house.assert_rebuilds();
    }
}

#[test]
fn the_balance_shows_an_area_only_its_own_sites() {
    let house = House::small();
    let round = house.open_round(Method::Pcr);
    house.tube(round, "A", &[1]);
    let at = |area| BalanceQuery { by: By::Site, area: Some(area), round: None, after: None, limit: None };
    let here = house.ask(|tx, call| balance_by(tx, call, at(VILLAGES[0]))).unwrap().rows;
    assert_eq!(here.iter().map(|row| row.tubes).collect::<Vec<_>>(), [1]);
    let there = house.ask(|tx, call| balance_by(tx, call, at(VILLAGES[1]))).unwrap().rows;
    assert!(there.is_empty());
    let unregistered = report(&house, &[("STRANGE", "negative")]);
    assert_eq!(unregistered.recorded, 1);
    let all = house.ask(|tx, call| balance_by(tx, call, at(COUNTY))).unwrap().rows;
    assert_eq!(all.iter().map(|row| row.tubes).collect::<Vec<_>>(), [1, 1], "what nobody registered stands with all");
}
