//! Passwords: argon2id, at least 12 characters, a salt for each, compared in constant time.

use argon2::{Algorithm, Argon2, Params, Version};
use outpace_core::Refusal;
use outpace_store::StoreError;

use super::errors;

/// Shortest password accepted, in characters.
pub const PASSWORD_CHARACTERS_MIN: usize = 12;
/// Longest, in characters: a whole sentence.
pub const PASSWORD_CHARACTERS_MAX: usize = 256;
const SALT_BYTES: usize = 16;
const HASH_BYTES: usize = 32;

/// 19 MiB, two passes, one lane: the parameters that OWASP names first for argon2id.
fn argon() -> Result<Argon2<'static>, StoreError> {
    let params =
        Params::new(19 * 1024, 2, 1, Some(HASH_BYTES)).map_err(|error| StoreError::Vault(error.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn digest(password: &str, salt: &[u8]) -> Result<[u8; HASH_BYTES], StoreError> {
    let mut out = [0_u8; HASH_BYTES];
    argon()?
        .hash_password_into(password.as_bytes(), salt, &mut out)
        .map_err(|error| StoreError::Vault(error.to_string()))?;
    Ok(out)
}

/// Passes a password of a length that is accepted.
///
/// # Errors
/// 422 for one that is too short or too long.
pub fn long_enough(field: &str, password: &str) -> Result<(), Refusal> {
    match password.chars().count() {
        characters if characters < PASSWORD_CHARACTERS_MIN => {
            Err(errors::password_short(field, PASSWORD_CHARACTERS_MIN))
        }
        characters if characters > PASSWORD_CHARACTERS_MAX => {
            Err(errors::password_long(field, PASSWORD_CHARACTERS_MAX))
        }
        _ => Ok(()),
    }
}

/// Salt and hash, ready to be kept.
///
/// # Errors
/// When the machine has no randomness or memory.
pub fn seal(password: &str) -> Result<Vec<u8>, StoreError> {
    let mut salt = [0_u8; SALT_BYTES];
    getrandom::fill(&mut salt).map_err(|error| StoreError::Vault(format!("no randomness: {error}")))?;
    let mut kept = salt.to_vec();
    kept.extend_from_slice(&digest(password, &salt)?);
    Ok(kept)
}

/// Whether a password is the one that was sealed.
///
/// # Errors
/// When what was kept is damaged.
pub fn fits(password: &str, kept: &[u8]) -> Result<bool, StoreError> {
    let (salt, hash) =
        kept.split_at_checked(SALT_BYTES).ok_or_else(|| StoreError::Vault("a kept password is damaged".to_owned()))?;
    let found = digest(password, salt)?;
    let difference = found.iter().zip(hash).fold(found.len() ^ hash.len(), |sum, (a, b)| sum | usize::from(a ^ b));
    Ok(difference == 0)
}

/// 256 random bits as hex: a token, or a first password.
///
/// # Errors
/// When the machine has no randomness.
pub fn random_text(bytes: usize) -> Result<String, StoreError> {
    let mut random = vec![0_u8; bytes];
    getrandom::fill(&mut random).map_err(|error| StoreError::Vault(format!("no randomness: {error}")))?;
    Ok(hex::encode(random))
}
