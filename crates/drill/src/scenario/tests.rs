//! A mistake in the file names its line and key, and the scenario that ships is sound.

use super::*;

const GOOD: &str = include_str!("../../../../drills/qingxu-2022/scenario.toml");

fn refusal(change: (&str, &str)) -> String {
    assert!(GOOD.contains(change.0), "the file does not contain {}", change.0);
    let text = GOOD.replacen(change.0, change.1, 1);
    parse::read("scenario.toml", &text).unwrap_err().to_string()
}

fn line_of(text: &str) -> usize {
    GOOD.split(text).next().unwrap().matches('\n').count() + 1
}

#[test]
fn the_day_of_qingxu_is_sound() {
    let scenario = parse::read("scenario.toml", GOOD).unwrap();
    assert_eq!(scenario.starts_at.local(480), "2022-04-13 01:30");
    assert_eq!(scenario.mark_24h_at.since(scenario.starts_at), outpace_core::time::DAY_MS);
    assert_eq!(scenario.amount("night_medics"), 11);
    assert_eq!(scenario.facilities.iter().map(|site| site.beds).sum::<i64>(), 500);
    assert!(scenario.checkpoints.iter().any(|row| row.reported == Figure::Count(119_246)));
}

#[test]
fn the_park_holds_those_who_move_the_person_found_and_the_positives_of_the_night() {
    let scenario = parse::read("scenario.toml", GOOD).unwrap();
    let positives = u32::try_from(scenario.truth().night_positives()).unwrap();
    assert_eq!(population::PARK_WORKERS, 327 + 1 + positives);
    assert_eq!(population::DISTRIBUTION_CENTRE_WORKERS, 277 + 1);
}

#[test]
fn an_unknown_key_is_named_with_its_line() {
    let told = refusal(("amount = 11", "amounts = 11"));
    assert!(told.contains("amounts") && told.contains(&format!(":{}", line_of("amount = 11"))), "{told}");
}

#[test]
fn an_hour_that_is_none_is_named_with_its_line() {
    let told = refusal(("mark_24h = \"2022-04-14T01:30\"", "mark_24h = \"tomorrow\""));
    assert!(told.contains("scenario.mark_24h") && told.contains(&format!(":{}:", line_of("mark_24h"))), "{told}");
}

#[test]
fn a_step_cannot_use_more_than_there_is() {
    let told = refusal(("uses = { buses = 17,", "uses = { buses = 18,"));
    assert!(told.contains("step.uses") && told.contains("18"), "{told}");
}

#[test]
fn a_step_cannot_wait_for_one_that_comes_later() {
    let told = refusal(("needs = [\"emergency\"]", "needs = [\"transfer\"]"));
    assert!(told.contains("step.needs"), "{told}");
}

#[test]
fn what_was_given_cannot_be_scored() {
    let told = refusal(("measure = \"task_forces\"", "measure = \"given:task_forces\""));
    assert!(told.contains("checkpoint.measure") && told.contains("scored"), "{told}");
}

#[test]
fn a_measure_that_nobody_knows_is_refused() {
    let told = refusal(("measure = \"locked\"", "measure = \"lucky\""));
    assert!(told.contains("lucky"), "{told}");
}

#[test]
fn an_area_outside_the_county_is_refused() {
    let told = refusal(("areas = [140121202202, 140121204201]", "areas = [140105001001]"));
    assert!(told.contains("assessment.areas") && told.contains("140105001001"), "{told}");
}
