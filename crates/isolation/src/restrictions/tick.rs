//! What time alone does to restrictions: warnings, ends, lapses.

use outpace_access::Call;
use outpace_core::{Refusal, RestrictionId};
use outpace_store::Unit;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::facts::{Ended, HoldsWarned};
use super::model::{EndedWhy, RestrictionKind};
use super::{commands, store};

/// Restrictions ended in one tick; the rest follows in the next.
const ENDS_MAX: i64 = 20_000;

/// What a tick recorded.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = RestrictionsTicked)]
pub struct Ticked {
    /// Holds that were warned about.
    pub warned: Vec<RestrictionId>,
    /// Holds that ran out undecided: our failures.
    pub lapsed: Vec<RestrictionId>,
    /// Restrictions whose end came.
    pub expired: Vec<RestrictionId>,
}

/// Records warnings, ends and lapses up to now. Run every minute, so that a release takes effect within a minute of its
/// time; running it again changes nothing.
///
/// # Errors
/// What the store refused.
pub fn tick(unit: &mut Unit<'_>, call: &Call) -> Result<Ticked, Refusal> {
    let now = unit.now();
    let mut ticked = Ticked::default();
    let warning_minutes = i64::from(call.pack().holds.warning_minutes.value);
    let warned = store::to_warn(unit.tx(), now, now.plus_minutes(warning_minutes))?;
    if !warned.is_empty() {
        unit.record(HoldsWarned { ids: warned.clone() })?;
        ticked.warned = warned;
    }
    let (mut lapsed, mut expired) = (Vec::new(), Vec::new());
    for ending in store::ending(unit.tx(), now, ENDS_MAX)? {
        let item = (Ended { id: ending.id, person: ending.person }, ending.kind);
        if ending.kind == RestrictionKind::Hold {
            ticked.lapsed.push(ending.id);
            lapsed.push(item);
        } else {
            ticked.expired.push(ending.id);
            expired.push(item);
        }
    }
    commands::end(unit, call, lapsed, EndedWhy::Lapsed)?;
    commands::end(unit, call, expired, EndedWhy::Expired)?;
    Ok(ticked)
}
