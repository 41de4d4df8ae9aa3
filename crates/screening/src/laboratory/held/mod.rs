//! Results that were kept and credit nobody until a person has settled them, and clocks of laboratories.
//!
//! Time runs forward: swab, seal, receipt, test, report. A negative that does not fit says nothing about the swab that it
//! is credited to; a positive stands whatever its time. A laboratory whose clock is off gets its difference as a fact,
//! which corrects the times of everything it reported meanwhile and credits at once what then fits.

mod facts;
pub(super) mod store;

use std::collections::BTreeSet;

use outpace_access::Call;
use outpace_core::time::MINUTE_MS;
use outpace_core::{LaboratoryId, Refusal, Timestamp, Trigger, TubeCode, trigger};
use outpace_store::Unit;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use facts::{CreditedResults, LaboratoryClockSet, ResultsCredited};
pub(super) use store::{SCHEMA, join};

use super::model::{Held, Outcome, standing_of};
use super::results::awaited;
use super::store::{laboratory, results_of};
use crate::errors::{ScreeningError, said, some_of, within};
use crate::tubes::store::{TubeRow, row_by_code};
use crate::tubes::{Stage, Tube};

/// Days after a swab within which a test can say something about it. Laboratories keep samples frozen for as long.
const TESTABLE_DAYS: i64 = 30;
/// Minutes by which a clock may be off: ten years.
const AHEAD_MINUTES_MAX: i64 = 10 * 366 * 24 * 60;
/// Tubes in one request at most.
const TUBES_MAX: usize = 5_000;
/// Results that one correction of a clock may credit; a longer time is settled in parts.
const CREDITED_MAX: i64 = 100_000;

/// Whether a test at this time can be one of this tube's swabs: not before they were taken, sealed and received, and not
/// a month after. Compared by the minute, as files and people write it.
pub(super) fn fits(tube: &Tube, tested_at: Timestamp) -> bool {
    let minute = |at: Timestamp| at.0.div_euclid(MINUTE_MS);
    let last = [Some(tube.first_taken_at), tube.sealed_at, tube.received_at].into_iter().flatten().max();
    last.is_none_or(|last| minute(last) <= minute(tested_at))
        && tested_at < tube.first_taken_at.plus_days(TESTABLE_DAYS)
}

/// Credits results that were kept without effect.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct CreditResults {
    /// Whose results.
    pub laboratory: LaboratoryId,
    /// Which tubes.
    pub tubes: Vec<TubeCode>,
    /// What was found out: why swab and test belong together.
    pub finding: String,
}

/// What counts now.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Credited {
    /// Results that count now.
    pub credited: i64,
    /// Results whose time was corrected.
    pub corrected: i64,
    /// Results that still credit nobody.
    pub held: i64,
}

/// Credits results that were kept without effect, after somebody found that swab and test belong together. The other way
/// to settle them is an exclusion.
///
/// # Errors
/// An unknown laboratory or tube, no finding.
pub fn credit_results(unit: &mut Unit<'_>, call: &Call, request: CreditResults) -> Result<Credited, Refusal> {
    said("finding", &request.finding, 400)?;
    some_of("tubes", &request.tubes, TUBES_MAX)?;
    known(unit, call, request.laboratory)?;
    let (mut rows, mut tubes) = (Vec::new(), Vec::new());
    let distinct: BTreeSet<&TubeCode> = request.tubes.iter().collect();
    for code in distinct {
        let row = row_by_code(unit.tx(), code)?.ok_or_else(|| ScreeningError::UnknownTube { tube: code.clone() })?;
        let results = results_of(unit.tx(), row.tube.number, code)?;
        let held =
            results.iter().filter(|one| one.held.is_some() && !one.excluded && one.laboratory == request.laboratory);
        let ordinals: Vec<i64> = held.map(|one| one.ordinal).collect();
        if !ordinals.is_empty() {
            tubes.push(CreditedResults { tube: row.tube.number, ordinals });
            rows.push(row);
        }
    }
    let credited = credit(unit, request.laboratory, request.finding, tubes, &rows)?;
    Ok(Credited { credited, ..Credited::default() })
}

/// Says by how much a laboratory's clock was off.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SetLaboratoryClock {
    /// Whose clock.
    pub laboratory: LaboratoryId,
    /// Minutes by which it was ahead of the right time; negative: behind; 0: it was right.
    #[schema(value_type = outpace_core::bounds::MinutesAhead)]
    pub ahead_minutes: i64,
    /// From which moment of reporting on.
    pub since: Timestamp,
    /// Until which moment of reporting; absent: from now on as well, until it is set again.
    #[serde(default)]
    pub until: Option<Timestamp>,
    /// How it was found.
    pub finding: String,
}

/// Corrects the times of what a laboratory reported while its clock was off, and credits at once what then fits.
///
/// # Errors
/// An unknown laboratory or one outside the actor's area, a difference of more than ten years, an end before the
/// beginning, no finding.
pub fn set_laboratory_clock(
    unit: &mut Unit<'_>,
    call: &Call,
    request: SetLaboratoryClock,
) -> Result<Credited, Refusal> {
    said("finding", &request.finding, 400)?;
    within("ahead_minutes", request.ahead_minutes, -AHEAD_MINUTES_MAX, AHEAD_MINUTES_MAX)?;
    if let Some(until) = request.until.filter(|until| *until <= request.since) {
        return Err(ScreeningError::WindowBackwards { starts_at: request.since, ends_at: until }.into());
    }
    known(unit, call, request.laboratory)?;
    let clock = LaboratoryClockSet {
        laboratory: request.laboratory,
        ahead_minutes: request.ahead_minutes,
        since: request.since,
        until: request.until,
        finding: request.finding.clone(),
    };
    let held = store::held_between(unit.tx(), &clock, CREDITED_MAX)?;
    let corrected = store::said_between(unit.tx(), &clock)?;
    unit.record(clock)?;
    let (mut rows, mut tubes, mut left) = (Vec::<TubeRow>::new(), Vec::<CreditedResults>::new(), 0);
    for (tube, ordinal, said_at) in held {
        let Some(row) = crate::tubes::store::row(unit.tx(), tube)? else { continue };
        let tested_at = said_at.plus_minutes(-request.ahead_minutes);
        if !fits(&row.tube, tested_at) || tested_at.since(call.now) > crate::tubes::register::CLOCK_AHEAD_MS {
            left += 1;
            continue;
        }
        match tubes.last_mut().filter(|last| last.tube == tube) {
            Some(last) => last.ordinals.push(ordinal),
            None => {
                tubes.push(CreditedResults { tube, ordinals: vec![ordinal] });
                rows.push(row);
            }
        }
    }
    let credited = credit(unit, request.laboratory, request.finding, tubes, &rows)?;
    Ok(Credited { credited, corrected, held: left })
}

fn known(unit: &mut Unit<'_>, call: &Call, id: LaboratoryId) -> Result<(), Refusal> {
    let known = laboratory(unit.tx(), id)?.ok_or(ScreeningError::UnknownLaboratory { laboratory: id })?;
    call.covers(known.spec.area)
}

/// Records that results count now, and wakes the response for those who wait for them.
fn credit(
    unit: &mut Unit<'_>,
    laboratory: LaboratoryId,
    finding: String,
    tubes: Vec<CreditedResults>,
    rows: &[TubeRow],
) -> Result<i64, Refusal> {
    if tubes.is_empty() {
        return Ok(0);
    }
    let credited = tubes.iter().map(|tube| tube.ordinals.len() as i64).sum();
    unit.record(ResultsCredited { laboratory, finding, tubes })?;
    let mut triggers = BTreeSet::new();
    for row in rows {
        let results = results_of(unit.tx(), row.tube.number, &row.tube.code)?;
        let stands = standing_of(results.iter().filter(|one| one.counts()).map(|one| one.outcome));
        awaited(unit, row, stands, &mut triggers)?;
    }
    if triggers.iter().any(|trigger| matches!(trigger, Trigger::Tube(_))) {
        crate::filing::file(unit)?;
    }
    for trigger in &triggers {
        unit.enqueue(trigger::RESPOND, trigger)?;
    }
    Ok(credited)
}

/// Whether a result is kept without effect: a negative whose time does not fit, and whatever comes from a laboratory
/// that does not have the tube.
pub(super) fn why_held(tube: &Tube, laboratory: LaboratoryId, outcome: Outcome, is_in_order: bool) -> Option<Held> {
    let elsewhere = tube.stage.is_received() || tube.stage == Stage::Lost;
    if elsewhere && tube.laboratory.is_some_and(|known| known != laboratory) {
        return Some(Held::Elsewhere);
    }
    (outcome == Outcome::Negative && !is_in_order).then_some(Held::Time)
}
