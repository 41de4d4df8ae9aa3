//! Named random streams: each process of the population draws from its own, so that changing one process leaves
//! what all the others draw as it was.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

/// The stream of one process, such as `"ages"`, for one seed.
pub(crate) fn named(seed: u64, process: &str) -> ChaCha8Rng {
    let mut state = seed ^ fnv(process);
    let mut key = [0_u8; 32];
    for bytes in key.chunks_exact_mut(8) {
        state = mix(state);
        bytes.copy_from_slice(&state.to_le_bytes());
    }
    ChaCha8Rng::from_seed(key)
}

/// One step of splitmix64: a number that looks random and depends on `value` alone. For draws that must be
/// repeatable for one person at a time, without running through everybody before.
pub(crate) fn mix(value: u64) -> u64 {
    let mut mixed = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// A small generator over [`mix`], for the visits of one person on one day.
pub(super) struct Small(u64);

impl Small {
    /// A generator that depends on the process, the seed, and two keys (say person and day).
    pub(super) fn keyed(seed: u64, process: &str, first: u64, second: u64) -> Self {
        Self(mix(mix(mix(seed ^ fnv(process)) ^ first) ^ second))
    }

    /// A number below `bound` (0 if the bound is 0). The bias for bounds below 2^32 is under one in 2^32.
    pub(super) fn below(&mut self, bound: u32) -> u32 {
        self.0 = mix(self.0);
        let wide = (self.0 >> 32) * u64::from(bound);
        u32::try_from(wide >> 32).unwrap_or(0)
    }

    /// True once in a hundred per percent.
    pub(super) fn percent(&mut self, chance: u32) -> bool {
        self.below(100) < chance
    }
}

fn fnv(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3))
}
