//! What happened to accounts, devices and their tokens.

use outpace_core::{Actor, ActorId, Timestamp};
use outpace_store::Fact;
use serde::{Deserialize, Serialize};

use super::model::{Post, TokenKind};

/// An account or device was set up. `name` is a login or a label ("lane 3"), never a person's name.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ActorAdded {
    /// Who they are from now on.
    pub actor: Actor,
    /// Login name or device label; unique.
    pub name: String,
    /// The one lane, site, vehicle or laboratory that a device is for.
    #[serde(default)]
    pub post: Option<Post>,
}

impl Fact for ActorAdded {
    const KIND: &'static str = "access.actor_added";
}

/// An account or device may no longer act.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ActorDisabled {
    /// Whose.
    pub actor: ActorId,
    /// Why.
    pub reason: String,
}

impl Fact for ActorDisabled {
    const KIND: &'static str = "access.actor_disabled";
}

/// A token was handed out. Only its hash is known here; the token itself was shown once.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TokenIssued {
    /// Whose.
    pub actor: ActorId,
    /// BLAKE3 of the token, as hex. The token has 256 random bits, so that its hash tells nothing.
    pub hash: String,
    /// When it ends, whatever is done with it.
    pub expires_at: Timestamp,
    /// Who holds it.
    #[serde(default)]
    pub kind: TokenKind,
    /// Milliseconds without a request after which it ends as well.
    #[serde(default)]
    pub idle_ms: Option<i64>,
    /// Whether a second factor was given for it.
    #[serde(default)]
    pub second_factor: bool,
    /// The hash of the token that it renews.
    #[serde(default)]
    pub follows: Option<String>,
    /// When the renewed token ends.
    #[serde(default)]
    pub follows_until: Option<Timestamp>,
}

impl Fact for TokenIssued {
    const KIND: &'static str = "access.token_issued";
}

/// One token ended before its time: somebody signed out, or signed in anew.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TokenEnded {
    /// Whose.
    pub actor: ActorId,
    /// Its hash.
    pub hash: String,
}

impl Fact for TokenEnded {
    const KIND: &'static str = "access.token_ended";
}

/// All tokens of an actor ended.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TokenRevoked {
    /// Whose.
    pub actor: ActorId,
}

impl Fact for TokenRevoked {
    const KIND: &'static str = "access.token_revoked";
}

/// An account has another password.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PasswordChanged {
    /// Whose.
    pub actor: ActorId,
    /// Why, where it was not its holder who changed it but somebody at the machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Fact for PasswordChanged {
    const KIND: &'static str = "access.password_changed";
}

/// An account signs in with a second factor from now on. The secret stands sealed beside the password, not here.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SecondFactorEnrolled {
    /// Whose.
    pub actor: ActorId,
}

impl Fact for SecondFactorEnrolled {
    const KIND: &'static str = "access.second_factor_enrolled";
}

/// An account's second factor was taken back, because its holder lost it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SecondFactorReset {
    /// Whose.
    pub actor: ActorId,
    /// Why.
    pub reason: String,
}

impl Fact for SecondFactorReset {
    const KIND: &'static str = "access.second_factor_reset";
}

/// Somebody tried too often to sign in as an account.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AccountLocked {
    /// Whose.
    pub actor: ActorId,
    /// How often in a row.
    pub failures: u32,
    /// Until when nobody signs in, save from where the account has signed in before.
    pub until: Timestamp,
}

impl Fact for AccountLocked {
    const KIND: &'static str = "access.account_locked";
}

/// An administrator lets an account in again.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AccountUnlocked {
    /// Whose.
    pub actor: ActorId,
}

impl Fact for AccountUnlocked {
    const KIND: &'static str = "access.account_unlocked";
}
