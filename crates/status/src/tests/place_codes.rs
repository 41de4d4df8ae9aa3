//! A picture of a place's code puts nobody anywhere: whoever sends it, however many of them, in whatever order.

use std::collections::BTreeSet;

use outpace_contacts::cases::OpenCase;
use outpace_contacts::check_ins::codes::{PlaceKey, step_of};
use outpace_contacts::check_ins::{
    CheckIns, CodeOfPlace, NewCheckIn, SignalReason, Taken, file_older_than, print_code, signals_at, signals_of,
    take_own,
};
use outpace_contacts::{FoundHow, Spot, Stage, case_places, visitors, visits_of, who_was_with};
use outpace_core::{Actor, ActorId, ActorKind, PersonId, PlaceId, Role, Timestamp};
use outpace_policy::StatusColour;
use outpace_registry::people::{ImportPeople, import_people};
use outpace_registry::places::{ImportPlaces, import_places};
use proptest::prelude::*;

use super::{COUNTY, House, PEOPLE, resident};

const SHOP: PlaceId = PlaceId(1);
const EVER: (Timestamp, Timestamp) = (Timestamp(0), Timestamp(i64::MAX));

fn device(id: i64) -> Actor {
    Actor::new(ActorId(id), ActorKind::Device, Role::Gatekeeper, COUNTY)
}

fn shown(house: &House, place: PlaceId, at: Timestamp) -> String {
    let seconds = house.rules.pack.codes.place_seconds.value;
    PlaceKey::of(house.store.keys(), place).unwrap().shown(step_of(at, seconds))
}

fn printed(house: &House, place: PlaceId) -> String {
    house.act(move |unit, call| print_code(unit, call, CodeOfPlace { place })).unwrap().text
}

fn send(house: &House, id: i64, place: PlaceId, rows: Vec<(i64, i64, Timestamp, Option<String>)>) -> Taken {
    let check_ins = rows
        .into_iter()
        .map(|(counter, person, at, code)| NewCheckIn { counter, person: PersonId(person), at, code })
        .collect();
    let request = CheckIns { place, sent_at: None, check_ins };
    house.act_as(&device(id), move |unit, call| crate::http::check_in(unit, call, request)).unwrap()
}

fn reasons(house: &House, person: i64) -> Vec<SignalReason> {
    let found = house.store.read(|tx| signals_of(tx, PersonId(person), EVER.0, EVER.1)).unwrap();
    found.into_iter().map(|signal| signal.reason).collect()
}

fn seen_at(house: &House, place: PlaceId) -> BTreeSet<i64> {
    let found = house.store.read(|tx| visitors(tx, Spot::Place(place), EVER.0, EVER.1)).unwrap();
    found.into_iter().map(|(visit, _)| visit.person.0).collect()
}

/// Two places whose positions are known: 50 km apart. The first has number 3.
fn two_towns(house: &House) -> (PlaceId, PlaceId) {
    let places = "reference,class,name,area,lon,lat\n3,market,甲市场,140121203206001,112.0,37.0\n\
        4,market,乙市场,140121100201001,112.0,37.45\n";
    let places = outpace_registry::places::parse_places_csv(places).rows;
    let request = ImportPlaces { source: "towns".to_owned(), places };
    house.act(move |unit, call| import_places(unit, call, request)).unwrap();
    (PlaceId(3), PlaceId(4))
}

fn open_case(house: &House, person: i64) {
    let request = OpenCase {
        person: PersonId(person),
        stage: Stage::Confirmed,
        found_how: FoundHow::ActiveScreening,
        found_at: None,
        dates: Default::default(),
        tube: None,
        evidence: None,
    };
    house.act(move |unit, call| outpace_contacts::open_case(unit, call, request)).unwrap();
}

/// How many jobs were ever queued: one more with each look.
fn jobs_queued(house: &House) -> i64 {
    house.act(|unit, _| Ok(unit.next("job")?)).unwrap()
}

#[test]
fn the_code_on_the_screen_counts_while_it_is_shown_and_its_picture_afterwards_does_not() {
    let house = House::open();
    let (now, code) = (house.now(), shown(&house, SHOP, house.now()));
    let late = now.plus_minutes(5);
    house.wait_minutes(5);
    let rows =
        vec![(1, 1, now, Some(code.clone())), (2, 2, late, Some(code)), (3, 3, late, Some("OP1-1-S-00000000".into()))];
    let taken = send(&house, 5, SHOP, rows);
    assert_eq!((taken.recorded, taken.signals), (3, 2));
    assert_eq!(seen_at(&house, SHOP), BTreeSet::from([1]));
    assert_eq!(reasons(&house, 2), [SignalReason::Stale]);
    assert_eq!(reasons(&house, 3), [SignalReason::Stale]);
    let foreign = shown(&house, PlaceId(2), late);
    send(&house, 5, SHOP, vec![(4, 4, late, Some(foreign)), (5, 5, late, Some("not a code".into()))]);
    assert_eq!((reasons(&house, 4), reasons(&house, 5)), (vec![SignalReason::Foreign], vec![SignalReason::Foreign]));
    assert_eq!(house.store.read(outpace_orders::conflicts::open_count).unwrap(), 1, "one question for the place");
    house.assert_rebuilds();
}

#[test]
fn a_printed_code_counts_where_the_person_was_seen_near_enough_before() {
    let house = House::open();
    let (here, far) = two_towns(&house);
    let (code, now) = (printed(&house, here), house.now());
    let ago = |minutes: i64| now.plus_minutes(-minutes);
    // 1 was at the same place, 2 far away half an hour ago, 3 there in time, 4 nowhere, 5 too long ago.
    send(&house, 5, here, vec![(1, 1, ago(90), None)]);
    send(&house, 6, far, vec![(1, 2, ago(10), None), (2, 3, ago(40), None), (3, 5, ago(200), None)]);
    let rows = (1..=5).map(|person| (person + 1, person, now, Some(code.clone()))).collect();
    let taken = send(&house, 5, here, rows);
    assert_eq!(taken.signals, 3);
    assert_eq!(seen_at(&house, here), BTreeSet::from([1, 3]));
    assert_eq!(reasons(&house, 2), [SignalReason::Implausible]);
    assert_eq!((reasons(&house, 4), reasons(&house, 5)), (vec![SignalReason::Unproven], vec![SignalReason::Unproven]));
    // The gate's own word makes up for what a printed code cannot say.
    send(&house, 5, here, vec![(7, 4, now.plus_minutes(1), None)]);
    assert!(seen_at(&house, here).contains(&4));
    // Another print, and the pictures of the one before are worth nothing, filed or not.
    let newer = printed(&house, here);
    house.act(|unit, call| file_older_than(unit, call.now.plus_minutes(1))).unwrap();
    send(&house, 5, here, vec![(8, 1, now.plus_minutes(1), Some(code)), (9, 3, now.plus_minutes(1), Some(newer))]);
    assert_eq!(reasons(&house, 1), [SignalReason::Stale]);
    assert_eq!(reasons(&house, 3), []);
    house.assert_rebuilds();
}

#[test]
fn of_1317_people_who_were_sent_a_picture_of_one_place_code_none_gets_an_exposure_or_a_colour() {
    const SENT: i64 = 1_317;
    let house = House::open();
    let people = (0..SENT).map(|_| resident(1)).collect();
    let request = ImportPeople { source: "test".to_owned(), by_reference: true, people };
    house.act(move |unit, call| import_people(unit, call, request)).unwrap();
    let (taken_at, picture, paper) = (house.now(), shown(&house, SHOP, house.now()), printed(&house, SHOP));
    // Somebody who is infected really was there; the outbreak at the shop is real.
    send(&house, 5, SHOP, vec![(1, 1, taken_at, Some(picture.clone()))]);
    open_case(&house, 1);
    house.wait_minutes(30);
    let before = jobs_queued(&house);
    let now = house.now();
    let code = |index: i64| Some(if index % 3 == 0 { paper.clone() } else { picture.clone() });
    let rows = (0..SENT).map(|index| (index + 2, PEOPLE + 1 + index, now, code(index))).collect();
    let taken = send(&house, 5, SHOP, rows);
    assert_eq!((taken.recorded, taken.signals), (SENT, SENT));
    assert_eq!(jobs_queued(&house), before + 1, "the response has nothing to look at");
    for filed in [false, true] {
        if filed {
            house.act(|unit, call| file_older_than(unit, call.now.plus_minutes(1))).unwrap();
        }
        assert_eq!(seen_at(&house, SHOP), BTreeSet::from([1]), "filed: {filed}");
        let met = house.store.read(|tx| who_was_with(tx, PersonId(1), now.plus_days(-14), now)).unwrap();
        assert_eq!(met, [], "filed: {filed}");
        assert_eq!(house.store.read(|tx| signals_at(tx, SHOP, EVER.0, EVER.1)).unwrap().len() as i64, SENT);
        for person in PEOPLE + 1..=PEOPLE + SENT {
            assert_eq!(house.status(person).colour, StatusColour::Green, "{person}");
            let exposed = house.store.read(|tx| outpace_contacts::contacts_of_person(tx, PersonId(person))).unwrap();
            assert!(exposed.is_empty(), "{person}");
        }
    }
    // One of them falls ill: the shop does not stand for the case, for nobody saw them there.
    open_case(&house, PEOPLE + 5);
    let spots = house.store.read(case_places).unwrap();
    assert_eq!(spots.len(), 1, "only the real one: {spots:?}");
    house.assert_rebuilds();
}

#[test]
fn ones_own_telephone_checks_in_by_the_same_rule() {
    let house = House::open();
    let own = Actor::new(ActorId(80), ActorKind::Account, Role::Resident, COUNTY);
    let fresh = shown(&house, SHOP, house.now());
    let read = |code: String| {
        house.act_as(&own, move |unit, call| {
            let board = unit.remembered(|display: &crate::Display| display.board()).unwrap_or_default();
            take_own(unit, call, (PersonId(1), &code), board.as_ref())
        })
    };
    assert_eq!(read(fresh.clone()).unwrap().1.signals, 0);
    house.wait_minutes(3);
    assert_eq!(read(fresh).unwrap().1.signals, 1);
    assert_eq!(read("no code".to_owned()).unwrap_err().code, "no_place_code");
    let visits = house.store.read(|tx| visits_of(tx, PersonId(1), EVER.0, EVER.1)).unwrap();
    assert_eq!(visits.len(), 1);
    house.assert_rebuilds();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn whoever_is_found_at_a_place_was_seen_there_or_read_the_code_of_that_minute(
        batches in proptest::collection::vec(
            (1_i64..3, proptest::collection::vec((1..=PEOPLE, 0_i64..180, 0_u8..5), 1..12), any::<bool>()), 1..6),
    ) {
        let house = House::open();
        let start = house.now();
        let papers = [printed(&house, PlaceId(1)), printed(&house, PlaceId(2))];
        house.wait_minutes(180);
        let mut counter = 0;
        let mut proven: BTreeSet<(i64, i64, Timestamp)> = BTreeSet::new();
        let mut papered: BTreeSet<(i64, i64, Timestamp)> = BTreeSet::new();
        for (place, rows, files) in batches {
            let mut sent = Vec::new();
            for (person, minute, kind) in rows {
                counter += 1;
                let at = start.plus_minutes(minute);
                let code = match kind {
                    0 => None,
                    1 => Some(shown(&house, PlaceId(place), at)),
                    2 => Some(shown(&house, PlaceId(place), at.plus_minutes(-2 - minute % 7))),
                    3 => Some(shown(&house, PlaceId(3 - place), at)),
                    _ => Some(papers[place as usize - 1].clone()),
                };
                match kind {
                    0 | 1 => { proven.insert((place, person, at)); }
                    4 => { papered.insert((place, person, at)); }
                    _ => {}
                }
                sent.push((counter, person, at, code));
            }
            send(&house, 5, PlaceId(place), sent);
            if files {
                house.act(|unit, call| file_older_than(unit, call.now.plus_minutes(1))).unwrap();
            }
        }
        for place in 1..3 {
            let found = house.store.read(|tx| visitors(tx, Spot::Place(PlaceId(place)), EVER.0, EVER.1)).unwrap();
            for (visit, _) in &found {
                let seen = (place, visit.person.0, visit.from);
                let nearby = || proven.iter().any(|(_, person, at)| *person == seen.1 && *at <= seen.2);
                prop_assert!(proven.contains(&seen) || (papered.contains(&seen) && nearby()), "{:?}", seen);
            }
            let here: BTreeSet<_> = found.iter().map(|(visit, _)| (place, visit.person.0, visit.from)).collect();
            let missing = proven.iter().filter(|(at, _, _)| *at == place).find(|one| !here.contains(one));
            prop_assert_eq!(missing, None, "evidence is never lost to a picture");
        }
        house.assert_rebuilds();
    }
}
