//! Routes of deliveries.

use outpace_access::{Call, Routes};
use outpace_core::{Permission, Refusal};
use outpace_store::Tx;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::commands::{deliver, dispatch};
use super::{Delivery, store};
use crate::stock;

/// The routes of deliveries.
#[must_use]
pub fn routes() -> Routes {
    Routes::new()
        .command(
            "/api/supplies/dispatch",
            Permission::SuppliesWork.whole(),
            "Send goods to a depot or a point",
            dispatch,
        )
        .command("/api/supplies/deliver", Permission::SuppliesWork.whole(), "Receive goods that were sent", deliver)
        .query("/api/supplies/deliveries", Permission::SuppliesRead.whole(), "Deliveries", list)
}

/// Which deliveries.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct DeliveriesQuery {
    /// Only those under way.
    #[serde(default)]
    pub open: bool,
    /// The last delivery of the page before.
    pub after: Option<i64>,
    /// At most 1,000.
    pub limit: Option<i64>,
}

/// A delivery and how long it took, or takes so far.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeliveryRow {
    /// The delivery.
    pub delivery: Delivery,
    /// Whole hours since it was sent.
    pub hours: i64,
}

/// Deliveries, by number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeliveriesAnswer {
    /// Those that start or end in the actor's area.
    pub deliveries: Vec<DeliveryRow>,
}

/// Deliveries that start or end in the actor's area.
///
/// # Errors
/// What the store refused.
pub fn list(tx: &mut Tx<'_>, call: &Call, query: DeliveriesQuery) -> Result<DeliveriesAnswer, Refusal> {
    let found = if query.open {
        store::open_deliveries(tx)?
    } else {
        store::page(tx, query.after.unwrap_or(0), outpace_registry::page_limit(query.limit))?
    };
    let mut deliveries = Vec::new();
    for delivery in found {
        let mut seen = false;
        for depot in [delivery.from, delivery.to] {
            seen |= stock::depot(tx, depot)?.is_some_and(|depot| call.sees(depot.area));
        }
        if seen {
            deliveries.push(DeliveryRow { hours: store::age_hours(&delivery, call.now), delivery });
        }
    }
    Ok(DeliveriesAnswer { deliveries })
}
