//! Tables of lots.

use outpace_core::{CaseId, PersonId};
use outpace_store::{Capability, Entry, Result, Tx, Value, values};

use super::facts::LotTraced;
use super::{Hand, Lot};

pub(crate) const SCHEMA: &str = "
CREATE TABLE lot (
  j BIGINT NOT NULL, code TEXT NOT NULL, what TEXT NOT NULL, place BIGINT, seq BIGINT NOT NULL, PRIMARY KEY (j, code));
CREATE TABLE lot_case (
  j BIGINT NOT NULL, infection BIGINT NOT NULL, code TEXT NOT NULL, PRIMARY KEY (j, infection, code));
CREATE INDEX lot_case_code ON lot_case (j, code);
CREATE TABLE lot_hand (
  j BIGINT NOT NULL, code TEXT NOT NULL, at BIGINT NOT NULL, person BIGINT NOT NULL, role TEXT NOT NULL,
  PRIMARY KEY (j, code, at, person, role));
CREATE INDEX lot_hand_person ON lot_hand (j, person);
";

pub(crate) fn fold(capability: Capability) -> Capability {
    capability
        .table("lot", "j, code")
        .table("lot_case", "j, infection, code")
        .table("lot_hand", "j, code, at, person, role")
        .fold(trace)
}

fn trace(tx: &mut Tx<'_>, entry: &Entry, fact: &LotTraced) -> Result<()> {
    let j = tx.jurisdiction();
    tx.execute(
        "INSERT INTO lot (j, code, what, place, seq) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (j, code) DO UPDATE SET
           what = CASE WHEN excluded.what = '' THEN lot.what ELSE excluded.what END,
           place = COALESCE(excluded.place, lot.place), seq = excluded.seq",
        values![j, &fact.code, &fact.what, fact.place, entry.seq],
    )?;
    if let Some(case) = fact.case {
        tx.execute(
            "INSERT INTO lot_case (j, infection, code) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
            values![j, case, &fact.code],
        )?;
    }
    tx.insert_many(
        "INSERT INTO lot_hand (j, code, at, person, role) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
        fact.hands
            .iter()
            .map(|hand| [Value::Int(j), (&fact.code).into(), hand.at.into(), hand.person.into(), hand.role.into()]),
    )?;
    Ok(())
}

/// A lot by its mark.
///
/// # Errors
/// What the engine refused.
pub fn lot(tx: &mut Tx<'_>, code: &str) -> Result<Option<Lot>> {
    let j = tx.jurisdiction();
    let found = tx.first("SELECT what, place, seq FROM lot WHERE j = $1 AND code = $2", values![j, code], |row| {
        Ok((row.get(0)?, row.get(1)?, row.get(2)?))
    })?;
    let Some((what, place, seq)) = found else { return Ok(None) };
    let cases = tx.query(
        "SELECT infection FROM lot_case WHERE j = $1 AND code = $2 ORDER BY infection",
        values![j, code],
        |row| row.get(0),
    )?;
    let hands = tx.query(
        "SELECT at, person, role FROM lot_hand WHERE j = $1 AND code = $2 ORDER BY at, person, role",
        values![j, code],
        |row| Ok(Hand { at: row.get(0)?, person: row.get(1)?, role: row.get(2)? }),
    )?;
    Ok(Some(Lot { code: code.to_owned(), what, place, cases, hands, seq }))
}

fn lots(tx: &mut Tx<'_>, codes: Vec<String>) -> Result<Vec<Lot>> {
    let mut found = Vec::with_capacity(codes.len());
    for code in codes {
        found.extend(lot(tx, &code)?);
    }
    Ok(found)
}

/// The lots that a case touched, by mark.
///
/// # Errors
/// What the engine refused.
pub fn lots_of_case(tx: &mut Tx<'_>, case: CaseId) -> Result<Vec<Lot>> {
    let j = tx.jurisdiction();
    let codes =
        tx.query("SELECT code FROM lot_case WHERE j = $1 AND infection = $2 ORDER BY code", values![j, case], |row| {
            row.get(0)
        })?;
    lots(tx, codes)
}

/// The lots that a person had to do with, by mark.
///
/// # Errors
/// What the engine refused.
pub fn lots_of_person(tx: &mut Tx<'_>, person: PersonId) -> Result<Vec<Lot>> {
    let j = tx.jurisdiction();
    let codes = tx.query(
        "SELECT DISTINCT code FROM lot_hand WHERE j = $1 AND person = $2 ORDER BY code",
        values![j, person],
        |row| row.get(0),
    )?;
    lots(tx, codes)
}
