//! Stock in, out, on hand, days left; trucks that arrive and are unloaded.
//!
//! - [`stock`]: items, depots, the ledger. What is on hand is what came in less what went out; it never comes from
//!   nowhere. Handing out more than there is, is refused; having used more than the book knows is an observation: it is
//!   kept, and somebody counts.
//! - [`deliveries`]: from a depot to a point: a sampling site, a quarantine site, a compound.
//! - [`shipments`]: trucks expected, arrived, unloaded with boxes counted, handed over.
//!
//! What will not last long enough opens an order before it is gone ([`stock::shortages`]).

pub mod deliveries;
mod errors;
pub mod shipments;
pub mod stock;
#[cfg(test)]
mod tests;

pub use deliveries::{Delivery, deliver, dispatch};
pub use errors::SuppliesError;
pub use shipments::{Shipment, ShipmentState, Truck, expect_shipment, shipment, truck_arrived, truck_unloaded};
pub use stock::{
    Conservation, Depot, Item, Line, StockRow, conservation, depot, depots_in, issue_stock, item, on_hand,
    receive_stock, record_use, tick,
};

use outpace_access::Routes;
use outpace_store::Capability;

/// The kinds of orders that supplies issue.
pub const KINDS: &[outpace_orders::kinds::IssuedKind] = &[shipments::UNLOAD_TRUCKS, stock::DELIVER_SUPPLIES];
/// The most lines of one paper.
pub const LINES_MAX: usize = 1_000;
/// The most pieces of one line.
pub const QUANTITY_MAX: i64 = 1_000_000_000;
/// The most characters of a name or a free text.
pub const TEXT_CHARACTERS_MAX: usize = 500;

const SCHEMA: &[&str] = &[stock::SCHEMA, deliveries::SCHEMA, shipments::SCHEMA];

/// The tables and folds of supplies.
#[must_use]
pub fn capability() -> Capability {
    let capability = Capability::new("supplies").schema(SCHEMA);
    let capability = stock::fold(capability);
    let capability = deliveries::fold(capability);
    shipments::fold(capability)
}

/// The routes of supplies.
#[must_use]
pub fn routes() -> Routes {
    stock::routes().and(deliveries::routes()).and(shipments::routes())
}

/// A text of 1 to [`TEXT_CHARACTERS_MAX`] characters; empty ones only where `needed` is false.
fn text(field: &'static str, text: &str, needed: bool) -> Result<String, SuppliesError> {
    let text = text.trim();
    if text.chars().count() > TEXT_CHARACTERS_MAX || (needed && text.is_empty()) {
        return Err(SuppliesError::Text { field });
    }
    Ok(text.to_owned())
}
