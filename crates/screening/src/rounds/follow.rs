//! A round that follows another: the second and third round of the same people, or only of those who missed the first;
//! nobody is sampled again before the hours that the officer sets have passed since their last sample.

use std::collections::{BTreeMap, BTreeSet};

use outpace_access::Call;
use outpace_core::time::HOUR_MS;
use outpace_core::{PersonId, Refusal, RoundId, Text, Timestamp};
use outpace_store::{Result, Tx, Unit, values};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::facts::RoundPlanned;
use super::model::{Class, RosterGrid, Round, RoundSpec, RoundState};
use super::verbs::{RoundView, known, view};
use super::{Method, store};
use crate::desk::{Desk, Seat, Seats, load_seats};
use crate::errors::{ScreeningError, said, within};
use crate::person_set::PersonSet;

/// Hours that may be asked for between two samples at most.
const HOURS_MAX: i64 = 30 * 24;

/// Which round another one follows, and whom it leaves out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Follows {
    /// The former round.
    pub round: RoundId,
    /// Only those who were due in it and missed it, and those who came since.
    pub only_missing: bool,
    /// Hours that must lie between the sample of the former round and the opening; 0: none.
    pub hours_between: i64,
}

/// Plans a round that follows another: the same scope and method.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct FollowRound {
    /// The former round.
    pub round: RoundId,
    /// Natural key of the new one: the same key twice gives the first back.
    pub key: String,
    /// Its name.
    pub name: Text,
    /// Only those who missed the former one.
    #[serde(default)]
    pub only_missing: bool,
    /// Hours that must have passed since somebody's sample in the former round; absent: none.
    #[serde(default)]
    pub hours_between: Option<i64>,
    /// When sampling begins; absent: now.
    #[serde(default)]
    pub starts_at: Option<Timestamp>,
    /// When sampling ends; absent: after as many hours as the former one had.
    #[serde(default)]
    pub ends_at: Option<Timestamp>,
}

/// Plans a round that follows another, and shows its forecast.
///
/// # Errors
/// An unknown former round, one that was never opened, one of antigen tests, a window that ends before it begins, hours
/// out of range.
pub fn follow_round(unit: &mut Unit<'_>, call: &Call, request: FollowRound) -> std::result::Result<RoundView, Refusal> {
    said("key", &request.key, 80)?;
    if let Some(same) = store::round_by_key(unit.tx(), &request.key)? {
        return view(unit.tx(), call, same);
    }
    said("name", &request.name.zh, 80)?;
    let former = known(unit.tx(), call, request.round)?;
    if former.state == RoundState::Planned {
        return Err(ScreeningError::RoundNotOpen { round: former.id }.into());
    }
    if former.spec.method != Method::Pcr {
        return Err(ScreeningError::WrongMethod { round: former.id }.into());
    }
    let hours_between = request.hours_between.unwrap_or(0);
    within("hours_between", hours_between, 0, HOURS_MAX)?;
    let starts_at = request.starts_at.unwrap_or(call.now);
    let lasted = former.spec.ends_at.since(former.spec.starts_at);
    let ends_at = request.ends_at.unwrap_or(Timestamp(starts_at.0.saturating_add(lasted)));
    if ends_at <= starts_at {
        return Err(ScreeningError::WindowBackwards { starts_at, ends_at }.into());
    }
    let round = RoundId(unit.next(RoundId::COUNTER)?);
    let follows = Some(Follows { round: former.id, only_missing: request.only_missing, hours_between });
    let spec = RoundSpec { key: request.key, name: request.name, starts_at, ends_at, follows, ..former.spec };
    unit.record(RoundPlanned { round, spec })?;
    let planned = known(unit.tx(), call, round)?;
    view(unit.tx(), call, planned)
}

/// People who will be due in a following round, from the tallies of the former one.
pub(crate) fn due_estimate(tx: &mut Tx<'_>, follows: &Follows, all: i64, now: Timestamp) -> Result<i64> {
    let former = crate::coverage::of(tx, follows.round, (outpace_core::AreaId(1), outpace_core::AreaId(i64::MAX)))?;
    if follows.only_missing {
        return Ok(former.missing.min(all));
    }
    let recent = match store::round(tx, follows.round)?.and_then(|round| round.closed_at.or(round.opened_at)) {
        Some(last) => now.since(last) < follows.hours_between.saturating_mul(HOUR_MS),
        None => false,
    };
    Ok(if recent { (all - former.sampled).max(0) } else { all })
}

/// Leaves those out of a roster whom a following round does not cover.
pub(crate) fn narrow(
    unit: &mut Unit<'_>,
    round: &Round,
    roster: Vec<RosterGrid>,
    now: Timestamp,
) -> Result<Vec<RosterGrid>> {
    let Some(follows) = round.spec.follows else { return Ok(roster) };
    let since = Timestamp(now.0.saturating_sub(follows.hours_between.saturating_mul(HOUR_MS)));
    let recent =
        if follows.hours_between > 0 { sampled_after(unit.tx(), follows.round, since)? } else { BTreeSet::new() };
    let covered = |seats: &Seats| -> Vec<RosterGrid> {
        let keeps = |person: PersonId| {
            let seat = seats.seat(person);
            covers(&follows, seat, seat.tube.is_some_and(|tube| recent.contains(&tube)))
        };
        roster.iter().map(|grid| narrowed(grid, keeps)).collect()
    };
    let kept = unit.remembered(|desk: &Desk| desk.rounds.get(&follows.round)?.seats.as_ref().map(&covered)).flatten();
    Ok(match kept {
        Some(grids) => grids,
        None => covered(&load_seats(unit.tx(), follows.round)?),
    })
}

/// Whether a following round covers somebody who stood so to the former one. Pure.
fn covers(follows: &Follows, seat: Seat, sampled_recently: bool) -> bool {
    let missed = seat.tube.is_none() && seat.home.is_none_or(|(_, class)| class == Class::Due);
    !sampled_recently && (!follows.only_missing || missed)
}

fn narrowed(grid: &RosterGrid, keeps: impl Fn(PersonId) -> bool) -> RosterGrid {
    let kept = |people: &PersonSet| people.iter().filter(|person| keeps(*person)).collect::<PersonSet>();
    RosterGrid {
        grid: grid.grid,
        due: kept(&grid.due),
        absent: kept(&grid.absent),
        exempt: kept(&grid.exempt),
        quarantined: kept(&grid.quarantined),
    }
}

/// Tubes of a round whose first swab was taken after a moment: one walk along the round's own numbers.
fn sampled_after(tx: &mut Tx<'_>, round: RoundId, since: Timestamp) -> Result<BTreeSet<i64>> {
    let j = tx.jurisdiction();
    let span: BTreeMap<RoundId, (i64, i64)> = tx
        .query(
            "SELECT round, MIN(first_tube), MAX(last_tube) FROM tube_wave WHERE j = $1 AND round = $2 GROUP BY round",
            values![j, round],
            |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?))),
        )?
        .into_iter()
        .collect();
    let Some((first, last)) = span.get(&round) else { return Ok(BTreeSet::new()) };
    let tubes = tx.query(
        "SELECT number FROM tube WHERE j = $1 AND number BETWEEN $2 AND $3 AND round = $4 AND first_taken_at > $5",
        values![j, *first, *last, round, since],
        |row| row.get(0),
    )?;
    Ok(tubes.into_iter().collect())
}
