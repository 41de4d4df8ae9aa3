//! The truth depends on the seed alone, and the machines keep to their capacity and their order.

use outpace_core::Timestamp;
use outpace_core::time::{HOUR_MS, MINUTE_MS};
use proptest::prelude::*;

use super::queue::Machines;
use super::{Bench, Outcome};
use crate::population::{self, PersonRef, Population};
use crate::scenario::Scenario;

fn day() -> (Scenario, Population) {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../drills/qingxu-2022");
    let scenario = Scenario::load(std::path::Path::new(folder)).unwrap();
    let county = population::generate(scenario.seed, &scenario.read_areas().unwrap());
    (scenario, county)
}

fn positives(bench: &Bench, people: &[PersonRef], at: Timestamp) -> Vec<PersonRef> {
    let positive = |one: &PersonRef| bench.test("again", &[*one], at, 1).outcome == Outcome::Positive;
    people.iter().copied().filter(positive).collect()
}

#[test]
fn who_is_infected_depends_on_the_seed_alone_and_is_what_the_scenario_says() {
    let (scenario, county) = day();
    let bench = Bench::new(scenario.truth(), &county, scenario.starts_at);
    let again = Bench::new(scenario.truth(), &county, scenario.starts_at);
    let everyone: Vec<PersonRef> = county.references().collect();
    let at_night = positives(&bench, &everyone, scenario.starts_at);
    assert_eq!(at_night, positives(&again, &everyone, scenario.starts_at));
    assert_eq!(at_night.len(), 1 + scenario.truth().night_positives());
    let park = county.park.as_ref().unwrap();
    assert!(at_night.iter().all(|one| county.person(*one).place == Some(park.distribution_centre)));
    let evening_before = Timestamp(scenario.starts_at.0 - 5 * HOUR_MS);
    assert_eq!(positives(&bench, &everyone, evening_before).len(), 1, "only the person found was found then");
    assert_eq!(positives(&bench, &everyone, scenario.ends_at).len(), at_night.len() + 3);
}

#[test]
fn a_tube_of_ten_is_positive_when_one_of_them_is() {
    let (scenario, county) = day();
    let bench = Bench::new(scenario.truth(), &county, scenario.starts_at);
    let everyone: Vec<PersonRef> = county.references().collect();
    let one = positives(&bench, &everyone, scenario.starts_at)[0];
    let mut ten: Vec<PersonRef> = county.people_in(outpace_core::AreaId(140_121_100_001)).take(9).collect();
    assert_eq!(bench.test("a tube", &ten, scenario.starts_at, 1).outcome, Outcome::Negative);
    ten.push(one);
    let reading = bench.test("a tube", &ten, scenario.starts_at, 1);
    assert_eq!(reading.outcome, Outcome::Positive);
    assert_eq!(reading, bench.test("a tube", &ten, scenario.starts_at, 1));
}

#[test]
fn a_retest_overtakes_what_waits() {
    let mut machines = Machines::new(60, 30, Timestamp(0));
    for number in 0..10 {
        machines.take_in(&format!("routine {number}"), 5, Timestamp(0));
    }
    machines.take_in("retest", 0, Timestamp(0));
    let done = machines.until(Timestamp(60 * MINUTE_MS));
    assert_eq!(done[0].1, "retest");
    assert_eq!(machines.pending(), 0);
}

proptest! {
    #[test]
    fn machines_never_do_more_than_they_can_and_lose_nothing(
        per_hour in 1_i64..400,
        turn in 0_i64..200,
        arrivals in proptest::collection::vec((0_i64..600, 0_i64..4), 1..200),
    ) {
        let mut machines = Machines::new(per_hour, turn, Timestamp(0));
        let mut done = Vec::new();
        let mut sorted = arrivals.clone();
        sorted.sort_unstable();
        for (number, (minute, rank)) in sorted.iter().enumerate() {
            done.extend(machines.until(Timestamp(minute * MINUTE_MS)));
            machines.take_in(&number.to_string(), *rank, Timestamp(minute * MINUTE_MS));
        }
        done.extend(machines.until(Timestamp(400 * HOUR_MS)));
        prop_assert_eq!(done.len(), arrivals.len());
        prop_assert_eq!(machines.pending(), 0);
        for window in 0..30 {
            let (from, to) = (window * HOUR_MS, (window + 1) * HOUR_MS);
            let in_hour = done.iter().filter(|(at, _)| (from..to).contains(&at.0)).count();
            prop_assert!(i64::try_from(in_hour).unwrap() <= per_hour + 1, "{} in an hour of {}", in_hour, per_hour);
        }
    }
}
