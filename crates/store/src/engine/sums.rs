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
mod tests {
    use proptest::prelude::*;

    use super::super::Place;
    use super::*;

    static JARS: Sums = Sums::new(
        "jar",
        &["shelf", "name"],
        &[("marbles", Join::Sum), ("lightest", Join::Least), ("heaviest", Join::Most)],
    );
    const READ: &str = "SELECT shelf, name, marbles, lightest, heaviest FROM jar ORDER BY shelf, name";

    #[derive(Debug, Clone)]
    enum Step {
        Add {
            shelf: i64,
            name: &'static str,
            marbles: i64,
            weight: i64,
        },
        /// A statement that changes the table behind the sums.
        Double,
        Read,
        Mark,
        Keep,
        Undo,
        Commit,
        GiveUp,
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let add = (0_i64..3, prop::sample::select(vec!["red", "blue"]), -5_i64..5, -9_i64..9)
            .prop_map(|(shelf, name, marbles, weight)| Step::Add { shelf, name, marbles, weight });
        let other = prop::sample::select(vec![
            Step::Double,
            Step::Read,
            Step::Mark,
            Step::Keep,
            Step::Undo,
            Step::Commit,
            Step::GiveUp,
        ]);
        prop::collection::vec(prop_oneof![2 => add, 1 => other], 1..60)
    }

    fn opened(folder: &std::path::Path) -> Box<dyn Connection> {
        let database = Place::Folder.database(folder, outpace_core::AreaId(1)).unwrap();
        let mut connection = database.open_writer().unwrap();
        connection
            .migrate(
                "CREATE TABLE jar (j BIGINT NOT NULL, shelf BIGINT NOT NULL, name TEXT NOT NULL, marbles BIGINT NOT NULL,
                 lightest BIGINT NOT NULL, heaviest BIGINT NOT NULL, PRIMARY KEY (j, shelf, name))",
            )
            .unwrap();
        connection.begin_writing().unwrap();
        connection
    }

    fn read(connection: &mut dyn Connection) -> Vec<(i64, String, i64, i64, i64)> {
        let mut rows = Vec::new();
        connection
            .query(READ, &[], &mut |row| {
                rows.push((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?));
                Ok(())
            })
            .unwrap();
        rows
    }

    /// What each statement may change depends on whether a mark stands; both connections are told the same.
    fn take(connection: &mut dyn Connection, step: &Step, marked: &mut bool) -> Vec<(i64, String, i64, i64, i64)> {
        match step {
            Step::Add { shelf, name, marbles, weight } => {
                let key = [Value::Int(*shelf), Value::Text(name)];
                connection.add(&JARS, 1, &key, &[*marbles, *weight, *weight]).unwrap();
            }
            Step::Double => {
                connection.execute("UPDATE jar SET marbles = marbles * 2", &[]).unwrap();
            }
            Step::Read => return read(connection),
            Step::Mark if !*marked => {
                connection.savepoint().unwrap();
                *marked = true;
            }
            Step::Keep if *marked => {
                connection.release().unwrap();
                *marked = false;
            }
            Step::Undo if *marked => {
                connection.undo().unwrap();
                *marked = false;
            }
            Step::Commit if !*marked => {
                connection.commit().unwrap();
                connection.begin_writing().unwrap();
            }
            Step::GiveUp if !*marked => {
                connection.rollback().unwrap();
                connection.begin_writing().unwrap();
            }
            _ => {}
        }
        Vec::new()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]
        #[test]
        fn nobody_can_tell_sums_that_wait_from_sums_that_are_written(steps in steps()) {
            let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
            let mut plain = opened(first.path());
            let mut adding = Adding::new(opened(second.path()));
            let (mut plain_marked, mut adding_marked) = (false, false);
            for step in &steps {
                let expected = take(&mut *plain, step, &mut plain_marked);
                let found = take(&mut adding, step, &mut adding_marked);
                prop_assert_eq!(expected, found);
            }
            prop_assert_eq!(read(&mut *plain), read(&mut adding));
        }
    }

    #[test]
    fn a_table_is_named_as_a_word_of_its_own() {
        for sql in ["SELECT 1 FROM jar", "UPDATE jar SET a = 1", "DELETE FROM jar;", "SELECT jar.a FROM (jar)"] {
            assert!(names(sql, "jar"), "{sql}");
        }
        for sql in ["SELECT 1 FROM jars", "SELECT a_jar FROM x", "SELECT ajar"] {
            assert!(!names(sql, "jar"), "{sql}");
        }
    }
}
