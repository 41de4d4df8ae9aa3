//! New keys while work goes on: every value is opened and sealed again in small batches on the writer, every look-up hash
//! made anew; when nothing is sealed under an old key any more, the old key is destroyed.
//!
//! What is in use stands in the database, in the same transaction as what is written: whoever writes next, on whichever
//! server, seals with the new keys. While it lasts texts are found by both look-up keys. A rotation that was interrupted
//! goes on where it is started again.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::keys::{self, LOOKUP, class_and_month, generation};
use super::{FIELDS_MAX, generations, hash_of, in_use, lookups};
use crate::capability::{Capability, Fact};
use crate::engine::Result;
use crate::unit::Unit;
use crate::values;
use crate::writer::Store;

/// Values that are sealed again in one step: few, so that registration goes on between two steps.
const STEP_VALUES: i64 = 500;

/// What a subject can be found by, made from its opened value: known to the capability that sealed it.
pub type Fields = fn(i64, &[u8]) -> Result<Vec<(i64, Zeroizing<String>)>>;

/// Keys were rotated: nothing is sealed under the old ones any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeysRotated {
    /// Names of the keys that are destroyed after this fact.
    pub retired: Vec<String>,
    /// Names of the keys in use since.
    pub in_use: Vec<String>,
    /// Values that were sealed again.
    pub values: i64,
}

impl Fact for KeysRotated {
    const KIND: &'static str = "vault.keys_rotated";
}

/// What a rotation did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotated {
    /// Names of the keys that are no more.
    pub destroyed: Vec<String>,
    /// Names of the keys in use since.
    pub in_use: Vec<String>,
    /// Values that were sealed again.
    pub values: i64,
    /// Values whose key had been destroyed before: they stay as they are, and never open.
    pub unopened: i64,
}

/// The vault as a capability: a program that rotates keys has it among its own.
#[must_use]
pub fn capability() -> Capability {
    Capability::new("vault").remember(|_, _, _: &KeysRotated| {})
}

/// What is rotated to what.
#[derive(Debug, Clone)]
struct Plan {
    /// By class and month, the key in use.
    targets: BTreeMap<String, String>,
    /// Keys that go.
    retired: BTreeSet<String>,
    /// The generation of the look-up key in use.
    lookup: i64,
}

/// How far a rotation is.
struct Step {
    /// The last subject that was looked at; `None` at the end.
    after: Option<i64>,
    values: i64,
    unopened: i64,
}

/// Rotates all keys of the vault. `fields` makes what a value is found by.
///
/// # Errors
/// When a key file cannot be written, or what the store refused. What was done stands; calling again goes on.
pub fn rotate(store: &Store, fields: Fields) -> Result<Rotated> {
    let system = store.system();
    let plan = store.write(&system, begin)?.answer;
    let (mut after, mut values, mut unopened) = (Some(i64::MIN), 0, 0);
    while let Some(last) = after {
        let part = plan.clone();
        let step = store.write(&system, move |unit| step(unit, &part, last, fields))?.answer;
        after = step.after;
        values += step.values;
        unopened += step.unopened;
    }
    let (retired, in_use): (Vec<String>, Vec<String>) =
        (plan.retired.iter().cloned().collect(), plan.targets.values().cloned().collect());
    let fact = KeysRotated { retired: retired.clone(), in_use: in_use.clone(), values };
    let lookup = plan.lookup;
    store.write(&system, move |unit| end(unit, lookup, fact))?;
    let destroyed = store.keys().destroy(&retired)?;
    Ok(Rotated { destroyed, in_use, values, unopened })
}

/// Makes the next generation of each key and puts it in use; goes on with a rotation that is under way.
fn begin(unit: &mut Unit<'_>) -> Result<Plan> {
    unit.open()?;
    unit.keys().reload()?;
    let names = unit.keys().names();
    let bases: BTreeSet<&str> =
        names.iter().filter(|name| class_and_month(name).is_some()).map(|name| generation(name).0).collect();
    if lookups(unit.tx())?.len() < 2 {
        for base in bases.iter().copied().chain([LOOKUP]) {
            next(unit, base, &names)?;
        }
    }
    let targets = bases
        .iter()
        .map(|base| Ok(((*base).to_owned(), in_use(unit.tx(), base)?)))
        .collect::<Result<BTreeMap<String, String>>>()?;
    let lookup = lookups(unit.tx())?.last().copied().unwrap_or(0);
    let kept = keys::of_generation(LOOKUP, lookup);
    let retired = unit
        .keys()
        .names()
        .into_iter()
        .filter(|name| match generation(name).0 {
            LOOKUP => *name != kept,
            base => targets.get(base).is_some_and(|target| target != name),
        })
        .collect();
    Ok(Plan { targets, retired, lookup })
}

fn next(unit: &mut Unit<'_>, base: &str, names: &[String]) -> Result<()> {
    let in_file = names.iter().map(|name| generation(name)).filter(|(of, _)| *of == base).map(|(_, number)| number);
    let newest = in_file.chain(generations(unit.tx(), base)?).max().unwrap_or(0);
    let name = keys::of_generation(base, newest + 1);
    unit.keys().ensure(&name)?;
    let print = unit.keys().print(&name)?;
    let j = unit.tx().jurisdiction();
    unit.tx().execute("INSERT INTO vault_key (j, name, print) VALUES ($1, $2, $3)", values![j, &name, &print])
}

/// Seals the next values again.
fn step(unit: &mut Unit<'_>, plan: &Plan, after: i64, fields: Fields) -> Result<Step> {
    unit.open()?;
    let keys = unit.keys();
    let j = unit.tx().jurisdiction();
    let rows = unit.tx().query(
        "SELECT subject, key_name, sealed FROM vault WHERE j = $1 AND subject > $2 ORDER BY subject LIMIT $3",
        values![j, after, STEP_VALUES],
        |row| Ok((row.get::<i64>(0)?, row.get::<String>(1)?, row.get::<Vec<u8>>(2)?)),
    )?;
    let mut done = Step { after: rows.last().map(|row| row.0), values: 0, unopened: 0 };
    if rows.iter().any(|(_, name, _)| !keys.has(name)) {
        keys.reload()?;
    }
    let older: Vec<i64> = lookups(unit.tx())?.into_iter().filter(|lookup| *lookup != plan.lookup).collect();
    let (mut sealed, mut gone, mut kept) = (Vec::new(), Vec::new(), Vec::new());
    for (subject, name, value) in &rows {
        if !keys.has(name) {
            done.unopened += 1;
            continue;
        }
        let plain = keys.unseal(name, *subject, value)?;
        for (field, text) in fields(*subject, &plain)? {
            for lookup in &older {
                gone.push((lookup * FIELDS_MAX + field, hash_of(keys, *lookup, field, &text)?, *subject));
            }
            kept.push((plan.lookup * FIELDS_MAX + field, hash_of(keys, plan.lookup, field, &text)?, *subject));
        }
        if let Some(target) = plan.targets.get(generation(name).0).filter(|target| *target != name) {
            sealed.push((*subject, target, keys.seal(target, *subject, &plain)?));
        }
    }
    kept.sort_unstable();
    let tx = unit.tx();
    for (subject, name, value) in &sealed {
        tx.execute(
            "UPDATE vault SET key_name = $3, sealed = $4 WHERE j = $1 AND subject = $2",
            values![j, *subject, *name, value],
        )?;
    }
    for (field, hash, subject) in &gone {
        tx.execute(
            "DELETE FROM vault_lookup WHERE j = $1 AND field = $2 AND hash = $3 AND subject = $4",
            values![j, *field, hash, *subject],
        )?;
    }
    tx.insert_many(
        "INSERT INTO vault_lookup (j, field, hash, subject) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        kept.iter().map(|(field, hash, subject)| [j.into(), (*field).into(), hash.into(), (*subject).into()]),
    )?;
    done.values = sealed.len() as i64;
    Ok(done)
}

/// Nothing is sealed under the old keys any more: takes them out of the journal, and what older numbers were found by.
fn end(unit: &mut Unit<'_>, lookup: i64, fact: KeysRotated) -> Result<()> {
    unit.open()?;
    let j = unit.tx().jurisdiction();
    unit.tx().execute("DELETE FROM vault_lookup WHERE j = $1 AND field < $2", values![j, lookup * FIELDS_MAX])?;
    for name in &fact.retired {
        unit.tx().execute("DELETE FROM vault_key WHERE j = $1 AND name = $2", values![j, name])?;
    }
    unit.record(fact)?;
    Ok(())
}
