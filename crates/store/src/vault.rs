//! The vault: sealed values of subjects, found by keyed hash, with keys outside the database.
//!
//! A subject's identity (names, numbers, address) is one sealed value; the journal and every other table hold the
//! subject's opaque number only. Each class of data and month has its own key, so that destroying a key destroys what
//! it sealed. Who may look, and that each look is a fact, is the business of the capability above.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use outpace_core::Timestamp;
use parking_lot::RwLock;
use zeroize::Zeroizing;

use crate::engine::{Result, StoreError, Tx};
use crate::unit::Unit;
use crate::values;

/// The name of the key that makes look-up hashes.
const LOOKUP: &str = "lookup";
const NONCE_BYTES: usize = 24;

/// Keys of a data folder, in the file `vault.keys` (readable by its owner only), beside the database, never in it.
pub struct Keys {
    file: PathBuf,
    keys: RwLock<BTreeMap<String, Zeroizing<[u8; 32]>>>,
}

impl Keys {
    /// Reads the key file, or makes one with a fresh look-up key.
    ///
    /// # Errors
    /// When the file cannot be read, written or understood.
    pub fn open(folder: &Path) -> Result<Self> {
        let file = folder.join("vault.keys");
        let keys = read_keys(&file)?;
        let keys = Self { file, keys: RwLock::new(keys) };
        keys.ensure(LOOKUP)?;
        Ok(keys)
    }

    /// What tells one look-up key from another and gives nothing of it away: servers of one journal must share it.
    ///
    /// # Errors
    /// When the look-up key is missing.
    pub(crate) fn print(&self) -> Result<[u8; 16]> {
        self.lookup(-1, "outpace")
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

    /// Makes a key where none of this name exists, and writes the file before anything is sealed with it.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn ensure(&self, name: &str) -> Result<()> {
        if self.keys.read().contains_key(name) {
            return Ok(());
        }
        let mut keys = self.keys.write();
        // Another server on the same folder may have made it meanwhile.
        keys.extend(read_keys(&self.file)?);
        if keys.contains_key(name) {
            return Ok(());
        }
        let mut bytes = Zeroizing::new([0_u8; 32]);
        getrandom::fill(&mut *bytes).map_err(|error| StoreError::Vault(format!("no randomness: {error}")))?;
        keys.entry(name.to_owned()).or_insert(bytes);
        let text: Zeroizing<String> =
            Zeroizing::new(keys.iter().map(|(name, key)| format!("{name} {}\n", hex::encode(**key))).collect());
        write_private(&self.file, text.as_bytes())
    }

    /// Seals bytes for a subject under a named key. The subject is bound in: a value cannot be moved to another.
    ///
    /// # Errors
    /// When the key is missing.
    pub fn seal(&self, name: &str, subject: i64, plain: &[u8]) -> Result<Vec<u8>> {
        let mut nonce = [0_u8; NONCE_BYTES];
        getrandom::fill(&mut nonce).map_err(|error| StoreError::Vault(format!("no randomness: {error}")))?;
        let bound = subject.to_le_bytes();
        let sealed = self
            .cipher(name)?
            .encrypt(&XNonce::from(nonce), Payload { msg: plain, aad: &bound })
            .map_err(|_| StoreError::Vault("sealing failed".to_owned()))?;
        let mut bytes = nonce.to_vec();
        bytes.extend_from_slice(&sealed);
        Ok(bytes)
    }

    /// Opens what [`Keys::seal`] made.
    ///
    /// # Errors
    /// When the key was destroyed, or the value was tampered with or belongs to another subject.
    pub fn unseal(&self, name: &str, subject: i64, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        let (nonce, body) = sealed
            .split_at_checked(NONCE_BYTES)
            .ok_or_else(|| StoreError::Vault("a sealed value is too short".to_owned()))?;
        let nonce: [u8; NONCE_BYTES] =
            nonce.try_into().map_err(|_| StoreError::Vault("a sealed value is too short".to_owned()))?;
        self.cipher(name)?
            .decrypt(&XNonce::from(nonce), Payload { msg: body, aad: &subject.to_le_bytes() })
            .map(Zeroizing::new)
            .map_err(|_| StoreError::Vault("a sealed value does not open with its key".to_owned()))
    }

    /// The keyed hash under which a text (an ID number, a telephone number) is found. 16 bytes are enough to tell
    /// people of a country apart, and keep the look-up table small.
    ///
    /// # Errors
    /// When the look-up key is missing.
    pub fn lookup(&self, field: i64, text: &str) -> Result<[u8; 16]> {
        let keys = self.keys.read();
        let key = keys.get(LOOKUP).ok_or_else(|| StoreError::Vault("the look-up key is missing".to_owned()))?;
        let mut hasher = blake3::Hasher::new_keyed(key);
        hasher.update(&field.to_le_bytes());
        hasher.update(text.as_bytes());
        let mut short = [0_u8; 16];
        short.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
        Ok(short)
    }

    /// A key of its own for a purpose, the same on every server that shares this key file: made from the look-up key,
    /// which each of them has from the first day, so that no server must be given another one later.
    ///
    /// # Errors
    /// When the look-up key is missing.
    pub fn derive(&self, purpose: &str) -> Result<Zeroizing<[u8; 32]>> {
        let keys = self.keys.read();
        let key = keys.get(LOOKUP).ok_or_else(|| StoreError::Vault("the look-up key is missing".to_owned()))?;
        // A context of its own: nothing that look-up hashes give away says anything about these keys.
        let root = Zeroizing::new(blake3::derive_key("outpace vault 2022: keys for a purpose", &**key));
        Ok(Zeroizing::new(*blake3::keyed_hash(&root, purpose.as_bytes()).as_bytes()))
    }

    fn cipher(&self, name: &str) -> Result<XChaCha20Poly1305> {
        if !self.keys.read().contains_key(name) {
            self.keys.write().extend(read_keys(&self.file)?);
        }
        let keys = self.keys.read();
        let key = keys.get(name).ok_or_else(|| StoreError::Vault(format!("the key {name} was destroyed")))?;
        XChaCha20Poly1305::new_from_slice(&**key).map_err(|_| StoreError::Vault("a key has a wrong length".to_owned()))
    }
}

fn unreadable(file: &Path, error: &std::io::Error) -> StoreError {
    StoreError::Vault(format!("{}: {error}", file.display()))
}

/// The keys of a file; none where there is no file yet.
fn read_keys(file: &Path) -> Result<BTreeMap<String, Zeroizing<[u8; 32]>>> {
    if !file.exists() {
        return Ok(BTreeMap::new());
    }
    let text = std::fs::read_to_string(file).map(Zeroizing::new).map_err(|error| unreadable(file, &error))?;
    let key = |line| read_key(line).ok_or_else(|| StoreError::Vault(format!("{}: not a key line", file.display())));
    text.lines().filter(|line| !line.trim().is_empty()).map(key).collect()
}

fn read_key(line: &str) -> Option<(String, Zeroizing<[u8; 32]>)> {
    let (name, digits) = line.split_once(' ')?;
    let bytes = Zeroizing::new(hex::decode(digits.trim()).ok()?);
    let key: [u8; 32] = bytes.as_slice().try_into().ok()?;
    Some((name.to_owned(), Zeroizing::new(key)))
}

/// Writes a file that only its owner can read: first beside it, then in its place, so that a crash keeps the old one.
fn write_private(file: &Path, bytes: &[u8]) -> Result<()> {
    use std::io::Write;
    let beside = file.with_extension("new");
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut open = options.open(&beside).map_err(|error| unreadable(&beside, &error))?;
    open.write_all(bytes).and_then(|()| open.sync_all()).map_err(|error| unreadable(&beside, &error))?;
    std::fs::rename(&beside, file).map_err(|error| unreadable(file, &error))
}

/// Keeps a subject's sealed value and the texts it can be found by. `fields` are (field number, normalised text).
///
/// # Errors
/// What the store refused.
pub fn keep(unit: &mut Unit<'_>, class: &str, subject: i64, plain: &[u8], fields: &[(i64, &str)]) -> Result<()> {
    unit.open()?;
    let keys = unit.keys();
    let name = Keys::name_for(class, unit.now());
    keys.ensure(&name)?;
    let sealed = keys.seal(&name, subject, plain)?;
    let hashes: Vec<(i64, [u8; 16])> =
        fields.iter().map(|(field, text)| Ok((*field, keys.lookup(*field, text)?))).collect::<Result<_>>()?;
    let tx = unit.tx();
    let jurisdiction = tx.jurisdiction();
    tx.execute(
        "INSERT INTO vault (j, subject, key_name, sealed) VALUES ($1, $2, $3, $4)
         ON CONFLICT (j, subject) DO UPDATE SET key_name = excluded.key_name, sealed = excluded.sealed",
        values![jurisdiction, subject, &name, &sealed],
    )?;
    for (field, hash) in &hashes {
        tx.execute(
            "INSERT INTO vault_lookup (j, field, hash, subject) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
            values![jurisdiction, *field, hash, subject],
        )?;
    }
    Ok(())
}

/// One subject's value on its way into the vault.
pub struct ToKeep {
    /// Whose.
    pub subject: i64,
    /// What is sealed.
    pub plain: Zeroizing<Vec<u8>>,
    /// What it can be found by: field number, normalised text.
    pub fields: Vec<(i64, Zeroizing<String>)>,
}

/// Keeps many subjects at once, as [`keep`] does with each. The look-up rows go in sorted by field and hash, so that
/// a batch walks the table once instead of jumping about in it.
///
/// # Errors
/// What the store refused.
pub fn keep_many(unit: &mut Unit<'_>, class: &str, subjects: &[ToKeep]) -> Result<()> {
    unit.open()?;
    let keys = unit.keys();
    let name = Keys::name_for(class, unit.now());
    keys.ensure(&name)?;
    let mut hashes = Vec::with_capacity(subjects.len() * 3);
    for subject in subjects {
        for (field, text) in &subject.fields {
            hashes.push((*field, keys.lookup(*field, text)?, subject.subject));
        }
    }
    hashes.sort_unstable();
    let sealed: Vec<(i64, Vec<u8>)> = subjects
        .iter()
        .map(|subject| Ok((subject.subject, keys.seal(&name, subject.subject, &subject.plain)?)))
        .collect::<Result<_>>()?;
    let tx = unit.tx();
    let j = tx.jurisdiction();
    tx.insert_many(
        "INSERT INTO vault (j, subject, key_name, sealed) VALUES ($1, $2, $3, $4)
         ON CONFLICT (j, subject) DO UPDATE SET key_name = excluded.key_name, sealed = excluded.sealed",
        sealed.iter().map(|(subject, sealed)| [j.into(), (*subject).into(), (&name).into(), sealed.into()]),
    )?;
    tx.insert_many(
        "INSERT INTO vault_lookup (j, field, hash, subject) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        hashes.iter().map(|(field, hash, subject)| [j.into(), (*field).into(), hash.into(), (*subject).into()]),
    )?;
    Ok(())
}

/// Opens a subject's value; `None` when the vault holds none. The caller records the look as a fact.
///
/// # Errors
/// When the key was destroyed or the value does not open.
pub fn open(tx: &mut Tx<'_>, keys: &Keys, subject: i64) -> Result<Option<Zeroizing<Vec<u8>>>> {
    let jurisdiction = tx.jurisdiction();
    let found = tx.first(
        "SELECT key_name, sealed FROM vault WHERE j = $1 AND subject = $2",
        values![jurisdiction, subject],
        |row| Ok((row.get::<String>(0)?, row.get::<Vec<u8>>(1)?)),
    )?;
    found.map(|(name, sealed)| keys.unseal(&name, subject, &sealed)).transpose()
}

/// Subjects that have this text in this field, at most 100.
///
/// # Errors
/// What the engine refused.
pub fn find(tx: &mut Tx<'_>, keys: &Keys, field: i64, text: &str) -> Result<Vec<i64>> {
    let hash = keys.lookup(field, text)?;
    let jurisdiction = tx.jurisdiction();
    tx.query(
        "SELECT subject FROM vault_lookup WHERE j = $1 AND field = $2 AND hash = $3 ORDER BY subject LIMIT 100",
        values![jurisdiction, field, &hash],
        |row| row.get(0),
    )
}
