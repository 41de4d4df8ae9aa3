//! Loads a situation from the store: the closure of what changed, through the public functions of the capabilities.

mod held;
mod people;
mod world;

pub(crate) use held::imposed_on;

use outpace_access::Call;
use outpace_core::{AreaId, AreaLevel, Refusal, Text, Timestamp, Trigger};
use outpace_policy::ZoneLevel;
use outpace_registry as registry;
use outpace_store::{Result, Tx};

use crate::closure::{Reach, closure};
use crate::decide::{Rules, scopes};
use crate::items::{Key, What};
use crate::situation::{CareResident, Case, Finding, Fleet, Ground, RoundHeld, Situation, ZoneScope};
use crate::store;

use world::Stored;

/// The rules of a call, as decide() takes them.
#[must_use]
pub fn rules(call: &Call) -> Rules<'_> {
    Rules { pack: &call.rules.pack, playbook: &call.rules.playbook, profile: &call.rules.profile }
}

/// Loads what some triggers reach, at the moment of the call.
///
/// # Errors
/// What the store refused.
pub fn load(tx: &mut Tx<'_>, call: &Call, triggers: &[Trigger]) -> Result<(Situation, Reach), Refusal> {
    let rules = rules(call);
    let mut world = Stored::open(tx, call, &rules)?;
    let mut reach = closure(triggers, &mut world)?;
    if reach.everything {
        reach = world.everything()?;
    }
    let mut situation = world.situation(&reach, call.now)?;
    situation.in_force = held::in_force(tx, &reach)?;
    situation.declined = store::declined(tx)?.into_iter().collect();
    situation.approved = store::approved_items(tx)?.into_iter().collect();
    situation.carers = store::carers(tx)?.into_iter().collect();
    situation.fleet = fleet(tx)?;
    held::mark_moved(tx, &mut situation)?;
    for (scope, level) in scopes(&situation, &rules, call.now) {
        let mut ground = ground(tx, &rules, &situation, scope, level, call.now)?;
        ground.rounds = rounds_of_unclear_chain(tx, &rules, &situation, scope, call.now)?;
        situation.grounds.insert(scope, ground);
    }
    Ok((situation, reach))
}

fn fleet(tx: &mut Tx<'_>) -> Result<Fleet> {
    let buses = registry::vehicles_of_kind(tx, Some(registry::VehicleKind::Bus))?;
    let seats = buses.iter().map(|bus| bus.seats).max();
    let beds = outpace_isolation::free_beds(tx)?;
    let quarantine = beds.iter().filter(|beds| beds.kind.takes() == outpace_isolation::PassengerKind::Contact);
    let beds_free = quarantine.map(|beds| beds.rooms_free).sum();
    let bus_seats = seats.and_then(|seats| u32::try_from(seats).ok()).unwrap_or(Fleet::default().bus_seats);
    Ok(Fleet { bus_seats, beds_free })
}

/// What is known of an area or place: names and numbers from the registry, tests from screening; the care list only
/// where people may be locked in.
fn ground(
    tx: &mut Tx<'_>,
    rules: &Rules<'_>,
    situation: &Situation,
    scope: ZoneScope,
    level: Option<ZoneLevel>,
    now: Timestamp,
) -> Result<Ground, Refusal> {
    let row = level.and_then(|level| rules.pack.zone(level));
    let locked = row.is_some_and(|row| row.locked.value);
    let mut ground = match scope {
        ZoneScope::Area(area) => area_ground(tx, area, locked)?,
        ZoneScope::Place(place) => place_ground(tx, place)?,
    };
    let area = match scope {
        ZoneScope::Area(area) => area,
        ZoneScope::Place(_) => ground.area.unwrap_or(AreaId(tx.jurisdiction())),
    };
    if row.is_some() && area != AreaId(tx.jurisdiction()) {
        let days = i64::from(rules.pack.lookback.leaver_days.value);
        let left = outpace_contacts::left_in_window(tx, area, now.plus_days(-days), now)?;
        ground.leavers = left.into_iter().map(|departure| departure.person).collect();
        if level.is_some_and(|level| may_be_lifted(rules, situation, scope, level, now)) {
            tests(tx, situation, scope, area, &mut ground)?;
        }
    }
    Ok(ground)
}

/// Rounds of an area since its chain was found unclear, where the pack counts them.
fn rounds_of_unclear_chain(
    tx: &mut Tx<'_>,
    rules: &Rules<'_>,
    situation: &Situation,
    scope: ZoneScope,
    now: Timestamp,
) -> Result<Vec<RoundHeld>> {
    let ZoneScope::Area(area) = scope else { return Ok(Vec::new()) };
    let unclear = situation
        .assessments
        .values()
        .filter(|one| one.counts(now) && one.finding == Finding::ChainUnclear && one.scope.areas.contains(&area));
    let since = unclear.map(|one| one.signed_at).min();
    let Some(since) = since.filter(|_| rules.pack.zoning.clean_rounds_to_stop.value > 0) else {
        return Ok(Vec::new());
    };
    let rounds = outpace_screening::rounds_of(tx, area, since)?;
    let held = rounds
        .into_iter()
        .filter_map(|round| round.closed_at.map(|closed_at| RoundHeld { closed_at, clean: round.is_all_negative() }));
    Ok(held.collect())
}

fn area_ground(tx: &mut Tx<'_>, area: AreaId, locked: bool) -> Result<Ground> {
    let found = registry::area(tx, area)?;
    let name = names(area, found.as_ref());
    let population = registry::population_of(tx, area)?;
    let mut care = Vec::new();
    if locked && area.level().is_some_and(|level| level >= AreaLevel::Township) {
        for person in registry::care_list(tx, area)? {
            let needs = people::care_needs(&person.tags);
            care.extend(needs.into_iter().map(|need| CareResident { person: person.id, need }));
        }
    }
    Ok(Ground {
        name: name.zh,
        name_en: name.en,
        population: population.registered,
        households: population.households,
        area: Some(area),
        care,
        ..Ground::default()
    })
}

fn names(area: AreaId, found: Option<&registry::Area>) -> Text {
    found.map_or_else(
        || Text::new(area.to_string(), area.to_string()),
        |area| Text::new(area.name.clone(), area.name_en.clone()),
    )
}

fn place_ground(tx: &mut Tx<'_>, id: outpace_core::PlaceId) -> Result<Ground> {
    let Some(place) = registry::place(tx, id)? else { return Ok(Ground::default()) };
    let mut workers = registry::people_at_workplace(tx, id)?.len();
    // A park counts the people of the places in it.
    for inner in registry::places_in(tx, place.area)?.into_iter().filter(|inner| inner.part_of == Some(id)) {
        workers += registry::people_at_workplace(tx, inner.id)?.len();
    }
    let population = i64::try_from(workers).unwrap_or(i64::MAX);
    Ok(Ground {
        name: place.name,
        name_en: place.name_en,
        population,
        households: population,
        area: Some(place.area),
        part_of: place.part_of,
        ..Ground::default()
    })
}

/// Cases of people who live in an area, or work at a place.
fn cases_inside(situation: &Situation, scope: ZoneScope) -> impl Iterator<Item = &Case> {
    situation.cases.values().filter(|case| case.counts()).filter(move |case| match scope {
        ZoneScope::Area(area) => case.area.is_some_and(|home| area.contains(home)),
        // At work there, or often enough that some rule may have drawn the zone.
        ZoneScope::Place(place) => case.places.contains(&place) || case.visited.contains_key(&place),
    })
}

/// Whether enough days have passed that a zone's tests can matter: until then nobody has to count its rounds.
fn may_be_lifted(rules: &Rules<'_>, situation: &Situation, scope: ZoneScope, level: ZoneLevel, now: Timestamp) -> bool {
    let key = Key::zone(scope, level.is_risk());
    if !situation.in_force.contains_key(&key) {
        return false;
    }
    let Some(row) = rules.pack.zone(level) else { return false };
    let steps = i64::from(row.lift.days_after_step_down.value);
    let asked = i64::from(row.lift.no_case_days.value);
    let days_min = if steps > 0 { asked.min(steps) } else { asked };
    let judged = situation.assessments.values().filter(|one| match scope {
        ZoneScope::Area(area) => one.scope.areas.contains(&area),
        ZoneScope::Place(place) => one.scope.places.contains(&place),
    });
    let asked_for = cases_inside(situation, scope).map(|case| case.found_at).chain(judged.map(|one| one.signed_at));
    asked_for.max().is_none_or(|since| rules.day(now) - rules.day(since) >= days_min)
}

/// What the conditions of lifting ask: the last exposure of the last contact, the last all-negative round.
fn tests(tx: &mut Tx<'_>, situation: &Situation, scope: ZoneScope, area: AreaId, ground: &mut Ground) -> Result<()> {
    let inside = cases_inside(situation, scope);
    // A contact's last exposure lies no later than the isolation of the case; one who turned positive is a case.
    ground.last_contact_at = inside.map(Case::infectious_until).max();
    ground.contacts_negative = ground.last_contact_at.is_some();
    let since = ground.last_contact_at.unwrap_or(Timestamp(0));
    let rounds = outpace_screening::negative_rounds(tx, area, since)?;
    ground.negative_round_at =
        rounds.into_iter().filter(outpace_screening::AreaRound::is_complete).filter_map(|round| round.closed_at).max();
    Ok(())
}

/// Whether an item in force is a piece of work.
pub(crate) fn is_work(what: &What) -> bool {
    matches!(what, What::Order { .. } | What::Notice { .. })
}
