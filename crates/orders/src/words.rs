//! Closed words in and out of TEXT columns: what serde writes is what stands in the table, so that a word is spelled
//! once, in its enum.

use outpace_store::{Result, StoreError};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The snake_case word of a unit variant.
pub(crate) fn word<T: Serialize>(value: &T) -> String {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

/// The variant of a word that was stored.
pub(crate) fn unword<T: DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_value(serde_json::Value::String(text.to_owned())).map_err(unreadable)
}

/// A value as JSON text, for columns that are shown and never searched.
pub(crate) fn json<T: Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(unreadable)
}

/// The value of a JSON column.
pub(crate) fn unjson<T: DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(unreadable)
}

fn unreadable(source: serde_json::Error) -> StoreError {
    StoreError::Payload { kind: "orders".to_owned(), source }
}
