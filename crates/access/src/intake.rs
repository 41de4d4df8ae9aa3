//! How many bytes of request bodies are in memory at the same time, of everybody and of one caller. Only bytes that came
//! count: what a sender announces costs nobody a place.

use std::collections::HashMap;
use std::sync::Arc;

use outpace_core::Refusal;
use parking_lot::Mutex;

use crate::turns::Who;

/// Bytes of each body that are not counted: connections are bounded, and nearly all bodies are smaller.
const UNCOUNTED_BYTES: usize = 64 * 1024;
/// Bytes of bodies in memory at the same time: sixteen of the largest.
const ALL_BYTES_MAX: usize = 512 * 1024 * 1024;
/// Of these, of one caller: four of the largest.
const OF_ONE_BYTES_MAX: usize = 128 * 1024 * 1024;
/// Seconds after which a sender who was turned away may come back.
const RETRY_AFTER_S: u64 = 5;

#[derive(Default)]
struct Taken {
    all: usize,
    of: HashMap<Who, usize>,
}

/// The bytes in memory; clones share them.
#[derive(Clone, Default)]
pub(crate) struct Intake(Arc<Mutex<Taken>>);

/// The bytes of one body; given back when dropped.
pub(crate) struct Share {
    intake: Intake,
    who: Who,
    bytes: usize,
}

impl Intake {
    pub(crate) fn share(&self, who: Who) -> Share {
        Share { intake: self.clone(), who, bytes: 0 }
    }
}

impl Share {
    /// The body has so many bytes now.
    ///
    /// # Errors
    /// 429 when this caller's bodies, 503 when all bodies together are too large.
    pub(crate) fn grow_to(&mut self, bytes: usize) -> Result<(), Refusal> {
        let more = bytes.saturating_sub(UNCOUNTED_BYTES).saturating_sub(self.bytes);
        if more == 0 {
            return Ok(());
        }
        let mut taken = self.intake.0.lock();
        if taken.all + more > ALL_BYTES_MAX {
            return Err(too_many_bytes(false));
        }
        let of = taken.of.entry(self.who).or_default();
        if *of + more > OF_ONE_BYTES_MAX {
            return Err(too_many_bytes(true));
        }
        *of += more;
        taken.all += more;
        self.bytes += more;
        Ok(())
    }

    /// Whether any byte is counted.
    pub(crate) fn is_counted(&self) -> bool {
        self.bytes > 0
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        if self.bytes == 0 {
            return;
        }
        let mut taken = self.intake.0.lock();
        taken.all -= self.bytes;
        if let Some(of) = taken.of.get_mut(&self.who) {
            *of -= self.bytes;
            if *of == 0 {
                taken.of.remove(&self.who);
            }
        }
    }
}

fn too_many_bytes(of_one: bool) -> Refusal {
    let wait = RETRY_AFTER_S;
    if of_one {
        return Refusal::new(
            429,
            "uploads_of_one",
            "body",
            wait,
            format!("您同时上传的内容过多,未作任何更改;请等其他上传完成,{wait} 秒后再试。"),
            format!(
                "You are uploading too much at once; nothing was changed. Let the others finish and try again in {wait} s."
            ),
        );
    }
    Refusal::new(
        503,
        "uploads_full",
        "body",
        wait,
        format!("服务器正在接收的上传过多,未作任何更改;请在 {wait} 秒后再试,或分成小批。"),
        format!(
            "The server is taking in too many uploads; nothing was changed. Try again in {wait} s, or in smaller parts."
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use outpace_core::ActorId;

    const LARGEST: usize = UNCOUNTED_BYTES + 32 * 1024 * 1024;

    #[test]
    fn one_caller_fills_its_own_part_and_all_together_the_whole() {
        let intake = Intake::default();
        let upload = |who: i64| {
            let mut share = intake.share(Who::Actor(ActorId(who)));
            share.grow_to(LARGEST).map(|()| share).map_err(|refusal| refusal.status)
        };
        let mut held: Vec<_> = (0..4).map(|_| upload(1).ok()).collect();
        assert_eq!(upload(1).err(), Some(429));
        held.extend((8..20).map(|number| upload(number / 4).ok()));
        assert!(held.iter().all(Option::is_some));
        assert_eq!(upload(9).err(), Some(503));
        drop(held);
        assert!(upload(1).is_ok());
        let taken = intake.0.lock();
        assert!(taken.all == 0 && taken.of.is_empty());
    }

    #[test]
    fn small_bodies_are_not_counted() {
        let intake = Intake::default();
        let mut share = intake.share(Who::Actor(ActorId(1)));
        share.grow_to(UNCOUNTED_BYTES).unwrap();
        assert!(!share.is_counted());
        share.grow_to(UNCOUNTED_BYTES + 1).unwrap();
        assert!(share.is_counted());
    }
}
