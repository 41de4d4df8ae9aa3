//! Properties that must hold for every situation.

use outpace_core::{AssessmentId, CaseId, PersonId, Seq, Timestamp, Trigger, TubeCode};
use proptest::prelude::*;

use super::world::{Happens, Says, apply, newest, rules, start, story, tell, town};
use crate::closure::{Loaded, Reach, closure};
use crate::decide::{Response, decide};
use crate::items::{Cause, Item, What};
use crate::plan::{Line, plan};
use crate::situation::{Finding, Situation, Stage};

fn told(story: &[Happens]) -> Situation {
    let mut situation = town();
    tell(&mut situation, story);
    situation
}

fn now(hours: i64) -> Timestamp {
    start().plus_hours(hours)
}

/// A response without the numbers of its facts, which depend on the order in which they came.
fn without_numbers(response: &Response) -> Vec<(String, What, Option<Timestamp>)> {
    response.items.iter().map(|(key, item)| (key.to_string(), item.what.clone(), item.ends_at)).collect()
}

fn restricts(item: &Item) -> bool {
    item.what.measure().is_some()
}

/// A story in which nobody is judged to be no contact: that rests on what was known when it was signed, so that its place
/// among the facts counts.
fn without_clearing() -> impl Strategy<Value = Vec<Happens>> {
    let clears = |one: &Happens| matches!(one, Happens::Judged { finding: Finding::PeopleAreNoContacts, .. });
    story().prop_map(move |story| story.into_iter().filter(|one| !clears(one)).collect())
}

fn trigger() -> impl Strategy<Value = Trigger> {
    prop_oneof![
        (0..5_i64).prop_map(|id| Trigger::Case(CaseId(id))),
        (0..4_i64).prop_map(|id| Trigger::Tube(TubeCode(format!("T{id}")))),
        (0..40_i64).prop_map(|id| Trigger::Person(PersonId(id))),
        (0..5_i64).prop_map(|id| Trigger::Assessment(AssessmentId(id))),
        (1..3_i64).prop_map(|id| Trigger::Place(outpace_core::PlaceId(id))),
        Just(Trigger::Area(super::world::COUNTY)),
        Just(Trigger::Everything),
    ]
}

fn answers(line: &Line, salt: u64) -> Says {
    // A fixed but arbitrary answer for each line.
    let hash = line.key.bytes().fold(salt, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte)));
    [Says::Yes, Says::No, Says::HomeInstead][(hash % 3) as usize]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nobody_is_restricted_without_a_reason(story in story(), pack in 0..3_usize, hours in 0..400_i64) {
        let situation = told(&story);
        let facts: std::collections::BTreeSet<Seq> = (1..=newest(&situation).0).map(Seq).collect();
        for (key, item) in decide(&situation, &rules(pack), now(hours)).items {
            prop_assert!(!item.because.is_empty(), "{key} has no reason");
            prop_assert!(!item.facts().is_empty(), "{key} rests on no fact");
            prop_assert!(item.facts().iter().all(|fact| facts.contains(fact)), "{key} names facts that are not");
            if restricts(&item) {
                let grounded = item.because.iter().all(|because| because.judgement || because.clause.is_some());
                prop_assert!(grounded, "{key} names neither clause nor judgement");
            }
        }
    }

    #[test]
    fn nothing_outlasts_its_end(story in story(), pack in 0..3_usize, hours in 0..900_i64) {
        let situation = told(&story);
        for (key, item) in decide(&situation, &rules(pack), now(hours)).items {
            prop_assert!(item.ends_at.is_none_or(|end| now(hours) < end), "{key} is past its end");
            let has_end = match item.what {
                // A zone ends by judgement's expiry or the rule of lifting.
                What::Zone { .. } => true,
                What::Order { .. } | What::Notice { .. } => true,
                _ => item.ends_at.is_some(),
            };
            prop_assert!(has_end, "{key} has no end");
        }
    }

    #[test]
    fn a_plan_applied_leaves_nothing_to_do(story in story(), pack in 0..3_usize, hours in 0..100_i64, salt in any::<u64>()) {
        let mut situation = told(&story);
        let rules = rules(pack);
        let first = plan(&situation, &decide(&situation, &rules, now(hours)), &Reach::all(), &rules, now(hours));
        apply(&mut situation, &first, |line| answers(line, salt));
        let again = plan(&situation, &decide(&situation, &rules, now(hours)), &Reach::all(), &rules, now(hours));
        let left: Vec<&String> = again.lines.iter().map(|line| &line.key).collect();
        prop_assert!(again.is_empty(), "left: {left:?}");
    }

    #[test]
    fn an_exclusion_lifts_everything_that_hung_on_it(story in story(), pack in 0..3_usize, id in 0..5_i64, tube in 0..4_i64) {
        let mut situation = told(&story);
        let (rules, at) = (rules(pack), now(70));
        let first = plan(&situation, &decide(&situation, &rules, at), &Reach::all(), &rules, at);
        apply(&mut situation, &first, |_| Says::Yes);
        let (case, code) = (CaseId(id), TubeCode(format!("T{tube}")));
        if let Some(case) = situation.cases.get_mut(&case) { case.stage = Stage::Excluded; }
        if let Some(tube) = situation.tubes.get_mut(&code) { tube.excluded = true; }
        let desired = decide(&situation, &rules, at);
        for (key, item) in &desired.items {
            let hangs = item.because.iter().any(|because| {
                because.cause == Cause::Case(case) || because.cause == Cause::Tube(code.clone())
            });
            prop_assert!(!hangs, "{key} still hangs on what was excluded");
        }
        let second = plan(&situation, &desired, &Reach::all(), &rules, at);
        // Whatever is no longer asked for is lifted, and nobody has to agree to that.
        for (key, held) in situation.in_force.iter().filter(|(key, held)| !desired.items.contains_key(key) && !held.done) {
            let lifted = second.lines.iter().any(|line| line.only_releases() && line.items.iter().any(|item| item.key == *key));
            prop_assert!(lifted, "{key} ({:?}) was not lifted", held.what);
        }
    }

    #[test]
    fn deciding_on_the_closure_equals_deciding_on_everything(story in story(), pack in 0..3_usize, hours in 0..100_i64, trigger in trigger()) {
        let mut situation = told(&story);
        let rules = rules(pack);
        // Something is in force already, so that lifting is covered too.
        let before = plan(&situation, &decide(&situation, &rules, now(0)), &Reach::all(), &rules, now(0));
        apply(&mut situation, &before, |_| Says::Yes);
        let Ok(reach) = closure(std::slice::from_ref(&trigger), &mut Loaded(&situation));
        let part = situation.restrict(&reach);
        let of_part = decide(&part, &rules, now(hours));
        let of_all = decide(&situation, &rules, now(hours));
        let (of_part_here, of_all_here) = (reach.restrict(&of_part), reach.restrict(&of_all));
        let differing: Vec<String> = of_part_here.items.keys().chain(of_all_here.items.keys())
            .filter(|key| of_part_here.items.get(key) != of_all_here.items.get(key)).map(ToString::to_string).collect();
        prop_assert!(differing.is_empty(), "differ: {differing:?}");
        let plan_part = plan(&part, &of_part, &reach, &rules, now(hours));
        let plan_all = plan(&situation, &of_all, &reach, &rules, now(hours));
        let lines = |plan: &crate::plan::Plan| plan.lines.iter().map(|line| (line.key.clone(), line.items.clone())).collect::<Vec<_>>();
        prop_assert!(lines(&plan_part) == lines(&plan_all), "the plans differ");
    }

    #[test]
    fn facts_may_come_in_any_order((story, shuffled) in without_clearing().prop_flat_map(|story| (Just(story.clone()), Just(story).prop_shuffle())), pack in 0..3_usize, hours in 0..100_i64) {
        let one = decide(&told(&story), &rules(pack), now(hours));
        let other = decide(&told(&shuffled), &rules(pack), now(hours));
        let (one, other) = (without_numbers(&one), without_numbers(&other));
        let differing: Vec<_> = one.iter().filter(|item| !other.contains(item)).chain(other.iter().filter(|item| !one.contains(item))).collect();
        prop_assert!(differing.is_empty(), "differ: {differing:?}");
    }

    #[test]
    fn a_declined_measure_returns_only_after_a_new_fact(story in story(), pack in 0..3_usize, later in 0..48_i64) {
        let mut situation = told(&story);
        let rules = rules(pack);
        let first = plan(&situation, &decide(&situation, &rules, now(60)), &Reach::all(), &rules, now(60));
        apply(&mut situation, &first, |_| Says::No);
        let declined = situation.declined.clone();
        let again = plan(&situation, &decide(&situation, &rules, now(60 + later)), &Reach::all(), &rules, now(60 + later));
        for line in again.lines.iter().filter(|line| line.waits()) {
            for item in &line.items {
                prop_assert!(!declined.contains_key(&item.key), "{} came back by the passing of time", item.key);
            }
        }
    }

    #[test]
    fn the_same_situation_gives_the_same_plan(story in story(), pack in 0..3_usize, hours in 0..100_i64) {
        let situation = told(&story);
        let rules = rules(pack);
        let make = || plan(&situation, &decide(&situation, &rules, now(hours)), &Reach::all(), &rules, now(hours));
        prop_assert!(make() == make());
    }
}
