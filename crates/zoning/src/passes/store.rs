//! The table of passes.

use outpace_core::{PersonId, Timestamp, VehicleId, ZoneId};
use outpace_store::{Entry, Result, Row, Tx, values};

use super::{Pass, PassId, PassIssued, PassRevoked};
use crate::ground::{packed, unpacked};

/// Passes, in the order in which a gate asks: by zone.
pub(crate) const SCHEMA: &str = "
CREATE TABLE pass (
  j BIGINT NOT NULL, id BIGINT NOT NULL, zone BIGINT NOT NULL, person BIGINT, vehicle BIGINT, reason TEXT NOT NULL,
  from_at BIGINT NOT NULL, to_at BIGINT NOT NULL, order_id BIGINT, revoked_at BIGINT, PRIMARY KEY (j, id));
CREATE INDEX pass_zone ON pass (j, zone, id);
";

const COLUMNS: &str = "id, zone, person, vehicle, reason, from_at, to_at, order_id, revoked_at";

fn read(row: &Row<'_>) -> Result<Pass> {
    Ok(Pass {
        id: row.get(0)?,
        zone: row.get(1)?,
        person: row.get::<Option<i64>>(2)?.map(PersonId),
        vehicle: row.get::<Option<i64>>(3)?.map(VehicleId),
        reason: unpacked(&row.get::<String>(4)?)?,
        from_at: row.get(5)?,
        to_at: row.get(6)?,
        order: row.get::<Option<i64>>(7)?.map(Into::into),
        revoked_at: row.get(8)?,
    })
}

pub(crate) fn fold_issued(tx: &mut Tx<'_>, _: &Entry, fact: &PassIssued) -> Result<()> {
    let j = tx.jurisdiction();
    let (pass, reason) = (&fact.pass, packed(&fact.pass.reason)?);
    tx.execute(
        "INSERT INTO pass (j, id, zone, person, vehicle, reason, from_at, to_at, order_id, revoked_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, NULL)",
        values![j, fact.id, pass.zone, pass.person, pass.vehicle, &reason, pass.from_at, pass.to_at, pass.order],
    )
    .map(|_| ())
}

pub(crate) fn fold_revoked(tx: &mut Tx<'_>, entry: &Entry, fact: &PassRevoked) -> Result<()> {
    let j = tx.jurisdiction();
    tx.execute("UPDATE pass SET revoked_at = $3 WHERE j = $1 AND id = $2", values![j, fact.id, entry.occurred_at])
        .map(|_| ())
}

/// One pass.
pub(crate) fn pass(tx: &mut Tx<'_>, id: PassId) -> Result<Option<Pass>> {
    let j = tx.jurisdiction();
    tx.first(&format!("SELECT {COLUMNS} FROM pass WHERE j = $1 AND id = $2"), values![j, id], read)
}

/// A page of the passes of a zone, newest numbers last. Uses the index `pass_zone`.
///
/// # Errors
/// What the engine refused.
pub fn passes_of(tx: &mut Tx<'_>, zone: ZoneId, after: PassId, limit: i64) -> Result<Vec<Pass>> {
    let j = tx.jurisdiction();
    tx.query(
        &format!("SELECT {COLUMNS} FROM pass WHERE j = $1 AND zone = $2 AND id > $3 ORDER BY id LIMIT $4"),
        values![j, zone, after, limit],
        read,
    )
}

/// The pass with which a person or vehicle may cross the gates of a zone at a moment.
///
/// # Errors
/// What the engine refused.
pub fn valid(
    tx: &mut Tx<'_>,
    zone: ZoneId,
    person: Option<PersonId>,
    vehicle: Option<VehicleId>,
    at: Timestamp,
) -> Result<Option<Pass>> {
    let j = tx.jurisdiction();
    tx.first(
        &format!(
            "SELECT {COLUMNS} FROM pass WHERE j = $1 AND zone = $2 AND (person = $3 OR vehicle = $4)
             AND from_at <= $5 AND to_at > $5 AND revoked_at IS NULL ORDER BY id LIMIT 1"
        ),
        values![j, zone, person, vehicle, at],
        read,
    )
}
