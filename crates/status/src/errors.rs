//! Why status refused something.

use outpace_core::{PersonId, Refusal};
use outpace_store::StoreError;
use thiserror::Error;

/// Every refusal of this capability.
#[derive(Debug, Error)]
pub enum StatusError {
    /// An id that nobody has, or of someone outside the actor's area.
    #[error("unknown person {0}")]
    UnknownPerson(PersonId),
    /// Refused further down.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Our own failure.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<StatusError> for Refusal {
    fn from(error: StatusError) -> Self {
        match error {
            StatusError::UnknownPerson(person) => Self::unknown(
                "unknown_person",
                "person",
                person,
                "没有该编号的人员,或不在您的权限范围内;请核对编号。",
                "Nobody has this number, or they live outside your area; check the number.",
            ),
            StatusError::Refused(refusal) => refusal,
            StatusError::Store(error) => Self::from(error),
        }
    }
}
