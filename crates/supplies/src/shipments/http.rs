//! Routes of shipments.

use outpace_access::{Call, Routes};
use outpace_core::{Permission, Refusal, ShipmentId};
use outpace_store::Tx;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::commands::{cancel_shipment, expect_shipment, hand_over, start_unloading, truck_arrived, truck_unloaded};
use super::model::Shipment;
use super::store;
use crate::{SuppliesError, stock};

use Permission as P;

/// The routes of shipments.
#[must_use]
pub fn routes() -> Routes {
    Routes::new()
        .command("/api/supplies/expect-shipment", P::SuppliesWork.whole(), "Announce trucks", expect_shipment)
        .command("/api/supplies/truck-arrived", P::SuppliesWork.whole(), "Record that a truck arrived", truck_arrived)
        .command(
            "/api/supplies/start-unloading",
            P::SuppliesWork.whole(),
            "Record that unloading began",
            start_unloading,
        )
        .command("/api/supplies/truck-unloaded", P::SuppliesWork.whole(), "Record a counted load", truck_unloaded)
        .command("/api/supplies/hand-over", P::SuppliesWork.whole(), "Sign for a shipment", hand_over)
        .command("/api/supplies/cancel-shipment", P::SuppliesWork.whole(), "Call a shipment off", cancel_shipment)
        .query("/api/supplies/shipment", P::SuppliesRead.whole(), "One shipment with its trucks", one_shipment)
        .query("/api/supplies/shipments", P::SuppliesRead.whole(), "Shipments", list)
}

/// Which shipment.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ShipmentQuery {
    /// Its id.
    pub shipment: ShipmentId,
}

fn is_seen(tx: &mut Tx<'_>, call: &Call, shipment: &Shipment) -> Result<bool, SuppliesError> {
    Ok(stock::depot(tx, shipment.depot)?.is_some_and(|depot| call.sees(depot.area)))
}

/// One shipment with its trucks.
///
/// # Errors
/// An unknown shipment, one outside the actor's area.
pub fn one_shipment(tx: &mut Tx<'_>, call: &Call, query: ShipmentQuery) -> Result<Shipment, Refusal> {
    let unknown = || SuppliesError::Unknown { field: "shipment", id: query.shipment.0 };
    let shipment = store::shipment(tx, query.shipment)?.ok_or_else(unknown)?;
    if is_seen(tx, call, &shipment)? { Ok(shipment) } else { Err(unknown().into()) }
}

/// Which shipments.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ShipmentsQuery {
    /// The last shipment of the page before.
    pub after: Option<ShipmentId>,
    /// At most 1,000.
    pub limit: Option<i64>,
}

/// Shipments, by id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ShipmentsAnswer {
    /// Those for depots in the actor's area.
    pub shipments: Vec<Shipment>,
}

/// Shipments for depots in the actor's area.
///
/// # Errors
/// What the store refused.
pub fn list(tx: &mut Tx<'_>, call: &Call, query: ShipmentsQuery) -> Result<ShipmentsAnswer, Refusal> {
    let limit = outpace_registry::page_limit(query.limit);
    let mut shipments = Vec::new();
    for shipment in store::shipments(tx, query.after.unwrap_or(ShipmentId(0)), limit)? {
        if is_seen(tx, call, &shipment)? {
            shipments.push(shipment);
        }
    }
    Ok(ShipmentsAnswer { shipments })
}
