//! What accounts, devices and their tokens are.

use outpace_core::{Actor, ActorId, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// BLAKE3 of a token: what is kept of it, and by what it is found. Equal hashes are compared; the token itself never is,
/// so that the time of a look-up tells nothing of it.
pub type TokenHash = [u8; 32];

/// Who holds a token.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TokenKind {
    /// A program that signed in for a person.
    #[default]
    Program,
    /// A browser, in a cookie that its scripts cannot read.
    Page,
    /// A lane, a vehicle, a laboratory, a post.
    Device,
}

/// Of what kind the one thing is that a device is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PostKind {
    /// A sampling site, with its lanes.
    Site,
    /// A lane.
    Lane,
    /// A laboratory.
    Laboratory,
    /// A vehicle.
    Vehicle,
}

/// The one thing that a device is for: it acts for no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Post {
    /// Of what kind.
    pub kind: PostKind,
    /// Its id.
    pub id: i64,
}

/// How it stands with somebody's second factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SecondFactor {
    /// The role needs none and none was set up.
    NotNeeded,
    /// It was given.
    Given,
    /// The role needs one: until it is set up, nothing else can be done.
    ToEnrol,
}

/// Whose token came with a request, and what it is good for.
#[derive(Debug, Clone)]
pub struct Signed {
    /// Who acts.
    pub actor: Actor,
    /// By which token.
    pub hash: TokenHash,
    /// Who holds it.
    pub kind: TokenKind,
    /// Whether a second factor was given for it.
    pub second_factor: bool,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// An account or a device, as an administrator sees it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Listed {
    /// Who.
    pub actor: Actor,
    /// Login name or label.
    pub name: String,
    /// The one thing that a device is for.
    pub post: Option<Post>,
    /// Whether it may no longer act.
    pub disabled: bool,
    /// Whether it signs in with a second factor.
    pub second_factor: bool,
    /// Until when nobody signs in as it, because somebody tried too often.
    pub locked_until: Option<Timestamp>,
    /// When it was last heard, as far as this server knows.
    pub last_seen: Option<Timestamp>,
    /// When its last token ends; none where it has none.
    pub token_until: Option<Timestamp>,
}

/// One token of one's own.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct OwnToken {
    /// Its name: the first letters of its hash.
    pub token: String,
    /// Who holds it.
    pub kind: TokenKind,
    /// Since when.
    pub issued_at: Timestamp,
    /// When it was last heard, as far as this server knows.
    pub last_seen: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// Whether it is the one that asks.
    pub this: bool,
}

/// Who is in a list: everything that is named of an actor beside who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Whom {
    /// Whose.
    pub actor: ActorId,
}
