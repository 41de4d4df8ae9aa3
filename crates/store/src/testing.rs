//! Which engine tests run on: SQLite in the test's own folder, or PostgreSQL where `OUTPACE_TEST_DB` names a server.

use std::path::Path;

use crate::engine::{Adding, Connection, Place, Result, Tx};
use crate::journal::Entry;
use crate::memory::Memory;
use crate::writer::Store;

/// The variable that names a PostgreSQL server for tests.
pub const VARIABLE: &str = "OUTPACE_TEST_DB";

/// Where a test keeps its journal. Each folder gets a schema of its own, the same one when it is opened again, so that
/// tests run side by side. The server is thrown away afterwards, and the schemas with it.
#[must_use]
pub fn place(folder: &Path) -> Place {
    match std::env::var(VARIABLE) {
        Ok(url) if !url.is_empty() => {
            let name = blake3::hash(folder.as_os_str().as_encoded_bytes()).to_hex();
            let sign = if url.contains('?') { '&' } else { '?' };
            Place::Postgres(format!("{url}{sign}schema=t{}", &name.as_str()[..16]))
        }
        _ => Place::Folder,
    }
}

/// Changes tables behind the store's back, as a hand on the database would.
///
/// # Errors
/// What the engine refused.
pub fn by_hand(store: &Store, sql: &str) -> Result<usize> {
    let mut connection = store.inner.database.open_writer()?;
    connection.begin_writing()?;
    let changed = connection.execute(sql, &[])?;
    connection.commit()?;
    Ok(changed)
}

/// Hands a fact from outside to every fold that knows its kind, as a journal that is restored would, and takes back what they
/// wrote into the tables.
///
/// # Errors
/// A payload that is no fact of its kind, and what the engine refused.
pub fn folded(store: &Store, entry: &Entry) -> Result<()> {
    let mut connection = Adding::new(store.inner.database.open_writer()?);
    connection.begin_writing()?;
    let done = {
        let (capabilities, mut tx) = (&store.inner.capabilities, Tx::new(&mut connection, store.inner.area.0));
        let mut memory = Memory::default();
        capabilities
            .fold(&mut tx, entry, None)
            .and_then(|()| capabilities.remember(&mut memory, entry, None))
            .and_then(|()| capabilities.follow(&mut tx, entry, None))
    };
    connection.rollback()?;
    done
}

/// Every column of every table in one line each, in words that are the same on every engine.
///
/// # Errors
/// What the engine refused.
pub fn schema(store: &Store) -> Result<Vec<String>> {
    store.inner.database.open_writer()?.describe()
}

/// Those of the statements that the engine does not understand, with its reason.
///
/// # Errors
/// When the engine cannot be reached.
pub fn not_understood<'a>(
    store: &Store,
    statements: impl IntoIterator<Item = &'a str>,
) -> Result<Vec<(&'a str, String)>> {
    let mut connection = store.inner.database.open_writer()?;
    let checked = statements.into_iter().map(|sql| (sql, connection.check(sql)));
    Ok(checked.filter_map(|(sql, done)| done.err().map(|error| (sql, told(&error)))).collect())
}

/// An error with its chain of sources.
fn told(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        text.push_str(&format!(": {inner}"));
        source = inner.source();
    }
    text
}
