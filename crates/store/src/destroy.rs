//! Destroying what was recorded of a class of data in a month: payload and salt in the journal, what the vault sealed, the
//! keys of both and of every backup, and everything that was folded from it.
//!
//! The chain stays whole: an entry's hash covers its header and a salted digest, and without the salt the digest gives
//! nothing of the payload away, not even to who guesses it. What is left is folded again, so that read models hold nothing
//! that does not follow from it. That it was destroyed is itself a fact, with counts and the names of the keys.
//!
//! What stands outside the transaction follows in [`Step`]s: keys, memory and its snapshot, look-up hashes, the engine's old
//! pages. Each is recorded when it is done, doing it twice does no harm, and a destruction is complete with the last one:
//! a power cut between two steps leaves a destruction that the next start goes on with.

use std::collections::BTreeMap;

use outpace_core::{Actor, Seq, Timestamp};
use serde::{Deserialize, Serialize};

use crate::capability::Fact;
use crate::engine::{Result, StoreError, Tx};
use crate::rebuild::fold_anew;
use crate::snapshot;
use crate::unit::Unit;
use crate::values;
use crate::vault::{Keys, ORPHANS, class_and_month};
use crate::writer::{Committed, Store, refresh};

/// A class of data in a month, as the names of keys have them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Part {
    /// The class, such as `identity`.
    pub class: String,
    /// The month by the journal's own time (UTC), such as `2022-04`.
    pub month: String,
}

impl Part {
    /// When the month begins and when the next one does.
    ///
    /// # Errors
    /// A month that is none.
    pub fn span(&self) -> Result<(Timestamp, Timestamp)> {
        let told = || StoreError::Folder(format!("{}: 月份写作 2022-04 · write a month as 2022-04", self.month));
        let (year, month) = self.month.split_once('-').ok_or_else(told)?;
        let (year, month): (i32, u32) = (year.parse().map_err(|_| told())?, month.parse().map_err(|_| told())?);
        let next = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
        let begins = |(year, month): (i32, u32)| {
            Timestamp::parse_local(&format!("{year:04}-{month:02}-01T00:00"), 0).ok_or_else(told)
        };
        Ok((begins((year, month))?, begins(next)?))
    }

    /// The month in which something was recorded.
    #[must_use]
    pub fn month_of(at: Timestamp) -> String {
        at.to_string().get(..7).unwrap_or("0000-00").to_owned()
    }

    fn has(&self, key: &str) -> bool {
        class_and_month(key).is_some_and(|(class, month)| class == self.class && month == self.month)
    }
}

/// Facts of one kind in one month that were destroyed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Gone {
    /// The kind of fact.
    pub kind: String,
    /// The month.
    pub month: String,
    /// How many.
    pub entries: i64,
}

/// Data were destroyed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Destroyed {
    /// The order that asked for it, as the capability above numbers it.
    pub order: i64,
    /// What.
    pub parts: Vec<Part>,
    /// How many facts, by kind and month.
    pub gone: Vec<Gone>,
    /// How many values of the vault.
    pub values: i64,
    /// Names of the vault's keys that go with it.
    pub keys: Vec<String>,
    /// Names of the keys that sealed it in backups.
    pub backup_keys: Vec<String>,
    /// Counts for science, as the capability above made them before.
    pub counts: BTreeMap<String, i64>,
}

impl Fact for Destroyed {
    const KIND: &'static str = "custody.destroyed";
}

/// What follows a destruction's transaction, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// The vault's keys and those of backups are deleted from their files.
    Keys,
    /// The snapshot of memory is deleted, and memory is read from the tables again.
    Memory,
    /// What identities are found by is hashed under new keys, so that old backups cannot be asked who was in them.
    Lookups,
    /// The engine's files are written anew without the pages that held what was deleted.
    Files,
}

impl Step {
    /// All steps, in their order.
    pub const ALL: [Self; 4] = [Self::Keys, Self::Memory, Self::Lookups, Self::Files];

    /// The word under which it is stored.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Keys => "keys",
            Self::Memory => "memory",
            Self::Lookups => "lookups",
            Self::Files => "files",
        }
    }

    /// The step of a stored word.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|step| step.word() == word)
    }
}

/// A step of a destruction is done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DestructionStep {
    /// The number of the fact [`Destroyed`] that it belongs to.
    pub destruction: Seq,
    /// The step.
    pub step: Step,
}

impl Fact for DestructionStep {
    const KIND: &'static str = "custody.destruction_step";
}

/// The counter of destructions in a journal. Memory and its snapshots carry its value ([`Seen`]): what was read before the
/// newest destruction is not used.
const COUNTER: &str = "destroyed";

/// How many destructions had taken place when memory was read from the tables.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Seen(pub(crate) i64);

/// How many destructions have taken place in this journal.
pub(crate) fn seen(tx: &mut Tx<'_>) -> Result<Seen> {
    let j = tx.jurisdiction();
    tx.number("SELECT value FROM counter WHERE j = $1 AND name = $2", values![j, COUNTER]).map(Seen)
}

/// What of a part stands in the journal and in the vault.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// Facts by class and month.
    pub entries: BTreeMap<Part, i64>,
    /// Values of the vault by class and month.
    pub values: BTreeMap<Part, i64>,
}

/// What the journal and the vault hold, by class and month; kinds of no class are left out.
///
/// # Errors
/// What the engine refused.
pub fn held(tx: &mut Tx<'_>, class_of: fn(&str) -> Option<&'static str>) -> Result<Held> {
    let j = tx.jurisdiction();
    let mut held = Held::default();
    let mut months: BTreeMap<i64, String> = BTreeMap::new();
    let day_ms = outpace_core::time::DAY_MS;
    let rows = tx.query(
        "SELECT kind, recorded_at / 86400000, COUNT(*) FROM journal WHERE j = $1 AND salt IS NOT NULL
         GROUP BY kind, recorded_at / 86400000",
        values![j],
        |row| Ok((row.get::<String>(0)?, row.get::<i64>(1)?, row.get::<i64>(2)?)),
    )?;
    for (kind, day, entries) in rows {
        let Some(class) = class_of(&kind) else { continue };
        let month = months.entry(day).or_insert_with(|| Part::month_of(Timestamp(day * day_ms))).clone();
        *held.entries.entry(Part { class: class.to_owned(), month }).or_default() += entries;
    }
    let keys = tx.query("SELECT key_name, COUNT(*) FROM vault WHERE j = $1 GROUP BY key_name", values![j], |row| {
        Ok((row.get::<String>(0)?, row.get::<i64>(1)?))
    })?;
    for (key, count) in keys {
        if let Some((class, month)) = class_and_month(&key) {
            *held.values.entry(Part { class: class.to_owned(), month: month.to_owned() }).or_default() += count;
        }
    }
    Ok(held)
}

/// What was destroyed in a journal, by kind and month: entries whose payload is gone.
///
/// # Errors
/// What the engine refused.
pub fn gone(tx: &mut Tx<'_>) -> Result<BTreeMap<(String, String), i64>> {
    let j = tx.jurisdiction();
    let rows = tx.query(
        "SELECT kind, recorded_at / 86400000, COUNT(*) FROM journal WHERE j = $1 AND salt IS NULL
         GROUP BY kind, recorded_at / 86400000",
        values![j],
        |row| Ok((row.get::<String>(0)?, row.get::<i64>(1)?, row.get::<i64>(2)?)),
    )?;
    let mut gone = BTreeMap::new();
    for (kind, day, entries) in rows {
        let month = Part::month_of(Timestamp(day * outpace_core::time::DAY_MS));
        *gone.entry((kind, month)).or_default() += entries;
    }
    Ok(gone)
}

impl Store {
    /// Destroys parts: rows and what was folded from them in one transaction with the fact that says so. `check` is asked
    /// first, inside that transaction, and may refuse. Everybody else who writes waits meanwhile. The [`Step`]s follow.
    ///
    /// # Errors
    /// What `check` or the engine refused: then nothing was destroyed.
    pub fn destroy<E>(
        &self,
        actor: &Actor,
        parts: Vec<Part>,
        class_of: fn(&str) -> Option<&'static str>,
        check: impl FnOnce(&mut Unit<'_>) -> Result<(i64, BTreeMap<String, i64>), E> + Send + 'static,
    ) -> Result<Committed<Destroyed>, E>
    where
        E: From<StoreError> + Send + 'static,
    {
        let (store, backup) = (self.clone(), Keys::of_backups(self.folder())?.names());
        self.write(actor, move |unit| {
            let (order, counts) = check(unit)?;
            let fact = take_out(unit, &store, order, counts, parts, backup, class_of)?;
            unit.record(fact.clone())?;
            Ok::<_, E>(fact)
        })
    }

    /// [`Step::Keys`].
    ///
    /// # Errors
    /// When a key file cannot be written.
    pub fn destroy_keys(&self, done: &Destroyed) -> Result<()> {
        self.keys().destroy(&done.keys)?;
        Keys::of_backups(self.folder())?.destroy(&done.backup_keys)?;
        Ok(())
    }

    /// [`Step::Memory`]. A snapshot that is being written at this moment is waited for and deleted too.
    ///
    /// # Errors
    /// When the file cannot be deleted, or what the engine refused.
    pub fn forget_memory(&self) -> Result<()> {
        let _no_snapshot = self.inner.snapshot_at.lock();
        let _following = self.inner.following.lock();
        snapshot::discard(self.folder())?;
        refresh(&self.inner, &mut *self.inner.database.open_reader()?)
    }

    /// [`Step::Files`].
    ///
    /// # Errors
    /// What the engine refused, such as a log that cannot be emptied while somebody reads.
    pub fn scrub_files(&self) -> Result<()> {
        self.inner.database.open_writer()?.scrub()
    }
}

/// Takes out payloads, salts and sealed values, and folds what is left.
fn take_out(
    unit: &mut Unit<'_>,
    store: &Store,
    order: i64,
    counts: BTreeMap<String, i64>,
    parts: Vec<Part>,
    backup: Vec<String>,
    class_of: fn(&str) -> Option<&'static str>,
) -> Result<Destroyed> {
    unit.open()?;
    let named = |names: Vec<String>| -> Vec<String> {
        names.into_iter().filter(|name| parts.iter().any(|part| part.has(name))).collect()
    };
    unit.keys().reload()?;
    let (keys, backup_keys) = (named(unit.keys().names()), named(backup));
    let tx = unit.tx();
    let j = tx.jurisdiction();
    let mut gone = Vec::new();
    for part in &parts {
        let (from, until) = part.span()?;
        let kinds = tx.query(
            "SELECT DISTINCT kind FROM journal WHERE j = $1 AND recorded_at >= $2 AND recorded_at < $3",
            values![j, from, until],
            |row| row.get::<String>(0),
        )?;
        for kind in kinds.into_iter().filter(|kind| class_of(kind) == Some(part.class.as_str())) {
            let entries = tx.count_changed(
                "UPDATE journal SET salt = NULL, payload = NULL
                 WHERE j = $1 AND kind = $2 AND recorded_at >= $3 AND recorded_at < $4 AND salt IS NOT NULL",
                values![j, &kind, from, until],
            )?;
            if entries > 0 {
                gone.push(Gone { kind, month: part.month.clone(), entries: entries as i64 });
            }
        }
    }
    gone.sort();
    let mut values = 0;
    for key in &keys {
        values += tx.count_changed("DELETE FROM vault WHERE j = $1 AND key_name = $2", values![j, key])? as i64;
        tx.execute("DELETE FROM vault_key WHERE j = $1 AND name = $2", values![j, key])?;
    }
    if values > 0 {
        tx.execute(ORPHANS, values![j])?;
    }
    fold_anew(tx, store.capabilities())?;
    unit.next(COUNTER)?;
    Ok(Destroyed { order, parts, gone, values, keys, backup_keys, counts })
}
