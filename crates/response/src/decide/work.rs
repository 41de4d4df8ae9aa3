//! The work that follows: for everything that happened or is desired, the kinds of orders that the playbook starts, and
//! the notices. Which kinds exist is data; this module only knows what happened and about whom.

use std::collections::BTreeMap;

use outpace_core::{AreaId, PersonId, Seq, Text, Timestamp, TubeCode};
use outpace_policy::{ContactClass, Effect, OrderKind, OrderTrigger, SubjectKind, ZoneLevel};
use outpace_registry::places::class_name;

use super::contacts::judged;
use super::{Contact, Response, Rules, by_rule, people, rounds};
use crate::items::{Audience, Because, Cause, Item, Key, Subject, What};
use crate::situation::{Case, Finding, Outcome, Situation, Stage, Tube, ZoneScope};

/// Something that starts orders.
struct Event {
    trigger: OrderTrigger,
    at: Timestamp,
    subjects: BTreeMap<SubjectKind, Vec<Subject>>,
    area: AreaId,
    mark: String,
    because: Because,
    with: Option<Key>,
    about: Option<Subject>,
    /// Whether somebody has to get out: a pass is made out only then.
    way_out: bool,
}

pub(super) fn decide(
    situation: &Situation,
    rules: &Rules<'_>,
    now: Timestamp,
    contacts: &BTreeMap<PersonId, Vec<Contact>>,
    response: &mut Response,
) {
    let Some(jurisdiction) = situation.jurisdiction else { return };
    let mut events = Vec::new();
    for (code, tube) in situation.tubes.iter().filter(|(_, tube)| !tube.excluded) {
        tube_events(situation, rules, now, jurisdiction, (code, tube), &mut events);
    }
    for (id, case) in situation.cases.iter().filter(|(id, case)| situation.is_in_care(**id, case)) {
        case_events(rules, jurisdiction, Cause::Case(*id), (*id, case), &mut events);
        if matches!(case.stage, Stage::Preliminary | Stage::Confirmed | Stage::Asymptomatic) {
            positive_notices(rules, jurisdiction, (*id, case), response);
        }
    }
    antigen_events(situation, jurisdiction, &mut events);
    chain_events(situation, rules, now, &mut events);
    left_events(situation, jurisdiction, contacts, &mut events);
    for (key, item) in response.items.clone() {
        measure_events(situation, rules, now, jurisdiction, (&key, &item), &mut events, response);
    }
    carer_events(situation, now, jurisdiction, response, &mut events);
    for event in events {
        for kind in rules.playbook.started_by(event.trigger) {
            orders(rules, kind, &event, response);
        }
    }
}

/// The orders of one kind that an event starts: one for each subject of the kind that the event has.
fn orders(rules: &Rules<'_>, kind: &OrderKind, event: &Event, response: &mut Response) {
    if kind.effects.contains(&Effect::PassIssued) && !event.way_out {
        return;
    }
    let due = kind.deadline.due_in(rules.pack);
    let deadline_at = event.at.plus_minutes(i64::from(due.minutes));
    for subject in event.subjects.get(&kind.subject).into_iter().flatten() {
        let what = What::Order { kind: kind.key.clone(), subject: subject.clone(), area: event.area, deadline_at };
        let mut because = event.because.clone();
        let due_by = due.source.as_ref().map(|source| (**source).clone());
        // A judgement that carries the clause it works by keeps it; otherwise the deadline's says more.
        because.clause = if because.judgement { because.clause.or(due_by) } else { due_by.or(because.clause) };
        let item = Item {
            what,
            starts_at: event.at,
            ends_at: None,
            because: vec![because],
            with: event.with.clone(),
            about: event.about.clone(),
        };
        response.add(Key::order(&kind.key, subject, &event.mark), item);
    }
}

fn person_area(situation: &Situation, person: PersonId, jurisdiction: AreaId) -> AreaId {
    situation.people.get(&person).and_then(|person| person.area).unwrap_or(jurisdiction)
}

/// A positive pool: members still to be sampled alone, and members whose hold ended without a result.
fn tube_events(
    situation: &Situation,
    rules: &Rules<'_>,
    now: Timestamp,
    jurisdiction: AreaId,
    (code, tube): (&TubeCode, &Tube),
    events: &mut Vec<Event>,
) {
    if !matches!(tube.outcome, Outcome::Positive | Outcome::Inconclusive) {
        return;
    }
    let because = by_rule(
        Cause::Tube(code.clone()),
        None,
        &tube.facts,
        Text::new(format!("混采管 {code} 阳性"), format!("pool {code} came back positive")),
    );
    let about = Subject::Tube(code.clone());
    let end = tube.resulted_at.plus_hours(i64::from(rules.pack.holds.person_hours.value));
    for member in &tube.members {
        let subjects = BTreeMap::from([(SubjectKind::Person, vec![Subject::Person(*member)])]);
        let area = person_area(situation, *member, tube.area.unwrap_or(jurisdiction));
        let event = |trigger, at| Event {
            trigger,
            at,
            subjects: subjects.clone(),
            area,
            mark: code.to_string(),
            because: because.clone(),
            with: None,
            about: Some(about.clone()),
            way_out: false,
        };
        events.push(event(OrderTrigger::PoolPositive, tube.resulted_at));
        let extended = situation
            .in_force
            .get(&Key::hold(*member))
            .is_some_and(|held| held.extended && held.ends_at.is_some_and(|end| now < end));
        let is_case = situation.case_of(*member).is_some();
        let owes = people::open_since(situation.singles.get(member), tube).is_some() && !is_case;
        if tube.outcome == Outcome::Positive && now >= end && owes && !extended {
            events.push(event(OrderTrigger::HoldLapsed, end));
        }
    }
    let subjects = BTreeMap::from([(SubjectKind::Tube, vec![about.clone()])]);
    let area = tube.area.unwrap_or(jurisdiction);
    let (at, with) = (tube.resulted_at, None);
    let trigger = OrderTrigger::PoolPositive;
    let (mark, about, way_out) = (String::new(), Some(about), false);
    events.push(Event { trigger, at, subjects, area, mark, because, with, about, way_out });
}

/// A case: ambulance and reports when it was found positive, tracing, disinfection of where the person was.
fn case_events(
    rules: &Rules<'_>,
    jurisdiction: AreaId,
    cause: Cause,
    (id, case): (outpace_core::CaseId, &Case),
    events: &mut Vec<Event>,
) {
    let because = by_rule(cause, None, &case.facts, Text::new(format!("病例 {id}"), format!("case {id}")));
    let about = Some(Subject::Case(id));
    let area = case.area.unwrap_or(jurisdiction);
    let often = super::often_at(rules, case, rules.pack.lookback.contact_days.value);
    let subjects = BTreeMap::from([
        (SubjectKind::Person, vec![Subject::Person(case.person)]),
        (SubjectKind::Case, vec![Subject::Case(id)]),
        (SubjectKind::Place, often.into_keys().map(Subject::Place).collect()),
        (SubjectKind::Area, vec![Subject::Area(area)]),
    ]);
    let mut push = |trigger, at| {
        events.push(Event {
            trigger,
            at,
            subjects: subjects.clone(),
            area,
            mark: id.to_string(),
            because: because.clone(),
            with: None,
            about: about.clone(),
            way_out: false,
        });
    };
    push(OrderTrigger::CaseOpened, case.found_at);
    if case.stage != Stage::Suspected {
        push(OrderTrigger::SinglePositive, case.found_at);
    }
    if let Some(taken) = case.isolated_at {
        push(OrderTrigger::Contaminated, taken);
    }
}

/// Antigen self-tests that were positive: a nucleic-acid test, nothing else.
fn antigen_events(situation: &Situation, jurisdiction: AreaId, events: &mut Vec<Event>) {
    for (person, singles) in &situation.singles {
        let positive = |single: &&crate::situation::Single| {
            single.antigen && !single.excluded && single.outcome == Outcome::Positive
        };
        for single in singles.iter().filter(positive) {
            let text = Text::new("抗原自测阳性", "antigen self-test positive");
            events.push(Event {
                trigger: OrderTrigger::AntigenPositive,
                at: single.resulted_at,
                subjects: BTreeMap::from([(SubjectKind::Person, vec![Subject::Person(*person)])]),
                area: person_area(situation, *person, jurisdiction),
                mark: single.resulted_at.0.to_string(),
                because: by_rule(Cause::Test(*person), None, &[single.seq], text),
                with: None,
                about: Some(Subject::Person(*person)),
                way_out: false,
            });
        }
    }
}

/// Areas in which the chain is unclear: a round on each day that the pack asks for one.
fn chain_events(situation: &Situation, rules: &Rules<'_>, now: Timestamp, events: &mut Vec<Event>) {
    for (id, assessment) in situation.assessments.iter().filter(|(_, one)| one.counts(now)) {
        if assessment.finding != Finding::ChainUnclear {
            continue;
        }
        let mut because = judged(Cause::Assessment(*id), assessment);
        because.clause = super::cite(&rules.pack.zoning.clean_rounds_to_stop);
        for area in &assessment.scope.areas {
            let held = situation.grounds.get(&ZoneScope::Area(*area)).map_or(&[][..], |ground| &ground.rounds);
            for day in rounds::days_due(rules, assessment.signed_at, now, held) {
                let subject = Subject::Area(*area);
                events.push(Event {
                    trigger: OrderTrigger::ChainUnclear,
                    at: assessment.signed_at.max(Timestamp::start_of_local_day(day, rules.offset_minutes())),
                    subjects: BTreeMap::from([(SubjectKind::Area, vec![subject.clone()])]),
                    area: *area,
                    mark: day.to_string(),
                    because: because.clone(),
                    with: None,
                    about: Some(subject),
                    way_out: false,
                });
            }
        }
    }
}

/// Close contacts who have left the area: a letter goes to where they are.
fn left_events(
    situation: &Situation,
    jurisdiction: AreaId,
    contacts: &BTreeMap<PersonId, Vec<Contact>>,
    events: &mut Vec<Event>,
) {
    for (id, reasons) in contacts {
        let gone = situation.people.get(id).is_some_and(|person| !person.present);
        let close = reasons.iter().filter(|reason| reason.class == ContactClass::Close);
        let Some(reason) = close.min_by_key(|reason| (reason.known_at, reason.because.cause.clone())) else { continue };
        if gone {
            events.push(Event {
                trigger: OrderTrigger::PersonLeftArea,
                at: reason.known_at,
                subjects: BTreeMap::from([(SubjectKind::Person, vec![Subject::Person(*id)])]),
                area: person_area(situation, *id, jurisdiction),
                mark: String::new(),
                because: reason.because.clone(),
                with: None,
                about: Some(Subject::Person(*id)),
                way_out: false,
            });
        }
    }
}

/// Dependants who would be left alone: somebody has to be named before their carers leave, so this never waits.
fn carer_events(
    situation: &Situation,
    now: Timestamp,
    jurisdiction: AreaId,
    response: &Response,
    events: &mut Vec<Event>,
) {
    for missing in crate::care::missing_carers(situation, response) {
        let leaves = missing.leaving.iter().find_map(|id| response.items.get(&Key::confinement(*id)));
        let Some(because) = leaves.and_then(|item| item.because.first()) else { continue };
        let person = missing.dependant;
        events.push(Event {
            trigger: OrderTrigger::CarerMissing,
            at: now,
            subjects: BTreeMap::from([(SubjectKind::Person, vec![Subject::Person(person)])]),
            area: person_area(situation, person, jurisdiction),
            mark: String::new(),
            because: because.clone(),
            with: None,
            about: Some(Subject::Person(person)),
            way_out: false,
        });
    }
}

/// What follows from a measure: the written notice, sealing, daily duties, care, public notices.
#[allow(clippy::too_many_arguments)]
fn measure_events(
    situation: &Situation,
    rules: &Rules<'_>,
    now: Timestamp,
    jurisdiction: AreaId,
    (key, item): (&Key, &Item),
    events: &mut Vec<Event>,
    response: &mut Response,
) {
    let Some(because) = item.because.first() else { return };
    let event = |trigger, subjects, area, mark: String| Event {
        trigger,
        at: item.starts_at,
        subjects,
        area,
        mark,
        because: because.clone(),
        with: Some(key.clone()),
        about: item.about.clone(),
        way_out: false,
    };
    match &item.what {
        What::Hold { person, .. } | What::Confine { person, .. } => {
            let area = person_area(situation, *person, jurisdiction);
            let subjects = || BTreeMap::from([(SubjectKind::Person, vec![Subject::Person(*person)])]);
            let is_hold = matches!(item.what, What::Hold { .. });
            let mark = item.what.measure().map_or_else(String::new, |measure| measure.key().to_owned());
            events.push(event(OrderTrigger::MeasureStarted, subjects(), area, mark.clone()));
            let trigger = if is_hold { OrderTrigger::PersonHeld } else { OrderTrigger::QuarantineApproved };
            events.push(event(trigger, subjects(), area, mark));
        }
        What::PlaceHold { place, .. } => {
            let subjects = BTreeMap::from([(SubjectKind::Place, vec![Subject::Place(*place)])]);
            let area = place_area(situation, *place, jurisdiction);
            events.push(event(OrderTrigger::PlaceHeld, subjects, area, String::new()));
        }
        What::Closure { area, class } => {
            let subject = Subject::Area(*area);
            let subjects =
                BTreeMap::from([(SubjectKind::PlaceClass, vec![subject.clone()]), (SubjectKind::Area, vec![subject])]);
            events.push(event(OrderTrigger::ClassClosed, subjects, *area, class.clone()));
            closure_notice(situation, (*area, class), (key, item), because, response);
        }
        What::GoodsHold { place, .. } => {
            let subject = Subject::Place(*place);
            let subjects =
                BTreeMap::from([(SubjectKind::Lot, vec![subject.clone()]), (SubjectKind::Place, vec![subject])]);
            let area = place_area(situation, *place, jurisdiction);
            events.push(event(OrderTrigger::GoodsHeld, subjects, area, key.to_string()));
        }
        What::Zone { scope, level, .. } => {
            zone_events(situation, rules, now, jurisdiction, (*scope, *level), item, &event, events);
            zone_notice(situation, jurisdiction, (*scope, *level), (key, item), because, response);
        }
        What::Order { .. } | What::Notice { .. } => {}
    }
}

fn place_area(situation: &Situation, place: outpace_core::PlaceId, jurisdiction: AreaId) -> AreaId {
    situation.grounds.get(&ZoneScope::Place(place)).and_then(|ground| ground.area).unwrap_or(jurisdiction)
}

/// Sealing once; duties on each day that a locked zone has stood; a plan for each resident in need of care.
#[allow(clippy::too_many_arguments)]
fn zone_events(
    situation: &Situation,
    rules: &Rules<'_>,
    now: Timestamp,
    jurisdiction: AreaId,
    (scope, level): (ZoneScope, ZoneLevel),
    item: &Item,
    event: &impl Fn(OrderTrigger, BTreeMap<SubjectKind, Vec<Subject>>, AreaId, String) -> Event,
    events: &mut Vec<Event>,
) {
    let (subject, area) = match scope {
        ZoneScope::Area(area) => (Subject::Area(area), area),
        ZoneScope::Place(place) => (Subject::Place(place), place_area(situation, place, jurisdiction)),
    };
    let mut subjects = BTreeMap::from([(SubjectKind::Zone, vec![subject.clone()])]);
    if let Subject::Area(_) = subject {
        subjects.insert(SubjectKind::Area, vec![subject]);
    }
    let locked = rules.pack.zone(level).is_some_and(|row| row.locked.value);
    if scope != ZoneScope::Area(jurisdiction) {
        events.push(event(OrderTrigger::ZoneApproved, subjects.clone(), area, level.key().to_owned()));
    }
    if !locked {
        return;
    }
    let first = rules.day(item.starts_at);
    for day in first..=rules.day(now) {
        let mut duties = event(OrderTrigger::LockedDay, subjects.clone(), area, format!("{}/{day}", level.key()));
        duties.at = item.starts_at.max(Timestamp::start_of_local_day(day, rules.offset_minutes()));
        events.push(duties);
    }
    for resident in situation.grounds.get(&scope).into_iter().flat_map(|ground| &ground.care) {
        let subjects = BTreeMap::from([(SubjectKind::Person, vec![Subject::Person(resident.person)])]);
        let area = person_area(situation, resident.person, area);
        let way_out = resident.need.needs_way_out();
        events.push(Event { way_out, ..event(OrderTrigger::CareNeed, subjects, area, scope.to_string()) });
    }
}

fn zone_notice(
    situation: &Situation,
    jurisdiction: AreaId,
    (scope, level): (ZoneScope, ZoneLevel),
    (key, item): (&Key, &Item),
    because: &Because,
    response: &mut Response,
) {
    let ground = situation.grounds.get(&scope);
    let (name, name_en) = ground
        .map_or_else(|| (scope.to_string(), scope.to_string()), |ground| (ground.name.clone(), ground.name_en.clone()));
    let area = match scope {
        ZoneScope::Area(area) => area,
        ZoneScope::Place(place) => place_area(situation, place, jurisdiction),
    };
    let title = Text::new(format!("{name}划定为{}", level.zh()), format!("{name_en}: {} area", level.key()));
    let body = Text::new(
        format!("{name}自即日起为{}。依据:{}。解除条件按防控方案执行。", level.zh(), because.text.zh),
        format!("{name_en} is a {} area from now on ({}). It is lifted by the rules.", level.key(), because.text.en),
    );
    let what = What::Notice { kind: "zone".to_owned(), audience: Audience::Public, area, title, body };
    notice(Key::notice("zone", format!("{key}/{}", level.key())), what, item.starts_at, because, Some(key), response);
}

fn closure_notice(
    situation: &Situation,
    (area, class): (AreaId, &str),
    (key, item): (&Key, &Item),
    because: &Because,
    response: &mut Response,
) {
    let class = class_name(class);
    let (name, name_en) = situation
        .grounds
        .get(&ZoneScope::Area(area))
        .map_or_else(|| (area.to_string(), area.to_string()), |ground| (ground.name.clone(), ground.name_en.clone()));
    let title = Text::new(format!("停业通告:{}", class.zh), format!("Closed: {}", class.en));
    let body = Text::new(
        format!("{name}内的{}停业。依据:{}。", class.zh, because.text.zh),
        format!("In {name_en} all {} are closed ({}).", class.en, because.text.en),
    );
    let what = What::Notice { kind: "closure".to_owned(), audience: Audience::Public, area, title, body };
    notice(Key::notice("closure", key), what, item.starts_at, because, Some(key), response);
}

/// The messages of a positive, each to all receivers at the same time.
fn positive_notices(
    rules: &Rules<'_>,
    jurisdiction: AreaId,
    (id, case): (outpace_core::CaseId, &Case),
    response: &mut Response,
) {
    let row = &rules.pack.single_positive;
    let receivers: Vec<String> = row.receivers.value.iter().map(|receiver| receiver.key().to_owned()).collect();
    let because =
        by_rule(Cause::Case(id), super::cite(&row.messages), &case.facts, Text::new("单管阳性", "single positive"));
    for message in &row.messages.value {
        let title = Text::new(format!("阳性通报({})", message.zh()), format!("Positive: {}", message.key()));
        let body = Text::new(
            format!("病例 {id}:{}。请立即按职责处置。", message.zh()),
            format!("Case {id}: {}. Act at once as your duty is.", message.key()),
        );
        let what = What::Notice {
            kind: format!("positive_{}", message.key()),
            audience: Audience::Receivers(receivers.clone()),
            area: case.area.unwrap_or(jurisdiction),
            title,
            body,
        };
        let key = Key::notice(&format!("positive-{}", message.key()), format!("case/{id}"));
        notice(key.clone(), what, case.found_at, &because, None, response);
        if let Some(item) = response.items.get_mut(&key) {
            item.about = Some(Subject::Case(id));
        }
    }
}

fn notice(key: Key, what: What, at: Timestamp, because: &Because, with: Option<&Key>, response: &mut Response) {
    let because = vec![Because { facts: unique(&because.facts), ..because.clone() }];
    let item = Item { what, starts_at: at, ends_at: None, because, with: with.cloned(), about: None };
    response.add(key, item);
}

fn unique(facts: &[Seq]) -> Vec<Seq> {
    let all: std::collections::BTreeSet<Seq> = facts.iter().copied().collect();
    all.into_iter().collect()
}
