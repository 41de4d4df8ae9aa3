//! The file in which keys stand: a line for each, readable by its owner only; sealed as a whole where a passphrase is given.
//!
//! A sealed file is one line of name and one of salt and box: XChaCha20-Poly1305 under a key that argon2id makes of the
//! passphrase. Several servers may share the file: it is changed under a lock, read again before it is changed, and written
//! beside itself before it takes its own place. What stood there before is overwritten, as far as the disk lets one.

use std::collections::BTreeMap;
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use argon2::{Algorithm, Argon2, Params, Version};
use parking_lot::Mutex;
use zeroize::Zeroizing;

use super::sealing::{self, Key};
use crate::engine::{Result, StoreError};

/// Keys by name.
pub(super) type Ring = BTreeMap<String, Key>;

/// First line of a sealed file.
const SEALED: &str = "outpace keys 1";
/// What a sealed file is bound to: no other box opens as one.
const BOUND: &[u8] = b"outpace keys 1";
pub(super) const SALT_BYTES: usize = 16;
/// 64 MiB, three passes, one lane: the second of the two settings that RFC 9106 recommends. Asked once a start.
const MEMORY_KIB: u32 = 64 * 1024;
const PASSES: u32 = 3;

/// A key file and what opens it.
pub(super) struct KeyFile {
    path: PathBuf,
    passphrase: Option<Zeroizing<String>>,
    /// The key that the passphrase makes with this salt: making it takes a tenth of a second.
    made: Mutex<Option<([u8; SALT_BYTES], Key)>>,
}

/// The key that argon2id makes of a passphrase and a salt.
pub(super) fn stretched(passphrase: &str, salt: &[u8]) -> Result<Key> {
    let told = |error: argon2::Error| StoreError::Vault(error.to_string());
    let params = Params::new(MEMORY_KIB, PASSES, 1, Some(32)).map_err(told)?;
    let mut key = Zeroizing::new([0_u8; 32]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(passphrase.as_bytes(), salt, &mut *key)
        .map_err(told)?;
    Ok(key)
}

fn unreadable(file: &Path, error: &std::io::Error) -> StoreError {
    StoreError::Vault(format!("{}: {error}", file.display()))
}

fn told(file: &Path, zh: &str, en: &str) -> StoreError {
    StoreError::Vault(format!("{}: {zh} · {en}", file.display()))
}

impl KeyFile {
    pub(super) fn new(path: PathBuf, passphrase: Option<Zeroizing<String>>) -> Self {
        Self { path, passphrase, made: Mutex::new(None) }
    }

    /// Whether a file is there that only a passphrase opens.
    pub(super) fn is_sealed(path: &Path) -> bool {
        std::fs::read(path).is_ok_and(|bytes| bytes.starts_with(SEALED.as_bytes()))
    }

    /// The keys of the file; none where there is no file yet.
    pub(super) fn read(&self) -> Result<Ring> {
        match self.text()? {
            Some(text) => text
                .lines()
                .filter(|line| !line.trim().is_empty())
                .map(|line| read_key(line).ok_or_else(|| told(&self.path, "有一行不是密钥", "a line is no key")))
                .collect(),
            None => Ok(Ring::new()),
        }
    }

    /// Changes the keys under the file's lock. A plain file is sealed with it where a passphrase is given.
    pub(super) fn change(&self, change: impl FnOnce(&mut Ring) -> Result<()>) -> Result<Ring> {
        let beside = self.path.with_extension("keys.lock");
        let lock = open_private(&beside, false)?;
        // Let go when the file is closed, also by a crash.
        lock.lock().map_err(|error| unreadable(&beside, &error))?;
        let mut ring = self.read()?;
        let before: Vec<String> = ring.keys().cloned().collect();
        change(&mut ring)?;
        let plain = self.passphrase.is_some() && self.path.exists() && !Self::is_sealed(&self.path);
        if plain || !ring.keys().eq(before.iter()) {
            self.write(&ring)?;
        }
        Ok(ring)
    }

    /// The same keys under another passphrase, or none.
    pub(super) fn seal_again(&mut self, passphrase: Option<Zeroizing<String>>) -> Result<()> {
        let ring = self.read()?;
        self.passphrase = passphrase;
        *self.made.lock() = None;
        self.write(&ring)
    }

    /// The lines of keys, opened.
    fn text(&self) -> Result<Option<Zeroizing<String>>> {
        let text = match std::fs::read_to_string(&self.path) {
            Ok(text) => Zeroizing::new(text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(unreadable(&self.path, &error)),
        };
        let Some(body) = text.strip_prefix(SEALED) else { return Ok(Some(text)) };
        let damaged = || told(&self.path, "文件已损坏", "the file is damaged");
        let (salt, sealed) = body.trim().split_once(' ').ok_or_else(damaged)?;
        let salt: [u8; SALT_BYTES] =
            hex::decode(salt).ok().and_then(|salt| salt.try_into().ok()).ok_or_else(damaged)?;
        let sealed = hex::decode(sealed).map_err(|_| damaged())?;
        let plain = sealing::open(&*self.key(salt)?, BOUND, &sealed).map_err(|_| {
            told(&self.path, "口令不正确,或文件已损坏", "the passphrase is not right, or the file is damaged")
        })?;
        let text = std::str::from_utf8(&plain).map_err(|_| damaged())?;
        Ok(Some(Zeroizing::new(text.to_owned())))
    }

    fn key(&self, salt: [u8; SALT_BYTES]) -> Result<Key> {
        let Some(passphrase) = &self.passphrase else {
            return Err(told(
                &self.path,
                "密钥文件已用口令封存,请用 OUTPACE_VAULT_PASSPHRASE 给出口令,或在终端启动时输入",
                "the key file is sealed; give its passphrase by OUTPACE_VAULT_PASSPHRASE, or start at a terminal and type it",
            ));
        };
        let mut made = self.made.lock();
        match &*made {
            Some((known, key)) if *known == salt => Ok(key.clone()),
            _ => {
                let key = stretched(passphrase, &salt)?;
                *made = Some((salt, key.clone()));
                Ok(key)
            }
        }
    }

    fn write(&self, ring: &Ring) -> Result<()> {
        let mut text = Zeroizing::new(String::with_capacity(ring.keys().map(|name| name.len() + 66).sum()));
        for (name, key) in ring {
            let mut digits = Zeroizing::new([0_u8; 64]);
            hex::encode_to_slice(**key, &mut *digits)
                .map_err(|error| StoreError::Vault(format!("a key has a wrong length: {error}")))?;
            text.push_str(name);
            text.push(' ');
            text.extend(digits.iter().map(|digit| char::from(*digit)));
            text.push('\n');
        }
        if self.passphrase.is_none() {
            return replace(&self.path, text.as_bytes());
        }
        // A salt stays with its passphrase, so that it is stretched once a start and not at each month's key.
        let known = self.made.lock().as_ref().map(|(salt, _)| *salt);
        let salt = match known {
            Some(salt) => salt,
            None => sealing::random()?,
        };
        let sealed = sealing::seal(&*self.key(salt)?, BOUND, text.as_bytes())?;
        replace(&self.path, format!("{SEALED}\n{} {}\n", hex::encode(salt), hex::encode(sealed)).as_bytes())
    }
}

fn read_key(line: &str) -> Option<(String, Key)> {
    let (name, digits) = line.split_once(' ')?;
    let mut key = Zeroizing::new([0_u8; 32]);
    hex::decode_to_slice(digits.trim(), &mut *key).ok()?;
    Some((name.to_owned(), key))
}

fn open_private(file: &Path, empty: bool) -> Result<std::fs::File> {
    let mut options = std::fs::OpenOptions::new();
    options.read(true).write(true).create(true).truncate(empty);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file).map_err(|error| unreadable(file, &error))
}

/// Writes a file that only its owner can read: first beside it, then in its place, so that a crash keeps the old one; then
/// overwrites what stood there, for it may hold keys that were destroyed.
fn replace(file: &Path, bytes: &[u8]) -> Result<()> {
    let beside = file.with_extension("new");
    let mut open = open_private(&beside, true)?;
    open.write_all(bytes).and_then(|()| open.sync_all()).map_err(|error| unreadable(&beside, &error))?;
    let before = std::fs::OpenOptions::new().write(true).open(file).ok();
    std::fs::rename(&beside, file).map_err(|error| unreadable(file, &error))?;
    if let Some(mut before) = before {
        let wipe = |before: &mut std::fs::File| {
            let length = before.metadata()?.len();
            before.seek(SeekFrom::Start(0))?;
            before.write_all(&vec![0; usize::try_from(length).unwrap_or(0)])?;
            before.sync_all()
        };
        wipe(&mut before).map_err(|error| unreadable(file, &error))?;
    }
    Ok(())
}
