//! What cannot be answered or carried out: it stands alone with its error, is tried again and told, and nothing else waits
//! for it.

use outpace_core::{PersonId, Role, Trigger};
use outpace_isolation::RestrictionKind as Kind;
use outpace_screening::tubes::Purpose;
use outpace_store::jobs;

use super::{House, VILLAGES, member, officer};
use crate::approve::{Answered, Approve, approve};

/// Makes the rows of a person such that no look that meets them comes to an end.
fn poison(house: &House, person: PersonId) {
    house.by_hand(&format!("UPDATE person SET sex = 'nobody' WHERE id = {person}"));
}

fn heal(house: &House, person: PersonId) {
    house.by_hand(&format!("UPDATE person SET sex = 'female' WHERE id = {person}"));
}

/// Takes a person out of the jurisdiction: whoever would restrict them is told that there is no such person here.
fn vanish(house: &House, person: PersonId) {
    house.by_hand(&format!("UPDATE person SET area = 140122100200001 WHERE id = {person}"));
}

fn come_back(house: &House, person: PersonId) {
    let family = (person.0 - 1) / 4;
    let grid = VILLAGES[(family % 2) as usize].0 * 1000 + 1 + family % 3;
    house.by_hand(&format!("UPDATE person SET area = {grid} WHERE id = {person}"));
}

fn attempts(house: &House) -> Vec<i64> {
    house.store.read(jobs::failing).unwrap().into_iter().map(|(job, _)| job.attempts).collect()
}

#[test]
fn a_trigger_that_cannot_be_answered_holds_up_no_other() {
    let house = House::of(90);
    let sick = member(50, 1);
    poison(&house, sick);
    house.system(move |unit, _| Ok(unit.enqueue(outpace_core::trigger::RESPOND, &Trigger::Person(sick))?)).unwrap();
    house.system(|unit, _| Ok(unit.enqueue(outpace_core::trigger::RESPOND, &"no trigger at all")?)).unwrap();
    let pool: Vec<PersonId> = (10..14).map(|family| member(family, 1)).collect();
    house.reported("POOL", &pool, Purpose::Routine, "positive");
    house.reported("SINGLE", &[member(3, 0)], Purpose::Routine, "positive");
    house.store.work_off().unwrap();
    assert!(house.store.read(|tx| outpace_contacts::active_case_of(tx, member(3, 0))).unwrap().is_some());
    assert!(pool.iter().all(|person| house.restrictions(*person) == [Kind::Hold]));
    let tried = attempts(&house);
    assert!(tried.len() == 2 && tried.iter().all(|tries| *tries <= 3), "each stands alone, and rests: {tried:?}");
    // It is tried on for as long as it takes, and what comes meanwhile is answered.
    for round in 1..8 {
        house.wait_minutes(5);
        house.tick_only();
        assert_eq!(attempts(&house), [tried[0] + round, tried[1] + round]);
    }
    house.reported("LATER", &[member(4, 0)], Purpose::Routine, "positive");
    house.store.work_off().unwrap();
    assert!(house.store.read(|tx| outpace_contacts::active_case_of(tx, member(4, 0))).unwrap().is_some());
    assert_eq!(house.store.read(jobs::stuck).unwrap().len(), 2, "people hear of it");
    heal(&house, sick);
    house.wait_minutes(5);
    house.tick_only();
    let left = house.store.read(jobs::failing).unwrap();
    assert_eq!(left.len(), 1);
    assert!(left[0].0.payload.contains("no trigger"), "{left:?}");
}

#[test]
fn one_member_who_cannot_be_held_leaves_nobody_else_free() {
    let house = House::of(90);
    let pool: Vec<PersonId> = (10..20).map(|family| member(family, 1)).collect();
    let gone = pool[4];
    vanish(&house, gone);
    house.tested("POOL", &pool, Purpose::Routine, "positive");
    for person in pool.iter().filter(|person| **person != gone) {
        assert_eq!(house.restrictions(*person), [Kind::Hold], "{person}");
    }
    assert_eq!(house.restrictions(gone), []);
    let failing = house.plan().failing;
    let hold = failing.iter().find(|one| one.key == format!("person/{gone}/hold")).unwrap();
    assert_eq!(hold.failures, 1);
    assert!(!hold.why.zh.is_empty() && !hold.why.en.is_empty());
    // Other looks in between do not try it again before its time, and do not forget it.
    house.tested("S1", &[member(3, 0)], Purpose::Routine, "positive");
    assert!(house.plan().failing.contains(hold));
    house.wait_minutes(1);
    house.tick();
    let again = house.plan().failing;
    assert_eq!(again.iter().find(|one| one.key == hold.key).map(|one| one.failures), Some(2));
    come_back(&house, gone);
    house.wait_minutes(1);
    house.tick();
    assert_eq!(house.restrictions(gone), [Kind::Hold]);
    assert_eq!(house.plan().failing, []);
    house.assert_rebuilds();
}

fn both_say_yes(house: &House) -> Answered {
    let yes = |id| {
        let plan = house.plan().plan;
        let request = Approve { plan, lines: Vec::new(), said_at: None, said_by: None };
        house.act(officer(id, Role::Commander), move |unit, call| approve(unit, call, request)).unwrap()
    };
    yes(1);
    yes(2)
}

#[test]
fn one_person_who_cannot_be_confined_loses_no_other_line_and_is_confined_later_without_another_yes() {
    let house = House::of(90);
    house.tested("S1", &[member(3, 0)], Purpose::Routine, "positive");
    let (gone, stays) = (member(3, 1), member(3, 3));
    vanish(&house, gone);
    let answered = both_say_yes(&house);
    assert_eq!(house.restrictions(stays), [Kind::FacilityQuarantine]);
    assert_eq!(house.restrictions(gone), []);
    assert_eq!(house.store.read(outpace_zoning::in_force).unwrap().len(), 3, "zones of other lines stand");
    let [failed] = &answered.failed[..] else { panic!("{:?}", answered.failed) };
    assert_eq!((failed.line.contains("/close_contact"), failed.items), (true, 1));
    assert!(answered.applied.contains(&failed.line), "the others of the line are in force");
    house.settled();
    assert!(house.plan().failing.iter().any(|one| one.key == format!("person/{gone}/confinement")));
    come_back(&house, gone);
    house.wait_minutes(1);
    house.tick();
    assert_eq!(house.restrictions(gone), [Kind::FacilityQuarantine]);
    assert_eq!(house.plan().failing, []);
    assert!(house.waiting().is_empty(), "nobody is asked twice: {:?}", house.waiting());
    house.assert_rebuilds();
}

#[test]
fn a_yes_that_comes_after_the_end_is_told_as_passed_and_not_as_applied() {
    let house = House::of(90);
    house.tested("S1", &[member(3, 0)], Purpose::Routine, "positive");
    let before = house.plan();
    let line = before.lines.iter().find(|one| one.line.key.contains("/close_contact")).unwrap();
    assert_eq!((line.passed, line.count), (0, 8));
    house.wait_minutes(40 * 24 * 60);
    let late = house.plan();
    let line = late.lines.iter().find(|one| one.line.key.contains("/close_contact")).unwrap();
    assert_eq!(line.passed, 8, "the officer sees it before the answer");
    let answered = both_say_yes(&house);
    let key = line.line.key.clone();
    let passed = answered.passed.iter().find(|one| one.line == key).unwrap();
    assert_eq!((passed.items, answered.applied.contains(&key)), (8, false));
    assert!(passed.ended_at <= house.now());
    assert_eq!(house.restrictions(member(3, 1)), []);
    let told = house.store.read(|tx| outpace_store::journal::recent(tx, "response.items_passed", 10)).unwrap();
    assert!(!told.is_empty());
}
