//! What a capability tells the store about itself: its tables, how its facts fold into them, what it keeps in memory,
//! which follow-up jobs it does. The store knows no domain word; everything it does with facts goes through here.

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::engine::{Result, StoreError, Tx};
use crate::journal::Entry;
use crate::memory::Memory;
use crate::writer::Store;

/// A kind of fact. One struct per kind; stored as JSON, so fields may be added with `#[serde(default)]` and never
/// change their meaning. No serde `flatten` or `untagged`.
pub trait Fact: Serialize + DeserializeOwned + Any {
    /// Stable name, `capability.what_happened`, such as `screening.tube_sealed`.
    const KIND: &'static str;
}

/// A read model: a table that could be thrown away and folded again.
#[derive(Debug, Clone, Copy)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// The columns by which its canonical dump is ordered (a unique key).
    pub key: &'static str,
}

type Fold = Box<dyn Fn(&mut Tx<'_>, &Entry, Option<&dyn Any>) -> Result<()> + Send + Sync>;
type Remember = Box<dyn Fn(&mut Memory, &Entry, Option<&dyn Any>) -> Result<()> + Send + Sync>;
type Follow = Box<dyn Fn(&mut Tx<'_>, &Entry, Option<&dyn Any>) -> Result<()> + Send + Sync>;
type Restore = Box<dyn Fn(&mut Tx<'_>, &mut Memory) -> Result<()> + Send + Sync>;
type Save = Box<dyn Fn(&Memory) -> Option<Vec<u8>> + Send + Sync>;
type Load = Box<dyn Fn(&mut Memory, &[u8]) -> Option<()> + Send + Sync>;
type Work = Box<dyn Fn(&Store, &crate::jobs::Job) -> Result<()> + Send + Sync>;

/// Everything the store needs to know of one capability. Built once at start:
///
/// ```ignore
/// Capability::new("orders")
///     .schema(SCHEMA)
///     .table("orders", "j, id")
///     .fold(|tx, entry, fact: OrderIssued| store::insert_order(tx, entry, &fact))
/// ```
pub struct Capability {
    pub(crate) name: &'static str,
    pub(crate) schema: &'static [&'static str],
    pub(crate) tables: Vec<Table>,
    pub(crate) folds: BTreeMap<&'static str, Fold>,
    pub(crate) remembers: BTreeMap<&'static str, Remember>,
    pub(crate) follows: BTreeMap<&'static str, Follow>,
    pub(crate) restores: Vec<Restore>,
    pub(crate) part: Option<Part>,
    pub(crate) works: BTreeMap<&'static str, Work>,
}

/// What a capability has in a snapshot of memory.
pub(crate) struct Part {
    pub(crate) name: &'static str,
    pub(crate) save: Save,
    pub(crate) load: Load,
}

/// The fact behind an entry: handed over as it is when it was just recorded, read from the payload otherwise.
fn with_fact<F: Fact, T>(entry: &Entry, live: Option<&dyn Any>, act: impl FnOnce(&F) -> Result<T>) -> Result<T> {
    match live.and_then(|fact| fact.downcast_ref::<F>()) {
        Some(fact) => act(fact),
        None => act(&entry.fact::<F>()?),
    }
}

/// Does something with a fact that was read. Its numbers may be any that JSON can write: whatever stops there makes the
/// entry one that cannot be read, by number and kind, and a restore that meets it leaves nothing behind.
fn guarded(entry: &Entry, live: Option<&dyn Any>, act: impl FnOnce() -> Result<()>) -> Result<()> {
    if live.is_some() {
        return act();
    }
    catch_unwind(AssertUnwindSafe(act)).unwrap_or_else(|_| {
        let (seq, kind) = (entry.seq, &entry.kind);
        Err(StoreError::Broken(format!(
            "{seq} ({kind}): 事实内容超出范围,无法读取 · what the fact says is out of range; it cannot be read"
        )))
    })
}

impl Capability {
    /// A capability with nothing in it yet.
    #[must_use]
    pub fn new(name: &'static str) -> Self {
        Self {
            name,
            schema: &[],
            tables: Vec::new(),
            folds: BTreeMap::new(),
            remembers: BTreeMap::new(),
            follows: BTreeMap::new(),
            restores: Vec::new(),
            part: None,
            works: BTreeMap::new(),
        }
    }

    /// Its migrations, oldest first. One string each; never change one that was applied, add another.
    #[must_use]
    pub fn schema(mut self, migrations: &'static [&'static str]) -> Self {
        self.schema = migrations;
        self
    }

    /// A read model. Every table that folds write must be named: `rebuild` empties and refolds exactly these.
    #[must_use]
    pub fn table(mut self, name: &'static str, key: &'static str) -> Self {
        self.tables.push(Table { name, key });
        self
    }

    /// How facts of a kind change the read models. Must depend on nothing but the tables, the entry and the fact:
    /// no clock, no randomness, no counters.
    #[must_use]
    pub fn fold<F: Fact>(
        mut self,
        fold: impl Fn(&mut Tx<'_>, &Entry, &F) -> Result<()> + Send + Sync + 'static,
    ) -> Self {
        self.folds.insert(
            F::KIND,
            Box::new(move |tx, entry, live| with_fact::<F, _>(entry, live, |fact| fold(tx, entry, fact))),
        );
        self
    }

    /// How facts of a kind change what is kept in memory. Runs after the command succeeded.
    #[must_use]
    pub fn remember<F: Fact>(mut self, remember: impl Fn(&mut Memory, &Entry, &F) + Send + Sync + 'static) -> Self {
        self.remembers.insert(
            F::KIND,
            Box::new(move |memory, entry, live| {
                with_fact::<F, _>(entry, live, |fact| {
                    remember(memory, entry, fact);
                    Ok(())
                })
            }),
        );
        self
    }

    /// How facts of a kind change a board that stands outside [`Memory`] and has its own locks: one that is read more
    /// often than anything else and must not wait for the writer. Runs after the command succeeded, beside the tables
    /// as its folds left them. It may run before a commit that fails: what it changes must come right again when the
    /// restores run, and doing it twice must do no more than once.
    #[must_use]
    pub fn follow<F: Fact>(
        mut self,
        follow: impl Fn(&mut Tx<'_>, &Entry, &F) -> Result<()> + Send + Sync + 'static,
    ) -> Self {
        self.follows.insert(
            F::KIND,
            Box::new(move |tx, entry, live| with_fact::<F, _>(entry, live, |fact| follow(tx, entry, fact))),
        );
        self
    }

    /// How memory is filled at start, from the read models.
    #[must_use]
    pub fn restore(mut self, restore: impl Fn(&mut Tx<'_>, &mut Memory) -> Result<()> + Send + Sync + 'static) -> Self {
        self.restores.push(Box::new(restore));
        self
    }

    /// How everything that this capability keeps in memory is written to a snapshot and read from one, where restoring it
    /// from the tables takes long. `save` answers `None` where there is nothing to save, `load` where the bytes are none
    /// that it wrote. The name changes whenever the bytes change their meaning. Facts that were recorded after the
    /// snapshot reach memory by its folds, beside tables that may be ahead of them.
    #[must_use]
    pub fn snapshot(
        mut self,
        name: &'static str,
        save: impl Fn(&Memory) -> Option<Vec<u8>> + Send + Sync + 'static,
        load: impl Fn(&mut Memory, &[u8]) -> Option<()> + Send + Sync + 'static,
    ) -> Self {
        self.part = Some(Part { name, save: Box::new(save), load: Box::new(load) });
        self
    }

    /// The work of a kind of job. Runs on the job thread, outside any transaction: it reads and writes by the store.
    /// It must finish the job inside its own write ([`crate::Unit::finish_job`]), so that both happen or neither.
    #[must_use]
    pub fn work(
        mut self,
        kind: &'static str,
        work: impl Fn(&Store, &crate::jobs::Job) -> Result<()> + Send + Sync + 'static,
    ) -> Self {
        self.works.insert(kind, Box::new(work));
        self
    }
}

/// The class of what is kept for ever, in the names of the keys of backups.
const KEPT: &str = "kept";

/// All capabilities of a program, looked up by kind of fact.
pub struct Capabilities {
    pub(crate) all: Vec<Capability>,
    /// By kind: the capabilities that do anything with it, by their place in `all`.
    by_kind: HashMap<&'static str, Vec<usize>>,
    class_of: fn(&str) -> Option<&'static str>,
}

impl Capabilities {
    /// Composes a program. The order is the order of migrations.
    #[must_use]
    pub fn new(all: Vec<Capability>) -> Self {
        let mut by_kind: HashMap<&'static str, Vec<usize>> = HashMap::new();
        for (place, capability) in all.iter().enumerate() {
            let kinds: BTreeSet<&'static str> = capability
                .folds
                .keys()
                .chain(capability.remembers.keys())
                .chain(capability.follows.keys())
                .copied()
                .collect();
            for kind in kinds {
                by_kind.entry(kind).or_default().push(place);
            }
        }
        Self { all, by_kind, class_of: |_| None }
    }

    /// Says which class of data the facts of a kind are, for the keys of backups; `None` for what is kept for ever.
    #[must_use]
    pub fn classed(mut self, class_of: fn(&str) -> Option<&'static str>) -> Self {
        self.class_of = class_of;
        self
    }

    pub(crate) fn class_of(&self, kind: &str) -> &'static str {
        (self.class_of)(kind).unwrap_or(KEPT)
    }

    fn of_kind(&self, kind: &str) -> impl Iterator<Item = &Capability> {
        self.by_kind.get(kind).into_iter().flatten().map(|place| &self.all[*place])
    }

    pub(crate) fn fold(&self, tx: &mut Tx<'_>, entry: &Entry, live: Option<&dyn Any>) -> Result<()> {
        let kind = entry.kind.as_str();
        let mut known = false;
        for capability in self.of_kind(kind) {
            if let Some(fold) = capability.folds.get(kind) {
                known = true;
                guarded(entry, live, || fold(tx, entry, live))?;
            }
            known |= capability.remembers.contains_key(kind);
        }
        if known { Ok(()) } else { Err(StoreError::UnknownKind(entry.kind.clone())) }
    }

    pub(crate) fn remember(&self, memory: &mut Memory, entry: &Entry, live: Option<&dyn Any>) -> Result<()> {
        let kind = entry.kind.as_str();
        for remember in self.of_kind(kind).filter_map(|capability| capability.remembers.get(kind)) {
            guarded(entry, live, || remember(memory, entry, live))?;
        }
        Ok(())
    }

    pub(crate) fn follow(&self, tx: &mut Tx<'_>, entry: &Entry, live: Option<&dyn Any>) -> Result<()> {
        let kind = entry.kind.as_str();
        for follow in self.of_kind(kind).filter_map(|capability| capability.follows.get(kind)) {
            guarded(entry, live, || follow(tx, entry, live))?;
        }
        Ok(())
    }

    pub(crate) fn parts(&self) -> impl Iterator<Item = &Part> {
        self.all.iter().filter_map(|capability| capability.part.as_ref())
    }

    /// Brings an entry to the capabilities whose memory came from a snapshot.
    pub(crate) fn catch_up_parts(&self, tx: &mut Tx<'_>, memory: &mut Memory, entry: &Entry) -> Result<()> {
        let kind = entry.kind.as_str();
        for capability in self.of_kind(kind).filter(|capability| capability.part.is_some()) {
            if let Some(remember) = capability.remembers.get(kind) {
                remember(memory, entry, None)?;
            }
            if let Some(follow) = capability.follows.get(kind) {
                follow(tx, entry, None)?;
            }
        }
        Ok(())
    }

    pub(crate) fn tables(&self) -> impl Iterator<Item = Table> + '_ {
        self.all.iter().flat_map(|capability| capability.tables.iter().copied())
    }

    pub(crate) fn work(&self, kind: &str) -> Option<&Work> {
        self.all.iter().find_map(|capability| capability.works.get(kind))
    }
}
