//! The balance laid out: what stands where, by round, site, box, laboratory or hour. Everything comes from tallies and
//! from the small tables of boxes and late tubes; no tube is counted here.

use std::collections::BTreeMap;

use outpace_access::Call;
use outpace_core::time::HOUR_MS;
use outpace_core::{ActorId, AreaId, BoxCode, LaboratoryId, Refusal, RoundId, SiteId, Text, Timestamp};
use outpace_store::{Result, Tx, values};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::carry::BoxState;
use crate::errors::ScreeningError;
use crate::page_limit;
use crate::tubes::Stage;
use crate::words::words;

words! {
    /// What the rows of the balance are.
    pub enum By {
        /// Rounds.
        Round = "round" / "轮次",
        /// Sites.
        Site = "site" / "采样点",
        /// Boxes that no laboratory has taken in yet.
        Box = "box" / "转运箱",
        /// Laboratories.
        Laboratory = "laboratory" / "实验室",
        /// Hours: of sampling for what waits, of the laboratory for what came in and went out.
        Hour = "hour" / "小时",
    }
}

/// Which balance to show.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct BalanceQuery {
    /// What the rows are.
    pub by: By,
    /// Only sites, boxes and laboratories of this area; absent: the actor's own. Hours are of the whole jurisdiction.
    #[serde(default)]
    pub area: Option<AreaId>,
    /// Only this round (rows by round, site and hour).
    #[serde(default)]
    pub round: Option<RoundId>,
    /// After the row with this key.
    #[serde(default)]
    pub after: Option<String>,
    /// At most so many.
    #[serde(default)]
    pub limit: Option<i64>,
}

/// What stands at one round, site, box, laboratory or hour. What does not apply is 0.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BalanceRow {
    /// Its id, code, or hour since 1970.
    pub key: String,
    /// Its name; absent for an hour.
    pub name: Option<Text>,
    /// When the hour began; when the box was last signed for.
    pub at: Option<Timestamp>,
    /// Tubes (of a laboratory and of an hour: taken in by laboratories).
    pub tubes: i64,
    /// People in them.
    pub people: i64,
    /// Still open at a lane.
    pub open: i64,
    /// Sealed, between site and laboratory; of an hour: sampled then and not yet at a laboratory.
    pub under_way: i64,
    /// At a laboratory without a result.
    pub pending: i64,
    /// With a result; of a laboratory and of an hour: results reported, repeats among them.
    pub resulted: i64,
    /// Without a valid result.
    pub invalid: i64,
    /// Declared lost.
    pub lost: i64,
    /// Late now.
    pub late: i64,
    /// Where the box is.
    pub state: Option<BoxState>,
    /// Who signed for it last, by the name they sign in with.
    pub signed_by: Option<String>,
    /// The hand-over that it is in, or was last.
    pub leg: Option<i64>,
}

impl BalanceRow {
    fn at_stage(&mut self, stage: Stage, tubes: i64, people: i64) {
        self.tubes += tubes;
        self.people += people;
        *match stage {
            Stage::Open => &mut self.open,
            Stage::Sealed | Stage::Boxed | Stage::Travelling => &mut self.under_way,
            Stage::Received => &mut self.pending,
            Stage::Resulted => &mut self.resulted,
            Stage::Invalid => &mut self.invalid,
            Stage::Lost => &mut self.lost,
        } += tubes;
    }
}

/// The balance, row by row.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct BalanceAnswer {
    /// The rows, by key.
    pub rows: Vec<BalanceRow>,
    /// Ask again after this key; absent: that is all.
    pub after: Option<String>,
}

/// Shows what stands where.
///
/// # Errors
/// An area outside the actor's own, a page mark that no page gave.
pub fn balance_by(tx: &mut Tx<'_>, call: &Call, query: BalanceQuery) -> Result<BalanceAnswer, Refusal> {
    let area = query.area.unwrap_or(call.actor.area);
    call.covers(area)?;
    let limit = page_limit(query.limit);
    let number = |least: i64| match &query.after {
        Some(text) => text.parse::<i64>().map_err(|_| ScreeningError::BadPage { value: text.clone() }),
        None => Ok(least),
    };
    let rows = match query.by {
        By::Round => by_round(tx, area, query.round, number(-1)?, limit)?,
        By::Site => by_site(tx, area, query.round, number(-1)?, limit)?,
        By::Box => by_box(tx, area, query.after.as_deref().unwrap_or(""), limit)?,
        By::Laboratory => by_laboratory(tx, area, number(0)?, limit)?,
        By::Hour => {
            // The hours are counted over the whole jurisdiction.
            call.covers(AreaId(tx.jurisdiction()))?;
            by_hour(tx, query.round, number(i64::MIN)?, limit)?
        }
    };
    let after = (rows.len() as i64 == limit).then(|| rows.last().map(|row| row.key.clone())).flatten();
    Ok(BalanceAnswer { rows, after })
}

fn range(round: Option<RoundId>) -> (i64, i64) {
    round.map_or((0, i64::MAX), |round| (round.0, round.0))
}

/// Late tubes by a column of the tube, those against the laboratory's and the result's hour; ambient ones are late for
/// the laboratory as well, and are not counted twice.
fn late_by(tx: &mut Tx<'_>, column: &str, first: i64, last: i64) -> Result<BTreeMap<i64, i64>> {
    let j = tx.jurisdiction();
    let sql = format!(
        "SELECT t.{column}, COUNT(*) FROM tube_overdue o JOIN tube t ON t.j = o.j AND t.number = o.tube
         WHERE o.j = $1 AND o.kind <> 'ambient' AND t.{column} BETWEEN $2 AND $3 GROUP BY t.{column}"
    );
    let rows = tx.query(&sql, values![j, first, last], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.into_iter().collect())
}

/// The span of keys of some rows.
fn span(rows: &BTreeMap<i64, BalanceRow>) -> (i64, i64) {
    let first = rows.first_key_value().map_or(1, |(key, _)| *key);
    (first, rows.last_key_value().map_or(0, |(key, _)| *key))
}

/// Sums the tallies by stage for the pages of one key, of the sites in an area. Tubes that nobody registered have no
/// site; they stand with the whole jurisdiction.
fn sums(
    tx: &mut Tx<'_>,
    key: &str,
    area: AreaId,
    rounds: (i64, i64),
    after: i64,
    limit: i64,
) -> Result<BTreeMap<i64, BalanceRow>> {
    let j = tx.jurisdiction();
    let (first, last) = area.grids();
    let nowhere = AreaId(j).unknown_grid();
    let sql = format!(
        "SELECT f.{key}, f.stage, CAST(SUM(f.tubes) AS BIGINT), CAST(SUM(f.people) AS BIGINT) FROM tube_flow f
         LEFT JOIN sampling_site s ON s.j = f.j AND s.id = f.site
         WHERE f.j = $1 AND f.round BETWEEN $2 AND $3 AND f.{key} > $4 AND COALESCE(s.area, $7) BETWEEN $5 AND $6
         GROUP BY f.{key}, f.stage HAVING CAST(SUM(f.tubes) AS BIGINT) <> 0 ORDER BY f.{key}"
    );
    let mut rows: BTreeMap<i64, BalanceRow> = BTreeMap::new();
    tx.each(&sql, values![j, rounds.0, rounds.1, after, first, last, nowhere], |row| {
        let id: i64 = row.get(0)?;
        if rows.contains_key(&id) || (rows.len() as i64) < limit {
            rows.entry(id).or_default().at_stage(row.get(1)?, row.get(2)?, row.get(3)?);
        }
        Ok(())
    })?;
    Ok(rows)
}

fn by_round(tx: &mut Tx<'_>, area: AreaId, round: Option<RoundId>, after: i64, limit: i64) -> Result<Vec<BalanceRow>> {
    let mut rows = sums(tx, "round", area, range(round), after, limit)?;
    let (first, last) = span(&rows);
    let late = late_by(tx, "round", first, last)?;
    for (id, row) in &mut rows {
        row.key = id.to_string();
        row.late = late.get(id).copied().unwrap_or(0);
        row.name = Some(match crate::rounds::round(tx, RoundId(*id))? {
            Some(round) => round.spec.name,
            None => Text::new("轮次之外", "outside any round"),
        });
    }
    Ok(rows.into_values().collect())
}

fn by_site(tx: &mut Tx<'_>, area: AreaId, round: Option<RoundId>, after: i64, limit: i64) -> Result<Vec<BalanceRow>> {
    let mut rows = sums(tx, "site", area, range(round), after, limit)?;
    let (first, last) = span(&rows);
    let late = late_by(tx, "site", first, last)?;
    for (id, row) in &mut rows {
        row.key = id.to_string();
        row.late = late.get(id).copied().unwrap_or(0);
        row.name = Some(match crate::sites::site(tx, SiteId(*id))? {
            Some(site) => site.spec.name,
            None => Text::new("无采样登记", "never registered"),
        });
    }
    Ok(rows.into_values().collect())
}

/// Boxes that no laboratory has taken in, by code.
fn by_box(tx: &mut Tx<'_>, area: AreaId, after: &str, limit: i64) -> Result<Vec<BalanceRow>> {
    let j = tx.jurisdiction();
    let (first, last) = area.grids();
    let nowhere = AreaId(j).unknown_grid();
    let found: Vec<(BoxCode, ActorId, BalanceRow)> = tx.query(
        "SELECT b.code, b.state, b.holder, b.signed_at, b.leg FROM tube_box b
         LEFT JOIN sampling_site s ON s.j = b.j AND s.id = b.site
         WHERE b.j = $1 AND b.state IN ('packed', 'given', 'carried') AND b.code > $2
           AND COALESCE(s.area, $5) BETWEEN $3 AND $4 ORDER BY b.code LIMIT $6",
        values![j, after, first, last, nowhere, limit],
        |row| {
            let code: BoxCode = row.get(0)?;
            let known = BalanceRow {
                key: code.to_string(),
                name: Some(Text::new(code.to_string(), code.to_string())),
                state: row.get(1)?,
                at: row.get(3)?,
                leg: row.get(4)?,
                ..BalanceRow::default()
            };
            Ok((code, row.get(2)?, known))
        },
    )?;
    let mut rows = Vec::with_capacity(found.len());
    for (code, holder, mut row) in found {
        row.signed_by = outpace_access::actors::name_of(tx, holder)?;
        tx.each(
            "SELECT t.stage, t.people,
               (SELECT COUNT(*) FROM tube_overdue o WHERE o.j = t.j AND o.round = t.round AND o.wave = t.wave
                  AND o.kind = 'laboratory' AND o.tube = t.number)
             FROM tube_box_content c JOIN tube t ON t.j = c.j AND t.number = c.tube WHERE c.j = $1 AND c.box = $2",
            values![j, &code],
            |found| {
                row.at_stage(found.get(0)?, 1, found.get(1)?);
                row.late += found.get::<i64>(2)?;
                Ok(())
            },
        )?;
        rows.push(row);
    }
    Ok(rows)
}

fn by_laboratory(tx: &mut Tx<'_>, area: AreaId, after: i64, limit: i64) -> Result<Vec<BalanceRow>> {
    let j = tx.jurisdiction();
    let mut rows: BTreeMap<i64, BalanceRow> = BTreeMap::new();
    let inside = crate::laboratory::laboratories(tx)?
        .into_iter()
        .filter(|known| known.id.0 > after && area.contains(known.spec.area))
        .take(usize::try_from(limit).unwrap_or(usize::MAX));
    for known in inside {
        let row = BalanceRow {
            key: known.id.to_string(),
            name: Some(known.spec.name),
            pending: known.pending,
            ..BalanceRow::default()
        };
        rows.insert(known.id.0, row);
    }
    let (first, last) = span(&rows);
    let late = late_by(tx, "laboratory", first, last)?;
    tx.each(
        "SELECT laboratory, CAST(SUM(received) AS BIGINT), CAST(SUM(resulted) AS BIGINT) FROM laboratory_hour
         WHERE j = $1 AND laboratory BETWEEN $2 AND $3 GROUP BY laboratory",
        values![j, LaboratoryId(first), LaboratoryId(last)],
        |found| {
            if let Some(row) = rows.get_mut(&found.get::<i64>(0)?) {
                row.tubes = found.get(1)?;
                row.resulted = found.get(2)?;
            }
            Ok(())
        },
    )?;
    for (id, row) in &mut rows {
        row.late = late.get(id).copied().unwrap_or(0);
    }
    Ok(rows.into_values().collect())
}

/// Hours in which tubes were sampled that still wait, or in which laboratories took in or reported, oldest first.
fn by_hour(tx: &mut Tx<'_>, round: Option<RoundId>, after: i64, limit: i64) -> Result<Vec<BalanceRow>> {
    let j = tx.jurisdiction();
    let (first, last) = range(round);
    let mut rows: BTreeMap<i64, BalanceRow> = BTreeMap::new();
    tx.each(
        "SELECT wave / 4, CAST(SUM(not_received) AS BIGINT), CAST(SUM(not_resulted) AS BIGINT) FROM tube_wave
         WHERE j = $1 AND round BETWEEN $2 AND $3 AND not_resulted > 0 GROUP BY wave / 4",
        values![j, first, last],
        |found| {
            let row = rows.entry(found.get(0)?).or_default();
            row.under_way = found.get(1)?;
            row.pending = found.get::<i64>(2)? - row.under_way;
            Ok(())
        },
    )?;
    if round.is_none() {
        tx.each(
            "SELECT hour, CAST(SUM(received) AS BIGINT), CAST(SUM(resulted) AS BIGINT) FROM laboratory_hour
             WHERE j = $1 GROUP BY hour",
            values![j],
            |found| {
                let row = rows.entry(found.get(0)?).or_default();
                row.tubes = found.get(1)?;
                row.resulted = found.get(2)?;
                Ok(())
            },
        )?;
    }
    tx.each(
        "SELECT wave / 4, CAST(SUM(l.tubes) AS BIGINT) FROM tube_late l
         WHERE l.j = $1 AND l.round BETWEEN $2 AND $3 AND l.kind <> 'ambient' AND l.tubes > 0 GROUP BY wave / 4",
        values![j, first, last],
        |found| {
            rows.entry(found.get(0)?).or_default().late = found.get(1)?;
            Ok(())
        },
    )?;
    let later = rows.into_iter().filter(|(hour, _)| *hour > after);
    Ok(later
        .take(usize::try_from(limit).unwrap_or(usize::MAX))
        .map(|(hour, row)| {
            let at = Timestamp(hour.saturating_mul(HOUR_MS));
            BalanceRow { key: hour.to_string(), at: Some(at), ..row }
        })
        .collect())
}
