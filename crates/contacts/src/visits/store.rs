//! Tables of visits: `visit_at` by spot, `visit_of` by person, `case_spot` for where cases were.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry as MapEntry;

use outpace_core::{CaseId, PersonId, Seq, Timestamp};
use outpace_store::{Capability, Entry, Result, Row, Tx, Value, values};

use super::facts::{VisitExcluded, VisitsRecorded};
use crate::check_ins::store as check_ins;

use super::model::{CasePlace, PIECE_MS_MAX, Spot, Together, Visit};

pub(crate) const SCHEMA: &str = "
CREATE TABLE visit_at (
  j BIGINT NOT NULL, spot BIGINT NOT NULL, from_at BIGINT NOT NULL, person BIGINT NOT NULL, to_at BIGINT NOT NULL,
  evidence TEXT NOT NULL, room TEXT, flaw TEXT, seq BIGINT NOT NULL, PRIMARY KEY (j, spot, from_at, person)) WITHOUT ROWID;
CREATE TABLE visit_of (
  j BIGINT NOT NULL, person BIGINT NOT NULL, from_at BIGINT NOT NULL, spot BIGINT NOT NULL, to_at BIGINT NOT NULL,
  evidence TEXT NOT NULL, room TEXT, flaw TEXT, seq BIGINT NOT NULL, PRIMARY KEY (j, person, from_at, spot)) WITHOUT ROWID;
CREATE TABLE case_spot (
  j BIGINT NOT NULL, spot BIGINT NOT NULL, infection BIGINT NOT NULL, first_at BIGINT NOT NULL,
  last_at BIGINT NOT NULL, PRIMARY KEY (j, spot, infection));
CREATE INDEX case_spot_case ON case_spot (j, infection);
";

// A stay of more than a day may reach the moment at which another stay of the same person there begins: their pieces fall
// together, and the later end stands.
const AT: &str = "INSERT INTO visit_at (j, spot, from_at, person, to_at, evidence, room, flaw, seq)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
    ON CONFLICT (j, spot, from_at, person) DO UPDATE SET evidence = excluded.evidence, room = excluded.room, flaw = excluded.flaw,
      seq = excluded.seq, to_at = CASE WHEN excluded.to_at > visit_at.to_at THEN excluded.to_at ELSE visit_at.to_at END";
const OF: &str = "INSERT INTO visit_of (j, spot, from_at, person, to_at, evidence, room, flaw, seq)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
    ON CONFLICT (j, person, from_at, spot) DO UPDATE SET evidence = excluded.evidence, room = excluded.room, flaw = excluded.flaw,
      seq = excluded.seq, to_at = CASE WHEN excluded.to_at > visit_of.to_at THEN excluded.to_at ELSE visit_of.to_at END";

pub(crate) fn fold(capability: Capability) -> Capability {
    capability
        .table("visit_at", "j, spot, from_at, person")
        .table("visit_of", "j, person, from_at, spot")
        .table("case_spot", "j, spot, infection")
        .fold(add)
        .fold(remove)
}

/// The most pieces of one visit: a year. What lies beyond is cut off.
const PIECES_MAX: i64 = 366;

/// From–to in pieces of at most [`PIECE_MS_MAX`]; what ends before it starts is a moment.
fn pieces(from: Timestamp, to: Timestamp) -> impl Iterator<Item = (Timestamp, Timestamp)> {
    let (start, end) = (from.0, to.0.max(from.0));
    let count = ((end - start) / PIECE_MS_MAX).min(PIECES_MAX);
    (0..=count)
        .map(move |piece| {
            let from = start + piece * PIECE_MS_MAX;
            (Timestamp(from), Timestamp(end.min(from + PIECE_MS_MAX)))
        })
        .filter(move |(from, to)| from < to || from.0 == start)
}

fn add(tx: &mut Tx<'_>, entry: &Entry, fact: &VisitsRecorded) -> Result<()> {
    let j = tx.jurisdiction();
    let mut cases: BTreeMap<PersonId, Vec<CaseId>> = BTreeMap::new();
    for visit in &fact.visits {
        // The same person at the same spot from the same moment is the same visit, told anew.
        delete(tx, visit.person, visit.spot, visit.from)?;
        for (from, to) in pieces(visit.from, visit.to) {
            let row: [Value<'_>; 9] = [
                j.into(),
                visit.spot.into(),
                from.into(),
                visit.person.into(),
                to.into(),
                visit.evidence.into(),
                visit.room.as_ref().into(),
                visit.flaw.into(),
                entry.seq.into(),
            ];
            tx.execute(AT, &row)?;
            tx.execute(OF, &row)?;
        }
        let own = match cases.entry(visit.person) {
            MapEntry::Occupied(known) => known.into_mut(),
            MapEntry::Vacant(new) => new.insert(open_cases_of(tx, visit.person)?),
        };
        for case in own {
            stand_for(tx, *case, visit.spot, visit.from, visit.to)?;
        }
    }
    Ok(())
}

/// Where the visit of a person at a spot from a moment ends, over all its pieces; `None` when there is none.
pub(super) fn end_of(tx: &mut Tx<'_>, person: PersonId, spot: Spot, from: Timestamp) -> Result<Option<Timestamp>> {
    let j = tx.jurisdiction();
    let (mut start, mut end) = (from, None);
    loop {
        let piece: Option<Timestamp> = tx.first(
            "SELECT to_at FROM visit_of WHERE j = $1 AND person = $2 AND from_at = $3 AND spot = $4",
            values![j, person, start, spot],
            |row| row.get(0),
        )?;
        end = piece.or(end);
        match piece {
            Some(to) if to.since(start) == PIECE_MS_MAX => start = to,
            _ => return Ok(end),
        }
    }
}

/// Takes a visit with all its pieces out of both tables.
fn delete(tx: &mut Tx<'_>, person: PersonId, spot: Spot, from: Timestamp) -> Result<()> {
    let Some(end) = end_of(tx, person, spot, from)? else { return Ok(()) };
    let j = tx.jurisdiction();
    for (start, _) in pieces(from, end) {
        for table in ["visit_at", "visit_of"] {
            let sql = format!("DELETE FROM {table} WHERE j = $1 AND spot = $2 AND from_at = $3 AND person = $4");
            tx.execute(&sql, values![j, spot, start, person])?;
        }
    }
    Ok(())
}

fn remove(tx: &mut Tx<'_>, _: &Entry, fact: &VisitExcluded) -> Result<()> {
    delete(tx, fact.person, fact.spot, fact.from)?;
    check_ins::delete(tx, fact.person, fact.spot, fact.from)?;
    for case in open_cases_of(tx, fact.person)? {
        case_excluded(tx, case)?;
        case_opened(tx, case, fact.person)?;
    }
    Ok(())
}

/// The cases of a person that were not excluded.
fn open_cases_of(tx: &mut Tx<'_>, person: PersonId) -> Result<Vec<CaseId>> {
    let j = tx.jurisdiction();
    tx.query(
        "SELECT id FROM infection WHERE j = $1 AND person = $2 AND excluded_because IS NULL ORDER BY id",
        values![j, person],
        |row| row.get(0),
    )
}

fn stand_for(tx: &mut Tx<'_>, case: CaseId, spot: Spot, from: Timestamp, to: Timestamp) -> Result<()> {
    let j = tx.jurisdiction();
    tx.execute(
        "INSERT INTO case_spot (j, spot, infection, first_at, last_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (j, spot, infection) DO UPDATE SET
           first_at = CASE WHEN excluded.first_at < case_spot.first_at THEN excluded.first_at ELSE case_spot.first_at END,
           last_at = CASE WHEN excluded.last_at > case_spot.last_at THEN excluded.last_at ELSE case_spot.last_at END",
        values![j, spot, case, from, to.max(from)],
    )
    .map(|_| ())
}

/// A case was opened: the spots that its person visited stand for it.
pub(crate) fn case_opened(tx: &mut Tx<'_>, case: CaseId, person: PersonId) -> Result<()> {
    let j = tx.jurisdiction();
    let mut visits = tx.query(
        "SELECT spot, from_at, to_at FROM visit_of WHERE j = $1 AND person = $2",
        values![j, person],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )?;
    let ever = (Timestamp(i64::MIN), Timestamp(i64::MAX));
    let checked_in = check_ins::of_person(tx, person, ever.0, ever.1)?;
    visits.extend(checked_in.into_iter().map(|(visit, _)| (visit.spot, visit.from, visit.to)));
    visits.into_iter().try_for_each(|(spot, from, to)| stand_for(tx, case, spot, from, to))
}

/// A person was at a spot: it stands for their cases that were not excluded.
pub(crate) fn stand_for_cases_of(
    tx: &mut Tx<'_>,
    person: PersonId,
    spot: Spot,
    from: Timestamp,
    to: Timestamp,
) -> Result<()> {
    open_cases_of(tx, person)?.into_iter().try_for_each(|case| stand_for(tx, case, spot, from, to))
}

/// A case was none: no spot stands for it.
pub(crate) fn case_excluded(tx: &mut Tx<'_>, case: CaseId) -> Result<()> {
    let j = tx.jurisdiction();
    tx.execute("DELETE FROM case_spot WHERE j = $1 AND infection = $2", values![j, case]).map(|_| ())
}

fn read_visit(row: &Row<'_>) -> Result<(Visit, Seq)> {
    let visit = Visit {
        person: row.get(0)?,
        spot: row.get(1)?,
        from: row.get(2)?,
        to: row.get(3)?,
        evidence: row.get(4)?,
        room: row.get(5)?,
        flaw: row.get(6)?,
    };
    Ok((visit, row.get(7)?))
}

/// Where a person was between two moments, by time; each with the fact that says so. Check-ins are among them.
///
/// # Errors
/// What the engine refused.
pub fn visits_of(tx: &mut Tx<'_>, person: PersonId, from: Timestamp, to: Timestamp) -> Result<Vec<(Visit, Seq)>> {
    let mut found = recorded_of(tx, person, from, to)?;
    found.extend(check_ins::of_person(tx, person, from, to)?);
    found.sort_by_key(|(visit, seq)| (visit.from, visit.spot, *seq));
    Ok(found)
}

/// As [`visits_of`], without check-ins: visits whose end was told and not assumed.
pub(super) fn recorded_of(
    tx: &mut Tx<'_>,
    person: PersonId,
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<(Visit, Seq)>> {
    let j = tx.jurisdiction();
    tx.query(
        "SELECT person, spot, from_at, to_at, evidence, room, flaw, seq FROM visit_of
         WHERE j = $1 AND person = $2 AND from_at BETWEEN $3 AND $4 AND to_at >= $5 ORDER BY from_at, spot",
        values![j, person, Timestamp(from.0.saturating_sub(PIECE_MS_MAX)), to, from],
        read_visit,
    )
}

/// Who was at a spot between two moments, by time and person; each with the fact that says so.
///
/// # Errors
/// What the engine refused.
pub fn visitors(tx: &mut Tx<'_>, spot: Spot, from: Timestamp, to: Timestamp) -> Result<Vec<(Visit, Seq)>> {
    let j = tx.jurisdiction();
    let mut found = tx.query(
        "SELECT person, spot, from_at, to_at, evidence, room, flaw, seq FROM visit_at
         WHERE j = $1 AND spot = $2 AND from_at BETWEEN $3 AND $4 AND to_at >= $5 ORDER BY from_at, person",
        values![j, spot, Timestamp(from.0.saturating_sub(PIECE_MS_MAX)), to, from],
        read_visit,
    )?;
    if let Spot::Place(place) = spot {
        found.extend(check_ins::at_place(tx, place, from, to)?);
        found.sort_by_key(|(visit, seq)| (visit.from, visit.person, *seq));
    }
    Ok(found)
}

/// Who was with a person between two moments: everyone who was at the same spot at the same time, by person. Flagged
/// visits count: an observation that cannot be is a reason to ask, not to forget.
///
/// # Errors
/// What the engine refused.
pub fn who_was_with(tx: &mut Tx<'_>, person: PersonId, from: Timestamp, to: Timestamp) -> Result<Vec<Together>> {
    let mut found = Vec::new();
    for (own, seq) in visits_of(tx, person, from, to)? {
        let (start, end) = (own.from.max(from), own.to.min(to));
        for (other, other_seq) in visitors(tx, own.spot, start, end)? {
            if other.person != person {
                found.push(Together {
                    person: other.person,
                    spot: own.spot,
                    from: other.from.max(start),
                    to: other.to.min(end),
                    same_room: own.room.is_some() && own.room == other.room,
                    room: other.room,
                    seq,
                    other_seq,
                });
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Where cases were, by spot; excluded cases stand for no spot.
///
/// # Errors
/// What the engine refused.
pub fn case_places(tx: &mut Tx<'_>) -> Result<Vec<CasePlace>> {
    let j = tx.jurisdiction();
    tx.query(
        "SELECT spot, infection, first_at, last_at FROM case_spot WHERE j = $1 ORDER BY spot, infection",
        values![j],
        |row| Ok(CasePlace { spot: row.get(0)?, case: row.get(1)?, first_at: row.get(2)?, last_at: row.get(3)? }),
    )
}

/// The cases that were at a spot at a time.
pub(crate) fn cases_at(tx: &mut Tx<'_>, spot: Spot, from: Timestamp, to: Timestamp) -> Result<Vec<CaseId>> {
    let j = tx.jurisdiction();
    tx.query(
        "SELECT infection FROM case_spot WHERE j = $1 AND spot = $2 AND first_at <= $4 AND last_at >= $3
         ORDER BY infection",
        values![j, spot, from, to],
        |row| row.get(0),
    )
}
