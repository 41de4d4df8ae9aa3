//! Approvals: who may, twice where grave, by word of mouth, after the time-out; narrowing and declining.

use std::collections::BTreeSet;

use outpace_core::{PlanId, Role, Text};
use outpace_isolation::RestrictionKind as Kind;
use outpace_policy::{ContactClass, ZoneLevel};
use outpace_screening::tubes::Purpose;

use super::{COUNTY, House, PARK, member, officer};
use crate::approve::{Answer, Approve, Decline, Narrow, approve, decline};
use crate::assess::{Assess, NameCarer, Withdraw, assess, name_carer, withdraw};
use crate::situation::{Finding, Scope};

fn positive() -> House {
    let house = House::of(90);
    house.tested("S1", &[member(3, 0)], Purpose::Routine, "positive");
    house
}

fn line(house: &House, part: &str) -> String {
    let waiting = house.waiting();
    waiting.iter().find(|key| key.contains(part)).unwrap_or_else(|| panic!("{part} not in {waiting:?}")).clone()
}

fn yes(house: &House, id: i64, role: Role, key: &str) -> Result<crate::approve::Answered, outpace_core::Refusal> {
    let lines = vec![Answer { line: key.to_owned(), narrow: None, reason: None }];
    let request = Approve { plan: house.plan().plan, lines, said_at: None, said_by: None };
    let answered = house.act(officer(id, role), move |unit, call| approve(unit, call, request));
    house.settled();
    answered
}

#[test]
fn a_grave_measure_needs_two_different_persons() {
    let house = positive();
    let key = line(&house, "/close_contact");
    let first = yes(&house, 1, Role::Commander, &key).unwrap();
    assert_eq!(first.waiting_for_second, std::slice::from_ref(&key));
    assert_eq!(house.restrictions(member(3, 1)), []);
    assert_eq!(yes(&house, 1, Role::Commander, &key).unwrap_err().code, "second_person_needed");
    let second = yes(&house, 2, Role::Commander, &key).unwrap();
    assert_eq!(second.applied, std::slice::from_ref(&key));
    assert_eq!(house.restrictions(member(3, 1)), [Kind::FacilityQuarantine]);
    assert_eq!(yes(&house, 2, Role::Commander, &key).unwrap_err().code, "line_not_waiting");
}

#[test]
fn a_deputy_may_answer_only_after_the_time_out() {
    let house = positive();
    let key = line(&house, "/precaution");
    assert_eq!(yes(&house, 5, Role::Deputy, &key).unwrap_err().status, 403);
    house.wait_minutes(61);
    house.tick();
    let key = line(&house, "/precaution");
    assert!(yes(&house, 5, Role::Deputy, &key).is_ok());
    assert_eq!(yes(&house, 6, Role::TaskForceHead, &line(&house, "/lockdown")).unwrap_err().status, 403);
}

#[test]
fn a_declined_line_stays_away_until_something_new_is_known() {
    let house = positive();
    let key = line(&house, "/close_contact");
    let request = Decline {
        plan: house.plan().plan,
        lines: vec![key],
        reason: "one worked alone".to_owned(),
        said_at: None,
        said_by: None,
    };
    house.act(officer(1, Role::Commander), move |unit, call| decline(unit, call, request)).unwrap();
    house.settled();
    house.wait_minutes(30);
    house.tick();
    assert!(!house.waiting().iter().any(|key| key.contains("/close_contact")), "{:?}", house.waiting());
    house.assert_rebuilds();
    // A second case in the same room is new.
    house.tested("S2", &[member(4, 0)], Purpose::Routine, "positive");
    assert!(house.waiting().iter().any(|key| key.contains("/close_contact")));
}

#[test]
fn a_narrowed_line_is_applied_in_its_milder_form_and_does_not_come_back() {
    let house = positive();
    let key = line(&house, "/contact_of_contact");
    for id in [1, 2] {
        let narrow = Some(Narrow { at_home: true, ..Narrow::default() });
        let lines = vec![Answer { line: key.clone(), narrow, reason: Some("beds are few".to_owned()) }];
        let request = Approve { plan: house.plan().plan, lines, said_at: None, said_by: None };
        house.act(officer(id, Role::Commander), move |unit, call| approve(unit, call, request)).unwrap();
        house.settled();
    }
    assert_eq!(house.restrictions(member(2, 1)), [Kind::HomeQuarantine]);
    assert!(!house.waiting().iter().any(|key| key.contains("/contact_of_contact")));
    house.assert_founded();
}

#[test]
fn only_some_people_of_a_line_can_be_taken() {
    let house = positive();
    let key = line(&house, "/close_contact");
    let people = Some(BTreeSet::from([member(3, 1), member(3, 3)]));
    for id in [1, 2] {
        let narrow = Some(Narrow { people: people.clone(), ..Narrow::default() });
        let lines = vec![Answer { line: key.clone(), narrow, reason: Some("the family first".to_owned()) }];
        let request = Approve { plan: house.plan().plan, lines, said_at: None, said_by: None };
        house.act(officer(id, Role::Commander), move |unit, call| approve(unit, call, request)).unwrap();
        house.settled();
    }
    assert_eq!(house.restrictions(member(3, 1)), [Kind::FacilityQuarantine]);
    assert_eq!(house.restrictions(member(4, 0)), []);
}

#[test]
fn looking_again_without_news_makes_no_new_plan_and_work_begins_with_its_measure() {
    let house = positive();
    let before = house.plan().plan;
    house.wait_minutes(90);
    house
        .system(|unit, _| Ok(unit.enqueue(outpace_core::trigger::RESPOND, &outpace_core::Trigger::Everything)?))
        .unwrap();
    house.settled();
    assert_eq!(house.plan().plan, before);
    house.approve_all();
    let sealing = house.orders("seal-zone");
    assert!(!sealing.is_empty());
    assert!(sealing.iter().all(|order| order.deadline_at == house.now().plus_hours(2)), "{sealing:?}");
}

#[test]
fn a_line_that_grew_worse_needs_a_new_yes() {
    let house = positive();
    let (seen, key) = (house.plan().plan, line(&house, "/close_contact"));
    house.wait_minutes(10);
    // Somebody else turns out to have eaten with the case.
    let case = house.store.read(|tx| outpace_contacts::active_case_of(tx, member(3, 0))).unwrap().unwrap().id;
    let from = house.now().plus_hours(-30);
    let exposure = outpace_contacts::tracing::NewExposure {
        person: member(50, 1),
        setting: outpace_policy::Setting::Meal,
        place: None,
        vehicle: None,
        room: None,
        from,
        to: from.plus_hours(1),
        evidence: outpace_contacts::Evidence::Interview,
        class: None,
        via: None,
    };
    let request = outpace_contacts::tracing::RecordContacts {
        case,
        found_how: outpace_contacts::FoundHow::Tracing,
        exposures: vec![exposure],
    };
    house
        .act(officer(9, Role::Tracer), move |unit, call| outpace_contacts::record_contacts(unit, call, request))
        .unwrap();
    house.settled();
    let lines = vec![Answer { line: key.clone(), narrow: None, reason: None }];
    let old = Approve { plan: seen, lines, said_at: None, said_by: None };
    let refused = house.act(officer(1, Role::Commander), move |unit, call| approve(unit, call, old)).unwrap_err();
    assert_eq!(refused.code, "line_grew_worse");
    assert!(yes(&house, 1, Role::Commander, &key).is_ok());
    let unknown = Approve { plan: PlanId(999), lines: Vec::new(), said_at: None, said_by: None };
    let refused = house.act(officer(1, Role::Commander), move |unit, call| approve(unit, call, unknown)).unwrap_err();
    assert_eq!(refused.code, "unknown_plan");
}

#[test]
fn a_verbal_yes_is_recorded_within_the_hour_with_the_time_it_was_said() {
    let house = positive();
    let key = line(&house, "/precaution");
    house.wait_minutes(40);
    let said_at = house.now().plus_minutes(-30);
    let lines = vec![Answer { line: key, narrow: None, reason: None }];
    let plan = house.plan().plan;
    let late = Approve { plan, lines: lines.clone(), said_at: Some(said_at.plus_minutes(-61)), said_by: None };
    let refused = house.act(officer(1, Role::Commander), move |unit, call| approve(unit, call, late)).unwrap_err();
    assert_eq!(refused.code, "verbal");
    let request = Approve { plan, lines, said_at: Some(said_at), said_by: None };
    house.act(officer(1, Role::Commander), move |unit, call| approve(unit, call, request)).unwrap();
    house.settled();
    assert_eq!(house.store.read(outpace_zoning::in_force).unwrap().len(), 1);
}

fn text(zh: &str, en: &str) -> Text {
    Text::new(zh, en)
}

pub(crate) fn judged(house: &House, finding: Finding, scope: Scope) -> outpace_core::AssessmentId {
    let request = Assess {
        scope,
        finding,
        expires_at: house.now().plus_days(14),
        reason: text("工作和用餐在一起", "work and meals are shared"),
        evidence: Vec::new(),
        signers: Vec::new(),
        occurred_at: None,
    };
    let done = house.act(officer(1, Role::Commander), move |unit, call| assess(unit, call, request)).unwrap();
    house.settled();
    done.assessment
}

#[test]
fn what_a_judgement_asks_for_is_counted_apart_and_falls_with_it() {
    let house = House::of(90);
    let workers = Scope { places: BTreeSet::from([PARK, super::CENTRE]), ..Scope::default() };
    let contacts = Finding::PeopleAreContacts { class: ContactClass::Close, exposed_until: None };
    let first = judged(&house, contacts, workers);
    let zone = Scope { areas: BTreeSet::from([COUNTY]), ..Scope::default() };
    judged(&house, Finding::Zone { level: ZoneLevel::Control }, zone.clone());
    judged(&house, Finding::CloseClasses { classes: BTreeSet::from(["courier_outlet".to_owned()]) }, zone);
    let plan = house.plan();
    assert_eq!(plan.price.person_days, plan.price.person_days_on_judgement);
    assert!(plan.price.person_days > 0 && plan.price.affected.facility >= 90);
    house.approve_all();
    assert_eq!(house.restrictions(member(70, 0)), [Kind::FacilityQuarantine]);
    assert_eq!(house.store.read(outpace_zoning::closures::in_force).unwrap().len(), 1);
    let request = Withdraw { assessment: first, reason: text("不成立", "no") };
    house.act(officer(1, Role::Commander), move |unit, call| withdraw(unit, call, request)).unwrap();
    house.settled();
    assert_eq!(house.restrictions(member(70, 0)), []);
    assert_eq!(house.store.read(outpace_zoning::in_force).unwrap().len(), 1);
    house.assert_founded();
    house.assert_rebuilds();
}

#[test]
fn a_child_is_not_left_alone_somebody_is_named_first() {
    let house = House::of(90);
    // Both adults of a family and the grandparent are called contacts; the child of seven stays.
    let people = BTreeSet::from([member(20, 0), member(20, 1), member(20, 3)]);
    let contacts = Finding::PeopleAreContacts { class: ContactClass::Close, exposed_until: None };
    judged(&house, contacts, Scope { people, ..Scope::default() });
    let plan = house.plan();
    let close = plan.lines.iter().find(|line| line.line.key.contains("/close_contact")).unwrap();
    // The child is a contact of contacts and would go too, without an adult of its own kind of stay left behind.
    let blocked = close.line.items.iter().filter(|item| item.blocked_by.is_some()).count();
    let missing = close.line.missing_carers.len();
    assert!(blocked == 0 || missing > 0);
    let home = Scope { people: BTreeSet::from([member(21, 1)]), ..Scope::default() };
    judged(&house, Finding::PeopleAreContacts { class: ContactClass::Close, exposed_until: None }, home);
    house.approve_all();
    let request =
        NameCarer { dependant: member(20, 2), carer: None, goes_along: false, words: "an aunt next door".to_owned() };
    house.act(officer(8, Role::GridWorker), move |unit, call| name_carer(unit, call, request)).unwrap();
    house.settled();
    assert_eq!(house.restrictions(member(20, 0)), [Kind::FacilityQuarantine]);
    house.assert_rebuilds();
}

#[test]
fn the_same_assessment_signed_twice_is_one_and_a_wrong_one_is_refused() {
    let house = House::of(30);
    let zone = Scope { areas: BTreeSet::from([COUNTY]), ..Scope::default() };
    let finding = Finding::Zone { level: ZoneLevel::Precaution };
    let first = judged(&house, finding.clone(), zone.clone());
    assert_eq!(judged(&house, finding, zone), first);
    let request = Assess {
        scope: Scope::default(),
        finding: Finding::HoldPlaces,
        expires_at: house.now().plus_days(1),
        reason: text("甲", "x"),
        evidence: Vec::new(),
        signers: Vec::new(),
        occurred_at: None,
    };
    let refused = house.act(officer(1, Role::Commander), move |unit, call| assess(unit, call, request)).unwrap_err();
    assert_eq!(refused.code, "scope");
}
