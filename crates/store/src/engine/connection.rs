//! The wall between the store and a database: what an engine must be able to do, and nothing else.

use std::time::Duration;

use super::{Result, Row, Sums};
use outpace_core::Value;

/// Hands over rows one after the other: calls its argument with the values of each.
pub type Rows<'a> = dyn FnMut(&mut dyn FnMut(&[Value<'_>]) -> Result<()>) -> Result<()> + 'a;

/// A place where journals are kept: it opens connections.
pub trait Database: Send + Sync {
    /// Whether anything is there to be opened: asked before a journal is made.
    ///
    /// # Errors
    /// When that cannot be told.
    fn exists(&self) -> Result<bool>;

    /// Opens the connection that writes.
    ///
    /// # Errors
    /// When it cannot be opened.
    fn open_writer(&self) -> Result<Box<dyn Connection>>;

    /// Opens a connection that only reads.
    ///
    /// # Errors
    /// When it cannot be opened.
    fn open_reader(&self) -> Result<Box<dyn Connection>>;

    /// Destroys the journal with all its tables.
    ///
    /// # Errors
    /// When it cannot be reached.
    fn discard(&self) -> Result<()>;

    /// Opens a connection that waits for announcements and gathers figures.
    ///
    /// # Errors
    /// When it cannot be opened.
    fn open_listener(&self) -> Result<Box<dyn Connection>> {
        self.open_reader()
    }
}

/// One connection to an engine. Statements are prepared once and kept by their text.
pub trait Connection: Send {
    /// Runs a statement; answers how many rows it changed.
    ///
    /// # Errors
    /// What the engine refused.
    fn execute(&mut self, sql: &str, values: &[Value<'_>]) -> Result<usize>;

    /// Runs a statement whose count nobody needs: an engine behind a wire need not wait for the answer. What goes wrong
    /// shows at the next thing that waits, at the latest at the commit.
    ///
    /// # Errors
    /// What the engine refused.
    fn post(&mut self, sql: &str, values: &[Value<'_>]) -> Result<()> {
        self.execute(sql, values).map(|_| ())
    }

    /// Adds amounts to a row of running figures. A connection may hold them back until a statement names their table or
    /// the transaction ends.
    ///
    /// # Errors
    /// What the engine refused.
    fn add(&mut self, sums: &'static Sums, jurisdiction: i64, key: &[Value<'_>], amounts: &[i64]) -> Result<()>;

    /// Runs an insert for each row that `rows` hands over; answers how many rows it changed.
    ///
    /// # Errors
    /// What the engine refused.
    fn execute_many(&mut self, sql: &str, rows: &mut Rows<'_>) -> Result<usize>;

    /// The same, where nobody needs the count: what goes wrong shows at the latest at the commit.
    ///
    /// # Errors
    /// What the engine refused.
    fn post_many(&mut self, sql: &str, rows: &mut Rows<'_>) -> Result<()> {
        self.execute_many(sql, rows).map(|_| ())
    }

    /// Runs a query and hands over each row.
    ///
    /// # Errors
    /// What the engine refused, or what `each` answered.
    fn query(&mut self, sql: &str, values: &[Value<'_>], each: &mut dyn FnMut(&Row<'_>) -> Result<()>) -> Result<()>;

    /// Runs the statements of a migration, in the portable text that both engines share.
    ///
    /// # Errors
    /// What the engine refused.
    fn migrate(&mut self, sql: &str) -> Result<()>;

    /// Runs once after migrations, before their commit: makes what the engine needs for this journal.
    ///
    /// # Errors
    /// What the engine refused.
    fn settle(&mut self) -> Result<()>;

    /// The columns of a table, by name in alphabetical order.
    ///
    /// # Errors
    /// What the engine refused.
    fn columns(&mut self, table: &str) -> Result<Vec<String>>;

    /// Every column of every table of the journal in one line each, in words that are the same on every engine.
    ///
    /// # Errors
    /// What the engine refused.
    fn describe(&mut self) -> Result<Vec<String>>;

    /// Prepares a statement and does not run it.
    ///
    /// # Errors
    /// What the engine finds wrong with it.
    fn check(&mut self, sql: &str) -> Result<()>;

    /// Begins a transaction and takes the one lock of the journal, waiting for it where another process holds it.
    ///
    /// # Errors
    /// When the lock is not to be had.
    fn begin_writing(&mut self) -> Result<()>;

    /// Begins a transaction that sees one consistent picture and changes nothing.
    ///
    /// # Errors
    /// What the engine refused.
    fn begin_reading(&mut self) -> Result<()>;

    /// Whether the transaction that was begun still stands: an engine in trouble may have ended it on its own, and what
    /// came after would be kept without what came before.
    ///
    /// # Errors
    /// [`super::StoreError::Uncommitted`] where it does not, or what the engine refused.
    fn still_open(&mut self) -> Result<()>;

    /// Ends a transaction; when this answers, what it wrote is on disk.
    ///
    /// # Errors
    /// What the engine refused: then nothing was kept.
    fn commit(&mut self) -> Result<()>;

    /// Ends a transaction and keeps nothing of it.
    ///
    /// # Errors
    /// What the engine refused.
    fn rollback(&mut self) -> Result<()>;

    /// Sets the mark to which a refused command returns.
    ///
    /// # Errors
    /// What the engine refused.
    fn savepoint(&mut self) -> Result<()>;

    /// Forgets the mark and keeps what was done since.
    ///
    /// # Errors
    /// What the engine refused.
    fn release(&mut self) -> Result<()>;

    /// Undoes what was done since the mark, and forgets it.
    ///
    /// # Errors
    /// What the engine refused.
    fn undo(&mut self) -> Result<()>;

    /// Tells other processes on this journal that it has grown. Only a hint: nobody depends on it.
    fn announce(&mut self) {}

    /// Waits until somebody announced something, at most so long.
    ///
    /// # Errors
    /// What the engine refused.
    fn wait(&mut self, at_most: Duration) -> Result<()> {
        std::thread::sleep(at_most);
        Ok(())
    }

    /// Gathers what the planner needs to know of tables that have grown. Runs beside the writer.
    ///
    /// # Errors
    /// What the engine refused.
    fn gather(&mut self) -> Result<()> {
        Ok(())
    }

    /// Writes the journal's files anew, so that they hold nothing of rows that were deleted or changed. Nobody may be in
    /// the middle of a transaction; it takes as long as copying what is left.
    ///
    /// # Errors
    /// What the engine refused.
    fn scrub(&mut self) -> Result<()>;

    /// Whether the engine on the other side is gone, so that only a new connection can help.
    fn is_lost(&self) -> bool {
        false
    }
}
