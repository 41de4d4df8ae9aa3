//! The store's one door for writing. Commands queue with a bound; a thread takes as many as wait, runs each inside
//! one transaction, commits once, and answers each caller after the commit (group commit). Queue full: the caller is
//! told so at once and nothing is half done.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SendError, SyncSender, TrySendError, sync_channel};
use std::time::Instant;

use outpace_core::{Actor, ActorKind, AreaId, Clock, Seq, Timestamp};
use parking_lot::{Mutex, RwLock};

use crate::capability::Capabilities;
use crate::counters::Counters;
use crate::destroy;
use crate::engine::{Adding, Connection, Database, Place, Result, StoreError, Trouble, Tx};
use crate::journal::{self, Head};
use crate::memory::Memory;
use crate::migrate::{self, migrate};
use crate::pause;
use crate::private;
use crate::pulse::Pulse;
use crate::snapshot::{self, Snapshot};
use crate::tail;
use crate::task::{Task, new_task};
use crate::unit::Unit;
use crate::vault::Keys;

/// Commands that may wait before callers are turned away.
pub const QUEUE_MAX: usize = 4_096;
/// Commands that share one commit at the most.
pub const BATCH_MAX: usize = 512;
/// Reading connections kept open.
const READERS_KEPT: usize = 8;

/// How a store is opened.
pub struct Settings {
    /// The data folder; made when absent. It holds the keys, and the journal where `place` says nothing else.
    pub folder: PathBuf,
    /// Where the journal stands.
    pub place: Place,
    /// The area whose journal this is: a city or a county.
    pub area: AreaId,
    /// Whether this folder is a drill's. Written at creation, for ever.
    pub drill: bool,
    /// Where the time comes from.
    pub clock: Arc<dyn Clock>,
}

/// What a caller gets once its facts are on disk.
#[derive(Debug, Clone)]
pub struct Committed<T> {
    /// The command's answer.
    pub answer: T,
    /// The journal's head after the command: a witness.
    pub head: Head,
}

type Listener = Box<dyn Fn(Head) + Send + Sync>;

pub(crate) struct Inner {
    pub(crate) folder: PathBuf,
    pub(crate) database: Box<dyn Database>,
    pub(crate) area: AreaId,
    drill: bool,
    clock: Arc<dyn Clock>,
    pub(crate) capabilities: Capabilities,
    pub(crate) keys: Keys,
    pub(crate) memory: RwLock<Memory>,
    pub(crate) head: RwLock<Head>,
    pub(crate) pulse: Pulse,
    queue: SyncSender<Box<dyn Task>>,
    readers: Mutex<Vec<Box<dyn Connection>>>,
    pub(crate) listeners: RwLock<Vec<Listener>>,
    jobs: Mutex<()>,
    /// Held by whoever moves head and memory along the journal: the writer, or the tail between two batches.
    pub(crate) following: Mutex<()>,
    pub(crate) wake: SyncSender<()>,
    /// The entry after which the last snapshot of memory was taken, or would not have been worth it.
    pub(crate) snapshot_at: Mutex<Seq>,
}

/// A data folder, opened. Clones share it.
#[derive(Clone)]
pub struct Store {
    pub(crate) inner: Arc<Inner>,
}

impl Store {
    /// Opens a data folder: takes the key file, migrates, restores memory, starts the writer and the job thread.
    ///
    /// # Errors
    /// When the folder cannot be used, belongs to another jurisdiction, or is a drill's where a real one was meant.
    pub fn open(settings: Settings, capabilities: Capabilities) -> Result<Self> {
        private::folder(&settings.folder)?;
        let keys = Keys::open(&settings.folder)?;
        migrate::mark(&settings)?;
        let database = settings.place.database(&settings.folder, settings.area)?;
        let mut connection = database.open_writer()?;
        migrate(&mut *connection, &settings, &capabilities, &keys)?;
        private::tighten(&settings.folder)?;
        let (memory, head) = restore(&mut *connection, &settings.folder, settings.area, &capabilities)?;
        let (queue, waiting) = sync_channel(QUEUE_MAX);
        let (wake, woken) = sync_channel(1);
        let store = Self {
            inner: Arc::new(Inner {
                folder: settings.folder,
                database,
                area: settings.area,
                drill: settings.drill,
                clock: settings.clock,
                capabilities,
                keys,
                memory: RwLock::new(memory),
                head: RwLock::new(head),
                pulse: Pulse::default(),
                queue,
                readers: Mutex::new(Vec::new()),
                listeners: RwLock::new(Vec::new()),
                jobs: Mutex::new(()),
                following: Mutex::new(()),
                wake,
                snapshot_at: Mutex::new(Seq(0)),
            }),
        };
        start_writer(&store, Box::new(Adding::new(connection)), waiting)?;
        start_jobs(&store, woken)?;
        tail::start(&store)?;
        Ok(store)
    }

    /// Runs a command and waits for its commit.
    ///
    /// # Errors
    /// The command's own refusal, or [`StoreError::Busy`] when the queue is full.
    pub fn write<T, E>(
        &self,
        actor: &Actor,
        command: impl FnOnce(&mut Unit<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<Committed<T>, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (send, receive) = sync_channel(1);
        let done = move |answer| {
            // The receiver waits below; if its thread died there is nobody left to tell.
            let _ = send.send(answer);
        };
        // The clock's and the follow-up work of the system wait for a place in the queue: a hold must end in time
        // although the door is crowded.
        self.queue(new_task(actor, command, done), actor.kind == ActorKind::System);
        receive.recv().unwrap_or_else(|_| Err(E::from(StoreError::Busy)))
    }

    /// Queues a command; `done` is called on the writer's thread after the commit that holds its facts.
    pub fn submit<T, E>(
        &self,
        actor: &Actor,
        command: impl FnOnce(&mut Unit<'_>) -> Result<T, E> + Send + 'static,
        done: impl FnOnce(Result<Committed<T>, E>) + Send + 'static,
    ) where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.queue(new_task(actor, command, done), false);
    }

    fn queue(&self, task: Box<dyn Task>, waits: bool) {
        let pulse = &self.inner.pulse;
        if let Some(paused) = pulse.paused() {
            return task.answer(Err(StoreError::Paused(paused.trouble)));
        }
        // Counted first: the writer may take it before this thread goes on.
        pulse.queued();
        let refused = if waits {
            self.inner.queue.send(task).map_err(|SendError(task)| task)
        } else {
            self.inner
                .queue
                .try_send(task)
                .map_err(|(TrySendError::Full(task) | TrySendError::Disconnected(task))| task)
        };
        if let Err(task) = refused {
            pulse.unqueued();
            pulse.turned_away();
            task.answer(Err(StoreError::Busy));
        }
    }

    /// Reads a consistent picture of the tables.
    ///
    /// # Errors
    /// What `look` answered, or what the engine refused.
    pub fn read<T, E: From<StoreError>>(&self, look: impl FnOnce(&mut Tx<'_>) -> Result<T, E>) -> Result<T, E> {
        let mut connection = self.begin_reading()?;
        let answer = look(&mut Tx::new(&mut *connection, self.inner.area.0));
        connection.commit()?;
        let mut readers = self.inner.readers.lock();
        if readers.len() < READERS_KEPT && !connection.is_lost() {
            readers.push(connection);
        }
        answer
    }

    /// A connection with a consistent picture: a kept one, or a new one where the engine was away meanwhile.
    fn begin_reading(&self) -> Result<Box<dyn Connection>> {
        let kept = self.inner.readers.lock().pop();
        if let Some(mut connection) = kept
            && connection.begin_reading().is_ok()
            && !connection.is_lost()
        {
            return Ok(connection);
        }
        let mut connection = self.inner.database.open_reader()?;
        connection.begin_reading()?;
        Ok(connection)
    }

    /// Looks into memory.
    pub fn remembered<T: std::any::Any + Send + Sync, R>(&self, look: impl FnOnce(&T) -> R) -> Option<R> {
        self.inner.memory.read().get::<T>().map(look)
    }

    /// The newest entry of the journal.
    #[must_use]
    pub fn head(&self) -> Head {
        *self.inner.head.read()
    }

    /// How the writer is: what waits, how commits go, whether writing is paused.
    #[must_use]
    pub fn pulse(&self) -> &Pulse {
        &self.inner.pulse
    }

    /// The present moment, by the clock this store was opened with.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.inner.clock.now()
    }

    /// The area whose journal this is.
    #[must_use]
    pub fn area(&self) -> AreaId {
        self.inner.area
    }

    /// Whether this folder is a drill's.
    #[must_use]
    pub fn is_drill(&self) -> bool {
        self.inner.drill
    }

    /// The data folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.inner.folder
    }

    /// The vault's keys.
    #[must_use]
    pub fn keys(&self) -> &Keys {
        &self.inner.keys
    }

    /// The system as an actor over this journal.
    #[must_use]
    pub fn system(&self) -> Actor {
        Actor::system(self.inner.area)
    }

    /// Calls `listener` after every commit that added facts, on the writer's thread: it must not wait.
    pub fn on_commit(&self, listener: impl Fn(Head) + Send + Sync + 'static) {
        self.inner.listeners.write().push(Box::new(listener));
    }

    pub(crate) fn capabilities(&self) -> &Capabilities {
        &self.inner.capabilities
    }

    pub(crate) fn job_lock(&self) -> &Mutex<()> {
        &self.inner.jobs
    }
}

/// Reads what a folder is, without opening it for work; `None` where no journal was begun yet.
///
/// # Errors
/// When its database cannot be asked.
pub fn folder_kind(place: &Place, folder: &Path) -> Result<Option<(AreaId, bool)>> {
    let area = migrate::marked(folder)?;
    let database = place.database(folder, area.unwrap_or(AreaId(0)))?;
    if !database.exists()? {
        return Ok(None);
    }
    migrate::kind(&mut *database.open_reader()?, area)
}

/// Throws a drill's journal away, so that the drill can be played again. What is not a drill's is never touched.
///
/// # Errors
/// When there is no drill's journal at this place.
pub fn discard_drill(place: &Place, folder: &Path) -> Result<()> {
    match folder_kind(place, folder)? {
        Some((area, true)) => {
            snapshot::discard(folder)?;
            place.database(folder, area)?.discard()
        }
        _ => Err(StoreError::Folder("no drill's journal stands here".to_owned())),
    }
}

/// Memory and head as one consistent picture of the tables has them, with the help of a snapshot where one stands.
fn restore(
    connection: &mut dyn Connection,
    folder: &Path,
    area: AreaId,
    capabilities: &Capabilities,
) -> Result<(Memory, Head)> {
    connection.begin_reading()?;
    let mut tx = Tx::new(connection, area.0);
    let snapshot = match Snapshot::read(folder, area) {
        Some(snapshot) => {
            if snapshot.is_void(&mut tx)? {
                snapshot::discard(folder)?;
            }
            snapshot.apply(&mut tx, capabilities)?
        }
        None => None,
    };
    let memory = remember_all(&mut tx, capabilities, snapshot)?;
    let head = journal::head(&mut tx)?;
    connection.commit()?;
    Ok((memory, head))
}

/// Memory as the tables have it; what a snapshot brought is taken from there.
pub(crate) fn remember_all(tx: &mut Tx<'_>, capabilities: &Capabilities, snapshot: Option<Memory>) -> Result<Memory> {
    let from_snapshot = snapshot.is_some();
    let mut memory = snapshot.unwrap_or_default();
    memory.put(destroy::seen(tx)?);
    for capability in capabilities.all.iter().filter(|capability| !from_snapshot || capability.part.is_none()) {
        for restore in &capability.restores {
            restore(tx, &mut memory)?;
        }
    }
    Ok(memory)
}

fn start_writer(store: &Store, mut connection: Box<dyn Connection>, waiting: Receiver<Box<dyn Task>>) -> Result<()> {
    // The thread holds the store weakly, so that dropping the last handle closes the queue and ends it.
    let weak = Arc::downgrade(&store.inner);
    let spawned = std::thread::Builder::new().name("writer".to_owned()).spawn(move || {
        while let Ok(first) = waiting.recv() {
            let Some(inner) = weak.upgrade() else { return };
            let mut batch = vec![first];
            while batch.len() < BATCH_MAX {
                match waiting.try_recv() {
                    Ok(task) => batch.push(task),
                    Err(_) => break,
                }
            }
            inner.pulse.batch_begins(batch.len(), batch[0].queued());
            write_batch(&inner, &mut *connection, batch);
            drop(inner);
            let lost = connection.is_lost().then_some(Trouble::Away);
            if let Some(trouble) = Trouble::take_noted().or(lost) {
                let Some(again) = pause::recover(&weak, &waiting, connection, trouble) else { return };
                connection = again;
            }
        }
    });
    spawned.map(|_| ()).map_err(|error| StoreError::Folder(format!("no thread for the writer: {error}")))
}

fn start_jobs(store: &Store, woken: Receiver<()>) -> Result<()> {
    let inner = Arc::downgrade(&store.inner);
    let spawned = std::thread::Builder::new().name("jobs".to_owned()).spawn(move || {
        while woken.recv().is_ok() {
            let Some(inner) = inner.upgrade() else { return };
            if let Err(error) = (Store { inner }).work_off() {
                tracing::error!(%error, "the job thread could not work");
            }
        }
    });
    spawned.map(|_| ()).map_err(|error| StoreError::Folder(format!("no thread for jobs: {error}")))
}

/// One transaction for a batch of commands.
fn write_batch(inner: &Inner, connection: &mut dyn Connection, mut batch: Vec<Box<dyn Task>>) {
    let _following = inner.following.lock();
    let (before, begun, commands) = (*inner.head.read(), Instant::now(), batch.len());
    match run_batch(inner, connection, &mut batch) {
        Ok((heads, jobs)) => {
            let newest = heads.last().copied().unwrap_or(before);
            *inner.head.write() = newest;
            inner.pulse.batch_ends(begun, commands, Some((before, newest)));
            for (task, head) in batch.into_iter().zip(heads) {
                task.answer(Ok(head));
            }
            if newest != before {
                inner.listeners.read().iter().for_each(|listener| listener(newest));
                connection.announce();
            }
            if jobs > 0 {
                // A full channel means that the thread is already about to look.
                let _ = inner.wake.try_send(());
            }
        }
        Err(error) => {
            tracing::error!(%error, "a batch could not be committed");
            inner.pulse.batch_ends(begun, commands, None);
            let trouble = error.trouble();
            // Before anybody is answered: who was told that writing is paused must find it so.
            if let Some(trouble) = Trouble::noted().or(connection.is_lost().then_some(Trouble::Away)) {
                inner.pulse.pause(trouble);
            }
            // A lost connection took its transaction with it; memory is restored once there is a new one.
            if !connection.is_lost() {
                if let Err(error) = connection.rollback() {
                    tracing::error!(%error, "rollback failed");
                }
                if let Err(error) = refresh(inner, connection) {
                    tracing::error!(%error, "memory could not be restored");
                }
            }
            for task in batch {
                task.answer(Err(trouble.map_or(StoreError::Uncommitted, StoreError::Paused)));
            }
        }
    }
}

/// Reads head and memory again from the tables: after a failed commit.
pub(crate) fn refresh(inner: &Inner, connection: &mut dyn Connection) -> Result<()> {
    let (memory, head) = restore(connection, &inner.folder, inner.area, &inner.capabilities)?;
    *inner.memory.write() = memory;
    *inner.head.write() = head;
    Ok(())
}

fn run_batch(
    inner: &Inner,
    connection: &mut dyn Connection,
    batch: &mut [Box<dyn Task>],
) -> Result<(Vec<Head>, usize)> {
    connection.begin_writing()?;
    let mut head = tail::catch_up(inner, connection)?;
    let mut heads = Vec::with_capacity(batch.len());
    let mut jobs = 0;
    let mut counters = Counters::default();
    for task in batch.iter_mut() {
        let now = inner.clock.now().max(head.recorded_at);
        let tx = Tx::new(connection, inner.area.0);
        let mut unit = Unit::new(inner, tx, task.actor(), now, head, &mut counters);
        if task.run(&mut unit) {
            unit.keep()?;
            head = unit.head;
            jobs += unit.jobs_queued;
            let recorded = std::mem::take(&mut unit.recorded);
            if !recorded.is_empty() {
                let mut memory = inner.memory.write();
                for fact in &recorded {
                    inner.capabilities.remember(&mut memory, &fact.entry, Some(fact.live.as_ref()))?;
                }
            }
            let mut tx = Tx::new(connection, inner.area.0);
            for fact in &recorded {
                inner.capabilities.follow(&mut tx, &fact.entry, Some(fact.live.as_ref()))?;
            }
        } else {
            let undone = unit.undo();
            // An engine in trouble may have ended the transaction on its own: then nothing of the batch may stand.
            if let Some(trouble) = Trouble::noted() {
                return Err(StoreError::Paused(trouble));
            }
            undone?;
        }
        heads.push(head);
    }
    connection.still_open()?;
    counters.write(&mut Tx::new(connection, inner.area.0))?;
    // Whether a commit that failed is on disk after all cannot be known: its callers are told to send again.
    connection.commit().map_err(|error| {
        tracing::error!(%error, "a commit failed");
        StoreError::Uncommitted
    })?;
    Ok((heads, jobs))
}
