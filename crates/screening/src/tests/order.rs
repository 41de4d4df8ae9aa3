//! Time runs forward: what becomes of results whose time, Ct values or laboratory do not fit.

use std::collections::BTreeMap;

use outpace_core::{PersonId, Role, Text, Timestamp};

use super::way::receive;
use super::{House, actor};
use crate::laboratory::{
    CreditResults, Credited, LaboratorySpec, Outcome, ReportResults, ReportedResult, ResultsAnswer, SetLaboratory,
    SetLaboratoryClock, credit_results, report_results, results_of, set_laboratory, set_laboratory_clock,
};
use crate::rounds::Method;
use crate::tubes::{Flag, Stage, Tube};

fn tube(house: &House, code: &str) -> Tube {
    house.read(|tx| crate::tube(tx, &code.into())).unwrap()
}

fn result(tube: &str, outcome: &str, tested_at: Option<Timestamp>) -> ReportedResult {
    ReportedResult { tube: tube.to_owned(), outcome: outcome.to_owned(), ct: BTreeMap::new(), tested_at }
}

fn report(house: &House, results: Vec<ReportedResult>) -> ResultsAnswer {
    let request = ReportResults { laboratory: house.laboratory, results };
    house.act_as(&actor(30, Role::Laboratory), move |unit, call| report_results(unit, call, request)).unwrap()
}

/// Tubes of one person each, received an hour ago.
fn with(tubes: &[&str]) -> House {
    let house = House::small();
    let round = house.open_round(Method::Pcr);
    for (index, code) in tubes.iter().enumerate() {
        house.tube(round, code, &[index as i64 + 1]);
    }
    receive(&house, None, tubes, false);
    house.wait_minutes(60);
    house
}

fn negative(house: &House, person: i64) -> bool {
    house.read(|tx| crate::last_results(tx, PersonId(person))).last_negative.is_some()
}

fn clock(house: &House, ahead_minutes: i64, since: Timestamp) -> Credited {
    let finding = "时钟按协调世界时 / set to UTC".to_owned();
    let request = SetLaboratoryClock { laboratory: house.laboratory, ahead_minutes, since, until: None, finding };
    house.act_as(&actor(30, Role::Laboratory), move |unit, call| set_laboratory_clock(unit, call, request)).unwrap()
}

#[test]
fn a_negative_tested_before_its_swab_credits_nobody_until_it_is_settled() {
    let house = with(&["A", "B", "C", "D"]);
    let (now, conflicts) = (house.now(), house.open_conflicts());
    let before = Some(now.plus_minutes(-120));
    let rows = vec![
        result("A", "negative", before),
        result("B", "positive", before),
        result("C", "negative", Some(now)),
        result("D", "negative", Some(now.plus_days(40))),
    ];
    let answer = report(&house, rows.clone());
    assert_eq!((answer.recorded, answer.held.as_slice()), (4, ["A".into(), "D".into()].as_slice()));
    assert_eq!(answer.positive, ["B".into()], "a positive stands whatever its time");
    let (a, b) = (tube(&house, "A"), tube(&house, "B"));
    assert_eq!((a.stage, a.outcome, b.outcome), (Stage::Received, None, Some(Outcome::Positive)));
    assert!(a.flags.contains(&Flag::OutOfOrder) && b.flags.contains(&Flag::OutOfOrder));
    assert_eq!((negative(&house, 1), negative(&house, 3), negative(&house, 4)), (false, true, false));
    assert_eq!(house.open_conflicts(), conflicts + 3, "each is settled by somebody");
    assert_eq!(report(&house, rows).repeated, 4, "the same again is known");
    house.assert_balanced();

    let request =
        CreditResults {
            laboratory: house.laboratory, tubes: vec!["A".into()], finding: "录错时间 / typed".to_owned()
        };
    let credited =
        house.act_as(&actor(30, Role::Laboratory), move |unit, call| credit_results(unit, call, request)).unwrap();
    assert_eq!((credited.credited, tube(&house, "A").outcome), (1, Some(Outcome::Negative)));
    house.assert_balanced();
    house.assert_rebuilds();
}

#[test]
fn a_laboratory_eight_hours_off_is_settled_by_one_fact() {
    let codes: Vec<String> = (0..30).map(|index| format!("T{index}")).collect();
    let codes: Vec<&str> = codes.iter().map(String::as_str).collect();
    let house = with(&codes);
    let since = house.now();
    let wrong = |house: &House| Some(house.now().plus_hours(-8));
    let at = wrong(&house);
    let answer = report(&house, codes[..20].iter().map(|code| result(code, "negative", at)).collect());
    assert_eq!(answer.held.len(), 20);
    assert!(!negative(&house, 1));
    assert_eq!(clock(&house, -480, since), Credited { credited: 20, corrected: 20, held: 0 });
    assert!((1..=20).all(|person| negative(&house, person)));
    let known = house.read(|tx| results_of(tx, 1, &"T0".into()));
    assert_eq!((known[0].held, known[0].tested_at), (None, since), "the right time stands");
    // What it reports from now on is corrected as it comes.
    house.wait_minutes(30);
    let at = wrong(&house);
    let answer = report(&house, codes[20..].iter().map(|code| result(code, "negative", at)).collect());
    assert!(answer.held.is_empty() && negative(&house, 30), "{answer:?}");
    house.assert_balanced();
    house.assert_rebuilds();
}

#[test]
fn an_outcome_against_its_ct_is_flagged_for_review() {
    let house = with(&["K08-1", "N", "P"]);
    let conflicts = house.open_conflicts();
    let ct = |tube: &str, outcome: &str, value: f64| ReportedResult {
        ct: BTreeMap::from([("N".to_owned(), value)]),
        ..result(tube, outcome, None)
    };
    report(&house, vec![ct("K08-1", "negative", 22.1), ct("N", "negative", 41.0), ct("P", "positive", 40.0)]);
    let flagged = |code: &str| tube(&house, code).flags.contains(&Flag::OutcomeAgainstCt);
    assert_eq!((flagged("K08-1"), flagged("N"), flagged("P")), (true, false, true));
    assert_eq!(house.open_conflicts(), conflicts + 2);
}

#[test]
fn a_laboratory_that_does_not_have_the_tube_changes_nothing() {
    let house = with(&["A"]);
    let spec = LaboratorySpec {
        key: "other".to_owned(),
        name: Text::new("另一家", "Another"),
        area: super::VILLAGES[0],
        tubes_per_hour: 100,
        turnaround_minutes: 120,
        leg_minutes: 60,
    };
    let other = house.act(|unit, call| set_laboratory(unit, call, SetLaboratory { spec, read: None })).unwrap().id;
    let conflicts = house.open_conflicts();
    for outcome in ["positive", "negative"] {
        let request = ReportResults { laboratory: other, results: vec![result("A", outcome, None)] };
        let answer = house.act_as(&actor(31, Role::Laboratory), move |unit, call| report_results(unit, call, request));
        assert_eq!(answer.unwrap().held, ["A".into()], "{outcome}");
    }
    let known = tube(&house, "A");
    assert_eq!((known.outcome, known.laboratory), (None, Some(house.laboratory)));
    assert!(known.flags.contains(&Flag::OtherLaboratory) && house.open_conflicts() > conflicts);
    assert_eq!(house.read(|tx| results_of(tx, known.number, &known.code)).len(), 2, "both are kept");
    house.assert_balanced();
    house.assert_rebuilds();
}

/// Case k05: a label that was used again.
#[test]
fn a_swab_taken_after_the_test_of_its_tube_has_no_result_and_is_no_sample() {
    let house = with(&["K05-1"]);
    report(&house, vec![result("K05-1", "negative", None)]);
    house.wait_minutes(1);
    let round = house.read(|tx| crate::all_rounds(tx, None, 1))[0].id;
    let mut again = super::request(round, house.lanes[1], "K05-1", &[9]);
    again.seal = true;
    house.register(again).unwrap();
    let last = house.read(|tx| crate::last_results(tx, PersonId(9)));
    assert_eq!((last.last_negative, last.last_sample), (None, None));
    assert!(negative(&house, 1) && house.open_conflicts() > 0);
    // The second tube of that label comes to the laboratory and is tested: now it is theirs.
    house.wait_minutes(90);
    let now = house.now();
    report(&house, vec![result("K05-1", "negative", Some(now))]);
    assert!(negative(&house, 9));
    house.assert_rebuilds();
}
