//! Numbers of this capability's own: a transfer that was ordered.

use std::fmt;

use outpace_core::{FromValue, Value, ValueError};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One person ordered to move, once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
pub struct TransferId(pub i64);

impl TransferId {
    /// The name of the counter that gives these ids.
    pub const COUNTER: &'static str = "transfer";
}

impl fmt::Display for TransferId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.0)
    }
}

impl From<TransferId> for Value<'_> {
    fn from(id: TransferId) -> Self {
        Value::Int(id.0)
    }
}

impl FromValue for TransferId {
    fn from_value(value: Value<'_>) -> Result<Self, ValueError> {
        i64::from_value(value).map(Self)
    }
}
