//! Rounds that an unclear chain asks for: every day until as many rounds in a row as the pack says found no case outside
//! quarantine, then one more some days later, then none. A round is work for people and restricts nobody.

use outpace_core::Timestamp;

use super::Rules;
use crate::situation::RoundHeld;

/// Local days, up to today, on which a round is due since the chain was found unclear. Empty where the pack gives no
/// number of rounds. A round counts from the day after it was closed, so that what is due on a day does not change
/// while people work on it.
pub(super) fn days_due(rules: &Rules<'_>, since: Timestamp, now: Timestamp, held: &[RoundHeld]) -> Vec<i64> {
    let asked = rules.pack.zoning.clean_rounds_to_stop.value;
    let closing = i64::from(rules.pack.zoning.closing_round_days.value);
    if asked == 0 {
        return Vec::new();
    }
    let mut held: Vec<&RoundHeld> = held.iter().filter(|round| round.closed_at >= since).collect();
    held.sort();
    let is_due = |day: &i64| {
        let mut clean = 0;
        let mut enough_on = None;
        for round in held.iter().filter(|round| rules.day(round.closed_at) < *day) {
            clean = if round.clean { clean + 1 } else { 0 };
            if clean == 0 {
                enough_on = None;
            } else if clean == asked {
                enough_on = Some(rules.day(round.closed_at));
            }
        }
        enough_on.is_none_or(|enough_on| closing > 0 && *day == enough_on + closing)
    };
    (rules.day(since)..=rules.day(now)).filter(is_due).collect()
}
