//! The second factor: a secret that the server shares with an authenticator app, sealed under a key made from the vault's,
//! shown once. What was set up counts from the first code on.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use outpace_core::{Actor, ActorKind, Refusal, Timestamp};
use outpace_store::vault::Keys;
use outpace_store::{Store, StoreError, Unit};
use qrcode::{Color, EcLevel, QrCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zeroize::Zeroizing;

use super::facts::{SecondFactorEnrolled, TokenRevoked};
use super::session::{self, SignedIn, Token};
use super::{errors, store, totp};
use crate::admit::{Caller, CookieChange};
use crate::office::Call;
use crate::routes::{Empty, Entered};

/// What the key is for: nothing sealed for anything else opens with it.
const PURPOSE: &str = "access: second factors";
const NONCE_BYTES: usize = 24;

/// What an authenticator app needs, shown this once.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct Enrolment {
    /// The secret in base32, to be typed where there is no camera.
    pub secret: String,
    /// The same as an address that apps read (`otpauth://totp/…`).
    pub address: String,
    /// The address as a QR code: how many modules a side has, without the margin.
    pub qr_size: usize,
    /// Its dark modules as the path of an SVG, one unit each.
    pub qr_path: String,
}

/// The first code of a new authenticator.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct ConfirmEnrolment {
    /// The six digits that it shows.
    pub code: String,
}

fn broken(what: &str) -> StoreError {
    StoreError::Vault(what.to_owned())
}

fn cipher(keys: &Keys) -> Result<XChaCha20Poly1305, StoreError> {
    let key = keys.derive(PURPOSE)?;
    XChaCha20Poly1305::new_from_slice(&*key).map_err(|_| broken("a key has a wrong length"))
}

/// Seals a secret for its account: it opens for no other.
fn seal(keys: &Keys, actor: &Actor, secret: &[u8]) -> Result<Vec<u8>, StoreError> {
    let mut nonce = [0_u8; NONCE_BYTES];
    getrandom::fill(&mut nonce).map_err(|error| broken(&format!("no randomness: {error}")))?;
    let bound = actor.id.0.to_le_bytes();
    let sealed = cipher(keys)?
        .encrypt(&XNonce::from(nonce), Payload { msg: secret, aad: &bound })
        .map_err(|_| broken("sealing failed"))?;
    Ok([&nonce[..], &sealed].concat())
}

fn unseal(keys: &Keys, actor: &Actor, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, StoreError> {
    let damaged = || broken("a second factor does not open with this folder's keys");
    let (nonce, body) = sealed.split_first_chunk::<NONCE_BYTES>().ok_or_else(damaged)?;
    let bound = actor.id.0.to_le_bytes();
    let plain = cipher(keys)?.decrypt(&XNonce::from(*nonce), Payload { msg: body, aad: &bound });
    plain.map(Zeroizing::new).map_err(|_| damaged())
}

/// The step whose code was given, where it fits an account's sealed secret at a moment and was not used yet.
pub(super) fn step(
    store: &Store,
    actor: &Actor,
    sealed: &[u8],
    code: &str,
    (now, last_used): (Timestamp, i64),
) -> Result<Option<i64>, Refusal> {
    let secret = unseal(store.keys(), actor, sealed)?;
    Ok(totp::fitting_step(&secret, code, now, last_used))
}

/// Makes a secret and shows it. Asked again before the first code, it makes another one.
///
/// # Errors
/// 409 where a second factor is in use: another administrator takes it back first. 422 for a device.
pub(super) fn enrol(
    unit: &mut Unit<'_>,
    caller: &Caller,
    call: &Call,
    _: Empty,
) -> Result<Entered<Enrolment>, Refusal> {
    let actor = &caller.signed()?.actor;
    if actor.kind != ActorKind::Account {
        return Err(errors::no_password());
    }
    if store::has_second_factor(unit.tx(), actor.id)? {
        return Err(errors::enrolled_already());
    }
    let mut secret = Zeroizing::new([0_u8; totp::SECRET_BYTES]);
    getrandom::fill(&mut *secret).map_err(|error| broken(&format!("no randomness: {error}")))?;
    let sealed = seal(unit.keys(), actor, &*secret)?;
    store::keep_secret(unit, actor.id, &sealed)?;
    let name = store::name_of(unit.tx(), actor.id)?.unwrap_or_default();
    let mark = if call.drill { " drill" } else { "" };
    let address = totp::address(&*secret, &format!("Outpace {}{mark}", call.rules.profile.area), &name);
    let code = QrCode::with_error_correction_level(&address, EcLevel::M).map_err(|error| broken(&error.to_string()))?;
    let answer = Enrolment { secret: totp::base32(&*secret), qr_size: code.width(), qr_path: path(&code), address };
    Ok(Entered { answer, cookie: CookieChange::Keep })
}

/// The dark modules, row by row, runs of neighbours as one rectangle.
fn path(code: &QrCode) -> String {
    let (width, colors) = (code.width(), code.to_colors());
    let mut told = String::new();
    for (row, line) in colors.chunks(width).enumerate() {
        let mut column = 0;
        while column < width {
            let run = line[column..].iter().take_while(|color| **color == Color::Dark).count();
            if run > 0 {
                told.push_str(&format!("M{column} {row}h{run}v1h-{run}z"));
            }
            column += run.max(1);
        }
    }
    told
}

/// Takes the first code: from now on the account signs in with one. Every sign-in from before ends; this one goes on under
/// another token, which has the second factor.
///
/// # Errors
/// 401 where the code does not fit; 409 where nothing was set up or something is in use already.
pub(super) fn confirm(
    unit: &mut Unit<'_>,
    caller: &Caller,
    call: &Call,
    request: ConfirmEnrolment,
) -> Result<Entered<SignedIn>, Refusal> {
    let signed = caller.signed()?;
    let actor = &signed.actor;
    if store::has_second_factor(unit.tx(), actor.id)? {
        return Err(errors::enrolled_already());
    }
    let sealed = store::secret(unit.tx(), actor.id)?.ok_or_else(errors::nothing_enrolled)?;
    let secret = unseal(unit.keys(), actor, &sealed)?;
    let step = totp::fitting_step(&secret, &request.code, unit.now(), 0).ok_or_else(errors::wrong_code)?;
    if !store::use_step(unit, actor.id, step)? {
        return Err(errors::wrong_code());
    }
    unit.record(SecondFactorEnrolled { actor: actor.id })?;
    unit.record(TokenRevoked { actor: actor.id })?;
    let (kind, expires_at) = (signed.kind, signed.expires_at);
    session::give(unit, call, &Token { actor, kind, second_factor: true, expires_at, follows: None })
}
