//! Destroying what has fallen due: an officer that the profile names orders it, somebody else carries it out at the machine.

mod carry_out;
mod commands;
mod http;
mod store;

pub use carry_out::{attestation, carry_out, finish_all};
pub use commands::{DueAnswer, DueRow, OrderDestruction, due, keys_of, order};
pub use http::{AttestationKey, DestructionsAnswer, OrderQuery, OrderRow, destructions, routes};
pub use store::{Destruction, uncovered};

pub(crate) use store::{SCHEMA, STEPS, fold};

use outpace_core::{ActorId, Timestamp};
use outpace_store::Fact;
use outpace_store::destroy::Part;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The counter that numbers orders to destroy.
pub const COUNTER: &str = "destruction";

/// An officer ordered that parts be destroyed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DestructionOrdered {
    /// Its number.
    pub order: i64,
    /// What.
    pub parts: Vec<Part>,
    /// Why, in the officer's words.
    pub reason: String,
}

impl Fact for DestructionOrdered {
    const KIND: &'static str = "custody.destruction_ordered";
}

/// A class of data in a month.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
pub struct ClassMonth {
    /// The class, such as `identity`.
    pub class: String,
    /// The month (UTC), such as `2022-04`.
    pub month: String,
}

impl From<&Part> for ClassMonth {
    fn from(part: &Part) -> Self {
        Self { class: part.class.clone(), month: part.month.clone() }
    }
}

impl From<ClassMonth> for Part {
    fn from(part: ClassMonth) -> Self {
        Self { class: part.class, month: part.month }
    }
}

/// An order to destroy, as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StandingOrder {
    /// Its number.
    pub order: i64,
    /// What.
    pub parts: Vec<ClassMonth>,
    /// Why.
    pub reason: String,
    /// Who ordered it.
    pub ordered_by: ActorId,
    /// When.
    pub ordered_at: Timestamp,
    /// When its rows were destroyed.
    pub carried_out_at: Option<Timestamp>,
    /// When the last step after that was done: only then it is attested.
    pub finished_at: Option<Timestamp>,
}
