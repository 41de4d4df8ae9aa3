//! Keys of sheets. All are made from the vault's look-up key, outside the database: nothing of them is stored, every
//! server of the journal has the same, and a sheet that was issued stays good after a restart.

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use hmac::{Hmac, KeyInit, Mac};
use hpke::aead::AesGcm256;
use hpke::kdf::HkdfSha256;
use hpke::kem::X25519HkdfSha256;
use hpke::{Deserializable, Kem, OpModeR, OpModeS, Serializable};
use outpace_core::SheetId;
use outpace_store::vault::Keys;
use outpace_store::{Result, StoreError};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::model::SealedBox;

/// What a box is for: no box made for anything else opens here.
const INFO: &[u8] = b"outpace lane record 1";

type SecretKey = <X25519HkdfSha256 as Kem>::PrivateKey;
type SealKey = <X25519HkdfSha256 as Kem>::PublicKey;

fn broken(what: &str) -> StoreError {
    StoreError::Vault(what.to_owned())
}

fn signing(keys: &Keys) -> Result<SigningKey> {
    Ok(SigningKey::from_bytes(&*keys.derive("lane sheets: signing")?))
}

/// The public key by which a device tells that a sheet is the office's, in hexadecimal.
///
/// # Errors
/// When the vault's look-up key is missing.
pub fn public_key(keys: &Keys) -> Result<String> {
    Ok(hex::encode(signing(keys)?.verifying_key().as_bytes()))
}

/// Signs the text of a sheet.
pub(super) fn sign(keys: &Keys, text: &str) -> Result<String> {
    Ok(hex::encode(signing(keys)?.sign(text.as_bytes()).to_bytes()))
}

/// Whether a signature is the office's over a text; all three in the form they travel in.
#[must_use]
pub fn is_signed(key: &str, text: &str, signature: &str) -> bool {
    let read = || {
        let key: [u8; 32] = hex::decode(key).ok()?.try_into().ok()?;
        let signature: [u8; 64] = hex::decode(signature).ok()?.try_into().ok()?;
        let key = VerifyingKey::from_bytes(&key).ok()?;
        key.verify_strict(text.as_bytes(), &Signature::from_bytes(&signature)).ok()
    };
    read().is_some()
}

/// The key by which a sheet's records are signed.
pub(super) fn record_key(keys: &Keys, sheet: SheetId) -> Result<Zeroizing<[u8; 32]>> {
    keys.derive(&format!("lane sheets: records of {sheet}"))
}

/// The key of the marks on a sheet.
pub(super) fn mark_key(keys: &Keys, sheet: SheetId) -> Result<Zeroizing<[u8; 32]>> {
    keys.derive(&format!("lane sheets: marks of {sheet}"))
}

fn hmac(key: &[u8], text: &[u8]) -> Option<Hmac<Sha256>> {
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(key).ok()?;
    mac.update(text);
    Some(mac)
}

/// The signature of a record's text, in hexadecimal: what a device does.
#[must_use]
pub fn record_mac(key: &[u8], text: &str) -> String {
    hmac(key, text.as_bytes()).map(|mac| hex::encode(mac.finalize().into_bytes())).unwrap_or_default()
}

/// Whether a record's text was signed with a key.
pub(super) fn is_record(key: &[u8], text: &str, mac: &str) -> bool {
    let Ok(told) = hex::decode(mac) else { return false };
    hmac(key, text.as_bytes()).is_some_and(|mac| mac.verify_slice(&told).is_ok())
}

/// The mark of an identity number: two bytes, never 0, which stands for none.
pub(crate) fn mark(key: &[u8], number: &str) -> u16 {
    let whole = hmac(key, number.as_bytes()).map(|mac| mac.finalize().into_bytes());
    let mark = whole.and_then(|bytes| bytes.first_chunk::<2>().copied()).map_or(0, u16::from_be_bytes);
    mark.max(1)
}

fn secret(keys: &Keys) -> Result<SecretKey> {
    SecretKey::from_bytes(&*keys.derive("lane sheets: identities")?).map_err(|_| broken("no key for lane records"))
}

/// The key for which a device seals identities, in hexadecimal.
pub(super) fn seal_key(keys: &Keys) -> Result<String> {
    Ok(hex::encode(X25519HkdfSha256::sk_to_pk(&secret(keys)?).to_bytes()))
}

/// Binds a box to its record: one that is moved to another does not open.
fn bound(sheet: SheetId, device: &str, counter: i64) -> String {
    format!("{sheet}|{device}|{counter}")
}

/// Seals an identity for the office as a device does; the key as it stands on the sheet. `None` for a key that is none.
#[must_use]
pub fn seal(key: &str, (sheet, device, counter): (SheetId, &str, i64), plain: &[u8]) -> Option<SealedBox> {
    let key = SealKey::from_bytes(&hex::decode(key).ok()?).ok()?;
    let bound = bound(sheet, device, counter);
    let (encapped, text) = hpke::single_shot_seal::<AesGcm256, HkdfSha256, X25519HkdfSha256>(
        &OpModeS::Base,
        &key,
        INFO,
        plain,
        bound.as_bytes(),
    )
    .ok()?;
    Some(SealedBox { key: hex::encode(encapped.to_bytes()), text: hex::encode(text) })
}

/// Opens what a device sealed; `None` where it does not open.
pub(super) fn unseal(
    keys: &Keys,
    (sheet, device, counter): (SheetId, &str, i64),
    sealed: &SealedBox,
) -> Result<Option<Zeroizing<Vec<u8>>>> {
    Ok(open_box(&secret(keys)?, (sheet, device, counter), sealed).map(Zeroizing::new))
}

fn open_box(secret: &SecretKey, (sheet, device, counter): (SheetId, &str, i64), sealed: &SealedBox) -> Option<Vec<u8>> {
    let encapped = <X25519HkdfSha256 as Kem>::EncappedKey::from_bytes(&hex::decode(&sealed.key).ok()?).ok()?;
    let text = hex::decode(&sealed.text).ok()?;
    let bound = bound(sheet, device, counter);
    let (mode, aad) = (OpModeR::Base, bound.as_bytes());
    hpke::single_shot_open::<AesGcm256, HkdfSha256, X25519HkdfSha256>(&mode, secret, &encapped, INFO, &text, aad).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lanes::{LaneRecord, What, Who};

    #[test]
    fn what_the_page_signed_and_sealed_is_read_here() {
        let text = include_str!("../../../../web/fixtures/lane.json");
        let fixture: serde_json::Value = serde_json::from_str(text).unwrap();
        let word = |name: &str| fixture[name].as_str().unwrap();
        let key = hex::decode(word("record_key")).unwrap();
        assert!(is_record(&key, word("record"), word("mac")));
        assert!(!is_record(&key, &word("record").replace("QX-1", "QX-2"), word("mac")));
        let number = fixture["told"]["id_number"].as_str().unwrap();
        assert_eq!(i64::from(mark(&key, number)), fixture["number_mark"].as_i64().unwrap());
        let record: LaneRecord = serde_json::from_str(word("record")).unwrap();
        let What::Swab { who: Who::Sealed { sealed }, .. } = record.what else { panic!("a sealed swab") };
        let secret = SecretKey::from_bytes(&hex::decode(word("secret")).unwrap()).unwrap();
        assert_eq!(hex::encode(X25519HkdfSha256::sk_to_pk(&secret).to_bytes()), word("seal"));
        let place = (record.sheet, record.device.as_str(), record.counter);
        let plain = open_box(&secret, place, &sealed).unwrap();
        let told: serde_json::Value = serde_json::from_slice(&plain).unwrap();
        assert_eq!(told, fixture["told"]);
        assert_eq!(open_box(&secret, (record.sheet, "device-another", 1), &sealed), None);
    }
}
