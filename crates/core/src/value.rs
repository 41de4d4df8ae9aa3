//! A scalar that a store can keep. It lives here, not in the store, so that each id type can say once how it is
//! kept and read back, and so that no capability ever speaks to a database driver.

use thiserror::Error;

/// One scalar on its way into or out of a table. Integers are always 64 bits; times are epoch milliseconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value<'a> {
    /// No value.
    Null,
    /// A 64-bit integer: ids, times in milliseconds, counts, booleans as 0 and 1.
    Int(i64),
    /// A floating point number: coordinates, Ct values.
    Real(f64),
    /// Text, UTF-8.
    Text(&'a str),
    /// Bytes.
    Blob(&'a [u8]),
}

/// A column held something else than the code expects: a programming or a storage error, never a user's.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("expected {expected}, found {found}")]
pub struct ValueError {
    /// What the reader asked for.
    pub expected: &'static str,
    /// What the column held.
    pub found: &'static str,
}

impl Value<'_> {
    /// The kind of value, for error messages.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Value::Null => "null",
            Value::Int(_) => "integer",
            Value::Real(_) => "real",
            Value::Text(_) => "text",
            Value::Blob(_) => "blob",
        }
    }

    fn wrong(&self, expected: &'static str) -> ValueError {
        ValueError { expected, found: self.kind() }
    }
}

/// Reads one scalar back into a Rust type.
pub trait FromValue: Sized {
    /// # Errors
    /// When the column holds another kind of value.
    fn from_value(value: Value<'_>) -> Result<Self, ValueError>;
}

impl FromValue for i64 {
    fn from_value(value: Value<'_>) -> Result<Self, ValueError> {
        match value {
            Value::Int(number) => Ok(number),
            other => Err(other.wrong("integer")),
        }
    }
}

impl FromValue for bool {
    fn from_value(value: Value<'_>) -> Result<Self, ValueError> {
        i64::from_value(value).map(|number| number != 0)
    }
}

impl FromValue for f64 {
    fn from_value(value: Value<'_>) -> Result<Self, ValueError> {
        match value {
            Value::Real(number) => Ok(number),
            // SQLite hands back whole numbers of a REAL column as integers where affinity allows it.
            Value::Int(number) => Ok(number as f64),
            other => Err(other.wrong("real")),
        }
    }
}

impl FromValue for String {
    fn from_value(value: Value<'_>) -> Result<Self, ValueError> {
        match value {
            Value::Text(text) => Ok(text.to_owned()),
            other => Err(other.wrong("text")),
        }
    }
}

impl FromValue for Vec<u8> {
    fn from_value(value: Value<'_>) -> Result<Self, ValueError> {
        match value {
            Value::Blob(bytes) => Ok(bytes.to_vec()),
            // A hand that edits a table leaves text where bytes stood; `verify` must read it to say so.
            Value::Text(text) => Ok(text.as_bytes().to_vec()),
            other => Err(other.wrong("blob")),
        }
    }
}

impl<T: FromValue> FromValue for Option<T> {
    fn from_value(value: Value<'_>) -> Result<Self, ValueError> {
        match value {
            Value::Null => Ok(None),
            other => T::from_value(other).map(Some),
        }
    }
}

macro_rules! from_int {
    ($($kind:ty),*) => { $(impl From<$kind> for Value<'_> {
        fn from(number: $kind) -> Self { Value::Int(i64::from(number)) }
    })* };
}
from_int!(i64, i32, u32, u16, u8, bool);

impl From<f64> for Value<'_> {
    fn from(number: f64) -> Self {
        Value::Real(number)
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Value::Text(text)
    }
}

impl<'a> From<&'a String> for Value<'a> {
    fn from(text: &'a String) -> Self {
        Value::Text(text)
    }
}

impl<'a> From<&'a [u8]> for Value<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Value::Blob(bytes)
    }
}

impl<'a> From<&'a Vec<u8>> for Value<'a> {
    fn from(bytes: &'a Vec<u8>) -> Self {
        Value::Blob(bytes)
    }
}

impl<'a, const N: usize> From<&'a [u8; N]> for Value<'a> {
    fn from(bytes: &'a [u8; N]) -> Self {
        Value::Blob(bytes)
    }
}

impl<'a, T: Into<Value<'a>>> From<Option<T>> for Value<'a> {
    fn from(option: Option<T>) -> Self {
        option.map_or(Value::Null, Into::into)
    }
}
