//! The table of departures.

use outpace_core::{AreaId, PersonId, Timestamp};
use outpace_store::{Capability, Result, Row, Tx, values};

use super::Departure;
use super::facts::{DepartureRecorded, ReturnRecorded};

pub(crate) const SCHEMA: &str = "
CREATE TABLE departure (
  j BIGINT NOT NULL, person BIGINT NOT NULL, left_at BIGINT NOT NULL, area BIGINT NOT NULL, to_area BIGINT,
  to_words TEXT NOT NULL, vehicle BIGINT, evidence TEXT NOT NULL, returned_at BIGINT, seq BIGINT NOT NULL,
  PRIMARY KEY (j, person, left_at));
CREATE INDEX departure_time ON departure (j, left_at);
";

const DEPARTURE: &str = "person, area, left_at, to_area, to_words, vehicle, evidence, returned_at, seq";

pub(crate) fn fold(capability: Capability) -> Capability {
    capability
        .table("departure", "j, person, left_at")
        .fold(|tx, entry, fact: &DepartureRecorded| {
            let j = tx.jurisdiction();
            tx.execute(
                "INSERT INTO departure (j, person, left_at, area, to_area, to_words, vehicle, evidence, seq)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
                 ON CONFLICT (j, person, left_at) DO UPDATE SET to_area = excluded.to_area,
                   to_words = excluded.to_words, vehicle = excluded.vehicle, evidence = excluded.evidence,
                   seq = excluded.seq",
                values![
                    j,
                    fact.person,
                    fact.left_at,
                    fact.area,
                    fact.to_area,
                    &fact.to,
                    fact.vehicle,
                    fact.evidence,
                    entry.seq
                ],
            )
            .map(|_| ())
        })
        .fold(|tx, _, fact: &ReturnRecorded| {
            let j = tx.jurisdiction();
            tx.execute(
                "UPDATE departure SET returned_at = $4 WHERE j = $1 AND person = $2 AND left_at = $3",
                values![j, fact.person, fact.left_at, fact.returned_at],
            )
            .map(|_| ())
        })
}

fn read(row: &Row<'_>) -> Result<Departure> {
    Ok(Departure {
        person: row.get(0)?,
        area: row.get(1)?,
        left_at: row.get(2)?,
        to_area: row.get(3)?,
        to: row.get(4)?,
        vehicle: row.get(5)?,
        evidence: row.get(6)?,
        returned_at: row.get(7)?,
        seq: row.get(8)?,
    })
}

/// Who left an area between two moments, both included, by time and person; those who came back too.
///
/// # Errors
/// What the engine refused.
pub fn left_in_window(tx: &mut Tx<'_>, area: AreaId, from: Timestamp, to: Timestamp) -> Result<Vec<Departure>> {
    let j = tx.jurisdiction();
    let (first, last) = area.grids();
    tx.query(
        &format!(
            "SELECT {DEPARTURE} FROM departure WHERE j = $1 AND left_at BETWEEN $2 AND $3 AND area BETWEEN $4 AND $5
             ORDER BY left_at, person"
        ),
        values![j, from, to, first, last],
        read,
    )
}

/// The departures of a person, newest first.
///
/// # Errors
/// What the engine refused.
pub fn departures_of(tx: &mut Tx<'_>, person: PersonId) -> Result<Vec<Departure>> {
    let j = tx.jurisdiction();
    tx.query(
        &format!("SELECT {DEPARTURE} FROM departure WHERE j = $1 AND person = $2 ORDER BY left_at DESC"),
        values![j, person],
        read,
    )
}
