//! While a lane is not synced nobody in its areas is held to a missed test.

use outpace_core::PersonId;

use super::{Device, send};
use crate::coverage::{MissedRound, OurFailure, missed_round};
use crate::lanes::unsynced::unsynced;
use crate::lanes::{SetConnection, UnsyncedQuery, WriteOff, set_connection, unsynced_lanes, write_off};
use crate::rounds::{CloseRound, Method, close_round};
use crate::tests::{House, VILLAGES, grid_of, way};

/// Due, does not come, lives in the village of the site.
const NEAR: i64 = 5;
/// Due, does not come, lives in another township.
const FAR: i64 = 35;

fn missed(house: &House, person: i64) -> MissedRound {
    house.read(|tx| missed_round(tx, PersonId(person), grid_of(person - 1, 40))).unwrap()
}

/// A round with one tube, tested negative, then closed.
fn played(house: &House, play: impl FnOnce(&House, outpace_core::RoundId)) -> outpace_core::RoundId {
    let round = house.open_round(Method::Pcr);
    house.tube(round, "A", &[1, 2]);
    way::report(house, &[("A", "negative")]);
    play(house, round);
    house.wait_minutes(30);
    let close = CloseRound { round, reason: "时间到 / the time is over".to_owned() };
    house.act(move |unit, call| close_round(unit, call, close)).unwrap();
    round
}

#[test]
fn a_sheet_that_is_out_suspends_the_rule_in_its_township_until_it_is_back() {
    let house = House::small();
    let mut device = None;
    let round = played(&house, |house, round| device = Some(Device::with(house, round)));
    let mut device = device.unwrap();
    assert_eq!(missed(&house, NEAR).ours, [OurFailure::LaneNotSynced].into());
    assert!(missed(&house, FAR).counts(), "another township has nothing to do with it");
    let lanes = house.ask(|tx, call| unsynced_lanes(tx, call, UnsyncedQuery { round: Some(round) })).unwrap().lanes;
    assert_eq!((lanes.len(), lanes[0].lane, lanes[0].overdue), (1, house.lanes[0], false));
    assert!(lanes[0].serves(VILLAGES[0].unknown_grid()) && !lanes[0].serves(VILLAGES[1].unknown_grid()));
    device.code("B", 3);
    device.seal("B");
    send(&house, device.sheet.sheet, device.records.clone()).unwrap();
    assert!(missed(&house, NEAR).ours.contains(&OurFailure::LaneNotSynced), "the lane did not say that this is all");
    device.done();
    assert!(device.send(&house).returned);
    way::report(&house, &[("B", "negative")]);
    house.act(crate::tick).unwrap();
    assert!(missed(&house, NEAR).counts());
    assert!(house.read(|tx| unsynced(tx, None, house.now())).is_empty());
    house.assert_rebuilds();
}

#[test]
fn a_lane_that_says_it_is_without_a_network_suspends_it_too() {
    let house = House::small();
    let lane = house.lanes[0];
    let round = played(&house, |house, round| {
        let request = SetConnection { lane, round, offline: true };
        house.act(move |unit, call| set_connection(unit, call, request)).unwrap();
    });
    assert!(!missed(&house, NEAR).counts() && missed(&house, FAR).counts());
    let request = SetConnection { lane, round, offline: false };
    let (first, again) = (request.clone(), request);
    assert!(house.act(move |unit, call| set_connection(unit, call, first)).unwrap().lanes.is_empty());
    let head = house.store.head();
    house.act(move |unit, call| set_connection(unit, call, again)).unwrap();
    assert_eq!(house.store.head(), head);
    house.act(crate::tick).unwrap();
    assert!(missed(&house, NEAR).counts());
    house.assert_rebuilds();
}

#[test]
fn a_sheet_that_never_comes_back_is_chased_and_can_be_written_off() {
    let house = House::small();
    let mut sheet = None;
    played(&house, |house, round| sheet = Some(Device::with(house, round).sheet.sheet));
    house.wait_minutes(24 * 60);
    for _ in 0..2 {
        house.act(crate::tick).unwrap();
    }
    let open = house.read(|tx| outpace_orders::conflicts::list(tx, true, None, 100));
    assert_eq!(open.iter().filter(|conflict| conflict.kind == "lane_sheet_overdue").count(), 1);
    assert!(!missed(&house, NEAR).counts(), "and still nobody pays for it");
    let silent = WriteOff { sheet: sheet.unwrap(), reason: String::new() };
    assert_eq!(house.act(move |unit, call| write_off(unit, call, silent)).unwrap_err().code, "bad_text");
    let request = WriteOff { sheet: sheet.unwrap(), reason: "通道未启用".to_owned() };
    assert!(house.act(move |unit, call| write_off(unit, call, request)).unwrap().returned);
    house.act(crate::tick).unwrap();
    assert!(missed(&house, NEAR).counts());
    house.assert_rebuilds();
}
