//! The sections follow from the moment that the page shows.

use outpace_orders::briefing::Part;
use outpace_response::plan::Price;

use super::sections;
use crate::live::model::Live;

fn sample() -> Live {
    serde_json::from_str(include_str!("../../../../web/fixtures/live.json")).unwrap()
}

#[test]
fn every_capability_has_its_say_in_both_languages() {
    let live = sample();
    let price = Price { person_days: 900, person_days_on_judgement: 400, ..Price::default() };
    let made = sections::all(&live, &price);
    let titles: Vec<&str> =
        made.iter().filter(|section| !section.is_empty()).map(|section| section.title.en.as_str()).collect();
    for wanted in [
        "Infected",
        "Screening",
        "Conservation",
        "Zones in force",
        "What the measures cost",
        "The six verbs",
        "Isolation and beds",
        "Deliveries",
        "Supplies",
        "The plan that waits for a yes",
    ] {
        assert!(titles.contains(&wanted), "{wanted} is missing of {titles:?}");
    }
    for section in &made {
        for row in &section.rows {
            assert_eq!(row.len(), section.columns.len(), "{}", section.title.en);
        }
        for line in &section.lines {
            assert!(!line.zh.is_empty() && !line.en.is_empty(), "{}", section.title.en);
        }
    }
    let cost = made.iter().find(|section| section.title.en == "What the measures cost").unwrap();
    assert!(cost.lines.iter().any(|line| line.en.contains("900 person-days, 400 on judgement, 500 by rule")));
}

#[test]
fn what_is_late_is_said_and_what_is_not_is_left_out() {
    let mut live = sample();
    live.holds.lapsed = 0;
    live.verbs.iter_mut().for_each(|step| step.late = 0);
    let empty = |live: &Live| {
        let made = sections::all(live, &Price::default());
        made.iter().filter(|section| section.part == Part::Late).all(outpace_orders::briefing::Section::is_empty)
    };
    assert!(empty(&live));
    live.verbs[1].late = 3;
    assert!(!empty(&live));
}

#[test]
fn the_sample_of_the_page_reads_as_what_the_server_sends() {
    let text = include_str!("../../../../web/fixtures/briefing.json");
    let value: serde_json::Value = serde_json::from_str(text).unwrap();
    let made: outpace_orders::briefing::Briefing = serde_json::from_value(value.clone()).unwrap();
    assert_eq!(serde_json::to_value(made).unwrap(), value);
}

#[test]
fn counts_are_written_by_thousands() {
    let live = Live { zones: sample().zones.into_iter().take(1).collect(), ..sample() };
    let people = |population: i64| {
        let mut live = live.clone();
        live.zones[0].population = population;
        let made = sections::all(&live, &Price::default());
        let zones = made.iter().find(|section| section.title.en == "Zones in force").unwrap();
        zones.rows[0][2].en.clone()
    };
    assert_eq!((people(7), people(344_472), people(1_000)), ("7".into(), "344,472".into(), "1,000".into()));
}
