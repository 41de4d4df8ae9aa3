//! Shipments: trucks with supplies from outside. Expected, arrived, unloaded with boxes counted and by whom, handed
//! over. What is counted is what comes into stock, whatever the paper said.

mod commands;
mod facts;
mod http;
mod model;
mod store;

pub use commands::{
    CancelShipment, CountedLoad, ExpectShipment, ExpectedTruck, HandOverShipment, StartUnloading, TruckArrival,
    UNLOAD_TRUCKS, cancel_shipment, expect_shipment, hand_over, start_unloading, truck_arrived, truck_unloaded,
};
pub use facts::{
    ShipmentCancelled, ShipmentExpected, ShipmentHandedOver, TruckArrived, TruckUnloaded, UnloadingStarted,
};
pub use http::{ShipmentQuery, ShipmentsAnswer, ShipmentsQuery, list, one_shipment, routes};
pub use model::{Shipment, ShipmentState, ShipmentTotals, Truck, TruckLine};
pub use store::{shipment, shipments};

pub(crate) use store::{SCHEMA, fold};
