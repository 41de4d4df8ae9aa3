//! Throws the read models away and folds the journal again; the canonical dump must have the same digest as before.

use outpace_core::Seq;

use crate::capability::Capabilities;
use crate::engine::{Result, Tx};
use crate::journal;
use crate::values;
use crate::writer::Store;

/// What a rebuild did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rebuilt {
    /// Facts folded.
    pub entries: i64,
    /// Digest of the read models before.
    pub before: String,
    /// Digest after. The same, or something wrote to a read model outside a fold.
    pub after: String,
    /// Tables whose digest changed, by name.
    pub changed: Vec<&'static str>,
}

impl Store {
    /// The digest of each read model's canonical dump, by table.
    ///
    /// # Errors
    /// What the engine refused.
    pub fn digests(&self) -> Result<Vec<(&'static str, String)>> {
        self.read(|tx| table_digests(tx, self.capabilities()))
    }

    /// Empties the read models, folds the whole journal, compares. One transaction: a crash leaves the old ones.
    ///
    /// # Errors
    /// What the engine refused, or a fact that no capability knows.
    pub fn rebuild(&self) -> Result<Rebuilt> {
        let store = self.clone();
        let committed = self.write(&self.system(), move |unit| {
            unit.open()?;
            let capabilities = store.capabilities();
            let tx = unit.tx();
            let before = table_digests(tx, capabilities)?;
            let entries = fold_anew(tx, capabilities)?;
            let rebuilt = table_digests(tx, capabilities)?;
            let changed = before.iter().zip(&rebuilt).filter(|(old, new)| old != new).map(|(old, _)| old.0).collect();
            Ok::<_, crate::StoreError>(Rebuilt {
                entries,
                before: combined(&before),
                after: combined(&rebuilt),
                changed,
            })
        })?;
        Ok(committed.answer)
    }
}

fn combined(digests: &[(&'static str, String)]) -> String {
    let mut hasher = blake3::Hasher::new();
    for (table, digest) in digests {
        hasher.update(table.as_bytes());
        hasher.update(digest.as_bytes());
    }
    hasher.finalize().to_hex().to_string()
}

/// Empties the read models and folds the whole journal; answers how many entries there are.
pub(crate) fn fold_anew(tx: &mut Tx<'_>, capabilities: &Capabilities) -> Result<i64> {
    for table in capabilities.tables() {
        let jurisdiction = tx.jurisdiction();
        tx.execute(&format!("DELETE FROM {} WHERE j = $1", table.name), values![jurisdiction])?;
    }
    refold(tx, capabilities)
}

/// Folds the whole journal into read models that are empty; answers how many entries there are.
pub(crate) fn refold(tx: &mut Tx<'_>, capabilities: &Capabilities) -> Result<i64> {
    let mut after = Seq(0);
    let mut entries = 0;
    loop {
        let page = journal::page(tx, after)?;
        let Some(last) = page.last() else { return Ok(entries) };
        after = last.seq;
        for entry in &page {
            // A destroyed payload has nothing left to fold; its destruction is a fact of its own.
            if !entry.payload.is_empty() {
                capabilities.fold(tx, entry, None)?;
            }
            entries += 1;
        }
    }
}

pub(crate) fn table_digests(tx: &mut Tx<'_>, capabilities: &Capabilities) -> Result<Vec<(&'static str, String)>> {
    let mut digests = Vec::new();
    for table in capabilities.tables() {
        let columns = tx.connection().columns(table.name)?;
        let sql = format!("SELECT {} FROM {} WHERE j = $1 ORDER BY {}", columns.join(", "), table.name, table.key);
        let mut hasher = blake3::Hasher::new();
        let jurisdiction = tx.jurisdiction();
        tx.each(&sql, values![jurisdiction], |row| {
            for column in 0..columns.len() {
                row.hash_into(column, &mut hasher)?;
            }
            Ok(())
        })?;
        digests.push((table.name, hasher.finalize().to_hex().to_string()));
    }
    Ok(digests)
}
