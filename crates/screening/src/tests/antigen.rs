//! Antigen rounds.

use outpace_core::{AreaId, PersonId};

use super::House;
use crate::antigen::{
    AntigenQuery, AntigenReport, AntigenReports, AntigenTaken, HandOut, ReportOutcome, hand_out_kits, report_antigen,
    show_antigen,
};
use crate::rounds::Method;

fn report(house: &House, round: outpace_core::RoundId, rows: &[(i64, ReportOutcome)]) -> AntigenTaken {
    let reports = rows
        .iter()
        .map(|(person, outcome)| AntigenReport { person: PersonId(*person), outcome: *outcome, tested_at: None })
        .collect();
    let request = AntigenReports { round, reports };
    house.act(move |unit, call| report_antigen(unit, call, request)).unwrap()
}

#[test]
fn self_reports_count_once_and_a_positive_is_confirmed_by_pcr() {
    let house = House::small();
    let round = house.open_round(Method::Antigen);
    let grid = AreaId(140_121_203_206_001);
    for total in [10, 10, 12] {
        let request = HandOut { round, grid, total };
        house.act(move |unit, call| hand_out_kits(unit, call, request)).unwrap();
    }
    let rows = [(1, ReportOutcome::Negative), (2, ReportOutcome::Negative), (3, ReportOutcome::Positive)];
    let first = report(&house, round, &rows);
    assert_eq!((first.recorded, first.positive.as_slice()), (3, [PersonId(3)].as_slice()));
    assert_eq!(report(&house, round, &rows).repeated, 3);
    let order = house.read(|tx| outpace_orders::by_key(tx, &format!("confirm-antigen:{round}:3"))).unwrap();
    assert_eq!(order.kind, crate::kinds::CONFIRM_ANTIGEN.key);
    let later = report(&house, round, &[(3, ReportOutcome::Negative), (1, ReportOutcome::Positive)]);
    assert_eq!((later.recorded, later.positive.as_slice()), (1, [PersonId(1)].as_slice()));
    assert_eq!(house.open_conflicts(), 1);
    let query = AntigenQuery { round, area: Some(grid) };
    let answer = house.ask(|tx, call| show_antigen(tx, call, query)).unwrap();
    assert_eq!((answer.kits, answer.coverage.sampled), (12, 3));
    assert_eq!(answer.positive, [PersonId(1), PersonId(3)]);
    house.assert_balanced();
    house.assert_rebuilds();
}

/// What is told of somebody for whom the teller does not answer has happened all the same: it is kept, flagged, and gets an
/// order to somebody who answers for all. The teller learns nothing by it, and changes nothing there.
#[test]
fn a_self_test_of_somebody_elsewhere_is_kept_and_ordered_and_looks_like_one_of_nobody() {
    use crate::tests::{COUNTY, VILLAGES, actor};
    use outpace_core::{Actor, Role};
    let house = House::small();
    let round = house.open_round(Method::Antigen);
    let living_in = |area: AreaId| {
        let people = house.read(move |tx| outpace_registry::people_in(tx, area));
        *people.first().unwrap()
    };
    let (own, elsewhere, nobody) = (living_in(VILLAGES[0]), living_in(VILLAGES[1]), PersonId(999_999));
    let part = Actor { area: VILLAGES[0], ..actor(31, Role::GridWorker) };
    let told = |who: &Actor, person: PersonId, outcome: ReportOutcome| {
        let reports = vec![AntigenReport { person, outcome, tested_at: None }];
        house.act_as(who, move |unit, call| report_antigen(unit, call, AntigenReports { round, reports })).unwrap()
    };
    let seen_by = |who: &Actor| {
        let all = house.read(|tx| outpace_orders::conflicts::list(tx, true, None, 100));
        all.iter().filter(|one| who.area.contains(one.area)).count()
    };
    assert_eq!(told(&part, own, ReportOutcome::Negative).recorded, 1);
    let mut answers = [elsewhere, nobody].map(|person| {
        let answer = told(&part, person, ReportOutcome::Positive);
        assert_eq!(answer.unknown, [person]);
        AntigenTaken { unknown: Vec::new(), ..answer }
    });
    assert_eq!(answers[0], answers[1]);
    answers.iter_mut().for_each(|answer| assert_eq!(std::mem::take(answer), AntigenTaken::default()));
    assert_eq!((house.open_conflicts(), seen_by(&part)), (2, 0), "one order each, and none where the teller looks");
    // Told again it is known; told otherwise it is kept as well.
    told(&part, elsewhere, ReportOutcome::Positive);
    assert_eq!(house.open_conflicts(), 2);
    told(&part, elsewhere, ReportOutcome::Negative);
    assert_eq!(house.open_conflicts(), 3);
    // It counts nowhere, holds nobody, and is shown to whoever answers for all and to nobody else.
    let shown = |area: AreaId, who: &Actor| {
        let (query, call) = (AntigenQuery { round, area: Some(area) }, house.call(who));
        house.store.read(|tx| show_antigen(tx, &call, query)).unwrap()
    };
    let whole = actor(8, Role::SiteManager);
    let counted = shown(COUNTY, &whole);
    assert_eq!((counted.coverage.sampled, counted.positive.len(), counted.unplaced.len()), (1, 0, 3));
    assert_eq!(shown(VILLAGES[0], &part).unplaced, []);
    let confirms = format!("confirm-antigen:{round}:{elsewhere}");
    assert!(house.read(|tx| outpace_orders::by_key(tx, &confirms)).is_none());
    // Whoever answers for all reports it where it belongs; then it counts, and waits no more.
    assert_eq!(told(&whole, elsewhere, ReportOutcome::Positive).positive, [elsewhere]);
    let counted = shown(COUNTY, &whole);
    assert_eq!((counted.coverage.sampled, counted.positive.as_slice()), (2, [elsewhere].as_slice()));
    assert_eq!(counted.unplaced.iter().map(|told| told.person).collect::<Vec<_>>(), [nobody]);
    house.assert_balanced();
    house.assert_rebuilds();
}

#[test]
fn tubes_do_not_belong_to_an_antigen_round() {
    let house = House::small();
    let round = house.open_round(Method::Antigen);
    let refused = house.register(super::request(round, house.lanes[0], "A", &[1])).unwrap_err();
    assert_eq!(refused.code, "wrong_method");
}
