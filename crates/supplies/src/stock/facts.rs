//! Facts about stock.

use outpace_core::{DepotId, OrderId};

use super::model::{Depot, Item, Line};

outpace_registry::facts! {
    /// Items were registered; a known key gets the new row.
    ItemsRegistered = "supplies.items_registered" {
        /// The items.
        items: Vec<Item>,
    }
    /// A depot or a point was registered.
    DepotRegistered = "supplies.depot_registered" {
        /// It.
        depot: Depot,
    }
    /// Goods came in from outside.
    StockReceived = "supplies.stock_received" {
        /// Where.
        depot: DepotId,
        /// The paper: the same paper twice is one.
        key: Option<String>,
        /// What.
        lines: Vec<Line>,
        /// From whom.
        from: String,
    }
    /// Goods were handed out, or seen to have been used.
    StockIssued = "supplies.stock_issued" {
        /// Where.
        depot: DepotId,
        /// The paper.
        key: Option<String>,
        /// What.
        lines: Vec<Line>,
        /// To whom, what for.
        to: String,
        /// Whether it is an observation and not an order to hand out.
        observed: bool,
        /// Items of which the book now holds less than nothing.
        overdrawn: Vec<String>,
    }
    /// Someone counted.
    StockCounted = "supplies.stock_counted" {
        /// Where.
        depot: DepotId,
        /// Of what.
        item: String,
        /// What the book said.
        book: i64,
        /// What was there.
        counted: i64,
    }
    /// How much is used a day was planned.
    UsagePlanned = "supplies.usage_planned" {
        /// Where.
        depot: DepotId,
        /// Of what.
        item: String,
        /// Pieces a day; 0 = no plan, the measured rate counts.
        per_day: i64,
    }
    /// A stock will not last.
    ShortageFound = "supplies.shortage_found" {
        /// Where.
        depot: DepotId,
        /// Of what.
        item: String,
        /// Hours that are left.
        hours_left: i64,
        /// The order to deliver more.
        order: OrderId,
    }
    /// A stock lasts long enough again.
    ShortageEnded = "supplies.shortage_ended" {
        /// Where.
        depot: DepotId,
        /// Of what.
        item: String,
    }
}
