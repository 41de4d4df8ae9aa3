//! Follows the journal: what another process wrote reaches memory and listeners, whether or not we write ourselves.
//!
//! Announcements only wake the reader; the tail is read in any case, so a lost announcement costs a moment and no fact.

use std::sync::Arc;
use std::time::{Duration, Instant};

use outpace_core::Seq;

use crate::capability::Fact;
use crate::destroy::Destroyed;
use crate::engine::{Connection, Result, StoreError, Tx};
use crate::journal::{self, Head};
use crate::snapshot::{self, WORTH_ENTRIES};
use crate::vault::KeysRotated;
use crate::writer::{Inner, Store, refresh, remember_all};

/// The tail is read at least so often.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// Looks between two glances at jobs that a server which died may have left behind.
const LOOKS_BETWEEN_JOBS: u32 = 20;
/// Entries of the journal before figures are gathered for the first time; then whenever it has doubled.
const GATHER_FROM: i64 = 500;

/// Memory is written beside the journal at most so often, and only if enough was recorded.
const SNAPSHOT_EVERY: Duration = Duration::from_secs(60);

/// Starts the thread that follows the journal. It holds the store weakly and ends with it.
pub(crate) fn start(store: &Store) -> Result<()> {
    let weak = Arc::downgrade(&store.inner);
    let mut connection: Option<Box<dyn Connection>> = None;
    let (mut looks, mut gather_at) = (0_u32, GATHER_FROM);
    let mut snapshots = Instant::now();
    let spawned = std::thread::Builder::new().name("tail".to_owned()).spawn(move || {
        loop {
            match connection.as_mut() {
                Some(open) if !open.is_lost() => {
                    if let Err(error) = open.wait(LOOK_EVERY) {
                        tracing::warn!(%error, "announcements cannot be heard");
                    }
                }
                _ => std::thread::sleep(LOOK_EVERY),
            }
            let Some(inner) = weak.upgrade() else { return };
            if connection.as_ref().is_none_or(|open| open.is_lost()) {
                // The writer tells of a database that is away; this thread only tries again.
                connection = inner.database.open_listener().ok();
            }
            let Some(open) = connection.as_deref_mut() else { continue };
            if let Err(error) = follow(&inner, open) {
                tracing::warn!(%error, "the tail of the journal could not be read");
                connection = None;
                continue;
            }
            let seq = inner.head.read().seq.0;
            if snapshots.elapsed() > SNAPSHOT_EVERY {
                snapshots = Instant::now();
                if let Err(error) = (Store { inner: Arc::clone(&inner) }).keep_snapshot(WORTH_ENTRIES) {
                    tracing::warn!(%error, "the snapshot of memory could not be written");
                }
            }
            if seq >= gather_at {
                gather_at = seq.saturating_mul(2);
                if let Err(error) = open.gather() {
                    tracing::warn!(%error, "figures for the planner could not be gathered");
                }
            }
            looks += 1;
            if looks.is_multiple_of(LOOKS_BETWEEN_JOBS) {
                // A full channel means that the thread is already about to look.
                let _ = inner.wake.try_send(());
            }
        }
    });
    spawned.map(|_| ()).map_err(|error| StoreError::Folder(format!("no thread for the tail: {error}")))
}

/// Moves memory and head to the newest entry, unless the writer is about to do so itself.
fn follow(inner: &Inner, connection: &mut dyn Connection) -> Result<()> {
    let Some(_following) = inner.following.try_lock() else {
        // The writer has it, and reads the tail before it writes.
        inner.pulse.followed(0);
        return Ok(());
    };
    let before = *inner.head.read();
    connection.begin_reading()?;
    let newest = match catch_up(inner, connection) {
        Ok(newest) => newest,
        Err(error) => {
            connection.rollback()?;
            refresh(inner, connection)?;
            return Err(error);
        }
    };
    connection.commit()?;
    inner.pulse.followed(newest.seq.0 - before.seq.0);
    if newest != before {
        *inner.head.write() = newest;
        inner.listeners.read().iter().for_each(|listener| listener(newest));
    }
    Ok(())
}

/// Applies to memory what another process wrote since our last batch; the tables already hold it.
pub(crate) fn catch_up(inner: &Inner, connection: &mut dyn Connection) -> Result<Head> {
    let known = *inner.head.read();
    let mut tx = Tx::new(connection, inner.area.0);
    let newest = journal::head(&mut tx)?;
    if newest.seq < known.seq {
        return Err(StoreError::Broken(format!(
            "the journal ends at {}, but {} was acknowledged",
            newest.seq, known.seq
        )));
    }
    let mut after: Seq = known.seq;
    let mut voided = false;
    while after < newest.seq {
        let entries = journal::page(&mut tx, after)?;
        let Some(last) = entries.last() else { break };
        after = last.seq;
        for entry in entries.iter().filter(|entry| entry.kind == KeysRotated::KIND) {
            // Another server made new keys and destroys the old ones.
            inner.keys.reload()?;
            inner.keys.forget(&entry.fact::<KeysRotated>()?.retired);
        }
        let mut memory = inner.memory.write();
        // A server that was away may find entries that were destroyed before it saw them.
        let standing = || entries.iter().filter(|entry| !entry.payload.is_empty());
        for entry in standing() {
            inner.capabilities.remember(&mut memory, entry, None)?;
        }
        drop(memory);
        for entry in standing() {
            inner.capabilities.follow(&mut tx, entry, None)?;
        }
        for entry in entries.iter().filter(|entry| entry.kind == Destroyed::KIND) {
            voided = true;
            inner.keys.forget(&entry.fact::<Destroyed>()?.keys);
        }
    }
    if voided {
        // Another server destroyed what memory may still hold.
        snapshot::discard(&inner.folder)?;
        let memory = remember_all(&mut tx, &inner.capabilities, None)?;
        *inner.memory.write() = memory;
    }
    Ok(newest)
}
