//! The vault: sealed values of subjects, found by keyed hash, with keys outside the database.
//!
//! A subject's identity (names, numbers, address) is one sealed value; the journal and every other table hold the
//! subject's opaque number only. Each class of data and month has its own key, so that destroying a key destroys what
//! it sealed. Who may look, and that each look is a fact, is the business of the capability above.

mod key_file;
mod keys;
pub mod passphrase;
mod rotate;
pub mod sealing;

use zeroize::Zeroizing;

use crate::engine::{Result, StoreError, Tx};
use crate::unit::Unit;
use crate::values;

pub use keys::{BACKUP_FILE, Keys, VAULT_FILE, class_and_month, generation};
pub use rotate::{Fields, KeysRotated, Rotated, capability, rotate};

use keys::LOOKUP;

/// Fields that the database tells apart by the generation of the look-up key: a field is kept as
/// `generation × FIELDS_MAX + field`.
const FIELDS_MAX: i64 = 1_000;
/// Takes out look-up hashes of subjects that the vault no longer holds.
pub(crate) const ORPHANS: &str = "DELETE FROM vault_lookup WHERE j = $1 AND NOT EXISTS
  (SELECT 1 FROM vault v WHERE v.j = vault_lookup.j AND v.subject = vault_lookup.subject)";
/// Subjects that a look-up answers at the most.
const FOUND_MAX: usize = 100;

/// The key that makes a stretched passphrase: argon2id, 64 MiB, three passes.
///
/// # Errors
/// When the machine lacks the memory.
pub fn stretched(passphrase: &str, salt: &[u8; 16]) -> Result<Zeroizing<[u8; 32]>> {
    key_file::stretched(passphrase, salt)
}

/// Generations of a key that the journal knows, oldest first; none before its first rotation.
fn generations(tx: &mut Tx<'_>, base: &str) -> Result<Vec<i64>> {
    let (j, later) = (tx.jurisdiction(), format!("{base}.%"));
    let names = tx.query(
        "SELECT name FROM vault_key WHERE j = $1 AND (name = $2 OR name LIKE $3)",
        values![j, base, &later],
        |row| row.get::<String>(0),
    )?;
    let mut known: Vec<i64> =
        names.iter().map(|name| generation(name)).filter(|(of, _)| *of == base).map(|(_, number)| number).collect();
    known.sort_unstable();
    Ok(known)
}

/// The name under which the journal seals with a key now.
fn in_use(tx: &mut Tx<'_>, base: &str) -> Result<String> {
    Ok(keys::of_generation(base, generations(tx, base)?.last().copied().unwrap_or(0)))
}

/// Generations of the look-up key that texts are found by: one, or two while keys are rotated. The last one is written.
fn lookups(tx: &mut Tx<'_>) -> Result<Vec<i64>> {
    let known = generations(tx, LOOKUP)?;
    Ok(if known.is_empty() { vec![0] } else { known })
}

fn hash_of(keys: &Keys, generation: i64, field: i64, text: &str) -> Result<[u8; 16]> {
    keys.lookup(&keys::of_generation(LOOKUP, generation), field, text)
}

/// A server with other keys than the journal's would seal what no other server opens.
pub(crate) fn same_keys(tx: &mut Tx<'_>, keys: &Keys) -> Result<()> {
    let j = tx.jurisdiction();
    if generations(tx, LOOKUP)?.is_empty() {
        // A folder whose journal was lost may hold keys that were rotated.
        let newest = keys
            .names()
            .iter()
            .map(|name| generation(name))
            .filter(|(base, _)| *base == LOOKUP)
            .map(|(_, number)| number)
            .max();
        let name = keys::of_generation(LOOKUP, newest.unwrap_or(0));
        let print = keys.print(&name)?;
        tx.execute("INSERT INTO vault_key (j, name, print) VALUES ($1, $2, $3)", values![j, &name, &print])?;
        return Ok(());
    }
    let name = in_use(tx, LOOKUP)?;
    let known = tx.first("SELECT print FROM vault_key WHERE j = $1 AND name = $2", values![j, &name], |row| {
        row.get::<Vec<u8>>(0)
    })?;
    if keys.print(&name).is_ok_and(|print| known.as_deref() == Some(&print)) {
        return drop_retired(tx, keys);
    }
    Err(StoreError::Vault(
        "vault.keys 不属于这本日志,请从原服务器复制 · vault.keys is not this journal's; copy it from the first server"
            .to_owned(),
    ))
}

/// Destroys keys of older generations that a rotation left in the file because it was interrupted after its last commit:
/// nothing is sealed under them. While a rotation is under way they stay.
fn drop_retired(tx: &mut Tx<'_>, keys: &Keys) -> Result<()> {
    if lookups(tx)?.len() > 1 {
        return Ok(());
    }
    let mut retired = Vec::new();
    for name in keys.names() {
        let (base, number) = generation(&name);
        let rotates = base == LOOKUP || class_and_month(&name).is_some();
        if rotates && generations(tx, base)?.last().is_some_and(|newest| number < *newest) {
            retired.push(name.clone());
        }
    }
    if retired.is_empty() { Ok(()) } else { keys.destroy(&retired).map(|_| ()) }
}

/// The key that seals a class of data now; made where the month is new.
fn key_for(unit: &mut Unit<'_>, class: &str) -> Result<String> {
    let base = Keys::name_for(class, unit.now());
    let name = in_use(unit.tx(), &base)?;
    if name == base {
        unit.keys().ensure(&name)?;
    }
    Ok(name)
}

/// Keeps a subject's sealed value and the texts it can be found by. `fields` are (field number, normalised text).
///
/// # Errors
/// What the store refused.
pub fn keep(unit: &mut Unit<'_>, class: &str, subject: i64, plain: &[u8], fields: &[(i64, &str)]) -> Result<()> {
    let fields = fields.iter().map(|(field, text)| (*field, Zeroizing::new((*text).to_owned()))).collect();
    keep_many(unit, class, &[ToKeep { subject, plain: Zeroizing::new(plain.to_vec()), fields }])
}

/// One subject's value on its way into the vault.
pub struct ToKeep {
    /// Whose.
    pub subject: i64,
    /// What is sealed.
    pub plain: Zeroizing<Vec<u8>>,
    /// What it can be found by: field number, normalised text.
    pub fields: Vec<(i64, Zeroizing<String>)>,
}

/// Keeps many subjects at once, as [`keep`] does with each. The look-up rows go in sorted by field and hash, so that
/// a batch walks the table once instead of jumping about in it.
///
/// # Errors
/// What the store refused.
pub fn keep_many(unit: &mut Unit<'_>, class: &str, subjects: &[ToKeep]) -> Result<()> {
    unit.open()?;
    let keys = unit.keys();
    let name = key_for(unit, class)?;
    let lookup = lookups(unit.tx())?.last().copied().unwrap_or(0);
    let mut hashes = Vec::with_capacity(subjects.len() * 3);
    for subject in subjects {
        for (field, text) in &subject.fields {
            hashes.push((lookup * FIELDS_MAX + *field, hash_of(keys, lookup, *field, text)?, subject.subject));
        }
    }
    hashes.sort_unstable();
    let sealed: Vec<(i64, Vec<u8>)> = subjects
        .iter()
        .map(|subject| Ok((subject.subject, keys.seal(&name, subject.subject, &subject.plain)?)))
        .collect::<Result<_>>()?;
    let tx = unit.tx();
    let j = tx.jurisdiction();
    tx.insert_many(
        "INSERT INTO vault (j, subject, key_name, sealed) VALUES ($1, $2, $3, $4)
         ON CONFLICT (j, subject) DO UPDATE SET key_name = excluded.key_name, sealed = excluded.sealed",
        sealed.iter().map(|(subject, sealed)| [j.into(), (*subject).into(), (&name).into(), sealed.into()]),
    )?;
    tx.insert_many(
        "INSERT INTO vault_lookup (j, field, hash, subject) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        hashes.iter().map(|(field, hash, subject)| [j.into(), (*field).into(), hash.into(), (*subject).into()]),
    )?;
    Ok(())
}

/// Opens a subject's value; `None` when the vault holds none. The caller records the look as a fact.
///
/// # Errors
/// When the key was destroyed or the value does not open.
pub fn open(tx: &mut Tx<'_>, keys: &Keys, subject: i64) -> Result<Option<Zeroizing<Vec<u8>>>> {
    let jurisdiction = tx.jurisdiction();
    let found = tx.first(
        "SELECT key_name, sealed FROM vault WHERE j = $1 AND subject = $2",
        values![jurisdiction, subject],
        |row| Ok((row.get::<String>(0)?, row.get::<Vec<u8>>(1)?)),
    )?;
    found.map(|(name, sealed)| keys.unseal(&name, subject, &sealed)).transpose()
}

/// Subjects that have this text in this field, at most 100.
///
/// # Errors
/// What the engine refused.
pub fn find(tx: &mut Tx<'_>, keys: &Keys, field: i64, text: &str) -> Result<Vec<i64>> {
    let jurisdiction = tx.jurisdiction();
    let mut found = Vec::new();
    for lookup in lookups(tx)? {
        let (kept_as, hash) = (lookup * FIELDS_MAX + field, hash_of(keys, lookup, field, text)?);
        found.extend(tx.query(
            "SELECT subject FROM vault_lookup WHERE j = $1 AND field = $2 AND hash = $3 ORDER BY subject LIMIT 100",
            values![jurisdiction, kept_as, &hash],
            |row| row.get::<i64>(0),
        )?);
    }
    found.sort_unstable();
    found.dedup();
    found.truncate(FOUND_MAX);
    Ok(found)
}
