//! What every measure rests on, whatever it limits: a reason in both languages, the clause of the pack and the facts.
//!
//! Nothing is in force without a reason: [`Ground::check`] refuses a measure that cannot say why it exists. Measures on
//! persons (the isolation capability) use the same type.

use outpace_core::{AssessmentId, Seq, Text};
use outpace_store::{Result, StoreError};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::errors::ZoningError;

/// Facts that a measure may name; a cluster of thousands is named by its case, not by each of its samples.
pub const FACTS_MAX: usize = 1_000;
/// Characters of a reason in one language.
pub const REASON_CHARACTERS_MAX: usize = 1_000;

/// Why a measure exists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Ground {
    /// The reason as the person concerned reads it.
    pub reason: Text,
    /// The clause of the pack, in its words.
    pub clause: String,
    /// The facts that it rests on, by their position in the journal.
    pub facts: Vec<Seq>,
    /// The assessment, where judgement and not a rule alone decided.
    pub assessment: Option<AssessmentId>,
}

impl Ground {
    /// Passes a ground that names reason, clause and at least one fact.
    ///
    /// # Errors
    /// The part that is missing or too long.
    pub fn check(&self) -> Result<(), ZoningError> {
        let long = |text: &str| text.chars().count() > REASON_CHARACTERS_MAX;
        if self.reason.zh.trim().is_empty() || long(&self.reason.zh) {
            return Err(ZoningError::NoReason("reason.zh"));
        }
        if self.reason.en.trim().is_empty() || long(&self.reason.en) {
            return Err(ZoningError::NoReason("reason.en"));
        }
        if self.clause.trim().is_empty() || long(&self.clause) {
            return Err(ZoningError::NoReason("clause"));
        }
        if self.facts.is_empty() || self.facts.len() > FACTS_MAX {
            return Err(ZoningError::NoReason("facts"));
        }
        Ok(())
    }
}

/// A measure that someone else imposed: recorded so that it can be seen and counted, and enforcing nothing here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImposedBy {
    /// Who imposed it: an office, never a person's name.
    pub whom: String,
    /// The number of their order, where there is one.
    pub order_number: Option<String>,
    /// How it came to be known: inspection, complaint, an order from above.
    pub known_by: String,
}

/// The text under which an enum without content is kept in a table.
#[must_use]
pub fn word<T: Serialize>(value: &T) -> String {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

/// Reads back what [`word`] wrote.
///
/// # Errors
/// When the table holds a word that the enum does not know.
pub fn unword<T: DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_value(serde_json::Value::String(text.to_owned()))
        .map_err(|source| StoreError::Payload { kind: text.to_owned(), source })
}

/// The text under which a list or struct is kept in one column.
///
/// # Errors
/// When it cannot be written as JSON.
pub fn packed<T: Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|source| StoreError::Payload { kind: "column".to_owned(), source })
}

/// Reads back what [`packed`] wrote.
///
/// # Errors
/// When the column holds something else.
pub fn unpacked<T: DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|source| StoreError::Payload { kind: "column".to_owned(), source })
}
