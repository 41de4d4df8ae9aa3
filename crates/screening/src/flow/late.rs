//! Tubes that are late against a deadline of the pack, and where each was last signed. Waves tell at once whether there
//! are any; only then are tubes looked at.

use outpace_access::Call;
use outpace_core::{Refusal, RoundId, SiteId, Timestamp, TubeCode};
use outpace_store::{Fact, Result, Tx, values};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::tally::{round_key, wave_start};
use crate::carry::{Custody, custody_of};
use crate::page_limit;
use crate::tubes::store::{TUBE, TubeRow, read_row};
use crate::tubes::{Stage, Tube};
use crate::words::words;

/// Tubes named in one fact at most.
pub(crate) const NAMED_MAX: i64 = 200;

/// The table of what was found late.
pub(crate) const SCHEMA: &str = "
CREATE TABLE tube_late (
  j BIGINT NOT NULL, round BIGINT NOT NULL, wave BIGINT NOT NULL, kind TEXT NOT NULL, tubes BIGINT NOT NULL,
  found_at BIGINT NOT NULL, PRIMARY KEY (j, round, wave, kind)) WITHOUT ROWID;
";

words! {
    /// Which deadline passed.
    pub enum LateKind {
        /// Too long at ambient temperature, not yet at a laboratory.
        Ambient = "ambient" / "常温超时",
        /// Not at a laboratory in time.
        Laboratory = "laboratory" / "送达超时",
        /// No result by the promised hour.
        Result = "result" / "出结果超时",
    }
}

/// Tubes of one quarter-hour were found late against a deadline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TubesLate {
    /// The round; absent outside any.
    pub round: Option<RoundId>,
    /// The quarter-hour of their sampling.
    pub wave: i64,
    /// Which deadline.
    pub kind: LateKind,
    /// How many.
    pub tubes: i64,
    /// The first of them.
    pub named: Vec<TubeCode>,
}

impl Fact for TubesLate {
    const KIND: &'static str = "screening.tubes_late";
}

/// Adds the table and its fold.
pub(crate) fn join(capability: outpace_store::Capability) -> outpace_store::Capability {
    capability.table("tube_late", "j, round, wave, kind").fold(|tx, entry, fact: &TubesLate| {
        let j = tx.jurisdiction();
        tx.execute(
            "INSERT INTO tube_late (j, round, wave, kind, tubes, found_at) VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (j, round, wave, kind) DO UPDATE SET tubes = excluded.tubes",
            values![j, round_key(fact.round), fact.wave, fact.kind, fact.tubes, entry.recorded_at],
        )
        .map(|_| ())
    })
}

/// A wave with tubes that may be late.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LateWave {
    pub(crate) round: RoundId,
    pub(crate) wave: i64,
    pub(crate) kind: LateKind,
    pub(crate) first_tube: i64,
    pub(crate) last_tube: i64,
}

/// Waves of which some tube may be late at a moment. With `marked` left out: only those not noted as late before.
pub(crate) fn late_waves(tx: &mut Tx<'_>, now: Timestamp, unmarked_only: bool) -> Result<Vec<LateWave>> {
    let j = tx.jurisdiction();
    let mut found = Vec::new();
    for (kind, waits, due) in [
        (LateKind::Ambient, "not_received", "ambient_due_at"),
        (LateKind::Laboratory, "not_received", "laboratory_due_at"),
        (LateKind::Result, "not_resulted", "result_due_at"),
    ] {
        let sql = format!(
            "SELECT w.round, w.wave, w.first_tube, w.last_tube FROM tube_wave w
             LEFT JOIN tube_late l ON l.j = w.j AND l.round = w.round AND l.wave = w.wave AND l.kind = $3
             WHERE w.j = $1 AND w.{waits} > 0 AND w.{due} < $2 AND ($4 = 0 OR l.kind IS NULL)
             ORDER BY w.round, w.wave"
        );
        found.extend(tx.query(&sql, values![j, now, kind, unmarked_only], |row| {
            Ok(LateWave {
                round: row.get(0)?,
                wave: row.get(1)?,
                kind,
                first_tube: row.get(2)?,
                last_tube: row.get(3)?,
            })
        })?);
    }
    Ok(found)
}

/// Whether a tube is late against a deadline at a moment. Pure.
#[must_use]
pub(crate) fn is_late(tube: &Tube, kind: LateKind, now: Timestamp) -> bool {
    let at_laboratory = tube.stage.is_received() || tube.stage == Stage::Lost;
    match kind {
        LateKind::Ambient => !at_laboratory && tube.ambient_due_at < now,
        LateKind::Laboratory => !at_laboratory && tube.laboratory_due_at < now,
        LateKind::Result => !tube.stage.is_final() && tube.result_due_at < now,
    }
}

/// The late tubes of a wave, by number.
pub(crate) fn tubes_of(tx: &mut Tx<'_>, wave: LateWave, now: Timestamp) -> Result<Vec<TubeRow>> {
    let j = tx.jurisdiction();
    let rows = tx.query(
        &format!(
            "SELECT {TUBE} FROM tube t WHERE t.j = $1 AND t.number BETWEEN $2 AND $3 AND t.round = $4 AND t.wave = $5
               AND t.stage NOT IN ('resulted', 'invalid', 'lost') ORDER BY t.number"
        ),
        values![j, wave.first_tube, wave.last_tube, wave.round, wave.wave],
        read_row,
    )?;
    Ok(rows.into_iter().filter(|row| is_late(&row.tube, wave.kind, now)).collect())
}

/// Which late tubes to list.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct LateQuery {
    /// Only against this deadline.
    #[serde(default)]
    pub kind: Option<LateKind>,
    /// Only of this round.
    #[serde(default)]
    pub round: Option<RoundId>,
    /// At most so many.
    #[serde(default)]
    pub limit: Option<i64>,
}

/// A late tube.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LateTube {
    /// The tube.
    pub tube: TubeCode,
    /// Against which deadline.
    pub kind: LateKind,
    /// When it should have been.
    pub due_at: Timestamp,
    /// Where it is.
    pub stage: Stage,
    /// People in it.
    pub people: i64,
    /// Where it was last signed.
    pub custody: Custody,
}

/// Late tubes, oldest samples first.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct LateAnswer {
    /// The tubes.
    pub tubes: Vec<LateTube>,
}

/// Lists tubes that are late now, and where each was last signed.
///
/// # Errors
/// What the store refused.
pub fn late_tubes(tx: &mut Tx<'_>, call: &Call, query: LateQuery) -> Result<LateAnswer, Refusal> {
    let limit = usize::try_from(page_limit(query.limit)).unwrap_or(usize::MAX);
    let mut tubes = Vec::new();
    // A wave's deadline is that of its last tube; its first may be late a quarter of an hour before.
    let soon = call.now.plus_minutes(15);
    for wave in late_waves(tx, soon, false)? {
        let wanted =
            query.kind.is_none_or(|kind| kind == wave.kind) && query.round.is_none_or(|round| round == wave.round);
        if !wanted || tubes.len() >= limit {
            continue;
        }
        for row in tubes_of(tx, wave, call.now)? {
            if tubes.len() >= limit {
                break;
            }
            let custody = custody_of(tx, &row.tube)?;
            let due_at = match wave.kind {
                LateKind::Ambient => row.tube.ambient_due_at,
                LateKind::Laboratory => row.tube.laboratory_due_at,
                LateKind::Result => row.tube.result_due_at,
            };
            tubes.push(LateTube {
                tube: row.tube.code,
                kind: wave.kind,
                due_at,
                stage: row.tube.stage,
                people: row.tube.people,
                custody,
            });
        }
    }
    Ok(LateAnswer { tubes })
}

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
