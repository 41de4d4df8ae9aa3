//! What a look reads: its closure, however much of the past is over.

use outpace_contacts::cases::{CaseDates, ChangeStage, OpenCase};
use outpace_contacts::{FoundHow, Stage};
use outpace_core::{CaseId, PersonId, Trigger};
use outpace_screening::tubes::Purpose;

use super::{COUNTY, House, member};
use crate::load::load;

/// A case that was found, cared for and discharged.
fn recovered(house: &House, person: PersonId) -> CaseId {
    let request = OpenCase {
        person,
        stage: Stage::Confirmed,
        found_how: FoundHow::ActiveScreening,
        found_at: None,
        dates: CaseDates::default(),
        tube: None,
        evidence: None,
    };
    let opened = house.system(move |unit, call| outpace_contacts::open_case(unit, call, request)).unwrap();
    let case = opened.id;
    let (stage, reason) = (Stage::Discharged, "two negatives".to_owned());
    let request = ChangeStage { case, stage, severity: None, reason, occurred_at: None };
    house.system(move |unit, call| outpace_contacts::change_stage(unit, call, request)).unwrap();
    case
}

/// Queries that loading the closure of a trigger asks, and cases that it holds.
fn asked(house: &House, trigger: &Trigger) -> (u64, usize) {
    house.ask(outpace_core::Actor::system(COUNTY), |tx, call| {
        let before = tx.asked();
        let (situation, _) = load(tx, call, std::slice::from_ref(trigger))?;
        Ok((tx.asked() - before, situation.cases.len()))
    })
}

#[test]
fn a_look_reads_no_more_for_all_the_cases_and_pools_that_are_over() {
    let house = House::of(120);
    let trigger = Trigger::Person(member(100, 1));
    house.tested("INDEX", &[member(100, 0)], Purpose::Routine, "positive");
    let (alone, cases) = asked(&house, &trigger);
    assert_eq!(cases, 1);
    for family in 0..30 {
        recovered(&house, member(family, 1));
        let pool = [member(family, 2), member(family, 3)];
        house.reported(&format!("OLD-{family}"), &pool, Purpose::Routine, "positive");
    }
    house.settled();
    let (crowded, cases) = asked(&house, &trigger);
    assert!(cases > 30 && crowded > alone, "they matter while they are fresh: {cases} cases, {crowded} queries");
    house.wait_minutes(200 * 24 * 60);
    let (now, cases) = asked(&house, &trigger);
    assert_eq!(cases, 1, "the one in care");
    assert!(now <= alone, "{now} queries for one case beside thirty that are over, {alone} for it alone");
    // One that is named is found all the same.
    let old = house.store.read(|tx| outpace_contacts::cases::case_ids_of(tx, member(5, 1))).unwrap();
    let (_, reach) =
        house.ask(outpace_core::Actor::system(COUNTY), |tx, call| load(tx, call, &[Trigger::Case(old[0])]));
    assert!(reach.people.contains(&member(5, 1)) && reach.cases.contains(&old[0]));
    house.assert_rebuilds();
}
