//! The table of transfers.

use outpace_core::{AreaId, BedId, PersonId, TripId};
use outpace_store::{Capability, Entry, Result, Row, Tx, values};
use outpace_zoning::ground::{packed, unpacked, unword, word};

use super::facts::{TransferExcused, TransferRedirected, TransfersOrdered};
use super::model::{Conservation, Transfer, TransferState};
use crate::facilities::BedState;
use crate::facilities::store::set_bed;
use crate::ids::TransferId;
use crate::tally;

/// The table of transfers.
pub(crate) const SCHEMA: &str = "
CREATE TABLE transfer (
  j BIGINT NOT NULL, id BIGINT NOT NULL, person BIGINT NOT NULL, area BIGINT NOT NULL, to_facility BIGINT,
  kind TEXT NOT NULL, because TEXT NOT NULL, from_place BIGINT, guardian_of BIGINT, plan BIGINT, state TEXT NOT NULL,
  ordered_at BIGINT NOT NULL, trip BIGINT, bed BIGINT, boarded_at BIGINT, admitted_at BIGINT, stay BIGINT,
  excused_because TEXT, PRIMARY KEY (j, id));
CREATE INDEX transfer_person ON transfer (j, person, id);
CREATE INDEX transfer_state ON transfer (j, state, id);
";

const COLUMNS: &str = "id, person, area, to_facility, kind, because, from_place, guardian_of, plan, state, ordered_at, \
    trip, bed, boarded_at, admitted_at, stay, excused_because";

/// Transfers named in an alarm.
const NAMED_MAX: i64 = 1_000;

pub(crate) fn join(capability: Capability) -> Capability {
    capability.table("transfer", "j, id").fold(fold_ordered).fold(fold_redirected).fold(fold_excused)
}

fn read(row: &Row<'_>) -> Result<Transfer> {
    Ok(Transfer {
        id: row.get(0)?,
        person: row.get(1)?,
        area: row.get(2)?,
        to: row.get::<Option<i64>>(3)?.map(Into::into),
        kind: unword(&row.get::<String>(4)?)?,
        because_of: unpacked(&row.get::<String>(5)?)?,
        from_place: row.get::<Option<i64>>(6)?.map(Into::into),
        guardian_of: row.get::<Option<i64>>(7)?.map(PersonId),
        plan: row.get::<Option<i64>>(8)?.map(Into::into),
        state: unword(&row.get::<String>(9)?)?,
        ordered_at: row.get(10)?,
        trip: row.get::<Option<i64>>(11)?.map(Into::into),
        bed: row.get::<Option<i64>>(12)?.map(BedId),
        boarded_at: row.get(13)?,
        admitted_at: row.get(14)?,
        stay: row.get::<Option<i64>>(15)?.map(Into::into),
        excused_because: row.get::<Option<String>>(16)?.map(|text| unpacked(&text)).transpose()?,
    })
}

fn counter(state: TransferState) -> String {
    format!("transfers_{}", state.word())
}

/// Counts a transfer in its new state.
pub(crate) fn count_step(tx: &mut Tx<'_>, from: TransferState, to: TransferState) -> Result<()> {
    if from != to {
        tally::add(tx, &counter(from), -1)?;
        tally::add(tx, &counter(to), 1)?;
    }
    Ok(())
}

fn fold_ordered(tx: &mut Tx<'_>, entry: &Entry, fact: &TransfersOrdered) -> Result<()> {
    let j = tx.jurisdiction();
    for item in &fact.items {
        let new = &item.transfer;
        let (kind, because) = (word(&new.kind), packed(&new.because_of)?);
        tx.execute(
            "INSERT INTO transfer (j, id, person, area, to_facility, kind, because, from_place, guardian_of, plan, state,
               ordered_at, trip, bed, boarded_at, admitted_at, stay, excused_because)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'waiting', $11, NULL, NULL, NULL, NULL, NULL, NULL)",
            values![
                j,
                item.id,
                new.person,
                item.area,
                new.to,
                &kind,
                &because,
                new.from_place,
                new.guardian.map(|guardian| guardian.of),
                new.plan,
                entry.occurred_at,
            ],
        )?;
    }
    let ordered = i64::try_from(fact.items.len()).unwrap_or(i64::MAX);
    tally::add(tx, "transfers_ordered", ordered)?;
    tally::add(tx, &counter(TransferState::Waiting), ordered)
}

/// Frees the bed that is reserved for a transfer, if there is one.
pub(crate) fn drop_reservation(tx: &mut Tx<'_>, entry: &Entry, id: TransferId) -> Result<()> {
    let j = tx.jurisdiction();
    let bed =
        tx.first("SELECT bed FROM transfer WHERE j = $1 AND id = $2", values![j, id], |row| row.get::<Option<i64>>(0))?;
    let Some(bed) = bed.flatten().map(BedId) else { return Ok(()) };
    let reserved = tx.number(
        "SELECT COUNT(*) FROM bed WHERE j = $1 AND id = $2 AND state = 'reserved' AND transfer = $3",
        values![j, bed, id],
    )?;
    if reserved == 1 {
        set_bed(tx, entry, bed, BedState::Reserved, BedState::Free, None)?;
    }
    tx.execute("UPDATE transfer SET bed = NULL WHERE j = $1 AND id = $2", values![j, id]).map(|_| ())
}

/// Takes a transfer off the trips for which it was planned and not seen boarding, but for one.
pub(crate) fn unplan(tx: &mut Tx<'_>, id: TransferId, except: TripId) -> Result<()> {
    let j = tx.jurisdiction();
    tx.execute(
        "UPDATE trip SET planned = planned - 1 WHERE j = $1 AND id <> $3 AND id IN (SELECT trip FROM trip_person p
           WHERE p.j = $1 AND p.transfer = $2 AND p.planned = 1 AND p.boarded_at IS NULL)",
        values![j, id, except],
    )?;
    tx.execute(
        "DELETE FROM trip_person WHERE j = $1 AND transfer = $2 AND trip <> $3 AND planned = 1 AND boarded_at IS NULL",
        values![j, id, except],
    )
    .map(|_| ())
}

fn fold_redirected(tx: &mut Tx<'_>, entry: &Entry, fact: &TransferRedirected) -> Result<()> {
    let j = tx.jurisdiction();
    drop_reservation(tx, entry, fact.id)?;
    unplan(tx, fact.id, TripId(0))?;
    tx.execute(
        "UPDATE transfer SET to_facility = $3, trip = NULL WHERE j = $1 AND id = $2",
        values![j, fact.id, fact.to],
    )
    .map(|_| ())
}

fn fold_excused(tx: &mut Tx<'_>, entry: &Entry, fact: &TransferExcused) -> Result<()> {
    let j = tx.jurisdiction();
    drop_reservation(tx, entry, fact.id)?;
    unplan(tx, fact.id, TripId(0))?;
    if let Some(old) = transfer(tx, fact.id)? {
        count_step(tx, old.state, TransferState::Excused)?;
    }
    let because = packed(&fact.reason)?;
    tx.execute(
        "UPDATE transfer SET state = 'excused', trip = NULL, excused_because = $3 WHERE j = $1 AND id = $2",
        values![j, fact.id, &because],
    )
    .map(|_| ())
}

/// One transfer.
///
/// # Errors
/// What the engine refused.
pub fn transfer(tx: &mut Tx<'_>, id: TransferId) -> Result<Option<Transfer>> {
    let j = tx.jurisdiction();
    tx.first(&format!("SELECT {COLUMNS} FROM transfer WHERE j = $1 AND id = $2"), values![j, id], read)
}

/// The transfer of a person that is not over. Uses `transfer_person`.
///
/// # Errors
/// What the engine refused.
pub fn open_of(tx: &mut Tx<'_>, person: PersonId) -> Result<Option<Transfer>> {
    Ok(of_person(tx, person)?.into_iter().rev().find(|transfer| transfer.state.is_open()))
}

/// Every transfer of a person, oldest first.
pub(crate) fn of_person(tx: &mut Tx<'_>, person: PersonId) -> Result<Vec<Transfer>> {
    let j = tx.jurisdiction();
    tx.query(
        &format!("SELECT {COLUMNS} FROM transfer WHERE j = $1 AND person = $2 ORDER BY id"),
        values![j, person],
        read,
    )
}

/// A page of transfers in a state, of people who live in an area. Uses `transfer_state`.
///
/// # Errors
/// What the engine refused.
pub fn transfers(
    tx: &mut Tx<'_>,
    state: TransferState,
    area: AreaId,
    after: TransferId,
    limit: i64,
) -> Result<Vec<Transfer>> {
    let j = tx.jurisdiction();
    let (first, last) = area.grids();
    tx.query(
        &format!(
            "SELECT {COLUMNS} FROM transfer WHERE j = $1 AND state = $2 AND id > $3 AND area BETWEEN $4 AND $5
             ORDER BY id LIMIT $6"
        ),
        values![j, state.word(), after, first, last, limit],
        read,
    )
}

/// Transfers that wait and are planned for no trip yet, in the order in which they were ordered.
///
/// # Errors
/// What the engine refused.
pub fn waiting(tx: &mut Tx<'_>, limit: i64) -> Result<Vec<Transfer>> {
    let j = tx.jurisdiction();
    tx.query(
        &format!(
            "SELECT {COLUMNS} FROM transfer WHERE j = $1 AND state = 'waiting' AND trip IS NULL ORDER BY id LIMIT $2"
        ),
        values![j, limit],
        read,
    )
}

/// For each transfer, which of the four states its evidence puts it in: the order that waits, a boarding without a
/// hand-over, a stay, a reason.
const EVIDENCE: &str = "
SELECT t.id,
  CASE WHEN t.state = 'waiting' THEN 1 ELSE 0 END AS waits,
  CASE WHEN EXISTS (SELECT 1 FROM trip_person p WHERE p.j = t.j AND p.transfer = t.id AND p.handed_at IS NULL
                    AND p.superseded = 0 AND p.boarded_at IS NOT NULL) THEN 1 ELSE 0 END AS aboard,
  CASE WHEN EXISTS (SELECT 1 FROM stay s WHERE s.j = t.j AND s.transfer = t.id) THEN 1 ELSE 0 END AS admitted,
  CASE WHEN t.excused_because IS NOT NULL THEN 1 ELSE 0 END AS excused
FROM transfer t WHERE t.j = $1";

/// Counts people ordered to move by the evidence of where they are, and names those who fell between two states.
///
/// # Errors
/// What the engine refused.
pub fn people_conservation(tx: &mut Tx<'_>) -> Result<Conservation> {
    let j = tx.jurisdiction();
    let sums = tx.first(
        &format!(
            "SELECT COUNT(*), CAST(SUM(waits) AS BIGINT), CAST(SUM(aboard) AS BIGINT), CAST(SUM(admitted) AS BIGINT),
               CAST(SUM(excused) AS BIGINT) FROM ({EVIDENCE}) e"
        ),
        values![j],
        |row| {
            let sum = |column| Ok::<i64, outpace_store::StoreError>(row.get::<Option<i64>>(column)?.unwrap_or(0));
            Ok((sum(0)?, sum(1)?, sum(2)?, sum(3)?, sum(4)?))
        },
    )?;
    let (ordered, waiting, under_way, admitted, excused) = sums.unwrap_or_default();
    let transfers = tx.query(
        &format!("SELECT id FROM ({EVIDENCE}) e WHERE waits + aboard + admitted + excused <> 1 ORDER BY id LIMIT $2"),
        values![j, NAMED_MAX],
        |row| row.get(0),
    )?;
    let difference = ordered - (waiting + under_way + admitted + excused);
    Ok(Conservation { ordered, waiting, under_way, admitted, excused, difference, transfers })
}
