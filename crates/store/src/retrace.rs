//! Traces named capabilities' tables back to the journal: folds their facts again into a database of their own, in memory,
//! and names every row that differs. Where `rebuild` says that a table does not follow, this says which row and which
//! columns, changes nothing, and reads only the facts that it needs.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use outpace_core::{Seq, Value};

use crate::capability::{Capabilities, Capability, Table};
use crate::engine::{Result, Tx, sqlite};
use crate::journal::{self, Entry};
use crate::values;
use crate::writer::Store;

/// Facts read at once.
const PAGE: i64 = 2_000;

/// How a row differs from what the journal says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// It stands there, and no fact made it.
    Added,
    /// Facts made it, and it is gone.
    Missing,
    /// These columns hold something else.
    Changed(Vec<String>),
}

/// A row that does not follow from the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stray {
    /// Its table.
    pub table: &'static str,
    /// Its key, as `column value` pairs without the jurisdiction.
    pub key: String,
    /// What is wrong with it.
    pub difference: Difference,
}

impl fmt::Display for Stray {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { table, key, difference } = self;
        match difference {
            Difference::Added => write!(out, "{table} {key}: 没有事实支持该行 / no fact made this row"),
            Difference::Missing => write!(out, "{table} {key}: 该行被删除 / this row was taken away"),
            Difference::Changed(columns) => {
                write!(out, "{table} {key}: 被改动 / changed by hand: {}", columns.join(", "))
            }
        }
    }
}

/// The rows of a table by the values of their keys, each value in words that are the same on every engine.
type Rows = BTreeMap<Vec<String>, Vec<String>>;

fn told(value: Value<'_>) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::Int(number) => number.to_string(),
        Value::Real(number) => format!("{number:?}"),
        Value::Text(text) => text.to_owned(),
        Value::Blob(bytes) => blake3::hash(bytes).to_hex().to_string(),
    }
}

fn rows(tx: &mut Tx<'_>, table: Table, columns: &[String]) -> Result<Rows> {
    let keys: Vec<usize> =
        key_columns(table).filter_map(|key| columns.iter().position(|column| column == key)).collect();
    let sql = format!("SELECT {} FROM {} WHERE j = $1", columns.join(", "), table.name);
    let (jurisdiction, mut found) = (tx.jurisdiction(), Rows::new());
    tx.each(&sql, values![jurisdiction], |row| {
        let mut cells = Vec::with_capacity(columns.len());
        for column in 0..columns.len() {
            cells.push(told(row.value(column)?));
        }
        found.insert(keys.iter().map(|key| cells[*key].clone()).collect(), cells);
        Ok(())
    })?;
    Ok(found)
}

fn key_columns(table: Table) -> impl Iterator<Item = &'static str> {
    table.key.split(',').map(str::trim).filter(|column| *column != "j")
}

fn compare(table: Table, columns: &[String], stored: &Rows, folded: &Rows) -> Vec<Stray> {
    let keys: BTreeSet<&Vec<String>> = stored.keys().chain(folded.keys()).collect();
    let named = |key: &[String]| {
        let pairs = key_columns(table).zip(key).map(|(column, value)| format!("{column} {value}"));
        pairs.collect::<Vec<_>>().join(", ")
    };
    let difference = |key: &Vec<String>| match (stored.get(key), folded.get(key)) {
        (Some(stands), Some(follows)) => {
            let pairs = columns.iter().zip(stands.iter().zip(follows));
            let changed: Vec<String> = pairs
                .filter(|(_, (stands, follows))| stands != follows)
                .map(|(column, (stands, follows))| format!("{column} {stands} ({follows})"))
                .collect();
            (!changed.is_empty()).then_some(Difference::Changed(changed))
        }
        (Some(_), None) => Some(Difference::Added),
        (None, _) => Some(Difference::Missing),
    };
    keys.into_iter()
        .filter_map(|key| Some(Stray { table: table.name, key: named(key), difference: difference(key)? }))
        .collect()
}

/// The entries whose kinds are wanted, in order, after one of them.
fn page(tx: &mut Tx<'_>, kinds: &[&str], after: Seq) -> Result<Vec<Entry>> {
    let places: Vec<String> = (0..kinds.len()).map(|place| format!("${}", place + 4)).collect();
    let sql = format!(
        "SELECT seq, kind, occurred_at, recorded_at, actor, cause, payload, salt IS NULL FROM journal
         WHERE j = $1 AND seq > $2 AND kind IN ({}) ORDER BY seq LIMIT $3",
        places.join(", ")
    );
    let mut bound = vec![Value::Int(tx.jurisdiction()), Value::Int(after.0), Value::Int(PAGE)];
    bound.extend(kinds.iter().map(|kind| Value::Text(kind)));
    tx.query(&sql, &bound, journal::read)
}

impl Store {
    /// Every row of the tables of these capabilities, by name, that does not follow from the journal. Their folds must need
    /// no table of any other capability.
    ///
    /// # Errors
    /// What an engine refused, or a fact that cannot be read.
    pub fn strays(&self, tx: &mut Tx<'_>, names: &[&str]) -> Result<Vec<Stray>> {
        strays(tx, self.capabilities(), names)
    }
}

/// Every row of the tables of these capabilities that does not follow from the journal. Their folds must need no table of
/// any other capability.
fn strays(tx: &mut Tx<'_>, capabilities: &Capabilities, names: &[&str]) -> Result<Vec<Stray>> {
    let wanted: Vec<&Capability> = capabilities.all.iter().filter(|one| names.contains(&one.name)).collect();
    let kinds: BTreeSet<&str> = wanted.iter().flat_map(|one| one.folds.keys().copied()).collect();
    let kinds: Vec<&str> = kinds.into_iter().collect();
    let mut beside = sqlite::in_memory()?;
    let mut again = Tx::new(beside.as_mut(), tx.jurisdiction());
    for capability in &capabilities.all {
        for migration in capability.schema {
            again.connection().migrate(migration)?;
        }
    }
    again.connection().begin_writing()?;
    let mut after = Seq(0);
    loop {
        let entries = page(tx, &kinds, after)?;
        let Some(last) = entries.last() else { break };
        after = last.seq;
        // A destroyed payload has nothing left to fold.
        for entry in entries.iter().filter(|entry| !entry.payload.is_empty()) {
            for fold in wanted.iter().filter_map(|one| one.folds.get(entry.kind.as_str())) {
                fold(&mut again, entry, None)?;
            }
        }
    }
    let mut found = Vec::new();
    for table in wanted.iter().flat_map(|one| one.tables.iter().copied()) {
        let columns = tx.connection().columns(table.name)?;
        let (stored, folded) = (rows(tx, table, &columns)?, rows(&mut again, table, &columns)?);
        found.extend(compare(table, &columns, &stored, &folded));
    }
    Ok(found)
}
