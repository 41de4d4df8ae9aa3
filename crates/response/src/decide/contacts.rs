//! Who is a contact of which class: from household, workplace, room, vehicle and recorded exposures by the pack's
//! settings and windows; from signed judgements; and, where the edition asks for it, contacts of close contacts.

use std::collections::{BTreeMap, BTreeSet};

use outpace_core::{CaseId, HouseholdId, PersonId, PlaceId, Seq, Text, Timestamp};
use outpace_policy::{Citation, ContactClass, RepeatedScreening, Setting};

use super::{Rules, by_rule, cite};
use crate::items::{Because, Cause};
use crate::situation::{Assessment, Case, ExposedTo, Exposure, Finding, Person, Situation};

/// One person as a contact for one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// The class.
    pub class: ContactClass,
    /// First exposure.
    pub first: Timestamp,
    /// Last exposure: day 0 where the pack says so.
    pub last: Timestamp,
    /// When it became known: quarantine that starts with admission starts no earlier.
    pub known_at: Timestamp,
    /// For a contact of a contact: the close contact.
    pub by_way_of: Option<PersonId>,
    /// The fact that made them one: a judgement that they are none knew of it, or did not.
    pub told_by: Seq,
    /// Why.
    pub because: Because,
}

/// Who shares what with whom, among the people of the situation.
pub(crate) struct Sharing<'a> {
    households: BTreeMap<HouseholdId, Vec<PersonId>>,
    rooms: BTreeMap<(PlaceId, &'a str), Vec<(PersonId, bool)>>,
}

impl<'a> Sharing<'a> {
    pub(crate) fn of(situation: &'a Situation) -> Self {
        let mut sharing = Self { households: BTreeMap::new(), rooms: BTreeMap::new() };
        for (id, person) in &situation.people {
            if let Some(household) = person.household {
                sharing.households.entry(household).or_default().push(*id);
            }
            if let (Some(place), Some(room)) = (person.workplace, person.room.as_deref()) {
                sharing.rooms.entry((place, room)).or_default().push((*id, person.studies));
            }
        }
        sharing
    }

    /// Who lives or works in the same rooms, with the setting; the person themselves left out.
    pub(crate) fn neighbours(&self, id: PersonId, person: &'a Person) -> Vec<(PersonId, Setting)> {
        let home = person.household.and_then(|household| self.households.get(&household));
        let room = person.workplace.zip(person.room.as_deref()).and_then(|room| self.rooms.get(&room));
        let at_home = home.into_iter().flatten().map(|other| (*other, Setting::Household));
        let at_work = room.into_iter().flatten().map(|(other, studies)| {
            (*other, if *studies || person.studies { Setting::Study } else { Setting::Workplace })
        });
        at_home.chain(at_work).filter(|(other, _)| *other != id).collect()
    }
}

/// The window in which a case exposed others.
#[must_use]
pub fn window(case: &Case, rules: &Rules<'_>) -> (Timestamp, Timestamp, Option<Citation>) {
    let lookback = &rules.pack.lookback;
    let from_index = case.onset_at.or(case.sampled_at).unwrap_or(case.found_at);
    let fixed = from_index.plus_days(-i64::from(lookback.contact_days.value));
    let repeated = case.by_screening && lookback.repeated_screening.value == RepeatedScreening::LastNegative;
    match case.last_negative_at.filter(|_| repeated) {
        Some(negative) => (negative, case.infectious_until(), cite(&lookback.repeated_screening)),
        None => (fixed, case.infectious_until(), cite(&lookback.contact_days)),
    }
}

/// All contacts of the situation, with every reason for each.
#[must_use]
pub fn contacts(situation: &Situation, rules: &Rules<'_>, now: Timestamp) -> BTreeMap<PersonId, Vec<Contact>> {
    let sharing = Sharing::of(situation);
    let mut found: BTreeMap<PersonId, Vec<Contact>> = BTreeMap::new();
    for (id, case) in situation.cases.iter().filter(|(_, case)| case.counts()) {
        of_case(situation, rules, &sharing, (*id, case), &mut found);
    }
    recorded(situation, rules, &mut found);
    for (id, assessment) in situation.assessments.iter().filter(|(_, assessment)| assessment.counts(now)) {
        assessed(situation, Cause::Assessment(*id), assessment, &mut found);
    }
    cleared(situation, now, &mut found);
    if rules.pack.contacts.second_ring.determined.value {
        second_ring(situation, rules, &sharing, &mut found);
        cleared(situation, now, &mut found);
    }
    found
}

/// Takes out people who were judged to be no contacts, as far as the judgement knew what had made them one.
fn cleared(situation: &Situation, now: Timestamp, found: &mut BTreeMap<PersonId, Vec<Contact>>) {
    let judged = situation.assessments.values();
    for judged in judged.filter(|one| one.counts(now) && one.finding == Finding::PeopleAreNoContacts) {
        for person in &judged.scope.people {
            if let Some(reasons) = found.get_mut(person) {
                reasons.retain(|reason| reason.told_by > judged.seq);
            }
        }
    }
    found.retain(|_, reasons| !reasons.is_empty());
}

/// People who share a home or a room with a case.
fn of_case(
    situation: &Situation,
    rules: &Rules<'_>,
    sharing: &Sharing<'_>,
    (id, case): (CaseId, &Case),
    found: &mut BTreeMap<PersonId, Vec<Contact>>,
) {
    let Some(person) = situation.people.get(&case.person) else { return };
    let (first, until, _) = window(case, rules);
    for (other, setting) in sharing.neighbours(case.person, person) {
        let row = rules.pack.contacts.settings.get(setting);
        let class = row.class_for(u32::MAX);
        let Some(last) = ends_with_isolation(situation, other, first, until) else { continue };
        let text = Text::new(
            format!("与{}(病例 {id}){}", stage_zh(case), setting.zh()),
            format!("shares {} with case {id}", setting.key()),
        );
        let because = by_rule(Cause::Case(id), cite(class), &case.facts, text);
        let told_by = case.facts.iter().copied().min().unwrap_or(Seq(0));
        let (class, known_at) = (class.value, case.found_at);
        let contact = Contact { class, first, last, known_at, by_way_of: None, told_by, because };
        push(found, other, contact);
    }
}

fn stage_zh(case: &Case) -> &'static str {
    match case.stage {
        crate::situation::Stage::Suspected => "疑似病例",
        crate::situation::Stage::Preliminary => "初筛阳性人员",
        crate::situation::Stage::Confirmed => "确诊病例",
        crate::situation::Stage::Asymptomatic => "无症状感染者",
        crate::situation::Stage::Excluded => "已排除者",
    }
}

/// The last exposure of somebody who may have been taken away before the case was; `None` if they left before it began.
fn ends_with_isolation(
    situation: &Situation,
    person: PersonId,
    first: Timestamp,
    until: Timestamp,
) -> Option<Timestamp> {
    let gone = situation.people.get(&person).and_then(|person| person.isolated_at);
    let last = gone.map_or(until, |gone| gone.min(until));
    (last >= first).then_some(last)
}

/// People with a recorded exposure to a case: places, meals, vehicles.
fn recorded(situation: &Situation, rules: &Rules<'_>, found: &mut BTreeMap<PersonId, Vec<Contact>>) {
    for exposure in situation.exposures.values().filter(|exposure| !exposure.excluded) {
        let ExposedTo::Case(id) = exposure.to else { continue };
        let Some(case) = situation.cases.get(&id).filter(|case| case.counts() && case.person != exposure.person) else {
            continue;
        };
        let (first, until, _) = window(case, rules);
        if exposure.until < first || exposure.from > until {
            continue;
        }
        let (class, clause) = class_of(rules, exposure);
        let text = Text::new(
            format!("与病例 {id} {},共处 {} 分钟", exposure.setting.zh(), exposure.minutes),
            format!("was with case {id} for {} minutes ({})", exposure.minutes, exposure.setting.key()),
        );
        let mut facts = case.facts.clone();
        facts.push(exposure.seq);
        let mut because = by_rule(Cause::Case(id), clause, &facts, text);
        because.judgement = exposure.judged.is_some();
        let (first, last) = (exposure.from.max(first), exposure.until.min(until));
        let (known_at, told_by) = (case.found_at, exposure.seq);
        let contact = Contact { class, first, last, known_at, by_way_of: None, told_by, because };
        push(found, exposure.person, contact);
    }
}

fn class_of(rules: &Rules<'_>, exposure: &Exposure) -> (ContactClass, Option<Citation>) {
    match (&exposure.judged, &exposure.aboard) {
        (Some(class), _) => (*class, None),
        (None, Some((kind, aboard))) => {
            let row = rules.pack.vehicles.get(*kind);
            (row.class_for(*aboard), cite(&row.scope))
        }
        (None, None) => {
            let class = rules.pack.contacts.settings.get(exposure.setting).class_for(exposure.minutes);
            (class.value, cite(class))
        }
    }
}

/// People whom officers judged to be contacts.
fn assessed(
    situation: &Situation,
    cause: Cause,
    assessment: &Assessment,
    found: &mut BTreeMap<PersonId, Vec<Contact>>,
) {
    let Finding::PeopleAreContacts { class, exposed_until } = &assessment.finding else { return };
    let last = exposed_until.unwrap_or(assessment.signed_at);
    let scope = &assessment.scope;
    let workers = situation.people.iter().filter(|(id, person)| {
        scope.people.contains(id) || person.workplace.is_some_and(|place| scope.places.contains(&place))
    });
    for (id, person) in workers {
        let last = person.isolated_at.map_or(last, |gone| gone.min(last));
        let because = judged(cause.clone(), assessment);
        let known_at = assessment.signed_at;
        let (class, told_by) = (*class, assessment.seq);
        push(found, *id, Contact { class, first: last, last, known_at, by_way_of: None, told_by, because });
    }
}

/// A reason by judgement.
pub(crate) fn judged(cause: Cause, assessment: &Assessment) -> Because {
    let reason = &assessment.reason;
    let text = Text::new(format!("研判:{}", reason.zh), format!("assessment: {}", reason.en));
    Because { cause, clause: None, facts: vec![assessment.seq], judgement: true, text }
}

/// People who share a home, a room or a meal with a close contact.
fn second_ring(
    situation: &Situation,
    rules: &Rules<'_>,
    sharing: &Sharing<'_>,
    found: &mut BTreeMap<PersonId, Vec<Contact>>,
) {
    let ring = &rules.pack.contacts.second_ring;
    let settings: BTreeSet<Setting> = ring.settings.value.iter().copied().collect();
    let mut exposures: BTreeMap<PersonId, Vec<(PersonId, Setting, Seq)>> = BTreeMap::new();
    for exposure in situation.exposures.values().filter(|exposure| !exposure.excluded) {
        if let ExposedTo::Person(contact) = exposure.to {
            exposures.entry(contact).or_default().push((exposure.person, exposure.setting, exposure.seq));
        }
    }
    let mut second = Vec::new();
    for (id, reasons) in found.iter() {
        let Some(person) = situation.people.get(id) else { continue };
        let close = reasons.iter().filter(|reason| reason.class == ContactClass::Close);
        let Some(link) = close.max_by_key(|reason| (reason.known_at, !reason.because.judgement)) else { continue };
        if situation.case_of(*id).is_some_and(|(_, case)| case.counts()) {
            continue;
        }
        let until = person.isolated_at.unwrap_or(link.known_at).max(link.first);
        let shared = sharing.neighbours(*id, person).into_iter().map(|(other, setting)| (other, setting, None));
        let told = exposures.get(id).into_iter().flatten().map(|(other, setting, seq)| (*other, *setting, Some(*seq)));
        for (other, setting, seq) in shared.chain(told).filter(|(_, setting, _)| settings.contains(setting)) {
            let mut facts = link.because.facts.clone();
            facts.extend(seq);
            let text = Text::new(
                format!("与密切接触者(人员 {id}){}", setting.zh()),
                format!("shares {} with close contact {id}", setting.key()),
            );
            let because = Because {
                cause: link.because.cause.clone(),
                clause: cite(&ring.settings),
                facts,
                judgement: link.because.judgement,
                text,
            };
            let class = ContactClass::ContactOfContact;
            let (first, known_at) = (link.first, link.known_at);
            let told_by = seq.map_or(link.told_by, |seq| seq.max(link.told_by));
            let by_way_of = Some(*id);
            second.push((other, Contact { class, first, last: until, known_at, by_way_of, told_by, because }));
        }
    }
    for (other, contact) in second {
        push(found, other, contact);
    }
}

fn push(found: &mut BTreeMap<PersonId, Vec<Contact>>, person: PersonId, contact: Contact) {
    if contact.class != ContactClass::None {
        found.entry(person).or_default().push(contact);
    }
}
