//! Nothing but facts changes a colour: whatever happens in whatever order, the board says what a slow reader of the
//! tables says, and what a board says that was filled anew.

use std::collections::BTreeSet;

use outpace_contacts::cases::{ChangeStage, ExcludeCase};
use outpace_contacts::{FoundHow, Stage};
use outpace_core::{AreaLevel, PersonId, Role, RoundId, Text, Timestamp};
use outpace_isolation::{Because, LiftReason, NewRestriction, RestrictionKind};
use outpace_policy::{Pack, QuarantineClass, StatusColour, StatusReason, ZoneLevel};
use outpace_registry::people::{MarkAbsent, MovePerson, mark_absent, move_person};
use outpace_screening::antigen::{AntigenReport, AntigenReports, ReportOutcome, report_antigen};
use outpace_screening::laboratory::{
    ExcludeResults, ExclusionReason, ReportResults, ReportedResult, exclude_results, report_results,
};
use outpace_screening::rounds::{
    CloseRound, Exempt, ExemptReason, Method, OpenRound, PlanRound, RoundState, close_round, exempt, open_round,
    plan_round,
};
use outpace_screening::routine::{DueAnswer, DueQuery, SetInterval, due, set_interval};
use outpace_screening::tubes::{Purpose, RegisterTube, Swab, register_tube};
use outpace_store::Tx;
use outpace_zoning::{Lift, NewZone};
use proptest::prelude::*;

use super::{House, PEOPLE, VILLAGES, ground, tube};
use crate::due::{DueCount, DueCountQuery, due_count};

#[derive(Debug, Clone)]
enum Step {
    Wait(i64),
    Sample(usize, Vec<i64>, i64),
    Result(usize, usize),
    Exclude(usize),
    Restrict(i64, usize, usize, i64, i64),
    Lift(i64),
    Zone(usize, usize, i64),
    LiftZones,
    Case(i64, usize),
    Stage(i64, usize),
    ExcludeCase(i64),
    Move(i64, i64),
    Round,
    SampleInRound(usize, Vec<i64>, i64),
    Antigen(i64),
    Exempt(i64),
    Away(i64, bool),
    Interval(usize, bool, i64),
    Tick,
}

fn step() -> impl Strategy<Value = Step> {
    let person = 1..=PEOPLE;
    prop_oneof![
        (1_i64..2_000).prop_map(Step::Wait),
        (0_usize..6, proptest::collection::vec(1..=PEOPLE + 2, 1..5), -90_i64..3)
            .prop_map(|(tube, people, minutes)| Step::Sample(tube, people, minutes)),
        (0_usize..16, 0_usize..4).prop_map(|(tube, outcome)| Step::Result(tube, outcome)),
        (0_usize..6).prop_map(Step::Exclude),
        (person.clone(), 0_usize..5, 0_usize..5, -3_i64..5, 6_i64..60)
            .prop_map(|(person, kind, class, from, hours)| Step::Restrict(person, kind, class, from, hours)),
        person.clone().prop_map(Step::Lift),
        (0_usize..3, 0_usize..6, -1_i64..30).prop_map(|(place, level, hours)| Step::Zone(place, level, hours)),
        Just(Step::LiftZones),
        (person.clone(), 0_usize..5).prop_map(|(person, stage)| Step::Case(person, stage)),
        (person.clone(), 0_usize..8).prop_map(|(person, stage)| Step::Stage(person, stage)),
        person.clone().prop_map(Step::ExcludeCase),
        (person.clone(), 1..=PEOPLE / 2).prop_map(|(person, household)| Step::Move(person, household)),
        // More often than the others: a missed round takes an opening, a close and a look at the clock.
        Just(Step::Round),
        Just(Step::Round),
        Just(Step::Round),
        (0_usize..6, proptest::collection::vec(1..=PEOPLE + 2, 1..5), -90_i64..3)
            .prop_map(|(tube, people, minutes)| Step::SampleInRound(tube, people, minutes)),
        person.clone().prop_map(Step::Antigen),
        person.clone().prop_map(Step::Exempt),
        (person, any::<bool>()).prop_map(|(person, away)| Step::Away(person, away)),
        (0_usize..3, any::<bool>(), 0_i64..100).prop_map(|(place, work, hours)| Step::Interval(place, work, hours)),
        Just(Step::Tick),
        Just(Step::Tick),
    ]
}

const CLASSES: [Option<QuarantineClass>; 5] = [
    None,
    Some(QuarantineClass::CloseContact),
    Some(QuarantineClass::ContactOfContact),
    Some(QuarantineClass::CasualContact),
    Some(QuarantineClass::LeftHighRisk),
];
const LEVELS: [ZoneLevel; 6] = [
    ZoneLevel::Lockdown,
    ZoneLevel::Control,
    ZoneLevel::Precaution,
    ZoneLevel::High,
    ZoneLevel::Medium,
    ZoneLevel::Low,
];

/// Does a step. What is refused changes nothing, and the law says that neither does the board.
fn take(house: &House, step: Step) {
    let now = house.now();
    match step {
        Step::Wait(minutes) => house.wait_minutes(minutes),
        Step::Sample(code, people, minutes) => sample(house, None, code, people, now.plus_minutes(minutes)),
        Step::SampleInRound(code, people, minutes) => {
            let newest = house.store.read(|tx| outpace_screening::all_rounds(tx, None, 1)).unwrap();
            sample(house, newest.first().map(|round| round.id), 10 + code, people, now.plus_minutes(minutes));
        }
        Step::Round => next_round(house),
        Step::Antigen(person) => {
            let rounds = house.store.read(|tx| outpace_screening::all_rounds(tx, None, 100)).unwrap();
            let Some(round) = rounds.into_iter().find(|round| round.spec.method == Method::Antigen) else { return };
            let report = AntigenReport { person: PersonId(person), outcome: ReportOutcome::Negative, tested_at: None };
            let request = AntigenReports { round: round.id, reports: vec![report] };
            let _ = house.act(move |unit, call| report_antigen(unit, call, request));
        }
        Step::Exempt(person) => {
            let request = Exempt { people: vec![PersonId(person)], reason: Some(ExemptReason::Medical), until: None };
            let _ = house.act(move |unit, call| exempt(unit, call, request));
        }
        Step::Away(person, away) => {
            let request = MarkAbsent {
                person: PersonId(person),
                absent: away,
                whereabouts: None,
                until: None,
                occurred_at: None,
            };
            let _ = house.act(move |unit, call| mark_absent(unit, call, request));
        }
        Step::Interval(place, work, hours) => {
            let request = SetInterval {
                area: [VILLAGES[0], VILLAGES[1], super::COUNTY][place],
                workers_of: work.then(|| "shop".to_owned()),
                hours: Some(hours),
                reason: Text::new("试", "a trial"),
                clause: "order 1".to_owned(),
            };
            let _ = house.act(move |unit, call| set_interval(unit, call, request));
        }
        Step::Tick => {
            house.act(outpace_screening::tick).unwrap();
        }
        Step::Result(code, outcome) => {
            let outcome = ["negative", "positive", "inconclusive", "invalid"][outcome].to_owned();
            let row = ReportedResult { tube: tube(code).to_string(), outcome, ct: Default::default(), tested_at: None };
            let request = ReportResults { laboratory: house.laboratory, results: vec![row] };
            let _ = house.act(move |unit, call| report_results(unit, call, request));
        }
        Step::Exclude(code) => {
            let request = ExcludeResults {
                laboratory: house.laboratory,
                tubes: vec![tube(code)],
                reason: ExclusionReason::VoidPlate,
                finding: "control failed".to_owned(),
                occurred_at: None,
            };
            let _ = house.act(move |unit, call| exclude_results(unit, call, request));
        }
        Step::Restrict(person, kind, class, from, hours) => {
            let starts_at = now.plus_hours(from);
            let new = NewRestriction {
                person: PersonId(person),
                kind: RestrictionKind::ALL[kind],
                ground: ground(),
                because_of: Because::Person(PersonId(1)),
                class: CLASSES[class],
                starts_at,
                ends_at: now.plus_hours(hours),
                test_days: Vec::new(),
                plan: None,
            };
            let _ = house.act(move |unit, call| outpace_isolation::restrict(unit, call, new));
        }
        Step::Lift(person) => {
            let _ = house.act(move |unit, call| {
                let standing = outpace_isolation::in_force_of(unit.tx(), PersonId(person))?;
                let ids: Vec<_> = standing.iter().take(1).map(|one| one.id).collect();
                outpace_isolation::lift_many(unit, call, &ids, LiftReason::Fulfilled)
            });
        }
        Step::Zone(place, level, hours) => {
            let zone = NewZone {
                name: Text::new("某村", "a village"),
                areas: vec![[VILLAGES[0], VILLAGES[1], super::COUNTY][place]],
                places: Vec::new(),
                level: LEVELS[level],
                risk: None,
                ground: ground(),
                starts_at: now.plus_hours(hours),
                lift: Lift { rule: Text::new("14 天无新增", "14 days without a case"), earliest_at: None },
                plan: None,
                notice: None,
            };
            let _ = house.act(move |unit, call| outpace_zoning::declare(unit, call, zone));
        }
        Step::LiftZones => {
            let _ = house.act(|unit, call| {
                for zone in outpace_zoning::in_force(unit.tx())?.into_iter().take(1) {
                    outpace_zoning::lift(unit, call, zone.id, Text::new("达到条件", "rule met"))?;
                }
                Ok(())
            });
        }
        Step::Case(person, stage) => {
            let request = outpace_contacts::cases::OpenCase {
                person: PersonId(person),
                stage: Stage::ALL[stage],
                found_how: FoundHow::ActiveScreening,
                found_at: None,
                dates: Default::default(),
                tube: None,
                evidence: None,
            };
            let _ = house.act(move |unit, call| outpace_contacts::open_case(unit, call, request));
        }
        Step::Stage(person, stage) => {
            let _ = house.act(move |unit, call| {
                let Some(case) = outpace_contacts::active_case_of(unit.tx(), PersonId(person))? else { return Ok(()) };
                let reason = "review".to_owned();
                let stage = Stage::ALL[stage];
                let request = ChangeStage { case: case.id, stage, severity: None, reason, occurred_at: None };
                outpace_contacts::change_stage(unit, call, request).map(|_| ())
            });
        }
        Step::ExcludeCase(person) => {
            let _ = house.act(move |unit, call| {
                let Some(case) = outpace_contacts::active_case_of(unit.tx(), PersonId(person))? else { return Ok(()) };
                let request = ExcludeCase { case: case.id, reason: "void plate".to_owned(), occurred_at: None };
                outpace_contacts::exclude_case(unit, call, request).map(|_| ())
            });
        }
        Step::Move(person, household) => {
            let request = MovePerson { person: PersonId(person), household: household.into(), occurred_at: None };
            let _ = house.act(move |unit, call| move_person(unit, call, request));
        }
    }
}

fn sample(house: &House, round: Option<RoundId>, code: usize, people: Vec<i64>, at: Timestamp) {
    let swab = |id: i64| Swab { person: Some(PersonId(id)), taken_at: Some(at), ..Swab::default() };
    let request = RegisterTube {
        tube: tube(code),
        lane: house.lane,
        round,
        purpose: round.is_none().then_some(Purpose::Routine),
        people: people.into_iter().map(swab).collect(),
        seal: round.is_some(),
        occurred_at: Some(at),
    };
    let _ = house.act(move |unit, call| register_tube(unit, call, request));
}

/// Closes the round that is open, its tubes tested or declared lost so that nothing is left open on our side; opens one
/// where none is. Every third is of antigen tests.
fn next_round(house: &House) {
    let rounds = house.store.read(|tx| outpace_screening::all_rounds(tx, None, 100)).unwrap();
    if let Some(open) = rounds.iter().find(|round| round.state == RoundState::Open) {
        let close = CloseRound { round: open.id, reason: "时间到".to_owned() };
        house.act(move |unit, call| close_round(unit, call, close)).unwrap();
        return;
    }
    let number = rounds.len();
    let method = if number % 3 == 2 { Method::Antigen } else { Method::Pcr };
    let plan = PlanRound {
        key: format!("round-{number}"),
        name: Text::new("一轮", "a round"),
        method,
        areas: vec![super::COUNTY],
        places: Vec::new(),
        people: Vec::new(),
        starts_at: None,
        ends_at: Some(house.now().plus_hours(6)),
        pool_group: Some("control".to_owned()),
    };
    let planned = house.act(move |unit, call| plan_round(unit, call, plan)).unwrap();
    let acknowledged = planned.forecast.map(|forecast| forecast.last_result_at);
    let open = OpenRound { round: planned.round, acknowledged_last_result_at: acknowledged };
    house.act(move |unit, call| open_round(unit, call, open)).unwrap();
}

/// What the tables say of a person, read one by one, without bits and without memory.
struct Slow {
    colour: StatusColour,
    reasons: BTreeSet<(StatusReason, Timestamp)>,
    sampled: Option<i64>,
    negative: Option<i64>,
}

fn slow(tx: &mut Tx<'_>, person: PersonId, now: Timestamp, pack: &Pack) -> outpace_store::Result<Slow> {
    let mut found: Vec<(StatusReason, Timestamp)> = Vec::new();
    if let Some(case) = outpace_contacts::active_case_of(tx, person)? {
        let reason = match case.stage {
            Stage::Suspected | Stage::Preliminary => StatusReason::Suspected,
            Stage::Confirmed => StatusReason::Confirmed,
            Stage::Asymptomatic => StatusReason::Asymptomatic,
            _ => StatusReason::PositiveAgain,
        };
        found.push((reason, case.found_at));
    }
    for one in outpace_isolation::in_force_of(tx, person)? {
        if one.kind == RestrictionKind::Hold || !one.in_force_at(now) {
            continue;
        }
        match one.kind {
            RestrictionKind::FacilityQuarantine => found.push((StatusReason::FacilityQuarantine, one.starts_at)),
            RestrictionKind::HomeQuarantine => found.push((StatusReason::HomeQuarantine, one.starts_at)),
            _ => {}
        }
        match one.class {
            Some(QuarantineClass::CloseContact) => found.push((StatusReason::CloseContact, one.starts_at)),
            Some(QuarantineClass::ContactOfContact) => found.push((StatusReason::ContactOfContact, one.starts_at)),
            Some(QuarantineClass::CasualContact) => found.push((StatusReason::SameTimeAndPlace, one.starts_at)),
            Some(QuarantineClass::LeftHighRisk) => found.push((StatusReason::RiskAreaStay, one.starts_at)),
            _ => {}
        }
    }
    let home = outpace_registry::person(tx, person)?.unwrap().area;
    for zone in outpace_zoning::zones_at(tx, home)? {
        if !zone.in_force_at(now) {
            continue;
        }
        match zone.level {
            ZoneLevel::Lockdown => found.push((StatusReason::LockdownZone, zone.level_since)),
            ZoneLevel::Control => found.push((StatusReason::ControlZone, zone.level_since)),
            ZoneLevel::Precaution => found.push((StatusReason::PrecautionZone, zone.level_since)),
            ZoneLevel::High | ZoneLevel::Medium => found.push((StatusReason::RiskAreaStay, zone.level_since)),
            ZoneLevel::Low => {}
        }
    }
    if let Some(missed) = outpace_screening::coverage::missed_round(tx, person, home)?.filter(|one| one.counts()) {
        found.push((StatusReason::MissedRound, missed.since));
    }
    let colour_of = |reason: &StatusReason| {
        if *reason == StatusReason::MissedRound {
            pack.missed_round.colour.value
        } else if pack.status.red.value.contains(reason) {
            StatusColour::Red
        } else if pack.status.yellow.value.contains(reason) {
            StatusColour::Yellow
        } else {
            StatusColour::Green
        }
    };
    found.retain(|(reason, _)| colour_of(reason) != StatusColour::Green);
    let colour = found.iter().map(|(reason, _)| colour_of(reason)).max().unwrap_or(StatusColour::Green);
    let samples = outpace_screening::samples_of(tx, &[person])?.remove(&person).unwrap_or_default();
    let minute = |at: Timestamp| at.0 / 60_000;
    let negative = samples.iter().filter(|one| one.outcome == Some(outpace_screening::laboratory::Outcome::Negative));
    Ok(Slow {
        colour,
        reasons: found.into_iter().collect(),
        sampled: samples.iter().map(|one| minute(one.taken_at)).max(),
        negative: negative.map(|one| minute(one.taken_at)).max(),
    })
}

fn agrees(house: &House) {
    let kept = crate::display_of(&house.store).board();
    let (now, pack) = (house.now(), &house.rules.pack);
    for person in (1..=PEOPLE).map(PersonId) {
        let shown = kept.status(person, now, pack).unwrap();
        let slow = house.store.read(|tx| slow(tx, person, now, pack)).unwrap();
        let reasons: BTreeSet<_> = shown.reasons.iter().map(|one| (one.reason, one.since)).collect();
        assert_eq!((shown.colour, &reasons), (slow.colour, &slow.reasons), "{person}");
        let home = crate::display_of(&house.store).board().home(person).unwrap();
        let read = house.store.read(|tx| crate::table::colour_of(tx, person, home, now, pack)).unwrap();
        assert_eq!((shown.colour, &shown.reasons), (read.colour, &read.reasons), "{person}: a page says the same");
        let minute = |at: Option<Timestamp>| at.map(|at| at.0 / 60_000);
        assert_eq!((minute(shown.last_sample_at), minute(shown.last_negative_at)), (slow.sampled, slow.negative));
    }
}

/// The counts of a whole county are what the lists of its villages say.
fn counts_who_is_due(house: &House, board: &crate::Board) {
    let call = house.call(&super::actor(7, Role::Commander));
    let (counted, lists) = house
        .store
        .read(|tx| {
            let query = DueCountQuery { area: None, by: Some(AreaLevel::Village) };
            let lists = VILLAGES.map(|area| due(tx, &call, DueQuery { area }).unwrap());
            Ok::<_, outpace_core::Refusal>((due_count(board, tx, &call, query).unwrap(), lists))
        })
        .unwrap();
    let overdue = |list: &DueAnswer| {
        let ended = |at: Timestamp| at.0 / 60_000 < call.now.0 / 60_000;
        list.people.iter().filter(|one| one.due_at.is_none_or(ended)).count() as i64
    };
    let mut right: Vec<DueCount> = VILLAGES
        .iter()
        .zip(&lists)
        .map(|(area, list)| DueCount {
            area: *area,
            present: list.present,
            due: list.people.len() as i64,
            overdue: overdue(list),
        })
        .collect();
    right.sort_by_key(|one| one.area);
    assert_eq!(counted.areas, right);
    let sum = |figure: fn(&DueCount) -> i64| right.iter().map(figure).sum::<i64>();
    let total = counted.total;
    assert_eq!((total.present, total.due), (sum(|one| one.present), sum(|one| one.due)));
    assert_eq!(total.overdue, sum(|one| one.overdue));
}

/// A board that is filled from the tables shows what the one shows that followed the facts.
fn is_restored(house: &House) {
    shows_the_same(house, &house.store.read(crate::restore::filled).unwrap());
}

/// So does one that comes from a snapshot and from what was recorded since.
fn is_found_in_the_snapshot(house: &House) {
    shows_the_same(house, &crate::display_of(&house.open_again()).board());
}

fn shows_the_same(house: &House, anew: &crate::Board) {
    let kept = crate::display_of(&house.store).board();
    for person in (1..=PEOPLE).map(PersonId) {
        let show = |board: &crate::Board| board.status(person, house.now(), &house.rules.pack).unwrap();
        let version = show(&kept).version;
        assert_eq!(crate::Status { version, ..show(anew) }, show(&kept));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    #[test]
    fn the_board_says_what_the_tables_say(steps in proptest::collection::vec(step(), 1..24)) {
        let house = House::open();
        let half = steps.len() / 2;
        for (index, step) in steps.into_iter().enumerate() {
            if index == half {
                house.store.keep_snapshot(1).unwrap();
            }
            let before = house.store.head();
            let waits = matches!(step, Step::Wait(_));
            let versions = |house: &House| (1..=PEOPLE).map(|id| house.status(id).version).collect::<Vec<_>>();
            let shown = versions(&house);
            take(&house, step);
            if house.store.head() == before {
                prop_assert_eq!(versions(&house), shown, "changed without a fact, waiting: {}", waits);
            }
            agrees(&house);
            counts_who_is_due(&house, &crate::display_of(&house.store).board());
        }
        counts_who_is_due(&house, &house.store.read(crate::restore::filled).unwrap());
        counts_who_is_due(&house, &crate::display_of(&house.open_again()).board());
        is_restored(&house);
        is_found_in_the_snapshot(&house);
        house.assert_rebuilds();
    }
}
