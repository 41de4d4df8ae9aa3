//! SQLite: one file in the data folder, write-ahead log, `synchronous=FULL`, so that an answer means it is on disk.

use std::path::PathBuf;
use std::time::Duration;

use outpace_core::Value;
use rusqlite::OpenFlags;
use rusqlite::config::DbConfig;
use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};

use super::texts::Texts;
use super::{Cells, Connection, Database, Result, Row, Rows, StoreError, Sums};

/// How long a second process waits for the write lock before it gives up.
const LOCK_WAIT: Duration = Duration::from_secs(30);
/// How often, and after which pause, emptying the log is tried while somebody reads.
const CHECKPOINTS_TRIED: u32 = 50;
const CHECKPOINT_WAIT: Duration = Duration::from_millis(100);
/// Prepared statements kept per connection.
const STATEMENTS_CACHED: usize = 512;

/// A database file.
pub struct File {
    path: PathBuf,
}

impl File {
    /// The file at a path; it need not be there yet.
    #[must_use]
    pub fn new(path: PathBuf) -> Self {
        Self { path }
    }
}

impl Database for File {
    fn exists(&self) -> Result<bool> {
        Ok(self.path.exists())
    }

    fn discard(&self) -> Result<()> {
        for ending in ["", "-wal", "-shm"] {
            let mut file = self.path.clone().into_os_string();
            file.push(ending);
            match std::fs::remove_file(&file) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(StoreError::Folder(format!("{}: {error}", self.path.display())));
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn open_writer(&self) -> Result<Box<dyn Connection>> {
        let connection = rusqlite::Connection::open(&self.path)?;
        set_up(&connection)?;
        connection.execute_batch(
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=OFF;
             PRAGMA cache_size=-65536; PRAGMA temp_store=MEMORY; PRAGMA wal_autocheckpoint=4000;",
        )?;
        Ok(Box::new(Sqlite(connection, Texts::default())))
    }

    fn open_reader(&self) -> Result<Box<dyn Connection>> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = rusqlite::Connection::open_with_flags(&self.path, flags)?;
        set_up(&connection)?;
        connection.execute_batch("PRAGMA cache_size=-16384; PRAGMA temp_store=MEMORY;")?;
        Ok(Box::new(Sqlite(connection, Texts::default())))
    }
}

/// A database of its own that is gone when the connection is.
///
/// # Errors
/// What the engine refused.
pub(crate) fn in_memory() -> Result<Box<dyn Connection>> {
    let connection = rusqlite::Connection::open_in_memory()?;
    set_up(&connection)?;
    Ok(Box::new(Sqlite(connection, Texts::default())))
}

/// What writer and readers share. Plans must not depend on the values bound: the figures below are taught, not
/// gathered, and without this promise SQLite parses a cached statement again for every new value.
fn set_up(connection: &rusqlite::Connection) -> Result<()> {
    connection.busy_timeout(LOCK_WAIT)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_CACHED);
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

/// Tells the planner what it cannot guess on an empty file: every index begins with the jurisdiction, which is the
/// same in all rows, so that a range over it is the whole table and the columns behind it decide. Without this, a
/// list ordered by id walks the primary key through everyone instead of taking the narrow index.
fn teach_planner(connection: &rusqlite::Connection) -> Result<()> {
    // Makes the table of figures by looking at one row; looking at all of them takes a city's file ten seconds.
    connection.execute_batch("ANALYZE folder; DELETE FROM sqlite_stat1;")?;
    let mut indexes = connection.prepare(
        "SELECT t.name, i.name, i.\"unique\", i.origin, t.wr, (SELECT COUNT(*) FROM pragma_index_info(i.name))
         FROM pragma_table_list AS t, pragma_index_list(t.name) AS i
         WHERE t.schema = 'main' AND t.type = 'table' AND t.name NOT LIKE 'sqlite_%'",
    )?;
    let rows = indexes
        .query_map([], |row| {
            let (table, index): (String, String) = (row.get(0)?, row.get(1)?);
            let (unique, origin, without_rowid, columns): (bool, String, bool, u32) =
                (row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?);
            // SQLite keeps the figures of such a table's primary key under the name of the table itself.
            let name = if without_rowid && origin == "pk" { table.clone() } else { index };
            Ok((table, name, figures(unique, columns)))
        })?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    let mut insert = connection.prepare("INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (?1, ?2, ?3)")?;
    for (table, name, figures) in rows {
        insert.execute((table, name, figures))?;
    }
    // Reads the figures into this connection; others read them when they open.
    connection.execute_batch("ANALYZE sqlite_schema")?;
    Ok(())
}

/// Rows of a large table, then rows that share the first column, the first two, and so on.
fn figures(unique: bool, columns: u32) -> String {
    const ROWS: u32 = 1_000_000;
    let mut text = format!("{ROWS} {ROWS}");
    for column in 1..columns {
        let last = column + 1 == columns;
        let share = if last && unique { 1 } else { (10 / column).max(2) };
        text.push_str(&format!(" {share}"));
    }
    text
}

/// One connection to the file, and its statements' texts as SQLite reads them.
struct Sqlite(rusqlite::Connection, Texts<String>);

impl Sqlite {
    /// Runs a statement without values and rows, prepared once: parsing it each time costs more than running it.
    fn run(&self, sql: &str) -> Result<()> {
        self.0.prepare_cached(sql)?.execute([])?;
        Ok(())
    }
}

/// SQLite numbers `$1` by first appearance; `?1` by its number, as PostgreSQL does.
fn numbered(sql: &str) -> String {
    sql.replace('$', "?")
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
fn value_of(value: ValueRef<'_>) -> Value<'_> {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Int(number),
        ValueRef::Real(number) => Value::Real(number),
        ValueRef::Text(bytes) => std::str::from_utf8(bytes).map_or(Value::Blob(bytes), Value::Text),
        ValueRef::Blob(bytes) => Value::Blob(bytes),
    }
}

impl Cells for rusqlite::Row<'_> {
    fn cell(&self, column: usize) -> Result<Value<'_>> {
        Ok(value_of(self.get_ref(column)?))
    }
}

impl Connection for Sqlite {
    fn execute(&mut self, sql: &str, values: &[Value<'_>]) -> Result<usize> {
        let mut statement = self.0.prepare_cached(self.1.of(sql, numbered))?;
        Ok(statement.execute(rusqlite::params_from_iter(values.iter().map(|value| Bound(*value))))?)
    }

    fn add(&mut self, sums: &'static Sums, jurisdiction: i64, key: &[Value<'_>], amounts: &[i64]) -> Result<()> {
        sums.write(self, jurisdiction, key, amounts)
    }

    fn execute_many(&mut self, sql: &str, rows: &mut Rows<'_>) -> Result<usize> {
        let mut statement = self.0.prepare_cached(self.1.of(sql, numbered))?;
        let mut changed = 0;
        rows(&mut |values| {
            changed += statement.execute(rusqlite::params_from_iter(values.iter().map(|value| Bound(*value))))?;
            Ok(())
        })?;
        Ok(changed)
    }

    fn query(&mut self, sql: &str, values: &[Value<'_>], each: &mut dyn FnMut(&Row<'_>) -> Result<()>) -> Result<()> {
        let mut statement = self.0.prepare_cached(self.1.of(sql, numbered))?;
        let mut rows = statement.query(rusqlite::params_from_iter(values.iter().map(|value| Bound(*value))))?;
        while let Some(row) = rows.next()? {
            each(&Row::new(row, sql))?;
        }
        Ok(())
    }

    fn migrate(&mut self, sql: &str) -> Result<()> {
        self.0.execute_batch(sql).map_err(StoreError::from)
    }

    fn settle(&mut self) -> Result<()> {
        teach_planner(&self.0)
    }

    fn columns(&mut self, table: &str) -> Result<Vec<String>> {
        let mut statement = self.0.prepare_cached("SELECT name FROM pragma_table_info(?1) ORDER BY name")?;
        Ok(statement.query_map([table], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
    }

    fn describe(&mut self) -> Result<Vec<String>> {
        let mut statement = self.0.prepare(
            "SELECT t.name || '.' || c.name || ' ' || c.type ||
               CASE WHEN c.\"notnull\" = 1 OR c.pk > 0 THEN ' NOT NULL' ELSE '' END ||
               CASE WHEN c.pk > 0 THEN ' KEY ' || c.pk ELSE '' END
             FROM pragma_table_list AS t, pragma_table_info(t.name) AS c
             WHERE t.schema = 'main' AND t.type = 'table' AND t.name NOT LIKE 'sqlite_%' ORDER BY t.name, c.name",
        )?;
        Ok(statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
    }

    fn check(&mut self, sql: &str) -> Result<()> {
        self.0.prepare(&numbered(sql))?;
        Ok(())
    }

    fn scrub(&mut self) -> Result<()> {
        // Pages that were given back, and old halves of pages that were split, hold what was deleted; so does the log.
        // Copying the file without them and then cutting the log to nothing leaves neither.
        self.0.execute_batch("PRAGMA temp_store=FILE; VACUUM;")?;
        for _ in 0..CHECKPOINTS_TRIED {
            let busy: i64 = self.0.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
            if busy == 0 {
                return Ok(());
            }
            std::thread::sleep(CHECKPOINT_WAIT);
        }
        Err(StoreError::Folder(
            "还有读取未结束,日志文件未能清空,请停止服务后再执行一次 · somebody still reads, so the log could not be emptied; stop the servers and do it again"
                .to_owned(),
        ))
    }

    fn begin_writing(&mut self) -> Result<()> {
        self.run("BEGIN IMMEDIATE")
    }

    fn begin_reading(&mut self) -> Result<()> {
        self.run("BEGIN")
    }

    fn still_open(&mut self) -> Result<()> {
        if self.0.is_autocommit() { Err(StoreError::Uncommitted) } else { Ok(()) }
    }

    fn commit(&mut self) -> Result<()> {
        self.run("COMMIT")
    }

    fn rollback(&mut self) -> Result<()> {
        self.run("ROLLBACK")
    }

    fn savepoint(&mut self) -> Result<()> {
        self.run("SAVEPOINT command")
    }

    fn release(&mut self) -> Result<()> {
        self.run("RELEASE command")
    }

    fn undo(&mut self) -> Result<()> {
        self.run("ROLLBACK TO command")?;
        self.run("RELEASE command")
    }
}
