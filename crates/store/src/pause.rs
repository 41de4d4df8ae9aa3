//! What the writer does while its engine takes no writes: it turns callers away at once, tries again and again whether
//! writing goes, and goes on by itself when it does. Reading is not touched.

use std::sync::Weak;
use std::sync::mpsc::Receiver;
use std::time::Duration;

use crate::engine::{Adding, Connection, Result, StoreError, Trouble, Tx};
use crate::task::Task;
use crate::values;
use crate::writer::{Inner, refresh};

/// How often it is tried whether the engine takes writes again.
const TRY_EVERY: Duration = Duration::from_millis(200);
/// What must fit on the disk before writing goes on, so that a batch after the pause does not at once meet its end.
const ROOM_BYTES: usize = 1024 * 1024;

/// Pauses writing until the engine takes writes; answers the connection to go on with, or nothing when the store is gone.
pub(crate) fn recover(
    store: &Weak<Inner>,
    waiting: &Receiver<Box<dyn Task>>,
    connection: Box<dyn Connection>,
    trouble: Trouble,
) -> Option<Box<dyn Connection>> {
    let mut connection = Some(connection);
    let mut trouble = trouble;
    tracing::error!(trouble = trouble.key(), "writing is paused: the engine takes no writes");
    loop {
        {
            let inner = store.upgrade()?;
            inner.pulse.pause(trouble);
            while let Ok(task) = waiting.try_recv() {
                inner.pulse.unqueued();
                task.answer(Err(StoreError::Paused(trouble)));
            }
            match try_again(&inner, &mut connection) {
                Ok(()) => {
                    let _ = Trouble::take_noted();
                    inner.pulse.resume();
                    tracing::warn!("writing goes on");
                    return connection;
                }
                Err(error) => {
                    trouble = Trouble::take_noted().or(error.trouble()).unwrap_or(Trouble::Away);
                    tracing::warn!(%error, trouble = trouble.key(), "the engine takes no writes yet");
                    if trouble != Trouble::Full {
                        // A new connection begins without whatever this one was left in.
                        connection = None;
                    }
                }
            }
        }
        std::thread::sleep(TRY_EVERY);
    }
}

/// Tries whether writing goes, on a new connection where there is none that lives, and reads memory again from the tables.
fn try_again(inner: &Inner, connection: &mut Option<Box<dyn Connection>>) -> Result<()> {
    let _following = inner.following.lock();
    let mut open = match connection.take().filter(|connection| !connection.is_lost()) {
        Some(kept) => kept,
        None => Box::new(Adding::new(inner.database.open_writer()?)),
    };
    let tried = write_room(&mut *open, inner.area.0).and_then(|()| refresh(inner, &mut *open));
    *connection = Some(open);
    tried
}

/// Writes as much as must fit, and takes it away again: only what was committed proves that there is room.
fn write_room(connection: &mut dyn Connection, jurisdiction: i64) -> Result<()> {
    let filler = vec![0_u8; ROOM_BYTES];
    in_one(connection, |tx| {
        tx.execute("DELETE FROM write_probe WHERE j = $1", values![jurisdiction])?;
        tx.execute("INSERT INTO write_probe (j, id, filler) VALUES ($1, 1, $2)", values![jurisdiction, &filler])
            .map(|_| ())
    })?;
    in_one(connection, |tx| tx.execute("DELETE FROM write_probe WHERE j = $1", values![jurisdiction]).map(|_| ()))
}

fn in_one(connection: &mut dyn Connection, write: impl FnOnce(&mut Tx<'_>) -> Result<()>) -> Result<()> {
    connection.begin_writing()?;
    let written = write(&mut Tx::new(connection, 0)).and_then(|()| connection.commit());
    if written.is_err() && !connection.is_lost() {
        // An engine that ran out of room may have ended the transaction itself; then there is nothing to end.
        let _ = connection.rollback();
    }
    written
}
