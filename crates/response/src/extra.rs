//! Extra layers and overdue measures (加码、超期): what others imposed outside the system beyond what the rules ask for.
//! Such a measure is seen and counted and enforces nothing here; it is compared with the response that the pack asks for,
//! and each one beyond it gets an order to settle it with whoever imposed it.

use std::collections::BTreeMap;

use outpace_access::{Call, Empty};
use outpace_core::time::DAY_MS;
use outpace_core::{AreaId, AreaLevel, Refusal, RestrictionId, Text, Timestamp, Trigger};
use outpace_isolation::restrictions::store as restrictions;
use outpace_orders::kinds::IssuedKind;
use outpace_orders::{Form, NewOrder, Subject};
use outpace_policy::SubjectKind;
use outpace_store::{Tx, Unit};
use outpace_zoning::{ImposedBy, Target};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::decide::Response;
use crate::items::What;
use crate::load;
use crate::situation::ZoneScope;

/// The order to settle a measure beyond the rules with whoever imposed it.
pub const SETTLE: IssuedKind = IssuedKind { key: "settle-extra-measure", subject: SubjectKind::Measure };
/// Measures looked at.
const MEASURES_MAX: i64 = 10_000;

/// In which way a measure goes beyond the rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Beyond {
    /// No rule and no fact asks for it.
    NotAsked,
    /// A milder one is asked for.
    Stricter,
    /// It was asked for once; the clock of the rules has ended it, and it is still kept.
    KeptAfter,
}

/// A measure beyond the rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Extra {
    /// What it is: a restriction, a zone or a closure, by its number.
    pub measure: Subject,
    /// In which way it goes beyond.
    pub beyond: Beyond,
    /// The township (or the smallest area above it that is one).
    pub area: AreaId,
    /// Since when it goes beyond.
    pub since: Timestamp,
    /// Who imposed it, by which order, and how that came to be known.
    pub imposed_by: ImposedBy,
    /// People under it.
    pub people: i64,
    /// Days of people that it has taken beyond the rules, begun ones counted.
    pub person_days: i64,
}

/// A sum over measures.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ExtraSum)]
pub struct Sum {
    /// Measures.
    pub measures: i64,
    /// People under them.
    pub people: i64,
    /// Days of people.
    pub person_days: i64,
}

impl Sum {
    fn add(&mut self, extra: &Extra) {
        self.measures += 1;
        self.people += extra.people;
        self.person_days += extra.person_days;
    }
}

/// One area of the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ExtraArea {
    /// The township.
    pub area: AreaId,
    /// Its name.
    pub name: Text,
    /// Observed and not asked for.
    pub not_asked: Sum,
    /// Stricter than the pack.
    pub stricter: Sum,
    /// Kept after the clock.
    pub kept_after: Sum,
}

/// Extra layers and overdue measures, by area.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ExtraLayers {
    /// All of them.
    pub total: Sum,
    /// By township, by code.
    pub areas: Vec<ExtraArea>,
    /// One by one, those that took most first.
    pub measures: Vec<Extra>,
}

/// What the rules ask of the same people or ground, and when a measure of ours over them ended last.
struct Ours {
    strictness: u8,
    ended_at: Option<Timestamp>,
}

/// An observed measure, ready to be compared.
struct Seen {
    measure: Subject,
    area: AreaId,
    strictness: u8,
    starts_at: Timestamp,
    imposed_by: ImposedBy,
    people: i64,
}

/// In which way a measure goes beyond what the rules ask for, and since when; `None` for one that they ask for. Pure.
fn beyond(seen: &Seen, ours: &Ours) -> Option<(Beyond, Timestamp)> {
    if ours.strictness >= seen.strictness {
        return None;
    }
    if ours.strictness > 0 {
        return Some((Beyond::Stricter, seen.starts_at));
    }
    Some(match ours.ended_at.filter(|ended| *ended >= seen.starts_at) {
        Some(ended) => (Beyond::KeptAfter, ended),
        None => (Beyond::NotAsked, seen.starts_at),
    })
}

fn judged(seen: Seen, ours: &Ours, now: Timestamp) -> Option<Extra> {
    let (beyond, since) = beyond(&seen, ours)?;
    let days = (now.since(since).max(0) + DAY_MS - 1) / DAY_MS;
    Some(Extra {
        beyond,
        since,
        person_days: seen.people * days.max(1),
        measure: seen.measure,
        area: seen.area.at(AreaLevel::Township).unwrap_or(seen.area),
        imposed_by: seen.imposed_by,
        people: seen.people,
    })
}

fn standing(now: Timestamp, starts_at: Timestamp, ends_at: Option<Timestamp>) -> bool {
    starts_at <= now && ends_at.is_none_or(|ends_at| now < ends_at)
}

/// The strictest that the rules ask of a person.
fn asked_of(desired: &Response, person: outpace_core::PersonId) -> u8 {
    let of_person = desired.items.values().filter(|item| match &item.what {
        What::Hold { person: own, .. } | What::Confine { person: own, .. } => *own == person,
        _ => false,
    });
    of_person.map(|item| item.what.strictness()).max().unwrap_or(0)
}

/// The strictest level that the rules ask for around an area.
fn asked_around(desired: &Response, around: ZoneScope) -> u8 {
    let zones = desired.items.values().filter(|item| match (&item.what, around) {
        (What::Zone { scope: ZoneScope::Area(own), .. }, ZoneScope::Area(area)) => own.contains(area),
        (What::Zone { scope, .. }, around) => *scope == around,
        _ => false,
    });
    zones.map(|item| item.what.strictness()).max().unwrap_or(0)
}

fn people(tx: &mut Tx<'_>, call: &Call, desired: &Response, found: &mut Vec<Extra>) -> Result<(), Refusal> {
    let everywhere = AreaId(tx.jurisdiction());
    for one in restrictions::observed(tx, everywhere, RestrictionId(0), MEASURES_MAX)? {
        if !standing(call.now, one.starts_at, one.ends_at) {
            continue;
        }
        let ended =
            outpace_isolation::restrictions::history_of(tx, one.person)?.into_iter().filter_map(|own| own.ended_at);
        let ours = Ours { strictness: asked_of(desired, one.person), ended_at: ended.max() };
        let seen = Seen {
            measure: Subject::Restriction(one.id),
            area: one.area,
            strictness: load::imposed_on(&one).strictness(),
            starts_at: one.starts_at,
            imposed_by: one.imposed_by,
            people: 1,
        };
        found.extend(judged(seen, &ours, call.now));
    }
    Ok(())
}

fn zones(tx: &mut Tx<'_>, call: &Call, desired: &Response, found: &mut Vec<Extra>) -> Result<(), Refusal> {
    for zone in outpace_zoning::zones::observed(tx)? {
        let Some(imposed_by) = zone.imposed_by.clone() else { continue };
        if !standing(call.now, zone.starts_at, zone.lift.earliest_at) {
            continue;
        }
        let population = outpace_zoning::population_of_zone(tx, &zone)?;
        let areas = zone.areas.iter().map(|area| ZoneScope::Area(*area));
        let scopes: Vec<ZoneScope> = areas.chain(zone.places.iter().map(|place| ZoneScope::Place(*place))).collect();
        let asked = scopes.iter().map(|scope| asked_around(desired, *scope)).min().unwrap_or(0);
        let mut ended_at = None;
        for area in &zone.areas {
            ended_at = ended_at.max(outpace_zoning::zones::lifted_around(tx, *area)?);
        }
        let what = What::Zone {
            scope: scopes.first().copied().unwrap_or(ZoneScope::Area(call.rules.profile.area)),
            level: zone.level,
            stepped_down: false,
        };
        let seen = Seen {
            measure: Subject::Zone(zone.id),
            area: zone.areas.first().copied().unwrap_or(call.rules.profile.area),
            strictness: what.strictness(),
            starts_at: zone.starts_at,
            imposed_by,
            people: population.residents + population.at_places,
        };
        found.extend(judged(seen, &Ours { strictness: asked, ended_at }, call.now));
    }
    Ok(())
}

/// Closures hold nobody at home: they are counted as measures, with nobody under them.
fn closures(tx: &mut Tx<'_>, call: &Call, desired: &Response, found: &mut Vec<Extra>) -> Result<(), Refusal> {
    for closure in outpace_zoning::closures::observed(tx)? {
        let Some(imposed_by) = closure.imposed_by.clone() else { continue };
        if !standing(call.now, closure.starts_at, closure.ends_at) {
            continue;
        }
        let asked = desired.items.values().any(|item| match (&item.what, &closure.target) {
            (What::Closure { area, class }, Target::Class { area: own, class: of }) => {
                area.contains(*own) && class == of
            }
            (What::PlaceHold { place, .. }, Target::Place { place: own, .. }) => place == own,
            _ => false,
        });
        let seen = Seen {
            measure: Subject::Closure(closure.id),
            area: closure.target.area(),
            strictness: 1,
            starts_at: closure.starts_at,
            imposed_by,
            people: 0,
        };
        found.extend(judged(seen, &Ours { strictness: u8::from(asked), ended_at: None }, call.now));
    }
    Ok(())
}

/// Every observed measure that goes beyond a response, those that took most first.
fn beyond_all(tx: &mut Tx<'_>, call: &Call, desired: &Response) -> Result<Vec<Extra>, Refusal> {
    let mut found = Vec::new();
    people(tx, call, desired, &mut found)?;
    zones(tx, call, desired, &mut found)?;
    closures(tx, call, desired, &mut found)?;
    found.sort_by_key(|extra| (-extra.person_days, extra.measure.clone()));
    Ok(found)
}

/// Whether anything that others imposed is known at all: what asks for no comparison costs none.
fn any_observed(tx: &mut Tx<'_>) -> Result<bool, Refusal> {
    let everywhere = AreaId(tx.jurisdiction());
    Ok(!restrictions::observed(tx, everywhere, RestrictionId(0), 1)?.is_empty()
        || !outpace_zoning::zones::observed(tx)?.is_empty()
        || !outpace_zoning::closures::observed(tx)?.is_empty())
}

/// What others imposed beyond a response that was decided over everything; for the job that issues the orders.
pub(crate) fn found(
    tx: &mut Tx<'_>,
    call: &Call,
    triggers: &[Trigger],
    desired: &Response,
) -> Result<Vec<Extra>, Refusal> {
    if !triggers.contains(&Trigger::Everything) || !any_observed(tx)? {
        return Ok(Vec::new());
    }
    beyond_all(tx, call, desired)
}

/// Extra layers and overdue measures, by area, with people and person-days.
///
/// # Errors
/// What the store refused.
pub fn extra_layers(tx: &mut Tx<'_>, call: &Call, _: Empty) -> Result<ExtraLayers, Refusal> {
    if !any_observed(tx)? {
        return Ok(ExtraLayers::default());
    }
    let rules = load::rules(call);
    let (situation, _) = load::load(tx, call, &[Trigger::Everything])?;
    let desired = crate::decide(&situation, &rules, call.now);
    let measures = beyond_all(tx, call, &desired)?;
    let (mut total, mut areas) = (Sum::default(), BTreeMap::<AreaId, ExtraArea>::new());
    for extra in &measures {
        total.add(extra);
        let name = outpace_orders::names::area(tx, extra.area)?;
        let (not_asked, stricter, kept_after) = Default::default();
        let area = ExtraArea { area: extra.area, name, not_asked, stricter, kept_after };
        let row = areas.entry(extra.area).or_insert(area);
        match extra.beyond {
            Beyond::NotAsked => row.not_asked.add(extra),
            Beyond::Stricter => row.stricter.add(extra),
            Beyond::KeptAfter => row.kept_after.add(extra),
        }
    }
    Ok(ExtraLayers { total, areas: areas.into_values().collect(), measures })
}

fn because(extra: &Extra) -> Text {
    let (zh, en) = match extra.beyond {
        Beyond::NotAsked => ("规则未要求", "no rule asks for it"),
        Beyond::Stricter => ("严于方案", "it is stricter than the pack"),
        Beyond::KeptAfter => ("期满未解除", "it is kept after its clock has ended"),
    };
    let (whom, people, days) = (&extra.imposed_by.whom, extra.people, extra.person_days);
    Text::new(
        format!("“{whom}”自行采取的措施{zh}:涉及 {people} 人,已 {days} 人日。"),
        format!(
            "A measure that \"{whom}\" imposed goes beyond the rules ({en}): {people} people, {days} person-days so far."
        ),
    )
}

/// Issues the order to settle each of them; one that was issued is not issued again.
pub(crate) fn settle(unit: &mut Unit<'_>, call: &Call, extras: &[Extra]) -> Result<(), Refusal> {
    for extra in extras {
        let order = NewOrder {
            key: format!("extra:{}:{}", extra.measure.kind(), extra.measure.id()),
            kind: SETTLE.key.to_owned(),
            subject: extra.measure.clone(),
            area: extra.area,
            task_force: None,
            team: None,
            deadline_at: None,
            because: because(extra),
            clause: None,
            cause: None,
            form: Form::new(),
        };
        outpace_orders::issue(unit, call, order)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use outpace_core::{ClosureId, ZoneId};

    use super::*;
    use proptest::prelude::*;

    fn seen(strictness: u8, starts_at: i64) -> Seen {
        let imposed_by = ImposedBy { whom: "街道".to_owned(), order_number: None, known_by: "complaint".to_owned() };
        let (measure, area) = (Subject::Zone(ZoneId(1)), AreaId(140_121_203_206));
        Seen { measure, area, strictness, starts_at: Timestamp(starts_at), imposed_by, people: 3 }
    }

    #[test]
    fn a_closure_is_a_measure_without_people_under_it() {
        let own = Seen { measure: Subject::Closure(ClosureId(1)), people: 0, ..seen(1, 0) };
        let extra = judged(own, &Ours { strictness: 0, ended_at: None }, Timestamp(DAY_MS)).unwrap();
        assert_eq!((extra.people, extra.person_days, extra.beyond), (0, 0, Beyond::NotAsked));
    }

    proptest! {
        #[test]
        fn a_measure_is_beyond_exactly_where_the_rules_ask_for_less(
            asked in 0_u8..6, strict in 1_u8..6, ended in proptest::option::of(0_i64..1_000), start in 0_i64..1_000,
        ) {
            let ours = Ours { strictness: asked, ended_at: ended.map(Timestamp) };
            let found = beyond(&seen(strict, start), &ours);
            prop_assert_eq!(found.is_some(), asked < strict);
            match found {
                Some((Beyond::Stricter, since)) => prop_assert!(asked > 0 && since.0 == start),
                Some((Beyond::KeptAfter, since)) => prop_assert!(asked == 0 && Some(since.0) == ended && since.0 >= start),
                Some((Beyond::NotAsked, since)) => prop_assert!(asked == 0 && since.0 == start),
                None => {}
            }
        }

        #[test]
        fn person_days_grow_with_time_and_never_fall(days in 1_i64..40, more in 0_i64..40) {
            let at = |days: i64| judged(seen(2, 0), &Ours { strictness: 0, ended_at: None }, Timestamp(days * DAY_MS));
            let (first, later) = (at(days).unwrap(), at(days + more).unwrap());
            prop_assert_eq!(first.person_days, 3 * days);
            prop_assert!(later.person_days >= first.person_days);
        }
    }
}
