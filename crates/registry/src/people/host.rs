//! Who is in whose care. A person is seen by whoever answers for where they live and, for as long as they stay at a hospital
//! or a quarantine site, by whoever answers for where that stands.

use outpace_access::Call;
use outpace_core::{AreaId, PersonId};
use outpace_store::{Result, Tx, values};

use super::model::Person;
use super::store;

pub(crate) const SCHEMA: &str = "
CREATE TABLE person_host (
  j BIGINT NOT NULL, person BIGINT NOT NULL, area BIGINT NOT NULL, PRIMARY KEY (j, person));
";

/// Notes where somebody is looked after from now on. For the folds of stays alone.
///
/// # Errors
/// What the engine refused.
pub fn take_in(tx: &mut Tx<'_>, person: PersonId, area: AreaId) -> Result<()> {
    let j = tx.jurisdiction();
    tx.execute(
        "INSERT INTO person_host (j, person, area) VALUES ($1, $2, $3)
         ON CONFLICT (j, person) DO UPDATE SET area = excluded.area",
        values![j, person, area],
    )
    .map(|_| ())
}

/// Notes that somebody left where they were looked after. For the folds of stays alone.
///
/// # Errors
/// What the engine refused.
pub fn let_go(tx: &mut Tx<'_>, person: PersonId) -> Result<()> {
    let j = tx.jurisdiction();
    tx.execute("DELETE FROM person_host WHERE j = $1 AND person = $2", values![j, person]).map(|_| ())
}

/// Whether somebody is looked after in the actor's area now, wherever they live.
///
/// # Errors
/// What the engine refused.
pub fn hosts(tx: &mut Tx<'_>, call: &Call, person: PersonId) -> Result<bool> {
    let j = tx.jurisdiction();
    let at =
        tx.first("SELECT area FROM person_host WHERE j = $1 AND person = $2", values![j, person], |row| row.get(0))?;
    Ok(at.is_some_and(|at| call.sees(at)))
}

/// Whether the actor may see what is known of a person who lives in an area: theirs, or in their care.
///
/// # Errors
/// What the engine refused.
pub fn sees(tx: &mut Tx<'_>, call: &Call, person: PersonId, home: AreaId) -> Result<bool> {
    Ok(call.sees(home) || hosts(tx, call, person)?)
}

/// A person whom the actor may see: one who lives in their area or is looked after in it. Anybody else looks as if there
/// were no such person, in the answer and in what the answer costs.
///
/// # Errors
/// What the engine refused.
pub fn seen(tx: &mut Tx<'_>, call: &Call, id: PersonId) -> Result<Option<Person>> {
    let person = store::person(tx, id)?;
    if person.as_ref().is_some_and(|person| call.sees(person.area)) {
        return Ok(person);
    }
    // Asked also where there is no such person.
    let guest = hosts(tx, call, id)?;
    Ok(person.filter(|_| guest))
}

/// Everybody who is looked after in an area now, by id.
///
/// # Errors
/// What the engine refused.
pub fn guests(tx: &mut Tx<'_>, area: AreaId) -> Result<Vec<PersonId>> {
    let (j, (first, last)) = (tx.jurisdiction(), area.grids());
    tx.query(
        "SELECT person FROM person_host WHERE j = $1 AND area BETWEEN $2 AND $3 ORDER BY person",
        values![j, first, last],
        |row| row.get(0),
    )
}
