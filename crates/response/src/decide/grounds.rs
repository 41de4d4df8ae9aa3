//! Zones, closures of classes of places, holds of places and of goods: one row per area or place, never one per
//! resident. Zones are asked for by rule (where a case lives, where it went often, the rest of the county) and by
//! signed judgement, and end when the pack's conditions of lifting are met.

use std::collections::{BTreeMap, BTreeSet};

use outpace_core::{AreaId, AreaLevel, PlaceId, Seq, Text, Timestamp};
use outpace_policy::{Delineation, LiftBy, LiftFacts, Measure, ZoneLevel, ZoneRules, ZoneUnit};

use super::contacts::judged;
use super::{Response, Rules, by_rule, cite};
use crate::items::{Because, Cause, InForce, Item, Key, What};
use crate::situation::{Case, Finding, Situation, Stage, ZoneScope};

/// A reason for a zone.
struct Wish {
    level: ZoneLevel,
    since: Timestamp,
    ends_at: Option<Timestamp>,
    because: Because,
}

/// The areas and places about which something is or may be decided, with the strictest level that is asked for: whoever
/// loads a situation looks up what is known of each.
#[must_use]
pub fn scopes(situation: &Situation, rules: &Rules<'_>, now: Timestamp) -> BTreeMap<ZoneScope, Option<ZoneLevel>> {
    let mut wishes = Wishes::new();
    let mut found: BTreeMap<ZoneScope, Option<ZoneLevel>> = BTreeMap::new();
    for (id, case) in situation.cases.iter().filter(|(_, case)| case.counts()) {
        around_case(rules, Cause::Case(*id), case, &mut wishes);
        let held = often_at(rules, case, rules.pack.lookback.contact_days.value);
        found.extend(held.into_keys().map(|place| (ZoneScope::Place(place), None)));
    }
    for ((scope, _), wishes) in &wishes {
        found.insert(*scope, wishes.iter().map(|wish| wish.level).min());
    }
    for assessment in situation.assessments.values().filter(|assessment| assessment.counts(now)) {
        let level = match assessment.finding {
            Finding::Zone { level } => Some(level),
            Finding::ChainUnclear => hard_to_trace(rules).map(|(level, _)| level).min(),
            _ => None,
        };
        let areas = assessment.scope.areas.iter().map(|area| ZoneScope::Area(*area));
        for scope in areas.chain(assessment.scope.places.iter().map(|place| ZoneScope::Place(*place))) {
            let kept = found.entry(scope).or_insert(level);
            *kept = [*kept, level].into_iter().flatten().min();
        }
    }
    for held in situation.in_force.values() {
        if let What::Zone { scope, level, .. } = held.what {
            let kept = found.entry(scope).or_insert(Some(level));
            *kept = [*kept, Some(level)].into_iter().flatten().min();
        }
    }
    found.extend(situation.jurisdiction.map(|area| (ZoneScope::Area(area), None)));
    found
}

/// Wishes by scope and family (false: lockdown, control, precaution; true: high, medium, low).
type Wishes = BTreeMap<(ZoneScope, bool), Vec<Wish>>;

pub(super) fn decide(situation: &Situation, rules: &Rules<'_>, now: Timestamp, response: &mut Response) {
    let mut wishes = Wishes::new();
    for (id, case) in situation.cases.iter().filter(|(_, case)| case.counts() && case.stage != Stage::Suspected) {
        let spread = !no_spread(situation, rules, case, now);
        if spread {
            around_case(rules, Cause::Case(*id), case, &mut wishes);
        }
        hold_places(situation, rules, now, Cause::Case(*id), case, response);
    }
    for (id, assessment) in situation.assessments.iter().filter(|(_, assessment)| assessment.counts(now)) {
        let because = judged(Cause::Assessment(*id), assessment);
        let (since, ends_at) = (assessment.signed_at, Some(assessment.expires_at));
        match &assessment.finding {
            Finding::Zone { level } if rules.pack.zone(*level).is_some() => {
                let areas = assessment.scope.areas.iter().map(|area| ZoneScope::Area(*area));
                let places = assessment.scope.places.iter().map(|place| ZoneScope::Place(*place));
                for scope in areas.chain(places) {
                    let wish = Wish { level: *level, since, ends_at, because: because.clone() };
                    wishes.entry((scope, level.is_risk())).or_default().push(wish);
                }
            }
            Finding::ChainUnclear => {
                for (level, row) in hard_to_trace(rules) {
                    for area in &assessment.scope.areas {
                        let because = Because { clause: cite(&row.delineation), ..because.clone() };
                        let key = (ZoneScope::Area(*area), level.is_risk());
                        wishes.entry(key).or_default().push(Wish { level, since, ends_at, because });
                    }
                }
            }
            Finding::CloseClasses { classes } => {
                for area in &assessment.scope.areas {
                    for class in classes {
                        let what = What::Closure { area: *area, class: class.clone() };
                        add(situation, now, Key::closure(*area, class), what, since, ends_at, &because, response);
                    }
                }
            }
            Finding::HoldGoods { goods } => {
                for place in &assessment.scope.places {
                    let what = What::GoodsHold { place: *place, goods: goods.clone() };
                    add(situation, now, Key::goods_hold(*place, *id), what, since, ends_at, &because, response);
                }
            }
            Finding::HoldPlaces => {
                for place in &assessment.scope.places {
                    hold_place(situation, rules, now, *place, since, because.clone(), response);
                }
            }
            _ => {}
        }
    }
    let standing = zones(situation, rules, now, &wishes, response);
    rest_of_county(situation, rules, now, &standing, response);
}

#[allow(clippy::too_many_arguments)]
fn add(
    situation: &Situation,
    now: Timestamp,
    key: Key,
    what: What,
    since: Timestamp,
    ends_at: Option<Timestamp>,
    because: &Because,
    response: &mut Response,
) {
    if ends_at.is_some_and(|end| end <= now) {
        return;
    }
    let starts_at = situation.in_force.get(&key).map_or(since.max(now), |item| item.starts_at);
    response.add(key, Item { what, starts_at, ends_at, because: vec![because.clone()], with: None, about: None });
}

/// Whether an assessment found no risk of spread around a case, where the edition lets that count.
fn no_spread(situation: &Situation, rules: &Rules<'_>, case: &Case, now: Timestamp) -> bool {
    rules.pack.zoning.none_without_spread_risk.value
        && case.area.is_some_and(|home| {
            situation.assessments.values().any(|assessment| {
                assessment.counts(now)
                    && assessment.finding == Finding::NoCommunitySpread
                    && assessment.scope.areas.iter().any(|area| area.contains(home))
            })
        })
}

/// The smallest unit of a level's rules that our tree has, around a grid.
fn unit_of(row: &ZoneRules, home: AreaId) -> AreaId {
    let village = home.at(AreaLevel::Village).unwrap_or(home);
    let grid_known = home != village.unknown_grid();
    let level = row.units.value.iter().find_map(|unit| match unit {
        ZoneUnit::Floor | ZoneUnit::Unit | ZoneUnit::Building => grid_known.then_some(AreaLevel::Grid),
        ZoneUnit::Compound | ZoneUnit::Village => Some(AreaLevel::Village),
        ZoneUnit::Township => Some(AreaLevel::Township),
        ZoneUnit::County => Some(AreaLevel::County),
        ZoneUnit::Place => None,
    });
    home.at(level.unwrap_or(AreaLevel::Village)).unwrap_or(village)
}

/// The levels that the pack draws where contacts are hard to trace.
fn hard_to_trace<'a>(rules: &Rules<'a>) -> impl Iterator<Item = (ZoneLevel, &'a ZoneRules)> {
    let zones = rules.pack.zones.iter();
    zones.filter(|(_, row)| row.delineation.value == Delineation::ContactsHardToTrace).map(|(level, row)| (*level, row))
}

/// Where a case works or learns, and every other place where it was on as many days of the window as the pack asks for,
/// with the facts beyond the case's own. The window reaches so many days back from onset, or from the positive sample.
pub(crate) fn often_at(rules: &Rules<'_>, case: &Case, days: u32) -> BTreeMap<PlaceId, Vec<Seq>> {
    let mut often: BTreeMap<PlaceId, Vec<Seq>> = case.places.iter().map(|place| (*place, Vec::new())).collect();
    let first = rules.day(case.onset_at.or(case.sampled_at).unwrap_or(case.found_at)) - i64::from(days);
    for (place, visits) in &case.visited {
        let within: Vec<_> = visits.iter().filter(|visit| visit.day >= first).collect();
        let distinct: BTreeSet<i64> = within.iter().map(|visit| visit.day).collect();
        let least = rules.pack.lookback.frequent_days_min.value;
        if days > 0 && u32::try_from(distinct.len()).is_ok_and(|count| count >= least) {
            often.entry(*place).or_default().extend(within.iter().map(|visit| visit.seq));
        }
    }
    often
}

/// Zones that the rules draw around a case.
fn around_case(rules: &Rules<'_>, cause: Cause, case: &Case, wishes: &mut Wishes) {
    for (level, row) in &rules.pack.zones {
        let (residence, places) = match row.delineation.value {
            Delineation::ResidenceAndFrequent => (true, true),
            Delineation::ResidenceAndRisky => (true, false),
            Delineation::StayedForSomeTime => (false, true),
            Delineation::ContactsHardToTrace | Delineation::RestOfCounty | Delineation::Assessment => continue,
        };
        let mut push = |scope: ZoneScope, visits: &[Seq], zh: &str, en: &str| {
            let text = Text::new(zh, en);
            let facts = [case.facts.as_slice(), visits].concat();
            let because = by_rule(cause.clone(), cite(&row.delineation), &facts, text);
            let wish = Wish { level: *level, since: case.found_at, ends_at: None, because };
            wishes.entry((scope, level.is_risk())).or_default().push(wish);
        };
        if let Some(place) = case.lives_at.filter(|_| residence && row.units.value.contains(&ZoneUnit::Place)) {
            push(
                ZoneScope::Place(place),
                &[],
                "感染者居住的宿舍所在场所",
                "the place whose dormitory an infected person lives in",
            );
        } else if let Some(home) = case.area.filter(|_| residence) {
            push(ZoneScope::Area(unit_of(row, home)), &[], "感染者居住地", "where an infected person lives");
        }
        if places && row.units.value.contains(&ZoneUnit::Place) {
            for (place, visits) in often_at(rules, case, row.lookback_days.value) {
                push(
                    ZoneScope::Place(place),
                    &visits,
                    "感染者工作或活动频繁的场所",
                    "where an infected person works or often is",
                );
            }
        }
    }
}

/// A case's frequent places are held at once, before any zone is drawn.
fn hold_places(
    situation: &Situation,
    rules: &Rules<'_>,
    now: Timestamp,
    cause: Cause,
    case: &Case,
    response: &mut Response,
) {
    if !rules.pack.measures.get(Measure::PlaceHold).may_start_at_once.value {
        return;
    }
    for (place, visits) in often_at(rules, case, rules.pack.lookback.contact_days.value) {
        let text = Text::new("感染者工作或活动频繁的场所", "where an infected person works or often is");
        let facts = [case.facts.as_slice(), &visits].concat();
        let because = by_rule(cause.clone(), cite(&rules.pack.holds.place_hours), &facts, text);
        hold_place(situation, rules, now, place, case.found_at, because, response);
    }
}

fn hold_place(
    situation: &Situation,
    rules: &Rules<'_>,
    now: Timestamp,
    place: PlaceId,
    since: Timestamp,
    because: Because,
    response: &mut Response,
) {
    let key = Key::place_hold(place);
    let mut end = since.plus_hours(i64::from(rules.pack.holds.place_hours.value));
    let held = situation.in_force.get(&key);
    if let Some(extended) = held.filter(|held| held.extended).and_then(|held| held.ends_at) {
        end = end.max(extended);
    }
    if now < end {
        let warn_at = end.plus_minutes(-i64::from(rules.pack.holds.warning_minutes.value));
        let starts_at = held.map_or(now, |held| held.starts_at);
        let what = What::PlaceHold { place, warn_at };
        let item = Item { what, starts_at, ends_at: Some(end), because: vec![because], with: None, about: None };
        response.add(key, item);
    }
}

/// Decides each zone from its wishes; answers which levels stand, with the facts behind them.
fn zones(
    situation: &Situation,
    rules: &Rules<'_>,
    now: Timestamp,
    wishes: &Wishes,
    response: &mut Response,
) -> BTreeMap<ZoneLevel, Vec<Seq>> {
    let mut standing: BTreeMap<ZoneLevel, Vec<Seq>> = BTreeMap::new();
    for ((scope, risk), wishes) in wishes {
        let key = Key::zone(*scope, *risk);
        let held = situation.in_force.get(&key).filter(|held| !held.observed);
        if held.is_none() && covered(situation, *scope, *risk, wishes, response) {
            continue;
        }
        let Some((level, stepped_down)) = level_now(situation, rules, now, *scope, wishes, held) else { continue };
        let because: Vec<Because> = ordered(wishes, level);
        // A zone ends with its last judgement, unless a rule carries it too.
        let by_rule = wishes.iter().any(|wish| wish.ends_at.is_none());
        let ends_at = if by_rule { None } else { wishes.iter().filter_map(|wish| wish.ends_at).max() };
        let starts_at = held.map_or(now, |held| held.starts_at);
        let what = What::Zone { scope: *scope, level, stepped_down };
        let item = Item { what, starts_at, ends_at, because, with: None, about: None };
        standing.entry(level).or_default().extend(item.facts());
        response.add(key, item);
    }
    standing
}

/// Reasons for the level first, rule before judgement.
fn ordered(wishes: &[Wish], level: ZoneLevel) -> Vec<Because> {
    let mut sorted: Vec<&Wish> = wishes.iter().collect();
    sorted.sort_by_key(|wish| (wish.level != level, wish.because.judgement, wish.because.cause.clone()));
    sorted.into_iter().map(|wish| wish.because.clone()).collect()
}

/// Whether a zone of the same family around it is and stays at least as strict: then nothing has to be added. Outer
/// areas have shorter codes and are therefore decided before inner ones.
fn covered(situation: &Situation, scope: ZoneScope, risk: bool, wishes: &[Wish], response: &Response) -> bool {
    let ZoneScope::Area(inner) = scope else { return false };
    let Some(strictest) = wishes.iter().map(|wish| wish.level).min() else { return true };
    let strict = |what: &What| matches!(what, What::Zone { level, .. } if *level <= strictest);
    let mut outer = inner.parent();
    while let Some(area) = outer {
        let key = Key::zone(ZoneScope::Area(area), risk);
        let stands = situation.in_force.get(&key).is_some_and(|held| !held.observed && strict(&held.what));
        if stands && response.items.get(&key).is_some_and(|item| strict(&item.what)) {
            return true;
        }
        outer = area.parent();
    }
    false
}

/// The level that a zone has now: the strictest that is asked for, or what the rule of lifting has made of it.
fn level_now(
    situation: &Situation,
    rules: &Rules<'_>,
    now: Timestamp,
    scope: ZoneScope,
    wishes: &[Wish],
    held: Option<&InForce>,
) -> Option<(ZoneLevel, bool)> {
    let asked = wishes.iter().map(|wish| wish.level).min()?;
    let newest = wishes.iter().map(|wish| wish.since).max()?;
    let stepped = held.and_then(|held| match held.what {
        // A case or judgement after the step puts the zone back to what is asked for.
        What::Zone { level, stepped_down: true, .. } if newest <= held.starts_at => Some((level, held.starts_at)),
        _ => None,
    });
    let level = stepped.map_or(asked, |(level, _)| level);
    let row = rules.pack.zone(level)?;
    if row.lift.by.value == LiftBy::WhenOthersLifted {
        // What waits for other zones has no clock of its own; a judgement that asked for it has its expiry.
        return Some((level, stepped.is_some()));
    }
    let facts = lift_facts(situation, rules, now, scope, newest, stepped.map(|(_, since)| since));
    if !row.lift.missing(&facts).is_empty() {
        return Some((level, stepped.is_some()));
    }
    let next = row.lift.step_down.value.level().filter(|next| rules.pack.zone(*next).is_some())?;
    held.is_some().then_some((next, true))
}

/// What the conditions of lifting ask.
fn lift_facts(
    situation: &Situation,
    rules: &Rules<'_>,
    now: Timestamp,
    scope: ZoneScope,
    last_case: Timestamp,
    stepped_down: Option<Timestamp>,
) -> LiftFacts {
    let days = |since: Timestamp| u32::try_from(rules.day(now) - rules.day(since)).unwrap_or(0);
    let ground = situation.grounds.get(&scope);
    let negative_round = ground.and_then(|ground| ground.negative_round_at).filter(|at| *at > last_case);
    LiftFacts {
        days_without_case: days(last_case),
        days_since_step_down: stepped_down.map(days),
        last_contact_days: ground.and_then(|ground| ground.last_contact_at).map(days),
        last_contact_negative: ground.is_some_and(|ground| ground.contacts_negative),
        negative_round_days: negative_round.map(days),
        negative_on_last_day: negative_round.is_some_and(|at| days(at) == 0),
        standing: Vec::new(),
    }
}

/// The rest of the county: as long as the levels that the rule waits for stand anywhere.
fn rest_of_county(
    situation: &Situation,
    rules: &Rules<'_>,
    now: Timestamp,
    standing: &BTreeMap<ZoneLevel, Vec<Seq>>,
    response: &mut Response,
) {
    let Some(jurisdiction) = situation.jurisdiction else { return };
    let scope = ZoneScope::Area(jurisdiction);
    for (level, row) in &rules.pack.zones {
        let waits = row.lift.wait_for.value.iter().any(|other| standing.contains_key(other));
        if row.delineation.value != Delineation::RestOfCounty || !waits {
            continue;
        }
        let facts: Vec<Seq> = {
            let others = row.lift.wait_for.value.iter().filter_map(|other| standing.get(other));
            let all: std::collections::BTreeSet<Seq> = others.flatten().copied().collect();
            all.into_iter().collect()
        };
        let text = Text::new("本县其他区域已划定更高等级的区", "stricter zones stand elsewhere in the county");
        let because = by_rule(Cause::OtherZones, cite(&row.delineation), &facts, text);
        let key = Key::zone(scope, level.is_risk());
        let starts_at = situation.in_force.get(&key).map_or(now, |held| held.starts_at);
        let what = What::Zone { scope, level: *level, stepped_down: false };
        response.add(key, Item { what, starts_at, ends_at: None, because: vec![because], with: None, about: None });
    }
}
