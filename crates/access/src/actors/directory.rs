//! Who may act now, in memory: it answers each request without waiting for the writer.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use outpace_core::{Actor, ActorId, Timestamp};
use parking_lot::RwLock;

use super::facts::TokenIssued;
use super::model::{OwnToken, Post, Signed, TokenHash, TokenKind};

/// A token as it is kept: everything but the token.
pub(crate) struct Held {
    pub(crate) actor: ActorId,
    pub(crate) kind: TokenKind,
    pub(crate) second_factor: bool,
    pub(crate) issued_at: Timestamp,
    pub(crate) expires_at: Timestamp,
    pub(crate) idle_ms: Option<i64>,
    pub(crate) follows: Option<TokenHash>,
    /// When a request last came with it; not a fact, and each server knows its own.
    pub(crate) seen: AtomicI64,
}

impl Held {
    pub(crate) fn of(fact: &TokenIssued, at: Timestamp) -> Self {
        Self {
            actor: fact.actor,
            kind: fact.kind,
            second_factor: fact.second_factor,
            issued_at: at,
            expires_at: fact.expires_at,
            idle_ms: fact.idle_ms,
            follows: fact.follows.as_deref().and_then(read_hash),
            seen: AtomicI64::new(at.0),
        }
    }

    fn is_good(&self, now: Timestamp) -> bool {
        let idle = now.0.saturating_sub(self.seen.load(Ordering::Relaxed));
        now < self.expires_at && self.idle_ms.is_none_or(|most| idle < most)
    }
}

/// An actor who may act.
pub(crate) struct Known {
    pub(crate) actor: Actor,
    pub(crate) post: Option<Post>,
}

/// Good tokens and whose they are.
#[derive(Default)]
pub struct Directory {
    pub(crate) actors: HashMap<ActorId, Known>,
    pub(crate) tokens: HashMap<TokenHash, Held>,
    pub(crate) locked: HashMap<ActorId, Timestamp>,
}

/// The directory as an office keeps it: under a lock of its own, so that no request waits for the writer.
pub(crate) type Doors = Arc<RwLock<Directory>>;

/// The hash under which a token is known.
pub(crate) fn token_hash(token: &str) -> TokenHash {
    *blake3::hash(token.as_bytes()).as_bytes()
}

/// A hash as facts and tables write it.
pub(crate) fn read_hash(text: &str) -> Option<TokenHash> {
    hex::decode(text).ok()?.try_into().ok()
}

/// The name of a token in lists: enough to tell one's own apart, and nothing to get in with.
fn short(hash: &TokenHash) -> String {
    hex::encode(&hash[..6])
}

impl Directory {
    /// A token was handed out; what it renews ends soon, and what else renewed that ends now.
    pub(crate) fn issued(&mut self, fact: &TokenIssued, at: Timestamp) {
        let Some(hash) = read_hash(&fact.hash) else { return };
        let held = Held::of(fact, at);
        self.tokens.retain(|_, other| {
            let ended = other.actor == fact.actor && other.expires_at <= at;
            let sibling = held.follows.is_some() && other.follows == held.follows;
            !ended && !sibling
        });
        let renewed = held.follows.and_then(|hash| self.tokens.get_mut(&hash));
        if let (Some(renewed), Some(until)) = (renewed, fact.follows_until) {
            renewed.expires_at = renewed.expires_at.min(until);
        }
        self.tokens.insert(hash, held);
    }

    pub(crate) fn forget_tokens(&mut self, actor: ActorId) {
        self.tokens.retain(|_, held| held.actor != actor);
    }

    /// Whose token it is, if it is good now; notes that it was heard.
    pub(crate) fn admit(&self, hash: &TokenHash, now: Timestamp) -> Option<Signed> {
        let signed = self.look(hash, now)?;
        self.tokens.get(hash)?.seen.fetch_max(now.0, Ordering::Relaxed);
        Some(signed)
    }

    /// Whose token it is, if it is good now.
    pub(crate) fn look(&self, hash: &TokenHash, now: Timestamp) -> Option<Signed> {
        let held = self.tokens.get(hash).filter(|held| held.is_good(now))?;
        let known = self.actors.get(&held.actor)?;
        Some(Signed {
            actor: known.actor.clone(),
            hash: *hash,
            kind: held.kind,
            second_factor: held.second_factor,
            expires_at: held.expires_at,
        })
    }

    /// The oldest token of an actor who has so many that are good.
    pub(crate) fn oldest_beyond(&self, actor: ActorId, now: Timestamp, most: usize) -> Option<TokenHash> {
        let good = || self.tokens.iter().filter(|(_, held)| held.actor == actor && held.is_good(now));
        let full = good().count() >= most;
        full.then(|| good().min_by_key(|(hash, held)| (held.issued_at, **hash)).map(|(hash, _)| *hash)).flatten()
    }

    /// Tokens of an actor that are good now, the newest first.
    pub(crate) fn tokens_of(&self, actor: ActorId, now: Timestamp, this: Option<&TokenHash>) -> Vec<OwnToken> {
        let good = self.tokens.iter().filter(|(_, held)| held.actor == actor && held.is_good(now));
        let mut own: Vec<OwnToken> = good
            .map(|(hash, held)| OwnToken {
                token: short(hash),
                kind: held.kind,
                issued_at: held.issued_at,
                last_seen: Timestamp(held.seen.load(Ordering::Relaxed)),
                expires_at: held.expires_at,
                this: this == Some(hash),
            })
            .collect();
        own.sort_by_key(|token| std::cmp::Reverse((token.issued_at, token.token.clone())));
        own
    }
}
