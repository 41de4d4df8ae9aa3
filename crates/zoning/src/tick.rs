//! What time alone does to zones and closures. A passed deadline is a fact, recorded once, and makes the response look.

use outpace_access::Call;
use outpace_core::trigger::RESPOND;
use outpace_core::{ClosureId, Refusal, Timestamp, Trigger, ZoneId};
use outpace_store::{Tx, Unit};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::closures::facts::{ClosureEnded, ClosureWarned};
use crate::closures::model::{EndReason, Target};
use crate::closures::store as closures;
use crate::zones::facts::ZoneLiftDue;
use crate::zones::store as zones;

/// What a tick recorded.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ZoningTicked)]
pub struct Ticked {
    /// Zones whose earliest lifting passed.
    pub lift_due: Vec<ZoneId>,
    /// Holds that were warned about.
    pub warned: Vec<ClosureId>,
    /// Holds that ran out undecided.
    pub lapsed: Vec<ClosureId>,
    /// Closures whose end came.
    pub expired: Vec<ClosureId>,
}

/// Records warnings, lapses, ends and earliest liftings up to now. Running it again changes nothing.
///
/// # Errors
/// What the store refused.
pub fn tick(unit: &mut Unit<'_>, call: &Call) -> Result<Ticked, Refusal> {
    let now = unit.now();
    let mut ticked = Ticked::default();
    for id in zones::lift_passed(unit.tx(), now)? {
        unit.record(ZoneLiftDue { id })?;
        unit.enqueue(RESPOND, &Trigger::Zone(id))?;
        ticked.lift_due.push(id);
    }
    let warning_minutes = i64::from(call.pack().holds.warning_minutes.value);
    for closure in closures::ending_before(unit.tx(), now.plus_minutes(warning_minutes))? {
        let (id, Some(ends_at)) = (closure.id, closure.ends_at) else { continue };
        let held = match closure.target {
            Target::Place { place, .. } => Some(place),
            _ => None,
        };
        match (ends_at <= now, held) {
            (true, Some(place)) => {
                unit.record(ClosureEnded { id, why: EndReason::Lapsed })?;
                unit.enqueue(RESPOND, &Trigger::Place(place))?;
                ticked.lapsed.push(id);
            }
            (true, None) => {
                unit.record(ClosureEnded { id, why: EndReason::Expired })?;
                unit.enqueue(RESPOND, &Trigger::Area(closure.target.area()))?;
                ticked.expired.push(id);
            }
            (false, Some(_)) if closure.warned_at.is_none() => {
                unit.record(ClosureWarned { id, ends_at })?;
                ticked.warned.push(id);
            }
            (false, _) => {}
        }
    }
    Ok(ticked)
}

/// What becomes due at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DueWhat {
    /// A zone begins.
    ZoneStarts(ZoneId),
    /// A zone may be lifted at the earliest.
    ZoneLift(ZoneId),
    /// A closure or hold begins.
    ClosureStarts(ClosureId),
    /// A closure or hold ends.
    ClosureEnds(ClosureId),
}

/// Something that becomes due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
pub struct Due {
    /// When.
    pub at: Timestamp,
    /// What.
    pub what: DueWhat,
}

/// Everything of zones and closures that becomes due after one moment and not after another, in order of time.
///
/// # Errors
/// What the engine refused.
pub fn due_between(tx: &mut Tx<'_>, after: Timestamp, until: Timestamp) -> Result<Vec<Due>, Refusal> {
    let mut due = Vec::new();
    for zone in zones::in_force(tx)? {
        due.push(Due { at: zone.starts_at, what: DueWhat::ZoneStarts(zone.id) });
        due.extend(zone.lift.earliest_at.map(|at| Due { at, what: DueWhat::ZoneLift(zone.id) }));
    }
    for closure in closures::in_force(tx)? {
        due.push(Due { at: closure.starts_at, what: DueWhat::ClosureStarts(closure.id) });
        due.extend(closure.ends_at.map(|at| Due { at, what: DueWhat::ClosureEnds(closure.id) }));
    }
    due.retain(|due| after < due.at && due.at <= until);
    due.sort_unstable();
    Ok(due)
}
