//! Tables of running figures: rows that folds only ever add to. A thousand tubes of a round change the same few rows a
//! thousand times; the writer adds the changes up in memory and writes each row once a commit. Nobody can tell the
//! difference: whatever statement names such a table is preceded by what was added up for it, and a refused command
//! takes its additions with it.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;
use std::time::Duration;

use outpace_core::Value;

use super::texts::Texts;
use super::{Connection, Result, Row};

/// What happens to a column when another amount comes for the same key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Join {
    /// They are added.
    Sum,
    /// The smaller one stays.
    Least,
    /// The larger one stays.
    Most,
}

impl Join {
    fn of(self, one: i64, other: i64) -> i64 {
        match self {
            Self::Sum => one.saturating_add(other),
            Self::Least => one.min(other),
            Self::Most => one.max(other),
        }
    }
}

/// A table of running figures, described once as a static. Its first column is the jurisdiction; all amounts are
/// 64-bit integers. A key that is not there yet is inserted with the amounts as they are.
#[derive(Debug)]
pub struct Sums {
    table: &'static str,
    key: &'static [&'static str],
    amounts: &'static [(&'static str, Join)],
    sql: OnceLock<String>,
}

impl Sums {
    /// Describes a table: its key behind the jurisdiction, its columns and how each is joined.
    #[must_use]
    pub const fn new(
        table: &'static str,
        key: &'static [&'static str],
        amounts: &'static [(&'static str, Join)],
    ) -> Self {
        Self { table, key, amounts, sql: OnceLock::new() }
    }

    /// The statement that adds one row; `$1` is the jurisdiction.
    pub fn sql(&self) -> &str {
        self.sql.get_or_init(|| {
            let names: Vec<&str> = self.key.iter().copied().chain(self.amounts.iter().map(|(name, _)| *name)).collect();
            let marks: Vec<String> = (2..names.len() + 2).map(|number| format!("${number}")).collect();
            let table = self.table;
            let joins: Vec<String> = self
                .amounts
                .iter()
                .map(|(name, join)| match join {
                    Join::Sum => format!("{name} = {table}.{name} + excluded.{name}"),
                    Join::Least => joined(table, name, '<'),
                    Join::Most => joined(table, name, '>'),
                })
                .collect();
            format!(
                "INSERT INTO {table} (j, {}) VALUES ($1, {}) ON CONFLICT (j, {}) DO UPDATE SET {}",
                names.join(", "),
                marks.join(", "),
                self.key.join(", "),
                joins.join(", ")
            )
        })
    }

    /// Adds a row at once.
    pub(crate) fn write(
        &self,
        connection: &mut dyn Connection,
        jurisdiction: i64,
        key: &[Value<'_>],
        amounts: &[i64],
    ) -> Result<()> {
        let mut values = Vec::with_capacity(1 + key.len() + amounts.len());
        values.push(Value::Int(jurisdiction));
        values.extend_from_slice(key);
        values.extend(amounts.iter().map(|amount| Value::Int(*amount)));
        connection.post(self.sql(), &values)
    }
}

fn joined(table: &str, name: &str, which: char) -> String {
    format!("{name} = CASE WHEN excluded.{name} {which} {table}.{name} THEN excluded.{name} ELSE {table}.{name} END")
}

/// Part of a key, owned.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Int(i64),
    Text(Box<str>),
}

impl Part {
    fn value(&self) -> Value<'_> {
        match self {
            Self::Int(number) => Value::Int(*number),
            Self::Text(text) => Value::Text(text),
        }
    }
}

/// The key of a row as owned parts; `None` where it holds what no key of figures holds.
fn parts(key: &[Value<'_>]) -> Option<Vec<Part>> {
    key.iter()
        .map(|value| match value {
            Value::Int(number) => Some(Part::Int(*number)),
            Value::Text(text) => Some(Part::Text(Box::from(*text))),
            _ => None,
        })
        .collect()
}

/// What is to be added to one table, by key.
#[derive(Debug)]
struct Rows {
    sums: &'static Sums,
    jurisdiction: i64,
    rows: BTreeMap<Vec<Part>, Vec<i64>>,
}

impl Rows {
    fn new(sums: &'static Sums, jurisdiction: i64) -> Self {
        Self { sums, jurisdiction, rows: BTreeMap::new() }
    }

    fn add(&mut self, key: Vec<Part>, amounts: &[i64]) {
        match self.rows.entry(key) {
            Entry::Vacant(vacant) => {
                vacant.insert(amounts.to_vec());
            }
            Entry::Occupied(mut occupied) => {
                for ((stood, amount), (_, join)) in occupied.get_mut().iter_mut().zip(amounts).zip(self.sums.amounts) {
                    *stood = join.of(*stood, *amount);
                }
            }
        }
    }

    /// Writes every row, in the order of the keys.
    fn write(&self, connection: &mut dyn Connection) -> Result<()> {
        for (key, amounts) in &self.rows {
            let key: Vec<Value<'_>> = key.iter().map(Part::value).collect();
            self.sums.write(connection, self.jurisdiction, &key, amounts)?;
        }
        Ok(())
    }
}

/// What is pending, by table.
type Layer = BTreeMap<&'static str, Rows>;

/// The writer's connection, which adds figures up before it writes them.
pub(crate) struct Adding {
    inner: Box<dyn Connection>,
    /// What is to be written before the commit.
    batch: Layer,
    /// What the command since the mark adds; it joins the batch when the command is kept.
    marked: Option<Layer>,
    /// What of the batch was written since the mark: pending again when the command is refused.
    spent: Layer,
    /// The tables that were ever added to.
    tables: BTreeSet<&'static str>,
    /// Which of them a statement's text names, asked once a text.
    named: Texts<Vec<&'static str>>,
}

impl Adding {
    pub(crate) fn new(inner: Box<dyn Connection>) -> Self {
        Self {
            inner,
            batch: Layer::new(),
            marked: None,
            spent: Layer::new(),
            tables: BTreeSet::new(),
            named: Texts::default(),
        }
    }

    /// Writes what is pending for the tables that a statement names.
    fn write_named(&mut self, sql: &str) -> Result<()> {
        if self.batch.is_empty() && self.marked.as_ref().is_none_or(BTreeMap::is_empty) {
            return Ok(());
        }
        let tables = &self.tables;
        let named = self.named.of(sql, |sql| tables.iter().copied().filter(|table| names(sql, table)).collect());
        for table in named {
            if let Some(rows) = self.batch.remove(table) {
                rows.write(&mut *self.inner)?;
                if self.marked.is_some() {
                    join(&mut self.spent, table, rows);
                }
            }
            if let Some(rows) = self.marked.as_mut().and_then(|marked| marked.remove(table)) {
                rows.write(&mut *self.inner)?;
            }
        }
        Ok(())
    }

    fn forget(&mut self) {
        self.batch.clear();
        self.spent.clear();
        self.marked = None;
    }
}

fn join(layer: &mut Layer, table: &'static str, rows: Rows) {
    match layer.entry(table) {
        Entry::Vacant(vacant) => {
            vacant.insert(rows);
        }
        Entry::Occupied(mut occupied) => {
            for (key, amounts) in rows.rows {
                occupied.get_mut().add(key, &amounts);
            }
        }
    }
}

/// Whether a text holds a name as a word of its own.
fn names(sql: &str, name: &str) -> bool {
    let part = |letter: Option<char>| letter.is_some_and(|letter| letter.is_ascii_alphanumeric() || letter == '_');
    sql.match_indices(name)
        .any(|(at, _)| !part(sql[..at].chars().next_back()) && !part(sql[at + name.len()..].chars().next()))
}

impl Connection for Adding {
    fn add(&mut self, sums: &'static Sums, jurisdiction: i64, key: &[Value<'_>], amounts: &[i64]) -> Result<()> {
        let Some(key) = parts(key) else {
            self.write_named(sums.table)?;
            return sums.write(&mut *self.inner, jurisdiction, key, amounts);
        };
        if self.tables.insert(sums.table) {
            // A table that was not known may stand in texts that were looked at before.
            self.named.clear();
        }
        let layer = self.marked.as_mut().unwrap_or(&mut self.batch);
        layer.entry(sums.table).or_insert_with(|| Rows::new(sums, jurisdiction)).add(key, amounts);
        Ok(())
    }

    fn execute(&mut self, sql: &str, values: &[Value<'_>]) -> Result<usize> {
        self.write_named(sql)?;
        self.inner.execute(sql, values)
    }

    fn post(&mut self, sql: &str, values: &[Value<'_>]) -> Result<()> {
        self.write_named(sql)?;
        self.inner.post(sql, values)
    }

    fn execute_many(&mut self, sql: &str, rows: &mut super::Rows<'_>) -> Result<usize> {
        self.write_named(sql)?;
        self.inner.execute_many(sql, rows)
    }

    fn post_many(&mut self, sql: &str, rows: &mut super::Rows<'_>) -> Result<()> {
        self.write_named(sql)?;
        self.inner.post_many(sql, rows)
    }

    fn query(&mut self, sql: &str, values: &[Value<'_>], each: &mut dyn FnMut(&Row<'_>) -> Result<()>) -> Result<()> {
        self.write_named(sql)?;
        self.inner.query(sql, values, each)
    }

    fn migrate(&mut self, sql: &str) -> Result<()> {
        self.inner.migrate(sql)
    }

    fn settle(&mut self) -> Result<()> {
        self.inner.settle()
    }

    fn columns(&mut self, table: &str) -> Result<Vec<String>> {
        self.inner.columns(table)
    }

    fn describe(&mut self) -> Result<Vec<String>> {
        self.inner.describe()
    }

    fn check(&mut self, sql: &str) -> Result<()> {
        self.inner.check(sql)
    }

    fn begin_writing(&mut self) -> Result<()> {
        self.forget();
        self.inner.begin_writing()
    }

    fn begin_reading(&mut self) -> Result<()> {
        self.forget();
        self.inner.begin_reading()
    }

    fn still_open(&mut self) -> Result<()> {
        self.inner.still_open()
    }

    fn commit(&mut self) -> Result<()> {
        for rows in std::mem::take(&mut self.batch).into_values() {
            rows.write(&mut *self.inner)?;
        }
        self.inner.commit()
    }

    fn rollback(&mut self) -> Result<()> {
        self.forget();
        self.inner.rollback()
    }

    fn savepoint(&mut self) -> Result<()> {
        self.marked = Some(Layer::new());
        self.inner.savepoint()
    }

    fn release(&mut self) -> Result<()> {
        self.spent.clear();
        for (table, rows) in self.marked.take().unwrap_or_default() {
            join(&mut self.batch, table, rows);
        }
        self.inner.release()
    }

    fn undo(&mut self) -> Result<()> {
        self.marked = None;
        for (table, rows) in std::mem::take(&mut self.spent) {
            join(&mut self.batch, table, rows);
        }
        self.inner.undo()
    }

    fn announce(&mut self) {
        self.inner.announce();
    }

    fn wait(&mut self, at_most: Duration) -> Result<()> {
        self.inner.wait(at_most)
    }

    fn gather(&mut self) -> Result<()> {
        self.inner.gather()
    }

    fn scrub(&mut self) -> Result<()> {
        self.inner.scrub()
    }

    fn is_lost(&self) -> bool {
        self.inner.is_lost()
    }
}

#[cfg(test)]
mod tests;
