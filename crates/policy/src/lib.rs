//! Policy packs, playbooks and jurisdiction profiles: parse, check, explain.
//!
//! A *pack* is what the rules said on a date: dated TOML layers (control plan, treatment plan, screening guide,
//! local overlay, our own operating defaults) merged into one fully validated tree, [`Pack`], in which every value
//! carries its clause and how sure we are of it ([`Sourced`]). A *playbook* lists the kinds of orders. A *jurisdiction
//! profile* says who approves what. None of them contains code; all are checked completely when they are read, and
//! what is wrong is reported with file, line and key ([`Finding`]).
//!
//! Start reading at [`model`], then `layer` (how files merge), `check` (what is refused beyond types), `follow` (what
//! follows from the rules by reckoning), `library` (where the files come from).

#[macro_use]
mod closed;
#[macro_use]
mod part;
mod check;
mod examples;
mod explain;
mod follow;
mod layer;
mod library;
pub mod model;
mod node;
mod playbook;
mod profile;
mod source;

pub use closed::Closed;
pub use explain::{Difference, compare};
pub use follow::{Aboard, LiftCondition, LiftFacts, PromisedBy, QuarantineDates, days_after};
pub use library::{FileKind, Library};
pub use model::*;
pub use node::{Finding, FindingKind, Place};
pub use part::{Every, Line};
pub use playbook::*;
pub use profile::{ApprovalRules, Profile, ReportStep, TaskForce, VerbalRules};
pub use source::{Citation, Confidence, Sourced};

pub use jiff::civil::Date;
