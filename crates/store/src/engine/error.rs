//! Why the store could not do what it was asked.

use outpace_core::ValueError;
use thiserror::Error;

/// Why the store could not do what it was asked. Never shown to a person at a screen.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The engine refused or failed.
    #[error("database: {0}")]
    Engine(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The batch that this command stood in was not confirmed by the engine.
    #[error("the engine did not confirm the batch")]
    Uncommitted,
    /// Follow-up work was finished by another server meanwhile.
    #[error("job {0} was done by another server")]
    JobDone(i64),
    /// A column held something unexpected.
    #[error("column {column} of `{sql}`: {source}")]
    Column {
        /// The statement.
        sql: String,
        /// Position of the column from 0.
        column: usize,
        /// What was expected and found.
        source: ValueError,
    },
    /// A payload could not be written or read.
    #[error("payload of {kind}: {source}")]
    Payload {
        /// The kind of fact or job.
        kind: String,
        /// The reason.
        source: serde_json::Error,
    },
    /// A fact of a kind that no capability folds.
    #[error("no capability knows facts of the kind {0}")]
    UnknownKind(String),
    /// The queue of the writer is full, or the writer has stopped.
    #[error("the writer is busy")]
    Busy,
    /// The folder, its key file or its settings.
    #[error("{0}")]
    Folder(String),
    /// The vault could not seal or open a value.
    #[error("vault: {0}")]
    Vault(String),
    /// The journal does not fit itself.
    #[error("journal: {0}")]
    Broken(String),
    /// A command panicked; it changed nothing.
    #[error("a command stopped unexpectedly: {0}")]
    Panic(String),
}

/// Result of everything that touches the store.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Engine(Box::new(error))
    }
}

impl From<tokio_postgres::Error> for StoreError {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Engine(Box::new(error))
    }
}

impl From<StoreError> for outpace_core::Refusal {
    /// A full queue is told to the caller; everything else is logged here, once, and told as our failure.
    fn from(error: StoreError) -> Self {
        if matches!(error, StoreError::Busy) {
            return Self::new(
                503,
                "busy",
                "",
                "",
                "系统繁忙,未作任何更改,请稍候一秒再试。查询仍可用。",
                "The system is busy; nothing was changed. Try again in a second. Reading still works.",
            );
        }
        if matches!(error, StoreError::Uncommitted) {
            return Self::new(
                503,
                "unconfirmed",
                "",
                "",
                "数据库没有确认这次写入,请原样再发一次;同一记录不会写入两次。",
                "The database did not confirm this. Send the same again: a record is never written twice.",
            );
        }
        tracing::error!(%error, "the store failed");
        Self::internal()
    }
}
