//! The conservation law of tubes, checked at any time: nothing falls between two of the six verbs.
//!
//! - sampled = people in tubes
//! - tubes = open + sealed
//! - sealed = under way + received + lost
//! - received = resulted + pending + invalid
//!
//! The quick check compares tallies that are kept apart: people by home, tubes by stage and site, tubes by quarter-hour
//! of sampling. It reads no tube, so that it can stand on a live page. The recount adds up every tube and every sample as
//! well, and names the tubes that differ.

use outpace_access::Call;
use outpace_core::{Refusal, RoundId, Text, TubeCode};
use outpace_store::{Result, Tx, values};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Tubes named at most for one difference.
const NAMED_MAX: i64 = 50;

/// What to balance.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct ConservationQuery {
    /// Only this round; absent: everything.
    #[serde(default)]
    pub round: Option<RoundId>,
    /// Whether to recount every tube and every sample beside the tallies.
    #[serde(default)]
    pub recount: bool,
}

/// One equation that does not hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Difference {
    /// Which, in words.
    pub law: Text,
    /// Left side minus right side.
    pub difference: i64,
    /// Tubes that differ, where they can be named.
    pub tubes: Vec<TubeCode>,
}

/// The balance.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Balance {
    /// People sampled, by how they count at home.
    pub sampled: i64,
    /// People in tubes, by stage of the tube.
    pub in_tubes: i64,
    /// Tubes in all.
    pub tubes: i64,
    /// Of these open.
    pub open: i64,
    /// Sealed, at whatever stage since.
    pub sealed: i64,
    /// Sealed, between site and laboratory.
    pub under_way: i64,
    /// Received by a laboratory, at whatever stage since.
    pub received: i64,
    /// Declared lost.
    pub lost: i64,
    /// With a result.
    pub resulted: i64,
    /// Waiting at a laboratory.
    pub pending: i64,
    /// Without a valid result.
    pub invalid: i64,
    /// Sum of the absolute differences of tubes; 0 is what must stand here.
    pub difference: i64,
    /// Difference of people.
    pub people_difference: i64,
    /// The equations that do not hold.
    pub differences: Vec<Difference>,
}

/// The balance of a round, or of everything.
///
/// # Errors
/// What the engine refused.
pub fn conservation(tx: &mut Tx<'_>, query: &ConservationQuery) -> Result<Balance> {
    let j = tx.jurisdiction();
    let (first, last) = query.round.map_or((0, i64::MAX), |round| (round.0, round.0));
    let mut balance = Balance::default();
    tx.each(
        "SELECT stage, CAST(SUM(tubes) AS BIGINT), CAST(SUM(people) AS BIGINT) FROM tube_flow
         WHERE j = $1 AND round BETWEEN $2 AND $3 GROUP BY stage",
        values![j, first, last],
        |row| {
            let (stage, tubes, people): (crate::tubes::Stage, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
            use crate::tubes::Stage as S;
            balance.in_tubes += people;
            *match stage {
                S::Open => &mut balance.open,
                S::Sealed | S::Boxed | S::Travelling => &mut balance.under_way,
                S::Received => &mut balance.pending,
                S::Resulted => &mut balance.resulted,
                S::Invalid => &mut balance.invalid,
                S::Lost => &mut balance.lost,
            } += tubes;
            Ok(())
        },
    )?;
    balance.sampled = tx.number(
        "SELECT CAST(COALESCE(SUM(c.sampled + c.again + c.outside + c.unknown), 0) AS BIGINT) FROM coverage c
         LEFT JOIN screening_round r ON r.j = c.j AND r.id = c.round
         WHERE c.j = $1 AND c.round BETWEEN $2 AND $3 AND (r.method IS NULL OR r.method = 'pcr')",
        values![j, first, last],
    )?;
    balance.sealed = balance.under_way + balance.pending + balance.resulted + balance.invalid + balance.lost;
    balance.received = balance.pending + balance.resulted + balance.invalid;
    balance.tubes = balance.open + balance.sealed;
    balance.compare_people();
    compare_waves(tx, &mut balance, first, last)?;
    if query.recount {
        count_tubes(tx, &mut balance, first, last)?;
        recount(tx, &mut balance, first, last)?;
    }
    Ok(balance)
}

/// Compares what waits by stage with what waits by quarter-hour of sampling: two tallies that are kept apart.
fn compare_waves(tx: &mut Tx<'_>, balance: &mut Balance, first: i64, last: i64) -> Result<()> {
    let j = tx.jurisdiction();
    let waits = tx.first(
        "SELECT CAST(COALESCE(SUM(not_received), 0) AS BIGINT), CAST(COALESCE(SUM(not_resulted), 0) AS BIGINT)
         FROM tube_wave WHERE j = $1 AND round BETWEEN $2 AND $3",
        values![j, first, last],
        |row| Ok((row.get::<i64>(0)?, row.get::<i64>(1)?)),
    )?;
    let (not_received, not_resulted) = waits.unwrap_or_default();
    let on_the_way = balance.open + balance.under_way;
    balance.hold(
        Text::new("各时段未送达 = 采样中 + 转运中", "not yet at a laboratory, by hour of sampling = open + under way"),
        not_received - on_the_way,
    );
    balance.hold(
        Text::new(
            "各时段待结果 = 采样中 + 转运中 + 待检",
            "without a result, by hour of sampling = open + under way + pending",
        ),
        not_resulted - on_the_way - balance.pending,
    );
    Ok(())
}

/// Counts every tube and compares.
fn count_tubes(tx: &mut Tx<'_>, balance: &mut Balance, first: i64, last: i64) -> Result<()> {
    let j = tx.jurisdiction();
    let counted = tx
        .first(
            "SELECT COUNT(*), COUNT(sealed_at), COUNT(CASE WHEN stage <> 'lost' THEN received_at END) FROM tube
             WHERE j = $1 AND round BETWEEN $2 AND $3",
            values![j, first, last],
            |row| Ok(Counted { tubes: row.get(0)?, sealed: row.get(1)?, received: row.get(2)? }),
        )?
        .unwrap_or_default();
    let stood = balance.difference;
    balance.laws(counted);
    if balance.difference != stood {
        name_tubes(tx, balance, first, last)?;
    }
    Ok(())
}

/// Tubes counted one by one, beside the tallies.
#[derive(Debug, Clone, Copy, Default)]
struct Counted {
    tubes: i64,
    sealed: i64,
    received: i64,
}

impl Balance {
    /// Notes an equation that does not hold.
    fn hold(&mut self, law: Text, difference: i64) {
        if difference != 0 {
            self.difference += difference.abs();
            self.differences.push(Difference { law, difference, tubes: Vec::new() });
        }
    }

    fn compare_people(&mut self) {
        self.people_difference = self.sampled - self.in_tubes;
        if self.people_difference != 0 {
            let law = Text::new("采样人数 = 管内人数", "sampled = in tubes");
            self.differences.push(Difference { law, difference: self.people_difference, tubes: Vec::new() });
        }
    }

    /// Compares the stages, added up by the tallies, with the tubes, counted one by one.
    fn laws(&mut self, counted: Counted) {
        self.tubes = counted.tubes;
        self.sealed = counted.sealed;
        self.received = counted.received;
        self.hold(Text::new("采样管 = 采样中 + 已封管", "tubes = open + sealed"), self.tubes - self.open - self.sealed);
        self.hold(
            Text::new("已封管 = 转运中 + 已接收 + 丢失", "sealed = under way + received + lost"),
            self.sealed - self.under_way - self.received - self.lost,
        );
        self.hold(
            Text::new("已接收 = 已出结果 + 待检 + 无效", "received = resulted + pending + invalid"),
            self.received - self.resulted - self.pending - self.invalid,
        );
    }
}

/// Names the tubes whose stage and signatures contradict each other.
fn name_tubes(tx: &mut Tx<'_>, balance: &mut Balance, first: i64, last: i64) -> Result<()> {
    let j = tx.jurisdiction();
    let tubes: Vec<TubeCode> = tx.query(
        "SELECT code FROM tube WHERE j = $1 AND round BETWEEN $2 AND $3
           AND ((stage = 'open') = (sealed_at IS NOT NULL)
             OR (stage IN ('received', 'resulted', 'invalid')) = (received_at IS NULL AND stage <> 'lost'))
         ORDER BY number LIMIT $4",
        values![j, first, last, NAMED_MAX],
        |row| row.get(0),
    )?;
    if let Some(first) = balance.differences.last_mut() {
        first.tubes = tubes;
    }
    Ok(())
}

/// Adds up every sample and compares it with its tube.
fn recount(tx: &mut Tx<'_>, balance: &mut Balance, first: i64, last: i64) -> Result<()> {
    let j = tx.jurisdiction();
    let mut difference = 0;
    let mut tubes: Vec<TubeCode> = Vec::new();
    tx.each(
        "SELECT t.code, t.people - (SELECT COUNT(*) FROM sample s WHERE s.j = t.j AND s.tube = t.number) FROM tube t
         WHERE t.j = $1 AND t.round BETWEEN $2 AND $3",
        values![j, first, last],
        |row| {
            let off: i64 = row.get(1)?;
            if off != 0 {
                difference += off.abs();
                if (tubes.len() as i64) < NAMED_MAX {
                    tubes.push(row.get(0)?);
                }
            }
            Ok(())
        },
    )?;
    if difference != 0 {
        balance.people_difference += difference;
        let law = Text::new("管内人数 = 采样记录数", "people of a tube = its samples");
        balance.differences.push(Difference { law, difference, tubes });
    }
    Ok(())
}

/// The balance, for people and pages.
///
/// # Errors
/// What the store refused.
pub fn conservation_of(tx: &mut Tx<'_>, _: &Call, query: ConservationQuery) -> Result<Balance, Refusal> {
    Ok(conservation(tx, &query)?)
}

/// People sampled in all: swabs in tubes, over all rounds and outside of any.
///
/// # Errors
/// What the engine refused.
pub fn sampled_total(tx: &mut Tx<'_>) -> Result<i64> {
    let j = tx.jurisdiction();
    tx.number("SELECT CAST(COALESCE(SUM(people), 0) AS BIGINT) FROM tube_flow WHERE j = $1", values![j])
}
