//! Tables of households and people, and everything that reads them.

use std::collections::BTreeMap;

use outpace_core::{AreaId, HouseholdId, PersonId, PlaceId, VehicleId};
use outpace_store::{Capability, Result, Row, Tx, Value, values};

use super::facts::{
    HouseholdContactKept, HouseholdsImported, ImportedPerson, PeopleImported, PersonMoved, PersonTagged,
    PresenceChanged,
};
use super::identity;
use super::model::{CareTag, Household, Person};
use crate::areas::Population;
use crate::areas::store::tally;
use crate::references;

pub(crate) const SCHEMA: &str = "
CREATE TABLE household (
  j BIGINT NOT NULL, id BIGINT NOT NULL, area BIGINT NOT NULL, kind TEXT NOT NULL, landlord BIGINT,
  contact BIGINT NOT NULL, PRIMARY KEY (j, id)) WITHOUT ROWID;
CREATE INDEX household_area ON household (j, area, id);
CREATE TABLE person (
  j BIGINT NOT NULL, id BIGINT NOT NULL, household BIGINT NOT NULL, area BIGINT NOT NULL, birth_year BIGINT NOT NULL,
  sex TEXT NOT NULL, tags BIGINT NOT NULL, workplace BIGINT, school BIGINT, room TEXT, vehicle BIGINT,
  present BIGINT NOT NULL, whereabouts BIGINT, absent_until BIGINT, PRIMARY KEY (j, id)) WITHOUT ROWID;
CREATE INDEX person_area ON person (j, area, id);
CREATE INDEX person_household ON person (j, household);
CREATE INDEX person_workplace ON person (j, workplace, room) WHERE workplace IS NOT NULL;
CREATE INDEX person_school ON person (j, school, room) WHERE school IS NOT NULL;
CREATE INDEX person_vehicle ON person (j, vehicle) WHERE vehicle IS NOT NULL;
CREATE INDEX person_care ON person (j, area, id) WHERE tags <> 0;
CREATE TABLE identity_look (
  j BIGINT NOT NULL, person BIGINT NOT NULL, seq BIGINT NOT NULL, actor BIGINT NOT NULL, at BIGINT NOT NULL,
  purpose TEXT NOT NULL, PRIMARY KEY (j, person, seq));
";

/// What reads a [`Person`], in this order.
const PERSON: &str = "id, household, area, birth_year, sex, tags, workplace, school, room, vehicle, present";

pub(crate) fn fold(capability: Capability) -> Capability {
    capability
        .table("household", "j, id")
        .table("person", "j, id")
        .table("identity_look", "j, person, seq")
        .table("person_host", "j, person")
        .fold(|tx, _, fact: &HouseholdsImported| add_households(tx, fact))
        .fold(|tx, _, fact: &PeopleImported| add_people(tx, fact))
        .fold(|tx, _, fact: &PersonMoved| move_to(tx, fact))
        .fold(|tx, _, fact: &PersonTagged| {
            let j = tx.jurisdiction();
            let (added, removed) = (CareTag::bits(&fact.added), CareTag::bits(&fact.removed));
            tx.execute(
                "UPDATE person SET tags = (tags | $3) & ~CAST($4 AS BIGINT) WHERE j = $1 AND id = $2",
                values![j, fact.person, added, removed],
            )
            .map(|_| ())
        })
        .fold(|tx, _, fact: &PresenceChanged| set_presence(tx, fact))
        .fold(|tx, _, fact: &HouseholdContactKept| {
            let j = tx.jurisdiction();
            tx.execute("UPDATE household SET contact = 1 WHERE j = $1 AND id = $2", values![j, fact.household])
                .map(|_| ())
        })
        .fold(|tx, entry, fact: &identity::IdentityRevealed| {
            let j = tx.jurisdiction();
            tx.execute(
                "INSERT INTO identity_look (j, person, seq, actor, at, purpose) VALUES ($1, $2, $3, $4, $5, $6)",
                values![j, fact.person, entry.seq, entry.actor, entry.recorded_at, &fact.purpose],
            )
            .map(|_| ())
        })
}

fn add_households(tx: &mut Tx<'_>, fact: &HouseholdsImported) -> Result<()> {
    let j = tx.jurisdiction();
    tx.insert_many(
        "INSERT INTO household (j, id, area, kind, landlord, contact) VALUES ($1, $2, $3, $4, $5, 0)",
        (fact.first.0..)
            .zip(&fact.households)
            .map(|(id, row)| [Value::Int(j), Value::Int(id), row.area.into(), row.kind.into(), row.landlord.into()]),
    )?;
    references::keep(tx, HouseholdId::COUNTER, fact.first.0, fact.households.iter().map(|row| row.reference))?;
    let mut tallies: BTreeMap<AreaId, Population> = BTreeMap::new();
    for row in &fact.households {
        tallies.entry(row.area).or_default().households += 1;
    }
    tallies.into_iter().try_for_each(|(area, change)| tally(tx, area, change))
}

fn add_people(tx: &mut Tx<'_>, fact: &PeopleImported) -> Result<()> {
    let j = tx.jurisdiction();
    tx.insert_many(
        "INSERT INTO person (j, id, household, area, birth_year, sex, tags, workplace, school, room, vehicle, present)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        (fact.first.0..).zip(&fact.people).map(|(id, row)| person_values(j, id, row)),
    )?;
    references::keep(tx, PersonId::COUNTER, fact.first.0, fact.people.iter().map(|row| row.reference))?;
    let mut tallies: BTreeMap<AreaId, Population> = BTreeMap::new();
    for row in &fact.people {
        let change = tallies.entry(row.area).or_default();
        change.registered += 1;
        change.present += i64::from(!row.absent);
    }
    tallies.into_iter().try_for_each(|(area, change)| tally(tx, area, change))
}

fn person_values(j: i64, id: i64, row: &ImportedPerson) -> [Value<'_>; 12] {
    [
        Value::Int(j),
        Value::Int(id),
        row.household.into(),
        row.area.into(),
        row.birth_year.into(),
        row.sex.into(),
        CareTag::bits(&row.tags).into(),
        row.workplace.into(),
        row.school.into(),
        row.room.as_ref().into(),
        row.vehicle.into(),
        (!row.absent).into(),
    ]
}

fn move_to(tx: &mut Tx<'_>, fact: &PersonMoved) -> Result<()> {
    let Some(before) = person(tx, fact.person)? else { return Ok(()) };
    let j = tx.jurisdiction();
    tx.execute(
        "UPDATE person SET household = $3, area = $4 WHERE j = $1 AND id = $2",
        values![j, fact.person, fact.household, fact.area],
    )?;
    let present = i64::from(before.present);
    tally(tx, before.area, Population { registered: -1, present: -present, households: 0 })?;
    tally(tx, fact.area, Population { registered: 1, present, households: 0 })
}

fn set_presence(tx: &mut Tx<'_>, fact: &PresenceChanged) -> Result<()> {
    let Some(before) = person(tx, fact.person)? else { return Ok(()) };
    let j = tx.jurisdiction();
    tx.execute(
        "UPDATE person SET present = $3, whereabouts = $4, absent_until = $5 WHERE j = $1 AND id = $2",
        values![j, fact.person, fact.present, fact.whereabouts, fact.until],
    )?;
    let change = i64::from(fact.present) - i64::from(before.present);
    tally(tx, before.area, Population { registered: 0, present: change, households: 0 })
}

fn read_household(row: &Row<'_>) -> Result<Household> {
    Ok(Household { id: row.get(0)?, area: row.get(1)?, kind: row.get(2)?, landlord: row.get(3)? })
}

pub(super) fn read_person(row: &Row<'_>) -> Result<Person> {
    Ok(Person {
        id: row.get(0)?,
        household: row.get(1)?,
        area: row.get(2)?,
        birth_year: row.get(3)?,
        sex: row.get(4)?,
        tags: CareTag::of_bits(row.get(5)?),
        workplace: row.get(6)?,
        school: row.get(7)?,
        room: row.get(8)?,
        vehicle: row.get(9)?,
        present: row.get(10)?,
    })
}

/// A household by its id.
///
/// # Errors
/// What the engine refused.
pub fn household(tx: &mut Tx<'_>, id: HouseholdId) -> Result<Option<Household>> {
    let j = tx.jurisdiction();
    tx.first("SELECT id, area, kind, landlord FROM household WHERE j = $1 AND id = $2", values![j, id], read_household)
}

/// The households of an area, by grid and id.
///
/// # Errors
/// What the engine refused.
pub fn households_in(tx: &mut Tx<'_>, area: AreaId) -> Result<Vec<Household>> {
    let j = tx.jurisdiction();
    let (first, last) = area.grids();
    tx.query(
        "SELECT id, area, kind, landlord FROM household WHERE j = $1 AND area BETWEEN $2 AND $3 ORDER BY area, id",
        values![j, first, last],
        read_household,
    )
}

/// A person by id.
///
/// # Errors
/// What the engine refused.
pub fn person(tx: &mut Tx<'_>, id: PersonId) -> Result<Option<Person>> {
    let j = tx.jurisdiction();
    tx.first(&format!("SELECT {PERSON} FROM person WHERE j = $1 AND id = $2"), values![j, id], read_person)
}

fn ids(tx: &mut Tx<'_>, sql: &str, values: &[Value<'_>]) -> Result<Vec<PersonId>> {
    tx.query(sql, values, |row| row.get(0))
}

/// Who lives in a household, by id; absent people too.
///
/// # Errors
/// What the engine refused.
pub fn household_members(tx: &mut Tx<'_>, household: HouseholdId) -> Result<Vec<PersonId>> {
    let j = tx.jurisdiction();
    ids(tx, "SELECT id FROM person WHERE j = $1 AND household = $2 ORDER BY id", values![j, household])
}

/// Who works at a place, by id.
///
/// # Errors
/// What the engine refused.
pub fn people_at_workplace(tx: &mut Tx<'_>, place: PlaceId) -> Result<Vec<PersonId>> {
    let j = tx.jurisdiction();
    ids(tx, "SELECT id FROM person WHERE j = $1 AND workplace = $2 ORDER BY id", values![j, place])
}

/// Who goes to a school or kindergarten, by id; its staff are [`people_at_workplace`].
///
/// # Errors
/// What the engine refused.
pub fn people_at_school(tx: &mut Tx<'_>, place: PlaceId) -> Result<Vec<PersonId>> {
    let j = tx.jurisdiction();
    ids(tx, "SELECT id FROM person WHERE j = $1 AND school = $2 ORDER BY id", values![j, place])
}

/// Who works or learns in one room of a place, by id.
///
/// # Errors
/// What the engine refused.
pub fn people_in_room(tx: &mut Tx<'_>, place: PlaceId, room: &str) -> Result<Vec<PersonId>> {
    let j = tx.jurisdiction();
    ids(
        tx,
        "SELECT id FROM person WHERE j = $1 AND workplace = $2 AND room = $3
         UNION SELECT id FROM person WHERE j = $1 AND school = $2 AND room = $3 ORDER BY id",
        values![j, place, room],
    )
}

/// Who usually rides in a vehicle, by id.
///
/// # Errors
/// What the engine refused.
pub fn people_on_vehicle(tx: &mut Tx<'_>, vehicle: VehicleId) -> Result<Vec<PersonId>> {
    let j = tx.jurisdiction();
    ids(tx, "SELECT id FROM person WHERE j = $1 AND vehicle = $2 ORDER BY id", values![j, vehicle])
}

/// Everyone registered in an area, by grid and id.
///
/// # Errors
/// What the engine refused.
pub fn people_in(tx: &mut Tx<'_>, area: AreaId) -> Result<Vec<PersonId>> {
    let j = tx.jurisdiction();
    let (first, last) = area.grids();
    ids(tx, "SELECT id FROM person WHERE j = $1 AND area BETWEEN $2 AND $3 ORDER BY area, id", values![j, first, last])
}

/// Hands over everyone registered in an area, by grid and id, without collecting them.
///
/// # Errors
/// What the engine refused.
pub fn each_person_in(tx: &mut Tx<'_>, area: AreaId, mut each: impl FnMut(&Person)) -> Result<()> {
    let j = tx.jurisdiction();
    let (first, last) = area.grids();
    tx.each(
        &format!("SELECT {PERSON} FROM person WHERE j = $1 AND area BETWEEN $2 AND $3 ORDER BY area, id"),
        values![j, first, last],
        |row| {
            each(&read_person(row)?);
            Ok(())
        },
    )
}

/// Hands over where everyone is registered, grid by grid, from the index `person_area` alone.
///
/// # Errors
/// What the engine refused.
pub fn each_home(tx: &mut Tx<'_>, mut each: impl FnMut(PersonId, AreaId)) -> Result<()> {
    let j = tx.jurisdiction();
    tx.each("SELECT id, area FROM person WHERE j = $1 ORDER BY area, id", values![j], |row| {
        each(row.get(0)?, row.get(1)?);
        Ok(())
    })
}

/// Hands over everybody who is registered here and elsewhere now. Few are; it walks the table all the same.
///
/// # Errors
/// What the engine refused.
pub fn each_absent(tx: &mut Tx<'_>, mut each: impl FnMut(PersonId)) -> Result<()> {
    let j = tx.jurisdiction();
    tx.each("SELECT id FROM person WHERE j = $1 AND present = 0", values![j], |row| {
        each(row.get(0)?);
        Ok(())
    })
}

/// Somebody who works at a place of a class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Worker {
    /// Who.
    pub person: PersonId,
    /// The home grid.
    pub home: AreaId,
    /// The grid of the place.
    pub work: AreaId,
}

/// Hands over everybody present who works at a place of a class, by place.
///
/// # Errors
/// What the engine refused.
pub fn each_worker_of(tx: &mut Tx<'_>, class: &str, mut each: impl FnMut(Worker)) -> Result<()> {
    let j = tx.jurisdiction();
    tx.each(
        "SELECT p.id, p.area, w.area FROM place w JOIN person p ON p.j = w.j AND p.workplace = w.id
         WHERE w.j = $1 AND w.class = $2 AND p.present = 1",
        values![j, class],
        |row| {
            each(Worker { person: row.get(0)?, home: row.get(1)?, work: row.get(2)? });
            Ok(())
        },
    )
}

/// One page of the people of an area after a person, by grid and id.
///
/// # Errors
/// What the engine refused.
pub fn people_page(tx: &mut Tx<'_>, area: AreaId, after: Option<PersonId>, limit: i64) -> Result<Vec<Person>> {
    page(tx, "1 = 1", area, after, limit)
}

/// One page of the people with care needs of an area after a person, by grid and id.
pub(super) fn care_page(tx: &mut Tx<'_>, area: AreaId, after: Option<PersonId>, limit: i64) -> Result<Vec<Person>> {
    page(tx, "tags <> 0", area, after, limit)
}

fn page(tx: &mut Tx<'_>, condition: &str, area: AreaId, after: Option<PersonId>, limit: i64) -> Result<Vec<Person>> {
    let j = tx.jurisdiction();
    let (first, last) = area.grids();
    let (after_area, after_id) = match after {
        Some(after) => (person(tx, after)?.map_or(AreaId(0), |person| person.area), after),
        None => (AreaId(0), PersonId(0)),
    };
    tx.query(
        &format!(
            "SELECT {PERSON} FROM person WHERE j = $1 AND {condition} AND area BETWEEN $2 AND $3
               AND (area, id) > ($4, $5) ORDER BY area, id LIMIT $6"
        ),
        values![j, first, last, after_area, after_id, limit],
        read_person,
    )
}

/// People with care needs in an area, by grid and id.
pub(super) fn people_with_tags(tx: &mut Tx<'_>, area: AreaId) -> Result<Vec<Person>> {
    let j = tx.jurisdiction();
    let (first, last) = area.grids();
    tx.query(
        &format!("SELECT {PERSON} FROM person WHERE j = $1 AND area BETWEEN $2 AND $3 AND tags <> 0 ORDER BY area, id"),
        values![j, first, last],
        read_person,
    )
}

/// Who looked at a person's identity, newest first.
pub(super) fn looks(tx: &mut Tx<'_>, person: PersonId, limit: i64) -> Result<Vec<identity::Look>> {
    let j = tx.jurisdiction();
    tx.query(
        "SELECT seq, actor, at, purpose FROM identity_look WHERE j = $1 AND person = $2 ORDER BY seq DESC LIMIT $3",
        values![j, person, limit],
        |row| Ok(identity::Look { seq: row.get(0)?, actor: row.get(1)?, at: row.get(2)?, purpose: row.get(3)? }),
    )
}
