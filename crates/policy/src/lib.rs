//! Policy packs, playbooks and jurisdiction profiles: parse, check, explain.
//!
//! A *pack* is what the rules said on a date: dated TOML layers (control plan, treatment plan, screening guide,
//! local overlay, our own operating defaults) merged into one fully validated tree, [`Pack`], in which every value
//! carries its clause and how sure we are of it ([`Sourced`]). A *playbook* lists the kinds of orders. A *jurisdiction
//! profile* says who approves what. None of them contains code; all are checked completely when they are read, and
//! what is wrong is reported with file, line and key ([`Finding`]).
//!
//! Start reading at [`model`], then `layer` (how files merge), `check` (what is refused beyond types), `library`
//! (where the files come from).

#[macro_use]
mod closed;
#[macro_use]
mod part;
pub mod model;
mod node;
mod source;

pub use closed::Closed;
pub use model::*;
pub use node::{Finding, Place};
pub use part::{Every, Line};
pub use source::{Citation, Confidence, Sourced};

pub use jiff::civil::Date;
