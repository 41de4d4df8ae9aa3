//! Tables of restrictions and how facts fold into them; [`queries`] reads them. What stands is in a table of its own,
//! so that the clock and the look-ups by person, cause and fact never pass over what has ended.

mod queries;

use std::collections::BTreeMap;

use outpace_core::{PersonId, RestrictionId, Seq};
use outpace_store::{Capability, Entry, Result, Tx, values};
use outpace_zoning::ground::{packed, word};

pub use queries::*;

use super::facts::{
    Began, CertificatesIssued, HoldExtended, HoldsWarned, RestrictionEndChanged, RestrictionObserved,
    RestrictionsBegan, RestrictionsEnded, RetestTaken, TestsTaken,
};
use super::model::{EndedWhy, RestrictionKind};
use crate::tally;

/// Tables of restrictions, certificates and what is due.
pub(crate) const SCHEMA: &str = "
CREATE TABLE restriction (
  j BIGINT NOT NULL, id BIGINT NOT NULL, person BIGINT NOT NULL, area BIGINT NOT NULL, kind TEXT NOT NULL,
  ground TEXT NOT NULL, because TEXT NOT NULL, class TEXT, starts_at BIGINT NOT NULL, ends_at BIGINT NOT NULL,
  warned_at BIGINT, extensions BIGINT NOT NULL, extended_by BIGINT, plan BIGINT, notice BIGINT, seq BIGINT NOT NULL,
  ended_at BIGINT, ended_why TEXT, PRIMARY KEY (j, id));
CREATE INDEX restriction_person ON restriction (j, person, id);
CREATE TABLE restriction_standing (
  j BIGINT NOT NULL, id BIGINT NOT NULL, person BIGINT NOT NULL, kind TEXT NOT NULL, because TEXT NOT NULL,
  area BIGINT NOT NULL, ends_at BIGINT NOT NULL, warned BIGINT NOT NULL, PRIMARY KEY (j, id));
CREATE INDEX restriction_standing_person ON restriction_standing (j, person, id);
CREATE INDEX restriction_standing_because ON restriction_standing (j, because, id);
CREATE INDEX restriction_standing_ends ON restriction_standing (j, ends_at, id);
CREATE TABLE restriction_fact (
  j BIGINT NOT NULL, fact BIGINT NOT NULL, restriction BIGINT NOT NULL, PRIMARY KEY (j, fact, restriction));
CREATE TABLE restriction_test (
  j BIGINT NOT NULL, restriction BIGINT NOT NULL, day BIGINT NOT NULL, person BIGINT NOT NULL, samples BIGINT NOT NULL,
  taken BIGINT NOT NULL, taken_at BIGINT, PRIMARY KEY (j, restriction, day));
CREATE INDEX restriction_test_day ON restriction_test (j, day, restriction);
CREATE TABLE restriction_observed (
  j BIGINT NOT NULL, id BIGINT NOT NULL, person BIGINT NOT NULL, area BIGINT NOT NULL, kind TEXT NOT NULL,
  reason TEXT NOT NULL, starts_at BIGINT NOT NULL, ends_at BIGINT, imposed_by TEXT NOT NULL, PRIMARY KEY (j, id));
CREATE INDEX restriction_observed_person ON restriction_observed (j, person, id);
CREATE TABLE retest_due (
  j BIGINT NOT NULL, person BIGINT NOT NULL, restriction BIGINT NOT NULL, since BIGINT NOT NULL, PRIMARY KEY (j, person));
CREATE TABLE certificate (
  j BIGINT NOT NULL, number TEXT NOT NULL, person BIGINT NOT NULL, restriction BIGINT NOT NULL, text TEXT NOT NULL,
  issued_at BIGINT NOT NULL, PRIMARY KEY (j, number));
CREATE INDEX certificate_person ON certificate (j, person, number);
";

pub(crate) fn join(capability: Capability) -> Capability {
    capability
        .table("restriction", "j, id")
        .table("restriction_standing", "j, id")
        .table("restriction_fact", "j, fact, restriction")
        .table("restriction_test", "j, restriction, day")
        .table("restriction_observed", "j, id")
        .table("retest_due", "j, person")
        .table("certificate", "j, number")
        .fold(fold_began)
        .fold(fold_observed)
        .fold(fold_end_changed)
        .fold(fold_extended)
        .fold(fold_warned)
        .fold(fold_ended)
        .fold(fold_retest)
        .fold(fold_tests)
        .fold(fold_certificates)
}

fn standing_name(kind: RestrictionKind) -> String {
    format!("standing_{}", word(&kind))
}

fn fold_began(tx: &mut Tx<'_>, entry: &Entry, fact: &RestrictionsBegan) -> Result<()> {
    for item in &fact.items {
        insert(tx, entry, item)?;
        tally::add(tx, &standing_name(item.restriction.kind), 1)?;
    }
    Ok(())
}

fn insert(tx: &mut Tx<'_>, entry: &Entry, item: &Began) -> Result<()> {
    let (j, new) = (tx.jurisdiction(), &item.restriction);
    let (kind, ground, because) = (word(&new.kind), packed(&new.ground)?, packed(&new.because_of)?);
    let class = new.class.map(|class| word(&class));
    tx.execute(
        "INSERT INTO restriction (j, id, person, area, kind, ground, because, class, starts_at, ends_at, warned_at,
           extensions, extended_by, plan, notice, seq, ended_at, ended_why)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, NULL, 0, NULL, $11, $12, $13, NULL, NULL)",
        values![
            j,
            item.id,
            new.person,
            item.area,
            &kind,
            &ground,
            &because,
            class.as_deref(),
            new.starts_at,
            new.ends_at,
            new.plan,
            item.notice,
            entry.seq,
        ],
    )?;
    tx.execute(
        "INSERT INTO restriction_standing (j, id, person, kind, because, area, ends_at, warned)
         VALUES ($1, $2, $3, $4, $5, $6, $7, 0)",
        values![j, item.id, new.person, &kind, &new.because_of.key(), item.area, new.ends_at],
    )?;
    rest_on(tx, item.id, &new.ground.facts)?;
    plan_tests(tx, item.id, new.person, &new.test_days)
}

fn rest_on(tx: &mut Tx<'_>, id: RestrictionId, facts: &[Seq]) -> Result<()> {
    let j = tx.jurisdiction();
    for fact in facts {
        tx.execute(
            "INSERT INTO restriction_fact (j, fact, restriction) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
            values![j, *fact, id],
        )?;
    }
    Ok(())
}

fn plan_tests(tx: &mut Tx<'_>, id: RestrictionId, person: PersonId, days: &[i64]) -> Result<()> {
    let j = tx.jurisdiction();
    let mut samples: BTreeMap<i64, i64> = BTreeMap::new();
    for day in days {
        *samples.entry(*day).or_default() += 1;
    }
    for (day, samples) in samples {
        tx.execute(
            "INSERT INTO restriction_test (j, restriction, day, person, samples, taken, taken_at)
             VALUES ($1, $2, $3, $4, $5, 0, NULL) ON CONFLICT DO NOTHING",
            values![j, id, day, person, samples],
        )?;
    }
    Ok(())
}

fn fold_observed(tx: &mut Tx<'_>, _: &Entry, fact: &RestrictionObserved) -> Result<()> {
    let j = tx.jurisdiction();
    let (kind, reason, by) = (word(&fact.kind), packed(&fact.reason)?, packed(&fact.imposed_by)?);
    tx.execute(
        "INSERT INTO restriction_observed (j, id, person, area, kind, reason, starts_at, ends_at, imposed_by)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        values![j, fact.id, fact.person, fact.area, &kind, &reason, fact.starts_at, fact.ends_at, &by],
    )
    .map(|_| ())
}

fn fold_end_changed(tx: &mut Tx<'_>, _: &Entry, fact: &RestrictionEndChanged) -> Result<()> {
    let (j, change) = (tx.jurisdiction(), &fact.change);
    let ground = packed(&change.ground)?;
    tx.execute(
        "UPDATE restriction SET ends_at = $3, ground = $4, plan = COALESCE($5, plan) WHERE j = $1 AND id = $2",
        values![j, fact.id, change.ends_at, &ground, change.plan],
    )?;
    tx.execute(
        "UPDATE restriction_standing SET ends_at = $3 WHERE j = $1 AND id = $2",
        values![j, fact.id, change.ends_at],
    )?;
    tx.execute("DELETE FROM restriction_fact WHERE j = $1 AND restriction = $2", values![j, fact.id])?;
    rest_on(tx, fact.id, &change.ground.facts)?;
    tx.execute(
        "DELETE FROM restriction_test WHERE j = $1 AND restriction = $2 AND taken_at IS NULL",
        values![j, fact.id],
    )?;
    let person = tx.number("SELECT person FROM restriction WHERE j = $1 AND id = $2", values![j, fact.id])?;
    plan_tests(tx, fact.id, PersonId(person), &change.test_days)
}

fn fold_extended(tx: &mut Tx<'_>, entry: &Entry, fact: &HoldExtended) -> Result<()> {
    let j = tx.jurisdiction();
    tx.execute(
        "UPDATE restriction SET ends_at = $3, warned_at = NULL, extensions = extensions + 1, extended_by = $4
         WHERE j = $1 AND id = $2",
        values![j, fact.id, fact.ends_at, entry.actor],
    )?;
    tx.execute(
        "UPDATE restriction_standing SET ends_at = $3, warned = 0 WHERE j = $1 AND id = $2",
        values![j, fact.id, fact.ends_at],
    )
    .map(|_| ())
}

fn fold_warned(tx: &mut Tx<'_>, entry: &Entry, fact: &HoldsWarned) -> Result<()> {
    let j = tx.jurisdiction();
    for id in &fact.ids {
        let at = entry.occurred_at;
        tx.execute("UPDATE restriction SET warned_at = $3 WHERE j = $1 AND id = $2", values![j, *id, at])?;
        tx.execute("UPDATE restriction_standing SET warned = 1 WHERE j = $1 AND id = $2", values![j, *id])?;
    }
    Ok(())
}

fn fold_ended(tx: &mut Tx<'_>, entry: &Entry, fact: &RestrictionsEnded) -> Result<()> {
    let (j, why) = (tx.jurisdiction(), packed(&fact.why)?);
    for item in &fact.items {
        let kind: Option<String> =
            tx.first("SELECT kind FROM restriction_standing WHERE j = $1 AND id = $2", values![j, item.id], |row| {
                row.get(0)
            })?;
        let Some(kind) = kind else { continue };
        tx.execute(
            "UPDATE restriction SET ended_at = $3, ended_why = $4 WHERE j = $1 AND id = $2",
            values![j, item.id, entry.occurred_at, &why],
        )?;
        tx.execute("DELETE FROM restriction_standing WHERE j = $1 AND id = $2", values![j, item.id])?;
        tx.execute("DELETE FROM restriction_fact WHERE j = $1 AND restriction = $2", values![j, item.id])?;
        tx.execute(
            "DELETE FROM restriction_test WHERE j = $1 AND restriction = $2 AND taken_at IS NULL",
            values![j, item.id],
        )?;
        tally::add(tx, &format!("standing_{kind}"), -1)?;
        tally::add(tx, &format!("{kind}_{}", fact.why.key()), 1)?;
        if fact.why == EndedWhy::Lapsed {
            tx.execute(
                "INSERT INTO retest_due (j, person, restriction, since) VALUES ($1, $2, $3, $4)
                 ON CONFLICT (j, person) DO UPDATE SET restriction = excluded.restriction, since = excluded.since",
                values![j, item.person, item.id, entry.occurred_at],
            )?;
        }
    }
    Ok(())
}

fn fold_retest(tx: &mut Tx<'_>, _: &Entry, fact: &RetestTaken) -> Result<()> {
    let j = tx.jurisdiction();
    for person in &fact.people {
        tx.execute("DELETE FROM retest_due WHERE j = $1 AND person = $2", values![j, *person])?;
    }
    Ok(())
}

fn fold_tests(tx: &mut Tx<'_>, entry: &Entry, fact: &TestsTaken) -> Result<()> {
    let j = tx.jurisdiction();
    for item in &fact.items {
        tx.execute(
            "UPDATE restriction_test SET taken = taken + 1,
               taken_at = CASE WHEN taken + 1 >= samples THEN CAST($4 AS BIGINT) ELSE NULL END
             WHERE j = $1 AND restriction = $2 AND day = $3",
            values![j, item.restriction, item.day, entry.occurred_at],
        )?;
    }
    Ok(())
}

fn fold_certificates(tx: &mut Tx<'_>, entry: &Entry, fact: &CertificatesIssued) -> Result<()> {
    let j = tx.jurisdiction();
    for item in &fact.items {
        tx.execute(
            "INSERT INTO certificate (j, number, person, restriction, text, issued_at) VALUES ($1, $2, $3, $4, $5, $6)",
            values![j, &item.number, item.person, item.restriction, &packed(&item.text)?, entry.occurred_at],
        )?;
    }
    Ok(())
}
