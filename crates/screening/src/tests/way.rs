//! From the lane to the result.

use std::collections::BTreeMap;

use outpace_core::{BoxCode, PersonId, Role, TubeCode};

use super::{House, actor};
use crate::carry::{CustodyPlace, Give, PackBox, Receiver, Take, custody_of, give, pack_box, take};
use crate::laboratory::{
    DeclareLost, ExcludeResults, ExclusionReason, Intake, LossReason, Outcome, ReportResults, ReportedResult,
    ResultsAnswer, declare_lost, exclude_results, intake, report_results,
};
use crate::rounds::Method;
use crate::tubes::{Flag, Stage, Tube};

fn tube(house: &House, code: &str) -> Tube {
    let code = TubeCode::from(code);
    house.read(|tx| crate::tube(tx, &code)).unwrap()
}

fn codes(tubes: &[&str]) -> Vec<String> {
    tubes.iter().map(|tube| (*tube).to_owned()).collect()
}

pub(super) fn pack(house: &House, code: &str, tubes: &[&str]) {
    let request = PackBox { code: code.into(), tubes: codes(tubes), site: None, occurred_at: None };
    house.act(move |unit, call| pack_box(unit, call, request)).unwrap();
}

pub(super) fn receive(
    house: &House,
    code: Option<&str>,
    tubes: &[&str],
    declare_missing: bool,
) -> crate::laboratory::IntakeAnswer {
    let from_box = code.map(BoxCode::from);
    let request =
        Intake { laboratory: house.laboratory, from_box, tubes: codes(tubes), declare_missing, occurred_at: None };
    house.act_as(&actor(30, Role::Laboratory), move |unit, call| intake(unit, call, request)).unwrap()
}

/// The site's manager gives a box to a courier; answers the hand-over.
pub(super) fn give_to(house: &House, code: &str) -> i64 {
    let request =
        Give { boxes: vec![code.into()], to: Receiver::Courier, laboratory: None, vehicle: None, occurred_at: None };
    house.act(move |unit, call| give(unit, call, request)).unwrap().leg
}

/// The courier takes what was given.
pub(super) fn take_from(house: &House, leg: i64) {
    let request = Take { leg: Some(leg), boxes: None, laboratory: None, occurred_at: None };
    house.act_as(&actor(20, Role::Courier), move |unit, call| take(unit, call, request)).unwrap();
}

pub(super) fn report(house: &House, rows: &[(&str, &str)]) -> ResultsAnswer {
    let results = rows
        .iter()
        .map(|(tube, outcome)| ReportedResult {
            tube: (*tube).to_owned(),
            outcome: (*outcome).to_owned(),
            ct: BTreeMap::from([("ORF1ab".to_owned(), 28.5)]),
            tested_at: None,
        })
        .collect();
    let request = ReportResults { laboratory: house.laboratory, results };
    house.act_as(&actor(30, Role::Laboratory), move |unit, call| report_results(unit, call, request)).unwrap()
}

fn jobs(house: &House) -> Vec<String> {
    house.read(|tx| outpace_store::jobs::waiting(tx, 100)).into_iter().map(|job| job.payload).collect()
}

#[test]
fn a_box_goes_from_hand_to_hand_with_two_signatures_and_its_tubes_with_it() {
    let house = House::small();
    let round = house.open_round(Method::Pcr);
    house.tube(round, "A", &[1, 2]);
    house.tube(round, "B", &[3]);
    house.tube(round, "C", &[4]);
    pack(&house, "BOX-1", &["A", "B", "C"]);
    pack(&house, "BOX-1", &["A", "B", "C"]);
    assert_eq!(tube(&house, "A").stage, Stage::Boxed);
    let (manager, courier) = (actor(7, Role::SiteManager), actor(20, Role::Courier));
    let give_it =
        |to, laboratory| Give { boxes: vec!["BOX-1".into()], to, laboratory, vehicle: None, occurred_at: None };
    let request = give_it(Receiver::Courier, None);
    let given = house.act_as(&manager, move |unit, call| give(unit, call, request)).unwrap();
    let request = give_it(Receiver::Courier, None);
    let again = house.act_as(&manager, move |unit, call| give(unit, call, request)).unwrap();
    assert!(again.repeated && again.leg == given.leg);
    let take_it = Take { leg: Some(given.leg), boxes: None, laboratory: None, occurred_at: None };
    let request = take_it.clone();
    let refused = house.act_as(&manager, move |unit, call| take(unit, call, request)).unwrap_err();
    assert_eq!(refused.code, "same_signer");
    let known = tube(&house, "A");
    assert_eq!(house.read(|tx| custody_of(tx, &known)).place, CustodyPlace::HandOver);
    let request = take_it.clone();
    house.act_as(&courier, move |unit, call| take(unit, call, request)).unwrap();
    assert!(house.act_as(&courier, move |unit, call| take(unit, call, take_it)).unwrap().repeated);
    assert_eq!(tube(&house, "A").stage, Stage::Travelling);
    let custody = house.read(|tx| custody_of(tx, &known));
    assert_eq!((custody.place, custody.holder), (CustodyPlace::Courier, Some(courier.id)));

    let answer = receive(&house, Some("BOX-1"), &["A", "B"], true);
    assert_eq!((answer.received, answer.lost, answer.missing.as_slice()), (2, 1, ["C".into()].as_slice()));
    assert_eq!(receive(&house, Some("BOX-1"), &["A", "B"], true).repeated, 2);
    assert_eq!(tube(&house, "C").stage, Stage::Lost);
    let order = house.read(|tx| outpace_orders::by_key(tx, "resample:C")).unwrap();
    assert_eq!(order.kind, crate::kinds::RESAMPLE_TUBE.key);
    assert!(house.read(|tx| outpace_orders::by_key(tx, "carry:BOX-1")).is_none_or(|order| order.is_closed()));

    let answer = report(&house, &[("A", "negative"), ("B", "negative")]);
    assert_eq!((answer.recorded, answer.positive.len()), (2, 0));
    assert_eq!(report(&house, &[("A", "negative"), ("B", "negative")]).repeated, 2);
    let balance = house.assert_balanced();
    assert_eq!((balance.received, balance.resulted, balance.lost, balance.pending), (2, 2, 1, 0));
    let found = receive(&house, None, &["C"], false);
    assert_eq!(found.received, 1);
    assert!(tube(&house, "C").flags.contains(&Flag::FoundAgain));
    house.assert_balanced();
    house.assert_rebuilds();
}

#[test]
fn a_positive_pool_wakes_the_response_and_a_positive_single_names_its_person() {
    let house = House::small();
    let round = house.open_round(Method::Pcr);
    house.tube(round, "POOL", &[1, 2, 3]);
    house.tube(round, "SINGLE", &[5]);
    receive(&house, None, &["POOL", "SINGLE"], false);
    let lock = house.store.clone();
    let answer = report(&house, &[("POOL", "positive"), ("SINGLE", "positive")]);
    assert_eq!(answer.positive, ["POOL".into(), "SINGLE".into()]);
    lock.work_off().unwrap();
    assert!(jobs(&house).is_empty());
    let last = house.read(|tx| crate::last_results(tx, PersonId(5)));
    assert_eq!(last.last_single_positive.map(|sample| sample.tube), Some("SINGLE".into()));
    let pooled = house.read(|tx| crate::last_results(tx, PersonId(2)));
    assert!(pooled.last_single_positive.is_none() && pooled.last_positive.is_some());
    assert_eq!(house.read(|tx| crate::laboratory::positive_tubes(tx, Some(round))).len(), 2);
    house.assert_rebuilds();
}

#[test]
fn only_a_signed_exclusion_lifts_a_positive() {
    let house = House::small();
    let round = house.open_round(Method::Pcr);
    house.tube(round, "POOL", &[1, 2, 3]);
    report(&house, &[("POOL", "positive")]);
    let again = report(&house, &[("POOL", "negative")]);
    assert_eq!(again.contradicting, ["POOL".into()]);
    assert_eq!(tube(&house, "POOL").outcome, Some(Outcome::Positive));
    let request = ExcludeResults {
        laboratory: house.laboratory,
        tubes: vec!["POOL".into()],
        reason: ExclusionReason::VoidPlate,
        finding: "阴性对照扩增".to_owned(),
        occurred_at: None,
    };
    let again = request.clone();
    let excluded = house.act_as(&actor(30, Role::Laboratory), move |unit, call| exclude_results(unit, call, request));
    let excluded = excluded.unwrap();
    assert_eq!((excluded.results, excluded.resample.as_slice()), (2, ["POOL".into()].as_slice()));
    let twice = house.act_as(&actor(30, Role::Laboratory), move |unit, call| exclude_results(unit, call, again));
    assert_eq!(twice.unwrap().results, 0);
    let after = tube(&house, "POOL");
    assert_eq!((after.outcome, after.stage), (None, Stage::Invalid));
    assert!(house.read(|tx| crate::laboratory::positive_tubes(tx, Some(round))).is_empty());
    house.assert_balanced();
    house.assert_rebuilds();
}

#[test]
fn a_result_for_a_tube_that_nobody_registered_waits_for_its_people() {
    let house = House::small();
    let round = house.open_round(Method::Pcr);
    let answer = report(&house, &[("LATE", "positive"), ("not a code", "negative"), ("X", "perhaps")]);
    assert_eq!((answer.recorded, answer.bad.len()), (1, 2));
    assert_eq!(answer.bad.iter().map(|bad| bad.row).collect::<Vec<_>>(), [2, 3]);
    assert_eq!(tube(&house, "LATE").flags, [Flag::Unregistered]);
    house.assert_balanced();
    house.tube(round, "LATE", &[1, 2]);
    let known = tube(&house, "LATE");
    assert_eq!((known.round, known.people, known.stage), (Some(round), 2, Stage::Resulted));
    let people = house.read(|tx| crate::tube_people(tx, &"LATE".into()));
    assert_eq!(people.len(), 2);
    house.assert_balanced();
    house.assert_rebuilds();
}

#[test]
fn the_queue_puts_retests_first() {
    let house = House::small();
    let round = house.open_round(Method::Pcr);
    house.tube(round, "ROUND", &[1, 2]);
    let mut retest = super::request(round, house.lanes[0], "RETEST", &[3]);
    retest.round = None;
    retest.purpose = Some(crate::tubes::Purpose::Retest);
    house.register(retest).unwrap();
    receive(&house, None, &["ROUND", "RETEST"], false);
    let query = crate::laboratory::QueueQuery { laboratory: house.laboratory, limit: None };
    let queue = house.ask(|tx, call| crate::laboratory::list_queue(tx, call, query)).unwrap();
    assert_eq!(queue.tubes.iter().map(|tube| tube.tube.as_str()).collect::<Vec<_>>(), ["RETEST", "ROUND"]);
    assert_eq!(queue.pending, 2);
}

#[test]
fn a_tube_with_a_result_cannot_be_declared_lost() {
    let house = House::small();
    let round = house.open_round(Method::Pcr);
    house.tube(round, "A", &[1]);
    report(&house, &[("A", "negative")]);
    let request = DeclareLost { tubes: vec!["A".into()], reason: LossReason::NotFound, occurred_at: None };
    assert_eq!(house.act(move |unit, call| declare_lost(unit, call, request)).unwrap_err().code, "wrong_stage");
}
