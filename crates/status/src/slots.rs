//! One slot of sixteen bytes for each person, read and written without any lock.
//!
//! A slot is two numbers. `times`: the minutes of the last sample and of the last negative. `state`: the reasons of the
//! person's own marks, the home grid, a version that counts changes, and whether the person is away. There is one writer, the store's; a reader that
//! meets it between the two numbers sees each of them whole, the old one or the new one.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use outpace_core::time::MINUTE_MS;
use outpace_core::{PersonId, Timestamp};

use crate::model::Reasons;

/// Slots that are made at a time: one mebibyte.
const BLOCK: usize = 1 << 16;
/// Blocks at most: ids are given by a counter, so a city of 67 million people fits.
const BLOCKS_MAX: usize = 1 << 10;
const MINUTE_BITS: u32 = 28;
const MINUTE_MASK: u64 = (1 << MINUTE_BITS) - 1;
const GRID_BITS: u32 = 24;
const GRID_MASK: u64 = (1 << GRID_BITS) - 1;
/// Behind 16 bits of reasons, the grid, and 16 bits of version.
const AWAY: u64 = 1 << (32 + GRID_BITS);

/// Grids at most.
pub const GRIDS_MAX: usize = (1 << GRID_BITS) - 1;

#[derive(Debug, Default)]
struct Slot {
    times: AtomicU64,
    state: AtomicU64,
}

/// A slot as it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Seen {
    /// Position of the home grid, from 1; 0 where nobody is registered under this id.
    pub grid: usize,
    /// Reasons of the person's own marks, whether or not each counts at this moment.
    pub reasons: Reasons,
    /// Whether the person is registered here and elsewhere now.
    pub away: bool,
    /// Changes so far, modulo 65,536.
    pub version: u16,
    /// Minute of the last sample, from the epoch; 0 for none.
    pub sampled: i64,
    /// Minute at which the last sample found negative was taken; 0 for none.
    pub negative: i64,
}

impl Seen {
    fn pack(self) -> (u64, u64) {
        let minute = |minute: i64| u64::try_from(minute).unwrap_or(0).min(MINUTE_MASK);
        let times = minute(self.sampled) | (minute(self.negative) << MINUTE_BITS);
        let grid = (self.grid as u64).min(GRID_MASK);
        let state = u64::from(self.reasons.0) | (grid << 16) | (u64::from(self.version) << (16 + GRID_BITS));
        (times, if self.away { state | AWAY } else { state })
    }

    fn unpack(times: u64, state: u64) -> Self {
        Self {
            grid: ((state >> 16) & GRID_MASK) as usize,
            reasons: Reasons((state & 0xffff) as u16),
            away: state & AWAY != 0,
            version: ((state >> (16 + GRID_BITS)) & 0xffff) as u16,
            sampled: (times & MINUTE_MASK) as i64,
            negative: ((times >> MINUTE_BITS) & MINUTE_MASK) as i64,
        }
    }
}

/// The minute of a moment; 0, which means none, for moments before the epoch.
#[must_use]
pub fn minute_of(at: Timestamp) -> i64 {
    at.0.div_euclid(MINUTE_MS).max(0)
}

/// The moment of a minute; `None` for 0.
#[must_use]
pub fn moment_of(minute: i64) -> Option<Timestamp> {
    (minute != 0).then_some(Timestamp(minute * MINUTE_MS))
}

/// All slots.
#[derive(Debug)]
pub struct Slots {
    blocks: Box<[OnceLock<Box<[Slot]>>]>,
}

impl Default for Slots {
    fn default() -> Self {
        Self { blocks: (0..BLOCKS_MAX).map(|_| OnceLock::new()).collect() }
    }
}

impl Slots {
    fn place(person: PersonId) -> Option<(usize, usize)> {
        let id = usize::try_from(person.0).ok()?;
        (id / BLOCK < BLOCKS_MAX).then_some((id / BLOCK, id % BLOCK))
    }

    /// The slot of a person; an empty one for an id that nobody has.
    #[must_use]
    pub fn see(&self, person: PersonId) -> Seen {
        let slot = Self::place(person).and_then(|(block, at)| self.blocks.get(block)?.get()?.get(at));
        slot.map_or(Seen::default(), |slot| {
            // State is written after times: whoever sees the new state sees the new times.
            let state = slot.state.load(Ordering::Acquire);
            Seen::unpack(slot.times.load(Ordering::Acquire), state)
        })
    }

    /// Changes the slot of a person. Ids beyond the last block are kept nowhere: no counter gives them.
    pub fn change(&self, person: PersonId, change: impl FnOnce(&mut Seen)) {
        let Some((block, at)) = Self::place(person) else { return };
        let Some(block) = self.blocks.get(block) else { return };
        let slots = block.get_or_init(|| (0..BLOCK).map(|_| Slot::default()).collect());
        let Some(slot) = slots.get(at) else { return };
        let before = Seen::unpack(slot.times.load(Ordering::Acquire), slot.state.load(Ordering::Acquire));
        let mut after = before;
        change(&mut after);
        if after != before {
            after.version = before.version.wrapping_add(1);
            let (times, state) = after.pack();
            slot.times.store(times, Ordering::Release);
            slot.state.store(state, Ordering::Release);
        }
    }

    /// Hands over the slot of everybody who is registered.
    pub fn each(&self, mut each: impl FnMut(PersonId, Seen)) {
        for (number, block) in self.blocks.iter().enumerate() {
            let Some(slots) = block.get() else { continue };
            for (at, slot) in slots.iter().enumerate() {
                let state = slot.state.load(Ordering::Acquire);
                let seen = Seen::unpack(slot.times.load(Ordering::Acquire), state);
                if seen.grid != 0 {
                    each(PersonId((number * BLOCK + at) as i64), seen);
                }
            }
        }
    }

    /// Adds the slots to a snapshot: for each block that was made its number, then its slots.
    pub(crate) fn save(&self, bytes: &mut Vec<u8>) {
        for (number, block) in self.blocks.iter().enumerate() {
            let Some(slots) = block.get() else { continue };
            bytes.reserve(8 + BLOCK * size_of::<Slot>());
            bytes.extend((number as u64).to_le_bytes());
            for slot in slots {
                bytes.extend(slot.times.load(Ordering::Acquire).to_le_bytes());
                bytes.extend(slot.state.load(Ordering::Acquire).to_le_bytes());
            }
        }
    }

    /// The slots of a snapshot; `None` for bytes that are none.
    pub(crate) fn load(mut bytes: &[u8]) -> Option<Self> {
        let slots = Self::default();
        while let Some((number, rest)) = bytes.split_first_chunk::<8>() {
            let number = usize::try_from(u64::from_le_bytes(*number)).ok()?;
            let (block, rest) = rest.split_at_checked(BLOCK * size_of::<Slot>())?;
            let numbers = block.as_chunks::<8>().0.iter().map(|eight| u64::from_le_bytes(*eight));
            let pairs = numbers.clone().step_by(2).zip(numbers.skip(1).step_by(2));
            let made = pairs.map(|(times, state)| Slot { times: times.into(), state: state.into() }).collect();
            slots.blocks.get(number)?.set(made).ok()?;
            bytes = rest;
        }
        bytes.is_empty().then_some(slots)
    }

    /// Bytes that the slots take.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let blocks = self.blocks.iter().filter(|block| block.get().is_some()).count();
        blocks * BLOCK * size_of::<Slot>() + size_of_val(&*self.blocks)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_person_takes_sixteen_bytes() {
        assert_eq!(size_of::<Slot>(), 16);
    }

    #[test]
    fn ids_that_no_counter_gives_are_kept_nowhere() {
        let slots = Slots::default();
        for id in [-1, i64::MAX, (BLOCK * BLOCKS_MAX) as i64] {
            slots.change(PersonId(id), |seen| seen.grid = 1);
            assert_eq!(slots.see(PersonId(id)), Seen::default());
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            id in 0_i64..200_000, grid in 0_usize..=GRIDS_MAX, reasons: u16,
            sampled in 0_i64..=MINUTE_MASK as i64, negative in 0_i64..=MINUTE_MASK as i64, away: bool,
        ) {
            let slots = Slots::default();
            let wanted = Seen { grid, reasons: Reasons(reasons), away, version: 0, sampled, negative };
            slots.change(PersonId(id), |seen| *seen = wanted);
            let changed = u16::from(wanted != Seen::default());
            let kept = Seen { version: changed, ..wanted };
            prop_assert_eq!(slots.see(PersonId(id)), kept);
            let mut all = Vec::new();
            slots.each(|person, seen| all.push((person, seen)));
            prop_assert_eq!(all, if grid == 0 { vec![] } else { vec![(PersonId(id), kept)] });
        }
    }
}
