//! Destroying what was recorded of a class of data in a month: payload and salt in the journal, what the vault sealed, the
//! keys of both and of every backup, and everything that was folded from it.
//!
//! The chain stays whole: an entry's hash covers its header and a salted digest, and without the salt the digest gives
//! nothing of the payload away, not even to who guesses it. What is left is folded again, so that read models hold nothing
//! that does not follow from it. That it was destroyed is itself a fact, with counts and the names of the keys.

use std::collections::BTreeMap;

use outpace_core::{Actor, Timestamp};
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
    /// Destroys parts: rows and what was folded from them in one transaction with the fact that says so, then keys, the
    /// snapshot of memory, and what is left of them in the engine's files. `check` is asked first, inside that
    /// transaction, and may refuse. Everybody else who writes waits meanwhile.
    ///
    /// # Errors
    /// What `check` refused: then nothing was destroyed. What the engine or the disk refused after the commit: then
    /// [`Store::finish_destroying`] goes on.
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
        let committed = self.write(actor, move |unit| {
            let (order, counts) = check(unit)?;
            let fact = take_out(unit, &store, order, counts, parts, backup, class_of)?;
            unit.record(fact.clone())?;
            Ok::<_, E>(fact)
        })?;
        self.finish_destroying(&committed.answer)?;
        Ok(committed)
    }

    /// Destroys the keys that a destruction names, the snapshot of memory, and what the engine's files still hold of
    /// deleted rows. Doing it again changes nothing.
    ///
    /// # Errors
    /// What the disk or the engine refused.
    pub fn finish_destroying(&self, done: &Destroyed) -> Result<()> {
        self.keys().destroy(&done.keys)?;
        Keys::of_backups(self.folder())?.destroy(&done.backup_keys)?;
        {
            let _following = self.inner.following.lock();
            snapshot::discard(self.folder())?;
            refresh(&self.inner, &mut *self.inner.database.open_reader()?)?;
        }
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
    Ok(Destroyed { order, parts, gone, values, keys, backup_keys, counts })
}

/// Whether an entry says that others no longer hold: memory must be read from the tables again.
pub(crate) fn voids_memory(kind: &str) -> bool {
    kind == Destroyed::KIND
}
