//! What time alone brings about: deadlines of tubes that passed, an hour that can no longer be kept, people who went
//! into quarantine while a round was open, zones that changed under sites, histories to be filed.

use std::collections::BTreeMap;

use outpace_access::Call;
use outpace_core::time::MINUTE_MS;
use outpace_core::{AreaId, Refusal, RoundId};
use outpace_store::Unit;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::coverage;
use crate::desk::Desk;
use crate::doors;
use crate::flow::chase;
use crate::rounds::roster::Excused;
use crate::rounds::{
    self, Class, ClassChange, ForecastRevised, Method, PoolsRevised, RosterRevised, Round, RoundState, SitePool, verbs,
};

/// How much later the last result must be expected before the public is told again.
pub const REVISION_MS: i64 = 30 * MINUTE_MS;
/// Samples that have waited so long are filed by person even if no batch is full.
const FILE_AFTER_MINUTES: i64 = 10;

/// What the clock brought about.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Ticked {
    /// Tubes newly found late.
    pub late_tubes: i64,
    /// Rounds whose hour was revised in public.
    pub revised: Vec<RoundId>,
    /// People whose class on a roster changed.
    pub reclassed: i64,
}

/// Looks at the clock. Doing it twice at the same moment changes nothing more.
///
/// # Errors
/// What the store refused.
pub fn tick(unit: &mut Unit<'_>, call: &Call) -> Result<Ticked, Refusal> {
    let mut ticked = Ticked { late_tubes: chase::watch(unit, call)?, ..Ticked::default() };
    for round in rounds::rounds(unit.tx(), Some(RoundState::Open), i64::MAX)? {
        ticked.reclassed += revise_roster(unit, call, round.id)?;
        let sites = match round.spec.method {
            Method::Antigen => Vec::new(),
            Method::Pcr => verbs::sites_of(unit.tx(), call, &round.spec)?,
        };
        revise_pools(unit, round.id, &sites)?;
        if revise_forecast(unit, call, &round, &sites)? {
            ticked.revised.push(round.id);
        }
    }
    crate::lanes::unsynced::chase_overdue(unit, call)?;
    coverage::reconcile::reconcile_all(unit, call)?;
    crate::filing::file_older_than(unit, call.now.plus_minutes(-FILE_AFTER_MINUTES))?;
    Ok(ticked)
}

/// Moves people of a roster who went into quarantine, or came back, and were not sampled. Answers how many.
pub(crate) fn revise_roster(unit: &mut Unit<'_>, call: &Call, round: RoundId) -> Result<i64, Refusal> {
    let excused = Excused::at(unit.tx(), call.now)?;
    let changes = unit
        .remembered(|desk: &Desk| {
            let Some(seats) = desk.rounds.get(&round).and_then(|brief| brief.seats.as_ref()) else {
                return Vec::new();
            };
            let mut changes = Vec::new();
            for person in excused.quarantined() {
                let seat = seats.seat(*person);
                if let (Some((grid, from)), None) = (seat.home, seat.tube)
                    && from != Class::Quarantined
                {
                    changes.push(ClassChange { person: *person, grid, from, to: Class::Quarantined });
                }
            }
            changes
        })
        .unwrap_or_default();
    let count = changes.len() as i64;
    if count > 0 {
        unit.record(RosterRevised { round, changes })?;
    }
    Ok(count)
}

/// Gives sites that are new, or whose zone changed, the pool that holds now.
fn revise_pools(unit: &mut Unit<'_>, round: RoundId, sites: &[(SitePool, i64)]) -> Result<(), Refusal> {
    let now: BTreeMap<_, SitePool> = sites.iter().map(|(pool, _)| (pool.site, *pool)).collect();
    let changed = unit
        .remembered(|desk: &Desk| {
            let known = desk.rounds.get(&round).map(|brief| &brief.pools);
            let differs = |pool: &&SitePool| known.and_then(|known| known.get(&pool.site)) != Some(&pool.pool);
            now.values().filter(differs).copied().collect::<Vec<_>>()
        })
        .unwrap_or_default();
    if !changed.is_empty() {
        unit.record(PoolsRevised { round, pools: changed })?;
    }
    Ok(())
}

/// Reckons the hour of the last result again; tells the public where it is later than promised by half an hour.
fn revise_forecast(
    unit: &mut Unit<'_>,
    call: &Call,
    round: &Round,
    sites: &[(SitePool, i64)],
) -> Result<bool, Refusal> {
    let Some(published) = &round.forecast else { return Ok(false) };
    let missing = coverage::of(unit.tx(), round.id, (AreaId(1), AreaId(i64::MAX)))?.missing;
    // After the window nobody more is expected: only what was sampled is still to be tested.
    let due = if call.now < round.spec.ends_at { missing } else { 0 };
    let Some(forecast) = verbs::forecast_with(unit.tx(), call, round, due, sites)? else { return Ok(false) };
    let waits = forecast.due_people > 0 || crate::flow::waiting(unit.tx(), round.id)? > 0;
    if !waits || forecast.last_result_at.since(published.last_result_at) < REVISION_MS {
        return Ok(false);
    }
    unit.record(ForecastRevised { round: round.id, forecast: forecast.clone() })?;
    doors::revise(unit, call, round, &forecast)?;
    Ok(true)
}
