//! Sign-in and what follows from it: renewing, signing out, another password. All are entries: what they answer may change
//! the cookie that the page holds.

use outpace_core::time::{HOUR_MS, MINUTE_MS};
use outpace_core::{Actor, ActorId, Refusal, Timestamp};
use outpace_store::{Tx, Unit};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zeroize::Zeroize;

use super::directory::{Doors, token_hash};
use super::facts::{AccountLocked, PasswordChanged, TokenEnded, TokenIssued, TokenRevoked};
use super::model::{OwnToken, SecondFactor, Signed, TokenHash, TokenKind};
use super::{enrolment, errors, password, store};
use crate::admit::{Caller, CookieChange};
use crate::office::{Call, Office};
use crate::routes::{Empty, Entered};
use crate::watch::{self, Attempt};

/// A renewed session's old token still stands for requests under way.
const PAGE_OVERLAP_MS: i64 = MINUTE_MS;
/// A device whose answer was lost on the way asks again with its old token.
const DEVICE_OVERLAP_MS: i64 = 15 * MINUTE_MS;
const TOKEN_BYTES: usize = 32;
/// Sign-ins that one account may have at the same time; the oldest makes room.
const SIGN_INS_MAX: usize = 32;

/// What somebody who signs in is given.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Keep {
    /// A token in the answer: programs.
    #[default]
    Token,
    /// A cookie that scripts cannot read: the page.
    Cookie,
}

impl Keep {
    /// What kind of token that is, for who asks.
    ///
    /// # Errors
    /// 403 where the page may be given no cookie.
    pub(super) fn kind(self, caller: &Caller) -> Result<TokenKind, Refusal> {
        match self {
            Self::Token => Ok(TokenKind::Program),
            Self::Cookie => caller.may_hold_cookie().map(|()| TokenKind::Page),
        }
    }
}

/// Name, password, and the code where a second factor is in use.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct SignIn {
    /// Login name.
    pub name: String,
    /// Password.
    pub password: String,
    /// The six digits that the authenticator shows.
    #[serde(default)]
    pub code: Option<String>,
    /// What to answer with.
    #[serde(default)]
    pub keep: Keep,
}

/// Nothing of a password stays in memory that was given back.
impl Drop for SignIn {
    fn drop(&mut self) {
        self.password.zeroize();
        self.code.zeroize();
    }
}

/// Who signed in, until when, and what is still to be done.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SignedIn {
    /// Send it as `Authorization: Bearer`; none where the page holds it in its cookie.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// Who signed in.
    pub actor: Actor,
    /// When it ends.
    pub expires_at: Timestamp,
    /// How it stands with the second factor.
    pub second_factor: SecondFactor,
}

/// Another password.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct ChangePassword {
    /// The present one.
    pub password: String,
    /// The new one, at least 12 characters.
    pub new_password: String,
}

impl Drop for ChangePassword {
    fn drop(&mut self) {
        self.password.zeroize();
        self.new_password.zeroize();
    }
}

/// Who is signed in, if anybody is.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct WhoAsks {
    /// Nobody where there is none.
    pub signed_in: Option<Own>,
}

/// Oneself, as the server knows it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Own {
    /// Who.
    pub actor: Actor,
    /// Login name or label.
    pub name: String,
    /// How it stands with the second factor.
    pub second_factor: SecondFactor,
    /// When this sign-in ends.
    pub expires_at: Timestamp,
    /// Minutes without a request after which the page's session ends.
    pub idle_minutes: u32,
    /// Every token of one's own that is good now.
    pub tokens: Vec<OwnToken>,
}

/// What stands in for the kept password of a name that nobody has, so that the answer takes as long.
const NOBODYS_PASSWORD: [u8; 48] = [0; 48];

/// A sign-in that may go on to the writer.
pub(super) struct Entering {
    actor: Actor,
    kind: TokenKind,
    /// The step of the code that was given.
    step: Option<i64>,
}

/// Checks name, password and code; beside the writer, since it takes long on purpose.
///
/// # Errors
/// 401 when name or password is wrong (neither the answer nor its time says which), or a code is missing or wrong; 429 to
/// who failed too often.
pub(super) fn check(
    office: &Office,
    caller: &Caller,
    call: &Call,
    tx: &mut Tx<'_>,
    request: SignIn,
) -> Result<Entering, Refusal> {
    let kind = request.keep.kind(caller)?;
    let attempt = office.watch.begin(&request.name, caller.address, call.now)?;
    let found = store::by_name(tx, &request.name)?;
    if let Some(found) = &found {
        let until = office.doors.read().locked.get(&found.actor.id).copied();
        if let Some(until) = until.filter(|until| !attempt.known && *until > call.now) {
            return Err(watch::locked(until.since(call.now)));
        }
    }
    let kept = found.as_ref().and_then(|found| found.password.as_deref()).unwrap_or(&NOBODYS_PASSWORD);
    let fits = password::fits(&request.password, kept)?;
    let Some(found) = found.filter(|found| found.password.is_some()) else { return Err(errors::wrong_sign_in()) };
    if !fits {
        failed(office, &found.actor, &attempt, call.now);
        return Err(errors::wrong_sign_in());
    }
    let step = match (&found.second_factor, &request.code) {
        (None, _) => None,
        (Some(_), None) => {
            office.watch.take_back(&attempt);
            return Err(errors::code_needed());
        }
        (Some(sealed), Some(code)) => {
            let step = enrolment::step(&office.store, &found.actor, sealed, code, (call.now, found.last_step))?;
            if step.is_none() {
                failed(office, &found.actor, &attempt, call.now);
                return Err(errors::wrong_code());
            }
            step
        }
    };
    office.watch.succeeded(&attempt, call.now);
    Ok(Entering { actor: found.actor, kind, step })
}

/// Records that an account is locked, once enough was tried in vain. Nobody waits for it: the time of the answer must not
/// tell that the account exists.
fn failed(office: &Office, actor: &Actor, attempt: &Attempt, now: Timestamp) {
    if attempt.failures < watch::LOCKED_FAILURES || attempt.known {
        return;
    }
    let until = Timestamp(now.0 + watch::WAIT_MS_MAX);
    let locked = AccountLocked { actor: actor.id, failures: attempt.failures, until };
    let record = move |unit: &mut Unit<'_>| unit.record(locked).map_err(Refusal::from);
    office.store.submit(&office.store.system(), record, |done| {
        if let Err(refusal) = done {
            tracing::error!(%refusal, "a locked account could not be recorded");
        }
    });
}

/// Hands out the token. A session that the browser offered is never taken over: it ends.
///
/// # Errors
/// 401 where the code was used meanwhile; what the store refused.
pub(super) fn enter(
    unit: &mut Unit<'_>,
    caller: &Caller,
    call: &Call,
    entering: Entering,
) -> Result<Entered<SignedIn>, Refusal> {
    let Entering { actor, kind, step } = entering;
    if let Some(step) = step
        && !store::use_step(unit, actor.id, step)?
    {
        return Err(errors::wrong_code());
    }
    clear_the_way(unit, caller, actor.id)?;
    let expires_at = Timestamp(unit.now().0 + i64::from(call.rules.profile.access.session_hours_max) * HOUR_MS);
    give(unit, call, &Token { actor: &actor, kind, second_factor: step.is_some(), expires_at, follows: None })
}

/// Ends the session that the browser offered, whoever's it was, and the oldest of an account that has as many as it may.
pub(super) fn clear_the_way(unit: &mut Unit<'_>, caller: &Caller, actor: ActorId) -> Result<(), Refusal> {
    if let Some(offered) = caller.signed.as_ref().filter(|signed| signed.kind == TokenKind::Page) {
        end(unit, offered)?;
    }
    make_room(unit, actor)
}

/// Ends the oldest sign-in of an account that has as many as it may.
fn make_room(unit: &mut Unit<'_>, actor: ActorId) -> Result<(), Refusal> {
    let now = unit.now();
    let oldest = unit.remembered(|doors: &Doors| doors.read().oldest_beyond(actor, now, SIGN_INS_MAX)).flatten();
    if let Some(hash) = oldest {
        unit.record(TokenEnded { actor, hash: hex::encode(hash) })?;
    }
    Ok(())
}

/// A token to be handed out.
pub(super) struct Token<'a> {
    pub(super) actor: &'a Actor,
    pub(super) kind: TokenKind,
    pub(super) second_factor: bool,
    pub(super) expires_at: Timestamp,
    /// The token that it renews, and when that ends.
    pub(super) follows: Option<(TokenHash, Timestamp)>,
}

/// Makes a token and records it.
pub(super) fn issue(unit: &mut Unit<'_>, call: &Call, token: &Token<'_>) -> Result<String, Refusal> {
    let secret = password::random_text(TOKEN_BYTES)?;
    let idle_ms = i64::from(call.rules.profile.access.session_idle_minutes) * MINUTE_MS;
    unit.record(TokenIssued {
        actor: token.actor.id,
        hash: hex::encode(token_hash(&secret)),
        expires_at: token.expires_at,
        kind: token.kind,
        idle_ms: (token.kind == TokenKind::Page).then_some(idle_ms),
        second_factor: token.second_factor,
        follows: token.follows.map(|(hash, _)| hex::encode(hash)),
        follows_until: token.follows.map(|(_, until)| until),
    })?;
    Ok(secret)
}

/// Makes a token and answers with it as its holder keeps it.
pub(super) fn give(unit: &mut Unit<'_>, call: &Call, token: &Token<'_>) -> Result<Entered<SignedIn>, Refusal> {
    let secret = issue(unit, call, token)?;
    let second_factor = state(call, token.actor, token.second_factor);
    let answer = |token_text| SignedIn {
        token: token_text,
        actor: token.actor.clone(),
        expires_at: token.expires_at,
        second_factor,
    };
    Ok(match token.kind {
        TokenKind::Page => Entered { answer: answer(None), cookie: CookieChange::Set(secret) },
        TokenKind::Program | TokenKind::Device => Entered { answer: answer(Some(secret)), cookie: CookieChange::Keep },
    })
}

fn state(call: &Call, actor: &Actor, given: bool) -> SecondFactor {
    let grave = call.rules.profile.access.second_factor_roles.contains(&actor.role);
    match (given, grave && actor.kind == outpace_core::ActorKind::Account) {
        (true, _) => SecondFactor::Given,
        (false, true) => SecondFactor::ToEnrol,
        (false, false) => SecondFactor::NotNeeded,
    }
}

fn end(unit: &mut Unit<'_>, signed: &Signed) -> Result<(), Refusal> {
    unit.record(TokenEnded { actor: signed.actor.id, hash: hex::encode(signed.hash) })?;
    Ok(())
}

/// For entries whose whole work is done on the writer.
#[allow(clippy::unnecessary_wraps, clippy::needless_pass_by_ref_mut)]
pub(super) fn as_asked<Q>(_: &Office, _: &Caller, _: &Call, _: &mut Tx<'_>, request: Q) -> Result<Q, Refusal> {
    Ok(request)
}

/// Renews a session or a device's token; the old one stands a little longer, for what is under way.
///
/// # Errors
/// 422 for a program, which signs in again.
pub(super) fn renew(unit: &mut Unit<'_>, caller: &Caller, call: &Call, _: Empty) -> Result<Entered<SignedIn>, Refusal> {
    let signed = caller.signed()?;
    let now = unit.now();
    let hours = i64::from(call.rules.profile.access.device_token_hours);
    let (expires_at, overlap_ms) = match signed.kind {
        // A session is renewed against sitting still, never beyond its end.
        TokenKind::Page => (signed.expires_at, PAGE_OVERLAP_MS),
        TokenKind::Device => (Timestamp(now.0 + hours * HOUR_MS), DEVICE_OVERLAP_MS),
        TokenKind::Program => return Err(errors::not_renewable()),
    };
    let follows = Some((signed.hash, Timestamp(now.0 + overlap_ms)));
    let (actor, kind, second_factor) = (&signed.actor, signed.kind, signed.second_factor);
    give(unit, call, &Token { actor, kind, second_factor, expires_at, follows })
}

/// Ends this sign-in.
///
/// # Errors
/// What the store refused.
pub(super) fn sign_out(unit: &mut Unit<'_>, caller: &Caller, _: &Call, _: Empty) -> Result<Entered<Empty>, Refusal> {
    end(unit, caller.signed()?)?;
    Ok(Entered { answer: Empty {}, cookie: CookieChange::Clear })
}

/// Ends every sign-in of one's own.
///
/// # Errors
/// What the store refused.
pub(super) fn sign_out_everywhere(
    unit: &mut Unit<'_>,
    caller: &Caller,
    _: &Call,
    _: Empty,
) -> Result<Entered<Empty>, Refusal> {
    unit.record(TokenRevoked { actor: caller.signed()?.actor.id })?;
    Ok(Entered { answer: Empty {}, cookie: CookieChange::Clear })
}

/// Checks the present password and seals the new one, beside the writer.
pub(super) fn check_password(
    office: &Office,
    caller: &Caller,
    call: &Call,
    tx: &mut Tx<'_>,
    request: ChangePassword,
) -> Result<Vec<u8>, Refusal> {
    let actor = &caller.signed()?.actor;
    let found = store::found(tx, actor.id)?.and_then(|found| found.password).ok_or_else(errors::no_password)?;
    let name = store::name_of(tx, actor.id)?.unwrap_or_default();
    let attempt = office.watch.begin(&name, caller.address, call.now)?;
    if !password::fits(&request.password, &found)? {
        failed(office, actor, &attempt, call.now);
        return Err(errors::wrong_password());
    }
    office.watch.take_back(&attempt);
    password::long_enough("new_password", &request.new_password)?;
    if request.new_password == request.password {
        return Err(errors::same_password());
    }
    Ok(password::seal(&request.new_password)?)
}

/// Changes the password; every other sign-in ends, this one goes on under another token.
///
/// # Errors
/// What the store refused.
pub(super) fn change_password(
    unit: &mut Unit<'_>,
    caller: &Caller,
    call: &Call,
    sealed: Vec<u8>,
) -> Result<Entered<SignedIn>, Refusal> {
    let signed = caller.signed()?;
    let actor = &signed.actor;
    store::keep_password(unit, actor.id, &sealed)?;
    unit.record(PasswordChanged { actor: actor.id, reason: None })?;
    unit.record(TokenRevoked { actor: actor.id })?;
    let (kind, second_factor, expires_at) = (signed.kind, signed.second_factor, signed.expires_at);
    give(unit, call, &Token { actor, kind, second_factor, expires_at, follows: None })
}

/// Who one is, and where one is signed in. Open to everyone: a page that was just opened asks whether anybody is.
///
/// # Errors
/// What the store refused.
pub(super) fn own(
    office: &Office,
    caller: &Caller,
    call: &Call,
    tx: &mut Tx<'_>,
    _: Empty,
) -> Result<WhoAsks, Refusal> {
    let Some(signed) = &caller.signed else { return Ok(WhoAsks { signed_in: None }) };
    let own = Own {
        actor: signed.actor.clone(),
        name: store::name_of(tx, signed.actor.id)?.unwrap_or_default(),
        second_factor: state(call, &signed.actor, signed.second_factor),
        expires_at: signed.expires_at,
        idle_minutes: call.rules.profile.access.session_idle_minutes,
        tokens: office.doors.read().tokens_of(signed.actor.id, call.now, Some(&signed.hash)),
    };
    Ok(WhoAsks { signed_in: Some(own) })
}
