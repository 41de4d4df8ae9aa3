//! Putting a device's clock right. Pure. What the device noted is never refused for its hour: it cannot have happened
//! before its sheet was issued, nor after it was told.

use outpace_core::Timestamp;

use super::model::SheetRow;
use crate::tubes::register::CLOCK_AHEAD_MS;

/// By how much a device's moments are moved, milliseconds: by what it measured when it last heard from the office; where
/// it never did, its first record is taken to stand at the moment of issue if it lies before it or long after its end.
pub(super) fn shift_ms(sheet: &SheetRow, first_at: Option<Timestamp>, ahead_ms: Option<i64>) -> i64 {
    if let Some(ahead) = ahead_ms {
        return if ahead.abs() > CLOCK_AHEAD_MS { ahead.saturating_neg() } else { 0 };
    }
    match first_at {
        Some(at) if sheet.issued_at.since(at) > CLOCK_AHEAD_MS || at.since(sheet.ends_at) > CLOCK_AHEAD_MS => {
            sheet.issued_at.since(at)
        }
        _ => 0,
    }
}

/// The moment by our clock.
pub(super) fn put_right(sheet: &SheetRow, at: Timestamp, shift_ms: i64, now: Timestamp) -> Timestamp {
    let moved = Timestamp(at.0.saturating_add(shift_ms));
    moved.clamp(sheet.issued_at, now.max(sheet.issued_at))
}

#[cfg(test)]
mod tests {
    use outpace_core::{AreaId, LaneId, RoundId, Seq, SheetId, SiteId};
    use proptest::prelude::*;

    use super::*;

    fn sheet() -> SheetRow {
        SheetRow {
            sheet: SheetId(1),
            round: RoundId(1),
            site: SiteId(1),
            lane: LaneId(1),
            area: AreaId(140_121),
            areas: Vec::new(),
            issued_at: Timestamp(1_649_800_000_000),
            ends_at: Timestamp(1_649_886_400_000),
            returned_at: None,
            records: 0,
            seq: Seq(1),
        }
    }

    proptest! {
        /// Whatever a clock shows, moments stay between issue and telling, and in their order.
        #[test]
        fn moments_lie_between_issue_and_telling_in_their_order(
            first: i64, ahead in proptest::option::of(any::<i64>()), steps in proptest::collection::vec(0_i64..3_600_000, 1..20),
        ) {
            let sheet = sheet();
            let now = sheet.issued_at.plus_hours(12);
            let shift = shift_ms(&sheet, Some(Timestamp(first)), ahead);
            let mut at = first;
            let mut before = sheet.issued_at;
            for step in steps {
                at = at.saturating_add(step);
                let moment = put_right(&sheet, Timestamp(at), shift, now);
                prop_assert!(moment >= before && moment <= now);
                before = moment;
            }
        }
    }

    #[test]
    fn a_clock_three_years_slow_is_put_at_the_issue_and_keeps_its_intervals() {
        let sheet = sheet();
        let now = sheet.issued_at.plus_hours(12);
        let slow = Timestamp(sheet.issued_at.0 - 94_608_000_000);
        let shift = shift_ms(&sheet, Some(slow), None);
        assert_eq!(put_right(&sheet, slow, shift, now), sheet.issued_at);
        assert_eq!(put_right(&sheet, slow.plus_minutes(90), shift, now), sheet.issued_at.plus_minutes(90));
        let right = sheet.issued_at.plus_minutes(3);
        assert_eq!(shift_ms(&sheet, Some(right), None), 0, "a clock that is right stays");
    }
}
