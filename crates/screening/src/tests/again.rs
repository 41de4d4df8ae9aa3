//! Rounds that follow others, the doors of a grid, and routine screening by interval.

use std::collections::BTreeSet;

use outpace_core::{AreaId, PersonId, RoundId, Text};
use outpace_registry::people::{CareTag, TagPerson, tag_person};
use proptest::prelude::*;

use super::{COUNTY, House, VILLAGES, grid_of, way};
use crate::coverage::doors::{DoorsQuery, doors};
use crate::coverage::{self, MissingQuery};
use crate::rounds::{
    self, Class, CloseRound, Exempt, ExemptReason, FollowRound, Method, OpenRound, exempt, follow_round, open_round,
};
use crate::routine::{DueQuery, OtherInterval, RoutineQuery, SetInterval, due, routine, set_interval, what_if};

const PEOPLE: i64 = 40;

fn close(house: &House, round: RoundId) {
    let close = CloseRound { round, reason: "时间到".to_owned() };
    house.act(move |unit, call| rounds::close_round(unit, call, close)).unwrap();
}

fn follow(house: &House, former: RoundId, only_missing: bool, hours_between: Option<i64>) -> RoundId {
    let request = FollowRound {
        round: former,
        key: format!("after-{former}"),
        name: Text::new("第二轮", "Round two"),
        only_missing,
        hours_between,
        starts_at: None,
        ends_at: None,
    };
    let planned = house.act(move |unit, call| follow_round(unit, call, request)).unwrap();
    let acknowledged = planned.forecast.map(|forecast| forecast.last_result_at);
    let open = OpenRound { round: planned.round, acknowledged_last_result_at: acknowledged };
    house.act(move |unit, call| open_round(unit, call, open)).unwrap().round
}

fn missing(house: &House, round: RoundId, class: Class) -> BTreeSet<i64> {
    let query = MissingQuery { round, area: None, class: Some(class), after: None, limit: Some(1_000) };
    let answer = house.ask(|tx, call| coverage::missing(tx, call, query)).unwrap();
    answer.people.into_iter().map(|one| one.person.0).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    /// A second round of those who missed the first covers exactly them; one of everybody with hours between leaves
    /// out exactly those who were sampled too lately.
    #[test]
    fn a_second_round_covers_exactly_whom_it_should(
        first in proptest::collection::btree_set(1_i64..=PEOPLE, 0..30),
        later in proptest::collection::btree_set(1_i64..=PEOPLE, 0..20),
        only_missing: bool, closed: bool,
    ) {
        let house = House::small();
        let former = house.open_round(Method::Pcr);
        let due = missing(&house, former, Class::Due);
        for person in &first {
            house.tube(former, &format!("A{person}"), &[*person]);
        }
        house.wait_minutes(4 * 60);
        for person in &later {
            house.tube(former, &format!("B{person}"), &[*person]);
        }
        if closed {
            close(&house, former);
        }
        house.wait_minutes(60);
        // Two hours between: whoever was sampled an hour ago is left out, whoever was five hours ago is not. Of somebody
        // sampled twice the first tube counts.
        let second = follow(&house, former, only_missing, Some(2));
        let lately = |id: &i64| later.contains(id) && !first.contains(id);
        let expected: BTreeSet<i64> = due
            .into_iter()
            .filter(|id| !lately(id) && (!only_missing || !(first.contains(id) || later.contains(id))))
            .collect();
        prop_assert_eq!(missing(&house, second, Class::Due), expected);
        house.assert_balanced();
        house.assert_rebuilds();
    }
}

#[test]
fn a_round_can_follow_only_one_of_tubes_that_was_opened() {
    let house = House::small();
    let planned = house.plan(Method::Pcr, &[COUNTY]).round;
    let ask = |round, hours_between| {
        let request = FollowRound {
            round,
            key: "again".to_owned(),
            name: Text::new("再一轮", "Again"),
            only_missing: true,
            hours_between,
            starts_at: None,
            ends_at: None,
        };
        house.act(move |unit, call| follow_round(unit, call, request)).unwrap_err().code
    };
    assert_eq!(ask(planned, None), "round_not_open");
    assert_eq!(ask(RoundId(99), None), "unknown_round");
    let antigen = house.open_round(Method::Antigen);
    assert_eq!(ask(antigen, None), "wrong_method");
}

#[test]
fn doors_that_need_a_visit_come_first_then_household_by_household() {
    let house = House::small();
    let request = Exempt { people: vec![PersonId(9)], reason: Some(ExemptReason::AtTheDoor), until: None };
    house.act(move |unit, call| exempt(unit, call, request)).unwrap();
    let tag = TagPerson { person: PersonId(5), add: [CareTag::Disabled].into(), remove: BTreeSet::new() };
    house.act(move |unit, call| tag_person(unit, call, tag)).unwrap();
    let round = house.open_round(Method::Pcr);
    house.tube(round, "A", &[1, 2, 3, 4, 6]);
    let grid = grid_of(0, PEOPLE);
    let query = DoorsQuery { round, area: grid };
    let answer = house.ask(|tx, call| doors(tx, call, query)).unwrap();
    let told: Vec<_> = answer
        .doors
        .iter()
        .map(|door| (door.visit_first, door.people.iter().map(|one| one.person.0).collect::<Vec<_>>()))
        .collect();
    // Households of four; the first came as a whole, the tenth person is away.
    assert_eq!(told, [(true, vec![5, 7, 8]), (true, vec![9, 11, 12])]);
    assert_eq!(answer.people, 6);
    assert_eq!(answer.doors[0].people[0].needs, [CareTag::Disabled].into());
    let large = DoorsQuery { round, area: COUNTY };
    assert_eq!(house.ask(|tx, call| doors(tx, call, large)).unwrap_err().code, "area_too_large");
    let village = DoorsQuery { round, area: VILLAGES[1] };
    let others = house.ask(|tx, call| doors(tx, call, village)).unwrap();
    assert!(others.doors.iter().all(|door| !door.visit_first));
}

fn adopt(house: &House, area: AreaId, hours: Option<i64>) {
    let set = SetInterval {
        area,
        workers_of: None,
        hours,
        reason: Text::new("有外溢风险", "risk of spread"),
        clause: "指挥部令 7 号 / order 7".to_owned(),
    };
    house.act(move |unit, call| set_interval(unit, call, set)).unwrap();
}

#[test]
fn an_interval_decides_who_is_due_today_and_what_a_day_costs() {
    let house = House::small();
    let round = house.open_round(Method::Pcr);
    house.tube(round, "A", &[1, 2, 3]);
    way::report(&house, &[("A", "negative")]);
    let who = |area| -> Vec<i64> {
        let answer = house.ask(|tx, call| due(tx, call, DueQuery { area })).unwrap();
        answer.people.iter().map(|one| one.person.0).collect()
    };
    let grid = grid_of(0, PEOPLE);
    // Eleven are here; three were sampled today, and the pack asks for one sample in seven days.
    assert_eq!(who(grid), [4, 5, 6, 7, 8, 9, 11, 12]);
    house.wait_minutes(40 * 60);
    assert_eq!(who(grid), [4, 5, 6, 7, 8, 9, 11, 12], "the interval is a week");
    adopt(&house, VILLAGES[0], Some(48));
    assert_eq!(who(grid).len(), 11, "sampled forty hours ago: due again by the end of today");
    let answer = house.ask(|tx, call| due(tx, call, DueQuery { area: grid })).unwrap();
    assert!(answer.people.iter().all(|one| one.clause.contains("7 号") && one.hours == 48));
    let shown = house.ask(|tx, call| routine(tx, call, RoutineQuery { area: Some(COUNTY) })).unwrap();
    assert_eq!((shown.pack_hours, shown.adopted.len(), shown.load.people), (168, 1, 36));
    adopt(&house, VILLAGES[0], None);
    assert_eq!(who(grid).len(), 8);
    house.assert_rebuilds();
}

#[test]
fn what_another_interval_would_change_is_told_before_and_after() {
    let house = House::of(400);
    let ask = |hours| {
        let query = OtherInterval { area: COUNTY, workers_of: None, hours };
        house.ask(|tx, call| what_if(tx, call, query)).unwrap()
    };
    let answer = ask(48);
    assert_eq!((answer.before.people, answer.after.people), (360, 360));
    assert_eq!((answer.before.people_per_day, answer.after.people_per_day), (52, 180));
    assert!(answer.after.tubes_per_day > answer.before.tubes_per_day);
    assert_eq!(answer.laboratory_capacity_per_hour, 500);
    assert_eq!(ask(168).after, answer.before, "the pack's own interval changes nothing");
    let refused = OtherInterval { area: COUNTY, workers_of: None, hours: 1 };
    assert_eq!(house.ask(|tx, call| what_if(tx, call, refused)).unwrap_err().code, "out_of_range");
    let class = OtherInterval { area: COUNTY, workers_of: Some("no_such".to_owned()), hours: 24 };
    assert_eq!(house.ask(|tx, call| what_if(tx, call, class)).unwrap_err().code, "unknown_place_class");
    // Adopting it makes the answer true.
    adopt(&house, COUNTY, Some(48));
    assert_eq!(ask(48).before, answer.after);
}

#[test]
fn coverage_by_class_is_that_of_its_people_wherever_the_seats_are_read() {
    use crate::coverage::classes::{ClassesQuery, classes};
    let house = House::small();
    for (person, tag) in
        [(1, CareTag::Disabled), (2, CareTag::Disabled), (10, CareTag::Disabled), (30, CareTag::Infant)]
    {
        let tag = TagPerson { person: PersonId(person), add: [tag].into(), remove: BTreeSet::new() };
        house.act(move |unit, call| tag_person(unit, call, tag)).unwrap();
    }
    let round = house.open_round(Method::Pcr);
    house.tube(round, "A", &[1, 3]);
    let office = outpace_access::Office::new(house.store.clone(), (*house.rules).clone());
    let ask = |area| {
        let query = ClassesQuery { round, area, workers_of: Some("market".to_owned()) };
        let told = house.ask(|tx, call| classes(&office, tx, call, query)).unwrap().classes;
        told.into_iter().map(|one| (one.class, one.coverage)).collect::<Vec<_>>()
    };
    let told = ask(None);
    assert_eq!(told.iter().map(|(class, _)| class.as_str()).collect::<Vec<_>>(), ["disabled", "infant"]);
    let disabled = told[0].1;
    assert_eq!((disabled.registered, disabled.sampled, disabled.missing, disabled.absent), (3, 1, 1, 1));
    assert!(told.iter().all(|(_, coverage)| coverage.adds_up()));
    assert_eq!(ask(Some(VILLAGES[1])).len(), 1, "another village has the infant alone");
    close(&house, round);
    assert_eq!(ask(None), told, "after the close");
}
