//! The load of laboratories while rounds run: what waits, what is on its way, how fast results really come, and when the
//! last of them will be there.

use std::collections::BTreeMap;

use outpace_access::{Call, Empty};
use outpace_core::time::{HOUR_MS, MINUTE_MS};
use outpace_core::{LaboratoryId, Refusal, Text, Timestamp};
use outpace_store::{Result, Tx, values};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::model::Laboratory;
use super::store;
use crate::tubes::Stage;

/// Hours that the outlook shows.
const HOURS_AHEAD: i64 = 12;
/// A laboratory that stands still is reckoned with this part of what it says: an hour of no results must not become a
/// public promise of next year, and whoever is late is chased by then.
const STANDSTILL_PART: i64 = 4;
/// Hours of the past that are read to see how fast results come.
const HOURS_BACK: i64 = 48;

/// Tubes of one laboratory in one hour.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct HourCount {
    /// Hours since the epoch.
    pub(crate) hour: i64,
    /// Taken in.
    pub(crate) received: i64,
    /// Reported.
    pub(crate) resulted: i64,
}

/// How many tubes an hour a laboratory really does: what it says it can, unless its last full hour shows less although
/// work lay there all the while, long enough to have come out of the machine. Never more than it says. Pure.
#[must_use]
pub(crate) fn real_rate(said: i64, turnaround_minutes: i64, hours: &[HourCount], now: Timestamp) -> i64 {
    let last = now.0.div_euclid(HOUR_MS) - 1;
    let machine = (turnaround_minutes.max(0) + 59) / 60;
    let before = |hour: i64, pick: fn(&HourCount) -> i64| -> i64 {
        hours.iter().filter(|count| count.hour < hour).map(pick).sum()
    };
    let lay_there = before(last - machine, |count| count.received) - before(last, |count| count.resulted);
    let done: i64 = hours.iter().filter(|count| count.hour == last).map(|count| count.resulted).sum();
    let least = (said / STANDSTILL_PART).max(1);
    if lay_there >= said && done < said { done.max(least).min(said) } else { said }
}

/// The queue at the end of each coming hour, and when it is worked off: the fluid model of the round's forecast, for one
/// laboratory. `arrivals` are tubes by hour from now; what comes later than the hours shown comes with the last. Pure.
#[must_use]
pub(crate) fn worked_off(pending: i64, per_hour: i64, arrivals: &[i64]) -> (Vec<i64>, Option<i64>) {
    let mut queue = pending.max(0);
    let mut ends = Vec::with_capacity(arrivals.len());
    let mut busy_ms = 0;
    for (hour, arriving) in (0_i64..).zip(arrivals) {
        queue += arriving.max(&0);
        let done = queue.min(per_hour.max(0));
        if done > 0 {
            busy_ms = hour * HOUR_MS + done * HOUR_MS / per_hour.max(1);
        }
        queue -= done;
        ends.push(queue);
    }
    let rest = match (queue, per_hour) {
        (0, _) => Some(busy_ms),
        (_, ..=0) => None,
        (left, rate) => Some(arrivals.len() as i64 * HOUR_MS + (left.saturating_mul(HOUR_MS) + rate - 1) / rate),
    };
    (ends, rest)
}

/// A laboratory's load.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LaboratoryOutlook {
    /// Which.
    pub laboratory: LaboratoryId,
    /// Its name.
    pub name: Text,
    /// Tubes that wait there.
    pub pending: i64,
    /// Tubes on their way to it: in boxes given to it, and its share of those that nobody has given to any.
    pub on_the_way: i64,
    /// Tubes an hour that it says it can do.
    pub tubes_per_hour: i64,
    /// Tubes an hour that it really does.
    pub real_per_hour: i64,
    /// Tubes waiting at the end of each of the coming hours.
    pub queue_by_hour: Vec<i64>,
    /// When its last result will be there; absent where nothing waits, or where it does not work.
    pub last_result_at: Option<Timestamp>,
}

/// The load of every laboratory.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct OutlookAnswer {
    /// The laboratories, by id.
    pub laboratories: Vec<LaboratoryOutlook>,
}

/// Shows the load of the laboratories of the actor's area.
///
/// # Errors
/// What the store refused.
pub fn laboratory_load(tx: &mut Tx<'_>, call: &Call, _: Empty) -> Result<OutlookAnswer, Refusal> {
    let laboratories = outlooks(tx, call.now)?;
    let seen = laboratories.into_iter().filter(|(known, _)| call.sees(known.spec.area));
    Ok(OutlookAnswer { laboratories: seen.map(|(_, outlook)| outlook).collect() })
}

/// The load of every laboratory at a moment.
///
/// # Errors
/// What the engine refused.
pub fn outlooks(tx: &mut Tx<'_>, now: Timestamp) -> Result<Vec<(Laboratory, LaboratoryOutlook)>> {
    let laboratories = store::laboratories(tx)?;
    let given = given_to(tx)?;
    let whole: i64 = laboratories.iter().map(|known| known.spec.tubes_per_hour).sum();
    let unassigned = (under_way(tx)? - given.values().sum::<i64>()).max(0);
    let mut all = Vec::with_capacity(laboratories.len());
    for known in laboratories {
        let spec = &known.spec;
        let real = real_rate_of(tx, &known, now)?;
        let share = unassigned.saturating_mul(spec.tubes_per_hour).checked_div(whole).unwrap_or(0);
        let on_the_way = given.get(&known.id).copied().unwrap_or(0) + share;
        let arrivals = spread(on_the_way, spec.leg_minutes);
        let (queue_by_hour, busy_ms) = worked_off(known.pending, real, &arrivals);
        let waits = known.pending + on_the_way > 0;
        let turnaround_ms = spec.turnaround_minutes * MINUTE_MS;
        let last_result_at =
            busy_ms.filter(|_| waits).map(|busy| Timestamp(now.0.saturating_add(busy).saturating_add(turnaround_ms)));
        let outlook = LaboratoryOutlook {
            laboratory: known.id,
            name: spec.name.clone(),
            pending: known.pending,
            on_the_way,
            tubes_per_hour: spec.tubes_per_hour,
            real_per_hour: real,
            queue_by_hour,
            last_result_at,
        };
        all.push((known, outlook));
    }
    Ok(all)
}

/// Tubes on their way arrive evenly over the minutes of the usual way, a whole hour at least.
fn spread(tubes: i64, leg_minutes: i64) -> Vec<i64> {
    let hours = ((leg_minutes + 59) / 60).clamp(1, HOURS_AHEAD);
    let each = tubes / hours;
    let first = tubes - each * (hours - 1);
    let arriving = (0..hours).map(|hour| if hour == 0 { first } else { each });
    arriving.chain(std::iter::repeat_n(0, usize::try_from(HOURS_AHEAD - hours).unwrap_or(0))).collect()
}

/// How fast a laboratory really works now.
pub(crate) fn real_rate_of(tx: &mut Tx<'_>, known: &Laboratory, now: Timestamp) -> Result<i64> {
    let j = tx.jurisdiction();
    let since = now.0.div_euclid(HOUR_MS) - HOURS_BACK;
    let hours = tx.query(
        "SELECT hour, received, resulted FROM laboratory_hour
         WHERE j = $1 AND laboratory = $2 AND hour >= $3 ORDER BY hour",
        values![j, known.id, since],
        |row| Ok(HourCount { hour: row.get(0)?, received: row.get(1)?, resulted: row.get(2)? }),
    )?;
    Ok(real_rate(known.spec.tubes_per_hour, known.spec.turnaround_minutes, &hours, now))
}

/// Tubes in boxes that were given to a laboratory, or carried to it, and have not arrived.
fn given_to(tx: &mut Tx<'_>) -> Result<BTreeMap<LaboratoryId, i64>> {
    let j = tx.jurisdiction();
    let rows = tx.query(
        "SELECT l.laboratory, COUNT(*) FROM tube_box b
         JOIN tube_leg l ON l.j = b.j AND l.id = b.leg
         JOIN tube_box_content c ON c.j = b.j AND c.box = b.code
         WHERE b.j = $1 AND b.state IN ('given', 'carried') AND l.laboratory IS NOT NULL
         GROUP BY l.laboratory ORDER BY l.laboratory",
        values![j],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    Ok(rows.into_iter().collect())
}

fn under_way(tx: &mut Tx<'_>) -> Result<i64> {
    let j = tx.jurisdiction();
    tx.number(
        "SELECT CAST(COALESCE(SUM(tubes), 0) AS BIGINT) FROM tube_flow WHERE j = $1 AND stage IN ($2, $3, $4)",
        values![j, Stage::Sealed, Stage::Boxed, Stage::Travelling],
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(hour: i64) -> Timestamp {
        Timestamp(hour * HOUR_MS + 1)
    }

    fn hour(hour: i64, received: i64, resulted: i64) -> HourCount {
        HourCount { hour, received, resulted }
    }

    #[test]
    fn a_laboratory_that_had_work_and_did_less_is_reckoned_with_what_it_did() {
        let hours = [hour(10, 2_000, 0), hour(13, 0, 220)];
        assert_eq!(real_rate(500, 120, &hours, at(14)), 220);
        // Two hours in the machine: what came in two hours ago cannot have come out.
        assert_eq!(real_rate(500, 120, &[hour(12, 2_000, 0)], at(14)), 500);
        // Nothing lay there.
        assert_eq!(real_rate(500, 120, &[hour(10, 100, 0), hour(13, 0, 100)], at(14)), 500);
        // It stands still: a quarter, so that an hour can be told at all.
        assert_eq!(real_rate(500, 120, &[hour(10, 2_000, 0)], at(14)), 125);
        assert_eq!(real_rate(2, 120, &[hour(10, 2_000, 0)], at(14)), 1);
    }

    #[test]
    fn a_queue_is_worked_off_after_its_last_tube() {
        assert_eq!(worked_off(0, 100, &[0, 0]), (vec![0, 0], Some(0)));
        assert_eq!(worked_off(150, 100, &[0, 0]), (vec![50, 0], Some(HOUR_MS + HOUR_MS / 2)));
        assert_eq!(worked_off(0, 100, &[0, 50]), (vec![0, 0], Some(HOUR_MS + HOUR_MS / 2)));
        assert_eq!(worked_off(400, 100, &[0, 0]), (vec![300, 200], Some(4 * HOUR_MS)));
        assert_eq!(worked_off(1, 0, &[0]).1, None);
    }

    proptest! {
        /// More tubes or a slower laboratory never make the last result earlier; nothing is made up and nothing lost.
        #[test]
        fn more_work_or_less_speed_is_never_earlier(
            pending in 0_i64..20_000, rate in 1_i64..2_000, more in 0_i64..5_000,
            arrivals in proptest::collection::vec(0_i64..3_000, 1..12),
        ) {
            let end = |pending, rate| worked_off(pending, rate, &arrivals).1.unwrap();
            prop_assert!(end(pending + more, rate) >= end(pending, rate));
            prop_assert!(end(pending, rate + more) <= end(pending, rate));
            let (queue, _) = worked_off(pending, rate, &arrivals);
            let came: i64 = pending + arrivals.iter().sum::<i64>();
            let left = *queue.last().unwrap();
            prop_assert!(left <= came && came - left <= rate * arrivals.len() as i64);
        }

        #[test]
        fn the_real_rate_lies_between_one_and_what_was_said(
            said in 1_i64..5_000, turnaround in 0_i64..600,
            hours in proptest::collection::vec((0_i64..48, 0_i64..5_000, 0_i64..5_000), 0..40),
        ) {
            let hours: Vec<HourCount> = hours.into_iter().map(|(at, received, resulted)| hour(at, received, resulted)).collect();
            let real = real_rate(said, turnaround, &hours, at(48));
            prop_assert!((1..=said).contains(&real));
        }

        #[test]
        fn what_is_on_its_way_arrives(tubes in 0_i64..100_000, leg in 0_i64..2_000) {
            prop_assert_eq!(spread(tubes, leg).iter().sum::<i64>(), tubes);
            prop_assert_eq!(spread(tubes, leg).len() as i64, HOURS_AHEAD);
        }
    }
}
