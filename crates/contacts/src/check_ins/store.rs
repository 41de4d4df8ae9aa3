//! Tables of check-ins: the log they come in by, the two orders they are filed in, and what is here of each device.

use std::collections::BTreeMap;

use outpace_core::time::HOUR_MS;
use outpace_core::{ActorId, PersonId, PlaceId, Seq, Timestamp};
use outpace_store::{Capability, Entry, Result, StoreError, Tx, Value, values};

use super::facts::{CheckInRow, CheckInsFiled, CheckInsTaken, PlaceCodePrinted};
use super::model::{DeviceMarks, DeviceRow, Signal, SignalReason};
use crate::visits::{Evidence, Flaw, Spot, Visit};

pub(crate) const SCHEMA: &str = "
CREATE TABLE check_in_device (
  j BIGINT NOT NULL, device BIGINT NOT NULL, mark BIGINT NOT NULL, gaps TEXT NOT NULL, skew_ms BIGINT NOT NULL,
  PRIMARY KEY (j, device)) WITHOUT ROWID;
CREATE TABLE check_in_state (
  j BIGINT NOT NULL, tail_rows BIGINT NOT NULL, first_hour BIGINT NOT NULL, last_hour BIGINT NOT NULL,
  PRIMARY KEY (j));
CREATE TABLE check_in_log (
  j BIGINT NOT NULL, seq BIGINT NOT NULL, place BIGINT NOT NULL, stay_ms BIGINT NOT NULL, recorded_at BIGINT NOT NULL,
  people BLOB NOT NULL, PRIMARY KEY (j, seq)) WITHOUT ROWID;
CREATE TABLE check_in_at (
  j BIGINT NOT NULL, hour BIGINT NOT NULL, place BIGINT NOT NULL, from_at BIGINT NOT NULL, person BIGINT NOT NULL,
  to_at BIGINT NOT NULL, flags BIGINT NOT NULL, seq BIGINT NOT NULL,
  PRIMARY KEY (j, hour, place, from_at, person)) WITHOUT ROWID;
CREATE TABLE check_in_of (
  j BIGINT NOT NULL, hour BIGINT NOT NULL, person BIGINT NOT NULL, from_at BIGINT NOT NULL, place BIGINT NOT NULL,
  to_at BIGINT NOT NULL, flags BIGINT NOT NULL, seq BIGINT NOT NULL,
  PRIMARY KEY (j, hour, person, from_at, place)) WITHOUT ROWID;
";

/// Migration: which print of a place's code counts.
pub(crate) const CODES_SCHEMA: &str = "
CREATE TABLE place_code (
  j BIGINT NOT NULL, place BIGINT NOT NULL, print BIGINT NOT NULL, printed_at BIGINT NOT NULL, PRIMARY KEY (j, place));
";

/// The longest stay that a check-in may count for, milliseconds: how far a read looks back.
pub(crate) const STAY_MS_MAX: i64 = 12 * HOUR_MS;
/// Bytes of one check-in in the log: person, moment, flags.
const PACKED: usize = 17;

const AT: &str = "INSERT INTO check_in_at (j, hour, place, from_at, person, to_at, flags, seq)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING";
const OF: &str = "INSERT INTO check_in_of (j, hour, place, from_at, person, to_at, flags, seq)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING";

const OF_PERSON: &str = "SELECT person, place, from_at, to_at, flags, seq FROM check_in_of
    WHERE j = $1 AND hour = $2 AND person = $3 AND from_at <= $4 AND to_at >= $5 ORDER BY from_at, place";
const AT_PLACE: &str = "SELECT person, place, from_at, to_at, flags, seq FROM check_in_at
    WHERE j = $1 AND hour = $2 AND place = $3 AND from_at <= $4 AND to_at >= $5 ORDER BY from_at, person";
const BEGUN: &str = "SELECT from_at, place FROM check_in_of
    WHERE j = $1 AND hour = $2 AND person = $3 AND from_at BETWEEN $4 AND $5 AND flags < $6 ORDER BY from_at, place";

/// Adds tables and folds.
pub(crate) fn fold(capability: Capability) -> Capability {
    capability
        .table("check_in_device", "j, device")
        .table("check_in_state", "j")
        .table("check_in_log", "j, seq")
        .table("check_in_at", "j, hour, place, from_at, person")
        .table("check_in_of", "j, hour, person, from_at, place")
        .table("place_code", "j, place")
        .fold(|tx, entry, fact: &PlaceCodePrinted| {
            let j = tx.jurisdiction();
            tx.execute(
                "INSERT INTO place_code (j, place, print, printed_at) VALUES ($1, $2, $3, $4)
                 ON CONFLICT (j, place) DO UPDATE SET print = excluded.print, printed_at = excluded.printed_at",
                values![j, fact.place, fact.print, entry.recorded_at],
            )
            .map(|_| ())
        })
        .fold(fold_taken)
        .fold(fold_filed)
}

fn json<T: serde::Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|source| StoreError::Payload { kind: "check_in".to_owned(), source })
}

/// The hour of a moment, from the epoch.
fn hour_of(at: Timestamp) -> i64 {
    at.0.div_euclid(HOUR_MS)
}

fn fold_taken(tx: &mut Tx<'_>, entry: &Entry, fact: &CheckInsTaken) -> Result<()> {
    let j = tx.jurisdiction();
    tx.execute(
        "INSERT INTO check_in_device (j, device, mark, gaps, skew_ms) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (j, device) DO UPDATE SET mark = excluded.mark, gaps = excluded.gaps, skew_ms = excluded.skew_ms",
        values![j, fact.device, fact.marks.mark, &json(&fact.marks.gaps)?, fact.skew_ms],
    )?;
    let mut packed = Vec::with_capacity(fact.rows.len() * PACKED);
    let (mut first, mut last) = (i64::MAX, i64::MIN);
    for CheckInRow(_, person, at, flags) in &fact.rows {
        packed.extend_from_slice(&person.0.to_le_bytes());
        packed.extend_from_slice(&at.0.to_le_bytes());
        packed.push(*flags);
        (first, last) = (first.min(hour_of(*at)), last.max(hour_of(*at)));
    }
    tx.execute(
        "INSERT INTO check_in_log (j, seq, place, stay_ms, recorded_at, people) VALUES ($1, $2, $3, $4, $5, $6)",
        values![j, entry.seq, fact.place, fact.stay_ms.clamp(0, STAY_MS_MAX), entry.recorded_at, packed.as_slice()],
    )?;
    let rows = fact.rows.len() as i64;
    tx.execute(
        "INSERT INTO check_in_state (j, tail_rows, first_hour, last_hour) VALUES ($1, $2, $3, $4)
         ON CONFLICT (j) DO UPDATE SET tail_rows = check_in_state.tail_rows + excluded.tail_rows,
           first_hour = CASE WHEN excluded.first_hour < check_in_state.first_hour THEN excluded.first_hour
             ELSE check_in_state.first_hour END,
           last_hour = CASE WHEN excluded.last_hour > check_in_state.last_hour THEN excluded.last_hour
             ELSE check_in_state.last_hour END",
        values![j, rows, first, last],
    )?;
    // A case whose telephone was sent a picture of a code was not there.
    for row in fact.rows.iter().filter(|row| row.has(CheckInRow::CASE) && row.is_evidence()) {
        let CheckInRow(_, person, at, _) = row;
        let until = Timestamp(at.0.saturating_add(fact.stay_ms));
        crate::visits::store::stand_for_cases_of(tx, *person, Spot::Place(fact.place), *at, until)?;
    }
    Ok(())
}

/// One check-in of the log.
#[derive(Debug, Clone, Copy)]
struct Logged {
    place: PlaceId,
    person: PersonId,
    at: Timestamp,
    to: Timestamp,
    flags: i64,
    seq: Seq,
}

impl Logged {
    fn values(&self, j: i64) -> [Value<'static>; 8] {
        [
            j.into(),
            hour_of(self.at).into(),
            self.place.into(),
            self.at.into(),
            self.person.into(),
            self.to.into(),
            self.flags.into(),
            self.seq.into(),
        ]
    }

    fn has(&self, flag: u8) -> bool {
        self.flags & i64::from(flag) != 0
    }

    fn is_evidence(&self) -> bool {
        !self.has(CheckInRow::SIGNAL)
    }

    /// Why it is a signal; `None` for evidence.
    fn reason(&self) -> Option<SignalReason> {
        let reasons = [
            (CheckInRow::STALE, SignalReason::Stale),
            (CheckInRow::FOREIGN, SignalReason::Foreign),
            (CheckInRow::IMPLAUSIBLE, SignalReason::Implausible),
            (CheckInRow::UNPROVEN, SignalReason::Unproven),
        ];
        reasons.into_iter().find(|(flag, _)| self.has(*flag)).map(|(_, reason)| reason)
    }

    fn visit(&self) -> (Visit, Seq) {
        let flaw = self.has(CheckInRow::SKEWED).then_some(Flaw::ClockSkewed);
        let spot = Spot::Place(self.place);
        let (person, from, to) = (self.person, self.at, self.to);
        (Visit { person, spot, from, to, evidence: Evidence::CheckIn, room: None, flaw }, self.seq)
    }
}

/// Hands over every check-in of the log up to an entry, oldest entry first.
fn each_logged(tx: &mut Tx<'_>, to: Seq, mut each: impl FnMut(Logged)) -> Result<()> {
    let j = tx.jurisdiction();
    let number = |bytes: &[u8]| bytes.try_into().map_or(0, i64::from_le_bytes);
    tx.each(
        "SELECT seq, place, stay_ms, people FROM check_in_log WHERE j = $1 AND seq <= $2 ORDER BY seq",
        values![j, to],
        |row| {
            let (seq, place, stay_ms) = (row.get(0)?, row.get(1)?, row.get::<i64>(2)?);
            for one in row.get::<Vec<u8>>(3)?.chunks_exact(PACKED) {
                let at = Timestamp(number(&one[8..16]));
                let to = Timestamp(at.0.saturating_add(stay_ms));
                each(Logged { place, person: PersonId(number(&one[..8])), at, to, flags: i64::from(one[16]), seq });
            }
            Ok(())
        },
    )
}

fn fold_filed(tx: &mut Tx<'_>, _: &Entry, fact: &CheckInsFiled) -> Result<()> {
    let j = tx.jurisdiction();
    let mut rows = Vec::new();
    each_logged(tx, fact.to, |one| rows.push(one))?;
    // Sorted as the tables are: each page is touched once.
    // Evidence before a signal of the same moment, so that a picture never takes its place.
    rows.sort_unstable_by_key(|one| (hour_of(one.at), one.place, one.at, one.person, !one.is_evidence(), one.seq));
    tx.insert_many(AT, rows.iter().map(|one| one.values(j)))?;
    rows.sort_unstable_by_key(|one| (hour_of(one.at), one.person, one.at, one.place, !one.is_evidence(), one.seq));
    tx.insert_many(OF, rows.iter().map(|one| one.values(j)))?;
    tx.execute("DELETE FROM check_in_log WHERE j = $1 AND seq <= $2", values![j, fact.to])?;
    let filed = rows.len() as i64;
    tx.execute("UPDATE check_in_state SET tail_rows = tail_rows - $2 WHERE j = $1", values![j, filed]).map(|_| ())
}

/// Takes a check-in that did not take place out of both orders.
pub(crate) fn delete(tx: &mut Tx<'_>, person: PersonId, spot: Spot, from: Timestamp) -> Result<()> {
    let j = tx.jurisdiction();
    for table in ["check_in_at", "check_in_of"] {
        let sql =
            format!("DELETE FROM {table} WHERE j = $1 AND hour = $2 AND place = $3 AND from_at = $4 AND person = $5");
        tx.execute(&sql, values![j, hour_of(from), spot, from, person])?;
    }
    Ok(())
}

/// How many check-ins wait to be filed, and which hours there are any of.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct State {
    pub(crate) tail_rows: i64,
    hours: Option<(i64, i64)>,
}

impl State {
    /// The hours in which a check-in between two moments was made.
    fn begun_in(&self, from: Timestamp, to: Timestamp) -> std::ops::RangeInclusive<i64> {
        let (first, last) = self.hours.unwrap_or((0, -1));
        hour_of(from).max(first)..=hour_of(to).min(last)
    }

    /// The hours in which a stay may have begun that reaches into a span of time.
    fn hours(&self, from: Timestamp, to: Timestamp) -> std::ops::RangeInclusive<i64> {
        let (first, last) = self.hours.unwrap_or((0, -1));
        let from = Timestamp(from.0.saturating_sub(STAY_MS_MAX));
        hour_of(from).max(first)..=hour_of(to).min(last)
    }
}

/// Where check-ins stand.
pub(crate) fn state(tx: &mut Tx<'_>) -> Result<State> {
    let j = tx.jurisdiction();
    let found =
        tx.first("SELECT tail_rows, first_hour, last_hour FROM check_in_state WHERE j = $1", values![j], |row| {
            Ok(State { tail_rows: row.get(0)?, hours: Some((row.get(1)?, row.get(2)?)) })
        })?;
    Ok(found.unwrap_or_default())
}

/// The newest entry of the log and when its oldest was recorded; `None` when all is filed.
pub(crate) fn log_ends(tx: &mut Tx<'_>) -> Result<Option<(Seq, Timestamp)>> {
    let j = tx.jurisdiction();
    let newest = "SELECT seq FROM check_in_log WHERE j = $1 ORDER BY seq DESC LIMIT 1";
    let Some(newest) = tx.first(newest, values![j], |row| row.get(0))? else { return Ok(None) };
    let oldest = "SELECT recorded_at FROM check_in_log WHERE j = $1 ORDER BY seq LIMIT 1";
    let oldest = tx.first(oldest, values![j], |row| row.get(0))?;
    Ok(oldest.map(|oldest| (newest, oldest)))
}

/// A device that has told of check-ins.
pub(crate) fn device(tx: &mut Tx<'_>, device: ActorId) -> Result<Option<DeviceRow>> {
    let j = tx.jurisdiction();
    let found = tx.first(
        "SELECT mark, gaps, skew_ms FROM check_in_device WHERE j = $1 AND device = $2",
        values![j, device],
        |row| Ok((row.get(0)?, row.get::<String>(1)?, row.get(2)?)),
    )?;
    let Some((mark, gaps, skew_ms)) = found else { return Ok(None) };
    let gaps =
        serde_json::from_str(&gaps).map_err(|source| StoreError::Payload { kind: "check_in".to_owned(), source })?;
    Ok(Some(DeviceRow { device, marks: DeviceMarks { mark, gaps }, skew_ms }))
}

/// What is here of a device's check-ins.
///
/// # Errors
/// What the engine refused.
pub fn device_marks(tx: &mut Tx<'_>, id: ActorId) -> Result<DeviceMarks> {
    Ok(device(tx, id)?.map(|row| row.marks).unwrap_or_default())
}

/// The check-ins of a person whose stay reaches into a span of time, by time; each with the fact that says so.
pub(crate) fn of_person(
    tx: &mut Tx<'_>,
    person: PersonId,
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<(Visit, Seq)>> {
    Ok(visits(found(tx, OF_PERSON, person.into(), (from, to), |one| one.person == person)?))
}

/// The check-ins at a place whose stay reaches into a span of time, by time and person.
pub(crate) fn at_place(tx: &mut Tx<'_>, place: PlaceId, from: Timestamp, to: Timestamp) -> Result<Vec<(Visit, Seq)>> {
    Ok(visits(found(tx, AT_PLACE, place.into(), (from, to), |one| one.place == place)?))
}

/// The check-ins of a person that are kept as signals, by time.
///
/// # Errors
/// What the engine refused.
pub fn signals_of(tx: &mut Tx<'_>, person: PersonId, from: Timestamp, to: Timestamp) -> Result<Vec<Signal>> {
    Ok(signals(found(tx, OF_PERSON, person.into(), (from, to), |one| one.person == person)?))
}

/// The check-ins at a place that are kept as signals, by time.
///
/// # Errors
/// What the engine refused.
pub fn signals_at(tx: &mut Tx<'_>, place: PlaceId, from: Timestamp, to: Timestamp) -> Result<Vec<Signal>> {
    Ok(signals(found(tx, AT_PLACE, place.into(), (from, to), |one| one.place == place)?))
}

/// Those that put somebody at a place. Everything that tracing and the response read of check-ins passes here.
fn visits(found: Vec<Logged>) -> Vec<(Visit, Seq)> {
    found.iter().filter(|one| one.is_evidence()).map(Logged::visit).collect()
}

fn signals(mut found: Vec<Logged>) -> Vec<Signal> {
    found.sort_by_key(|one| (one.at, one.seq, one.person, one.place));
    let signal = |one: &Logged| {
        let (person, place, at, seq) = (one.person, one.place, one.at, one.seq);
        one.reason().map(|reason| Signal { person, place, at, reason, seq })
    };
    found.iter().filter_map(signal).collect()
}

/// Which print of a place's code counts; 0 where none was ever printed.
pub(crate) fn print_of(tx: &mut Tx<'_>, place: PlaceId) -> Result<i64> {
    let j = tx.jurisdiction();
    let found =
        tx.first("SELECT print FROM place_code WHERE j = $1 AND place = $2", values![j, place], |row| row.get(0))?;
    Ok(found.unwrap_or(0))
}

/// Where people were by check-ins that are evidence, in so many milliseconds before a moment of each. The tail that is
/// not filed yet is walked once, however many people are asked for.
pub(crate) fn evidence_before(
    tx: &mut Tx<'_>,
    asked: &[(PersonId, Timestamp)],
    within_ms: i64,
) -> Result<Vec<(PersonId, Timestamp, PlaceId)>> {
    let (j, state) = (tx.jurisdiction(), state(tx)?);
    let mut spans: BTreeMap<PersonId, (Timestamp, Timestamp)> = BTreeMap::new();
    for (person, at) in asked {
        let span = spans.entry(*person).or_insert((*at, *at));
        *span = (span.0.min(*at), span.1.max(*at));
    }
    let mut seen = Vec::new();
    for (person, (from, to)) in &mut spans {
        *from = Timestamp(from.0.saturating_sub(within_ms));
        for hour in state.begun_in(*from, *to) {
            tx.each(BEGUN, values![j, hour, *person, *from, *to, i64::from(CheckInRow::EVIDENCE_BELOW)], |row| {
                seen.push((*person, row.get(0)?, row.get(1)?));
                Ok(())
            })?;
        }
    }
    if state.tail_rows > 0 {
        each_logged(tx, Seq(i64::MAX), |one| {
            let asked = spans.get(&one.person).is_some_and(|(from, to)| (*from..=*to).contains(&one.at));
            if asked && one.is_evidence() {
                seen.push((one.person, one.at, one.place));
            }
        })?;
    }
    Ok(seen)
}

/// What is filed under a person or place, hour by hour, and what is still in the log.
fn found(
    tx: &mut Tx<'_>,
    sql: &str,
    whose: Value<'_>,
    (from, to): (Timestamp, Timestamp),
    is_meant: impl Fn(&Logged) -> bool,
) -> Result<Vec<Logged>> {
    let (j, state) = (tx.jurisdiction(), state(tx)?);
    let mut found = Vec::new();
    for hour in state.hours(from, to) {
        tx.each(sql, &[j.into(), hour.into(), whose, to.into(), from.into()], |row| {
            let (person, place, at, to) = (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
            found.push(Logged { person, place, at, to, flags: row.get(4)?, seq: row.get(5)? });
            Ok(())
        })?;
    }
    if state.tail_rows > 0 {
        each_logged(tx, Seq(i64::MAX), |one| {
            if one.at <= to && one.to >= from && is_meant(&one) {
                found.push(one);
            }
        })?;
    }
    Ok(found)
}
