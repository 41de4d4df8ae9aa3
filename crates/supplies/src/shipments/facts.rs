//! Facts about shipments.

use outpace_core::{DepotId, OrderId, ShipmentId, TeamId, Timestamp};

use super::commands::ExpectedTruck;
use crate::stock::Line;

outpace_registry::facts! {
    /// Trucks were announced.
    ShipmentExpected = "supplies.shipment_expected" {
        /// Its id.
        shipment: ShipmentId,
        /// Its number on the paper.
        key: String,
        /// From whom.
        from: String,
        /// Where to.
        depot: DepotId,
        /// When.
        expected_at: Timestamp,
        /// The trucks, numbered from 1 in this order.
        trucks: Vec<ExpectedTruck>,
    }
    /// A truck arrived.
    TruckArrived = "supplies.truck_arrived" {
        /// The shipment.
        shipment: ShipmentId,
        /// Its number within the shipment.
        truck: i64,
        /// Its plate.
        plate: String,
        /// Whether the paper knew it.
        announced: bool,
        /// The order to unload the shipment, where this arrival opened it.
        order: Option<OrderId>,
    }
    /// Its unloading began.
    UnloadingStarted = "supplies.unloading_started" {
        /// The shipment.
        shipment: ShipmentId,
        /// The truck.
        truck: i64,
        /// Who unloads.
        team: Option<TeamId>,
        /// How many people.
        people: i64,
    }
    /// It was empty, its load counted into stock.
    TruckUnloaded = "supplies.truck_unloaded" {
        /// The shipment.
        shipment: ShipmentId,
        /// The truck.
        truck: i64,
        /// Where.
        depot: DepotId,
        /// Boxes counted.
        boxes: i64,
        /// Pieces counted, by item.
        lines: Vec<Line>,
        /// Who unloaded.
        team: Option<TeamId>,
        /// How many people.
        people: i64,
    }
    /// A shipment was signed for.
    ShipmentHandedOver = "supplies.shipment_handed_over" {
        /// The shipment.
        shipment: ShipmentId,
        /// Boxes handed over.
        boxes: i64,
    }
    /// A shipment, or what was left of it, does not come.
    ShipmentCancelled = "supplies.shipment_cancelled" {
        /// The shipment.
        shipment: ShipmentId,
        /// Why.
        reason: String,
    }
}
