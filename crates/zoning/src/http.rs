//! Routes: what stands, at which level an area is, the duties of a day, passes. Zones are drawn, changed and lifted by
//! the response alone, so there is no route that does it; what others imposed is recorded here.

use std::collections::{BTreeMap, BTreeSet};

use outpace_access::{Call, Routes};
use outpace_core::{AreaId, AreaLevel, ClosureId, Permission, PersonId, Refusal, Text, Timestamp, VehicleId, ZoneId};
use outpace_policy::ZoneLevel;
use outpace_store::{Tx, Unit};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::closures::{self, Closure, ExtendHold, NewClosure, Target, TargetKind};
use crate::errors::ZoningError;
use crate::ground::ImposedBy;
use crate::passes::{self, NewPass, Pass, PassId};
use crate::zones::rules::outermost;
use crate::zones::{self, Duty, NewZone, Zone, ZonePopulation, ZoneStep, duties_due, rules};

/// Rows of one page.
pub const PAGE_MAX: i64 = 500;

/// The routes of zones, closures and passes.
#[must_use]
pub fn routes() -> Routes {
    Routes::new()
        .query(
            "/api/zoning/zones",
            Permission::ZonesRead.by_area(),
            "Zones in force, with population and clock",
            list_zones,
        )
        .query(
            "/api/zoning/all-zones",
            Permission::ZonesRead.by_area(),
            "All zones, lifted and observed ones too",
            all_zones,
        )
        .query("/api/zoning/history", Permission::ZonesRead.by_area(), "The levels that a zone has had", history)
        .query("/api/zoning/level", Permission::ZonesRead.by_area(), "The strictest level around an area", level)
        .query("/api/zoning/population", Permission::ZonesRead.whole(), "People by level, each once", population)
        .query(
            "/api/zoning/closures",
            Permission::ZonesRead.by_area(),
            "Closures and holds of places and goods",
            list_closures,
        )
        .query("/api/zoning/duties", Permission::ZonesRead.by_area(), "Duties of a day in a locked zone", list_duties)
        .query("/api/zoning/passes", Permission::ZonesRead.by_area(), "Passes of a zone", list_passes)
        .query(
            "/api/zoning/pass",
            Permission::ZonesRead.by_area(),
            "Whether a person or vehicle may cross now",
            check_pass,
        )
        .command(
            "/api/zoning/issue-pass",
            Permission::IsolationManage.by_area(),
            "Issue a pass through a zone's gates",
            issue_pass,
        )
        .command("/api/zoning/revoke-pass", Permission::IsolationManage.by_area(), "Take a pass back", revoke_pass)
        .command(
            "/api/zoning/extend-hold",
            Permission::PlanApprove.by_area(),
            "Extend the hold of a place, once",
            extend,
        )
        .command(
            "/api/zoning/observe-zone",
            Permission::MeasuresObserve.by_area(),
            "Record a zone that others imposed",
            observe_zone,
        )
        .command(
            "/api/zoning/observe-closure",
            Permission::MeasuresObserve.by_area(),
            "Record a closure that others imposed",
            observe_closure,
        )
}

/// A zone and who is in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ZoneView {
    /// The zone.
    pub zone: Zone,
    /// Who lives and works in it, whatever other zones lie inside.
    pub population: ZonePopulation,
    /// Whether it is in force now.
    pub in_force: bool,
}

/// Which zones.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
pub struct ZonesQuery {
    /// At which moment; now where absent.
    pub at: Option<Timestamp>,
}

/// Zones with their people.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ZoneList {
    /// The zones.
    pub zones: Vec<ZoneView>,
}

/// Who lives in a zone's areas, and who works at its places and lives elsewhere.
///
/// # Errors
/// What the store refused.
pub fn population_of_zone(tx: &mut Tx<'_>, zone: &Zone) -> Result<ZonePopulation, Refusal> {
    let mut sum = ZonePopulation::default();
    for area in outermost(&zone.areas) {
        let part = of_area(tx, area)?;
        sum.residents += part.residents;
        sum.present += part.present;
        sum.households += part.households;
    }
    sum.at_places = at_places(tx, zone)?;
    Ok(sum)
}

/// People who work at the places of a zone or at parts of them, each once, and do not live in its areas.
fn at_places(tx: &mut Tx<'_>, zone: &Zone) -> Result<i64, Refusal> {
    let mut people: BTreeSet<PersonId> = BTreeSet::new();
    for id in &zone.places {
        people.extend(outpace_registry::people_at_workplace(tx, *id)?);
        let Some(place) = outpace_registry::place(tx, *id)? else { continue };
        // Parts stand in the same village as the whole.
        let around = place.area.at(AreaLevel::Village).unwrap_or(place.area);
        for part in outpace_registry::places_in(tx, around)?.iter().filter(|part| part.part_of == Some(*id)) {
            people.extend(outpace_registry::people_at_workplace(tx, part.id)?);
        }
    }
    let mut count = 0;
    for person in people {
        let home = outpace_registry::person(tx, person)?.map(|person| person.area);
        if !home.is_some_and(|home| zone.contains(home)) {
            count += 1;
        }
    }
    Ok(count)
}

fn of_area(tx: &mut Tx<'_>, area: AreaId) -> Result<ZonePopulation, Refusal> {
    let found = outpace_registry::population_of(tx, area)?;
    Ok(ZonePopulation {
        residents: found.registered,
        present: found.present,
        households: found.households,
        at_places: 0,
    })
}

/// A zone is seen by whoever answers for a part of it or stands inside.
fn seen(tx: &mut Tx<'_>, call: &Call, zone: &Zone) -> Result<bool, Refusal> {
    if zone.areas.iter().any(|area| call.sees(*area) || area.contains(call.actor.area)) {
        return Ok(true);
    }
    for place in &zone.places {
        if outpace_registry::place(tx, *place)?.is_some_and(|place| call.sees(place.area)) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn views(tx: &mut Tx<'_>, call: &Call, at: Timestamp, zones: Vec<Zone>) -> Result<Vec<ZoneView>, Refusal> {
    let mut views = Vec::new();
    for zone in zones {
        if seen(tx, call, &zone)? {
            let population = population_of_zone(tx, &zone)?;
            views.push(ZoneView { population, in_force: zone.in_force_at(at), zone });
        }
    }
    Ok(views)
}

fn list_zones(tx: &mut Tx<'_>, call: &Call, query: ZonesQuery) -> Result<ZoneList, Refusal> {
    let at = query.at.unwrap_or(call.now);
    let found = zones::in_force_at(tx, at)?;
    Ok(ZoneList { zones: views(tx, call, at, found)? })
}

/// A page of zones.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[schema(as = ZonePageQuery)]
pub struct PageQuery {
    /// After this number.
    pub after: Option<i64>,
    /// At most so many, 500 at the most.
    pub limit: Option<i64>,
}

fn limit_of(limit: Option<i64>) -> i64 {
    limit.unwrap_or(PAGE_MAX).clamp(1, PAGE_MAX)
}

fn all_zones(tx: &mut Tx<'_>, call: &Call, query: PageQuery) -> Result<ZoneList, Refusal> {
    let found = zones::store::page(tx, ZoneId(query.after.unwrap_or(0)), limit_of(query.limit))?;
    Ok(ZoneList { zones: views(tx, call, call.now, found)? })
}

/// One zone.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct ZoneQuery {
    /// Which.
    pub zone: ZoneId,
}

/// The levels of a zone.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ZoneHistory {
    /// Oldest first.
    pub steps: Vec<ZoneStep>,
}

fn visible(tx: &mut Tx<'_>, call: &Call, id: ZoneId) -> Result<Zone, Refusal> {
    let unknown = ZoningError::UnknownZone(id);
    let zone = zones::zone(tx, id)?.ok_or_else(|| unknown.clone())?;
    if seen(tx, call, &zone)? { Ok(zone) } else { Err(unknown.into()) }
}

fn history(tx: &mut Tx<'_>, call: &Call, query: ZoneQuery) -> Result<ZoneHistory, Refusal> {
    let zone = visible(tx, call, query.zone)?;
    Ok(ZoneHistory { steps: zones::store::steps(tx, zone.id)? })
}

/// Which area.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[schema(as = ZoneLevelQuery)]
pub struct AreaQuery {
    /// The area.
    pub area: AreaId,
}

/// The level around an area.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LevelAnswer {
    /// The area that was asked for.
    pub area: AreaId,
    /// The strictest level; none where no zone stands.
    #[schema(value_type = Option<String>)]
    pub level: Option<ZoneLevel>,
    /// The zones around it.
    pub zones: Vec<ZoneId>,
}

fn level(tx: &mut Tx<'_>, call: &Call, query: AreaQuery) -> Result<LevelAnswer, Refusal> {
    call.covers(query.area)?;
    let mut zones = zones::zones_at(tx, query.area)?;
    zones.retain(|zone| zone.starts_at <= call.now);
    let level = zones.iter().map(|zone| zone.level).max_by_key(|level| zones::strictness(*level));
    Ok(LevelAnswer { area: query.area, level, zones: zones.iter().map(|zone| zone.id).collect() })
}

/// People by level.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ZonePopulationAnswer)]
pub struct PopulationAnswer {
    /// By key of the level; each person once, at the strictest level around their home.
    pub levels: BTreeMap<String, ZonePopulation>,
}

/// How many people stand at each level now, each once, at the strictest of the zones around their home. People at the
/// places of a zone are counted beside them, in `at_places` of that zone's level.
///
/// # Errors
/// What the store refused.
pub fn population_by_level(tx: &mut Tx<'_>, at: Timestamp) -> Result<BTreeMap<ZoneLevel, ZonePopulation>, Refusal> {
    let standing = zones::in_force_at(tx, at)?;
    let mut net = rules::net_population(&standing, |area| of_area(tx, area))?;
    for zone in standing.iter().filter(|zone| !zone.places.is_empty()) {
        let at_places = population_of_zone(tx, zone)?.at_places;
        net.entry(zone.level).or_default().at_places += at_places;
    }
    Ok(net)
}

fn population(tx: &mut Tx<'_>, call: &Call, query: ZonesQuery) -> Result<PopulationAnswer, Refusal> {
    let found = population_by_level(tx, query.at.unwrap_or(call.now))?;
    Ok(PopulationAnswer { levels: found.into_iter().map(|(level, people)| (level.key().to_owned(), people)).collect() })
}

/// Which closures.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
pub struct ClosuresQuery {
    /// Only of this kind.
    pub kind: Option<TargetKind>,
    /// Whether ended and observed ones are listed too.
    #[serde(default)]
    pub all: bool,
    /// After this number.
    pub after: Option<i64>,
    /// At most so many, 500 at the most.
    pub limit: Option<i64>,
}

/// Closures and holds.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ClosureList {
    /// In order of number.
    pub closures: Vec<Closure>,
    /// Holds of places that ran out before anybody decided: our failures. Told to who answers for the whole jurisdiction.
    pub holds_lapsed: i64,
}

fn list_closures(tx: &mut Tx<'_>, call: &Call, query: ClosuresQuery) -> Result<ClosureList, Refusal> {
    let (after, limit) = (ClosureId(query.after.unwrap_or(0)), limit_of(query.limit));
    let mut closures = closures::store::page(tx, query.kind, after, limit)?;
    closures.retain(|closure| {
        let area = closure.target.area();
        let stands = closure.ended_at.is_none() && closure.imposed_by.is_none();
        (query.all || stands) && (call.sees(area) || area.contains(call.actor.area))
    });
    let everything = call.sees(AreaId(tx.jurisdiction()));
    let holds_lapsed = if everything { closures::store::holds_lapsed(tx)? } else { 0 };
    Ok(ClosureList { closures, holds_lapsed })
}

/// Which zone and day.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct DutiesQuery {
    /// The zone.
    pub zone: ZoneId,
    /// A moment of the local day; today where absent.
    pub at: Option<Timestamp>,
}

/// Duties of a day.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DutyList {
    /// The duties.
    pub duties: Vec<Duty>,
}

fn list_duties(tx: &mut Tx<'_>, call: &Call, query: DutiesQuery) -> Result<DutyList, Refusal> {
    let zone = visible(tx, call, query.zone)?;
    let offset = call.offset_minutes();
    let day = query.at.unwrap_or(call.now).local_day(offset);
    Ok(DutyList { duties: duties_due(&zone, day, call.pack(), offset) })
}

/// Passes of which zone.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct PassesQuery {
    /// The zone.
    pub zone: ZoneId,
    /// After this number.
    pub after: Option<i64>,
    /// At most so many, 500 at the most.
    pub limit: Option<i64>,
}

/// Passes.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PassList {
    /// In order of number.
    pub passes: Vec<Pass>,
}

fn list_passes(tx: &mut Tx<'_>, call: &Call, query: PassesQuery) -> Result<PassList, Refusal> {
    let zone = visible(tx, call, query.zone)?;
    let passes = passes::passes_of(tx, zone.id, PassId(query.after.unwrap_or(0)), limit_of(query.limit))?;
    Ok(PassList { passes })
}

/// Who stands at the gate.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct PassQuery {
    /// The zone.
    pub zone: ZoneId,
    /// The person.
    pub person: Option<PersonId>,
    /// The vehicle.
    pub vehicle: Option<VehicleId>,
}

/// Whether they may cross.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PassAnswer {
    /// The pass that lets them through now.
    pub pass: Option<Pass>,
}

fn check_pass(tx: &mut Tx<'_>, call: &Call, query: PassQuery) -> Result<PassAnswer, Refusal> {
    visible(tx, call, query.zone)?;
    Ok(PassAnswer { pass: passes::valid(tx, query.zone, query.person, query.vehicle, call.now)? })
}

/// A pass that was issued.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Issued {
    /// Its number.
    pub pass: PassId,
}

fn issue_pass(unit: &mut Unit<'_>, call: &Call, request: NewPass) -> Result<Issued, Refusal> {
    Ok(Issued { pass: passes::issue(unit, call, request)? })
}

/// Which pass, and why.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct Revoke {
    /// The pass.
    pub pass: PassId,
    /// Why.
    pub reason: Text,
}

fn revoke_pass(unit: &mut Unit<'_>, call: &Call, request: Revoke) -> Result<Issued, Refusal> {
    passes::revoke(unit, call, request.pass, request.reason)?;
    Ok(Issued { pass: request.pass })
}

fn extend(unit: &mut Unit<'_>, call: &Call, request: ExtendHold) -> Result<Closure, Refusal> {
    closures::extend_hold(unit, call, request)
}

/// A zone that others imposed.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct ObserveZone {
    /// What was seen. Its ground may name no facts.
    pub zone: NewZone,
    /// Who imposed it.
    pub imposed_by: ImposedBy,
}

/// The zone that was recorded.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ObservedZone {
    /// Its number.
    pub zone: ZoneId,
}

fn observe_zone(unit: &mut Unit<'_>, call: &Call, request: ObserveZone) -> Result<ObservedZone, Refusal> {
    Ok(ObservedZone { zone: zones::observe(unit, call, request.zone, request.imposed_by)? })
}

/// A closure that others imposed.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct ObserveClosure {
    /// What is closed.
    pub target: Target,
    /// Why and until when, as far as known. Its ground may name no facts.
    pub closure: NewClosure,
    /// Who imposed it.
    pub imposed_by: ImposedBy,
}

/// The closure that was recorded.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ObservedClosure {
    /// Its number.
    pub closure: ClosureId,
}

fn observe_closure(unit: &mut Unit<'_>, call: &Call, request: ObserveClosure) -> Result<ObservedClosure, Refusal> {
    let closure = closures::observe(unit, call, request.target, request.closure, request.imposed_by)?;
    Ok(ObservedClosure { closure })
}
