//! Measures on areas, places and goods.

use outpace_access::Call;
use outpace_core::{Refusal, Text};
use outpace_registry as registry;
use outpace_store::Tx;
use outpace_zoning::{self as zoning, Closure, Target, Zone};

use super::{Names, clauses};
use crate::live::model::{ClosureShown, ZonePlace, ZoneShown};

/// Zones in force, strictest first.
pub(super) fn zones(tx: &mut Tx<'_>, _: &Call, names: &mut Names) -> Result<Vec<ZoneShown>, Refusal> {
    let mut standing = zoning::in_force(tx)?;
    standing.sort_by_key(|zone| (std::cmp::Reverse(zoning::strictness(zone.level)), zone.id));
    standing.into_iter().map(|zone| shown(tx, zone, names)).collect()
}

fn shown(tx: &mut Tx<'_>, zone: Zone, _: &mut Names) -> Result<ZoneShown, Refusal> {
    let population = zoning::population_of_zone(tx, &zone)?.people();
    let mut places = Vec::new();
    for id in &zone.places {
        if let Some(place) = registry::place(tx, *id)?
            && let (Some(lon), Some(lat)) = (place.lon, place.lat)
        {
            places.push(ZonePlace { id: id.0, name: Text::new(place.name, place.name_en), lon, lat });
        }
    }
    Ok(ZoneShown {
        id: zone.id.0,
        name: zone.name,
        areas: zone.areas.iter().map(|area| area.0).collect(),
        places,
        level: zone.level.key().to_owned(),
        risk: zone.risk.map(|risk| risk.key().to_owned()),
        population,
        from: zone.starts_at.0,
        on_judgement: zone.ground.assessment.is_some(),
        reason: zone.ground.reason,
        clause: clauses::words(&zone.ground.clause),
        lift_when: zone.lift.rule,
    })
}

/// Closures of place classes in force.
pub(super) fn closures(tx: &mut Tx<'_>, _: &Call, names: &mut Names) -> Result<Vec<ClosureShown>, Refusal> {
    let mut shown = Vec::new();
    for closure in zoning::closures::in_force(tx)? {
        let Closure { id, target: Target::Class { class, area }, ground, starts_at, lift, .. } = closure else {
            continue;
        };
        shown.push(ClosureShown {
            id: id.0,
            class: registry::places::class_name(&class),
            area: area.0,
            area_name: names.of(tx, area)?,
            from: starts_at.0,
            reason: ground.reason,
            clause: clauses::words(&ground.clause),
            lift_when: lift.rule,
        });
    }
    Ok(shown)
}
