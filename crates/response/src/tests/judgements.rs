//! What a judgement puts in motion, and what a person reads of a round that they missed.

use std::collections::BTreeSet;

use outpace_contacts::Stage;
use outpace_contacts::cases::{ChangeStage, change_stage};
use outpace_core::{CaseId, LaneId, PersonId, Role, RoundId, Text, TubeCode};
use outpace_isolation::RestrictionKind as Kind;
use outpace_screening::lanes::{IssueSheet, WriteOff, issue_sheet, write_off};
use outpace_screening::rounds::{CloseRound, Method, OpenRound, PlanRound, close_round, open_round, plan_round};
use outpace_screening::tubes::{Purpose, RegisterTube, Swab, register_tube};

use super::answers::judged;
use super::{COUNTY, House, member, officer};
use crate::assess::{Assess, assess};
use crate::situation::{Finding, Scope};
use crate::status_page::{RetestDue, StatusQuery, status_of};

fn letting_go(house: &House, case: CaseId) -> Assess {
    Assess {
        scope: Scope { cases: BTreeSet::from([case]), ..Scope::default() },
        finding: Finding::DischargeAgreed,
        expires_at: house.now().plus_days(1),
        reason: Text::new("两次核酸阴性,专家组同意出院", "two negatives, the experts agree"),
        evidence: Vec::new(),
        signers: Vec::new(),
        occurred_at: None,
    }
}

#[test]
fn a_discharge_agreed_by_experts_ends_isolation_and_outlasts_the_assessment() {
    let house = House::of(90);
    let index = member(3, 0);
    house.tested("S1", &[index], Purpose::Routine, "positive");
    house.approve_all();
    assert_eq!(house.restrictions(index).iter().filter(|kind| **kind == Kind::Isolation).count(), 1);
    let case = house.store.read(|tx| outpace_contacts::active_case_of(tx, index)).unwrap().unwrap().id;
    let too_early = letting_go(&house, case);
    let refused = house.act(officer(1, Role::Commander), move |unit, call| assess(unit, call, too_early)).unwrap_err();
    assert_eq!((refused.code.as_str(), refused.field.as_str()), ("not_dischargeable", "scope.cases"));
    let step = ChangeStage {
        case,
        stage: Stage::Confirmed,
        severity: None,
        reason: "review positive".to_owned(),
        occurred_at: None,
    };
    house.act(officer(9, Role::Tracer), move |unit, call| change_stage(unit, call, step)).unwrap();
    house.settled();
    house.wait_minutes(10 * 24 * 60);
    house.tick();
    judged(&house, Finding::DischargeAgreed, letting_go(&house, case).scope);
    assert_eq!(house.store.read(|tx| outpace_contacts::case(tx, case)).unwrap().unwrap().stage, Stage::Discharged);
    // Monitoring at home is milder than isolation: nobody stays in isolation while an officer is asked about it.
    assert_eq!(house.restrictions(index), [Kind::HomeMonitoring]);
    let left = house.orders("trace-first-report");
    assert!(left.iter().all(|order| !order.state.is_pending()), "the case's work is over: {left:?}");
    // The assessment of fourteen days runs out.
    house.wait_minutes(15 * 24 * 60);
    house.tick();
    assert!(!house.restrictions(index).contains(&Kind::Isolation));
    house.assert_rebuilds();
    let unknown = letting_go(&house, CaseId(99));
    let refused = house.act(officer(1, Role::Commander), move |unit, call| assess(unit, call, unknown)).unwrap_err();
    assert_eq!(refused.code, "unknown_case");
}

#[test]
fn a_reason_is_told_in_both_languages_or_not_at_all() {
    let house = House::of(30);
    let scope = Scope { areas: BTreeSet::from([COUNTY]), ..Scope::default() };
    let mut request = letting_go(&house, CaseId(1));
    (request.scope, request.finding, request.reason.en) = (scope, Finding::ChainUnclear, String::new());
    let refused = house.act(officer(1, Role::Commander), move |unit, call| assess(unit, call, request)).unwrap_err();
    assert_eq!((refused.code.as_str(), refused.field.as_str()), ("words", "reason"));
}

#[test]
fn an_assessment_of_a_journal_of_before_is_read_in_both_languages() {
    let old = serde_json::json!({ "id": 1, "reason": "流调不足 / too little is known" });
    let read: crate::facts::AssessmentWithdrawn = serde_json::from_value(old).unwrap();
    assert_eq!(read.reason, Text::new("流调不足", "too little is known"));
    let new = serde_json::to_value(&read).unwrap();
    assert_eq!(serde_json::from_value::<crate::facts::AssessmentWithdrawn>(new).unwrap().reason, read.reason);
}

fn retest(house: &House, person: PersonId) -> Option<RetestDue> {
    house.ask(officer(1, Role::Commander), |tx, call| status_of(tx, call, StatusQuery { person })).retest
}

/// A PCR round of the whole county, opened.
fn opened(house: &House) -> RoundId {
    let plan = PlanRound {
        key: "r".to_owned(),
        name: Text::new("第一轮", "Round one"),
        method: Method::Pcr,
        areas: vec![COUNTY],
        places: Vec::new(),
        people: Vec::new(),
        starts_at: None,
        ends_at: Some(house.now().plus_hours(6)),
        pool_group: None,
    };
    let planned = house.system(move |unit, call| plan_round(unit, call, plan)).unwrap();
    let acknowledged_last_result_at = planned.forecast.map(|forecast| forecast.last_result_at);
    let round = planned.round;
    let open = OpenRound { round, acknowledged_last_result_at };
    house.system(move |unit, call| open_round(unit, call, open)).unwrap();
    round
}

#[test]
fn a_missed_round_is_shown_to_the_person_and_not_held_against_them_while_a_lane_is_not_synced() {
    let house = House::of(30);
    let (missed, other) = (member(0, 1), member(2, 1));
    let round = opened(&house);
    let tube = |seal: bool| RegisterTube {
        tube: TubeCode::from("L1"),
        lane: LaneId(1),
        round: Some(round),
        purpose: None,
        people: vec![Swab { person: Some(other), ..Swab::default() }],
        seal,
        occurred_at: None,
    };
    let unsealed = tube(false);
    house.system(move |unit, call| register_tube(unit, call, unsealed)).unwrap();
    house.wait_minutes(30);
    let close = CloseRound { round, reason: "时间到 / over".to_owned() };
    house.system(move |unit, call| close_round(unit, call, close)).unwrap();
    house.settled();
    let owed = retest(&house, missed).unwrap();
    assert_eq!((owed.round, owed.since, owed.counts), (Some(round), house.now(), false));
    assert!(owed.ours.iter().any(|ours| ours.en.contains("lane")), "{:?}", owed.ours);
    assert_eq!(retest(&house, other), None);
    house.wait_minutes(30);
    house.tested("S9", &[missed], Purpose::Routine, "negative");
    assert_eq!(retest(&house, missed), None);
    house.assert_rebuilds();
}

#[test]
fn a_lane_that_is_out_with_its_sheet_keeps_a_missed_round_from_counting_until_the_sheet_is_settled() {
    let house = House::of(30);
    let missed = member(0, 1);
    let round = opened(&house);
    let issue = IssueSheet { round, lane: LaneId(1), areas: Vec::new(), hours: None };
    let signed = house.system(move |unit, call| issue_sheet(unit, call, issue)).unwrap();
    let sheet: outpace_screening::lanes::LaneSheet = serde_json::from_str(&signed.sheet).unwrap();
    house.wait_minutes(30);
    let close = CloseRound { round, reason: "时间到 / over".to_owned() };
    house.system(move |unit, call| close_round(unit, call, close)).unwrap();
    house.settled();
    let owed = retest(&house, missed).unwrap();
    assert!(!owed.counts && owed.ours.iter().any(|ours| ours.en.contains("lane")), "{owed:?}");
    let settle = WriteOff { sheet: sheet.sheet, reason: "未启用".to_owned() };
    house.system(move |unit, call| write_off(unit, call, settle)).unwrap();
    house.system(outpace_screening::tick).unwrap();
    assert!(retest(&house, missed).unwrap().counts, "everything is here, and the person did not come");
    house.assert_rebuilds();
}
