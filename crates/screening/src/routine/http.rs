//! Adopting intervals, what they cost, what another would change, and who of a village is due today.

use outpace_access::Call;
use outpace_core::time::HOUR_MS;
use outpace_core::{AreaId, AreaLevel, HouseholdId, PersonId, Refusal, Text, Timestamp};
use outpace_policy::PoolGroup;
use outpace_registry as registry;
use outpace_store::{Tx, Unit};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::facts::{IntervalEnded, IntervalSet};
use super::rules::{DailyLoad, Group, Interval, Work, daily_load, interval_for};
use super::store::{home_groups, intervals, never_due, worker_groups};
use crate::errors::{ScreeningError, said, within};

/// Hours of the shortest interval that can be adopted.
const HOURS_MIN: i64 = 12;
/// Hours of the longest: 90 days.
const HOURS_MAX: i64 = 90 * 24;

/// Adopts an interval.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SetInterval {
    /// Where.
    pub area: AreaId,
    /// For people who work at places of this class in the area; absent: for everyone who lives there.
    #[serde(default)]
    pub workers_of: Option<String>,
    /// Hours between two samples at most; absent: the interval that holds there ends.
    #[serde(default)]
    pub hours: Option<i64>,
    /// Why.
    pub reason: Text,
    /// The clause or order it rests on.
    pub clause: String,
}

/// Which intervals to show.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct RoutineQuery {
    /// In which area; absent: the actor's own.
    #[serde(default)]
    pub area: Option<AreaId>,
}

/// An interval with what it holds for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Routine {
    /// What was adopted.
    pub interval: Interval,
}

/// The intervals of an area.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RoutineAnswer {
    /// The pack's hours, where none was adopted.
    pub pack_hours: i64,
    /// The pack's clause.
    pub pack_clause: String,
    /// What was adopted in the area, in it, or around it.
    pub adopted: Vec<Routine>,
    /// What it costs a day.
    pub load: DailyLoad,
}

/// Another interval.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct OtherInterval {
    /// Where.
    pub area: AreaId,
    /// For people who work at places of this class; absent: for everyone who lives there.
    #[serde(default)]
    pub workers_of: Option<String>,
    /// Hours between two samples.
    pub hours: i64,
}

/// What another interval would change, in the whole of its area.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct IntervalChange {
    /// A day as it is.
    pub before: DailyLoad,
    /// A day with the other interval.
    pub after: DailyLoad,
    /// Tubes an hour that all laboratories say they can do.
    pub laboratory_capacity_per_hour: i64,
    /// Samplers that the pack asks for, for the people of a day.
    pub samplers_before: i64,
    /// With the other interval.
    pub samplers_after: i64,
}

/// Hours between two samples that the pack asks for where no interval was adopted.
#[must_use]
pub fn pack_hours(call: &Call) -> i64 {
    i64::from(call.pack().screening.frequency.routine_every_days.value) * 24
}

fn checked(tx: &mut Tx<'_>, area: AreaId, workers_of: Option<&str>) -> Result<(), Refusal> {
    area.level().ok_or(ScreeningError::NotAnArea { area })?;
    if let Some(class) = workers_of {
        said("workers_of", class, 60)?;
        let whole = AreaId(tx.jurisdiction());
        if registry::places::places_of_class(tx, class, whole)?.is_empty() {
            return Err(Refusal::unknown(
                "unknown_place_class",
                "workers_of",
                class,
                "没有这一类场所,请核对场所类别。",
                "There is no place of this class; check the class.",
            ));
        }
    }
    Ok(())
}

/// Adopts an interval, or ends one. Adopting the same again changes nothing.
///
/// # Errors
/// An area outside the actor's own, hours out of range, an unknown class of places, no reason or clause.
pub fn set_interval(unit: &mut Unit<'_>, call: &Call, request: SetInterval) -> Result<RoutineAnswer, Refusal> {
    checked(unit.tx(), request.area, request.workers_of.as_deref())?;
    call.covers(request.area)?;
    said("reason", &request.reason.zh, 200)?;
    said("reason", &request.reason.en, 400)?;
    said("clause", &request.clause, 200)?;
    let stands =
        intervals(unit.tx())?.into_iter().find(|one| one.area == request.area && one.workers_of == request.workers_of);
    match (request.hours, stands) {
        (Some(hours), stands) => {
            within("hours", hours, HOURS_MIN, HOURS_MAX)?;
            let interval = Interval {
                area: request.area,
                workers_of: request.workers_of,
                hours,
                reason: request.reason,
                clause: request.clause,
            };
            if stands.as_ref() != Some(&interval) {
                unit.record(IntervalSet { interval })?;
            }
        }
        (None, Some(_)) => {
            unit.record(IntervalEnded { area: request.area, workers_of: request.workers_of })?;
        }
        (None, None) => {}
    }
    routine(unit.tx(), call, RoutineQuery { area: Some(request.area) })
}

/// What routine screening of an area costs a day under some intervals.
fn load_under(tx: &mut Tx<'_>, call: &Call, adopted: &[Interval], area: AreaId) -> Result<DailyLoad, Refusal> {
    let screening = &call.pack().screening;
    let pool = |group| i64::from(screening.pools.get(group).people_max.value);
    let (usual, key) = (pool(PoolGroup::Other), pool(PoolGroup::KeyGroup));
    let mut homes = home_groups(tx, adopted, pack_hours(call), area)?;
    let mut groups: Vec<Group> = Vec::new();
    let mut workers = std::collections::BTreeMap::<i64, i64>::new();
    for (_, by_home, by) in worker_groups(tx, adopted, pack_hours(call), area)?.into_values() {
        *homes.entry(by_home).or_default() -= 1;
        *workers.entry(by.hours).or_default() += 1;
    }
    groups.extend(homes.into_iter().map(|(hours, people)| Group { people, hours, pool: usual }));
    groups.extend(workers.into_iter().map(|(hours, people)| Group { people, hours, pool: key }));
    Ok(daily_load(&groups, i64::from(screening.lane_people_per_hour.value)))
}

/// Shows the intervals of an area and what they cost a day.
///
/// # Errors
/// An area outside the actor's own.
pub fn routine(tx: &mut Tx<'_>, call: &Call, query: RoutineQuery) -> Result<RoutineAnswer, Refusal> {
    let area = query.area.unwrap_or(call.actor.area);
    call.covers(area)?;
    let adopted = intervals(tx)?;
    let load = load_under(tx, call, &adopted, area)?;
    let near = adopted.into_iter().filter(|one| one.area.contains(area) || area.contains(one.area));
    Ok(RoutineAnswer {
        pack_hours: pack_hours(call),
        pack_clause: call.pack().screening.frequency.routine_every_days.clause().to_owned(),
        adopted: near.map(|interval| Routine { interval }).collect(),
        load,
    })
}

/// What another interval would change: people, tubes, sampler hours and laboratory load of a day, before and after.
///
/// # Errors
/// An area outside the actor's own, hours out of range, an unknown class of places.
pub fn what_if(tx: &mut Tx<'_>, call: &Call, query: OtherInterval) -> Result<IntervalChange, Refusal> {
    checked(tx, query.area, query.workers_of.as_deref())?;
    call.covers(query.area)?;
    within("hours", query.hours, HOURS_MIN, HOURS_MAX)?;
    let adopted = intervals(tx)?;
    let mut other: Vec<Interval> =
        adopted.iter().filter(|one| !(one.area == query.area && one.workers_of == query.workers_of)).cloned().collect();
    other.push(Interval {
        area: query.area,
        workers_of: query.workers_of,
        hours: query.hours,
        reason: Text::new("测算", "reckoned"),
        clause: String::new(),
    });
    let before = load_under(tx, call, &adopted, query.area)?;
    let after = load_under(tx, call, &other, query.area)?;
    let capacity = crate::laboratory::laboratories(tx)?.iter().map(|known| known.spec.tubes_per_hour).sum();
    let samplers = |load: &DailyLoad| {
        let people = u64::try_from(load.people_per_day).unwrap_or(0);
        i64::try_from(call.pack().screening.samplers_for(people)).unwrap_or(i64::MAX)
    };
    Ok(IntervalChange {
        samplers_before: samplers(&before),
        samplers_after: samplers(&after),
        before,
        after,
        laboratory_capacity_per_hour: capacity,
    })
}

/// Whose list to draw up.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct DueQuery {
    /// Of which village or grid.
    pub area: AreaId,
}

/// Someone who is due.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DuePerson {
    /// Who.
    pub person: PersonId,
    /// The household.
    pub household: HouseholdId,
    /// The home grid.
    pub grid: AreaId,
    /// When the last sample was taken; absent: never.
    pub last_sample_at: Option<Timestamp>,
    /// When the next one is due; absent: at once.
    pub due_at: Option<Timestamp>,
    /// The interval.
    pub hours: i64,
    /// The clause it rests on.
    pub clause: String,
}

/// Who is due today.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct DueAnswer {
    /// The people, by household.
    pub people: Vec<DuePerson>,
    /// People present in the area.
    pub present: i64,
}

/// The end of today where the jurisdiction is: who is due before it is due today.
#[must_use]
pub fn end_of_today(call: &Call) -> Timestamp {
    let offset = call.offset_minutes();
    Timestamp::start_of_local_day(call.now.local_day(offset) + 1, offset)
}

/// Who of a village or a grid is due by the end of today: whose last sample and interval end by then. Who is exempt, away
/// or in quarantine is not.
///
/// # Errors
/// An area outside the actor's own, one larger than a village.
pub fn due(tx: &mut Tx<'_>, call: &Call, query: DueQuery) -> Result<DueAnswer, Refusal> {
    call.covers(query.area)?;
    if query.area.level().is_none_or(|level| level < AreaLevel::Village) {
        return Err(ScreeningError::AreaTooLarge { area: query.area }.into());
    }
    let end_of_day = end_of_today(call);
    let (adopted, never_due) = (intervals(tx)?, never_due(tx, call.now)?);
    let mut present = Vec::new();
    registry::each_person_in(tx, query.area, |person| {
        if person.present {
            present.push(person.clone());
        }
    })?;
    let ids: Vec<PersonId> = present.iter().map(|person| person.id).collect();
    let last = crate::last_results_of(tx, &ids)?;
    let mut answer = DueAnswer { people: Vec::new(), present: present.len() as i64 };
    for person in present {
        if never_due.contains(&person.id) {
            continue;
        }
        let place = match person.workplace {
            Some(place) => registry::place(tx, place)?,
            None => None,
        };
        let work = place.as_ref().map(|place| Work { class: place.class.as_str(), area: place.area });
        let (hours, by) = interval_for(&adopted, pack_hours(call), person.area, work);
        let sampled = last.get(&person.id).and_then(|last| last.last_sample.as_ref()).map(|sample| sample.taken_at);
        let due_at = sampled.map(|at| Timestamp(at.0.saturating_add(hours.saturating_mul(HOUR_MS))));
        if due_at.is_none_or(|due_at| due_at < end_of_day) {
            let pack_clause = || call.pack().screening.frequency.routine_every_days.clause();
            answer.people.push(DuePerson {
                person: person.id,
                household: person.household,
                grid: person.area,
                last_sample_at: sampled,
                due_at,
                hours,
                clause: by.map_or_else(pack_clause, |one| one.clause.as_str()).to_owned(),
            });
        }
    }
    answer.people.sort_by_key(|one| (one.household, one.person));
    Ok(answer)
}
