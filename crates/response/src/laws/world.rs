//! A generated town: households, a park with rooms, cases, pools, exposures, judgements, time; and a pure stand-in for
//! applying a plan.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use outpace_core::{
    AreaId, AssessmentId, CaseId, ExposureId, HouseholdId, PersonId, PlaceId, Seq, Text, Timestamp, TubeCode,
};
use outpace_policy::{ContactClass, Date, Library, Pack, Playbook, Profile, Setting, ZoneLevel};
use proptest::prelude::*;

use crate::decide::Rules;
use crate::items::{InForce, What};
use crate::plan::{Action, Line, Plan};
use crate::situation::*;

pub(super) const COUNTY: AreaId = AreaId(140_121);

pub(super) struct Book {
    pub packs: Vec<Pack>,
    pub playbook: Playbook,
    pub profile: Profile,
}

pub(super) static BOOK: LazyLock<Book> = LazyLock::new(|| {
    let library = Library::embedded();
    let pack = |id: &str, date: &str| library.pack(id, date.parse::<Date>().unwrap()).unwrap();
    Book {
        packs: vec![
            pack("cn-2021-ed8", "2022-04-13"),
            pack("cn-2022-ed9", "2022-07-01"),
            pack("cn-2022-20-articles", "2022-11-15"),
        ],
        playbook: library.playbook().unwrap(),
        profile: library.profile("qingxu").unwrap(),
    }
});

pub(super) fn rules(pack: usize) -> Rules<'static> {
    Rules { pack: &BOOK.packs[pack], playbook: &BOOK.playbook, profile: &BOOK.profile }
}

/// 13 April 2022, 01:30 in Qingxu.
pub(super) fn start() -> Timestamp {
    Timestamp::parse_local("2022-04-13T01:30", 480).unwrap()
}

pub(super) fn village(number: i64) -> AreaId {
    AreaId(140_121_203_200 + number)
}

/// What may happen in the generated town. Facts that do not name each other may come in any order.
#[derive(Debug, Clone)]
pub(super) enum Happens {
    Pool { code: u8, members: Vec<u8>, positive: bool, hour: i64 },
    Single { person: u8, positive: bool, antigen: bool, hour: i64 },
    Case { id: u8, person: u8, stage: Stage, hour: i64, isolated: Option<i64> },
    Exposure { id: u8, person: u8, case: u8, setting: usize, hour: i64, minutes: u32 },
    Contact { id: u8, person: u8, to: u8, hour: i64 },
    Judged { id: u8, finding: Finding, scope: Scope, hour: i64, days: i64 },
    Admitted { person: u8, hour: i64 },
    Visit { case: u8, place: i64, hour: i64 },
    Round { area: i64, clean: bool, hour: i64 },
}

pub(super) const PEOPLE: u8 = 40;

/// Forty people in households of four in five villages; half of them work in two rooms of a park or one of a shop.
pub(super) fn town() -> Situation {
    let mut town = Situation { jurisdiction: Some(COUNTY), ..Situation::default() };
    for number in 0..PEOPLE {
        let at = i64::from(number);
        let works = number % 2 == 0;
        let person = Person {
            household: Some(HouseholdId(at / 4)),
            area: Some(AreaId(village(at / 8).0 * 1000 + at % 3)),
            age_years: [35, 8, 67, 40][usize::from(number % 4)],
            care: BTreeSet::new(),
            workplace: works.then_some(PlaceId(1 + at / 20)),
            room: works.then(|| format!("room {}", at % 6)),
            studies: number % 4 == 2,
            present: number % 13 != 0,
            isolated_at: None,
        };
        town.people.insert(PersonId(at), person);
    }
    for number in 0..5 {
        let ground = Ground {
            name: format!("村{number}"),
            name_en: format!("village {number}"),
            population: 1000,
            households: 300,
            ..Ground::default()
        };
        town.grounds.insert(ZoneScope::Area(village(number)), ground);
    }
    for number in 1..3 {
        let ground = Ground { population: 10, households: 10, area: Some(village(number)), ..Ground::default() };
        town.grounds.insert(ZoneScope::Place(PlaceId(number)), ground);
    }
    town.grounds.insert(ZoneScope::Area(COUNTY), Ground { population: 10_000, households: 3000, ..Ground::default() });
    town
}

const SETTINGS: [Setting; 4] = [Setting::Meal, Setting::Place, Setting::Leisure, Setting::Other];

/// Adds what happened, numbering the facts in the order given.
pub(super) fn tell(town: &mut Situation, story: &[Happens]) {
    let first = newest(town).0 + 1;
    let at = |hour: i64| start().plus_hours(hour);
    for (number, happens) in story.iter().enumerate() {
        let seq = Seq(first + number as i64);
        match happens.clone() {
            Happens::Pool { code, members, positive, hour } => {
                let outcome = if positive { Outcome::Positive } else { Outcome::Inconclusive };
                let members = members.into_iter().map(|one| PersonId(i64::from(one))).collect();
                let tube = Tube {
                    members,
                    outcome,
                    sampled_at: at(hour - 6),
                    resulted_at: at(hour),
                    area: Some(village(0)),
                    excluded: false,
                    facts: vec![seq],
                };
                town.tubes.insert(TubeCode(format!("T{code}")), tube);
            }
            Happens::Single { person, positive, antigen, hour } => {
                let outcome = if positive { Outcome::Positive } else { Outcome::Negative };
                let single = Single {
                    sampled_at: at(hour - 3),
                    resulted_at: at(hour),
                    outcome,
                    tube: None,
                    antigen,
                    excluded: false,
                    seq,
                };
                town.singles.entry(PersonId(i64::from(person))).or_default().push(single);
            }
            Happens::Case { id, person, stage, hour, isolated } => {
                let who = &town.people[&PersonId(i64::from(person))];
                let case = Case {
                    person: PersonId(i64::from(person)),
                    stage,
                    found_at: at(hour),
                    onset_at: None,
                    sampled_at: Some(at(hour - 6)),
                    last_negative_at: None,
                    by_screening: false,
                    isolated_at: isolated.map(|hours| at(hour + hours)),
                    discharged_at: None,
                    area: who.area,
                    lives_at: None,
                    places: who.workplace.into_iter().collect(),
                    visited: BTreeMap::new(),
                    facts: vec![seq],
                };
                town.cases.insert(CaseId(i64::from(id)), case);
            }
            Happens::Exposure { id, person, case, setting, hour, minutes } => {
                expose(
                    town,
                    seq,
                    id,
                    person,
                    ExposedTo::Case(CaseId(i64::from(case))),
                    SETTINGS[setting],
                    hour,
                    minutes,
                );
            }
            Happens::Contact { id, person, to, hour } => {
                let to = ExposedTo::Person(PersonId(i64::from(to)));
                expose(town, seq, id, person, to, Setting::Meal, hour, 60);
            }
            Happens::Judged { id, finding, scope, hour, days } => {
                let assessment = Assessment {
                    scope,
                    finding,
                    signed_at: at(hour),
                    expires_at: at(hour).plus_days(days),
                    withdrawn: false,
                    reason: Text::new(format!("研判 {id}"), format!("judgement {id}")),
                    seq,
                };
                town.assessments.insert(AssessmentId(i64::from(id)), assessment);
            }
            Happens::Admitted { person, hour } => {
                if let Some(person) = town.people.get_mut(&PersonId(i64::from(person))) {
                    person.isolated_at = Some(at(hour));
                }
            }
            Happens::Round { area, clean, hour } => {
                let ground = town.grounds.entry(ZoneScope::Area(village(area))).or_default();
                ground.rounds.push(RoundHeld { closed_at: at(hour), clean });
            }
            // Known with the case, whichever was told first.
            Happens::Visit { .. } => {}
        }
    }
    for (number, happens) in story.iter().enumerate() {
        if let Happens::Visit { case, place, hour } = happens
            && let Some(case) = town.cases.get_mut(&CaseId(i64::from(*case)))
        {
            let (day, seq) = (at(*hour).local_day(480), Seq(first + number as i64));
            case.visited.entry(PlaceId(*place)).or_default().insert(Visited { day, seq });
        }
    }
}

#[allow(clippy::too_many_arguments)]
fn expose(
    town: &mut Situation,
    seq: Seq,
    id: u8,
    person: u8,
    to: ExposedTo,
    setting: Setting,
    hour: i64,
    minutes: u32,
) {
    let from = start().plus_hours(hour);
    let until = from.plus_minutes(i64::from(minutes));
    let person = PersonId(i64::from(person));
    let exposure =
        Exposure { person, to, setting, from, until, minutes, aboard: None, judged: None, excluded: false, seq };
    town.exposures.insert(ExposureId(i64::from(id)), exposure);
}

/// The newest fact of a situation.
pub(super) fn newest(town: &Situation) -> Seq {
    let cases = town.cases.values().flat_map(|case| case.facts.iter().copied());
    let tubes = town.tubes.values().flat_map(|tube| tube.facts.iter().copied());
    let singles = town.singles.values().flatten().map(|single| single.seq);
    let exposures = town.exposures.values().map(|exposure| exposure.seq);
    let judged = town.assessments.values().map(|assessment| assessment.seq);
    let visits = town.cases.values().flat_map(|case| case.visited.values().flatten().map(|visit| visit.seq));
    cases.chain(tubes).chain(singles).chain(exposures).chain(judged).chain(visits).max().unwrap_or(Seq(0))
}

fn person() -> impl Strategy<Value = u8> {
    0..PEOPLE
}

fn finding() -> impl Strategy<Value = (Finding, Scope)> {
    let areas = |numbers: Vec<i64>| Scope { areas: numbers.into_iter().map(village).collect(), ..Scope::default() };
    let level = prop_oneof![
        Just(ZoneLevel::Lockdown),
        Just(ZoneLevel::Control),
        Just(ZoneLevel::Precaution),
        Just(ZoneLevel::High),
        Just(ZoneLevel::Medium)
    ];
    let numbers = || prop::collection::vec(0..5_i64, 1..3);
    prop_oneof![
        (level, numbers()).prop_map(move |(level, numbers)| (Finding::Zone { level }, areas(numbers))),
        (1..3_i64).prop_map(|place| {
            let scope = Scope { places: BTreeSet::from([PlaceId(place)]), ..Scope::default() };
            (Finding::PeopleAreContacts { class: ContactClass::Close, exposed_until: None }, scope)
        }),
        Just((
            Finding::CloseClasses { classes: BTreeSet::from(["express_outlet".to_owned()]) },
            Scope { areas: BTreeSet::from([COUNTY]), ..Scope::default() }
        )),
        (1..3_i64).prop_map(|place| {
            (Finding::HoldPlaces, Scope { places: BTreeSet::from([PlaceId(place)]), ..Scope::default() })
        }),
        numbers().prop_map(move |numbers| (Finding::NoCommunitySpread, areas(numbers))),
        numbers().prop_map(move |numbers| (Finding::ChainUnclear, areas(numbers))),
        prop::collection::btree_set((0..5_i64).prop_map(CaseId), 1..3)
            .prop_map(|cases| (Finding::DischargeAgreed, Scope { cases, ..Scope::default() })),
        prop::collection::btree_set(person().prop_map(|one| PersonId(i64::from(one))), 1..6)
            .prop_map(|people| (Finding::PeopleAreNoContacts, Scope { people, ..Scope::default() })),
    ]
}

fn happens() -> impl Strategy<Value = Happens> {
    let stage = prop_oneof![
        Just(Stage::Suspected),
        Just(Stage::Preliminary),
        Just(Stage::Confirmed),
        Just(Stage::Asymptomatic),
        Just(Stage::Excluded)
    ];
    let hour = || -40..60_i64;
    prop_oneof![
        2 => (0..4_u8, prop::collection::vec(person(), 1..10), any::<bool>(), hour())
            .prop_map(|(code, members, positive, hour)| Happens::Pool { code, members, positive, hour }),
        3 => (person(), any::<bool>(), any::<bool>(), hour())
            .prop_map(|(person, positive, antigen, hour)| Happens::Single { person, positive, antigen, hour }),
        3 => (0..5_u8, person(), stage, hour(), prop::option::of(0..10_i64))
            .prop_map(|(id, person, stage, hour, isolated)| Happens::Case { id, person, stage, hour, isolated }),
        2 => (0..6_u8, person(), 0..5_u8, 0..4_usize, hour(), 1..200_u32)
            .prop_map(|(id, person, case, setting, hour, minutes)| Happens::Exposure { id, person, case, setting, hour, minutes }),
        1 => (10..14_u8, person(), person(), hour())
            .prop_map(|(id, person, to, hour)| Happens::Contact { id, person, to, hour }),
        2 => (0..5_u8, finding(), hour(), 1..20_i64)
            .prop_map(|(id, (finding, scope), hour, days)| Happens::Judged { id, finding, scope, hour, days }),
        1 => (person(), hour()).prop_map(|(person, hour)| Happens::Admitted { person, hour }),
        2 => (0..5_u8, 1..5_i64, -80..60_i64)
            .prop_map(|(case, place, hour)| Happens::Visit { case, place, hour }),
        1 => (0..5_i64, any::<bool>(), hour()).prop_map(|(area, clean, hour)| Happens::Round { area, clean, hour }),
    ]
}

/// What a fact is filed under: two facts with the same name refer to each other (the later replaces the earlier).
fn name(happens: &Happens) -> String {
    match happens {
        Happens::Pool { code, .. } => format!("pool {code}"),
        Happens::Single { person, hour, .. } => format!("single {person} {hour}"),
        Happens::Case { id, .. } => format!("case {id}"),
        Happens::Exposure { id, .. } | Happens::Contact { id, .. } => format!("exposure {id}"),
        Happens::Judged { id, .. } => format!("judged {id}"),
        Happens::Admitted { person, .. } => format!("admitted {person}"),
        Happens::Visit { case, place, hour } => format!("visit {case} {place} {hour}"),
        Happens::Round { area, hour, .. } => format!("round {area} {hour}"),
    }
}

/// A story of up to 25 facts, none of which replaces another.
pub(super) fn story() -> impl Strategy<Value = Vec<Happens>> {
    prop::collection::vec(happens(), 0..25).prop_map(|story| {
        let mut seen = BTreeSet::new();
        story.into_iter().filter(|happens| seen.insert(name(happens))).collect()
    })
}

/// What an officer says to a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Says {
    Yes,
    No,
    HomeInstead,
}

/// Applies a plan to a situation the way the capabilities do. Blocked items are let through: the story names a carer.
pub(super) fn apply(town: &mut Situation, plan: &Plan, says: impl Fn(&Line) -> Says) {
    let seen = newest(town);
    let mut answers: BTreeMap<String, Says> = BTreeMap::new();
    for line in plan.lines.iter().filter(|line| line.waits()) {
        answers.insert(line.key.clone(), says(line));
    }
    for line in &plan.lines {
        let answer = match &line.needs {
            crate::plan::Needs::Follows { line } => answers.get(line).copied().unwrap_or(Says::Yes),
            _ => answers.get(&line.key).copied().unwrap_or(Says::Yes),
        };
        for planned in &line.items {
            let narrowed = narrowed(&planned.what, answer);
            if answer == Says::No || narrowed.is_some() {
                town.declined.insert(planned.key.clone(), Declined { seq: seen });
            }
            if answer == Says::No {
                continue;
            }
            if line.action == Action::Lift {
                town.in_force.remove(&planned.key);
                continue;
            }
            let what = narrowed.unwrap_or_else(|| planned.what.clone());
            put(town, line, planned, what);
        }
    }
}

/// The milder form of a facility quarantine; everything else is taken as it is.
fn narrowed(what: &What, answer: Says) -> Option<What> {
    match (answer, what) {
        (Says::HomeInstead, What::Confine { person, kind, class, then, test_days, .. })
            if *kind == crate::items::Confinement::FacilityQuarantine =>
        {
            Some(What::Confine {
                person: *person,
                kind: crate::items::Confinement::HomeQuarantine,
                class: *class,
                then: *then,
                test_days: test_days.clone(),
                transfer: None,
            })
        }
        _ => None,
    }
}

fn put(town: &mut Situation, line: &Line, planned: &crate::plan::Planned, what: What) {
    let approved = Approved { strictness: what.strictness(), until: what.lasts_until(planned.ends_at) };
    town.approved.insert(planned.key.clone(), approved);
    let work = matches!(what, What::Order { .. } | What::Notice { .. });
    let held = InForce {
        what,
        id: 1,
        starts_at: planned.starts_at,
        ends_at: planned.ends_at,
        facts: planned.facts.clone(),
        observed: false,
        done: work && line.word.starts_with("notice"),
        extended: false,
        moved: true,
        with: planned.with.clone(),
        about: planned.about.clone(),
    };
    town.in_force.insert(planned.key.clone(), held);
}
