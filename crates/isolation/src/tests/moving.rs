use outpace_core::{ActorId, BedId, PersonId, Text, TripId};
use outpace_orders::conflicts;

use super::{HOUR_MS, House, Size, bus, new_restriction, new_transfer, signed};
use crate::facilities::{self, BedState, NewRoom, parse_facilities_csv};
use crate::stays::{NewCheck, checks_due, open_of, record_checks, release};
use crate::trips::{self, Boarding, HandOver, NewTrip, PassengerKind};
use crate::{
    BedState as Bed, FacilityKind, Guardian, RestrictionKind, TransferId, TripState, excuse, open_trip, order_transfer,
    people_conservation, restrict, tick,
};

const CONTACT: PassengerKind = PassengerKind::Contact;
const CASE: PassengerKind = PassengerKind::Case;

fn new_trip(house: &House, vehicle: i64, kind: PassengerKind, transfers: &[TransferId]) -> NewTrip {
    NewTrip {
        vehicle: bus(vehicle),
        facility: if kind == CASE { house.hospital } else { house.site },
        kind,
        drivers: 2,
        stops: Vec::new(),
        transfers: transfers.to_vec(),
        plan: None,
    }
}

fn open(house: &House, trip: NewTrip) -> Result<TripId, outpace_core::Refusal> {
    house.system(move |unit, call| open_trip(unit, call, trip))
}

fn board(house: &House, trip: TripId, people: &[i64]) -> trips::Boarded {
    let people = people.iter().copied().map(PersonId).collect();
    let seen = Boarding { trip, people, stop: None, signed_by: signed(), occurred_at: None };
    house.system(move |unit, call| trips::board(unit, call, seen)).unwrap()
}

fn hand_over(house: &House, trip: TripId, people: &[i64]) -> trips::HandedOver {
    let people = people.iter().copied().map(PersonId).collect();
    let seen = HandOver { trip, facility: house.site, people, signed_by: signed(), occurred_at: None };
    house.system(move |unit, call| trips::hand_over(unit, call, seen)).unwrap()
}

fn conflict_count(house: &House) -> i64 {
    house.store.read(conflicts::open_count).unwrap()
}

#[test]
fn people_ordered_to_move_wait_ride_and_arrive() {
    let house = House::open();
    let transfers = house.order(&[1, 2, 3, 4], CONTACT);
    let again = house.order(&[1], CONTACT);
    assert_eq!(again[0], transfers[0], "one person moves once");
    let trip = open(&house, new_trip(&house, 1, CONTACT, &transfers)).unwrap();
    assert_eq!(open(&house, new_trip(&house, 1, CONTACT, &transfers)).unwrap(), trip, "the same trip twice is one");
    house.check_laws();
    assert_eq!(board(&house, trip, &[1, 2, 3, 4]).people.len(), 4);
    assert!(board(&house, trip, &[1, 2, 3, 4]).people.is_empty(), "boarding twice is once");
    house.check_laws();
    house.system(move |unit, call| trips::depart(unit, call, trip, None)).unwrap();
    house.system(move |unit, call| trips::arrive(unit, call, trip, None)).unwrap();
    let admitted = hand_over(&house, trip, &[1, 2, 3, 4]);
    assert!(admitted.conflicts.is_empty() && admitted.beds.iter().all(Option::is_some), "{admitted:?}");
    assert!(hand_over(&house, trip, &[1]).people.is_empty(), "handing over twice is once");
    let law = house.store.read(people_conservation).unwrap();
    assert_eq!((law.ordered, law.admitted, law.difference), (4, 4, 0));
    let flagged = house.system(move |unit, call| trips::disinfected(unit, call, trip, signed(), None)).unwrap();
    assert!(flagged.is_empty());
    assert_eq!(house.store.read(|tx| trips::trip(tx, trip)).unwrap().unwrap().state, TripState::Done);
    assert_eq!(conflict_count(&house), 0);
    house.check_laws();
    house.check_rebuild();
}

#[test]
fn a_trip_that_cannot_be_is_refused_and_changes_nothing() {
    let house = House::open();
    let contacts = house.order(&[1, 2, 3, 4, 5], CONTACT);
    let cases = house.order(&[6], CASE);
    let head = house.store.head().seq;
    let code = |trip: NewTrip| open(&house, trip).unwrap_err().code;
    assert_eq!(code(new_trip(&house, 1, CONTACT, &contacts)), "too_many", "half of eight seats");
    assert_eq!(code(new_trip(&house, 99, CONTACT, &contacts[..1])), "unknown_vehicle");
    assert_eq!(code(new_trip(&house, 1, CONTACT, &[contacts[0], cases[0]])), "mixed");
    assert_eq!(code(new_trip(&house, 1, CASE, &cases)), "vehicle_kind", "cases go by ambulance");
    assert_eq!(code(new_trip(&house, 1, CONTACT, &[TransferId(99)])), "unknown_transfer");
    let mut wrong = new_trip(&house, 1, CONTACT, &contacts[..1]);
    wrong.facility = house.hospital;
    assert_eq!(code(wrong), "facility_state", "a hospital takes no contacts");
    let mut wrong = new_trip(&house, 1, CONTACT, &contacts[..1]);
    wrong.drivers = 1;
    assert_eq!(code(wrong), "drivers");
    assert_eq!(house.store.head().seq, head);
    open(&house, new_trip(&house, 1, CONTACT, &contacts[..2])).unwrap();
    assert_eq!(code(new_trip(&house, 1, CONTACT, &contacts[2..3])), "vehicle_in_use");
    assert_eq!(code(new_trip(&house, 2, CONTACT, &contacts[..1])), "not_waiting");
    house.check_laws();
}

#[test]
fn a_vehicle_goes_again_only_after_it_was_disinfected() {
    let house = House::open();
    let transfers = house.order(&[1, 2], CONTACT);
    let trip = open(&house, new_trip(&house, 1, CONTACT, &transfers[..1])).unwrap();
    board(&house, trip, &[1]);
    let next = new_trip(&house, 1, CONTACT, &transfers[1..]);
    assert_eq!(open(&house, next.clone()).unwrap_err().code, "vehicle_in_use");
    let early = house.system(move |unit, call| trips::disinfected(unit, call, trip, signed(), None));
    assert_eq!(early.unwrap_err().code, "trip_state");
    house.system(move |unit, call| trips::arrive(unit, call, trip, None)).unwrap();
    let left_aboard = house.system(move |unit, call| trips::disinfected(unit, call, trip, signed(), None)).unwrap();
    assert_eq!(left_aboard, ["loop_not_closed"], "nobody may stay aboard unseen");
    open(&house, next).unwrap();
}

#[test]
fn boarding_is_never_refused_and_what_cannot_be_opens_an_order() {
    let house = House::open();
    let transfers = house.order(&[1, 2, 3, 4, 5], CONTACT);
    house.order(&[6], CASE);
    let first = open(&house, new_trip(&house, 1, CONTACT, &transfers[..4])).unwrap();
    let second = open(&house, new_trip(&house, 2, CONTACT, &transfers[4..])).unwrap();
    assert!(board(&house, first, &[1, 2, 3, 4]).conflicts.is_empty());
    assert_eq!(board(&house, first, &[5]).conflicts, ["vehicle_over_full"]);
    assert_eq!(board(&house, second, &[1]).conflicts, ["person_on_two_trips"]);
    assert_eq!(board(&house, second, &[7]).conflicts, ["boarded_without_order"]);
    assert_eq!(board(&house, second, &[6]).conflicts, ["kinds_mixed"]);
    let unsigned = Boarding {
        trip: second,
        people: vec![PersonId(8)],
        stop: None,
        signed_by: vec![ActorId(1), ActorId(1)],
        occurred_at: Some(house.now().plus_minutes(10)),
    };
    let seen = house.system(move |unit, call| trips::board(unit, call, unsigned)).unwrap();
    assert_eq!(seen.conflicts, ["boarded_without_order", "clock_ahead", "signature_missing"]);
    assert_eq!(conflict_count(&house), 7);
    house.check_laws();
    house.check_rebuild();
}

#[test]
fn a_full_facility_keeps_whoever_arrives_and_says_so() {
    let house = House::of(Size { rooms: 1, ..Size::default() });
    let transfers = house.order(&[1, 2], CONTACT);
    let refused = open(&house, new_trip(&house, 1, CONTACT, &transfers)).unwrap_err();
    assert_eq!(refused.code, "no_beds");
    let trip = open(&house, new_trip(&house, 1, CONTACT, &transfers[..1])).unwrap();
    board(&house, trip, &[1, 2]);
    let admitted = hand_over(&house, trip, &[1, 2]);
    assert_eq!(admitted.conflicts, ["facility_full"]);
    assert_eq!(admitted.beds.iter().filter(|bed| bed.is_some()).count(), 1);
    house.check_laws();
}

#[test]
fn a_consenting_guardian_goes_with_a_child_shares_the_room_and_is_exposed() {
    let house = House::of(Size { beds_per_room: 2, ..Size::default() });
    let child = house.order(&[1], CONTACT)[0];
    let mut guardian = new_transfer(2, CONTACT, Some(house.site));
    guardian.guardian = Some(Guardian { of: PersonId(1), consented: false });
    let asked = guardian.clone();
    let refused = house.system(move |unit, call| order_transfer(unit, call, asked)).unwrap_err();
    assert_eq!(refused.code, "no_consent");
    guardian.guardian = Some(Guardian { of: PersonId(1), consented: true });
    let guardian = house.system(move |unit, call| order_transfer(unit, call, guardian)).unwrap();
    let other = house.order(&[3], CONTACT)[0];
    let trip = open(&house, new_trip(&house, 1, CONTACT, &[child, guardian, other])).unwrap();
    let site = house.site;
    let beds = house.store.read(|tx| facilities::beds_of(tx, site, BedId(0), 100)).unwrap();
    let room = |person: i64| beds.iter().find(|bed| bed.person == Some(PersonId(person))).unwrap().room;
    assert_eq!(room(1), room(2), "a child and their guardian share a room");
    assert_ne!(room(1), room(3), "everyone else has a room alone");
    let boarded = board(&house, trip, &[1, 2, 3]);
    assert_eq!(boarded.exposed, [PersonId(2)]);
    house.check_laws();
}

#[test]
fn an_excused_person_frees_the_bed_and_stays_counted() {
    let house = House::open();
    let transfers = house.order(&[1, 2], CONTACT);
    let trip = open(&house, new_trip(&house, 1, CONTACT, &transfers)).unwrap();
    let id = transfers[0];
    let silent = house.system(move |unit, call| excuse(unit, call, id, Text::new("", "")));
    assert_eq!(silent.unwrap_err().code, "no_reason");
    house.system(move |unit, call| excuse(unit, call, id, Text::new("已排除", "excluded"))).unwrap();
    let law = house.store.read(people_conservation).unwrap();
    assert_eq!((law.waiting, law.excused, law.difference), (1, 1, 0));
    let site = house.site;
    assert_eq!(house.store.read(|tx| facilities::facility(tx, site)).unwrap().unwrap().reserved, 1);
    assert_eq!(house.store.read(|tx| trips::trip(tx, trip)).unwrap().unwrap().planned, 1);
    let reason = Text::new("取消", "not needed");
    house.system(move |unit, call| trips::cancel(unit, call, trip, reason)).unwrap();
    assert_eq!(house.store.read(|tx| facilities::facility(tx, site)).unwrap().unwrap().reserved, 0);
    house.check_laws();
    house.check_rebuild();
}

#[test]
fn somebody_who_became_a_case_leaves_the_site_for_the_hospital() {
    let house = House::open();
    let contact = house.order(&[1], CONTACT);
    let trip = open(&house, new_trip(&house, 1, CONTACT, &contact)).unwrap();
    board(&house, trip, &[1]);
    hand_over(&house, trip, &[1]);
    let case = house.order(&[1], CASE);
    let ambulance = open(&house, new_trip(&house, 4, CASE, &case)).unwrap();
    assert!(board(&house, ambulance, &[1]).conflicts.is_empty());
    assert!(house.store.read(|tx| open_of(tx, PersonId(1))).unwrap().is_none());
    let hospital = house.hospital;
    let seen = HandOver {
        trip: ambulance,
        facility: hospital,
        people: vec![PersonId(1)],
        signed_by: signed(),
        occurred_at: None,
    };
    house.system(move |unit, call| trips::hand_over(unit, call, seen)).unwrap();
    let stay = house.store.read(|tx| open_of(tx, PersonId(1))).unwrap().unwrap();
    assert_eq!((stay.facility, stay.kind), (hospital, CASE));
    let site = house.store.read(|tx| facilities::facility(tx, house.site)).unwrap().unwrap();
    assert_eq!((site.occupied, site.cleaning), (0, 1), "the bed at the site must be cleaned");
    house.check_laws();
}

#[test]
fn a_stay_is_checked_twice_a_day_and_ends_with_a_release() {
    let house = House::open();
    let at = house.now();
    let transfers = house.order(&[1], CONTACT);
    let kind = RestrictionKind::FacilityQuarantine;
    house.system(move |unit, call| restrict(unit, call, new_restriction(1, kind, at, 24))).unwrap();
    let trip = open(&house, new_trip(&house, 1, CONTACT, &transfers)).unwrap();
    board(&house, trip, &[1]);
    hand_over(&house, trip, &[1]);
    let site = house.site;
    let due = || {
        let now = house.now();
        house.store.read(move |tx| checks_due(tx, site, now, 2, 480)).unwrap().len()
    };
    assert_eq!(due(), 0, "who came this afternoon owes no check for it");
    house.pass_ms(9 * HOUR_MS);
    assert_eq!(due(), 1);
    let fever = [NewCheck { person: PersonId(1), celsius: 38.2, symptoms: false }];
    let flagged = house.system(move |unit, call| record_checks(unit, call, site, &fever, None)).unwrap();
    assert!(flagged.is_empty());
    assert_eq!(due(), 0);
    let stranger = [NewCheck { person: PersonId(2), celsius: 36.5, symptoms: false }];
    let flagged = house.system(move |unit, call| record_checks(unit, call, site, &stranger, None)).unwrap();
    assert_eq!(flagged, ["checked_elsewhere"]);
    let early = house.system(|unit, call| release(unit, call, &[PersonId(1)])).unwrap_err();
    assert_eq!(early.code, "still_restricted");
    house.pass_ms(15 * HOUR_MS);
    house.system(tick).unwrap();
    let released = house.system(|unit, call| release(unit, call, &[PersonId(1)])).unwrap();
    assert_eq!(released[0].certificate.as_deref(), Some("140121-2022-000001"));
    let bed = released[0].bed.unwrap();
    let state = |house: &House| house.store.read(|tx| facilities::store::bed(tx, bed)).unwrap().unwrap().state;
    assert_eq!(state(&house), Bed::Cleaning);
    house.system(move |unit, call| facilities::beds_cleaned(unit, call, &[bed])).unwrap();
    assert_eq!(state(&house), BedState::Free);
    let gone = house.system(|unit, call| release(unit, call, &[PersonId(1)])).unwrap_err();
    assert_eq!(gone.code, "no_stay");
    house.check_laws();
    house.check_rebuild();
}

#[test]
fn five_hundred_beds_are_made_ready_once() {
    let house = House::of(Size { rooms: 0, ..Size::default() });
    let site = house.site;
    let rooms = || (1..=500).map(|number| NewRoom { name: format!("{number}"), beds: 1 }).collect::<Vec<_>>();
    for _ in 0..2 {
        let rooms = rooms();
        let facility = house.system(move |unit, call| facilities::rooms_ready(unit, call, site, rooms)).unwrap();
        assert_eq!((facility.rooms, facility.beds, facility.free, facility.rooms_free), (500, 500, 500, 500));
    }
    house.check_laws();
}

#[test]
fn a_list_of_facilities_says_which_row_is_wrong_and_why() {
    let text = "code,kind,name,area,rooms,ready\nA,quarantine_site,甲,140121203,500,\nB,hotel,乙,140121203,5,\nC,hospital,丙,140121,20,是\n";
    let parsed = parse_facilities_csv(text);
    assert_eq!(parsed.rows.len(), 2);
    assert_eq!((parsed.rows[0].rooms, parsed.rows[0].ready, parsed.rows[1].ready), (500, false, true));
    assert_eq!(parsed.rows[1].kind, FacilityKind::Hospital);
    assert_eq!(parsed.bad.len(), 1);
    assert_eq!(parsed.bad[0].line, 3);
    assert!(parsed.bad[0].reason.en.contains("quarantine_site"));
    assert_eq!(parse_facilities_csv("code,name\nA,甲\n").bad[0].line, 1, "a missing column is told once");
}
