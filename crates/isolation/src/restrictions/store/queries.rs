//! Reading restrictions: by person, cause, fact and end; tests, retests and certificates.

use outpace_core::{ActorId, AreaId, PersonId, RestrictionId, Seq, Timestamp};
use outpace_store::{Result, Row, Tx, values};
use outpace_zoning::ImposedBy;
use outpace_zoning::ground::{packed, unpacked, unword, word};

use crate::restrictions::model::{
    Because, Certificate, EndedWhy, ObservedRestriction, Restriction, RestrictionKind, TestDue,
};

const COLUMNS: &str = "r.id, r.person, r.area, r.kind, r.ground, r.because, r.class, r.starts_at, r.ends_at, \
    r.warned_at, r.extensions, r.extended_by, r.plan, r.notice, r.seq, r.ended_at, r.ended_why";

fn read(row: &Row<'_>) -> Result<Restriction> {
    Ok(Restriction {
        id: row.get(0)?,
        person: row.get(1)?,
        area: row.get(2)?,
        kind: unword(&row.get::<String>(3)?)?,
        ground: unpacked(&row.get::<String>(4)?)?,
        because_of: unpacked::<Because>(&row.get::<String>(5)?)?,
        class: row.get::<Option<String>>(6)?.map(|class| unword(&class)).transpose()?,
        starts_at: row.get(7)?,
        ends_at: row.get(8)?,
        warned_at: row.get(9)?,
        extensions: row.get(10)?,
        extended_by: row.get::<Option<i64>>(11)?.map(ActorId),
        plan: row.get::<Option<i64>>(12)?.map(Into::into),
        notice: row.get::<Option<i64>>(13)?.map(Into::into),
        seq: row.get(14)?,
        ended_at: row.get(15)?,
        ended_why: row.get::<Option<String>>(16)?.map(|why| unpacked::<EndedWhy>(&why)).transpose()?,
    })
}

/// One restriction, ended ones too.
///
/// # Errors
/// What the engine refused.
pub fn restriction(tx: &mut Tx<'_>, id: RestrictionId) -> Result<Option<Restriction>> {
    let j = tx.jurisdiction();
    tx.first(&format!("SELECT {COLUMNS} FROM restriction r WHERE r.j = $1 AND r.id = $2"), values![j, id], read)
}

fn standing(tx: &mut Tx<'_>, index: &str, value: outpace_store::Value<'_>) -> Result<Vec<Restriction>> {
    let j = tx.jurisdiction();
    tx.query(
        &format!(
            "SELECT {COLUMNS} FROM restriction_standing s JOIN restriction r ON r.j = s.j AND r.id = s.id
             WHERE s.j = $1 AND {index} ORDER BY s.id"
        ),
        &[j.into(), value],
        read,
    )
}

/// Restrictions of a person that have not ended. One whose start lies ahead is among them.
///
/// # Errors
/// What the engine refused.
pub fn in_force_of(tx: &mut Tx<'_>, person: PersonId) -> Result<Vec<Restriction>> {
    standing(tx, "s.person = $2", person.into())
}

/// Restrictions that hang on a tube, case, place, zone, assessment or person and have not ended.
///
/// # Errors
/// What the engine refused.
pub fn in_force_because(tx: &mut Tx<'_>, because: &Because) -> Result<Vec<Restriction>> {
    standing(tx, "s.because = $2", (&because.key()).into())
}

/// Restrictions that name a fact among their grounds and have not ended: what falls when the fact does.
///
/// # Errors
/// What the engine refused.
pub fn resting_on(tx: &mut Tx<'_>, fact: Seq) -> Result<Vec<Restriction>> {
    standing(tx, "s.id IN (SELECT restriction FROM restriction_fact f WHERE f.j = $1 AND f.fact = $2)", fact.into())
}

/// All restrictions of a person, oldest first.
///
/// # Errors
/// What the engine refused.
pub fn history_of(tx: &mut Tx<'_>, person: PersonId) -> Result<Vec<Restriction>> {
    let j = tx.jurisdiction();
    tx.query(
        &format!("SELECT {COLUMNS} FROM restriction r WHERE r.j = $1 AND r.person = $2 ORDER BY r.id"),
        values![j, person],
        read,
    )
}

/// Which restrictions are meant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Of people who live in this area.
    pub area: Option<AreaId>,
    /// Of this kind.
    pub kind: Option<RestrictionKind>,
    /// After this number.
    pub after: Option<RestrictionId>,
    /// At most so many; all where absent.
    pub limit: Option<i64>,
}

/// Restrictions that have not ended, in order of number.
///
/// # Errors
/// What the engine refused.
pub fn in_force(tx: &mut Tx<'_>, filter: &Filter) -> Result<Vec<Restriction>> {
    let j = tx.jurisdiction();
    let (first, last) = filter.area.map_or((AreaId(0), AreaId(i64::MAX)), AreaId::grids);
    let kind = filter.kind.map(|kind| word(&kind));
    tx.query(
        &format!(
            "SELECT {COLUMNS} FROM restriction_standing s JOIN restriction r ON r.j = s.j AND r.id = s.id
             WHERE s.j = $1 AND s.id > $2 AND s.area BETWEEN $3 AND $4 AND (s.kind = $5 OR $5 IS NULL)
             ORDER BY s.id LIMIT $6"
        ),
        values![
            j,
            filter.after.unwrap_or(RestrictionId(0)),
            first,
            last,
            kind.as_deref(),
            filter.limit.unwrap_or(i64::MAX),
        ],
        read,
    )
}

/// A standing restriction whose time has come, as the clock needs it.
pub(crate) struct Ending {
    pub id: RestrictionId,
    pub person: PersonId,
    pub kind: RestrictionKind,
}

/// Standing restrictions that end until a moment, in order of time. Uses `restriction_standing_ends`.
pub(crate) fn ending(tx: &mut Tx<'_>, until: Timestamp, limit: i64) -> Result<Vec<Ending>> {
    let j = tx.jurisdiction();
    tx.query(
        "SELECT id, person, kind FROM restriction_standing
         WHERE j = $1 AND ends_at <= $2 ORDER BY ends_at, id LIMIT $3",
        values![j, until, limit],
        |row| Ok(Ending { id: row.get(0)?, person: row.get(1)?, kind: unword(&row.get::<String>(2)?)? }),
    )
}

/// Holds that end until a moment and were not warned about yet.
pub(crate) fn to_warn(tx: &mut Tx<'_>, now: Timestamp, until: Timestamp) -> Result<Vec<RestrictionId>> {
    let j = tx.jurisdiction();
    tx.query(
        "SELECT id FROM restriction_standing
         WHERE j = $1 AND ends_at > $2 AND ends_at <= $3 AND kind = 'hold' AND warned = 0 ORDER BY ends_at, id",
        values![j, now, until],
        |row| row.get(0),
    )
}

/// Whether somebody's hold lapsed and no retest was taken since.
///
/// # Errors
/// What the engine refused.
pub fn retests_due(tx: &mut Tx<'_>) -> Result<Vec<(PersonId, RestrictionId, Timestamp)>> {
    let j = tx.jurisdiction();
    tx.query(
        "SELECT person, restriction, since FROM retest_due WHERE j = $1 ORDER BY since, person",
        values![j],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )
}

/// Tests due until a local day and not taken, of people in an area. Uses `restriction_test_day`.
///
/// # Errors
/// What the engine refused.
pub fn tests_due(tx: &mut Tx<'_>, day: i64, area: AreaId) -> Result<Vec<TestDue>> {
    let j = tx.jurisdiction();
    let (first, last) = area.grids();
    tx.query(
        "SELECT t.day, t.person, s.area, t.restriction, s.kind, t.samples - t.taken FROM restriction_test t
         JOIN restriction_standing s ON s.j = t.j AND s.id = t.restriction
         WHERE t.j = $1 AND t.day <= $2 AND t.taken_at IS NULL AND s.area BETWEEN $3 AND $4
         ORDER BY t.day, t.restriction",
        values![j, day, first, last],
        |row| {
            Ok(TestDue {
                day: row.get(0)?,
                person: row.get(1)?,
                area: row.get(2)?,
                restriction: row.get(3)?,
                kind: unword(&row.get::<String>(4)?)?,
                samples: row.get(5)?,
            })
        },
    )
}

/// The record of the same restriction that others imposed, if it was seen before.
pub(crate) fn observed_before(
    tx: &mut Tx<'_>,
    person: PersonId,
    kind: RestrictionKind,
    starts_at: Timestamp,
    imposed_by: &ImposedBy,
) -> Result<Option<RestrictionId>> {
    let j = tx.jurisdiction();
    tx.first(
        "SELECT id FROM restriction_observed
         WHERE j = $1 AND person = $2 AND kind = $3 AND starts_at = $4 AND imposed_by = $5 ORDER BY id",
        values![j, person, &word(&kind), starts_at, &packed(imposed_by)?],
        |row| row.get(0),
    )
}

/// Restrictions that others imposed.
///
/// # Errors
/// What the engine refused.
pub fn observed(tx: &mut Tx<'_>, area: AreaId, after: RestrictionId, limit: i64) -> Result<Vec<ObservedRestriction>> {
    let j = tx.jurisdiction();
    let (first, last) = area.grids();
    tx.query(
        "SELECT id, person, area, kind, reason, starts_at, ends_at, imposed_by FROM restriction_observed
         WHERE j = $1 AND id > $2 AND area BETWEEN $3 AND $4 ORDER BY id LIMIT $5",
        values![j, after, first, last, limit],
        read_observed,
    )
}

fn read_observed(row: &Row<'_>) -> Result<ObservedRestriction> {
    Ok(ObservedRestriction {
        id: row.get(0)?,
        person: row.get(1)?,
        area: row.get(2)?,
        kind: unword(&row.get::<String>(3)?)?,
        reason: unpacked(&row.get::<String>(4)?)?,
        starts_at: row.get(5)?,
        ends_at: row.get(6)?,
        imposed_by: unpacked(&row.get::<String>(7)?)?,
    })
}

/// Restrictions of a person that others imposed, oldest first.
///
/// # Errors
/// What the engine refused.
pub fn observed_of(tx: &mut Tx<'_>, person: PersonId) -> Result<Vec<ObservedRestriction>> {
    let j = tx.jurisdiction();
    tx.query(
        "SELECT id, person, area, kind, reason, starts_at, ends_at, imposed_by FROM restriction_observed
         WHERE j = $1 AND person = $2 ORDER BY id",
        values![j, person],
        read_observed,
    )
}

/// Certificates of a person, oldest first.
///
/// # Errors
/// What the engine refused.
pub fn certificates_of(tx: &mut Tx<'_>, person: PersonId) -> Result<Vec<Certificate>> {
    let j = tx.jurisdiction();
    tx.query(
        "SELECT number, person, restriction, text FROM certificate WHERE j = $1 AND person = $2 ORDER BY number",
        values![j, person],
        |row| {
            Ok(Certificate {
                number: row.get(0)?,
                person: row.get(1)?,
                restriction: row.get(2)?,
                text: unpacked(&row.get::<String>(3)?)?,
            })
        },
    )
}
