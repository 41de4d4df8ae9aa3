//! Keys of passes: all derived from the vault's, so that every server of the journal has the same and nothing is stored.

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use outpace_core::time::{DAY_MS, MINUTE_MS};
use outpace_core::{PersonId, Timestamp};
use outpace_policy::{Closed, CodeRules, StatusColour};
use outpace_store::Result;
use outpace_store::vault::Keys;

use super::list::GateKey;
use super::pass::ALIAS_BYTES;

/// Bytes of a public key by which a pass names it.
pub(super) const KEY_ID_BYTES: usize = 4;

/// The number of the period of some milliseconds that a moment lies in.
fn period(at: Timestamp, length_ms: i64) -> i64 {
    at.0.div_euclid(length_ms.max(1))
}

fn key_ms(rules: &CodeRules) -> i64 {
    i64::from(rules.status_key_days.value) * DAY_MS
}

/// Milliseconds that a pass holds: also how long an alias stays the same.
pub(super) fn holds_ms(rules: &CodeRules) -> i64 {
    i64::from(rules.status_minutes.value) * MINUTE_MS
}

fn signing_of(keys: &Keys, days: u32, period: i64) -> Result<SigningKey> {
    Ok(SigningKey::from_bytes(&*keys.derive(&format!("status passes: signing, {days} days, period {period}"))?))
}

/// The key that signs passes at a moment.
pub(super) fn signing(keys: &Keys, rules: &CodeRules, at: Timestamp) -> Result<SigningKey> {
    signing_of(keys, rules.status_key_days.value, period(at, key_ms(rules)))
}

/// The public keys of the period of a moment, the one before and the one after it: a gate that has no network at the
/// change goes on.
pub(super) fn published(keys: &Keys, rules: &CodeRules, at: Timestamp) -> Result<Vec<GateKey>> {
    let (now, length_ms) = (period(at, key_ms(rules)), key_ms(rules));
    let of = |period: i64| {
        let key = signing_of(keys, rules.status_key_days.value, period)?.verifying_key();
        let (from, until) = (period.saturating_mul(length_ms), period.saturating_add(1).saturating_mul(length_ms));
        Ok(GateKey { key: hex::encode(key.as_bytes()), from: Timestamp(from), until: Timestamp(until) })
    };
    (now - 1..=now + 1).map(of).collect()
}

/// By what a pass names its key.
pub(super) fn id_of(key: &VerifyingKey) -> [u8; KEY_ID_BYTES] {
    key.as_bytes().first_chunk().copied().unwrap_or_default()
}

fn list_key(keys: &Keys) -> Result<SigningKey> {
    Ok(SigningKey::from_bytes(&*keys.derive("status passes: list")?))
}

/// The public key by which a gate tells that a list is the office's, in hexadecimal.
pub(super) fn list_public(keys: &Keys) -> Result<String> {
    Ok(hex::encode(list_key(keys)?.verifying_key().as_bytes()))
}

/// Signs the text of a list.
pub(super) fn sign_list(keys: &Keys, text: &str) -> Result<String> {
    Ok(hex::encode(list_key(keys)?.sign(text.as_bytes()).to_bytes()))
}

/// Whether a list's text was signed with a key; all in the form they travel in.
pub(super) fn is_signed(key: &str, text: &str, signature: &str) -> bool {
    let read = || {
        let key: [u8; 32] = hex::decode(key).ok()?.try_into().ok()?;
        let signature: [u8; 64] = hex::decode(signature).ok()?.try_into().ok()?;
        let key = VerifyingKey::from_bytes(&key).ok()?;
        key.verify_strict(text.as_bytes(), &Signature::from_bytes(&signature)).ok()
    };
    read().is_some()
}

/// Makes the aliases of people: nobody can say from one whose it is, or that two of them are one person's.
pub(super) struct Aliases {
    key: zeroize::Zeroizing<[u8; 32]>,
    length_ms: i64,
}

impl Aliases {
    /// As the keys and the rules make them.
    pub(super) fn of(keys: &Keys, rules: &CodeRules) -> Result<Self> {
        Ok(Self { key: keys.derive("status passes: aliases")?, length_ms: holds_ms(rules) })
    }

    fn in_period(&self, person: PersonId, period: i64, colour: StatusColour) -> [u8; ALIAS_BYTES] {
        let mut hasher = blake3::Hasher::new_keyed(&self.key);
        hasher.update(&person.0.to_le_bytes());
        hasher.update(&period.to_le_bytes());
        hasher.update(&[colour.index() as u8]);
        hasher.finalize().as_bytes().first_chunk().copied().unwrap_or_default()
    }

    /// The alias on a pass that is issued at a moment.
    pub(super) fn at(&self, person: PersonId, at: Timestamp, colour: StatusColour) -> [u8; ALIAS_BYTES] {
        self.in_period(person, period(at, self.length_ms), colour)
    }

    /// The aliases on all passes with a better colour that may still hold at a moment.
    pub(super) fn outdated(&self, person: PersonId, now: Timestamp, colour: StatusColour) -> Vec<[u8; ALIAS_BYTES]> {
        let period = period(now, self.length_ms);
        let better = StatusColour::ALL.iter().filter(|other| **other < colour);
        better.flat_map(|other| [period - 1, period].map(|period| self.in_period(person, period, *other))).collect()
    }
}
