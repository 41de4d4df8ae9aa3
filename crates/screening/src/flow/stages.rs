//! Tubes at each stage, and the quarter-hours of sampling that still wait: from tallies alone.

use outpace_access::Call;
use outpace_core::{Refusal, RoundId, SiteId, Timestamp};
use outpace_store::{Tx, values};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::tally::wave_start;
use crate::tubes::Stage;

/// Which flow to show.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct FlowQuery {
    /// Only of this round.
    #[serde(default)]
    pub round: Option<RoundId>,
    /// Only of this site.
    #[serde(default)]
    pub site: Option<SiteId>,
}

/// Tubes at one stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FlowRow {
    /// The stage.
    pub stage: Stage,
    /// Tubes.
    pub tubes: i64,
    /// People in them.
    pub people: i64,
}

/// Tubes of one quarter-hour of sampling that still wait.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WaveRow {
    /// When the quarter-hour began.
    pub sampled_from: Timestamp,
    /// Not yet at a laboratory.
    pub not_received: i64,
    /// Without a result.
    pub not_resulted: i64,
    /// When the last of them should be at the laboratory.
    pub laboratory_due_at: Timestamp,
    /// When the last of their results is promised.
    pub result_due_at: Timestamp,
}

/// The flow of tubes.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct FlowAnswer {
    /// By stage, in the order of the way.
    pub stages: Vec<FlowRow>,
    /// By quarter-hour of sampling, those that still wait.
    pub waves: Vec<WaveRow>,
}

/// Tubes at each stage, from tallies alone.
///
/// # Errors
/// What the store refused.
pub fn flow(tx: &mut Tx<'_>, _: &Call, query: FlowQuery) -> Result<FlowAnswer, Refusal> {
    let j = tx.jurisdiction();
    let range = |id: Option<i64>| id.map_or((0, i64::MAX), |id| (id, id));
    let (first, last) = range(query.round.map(|round| round.0));
    let (site_first, site_last) = range(query.site.map(|site| site.0));
    let mut stages = tx.query(
        "SELECT stage, CAST(SUM(tubes) AS BIGINT), CAST(SUM(people) AS BIGINT) FROM tube_flow
         WHERE j = $1 AND round BETWEEN $2 AND $3 AND site BETWEEN $4 AND $5 GROUP BY stage",
        values![j, first, last, site_first, site_last],
        |row| Ok(FlowRow { stage: row.get(0)?, tubes: row.get(1)?, people: row.get(2)? }),
    )?;
    stages.sort_by_key(|row| row.stage);
    let waves = tx.query(
        "SELECT wave, not_received, not_resulted, laboratory_due_at, result_due_at FROM tube_wave
         WHERE j = $1 AND round BETWEEN $2 AND $3 AND not_resulted > 0 ORDER BY wave, round",
        values![j, first, last],
        |row| {
            Ok(WaveRow {
                sampled_from: wave_start(row.get(0)?),
                not_received: row.get(1)?,
                not_resulted: row.get(2)?,
                laboratory_due_at: row.get(3)?,
                result_due_at: row.get(4)?,
            })
        },
    )?;
    Ok(FlowAnswer { stages, waves })
}
