//! What follows from zones by reckoning alone: which level counts, who is counted where, the duties of a day.

use std::collections::BTreeMap;

use outpace_core::{AreaId, Timestamp, ZoneId};
use outpace_policy::{DailyDuties, Rules, ZoneLevel};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::model::{NewZone, PARTS_MAX, Zone, ZonePopulation};
use crate::errors::ZoningError;

/// How strict a level is, larger is stricter. The families interleave: a lockdown zone is stricter than a high-risk
/// area, which is stricter than a control zone, and so on down.
#[must_use]
pub fn strictness(level: ZoneLevel) -> u8 {
    match level {
        ZoneLevel::Lockdown => 6,
        ZoneLevel::High => 5,
        ZoneLevel::Control => 4,
        ZoneLevel::Medium => 3,
        ZoneLevel::Precaution => 2,
        ZoneLevel::Low => 1,
    }
}

/// Passes a risk level that may stand beside this level.
///
/// # Errors
/// When the second is no risk level, or the first is one already.
pub fn check_levels(level: ZoneLevel, risk: Option<ZoneLevel>) -> Result<(), ZoningError> {
    match risk {
        Some(risk) if !risk.is_risk() || level.is_risk() => Err(ZoningError::Beside(risk, level)),
        _ => Ok(()),
    }
}

/// Passes a zone that can be drawn.
///
/// # Errors
/// What is missing, by field.
pub fn check(zone: &NewZone) -> Result<(), ZoningError> {
    zone.ground.check()?;
    check_levels(zone.level, zone.risk)?;
    let parts = zone.areas.len() + zone.places.len();
    if !(1..=PARTS_MAX).contains(&parts) {
        return Err(ZoningError::Parts(parts));
    }
    match zone.areas.iter().find(|area| area.level().is_none()) {
        Some(area) => Err(ZoningError::NotAnArea(area.0)),
        None => Ok(()),
    }
}

/// The areas of a list that do not lie inside another of it: so that nobody is counted twice.
#[must_use]
pub fn outermost(areas: &[AreaId]) -> Vec<AreaId> {
    let mut outer: Vec<AreaId> = Vec::new();
    let mut sorted = areas.to_vec();
    sorted.sort_by_key(|area| area.grids());
    sorted.dedup();
    for area in sorted.iter() {
        let inside = sorted.iter().any(|other| other != area && other.contains(*area));
        if !inside {
            outer.push(*area);
        }
    }
    outer
}

/// How many people stand at each level, each person once, at the strictest level of the zones around them.
/// `population` answers for one whole area; an area inside another is taken out of the outer one.
///
/// # Errors
/// What `population` answered.
pub fn net_population<E>(
    zones: &[Zone],
    mut population: impl FnMut(AreaId) -> Result<ZonePopulation, E>,
) -> Result<BTreeMap<ZoneLevel, ZonePopulation>, E> {
    let mut levels: BTreeMap<AreaId, ZoneLevel> = BTreeMap::new();
    for zone in zones {
        for area in &zone.areas {
            let level = levels.entry(*area).or_insert(zone.level);
            if strictness(zone.level) > strictness(*level) {
                *level = zone.level;
            }
        }
    }
    let mut net: BTreeMap<ZoneLevel, ZonePopulation> = BTreeMap::new();
    for area in levels.keys() {
        let around = levels.iter().filter(|(outer, _)| outer.contains(*area));
        let Some(level) = around.map(|(_, level)| *level).max_by_key(|level| strictness(*level)) else { continue };
        let whole = population(*area)?;
        add(net.entry(level).or_default(), whole, 1);
        // The nearest zone area around this one counted these people already, at its own level.
        let parent = levels.keys().filter(|outer| *outer != area && outer.contains(*area)).max();
        if let Some(parent) = parent {
            let around = levels.iter().filter(|(outer, _)| outer.contains(*parent));
            if let Some(level) = around.map(|(_, level)| *level).max_by_key(|level| strictness(*level)) {
                add(net.entry(level).or_default(), whole, -1);
            }
        }
    }
    for zone in zones {
        net.entry(zone.level).or_default();
    }
    Ok(net)
}

fn add(sum: &mut ZonePopulation, part: ZonePopulation, sign: i64) {
    sum.residents += sign * part.residents;
    sum.present += sign * part.present;
    sum.households += sign * part.households;
}

/// A daily duty in a locked area, in the words of the reports of the time (三巡查、两检测、一监测、一消毒、一报告).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DutyKind {
    /// 巡查.
    Patrol,
    /// 检测.
    Test,
    /// 监测.
    Check,
    /// 消毒.
    Disinfection,
    /// 报告.
    Report,
}

impl DutyKind {
    /// The key in order keys and forms.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Patrol => "patrol",
            Self::Test => "test",
            Self::Check => "check",
            Self::Disinfection => "disinfection",
            Self::Report => "report",
        }
    }

    /// The word of the reports.
    #[must_use]
    pub fn zh(self) -> &'static str {
        match self {
            Self::Patrol => "巡查",
            Self::Test => "检测",
            Self::Check => "监测",
            Self::Disinfection => "消毒",
            Self::Report => "报告",
        }
    }

    fn times(self, duties: &DailyDuties) -> u32 {
        match self {
            Self::Patrol => duties.patrols.value,
            Self::Test => duties.tests.value,
            Self::Check => duties.checks.value,
            Self::Disinfection => duties.disinfections.value,
            Self::Report => duties.reports.value,
        }
    }
}

/// One duty of one day in one zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ZoneDuty)]
pub struct Duty {
    /// The key under which its order is issued once: `duty:zone:day:patrol:1`.
    pub key: String,
    /// The zone.
    pub zone: ZoneId,
    /// What is to be done.
    pub kind: DutyKind,
    /// Which of the day's, from 1.
    pub number: u32,
    /// Of how many.
    pub of: u32,
    /// The end of the local day, by which it is done.
    pub due_at: Timestamp,
}

/// The duties of a local day in a zone: none where its level does not keep people at home, or where the zone is not in
/// force at any moment of that day. What each consists of, and its hour, is left to the place.
#[must_use]
pub fn duties_due(zone: &Zone, day: i64, rules: &Rules, offset_minutes: i64) -> Vec<Duty> {
    let start = Timestamp::start_of_local_day(day, offset_minutes);
    let end = Timestamp::start_of_local_day(day + 1, offset_minutes);
    let locked = rules.zone(zone.level).is_some_and(|level| level.locked.value);
    let touches = zone.starts_at < end && zone.lifted_at.is_none_or(|lifted| lifted > start);
    if !locked || !touches || zone.imposed_by.is_some() {
        return Vec::new();
    }
    let kinds = [DutyKind::Patrol, DutyKind::Test, DutyKind::Check, DutyKind::Disinfection, DutyKind::Report];
    let mut duties = Vec::new();
    for kind in kinds {
        let of = kind.times(&rules.daily_duties);
        for number in 1..=of {
            let key = format!("duty:{}:{day}:{}:{number}", zone.id, kind.key());
            duties.push(Duty { key, zone: zone.id, kind, number, of, due_at: end });
        }
    }
    duties
}
