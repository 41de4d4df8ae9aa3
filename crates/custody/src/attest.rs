//! The attestation of a destruction: what, how many, which keys, when, by whom, signed so that a third party can check it.
//!
//! A file of JSON with the statement as a text, the public key, and an Ed25519 signature over that text: any tool can check
//! it. The key is made of the vault's root key; the public one stands at `/api/custody/attestation-key`, so that a witness
//! can write it down beforehand.

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use outpace_access::actors;
use outpace_core::{ActorId, AreaId, Timestamp};
use outpace_store::destroy::Destroyed;
use outpace_store::{Keys, Result, StoreError, Tx};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The shape of a statement.
pub const FORMAT: i64 = 2;
const PURPOSE: &str = "attestations of destruction: signing";

/// Who did something, by function.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Who {
    /// The account's number.
    pub id: ActorId,
    /// The name it signs in with: a function, no person's name.
    pub account: String,
}

impl Who {
    pub(crate) fn of(tx: &mut Tx<'_>, id: ActorId) -> Result<Self> {
        Ok(Self { id, account: actors::name_of(tx, id)?.unwrap_or_default() })
    }
}

/// What is attested.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    /// [`FORMAT`].
    pub format: i64,
    /// Whose journal.
    pub area: AreaId,
    /// Whether it is a drill's.
    pub drill: bool,
    /// The order's number.
    pub order: i64,
    /// Why, in the officer's words.
    pub reason: String,
    /// Who ordered it.
    pub ordered_by: Who,
    /// When.
    pub ordered_at: Timestamp,
    /// Who carried it out.
    pub carried_out_by: Who,
    /// When.
    pub carried_out_at: Timestamp,
    /// When keys, memory and files were clean too; a statement of format 1 does not say it.
    #[serde(default)]
    pub finished_at: Option<Timestamp>,
    /// Facts and values of these parts that were still found afterwards.
    pub rows_left: i64,
    /// The number of the fact that says so.
    pub seq: i64,
    /// The journal's hash at that fact: it stands in the chain for ever.
    pub hash: String,
    /// What was destroyed, how many, under which keys; counts for science.
    pub what: Destroyed,
}

/// A statement with its signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Attestation {
    /// A [`Statement`] as JSON; the signature is over these bytes.
    pub statement: String,
    /// The public key, 64 hexadecimal digits.
    pub key: String,
    /// The signature, 128 hexadecimal digits.
    pub signature: String,
}

fn signing(keys: &Keys) -> Result<SigningKey> {
    Ok(SigningKey::from_bytes(&*keys.derive(PURPOSE)?))
}

/// The public key of this journal's attestations, in hexadecimal.
///
/// # Errors
/// When the vault's root key is missing.
pub fn public_key(keys: &Keys) -> Result<String> {
    Ok(hex::encode(signing(keys)?.verifying_key().as_bytes()))
}

/// Signs a statement.
///
/// # Errors
/// When the vault's root key is missing.
pub fn sign(keys: &Keys, statement: &Statement) -> Result<Attestation> {
    let statement = serde_json::to_string(statement)
        .map_err(|source| StoreError::Payload { kind: "attestation".to_owned(), source })?;
    let key = signing(keys)?;
    let signature = hex::encode(key.sign(statement.as_bytes()).to_bytes());
    Ok(Attestation { statement, key: hex::encode(key.verifying_key().as_bytes()), signature })
}

impl Attestation {
    /// The statement, if the signature is the key's over it; and the key is the one that was written down, where one is given.
    #[must_use]
    pub fn checked(&self, known_key: Option<&str>) -> Option<Statement> {
        if known_key.is_some_and(|known| !known.trim().eq_ignore_ascii_case(&self.key)) {
            return None;
        }
        let key: [u8; 32] = hex::decode(&self.key).ok()?.try_into().ok()?;
        let signature: [u8; 64] = hex::decode(&self.signature).ok()?.try_into().ok()?;
        let key = VerifyingKey::from_bytes(&key).ok()?;
        key.verify_strict(self.statement.as_bytes(), &Signature::from_bytes(&signature)).ok()?;
        serde_json::from_str(&self.statement).ok()
    }
}
