//! How often one may look for people: as often as work at a lane or a door needs, and not so often that people could be listed.
//!
//! Counted in memory, for each account and hour; a miss counts more than a hit, because whoever tries numbers mostly misses.

use std::collections::BTreeMap;
use std::sync::Arc;

use outpace_access::Call;
use outpace_core::time::HOUR_MS;
use outpace_core::{ActorId, Timestamp};
use outpace_store::{Capability, Unit};
use parking_lot::Mutex;

use crate::RegistryError;

/// Finds of one account in an hour: a lane serves at most about 130 people an hour (Jinjiang), each looked for twice at worst.
pub const FINDS_PER_HOUR_MAX: u32 = 300;
/// Finds of one account in an hour that found nobody.
pub const MISSES_PER_HOUR_MAX: u32 = 60;
/// People that one find shows: a large family on one telephone.
pub const SHOWN_MAX: usize = 10;
/// Accounts remembered before those of past hours are forgotten.
const ACCOUNTS_MAX: usize = 10_000;

#[derive(Debug, Clone, Copy)]
struct Hour {
    since: Timestamp,
    finds: u32,
    misses: u32,
}

/// Who looked how often.
#[derive(Default)]
struct Finds(BTreeMap<ActorId, Hour>);

impl Finds {
    fn of(&mut self, actor: ActorId, now: Timestamp) -> &mut Hour {
        let is_past = |hour: &Hour| now.since(hour.since).abs() >= HOUR_MS;
        if self.0.len() >= ACCOUNTS_MAX {
            self.0.retain(|_, hour| !is_past(hour));
        }
        let fresh = Hour { since: now, finds: 0, misses: 0 };
        let hour = self.0.entry(actor).or_insert(fresh);
        if is_past(hour) {
            *hour = fresh;
        }
        hour
    }
}

type Kept = Arc<Mutex<Finds>>;

/// Keeps the counts for the life of the store.
pub(crate) fn join(capability: Capability) -> Capability {
    let kept = Kept::default();
    capability.restore(move |_, memory| {
        memory.put(kept.clone());
        Ok(())
    })
}

fn hour(unit: &Unit<'_>, call: &Call, change: impl FnOnce(&mut Hour)) -> Option<Hour> {
    unit.remembered(|kept: &Kept| {
        let mut finds = kept.lock();
        let hour = finds.of(call.actor.id, call.now);
        change(hour);
        *hour
    })
}

/// Counts a find, and refuses it where there were too many. A refused one counts too.
pub(super) fn begin(unit: &Unit<'_>, call: &Call) -> Result<(), RegistryError> {
    match hour(unit, call, |hour| hour.finds = hour.finds.saturating_add(1)) {
        Some(hour) if hour.finds > FINDS_PER_HOUR_MAX || hour.misses >= MISSES_PER_HOUR_MAX => {
            Err(RegistryError::TooManyFinds)
        }
        _ => Ok(()),
    }
}

/// Counts a find that found nobody, and refuses one that found too many.
pub(super) fn end(unit: &Unit<'_>, call: &Call, found: usize) -> Result<(), RegistryError> {
    if found == 0 {
        hour(unit, call, |hour| hour.misses = hour.misses.saturating_add(1));
    }
    if found > SHOWN_MAX { Err(RegistryError::TooManyFound(found)) } else { Ok(()) }
}
