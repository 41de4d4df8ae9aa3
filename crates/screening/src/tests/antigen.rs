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

#[test]
fn tubes_do_not_belong_to_an_antigen_round() {
    let house = House::small();
    let round = house.open_round(Method::Antigen);
    let refused = house.register(super::request(round, house.lanes[0], "A", &[1])).unwrap_err();
    assert_eq!(refused.code, "wrong_method");
}
