//! How long a plan takes; the county at full size is measured on demand.

use outpace_core::Role;
use outpace_screening::tubes::Purpose;

use super::{House, member, officer};

#[test]
fn a_plan_for_a_positive_looks_at_no_more_people_than_it_reaches() {
    let house = House::of(1_000);
    house.tested("S1", &[member(3, 0)], Purpose::Routine, "positive");
    let plans = house.ask(officer(1, Role::Commander), |tx, call| crate::pages::plans(tx, call, Default::default()));
    let people = plans.plans.iter().filter_map(|plan| plan.people).max().unwrap();
    assert!(people < 300, "{people} people were looked at");
}

/// Run with `OUTPACE_PLAN_FAMILIES=86118` in a release build for the county of 344,472.
#[test]
fn a_plan_for_a_positive_is_quick_in_a_county() {
    let families = std::env::var("OUTPACE_PLAN_FAMILIES").ok().and_then(|text| text.parse().ok()).unwrap_or(2_000);
    let house = House::of(families);
    house.tested("S1", &[member(3, 0)], Purpose::Routine, "positive");
    let plans = house.ask(officer(1, Role::Commander), |tx, call| crate::pages::plans(tx, call, Default::default()));
    for plan in &plans.plans {
        println!("{}: {:?} ms, {:?} people", plan.trigger, plan.wall_ms, plan.people);
    }
    let slowest = plans.plans.iter().filter_map(|plan| plan.wall_ms).max().unwrap();
    assert!(slowest < 5_000, "{slowest} ms");
}
