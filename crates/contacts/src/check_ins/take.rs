//! Taking check-ins. What a device says has happened: it is kept, whatever its clock says and whoever it names.

use std::collections::BTreeSet;

use outpace_access::Call;
use outpace_core::time::MINUTE_MS;
use outpace_core::{ActorKind, AreaId, PersonId, PlaceId, Refusal, Seq, Text, Timestamp, Trigger};
use outpace_orders::{NewConflict, Subject, conflict};
use outpace_registry::Place;
use outpace_store::Unit;

use super::codes::ReadCode;
use super::facts::{CheckInRow, CheckInsTaken};
use super::filing::{FILE, FILE_ROWS};
use super::marks::{GAPS_MAX, Marks};
use super::model::{CheckIns, DeviceMarks, NewCheckIn, Taken};
use super::proof::Proof;
use super::store;
use crate::visits::Spot;
use crate::{ContactsError, SKEW_MS_MAX, cases, respond};

/// What says that a code was passed on. A printed code that nothing bears out is no such sign: most people come from home.
const PASSED_ON: u8 = CheckInRow::STALE | CheckInRow::FOREIGN | CheckInRow::IMPLAUSIBLE;
/// Check-ins in one request at most.
pub const CHECK_INS_MAX: usize = 10_000;

/// What the taker must know of people, for each of thousands: answered from memory.
pub trait People {
    /// Whether somebody is registered under this id.
    fn is_registered(&self, person: PersonId) -> bool;
    /// Whether the person is an active case.
    fn is_case(&self, person: PersonId) -> bool;
}

/// Takes what a device tells. Each check-in is recorded once, however often and in whatever order it is told.
///
/// # Errors
/// A caller that is no device, an unknown place or one outside the device's area, a counter below 1, too many rows or
/// too many gaps. Then nothing is recorded, and the device keeps what it has.
pub fn take(unit: &mut Unit<'_>, call: &Call, request: CheckIns, people: &dyn People) -> Result<Taken, Refusal> {
    if call.actor.kind != ActorKind::Device {
        return Err(ContactsError::NoDevice.into());
    }
    let unknown = ContactsError::Unknown { field: "place", id: request.place.0 };
    let place =
        outpace_registry::place(unit.tx(), request.place)?.filter(|place| call.sees(place.area)).ok_or(unknown)?;
    take_at(unit, call, &place, request, people)
}

/// Takes the check-in of somebody whose own telephone read a code just now. Whatever the code is, it is kept; what it is
/// worth, the answer says.
///
/// # Errors
/// A text that is no place's code, a place that is not known.
pub fn take_own(
    unit: &mut Unit<'_>,
    call: &Call,
    (person, code): (PersonId, &str),
    people: &dyn People,
) -> Result<(PlaceId, Taken), Refusal> {
    let read = ReadCode::parse(code).ok_or(ContactsError::NoCode)?;
    let unknown = ContactsError::Unknown { field: "code", id: read.place.0 };
    let place = outpace_registry::place(unit.tx(), read.place)?.ok_or(unknown)?;
    let counter = store::device_marks(unit.tx(), call.actor.id)?.mark + 1;
    let check_in = NewCheckIn { counter, person, at: call.now, code: Some(code.to_owned()) };
    let request = CheckIns { place: place.id, sent_at: None, check_ins: vec![check_in] };
    Ok((place.id, take_at(unit, call, &place, request, people)?))
}

fn take_at(
    unit: &mut Unit<'_>,
    call: &Call,
    place: &Place,
    request: CheckIns,
    people: &dyn People,
) -> Result<Taken, Refusal> {
    if request.check_ins.len() > CHECK_INS_MAX {
        return Err(ContactsError::TooManyCheckIns(request.check_ins.len()).into());
    }
    let known = store::device(unit.tx(), call.actor.id)?;
    let skew_ms = request.sent_at.map_or(0, |sent_at| call.now.since(sent_at));
    let skew_ms = if skew_ms.abs() > SKEW_MS_MAX { skew_ms } else { 0 };
    let mut marks = known.as_ref().map(|row| Marks::from(&row.marks)).unwrap_or_default();
    let proof = Proof::of(unit, call, place, &request.check_ins, skew_ms)?;
    let mut rows = Vec::with_capacity(request.check_ins.len());
    for new in &request.check_ins {
        if new.counter < 1 {
            return Err(ContactsError::Counter(new.counter).into());
        }
        if marks.note(new.counter) {
            rows.push(row(new, call.now, skew_ms, people, &proof));
        }
    }
    if marks.gaps() > GAPS_MAX {
        return Err(ContactsError::TooManyGaps(marks.gaps()).into());
    }
    let answer = Taken {
        recorded: count(rows.len()),
        already: count(request.check_ins.len() - rows.len()),
        flagged: count(rows.iter().filter(|row| row.has(CheckInRow::SKEWED | CheckInRow::UNKNOWN)).count()),
        signals: count(rows.iter().filter(|row| !row.is_evidence()).count()),
        skew_ms,
        marks: DeviceMarks::from(&marks),
    };
    if rows.is_empty() {
        return Ok(answer);
    }
    let turned = skew_ms != 0 && known.is_none_or(|row| row.skew_ms == 0);
    record(unit, call, (place.id, place.area), rows, &answer, turned)?;
    Ok(answer)
}

fn row(new: &NewCheckIn, now: Timestamp, skew_ms: i64, people: &dyn People, proof: &Proof) -> CheckInRow {
    let mut flags = 0;
    let mut at = new.at;
    if skew_ms != 0 {
        at = Timestamp(at.0.saturating_add(skew_ms));
        flags |= CheckInRow::SKEWED;
    }
    if at.since(now) > SKEW_MS_MAX {
        // It cannot have happened later than it was told.
        at = now;
        flags |= CheckInRow::SKEWED;
    }
    if !people.is_registered(new.person) {
        flags |= CheckInRow::UNKNOWN;
    }
    if people.is_case(new.person) {
        flags |= CheckInRow::CASE;
    }
    flags |= proof.flags(new, at);
    CheckInRow(new.counter, new.person, at, flags)
}

fn record(
    unit: &mut Unit<'_>,
    call: &Call,
    (place, area): (PlaceId, AreaId),
    rows: Vec<CheckInRow>,
    answer: &Taken,
    turned: bool,
) -> Result<(), Refusal> {
    let stay_ms = i64::from(call.pack().lookback.check_in_stay_minutes.value) * MINUTE_MS;
    let triggers = triggers(unit, place, &rows, stay_ms)?;
    let waiting = store::state(unit.tx())?.tail_rows;
    let unknown: BTreeSet<PersonId> = rows.iter().filter(|row| row.has(CheckInRow::UNKNOWN)).map(|row| row.1).collect();
    let passed_on = rows.iter().filter(|row| row.has(PASSED_ON)).count();
    let seq = unit.record(CheckInsTaken {
        device: call.actor.id,
        place,
        stay_ms,
        skew_ms: answer.skew_ms,
        marks: answer.marks.clone(),
        rows,
    })?;
    if waiting / FILE_ROWS != (waiting + answer.recorded) / FILE_ROWS {
        unit.enqueue(FILE, &())?;
    }
    triggers.iter().try_for_each(|trigger| respond(unit, trigger))?;
    if turned {
        let device = call.actor.id;
        let minutes = answer.skew_ms / MINUTE_MS;
        let what = Text::new(
            format!("设备 {device} 的时钟与系统相差 {minutes} 分钟:登记时间已按差值修正,请校准时钟。"),
            format!(
                "The clock of device {device} differs from ours by {minutes} minutes: moments were put right by it; set the clock."
            ),
        );
        flag(unit, call, "check_in_clock", (place, area), what, seq)?;
    }
    if passed_on > 0 {
        let what = Text::new(
            format!(
                "{passed_on} 条登记所扫的场所码当时并未在该处展示:疑似转发的图片。仅作线索留存,不计入到访;请查明来源。"
            ),
            format!(
                "{passed_on} check-ins came with codes that were not shown there then: pictures that are passed on. They are \
                 kept as signals and put nobody here; find out where the pictures come from."
            ),
        );
        // One question for a place, however many thousands send the picture.
        let subject = Subject::Place(place);
        conflict(unit, call, NewConflict { kind: "place_code_forwarded", subject, area, what, seq: None })?;
    }
    if let Some(first) = unknown.first() {
        let many = unknown.len();
        let what = Text::new(
            format!("{many} 个登记编号查无此人(如 {first}),请核实身份并补登。"),
            format!("{many} check-ins name nobody who is registered (such as {first}); find out who it was."),
        );
        flag(unit, call, "check_in_unknown_person", (place, area), what, seq)?;
    }
    Ok(())
}

fn flag(
    unit: &mut Unit<'_>,
    call: &Call,
    kind: &'static str,
    (place, area): (PlaceId, AreaId),
    what: Text,
    seq: Seq,
) -> Result<(), Refusal> {
    conflict(unit, call, NewConflict { kind, subject: Subject::Place(place), area, what, seq: Some(seq) })?;
    Ok(())
}

/// What these check-ins may change: cases whose movements they are, and cases that were at the place at the time.
fn triggers(
    unit: &mut Unit<'_>,
    place: PlaceId,
    rows: &[CheckInRow],
    stay_ms: i64,
) -> Result<BTreeSet<Trigger>, ContactsError> {
    let mut triggers = BTreeSet::new();
    let rows = || rows.iter().filter(|row| row.is_evidence());
    let own: BTreeSet<PersonId> = rows().filter(|row| row.has(CheckInRow::CASE)).map(|row| row.1).collect();
    for person in own {
        if let Some(case) = cases::active_case_of(unit.tx(), person)? {
            triggers.insert(Trigger::Case(case.id));
        }
    }
    let moments = || rows().map(|row| row.2);
    if let (Some(first), Some(last)) = (moments().min(), moments().max()) {
        let last = Timestamp(last.0.saturating_add(stay_ms));
        let met = crate::visits::store::cases_at(unit.tx(), Spot::Place(place), first, last)?;
        triggers.extend(met.into_iter().map(Trigger::Case));
    }
    Ok(triggers)
}

fn count(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}
