//! When the days of a class of data are over.
//!
//! What was recorded in a month falls due so many days (the pack says how many) after the first end of an emergency that
//! leaves peace behind at or after the end of that month; at the earliest when the month is over. While no such end has
//! come the clock stands: during an emergency, and in the peace before one.

use outpace_core::Timestamp;
use outpace_policy::{Closed, DataClass, Pack};
use outpace_store::destroy::Part;

/// The switch was turned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turn {
    /// When.
    pub at: Timestamp,
    /// Whether an emergency began (or its level changed), or peace.
    pub emergency: bool,
}

/// The moment from which the days of a month are counted; `None` while the clock stands.
#[must_use]
pub fn counted_from(from: Timestamp, until: Timestamp, turns: &[Turn]) -> Option<Timestamp> {
    let mut at_peace_since = None;
    let mut in_emergency = false;
    for turn in turns {
        if turn.at >= until && at_peace_since.is_some() {
            // Peace stood when the month ended: what came after is another outbreak's.
            break;
        }
        if turn.emergency {
            in_emergency = true;
            at_peace_since = None;
        } else if in_emergency {
            in_emergency = false;
            // An emergency that had ended before the month began says nothing about the month.
            at_peace_since = (turn.at >= from).then_some(turn.at);
        }
    }
    at_peace_since
}

/// When a part falls due; `None` while the clock stands, or where its class is none of the pack's.
#[must_use]
pub fn due_at(part: &Part, turns: &[Turn], pack: &Pack) -> Option<Timestamp> {
    let (from, until) = part.span().ok()?;
    let class = DataClass::from_key(&part.class)?;
    let days = i64::from(pack.retention.get(class).days.value);
    Some(counted_from(from, until, turns)?.plus_days(days).max(until))
}
