//! Tables of zones and how facts fold into them. Zones are few, so their parts stand in the row; only the way from an
//! area or place to its zones has tables of its own.

use outpace_core::{AreaId, AreaLevel, PlaceId, Text, Timestamp, ZoneId};
use outpace_policy::ZoneLevel;
use outpace_store::{Entry, Result, Row, Tx, values};

use super::facts::{ZoneChanged, ZoneDeclared, ZoneLiftDue, ZoneLifted, ZoneNoticed, ZoneObserved};
use super::model::{Lift, NewZone, Zone, ZoneStep};
use super::rules::strictness;
use crate::ground::{Ground, ImposedBy, packed, unpacked, unword, word};

/// Tables of zones.
pub(crate) const SCHEMA: &str = "
CREATE TABLE zone (
  j BIGINT NOT NULL, id BIGINT NOT NULL, name TEXT NOT NULL, areas TEXT NOT NULL, places TEXT NOT NULL,
  level TEXT NOT NULL, risk TEXT, ground TEXT NOT NULL, starts_at BIGINT NOT NULL, level_since BIGINT NOT NULL,
  lift_rule TEXT NOT NULL, lift_earliest_at BIGINT, lift_due BIGINT NOT NULL, lifted_at BIGINT, lifted_because TEXT,
  plan BIGINT, notice BIGINT, imposed_by TEXT, PRIMARY KEY (j, id));
CREATE TABLE zone_area (j BIGINT NOT NULL, area BIGINT NOT NULL, zone BIGINT NOT NULL, PRIMARY KEY (j, area, zone));
CREATE TABLE zone_place (j BIGINT NOT NULL, place BIGINT NOT NULL, zone BIGINT NOT NULL, PRIMARY KEY (j, place, zone));
CREATE TABLE zone_step (
  j BIGINT NOT NULL, zone BIGINT NOT NULL, seq BIGINT NOT NULL, from_at BIGINT NOT NULL, level TEXT NOT NULL, risk TEXT,
  reason TEXT NOT NULL, clause TEXT NOT NULL, PRIMARY KEY (j, zone, seq));
";

const COLUMNS: &str = "z.id, z.name, z.areas, z.places, z.level, z.risk, z.ground, z.starts_at, z.level_since, \
    z.lift_rule, z.lift_earliest_at, z.lift_due, z.lifted_at, z.lifted_because, z.plan, z.notice, z.imposed_by";

fn read(row: &Row<'_>) -> Result<Zone> {
    let risk = row.get::<Option<String>>(5)?.map(|risk| unword(&risk)).transpose()?;
    let lifted_because = row.get::<Option<String>>(13)?.map(|text| unpacked(&text)).transpose()?;
    let imposed_by = row.get::<Option<String>>(16)?.map(|text| unpacked::<ImposedBy>(&text)).transpose()?;
    Ok(Zone {
        id: row.get(0)?,
        name: unpacked::<Text>(&row.get::<String>(1)?)?,
        areas: unpacked(&row.get::<String>(2)?)?,
        places: unpacked(&row.get::<String>(3)?)?,
        level: unword(&row.get::<String>(4)?)?,
        risk,
        ground: unpacked::<Ground>(&row.get::<String>(6)?)?,
        starts_at: row.get(7)?,
        level_since: row.get(8)?,
        lift: Lift { rule: unpacked(&row.get::<String>(9)?)?, earliest_at: row.get(10)? },
        lift_due: row.get(11)?,
        lifted_at: row.get(12)?,
        lifted_because,
        plan: row.get::<Option<i64>>(14)?.map(Into::into),
        notice: row.get::<Option<i64>>(15)?.map(Into::into),
        imposed_by,
    })
}

fn insert(tx: &mut Tx<'_>, entry: &Entry, id: ZoneId, zone: &NewZone, imposed_by: Option<&ImposedBy>) -> Result<()> {
    let j = tx.jurisdiction();
    let (name, areas, places) = (packed(&zone.name)?, packed(&zone.areas)?, packed(&zone.places)?);
    let (level, risk) = (word(&zone.level), zone.risk.map(|risk| word(&risk)));
    let (ground, rule) = (packed(&zone.ground)?, packed(&zone.lift.rule)?);
    let imposed = imposed_by.map(packed).transpose()?;
    tx.execute(
        "INSERT INTO zone (j, id, name, areas, places, level, risk, ground, starts_at, level_since, lift_rule,
           lift_earliest_at, lift_due, lifted_at, lifted_because, plan, notice, imposed_by)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 0, NULL, NULL, $13, $14, $15)",
        values![
            j,
            id,
            &name,
            &areas,
            &places,
            &level,
            risk.as_deref(),
            &ground,
            zone.starts_at,
            zone.starts_at,
            &rule,
            zone.lift.earliest_at,
            zone.plan,
            zone.notice,
            imposed.as_deref(),
        ],
    )?;
    step(tx, entry, id, zone.starts_at, zone.level, zone.risk, &zone.ground)?;
    if imposed_by.is_some() {
        return Ok(());
    }
    for area in &zone.areas {
        tx.execute(
            "INSERT INTO zone_area (j, area, zone) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
            values![j, *area, id],
        )?;
    }
    for place in &zone.places {
        tx.execute(
            "INSERT INTO zone_place (j, place, zone) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
            values![j, *place, id],
        )?;
    }
    Ok(())
}

fn step(
    tx: &mut Tx<'_>,
    entry: &Entry,
    id: ZoneId,
    from_at: Timestamp,
    level: ZoneLevel,
    risk: Option<ZoneLevel>,
    ground: &Ground,
) -> Result<()> {
    let j = tx.jurisdiction();
    let (level, risk, reason) = (word(&level), risk.map(|risk| word(&risk)), packed(&ground.reason)?);
    tx.execute(
        "INSERT INTO zone_step (j, zone, seq, from_at, level, risk, reason, clause)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        values![j, id, entry.seq, from_at, &level, risk.as_deref(), &reason, &ground.clause],
    )?;
    Ok(())
}

pub(crate) fn fold_declared(tx: &mut Tx<'_>, entry: &Entry, fact: &ZoneDeclared) -> Result<()> {
    insert(tx, entry, fact.id, &fact.zone, None)
}

pub(crate) fn fold_observed(tx: &mut Tx<'_>, entry: &Entry, fact: &ZoneObserved) -> Result<()> {
    insert(tx, entry, fact.id, &fact.zone, Some(&fact.imposed_by))
}

pub(crate) fn fold_changed(tx: &mut Tx<'_>, entry: &Entry, fact: &ZoneChanged) -> Result<()> {
    let j = tx.jurisdiction();
    let change = &fact.change;
    let (level, risk) = (word(&change.level), change.risk.map(|risk| word(&risk)));
    let (ground, rule) = (packed(&change.ground)?, packed(&change.lift.rule)?);
    let name = change.name.as_ref().map(packed).transpose()?;
    tx.execute(
        "UPDATE zone SET level = $3, risk = $4, ground = $5, level_since = $6, lift_rule = $7, lift_earliest_at = $8,
           lift_due = 0, plan = COALESCE($9, plan), name = COALESCE($10, name) WHERE j = $1 AND id = $2",
        values![
            j,
            fact.id,
            &level,
            risk.as_deref(),
            &ground,
            entry.occurred_at,
            &rule,
            change.lift.earliest_at,
            change.plan,
            name.as_deref()
        ],
    )?;
    step(tx, entry, fact.id, entry.occurred_at, change.level, change.risk, &change.ground)
}

pub(crate) fn fold_lift_due(tx: &mut Tx<'_>, _: &Entry, fact: &ZoneLiftDue) -> Result<()> {
    let j = tx.jurisdiction();
    tx.execute("UPDATE zone SET lift_due = 1 WHERE j = $1 AND id = $2", values![j, fact.id]).map(|_| ())
}

pub(crate) fn fold_lifted(tx: &mut Tx<'_>, entry: &Entry, fact: &ZoneLifted) -> Result<()> {
    let j = tx.jurisdiction();
    let because = packed(&fact.reason)?;
    tx.execute(
        "UPDATE zone SET lifted_at = $3, lifted_because = $4 WHERE j = $1 AND id = $2",
        values![j, fact.id, entry.occurred_at, &because],
    )?;
    // What leads from areas and places to zones only holds those that stand.
    tx.execute("DELETE FROM zone_area WHERE j = $1 AND zone = $2", values![j, fact.id])?;
    tx.execute("DELETE FROM zone_place WHERE j = $1 AND zone = $2", values![j, fact.id])?;
    Ok(())
}

pub(crate) fn fold_noticed(tx: &mut Tx<'_>, _: &Entry, fact: &ZoneNoticed) -> Result<()> {
    let j = tx.jurisdiction();
    tx.execute("UPDATE zone SET notice = $3 WHERE j = $1 AND id = $2", values![j, fact.id, fact.notice]).map(|_| ())
}

/// One zone, lifted and observed ones too.
///
/// # Errors
/// What the engine refused.
pub fn zone(tx: &mut Tx<'_>, id: ZoneId) -> Result<Option<Zone>> {
    let j = tx.jurisdiction();
    tx.first(&format!("SELECT {COLUMNS} FROM zone z WHERE z.j = $1 AND z.id = $2"), values![j, id], read)
}

/// Zones that were declared and not lifted, oldest first. One whose start lies ahead is among them; see
/// [`in_force_at`] for a moment. Observed zones are not.
///
/// # Errors
/// What the engine refused.
pub fn in_force(tx: &mut Tx<'_>) -> Result<Vec<Zone>> {
    let j = tx.jurisdiction();
    tx.query(
        &format!(
            "SELECT {COLUMNS} FROM zone z WHERE z.j = $1 AND z.lifted_at IS NULL AND z.imposed_by IS NULL ORDER BY z.id"
        ),
        values![j],
        read,
    )
}

/// Zones in force at a moment.
///
/// # Errors
/// What the engine refused.
pub fn in_force_at(tx: &mut Tx<'_>, at: Timestamp) -> Result<Vec<Zone>> {
    let j = tx.jurisdiction();
    tx.query(
        &format!(
            "SELECT {COLUMNS} FROM zone z WHERE z.j = $1 AND z.imposed_by IS NULL AND z.starts_at <= $2
             AND (z.lifted_at IS NULL OR z.lifted_at > $2) ORDER BY z.id"
        ),
        values![j, at],
        read,
    )
}

/// All zones after a number, lifted and observed ones too: for lists.
///
/// # Errors
/// What the engine refused.
pub(crate) fn page(tx: &mut Tx<'_>, after: ZoneId, limit: i64) -> Result<Vec<Zone>> {
    let j = tx.jurisdiction();
    tx.query(
        &format!("SELECT {COLUMNS} FROM zone z WHERE z.j = $1 AND z.id > $2 ORDER BY z.id LIMIT $3"),
        values![j, after, limit],
        read,
    )
}

/// Zones that others imposed and that were not seen to end.
///
/// # Errors
/// What the engine refused.
pub fn observed(tx: &mut Tx<'_>) -> Result<Vec<Zone>> {
    let j = tx.jurisdiction();
    tx.query(
        &format!(
            "SELECT {COLUMNS} FROM zone z WHERE z.j = $1 AND z.lifted_at IS NULL AND z.imposed_by IS NOT NULL ORDER BY z.id"
        ),
        values![j],
        read,
    )
}

/// The levels that a zone has had, oldest first.
///
/// # Errors
/// What the engine refused.
pub fn steps(tx: &mut Tx<'_>, id: ZoneId) -> Result<Vec<ZoneStep>> {
    let j = tx.jurisdiction();
    tx.query(
        "SELECT from_at, level, risk, reason, clause FROM zone_step WHERE j = $1 AND zone = $2 ORDER BY seq",
        values![j, id],
        |row| {
            Ok(ZoneStep {
                from_at: row.get(0)?,
                level: unword(&row.get::<String>(1)?)?,
                risk: row.get::<Option<String>>(2)?.map(|risk| unword(&risk)).transpose()?,
                reason: unpacked(&row.get::<String>(3)?)?,
                clause: row.get(4)?,
            })
        },
    )
}

/// Zones not lifted whose areas contain this one, by looking up its six codes at the most.
///
/// # Errors
/// What the engine refused.
pub fn zones_at(tx: &mut Tx<'_>, area: AreaId) -> Result<Vec<Zone>> {
    let j = tx.jurisdiction();
    let levels = [AreaLevel::Province, AreaLevel::City, AreaLevel::County, AreaLevel::Township, AreaLevel::Village];
    // A level below the area's own has no code; 0 is no area.
    let codes = levels.map(|level| area.at(level).unwrap_or(AreaId(0)));
    tx.query(
        &format!(
            "SELECT DISTINCT {COLUMNS} FROM zone_area a JOIN zone z ON z.j = a.j AND z.id = a.zone
             WHERE a.j = $1 AND a.area IN ($2, $3, $4, $5, $6, $7) ORDER BY z.id"
        ),
        values![j, codes[0], codes[1], codes[2], codes[3], codes[4], area],
        read,
    )
}

/// When a zone of ours around an area was lifted last.
///
/// # Errors
/// What the engine refused.
pub fn lifted_around(tx: &mut Tx<'_>, area: AreaId) -> Result<Option<Timestamp>> {
    let j = tx.jurisdiction();
    let lifted = tx.query(
        &format!("SELECT {COLUMNS} FROM zone z WHERE z.j = $1 AND z.lifted_at IS NOT NULL AND z.imposed_by IS NULL"),
        values![j],
        read,
    )?;
    Ok(lifted.into_iter().filter(|zone| zone.contains(area)).filter_map(|zone| zone.lifted_at).max())
}

fn strictest(zones: &[Zone]) -> Option<ZoneLevel> {
    zones.iter().map(|zone| zone.level).max_by_key(|level| strictness(*level))
}

/// The strictest level of the zones around an area; `None` where there is none.
///
/// # Errors
/// What the engine refused.
pub fn level_at(tx: &mut Tx<'_>, area: AreaId) -> Result<Option<ZoneLevel>> {
    Ok(strictest(&zones_at(tx, area)?))
}

/// As [`level_at`], of zones that have begun at a moment.
///
/// # Errors
/// What the engine refused.
pub fn level_at_time(tx: &mut Tx<'_>, area: AreaId, at: Timestamp) -> Result<Option<ZoneLevel>> {
    let mut zones = zones_at(tx, area)?;
    zones.retain(|zone| zone.starts_at <= at);
    Ok(strictest(&zones))
}

/// The strictest level of the zones that name a place or contain its area.
///
/// # Errors
/// What the engine refused.
pub fn level_of_place(tx: &mut Tx<'_>, place: PlaceId, area: AreaId) -> Result<Option<ZoneLevel>> {
    let j = tx.jurisdiction();
    let mut zones = tx.query(
        &format!(
            "SELECT {COLUMNS} FROM zone_place p JOIN zone z ON z.j = p.j AND z.id = p.zone
             WHERE p.j = $1 AND p.place = $2 ORDER BY z.id"
        ),
        values![j, place],
        read,
    )?;
    zones.extend(zones_at(tx, area)?);
    Ok(strictest(&zones))
}

/// Zones whose earliest lifting has passed and is not recorded yet.
pub(crate) fn lift_passed(tx: &mut Tx<'_>, now: Timestamp) -> Result<Vec<ZoneId>> {
    let j = tx.jurisdiction();
    tx.query(
        "SELECT id FROM zone WHERE j = $1 AND lifted_at IS NULL AND imposed_by IS NULL AND lift_due = 0
         AND lift_earliest_at IS NOT NULL AND lift_earliest_at <= $2 ORDER BY id",
        values![j, now],
        |row| row.get(0),
    )
}
