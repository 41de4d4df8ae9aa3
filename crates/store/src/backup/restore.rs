//! Puts a backup where nothing stands, on either engine: checks every file first, fills the tables, folds the journal,
//! and keeps the result only when chain, head and digests are those of the manifest.

use std::path::Path;

use super::{Manifest, RowsFile, manifest, rows, sealing, shapes, told};
use crate::capability::Capabilities;
use crate::engine::{Adding, Connection, Database, Result, StoreError, Tx};
use crate::journal::{self, Hash};
use crate::migrate::{self, migrate};
use crate::private;
use crate::rebuild::{refold, table_digests};
use crate::values;
use crate::vault::{BACKUP_FILE, Keys, ORPHANS, same_keys};
use crate::writer::Settings;

/// Tables that are of no use without the keys.
const OF_THE_VAULT: [&str; 3] = ["vault", "vault_key", "vault_lookup"];

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// What the backup said it holds.
    pub manifest: Manifest,
    /// Facts that were folded.
    pub entries: i64,
    /// Read models that came out as they stood.
    pub same: usize,
    /// Read models that cannot be compared, because this program keeps them in another shape.
    pub not_compared: Vec<String>,
    /// Read models that came out otherwise: somebody had changed them by hand, or facts were destroyed since. What follows
    /// from what is left stands now.
    pub changed: Vec<String>,
    /// Facts whose key was destroyed since the backup was taken: their payload is gone here too.
    pub destroyed: i64,
    /// Identities that were left out because their key was destroyed since.
    pub unopened: i64,
}

/// Restores a backup into a place without a journal. `settings` name the place, and the backup's own area and kind.
/// Without identities, the sealed ones are left out and the folder gets new keys: for when the old keys are lost.
///
/// # Errors
/// A damaged file, by name; a place that is not empty; keys that are missing or of another journal; a chain or a head that
/// is not the manifest's. Then nothing stands there.
pub fn restore(from: &Path, settings: &Settings, capabilities: &Capabilities, identities: bool) -> Result<Restored> {
    let manifest = manifest(from)?;
    for file in &manifest.files {
        rows::check(from, file)?;
    }
    let database = settings.place.database(&settings.folder, settings.area)?;
    refuse_what_stands(settings, &*database)?;
    let keys_file = settings.folder.join("vault.keys");
    if identities && !keys_file.exists() {
        return Err(told(
            &format!("{}: 请先放入另行保管的密钥文件;密钥已丢失时用 --without-identities", keys_file.display()),
            &format!(
                "{}: put the key file that was kept apart here first; if it is lost, use --without-identities",
                keys_file.display()
            ),
        ));
    }
    let backup_keys = Keys::of_backups(&settings.folder)?;
    if backup_keys.names().is_empty()
        && manifest.files.iter().any(|file| file.table == sealing::JOURNAL && file.rows > 0)
    {
        let file = settings.folder.join(BACKUP_FILE);
        return Err(told(
            &format!("{}: 请先放入另行保管的备份密钥文件;没有它无法读取任何事实", file.display()),
            &format!("{}: put the key file of the backups here first; without it no fact can be read", file.display()),
        ));
    }
    private::folder(&settings.folder)?;
    let keys = Keys::open(&settings.folder)?;
    // Figures are added up in memory while the journal is folded.
    let mut connection: Box<dyn Connection> = Box::new(Adding::new(database.open_writer()?));
    let rings = Rings { vault: &keys, backups: &backup_keys };
    let done = fill(&mut *connection, from, manifest, settings, capabilities, &rings, identities);
    drop(connection);
    match done {
        Ok(restored) => {
            migrate::mark(settings)?;
            Ok(restored)
        }
        Err(error) => {
            // Nothing stood there before, so nothing is lost.
            if let Err(left) = database.discard() {
                tracing::error!(error = %left, "what was half restored could not be taken away");
            }
            Err(error)
        }
    }
}

fn refuse_what_stands(settings: &Settings, database: &dyn Database) -> Result<()> {
    let taken = database.exists()?
        && (!settings.place.holds_many()
            || migrate::kind(&mut *database.open_reader()?, Some(settings.area))?.is_some());
    if taken {
        return Err(told(
            &format!("区域 {} 的日志已在此处,恢复只写入空的位置", settings.area),
            &format!("a journal of {} stands here already; restoring only fills an empty place", settings.area),
        ));
    }
    Ok(())
}

/// The keys that a restore needs.
struct Rings<'a> {
    vault: &'a Keys,
    backups: &'a Keys,
}

fn fill(
    connection: &mut dyn Connection,
    from: &Path,
    manifest: Manifest,
    settings: &Settings,
    capabilities: &Capabilities,
    keys: &Rings<'_>,
    identities: bool,
) -> Result<Restored> {
    migrate(connection, settings, capabilities, keys.vault)?;
    let known = shapes(connection)?;
    for file in &manifest.files {
        // What the manifest names stands in statements below: only names that this program knows.
        let Some(columns) = known.get(&file.table).map(|shape| &shape.columns).filter(|_| !file.columns.is_empty())
        else {
            let table: String = file.table.chars().take(80).collect();
            return Err(told(
                &format!("{table:?}: 本程序没有这张表,请用更新的版本恢复"),
                &format!("{table:?}: this program has no such table; restore with a newer version"),
            ));
        };
        if let Some(column) = file.columns.iter().find(|column| !columns.contains(column)) {
            return Err(told(
                &format!("{}.{column}: 本程序没有这一列,请用更新的版本恢复", file.table),
                &format!("{}.{column}: this program has no such column; restore with a newer version", file.table),
            ));
        }
    }
    let shape_of = |table: &str| known.get(table).map(|shape| shape.columns.clone()).unwrap_or_default();
    connection.begin_writing()?;
    let mut tx = Tx::new(connection, settings.area.0);
    let mut destroyed = 0;
    let carried = |file: &&RowsFile| identities || !OF_THE_VAULT.contains(&file.table.as_str());
    for file in manifest.files.iter().filter(carried) {
        let clear = format!("DELETE FROM {} WHERE j = $1", file.table);
        tx.execute(&clear, values![settings.area])?;
        if file.table == sealing::JOURNAL {
            let mut opener = sealing::Opener::new(&file.columns, keys.backups)?;
            rows::read(&mut tx, from, file, &mut |row| opener.open(row))?;
            destroyed = opener.destroyed;
        } else {
            rows::read(&mut tx, from, file, &mut |_| Ok(()))?;
        }
    }
    same_keys(&mut tx, keys.vault)?;
    let unopened = leave_out_unopened(&mut tx, keys.vault)?;
    check_chain(&mut tx, &manifest)?;
    let entries = refold(&mut tx, capabilities)?;
    let (mut same, mut not_compared, mut changed) = (0, Vec::new(), Vec::new());
    for (table, digest) in table_digests(&mut tx, capabilities)? {
        match manifest.read_models.iter().find(|model| model.table == table) {
            Some(model) if model.columns == shape_of(table) && model.digest == digest => same += 1,
            Some(model) if model.columns == shape_of(table) => changed.push(table.to_owned()),
            _ => not_compared.push(table.to_owned()),
        }
    }
    connection.commit()?;
    Ok(Restored { manifest, entries, same, not_compared, changed, destroyed, unopened })
}

/// Takes identities out again whose key was destroyed since: nobody can open them, and they must not look as if.
fn leave_out_unopened(tx: &mut Tx<'_>, keys: &Keys) -> Result<i64> {
    let j = tx.jurisdiction();
    let names = tx.query("SELECT DISTINCT key_name FROM vault WHERE j = $1", values![j], |row| row.get::<String>(0))?;
    let mut unopened = 0;
    for name in names.into_iter().filter(|name| !keys.has(name)) {
        unopened += tx.count_changed("DELETE FROM vault WHERE j = $1 AND key_name = $2", values![j, &name])? as i64;
    }
    if unopened > 0 {
        tx.execute(ORPHANS, values![j])?;
    }
    Ok(unopened)
}

fn check_chain(tx: &mut Tx<'_>, manifest: &Manifest) -> Result<()> {
    let verified = journal::verify(tx, None)?;
    let wanted = Hash::parse(&manifest.head_hash);
    if let Some(broken) = verified.broken.first() {
        return Err(StoreError::Broken(format!("journal.rows: 哈希链不完整 · the chain is not whole: {broken}")));
    }
    if verified.head.seq.0 != manifest.head_seq || wanted != Some(verified.head.hash) {
        return Err(StoreError::Broken(format!(
            "journal.rows: 日志头 {} 与清单 {} 不符 · ends at {}, the manifest says {}",
            verified.head.seq, manifest.head_seq, verified.head.seq, manifest.head_seq
        )));
    }
    Ok(())
}
