//! The heart: what should be in force, given what is known, and how it comes into force.
//!
//! Facts add up to a [`situation`]; [`decide`] says, purely, what should be in force; [`plan`] compares that with what
//! is, prices it and says who has to agree; an officer approves; the capabilities carry it out. [`closure`] names what a
//! trigger can reach, so that a decision loads no more than that. Nothing here invents a rule: every item names its
//! clause and its facts.

mod apply;
pub mod approve;
pub mod assess;
mod book;
pub mod care;
pub mod clock;
pub mod closure;
pub mod decide;
pub mod errors;
pub mod extra;
pub mod facts;
pub mod items;
pub mod judgement;
pub mod load;
pub mod pages;
pub mod plan;
pub mod respond;
pub mod situation;
pub mod status_page;
mod store;
pub mod verify;

pub use clock::{Ticked, tick};
pub use closure::{Reach, closure};
pub use decide::{Response, Rules, decide};
pub use items::{Item, Key, What};
pub use plan::{Plan, plan};
pub use situation::Situation;
pub use store::{approvers_of, signers};

use outpace_access::Routes;
use outpace_core::Permission;
use outpace_core::trigger::RESPOND;
use outpace_store::Capability;

/// The routes.
#[must_use]
pub fn routes() -> Routes {
    Routes::new()
        .command("/api/response/assess", Permission::AssessmentSign.by_area(), "Sign an assessment", assess::assess)
        .command(
            "/api/response/withdraw",
            Permission::AssessmentSign.by_area(),
            "Take an assessment back",
            assess::withdraw,
        )
        .command(
            "/api/response/name-carer",
            Permission::OrdersWork.by_area(),
            "Name a carer for a dependant",
            assess::name_carer,
        )
        .command("/api/response/approve", Permission::PlanApprove.whole(), "Approve lines of a plan", approve::approve)
        .command("/api/response/decline", Permission::PlanApprove.whole(), "Decline lines of a plan", approve::decline)
        .query("/api/response/plans", Permission::PlanRead.whole(), "Computed plans", pages::plans)
        .query("/api/response/plan", Permission::PlanRead.whole(), "The plan that waits for officers", pages::current)
        .query("/api/response/situation", Permission::PlanRead.whole(), "Where the response stands", pages::situation)
        .query(
            "/api/response/what-if",
            Permission::PlanRead.whole(),
            "Prices under two packs, side by side",
            pages::what_if,
        )
        .query(
            "/api/response/extra-layers",
            Permission::AuditRead.whole(),
            "Measures that others imposed beyond the rules, by area",
            extra::extra_layers,
        )
        .recall(
            "/api/response/verify",
            Permission::AuditRead.whole(),
            "Recompute every measure in force",
            verify::verify,
        )
        .query(
            "/api/response/status",
            Permission::RegistryRead.by_area(),
            "A person's status and its reasons",
            status_page::status_of,
        )
}

/// The kinds of orders that this crate issues by itself, beside those that the playbook's triggers start.
pub const KINDS: &[outpace_orders::kinds::IssuedKind] = &[extra::SETTLE];

/// What the store must know: tables, folds, and the job that responds.
#[must_use]
pub fn capability() -> Capability {
    store::join(Capability::new("response")).work(RESPOND, respond::respond)
}

#[cfg(test)]
mod laws;
#[cfg(test)]
mod tests;
