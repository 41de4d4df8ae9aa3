//! Plan a round, look at its hour, open it, close it. All of it is intention: it can be refused.

use outpace_access::Call;
use outpace_core::time::MINUTE_MS;
use outpace_core::{AreaId, PersonId, PlaceId, Refusal, RoundId, Text, Timestamp, Trigger, trigger};
use outpace_policy::{Closed, PoolGroup};
use outpace_registry as registry;
use outpace_store::{Tx, Unit};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::facts::{RoundClosed, RoundOpened, RoundPlanned};
use super::forecast::{Forecast, ForecastInput, LaboratoryLoad, round_forecast};
use super::model::{Class, Method, Pool, Round, RoundSpec, RoundState, Scope, SitePool};
use super::roster::{Excused, build, each_in_scope, outermost};
use super::store;
use crate::coverage;
use crate::errors::{ScreeningError, said};
use crate::{doors, laboratory, sites};

/// How far the hour that an officer acknowledged may lie from the one reckoned at the opening: time passes between.
pub const FORECAST_TOLERANCE_MS: i64 = 30 * MINUTE_MS;
/// Areas, places or people that a round may name.
const SCOPE_MAX: usize = 20_000;

/// A round to be planned.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct PlanRound {
    /// Natural key: the same key twice gives the first round back.
    pub key: String,
    /// Its name.
    pub name: Text,
    /// How people are tested.
    pub method: Method,
    /// Everyone registered in these areas.
    #[serde(default)]
    pub areas: Vec<AreaId>,
    /// Everyone who works at these places.
    #[serde(default)]
    pub places: Vec<PlaceId>,
    /// These people.
    #[serde(default)]
    pub people: Vec<PersonId>,
    /// When sampling begins; absent: now.
    #[serde(default)]
    pub starts_at: Option<Timestamp>,
    /// When sampling ends; absent: after the hours that the pack gives.
    #[serde(default)]
    pub ends_at: Option<Timestamp>,
    /// A pool group of the pack for the whole round, such as `key_group`; absent: by the zone each site stands in.
    #[serde(default)]
    pub pool_group: Option<String>,
}

/// A round, for people and pages.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RoundView {
    /// Its id.
    pub round: RoundId,
    /// Its key.
    pub key: String,
    /// Its name.
    pub name: Text,
    /// How people are tested.
    pub method: Method,
    /// Whom it covers.
    pub scope: Scope,
    /// When sampling begins.
    pub starts_at: Timestamp,
    /// When sampling ends.
    pub ends_at: Timestamp,
    /// The pool group for the whole round.
    pub pool_group: Option<String>,
    /// Where it stands.
    pub state: RoundState,
    /// When it was opened.
    pub opened_at: Option<Timestamp>,
    /// When it was closed.
    pub closed_at: Option<Timestamp>,
    /// The forecast: of now for a planned round, else the one published last; absent where none can be given.
    pub forecast: Option<Forecast>,
    /// People as they stand to it, over all its grids.
    pub coverage: coverage::Coverage,
}

/// Which round.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RoundQuery {
    /// Its id.
    pub round: RoundId,
}

/// Opens a round.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct OpenRound {
    /// Which.
    pub round: RoundId,
    /// The hour of the last result as the forecast showed it: whoever opens a round has seen what it promises.
    #[serde(default)]
    pub acknowledged_last_result_at: Option<Timestamp>,
}

/// Closes a round.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct CloseRound {
    /// Which.
    pub round: RoundId,
    /// Why, in a few words.
    pub reason: String,
}

/// What closing a round led to.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RoundEnd {
    /// The round.
    pub round: RoundId,
    /// How everyone stood when it closed.
    pub coverage: coverage::Coverage,
    /// Door-visit orders issued, one a grid with someone missing.
    pub door_orders: i64,
}

fn group_of(key: Option<&str>) -> Result<Option<PoolGroup>, ScreeningError> {
    let read = |key: &str| {
        let known = <PoolGroup as Closed>::keys();
        PoolGroup::from_key(key).ok_or(ScreeningError::UnknownWord {
            field: "pool_group",
            value: key.to_owned(),
            known,
        })
    };
    key.map(read).transpose()
}

fn scope_of(unit: &mut Unit<'_>, call: &Call, request: &PlanRound) -> Result<Scope, Refusal> {
    let scope = Scope { areas: request.areas.clone(), places: request.places.clone(), people: request.people.clone() };
    if scope.is_empty() {
        return Err(ScreeningError::Empty { field: "areas" }.into());
    }
    for (field, count) in [("areas", scope.areas.len()), ("places", scope.places.len()), ("people", scope.people.len())]
    {
        if count > SCOPE_MAX {
            return Err(ScreeningError::TooMany { field, count, most: SCOPE_MAX }.into());
        }
    }
    for area in &scope.areas {
        area.level().ok_or(ScreeningError::NotAnArea { area: *area })?;
        call.covers(*area)?;
    }
    for place in &scope.places {
        let known = registry::place(unit.tx(), *place)?.ok_or_else(|| {
            Refusal::unknown("unknown_place", "places", place, "没有这个场所。", "There is no such place.")
        })?;
        call.covers(known.area)?;
    }
    for person in &scope.people {
        let known = registry::person(unit.tx(), *person)?.ok_or(ScreeningError::UnknownPerson { person: *person })?;
        call.covers(known.area)?;
    }
    Ok(scope)
}

/// Plans a round and shows its forecast.
///
/// # Errors
/// No scope, one outside the actor's area, a window that ends before it begins, an unknown pool group.
pub fn plan_round(unit: &mut Unit<'_>, call: &Call, request: PlanRound) -> Result<RoundView, Refusal> {
    said("key", &request.key, 80)?;
    if let Some(known) = store::round_by_key(unit.tx(), &request.key)? {
        return view(unit.tx(), call, known);
    }
    said("name", &request.name.zh, 80)?;
    let group = group_of(request.pool_group.as_deref())?;
    let scope = scope_of(unit, call, &request)?;
    let starts_at = request.starts_at.unwrap_or(call.now);
    let ends_at = match request.ends_at {
        Some(ends_at) => ends_at,
        None => {
            let people = due_estimate(unit.tx(), &scope, call.now)?;
            starts_at.plus_hours(i64::from(call.pack().screening.hours_for(u64::try_from(people).unwrap_or(0))))
        }
    };
    if ends_at <= starts_at {
        return Err(ScreeningError::WindowBackwards { starts_at, ends_at }.into());
    }
    let round = RoundId(unit.next(RoundId::COUNTER)?);
    let spec = RoundSpec {
        key: request.key,
        name: request.name,
        method: request.method,
        scope,
        starts_at,
        ends_at,
        group,
        follows: None,
    };
    unit.record(RoundPlanned { round, spec })?;
    let planned = store::round(unit.tx(), round)?.ok_or(ScreeningError::UnknownRound { round })?;
    view(unit.tx(), call, planned)
}

/// People who will be due, from the registry's tallies where whole areas are named.
fn due_estimate(tx: &mut Tx<'_>, scope: &Scope, now: Timestamp) -> Result<i64, Refusal> {
    let excused = Excused::at(tx, now)?;
    let mut due = 0;
    let areas = outermost(&scope.areas);
    for area in &areas {
        due += registry::population_of(tx, *area)?.present;
    }
    for person in excused.people() {
        let inside = registry::person(tx, person)?.filter(|person| person.present);
        due -= i64::from(inside.is_some_and(|person| areas.iter().any(|area| area.contains(person.area))));
    }
    let named = Scope { areas: Vec::new(), places: scope.places.clone(), people: scope.people.clone() };
    each_in_scope(tx, &named, |person, grid, present| {
        let counted = areas.iter().any(|area| area.contains(grid));
        due += i64::from(!counted && excused.class(person, present) == Class::Due);
    })?;
    Ok(due.max(0))
}

/// People who will be due in a planned round, without those whom a following one leaves out.
pub(super) fn due_of(tx: &mut Tx<'_>, round: &Round, now: Timestamp) -> Result<i64, Refusal> {
    let all = due_estimate(tx, &round.spec.scope, now)?;
    Ok(match &round.spec.follows {
        Some(follows) => super::follow::due_estimate(tx, follows, all, now)?,
        None => all,
    })
}

/// The pool rule of a site for a round.
pub(crate) fn pool_at(tx: &mut Tx<'_>, call: &Call, group: Option<PoolGroup>, area: AreaId) -> Result<Pool, Refusal> {
    let screening = &call.pack().screening;
    let group = match group {
        Some(group) => group,
        None => group_in(outpace_zoning::level_at_time(tx, area, call.now)?),
    };
    let rules = screening.pools.get(group);
    Ok(Pool { group, people_max: i64::from(rules.people_max.value.max(1)), household: rules.household_tube.value })
}

fn group_in(level: Option<outpace_policy::ZoneLevel>) -> PoolGroup {
    use outpace_policy::ZoneLevel;
    match level {
        Some(ZoneLevel::Lockdown) => PoolGroup::Lockdown,
        Some(ZoneLevel::Control) => PoolGroup::Control,
        Some(ZoneLevel::Precaution) => PoolGroup::Precaution,
        Some(ZoneLevel::High) => PoolGroup::High,
        Some(ZoneLevel::Medium) => PoolGroup::Medium,
        Some(ZoneLevel::Low) => PoolGroup::Low,
        None => PoolGroup::Other,
    }
}

/// Where a round's people are sampled: its areas; the townships of its places and people where it names no area.
fn sampling_areas(tx: &mut Tx<'_>, call: &Call, scope: &Scope) -> Result<Vec<AreaId>, Refusal> {
    if !scope.areas.is_empty() {
        return Ok(outermost(&scope.areas));
    }
    let mut areas = Vec::new();
    for place in &scope.places {
        if let Some(place) = registry::place(tx, *place)? {
            areas.extend(place.area.at(outpace_core::AreaLevel::Township));
        }
    }
    Ok(if areas.is_empty() { vec![call.actor.area] } else { outermost(&areas) })
}

/// Pools of all open sites of a round, with the people an hour that their staffed lanes pass.
pub(crate) fn sites_of(tx: &mut Tx<'_>, call: &Call, spec: &RoundSpec) -> Result<Vec<(SitePool, i64)>, Refusal> {
    let mut found = Vec::new();
    for area in sampling_areas(tx, call, &spec.scope)? {
        let from = spec.starts_at.max(call.now);
        for (site, area, people_per_hour) in sites::staffed(tx, area, from, spec.ends_at.max(from))? {
            let pool = pool_at(tx, call, spec.group, area)?;
            found.push((SitePool { site, pool }, people_per_hour));
        }
    }
    Ok(found)
}

/// The forecast of a round with so many people still due, `None` where no hour can be given.
pub(crate) fn forecast(tx: &mut Tx<'_>, call: &Call, round: &Round, due: i64) -> Result<Option<Forecast>, Refusal> {
    let sites = match round.spec.method {
        Method::Antigen => Vec::new(),
        Method::Pcr => sites_of(tx, call, &round.spec)?,
    };
    forecast_with(tx, call, round, due, &sites)
}

/// As [`forecast`], with the staffed sites that the caller has at hand.
pub(crate) fn forecast_with(
    tx: &mut Tx<'_>,
    call: &Call,
    round: &Round,
    due: i64,
    sites: &[(SitePool, i64)],
) -> Result<Option<Forecast>, Refusal> {
    let spec = &round.spec;
    if spec.method == Method::Antigen {
        return Ok(Some(antigen_forecast(call, spec, due)));
    }
    let people_per_hour: i64 = sites.iter().map(|(_, people)| people).sum();
    let tubes: i64 = sites.iter().map(|(site, people)| people / site.pool.people_max.max(1)).sum();
    let laboratories = laboratory::loads(tx, call.now)?;
    Ok(round_forecast(&ForecastInput {
        now: call.now,
        starts_at: spec.starts_at,
        ends_at: spec.ends_at,
        due_people: due,
        people_per_hour,
        people_per_tube: people_per_hour.checked_div(tubes).unwrap_or(1).max(1),
        laboratories: laboratories
            .into_iter()
            .map(|(laboratory, backlog_tubes)| LaboratoryLoad {
                tubes_per_hour: laboratory.tubes_per_hour,
                turnaround_minutes: laboratory.turnaround_minutes,
                leg_minutes: laboratory.leg_minutes,
                backlog_tubes,
            })
            .collect(),
    }))
}

/// Self-tests need no lane and no laboratory: the last report comes within the hours of the pack.
fn antigen_forecast(call: &Call, spec: &RoundSpec, due: i64) -> Forecast {
    let reported = spec.starts_at.max(call.now).plus_hours(i64::from(call.pack().antigen.report_hours.value));
    let last = reported.min(spec.ends_at.max(call.now));
    Forecast {
        due_people: due,
        tubes: 0,
        people_per_hour: 0,
        tubes_per_hour: 0,
        sampling_until: last,
        last_received_at: last,
        last_result_at: last,
        within_window: true,
        bottleneck: super::forecast::Bottleneck::Lanes,
    }
}

/// A round as pages show it.
pub(crate) fn view(tx: &mut Tx<'_>, call: &Call, round: Round) -> Result<RoundView, Refusal> {
    let forecast = match round.state {
        RoundState::Planned => {
            let due = due_of(tx, &round, call.now)?;
            forecast(tx, call, &round, due)?
        }
        RoundState::Open | RoundState::Closed => round.forecast.clone(),
    };
    let coverage = coverage::of(tx, round.id, (AreaId(1), AreaId(i64::MAX)))?;
    Ok(RoundView {
        round: round.id,
        key: round.spec.key,
        name: round.spec.name,
        method: round.spec.method,
        scope: round.spec.scope,
        starts_at: round.spec.starts_at,
        ends_at: round.spec.ends_at,
        pool_group: round.spec.group.map(|group| group.key().to_owned()),
        state: round.state,
        opened_at: round.opened_at,
        closed_at: round.closed_at,
        forecast,
        coverage,
    })
}

pub(crate) fn known(tx: &mut Tx<'_>, call: &Call, round: RoundId) -> Result<Round, Refusal> {
    let known = store::round(tx, round)?.ok_or(ScreeningError::UnknownRound { round })?;
    covers(tx, call, &known.spec.scope)?;
    Ok(known)
}

/// Passes when everything that a round names lies in the actor's area.
fn covers(tx: &mut Tx<'_>, call: &Call, scope: &Scope) -> Result<(), Refusal> {
    for area in &scope.areas {
        call.covers(*area)?;
    }
    for place in &scope.places {
        if let Some(place) = registry::place(tx, *place)? {
            call.covers(place.area)?;
        }
    }
    for person in &scope.people {
        if let Some(person) = registry::person(tx, *person)? {
            call.covers(person.area)?;
        }
    }
    Ok(())
}

/// Opens a round: draws up its due list, fixes its pools, publishes its hour.
///
/// # Errors
/// An unknown round, one that was opened before, no staffed lane or laboratory, an hour that was not acknowledged.
pub fn open_round(unit: &mut Unit<'_>, call: &Call, request: OpenRound) -> Result<RoundView, Refusal> {
    let round = known(unit.tx(), call, request.round)?;
    if round.state == RoundState::Open && round.forecast.is_some() {
        return view(unit.tx(), call, round);
    }
    if round.state != RoundState::Planned {
        return Err(ScreeningError::RoundNotPlanned { round: round.id }.into());
    }
    let roster = build(unit.tx(), &round.spec.scope, call.now)?;
    let roster = super::follow::narrow(unit, &round, roster, call.now)?;
    let due = roster.iter().map(|grid| grid.due.len() as i64).sum();
    let forecast = forecast(unit.tx(), call, &round, due)?.ok_or(ScreeningError::NoForecast { round: round.id })?;
    let hour = forecast.last_result_at;
    let acknowledged = request
        .acknowledged_last_result_at
        .filter(|at| at.since(hour).abs() <= FORECAST_TOLERANCE_MS)
        .ok_or(ScreeningError::ForecastNotAcknowledged {
        acknowledged: request.acknowledged_last_result_at,
        forecast: hour,
    })?;
    let pools = match round.spec.method {
        Method::Pcr => sites_of(unit.tx(), call, &round.spec)?.into_iter().map(|(site, _)| site).collect(),
        Method::Antigen => Vec::new(),
    };
    unit.record(RoundOpened { round: round.id, forecast, acknowledged_last_result_at: acknowledged, roster, pools })?;
    let opened = known(unit.tx(), call, round.id)?;
    doors::announce(unit, call, &opened)?;
    view(unit.tx(), call, opened)
}

/// Closes a round: the missing get a visit at the door, the response looks at its areas again. Closing it again
/// answers how it ended.
///
/// # Errors
/// An unknown round, one that was never opened, no reason.
pub fn close_round(unit: &mut Unit<'_>, call: &Call, request: CloseRound) -> Result<RoundEnd, Refusal> {
    said("reason", &request.reason, 200)?;
    let round = known(unit.tx(), call, request.round)?;
    let everywhere = (AreaId(1), AreaId(i64::MAX));
    match round.state {
        RoundState::Planned => return Err(ScreeningError::RoundNotOpen { round: round.id }.into()),
        RoundState::Closed => {
            let coverage = coverage::of(unit.tx(), round.id, everywhere)?;
            return Ok(RoundEnd { round: round.id, coverage, door_orders: 0 });
        }
        RoundState::Open => {}
    }
    crate::tick::revise_roster(unit, call, round.id)?;
    let seq = unit.record(RoundClosed { round: round.id, reason: request.reason })?;
    unit.because_of(Some(seq));
    let door_orders = doors::visits(unit, call, &round)?;
    let closed = known(unit.tx(), call, round.id)?;
    coverage::reconcile::reconcile(unit, call, &closed)?;
    unit.because_of(None);
    for area in outermost(&round.spec.scope.areas) {
        unit.enqueue(trigger::RESPOND, &Trigger::Area(area))?;
    }
    for place in &round.spec.scope.places {
        unit.enqueue(trigger::RESPOND, &Trigger::Place(*place))?;
    }
    Ok(RoundEnd { round: round.id, coverage: coverage::of(unit.tx(), round.id, everywhere)?, door_orders })
}

/// Which rounds to list.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct RoundsQuery {
    /// Only in this state.
    #[serde(default)]
    pub state: Option<RoundState>,
    /// At most so many.
    #[serde(default)]
    pub limit: Option<i64>,
}

/// Rounds, newest first.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RoundsAnswer {
    /// The rounds.
    pub rounds: Vec<RoundView>,
}

/// Lists rounds.
///
/// # Errors
/// What the store refused.
pub fn list_rounds(tx: &mut Tx<'_>, call: &Call, query: RoundsQuery) -> Result<RoundsAnswer, Refusal> {
    let found = store::rounds(tx, query.state, crate::page_limit(query.limit))?;
    let mut rounds = Vec::new();
    for round in found {
        if crate::reach::sees_round(tx, call, &round)? {
            rounds.push(view(tx, call, round)?);
        }
    }
    Ok(RoundsAnswer { rounds })
}

/// One round, with the forecast of now while it is planned.
///
/// # Errors
/// An unknown round, or one outside the actor's area.
pub fn show_round(tx: &mut Tx<'_>, call: &Call, query: RoundQuery) -> Result<RoundView, Refusal> {
    let round = known(tx, call, query.round)?;
    view(tx, call, round)
}
