//! What time alone does: the clocks of all capabilities, time-outs of approvals, ends of assessments, the turn of the
//! day. The server calls it at least once a minute, a drill at each step of its clock.

use outpace_access::Call;
use outpace_core::trigger::RESPOND;
use outpace_core::{Refusal, Trigger};
use outpace_store::Unit;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::facts::{ApprovalTimedOut, AssessmentExpired, DayBegan};
use crate::store;

/// What a tick recorded.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Ticked {
    /// Orders newly found overdue or escalated.
    pub orders: outpace_orders::Ticked,
    /// Restrictions warned about, lapsed, ended.
    pub restrictions: outpace_isolation::Ticked,
    /// Zones and closures warned about, lapsed, ended.
    pub zones: outpace_zoning::Ticked,
    /// Tubes late, promises revised.
    pub screening: outpace_screening::Ticked,
    /// Lines that nobody answered in time.
    pub timed_out: Vec<String>,
    /// Assessments that ended.
    pub expired: i64,
}

/// Records what has passed by now. Running it again at the same moment changes nothing.
///
/// # Errors
/// What a capability or the store refused.
pub fn tick(unit: &mut Unit<'_>, call: &Call) -> Result<Ticked, Refusal> {
    let mut ticked = Ticked {
        orders: outpace_orders::tick(unit, call)?,
        restrictions: outpace_isolation::tick(unit, call)?,
        zones: outpace_zoning::tick(unit, call)?,
        screening: outpace_screening::tick(unit, call)?,
        ..Ticked::default()
    };
    for id in store::expiring(unit.tx(), call.now)? {
        unit.record(AssessmentExpired { id })?;
        unit.enqueue(RESPOND, &Trigger::Assessment(id))?;
        ticked.expired += 1;
    }
    for standing in store::timed_out(unit.tx(), call.now)? {
        let deputies = u32::try_from(standing.deputies).unwrap_or(0).saturating_add(1);
        unit.record(ApprovalTimedOut { line: standing.line.key.clone(), plan: standing.plan, deputies })?;
        ticked.timed_out.push(standing.line.key);
    }
    turn_of_day(unit, call)?;
    Ok(ticked)
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
