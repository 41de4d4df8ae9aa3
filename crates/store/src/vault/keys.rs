//! Keys of a data folder, and their names: `lookup`, `root`, and one for each class of data and month.
//!
//! A key that is rotated gets a next generation, `identity-2022-04.1` after `identity-2022-04`: the month stays readable, for
//! retention goes by class and month. Which generation is in use stands in the database (`vault_key`), where all servers
//! of a journal see the same.

use std::path::{Path, PathBuf};

use outpace_core::Timestamp;
use parking_lot::RwLock;
use zeroize::Zeroizing;

use super::key_file::{KeyFile, Ring};
use super::passphrase;
use super::sealing::{self, Key};
use crate::engine::{Result, StoreError};

/// The name of the key that makes look-up hashes.
pub(super) const LOOKUP: &str = "lookup";
/// The name of the key from which keys for a purpose are made.
const ROOT: &str = "root";
/// The file of the vault's keys in a data folder.
pub const VAULT_FILE: &str = "vault.keys";
/// The file of the keys that seal backups.
pub const BACKUP_FILE: &str = "backup.keys";

/// Keys of a data folder, in a file readable by its owner only, beside the database, never in it.
pub struct Keys {
    file: KeyFile,
    keys: RwLock<Ring>,
}

/// A key's name without its generation, and the generation.
#[must_use]
pub fn generation(name: &str) -> (&str, i64) {
    match name.rsplit_once('.').map(|(base, number)| (base, number.parse())) {
        Some((base, Ok(number))) => (base, number),
        _ => (name, 0),
    }
}

/// The name of a generation of a key.
pub(super) fn of_generation(base: &str, number: i64) -> String {
    if number == 0 { base.to_owned() } else { format!("{base}.{number}") }
}

/// The class and month of a key that seals a class of data in a month; `None` for every other key.
#[must_use]
pub fn class_and_month(name: &str) -> Option<(&str, &str)> {
    let (base, _) = generation(name);
    let (class, month) = base.split_at_checked(base.len().checked_sub(8)?)?;
    let month = month.strip_prefix('-')?;
    let digits =
        |range: std::ops::Range<usize>| month.get(range).is_some_and(|text| text.bytes().all(|b| b.is_ascii_digit()));
    (digits(0..4) && digits(5..7) && month.as_bytes().get(4) == Some(&b'-')).then_some((class, month))
}

impl Keys {
    /// Reads the vault's key file with the passphrase that was given ([`passphrase::give`]), or makes one with fresh keys.
    ///
    /// # Errors
    /// When the file cannot be read, written or opened.
    pub fn open(folder: &Path) -> Result<Self> {
        Self::open_with(folder, passphrase::given())
    }

    /// The same with a passphrase of its own. A plain file is sealed with it.
    ///
    /// # Errors
    /// When the file cannot be read, written or opened.
    pub fn open_with(folder: &Path, passphrase: Option<Zeroizing<String>>) -> Result<Self> {
        let keys = Self::open_file(folder.join(VAULT_FILE), passphrase)?;
        keys.change(|ring| {
            let known = ring.keys().any(|name| generation(name).0 == LOOKUP);
            if !ring.contains_key(ROOT) {
                // A folder from before rotation: keys for a purpose came from the look-up key, and must stay the same.
                let root = match ring.get(LOOKUP) {
                    Some(lookup) => {
                        Zeroizing::new(blake3::derive_key("outpace vault 2022: keys for a purpose", &**lookup))
                    }
                    None => sealing::fresh()?,
                };
                ring.insert(ROOT.to_owned(), root);
            }
            if !known {
                ring.insert(LOOKUP.to_owned(), sealing::fresh()?);
            }
            Ok(())
        })?;
        Ok(keys)
    }

    /// Reads the keys that seal backups of a folder; none where no backup was taken yet.
    ///
    /// # Errors
    /// When the file cannot be read or opened.
    pub fn of_backups(folder: &Path) -> Result<Self> {
        Self::open_file(folder.join(BACKUP_FILE), passphrase::given())
    }

    fn open_file(path: PathBuf, passphrase: Option<Zeroizing<String>>) -> Result<Self> {
        let file = KeyFile::new(path, passphrase);
        let keys = RwLock::new(file.read()?);
        Ok(Self { file, keys })
    }

    /// Whether the key files of a folder can be opened with a passphrase only.
    #[must_use]
    pub fn are_sealed(folder: &Path) -> bool {
        [VAULT_FILE, BACKUP_FILE].iter().any(|file| KeyFile::is_sealed(&folder.join(file)))
    }

    /// Seals the key files of a folder under another passphrase, or lays them open where none is given. No server may be
    /// running on them.
    ///
    /// # Errors
    /// When a file cannot be read or opened with the passphrase that was given, or not be written.
    pub fn seal_again(folder: &Path, passphrase: Option<&Zeroizing<String>>) -> Result<()> {
        for name in [VAULT_FILE, BACKUP_FILE] {
            let path = folder.join(name);
            if path.exists() {
                KeyFile::new(path, passphrase::given()).seal_again(passphrase.cloned())?;
            }
        }
        Ok(())
    }

    /// What tells one key from another and gives nothing of it away.
    ///
    /// # Errors
    /// When there is no key of this name.
    pub(crate) fn print(&self, name: &str) -> Result<[u8; 16]> {
        self.lookup(name, -1, "outpace")
    }

    /// The name of the key for a class of data in the month of a moment, such as `identity-2022-04`.
    #[must_use]
    pub fn name_for(class: &str, at: Timestamp) -> String {
        let text = at.to_string();
        format!("{class}-{}", text.get(..7).unwrap_or("0000-00"))
    }

    /// Names of all keys, without the keys.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.keys.read().keys().cloned().collect()
    }

    /// Whether there is a key of this name.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.keys.read().contains_key(name)
    }

    /// Reads the file again: another server may have made keys, or destroyed some.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn reload(&self) -> Result<()> {
        *self.keys.write() = self.file.read()?;
        Ok(())
    }

    fn change(&self, change: impl FnOnce(&mut Ring) -> Result<()>) -> Result<()> {
        let ring = self.file.change(change)?;
        *self.keys.write() = ring;
        Ok(())
    }

    /// Makes a key where none of this name exists, and writes the file before anything is sealed with it.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn ensure(&self, name: &str) -> Result<()> {
        if self.has(name) {
            return Ok(());
        }
        self.change(|ring| {
            // Another server on the same folder may have made it meanwhile.
            if !ring.contains_key(name) {
                ring.insert(name.to_owned(), sealing::fresh()?);
            }
            Ok(())
        })
    }

    /// Destroys keys: what they sealed can never be opened again. Answers which of them there were.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn destroy(&self, names: &[String]) -> Result<Vec<String>> {
        let mut gone = Vec::new();
        self.change(|ring| {
            gone.extend(names.iter().filter(|name| ring.remove(*name).is_some()).cloned());
            Ok(())
        })?;
        Ok(gone)
    }

    /// Lets go of keys in memory that another server destroys: it may not have written the file yet.
    pub(crate) fn forget(&self, names: &[String]) {
        self.keys.write().retain(|name, _| !names.contains(name));
    }

    /// Seals bytes for a subject under a named key. The subject is bound in: a value cannot be moved to another.
    ///
    /// # Errors
    /// When the key is missing.
    pub fn seal(&self, name: &str, subject: i64, plain: &[u8]) -> Result<Vec<u8>> {
        sealing::seal(&*self.key(name)?, &subject.to_le_bytes(), plain)
    }

    /// Opens what [`Keys::seal`] made.
    ///
    /// # Errors
    /// When the key was destroyed, or the value was tampered with or belongs to another subject.
    pub fn unseal(&self, name: &str, subject: i64, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        sealing::open(&*self.key(name)?, &subject.to_le_bytes(), sealed)
    }

    /// The keyed hash under which a text (an ID number, a telephone number) is found. 16 bytes are enough to tell
    /// people of a country apart, and keep the look-up table small.
    ///
    /// # Errors
    /// When the look-up key is missing.
    pub(super) fn lookup(&self, name: &str, field: i64, text: &str) -> Result<[u8; 16]> {
        let mut hasher = blake3::Hasher::new_keyed(&*self.key(name)?);
        hasher.update(&field.to_le_bytes());
        hasher.update(text.as_bytes());
        let mut short = [0_u8; 16];
        short.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
        Ok(short)
    }

    /// A key of its own for a purpose, the same on every server that shares this key file, and the same after a rotation:
    /// made from the root key, which each of them has from the first day.
    ///
    /// # Errors
    /// When the root key is missing.
    pub fn derive(&self, purpose: &str) -> Result<Zeroizing<[u8; 32]>> {
        Ok(Zeroizing::new(*blake3::keyed_hash(&*self.key(ROOT)?, purpose.as_bytes()).as_bytes()))
    }

    fn key(&self, name: &str) -> Result<Key> {
        if let Some(key) = self.keys.read().get(name) {
            return Ok(key.clone());
        }
        // Another server may have made it.
        self.reload()?;
        self.keys.read().get(name).cloned().ok_or_else(|| StoreError::Vault(format!("the key {name} was destroyed")))
    }
}
