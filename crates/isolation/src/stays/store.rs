//! Tables of stays and checks.

use outpace_core::{FacilityId, PersonId, StayId, Timestamp, TripId};
use outpace_store::{Capability, Entry, Result, Row, Tx, values};
use outpace_zoning::ground::{unword, word};

use super::facts::{ChecksMade, PeopleReleased};
use super::model::{Check, CheckDue, Stay};
use super::rules::part_of_day;
use crate::facilities::BedState;
use crate::facilities::store::set_bed;
use crate::tally;
use crate::trips::facts::Admitted;

/// Tables of stays.
pub(crate) const SCHEMA: &str = "
CREATE TABLE stay (
  j BIGINT NOT NULL, id BIGINT NOT NULL, person BIGINT NOT NULL, facility BIGINT NOT NULL, bed BIGINT,
  kind TEXT NOT NULL, transfer BIGINT, trip BIGINT, admitted_at BIGINT NOT NULL, ended_at BIGINT, ended_how TEXT,
  PRIMARY KEY (j, id));
CREATE INDEX stay_person ON stay (j, person, id);
CREATE INDEX stay_transfer ON stay (j, transfer, id);
CREATE INDEX stay_facility ON stay (j, facility, id);
CREATE TABLE stay_check (
  j BIGINT NOT NULL, stay BIGINT NOT NULL, at BIGINT NOT NULL, celsius DOUBLE PRECISION NOT NULL,
  symptoms BIGINT NOT NULL, PRIMARY KEY (j, stay, at));
";

const COLUMNS: &str = "id, person, facility, bed, kind, transfer, trip, admitted_at, ended_at, ended_how";

pub(crate) fn join(capability: Capability) -> Capability {
    capability.table("stay", "j, id").table("stay_check", "j, stay, at").fold(fold_checks).fold(fold_released)
}

fn read(row: &Row<'_>) -> Result<Stay> {
    Ok(Stay {
        id: row.get(0)?,
        person: row.get(1)?,
        facility: row.get(2)?,
        bed: row.get::<Option<i64>>(3)?.map(Into::into),
        kind: unword(&row.get::<String>(4)?)?,
        transfer: row.get(5)?,
        trip: row.get::<Option<i64>>(6)?.map(Into::into),
        admitted_at: row.get(7)?,
        ended_at: row.get(8)?,
        ended_how: row.get(9)?,
    })
}

/// A stay begins. One that was open elsewhere ends: a person is in one place.
pub(crate) fn begin(
    tx: &mut Tx<'_>,
    entry: &Entry,
    facility: FacilityId,
    trip: Option<TripId>,
    admitted: &Admitted,
) -> Result<()> {
    if let Some(old) = open_of(tx, admitted.person)? {
        end(tx, entry, old.id, "moved")?;
    }
    let (j, kind) = (tx.jurisdiction(), word(&admitted.kind));
    tx.execute(
        "INSERT INTO stay (j, id, person, facility, bed, kind, transfer, trip, admitted_at, ended_at, ended_how)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, NULL, NULL)",
        values![
            j,
            admitted.stay,
            admitted.person,
            facility,
            admitted.bed,
            &kind,
            admitted.transfer,
            trip,
            entry.occurred_at
        ],
    )?;
    if let Some(host) = crate::facilities::facility(tx, facility)? {
        outpace_registry::people::host::take_in(tx, admitted.person, host.area)?;
    }
    tally::add(tx, "stays_open", 1)
}

/// A stay ends; its bed must be cleaned.
pub(crate) fn end(tx: &mut Tx<'_>, entry: &Entry, id: StayId, how: &str) -> Result<()> {
    let j = tx.jurisdiction();
    let Some(open) = stay(tx, id)?.filter(|stay| stay.ended_at.is_none()) else { return Ok(()) };
    tx.execute(
        "UPDATE stay SET ended_at = $3, ended_how = $4 WHERE j = $1 AND id = $2",
        values![j, id, entry.occurred_at, how],
    )?;
    if let Some(bed) = open.bed {
        set_bed(tx, entry, bed, BedState::Occupied, BedState::Cleaning, None)?;
    }
    outpace_registry::people::host::let_go(tx, open.person)?;
    tally::add(tx, "stays_open", -1)
}

fn fold_checks(tx: &mut Tx<'_>, entry: &Entry, fact: &ChecksMade) -> Result<()> {
    let j = tx.jurisdiction();
    for item in &fact.items {
        tx.execute(
            "INSERT INTO stay_check (j, stay, at, celsius, symptoms) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
            values![j, item.stay, entry.occurred_at, item.celsius, item.symptoms],
        )?;
    }
    Ok(())
}

fn fold_released(tx: &mut Tx<'_>, entry: &Entry, fact: &PeopleReleased) -> Result<()> {
    for id in &fact.stays {
        end(tx, entry, *id, "released")?;
    }
    tally::add(tx, "released", i64::try_from(fact.stays.len()).unwrap_or(i64::MAX))
}

/// One stay.
///
/// # Errors
/// What the engine refused.
pub fn stay(tx: &mut Tx<'_>, id: StayId) -> Result<Option<Stay>> {
    let j = tx.jurisdiction();
    tx.first(&format!("SELECT {COLUMNS} FROM stay WHERE j = $1 AND id = $2"), values![j, id], read)
}

/// The stay of a person that has not ended. Uses `stay_person`.
///
/// # Errors
/// What the engine refused.
pub fn open_of(tx: &mut Tx<'_>, person: PersonId) -> Result<Option<Stay>> {
    let j = tx.jurisdiction();
    tx.first(
        &format!(
            "SELECT {COLUMNS} FROM stay WHERE j = $1 AND person = $2 AND ended_at IS NULL ORDER BY id DESC LIMIT 1"
        ),
        values![j, person],
        read,
    )
}

/// A page of the stays at a facility, those that ended too if asked for. Uses `stay_facility`.
///
/// # Errors
/// What the engine refused.
pub fn stays_at(
    tx: &mut Tx<'_>,
    facility: FacilityId,
    ended_too: bool,
    after: StayId,
    limit: i64,
) -> Result<Vec<Stay>> {
    let j = tx.jurisdiction();
    tx.query(
        &format!(
            "SELECT {COLUMNS} FROM stay WHERE j = $1 AND facility = $2 AND id > $3 AND ($4 = 1 OR ended_at IS NULL)
             ORDER BY id LIMIT $5"
        ),
        values![j, facility, after, ended_too, limit],
        read,
    )
}

/// Checks of a stay, oldest first.
///
/// # Errors
/// What the engine refused.
pub fn checks_of(tx: &mut Tx<'_>, stay: StayId) -> Result<Vec<Check>> {
    let j = tx.jurisdiction();
    tx.query(
        "SELECT stay, at, celsius, symptoms FROM stay_check WHERE j = $1 AND stay = $2 ORDER BY at",
        values![j, stay],
        |row| Ok(Check { stay: row.get(0)?, at: row.get(1)?, celsius: row.get(2)?, symptoms: row.get(3)? }),
    )
}

/// Checks that are due at a facility in the part of the day in which a moment lies, and were not made. Nobody owes a
/// check for a part of the day that began before they came.
///
/// # Errors
/// What the engine refused.
pub fn checks_due(
    tx: &mut Tx<'_>,
    facility: FacilityId,
    at: Timestamp,
    checks_per_day: u32,
    offset_minutes: i64,
) -> Result<Vec<CheckDue>> {
    let j = tx.jurisdiction();
    let (from_at, due_at) = part_of_day(at, checks_per_day, offset_minutes);
    tx.query(
        "SELECT s.person, s.id FROM stay s WHERE s.j = $1 AND s.facility = $2 AND s.ended_at IS NULL
         AND s.admitted_at <= $3 AND NOT EXISTS (SELECT 1 FROM stay_check c WHERE c.j = s.j AND c.stay = s.id
           AND c.at >= $3 AND c.at < $4) ORDER BY s.id",
        values![j, facility, from_at, due_at],
        |row| Ok(CheckDue { person: row.get(0)?, stay: row.get(1)?, facility, from_at, due_at }),
    )
}
