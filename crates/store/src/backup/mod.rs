//! A copy of a journal that stands alone: taken while servers write, checked byte by byte, restored on either engine.
//!
//! A backup is a folder: `manifest.json` and one file of rows for each table that cannot be folded again (the journal, the
//! sealed identities, counters, follow-up work, passwords). Read models are not in it; restoring folds them again, and
//! their digests must be those that the manifest names. Everything is read in one picture of one moment, which stops no
//! writer. Payloads are sealed by class of data and month ([`sealing`]). Neither these keys nor the vault's are ever inside:
//! whoever has a backup alone reads nothing, and what was destroyed since cannot come back from it.

mod restore;
mod rows;
mod sealing;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use outpace_core::{AreaId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::capability::Capabilities;
use crate::engine::{Connection, Place, Result, StoreError, Tx};
use crate::journal;
use crate::private;
use crate::rebuild::table_digests;
use crate::values;
use crate::vault::Keys;
use crate::writer::folder_kind;

pub use restore::{Restored, restore};

/// The shape of a backup that this program writes and reads.
pub const FORMAT: i64 = 2;
/// The file that makes a folder a backup; written last.
pub const MANIFEST: &str = "manifest.json";

/// Tables of the engine's own bookkeeping, which every program makes for itself.
const NOT_CARRIED: [&str; 3] = ["folder", "migration", "write_probe"];

/// What a backup holds, and what must come out when it is restored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`FORMAT`] of the program that made it.
    pub format: i64,
    /// When it was made, in milliseconds since 1970.
    pub made_at: Timestamp,
    /// Whose journal it is.
    pub area: AreaId,
    /// Whether it is a drill's.
    pub drill: bool,
    /// Number of the newest entry.
    pub head_seq: i64,
    /// Hash of the newest entry: what a witness would have written down.
    pub head_hash: String,
    /// The files of rows.
    pub files: Vec<RowsFile>,
    /// Digests of the read models at that moment.
    pub read_models: Vec<ReadModel>,
    /// Names of the keys that the sealed identities need; the keys themselves are kept apart.
    pub keys_needed: Vec<String>,
}

/// One file of rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowsFile {
    /// The table, and with `.rows` the name of the file.
    pub table: String,
    /// Its columns, in the order of the values.
    pub columns: Vec<String>,
    /// How many rows.
    pub rows: i64,
    /// How many bytes.
    pub bytes: u64,
    /// BLAKE3 of the whole file.
    pub blake3: String,
}

impl RowsFile {
    fn path(&self, folder: &Path) -> PathBuf {
        folder.join(format!("{}.rows", self.table))
    }
}

/// A read model as it stood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadModel {
    /// The table.
    pub table: String,
    /// Its columns.
    pub columns: Vec<String>,
    /// The digest of its canonical dump.
    pub digest: String,
}

/// A table as the engine describes it.
#[derive(Debug, Default)]
struct Shape {
    columns: Vec<String>,
    /// Columns of its key, in order.
    key: BTreeMap<usize, String>,
}

/// Every table of the journal, by name.
fn shapes(connection: &mut dyn Connection) -> Result<BTreeMap<String, Shape>> {
    let mut shapes: BTreeMap<String, Shape> = BTreeMap::new();
    for line in connection.describe()? {
        let mut words = line.split(' ');
        let Some((table, column)) = words.next().and_then(|name| name.split_once('.')) else { continue };
        let shape = shapes.entry(table.to_owned()).or_default();
        shape.columns.push(column.to_owned());
        if let Some((_, place)) = line.split_once(" KEY ")
            && let Ok(place) = place.trim().parse()
        {
            shape.key.insert(place, column.to_owned());
        }
    }
    shapes.retain(|_, shape| shape.columns.iter().any(|column| column == "j"));
    Ok(shapes)
}

fn told(zh: &str, en: &str) -> StoreError {
    StoreError::Folder(format!("{zh} · {en}"))
}

fn at(path: &Path, error: &std::io::Error) -> StoreError {
    StoreError::Folder(format!("{}: {error}", path.display()))
}

/// Copies a journal into an empty folder, in one picture of one moment, while others write.
///
/// # Errors
/// A folder that is not empty or cannot be written; a place without a journal; what the engine refused.
pub fn take(
    place: &Place,
    folder: &Path,
    to: &Path,
    capabilities: &Capabilities,
    made_at: Timestamp,
) -> Result<Manifest> {
    let Some((area, drill)) = folder_kind(place, folder)? else {
        return Err(told("这里没有日志可备份", "no journal stands here to be copied"));
    };
    make_empty(to)?;
    let mut connection = place.database(folder, area)?.open_reader()?;
    let shapes = shapes(&mut *connection)?;
    connection.begin_reading()?;
    let mut tx = Tx::new(&mut *connection, area.0);
    let head = journal::head(&mut tx)?;
    let models: Vec<&str> = capabilities.tables().map(|table| table.name).collect();
    let carried = |name: &str| !models.contains(&name) && !NOT_CARRIED.contains(&name);
    let mut files = Vec::new();
    let keys = Keys::of_backups(folder)?;
    for (table, shape) in shapes.iter().filter(|(name, _)| carried(name)) {
        let sealer = (table == sealing::JOURNAL).then(|| sealing::Sealer::new(&shape.columns, &keys, capabilities));
        files.push(rows::write(&mut tx, to, table, &shape.columns, &shape.key, sealer.transpose()?.as_ref())?);
    }
    let digests = table_digests(&mut tx, capabilities)?;
    let keys_needed =
        tx.query("SELECT DISTINCT key_name FROM vault WHERE j = $1 ORDER BY key_name", values![area], |row| {
            row.get(0)
        })?;
    connection.commit()?;
    let columns = |table: &str| shapes.get(table).map(|shape| shape.columns.clone()).unwrap_or_default();
    let read_models = digests
        .into_iter()
        .map(|(table, digest)| ReadModel { table: table.to_owned(), columns: columns(table), digest })
        .collect();
    let (head_seq, head_hash) = (head.seq.0, head.hash.to_string());
    let manifest =
        Manifest { format: FORMAT, made_at, area, drill, head_seq, head_hash, files, read_models, keys_needed };
    write_manifest(to, &manifest)?;
    Ok(manifest)
}

/// Makes a folder that only its owner reads, or takes one that is empty.
fn make_empty(folder: &Path) -> Result<()> {
    private::folder(folder)?;
    if std::fs::read_dir(folder).map_err(|error| at(folder, &error))?.next().is_some() {
        return Err(StoreError::Folder(format!(
            "{}: 目录不为空,请换一个新目录 · the folder is not empty; name a new one",
            folder.display()
        )));
    }
    Ok(())
}

/// Writes the manifest beside its name, then under it: a folder without one is no backup.
fn write_manifest(folder: &Path, manifest: &Manifest) -> Result<()> {
    let (beside, file) = (folder.join("manifest.new"), folder.join(MANIFEST));
    let text = serde_json::to_vec_pretty(manifest)
        .map_err(|source| StoreError::Payload { kind: MANIFEST.to_owned(), source })?;
    private::create(&beside).and_then(|mut open| open.write_all(&text)).map_err(|error| at(&beside, &error))?;
    std::fs::File::open(&beside).and_then(|open| open.sync_all()).map_err(|error| at(&beside, &error))?;
    std::fs::rename(&beside, &file).map_err(|error| at(&file, &error))?;
    std::fs::File::open(folder).and_then(|open| open.sync_all()).map_err(|error| at(folder, &error))
}

/// Reads what a backup says it holds.
///
/// # Errors
/// A folder without a manifest, one that is damaged, one of a newer program.
pub fn manifest(from: &Path) -> Result<Manifest> {
    let file = from.join(MANIFEST);
    let text = std::fs::read(&file).map_err(|error| at(&file, &error))?;
    let manifest: Manifest = serde_json::from_slice(&text).map_err(|error| {
        StoreError::Folder(format!("{}: 文件已损坏({error}) · the file is damaged ({error})", file.display()))
    })?;
    if manifest.format != FORMAT {
        let found = manifest.format;
        return Err(StoreError::Folder(format!(
            "{}: 备份格式 {found},本程序只读 {FORMAT},请用备份时的版本 · format {found}, this program reads {FORMAT}; use the version that made it",
            file.display()
        )));
    }
    Ok(manifest)
}
