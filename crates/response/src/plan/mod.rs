//! The plan: the difference between what should be and what is in force, bundled into lines that a person can read and
//! decide on, priced, and each marked with who has to agree.
//!
//! What only releases people, restricts nobody, or is a short hold that the pack and the profile let start at once,
//! needs nobody. Everything else waits. A line that was declined stays away until one of its facts is newer than the
//! picture that the officer saw; what was approved stays approved as long as it does not grow worse.

mod lines;
mod price;
mod render;
mod supplies;

use std::collections::BTreeMap;

use outpace_core::{Text, Timestamp};
use outpace_policy::Measure;

pub use lines::{Action, AtOnce, Line, Needs, Plan, Planned, WithoutReason};
pub use price::{Affected, Price, of_people, price, total};
pub use render::{Language, render};
pub use supplies::Supply;

use crate::care::{self, CareEntry};
use crate::closure::Reach;
use crate::decide::{Response, Rules};
use crate::items::{Because, Confinement, InForce, Item, Key, What};
use crate::situation::{Situation, ZoneScope};

/// One difference before bundling.
struct Difference {
    key: Key,
    action: Action,
    item: Option<Item>,
    held: Option<InForce>,
    needs: Needs,
}

/// Compares the desired response with what is in force, within a reach: what lies outside of it was not loaded to be
/// decided and stays as it is.
#[must_use]
pub fn plan(situation: &Situation, desired: &Response, reach: &Reach, rules: &Rules<'_>, now: Timestamp) -> Plan {
    let mut plan = Plan::default();
    let mut differences = Vec::new();
    let mut waiting: BTreeMap<Key, Option<String>> = BTreeMap::new();
    let (measures, work): (Vec<_>, Vec<_>) = desired
        .items
        .iter()
        .filter(|(_, item)| reach.decides(item))
        .partition(|(_, item)| item.what.measure().is_some());
    for (key, item) in measures {
        let held = situation.in_force.get(key);
        let Some(action) = action(item, held) else { continue };
        if kept_away(situation, key, item) {
            plan.kept_away.push(key.clone());
            waiting.insert(key.clone(), None);
            continue;
        }
        let needs = needs(situation, rules, key, item, held);
        if held.is_none() && matches!(needs, Needs::Approval { .. }) {
            waiting.insert(key.clone(), Some(line_key(action, Some(item), None, &needs)));
        }
        let (item, held) = (Some(item.clone()), held.cloned());
        differences.push(Difference { key: key.clone(), action, item, held, needs });
    }
    for (key, item) in work.into_iter().filter(|(key, _)| !situation.in_force.contains_key(key)) {
        let needs = match item.with.as_ref().and_then(|with| waiting.get(with)) {
            Some(None) => {
                plan.kept_away.push(key.clone());
                continue;
            }
            Some(Some(line)) => Needs::Follows { line: line.clone() },
            None => Needs::AtOnce(AtOnce::Work),
        };
        if kept_away(situation, key, item) {
            plan.kept_away.push(key.clone());
            continue;
        }
        let item = Some(item.clone());
        differences.push(Difference { key: key.clone(), action: Action::Add, item, held: None, needs });
    }
    let mine = situation.in_force.iter().filter(|(_, held)| reach.decides_held(held));
    for (key, held) in mine.filter(|(key, _)| !desired.items.contains_key(key)) {
        if held.observed {
            plan.without_reason.push(without_reason(desired, key, held, now));
        } else if !held.done {
            let needs = release(rules, &held.what);
            let (key, held) = (key.clone(), Some(held.clone()));
            differences.push(Difference { key, action: Action::Lift, item: None, held, needs });
        }
    }
    plan.lines = bundle(situation, desired, rules, now, differences);
    plan.price = price::total(plan.lines.iter().map(|line| &line.price));
    plan
}

/// What has to happen to an item, if anything.
fn action(item: &Item, held: Option<&InForce>) -> Option<Action> {
    let Some(held) = held else { return Some(Action::Add) };
    let same = match (&item.what, &held.what) {
        (What::Hold { .. }, What::Hold { .. }) | (What::PlaceHold { .. }, What::PlaceHold { .. }) => {
            held.extended || item.ends_at == held.ends_at
        }
        (
            What::Confine { kind, transfer, test_days, .. },
            What::Confine { kind: kind_held, test_days: tests_held, .. },
        ) => {
            kind == kind_held
                && item.ends_at == held.ends_at
                && test_days == tests_held
                && (transfer.is_none() || held.moved)
        }
        (What::Zone { level, .. }, What::Zone { level: level_held, .. }) => {
            level == level_held && item.ends_at == held.ends_at
        }
        _ => item.ends_at == held.ends_at,
    };
    (!same).then_some(Action::Change)
}

/// Later than any moment, for ends that a rule rather than a date sets.
fn or_never(until: Option<Timestamp>) -> Timestamp {
    until.unwrap_or(Timestamp(i64::MAX))
}

/// Whether an item is worse for those under it than what is in force.
fn is_worse(item: &Item, held: &InForce) -> bool {
    let until = or_never(item.what.lasts_until(item.ends_at));
    // A case is isolated until care ends; the date on it is that of the next review.
    let in_care = matches!(held.what, What::Confine { kind: Confinement::Isolation, .. });
    let until_held = or_never(held.what.lasts_until(held.ends_at).filter(|_| !in_care));
    item.what.strictness() > held.what.strictness() || until > until_held
}

/// Whether it was declined and none of its facts is newer than what the officer saw.
fn kept_away(situation: &Situation, key: &Key, item: &Item) -> bool {
    situation.declined.get(key).is_some_and(|declined| item.newest_fact() <= declined.seq)
}

/// Who has to agree to an addition or change.
fn needs(situation: &Situation, rules: &Rules<'_>, key: &Key, item: &Item, held: Option<&InForce>) -> Needs {
    let Some(measure) = item.what.measure() else { return Needs::AtOnce(AtOnce::Work) };
    if held.is_some_and(|held| !is_worse(item, held)) {
        return release(rules, &item.what);
    }
    let until = or_never(item.what.lasts_until(item.ends_at));
    let within = situation
        .approved
        .get(key)
        .is_some_and(|approved| item.what.strictness() <= approved.strictness && until <= or_never(approved.until));
    if within {
        return Needs::AtOnce(AtOnce::Approved);
    }
    if rules.pack.measures.get(measure).may_start_at_once.value && rules.profile.starts_at_once(measure) {
        return Needs::AtOnce(AtOnce::Urgent);
    }
    approval(rules, measure)
}

fn approval(rules: &Rules<'_>, measure: Measure) -> Needs {
    let row = rules.profile.approval(measure);
    let two = rules.pack.measures.get(measure).grave.value && rules.profile.two_persons_for_grave;
    Needs::Approval {
        measure,
        approvers: row.approvers.clone(),
        deputies: row.deputies.clone(),
        timeout_minutes: row.timeout_minutes,
        persons: if two { 2 } else { 1 },
    }
}

/// What only releases is applied at once, unless the profile wants a signature even then.
fn release(rules: &Rules<'_>, what: &What) -> Needs {
    match what.measure() {
        Some(measure) if !rules.profile.release_without_approval => match approval(rules, measure) {
            Needs::Approval { measure, approvers, deputies, timeout_minutes, .. } => {
                Needs::Approval { measure, approvers, deputies, timeout_minutes, persons: 1 }
            }
            other => other,
        },
        _ => Needs::AtOnce(AtOnce::Release),
    }
}

fn without_reason(desired: &Response, key: &Key, held: &InForce, now: Timestamp) -> WithoutReason {
    let subject = held.what.subject();
    let asked_for = desired.items.values().any(|item| {
        item.what.measure().is_some()
            && item.what.subject() == subject
            && item.what.strictness() >= held.what.strictness()
    });
    WithoutReason {
        key: key.clone(),
        what: held.what.clone(),
        starts_at: held.starts_at,
        ends_at: held.ends_at,
        overdue: held.ends_at.is_some_and(|end| end <= now),
        asked_for,
    }
}

/// The line that an item belongs to: people by kind and cause, areas and places each alone.
fn line_key(action: Action, item: Option<&Item>, held: Option<(&Key, &InForce)>, needs: &Needs) -> String {
    let verb = match action {
        Action::Add => "add",
        Action::Change => "change",
        Action::Lift => "lift",
    };
    let cause = |item: &Item| item.because.first().map_or_else(String::new, |because| because.cause.to_string());
    let base = match (item, held) {
        (Some(item), _) => match &item.what {
            What::Zone { scope, level, .. } => format!("{verb}/zone/{scope}/{}", level.key()),
            What::Closure { area, class } => format!("{verb}/closure/{area}/{class}"),
            What::PlaceHold { place, .. } => format!("{verb}/place_hold/{place}"),
            What::Confine { class, .. } => {
                let class = class.map_or("case", |class| class.key());
                format!("{verb}/{}/{class}/{}", item.what.word(), cause(item))
            }
            what => format!("{verb}/{}/{}", what.word(), cause(item)),
        },
        (None, Some((key, held))) if matches!(held.what, What::Zone { .. }) => format!("{verb}/{key}"),
        (None, Some((_, held))) => format!("{verb}/{}", held.what.word()),
        (None, None) => verb.to_owned(),
    };
    match needs {
        Needs::Approval { .. } => base,
        Needs::AtOnce(_) => format!("{base}/at_once"),
        Needs::Follows { line } => format!("{base}/with/{line}"),
    }
}

/// Bundles differences into lines, in order: what waits, what follows, what starts at once.
fn bundle(
    situation: &Situation,
    desired: &Response,
    rules: &Rules<'_>,
    now: Timestamp,
    differences: Vec<Difference>,
) -> Vec<Line> {
    let carers = care::of_plan(situation, desired);
    let mut lines: BTreeMap<String, (Line, Vec<Item>)> = BTreeMap::new();
    for difference in differences {
        let Difference { key, action, item, held, needs } = difference;
        let line = line_key(action, item.as_ref(), held.as_ref().map(|held| (&key, held)), &needs);
        let planned = planned(&key, item.as_ref(), held.as_ref(), &carers);
        let Some(planned) = planned else { continue };
        let (entry, items) = lines.entry(line.clone()).or_insert_with(|| {
            let word = planned.what.word();
            (empty_line(line, action, word, needs), Vec::new())
        });
        match item {
            Some(item) => {
                add_reasons(&mut entry.because, &item.because);
                items.push(item);
            }
            None => entry.because.clear(),
        }
        entry
            .missing_carers
            .extend(planned.blocked_by.and_then(|dependant| carers.by_dependant.get(&dependant).cloned()));
        entry.items.push(planned);
    }
    let zones = price::Zones::of(situation, desired);
    let mut lines: Vec<Line> = lines
        .into_values()
        .map(|(mut line, items)| {
            line.missing_carers.sort();
            line.missing_carers.dedup();
            add_ground(situation, rules, &mut line);
            line.price = price::of_items(situation, rules, now, &zones, items.iter());
            line.supplies = supplies::of_line(&line, rules);
            line.title = render::title(situation, rules, &line);
            line
        })
        .collect();
    lines.sort_by_key(|line| match line.needs {
        Needs::Approval { .. } => 0,
        Needs::Follows { .. } => 1,
        Needs::AtOnce(_) => 2,
    });
    lines
}

fn empty_line(key: String, action: Action, word: String, needs: Needs) -> Line {
    Line {
        key,
        action,
        word,
        title: Text::new("", ""),
        because: Vec::new(),
        items: Vec::new(),
        needs,
        missing_carers: Vec::new(),
        care: Vec::new(),
        leavers: Vec::new(),
        population: 0,
        households: 0,
        supplies: Vec::new(),
        price: Price::default(),
    }
}

fn planned(key: &Key, item: Option<&Item>, held: Option<&InForce>, carers: &care::Carers) -> Option<Planned> {
    let blocked_by = item.and_then(|item| match &item.what {
        // A case never waits: somebody is found for the child while the ambulance is on its way.
        What::Confine { person, kind: Confinement::FacilityQuarantine, .. } => carers.blocks(*person),
        _ => None,
    });
    let (what, starts_at, ends_at, facts) = match (item, held) {
        (Some(item), _) => (item.what.clone(), item.starts_at, item.ends_at, item.facts()),
        (None, Some(held)) => (held.what.clone(), held.starts_at, held.ends_at, held.facts.clone()),
        (None, None) => return None,
    };
    let with = item.map_or_else(|| held.and_then(|held| held.with.clone()), |item| item.with.clone());
    let about = item.map_or_else(|| held.and_then(|held| held.about.clone()), |item| item.about.clone());
    let id = held.map(|held| held.id);
    Some(Planned { key: key.clone(), what, starts_at, ends_at, facts, with, about, id, blocked_by })
}

/// At most this many reasons stand on a line; each item keeps all its facts.
const REASONS_MAX: usize = 8;

fn add_reasons(kept: &mut Vec<Because>, more: &[Because]) {
    for because in more {
        let known = kept.iter().any(|one| one.cause == because.cause && one.text == because.text);
        if !known && kept.len() < REASONS_MAX {
            kept.push(because.clone());
        }
    }
}

/// Care list, ways out and leavers of a zone that is to be locked.
fn add_ground(situation: &Situation, rules: &Rules<'_>, line: &mut Line) {
    if line.action == Action::Lift {
        return;
    }
    for planned in &line.items {
        let What::Zone { scope, level, .. } = &planned.what else { continue };
        let Some(ground) = situation.grounds.get(scope) else { continue };
        line.population = ground.population;
        line.households = ground.households;
        if rules.pack.zone(*level).is_some_and(|row| row.locked.value) {
            line.care.extend(ground.care.iter().map(|resident| CareEntry {
                person: resident.person,
                need: resident.need,
                way_out: resident.need.needs_way_out(),
            }));
        }
        if !matches!(scope, ZoneScope::Area(area) if Some(*area) == situation.jurisdiction) {
            line.leavers.extend(&ground.leavers);
        }
    }
}
