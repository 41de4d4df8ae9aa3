//! Brings the tables up to date and marks the data folder with its jurisdiction and kind.

use outpace_core::AreaId;

use crate::capability::Capabilities;
use crate::engine::{Connection, Result, StoreError, Tx};
use crate::journal;
use crate::values;
use crate::writer::Settings;

/// Creates what is missing, in order, and marks the folder with its jurisdiction and kind.
pub(crate) fn migrate(connection: &mut dyn Connection, settings: &Settings, capabilities: &Capabilities) -> Result<()> {
    connection.begin_writing()?;
    let done = (|| {
        let mut tx = Tx::new(connection, settings.area.0);
        tx.connection().migrate(journal::SCHEMA)?;
        tx.connection()
            .migrate("CREATE TABLE IF NOT EXISTS folder (j BIGINT NOT NULL, drill BIGINT NOT NULL, PRIMARY KEY (j))")?;
        tx.execute(
            "INSERT INTO folder (j, drill) SELECT $1, $2 WHERE NOT EXISTS (SELECT 1 FROM folder)",
            values![settings.area, settings.drill],
        )?;
        let (area, drill) = tx
            .first("SELECT j, drill FROM folder", &[], |row| Ok((row.get::<i64>(0)?, row.get::<bool>(1)?)))?
            .unwrap_or((settings.area.0, settings.drill));
        if area != settings.area.0 {
            return Err(StoreError::Folder(format!("this folder is the journal of {area}, not of {}", settings.area)));
        }
        if drill != settings.drill {
            let kind = if drill { "a drill's" } else { "a real one, and can never become a drill's" };
            return Err(StoreError::Folder(format!("this folder is {kind}")));
        }
        for capability in &capabilities.all {
            apply_schema(&mut tx, capability.name, capability.schema)?;
        }
        tx.connection().settle()
    })();
    if done.is_ok() {
        connection.commit()?
    } else {
        connection.rollback()?
    }
    done
}

fn apply_schema(tx: &mut Tx<'_>, name: &str, migrations: &[&str]) -> Result<()> {
    let applied = tx.number("SELECT COUNT(*) FROM migration WHERE name = $1", values![name])?;
    for (version, sql) in migrations.iter().enumerate().skip(usize::try_from(applied).unwrap_or(usize::MAX)) {
        tx.connection().migrate(sql)?;
        tx.execute("INSERT INTO migration (name, version) VALUES ($1, $2)", values![name, version as i64])?;
    }
    Ok(())
}

/// The area whose journal a database holds, and whether it is a drill's.
pub(crate) fn kind(connection: &mut dyn Connection) -> Result<Option<(AreaId, bool)>> {
    let mut tx = Tx::new(connection, 0);
    tx.first("SELECT j, drill FROM folder", &[], |row| Ok((row.get(0)?, row.get(1)?)))
}
