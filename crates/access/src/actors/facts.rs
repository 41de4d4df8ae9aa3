//! What happened to accounts, devices and their tokens.

use outpace_core::{Actor, ActorId, Timestamp};
use outpace_store::Fact;
use serde::{Deserialize, Serialize};

/// An account or device was set up. `name` is a login or a label ("lane 3"), never a person's name.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ActorAdded {
    /// Who they are from now on.
    pub actor: Actor,
    /// Login name or device label; unique.
    pub name: String,
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
    /// When it ends.
    pub expires_at: Timestamp,
}

impl Fact for TokenIssued {
    const KIND: &'static str = "access.token_issued";
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
