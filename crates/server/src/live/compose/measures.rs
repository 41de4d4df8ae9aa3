//! Measures on areas, places and goods.

use outpace_access::Call;
use outpace_core::{Refusal, Text};
use outpace_registry as registry;
use outpace_store::Tx;
use outpace_zoning::{self as zoning, Closure, Target, Zone};

use super::Names;
use crate::live::model::{ClosureShown, ZonePlace, ZoneShown};

/// The English word of a key such as `express_station`.
pub(super) fn words(key: &str) -> String {
    key.replace('_', " ")
}

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
        clause: zone.ground.clause,
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
            class: Text::new(class_zh(&class), words(&class)),
            area: area.0,
            area_name: names.of(tx, area)?,
            from: starts_at.0,
            reason: ground.reason,
            clause: ground.clause,
            lift_when: lift.rule,
        });
    }
    Ok(shown)
}

/// The Chinese word of a class of places that is closed as a class; other classes show their key.
fn class_zh(class: &str) -> String {
    match class {
        "logistics_park" => "快递物流园",
        "distribution_centre" => "分拨中心",
        "courier_outlet" => "邮政、快递网点",
        "restaurant" => "餐馆(堂食)",
        "market" => "农贸市场",
        "supermarket" => "超市",
        "bus_station" => "客运站",
        other => other,
    }
    .to_owned()
}
