//! Records merge by their keys: nothing is lost, whatever the order, the repeats, the clock.

use outpace_core::{PersonId, Timestamp, TubeCode};
use proptest::prelude::*;

use super::{Device, NAME, PHONE, id_number, send, states, told, with_identity};
use crate::lanes::store::{RecordRow, records};
use crate::lanes::{RecordState, SignedRecord, What, Who, WriteOff, read_file, write_file, write_off};
use crate::rounds::{CloseRound, Method, close_round};
use crate::tests::House;
use crate::tubes::{Flag, NoFile, Stage};
use outpace_registry::Sex;

fn people(house: &House, tube: &str) -> Vec<Option<i64>> {
    let code = TubeCode::from(tube);
    house.read(|tx| crate::tube_people(tx, &code)).into_iter().map(|member| member.person.map(|id| id.0)).collect()
}

fn conflicts(house: &House) -> Vec<String> {
    let open = house.read(|tx| outpace_orders::conflicts::list(tx, true, None, 100));
    open.into_iter().map(|conflict| conflict.kind).collect()
}

#[test]
fn a_lanes_day_goes_in_at_once_and_twice_changes_nothing() {
    let house = House::small();
    let round = house.open_round(Method::Pcr);
    let mut device = Device::with(&house, round);
    device.tubes(&(1..=15).collect::<Vec<_>>());
    device.done();
    house.wait_minutes(120);
    let answer = device.send(&house);
    assert!(states(&answer).iter().all(|state| *state == RecordState::Merged), "{answer:?}");
    assert!(answer.returned && answer.devices[0].missing.is_empty() && answer.devices[0].highest == 18);
    assert_eq!(people(&house, "OFF-0"), (1..=10).map(Some).collect::<Vec<_>>());
    let tube = house.read(|tx| crate::tube(tx, &"OFF-1".into())).unwrap();
    assert_eq!((tube.stage, tube.people, tube.lane), (Stage::Sealed, 5, Some(house.lanes[0])));
    assert_eq!(tube.first_taken_at, device.sheet.issued_at.plus_minutes(12), "at its own hour");
    let head = house.store.head();
    let again = device.send(&house);
    assert!(states(&again).iter().all(|state| *state == RecordState::AlreadyThere));
    assert_eq!(house.store.head(), head);
    assert_eq!(conflicts(&house), Vec::<String>::new());
    house.assert_balanced();
    house.assert_rebuilds();
}

/// A lane's day with everything in it: codes, cards, people without a file, undone swabs, a tube over its pool.
fn busy_day(house: &House, choices: &[u8]) -> Device {
    let round = house.open_round(Method::Pcr);
    let mut device = Device::with(house, round);
    let mut open = 0;
    for (index, choice) in choices.iter().enumerate() {
        let tube = format!("OFF-{}", open % 4);
        match choice % 8 {
            0..=3 => device.code(&tube, index as i64 % 44 + 1),
            4 => device.told(&tube, &told(Some(&id_number("19910517", u32::from(*choice))), None, None, None)),
            5 => device.note(What::Undo { counter: (index as i64 - 1).max(1) }),
            6 => device.note(What::Swab {
                tube: TubeCode(tube),
                who: Who::Nobody { no_file: Some(NoFile::NoDocument), slip: None },
                own: None,
            }),
            _ => {
                open += 1;
                device.seal(&tube)
            }
        };
    }
    device.done();
    device
}

/// The digests of what a lane's records change. Journal, orders and conflicts name facts by their place in the journal,
/// which is another where records came in other parts.
/// A sealed box is another each time, and so is the hash of its record: records are compared without.
fn outcome(house: &House, device: &Device) -> (Vec<(&'static str, String)>, Vec<String>, Vec<RecordRow>) {
    let mut rows = house.read(|tx| records(tx, device.sheet.sheet, &device.name));
    rows.iter_mut().for_each(|row| row.print.clear());
    let digests = house.store.digests().unwrap();
    let about =
        |name: &str| ["conflict", "work_order", "order", "lane_record"].iter().all(|prefix| !name.starts_with(prefix));
    let mut kinds = conflicts(house);
    kinds.sort();
    kinds.dedup();
    (digests.into_iter().filter(|(name, _)| about(name)).collect(), kinds, rows)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    /// Any permutation, duplication and split of a lane's records gives the same tables, and nothing is lost.
    #[test]
    fn the_same_records_give_the_same_tables_however_they_come(
        choices in proptest::collection::vec(any::<u8>(), 1..40),
        shuffle in proptest::collection::vec(any::<proptest::sample::Index>(), 60),
        parts in 1_usize..6,
    ) {
        let (whole, split) = (House::small(), House::small());
        let device = busy_day(&whole, &choices);
        let other = busy_day(&split, &choices);
        whole.wait_minutes(300);
        split.wait_minutes(300);
        let answer = device.send(&whole);
        prop_assert!(answer.returned, "{:?}", answer);
        let mut mixed: Vec<SignedRecord> = other.records.clone();
        for (from, to) in shuffle.iter().enumerate() {
            let (from, to) = (from % mixed.len(), to.index(mixed.len()));
            mixed.swap(from, to);
        }
        let twice: Vec<SignedRecord> = mixed.iter().chain(mixed.iter().step_by(3)).cloned().collect();
        let mut returned = false;
        for part in twice.chunks(twice.len().div_ceil(parts)) {
            returned = send(&split, other.sheet.sheet, part.to_vec()).unwrap().returned;
        }
        prop_assert!(returned);
        prop_assert_eq!(outcome(&split, &other), outcome(&whole, &device));
        for house in [&whole, &split] {
            house.assert_balanced();
            house.assert_rebuilds();
        }
    }
}

#[test]
fn a_changed_record_is_found_its_bytes_kept_and_the_others_go_in() {
    let house = House::small();
    let round = house.open_round(Method::Pcr);
    let mut device = Device::with(&house, round);
    device.tubes(&[1, 2, 3]);
    let mut records = device.records.clone();
    records[1].record = records[1].record.replace("\"person\":2", "\"person\":9");
    let answer = send(&house, device.sheet.sheet, records.clone()).unwrap();
    use RecordState as S;
    assert_eq!(states(&answer), [S::Waiting, S::Quarantined, S::Waiting, S::Waiting]);
    assert_eq!(answer.devices[0].missing, [2], "the true one is still awaited");
    assert_eq!(conflicts(&house), ["lane_record_quarantined"]);
    let kept = blake3::hash(records[1].record.as_bytes()).to_hex().to_string();
    let bytes = house.read(|tx| crate::lanes::store::bytes(tx, &kept)).unwrap();
    assert_eq!(serde_json::from_slice::<SignedRecord>(&bytes).unwrap(), records[1]);
    let head = house.store.head();
    send(&house, device.sheet.sheet, vec![records[1].clone()]).unwrap();
    assert_eq!(house.store.head(), head, "told again it is nothing new");
    let mended = device.send(&house);
    assert_eq!(states(&mended), [S::AlreadyThere, S::Merged, S::AlreadyThere, S::AlreadyThere]);
    assert_eq!(people(&house, "OFF-0"), [Some(1), Some(2), Some(3)]);
    // The same counter with other words, rightly signed: a device that was reset.
    let mut reset = Device::with(&house, round);
    reset.code("OFF-9", 7);
    let answer = reset.send(&house);
    assert_eq!(states(&answer), [S::Quarantined]);
    house.assert_balanced();
    house.assert_rebuilds();
}

#[test]
fn a_gap_waits_and_what_never_comes_is_written_off_with_an_order() {
    let house = House::small();
    let round = house.open_round(Method::Pcr);
    let mut device = Device::with(&house, round);
    device.tubes(&(1..=12).collect::<Vec<_>>());
    let lost = device.records.remove(4);
    let answer = device.send(&house);
    assert_eq!(answer.devices[0].missing, [5]);
    assert!(!answer.returned && people(&house, "OFF-0").is_empty());
    assert!(answer.records.iter().all(|record| record.state == RecordState::Waiting && record.why.is_some()));
    let request = WriteOff { sheet: device.sheet.sheet, reason: "手机损坏".to_owned() };
    house.act(move |unit, call| write_off(unit, call, request)).unwrap();
    assert_eq!(people(&house, "OFF-0"), [1, 2, 3, 4, 6, 7, 8, 9, 10].map(Some));
    assert_eq!(people(&house, "OFF-1"), [Some(11), Some(12)]);
    assert_eq!(conflicts(&house), ["lane_records_missing"]);
    // It turns up all the same, and is not lost.
    let late = send(&house, device.sheet.sheet, vec![lost]).unwrap();
    assert_eq!(states(&late), [RecordState::Flagged]);
    assert_eq!(late.records[0].flags, [Flag::AfterSeal]);
    assert_eq!(people(&house, "OFF-0").last(), Some(&Some(5)));
    house.assert_balanced();
    house.assert_rebuilds();
}

#[test]
fn the_lane_takes_a_swab_back_before_the_seal_and_after_it_an_order_asks() {
    let house = House::small();
    let round = house.open_round(Method::Pcr);
    let mut device = Device::with(&house, round);
    let wrong = device.code("A", 1);
    device.note(What::Undo { counter: wrong });
    let second = device.code("A", 2);
    device.seal("A");
    device.note(What::Undo { counter: second });
    device.done();
    let answer = device.send(&house);
    use RecordState as S;
    assert_eq!(states(&answer), [S::Undone, S::Merged, S::Merged, S::Merged, S::Flagged, S::Merged]);
    assert_eq!(people(&house, "A"), [Some(2)]);
    assert_eq!(conflicts(&house), ["lane_undone_late"]);
    house.assert_rebuilds();
}

#[test]
fn cards_and_typed_people_are_matched_in_the_vault_and_strangers_get_a_file_and_an_order() {
    let house = House::small();
    let number = id_number("19800102", 12);
    let known = with_identity(&house, NAME, "1980-01-02", &number);
    let round = house.open_round(Method::Pcr);
    let mut device = Device::with(&house, round);
    device.told("A", &told(Some(&number), None, None, None));
    let typed = told(None, Some("试乙"), Some("1975-06-07"), Some(Sex::Male));
    device.told("A", &typed);
    device.told("A", &told(None, Some("试丙"), None, None));
    device.seal("A");
    device.told("B", &told(None, Some(NAME), Some("1980-01-02"), Some(Sex::Female)));
    device.told("C", &typed);
    device.seal("C");
    device.done();
    let before = house.read(|tx| outpace_registry::population_of(tx, super::super::COUNTY)).registered;
    let answer = device.send(&house);
    assert!(answer.returned);
    let tube = people(&house, "A");
    assert_eq!((tube[0], tube[2]), (Some(known.0), None), "who told too little is nobody yet");
    let stranger = tube[1].unwrap();
    assert_eq!(house.read(|tx| outpace_registry::population_of(tx, super::super::COUNTY)).registered, before + 1);
    let file = house.read(|tx| outpace_registry::person(tx, PersonId(stranger))).unwrap();
    assert_eq!((file.birth_year, file.sex, file.area), (1975, Sex::Male, super::super::VILLAGES[0].unknown_grid()));
    assert_eq!(people(&house, "B"), [Some(known.0)], "a name and a day lead to the same person");
    assert_eq!(people(&house, "C"), [Some(stranger)], "a stranger is known the second time");
    let mut kinds = conflicts(&house);
    kinds.sort();
    assert_eq!(kinds, ["lane_person_without_file", "twice_in_round", "twice_in_round", "unknown_person"]);
    // The box of whom nobody knows is kept, every other is forgotten.
    let unclear = blake3::hash(device.records[2].record.as_bytes()).to_hex().to_string();
    let matched = blake3::hash(device.records[1].record.as_bytes()).to_hex().to_string();
    assert!(house.read(|tx| crate::lanes::store::bytes(tx, &unclear)).is_some());
    assert!(house.read(|tx| crate::lanes::store::bytes(tx, &matched)).is_none());
    house.assert_balanced();
    house.assert_rebuilds();
}

#[test]
fn no_identity_stands_in_clear_in_the_file_or_in_the_folder() {
    let house = House::small();
    let round = house.open_round(Method::Pcr);
    let mut device = Device::with(&house, round);
    let number = id_number("19910517", 7);
    let mut someone = told(Some(&number), Some("试某某"), Some("1991-05-17"), None);
    someone.phone = Some(PHONE.to_owned());
    device.told("A", &someone);
    let file = write_file(device.sheet.sheet, &device.records);
    device.send(&house);
    let mut places = vec![("the file".to_owned(), file.into_bytes())];
    for entry in std::fs::read_dir(house.store.folder()).unwrap() {
        let path = entry.unwrap().path();
        places.push((path.display().to_string(), std::fs::read(&path).unwrap()));
    }
    for secret in [number.as_str(), "试某某", "1991-05-17", PHONE] {
        for (place, bytes) in &places {
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "{secret} stands in {place}");
        }
    }
}

#[test]
fn a_box_that_was_moved_to_another_record_does_not_open() {
    let house = House::small();
    let round = house.open_round(Method::Pcr);
    let mut device = Device::with(&house, round);
    let number = id_number("19910517", 7);
    device.told("A", &told(Some(&number), None, None, None));
    let text: crate::lanes::LaneRecord = serde_json::from_str(&device.records[0].record).unwrap();
    let What::Swab { who, .. } = text.what else { panic!("a swab") };
    device.note(What::Swab { tube: "A".into(), who, own: None });
    device.seal("A");
    let answer = device.send(&house);
    assert_eq!(states(&answer), [RecordState::Merged, RecordState::Flagged, RecordState::Merged]);
    assert_eq!(people(&house, "A")[1], None);
}

#[test]
fn a_wrong_clock_is_put_right_and_told_once() {
    let house = House::small();
    let round = house.open_round(Method::Pcr);
    let mut device = Device::with(&house, round);
    device.clock = Timestamp(device.clock.0 - 94_608_000_000);
    device.tubes(&[1, 2]);
    let mut ahead = Device::with(&house, round);
    ahead.name = "device-ahead".to_owned();
    ahead.clock = ahead.clock.plus_hours(5);
    ahead.ahead_ms = Some(5 * 3_600_000);
    ahead.code("AHEAD", 3);
    ahead.seal("AHEAD");
    house.wait_minutes(60);
    device.send(&house);
    let answer = ahead.send(&house);
    assert_eq!(answer.devices.iter().filter(|device| device.shifted_ms != 0).count(), 2);
    let taken = |code: &str| house.read(|tx| crate::tube_people(tx, &code.into())).first().unwrap().taken_at;
    assert_eq!(taken("OFF-0"), device.sheet.issued_at);
    assert_eq!(taken("AHEAD"), device.sheet.issued_at.plus_minutes(1));
    assert_eq!(conflicts(&house), ["lane_clock"]);
    assert!(states(&answer).iter().all(|state| *state == RecordState::Merged), "a clock is no fault of the swab");
    house.assert_rebuilds();
}

#[test]
fn what_cannot_be_is_kept_flagged_and_settled_one_by_one() {
    let house = House::small();
    let round = house.open_round(Method::Pcr);
    let mut device = Device::with(&house, round);
    house.tube(round, "ONLINE", &[1]);
    house.tube(round, "SEEN", &[2]);
    device.code("A", 1);
    device.note(What::Swab { tube: "A".into(), who: Who::Code { person: PersonId(5) }, own: Some(false) });
    device.seal("A");
    device.code("not a label", 6);
    device.seal("not a label");
    device.seal("EMPTY");
    device.code("ONLINE", 1);
    device.seal("ONLINE");
    device.done();
    let close = CloseRound { round, reason: "完成".to_owned() };
    house.wait_minutes(30);
    house.act(move |unit, call| close_round(unit, call, close)).unwrap();
    house.wait_minutes(30);
    let answer = device.send(&house);
    use RecordState as S;
    let expected =
        [S::Flagged, S::Flagged, S::Merged, S::Flagged, S::Flagged, S::Flagged, S::AlreadyThere, S::Merged, S::Merged];
    assert_eq!(states(&answer), expected, "{answer:?}");
    assert_eq!(answer.records[0].flags, [Flag::TwiceInRound], "taken before the round was closed, so not late");
    assert_eq!(answer.records[1].flags, [Flag::NotOwnCode]);
    assert_eq!(people(&house, "A"), [Some(1), None], "somebody else's code is nobody's swab");
    assert!(answer.records[3].why.is_some());
    let mut kinds = conflicts(&house);
    kinds.sort();
    assert_eq!(
        kinds,
        ["lane_record_refused", "not_own_code", "twice_in_round"],
        "one order for each thing to find out"
    );
    house.assert_balanced();
    house.assert_rebuilds();
}

#[test]
fn records_go_by_file_and_a_damaged_line_costs_one_record() {
    let house = House::small();
    let round = house.open_round(Method::Pcr);
    let mut device = Device::with(&house, round);
    device.tubes(&[1, 2, 3]);
    device.done();
    let file = read_file(&write_file(device.sheet.sheet, &device.records)).unwrap();
    let records = file.records.into_iter().map(|(_, record)| record).collect();
    assert!(send(&house, file.sheet, records).unwrap().returned);
    assert_eq!(people(&house, "OFF-0"), [Some(1), Some(2), Some(3)]);
}

#[test]
fn an_unknown_sheet_and_too_many_records_are_refused_and_the_device_keeps_them() {
    let house = House::small();
    let round = house.open_round(Method::Pcr);
    let mut device = Device::with(&house, round);
    device.code("A", 1);
    let refused = send(&house, outpace_core::SheetId(99), device.records.clone()).unwrap_err();
    assert_eq!(refused.code, "unknown_sheet");
    assert_eq!(send(&house, device.sheet.sheet, Vec::new()).unwrap_err().code, "empty");
    let many = vec![device.records[0].clone(); crate::lanes::RECORDS_MAX + 1];
    assert_eq!(send(&house, device.sheet.sheet, many).unwrap_err().code, "too_many");
}

#[test]
fn a_record_that_no_table_can_hold_lies_in_quarantine_and_the_others_go_in() {
    let house = House::small();
    let round = house.open_round(Method::Pcr);
    let mut device = Device::with(&house, round);
    device.code("A\0", 1);
    device.name = "x".to_owned();
    device.code("A", 2);
    device.name = "device-0a1b2c3d".to_owned();
    let mut other = Device::with(&house, round);
    other.name = "device-another".to_owned();
    other.tubes(&[3]);
    let records = device.records.iter().chain(&other.records).cloned().collect();
    let answer = send(&house, device.sheet.sheet, records).unwrap();
    use RecordState as S;
    assert_eq!(states(&answer), [S::Quarantined, S::Quarantined, S::Merged, S::Merged]);
    assert_eq!(conflicts(&house), ["lane_record_quarantined"]);
    house.assert_rebuilds();
}
