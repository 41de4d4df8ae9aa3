//! Why custody refused something.

use outpace_core::Refusal;
use outpace_store::StoreError;
use thiserror::Error;

/// Every refusal of custody.
#[derive(Debug, Error)]
pub enum CustodyError {
    /// A field that cannot be right.
    #[error("{field} = {value:?}: {en}")]
    Value {
        /// The field.
        field: &'static str,
        /// What stood there.
        value: String,
        /// What would be right, Chinese.
        zh: &'static str,
        /// What would be right, English.
        en: &'static str,
    },
    /// A number that nothing has.
    #[error("unknown {field} {id}")]
    Unknown {
        /// The field.
        field: &'static str,
        /// The number.
        id: i64,
    },
    /// Something in a state in which this cannot be done.
    #[error("{code}: {en}")]
    State {
        /// Stable code.
        code: &'static str,
        /// The field.
        field: &'static str,
        /// What stood there.
        value: String,
        /// What would be right, Chinese.
        zh: String,
        /// What would be right, English.
        en: String,
    },
    /// Somebody who may not.
    #[error("{en}")]
    Forbidden {
        /// What stood there.
        value: String,
        /// Who may, Chinese.
        zh: &'static str,
        /// Who may, English.
        en: &'static str,
    },
    /// A refusal from below.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The store could not.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<CustodyError> for Refusal {
    fn from(error: CustodyError) -> Self {
        use CustodyError as E;
        match error {
            E::Value { field, value, zh, en } => Self::rule("value", field, value, zh, en),
            E::Unknown { field, id } => Self::unknown(
                "unknown_id",
                field,
                id,
                "没有该编号的记录,或不在您的权限范围内。",
                "Nothing has this id, or it lies outside your area.",
            ),
            E::State { code, field, value, zh, en } => Self::conflict(code, field, value, zh, en),
            E::Forbidden { value, zh, en } => Self::forbidden("actor", value, zh, en),
            E::Refused(refusal) => refusal,
            E::Store(error) => Self::from(error),
        }
    }
}
