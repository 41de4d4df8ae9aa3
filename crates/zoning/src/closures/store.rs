//! Tables of closures and holds and how facts fold into them.

use outpace_core::{ActorId, AreaId, ClosureId, PlaceId, Timestamp};
use outpace_store::{Entry, Result, Row, Tx, values};

use super::facts::{ClosureBegan, ClosureEnded, ClosureExtended, ClosureObserved, ClosureWarned};
use super::model::{Closure, EndReason, NewClosure, Target, TargetKind};
use crate::ground::{ImposedBy, packed, unpacked, word};
use crate::zones::Lift;

/// Tables of closures and holds, and the tally of what we failed to decide in time.
pub(crate) const SCHEMA: &str = "
CREATE TABLE closure (
  j BIGINT NOT NULL, id BIGINT NOT NULL, kind TEXT NOT NULL, area BIGINT NOT NULL, place BIGINT, class TEXT,
  target TEXT NOT NULL, ground TEXT NOT NULL, starts_at BIGINT NOT NULL, ends_at BIGINT, lift_rule TEXT NOT NULL,
  lift_earliest_at BIGINT, warned_at BIGINT, extensions BIGINT NOT NULL, extended_by BIGINT, ended_at BIGINT,
  ended_why TEXT, plan BIGINT, notice BIGINT, imposed_by TEXT, PRIMARY KEY (j, id));
CREATE TABLE zoning_tally (j BIGINT NOT NULL, name TEXT NOT NULL, value BIGINT NOT NULL, PRIMARY KEY (j, name));
";

const COLUMNS: &str = "id, target, ground, starts_at, ends_at, lift_rule, lift_earliest_at, warned_at, extensions, \
    extended_by, ended_at, ended_why, plan, notice, imposed_by";

fn read(row: &Row<'_>) -> Result<Closure> {
    Ok(Closure {
        id: row.get(0)?,
        target: unpacked(&row.get::<String>(1)?)?,
        ground: unpacked(&row.get::<String>(2)?)?,
        starts_at: row.get(3)?,
        ends_at: row.get(4)?,
        lift: Lift { rule: unpacked(&row.get::<String>(5)?)?, earliest_at: row.get(6)? },
        warned_at: row.get(7)?,
        extensions: row.get(8)?,
        extended_by: row.get::<Option<i64>>(9)?.map(ActorId),
        ended_at: row.get(10)?,
        ended_why: row.get::<Option<String>>(11)?.map(|text| unpacked::<EndReason>(&text)).transpose()?,
        plan: row.get::<Option<i64>>(12)?.map(Into::into),
        notice: row.get::<Option<i64>>(13)?.map(Into::into),
        imposed_by: row.get::<Option<String>>(14)?.map(|text| unpacked::<ImposedBy>(&text)).transpose()?,
    })
}

fn insert(
    tx: &mut Tx<'_>,
    id: ClosureId,
    target: &Target,
    closure: &NewClosure,
    imposed_by: Option<&ImposedBy>,
) -> Result<()> {
    let j = tx.jurisdiction();
    let (kind, text) = (word(&target.kind()), packed(target)?);
    let (ground, rule) = (packed(&closure.ground)?, packed(&closure.lift.rule)?);
    let imposed = imposed_by.map(packed).transpose()?;
    let (place, class) = match target {
        Target::Class { class, .. } => (None, Some(class.as_str())),
        Target::Place { place, .. } => (Some(*place), None),
        Target::Goods { place, .. } => (*place, None),
    };
    tx.execute(
        "INSERT INTO closure (j, id, kind, area, place, class, target, ground, starts_at, ends_at, lift_rule,
           lift_earliest_at, warned_at, extensions, extended_by, ended_at, ended_why, plan, notice, imposed_by)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, NULL, 0, NULL, NULL, NULL, $13, $14, $15)",
        values![
            j,
            id,
            &kind,
            target.area(),
            place,
            class,
            &text,
            &ground,
            closure.starts_at,
            closure.ends_at,
            &rule,
            closure.lift.earliest_at,
            closure.plan,
            closure.notice,
            imposed.as_deref(),
        ],
    )?;
    Ok(())
}

pub(crate) fn fold_began(tx: &mut Tx<'_>, _: &Entry, fact: &ClosureBegan) -> Result<()> {
    insert(tx, fact.id, &fact.target, &fact.closure, None)
}

pub(crate) fn fold_observed(tx: &mut Tx<'_>, _: &Entry, fact: &ClosureObserved) -> Result<()> {
    insert(tx, fact.id, &fact.target, &fact.closure, Some(&fact.imposed_by))
}

pub(crate) fn fold_warned(tx: &mut Tx<'_>, entry: &Entry, fact: &ClosureWarned) -> Result<()> {
    let j = tx.jurisdiction();
    tx.execute("UPDATE closure SET warned_at = $3 WHERE j = $1 AND id = $2", values![j, fact.id, entry.occurred_at])
        .map(|_| ())
}

pub(crate) fn fold_extended(tx: &mut Tx<'_>, entry: &Entry, fact: &ClosureExtended) -> Result<()> {
    let j = tx.jurisdiction();
    tx.execute(
        "UPDATE closure SET ends_at = $3, warned_at = NULL, extensions = extensions + 1, extended_by = $4
         WHERE j = $1 AND id = $2",
        values![j, fact.id, fact.ends_at, entry.actor],
    )
    .map(|_| ())
}

pub(crate) fn fold_ended(tx: &mut Tx<'_>, entry: &Entry, fact: &ClosureEnded) -> Result<()> {
    let j = tx.jurisdiction();
    let why = packed(&fact.why)?;
    tx.execute(
        "UPDATE closure SET ended_at = $3, ended_why = $4 WHERE j = $1 AND id = $2",
        values![j, fact.id, entry.occurred_at, &why],
    )?;
    tx.execute(
        "INSERT INTO zoning_tally (j, name, value) VALUES ($1, $2, 1)
         ON CONFLICT (j, name) DO UPDATE SET value = zoning_tally.value + 1",
        values![j, &format!("closure_{}", fact.why.key())],
    )?;
    Ok(())
}

/// One closure or hold, ended and observed ones too.
///
/// # Errors
/// What the engine refused.
pub fn closure(tx: &mut Tx<'_>, id: ClosureId) -> Result<Option<Closure>> {
    let j = tx.jurisdiction();
    tx.first(&format!("SELECT {COLUMNS} FROM closure WHERE j = $1 AND id = $2"), values![j, id], read)
}

fn standing(tx: &mut Tx<'_>, condition: &str) -> Result<Vec<Closure>> {
    let j = tx.jurisdiction();
    tx.query(
        &format!("SELECT {COLUMNS} FROM closure WHERE j = $1 AND ended_at IS NULL AND {condition} ORDER BY id"),
        values![j],
        read,
    )
}

/// Closures and holds that have not ended, oldest first. Observed ones are not among them.
///
/// # Errors
/// What the engine refused.
pub fn in_force(tx: &mut Tx<'_>) -> Result<Vec<Closure>> {
    standing(tx, "imposed_by IS NULL")
}

/// Closures that others imposed and that were not seen to end.
///
/// # Errors
/// What the engine refused.
pub fn observed(tx: &mut Tx<'_>) -> Result<Vec<Closure>> {
    standing(tx, "imposed_by IS NOT NULL")
}

/// A page of closures of one kind or all, ended ones too.
pub(crate) fn page(tx: &mut Tx<'_>, kind: Option<TargetKind>, after: ClosureId, limit: i64) -> Result<Vec<Closure>> {
    let j = tx.jurisdiction();
    let kind = kind.map(|kind| word(&kind));
    tx.query(
        &format!(
            "SELECT {COLUMNS} FROM closure WHERE j = $1 AND id > $2 AND (kind = $3 OR $3 IS NULL) ORDER BY id LIMIT $4"
        ),
        values![j, after, kind.as_deref(), limit],
        read,
    )
}

/// The hold of a place that has not ended.
///
/// # Errors
/// What the engine refused.
pub fn hold_of_place(tx: &mut Tx<'_>, place: PlaceId) -> Result<Option<Closure>> {
    let j = tx.jurisdiction();
    tx.first(
        &format!(
            "SELECT {COLUMNS} FROM closure WHERE j = $1 AND kind = 'place' AND place = $2 AND ended_at IS NULL
             AND imposed_by IS NULL ORDER BY id"
        ),
        values![j, place],
        read,
    )
}

/// Whether a class of places is closed in an area, and by which closure.
///
/// # Errors
/// What the engine refused.
pub fn class_closed_at(tx: &mut Tx<'_>, class: &str, area: AreaId) -> Result<Option<Closure>> {
    let j = tx.jurisdiction();
    let found = tx.query(
        &format!(
            "SELECT {COLUMNS} FROM closure WHERE j = $1 AND kind = 'class' AND class = $2 AND ended_at IS NULL
             AND imposed_by IS NULL ORDER BY id"
        ),
        values![j, class],
        read,
    )?;
    Ok(found.into_iter().find(|closure| closure.target.area().contains(area)))
}

/// Closures and holds with an end, that end before a moment: for the tick and for clocks.
pub(crate) fn ending_before(tx: &mut Tx<'_>, before: Timestamp) -> Result<Vec<Closure>> {
    let j = tx.jurisdiction();
    tx.query(
        &format!(
            "SELECT {COLUMNS} FROM closure WHERE j = $1 AND ended_at IS NULL AND imposed_by IS NULL
             AND ends_at IS NOT NULL AND ends_at <= $2 ORDER BY ends_at, id"
        ),
        values![j, before],
        read,
    )
}

/// How many holds of places ran out before anybody decided: our failures.
///
/// # Errors
/// What the engine refused.
pub fn holds_lapsed(tx: &mut Tx<'_>) -> Result<i64> {
    let j = tx.jurisdiction();
    tx.number("SELECT value FROM zoning_tally WHERE j = $1 AND name = 'closure_lapsed'", values![j])
}
