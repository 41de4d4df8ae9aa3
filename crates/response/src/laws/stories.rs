//! Stories of a positive, told in the words of the field: days, levels, prices, texts.

use outpace_core::{AreaId, AssessmentId, CaseId, PersonId, PlaceId, Seq, Timestamp};
use outpace_policy::{ContactClass, Measure, QuarantineClass, ZoneLevel};

use super::world::{COUNTY, Happens, Says, apply, rules, start, tell, town, village};
use crate::closure::Reach;
use crate::decide::decide;
use crate::items::{Confinement, InForce, Item, Key, What};
use crate::plan::{Action, AtOnce, Language, Needs, Plan, plan, render};
use crate::situation::{Declined, Finding, Scope, Situation, Stage, ZoneScope};

pub(super) const ED8: usize = 0;
pub(super) const ED9: usize = 1;

pub(super) fn case(person: u8, hour: i64) -> Happens {
    Happens::Case { id: 0, person, stage: Stage::Confirmed, hour, isolated: Some(1) }
}

pub(super) fn told(story: &[Happens]) -> Situation {
    let mut situation = town();
    tell(&mut situation, story);
    situation
}

pub(super) fn days(days: i64) -> Timestamp {
    start().plus_days(days)
}

pub(super) fn look(situation: &Situation, pack: usize, now: Timestamp) -> Plan {
    let rules = rules(pack);
    plan(situation, &decide(situation, &rules, now), &Reach::all(), &rules, now)
}

pub(super) fn confined(situation: &Situation, pack: usize, now: Timestamp, person: i64) -> Option<Item> {
    decide(situation, &rules(pack), now).items.remove(&Key::confinement(PersonId(person)))
}

pub(super) fn kind(item: &Item) -> (Confinement, Option<QuarantineClass>) {
    match item.what {
        What::Confine { kind, class, .. } => (kind, class),
        _ => panic!("no confinement: {:?}", item.what),
    }
}

#[test]
fn a_close_contact_of_the_eighth_edition_has_fourteen_days_at_a_site_and_seven_at_home() {
    // Person 3 lives with person 0, who was found on 13 April and isolated an hour later: that day is day 0.
    let situation = told(&[case(0, 0)]);
    let first = confined(&situation, ED8, days(0), 3).unwrap();
    assert_eq!(kind(&first), (Confinement::FacilityQuarantine, Some(QuarantineClass::CloseContact)));
    assert_eq!(first.ends_at.unwrap().local(480), "2022-04-28 00:00");
    let What::Confine { then: Some(then), test_days, transfer: Some(_), .. } = first.what else { panic!("{first:?}") };
    assert_eq!((then.kind, then.until.local(480)), (Confinement::HomeMonitoring, "2022-05-05 00:00".to_owned()));
    let day_zero = start().local_day(480);
    assert_eq!(test_days, [1, 4, 7, 14, 14].map(|day| day_zero + day), "two samples at the exit of the site");
    let home = confined(&situation, ED8, days(15), 3).unwrap();
    assert_eq!(kind(&home).0, Confinement::HomeMonitoring);
    assert_eq!(home.ends_at, Some(then.until));
    assert_eq!(confined(&situation, ED8, days(22), 3), None);
}

#[test]
fn the_home_phase_was_approved_with_the_first_and_starts_by_itself() {
    let mut situation = told(&[case(0, 0)]);
    let first = look(&situation, ED8, days(0));
    apply(&mut situation, &first, |_| Says::Yes);
    // The clock of the restrictions ended the first phase.
    situation.in_force.remove(&Key::confinement(PersonId(3)));
    let later = look(&situation, ED8, days(15));
    let line = later.lines.iter().find(|line| line.word == Measure::HomeMonitoring.key()).unwrap();
    assert_eq!(line.needs, Needs::AtOnce(AtOnce::Approved));
}

#[test]
fn the_ninth_edition_asks_for_less_than_the_eighth() {
    let situation = told(&[case(0, 0)]);
    let eighth = crate::plan::price(&situation, &decide(&situation, &rules(ED8), days(0)), &rules(ED8), days(0));
    let ninth = crate::plan::price(&situation, &decide(&situation, &rules(ED9), days(0)), &rules(ED9), days(0));
    assert!(ninth.person_days < eighth.person_days, "{ninth:?} {eighth:?}");
    let contact = confined(&situation, ED9, days(0), 3).unwrap();
    assert_eq!(contact.ends_at.unwrap().local(480), "2022-04-21 00:00");
}

#[test]
fn a_case_is_never_quarantined_as_a_contact_too() {
    let mut story = vec![case(0, 0)];
    story.push(Happens::Case { id: 1, person: 3, stage: Stage::Preliminary, hour: 2, isolated: None });
    let situation = told(&story);
    let own = confined(&situation, ED8, days(0).plus_hours(3), 3).unwrap();
    assert_eq!(kind(&own), (Confinement::Isolation, None));
    assert!(own.ends_at.is_some_and(|review| review > days(13)));
}

#[test]
fn who_left_before_the_gates_closed_gets_a_letter_and_no_quarantine() {
    // Person 13 is not present, and lives with person 12.
    let situation = told(&[case(12, 0)]);
    let response = decide(&situation, &rules(ED8), days(0));
    assert!(!response.items.contains_key(&Key::confinement(PersonId(13))));
    assert!(response.items.keys().any(|key| key.0.starts_with("order/co-investigation/person/13")));
}

#[test]
fn an_antigen_positive_is_tested_again_and_confined_by_nothing() {
    let situation = told(&[Happens::Single { person: 5, positive: true, antigen: true, hour: 0 }]);
    let response = decide(&situation, &rules(ED8), days(0));
    assert!(response.items.keys().any(|key| key.0.starts_with("order/confirm-antigen/person/5")));
    assert!(response.items.values().all(|item| item.what.measure().is_none()));
}

fn locked_village(situation: &Situation, pack: usize, now: Timestamp) -> Option<What> {
    let zone = Key::zone(ZoneScope::Area(village(0)), pack == ED9);
    decide(situation, &rules(pack), now).items.remove(&zone).map(|item| item.what)
}

#[test]
fn a_locked_village_is_lifted_by_rule_and_not_a_day_before() {
    let mut situation = told(&[case(0, 0)]);
    let first = look(&situation, ED8, days(0));
    apply(&mut situation, &first, |_| Says::Yes);
    let ground = situation.grounds.entry(ZoneScope::Area(village(0))).or_default();
    ground.last_contact_at = Some(start().plus_hours(1));
    ground.contacts_negative = true;
    ground.negative_round_at = Some(days(13));
    // Fourteen days without a case, but the last contact must be more than fourteen days from exposure.
    assert!(locked_village(&situation, ED8, days(14)).is_some());
    assert!(locked_village(&situation, ED8, days(15)).is_none());
    let plan = look(&situation, ED8, days(15));
    let lifted = plan.lines.iter().find(|line| line.key == "lift/zone/area/140121203200/zones/at_once").unwrap();
    assert!(lifted.only_releases());
    // Without the all-negative round it stays.
    situation.grounds.entry(ZoneScope::Area(village(0))).or_default().negative_round_at = None;
    assert!(locked_village(&situation, ED8, days(15)).is_some());
}

#[test]
fn a_high_risk_area_of_the_ninth_edition_steps_down_and_goes_up_again_with_a_new_case() {
    let mut situation = told(&[case(1, 0)]);
    let key = Key::zone(ZoneScope::Area(village(0)), true);
    let first = look(&situation, ED9, days(0));
    apply(&mut situation, &first, |_| Says::Yes);
    situation.grounds.entry(ZoneScope::Area(village(0))).or_default().negative_round_at = Some(days(7));
    let lower = locked_village(&situation, ED9, days(7));
    assert!(matches!(lower, Some(What::Zone { level: ZoneLevel::Medium, stepped_down: true, .. })), "{lower:?}");
    let step = look(&situation, ED9, days(7));
    let line = step.lines.iter().find(|line| line.action == Action::Change && line.word == "zone_medium").unwrap();
    assert!(line.only_releases());
    apply(&mut situation, &step, |_| Says::Yes);
    situation.in_force.get_mut(&key).unwrap().starts_at = days(7);
    assert!(matches!(locked_village(&situation, ED9, days(8)), Some(What::Zone { level: ZoneLevel::Medium, .. })));
    tell(&mut situation, &[Happens::Case { id: 3, person: 2, stage: Stage::Confirmed, hour: 24 * 9, isolated: None }]);
    let raised = look(&situation, ED9, days(9).plus_hours(1));
    assert!(raised.lines.iter().any(|line| line.action == Action::Change && line.word == "zone_high" && line.waits()));
}

#[test]
fn people_are_counted_once_by_the_strictest() {
    let zone = |id, level, areas: &[AreaId]| Happens::Judged {
        id,
        finding: Finding::Zone { level },
        scope: Scope { areas: areas.iter().copied().collect(), ..Scope::default() },
        hour: 0,
        days: 10,
    };
    let situation = told(&[
        zone(0, ZoneLevel::Precaution, &[COUNTY]),
        zone(1, ZoneLevel::Control, &[village(0), village(1)]),
        zone(2, ZoneLevel::Lockdown, &[village(1)]),
        zone(3, ZoneLevel::Medium, &[village(1)]),
    ]);
    let plan = look(&situation, ED8, days(0));
    let people = plan.price.affected;
    assert_eq!((people.locked, people.controlled, people.precaution), (1000, 1000, 8000));
    assert_eq!(plan.price.person_days, 20_000);
    assert_eq!(plan.price.person_days_on_judgement, 20_000);
}

#[test]
fn what_others_imposed_is_shown_and_never_lifted() {
    let mut situation = told(&[]);
    let what = What::Confine {
        person: PersonId(8),
        kind: Confinement::HomeQuarantine,
        class: None,
        then: None,
        test_days: Vec::new(),
        transfer: None,
    };
    let imposed = InForce {
        what,
        id: 77,
        starts_at: days(-20),
        ends_at: Some(days(-6)),
        facts: vec![Seq(1)],
        observed: true,
        done: false,
        extended: false,
        moved: true,
        with: None,
        about: None,
    };
    situation.in_force.insert(Key("observed/restriction/77".to_owned()), imposed);
    let plan = look(&situation, ED8, days(0));
    assert!(plan.lines.is_empty());
    let shown = &plan.without_reason[0];
    assert!(shown.overdue && !shown.asked_for);
    let text = render(&plan, &rules(ED8), Language::Chinese);
    assert!(text.contains("超期") && text.contains("加码"), "{text}");
}

#[test]
fn a_plan_reads_like_a_difference_with_its_price() {
    let situation = told(&[case(0, 0)]);
    let plan = look(&situation, ED8, days(0));
    let english = render(&plan, &rules(ED8), Language::English);
    for part in [
        "+ facility quarantine: ",
        "+ village 0: lockdown area",
        "because where an infected person lives [control-plan-ed8",
        "waits for approval (facility_quarantine): commander, 2 person(s)",
        "at once: the pack lets it start",
        "Price: locked ",
    ] {
        assert!(english.contains(part), "{part:?} not in\n{english}");
    }
    assert!(render(&plan, &rules(ED8), Language::Chinese).contains("待批准(集中隔离)"));
}

#[test]
fn a_declined_zone_takes_its_work_with_it() {
    let mut situation = told(&[case(0, 0)]);
    let key = Key::zone(ZoneScope::Area(village(0)), false);
    situation.declined.insert(key.clone(), Declined { seq: Seq(1) });
    let plan = look(&situation, ED8, days(0));
    assert!(plan.kept_away.contains(&key));
    assert!(plan.lines.iter().flat_map(|line| &line.items).all(|item| item.with.as_ref() != Some(&key)));
    assert!(plan.kept_away.iter().any(|kept| kept.0.starts_with("order/seal-zone/")));
}

#[test]
fn a_contact_of_a_contact_is_a_close_contact_once_the_link_is_positive() {
    let mut story = vec![
        case(0, 0),
        // Person 20 ate with person 3, who lives with the case.
        Happens::Contact { id: 10, person: 20, to: 3, hour: -1 },
    ];
    let second = confined(&told(&story), ED8, days(0).plus_hours(2), 20).unwrap();
    assert_eq!(kind(&second).1, Some(QuarantineClass::ContactOfContact));
    story.push(Happens::Case { id: 1, person: 3, stage: Stage::Confirmed, hour: 1, isolated: None });
    story.push(Happens::Exposure { id: 2, person: 20, case: 1, setting: 0, hour: -1, minutes: 60 });
    let first = confined(&told(&story), ED8, days(0).plus_hours(2), 20).unwrap();
    assert_eq!(kind(&first).1, Some(QuarantineClass::CloseContact));
}

#[test]
fn a_judgement_of_contacts_counts_only_until_it_expires() {
    let scope = Scope { places: [PlaceId(2)].into(), ..Scope::default() };
    let finding = Finding::PeopleAreContacts { class: ContactClass::Close, exposed_until: None };
    let mut situation = told(&[Happens::Judged { id: 0, finding, scope, hour: 0, days: 3 }]);
    assert!(confined(&situation, ED8, days(2), 30).is_some());
    assert_eq!(confined(&situation, ED8, days(3), 30), None);
    situation.assessments.get_mut(&AssessmentId(0)).unwrap().withdrawn = true;
    assert_eq!(confined(&situation, ED8, days(2), 30), None);
    assert!(!situation.cases.contains_key(&CaseId(0)));
}
