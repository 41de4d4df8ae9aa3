//! What a gate fetches while it has a network: public keys, and the aliases that count no longer.

use std::collections::BTreeSet;

use ed25519_dalek::VerifyingKey;
use outpace_core::time::HOUR_MS;
use outpace_core::{AreaId, Timestamp};
use outpace_policy::Pack;
use outpace_store::Result;
use outpace_store::vault::Keys;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::keys::{Aliases, holds_ms, published};
use super::pass::ALIAS_BYTES;
use crate::board::Board;

/// What a list's text says it is.
pub const LIST_FORMAT: &str = "outpace-gate-list/1";
/// How long after it began a measure may be recorded and still revoke passes, milliseconds: reports come within a day.
const RECORDED_LATE_MS_MAX: i64 = 24 * HOUR_MS;

/// A public key and the time in which it signs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GateKey {
    /// Ed25519, 64 hexadecimal digits.
    pub key: String,
    /// From when on.
    pub from: Timestamp,
    /// Until when.
    pub until: Timestamp,
}

impl GateKey {
    pub(super) fn public(&self) -> Option<VerifyingKey> {
        let bytes: [u8; 32] = hex::decode(&self.key).ok()?.try_into().ok()?;
        VerifyingKey::from_bytes(&bytes).ok()
    }
}

/// Everything that a gate needs to go on without a network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GateList {
    /// [`LIST_FORMAT`].
    pub format: String,
    /// The county or city that issued it.
    pub jurisdiction: AreaId,
    /// When it was made.
    pub at: Timestamp,
    /// Keys of the last, this and the next period.
    pub keys: Vec<GateKey>,
    /// Aliases that count no longer, sorted, as one text of 16 hexadecimal digits each.
    pub revoked: String,
}

impl GateList {
    /// Whether passes with an alias count no longer.
    #[must_use]
    pub fn revokes(&self, alias: &[u8; ALIAS_BYTES]) -> bool {
        let digits = hex::encode(alias);
        let rows = self.revoked.as_bytes().as_chunks::<{ 2 * ALIAS_BYTES }>().0;
        rows.binary_search_by(|row| row.as_slice().cmp(digits.as_bytes())).is_ok()
    }
}

/// The list of now: whoever has become worse off since they may have been given a pass that still holds.
pub(super) fn list_of(
    board: &Board,
    keys: &Keys,
    pack: &Pack,
    jurisdiction: AreaId,
    now: Timestamp,
) -> Result<GateList> {
    let since = Timestamp(now.0 - holds_ms(&pack.codes) - RECORDED_LATE_MS_MAX);
    let aliases = Aliases::of(keys, &pack.codes)?;
    let mut revoked = BTreeSet::new();
    for person in board.turned_since(since) {
        if let Some(status) = board.status(person, now, pack) {
            revoked.extend(aliases.outdated(person, now, status.colour));
        }
    }
    Ok(GateList {
        format: LIST_FORMAT.to_owned(),
        jurisdiction,
        at: now,
        keys: published(keys, &pack.codes, now)?,
        revoked: revoked.iter().map(hex::encode).collect(),
    })
}
