//! The engine layer: a small synchronous [`Tx`] that speaks one portable SQL text to whichever database stands below.
//!
//! SQL is written once, with PostgreSQL's `$1` placeholders, 64-bit integers, epoch milliseconds, TEXT and BLOB,
//! `ON CONFLICT`, common table expressions and window functions, and no `now()`, arrays or JSON operators. An engine
//! is one module that implements [`Database`] and [`Connection`]; nothing outside it names a driver.

mod connection;
mod error;
mod place;
pub mod postgres;
pub mod sqlite;
mod sums;
mod texts;
mod trouble;

use outpace_core::{FromValue, Value};

pub use connection::{Connection, Database, Rows};
pub use error::{Result, StoreError};
pub use place::Place;
pub(crate) use sums::Adding;
pub use sums::{Join, Sums};
pub use trouble::Trouble;

/// The columns of a row, as an engine hands them over.
pub trait Cells {
    /// The value at a position from 0.
    ///
    /// # Errors
    /// When there is no such column, or it holds what no [`Value`] is.
    fn cell(&self, column: usize) -> Result<Value<'_>>;
}

/// One row, read by position.
pub struct Row<'a> {
    cells: &'a dyn Cells,
    sql: &'a str,
}

impl<'a> Row<'a> {
    /// A row that `sql` answered.
    pub(crate) fn new(cells: &'a dyn Cells, sql: &'a str) -> Self {
        Self { cells, sql }
    }
}

impl Row<'_> {
    /// The column at a position from 0.
    ///
    /// # Errors
    /// When the column is absent or holds another kind of value.
    pub fn get<T: FromValue>(&self, column: usize) -> Result<T> {
        T::from_value(self.cells.cell(column)?).map_err(|source| StoreError::Column {
            sql: self.sql.to_owned(),
            column,
            source,
        })
    }
}

/// An open transaction. The only way to reach a table.
pub struct Tx<'a> {
    connection: &'a mut dyn Connection,
    jurisdiction: i64,
    asked: u64,
}

impl<'a> Tx<'a> {
    /// Wraps a connection that has begun a transaction.
    pub fn new(connection: &'a mut dyn Connection, jurisdiction: i64) -> Self {
        Self { connection, jurisdiction, asked: 0 }
    }

    /// The jurisdiction whose journal this is: the first part of every key.
    #[must_use]
    pub fn jurisdiction(&self) -> i64 {
        self.jurisdiction
    }

    /// How many queries this transaction asked so far: whether two look-ups cost the same is counted, not timed.
    #[must_use]
    pub fn asked(&self) -> u64 {
        self.asked
    }

    /// Runs a statement, without waiting for the engine's answer where it is behind a wire. What goes wrong ends the unit
    /// or its batch, at the latest at the commit.
    ///
    /// # Errors
    /// What the engine refused.
    pub fn execute(&mut self, sql: &str, values: &[Value<'_>]) -> Result<()> {
        self.connection.post(sql, values)
    }

    /// Runs a statement and answers how many rows it changed.
    ///
    /// # Errors
    /// What the engine refused.
    pub fn count_changed(&mut self, sql: &str, values: &[Value<'_>]) -> Result<usize> {
        self.connection.execute(sql, values)
    }

    /// Adds amounts to the row of running figures under a key (without the jurisdiction); the writer writes each row once
    /// a commit, however often it was added to.
    ///
    /// # Errors
    /// What the engine refused.
    pub fn add(&mut self, sums: &'static Sums, key: &[Value<'_>], amounts: &[i64]) -> Result<()> {
        self.connection.add(sums, self.jurisdiction, key, amounts)
    }

    /// All rows of a query, each made into a `T`.
    ///
    /// # Errors
    /// What the engine refused, or a column of another type.
    pub fn query<T>(
        &mut self,
        sql: &str,
        values: &[Value<'_>],
        mut make: impl FnMut(&Row<'_>) -> Result<T>,
    ) -> Result<Vec<T>> {
        let mut rows = Vec::new();
        self.asked += 1;
        self.connection.query(sql, values, &mut |row| {
            rows.push(make(row)?);
            Ok(())
        })?;
        Ok(rows)
    }

    /// Hands over each row without collecting them: for large reads.
    ///
    /// # Errors
    /// What the engine refused, or what `each` answered.
    pub fn each(
        &mut self,
        sql: &str,
        values: &[Value<'_>],
        mut each: impl FnMut(&Row<'_>) -> Result<()>,
    ) -> Result<()> {
        self.asked += 1;
        self.connection.query(sql, values, &mut each)
    }

    /// The first row, if there is one.
    ///
    /// # Errors
    /// What the engine refused, or a column of another type.
    pub fn first<T>(
        &mut self,
        sql: &str,
        values: &[Value<'_>],
        make: impl FnMut(&Row<'_>) -> Result<T>,
    ) -> Result<Option<T>> {
        Ok(self.query(sql, values, make)?.into_iter().next())
    }

    /// One number: counts and sums. No row counts as 0.
    ///
    /// # Errors
    /// What the engine refused.
    pub fn number(&mut self, sql: &str, values: &[Value<'_>]) -> Result<i64> {
        Ok(self.first(sql, values, |row| row.get::<Option<i64>>(0))?.flatten().unwrap_or(0))
    }

    /// Inserts many rows of the same shape with one prepared statement: `sql` is an `INSERT … VALUES ($1, …)`. Like
    /// [`Tx::execute`] it does not wait.
    ///
    /// # Errors
    /// What the engine refused.
    pub fn insert_many<'v, const N: usize>(
        &mut self,
        sql: &str,
        rows: impl IntoIterator<Item = [Value<'v>; N]>,
    ) -> Result<()> {
        let mut rows = rows.into_iter();
        self.connection.post_many(sql, &mut |run| rows.try_for_each(|row| run(&row)))
    }

    /// The connection below, for what only the store itself does: migrations, savepoints.
    pub(crate) fn connection(&mut self) -> &mut dyn Connection {
        self.connection
    }
}

/// Values of a statement, in order: `values![round, person, at]`.
#[macro_export]
macro_rules! values {
    ($($value:expr),* $(,)?) => { &[$($crate::Value::from($value)),*] };
}

impl Row<'_> {
    /// The value of a column, whatever its kind.
    pub(crate) fn value(&self, column: usize) -> Result<Value<'_>> {
        self.cells.cell(column)
    }

    /// Adds a column to a digest, with its kind and length, so that no two rows hash alike.
    pub(crate) fn hash_into(&self, column: usize, hasher: &mut blake3::Hasher) -> Result<()> {
        match self.cells.cell(column)? {
            Value::Null => {
                hasher.update(b"n");
            }
            Value::Int(number) => {
                hasher.update(b"i").update(&number.to_le_bytes());
            }
            Value::Real(number) => {
                hasher.update(b"r").update(&number.to_bits().to_le_bytes());
            }
            Value::Text(text) => {
                hasher.update(b"t").update(&(text.len() as u64).to_le_bytes()).update(text.as_bytes());
            }
            Value::Blob(bytes) => {
                hasher.update(b"b").update(&(bytes.len() as u64).to_le_bytes()).update(bytes);
            }
        }
        Ok(())
    }
}
