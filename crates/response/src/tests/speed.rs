//! How long a plan takes; the county at full size is measured on demand.

use std::collections::BTreeSet;

use outpace_core::Role;
use outpace_policy::{ContactClass, ZoneLevel};
use outpace_screening::tubes::Purpose;

use super::answers::judged;
use super::{CENTRE, COUNTY, House, PARK, member, officer};
use crate::situation::{Finding, Scope};

#[test]
fn a_plan_for_a_positive_looks_at_no_more_people_than_it_reaches() {
    let house = House::of(1_000);
    house.tested("S1", &[member(3, 0)], Purpose::Routine, "positive");
    let plans = house.ask(officer(1, Role::Commander), |tx, call| crate::pages::plans(tx, call, Default::default()));
    let people = plans.plans.iter().filter_map(|plan| plan.people).max().unwrap();
    assert!(people < 300, "{people} people were looked at");
}

/// The night and the morning of a park of 327: seven cases, everyone who works there a contact, zones, both approvals.
/// Run with `OUTPACE_PLAN_FAMILIES=86118` for a county of 344,472.
#[test]
fn plans_for_a_park_are_quick_in_a_county() {
    let families = std::env::var("OUTPACE_PLAN_FAMILIES").ok().and_then(|text| text.parse().ok()).unwrap_or(1_000);
    let house = House::of(families);
    house.tested("S0", &[member(3, 0)], Purpose::Routine, "positive");
    for family in [4, 40, 90, 150, 200, 270] {
        house.tested(&format!("S{family}"), &[member(family, 0)], Purpose::Retest, "positive");
    }
    let workers = Scope { places: BTreeSet::from([PARK, CENTRE]), ..Scope::default() };
    let contacts = Finding::PeopleAreContacts { class: ContactClass::Close, exposed_until: None };
    judged(&house, contacts, workers.clone());
    judged(&house, Finding::Zone { level: ZoneLevel::Lockdown }, workers);
    let county = Scope { areas: BTreeSet::from([COUNTY]), ..Scope::default() };
    judged(&house, Finding::Zone { level: ZoneLevel::Precaution }, county);
    let plan = house.plan();
    println!("{}", plan.text.en);
    // Seven of the 327 are in hospital; three of each family live with one of them.
    assert_eq!(plan.price.affected.facility, 320 + 327 * 3);
    let began = std::time::Instant::now();
    house.approve_all();
    println!("approved and carried out in {} ms", began.elapsed().as_millis());
    let plans = house.ask(officer(1, Role::Commander), |tx, call| crate::pages::plans(tx, call, Default::default()));
    for plan in plans.plans.iter().rev() {
        println!("{}: {:?} ms, {:?} people", plan.trigger.en, plan.wall_ms, plan.people);
    }
    assert_eq!(house.waiting(), Vec::<String>::new());
    house.assert_founded();
    let slowest = plans.plans.iter().filter_map(|plan| plan.wall_ms).max().unwrap();
    assert!(slowest < 10_000, "{slowest} ms");
}
