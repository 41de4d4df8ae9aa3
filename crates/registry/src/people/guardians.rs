//! Who acts for somebody who cannot: parents for children, those who care for the old and the disabled. Recorded by the
//! registry, and ended by it; a guardian sees and asks what the person could.

use outpace_access::{Call, Empty};
use outpace_core::{PersonId, Refusal, Seq, Timestamp};
use outpace_store::{Capability, Fact, Result, Tx, Unit, values};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::store::person;
use crate::RegistryError;

/// Migration: guardians.
pub(crate) const SCHEMA: &str = "
CREATE TABLE guardian (
  j BIGINT NOT NULL, person BIGINT NOT NULL, guardian BIGINT NOT NULL, kind TEXT NOT NULL, named_at BIGINT NOT NULL,
  seq BIGINT NOT NULL, PRIMARY KEY (j, person, guardian));
CREATE INDEX guardian_of ON guardian (j, guardian, person);
";

/// Guardians of one person at most.
pub const GUARDIANS_MAX: usize = 8;
/// From this age somebody acts for themselves, unless they are cared for (Civil Code, article 17).
pub const OF_AGE_YEARS: i64 = 18;

crate::words! {
    /// Why somebody acts for another.
    pub enum GuardianKind {
        /// A parent, or who is in the place of one.
        Child = "child",
        /// Cares for somebody who cannot act alone.
        Care = "care",
    }
}

/// Somebody acts for another from now on.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct GuardianNamed {
    /// For whom.
    pub person: PersonId,
    /// Who.
    pub guardian: PersonId,
    /// Why.
    pub kind: GuardianKind,
}

impl Fact for GuardianNamed {
    const KIND: &'static str = "registry.guardian_named";
}

/// Somebody acts for another no longer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct GuardianEnded {
    /// For whom.
    pub person: PersonId,
    /// Who.
    pub guardian: PersonId,
}

impl Fact for GuardianEnded {
    const KIND: &'static str = "registry.guardian_ended";
}

/// Who acts for whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = RegistryGuardian)]
pub struct Guardian {
    /// For whom.
    pub person: PersonId,
    /// Who.
    pub guardian: PersonId,
    /// Why.
    pub kind: GuardianKind,
    /// Since when.
    pub named_at: Timestamp,
    /// The fact that says so.
    pub seq: Seq,
}

pub(crate) fn fold(capability: Capability) -> Capability {
    capability
        .table("guardian", "j, person, guardian")
        .fold(|tx, entry, fact: &GuardianNamed| {
            let j = tx.jurisdiction();
            tx.execute(
                "INSERT INTO guardian (j, person, guardian, kind, named_at, seq) VALUES ($1, $2, $3, $4, $5, $6)
                 ON CONFLICT (j, person, guardian) DO UPDATE SET kind = excluded.kind, named_at = excluded.named_at,
                   seq = excluded.seq",
                values![j, fact.person, fact.guardian, fact.kind, entry.recorded_at, entry.seq],
            )
            .map(|_| ())
        })
        .fold(|tx, _, fact: &GuardianEnded| {
            let j = tx.jurisdiction();
            let gone = values![j, fact.person, fact.guardian];
            tx.execute("DELETE FROM guardian WHERE j = $1 AND person = $2 AND guardian = $3", gone).map(|_| ())
        })
}

fn found(tx: &mut Tx<'_>, sql: &str, whose: PersonId) -> Result<Vec<Guardian>> {
    let j = tx.jurisdiction();
    tx.query(sql, values![j, whose], |row| {
        let (person, guardian, kind) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok(Guardian { person, guardian, kind, named_at: row.get(3)?, seq: row.get(4)? })
    })
}

/// Who acts for a person.
///
/// # Errors
/// What the engine refused.
pub fn guardians_of(tx: &mut Tx<'_>, person: PersonId) -> Result<Vec<Guardian>> {
    let sql =
        "SELECT person, guardian, kind, named_at, seq FROM guardian WHERE j = $1 AND person = $2 ORDER BY guardian";
    found(tx, sql, person)
}

/// For whom a person acts.
///
/// # Errors
/// What the engine refused.
pub fn wards_of(tx: &mut Tx<'_>, guardian: PersonId) -> Result<Vec<Guardian>> {
    let sql =
        "SELECT person, guardian, kind, named_at, seq FROM guardian WHERE j = $1 AND guardian = $2 ORDER BY person";
    found(tx, sql, guardian)
}

/// Whether somebody acts for a person at a moment. A parent does until the child is of age.
///
/// # Errors
/// What the engine refused.
pub fn acts_for(tx: &mut Tx<'_>, guardian: PersonId, ward: PersonId, now: Timestamp) -> Result<bool> {
    let Some(known) = guardians_of(tx, ward)?.into_iter().find(|one| one.guardian == guardian) else {
        return Ok(false);
    };
    if known.kind == GuardianKind::Care {
        return Ok(true);
    }
    // The year of birth alone is kept outside the vault: a child is one through the year in which it comes of age.
    let year = now.to_string().get(..4).and_then(|year| year.parse().ok()).unwrap_or(i64::MAX);
    Ok(person(tx, ward)?.is_some_and(|child| child.age_in(year) <= OF_AGE_YEARS))
}

/// Who shall act for whom.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct NameGuardian {
    /// For whom.
    pub person: PersonId,
    /// Who.
    pub guardian: PersonId,
    /// Why.
    pub kind: GuardianKind,
}

fn seen(unit: &mut Unit<'_>, call: &Call, field: &'static str, id: PersonId) -> Result<super::model::Person, Refusal> {
    let unknown = RegistryError::Unknown { field, id: id.0 };
    Ok(person(unit.tx(), id)?.filter(|person| call.sees(person.area)).ok_or(unknown)?)
}

/// Names a guardian. What already stands changes nothing.
///
/// # Errors
/// An unknown person, somebody named as their own guardian, one who is a child themselves, too many guardians.
pub fn name_guardian(unit: &mut Unit<'_>, call: &Call, request: NameGuardian) -> Result<Guardian, Refusal> {
    let NameGuardian { person, guardian, kind } = request;
    seen(unit, call, "person", person)?;
    let own = seen(unit, call, "guardian", guardian)?;
    let year = call.now.to_string().get(..4).and_then(|year| year.parse().ok()).unwrap_or(i64::MAX);
    if person == guardian || own.age_in(year) < OF_AGE_YEARS {
        return Err(RegistryError::Value {
            field: "guardian",
            value: guardian.to_string(),
            zh: "监护人须为他人,且已成年。",
            en: "A guardian is somebody else, and of age.",
        }
        .into());
    }
    let known = guardians_of(unit.tx(), person)?;
    if let Some(same) = known.iter().find(|one| one.guardian == guardian && one.kind == kind) {
        return Ok(same.clone());
    }
    if known.len() >= GUARDIANS_MAX {
        return Err(RegistryError::Value {
            field: "guardian",
            value: known.len().to_string(),
            zh: "监护人过多,请先结束不再负责的。",
            en: "There are too many guardians; end those who no longer act first.",
        }
        .into());
    }
    let seq = unit.record(GuardianNamed { person, guardian, kind })?;
    Ok(Guardian { person, guardian, kind, named_at: call.now, seq })
}

/// Who shall no longer act for whom.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct EndGuardian {
    /// For whom.
    pub person: PersonId,
    /// Who.
    pub guardian: PersonId,
}

/// Ends a guardianship. One that does not stand stays ended.
///
/// # Errors
/// An unknown person.
pub fn end_guardian(unit: &mut Unit<'_>, call: &Call, request: EndGuardian) -> Result<Empty, Refusal> {
    let EndGuardian { person, guardian } = request;
    seen(unit, call, "person", person)?;
    if guardians_of(unit.tx(), person)?.iter().any(|one| one.guardian == guardian) {
        unit.record(GuardianEnded { person, guardian })?;
    }
    Ok(Empty {})
}

/// Whose guardians.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct GuardiansQuery {
    /// Whose.
    pub person: PersonId,
}

/// Who acts for a person, and for whom the person acts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Guardians {
    /// Who acts for the person.
    pub guardians: Vec<Guardian>,
    /// For whom the person acts.
    pub wards: Vec<Guardian>,
}

/// Who acts for a person, and for whom the person acts.
///
/// # Errors
/// An unknown person, one outside the actor's area.
pub fn guardians(tx: &mut Tx<'_>, call: &Call, query: GuardiansQuery) -> Result<Guardians, Refusal> {
    let unknown = RegistryError::Unknown { field: "person", id: query.person.0 };
    let person = person(tx, query.person)?.filter(|person| call.sees(person.area)).ok_or(unknown)?;
    Ok(Guardians { guardians: guardians_of(tx, person.id)?, wards: wards_of(tx, person.id)? })
}
