//! How many people of any area are due for routine screening today: counted from the board, in one walk over everybody's
//! last sample. The list of a village, with names of households, is `screening::routine::due`; the law is that both agree.

use std::collections::{BTreeMap, BTreeSet};

use outpace_access::Call;
use outpace_core::time::{HOUR_MS, MINUTE_MS};
use outpace_core::{AreaId, AreaLevel, PersonId, Refusal, Timestamp};
use outpace_screening::routine::{self, Interval, interval_for};
use outpace_store::Tx;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::board::Board;
use crate::slots::Seen;

/// Of which area to count.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct DueCountQuery {
    /// Of which area; absent: the actor's own.
    #[serde(default)]
    pub area: Option<AreaId>,
    /// Broken down by this level as well.
    #[serde(default)]
    pub by: Option<AreaLevel>,
}

/// How many of an area are due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DueCount {
    /// The area.
    pub area: AreaId,
    /// People who are there, due or not.
    pub present: i64,
    /// Due by the end of today.
    pub due: i64,
    /// Of these, people whose interval has ended already, or who were never sampled.
    pub overdue: i64,
}

/// How many are due today.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DueCountAnswer {
    /// Due before this moment: the end of today.
    pub before: Timestamp,
    /// The whole area.
    pub total: DueCount,
    /// Areas of the level asked for, by code.
    pub areas: Vec<DueCount>,
}

/// Minutes of today that decide, whole ones as the board keeps them.
#[derive(Clone, Copy)]
struct Today {
    now: i64,
    end: i64,
}

/// One person as counted: present, due, overdue.
fn counted(seen: Seen, hours: i64, today: Today) -> [i64; 3] {
    let due_at = (seen.sampled != 0).then(|| seen.sampled.saturating_add(hours.saturating_mul(HOUR_MS / MINUTE_MS)));
    let before = |minute: i64| i64::from(due_at.is_none_or(|due_at| due_at < minute));
    if seen.away { [0; 3] } else { [1, before(today.end), before(today.now)] }
}

/// Sums by home grid.
struct Sums {
    /// By position less 1: hours of the interval where the grid counts, and the sums.
    grids: Vec<Option<(i64, [i64; 3])>>,
}

impl Sums {
    fn add(&mut self, grid: usize, sign: i64, what: [i64; 3]) {
        if let Some(Some((_, sums))) = grid.checked_sub(1).and_then(|at| self.grids.get_mut(at)) {
            sums.iter_mut().zip(what).for_each(|(sum, one)| *sum += sign * one);
        }
    }

    fn hours(&self, grid: usize) -> Option<i64> {
        self.grids.get(grid.checked_sub(1)?)?.map(|(hours, _)| hours)
    }
}

/// Counts. Whoever has another interval by work, or is not tested at a lane at all, is taken out and put in again as is right.
fn sums_of(
    board: &Board,
    homes: &[Option<i64>],
    at_work: &BTreeMap<PersonId, (AreaId, i64, &Interval)>,
    never_due: &BTreeSet<PersonId>,
    today: Today,
) -> Sums {
    let mut sums = Sums { grids: homes.iter().map(|hours| hours.map(|hours| (hours, [0; 3]))).collect() };
    board.slots().each(|_, seen| {
        if let Some(hours) = sums.hours(seen.grid) {
            sums.add(seen.grid, 1, counted(seen, hours, today));
        }
    });
    let others = at_work.keys().filter(|person| !never_due.contains(person)).chain(never_due);
    for person in others {
        let seen = board.slots().see(*person);
        let Some(by_home) = sums.hours(seen.grid) else { continue };
        sums.add(seen.grid, -1, counted(seen, by_home, today));
        let [present, due, overdue] = counted(seen, at_work.get(person).map_or(by_home, |(_, _, by)| by.hours), today);
        let right = if never_due.contains(person) { [present, 0, 0] } else { [present, due, overdue] };
        sums.add(seen.grid, 1, right);
    }
    sums
}

/// How many of an area, and of the areas in it, are due by the end of today: whose last sample and interval end by then.
/// Who is exempt, away or in quarantine is not.
///
/// # Errors
/// An area outside the actor's own.
pub fn due_count(board: &Board, tx: &mut Tx<'_>, call: &Call, query: DueCountQuery) -> Result<DueCountAnswer, Refusal> {
    let area = query.area.unwrap_or(call.actor.area);
    call.covers(area)?;
    let adopted = routine::intervals(tx)?;
    let pack_hours = routine::pack_hours(call);
    let at_work = routine::worker_groups(tx, &adopted, pack_hours, area)?;
    let never_due = routine::never_due(tx, call.now)?;
    let before = routine::end_of_today(call);
    let grids = board.grids();
    let hours = |grid: &AreaId| area.contains(*grid).then(|| interval_for(&adopted, pack_hours, *grid, None).0);
    let homes: Vec<Option<i64>> = grids.iter().map(hours).collect();
    let today = Today { now: call.now.0.div_euclid(MINUTE_MS), end: before.0.div_euclid(MINUTE_MS) };
    let sums = sums_of(board, &homes, &at_work, &never_due, today);
    let mut total = DueCount { area, present: 0, due: 0, overdue: 0 };
    let mut areas = BTreeMap::<AreaId, DueCount>::new();
    for (grid, sum) in grids.iter().zip(sums.grids) {
        let Some((_, sum)) = sum else { continue };
        add(&mut total, sum);
        if let Some(inner) = query.by.and_then(|level| grid.at(level)) {
            add(areas.entry(inner).or_insert(DueCount { area: inner, present: 0, due: 0, overdue: 0 }), sum);
        }
    }
    Ok(DueCountAnswer { before, total, areas: areas.into_values().collect() })
}

fn add(count: &mut DueCount, [present, due, overdue]: [i64; 3]) {
    count.present += present;
    count.due += due;
    count.overdue += overdue;
}
