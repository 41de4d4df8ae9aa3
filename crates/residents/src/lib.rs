//! The person's own side: whoever is registered here may see everything that is held about them, ask why, and object.
//!
//! - [`entry`]: a code on paper, handed out at the door or at a site, opens a short session for one person's file.
//! - [`whose`]: the one guard of this room: one's own file, and that of a child or of somebody one cares for.
//! - [`file`](mod@file): everything held, with what restricts, why, until when, what lifts it, and who looked.
//! - [`requests`]: appeals and corrections; each is an order to somebody who did not decide, and its answer goes back.
//!
//! No staff role may use the routes under `/api/mine`, and a resident may use no other. Nothing here sets a colour or lifts
//! a measure: an appeal that is right becomes a fact, and `response::decide` draws the consequence.

pub mod entry;
pub mod errors;
pub mod file;
mod http;
pub mod requests;
#[cfg(test)]
mod tests;
pub mod whose;

pub use errors::ResidentsError;
pub use http::routes;
pub use requests::tick;

use outpace_orders::kinds::IssuedKind;
use outpace_store::Capability;

/// The kinds of orders that requests issue.
pub const KINDS: &[IssuedKind] = &[requests::ANSWER_APPEAL, requests::ANSWER_CORRECTION];

const SCHEMA: &[&str] = &[entry::SCHEMA, requests::SCHEMA];

/// The tables and folds of the residents' side.
#[must_use]
pub fn capability() -> Capability {
    requests::fold(entry::fold(Capability::new("residents").schema(SCHEMA)))
}
