//! Check-ins: taken once in whatever order, read by tracing as soon as they are taken, filed or not.

use std::collections::BTreeSet;

use outpace_contacts::check_ins::{CheckIns, NewCheckIn, Taken, file_older_than};
use outpace_contacts::visits::{ExcludeVisit, exclude_visit};
use outpace_contacts::{Evidence, FoundHow, Spot, Stage, Together, Visit, visitors, visits_of, who_was_with};
use outpace_core::{Actor, ActorId, ActorKind, PersonId, PlaceId, Refusal, Role, Timestamp};
use proptest::prelude::*;

use super::{COUNTY, House, VILLAGES};

const SHOP: PlaceId = PlaceId(1);
const MARKET: PlaceId = PlaceId(2);

fn device(id: i64) -> Actor {
    Actor::new(ActorId(id), ActorKind::Device, Role::Gatekeeper, COUNTY)
}

fn one(counter: i64, person: i64, at: Timestamp) -> NewCheckIn {
    NewCheckIn { counter, person: PersonId(person), at, code: None }
}

fn send(house: &House, actor: &Actor, place: PlaceId, check_ins: Vec<NewCheckIn>) -> Result<Taken, Refusal> {
    let request = CheckIns { place, sent_at: None, check_ins };
    house.act_as(actor, move |unit, call| crate::http::check_in(unit, call, request))
}

fn file(house: &House) {
    house.act(|unit, call| file_older_than(unit, call.now.plus_minutes(1))).unwrap();
}

fn together(house: &House, person: i64) -> Vec<Together> {
    let (from, to) = (house.now().plus_days(-4), house.now());
    house.store.read(|tx| who_was_with(tx, PersonId(person), from, to)).unwrap()
}

fn at_shop(house: &House) -> Vec<Visit> {
    let ever = (Timestamp(0), Timestamp(i64::MAX));
    let found = house.store.read(|tx| visitors(tx, Spot::Place(SHOP), ever.0, ever.1)).unwrap();
    found.into_iter().map(|(visit, _)| visit).collect()
}

#[test]
fn tracing_sees_who_was_there_before_and_after_filing() {
    let house = House::open();
    let at = house.now().plus_hours(-2);
    let rows = vec![one(1, 1, at), one(2, 2, at.plus_minutes(40)), one(3, 3, at.plus_minutes(90))];
    assert_eq!(send(&house, &device(5), SHOP, rows).unwrap().recorded, 3);
    send(&house, &device(6), MARKET, vec![one(1, 4, at)]).unwrap();
    for _ in 0..2 {
        let met = together(&house, 1);
        assert_eq!(met.iter().map(|one| (one.person.0, one.minutes())).collect::<Vec<_>>(), [(2, 20)]);
        assert_eq!(at_shop(&house).len(), 3);
        assert!(at_shop(&house).iter().all(|visit| visit.evidence == Evidence::CheckIn));
        file(&house);
    }
    house.assert_rebuilds();
}

#[test]
fn a_check_in_that_was_none_is_taken_out_even_from_the_log() {
    let house = House::open();
    let at = house.now().plus_hours(-1);
    send(&house, &device(5), SHOP, vec![one(1, 1, at), one(2, 2, at)]).unwrap();
    let request = ExcludeVisit {
        person: PersonId(2),
        place: Some(SHOP),
        vehicle: None,
        from: at,
        reason: "another one's code".to_owned(),
    };
    house.act(move |unit, call| exclude_visit(unit, call, request)).unwrap();
    assert_eq!(together(&house, 1), []);
    assert_eq!(at_shop(&house).len(), 1);
    house.assert_rebuilds();
}

#[test]
fn where_a_case_checks_in_stands_for_the_case() {
    let house = House::open();
    let at = house.now().plus_hours(-3);
    send(&house, &device(5), SHOP, vec![one(1, 1, at)]).unwrap();
    let request = outpace_contacts::cases::OpenCase {
        person: PersonId(1),
        stage: Stage::Confirmed,
        found_how: FoundHow::ActiveScreening,
        found_at: None,
        dates: Default::default(),
        tube: None,
        evidence: None,
    };
    house.act(move |unit, call| outpace_contacts::open_case(unit, call, request)).unwrap();
    send(&house, &device(6), MARKET, vec![one(1, 1, house.now())]).unwrap();
    let places = house.store.read(outpace_contacts::case_places).unwrap();
    let spots: Vec<Spot> = places.iter().map(|place| place.spot).collect();
    assert_eq!(spots, [Spot::Place(SHOP), Spot::Place(MARKET)]);
    house.assert_rebuilds();
}

#[test]
fn a_wrong_clock_is_put_right_and_flagged_and_somebody_is_told() {
    let house = House::open();
    let wrong = house.now().plus_days(-700);
    let request = CheckIns {
        place: SHOP,
        sent_at: Some(wrong),
        check_ins: vec![one(1, 1, wrong.plus_minutes(-5)), one(2, 999, wrong)],
    };
    let taken = house.act_as(&device(5), move |unit, call| crate::http::check_in(unit, call, request)).unwrap();
    assert_eq!((taken.recorded, taken.flagged), (2, 2));
    let found = at_shop(&house);
    assert_eq!(found[0].from, house.now().plus_minutes(-5));
    assert!(found.iter().all(|visit| visit.flaw.is_some()));
    assert_eq!(house.store.read(outpace_orders::conflicts::open_count).unwrap(), 2, "the clock, and nobody's id");
    // One that says nothing of its clock cannot tell of what is yet to come.
    send(&house, &device(6), MARKET, vec![one(1, 2, house.now().plus_days(3))]).unwrap();
    let own = house.store.read(|tx| visits_of(tx, PersonId(2), house.now(), house.now())).unwrap();
    assert_eq!((own.len(), own[0].0.from), (1, house.now()));
}

#[test]
fn a_code_puts_nobody_at_a_place_outside_the_devices_area() {
    let house = House::open();
    let mut gate = device(5);
    gate.area = VILLAGES[1];
    let refused = send(&house, &gate, SHOP, vec![one(1, 1, house.now())]).unwrap_err();
    assert_eq!((refused.status, refused.field.as_str()), (404, "place"));
    let account = Actor { kind: ActorKind::Account, ..device(5) };
    assert_eq!(send(&house, &account, SHOP, vec![one(1, 1, house.now())]).unwrap_err().code, "no_device");
    assert_eq!(send(&house, &device(5), SHOP, vec![one(0, 1, house.now())]).unwrap_err().code, "counter");
    assert_eq!(at_shop(&house), []);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn however_often_and_in_whatever_order_each_check_in_is_there_once(
        batches in proptest::collection::vec((5_i64..7, proptest::collection::vec(1_i64..20, 0..8), any::<bool>()), 1..12),
    ) {
        let house = House::open();
        let start = house.now().plus_hours(-3);
        let mut sent = BTreeSet::new();
        for (id, counters, files) in batches {
            // What a counter says never changes: the device wrote it down once.
            let row = |counter: &i64| one(*counter, 1 + (id + counter) % 12, start.plus_minutes(counter * 7 + id));
            let fresh = counters.iter().filter(|counter| sent.insert((id, **counter))).count();
            let taken = send(&house, &device(id), SHOP, counters.iter().map(row).collect()).unwrap();
            prop_assert_eq!(taken.recorded as usize, fresh);
            if files {
                file(&house);
            }
        }
        let expected: BTreeSet<(i64, Timestamp)> = sent
            .iter()
            .map(|(id, counter)| (1 + (id + counter) % 12, start.plus_minutes(counter * 7 + id)))
            .collect();
        let found: BTreeSet<_> = at_shop(&house).into_iter().map(|visit| (visit.person.0, visit.from)).collect();
        prop_assert_eq!(found, expected);
        house.assert_rebuilds();
    }
}
