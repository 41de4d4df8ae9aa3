//! The file that leaves: a line that names it, a line of JSON that says what it is and for whom, and the sealed content.
//!
//! argon2id makes the key of the passphrase, XChaCha20-Poly1305 seals the content and binds the line of JSON to it, so that
//! neither purpose nor end can be changed. Opening refuses once the end has passed; whoever has the passphrase and another
//! tool is not held by that, which is why the passphrase goes another way than the file.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use outpace_core::{AreaId, Timestamp};
use outpace_store::vault::{sealing, stretched};
use outpace_store::{Result, StoreError};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::Content;

const NAME: &str = "outpace export 1";
/// Letters of a passphrase: none that looks like another. 32 of them, 5 bits each.
const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
/// 100 bits: 5 groups of 4 letters.
const GROUPS: usize = 5;
const GROUP_LETTERS: usize = 4;

/// What a file says of itself. None of it is secret, none names anybody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Label {
    /// Whose journal it left.
    pub area: AreaId,
    /// Its number there.
    pub export: i64,
    /// What it is.
    pub content: Content,
    /// What for.
    pub purpose: String,
    /// How many people.
    pub people: usize,
    /// When it was made.
    pub made_at: Timestamp,
    /// When it ends.
    pub until: Timestamp,
    /// Salt of the passphrase, in hexadecimal.
    pub salt: String,
}

/// A passphrase with its key, made beside the writer: making it takes a tenth of a second.
pub struct Prepared {
    /// Shown once.
    pub passphrase: Zeroizing<String>,
    salt: [u8; 16],
    key: Zeroizing<[u8; 32]>,
}

impl Prepared {
    /// A fresh passphrase of 100 random bits.
    ///
    /// # Errors
    /// When the machine has no randomness or memory.
    pub fn fresh() -> Result<Self> {
        let random: Zeroizing<[u8; GROUPS * GROUP_LETTERS]> = Zeroizing::new(sealing::random()?);
        let letters: Vec<char> = random.iter().map(|byte| char::from(LETTERS[usize::from(byte & 31)])).collect();
        let letters = Zeroizing::new(letters);
        let groups: Vec<String> = letters.chunks(GROUP_LETTERS).map(|group| group.iter().collect()).collect();
        let passphrase = Zeroizing::new(groups.join("-"));
        let salt = sealing::random()?;
        let key = stretched(&passphrase, &salt)?;
        Ok(Self { passphrase, salt, key })
    }

    /// The salt as a [`Label`] holds it.
    #[must_use]
    pub fn salt(&self) -> String {
        hex::encode(self.salt)
    }
}

fn told(zh: &str, en: &str) -> StoreError {
    StoreError::Folder(format!("{zh} · {en}"))
}

/// Seals content into a file.
///
/// # Errors
/// When the machine has no randomness.
pub fn seal(prepared: &Prepared, label: &Label, plain: &[u8]) -> Result<String> {
    let label =
        serde_json::to_string(label).map_err(|source| StoreError::Payload { kind: "export".to_owned(), source })?;
    let sealed = sealing::seal(&prepared.key, label.as_bytes(), plain)?;
    Ok(format!("{NAME}\n{label}\n{}\n", STANDARD.encode(sealed)))
}

/// What a file says of itself.
///
/// # Errors
/// Bytes that are no export.
pub fn label(text: &str) -> Result<Label> {
    let (label, _) = parts(text)?;
    serde_json::from_str(label).map_err(|_| no_export())
}

fn no_export() -> StoreError {
    told("这不是导出文件,或文件已损坏", "this is no export, or the file is damaged")
}

fn parts(text: &str) -> Result<(&str, &str)> {
    let mut lines = text.lines();
    match (lines.next(), lines.next(), lines.next()) {
        (Some(NAME), Some(label), Some(sealed)) => Ok((label, sealed)),
        _ => Err(no_export()),
    }
}

/// Opens a file.
///
/// # Errors
/// An export past its end, a wrong passphrase, a file that was changed.
pub fn open(text: &str, passphrase: &str, now: Timestamp) -> Result<(Label, Zeroizing<Vec<u8>>)> {
    let (line, sealed) = parts(text)?;
    let label: Label = serde_json::from_str(line).map_err(|_| no_export())?;
    if now >= label.until {
        let until = label.until;
        return Err(told(
            &format!("该导出已于 {until} 到期,请向原单位重新申请"),
            &format!("the export ended at {until}; ask for a new one"),
        ));
    }
    let salt: [u8; 16] = hex::decode(&label.salt).ok().and_then(|salt| salt.try_into().ok()).ok_or_else(no_export)?;
    let sealed = STANDARD.decode(sealed).map_err(|_| no_export())?;
    let key = stretched(passphrase.trim(), &salt)?;
    let plain = sealing::open(&key, line.as_bytes(), &sealed)
        .map_err(|_| told("口令不正确,或文件被改动过", "the passphrase is not right, or the file was changed"))?;
    Ok((label, plain))
}
