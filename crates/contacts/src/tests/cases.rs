use super::*;
use crate::cases::rules::contact_window;
use crate::cases::{
    ChangeStage, ExcludeCase, RecordLink, ReportCase, SetCaseDates, Severity, active_case_of, chain_of, change_stage,
    exclude_case, record_link, report_case, reports_of, set_case_dates,
};
use outpace_core::CaseId;
use outpace_policy::CaseClass;

fn step(case: CaseId, stage: Stage) -> ChangeStage {
    ChangeStage { case, stage, severity: None, reason: "专家会诊".to_owned(), occurred_at: None }
}

#[test]
fn a_positive_opens_a_case_with_every_deadline() {
    let house = House::open();
    let case = house.case(1);
    assert_eq!((case.stage, case.class, case.found_at), (Stage::Preliminary, CaseClass::Preliminary, now()));
    assert_eq!(case.infectious_from, at("2022-04-10T00:00"), "two whole local days before the sample");
    assert!(case.report_due_at > now() && case.investigation_due_at > case.report_due_at);
    let reports = house.read(|tx| reports_of(tx, case.id));
    assert!(reports.len() >= 3 && reports.windows(2).all(|pair| pair[0].due_at <= pair[1].due_at));
    assert!(reports.iter().all(|report| report.due_at > now() && report.reported_at.is_none()));
    house.assert_rebuilds();
}

#[test]
fn a_person_has_one_case_at_a_time() {
    let house = House::open();
    let first = house.case(1);
    let head = house.store.head().seq;
    assert_eq!(house.case(1), first);
    assert_eq!(house.store.head().seq, head);
}

#[test]
fn a_case_makes_the_response_look() {
    let house = House::open();
    let request = OpenCase {
        person: PersonId(1),
        stage: Stage::Suspected,
        found_how: FoundHow::FeverClinic,
        found_at: None,
        dates: CaseDates::default(),
        tube: None,
        evidence: None,
    };
    assert_eq!(house.triggers(|unit, call| open_case(unit, call, request)), [Trigger::Case(CaseId(1))]);
}

#[test]
fn an_unknown_person_or_an_ended_stage_opens_no_case() {
    let house = House::open();
    let request = |person, stage| OpenCase {
        person: PersonId(person),
        stage,
        found_how: FoundHow::ActiveScreening,
        found_at: None,
        dates: CaseDates::default(),
        tube: None,
        evidence: None,
    };
    let (unknown, ended) = (request(99, Stage::Confirmed), request(1, Stage::Excluded));
    assert_eq!(house.act(|unit, call| open_case(unit, call, unknown)).unwrap_err().code, "unknown_id");
    assert_eq!(house.act(|unit, call| open_case(unit, call, ended)).unwrap_err().code, "case_beginning");
}

#[test]
fn an_exclusion_lifts_the_case_its_places_and_leaves_the_person_free_for_another() {
    let house = House::open();
    let visit = super::visits::visit(1, SHOP, "2022-04-12T10:00", "2022-04-12T11:00");
    house.act(|unit, call| crate::record_visits(unit, call, super::visits::all([visit]))).unwrap();
    let case = house.case(1);
    assert_eq!(house.read(crate::case_places).len(), 1, "where the person was before stands for the case");
    let request = ExcludeCase { case: case.id, reason: "板污染,复核阴性".to_owned(), occurred_at: None };
    let again = request.clone();
    assert_eq!(house.triggers(|unit, call| exclude_case(unit, call, request)), [Trigger::Case(case.id)]);
    assert_eq!(house.read(|tx| active_case_of(tx, PersonId(1))), None);
    assert_eq!(house.read(crate::case_places), []);
    let excluded = house.act(|unit, call| exclude_case(unit, call, again)).unwrap();
    assert_eq!((excluded.stage, excluded.class), (Stage::Excluded, CaseClass::Preliminary));
    assert_eq!(house.case(1).id, CaseId(2));
    assert_eq!(house.read(crate::case_places).len(), 1);
    house.assert_rebuilds();
}

#[test]
fn steps_that_no_case_takes_are_refused_with_those_it_may_take() {
    let house = House::open();
    let case = house.case(1).id;
    let refusal = house.act(move |unit, call| change_stage(unit, call, step(case, Stage::Discharged))).unwrap_err();
    assert_eq!((refusal.status, refusal.code.as_str()), (409, "case_step"));
    assert!(refusal.text.en.contains("confirmed, asymptomatic, died, excluded"), "{}", refusal.text.en);
    house.act(move |unit, call| change_stage(unit, call, step(case, Stage::Confirmed))).unwrap();
    let severe = ChangeStage { severity: Some(Severity::Severe), ..step(case, Stage::Confirmed) };
    let changed = house.act(move |unit, call| change_stage(unit, call, severe)).unwrap();
    assert_eq!((changed.stage, changed.severity), (Stage::Confirmed, Some(Severity::Severe)));
    house.act(move |unit, call| change_stage(unit, call, step(case, Stage::Discharged))).unwrap();
    let refusal = house.act(move |unit, call| change_stage(unit, call, step(case, Stage::Excluded))).unwrap_err();
    assert!(refusal.text.en.ends_with("may become: nothing more."), "{}", refusal.text.en);
    house.assert_rebuilds();
}

#[test]
fn what_is_over_has_no_next_step_and_everything_else_can_be_excluded() {
    for stage in Stage::ALL {
        assert_eq!(stage.is_active(), !stage.next().is_empty());
        assert_eq!(stage.is_active(), stage.next().contains(&Stage::Excluded));
        assert_eq!(stage.is_active(), stage.class().is_some());
        assert!(!stage.next().contains(stage));
    }
}

#[test]
fn an_onset_moves_the_window_and_keeps_what_was_known() {
    let house = House::open();
    let case = house.case(1);
    let dates = CaseDates { onset_at: Some(at("2022-04-09T15:00")), ..CaseDates::default() };
    let changed =
        house.act(move |unit, call| set_case_dates(unit, call, SetCaseDates { case: case.id, dates })).unwrap();
    assert_eq!(changed.infectious_from, at("2022-04-07T00:00"));
    assert_eq!(changed.sampled_at, case.sampled_at);
    let nothing = SetCaseDates { case: case.id, dates: CaseDates::default() };
    assert_eq!(house.act(|unit, call| set_case_dates(unit, call, nothing)).unwrap_err().code, "nothing_to_change");
    house.assert_rebuilds();
}

#[test]
fn the_ninth_edition_starts_the_window_of_a_screened_case_at_the_last_negative() {
    let library = Library::embedded();
    let eighth = library.pack("cn-2021-ed8", Date::constant(2022, 4, 13)).unwrap();
    let ninth = library.pack("cn-2022-ed9", Date::constant(2022, 7, 1)).unwrap();
    let dates = CaseDates {
        sampled_at: Some(at("2022-07-10T09:00")),
        last_negative_at: Some(at("2022-07-09T09:00")),
        ..CaseDates::default()
    };
    let window = |pack: &outpace_policy::Pack, dates: &CaseDates, how| {
        contact_window(&pack.lookback, dates, how, at("2022-07-10T20:00"), 480).local(480)
    };
    assert_eq!(window(&ninth, &dates, FoundHow::ActiveScreening), "2022-07-09 09:00");
    assert_eq!(window(&ninth, &dates, FoundHow::FeverClinic), "2022-07-08 00:00");
    assert_eq!(window(&eighth, &dates, FoundHow::ActiveScreening), "2022-07-08 00:00");
    let ill = CaseDates { onset_at: Some(at("2022-07-08T12:00")), ..dates };
    assert_eq!(window(&ninth, &ill, FoundHow::ActiveScreening), "2022-07-06 00:00");
    let unknown = CaseDates::default();
    assert_eq!(window(&ninth, &unknown, FoundHow::ActiveScreening), "2022-07-08 00:00", "the finding stands in");
}

#[test]
fn the_first_report_to_each_receiver_counts() {
    let house = House::open();
    let case = house.case(1);
    let report = |to: &str, at: Timestamp| {
        let request = ReportCase { case: case.id, to: to.to_owned(), reference: None, occurred_at: Some(at) };
        house.act(|unit, call| report_case(unit, call, request))
    };
    let told = report("network", now().plus_minutes(50)).unwrap();
    assert_eq!(told.reported_at, Some(now().plus_minutes(50)));
    assert!(!told.is_late(now().plus_days(9)));
    assert_eq!(report("network", now().plus_minutes(90)).unwrap(), told);
    assert_eq!(house.read(|tx| crate::case(tx, case.id)).unwrap().reported_at, told.reported_at);
    assert_eq!(report("mars", now()).unwrap_err().code, "unknown_receiver");
    let late = report("city-command", now().plus_days(1)).unwrap();
    assert!(late.is_late(now()));
    house.assert_rebuilds();
}

#[test]
fn a_chain_is_walked_both_ways_and_a_circle_is_flagged() {
    let house = House::open();
    let [one, two, three] = [house.case(1).id, house.case(2).id, house.case(3).id];
    let link = |infector, infectee| {
        let request = RecordLink { infectee, infector, grounds: "同餐".to_owned() };
        house.act(move |unit, call| record_link(unit, call, request)).unwrap()
    };
    assert!(!link(one, two).flagged);
    assert!(!link(two, three).flagged);
    assert_eq!(house.conflicts(), 0);
    assert!(link(three, one).flagged, "kept, and somebody must find out");
    assert_eq!(house.conflicts(), 1);
    assert_eq!(house.read(|tx| chain_of(tx, two)).len(), 3);
    house.assert_rebuilds();
}
