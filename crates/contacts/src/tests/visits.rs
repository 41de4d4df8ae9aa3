use super::*;
use crate::visits::{
    Evidence, ExcludeVisit, Flaw, NewVisit, RecordVisits, Recorded, Spot, exclude_visit, record_visits, visitors,
    visits_of, who_was_with,
};
use outpace_core::time::{HOUR_MS, MINUTE_MS};
use outpace_core::{CaseId, VehicleId};
use proptest::prelude::*;
use std::collections::BTreeMap;

pub(crate) fn visit(person: i64, place: PlaceId, from: &str, to: &str) -> NewVisit {
    NewVisit {
        person: PersonId(person),
        place: Some(place),
        vehicle: None,
        from: at(from),
        to: at(to),
        evidence: Evidence::CheckIn,
        room: None,
    }
}

pub(crate) fn all(visits: impl IntoIterator<Item = NewVisit>) -> RecordVisits {
    RecordVisits { visits: visits.into_iter().collect() }
}

fn record(house: &House, visits: impl IntoIterator<Item = NewVisit>) -> Recorded {
    let request = all(visits);
    house.act(|unit, call| record_visits(unit, call, request)).unwrap()
}

const DAY: [&str; 2] = ["2022-04-12T00:00", "2022-04-13T00:00"];

fn with(house: &House, person: i64) -> Vec<(i64, i64)> {
    let found = house.read(|tx| who_was_with(tx, PersonId(person), at(DAY[0]), at(DAY[1])));
    found.iter().map(|together| (together.person.0, together.minutes())).collect()
}

#[test]
fn two_people_at_one_place_at_one_time_were_together() {
    let house = House::open();
    record(
        &house,
        [
            visit(1, SHOP, "2022-04-12T10:00", "2022-04-12T11:00"),
            visit(3, SHOP, "2022-04-12T10:40", "2022-04-12T12:00"),
            visit(4, SHOP, "2022-04-12T11:00", "2022-04-12T12:00"),
            visit(5, SHOP, "2022-04-12T12:00", "2022-04-12T13:00"),
            visit(6, PARK, "2022-04-12T10:00", "2022-04-12T11:00"),
        ],
    );
    assert_eq!(with(&house, 1), [(3, 20), (4, 0)], "at the door at the same minute counts, for who wants to ask");
    assert_eq!(with(&house, 3), [(1, 20), (4, 60), (5, 0)]);
    house.assert_rebuilds();
}

#[test]
fn a_stay_that_reaches_the_beginning_of_another_one_is_recorded_and_both_are_one() {
    let house = House::open();
    record(&house, [visit(1, PARK, "2022-04-11T20:00", "2022-04-11T21:00")]);
    // A day and half an hour: its second piece begins where the other stay does.
    record(&house, [visit(1, PARK, "2022-04-10T20:00", "2022-04-11T20:30")]);
    record(&house, [visit(3, PARK, "2022-04-11T00:00", "2022-04-11T23:00")]);
    let found = house.read(|tx| who_was_with(tx, PersonId(3), at("2022-04-11T00:00"), at("2022-04-12T00:00")));
    assert_eq!(found.iter().map(|together| together.minutes()).sum::<i64>(), 21 * 60);
    house.assert_rebuilds();
}

#[test]
fn the_window_cuts_the_time_together() {
    let house = House::open();
    record(&house, [1, 3].map(|person| visit(person, SHOP, "2022-04-11T23:00", "2022-04-12T01:00")));
    assert_eq!(with(&house, 1), [(3, 60)]);
}

#[test]
fn a_night_that_lasts_longer_than_a_day_is_found_from_any_hour_of_it() {
    let house = House::open();
    let stay = visit(1, PARK, "2022-04-08T20:00", "2022-04-12T20:00");
    record(&house, [stay, visit(3, PARK, "2022-04-11T21:00", "2022-04-11T22:00")]);
    let found = house.read(|tx| who_was_with(tx, PersonId(3), at("2022-04-11T00:00"), at("2022-04-12T00:00")));
    assert_eq!(found.iter().map(|together| together.minutes()).sum::<i64>(), 60);
    let request = ExcludeVisit {
        person: PersonId(1),
        place: Some(PARK),
        vehicle: None,
        from: at("2022-04-08T20:00"),
        reason: "登记错误".to_owned(),
    };
    house.act(|unit, call| exclude_visit(unit, call, request)).unwrap();
    let all = house.read(|tx| visits_of(tx, PersonId(1), at("2022-04-01T00:00"), at("2022-05-01T00:00")));
    assert_eq!(all, [], "every piece of it is gone");
    house.assert_rebuilds();
}

#[test]
fn the_same_visit_twice_is_one_and_a_longer_one_replaces_it() {
    let house = House::open();
    let visit = visit(1, SHOP, "2022-04-12T10:00", "2022-04-12T11:00");
    assert_eq!(record(&house, [visit.clone(), visit.clone()]), Recorded { recorded: 1, already: 1, flagged: 0 });
    let head = house.store.head().seq;
    assert_eq!(record(&house, [visit.clone()]), Recorded { recorded: 0, already: 1, flagged: 0 });
    assert_eq!(house.store.head().seq, head);
    let longer = NewVisit { to: at("2022-04-14T11:00"), ..visit.clone() };
    record(&house, [longer]);
    record(&house, [visit]);
    let known = house.read(|tx| visitors(tx, Spot::Place(SHOP), at("2022-04-01T00:00"), at("2022-05-01T00:00")));
    assert_eq!(known.len(), 1, "the pieces of the longer one are gone: {known:?}");
    house.assert_rebuilds();
}

#[test]
fn a_visit_that_cannot_be_is_kept_flagged_and_opens_an_order() {
    let house = House::open();
    let backwards = visit(1, SHOP, "2022-04-12T11:00", "2022-04-12T10:00");
    let ahead = visit(2, SHOP, "2022-04-13T09:00", "2022-04-13T10:00");
    assert_eq!(record(&house, [backwards, ahead]).flagged, 2);
    let flaw = |person| {
        let known = house.read(|tx| visits_of(tx, PersonId(person), at("2022-04-01T00:00"), at("2022-05-01T00:00")));
        known[0].0.flaw
    };
    assert_eq!((flaw(1), flaw(2)), (Some(Flaw::EndsBeforeStart), Some(Flaw::InFuture)));
    assert!(house.conflicts() >= 1);
    house.assert_rebuilds();
}

#[test]
fn nobody_is_at_two_places_at_once_by_exact_evidence() {
    let house = House::open();
    let at_shop = visit(1, SHOP, "2022-04-12T10:00", "2022-04-12T11:00");
    let at_park = visit(1, PARK, "2022-04-12T10:20", "2022-04-12T11:00");
    let inside = visit(1, CENTRE, "2022-04-12T10:25", "2022-04-12T11:00");
    let roster = NewVisit { evidence: Evidence::Roster, ..visit(2, PARK, "2022-04-12T08:00", "2022-04-12T20:00") };
    let lunch = visit(2, SHOP, "2022-04-12T12:00", "2022-04-12T13:00");
    let door = visit(3, SHOP, "2022-04-12T10:00", "2022-04-12T11:00");
    let bus =
        NewVisit { place: None, vehicle: Some(VehicleId(1)), ..visit(3, SHOP, "2022-04-12T10:50", "2022-04-12T11:30") };
    assert_eq!(record(&house, [at_shop, at_park]).flagged, 1, "also within one batch");
    assert_eq!(record(&house, [inside]).flagged, 1, "the centre is in the park, but not in the shop");
    assert_eq!(record(&house, [roster, lunch]).flagged, 0, "a roster does not nail anyone down");
    assert_eq!(record(&house, [door, bus]).flagged, 0, "ten minutes are within what clocks tell");
    house.assert_rebuilds();
}

#[test]
fn the_centre_is_in_the_park() {
    let house = House::open();
    let park = visit(1, PARK, "2022-04-12T08:00", "2022-04-12T20:00");
    let centre = visit(1, CENTRE, "2022-04-12T09:00", "2022-04-12T12:00");
    assert_eq!(record(&house, [park, centre]).flagged, 0);
}

#[test]
fn unknown_people_and_places_are_refused() {
    let house = House::open();
    let refuse = |visit: NewVisit| {
        let request = all([visit]);
        let refusal = house.act(|unit, call| record_visits(unit, call, request)).unwrap_err();
        (refusal.code, refusal.field)
    };
    let good = visit(1, SHOP, "2022-04-12T10:00", "2022-04-12T11:00");
    let unknown = |field: &str| ("unknown_id".to_owned(), field.to_owned());
    assert_eq!(refuse(NewVisit { person: PersonId(77), ..good.clone() }), unknown("person"));
    assert_eq!(refuse(NewVisit { place: Some(PlaceId(77)), ..good.clone() }), unknown("place"));
    assert_eq!(refuse(NewVisit { place: None, ..good.clone() }).0, "no_spot");
    assert_eq!(refuse(NewVisit { vehicle: Some(VehicleId(1)), ..good }).0, "no_spot");
}

#[test]
fn a_visit_wakes_the_response_only_where_a_case_is_concerned() {
    let house = House::open();
    let quiet = all([visit(2, SHOP, "2022-04-12T10:00", "2022-04-12T11:00")]);
    assert_eq!(house.triggers(|unit, call| record_visits(unit, call, quiet)), []);
    let case = house.case(1).id;
    let own = all([visit(1, SHOP, "2022-04-12T10:30", "2022-04-12T12:00")]);
    assert_eq!(house.triggers(|unit, call| record_visits(unit, call, own)), [Trigger::Case(case)]);
    let crossing = all([visit(3, SHOP, "2022-04-12T11:30", "2022-04-12T11:45")]);
    assert_eq!(house.triggers(|unit, call| record_visits(unit, call, crossing)), [Trigger::Case(case)]);
    let later = all([visit(4, SHOP, "2022-04-12T12:30", "2022-04-12T12:45")]);
    assert_eq!(house.triggers(|unit, call| record_visits(unit, call, later)), []);
    let wrong = ExcludeVisit {
        person: PersonId(1),
        place: Some(SHOP),
        vehicle: None,
        from: at("2022-04-12T10:30"),
        reason: "误扫".to_owned(),
    };
    let triggers = house.triggers(|unit, call| exclude_visit(unit, call, wrong));
    assert!(triggers.contains(&Trigger::Case(CaseId(case.0))), "{triggers:?}");
    assert_eq!(house.read(crate::case_places), []);
    house.assert_rebuilds();
}

#[test]
fn people_of_one_room_are_told_apart() {
    let house = House::open();
    let shift = |person, room: &str| NewVisit {
        evidence: Evidence::Roster,
        room: Some(room.to_owned()),
        ..visit(person, CENTRE, "2022-04-12T08:00", "2022-04-12T20:00")
    };
    record(&house, [shift(1, "A"), shift(3, "A"), shift(4, "B")]);
    let found = house.read(|tx| who_was_with(tx, PersonId(1), at(DAY[0]), at(DAY[1])));
    let rooms: BTreeMap<i64, bool> = found.iter().map(|together| (together.person.0, together.same_room)).collect();
    assert_eq!(rooms, BTreeMap::from([(3, true), (4, false)]));
}

fn minutes_together(visits: &BTreeMap<(i64, i64, i64), i64>, person: i64) -> BTreeMap<i64, i64> {
    let mut sums = BTreeMap::new();
    for ((own, place, from), to) in visits.iter().filter(|((own, ..), _)| *own == person) {
        for ((other, at, start), end) in visits {
            let (first, last) = (from.max(start), to.min(end));
            if own != other && place == at && first <= last {
                *sums.entry(*other).or_insert(0) += (last - first) * 15;
            }
        }
    }
    sums
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn who_was_with_whom_is_what_comparing_everyone_with_everyone_gives(
        drawn in prop::collection::vec((1_i64..=4, 1_i64..=2, 0_i64..600, 1_i64..300), 1..14)
    ) {
        let house = House::open();
        let start = at("2022-03-01T00:00").0;
        let moment = |quarters: i64| Timestamp(start + quarters * 15 * MINUTE_MS);
        let mut known: BTreeMap<(i64, i64, i64), i64> = BTreeMap::new();
        for (person, place, from, length) in drawn {
            record(&house, [NewVisit {
                person: PersonId(person),
                place: Some(PlaceId(place)),
                vehicle: None,
                from: moment(from),
                to: moment(from + length),
                evidence: Evidence::Interview,
                room: None,
            }]);
            known.insert((person, place, from), from + length);
        }
        // Two stays of one person at one place may overlap and begin at the same boundary of a piece: compare only
        // where no start coincides with such a boundary.
        let day = 24 * HOUR_MS / (15 * MINUTE_MS);
        let clean = known.iter().all(|((person, place, from), to)| {
            known.keys().all(|(p, at, start)| {
                (p, at) != (person, place) || start <= from || start > to || (start - from) % day != 0
            })
        });
        prop_assume!(clean);
        for person in 1..=4 {
            let found = house.read(|tx| who_was_with(tx, PersonId(person), moment(0), moment(10_000)));
            let mut sums: BTreeMap<i64, i64> = BTreeMap::new();
            for together in found {
                *sums.entry(together.person.0).or_insert(0) += together.minutes();
            }
            prop_assert_eq!(sums, minutes_together(&known, person));
        }
        for table in [1, 2] {
            let at_place = house.read(|tx| visitors(tx, Spot::Place(PlaceId(table)), moment(0), moment(10_000)));
            for (visit, seq) in at_place {
                let own = house.read(|tx| visits_of(tx, visit.person, visit.from, visit.to));
                prop_assert!(own.contains(&(visit, seq)), "both tables hold every piece");
            }
        }
        house.assert_rebuilds();
    }
}
