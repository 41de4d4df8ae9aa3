//! What the last backup held: written into the data folder by `outpace admin backup`, read by the look for alarms. Its age
//! says whether backups are made, its head is one that somebody kept.

use std::path::Path;

use outpace_core::Timestamp;
use serde::{Deserialize, Serialize};

/// The file in the data folder.
const FILE: &str = "last-backup.json";

/// When the last backup was made, and the journal's head in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupMark {
    /// When.
    pub made_at: Timestamp,
    /// Number of the newest entry in it.
    pub head_seq: i64,
    /// That entry's hash, as hex.
    pub head_hash: String,
}

/// Keeps the mark of a backup that was made.
///
/// # Errors
/// When the data folder cannot be written.
pub fn keep_mark(folder: &Path, mark: &BackupMark) -> std::io::Result<()> {
    let (beside, file) = (folder.join("last-backup.new"), folder.join(FILE));
    std::fs::write(&beside, serde_json::to_vec(mark)?)?;
    std::fs::rename(beside, file)
}

/// The mark of the last backup; none where there was no backup.
pub(super) fn mark(folder: &Path) -> Option<BackupMark> {
    let text = match std::fs::read(folder.join(FILE)) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return None,
        Err(error) => {
            tracing::warn!(%error, "the mark of the last backup could not be read");
            return None;
        }
    };
    match serde_json::from_slice(&text) {
        Ok(mark) => Some(mark),
        Err(error) => {
            tracing::warn!(%error, "the mark of the last backup is damaged");
            None
        }
    }
}
