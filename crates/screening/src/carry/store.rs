//! Tables of boxes and hand-overs, and how facts fold into them.

use outpace_core::{ActorId, BoxCode, LaboratoryId, SiteId, Timestamp};
use outpace_store::{Capability, Entry, Result, Row, Tx, values};

use super::facts::{BoxPacked, BoxesGiven, BoxesTaken};
use super::model::{BoxState, Custody, CustodyPlace, Leg, TubeBox};
use crate::flow::tally::Tally;
use crate::tubes::store::{TUBE, TubeRow, add_flags, move_to, read_row, row};
use crate::tubes::{Stage, Tube};

/// The tables.
pub(crate) const SCHEMA: &str = "
CREATE TABLE tube_box (
  j BIGINT NOT NULL, code TEXT NOT NULL, site BIGINT, state TEXT NOT NULL, holder BIGINT NOT NULL,
  signed_at BIGINT NOT NULL, leg BIGINT, laboratory BIGINT, PRIMARY KEY (j, code));
CREATE TABLE tube_box_content (
  j BIGINT NOT NULL, box TEXT NOT NULL, tube BIGINT NOT NULL, PRIMARY KEY (j, box, tube)) WITHOUT ROWID;
CREATE TABLE tube_leg (
  j BIGINT NOT NULL, id BIGINT NOT NULL, receiver TEXT NOT NULL, laboratory BIGINT, vehicle BIGINT, given_by BIGINT,
  given_at BIGINT, taken_by BIGINT, taken_at BIGINT, PRIMARY KEY (j, id));
CREATE TABLE tube_leg_box (
  j BIGINT NOT NULL, leg BIGINT NOT NULL, box TEXT NOT NULL, PRIMARY KEY (j, leg, box));
";

/// Boxes by where they are: those under way are few beside all that ever were.
pub(crate) const BOX_STATE: &str = "
CREATE INDEX tube_box_state ON tube_box (j, state, code);
";

/// Adds tables and folds.
pub(crate) fn join(capability: Capability) -> Capability {
    capability
        .table("tube_box", "j, code")
        .table("tube_box_content", "j, box, tube")
        .table("tube_leg", "j, id")
        .table("tube_leg_box", "j, leg, box")
        .fold(fold_packed)
        .fold(fold_given)
        .fold(fold_taken)
}

fn sign(tx: &mut Tx<'_>, code: &BoxCode, state: BoxState, entry: &Entry) -> Result<()> {
    let j = tx.jurisdiction();
    tx.execute(
        "INSERT INTO tube_box (j, code, site, state, holder, signed_at, leg, laboratory)
         VALUES ($1, $2, NULL, $3, $4, $5, NULL, NULL)
         ON CONFLICT (j, code) DO UPDATE
           SET state = excluded.state, holder = excluded.holder, signed_at = excluded.signed_at",
        values![j, code, state, entry.actor, entry.occurred_at],
    )
    .map(|_| ())
}

fn fold_packed(tx: &mut Tx<'_>, entry: &Entry, fact: &BoxPacked) -> Result<()> {
    let j = tx.jurisdiction();
    if tube_box(tx, &fact.code)?.is_none_or(|known| known.state == BoxState::Packed) {
        sign(tx, &fact.code, BoxState::Packed, entry)?;
    }
    let sql = "UPDATE tube_box SET site = COALESCE(site, $3) WHERE j = $1 AND code = $2";
    tx.execute(sql, values![j, &fact.code, fact.site])?;
    let mut tally = Tally::default();
    for packed in &fact.tubes {
        let Some(row) = row(tx, packed.tube)? else { continue };
        add_flags(tx, &row, &packed.flags)?;
        if row.tube.stage.is_received() {
            continue;
        }
        if let Some(other) = &row.tube.in_box {
            let sql = "DELETE FROM tube_box_content WHERE j = $1 AND box = $2 AND tube = $3";
            tx.execute(sql, values![j, other, packed.tube])?;
        }
        move_to(tx, &mut tally, &row, Stage::Boxed)?;
        // A tube that was received, lost and found is under way again: its arrival is still to come.
        tx.execute(
            "UPDATE tube SET box = $3, sealed_at = COALESCE(sealed_at, $4), laboratory = NULL, received_at = NULL
             WHERE j = $1 AND number = $2",
            values![j, packed.tube, &fact.code, entry.occurred_at],
        )?;
        tx.execute(
            "INSERT INTO tube_box_content (j, box, tube) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
            values![j, &fact.code, packed.tube],
        )?;
    }
    tally.apply(tx)
}

fn fold_given(tx: &mut Tx<'_>, entry: &Entry, fact: &BoxesGiven) -> Result<()> {
    let j = tx.jurisdiction();
    tx.execute(
        "INSERT INTO tube_leg (j, id, receiver, laboratory, vehicle, given_by, given_at, taken_by, taken_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, NULL, NULL)",
        values![j, fact.leg, fact.to, fact.laboratory, fact.vehicle, entry.actor, entry.occurred_at],
    )?;
    for code in &fact.boxes {
        sign(tx, code, BoxState::Given, entry)?;
        put_leg(tx, fact.leg, code)?;
    }
    Ok(())
}

fn put_leg(tx: &mut Tx<'_>, leg: i64, code: &BoxCode) -> Result<()> {
    let j = tx.jurisdiction();
    tx.execute("UPDATE tube_box SET leg = $3 WHERE j = $1 AND code = $2", values![j, code, leg])?;
    tx.execute(
        "INSERT INTO tube_leg_box (j, leg, box) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        values![j, leg, code],
    )
    .map(|_| ())
}

fn fold_taken(tx: &mut Tx<'_>, entry: &Entry, fact: &BoxesTaken) -> Result<()> {
    let j = tx.jurisdiction();
    tx.execute(
        "INSERT INTO tube_leg (j, id, receiver, laboratory, vehicle, given_by, given_at, taken_by, taken_at)
         VALUES ($1, $2, $3, $4, NULL, NULL, NULL, $5, $6)
         ON CONFLICT (j, id) DO UPDATE SET taken_by = excluded.taken_by, taken_at = excluded.taken_at",
        values![j, fact.leg, fact.to, fact.laboratory, entry.actor, entry.occurred_at],
    )?;
    let mut tally = Tally::default();
    for code in &fact.boxes {
        sign(tx, code, BoxState::Carried, entry)?;
        put_leg(tx, fact.leg, code)?;
        for row in tubes_in(tx, code)? {
            if row.tube.stage == Stage::Boxed {
                move_to(tx, &mut tally, &row, Stage::Travelling)?;
            }
        }
    }
    tally.apply(tx)
}

/// A laboratory took the box in.
pub(crate) fn box_received(tx: &mut Tx<'_>, code: &BoxCode, laboratory: LaboratoryId, entry: &Entry) -> Result<()> {
    sign(tx, code, BoxState::Received, entry)?;
    let j = tx.jurisdiction();
    let sql = "UPDATE tube_box SET laboratory = $3 WHERE j = $1 AND code = $2";
    tx.execute(sql, values![j, code, laboratory])?;
    // Scanning a box in signs for its last hand-over, unless the same hand had given it.
    tx.execute(
        "UPDATE tube_leg SET taken_by = $3, taken_at = $4
         WHERE j = $1 AND taken_by IS NULL AND given_by <> $3
           AND id = (SELECT leg FROM tube_box WHERE j = $1 AND code = $2)",
        values![j, code, entry.actor, entry.occurred_at],
    )
    .map(|_| ())
}

/// A box by its code.
///
/// # Errors
/// What the engine refused.
pub fn tube_box(tx: &mut Tx<'_>, code: &BoxCode) -> Result<Option<TubeBox>> {
    let j = tx.jurisdiction();
    tx.first(
        "SELECT b.code, b.site, b.state, b.holder, b.signed_at, b.leg, b.laboratory,
           (SELECT COUNT(*) FROM tube_box_content c WHERE c.j = b.j AND c.box = b.code)
         FROM tube_box b WHERE b.j = $1 AND b.code = $2",
        values![j, code],
        |row| {
            Ok(TubeBox {
                code: row.get(0)?,
                site: row.get::<Option<SiteId>>(1)?,
                state: row.get(2)?,
                holder: row.get(3)?,
                signed_at: row.get(4)?,
                leg: row.get(5)?,
                laboratory: row.get(6)?,
                tubes: row.get(7)?,
            })
        },
    )
}

/// The tubes of a box, by number.
pub(crate) fn tubes_in(tx: &mut Tx<'_>, code: &BoxCode) -> Result<Vec<TubeRow>> {
    let j = tx.jurisdiction();
    tx.query(
        &format!(
            "SELECT {TUBE} FROM tube_box_content c JOIN tube t ON t.j = c.j AND t.number = c.tube
             WHERE c.j = $1 AND c.box = $2 ORDER BY c.tube"
        ),
        values![j, code],
        read_row,
    )
}

const LEG: &str = "id, receiver, laboratory, vehicle, given_by, given_at, taken_by, taken_at";

fn read_leg(row: &Row<'_>) -> Result<Leg> {
    Ok(Leg {
        leg: row.get(0)?,
        to: row.get(1)?,
        laboratory: row.get(2)?,
        vehicle: row.get(3)?,
        given_by: row.get::<Option<ActorId>>(4)?,
        given_at: row.get::<Option<Timestamp>>(5)?,
        taken_by: row.get::<Option<ActorId>>(6)?,
        taken_at: row.get::<Option<Timestamp>>(7)?,
        boxes: Vec::new(),
    })
}

fn with_boxes(tx: &mut Tx<'_>, mut leg: Leg) -> Result<Leg> {
    let j = tx.jurisdiction();
    leg.boxes =
        tx.query("SELECT box FROM tube_leg_box WHERE j = $1 AND leg = $2 ORDER BY box", values![j, leg.leg], |row| {
            row.get(0)
        })?;
    Ok(leg)
}

/// A hand-over by its number.
///
/// # Errors
/// What the engine refused.
pub fn leg(tx: &mut Tx<'_>, id: i64) -> Result<Option<Leg>> {
    let j = tx.jurisdiction();
    let found = tx.first(&format!("SELECT {LEG} FROM tube_leg WHERE j = $1 AND id = $2"), values![j, id], read_leg)?;
    found.map(|leg| with_boxes(tx, leg)).transpose()
}

/// Hand-overs that wait for the taker's signature, oldest first.
///
/// # Errors
/// What the engine refused.
pub fn legs_open(tx: &mut Tx<'_>, limit: i64) -> Result<Vec<Leg>> {
    let j = tx.jurisdiction();
    let sql = format!("SELECT {LEG} FROM tube_leg WHERE j = $1 AND taken_by IS NULL ORDER BY id LIMIT $2");
    let found = tx.query(&sql, values![j, limit], read_leg)?;
    found.into_iter().map(|leg| with_boxes(tx, leg)).collect()
}

/// Where a tube was last signed.
///
/// # Errors
/// What the engine refused.
pub fn custody_of(tx: &mut Tx<'_>, tube: &Tube) -> Result<Custody> {
    let mut custody = Custody {
        place: CustodyPlace::Lane,
        holder: None,
        at: tube.first_taken_at,
        in_box: tube.in_box.clone(),
        site: tube.site,
        laboratory: tube.laboratory,
        leg: None,
    };
    let known = match &tube.in_box {
        Some(code) => tube_box(tx, code)?,
        None => None,
    };
    custody.leg = known.as_ref().and_then(|known| known.leg);
    if let (true, Some(at)) = (tube.stage.is_received(), tube.received_at) {
        custody.place = CustodyPlace::Laboratory;
        custody.at = at;
        // Whoever scanned the box in signed for what was in it.
        custody.holder = known.filter(|known| known.state == BoxState::Received).map(|known| known.holder);
        return Ok(custody);
    }
    if let Some(at) = tube.sealed_at {
        custody.place = CustodyPlace::Site;
        custody.at = at;
    }
    if let Some(known) = known {
        custody.laboratory = custody.laboratory.or(known.laboratory);
        custody.place = match known.state {
            BoxState::Packed => CustodyPlace::Site,
            BoxState::Given => CustodyPlace::HandOver,
            BoxState::Carried => CustodyPlace::Courier,
            BoxState::Received => CustodyPlace::Laboratory,
        };
        custody.holder = Some(known.holder);
        custody.at = known.signed_at;
    }
    Ok(custody)
}
