//! Holds and confinements of people. A hold is short and starts at once; a confinement is the strictest of what a
//! person's reasons ask for, so that nobody is counted or locked in twice.

use std::collections::BTreeMap;

use outpace_core::{CaseId, PersonId, Text, Timestamp, TubeCode};
use outpace_policy::{ContactClass, DayZero, EarlyRelease, HomePhase, QuarantineClass, QuarantineRules};

use super::contacts::Contact;
use super::{Response, Rules, by_rule, cite};
use crate::items::{Because, Cause, Confinement, Item, Key, Subject, Then, Transfer, What};
use crate::situation::{Case, Outcome, Person, Single, Situation, Stage, Tube};

pub(super) fn decide(
    situation: &Situation,
    rules: &Rules<'_>,
    now: Timestamp,
    contacts: &BTreeMap<PersonId, Vec<Contact>>,
    response: &mut Response,
) {
    for (code, tube) in &situation.tubes {
        holds_of_tube(situation, rules, now, (code, tube), response);
    }
    for (id, person) in &situation.people {
        match situation.case_of(*id) {
            Some((case_id, case)) if situation.is_in_care(case_id, case) => {
                let cause = Cause::Case(case_id);
                hold_of_case(rules, now, *id, case, &cause, response);
                isolation(situation, rules, now, *id, person, case, &cause, response);
            }
            _ => confinement(situation, rules, now, *id, person, contacts.get(id), response),
        }
    }
}

/// What a member of a positive pool still owes: `None` once a later sample of their own was negative.
pub(super) fn open_since<'a>(singles: Option<&'a Vec<Single>>, tube: &Tube) -> Option<Option<&'a Single>> {
    let own = singles.into_iter().flatten().filter(|single| {
        !single.antigen
            && !single.excluded
            && single.sampled_at >= tube.sampled_at
            && single.resulted_at >= tube.resulted_at
    });
    let last = own.max_by_key(|single| (single.resulted_at, single.seq));
    match last.map(|single| single.outcome) {
        Some(Outcome::Negative) => None,
        _ => Some(last),
    }
}

fn warn_at(rules: &Rules<'_>, end: Timestamp) -> Timestamp {
    end.plus_minutes(-i64::from(rules.pack.holds.warning_minutes.value))
}

fn hold(rules: &Rules<'_>, person: PersonId, start: Timestamp, because: Because, about: Subject) -> Item {
    let end = start.plus_hours(i64::from(rules.pack.holds.person_hours.value));
    Item {
        what: What::Hold { person, warn_at: warn_at(rules, end) },
        starts_at: start,
        ends_at: Some(end),
        because: vec![because],
        with: None,
        about: Some(about),
    }
}

/// Members of a positive pool stay where they are until their own sample is back, no longer than the pack's hours.
fn holds_of_tube(
    situation: &Situation,
    rules: &Rules<'_>,
    now: Timestamp,
    (code, tube): (&TubeCode, &Tube),
    response: &mut Response,
) {
    if tube.excluded || tube.outcome != Outcome::Positive {
        return;
    }
    for member in tube.members.iter().filter(|member| situation.people.contains_key(member)) {
        let is_case = situation.case_of(*member).is_some_and(|(_, case)| case.found_at >= tube.sampled_at);
        if is_case || open_since(situation.singles.get(member), tube).is_none() {
            continue;
        }
        let text = Text::new(
            format!("所在混采管 {code} 阳性,单采复核前就地等待"),
            format!("member of positive pool {code}, held until the single retest"),
        );
        let because = by_rule(Cause::Tube(code.clone()), cite(&rules.pack.holds.person_hours), &tube.facts, text);
        let item = hold(rules, *member, tube.resulted_at, because, Subject::Tube(code.clone()));
        add_hold(situation, now, *member, item, response);
    }
}

/// Adds a hold as long as it lasts; an extension that was granted is its end.
fn add_hold(situation: &Situation, now: Timestamp, person: PersonId, mut item: Item, response: &mut Response) {
    let key = Key::hold(person);
    if let Some(extended) = situation.in_force.get(&key).filter(|held| held.extended) {
        item.ends_at = item.ends_at.max(extended.ends_at);
    }
    if item.ends_at.is_some_and(|end| now < end) {
        response.add(key, item);
    }
}

/// Somebody found positive stays where they are until the ambulance comes.
fn hold_of_case(rules: &Rules<'_>, now: Timestamp, id: PersonId, case: &Case, cause: &Cause, response: &mut Response) {
    if case.isolated_at.is_some() {
        return;
    }
    let text = Text::new("阳性人员,等待负压救护车转运", "found positive, waiting for the ambulance");
    let because = by_rule(cause.clone(), cite(&rules.pack.holds.person_hours), &case.facts, text);
    let item = hold(rules, id, case.found_at, because, Subject::Person(id));
    if item.ends_at.is_some_and(|end| now < end) {
        response.add(Key::hold(id), item);
    }
}

/// A case is isolated until care ends. Discharge has rules of its own and no date, so the restriction is given the date
/// of its next review: as many days as a close contact is quarantined, again and again.
#[allow(clippy::too_many_arguments)]
fn isolation(
    situation: &Situation,
    rules: &Rules<'_>,
    now: Timestamp,
    id: PersonId,
    person: &Person,
    case: &Case,
    cause: &Cause,
    response: &mut Response,
) {
    let (zh, en) = match case.stage {
        Stage::Suspected => ("疑似病例,单间隔离", "suspected case, isolated alone"),
        Stage::Preliminary => {
            ("初筛阳性,转定点医院复核", "preliminary positive, to the designated hospital for review")
        }
        _ => ("感染者,隔离治疗至达到出院标准", "infected, in care until the rules of discharge are met"),
    };
    let because = by_rule(cause.clone(), cite(&rules.pack.cases.may_stay_home), &case.facts, Text::new(zh, en));
    let here = case.isolated_at.or(person.isolated_at).is_some();
    let by = rules.pack.transfer.cases_by.value;
    let what = What::Confine {
        person: id,
        kind: Confinement::Isolation,
        class: None,
        then: None,
        test_days: Vec::new(),
        transfer: (!here).then_some(Transfer::ToHospital { by }),
    };
    let key = Key::confinement(id);
    let starts_at = started(situation, &key, now);
    let ends_at = Some(next_review(rules, case.found_at, now));
    response.add(key, Item { what, starts_at, ends_at, because: vec![because], with: None, about: None });
}

/// The end of the period of review that a moment lies in.
fn next_review(rules: &Rules<'_>, found_at: Timestamp, now: Timestamp) -> Timestamp {
    let period = i64::from(rules.pack.quarantine_of(QuarantineClass::CloseContact).days.value.max(1));
    let found = rules.day(found_at);
    let passed = (rules.day(now) - found).max(0) / period;
    let end = rules.end_of_day(found + (passed + 1) * period);
    if end > now { end } else { rules.end_of_day(found + (passed + 2) * period) }
}

fn started(situation: &Situation, key: &Key, now: Timestamp) -> Timestamp {
    situation.in_force.get(key).map_or(now, |item| item.starts_at)
}

/// One way in which a person may have to be confined now.
struct Candidate {
    kind: Confinement,
    class: QuarantineClass,
    ends_at: Timestamp,
    then: Option<Then>,
    test_days: Vec<i64>,
    because: Because,
}

/// The strictest of everything that a contact's or discharged person's reasons ask for at this moment.
fn confinement(
    situation: &Situation,
    rules: &Rules<'_>,
    now: Timestamp,
    id: PersonId,
    person: &Person,
    contacts: Option<&Vec<Contact>>,
    response: &mut Response,
) {
    let key = Key::confinement(id);
    let mut candidates: Vec<Candidate> = contacts
        .into_iter()
        .flatten()
        .filter(|_| person.present)
        .filter_map(|contact| of_contact(situation, rules, now, id, contact))
        .collect();
    if let Some((case_id, case)) = situation.case_of(id) {
        candidates.extend(after_discharge(situation, rules, now, case_id, case));
    }
    // The strictest first, the longest of those, rule before judgement, then by text so that order never matters.
    candidates.sort_by(|a, b| {
        (b.kind, b.ends_at, a.because.judgement, &a.because.cause, &a.because.text).cmp(&(
            a.kind,
            a.ends_at,
            b.because.judgement,
            &b.because.cause,
            &b.because.text,
        ))
    });
    let Some(first) = candidates.first() else { return };
    let (kind, class, ends_at, then) = (first.kind, first.class, first.ends_at, first.then);
    let test_days = first.test_days.clone();
    let at_site = kind == Confinement::FacilityQuarantine;
    let transfer = Transfer::ToFacility { by: rules.pack.transfer.contacts_by.value };
    let what = What::Confine {
        person: id,
        kind,
        class: Some(class),
        then,
        test_days,
        transfer: (at_site && person.isolated_at.is_none()).then_some(transfer),
    };
    let because = candidates.into_iter().map(|candidate| candidate.because).collect();
    let starts_at = started(situation, &key, now);
    response.add(key, Item { what, starts_at, ends_at: Some(ends_at), because, with: None, about: None });
}

/// The class of the quarantine rules for a class of contact.
pub(crate) fn quarantine_class(class: ContactClass) -> Option<QuarantineClass> {
    match class {
        ContactClass::Close => Some(QuarantineClass::CloseContact),
        ContactClass::ContactOfContact => Some(QuarantineClass::ContactOfContact),
        ContactClass::Casual => Some(QuarantineClass::CasualContact),
        ContactClass::OutbreakVenue => Some(QuarantineClass::OutbreakVenue),
        ContactClass::None => None,
    }
}

fn of_contact(
    situation: &Situation,
    rules: &Rules<'_>,
    now: Timestamp,
    id: PersonId,
    contact: &Contact,
) -> Option<Candidate> {
    let class = quarantine_class(contact.class)?;
    let row = rules.pack.quarantine_of(class);
    let day_zero = match rules.pack.clock.day_zero.value {
        DayZero::LastExposure => contact.last,
        DayZero::Admission => {
            situation.people.get(&id).and_then(|person| person.isolated_at).unwrap_or(contact.known_at)
        }
    };
    let mut because = contact.because.clone();
    because.clause = cite(&row.days);
    let mut candidate = phase(rules, now, row, class, rules.day(day_zero), because)?;
    if row.early_release.value == EarlyRelease::LinkedNegative && may_go_early(situation, row, id, contact) {
        let last_test = row.test_days.value.last().copied().unwrap_or(row.days.value);
        candidate.ends_at = candidate.ends_at.min(rules.end_of_day(rules.day(day_zero) + i64::from(last_test)));
        if candidate.ends_at <= now {
            return None;
        }
    }
    Some(candidate)
}

/// 8th edition, contact of contact: the linked close contact's first two tests and the own ones are negative.
fn may_go_early(situation: &Situation, row: &QuarantineRules, id: PersonId, contact: &Contact) -> bool {
    let negatives = |person: PersonId, since: Timestamp| {
        let tests = situation.singles.get(&person).into_iter().flatten();
        let tests = tests.filter(|single| !single.antigen && !single.excluded && single.sampled_at >= since);
        let (mut good, mut bad) = (0, false);
        for single in tests {
            match single.outcome {
                Outcome::Negative => good += 1,
                Outcome::Positive => bad = true,
                Outcome::Inconclusive | Outcome::Invalid => {}
            }
        }
        if bad { 0 } else { good }
    };
    let linked = contact.by_way_of.is_none_or(|linked| negatives(linked, contact.known_at) >= 2);
    linked && negatives(id, contact.known_at) >= row.test_days.value.len()
}

/// The phase of a class that a person is in now; `None` after the last.
fn phase(
    rules: &Rules<'_>,
    now: Timestamp,
    row: &QuarantineRules,
    class: QuarantineClass,
    day_zero: i64,
    because: Because,
) -> Option<Candidate> {
    let days = |list: &[u32], from: i64| list.iter().map(move |day| from + i64::from(*day)).collect::<Vec<i64>>();
    let first_last_day = day_zero + i64::from(row.days.value);
    let first_ends = rules.end_of_day(first_last_day);
    let home_ends = rules.end_of_day(first_last_day + i64::from(row.home_days.value));
    let home = match row.home_phase.value {
        HomePhase::Monitoring => Some(Confinement::HomeMonitoring),
        HomePhase::Quarantine => Some(Confinement::HomeQuarantine),
        HomePhase::None => None,
    };
    let home = home.filter(|_| row.home_days.value > 0);
    let home_tests = days(&row.home_test_days.value, first_last_day);
    let first = Confinement::at(row.place.value).filter(|_| row.days.value > 0 && now < first_ends);
    if let Some(kind) = first {
        let mut test_days = days(&row.test_days.value, day_zero);
        outpace_isolation::restrictions::rules::add_exit_test(row, day_zero, &mut test_days);
        test_days.extend(&home_tests);
        let then = home.map(|kind| Then { kind, until: home_ends });
        return Some(Candidate { kind, class, ends_at: first_ends, then, test_days, because });
    }
    let kind = home.filter(|_| now < home_ends)?;
    Some(Candidate { kind, class, ends_at: home_ends, then: None, test_days: home_tests, because })
}

/// What follows care: quarantine or monitoring of the discharged.
fn after_discharge(
    situation: &Situation,
    rules: &Rules<'_>,
    now: Timestamp,
    id: CaseId,
    case: &Case,
) -> Option<Candidate> {
    let discharged_at = situation.discharged_at(id, case)?;
    let class = QuarantineClass::DischargedCase;
    let row = rules.pack.quarantine_of(class);
    let text = Text::new("出院后健康监测", "discharged; what the treatment plan asks for afterwards");
    let mut facts = case.facts.clone();
    facts.extend(situation.discharge_agreed(id, case).map(|(_, agreed)| agreed.seq));
    let because = by_rule(Cause::Case(id), cite(&row.home_days), &facts, text);
    phase(rules, now, row, class, rules.day(discharged_at), because)
}
