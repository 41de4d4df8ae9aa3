//! What a sheet holds, and that a device can trust it.

use outpace_core::{PersonId, Role};

use super::{Device, NAME, PHONE, id_number, issue, with_identity};
use crate::lanes::model::{BORN_FROM, guard_bits};
use crate::lanes::{IssueSheet, ROW_BYTES, issue_sheet, keys, read_sheet};
use crate::rounds::{Exempt, ExemptReason, Method, exempt};
use crate::tests::{House, VILLAGES, actor};

struct GuardRow {
    person: i64,
    born: i64,
    bits: u8,
    mark: u16,
}

fn rows(hex_rows: &str) -> Vec<GuardRow> {
    let bytes = hex::decode(hex_rows).unwrap();
    let row = |row: &[u8]| GuardRow {
        person: i64::from_be_bytes(row[..8].try_into().unwrap()),
        born: i64::from(row[8]) + BORN_FROM,
        bits: row[9],
        mark: u16::from_be_bytes([row[10], row[11]]),
    };
    bytes.chunks_exact(ROW_BYTES).map(row).collect()
}

#[test]
fn a_sheet_warns_of_who_need_not_or_must_not_be_sampled_here() {
    let house = House::small();
    let number = id_number("19800102", 12);
    let known = with_identity(&house, NAME, "1980-01-02", &number);
    let round = house.open_round(Method::Pcr);
    house.tube(round, "QX-1", &[1, 2]);
    let request = Exempt { people: vec![PersonId(3)], reason: Some(ExemptReason::Medical), until: None };
    house.act(move |unit, call| exempt(unit, call, request)).unwrap();
    let sheet = Device::with(&house, round).sheet;
    let rows = rows(&sheet.guards.rows);
    let row = |person: i64| rows.iter().find(|row| row.person == person).unwrap();
    assert_eq!((sheet.guards.people, sheet.guards.areas.as_slice()), (21, &VILLAGES[..1]));
    let sampled = |person: i64| row(person).bits & guard_bits::SAMPLED != 0;
    assert!(sampled(1) && sampled(2) && !sampled(3));
    assert_eq!(row(3).bits & guard_bits::EXEMPT, guard_bits::EXEMPT);
    assert_eq!(row(10).bits & guard_bits::ABSENT, guard_bits::ABSENT);
    assert_eq!((row(5).born, row(5).bits, row(5).mark), (1985, guard_bits::FEMALE, 0));
    let key = hex::decode(&sheet.guards.mark_key).unwrap();
    assert_eq!(row(known.0).mark, keys::mark(&key, &number), "found by the number of a card");
    assert_eq!((sheet.lock.people_max, sheet.lane), (10, house.lanes[0]));
}

#[test]
fn a_sheet_is_the_offices_and_a_changed_one_is_not() {
    let house = House::small();
    let round = house.open_round(Method::Pcr);
    let signed = issue(&house, round);
    let office = keys::public_key(house.store.keys()).unwrap();
    let sheet = read_sheet(&signed, &office).unwrap();
    assert_eq!((sheet.round, sheet.ends_at), (round, sheet.issued_at.plus_hours(24)));
    let mut changed = signed.clone();
    changed.sheet = signed.sheet.replace("\"people_max\":10", "\"people_max\":20");
    assert_ne!(changed.sheet, signed.sheet);
    assert!(read_sheet(&changed, &office).is_err());
    let mut other = signed.clone();
    other.signature.replace_range(..2, if signed.signature.starts_with("00") { "01" } else { "00" });
    assert!(read_sheet(&other, &office).is_err());
    assert!(read_sheet(&signed, &"00".repeat(32)).is_err(), "of another office");
}

#[test]
fn a_sheet_holds_no_name_number_or_telephone() {
    let house = House::small();
    let number = id_number("19800102", 12);
    with_identity(&house, NAME, "1980-01-02", &number);
    let round = house.open_round(Method::Pcr);
    let text = serde_json::to_string(&issue(&house, round)).unwrap();
    for secret in [NAME, number.as_str(), PHONE, "1980-01-02", hex::encode(&number).as_str()] {
        assert!(!text.contains(secret), "{secret}");
    }
}

#[test]
fn asking_again_gives_the_same_sheet_with_the_guards_of_now() {
    let house = House::small();
    let round = house.open_round(Method::Pcr);
    let first = Device::with(&house, round).sheet;
    let head = house.store.head();
    house.tube(round, "QX-1", &[1]);
    house.wait_minutes(10);
    let again = Device::with(&house, round).sheet;
    assert_eq!(house.store.head().seq.0, head.seq.0 + 1, "only the tube was recorded");
    assert_eq!((again.sheet, again.issued_at, &again.keys), (first.sheet, first.issued_at, &first.keys));
    assert_ne!(again.guards.rows, first.guards.rows);
    house.wait_minutes(25 * 60);
    assert_ne!(Device::with(&house, round).sheet.sheet, first.sheet, "it had ended");
    house.assert_rebuilds();
}

#[test]
fn a_sheet_is_an_intention_and_refused_where_it_cannot_be() {
    let house = House::small();
    let planned = house.plan(Method::Pcr, &[super::super::COUNTY]).round;
    let lane = house.lanes[0];
    let ask = |round, lane, hours, areas: Vec<_>| {
        let request = IssueSheet { round, lane, areas, hours };
        house.act(move |unit, call| issue_sheet(unit, call, request)).unwrap_err().code
    };
    assert_eq!(ask(planned, lane, None, vec![]), "round_not_open");
    let round = house.open_round(Method::Pcr);
    assert_eq!(ask(outpace_core::RoundId(99), lane, None, vec![]), "unknown_round");
    assert_eq!(ask(round, outpace_core::LaneId(99), None, vec![]), "unknown_lane");
    assert_eq!(ask(round, lane, Some(73), vec![]), "out_of_range");
    assert_eq!(ask(round, lane, None, vec![outpace_core::AreaId(14_012)]), "not_an_area");
    assert_eq!(ask(round, lane, None, vec![outpace_core::AreaId(370_100)]), "forbidden");
    let far = outpace_core::Actor { area: VILLAGES[1], ..actor(9, Role::Sampler) };
    let request = IssueSheet { round, lane, areas: vec![], hours: None };
    assert_eq!(house.act_as(&far, move |unit, call| issue_sheet(unit, call, request)).unwrap_err().code, "forbidden");
}
