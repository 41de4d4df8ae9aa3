//! What is in force: what the response put there, as far as it still stands by the word of the capability that keeps
//! it, and what others imposed.

use std::collections::{BTreeMap, BTreeSet};

use outpace_core::{AreaId, ClosureId, OrderId, PersonId, Refusal, RestrictionId, ZoneId};
use outpace_isolation as isolation;
use outpace_orders as orders;
use outpace_store::{Result, Tx};
use outpace_zoning as zoning;

use crate::closure::{Owner, Reach};
use crate::items::{Confinement, InForce, Key, What};
use crate::situation::{Situation, ZoneScope};
use crate::store;

/// Observed restrictions looked at.
const OBSERVED_MAX: i64 = 10_000;

/// Everything in force within a reach, by key.
pub(super) fn in_force(tx: &mut Tx<'_>, reach: &Reach) -> Result<BTreeMap<Key, InForce>, Refusal> {
    let applied = if reach.everything { store::applied_all(tx)? } else { applied_within(tx, reach)? };
    let zones: BTreeMap<ZoneId, zoning::Zone> = zoning::in_force(tx)?.into_iter().map(|zone| (zone.id, zone)).collect();
    let closures: BTreeMap<ClosureId, zoning::Closure> =
        zoning::closures::in_force(tx)?.into_iter().map(|closure| (closure.id, closure)).collect();
    let mut restrictions: BTreeMap<PersonId, Vec<isolation::Restriction>> = BTreeMap::new();
    let mut found = BTreeMap::new();
    for (key, mut held) in applied {
        let stands = match &held.what {
            What::Hold { person, .. } | What::Confine { person, .. } => {
                if !restrictions.contains_key(person) {
                    restrictions.insert(*person, isolation::in_force_of(tx, *person)?);
                }
                let id = RestrictionId(held.id);
                let own = restrictions.get(person).into_iter().flatten().find(|restriction| restriction.id == id);
                own.is_some_and(|restriction| {
                    held.extended = restriction.extensions > 0;
                    held.ends_at = Some(restriction.ends_at);
                    true
                })
            }
            What::Zone { .. } => zones.get(&ZoneId(held.id)).is_some_and(|zone| {
                held.starts_at = zone.level_since;
                true
            }),
            What::Closure { .. } | What::PlaceHold { .. } | What::GoodsHold { .. } => {
                closures.get(&ClosureId(held.id)).is_some_and(|closure| {
                    held.extended = closure.extensions > 0;
                    held.ends_at = closure.ends_at;
                    true
                })
            }
            What::Order { .. } => {
                let order = orders::orders::by_id(tx, OrderId(held.id))?;
                // Who finished or cancelled an order has answered it; it is not issued again for the same facts.
                held.done = order.is_none_or(|order| !order.state.is_pending());
                true
            }
            What::Notice { .. } => {
                held.done = true;
                true
            }
        };
        if stands {
            found.insert(key, held);
        }
    }
    observed(tx, reach, &mut found)?;
    Ok(found)
}

fn applied_within(tx: &mut Tx<'_>, reach: &Reach) -> Result<Vec<(Key, InForce)>> {
    let mut found = store::applied_of(tx, &Owner::Ground)?;
    for person in &reach.people {
        found.extend(store::applied_of(tx, &Owner::Person(*person))?);
    }
    for case in &reach.cases {
        found.extend(store::applied_of(tx, &Owner::Case(*case))?);
    }
    for tube in &reach.tubes {
        found.extend(store::applied_of(tx, &Owner::Tube(tube.clone()))?);
    }
    Ok(found)
}

/// What somebody else imposed on a person, in the words of the response.
pub(crate) fn imposed_on(seen: &isolation::restrictions::ObservedRestriction) -> What {
    let person = seen.person;
    let confined =
        |kind| What::Confine { person, kind, class: None, then: None, test_days: Vec::new(), transfer: None };
    match seen.kind {
        isolation::RestrictionKind::Hold => What::Hold { person, warn_at: seen.starts_at },
        isolation::RestrictionKind::FacilityQuarantine => confined(Confinement::FacilityQuarantine),
        isolation::RestrictionKind::HomeQuarantine => confined(Confinement::HomeQuarantine),
        isolation::RestrictionKind::HomeMonitoring => confined(Confinement::HomeMonitoring),
        isolation::RestrictionKind::Isolation => confined(Confinement::Isolation),
    }
}

/// Restrictions, zones and closures that somebody else imposed: they are shown, never lifted.
fn observed(tx: &mut Tx<'_>, reach: &Reach, found: &mut BTreeMap<Key, InForce>) -> Result<(), Refusal> {
    let everywhere = AreaId(tx.jurisdiction());
    for seen in isolation::restrictions::store::observed(tx, everywhere, RestrictionId(0), OBSERVED_MAX)? {
        if !reach.everything && !reach.people.contains(&seen.person) {
            continue;
        }
        let what = imposed_on(&seen);
        let key = Key(format!("observed/restriction/{}", seen.id));
        found.insert(key, imposed(what, seen.id.0, seen.starts_at, seen.ends_at));
    }
    for zone in zoning::zones::observed(tx)? {
        let areas = zone.areas.iter().map(|area| ZoneScope::Area(*area));
        for scope in areas.chain(zone.places.iter().map(|place| ZoneScope::Place(*place))) {
            let what = What::Zone { scope, level: zone.level, stepped_down: false };
            let key = Key(format!("observed/zone/{}/{scope}", zone.id));
            found.insert(key, imposed(what, zone.id.0, zone.starts_at, zone.lift.earliest_at));
        }
    }
    for closure in zoning::closures::observed(tx)? {
        let zoning::Target::Class { class, area } = &closure.target else { continue };
        let what = What::Closure { area: *area, class: class.clone() };
        let key = Key(format!("observed/closure/{}", closure.id));
        found.insert(key, imposed(what, closure.id.0, closure.starts_at, closure.ends_at));
    }
    Ok(())
}

fn imposed(
    what: What,
    id: i64,
    starts_at: outpace_core::Timestamp,
    ends_at: Option<outpace_core::Timestamp>,
) -> InForce {
    InForce {
        what,
        id,
        starts_at,
        ends_at,
        facts: Vec::new(),
        observed: true,
        done: false,
        extended: false,
        moved: true,
        with: None,
        about: None,
    }
}

/// Marks confinements whose person is on the way or there.
pub(super) fn mark_moved(tx: &mut Tx<'_>, situation: &mut Situation) -> Result<()> {
    let confined: BTreeSet<(Key, PersonId)> = situation
        .in_force
        .iter()
        .filter_map(|(key, held)| match &held.what {
            What::Confine { person, .. } if !held.observed => Some((key.clone(), *person)),
            _ => None,
        })
        .collect();
    for (key, person) in confined {
        let moved = situation.people.get(&person).is_some_and(|person| person.isolated_at.is_some())
            || isolation::transfers::open_of(tx, person)?.is_some();
        if let Some(held) = situation.in_force.get_mut(&key) {
            held.moved = moved;
        }
    }
    Ok(())
}
