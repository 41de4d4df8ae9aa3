//! Tubes that come up in a box or at a laboratory without a registration: kept, flagged, and waiting for theirs.

use outpace_access::Call;
use outpace_core::{Refusal, Timestamp, TubeCode};
use outpace_store::Unit;

use crate::errors::ScreeningError;
use crate::rounds::verbs::pool_at;
use crate::tubes::deadlines::opening_at;
use crate::tubes::register::settle;
use crate::tubes::store::{TubeRow, row_by_code};
use crate::tubes::{Flag, Purpose, TubeFound};

/// The tube of a code; where nobody registered it, it is noted and settled. Answers whether it was noted now.
pub(crate) fn find_or_note(
    unit: &mut Unit<'_>,
    call: &Call,
    code: &TubeCode,
    at: Timestamp,
) -> Result<(TubeRow, bool), Refusal> {
    if let Some(row) = row_by_code(unit.tx(), code)? {
        return Ok((row, false));
    }
    let area = call.actor.area;
    let pool = pool_at(unit.tx(), call, None, area)?;
    let opening = opening_at(call, Purpose::Routine, pool, at.min(call.now));
    let tube = unit.next("tube")?;
    let seq = unit.record_at(TubeFound { tube, code: code.clone(), opening }, at)?;
    settle(unit, call, code, area, &[Flag::Unregistered].into(), seq)?;
    let row = row_by_code(unit.tx(), code)?.ok_or_else(|| ScreeningError::UnknownTube { tube: code.clone() })?;
    Ok((row, true))
}
