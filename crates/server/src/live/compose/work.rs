//! Orders and command.

use outpace_access::Call;
use outpace_core::time::MINUTE_MS;
use outpace_core::{AreaId, Refusal};
use outpace_orders::command::{self, Mode};
use outpace_orders::{kinds, names, orders};
use outpace_store::Tx;

use super::Names;
use crate::live::model::{CommandShown, LateOrder, OrdersShown};

/// Orders shown as late or due next.
const LATE_MAX: i64 = 50;

/// Peacetime or emergency, and since when.
pub(super) fn command(tx: &mut Tx<'_>) -> Result<CommandShown, Refusal> {
    let state = command::state(tx)?;
    Ok(CommandShown {
        mode: match state.mode {
            Mode::Peacetime => "peacetime",
            Mode::Emergency => "emergency",
        }
        .to_owned(),
        level: state.level.map(command::ResponseLevel::name),
        since: state.since.map(|since| since.0),
        task_forces: i64::try_from(state.task_forces.len()).unwrap_or(i64::MAX),
    })
}

/// Orders by state, and the late ones by name.
pub(super) fn orders(tx: &mut Tx<'_>, call: &Call, areas: &mut Names) -> Result<OrdersShown, Refusal> {
    let counts = orders::tallies(tx)?.all;
    let mut late = Vec::new();
    for order in orders::next_due(tx, LATE_MAX)? {
        late.push(LateOrder {
            id: order.id.0,
            title: kinds::title(&call.rules, &order.kind),
            owner: names::owner(tx, &call.rules, &order.owner())?,
            area: areas.of(tx, shown_area(order.area))?,
            deadline_at: order.deadline_at.0,
            overdue_minutes: call.now.since(order.deadline_at).div_euclid(MINUTE_MS),
            kind: order.kind,
        });
    }
    Ok(OrdersShown {
        open: counts.open + counts.failed_verification,
        accepted: counts.accepted + counts.partly_done,
        done: counts.done,
        verified: counts.verified,
        overdue: counts.overdue,
        declined: counts.declined + counts.cannot_be_done,
        cancelled: counts.cancelled,
        late,
    })
}

/// Grids have no names; their village has.
fn shown_area(area: AreaId) -> AreaId {
    area.at(outpace_core::AreaLevel::Village).unwrap_or(area)
}
