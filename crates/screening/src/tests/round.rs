//! Rounds from plan to door list.

use outpace_core::{AreaId, AreaLevel, PersonId, Text};

use super::{COUNTY, House, VILLAGES};
use crate::coverage::{CoverageQuery, MissingQuery, coverage, missing};
use crate::laboratory::{LaboratorySpec, SetLaboratory, set_laboratory};
use crate::rounds::{
    self, Class, CloseRound, Exempt, ExemptReason, Method, OpenRound, RoundQuery, RoundState, exempt, open_round,
};
use crate::tick;

#[test]
fn a_round_opens_only_for_whoever_has_seen_its_hour() {
    let house = House::small();
    let planned = house.plan(Method::Pcr, &[COUNTY]);
    assert_eq!(planned.state, RoundState::Planned);
    let hour = planned.forecast.unwrap().last_result_at;
    let request = OpenRound { round: planned.round, acknowledged_last_result_at: None };
    let refused = house.act(move |unit, call| open_round(unit, call, request)).unwrap_err();
    assert_eq!(refused.code, "forecast_not_acknowledged");
    assert!(refused.text.en.contains(&hour.0.to_string()));
    let wrong = OpenRound { round: planned.round, acknowledged_last_result_at: Some(hour.plus_hours(-3)) };
    assert!(house.act(move |unit, call| open_round(unit, call, wrong)).is_err());
    let right = OpenRound { round: planned.round, acknowledged_last_result_at: Some(hour) };
    let opened = house.act(move |unit, call| open_round(unit, call, right)).unwrap();
    assert_eq!(opened.state, RoundState::Open);
    assert_eq!((opened.coverage.registered, opened.coverage.missing, opened.coverage.absent), (40, 36, 4));
    house.assert_balanced();
    house.assert_rebuilds();
}

#[test]
fn without_a_laboratory_no_hour_can_be_promised() {
    let house = House::small();
    let spec = house.read(crate::laboratory::laboratories)[0].spec.clone();
    let off = SetLaboratory { spec: LaboratorySpec { tubes_per_hour: 0, ..spec } };
    house.act(move |unit, call| set_laboratory(unit, call, off)).unwrap();
    let planned = house.plan(Method::Pcr, &[COUNTY]);
    assert_eq!(planned.forecast, None);
    let request = OpenRound { round: planned.round, acknowledged_last_result_at: Some(house.now()) };
    assert_eq!(house.act(move |unit, call| open_round(unit, call, request)).unwrap_err().code, "no_forecast");
}

#[test]
fn coverage_and_the_door_list_say_the_same_of_any_area() {
    let house = House::small();
    let round = house.open_round(Method::Pcr);
    house.tube(round, "A", &[1, 2, 3, 4, 5]);
    house.tube(round, "B", &[21, 22]);
    let query = CoverageQuery { round, area: None, by: Some(AreaLevel::Village) };
    let answer = house.ask(|tx, call| coverage(tx, call, query)).unwrap();
    assert_eq!((answer.total.sampled, answer.total.missing), (7, 29));
    let villages: Vec<_> = answer.areas.iter().map(|row| (row.area, row.coverage.sampled)).collect();
    assert_eq!(villages, [(VILLAGES[1], 2), (VILLAGES[0], 5)]);
    for area in [COUNTY, VILLAGES[0], AreaId(140_121_203_206_001)] {
        let query = CoverageQuery { round, area: Some(area), by: None };
        let total = house.ask(|tx, call| coverage(tx, call, query)).unwrap().total;
        let query = MissingQuery { round, area: Some(area), class: None, after: None, limit: None };
        let listed = house.ask(|tx, call| missing(tx, call, query)).unwrap().people;
        let count = |class: Class| listed.iter().filter(|person| person.class == class).count() as i64;
        assert_eq!((count(Class::Due), count(Class::Absent)), (total.missing, total.absent));
    }
}

#[test]
fn the_door_list_comes_grid_by_grid() {
    let house = House::small();
    let round = house.open_round(Method::Pcr);
    let mut after = None;
    let mut seen = 0;
    for _ in 0..10 {
        let query = MissingQuery { round, area: None, class: Some(Class::Due), after, limit: Some(1) };
        let page = house.ask(|tx, call| missing(tx, call, query)).unwrap();
        seen += page.people.len();
        after = page.after;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(seen, 36);
}

#[test]
fn who_becomes_exempt_leaves_the_door_list_and_a_swab_still_counts() {
    let house = House::small();
    let round = house.open_round(Method::Pcr);
    for person in [1, 2] {
        let request = Exempt { people: vec![PersonId(person)], reason: Some(ExemptReason::Medical), until: None };
        let answer = house.act(move |unit, call| exempt(unit, call, request)).unwrap();
        assert_eq!(answer.rounds, [round]);
    }
    let view = house.ask(|tx, call| rounds::show_round(tx, call, RoundQuery { round })).unwrap();
    assert_eq!((view.coverage.exempt, view.coverage.missing), (2, 34));
    house.tube(round, "A", &[1]);
    let request = Exempt { people: vec![PersonId(2)], reason: None, until: None };
    house.act(move |unit, call| exempt(unit, call, request)).unwrap();
    let view = house.ask(|tx, call| rounds::show_round(tx, call, RoundQuery { round })).unwrap();
    assert_eq!((view.coverage.exempt, view.coverage.missing, view.coverage.sampled), (0, 35, 1));
    house.assert_balanced();
    house.assert_rebuilds();
}

#[test]
fn closing_a_round_sends_someone_to_each_grid_with_missing_people() {
    let house = House::small();
    let round = house.open_round(Method::Pcr);
    // The first grid has twelve people, of whom the tenth is away.
    house.tube(round, "A", &[1, 2, 3, 4, 5, 6, 7, 8, 9]);
    house.tube(round, "B", &[11, 12]);
    let close = CloseRound { round, reason: "时间到".to_owned() };
    let again = close.clone();
    let end = house.act(move |unit, call| rounds::close_round(unit, call, close)).unwrap();
    assert_eq!((end.door_orders, end.coverage.missing), (3, 25));
    let second = house.act(move |unit, call| rounds::close_round(unit, call, again)).unwrap();
    assert_eq!(second.door_orders, 0);
    let negative = house.read(|tx| crate::negative_rounds(tx, AreaId(140_121_203_206_001), super::start()));
    assert!(negative.is_empty());
    super::way::report(&house, &[("A", "negative"), ("B", "negative")]);
    let negative = house.read(|tx| crate::negative_rounds(tx, AreaId(140_121_203_206_001), super::start()));
    assert_eq!(negative.iter().map(|found| (found.round, found.is_complete())).collect::<Vec<_>>(), [(round, true)]);
}

#[test]
fn a_laboratory_that_falls_behind_is_told_to_the_public_and_late_tubes_are_chased() {
    let house = House::small();
    let round = house.open_round(Method::Pcr);
    house.tube(round, "A", &[1, 2]);
    let slow = house.read(crate::laboratory::laboratories)[0].spec.clone();
    let slow = SetLaboratory { spec: LaboratorySpec { tubes_per_hour: 1, name: Text::new("慢", "slow"), ..slow } };
    house.act(move |unit, call| set_laboratory(unit, call, slow)).unwrap();
    let ticked = house.act(tick).unwrap();
    assert_eq!(ticked.revised, [round]);
    assert_eq!(house.act(tick).unwrap(), crate::Ticked::default());
    house.wait_minutes(5 * 60);
    let ticked = house.act(tick).unwrap();
    assert_eq!(ticked.late_tubes, 1);
    let late = house.ask(|tx, call| crate::flow::late_tubes(tx, call, Default::default())).unwrap().tubes;
    assert_eq!(late.len(), 2);
    assert_eq!(house.act(tick).unwrap(), crate::Ticked::default(), "told once, not each minute");
    assert_eq!(late[0].custody.site, Some(outpace_core::SiteId(1)));
    house.assert_rebuilds();
}

#[test]
fn memory_is_the_same_after_a_restart_of_the_store() {
    let house = House::small();
    let round = house.open_round(Method::Pcr);
    house.tube(round, "A", &[1, 2]);
    let request = Exempt { people: vec![PersonId(3)], reason: Some(ExemptReason::Infant), until: None };
    house.act(move |unit, call| exempt(unit, call, request)).unwrap();
    let live = house.store.remembered(|desk: &crate::desk::Desk| format!("{:?}", picture(desk, round))).unwrap();
    let seats = house.read(|tx| crate::desk::load_seats(tx, round));
    let loaded = (1..=45).map(|id| seats.seat(PersonId(id))).collect::<Vec<_>>();
    assert_eq!(live, format!("{loaded:?}"));
}

fn picture(desk: &crate::desk::Desk, round: outpace_core::RoundId) -> Vec<crate::desk::Seat> {
    let seats = desk.rounds[&round].seats.as_ref().unwrap();
    (1..=45).map(|id| seats.seat(PersonId(id))).collect()
}
