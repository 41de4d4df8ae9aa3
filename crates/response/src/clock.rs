//! What time alone does: the clocks of all capabilities, time-outs of approvals, ends of assessments, the turn of the
//! day. The server runs each clock at least once a minute, a drill at each step of its own.

use std::collections::BTreeSet;

use outpace_access::Call;
use outpace_core::trigger::RESPOND;
use outpace_core::{AreaId, Refusal, Text, Trigger};
use outpace_store::Unit;

use crate::facts::{ApprovalTimedOut, AssessmentExpired, DayBegan};
use crate::store;

/// What one capability does when time passes.
#[derive(Clone, Copy)]
pub struct ClockOf {
    /// Its stable name, in metrics: `isolation`, `zoning`, …
    pub name: &'static str,
    /// Its name for people.
    pub says: fn() -> Text,
    /// Records what has passed by now. Running it again at the same moment changes nothing.
    pub tick: fn(&mut Unit<'_>, &Call) -> Result<(), Refusal>,
}

/// The clocks of the response and of what it rests on, those that release people and places first. Each is run in a unit of its
/// own, so that one that fails keeps none of the others from what is due.
pub const CLOCKS: [ClockOf; 5] = [
    ClockOf {
        name: "isolation",
        says: || Text::new("人员管控到期", "ends of restrictions"),
        tick: |unit, call| outpace_isolation::tick(unit, call).map(drop),
    },
    ClockOf {
        name: "zoning",
        says: || Text::new("区域与场所解封", "ends of zones and closures"),
        tick: |unit, call| outpace_zoning::tick(unit, call).map(drop),
    },
    ClockOf { name: "response", says: || Text::new("研判与批准时限", "assessments and approvals"), tick: own },
    ClockOf {
        name: "orders",
        says: || Text::new("任务时限", "deadlines of orders"),
        tick: |unit, call| outpace_orders::tick(unit, call).map(drop),
    },
    ClockOf {
        name: "screening",
        says: || Text::new("采样与送检时限", "deadlines of tubes"),
        tick: |unit, call| outpace_screening::tick(unit, call).map(drop),
    },
];

/// All of [`CLOCKS`] in one unit, which fails as a whole: for tools and tests that move time by hand.
///
/// # Errors
/// What a capability or the store refused.
pub fn tick(unit: &mut Unit<'_>, call: &Call) -> Result<(), Refusal> {
    CLOCKS.iter().try_for_each(|clock| (clock.tick)(unit, call))
}

/// Ends of assessments, time-outs of approvals, what failed and is tried again, the turn of the day.
fn own(unit: &mut Unit<'_>, call: &Call) -> Result<(), Refusal> {
    for id in store::expiring(unit.tx(), call.now)? {
        unit.record(AssessmentExpired { id })?;
        unit.enqueue(RESPOND, &Trigger::Assessment(id))?;
    }
    for standing in store::timed_out(unit.tx(), call.now)? {
        let deputies = u32::try_from(standing.deputies).unwrap_or(0).saturating_add(1);
        unit.record(ApprovalTimedOut { line: standing.line.key.clone(), plan: standing.plan, deputies })?;
    }
    retry_failed(unit, call)?;
    turn_of_day(unit, call)
}

/// Looks again at whatever could not be carried out and whose time to be tried has come. A look tries it and says what came of
/// it.
fn retry_failed(unit: &mut Unit<'_>, call: &Call) -> Result<(), Refusal> {
    let jurisdiction = AreaId(unit.tx().jurisdiction());
    let failing = store::failing(unit.tx())?;
    let due = failing.iter().filter(|one| one.next_at <= call.now);
    let triggers: BTreeSet<Trigger> = due.map(|one| one.owner.trigger(jurisdiction)).collect();
    for trigger in &triggers {
        unit.enqueue(RESPOND, trigger)?;
    }
    Ok(())
}

/// A new local day: phases of quarantine end, zones come nearer to their lifting, duties begin. The first tick of a day
/// records it, once there is anything that a day can change.
fn turn_of_day(unit: &mut Unit<'_>, call: &Call) -> Result<(), Refusal> {
    let day = call.now.local_day(call.offset_minutes());
    let Some(last) = store::last_day(unit.tx())? else { return Ok(()) };
    if last < day {
        unit.record(DayBegan { day })?;
        unit.enqueue(RESPOND, &Trigger::Everything)?;
    }
    Ok(())
}
