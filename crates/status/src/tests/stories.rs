//! What a person and a gate are told.

use outpace_core::{PersonId, Role, Text};
use outpace_isolation::{Because, LiftReason, NewRestriction, RestrictionKind};
use outpace_policy::{QuarantineClass, StatusColour, ZoneLevel};
use outpace_zoning::{Lift, NewZone};

use super::{House, VILLAGES, actor, ground};
use crate::http::{StatusQuery, status};

fn close_contact(house: &House, person: i64, hours: i64) -> outpace_core::RestrictionId {
    let now = house.now();
    let new = NewRestriction {
        person: PersonId(person),
        kind: RestrictionKind::FacilityQuarantine,
        ground: ground(),
        because_of: Because::Person(PersonId(12)),
        class: Some(QuarantineClass::CloseContact),
        starts_at: now,
        ends_at: now.plus_hours(hours),
        test_days: Vec::new(),
        plan: None,
    };
    house.act(move |unit, call| outpace_isolation::restrict(unit, call, new)).unwrap()
}

#[test]
fn a_contact_is_red_with_clause_since_until_and_what_lifts_it() {
    let house = House::open();
    assert_eq!(house.status(1).colour, StatusColour::Green);
    let restriction = close_contact(&house, 1, 24);
    let red = house.status(1);
    assert_eq!((red.colour, red.reasons.len()), (StatusColour::Red, 2));
    for one in &red.reasons {
        assert_eq!((one.since, one.until), (house.now(), Some(house.now().plus_hours(24))));
        assert!(one.clause.contains("Shanxi 2022 No. 28"), "{}", one.clause);
        assert_eq!(one.ground.as_ref().unwrap().clause, "8th ed., annex 5");
        assert!(one.lifted_by.zh.contains("到期自动解除") && one.lifted_by.en.contains("ends by itself"));
    }
    assert_eq!(house.status(2).colour, StatusColour::Green);
    house.act(move |unit, call| outpace_isolation::lift(unit, call, restriction, LiftReason::Fulfilled)).unwrap();
    assert_eq!((house.status(1).colour, house.status(1).reasons.len()), (StatusColour::Green, 0));
}

#[test]
fn a_measure_that_ended_colours_nobody_even_if_the_clock_was_late_to_record_it() {
    let house = House::open();
    close_contact(&house, 1, 2);
    house.wait_minutes(119);
    assert_eq!(house.status(1).colour, StatusColour::Red);
    house.wait_minutes(1);
    assert_eq!(house.status(1).colour, StatusColour::Green);
}

#[test]
fn a_zone_colours_everyone_who_lives_in_it_and_nobody_else() {
    let house = House::open();
    let zone = NewZone {
        name: Text::new("封控区", "lockdown zone"),
        areas: vec![VILLAGES[0]],
        places: Vec::new(),
        level: ZoneLevel::Lockdown,
        risk: None,
        ground: ground(),
        starts_at: house.now(),
        lift: Lift { rule: Text::new("14 天无新增", "14 days without a case"), earliest_at: None },
        plan: None,
        notice: None,
    };
    let id = house.act(move |unit, call| outpace_zoning::declare(unit, call, zone)).unwrap();
    assert_eq!((house.status(1).colour, house.status(12).colour), (StatusColour::Red, StatusColour::Green));
    assert_eq!(house.status(1).reasons[0].lifted_by, Text::new("14 天无新增", "14 days without a case"));
    house.act(move |unit, call| outpace_zoning::lift(unit, call, id, Text::new("达标", "met"))).unwrap();
    assert_eq!(house.status(1).colour, StatusColour::Green);
}

#[test]
fn whoever_lives_outside_ones_area_is_as_unknown_as_nobody() {
    let house = House::open();
    let board = crate::display_of(&house.store).board();
    let mut gate = actor(9, Role::Gatekeeper);
    gate.area = VILLAGES[1];
    let call = house.call(&gate);
    let ask = |person: i64| status(&board, &call, &StatusQuery { person: PersonId(person) });
    assert_eq!(ask(12).unwrap().colour, StatusColour::Green);
    let (outside, nobody) = (ask(1).unwrap_err(), ask(9_999).unwrap_err());
    assert_eq!((outside.status, &outside.code), (404, &nobody.code));
    assert_eq!(outside.field, "person");
}

#[test]
fn a_result_that_came_before_the_registration_reaches_the_people_of_the_tube() {
    use outpace_screening::laboratory::{ReportResults, ReportedResult, report_results};
    use outpace_screening::tubes::{Purpose, RegisterTube, Swab, register_tube};
    let house = House::open();
    let row = ReportedResult {
        tube: super::tube(1).to_string(),
        outcome: "negative".to_owned(),
        ct: Default::default(),
        tested_at: None,
    };
    let request = ReportResults { laboratory: house.laboratory, results: vec![row] };
    house.act(move |unit, call| report_results(unit, call, request)).unwrap();
    let request = RegisterTube {
        tube: super::tube(1),
        lane: house.lane,
        round: None,
        purpose: Some(Purpose::Routine),
        people: vec![Swab { person: Some(PersonId(1)), ..Swab::default() }],
        seal: true,
        occurred_at: None,
    };
    house.act(move |unit, call| register_tube(unit, call, request)).unwrap();
    let status = house.status(1);
    assert_eq!((status.last_sample_at, status.last_negative_at), (Some(house.now()), Some(house.now())));
}

#[test]
fn a_missed_round_is_told_from_its_reconciliation_until_a_sample() {
    use outpace_screening::laboratory::{ReportResults, ReportedResult, report_results};
    use outpace_screening::rounds::{CloseRound, Method, OpenRound, PlanRound, close_round, open_round, plan_round};
    use outpace_screening::tubes::{RegisterTube, Swab, register_tube};
    let house = House::open();
    let plan = PlanRound {
        key: "r".to_owned(),
        name: Text::new("一轮", "a round"),
        method: Method::Pcr,
        areas: vec![super::COUNTY],
        places: Vec::new(),
        people: Vec::new(),
        starts_at: None,
        ends_at: Some(house.now().plus_hours(6)),
        pool_group: Some("control".to_owned()),
    };
    let planned = house.act(move |unit, call| plan_round(unit, call, plan)).unwrap();
    let round = planned.round;
    let acknowledged_last_result_at = planned.forecast.map(|forecast| forecast.last_result_at);
    house.act(move |unit, call| open_round(unit, call, OpenRound { round, acknowledged_last_result_at })).unwrap();
    let sample = |number: usize, people: &[i64], round| RegisterTube {
        tube: super::tube(number),
        lane: house.lane,
        round,
        purpose: None,
        people: people.iter().map(|id| Swab { person: Some(PersonId(*id)), ..Swab::default() }).collect(),
        seal: true,
        occurred_at: None,
    };
    let request = sample(1, &[1, 2], Some(round));
    house.act(move |unit, call| register_tube(unit, call, request)).unwrap();
    house.wait_minutes(60);
    let close = CloseRound { round, reason: "时间到".to_owned() };
    house.act(move |unit, call| close_round(unit, call, close)).unwrap();
    assert_eq!(house.status(3).colour, StatusColour::Green, "a tube of the round still waits: that is ours");
    let row = ReportedResult {
        tube: super::tube(1).to_string(),
        outcome: "negative".to_owned(),
        ct: Default::default(),
        tested_at: None,
    };
    let request = ReportResults { laboratory: house.laboratory, results: vec![row] };
    house.act(move |unit, call| report_results(unit, call, request)).unwrap();
    house.act(outpace_screening::tick).unwrap();
    let owes = house.status(3);
    assert_eq!((owes.colour, owes.reasons.len()), (StatusColour::Yellow, 1));
    assert!(owes.reasons[0].clause.contains("25 April 2022"), "{}", owes.reasons[0].clause);
    assert_eq!(house.status(1).colour, StatusColour::Green, "was sampled");
    let later = sample(2, &[3], None);
    house.act(move |unit, call| register_tube(unit, call, later)).unwrap();
    assert_eq!(house.status(3).colour, StatusColour::Green, "from the moment of registration");
    assert_eq!(house.status(4).colour, StatusColour::Yellow);
    house.assert_rebuilds();
}
