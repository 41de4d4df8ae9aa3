//! Every route of Outpace on one page, and every kind of order that code issues. Each capability lists its own beside
//! their handlers; here they meet.

use outpace_access::{Routes, actors, adoption, glass, health};
use outpace_orders::kinds::IssuedKind;
use outpace_store::{Capabilities, Capability, vault};

use crate::briefing;

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
        .and(outpace_status::routes())
        .and(outpace_custody::routes())
        .and(outpace_response::routes())
        .and(outpace_residents::routes())
        .and(briefing::routes())
        .and(health::routes())
}

/// All kinds of orders that code issues by itself. What the playbook's triggers start is named by the playbook alone.
#[must_use]
pub fn every_kind() -> Vec<IssuedKind> {
    let all = [
        outpace_orders::kinds::KINDS,
        outpace_supplies::KINDS,
        outpace_contacts::KINDS,
        outpace_screening::kinds::KINDS,
        outpace_residents::KINDS,
        outpace_response::KINDS,
    ];
    all.concat()
}

/// All capabilities, lowest first.
#[must_use]
pub fn every_capability() -> Capabilities {
    let all: Vec<Capability> = vec![
        actors::capability(),
        adoption::capability(),
        glass::capability(),
        vault::capability(),
        outpace_registry::capability(),
        outpace_orders::capability(),
        outpace_supplies::capability(),
        outpace_zoning::capability(),
        outpace_isolation::capability(),
        outpace_contacts::capability(),
        outpace_screening::capability(),
        outpace_status::capability(),
        outpace_custody::capability(),
        outpace_response::capability(),
        outpace_residents::capability(),
    ];
    Capabilities::new(all).classed(outpace_custody::class_of)
}
