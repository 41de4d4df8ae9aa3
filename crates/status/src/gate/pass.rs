//! A pass as it travels, and what a gate makes of it. Verifying needs no store, no clock and no network.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use outpace_core::time::MINUTE_MS;
use outpace_core::{Text, Timestamp};
use outpace_policy::{Closed, StatusColour};

use super::keys::{KEY_ID_BYTES, id_of};
use super::list::GateList;

/// What the text of a pass begins with.
pub const PASS_HEAD: &str = "OPS1.";
/// Bytes of an alias.
pub const ALIAS_BYTES: usize = 8;
/// What is signed begins with this, so that no signature made for anything else is one of a pass.
const CONTEXT: &[u8] = b"outpace status pass 1";
/// Version, key, alias, colour, minute of the last negative, minute of issue, minutes that it holds.
const BODY_BYTES: usize = 1 + KEY_ID_BYTES + ALIAS_BYTES + 1 + 4 + 4 + 2;
const SIGNATURE_BYTES: usize = 64;
const VERSION: u8 = 1;
/// How far ahead of the gate's clock a pass may be issued, milliseconds: telephones' clocks are no better.
const AHEAD_MS_MAX: i64 = 5 * MINUTE_MS;

/// What a pass says. Nothing in it names a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatusPass {
    /// Whose, without saying so.
    pub alias: [u8; ALIAS_BYTES],
    /// The colour when it was issued.
    pub colour: StatusColour,
    /// When the last sample that was found negative was taken, to the minute.
    pub last_negative_at: Option<Timestamp>,
    /// When it was issued, to the minute.
    pub issued_at: Timestamp,
    /// Minutes that it holds from then on.
    pub minutes: u16,
}

fn minute(at: Timestamp) -> u32 {
    u32::try_from(at.0.div_euclid(MINUTE_MS).max(0)).unwrap_or(u32::MAX)
}

fn moment(minute: u32) -> Timestamp {
    Timestamp(i64::from(minute) * MINUTE_MS)
}

impl StatusPass {
    /// When it ends.
    #[must_use]
    pub fn ends_at(&self) -> Timestamp {
        self.issued_at.plus_minutes(i64::from(self.minutes))
    }

    fn body(&self, key: [u8; KEY_ID_BYTES]) -> Vec<u8> {
        let mut body = Vec::with_capacity(BODY_BYTES + SIGNATURE_BYTES);
        body.push(VERSION);
        body.extend(key);
        body.extend(self.alias);
        body.push(self.colour.index() as u8);
        body.extend(self.last_negative_at.map_or(0, minute).to_be_bytes());
        body.extend(minute(self.issued_at).to_be_bytes());
        body.extend(self.minutes.to_be_bytes());
        body
    }

    fn read(body: &[u8; BODY_BYTES]) -> Option<([u8; KEY_ID_BYTES], Self)> {
        let (version, rest) = body.split_first()?;
        let (key, rest) = rest.split_first_chunk::<KEY_ID_BYTES>()?;
        let (alias, rest) = rest.split_first_chunk::<ALIAS_BYTES>()?;
        let (colour, rest) = rest.split_first()?;
        let (negative, rest) = rest.split_first_chunk::<4>()?;
        let (issued, rest) = rest.split_first_chunk::<4>()?;
        let minutes = u16::from_be_bytes(*rest.first_chunk::<2>()?);
        let negative = u32::from_be_bytes(*negative);
        let pass = Self {
            alias: *alias,
            colour: *StatusColour::ALL.get(usize::from(*colour))?,
            last_negative_at: (negative != 0).then(|| moment(negative)),
            issued_at: moment(u32::from_be_bytes(*issued)),
            minutes,
        };
        (*version == VERSION).then_some((*key, pass))
    }

    /// The pass as a text for a QR code, signed.
    #[must_use]
    pub fn signed(&self, key: &SigningKey) -> String {
        let mut bytes = self.body(id_of(&key.verifying_key()));
        let signature = key.sign(&signed_bytes(&bytes));
        bytes.extend(signature.to_bytes());
        format!("{PASS_HEAD}{}", URL_SAFE_NO_PAD.encode(bytes))
    }
}

fn signed_bytes(body: &[u8]) -> Vec<u8> {
    [CONTEXT, body].concat()
}

/// Why a gate does not take a pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum GateRefusal {
    /// No pass at all.
    #[error("no pass")]
    NoPass,
    /// Signed with a key that the gate's list does not have, or not for the time of the pass.
    #[error("unknown key")]
    UnknownKey,
    /// The signature is not over what stands there.
    #[error("wrong signature")]
    WrongSignature,
    /// Issued after now by the gate's clock.
    #[error("not yet issued")]
    NotYet,
    /// Its time is over.
    #[error("over")]
    Over,
    /// The person's colour has become worse since.
    #[error("revoked")]
    Revoked,
}

impl GateRefusal {
    /// What the keeper reads, and what to do.
    #[must_use]
    pub fn text(self) -> Text {
        match self {
            Self::NoPass => Text::new("这不是状态码,请让对方出示状态码。", "This is no status code; ask for it."),
            Self::UnknownKey => Text::new(
                "无法核验签名密钥:请连网更新核验清单后再扫。",
                "The key is not known here: go online, fetch the list, scan again.",
            ),
            Self::WrongSignature => Text::new(
                "签名不符,此码不是系统签发的。",
                "The signature is wrong: this code was not issued by the office.",
            ),
            Self::NotYet => Text::new(
                "签发时间晚于本机时钟,请核对本机时间。",
                "It was issued after now: check this device's clock.",
            ),
            Self::Over => Text::new("此码已过期,请刷新后再出示。", "This code is over; ask for a new one."),
            Self::Revoked => Text::new(
                "此码已作废:状态有变化,请刷新后再出示。",
                "This code no longer counts: the status has changed; ask for a new one.",
            ),
        }
    }
}

/// What a gate makes of a text with a list that it fetched before: the pass, or why not. The list was checked when it came.
///
/// # Errors
/// Why the gate does not take it.
pub fn verify(text: &str, list: &GateList, now: Timestamp) -> Result<StatusPass, GateRefusal> {
    let coded = text.trim().strip_prefix(PASS_HEAD).ok_or(GateRefusal::NoPass)?;
    let bytes = URL_SAFE_NO_PAD.decode(coded).map_err(|_| GateRefusal::NoPass)?;
    let (body, signature) = bytes.split_first_chunk::<BODY_BYTES>().ok_or(GateRefusal::NoPass)?;
    let signature: [u8; SIGNATURE_BYTES] = signature.try_into().map_err(|_| GateRefusal::NoPass)?;
    let (id, pass) = StatusPass::read(body).ok_or(GateRefusal::NoPass)?;
    let named = |key: &VerifyingKey| id_of(key) == id;
    let during = list.keys.iter().filter(|key| key.from <= pass.issued_at && pass.issued_at < key.until);
    let key = during.filter_map(|key| key.public()).find(named).ok_or(GateRefusal::UnknownKey)?;
    key.verify_strict(&signed_bytes(body), &Signature::from_bytes(&signature))
        .map_err(|_| GateRefusal::WrongSignature)?;
    if pass.issued_at.since(now) > AHEAD_MS_MAX {
        return Err(GateRefusal::NotYet);
    }
    if now >= pass.ends_at() {
        return Err(GateRefusal::Over);
    }
    if list.revokes(&pass.alias) { Err(GateRefusal::Revoked) } else { Ok(pass) }
}
