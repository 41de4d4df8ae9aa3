//! What a gate fetches while it has a network: public keys, and the colours below which passes count no longer.

use std::collections::VecDeque;
use std::sync::Arc;

use ed25519_dalek::VerifyingKey;
use outpace_core::time::HOUR_MS;
use outpace_core::{AreaId, Timestamp};
use outpace_policy::{Pack, StatusColour};
use outpace_store::Result;
use outpace_store::vault::Keys;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::keys::{holds_ms, order_of, period_of, published};
use super::map::ColourMap;
use super::places::Orders;
use crate::board::Board;

/// What a list's text says it is.
pub const LIST_FORMAT: &str = "outpace-gate-list/2";
/// How long after it began a measure may be recorded and still revoke passes, milliseconds: reports come within a day.
const RECORDED_LATE_MS_MAX: i64 = 24 * HOUR_MS;
/// Maps that are kept to tell gates only what changed: an hour of a gate that asks every five minutes, for two periods.
const MAPS_KEPT: usize = 24;
/// How long a list is given out before another is made, milliseconds: hundreds of gates ask at the turn of a minute.
const LIST_HOLDS_MS: i64 = 10_000;

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

/// A map that the office signed, by its digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GateMap {
    /// Passes that were issued from here on,
    pub from: Timestamp,
    /// and before this stand on it.
    pub until: Timestamp,
    /// Blocks of 65,536 places. A pass of the same period with fewer was issued before the people grew by a block.
    pub blocks: u16,
    /// SHA-256 of its bytes, 64 hexadecimal digits.
    pub sha256: String,
}

/// The part of a list that is signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GateHead {
    /// [`LIST_FORMAT`].
    pub format: String,
    /// The county or city that issued it.
    pub jurisdiction: AreaId,
    /// When it was made.
    pub at: Timestamp,
    /// Keys of the last, this and the next period.
    pub keys: Vec<GateKey>,
    /// Maps of the periods whose passes may still hold, the older first.
    pub maps: Vec<GateMap>,
}

/// Everything that a gate needs to go on without a network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GateList {
    /// What was signed.
    pub head: GateHead,
    /// The maps themselves, in the order of the head.
    pub maps: Vec<ColourMap>,
}

impl GateList {
    /// Whether a pass counts no longer: its place has a worse colour now, or was given in an order that is not used any more. A
    /// pass of a period that the list does not know was issued after it, and is not revoked by it.
    #[must_use]
    pub fn revokes(&self, issued_at: Timestamp, blocks: u16, place: u32, colour: StatusColour) -> bool {
        let of_period = |(head, _): &(&GateMap, &ColourMap)| head.from <= issued_at && issued_at < head.until;
        match self.head.maps.iter().zip(&self.maps).find(of_period) {
            Some((head, _)) if blocks < head.blocks => true,
            Some((head, map)) if blocks == head.blocks => colour < map.colour(place),
            _ => false,
        }
    }
}

/// What a server keeps beside the board for its gates.
#[derive(Debug, Default)]
pub(crate) struct GateMemory {
    pub(super) orders: Orders,
    maps: Mutex<VecDeque<(String, Arc<ColourMap>)>>,
    last: Mutex<Option<Arc<Made>>>,
}

/// A list that was made.
#[derive(Debug)]
pub(super) struct Made {
    pub(super) head: GateHead,
    pub(super) maps: Vec<Arc<ColourMap>>,
}

impl GateMemory {
    /// The maps that a gate says it has, by digest; those that are not kept any more are left out.
    pub(super) fn known(&self, digests: &str) -> Vec<Arc<ColourMap>> {
        let maps = self.maps.lock();
        let asked = digests.split(',').take(MAPS_KEPT);
        asked.filter_map(|asked| maps.iter().find(|(known, _)| known == asked).map(|(_, map)| map.clone())).collect()
    }

    fn keep(&self, digest: &str, map: &Arc<ColourMap>) {
        let mut maps = self.maps.lock();
        if !maps.iter().any(|(known, _)| known == digest) {
            maps.push_back((digest.to_owned(), map.clone()));
            if maps.len() > MAPS_KEPT {
                maps.pop_front();
            }
        }
    }
}

/// The list of a moment as it is given to gates: one that is not older than some seconds is given again.
pub(super) fn list_of(
    board: &Board,
    keys: &Keys,
    pack: &Pack,
    jurisdiction: AreaId,
    now: Timestamp,
) -> Result<Arc<Made>> {
    let mut last = board.gate().last.lock();
    let fresh = last.as_ref().filter(|made| (0..LIST_HOLDS_MS).contains(&now.since(made.head.at)));
    if let Some(made) = fresh {
        return Ok(made.clone());
    }
    // Under the lock: gates that ask meanwhile get this one.
    let made = Arc::new(make(board, keys, pack, jurisdiction, now)?);
    *last = Some(made.clone());
    Ok(made)
}

/// Makes the list of now: colours of everybody who has become worse off since they may have been given a pass that still holds.
pub(super) fn make(board: &Board, keys: &Keys, pack: &Pack, jurisdiction: AreaId, now: Timestamp) -> Result<Made> {
    let since = Timestamp(now.0.saturating_sub(holds_ms(&pack.codes)).saturating_sub(RECORDED_LATE_MS_MAX));
    let turned = board.turned_since(since).into_iter();
    let turned: Vec<_> = turned
        .filter_map(|person| board.status(person, now, pack).map(|status| (person, status.colour)))
        .filter(|(_, colour)| *colour != StatusColour::Green)
        .collect();
    let (blocks, memory) = (board.blocks(), board.gate());
    let (period, length_ms) = (period_of(now, &pack.codes), holds_ms(&pack.codes).max(1));
    let (mut heads, mut maps) = (Vec::new(), Vec::new());
    for period in [period - 1, period] {
        let order = memory.orders.get(order_of(keys, &pack.codes, period, blocks)?);
        let mut map = ColourMap::green(blocks);
        for (place, colour) in turned.iter().filter_map(|(person, colour)| Some((order.place(*person)?, colour))) {
            map.set(place, *colour);
        }
        let (map, sha256) = (Arc::new(map.clone()), map.digest());
        memory.keep(&sha256, &map);
        let (from, until) = (period.saturating_mul(length_ms), period.saturating_add(1).saturating_mul(length_ms));
        heads.push(GateMap { from: Timestamp(from), until: Timestamp(until), blocks, sha256 });
        maps.push(map);
    }
    let keys = published(keys, &pack.codes, now)?;
    Ok(Made { head: GateHead { format: LIST_FORMAT.to_owned(), jurisdiction, at: now, keys, maps: heads }, maps })
}
