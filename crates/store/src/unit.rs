//! The unit of work: what a command is given. It reads the tables as they stand, records facts, and sees its own
//! facts folded at once. Nothing of it remains when the command answers an error.

use std::any::Any;

use outpace_core::{Actor, Seq, Timestamp};
use parking_lot::RwLock;
use serde::Serialize;

use crate::capability::{Capabilities, Fact};
use crate::counters::Counters;
use crate::engine::{Result, StoreError, Tx};
use crate::journal::{self, Entry, Head};
use crate::memory::Memory;
use crate::values;
use crate::vault::Keys;
use crate::writer::Inner;

/// A fact that was recorded in this unit, kept for the memory folds that run when the unit succeeds.
pub(crate) struct Recorded {
    pub(crate) entry: Entry,
    pub(crate) live: Box<dyn Any>,
}

/// One command's view of the store.
pub struct Unit<'a> {
    tx: Tx<'a>,
    capabilities: &'a Capabilities,
    memory: &'a RwLock<Memory>,
    keys: &'a Keys,
    actor: Actor,
    now: Timestamp,
    cause: Option<Seq>,
    pub(crate) head: Head,
    pub(crate) recorded: Vec<Recorded>,
    pub(crate) jobs_queued: usize,
    counters: &'a mut Counters,
    mark: Mark,
}

/// How far a unit is on its way to the tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    /// Nothing was written.
    None,
    /// A savepoint stands before the first write.
    Set,
    /// Written without one: the command said that it is not refused any more.
    Beyond,
}

impl<'a> Unit<'a> {
    pub(crate) fn new(
        inner: &'a Inner,
        tx: Tx<'a>,
        actor: Actor,
        now: Timestamp,
        head: Head,
        counters: &'a mut Counters,
    ) -> Self {
        Self {
            tx,
            capabilities: &inner.capabilities,
            memory: &inner.memory,
            keys: &inner.keys,
            actor,
            now,
            cause: None,
            head,
            recorded: Vec::new(),
            jobs_queued: 0,
            counters,
            mark: Mark::None,
        }
    }

    /// The tables. Writing to a read model outside a fold is a bug that `rebuild` finds.
    pub fn tx(&mut self) -> &mut Tx<'a> {
        &mut self.tx
    }

    /// Who acts.
    #[must_use]
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// The moment of this unit; the same for all its facts, never earlier than the journal's newest.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// The vault's keys, for sealing and finding identities inside this unit.
    #[must_use]
    pub fn keys(&self) -> &'a Keys {
        self.keys
    }

    /// The facts that follow were caused by this one (an order by a result, a release by an exclusion).
    pub fn because_of(&mut self, cause: Option<Seq>) {
        self.cause = cause;
    }

    /// Looks into memory; `None` when nothing of the type is kept. Sees facts of earlier commands, not of this one.
    pub fn remembered<T: Any + Send + Sync, R>(&self, look: impl FnOnce(&T) -> R) -> Option<R> {
        self.memory.read().get::<T>().map(look)
    }

    /// Records a fact that happens now.
    ///
    /// # Errors
    /// What the store refused. A command should pass it on.
    pub fn record<F: Fact>(&mut self, fact: F) -> Result<Seq> {
        self.record_at(fact, self.now)
    }

    /// Records a fact that happened at another time (`occurred_at`), as its witness says.
    ///
    /// # Errors
    /// What the store refused.
    pub fn record_at<F: Fact>(&mut self, fact: F, occurred_at: Timestamp) -> Result<Seq> {
        self.open()?;
        let payload =
            serde_json::to_vec(&fact).map_err(|source| StoreError::Payload { kind: F::KIND.to_owned(), source })?;
        let entry = Entry {
            seq: Seq(self.head.seq.0 + 1),
            kind: F::KIND.to_owned(),
            occurred_at,
            recorded_at: self.now,
            actor: self.actor.id,
            cause: self.cause,
            payload,
        };
        let mut salt = [0_u8; 16];
        getrandom::fill(&mut salt).map_err(|error| StoreError::Folder(format!("no randomness: {error}")))?;
        self.head = journal::append(&mut self.tx, &self.head, &entry, &salt)?;
        self.capabilities.fold(&mut self.tx, &entry, Some(&fact))?;
        let seq = entry.seq;
        self.recorded.push(Recorded { entry, live: Box::new(fact) });
        Ok(seq)
    }

    /// The next number of a counter, from 1. A refused command gives its numbers back.
    ///
    /// # Errors
    /// What the store refused.
    pub fn next(&mut self, counter: &str) -> Result<i64> {
        self.next_many(counter, 1)
    }

    /// Takes `count` numbers at once and answers the first of them.
    ///
    /// # Errors
    /// What the store refused.
    pub fn next_many(&mut self, counter: &str, count: i64) -> Result<i64> {
        self.counters.take(&mut self.tx, counter, count)
    }

    /// Queues follow-up work; it commits with this unit's facts and runs after the commit.
    ///
    /// # Errors
    /// What the store refused.
    pub fn enqueue(&mut self, kind: &str, payload: &impl Serialize) -> Result<()> {
        let payload =
            serde_json::to_string(payload).map_err(|source| StoreError::Payload { kind: kind.to_owned(), source })?;
        let id = self.next("job")?;
        let jurisdiction = self.tx.jurisdiction();
        self.tx.execute(
            "INSERT INTO job (j, id, kind, payload, queued_at, attempts) VALUES ($1, $2, $3, $4, $5, 0)",
            values![jurisdiction, id, kind, &payload, self.now],
        )?;
        self.jobs_queued += 1;
        Ok(())
    }

    /// Marks a job as done, in the same transaction as what it did.
    ///
    /// # Errors
    /// [`StoreError::JobDone`] where another server did it meanwhile: then nothing of this unit may remain. Otherwise
    /// what the store refused.
    pub fn finish_job(&mut self, id: i64) -> Result<()> {
        self.open()?;
        let jurisdiction = self.tx.jurisdiction();
        match self.tx.count_changed("DELETE FROM job WHERE j = $1 AND id = $2", values![jurisdiction, id])? {
            0 => Err(StoreError::JobDone(id)),
            _ => Ok(()),
        }
    }

    /// Opens the savepoint to which a refused command returns. Called before every write outside [`Unit::record`].
    ///
    /// # Errors
    /// What the store refused.
    pub fn open(&mut self) -> Result<()> {
        if self.mark == Mark::None {
            self.tx.connection().savepoint()?;
            self.mark = Mark::Set;
        }
        Ok(())
    }

    /// The command promises that it is not refused any more: everything was checked, what follows is written without a
    /// savepoint, which costs a copy of every page it touches. If it answers an error after all, the engine's or a
    /// bug's, the whole commit is given up and all its callers are told that nothing was kept.
    pub fn certain(&mut self) {
        if self.mark == Mark::None {
            self.mark = Mark::Beyond;
        }
    }

    pub(crate) fn keep(&mut self) -> Result<()> {
        if self.mark == Mark::Set {
            self.tx.connection().release()?;
        }
        self.mark = Mark::None;
        self.counters.keep();
        Ok(())
    }

    /// Takes back what a refused command did; an error where that is not possible alone.
    pub(crate) fn undo(&mut self) -> Result<()> {
        match self.mark {
            Mark::None => {}
            Mark::Set => self.tx.connection().undo()?,
            Mark::Beyond => return Err(StoreError::Uncommitted),
        }
        self.mark = Mark::None;
        self.counters.undo();
        self.recorded.clear();
        self.jobs_queued = 0;
        Ok(())
    }
}
