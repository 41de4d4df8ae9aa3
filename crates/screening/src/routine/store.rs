//! The table of intervals, and the people behind them.

use std::collections::{BTreeMap, BTreeSet};

use outpace_core::{AreaId, PersonId, Text, Timestamp};
use outpace_registry as registry;
use outpace_store::{Capability, Result, Tx, values};

use super::facts::{IntervalEnded, IntervalSet};
use super::rules::{Interval, Work, interval_for};
use crate::rounds::store::exemptions;

/// The table; an empty class is everyone.
pub(crate) const SCHEMA: &str = "
CREATE TABLE routine_interval (
  j BIGINT NOT NULL, area BIGINT NOT NULL, class TEXT NOT NULL, hours BIGINT NOT NULL, reason_zh TEXT NOT NULL,
  reason_en TEXT NOT NULL, clause TEXT NOT NULL, PRIMARY KEY (j, area, class));
";

/// Adds the table and its folds.
pub(crate) fn join(capability: Capability) -> Capability {
    capability
        .table("routine_interval", "j, area, class")
        .fold(|tx, _, fact: &IntervalSet| {
            let (j, one) = (tx.jurisdiction(), &fact.interval);
            tx.execute(
                "INSERT INTO routine_interval (j, area, class, hours, reason_zh, reason_en, clause)
                 VALUES ($1, $2, $3, $4, $5, $6, $7)
                 ON CONFLICT (j, area, class) DO UPDATE SET hours = excluded.hours, reason_zh = excluded.reason_zh,
                   reason_en = excluded.reason_en, clause = excluded.clause",
                values![
                    j,
                    one.area,
                    one.workers_of.as_deref().unwrap_or(""),
                    one.hours,
                    &one.reason.zh,
                    &one.reason.en,
                    &one.clause
                ],
            )
            .map(|_| ())
        })
        .fold(|tx, _, fact: &IntervalEnded| {
            let j = tx.jurisdiction();
            let class = fact.workers_of.as_deref().unwrap_or("");
            let sql = "DELETE FROM routine_interval WHERE j = $1 AND area = $2 AND class = $3";
            tx.execute(sql, values![j, fact.area, class]).map(|_| ())
        })
}

/// Every interval that was adopted, by area and class.
///
/// # Errors
/// What the engine refused.
pub fn intervals(tx: &mut Tx<'_>) -> Result<Vec<Interval>> {
    let j = tx.jurisdiction();
    tx.query(
        "SELECT area, class, hours, reason_zh, reason_en, clause FROM routine_interval
         WHERE j = $1 ORDER BY area, class",
        values![j],
        |row| {
            let class: String = row.get(1)?;
            Ok(Interval {
                area: row.get(0)?,
                workers_of: (!class.is_empty()).then_some(class),
                hours: row.get(2)?,
                reason: Text { zh: row.get(3)?, en: row.get(4)? },
                clause: row.get(5)?,
            })
        },
    )
}

/// Who has a shorter interval by where they work than by where they live: home, hours by home, the interval by work.
///
/// # Errors
/// What the engine refused.
pub fn worker_groups<'a>(
    tx: &mut Tx<'_>,
    adopted: &'a [Interval],
    pack_hours: i64,
    area: AreaId,
) -> Result<BTreeMap<PersonId, (AreaId, i64, &'a Interval)>> {
    let mut found = BTreeMap::new();
    let classes: BTreeSet<&str> = adopted.iter().filter_map(|one| one.workers_of.as_deref()).collect();
    for class in classes {
        registry::people::each_worker_of(tx, class, |worker| {
            if !area.contains(worker.home) {
                return;
            }
            let (by_home, _) = interval_for(adopted, pack_hours, worker.home, None);
            let work = Work { class, area: worker.work };
            if let (hours, Some(by)) = interval_for(adopted, pack_hours, worker.home, Some(work))
                && hours < by_home
            {
                found.insert(worker.person, (worker.home, by_home, by));
            }
        })?;
    }
    Ok(found)
}

/// Who is not tested at a lane, whatever the interval: exempt, or in facility quarantine or isolation, where they are tested.
///
/// # Errors
/// What the engine refused.
pub fn never_due(tx: &mut Tx<'_>, at: Timestamp) -> Result<BTreeSet<PersonId>> {
    let mut people = crate::neighbours::in_facilities(tx)?;
    people.extend(exemptions(tx, at)?.into_keys());
    Ok(people)
}

/// People present by the interval of where they live: the population of an area, cut up by the areas with an interval
/// of their own.
pub(crate) fn home_groups(
    tx: &mut Tx<'_>,
    adopted: &[Interval],
    pack_hours: i64,
    area: AreaId,
) -> Result<BTreeMap<i64, i64>> {
    let mut cut: Vec<AreaId> = adopted
        .iter()
        .filter(|one| one.workers_of.is_none() && area.contains(one.area))
        .map(|one| one.area)
        .chain([area])
        .collect();
    // Inner areas first: what they hold is taken out of what lies around them.
    cut.sort_by_key(|one| std::cmp::Reverse(one.0));
    cut.dedup();
    let mut own: Vec<(AreaId, i64)> = Vec::new();
    let mut groups = BTreeMap::new();
    for one in cut {
        let inside: i64 = own.iter().filter(|(inner, _)| one.contains(*inner)).map(|(_, people)| people).sum();
        let people = registry::population_of(tx, one)?.present - inside;
        own.push((one, people));
        let (hours, _) = interval_for(adopted, pack_hours, one, None);
        *groups.entry(hours).or_default() += people;
    }
    Ok(groups)
}
