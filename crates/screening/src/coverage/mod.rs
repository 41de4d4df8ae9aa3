//! Who was sampled and who is missing, of any area at once: sums over the tallies of its grids. The door list names
//! the missing one by one, household by household.
//!
//! Law: registered = sampled + missing + exempt + absent + quarantined, for every grid of every round at any moment.

pub mod classes;
pub mod doors;
mod missed;
mod missing;
pub mod reconcile;

pub use missed::{MissedRound, OurFailure, missed_round};
pub use missing::{
    HouseholdCoverage, HouseholdsAnswer, HouseholdsQuery, MissingAnswer, MissingPerson, MissingQuery, households,
    missing, sampled_in,
};

use outpace_access::{Call, Routes};
use outpace_core::{AreaId, AreaLevel, Permission, Refusal, RoundId};
use outpace_store::{Result, Row, Tx, values};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::lanes::UnsyncedLane;

/// How the people of an area stand to a round.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Coverage {
    /// Registered in the area and covered by the round when it opened.
    pub registered: i64,
    /// Sampled at least once (antigen: reported).
    pub sampled: i64,
    /// Due and not sampled.
    pub missing: i64,
    /// Exempt and not sampled.
    pub exempt: i64,
    /// Not present and not sampled.
    pub absent: i64,
    /// In facility quarantine or isolation and not sampled here.
    pub quarantined: i64,
    /// Swabs beyond a person's first.
    pub again: i64,
    /// Swabs of people whom the round does not cover.
    pub outside: i64,
    /// Swabs of people not yet identified.
    pub unknown: i64,
    /// People sampled whose tube has a result.
    pub resulted: i64,
    /// Positive or inconclusive tubes with someone from here.
    pub suspect_tubes: i64,
}

impl Coverage {
    /// Whether the law holds.
    #[must_use]
    pub fn adds_up(&self) -> bool {
        self.registered == self.sampled + self.missing + self.exempt + self.absent + self.quarantined
    }
}

const SUMS: &str = "CAST(COALESCE(SUM(registered), 0) AS BIGINT), CAST(COALESCE(SUM(sampled), 0) AS BIGINT),
    CAST(COALESCE(SUM(due), 0) AS BIGINT), CAST(COALESCE(SUM(exempt), 0) AS BIGINT),
    CAST(COALESCE(SUM(absent), 0) AS BIGINT), CAST(COALESCE(SUM(quarantined), 0) AS BIGINT),
    CAST(COALESCE(SUM(again), 0) AS BIGINT), CAST(COALESCE(SUM(outside), 0) AS BIGINT),
    CAST(COALESCE(SUM(unknown), 0) AS BIGINT), CAST(COALESCE(SUM(resulted), 0) AS BIGINT),
    CAST(COALESCE(SUM(suspect_tubes), 0) AS BIGINT)";

fn read(row: &Row<'_>, first: usize) -> Result<Coverage> {
    Ok(Coverage {
        registered: row.get(first)?,
        sampled: row.get(first + 1)?,
        missing: row.get(first + 2)?,
        exempt: row.get(first + 3)?,
        absent: row.get(first + 4)?,
        quarantined: row.get(first + 5)?,
        again: row.get(first + 6)?,
        outside: row.get(first + 7)?,
        unknown: row.get(first + 8)?,
        resulted: row.get(first + 9)?,
        suspect_tubes: row.get(first + 10)?,
    })
}

/// How the people between two grids stand to a round, both included.
///
/// # Errors
/// What the engine refused.
pub fn of(tx: &mut Tx<'_>, round: RoundId, (first, last): (AreaId, AreaId)) -> Result<Coverage> {
    let j = tx.jurisdiction();
    let sql = format!("SELECT {SUMS} FROM coverage WHERE j = $1 AND round = $2 AND grid BETWEEN $3 AND $4");
    Ok(tx.first(&sql, values![j, round, first, last], |row| read(row, 0))?.unwrap_or_default())
}

/// How the areas of a level under another stand to a round, by code.
///
/// # Errors
/// What the engine refused.
pub fn by_area(tx: &mut Tx<'_>, round: RoundId, under: AreaId, level: AreaLevel) -> Result<Vec<(AreaId, Coverage)>> {
    let j = tx.jurisdiction();
    let (first, last) = under.grids();
    let scale = 10_i64.pow(AreaLevel::Grid.digits() - level.digits());
    let sql = format!(
        "SELECT grid / $5, {SUMS} FROM coverage WHERE j = $1 AND round = $2 AND grid BETWEEN $3 AND $4
         GROUP BY grid / $5 ORDER BY 1"
    );
    tx.query(&sql, values![j, round, first, last, scale], |row| Ok((row.get(0)?, read(row, 1)?)))
}

/// Which coverage to show.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct CoverageQuery {
    /// Of which round.
    pub round: RoundId,
    /// Of which area; absent: the actor's own.
    #[serde(default)]
    pub area: Option<AreaId>,
    /// Broken down by this level as well.
    #[serde(default)]
    pub by: Option<AreaLevel>,
}

/// The coverage of one area.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AreaCoverage {
    /// The area.
    pub area: AreaId,
    /// How its people stand.
    pub coverage: Coverage,
}

/// Coverage of an area, and of the areas in it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct CoverageAnswer {
    /// The round.
    pub round: RoundId,
    /// The area.
    pub area: AreaId,
    /// How its people stand.
    pub total: Coverage,
    /// Areas of the level asked for, by code.
    pub areas: Vec<AreaCoverage>,
    /// Lanes of sites in the actor's area from which not everything is here: what they sampled is missing above.
    pub unsynced: Vec<UnsyncedLane>,
}

/// Coverage of a round in an area, at once for any area.
///
/// # Errors
/// An unknown round, an area outside the actor's own.
pub fn coverage(tx: &mut Tx<'_>, call: &Call, query: CoverageQuery) -> Result<CoverageAnswer, Refusal> {
    let area = query.area.unwrap_or(call.actor.area);
    call.covers(area)?;
    crate::reach::seen_round(tx, call, query.round)?;
    let total = of(tx, query.round, area.grids())?;
    let areas = match query.by {
        Some(level) => by_area(tx, query.round, area, level)?,
        None => Vec::new(),
    };
    let areas = areas.into_iter().map(|(area, coverage)| AreaCoverage { area, coverage }).collect();
    let mut unsynced = crate::lanes::unsynced::unsynced(tx, Some(query.round), call.now)?;
    unsynced.retain(|lane| {
        call.sees(lane.area) && lane.areas.iter().any(|near| near.contains(area) || area.contains(*near))
    });
    Ok(CoverageAnswer { round: query.round, area, total, areas, unsynced })
}

/// The routes.
#[must_use]
pub fn routes() -> Routes {
    let read = Permission::ScreeningRead;
    Routes::new()
        .query("/api/screening/coverage", read.by_area(), "Coverage of a round, of any area", coverage)
        .query("/api/screening/missing", read.by_area(), "The door list: who was not sampled, and why", missing)
        .recall(
            "/api/screening/coverage/classes",
            read.by_area(),
            "Coverage of a round by care need and by class of workplace",
            classes::classes,
        )
        .query(
            "/api/screening/doors",
            read.by_area(),
            "The doors of a grid, those first that need a visit",
            doors::doors,
        )
        .query("/api/screening/households", read.by_area(), "Coverage of a grid or village by household", households)
}
