//! Tables of exposures and contacts.

use std::collections::BTreeMap;

use outpace_core::{AreaId, CaseId, PersonId, Seq};
use outpace_store::{Capability, Entry, Result, Row, Tx, Value, values};

use super::facts::{ContactExcluded, ContactUpdated, ContactsRecorded};
use super::model::{Contact, Exposure, Observation, Outcome};
use super::rules::rank;
use crate::closed;

pub(crate) const SCHEMA: &str = "
CREATE TABLE exposure (
  j BIGINT NOT NULL, id BIGINT NOT NULL, infection BIGINT NOT NULL, person BIGINT NOT NULL, setting TEXT NOT NULL,
  class TEXT NOT NULL, spot BIGINT, room TEXT, from_at BIGINT NOT NULL, to_at BIGINT NOT NULL, evidence TEXT NOT NULL,
  via BIGINT, judged BIGINT NOT NULL, seq BIGINT NOT NULL, PRIMARY KEY (j, id));
CREATE INDEX exposure_case ON exposure (j, infection, person);
CREATE TABLE contact (
  j BIGINT NOT NULL, infection BIGINT NOT NULL, person BIGINT NOT NULL, area BIGINT NOT NULL, class TEXT NOT NULL,
  class_rank BIGINT NOT NULL, setting TEXT NOT NULL, via BIGINT, found_how TEXT NOT NULL,
  first_exposure_at BIGINT NOT NULL, last_exposure_at BIGINT NOT NULL, observation TEXT NOT NULL, facility BIGINT,
  outcome TEXT NOT NULL, reached_at BIGINT, whereabouts BIGINT, left_area BIGINT NOT NULL, release_due_at BIGINT,
  excluded_because TEXT, PRIMARY KEY (j, infection, person));
CREATE INDEX contact_person ON contact (j, person);
CREATE INDEX contact_area ON contact (j, area, infection, person);
";

const CONTACT: &str = "infection, person, area, class, setting, via, found_how, first_exposure_at, last_exposure_at,
    observation, facility, outcome, reached_at, whereabouts, left_area, release_due_at, excluded_because";
const EXPOSURE: &str = "id, person, setting, class, spot, room, from_at, to_at, evidence, via, judged, infection, seq";

pub(crate) fn fold(capability: Capability) -> Capability {
    capability
        .table("exposure", "j, id")
        .table("contact", "j, infection, person")
        .fold(add)
        .fold(|tx, _, fact: &ContactUpdated| {
            let j = tx.jurisdiction();
            tx.execute(
                "UPDATE contact SET observation = COALESCE($4, observation), facility = COALESCE($5, facility),
                   outcome = COALESCE($6, outcome), reached_at = COALESCE(reached_at, $7),
                   left_area = COALESCE($8, left_area), whereabouts = COALESCE($9, whereabouts),
                   release_due_at = COALESCE($10, release_due_at)
                 WHERE j = $1 AND infection = $2 AND person = $3",
                values![
                    j,
                    fact.case,
                    fact.person,
                    fact.observation,
                    fact.facility,
                    fact.outcome,
                    fact.reached_at,
                    fact.left_area,
                    fact.whereabouts,
                    fact.release_due_at
                ],
            )
            .map(|_| ())
        })
        .fold(|tx, _, fact: &ContactExcluded| {
            let j = tx.jurisdiction();
            tx.execute(
                "UPDATE contact SET excluded_because = $4 WHERE j = $1 AND infection = $2 AND person = $3",
                values![j, fact.case, fact.person, &fact.reason],
            )
            .map(|_| ())
        })
}

fn add(tx: &mut Tx<'_>, entry: &Entry, fact: &ContactsRecorded) -> Result<()> {
    let j = tx.jurisdiction();
    for exposure in &fact.exposures {
        tx.execute(
            "INSERT INTO exposure (j, id, infection, person, setting, class, spot, room, from_at, to_at, evidence, via,
               judged, seq)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
            values![
                j,
                exposure.id,
                fact.case,
                exposure.person,
                exposure.setting.key(),
                exposure.class.key(),
                exposure.spot,
                exposure.room.as_ref(),
                exposure.from,
                exposure.to,
                exposure.evidence,
                exposure.via,
                exposure.judged,
                entry.seq
            ],
        )?;
        let Some(person) = outpace_registry::person(tx, exposure.person)? else { continue };
        // A fact after an exclusion takes the exclusion back: someone has looked again.
        tx.execute(
            "INSERT INTO contact (j, infection, person, area, class, class_rank, setting, via, found_how,
               first_exposure_at, last_exposure_at, observation, outcome, left_area)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 0)
             ON CONFLICT (j, infection, person) DO UPDATE SET
               class = CASE WHEN excluded.class_rank < contact.class_rank THEN excluded.class ELSE contact.class END,
               setting = CASE WHEN excluded.class_rank < contact.class_rank THEN excluded.setting ELSE contact.setting END,
               via = CASE WHEN excluded.class_rank < contact.class_rank THEN excluded.via ELSE contact.via END,
               class_rank = CASE WHEN excluded.class_rank < contact.class_rank
                 THEN excluded.class_rank ELSE contact.class_rank END,
               first_exposure_at = CASE WHEN excluded.first_exposure_at < contact.first_exposure_at
                 THEN excluded.first_exposure_at ELSE contact.first_exposure_at END,
               last_exposure_at = CASE WHEN excluded.last_exposure_at > contact.last_exposure_at
                 THEN excluded.last_exposure_at ELSE contact.last_exposure_at END,
               excluded_because = NULL",
            values![
                j,
                fact.case,
                exposure.person,
                person.area,
                exposure.class.key(),
                rank(exposure.class),
                exposure.setting.key(),
                exposure.via,
                fact.found_how,
                exposure.from,
                exposure.to,
                Observation::Unknown,
                Outcome::Continuing
            ],
        )?;
    }
    Ok(())
}

fn read_contact(row: &Row<'_>) -> Result<Contact> {
    Ok(Contact {
        case: row.get(0)?,
        person: row.get(1)?,
        area: row.get(2)?,
        class: closed::read(row, 3)?,
        setting: closed::read(row, 4)?,
        via: row.get(5)?,
        found_how: row.get(6)?,
        first_exposure_at: row.get(7)?,
        last_exposure_at: row.get(8)?,
        observation: row.get(9)?,
        facility: row.get(10)?,
        outcome: row.get(11)?,
        reached_at: row.get(12)?,
        whereabouts: row.get(13)?,
        left_area: row.get(14)?,
        release_due_at: row.get(15)?,
        excluded_because: row.get(16)?,
        seqs: Vec::new(),
    })
}

fn read_exposure(row: &Row<'_>) -> Result<(Exposure, CaseId, Seq)> {
    let exposure = Exposure {
        id: row.get(0)?,
        person: row.get(1)?,
        setting: closed::read(row, 2)?,
        class: closed::read(row, 3)?,
        spot: row.get(4)?,
        room: row.get(5)?,
        from: row.get(6)?,
        to: row.get(7)?,
        evidence: row.get(8)?,
        via: row.get(9)?,
        judged: row.get(10)?,
    };
    Ok((exposure, row.get(11)?, row.get(12)?))
}

fn contacts(tx: &mut Tx<'_>, condition: &str, values: &[Value<'_>]) -> Result<Vec<Contact>> {
    let sql = format!("SELECT {CONTACT} FROM contact WHERE j = $1 AND {condition} ORDER BY infection, person");
    tx.query(&sql, values, read_contact)
}

/// The contact of a person with a case, excluded or not.
///
/// # Errors
/// What the engine refused.
pub fn contact(tx: &mut Tx<'_>, case: CaseId, person: PersonId) -> Result<Option<Contact>> {
    let j = tx.jurisdiction();
    let found = contacts(tx, "infection = $2 AND person = $3", values![j, case, person])?.pop();
    let Some(mut found) = found else { return Ok(None) };
    found.seqs = exposures_of(tx, case, person)?.into_iter().map(|(_, seq)| seq).collect();
    found.seqs.dedup();
    Ok(Some(found))
}

/// All contacts of a case, by person; excluded ones among them.
///
/// # Errors
/// What the engine refused.
pub fn contacts_of_case(tx: &mut Tx<'_>, case: CaseId) -> Result<Vec<Contact>> {
    let j = tx.jurisdiction();
    let mut found = contacts(tx, "infection = $2", values![j, case])?;
    let mut seqs: BTreeMap<PersonId, Vec<Seq>> = BTreeMap::new();
    tx.each(
        "SELECT DISTINCT person, seq FROM exposure WHERE j = $1 AND infection = $2 ORDER BY person, seq",
        values![j, case],
        |row| {
            seqs.entry(row.get(0)?).or_default().push(row.get(1)?);
            Ok(())
        },
    )?;
    for contact in &mut found {
        contact.seqs = seqs.remove(&contact.person).unwrap_or_default();
    }
    Ok(found)
}

/// All contacts of a person with cases, by case; excluded ones among them.
///
/// # Errors
/// What the engine refused.
pub fn contacts_of_person(tx: &mut Tx<'_>, person: PersonId) -> Result<Vec<Contact>> {
    let j = tx.jurisdiction();
    let mut found = contacts(tx, "person = $2", values![j, person])?;
    for contact in &mut found {
        contact.seqs = exposures_of(tx, contact.case, person)?.into_iter().map(|(_, seq)| seq).collect();
        contact.seqs.dedup();
    }
    Ok(found)
}

/// One page of the contacts who live in an area, by grid, case and person; without their facts.
pub(super) fn contacts_in(
    tx: &mut Tx<'_>,
    area: AreaId,
    after: Option<(AreaId, CaseId, PersonId)>,
    limit: i64,
) -> Result<Vec<Contact>> {
    let j = tx.jurisdiction();
    let (first, last) = area.grids();
    let (area, case, person) = after.unwrap_or((AreaId(0), CaseId(0), PersonId(0)));
    let sql = format!(
        "SELECT {CONTACT} FROM contact WHERE j = $1 AND area BETWEEN $2 AND $3
           AND (area, infection, person) > ($4, $5, $6) ORDER BY area, infection, person LIMIT $7"
    );
    tx.query(&sql, values![j, first, last, area, case, person, limit], read_contact)
}

/// The exposures of a person to a case, by number, each with its fact.
///
/// # Errors
/// What the engine refused.
pub fn exposures_of(tx: &mut Tx<'_>, case: CaseId, person: PersonId) -> Result<Vec<(Exposure, Seq)>> {
    let j = tx.jurisdiction();
    let sql = format!("SELECT {EXPOSURE} FROM exposure WHERE j = $1 AND infection = $2 AND person = $3 ORDER BY id");
    let rows = tx.query(&sql, values![j, case, person], read_exposure)?;
    Ok(rows.into_iter().map(|(exposure, _, seq)| (exposure, seq)).collect())
}
