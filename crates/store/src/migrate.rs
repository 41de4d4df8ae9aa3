//! Brings the tables up to date and marks the data folder with its jurisdiction and kind.

use std::io::Write;
use std::path::Path;

use outpace_core::AreaId;

use crate::capability::Capabilities;
use crate::engine::{Connection, Result, StoreError, Tx};
use crate::journal;
use crate::private;
use crate::values;
use crate::vault::{Keys, same_keys};
use crate::writer::Settings;

/// Creates what is missing, in order, and marks the folder with its jurisdiction and kind.
pub(crate) fn migrate(
    connection: &mut dyn Connection,
    settings: &Settings,
    capabilities: &Capabilities,
    keys: &Keys,
) -> Result<()> {
    connection.begin_writing()?;
    let done = (|| {
        let mut tx = Tx::new(connection, settings.area.0);
        tx.connection().migrate(journal::SCHEMA)?;
        tx.connection()
            .migrate("CREATE TABLE IF NOT EXISTS folder (j BIGINT NOT NULL, drill BIGINT NOT NULL, PRIMARY KEY (j))")?;
        let drill = match claim(&mut tx, settings)? {
            Some(drill) => drill,
            None => {
                let (area, drill) = (settings.area, settings.drill);
                tx.execute("INSERT INTO folder (j, drill) VALUES ($1, $2)", values![area, drill])?;
                drill
            }
        };
        if drill != settings.drill {
            let kind = if drill { "a drill's" } else { "a real one, and can never become a drill's" };
            return Err(StoreError::Folder(format!("this folder is {kind}")));
        }
        for capability in &capabilities.all {
            apply_schema(&mut tx, capability.name, capability.schema)?;
        }
        tx.connection().settle()?;
        same_keys(&mut tx, keys)
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

/// Whether this area's journal is a drill's; `None` where it is new. A file holds one journal, a server many.
fn claim(tx: &mut Tx<'_>, settings: &Settings) -> Result<Option<bool>> {
    let journals = journals(tx)?;
    let ours = journals.iter().find(|(area, _)| *area == settings.area);
    match (ours, journals.first()) {
        (Some((_, drill)), _) => Ok(Some(*drill)),
        (None, Some((other, _))) if !settings.place.holds_many() => Err(of_another(*other, settings.area)),
        (None, _) => Ok(None),
    }
}

fn of_another(found: AreaId, wanted: AreaId) -> StoreError {
    StoreError::Folder(format!("this folder is the journal of {found}, not of {wanted}"))
}

fn journals(tx: &mut Tx<'_>) -> Result<Vec<(AreaId, bool)>> {
    tx.query("SELECT j, drill FROM folder ORDER BY j", &[], |row| Ok((row.get(0)?, row.get(1)?)))
}

/// The journal of an area, or the only one where no area is known, and whether it is a drill's.
pub(crate) fn kind(connection: &mut dyn Connection, area: Option<AreaId>) -> Result<Option<(AreaId, bool)>> {
    let journals = journals(&mut Tx::new(connection, 0))?;
    Ok(match area {
        Some(area) => journals.into_iter().find(|(found, _)| *found == area),
        None if journals.len() == 1 => journals.first().copied(),
        None => None,
    })
}

/// The file of a data folder that names its jurisdiction where the journal stands elsewhere, among others.
const MARK: &str = "jurisdiction";

/// Writes down whose folder this is, or finds that it is another's: its keys would open nothing here.
pub(crate) fn mark(settings: &Settings) -> Result<()> {
    match marked(&settings.folder)? {
        Some(area) if area != settings.area => Err(of_another(area, settings.area)),
        Some(_) => Ok(()),
        None if !settings.place.holds_many() => Ok(()),
        None => {
            let file = settings.folder.join(MARK);
            private::create(&file)
                .and_then(|mut open| writeln!(open, "{}", settings.area))
                .map_err(|error| StoreError::Folder(format!("{}: {error}", file.display())))
        }
    }
}

/// The jurisdiction that a folder names.
pub(crate) fn marked(folder: &Path) -> Result<Option<AreaId>> {
    let file = folder.join(MARK);
    if !file.exists() {
        return Ok(None);
    }
    let text =
        std::fs::read_to_string(&file).map_err(|error| StoreError::Folder(format!("{}: {error}", file.display())))?;
    let area = text.trim().parse().map_err(|_| StoreError::Folder(format!("{}: {text}: no area", file.display())))?;
    Ok(Some(AreaId(area)))
}
