//! Where a value comes from: the clause, the layer and how sure we are.
//!
//! A decision never quotes a bare number. It takes `sourced.value` to reckon with and `sourced.cite()` to explain
//! itself, so that every restriction can name the sentence that it rests on.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

closed! {
    /// How sure we are that a rule said this.
    pub enum Confidence: "confidence" {
        /// Agreed across copies of the document, or with a report of the time.
        High = "H" / "多处一致",
        /// One reprint.
        Medium = "M" / "单一来源",
        /// Weak.
        Low = "L" / "来源薄弱",
        /// General knowledge or our own setting: not verified against a document.
        GeneralKnowledge = "GK" / "常识或自定",
    }
}

impl Confidence {
    /// True where a value must be marked `unverified = true`: weak sources and general knowledge.
    #[must_use]
    pub fn must_be_marked(self) -> bool {
        matches!(self, Self::Low | Self::GeneralKnowledge)
    }
}

/// What a decision names as its ground: which value of which layer, by which clause.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Citation {
    /// Key of the value in the pack, such as `quarantine.close_contact.days`.
    pub key: String,
    /// Id of the layer that set the value, such as `control-plan-ed8`.
    pub layer: String,
    /// The clause in words, as the layer gives it.
    pub clause: String,
    /// How sure we are of it.
    pub confidence: Confidence,
    /// True where nobody has checked the value against the document; every tool shows it.
    pub unverified: bool,
}

impl fmt::Display for Citation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.layer.is_empty() {
            write!(f, "{} · ", self.layer)?;
        }
        write!(f, "{} [{}]", self.clause, self.confidence.key())?;
        if self.unverified {
            write!(f, " (unverified 未核实)")?;
        }
        Ok(())
    }
}

/// A value of a pack together with its ground.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Sourced<T> {
    /// The value to reckon with.
    pub value: T,
    /// Its ground, shared by every decision that cites it.
    pub source: Arc<Citation>,
}

impl<T> Sourced<T> {
    /// The ground of the value, cheap to keep in a decision.
    #[must_use]
    pub fn cite(&self) -> Arc<Citation> {
        Arc::clone(&self.source)
    }

    /// The clause in words.
    #[must_use]
    pub fn clause(&self) -> &str {
        &self.source.clause
    }

    /// The clause in Chinese; as the layer gives it where the library has no Chinese words for it.
    #[must_use]
    pub fn clause_in_chinese(&self) -> &str {
        crate::Library::shared().in_chinese(self.clause()).unwrap_or(self.clause())
    }

    /// The layer that set the value.
    #[must_use]
    pub fn layer(&self) -> &str {
        &self.source.layer
    }

    /// How sure we are.
    #[must_use]
    pub fn confidence(&self) -> Confidence {
        self.source.confidence
    }

    /// True where the value was not checked against a document.
    #[must_use]
    pub fn unverified(&self) -> bool {
        self.source.unverified
    }
}
