//! Zones, closures, holds of places and of goods.

use outpace_access::Call;
use outpace_core::{AreaId, ClosureId, Refusal, Text, Timestamp, ZoneId};
use outpace_policy::{LiftBy, ZoneLevel};
use outpace_store::Unit;
use outpace_zoning as zoning;
use outpace_zoning::{Lift, NewClosure, NewZone, ZoneChange};

use super::{Order, applied, ground};
use crate::facts::Applied;
use crate::items::What;
use crate::plan::Planned;
use crate::situation::ZoneScope;

/// The rule of lifting of a level, in words, and the earliest moment at which it can be met.
fn zone_lift(call: &Call, level: ZoneLevel, starts_at: Timestamp, ends_at: Option<Timestamp>) -> Lift {
    let Some(row) = call.pack().zone(level) else {
        let rule = Text::new("按研判有效期解除", "ends with the assessment");
        return Lift { rule, earliest_at: ends_at };
    };
    let lift = &row.lift;
    if lift.by.value == LiftBy::WhenOthersLifted {
        let rule = Text::new(
            format!("其他区全部解除后:{}", lift.by.clause_in_chinese()),
            format!("when the others are lifted: {}", lift.by.clause()),
        );
        return Lift { rule, earliest_at: ends_at };
    }
    let days = lift.no_case_days.value.max(lift.last_contact_days.value);
    let offset = call.offset_minutes();
    let day = starts_at.local_day(offset) + i64::from(days);
    let earliest = Timestamp::start_of_local_day(day, offset).max(starts_at.plus_minutes(1));
    let days_clause = &lift.no_case_days;
    let rule = Text::new(
        format!("解除条件:{}", days_clause.clause_in_chinese()),
        format!("lifted when: {}", days_clause.clause()),
    );
    Lift { rule, earliest_at: Some(ends_at.map_or(earliest, |end| end.min(earliest))) }
}

fn zone_name(line: &crate::plan::Line) -> Text {
    line.title.clone()
}

/// Puts zones, closures and holds in force.
pub(super) fn put(unit: &mut Unit<'_>, call: &Call, order: &Order<'_>, done: &mut Vec<Applied>) -> Result<(), Refusal> {
    let now = unit.now();
    for item in &order.items {
        if item.ends_at.is_some_and(|end| end <= now) {
            continue;
        }
        let id = match &item.what {
            What::Zone { scope, level, .. } => zone(unit, call, order, item, (*scope, *level))?,
            What::Closure { area, class } => {
                end_old(unit, call, item)?;
                let closure = closure(unit, call, order, item);
                zoning::close_class(unit, call, class, *area, closure)?.0
            }
            What::PlaceHold { place, .. } => {
                end_old(unit, call, item)?;
                let closure = closure(unit, call, order, item);
                zoning::hold_place(unit, call, *place, closure)?.0
            }
            What::GoodsHold { place, goods } => {
                end_old(unit, call, item)?;
                let area = outpace_registry::place(unit.tx(), *place)?.map(|place| place.area);
                let area = area.unwrap_or(AreaId(unit.tx().jurisdiction()));
                let closure = closure(unit, call, order, item);
                zoning::hold_goods(unit, call, goods, Some(*place), area, closure)?.0
            }
            _ => continue,
        };
        done.push(Applied { starts_at: item.starts_at.max(now), ..applied(item, id) });
    }
    Ok(())
}

/// A closure that gets another end begins anew.
fn end_old(unit: &mut Unit<'_>, call: &Call, item: &Planned) -> Result<(), Refusal> {
    let Some(id) = item.id else { return Ok(()) };
    let reason = Text::new("期限调整", "another end was approved");
    zoning::reopen(unit, call, ClosureId(id), reason)
}

fn closure(unit: &mut Unit<'_>, _: &Call, order: &Order<'_>, item: &Planned) -> NewClosure {
    let rule = Text::new("到期或依据消失即解除", "ends at its time, or when its reason falls");
    NewClosure {
        ground: ground(order.line, item),
        starts_at: item.starts_at.max(unit.now()),
        ends_at: item.ends_at,
        lift: Lift { rule, earliest_at: item.ends_at },
        plan: Some(order.plan),
        notice: None,
    }
}

fn zone(
    unit: &mut Unit<'_>,
    call: &Call,
    order: &Order<'_>,
    item: &Planned,
    (scope, level): (ZoneScope, ZoneLevel),
) -> Result<i64, Refusal> {
    let starts_at = item.starts_at.max(unit.now());
    let lift = zone_lift(call, level, starts_at, item.ends_at);
    let ground = ground(order.line, item);
    let plan = Some(order.plan);
    if let Some(id) = item.id {
        let change = ZoneChange { level, risk: None, ground, lift, plan, name: Some(zone_name(order.line)) };
        zoning::change(unit, call, ZoneId(id), change)?;
        return Ok(id);
    }
    let (areas, places) = match scope {
        ZoneScope::Area(area) => (vec![area], Vec::new()),
        ZoneScope::Place(place) => (Vec::new(), vec![place]),
    };
    let name = zone_name(order.line);
    let new = NewZone { name, areas, places, level, risk: None, ground, starts_at, lift, plan, notice: None };
    Ok(zoning::declare(unit, call, new)?.0)
}

/// Lifts zones, closures and holds.
pub(super) fn lift(unit: &mut Unit<'_>, call: &Call, order: &Order<'_>) -> Result<(), Refusal> {
    for item in &order.items {
        let Some(id) = item.id else { continue };
        let reason = Text::new("解除条件已满足或依据已不存在", "its conditions of lifting are met, or its reason fell");
        match &item.what {
            What::Zone { .. } => zoning::lift(unit, call, ZoneId(id), reason)?,
            What::Closure { .. } => zoning::reopen(unit, call, ClosureId(id), reason)?,
            What::PlaceHold { .. } => zoning::release_place(unit, call, ClosureId(id), reason)?,
            What::GoodsHold { .. } => zoning::release_goods(unit, call, ClosureId(id), reason)?,
            _ => {}
        }
    }
    Ok(())
}
