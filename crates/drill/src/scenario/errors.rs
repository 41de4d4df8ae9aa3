//! What can be wrong with a scenario, said so that the file can be mended.

use crate::population::AreaFileError;

/// A scenario that cannot be played.
#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    /// A file cannot be read.
    #[error("{file}: 无法读取 / cannot be read: {source}")]
    Unreadable {
        /// Which file.
        file: String,
        /// Why.
        source: std::io::Error,
    },
    /// Not the TOML that a scenario is: a key unknown, missing or of the wrong kind.
    #[error("{file}:{line}: {key}: {problem}")]
    Malformed {
        /// Which file.
        file: String,
        /// Line from 1.
        line: usize,
        /// The key, as far as it is known.
        key: String,
        /// What is wrong, and what would be right.
        problem: String,
    },
    /// The file of areas is wrong.
    #[error("{file}: {source}")]
    Areas {
        /// Which file.
        file: String,
        /// Line and field.
        source: AreaFileError,
    },
}
