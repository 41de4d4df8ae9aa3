//! Transfers: who is to move, who waits, and the excuse.

use outpace_access::{Call, Empty, Routes};
use outpace_core::{Permission, Refusal, Text};
use outpace_store::{Tx, Unit};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::limit_of;
use crate::ids::TransferId;
use crate::transfers::{self, Transfer, TransferState};

pub(super) fn routes() -> Routes {
    Routes::new()
        .query(
            "/api/isolation/transfers",
            Permission::IsolationRead.by_area(),
            "People ordered to move, by state",
            list,
        )
        .command("/api/isolation/excuse", Permission::IsolationManage.by_area(), "Excuse a person from moving", excuse)
}

/// Which transfers.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
pub struct TransfersQuery {
    /// In this state; those that wait where absent.
    pub state: Option<TransferState>,
    /// After this number.
    pub after: Option<i64>,
    /// At most so many, 1,000 at the most.
    pub limit: Option<i64>,
}

/// Transfers.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TransferList {
    /// In order of number.
    pub transfers: Vec<Transfer>,
}

fn list(tx: &mut Tx<'_>, call: &Call, query: TransfersQuery) -> Result<TransferList, Refusal> {
    let state = query.state.unwrap_or(TransferState::Waiting);
    let after = TransferId(query.after.unwrap_or(0));
    let transfers = transfers::transfers(tx, state, call.actor.area, after, limit_of(query.limit))?;
    Ok(TransferList { transfers })
}

/// Who is not to move, and why.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct ExcuseRequest {
    /// Whose transfer.
    pub transfer: TransferId,
    /// Why.
    pub reason: Text,
}

fn excuse(unit: &mut Unit<'_>, call: &Call, request: ExcuseRequest) -> Result<Empty, Refusal> {
    transfers::excuse(unit, call, request.transfer, request.reason)?;
    Ok(Empty {})
}
