//! SQLite: one file in the data folder, write-ahead log, `synchronous=FULL`, so that an answer means it is on disk.

use std::borrow::Cow;
use std::path::Path;
use std::time::Duration;

use outpace_core::Value;
use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, OpenFlags};

use super::{Driver, Result, Row, Rows, StoreError};

/// How long a second process waits for the write lock before it gives up.
const LOCK_WAIT: Duration = Duration::from_secs(30);
/// Prepared statements kept per connection.
const STATEMENTS_CACHED: usize = 512;

/// Opens the file for writing and sets it up.
///
/// # Errors
/// When the file cannot be opened or is no database.
pub fn open_writer(file: &Path) -> Result<Connection> {
    let connection = Connection::open(file)?;
    connection.busy_timeout(LOCK_WAIT)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_CACHED);
    connection.execute_batch(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=OFF;
         PRAGMA cache_size=-65536; PRAGMA temp_store=MEMORY; PRAGMA wal_autocheckpoint=4000;",
    )?;
    Ok(connection)
}

/// Opens the file for reading only.
///
/// # Errors
/// When the file cannot be opened.
pub fn open_reader(file: &Path) -> Result<Connection> {
    let connection =
        Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(LOCK_WAIT)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_CACHED);
    connection.execute_batch("PRAGMA cache_size=-16384; PRAGMA temp_store=MEMORY;")?;
    Ok(connection)
}

/// The driver: borrows a connection on which the caller has begun a transaction.
pub struct Sqlite<'a>(pub &'a Connection);

/// SQLite numbers `$1` by first appearance; `?1` by its number, as PostgreSQL does.
fn numbered(sql: &str) -> Cow<'_, str> {
    if sql.contains('$') { Cow::Owned(sql.replace('$', "?")) } else { Cow::Borrowed(sql) }
}

struct Bound<'a>(Value<'a>);

impl ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self.0 {
            Value::Null => ValueRef::Null,
            Value::Int(number) => ValueRef::Integer(number),
            Value::Real(number) => ValueRef::Real(number),
            Value::Text(text) => ValueRef::Text(text.as_bytes()),
            Value::Blob(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

/// One scalar of SQLite as the engine layer's own.
pub(super) fn value_of(value: ValueRef<'_>) -> Value<'_> {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Int(number),
        ValueRef::Real(number) => Value::Real(number),
        ValueRef::Text(bytes) => std::str::from_utf8(bytes).map_or(Value::Blob(bytes), Value::Text),
        ValueRef::Blob(bytes) => Value::Blob(bytes),
    }
}

impl Driver for Sqlite<'_> {
    fn execute(&mut self, sql: &str, values: &[Value<'_>]) -> Result<usize> {
        let mut statement = self.0.prepare_cached(&numbered(sql))?;
        Ok(statement.execute(rusqlite::params_from_iter(values.iter().map(|value| Bound(*value))))?)
    }

    fn execute_many(&mut self, sql: &str, rows: &mut Rows<'_>) -> Result<usize> {
        let mut statement = self.0.prepare_cached(&numbered(sql))?;
        let mut changed = 0;
        rows(&mut |values| {
            changed += statement.execute(rusqlite::params_from_iter(values.iter().map(|value| Bound(*value))))?;
            Ok(())
        })?;
        Ok(changed)
    }

    fn query(&mut self, sql: &str, values: &[Value<'_>], each: &mut dyn FnMut(&Row<'_>) -> Result<()>) -> Result<()> {
        let mut statement = self.0.prepare_cached(&numbered(sql))?;
        let mut rows = statement.query(rusqlite::params_from_iter(values.iter().map(|value| Bound(*value))))?;
        while let Some(inner) = rows.next()? {
            each(&Row { inner, sql })?;
        }
        Ok(())
    }

    fn batch(&mut self, sql: &str) -> Result<()> {
        self.0.execute_batch(sql).map_err(StoreError::from)
    }
}
