//! The colours below which passes of a period count no longer, by place: two bits each, exact. As it travels: whole, or as what
//! changed since a map that the gate has.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use outpace_policy::{Closed, StatusColour};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use super::places::BLOCK;

const PLACES_A_BYTE: usize = 4;
/// Bytes of a number in [`MapUpdate::changes`]: a gap and two bits, seven bits a byte.
const VARINT_BYTES_MAX: usize = 5;

/// The worst colour that each place was known to have: a better one on a pass of that place counts no longer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColourMap {
    bytes: Vec<u8>,
}

impl ColourMap {
    /// Every place green: nothing is revoked.
    #[must_use]
    pub fn green(blocks: u16) -> Self {
        Self { bytes: vec![0; usize::from(blocks) * BLOCK / PLACES_A_BYTE] }
    }

    /// Places on it.
    #[must_use]
    pub fn places(&self) -> usize {
        self.bytes.len() * PLACES_A_BYTE
    }

    fn bits(&self, place: usize) -> Option<u8> {
        Some((self.bytes.get(place / PLACES_A_BYTE)? >> (2 * (place % PLACES_A_BYTE))) & 3)
    }

    fn put(&mut self, place: usize, bits: u8) {
        if let Some(byte) = self.bytes.get_mut(place / PLACES_A_BYTE) {
            let shift = 2 * (place % PLACES_A_BYTE);
            *byte = (*byte & !(3 << shift)) | ((bits & 3) << shift);
        }
    }

    /// The colour of a place; green for a place beyond the map.
    #[must_use]
    pub fn colour(&self, place: u32) -> StatusColour {
        let bits = self.bits(place as usize).unwrap_or_default();
        StatusColour::ALL.get(usize::from(bits)).copied().unwrap_or(StatusColour::Red)
    }

    /// Sets the colour of a place.
    pub fn set(&mut self, place: u32, colour: StatusColour) {
        self.put(place as usize, colour.index() as u8);
    }

    /// What the office signs instead of the map itself: SHA-256 of its bytes, 64 hexadecimal digits.
    #[must_use]
    pub fn digest(&self) -> String {
        hex::encode(Sha256::digest(&self.bytes))
    }

    /// Of some maps the one that differs in the fewest bytes; `None` where a green map differs in as few, or all are of another
    /// size.
    #[must_use]
    pub fn nearest<'a>(&self, known: &'a [Arc<Self>]) -> Option<&'a Self> {
        let far = |other: &Self| self.bytes.iter().zip(&other.bytes).filter(|(one, other)| one != other).count();
        let same = known.iter().map(AsRef::as_ref).filter(|other| other.bytes.len() == self.bytes.len());
        let painted = self.bytes.iter().filter(|byte| **byte != 0).count();
        same.map(|other| (far(other), other))
            .min_by_key(|(far, _)| *far)
            .filter(|(far, _)| *far <= painted)
            .map(|(_, other)| other)
    }

    /// What travels to a gate that has `before`; `None` for one that has no map of this period and size.
    #[must_use]
    pub fn since(&self, before: Option<&Self>) -> MapUpdate {
        let before = before.filter(|before| before.bytes.len() == self.bytes.len());
        let green = Self { bytes: vec![0; self.bytes.len()] };
        let changes = changes(before.unwrap_or(&green), self);
        if before.is_none() && changes.len() > self.bytes.len() {
            return MapUpdate { since: None, changes: None, whole: Some(STANDARD.encode(&self.bytes)) };
        }
        MapUpdate { since: before.map(Self::digest), changes: Some(STANDARD.encode(changes)), whole: None }
    }
}

/// Changed places, ascending: the gap to the one before and the new colour in two bits, as one LEB128 number each.
fn changes(before: &ColourMap, after: &ColourMap) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut last = 0;
    let differ = before.bytes.iter().zip(&after.bytes).enumerate().filter(|(_, (before, after))| before != after);
    for place in differ.flat_map(|(at, _)| PLACES_A_BYTE * at..PLACES_A_BYTE * (at + 1)) {
        let bits = after.bits(place).unwrap_or_default();
        if before.bits(place) == Some(bits) {
            continue;
        }
        let mut number = ((place - last) << 2) | usize::from(bits);
        last = place;
        while number >= 0x80 {
            bytes.push((number & 0x7f) as u8 | 0x80);
            number >>= 7;
        }
        bytes.push(number as u8);
    }
    bytes
}

/// One map as it travels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = GateMapUpdate)]
pub struct MapUpdate {
    /// SHA-256 of the map that the changes begin from; absent: from one that is green everywhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// Changed places in ascending order, base64: for each one LEB128 number, (gap to the place before) × 4 + colour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changes: Option<String>,
    /// The whole map where that is shorter, base64: two bits a place, the first place lowest; 0 green, 1 yellow, 2 red.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub whole: Option<String>,
}

impl MapUpdate {
    /// The map after the update; `None` where its base is not there or its bytes are none of a map. The digest is the caller's to
    /// compare.
    #[must_use]
    pub fn applied(&self, blocks: u16, known: &[ColourMap]) -> Option<ColourMap> {
        if let Some(whole) = &self.whole {
            let bytes = STANDARD.decode(whole).ok()?;
            return (bytes.len() == usize::from(blocks) * BLOCK / PLACES_A_BYTE).then_some(ColourMap { bytes });
        }
        let mut map = match &self.since {
            None => ColourMap::green(blocks),
            Some(since) => known.iter().find(|map| map.digest() == *since)?.clone(),
        };
        let bytes = STANDARD.decode(self.changes.as_ref()?).ok()?;
        let mut place = 0_usize;
        let mut rest = bytes.as_slice();
        while !rest.is_empty() {
            let length = rest.iter().take(VARINT_BYTES_MAX).position(|byte| byte & 0x80 == 0)? + 1;
            let (number, tail) = rest.split_at(length);
            let number = number.iter().rev().fold(0_usize, |number, byte| (number << 7) | usize::from(byte & 0x7f));
            place += number >> 2;
            map.put(place, (number & 3) as u8);
            rest = tail;
        }
        Some(map)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn what_travels_gives_the_map_back_from_any_map_that_the_gate_has(
            first in proptest::collection::vec((0_u32..65_536, 0_usize..3), 0..300),
            then in proptest::collection::vec((0_u32..65_536, 0_usize..3), 0..300),
        ) {
            let paint = |map: &mut ColourMap, places: &[(u32, usize)]| {
                places.iter().for_each(|(place, colour)| map.set(*place, StatusColour::ALL[*colour]));
            };
            let mut before = ColourMap::green(1);
            paint(&mut before, &first);
            let mut after = before.clone();
            paint(&mut after, &then);
            let changed = after.since(Some(&before));
            prop_assert_eq!(changed.applied(1, std::slice::from_ref(&before)), Some(after.clone()));
            prop_assert_eq!(changed.applied(1, &[]), None, "without its base it is not read");
            prop_assert_eq!(after.since(None).applied(1, &[]), Some(after.clone()));
            for (place, colour) in then.iter().rev().take(1) {
                prop_assert_eq!(after.colour(*place), StatusColour::ALL[*colour]);
            }
        }

        #[test]
        fn no_bytes_stop_a_gate(changes in "[A-Za-z0-9+/]{0,60}", whole in proptest::option::of("[A-Za-z0-9+/]{0,40}")) {
            let update = MapUpdate { since: None, changes: Some(changes), whole };
            let _ = update.applied(1, &[]);
        }
    }

    #[test]
    fn a_map_of_everybody_travels_whole() {
        let mut map = ColourMap::green(1);
        (0..BLOCK as u32).for_each(|place| map.set(place, StatusColour::Red));
        let update = map.since(None);
        assert!(update.whole.is_some() && update.changes.is_none());
        assert_eq!(update.applied(1, &[]), Some(map));
    }
}
