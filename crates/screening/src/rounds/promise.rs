//! The hour of a round's last result as it looks now, with what it hangs on.

use outpace_access::Call;
use outpace_core::{AreaId, Refusal, RoundId, SiteId};
use outpace_store::Tx;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::forecast::Forecast;
use super::model::RoundState;
use super::verbs::{RoundQuery, due_of, forecast, known, sites_of};
use crate::coverage;
use crate::laboratory::{LaboratoryOutlook, outlooks};

/// The hour of a round's last result as it looks now.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ForecastAnswer {
    /// The round.
    pub round: RoundId,
    /// The forecast of now; absent where no hour can be given.
    pub forecast: Option<Forecast>,
    /// The forecast that was published last.
    pub published: Option<Forecast>,
    /// Samplers that the pack asks for.
    pub samplers_needed: i64,
    /// Sites that the pack asks for.
    pub sites_needed: i64,
    /// Sites that are open and staffed.
    pub sites: Vec<SiteId>,
    /// The load of each laboratory, with the hour of its last result.
    pub laboratories: Vec<LaboratoryOutlook>,
}

/// Reckons the hour of a round's last result from its people, lanes, way and laboratories as they stand now.
///
/// # Errors
/// An unknown round, or one outside the actor's area.
pub fn forecast_now(tx: &mut Tx<'_>, call: &Call, query: RoundQuery) -> Result<ForecastAnswer, Refusal> {
    let round = known(tx, call, query.round)?;
    let due = match round.state {
        RoundState::Planned => due_of(tx, &round, call.now)?,
        _ => coverage::of(tx, round.id, (AreaId(1), AreaId(i64::MAX)))?.missing,
    };
    let people = u64::try_from(due).unwrap_or(0);
    let screening = &call.pack().screening;
    let count = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    Ok(ForecastAnswer {
        round: round.id,
        forecast: forecast(tx, call, &round, due)?,
        published: round.forecast.clone(),
        samplers_needed: count(screening.samplers_for(people)),
        sites_needed: count(screening.sites_for(people)),
        laboratories: outlooks(tx, call.now)?.into_iter().map(|(_, outlook)| outlook).collect(),
        sites: sites_of(tx, call, &round.spec)?.into_iter().map(|(site, _)| site.site).collect(),
    })
}
