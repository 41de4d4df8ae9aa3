//! Deliveries: goods sent from a depot to another depot or to a point where they are used, and received there. What
//! was sent is on hand nowhere until it is received; what never arrives is lost, and somebody finds out why.

mod commands;
mod facts;
mod http;
pub(crate) mod store;

pub use commands::{Deliver, Dispatch, deliver, dispatch};
pub use facts::{StockDelivered, StockDispatched};
pub use http::{DeliveriesAnswer, DeliveriesQuery, list, routes};
pub use store::{delivery, open_deliveries};

pub(crate) use store::{SCHEMA, fold};

use outpace_core::{DepotId, Seq, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The counter that numbers deliveries.
pub const COUNTER: &str = "delivery";

/// One line of a delivery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeliveryLine {
    /// The item.
    pub item: String,
    /// Pieces sent.
    pub sent: i64,
    /// Pieces received; `None` while under way.
    pub received: Option<i64>,
}

/// Goods from a depot to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Delivery {
    /// Its number.
    pub id: i64,
    /// The number of its paper.
    pub key: Option<String>,
    /// From.
    pub from: DepotId,
    /// To.
    pub to: DepotId,
    /// When it was sent.
    pub sent_at: Timestamp,
    /// When it was received; `None` while under way.
    pub received_at: Option<Timestamp>,
    /// What, by item.
    pub lines: Vec<DeliveryLine>,
    /// The fact that sent it.
    pub seq: Seq,
}
