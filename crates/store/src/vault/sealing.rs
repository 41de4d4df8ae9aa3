//! Sealing bytes under a key: XChaCha20-Poly1305 with a random nonce before the box.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use crate::engine::{Result, StoreError};

/// A key; overwritten when it is let go.
pub(crate) type Key = Zeroizing<[u8; 32]>;

const NONCE_BYTES: usize = 24;

/// Random bytes from the machine.
///
/// # Errors
/// When the machine has none.
pub fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0_u8; N];
    getrandom::fill(&mut bytes).map_err(|error| StoreError::Vault(format!("no randomness: {error}")))?;
    Ok(bytes)
}

/// A fresh key.
pub(super) fn fresh() -> Result<Key> {
    let mut key = Zeroizing::new([0_u8; 32]);
    getrandom::fill(&mut *key).map_err(|error| StoreError::Vault(format!("no randomness: {error}")))?;
    Ok(key)
}

fn cipher(key: &[u8; 32]) -> Result<XChaCha20Poly1305> {
    XChaCha20Poly1305::new_from_slice(key).map_err(|_| StoreError::Vault("a key has a wrong length".to_owned()))
}

/// Seals bytes; `bound` must be given again to open them.
///
/// # Errors
/// When the machine has no randomness.
pub fn seal(key: &[u8; 32], bound: &[u8], plain: &[u8]) -> Result<Vec<u8>> {
    let nonce: [u8; NONCE_BYTES] = random()?;
    let body = cipher(key)?
        .encrypt(&XNonce::from(nonce), Payload { msg: plain, aad: bound })
        .map_err(|_| StoreError::Vault("sealing failed".to_owned()))?;
    let mut bytes = Vec::with_capacity(NONCE_BYTES + body.len());
    bytes.extend_from_slice(&nonce);
    bytes.extend_from_slice(&body);
    Ok(bytes)
}

/// Opens what [`seal`] made.
///
/// # Errors
/// When it was tampered with, or belongs to another key or another binding.
pub fn open(key: &[u8; 32], bound: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
    let (nonce, body) = sealed
        .split_first_chunk::<NONCE_BYTES>()
        .ok_or_else(|| StoreError::Vault("a sealed value is too short".to_owned()))?;
    cipher(key)?
        .decrypt(&XNonce::from(*nonce), Payload { msg: body, aad: bound })
        .map(Zeroizing::new)
        .map_err(|_| StoreError::Vault("a sealed value does not open with its key".to_owned()))
}
