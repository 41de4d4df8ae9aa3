//! Every route of Outpace on one page. Each capability lists its own beside their handlers; here they meet.

use outpace_access::{Routes, actors, adoption};
use outpace_store::{Capabilities, Capability};

/// All routes.
#[must_use]
pub fn every_route() -> Routes {
    actors::routes()
        .and(outpace_registry::routes())
        .and(outpace_orders::routes())
        .and(outpace_supplies::routes())
        .and(outpace_zoning::routes())
        .and(outpace_isolation::routes())
        .and(outpace_contacts::routes())
        .and(outpace_screening::routes())
        .and(outpace_response::routes())
}

/// All capabilities, lowest first.
#[must_use]
pub fn every_capability() -> Capabilities {
    let all: Vec<Capability> = vec![
        actors::capability(),
        adoption::capability(),
        outpace_registry::capability(),
        outpace_orders::capability(),
        outpace_supplies::capability(),
        outpace_zoning::capability(),
        outpace_isolation::capability(),
        outpace_contacts::capability(),
        outpace_screening::capability(),
        outpace_response::capability(),
    ];
    Capabilities::new(all)
}
