//! Facts about deliveries.

use outpace_core::DepotId;

use crate::stock::Line;

outpace_registry::facts! {
    /// Goods left a depot for another.
    StockDispatched = "supplies.stock_dispatched" {
        /// Its number.
        delivery: i64,
        /// The paper: the same paper from the same depot twice is one.
        key: Option<String>,
        /// From.
        from: DepotId,
        /// To.
        to: DepotId,
        /// What.
        lines: Vec<Line>,
    }
    /// They were received.
    StockDelivered = "supplies.stock_delivered" {
        /// Which.
        delivery: i64,
        /// Where.
        to: DepotId,
        /// What really came, nothing left out: 0 where an item did not come.
        lines: Vec<Line>,
    }
}
