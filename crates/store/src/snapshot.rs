//! What memory holds, written beside the journal now and then, so that a start need not read every sample of every round
//! again. A snapshot is only a saving of time: it names the entry after which it was taken and that entry's hash, and one
//! that does not stand in this journal, or was written by another version, or was damaged, is left aside and everything
//! is read from the tables. What was recorded since is applied to it as it would be by a server that follows.
//!
//! The file: a line that names it, a header in JSON with the length of each part, the parts, and the hash of all before.

use std::io::Write;
use std::path::{Path, PathBuf};

use outpace_core::{AreaId, Seq};
use serde::{Deserialize, Serialize};

use crate::capability::Capabilities;
use crate::destroy::{self, Seen};
use crate::engine::{Result, StoreError, Tx};
use crate::journal::{self, Head};
use crate::memory::Memory;
use crate::private;
use crate::values;
use crate::writer::Store;

/// First line of the file.
const NAME: &[u8] = b"outpace snapshot 2\n";
/// The file in the data folder.
const FILE: &str = "memory.snapshot";
const HASH_BYTES: usize = 32;
/// Entries since the last snapshot that make another worth its while: a start reads so many in about a second.
pub const WORTH_ENTRIES: i64 = 50_000;

#[derive(Debug, Serialize, Deserialize)]
struct Header {
    version: String,
    area: i64,
    seq: i64,
    hash: String,
    /// Destructions that had taken place when this memory was read: after another one it holds what must be gone.
    destructions: Seen,
    parts: Vec<(String, usize)>,
}

/// A snapshot that was read and is whole.
pub(crate) struct Snapshot {
    header: Header,
    parts: Vec<u8>,
}

fn path(folder: &Path) -> PathBuf {
    folder.join(FILE)
}

fn told(file: &Path, error: &std::io::Error) -> StoreError {
    StoreError::Folder(format!("{}: {error}", file.display()))
}

/// Removes a folder's snapshot, if there is one, and what a snapshot that was interrupted left.
pub(crate) fn discard(folder: &Path) -> Result<()> {
    let file = path(folder);
    for file in [fresh(&file), file] {
        match std::fs::remove_file(&file) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(told(&file, &error)),
            _ => {}
        }
    }
    Ok(())
}

/// Where it is written before it takes its place.
fn fresh(file: &Path) -> PathBuf {
    file.with_extension("new")
}

impl Snapshot {
    /// Reads the folder's snapshot; `None` where there is none that can be used.
    pub(crate) fn read(folder: &Path, area: AreaId) -> Option<Self> {
        let bytes = std::fs::read(path(folder)).ok()?;
        let end = bytes.len().checked_sub(HASH_BYTES)?;
        if blake3::hash(&bytes[..end]).as_bytes()[..] != bytes[end..] {
            tracing::warn!("the snapshot of memory is damaged; everything is read from the tables");
            return None;
        }
        let body = bytes[..end].strip_prefix(NAME)?;
        let line = body.iter().position(|byte| *byte == b'\n')?;
        let header: Header = serde_json::from_slice(&body[..line]).ok()?;
        let ours = header.version == env!("CARGO_PKG_VERSION") && header.area == area.0;
        ours.then(|| Self { parts: body[line + 1..].to_vec(), header })
    }

    /// Whether the entry after which it was taken stands in this journal.
    fn stands(&self, tx: &mut Tx<'_>) -> Result<bool> {
        let j = tx.jurisdiction();
        let seq = self.header.seq;
        let found = tx.first("SELECT hash FROM journal WHERE j = $1 AND seq = $2", values![j, seq], |row| {
            row.get::<Vec<u8>>(0)
        })?;
        let hash = found.and_then(|hash| <[u8; 32]>::try_from(hash).ok());
        Ok(hash.is_some_and(|hash| journal::Hash(hash).to_string() == self.header.hash))
    }

    /// Whether something was destroyed since: then it holds what must be gone, whatever entry it names.
    pub(crate) fn is_void(&self, tx: &mut Tx<'_>) -> Result<bool> {
        Ok(destroy::seen(tx)? != self.header.destructions)
    }

    /// Fills memory with the parts; `None` where one of them is not to be read, or is not there.
    fn load(&self, capabilities: &Capabilities) -> Option<Memory> {
        let mut memory = Memory::default();
        for part in capabilities.parts() {
            let mut from = 0_usize;
            let mut found = None;
            for (name, length) in &self.header.parts {
                let until = from.checked_add(*length)?;
                if *name == part.name {
                    found = self.parts.get(from..until);
                }
                from = until;
            }
            (part.load)(&mut memory, found?)?;
        }
        Some(memory)
    }

    /// Memory as it is at the newest entry, as far as the snapshot's parts go; `None` where the snapshot is of no use.
    pub(crate) fn apply(&self, tx: &mut Tx<'_>, capabilities: &Capabilities) -> Result<Option<Memory>> {
        if !self.stands(tx)? || self.is_void(tx)? {
            return Ok(None);
        }
        let Some(mut memory) = self.load(capabilities) else { return Ok(None) };
        let mut after = Seq(self.header.seq);
        loop {
            let entries = journal::page(tx, after)?;
            let Some(last) = entries.last() else { return Ok(Some(memory)) };
            after = last.seq;
            for entry in entries.iter().filter(|entry| !entry.payload.is_empty()) {
                capabilities.catch_up_parts(tx, &mut memory, entry)?;
            }
        }
    }
}

impl Store {
    /// Writes what memory holds beside the journal, if so many entries were recorded since the last time
    /// ([`WORTH_ENTRIES`] is a good number). The writer waits while memory is copied, not while the file is written.
    ///
    /// # Errors
    /// When the file cannot be written. Nothing depends on it.
    pub fn keep_snapshot(&self, worth_entries: i64) -> Result<()> {
        let inner = &self.inner;
        let mut kept = inner.snapshot_at.lock();
        let following = inner.following.lock();
        let head = *inner.head.read();
        if head.seq.0 - kept.0 < worth_entries {
            return Ok(());
        }
        let memory = inner.memory.read();
        let seen = memory.get::<Seen>().copied().unwrap_or_default();
        let parts: Option<Vec<(String, Vec<u8>)>> =
            inner.capabilities.parts().map(|part| Some((part.name.to_owned(), (part.save)(&memory)?))).collect();
        drop(memory);
        drop(following);
        // Something was destroyed, and memory was not read again yet: it must not reach the disk.
        if self.read(destroy::seen)? != seen {
            return Ok(());
        }
        if let Some(parts) = parts.filter(|parts| !parts.is_empty()) {
            write(self.folder(), inner.area, head, seen, &parts)?;
            // Another process may have destroyed something while the file was written, and deleted the one before.
            if self.read(destroy::seen)? != seen {
                discard(self.folder())?;
                return Ok(());
            }
        }
        *kept = head.seq;
        Ok(())
    }
}

fn write(folder: &Path, area: AreaId, head: Head, destructions: Seen, parts: &[(String, Vec<u8>)]) -> Result<()> {
    let header = Header {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        area: area.0,
        seq: head.seq.0,
        hash: head.hash.to_string(),
        destructions,
        parts: parts.iter().map(|(name, bytes)| (name.clone(), bytes.len())).collect(),
    };
    let header =
        serde_json::to_vec(&header).map_err(|source| StoreError::Payload { kind: "snapshot".to_owned(), source })?;
    let file = path(folder);
    let fresh = fresh(&file);
    let written = (|| {
        let mut to = std::io::BufWriter::new(private::create(&fresh)?);
        let mut hasher = blake3::Hasher::new();
        let pieces = [NAME, &header, b"\n"].into_iter().chain(parts.iter().map(|(_, bytes)| bytes.as_slice()));
        for piece in pieces {
            hasher.update(piece);
            to.write_all(piece)?;
        }
        to.write_all(hasher.finalize().as_bytes())?;
        to.into_inner()?.sync_all()?;
        std::fs::rename(&fresh, &file)
    })();
    written.map_err(|error: std::io::Error| told(&file, &error))
}
