//! Routes of conflicts.

use outpace_access::{Call, Empty, Routes};
use outpace_core::{ConflictId, Permission, Refusal};
use outpace_store::{Tx, Unit};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Conflict, store};
use crate::errors::OrdersError;
use crate::orders::{ORDERS_MAX, ORDERS_USUAL};

/// The routes of conflicts.
#[must_use]
pub fn routes() -> Routes {
    Routes::new()
        .query(
            "/api/orders/conflicts",
            Permission::OrdersRead.by_area(),
            "Observations that cannot be, and how they were settled",
            conflicts,
        )
        .command("/api/orders/settle-conflict", Permission::OrdersWork.by_area(), "Say what was true", settle_conflict)
}

/// Narrows the list of conflicts.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct ListConflicts {
    /// Only those that wait to be settled.
    pub open: bool,
    /// From below this conflict.
    pub after: Option<ConflictId>,
    /// At most this many, up to 500; 100 when absent.
    pub limit: Option<usize>,
}

/// Conflicts, newest first.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ConflictList {
    /// The conflicts.
    pub conflicts: Vec<Conflict>,
    /// Where the next page begins; absent at the end.
    pub after: Option<ConflictId>,
}

fn conflicts(tx: &mut Tx<'_>, call: &Call, query: ListConflicts) -> Result<ConflictList, Refusal> {
    let limit = query.limit.unwrap_or(ORDERS_USUAL).clamp(1, ORDERS_MAX);
    let page = store::list(tx, query.open, query.after, limit as i64)?;
    let after = (page.len() == limit).then(|| page.last().map(|conflict| conflict.id)).flatten();
    let conflicts = page.into_iter().filter(|conflict| call.sees(conflict.area)).collect();
    Ok(ConflictList { conflicts, after })
}

/// Says what was true.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SettleConflict {
    /// Which.
    pub conflict: ConflictId,
    /// What was true, and on what ground.
    pub settlement: String,
}

fn settle_conflict(unit: &mut Unit<'_>, call: &Call, request: SettleConflict) -> Result<Empty, Refusal> {
    let known = store::by_id(unit.tx(), request.conflict)?.filter(|known| call.sees(known.area));
    known.ok_or_else(|| OrdersError::unknown("conflict", request.conflict))?;
    super::settle(unit, call, request.conflict, &request.settlement)?;
    Ok(Empty {})
}
