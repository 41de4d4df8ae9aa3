//! The engine layer: a small synchronous [`Tx`] that speaks one portable SQL text to whichever database stands below.
//!
//! SQL is written once, with PostgreSQL's `$1` placeholders, 64-bit integers, epoch milliseconds, TEXT and BLOB,
//! `ON CONFLICT`, common table expressions and window functions, and no `now()`, arrays or JSON operators. A driver
//! is one type that implements [`Driver`]; SQLite is the one we ship, PostgreSQL joins by adding a second.

pub mod sqlite;

use outpace_core::{FromValue, Value, ValueError};
use thiserror::Error;

/// Why the store could not do what it was asked. Never shown to a person at a screen.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The engine refused or failed.
    #[error("database: {0}")]
    Engine(#[from] rusqlite::Error),
    /// A column held something unexpected.
    #[error("column {column} of `{sql}`: {source}")]
    Column {
        /// The statement.
        sql: String,
        /// Position of the column from 0.
        column: usize,
        /// What was expected and found.
        source: ValueError,
    },
    /// A payload could not be written or read.
    #[error("payload of {kind}: {source}")]
    Payload {
        /// The kind of fact or job.
        kind: String,
        /// The reason.
        source: serde_json::Error,
    },
    /// A fact of a kind that no capability folds.
    #[error("no capability knows facts of the kind {0}")]
    UnknownKind(String),
    /// The queue of the writer is full, or the writer has stopped.
    #[error("the writer is busy")]
    Busy,
    /// The folder, its key file or its settings.
    #[error("{0}")]
    Folder(String),
    /// The vault could not seal or open a value.
    #[error("vault: {0}")]
    Vault(String),
    /// The journal does not fit itself.
    #[error("journal: {0}")]
    Broken(String),
    /// A command panicked; it changed nothing.
    #[error("a command stopped unexpectedly: {0}")]
    Panic(String),
}

/// Result of everything that touches the store.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;

/// One row, read by position.
pub struct Row<'a> {
    inner: &'a rusqlite::Row<'a>,
    sql: &'a str,
}

impl Row<'_> {
    /// The column at a position from 0.
    ///
    /// # Errors
    /// When the column is absent or holds another kind of value.
    pub fn get<T: FromValue>(&self, column: usize) -> Result<T> {
        let value = sqlite::value_of(self.inner.get_ref(column)?);
        T::from_value(value).map_err(|source| StoreError::Column { sql: self.sql.to_owned(), column, source })
    }
}

/// Hands over rows one after the other: calls its argument with the values of each.
pub type Rows<'a> = dyn FnMut(&mut dyn FnMut(&[Value<'_>]) -> Result<()>) -> Result<()> + 'a;

/// What an engine must be able to do. Statements are cached by their text.
pub trait Driver {
    /// Runs a statement; answers how many rows it changed.
    fn execute(&mut self, sql: &str, values: &[Value<'_>]) -> Result<usize>;
    /// Runs a statement once for each row that `rows` hands over, prepared once; answers how many rows it changed.
    fn execute_many(&mut self, sql: &str, rows: &mut Rows<'_>) -> Result<usize>;
    /// Runs a query and hands over each row.
    fn query(&mut self, sql: &str, values: &[Value<'_>], each: &mut dyn FnMut(&Row<'_>) -> Result<()>) -> Result<()>;
    /// Runs several statements without values: schema, savepoints.
    fn batch(&mut self, sql: &str) -> Result<()>;
}

/// An open transaction. The only way to reach a table.
pub struct Tx<'a> {
    driver: &'a mut dyn Driver,
    jurisdiction: i64,
}

impl<'a> Tx<'a> {
    /// Wraps a driver that has begun a transaction.
    pub fn new(driver: &'a mut dyn Driver, jurisdiction: i64) -> Self {
        Self { driver, jurisdiction }
    }

    /// The jurisdiction whose journal this is: the first part of every key.
    #[must_use]
    pub fn jurisdiction(&self) -> i64 {
        self.jurisdiction
    }

    /// Runs a statement; answers how many rows it changed.
    ///
    /// # Errors
    /// What the engine refused.
    pub fn execute(&mut self, sql: &str, values: &[Value<'_>]) -> Result<usize> {
        self.driver.execute(sql, values)
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
        self.driver.query(sql, values, &mut |row| {
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
        self.driver.query(sql, values, &mut each)
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

    /// Inserts many rows of the same shape with one prepared statement. `sql` is an `INSERT … VALUES ($1, …)`.
    ///
    /// # Errors
    /// What the engine refused. Answers how many rows were really inserted (`ON CONFLICT DO NOTHING` rows are not).
    pub fn insert_many<'v, const N: usize>(
        &mut self,
        sql: &str,
        rows: impl IntoIterator<Item = [Value<'v>; N]>,
    ) -> Result<usize> {
        let mut rows = rows.into_iter();
        self.driver.execute_many(sql, &mut |run| rows.try_for_each(|row| run(&row)))
    }

    pub(crate) fn batch(&mut self, sql: &str) -> Result<()> {
        self.driver.batch(sql)
    }
}

/// Values of a statement, in order: `values![round, person, at]`.
#[macro_export]
macro_rules! values {
    ($($value:expr),* $(,)?) => { &[$($crate::Value::from($value)),*] };
}

impl Row<'_> {
    /// Adds a column to a digest, with its kind and length, so that no two rows hash alike.
    pub(crate) fn hash_into(&self, column: usize, hasher: &mut blake3::Hasher) -> Result<()> {
        match sqlite::value_of(self.inner.get_ref(column)?) {
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

impl From<StoreError> for outpace_core::Refusal {
    /// A full queue is told to the caller; everything else is logged here, once, and told as our failure.
    fn from(error: StoreError) -> Self {
        if matches!(error, StoreError::Busy) {
            return Self::new(
                503,
                "busy",
                "",
                "",
                "系统繁忙,未作任何更改,请稍候一秒再试。查询仍可用。",
                "The system is busy; nothing was changed. Try again in a second. Reading still works.",
            );
        }
        tracing::error!(%error, "the store failed");
        Self::internal()
    }
}
