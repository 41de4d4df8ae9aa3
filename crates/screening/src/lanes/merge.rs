//! Taking in what a lane noted without a network: in one go or in parts, in any order, twice if in doubt. Nothing that
//! came is lost, whatever it says.

use std::collections::{BTreeMap, BTreeSet};

use outpace_access::Call;
use outpace_core::{Refusal, SheetId, Text, TubeCode};
use outpace_orders::{NewConflict, Subject, conflict};
use outpace_store::Unit;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::clock::shift_ms;
use super::facts::{
    LaneConnectionChanged, LaneRecordCame, LaneRecordsQuarantined, LaneRecordsTaken, LaneSheetReturned,
};
use super::keys;
use super::model::{
    DeviceRecords, LaneRecord, MISSING_TOLD_MAX, RecordAnswer, RecordState, SheetRow, SignedRecord, What,
};
use super::settle::{Device, Settled};
use super::steps::{Act, Noted, by_counter, missing, steps};
use super::store::{self, RecordRow};
use crate::errors::{ScreeningError, said, some_of};
use crate::tubes::Earlier;

/// Records in one request at most; a lane that has more sends them in parts.
pub const RECORDS_MAX: usize = 5_000;
/// Bytes of one record's text at most.
const RECORD_BYTES_MAX: usize = 8_192;

/// Sends records of a sheet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MergeRecords {
    /// The sheet.
    pub sheet: SheetId,
    /// The records, in any order; at most 5,000.
    pub records: Vec<SignedRecord>,
}

/// What became of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MergeAnswer {
    /// The sheet.
    pub sheet: SheetId,
    /// What became of each, in the order of the request.
    pub records: Vec<RecordAnswer>,
    /// What is here of each device.
    pub devices: Vec<DeviceRecords>,
    /// Whether everything from the sheet is here: then nothing is suspended on its account any longer.
    pub returned: bool,
}

/// Merges records by their keys and tells of each what became of it.
///
/// # Errors
/// No records or too many, an unknown sheet, a sheet of a site outside the actor's area.
pub fn merge_records(unit: &mut Unit<'_>, call: &Call, request: MergeRecords) -> Result<MergeAnswer, Refusal> {
    some_of("records", &request.records, RECORDS_MAX)?;
    let sheet = known(unit, call, request.sheet)?;
    let mut sorted = sort(unit, &sheet, &request.records)?;
    let mut answers = std::mem::take(&mut sorted.answers);
    let mut earlier = Earlier::new();
    for (device, came) in &sorted.new {
        let settled = take(unit, call, &sheet, (device, came), &mut earlier)?;
        for New { line, record, .. } in came {
            let settled = settled.get(&record.counter).cloned().unwrap_or_default();
            answers.insert(*line, answer(*line, record, settled));
        }
    }
    quarantine(unit, call, &sheet, &sorted.wrong)?;
    let (devices, returned) = finish(unit, &sheet)?;
    let records = answers.into_values().collect();
    Ok(MergeAnswer { sheet: sheet.sheet, records, devices, returned })
}

fn known(unit: &mut Unit<'_>, call: &Call, id: SheetId) -> Result<SheetRow, Refusal> {
    let sheet = store::sheet(unit.tx(), id)?.ok_or(ScreeningError::UnknownSheet { sheet: id })?;
    call.covers(sheet.area)?;
    Ok(sheet)
}

/// A record that came: its line, the hash of its text, what it says.
struct New {
    line: i64,
    print: String,
    record: LaneRecord,
}

/// Records of a request: new ones by device, those that cannot be this sheet's, and answers so far by line.
struct Sorted {
    new: BTreeMap<String, Vec<New>>,
    wrong: Vec<(String, &'static str)>,
    answers: BTreeMap<i64, RecordAnswer>,
}

/// The hash of a record's text by which its bytes are kept.
fn print(text: &str) -> String {
    blake3::hash(text.as_bytes()).to_hex().to_string()
}

fn sort(unit: &mut Unit<'_>, sheet: &SheetRow, records: &[SignedRecord]) -> Result<Sorted, Refusal> {
    let key = keys::record_key(unit.keys(), sheet.sheet)?;
    let mut sorted = Sorted { new: BTreeMap::new(), wrong: Vec::new(), answers: BTreeMap::new() };
    let mut here: BTreeMap<String, BTreeMap<i64, String>> = BTreeMap::new();
    for (index, signed) in records.iter().enumerate() {
        let line = index as i64 + 1;
        let print = print(&signed.record);
        let record = match read(&key[..], sheet.sheet, signed) {
            Ok(record) => record,
            Err(reason) => {
                wrong(unit, &mut sorted, line, (&print, signed), reason, ("", 0))?;
                continue;
            }
        };
        let known = match here.entry(record.device.clone()) {
            std::collections::btree_map::Entry::Occupied(known) => known.into_mut(),
            std::collections::btree_map::Entry::Vacant(empty) => {
                let rows = store::records(unit.tx(), sheet.sheet, &record.device)?;
                empty.insert(rows.into_iter().map(|row| (row.counter, row.print)).collect())
            }
        };
        match known.get(&record.counter) {
            Some(before) if *before == print => {
                let settled = Settled { state: Some(RecordState::AlreadyThere), ..Settled::default() };
                sorted.answers.insert(line, answer(line, &record, settled));
            }
            Some(_) => {
                let place = (record.device.as_str(), record.counter);
                wrong(unit, &mut sorted, line, (&print, signed), COUNTER_REUSED, place)?;
            }
            None => {
                known.insert(record.counter, print.clone());
                store::keep_bytes(unit, &print, signed.record.as_bytes())?;
                sorted.new.entry(record.device.clone()).or_default().push(New { line, print, record });
            }
        }
    }
    Ok(sorted)
}

const SIGNATURE: &str = "signature";
const UNREADABLE: &str = "unreadable";
const COUNTER_REUSED: &str = "counter_reused";

fn read(key: &[u8], sheet: SheetId, signed: &SignedRecord) -> Result<LaneRecord, &'static str> {
    if !keys::is_record(key, &signed.record, &signed.mac) {
        return Err(SIGNATURE);
    }
    let record: LaneRecord = serde_json::from_str(&signed.record).map_err(|_| UNREADABLE)?;
    let device = TubeCode::from(record.device.as_str());
    let fine = record.sheet == sheet
        && record.counter >= 1
        && device.is_well_formed()
        && record.device.len() >= 8
        && signed.record.len() <= RECORD_BYTES_MAX
        // The character 0 fits no text column of PostgreSQL; no label bears it either.
        && record.what.tube().is_none_or(|tube| !tube.as_str().contains('\0'));
    if fine { Ok(record) } else { Err(UNREADABLE) }
}

/// Notes a record that cannot be taken as it is: its bytes are kept, signature and all.
fn wrong(
    unit: &mut Unit<'_>,
    sorted: &mut Sorted,
    line: i64,
    (print, signed): (&str, &SignedRecord),
    reason: &'static str,
    (device, counter): (&str, i64),
) -> Result<(), Refusal> {
    let why = match reason {
        SIGNATURE => Text::new(
            "签名与通道单不符:记录可能被改动,未入表,原文已留存。",
            "The signature is not this sheet's: the record may have been changed. It is not merged; its bytes are kept.",
        ),
        COUNTER_REUSED => Text::new(
            "同一序号已有内容不同的记录:先到的有效,本条原文已留存,请核实。",
            "Another record has this counter: the first one stands, the bytes of this one are kept; find out which is true.",
        ),
        _ => Text::new(
            "记录无法识别(字段、序号或设备号):未入表,原文已留存。",
            "The record cannot be read (its fields, counter or device): not merged, its bytes are kept.",
        ),
    };
    if !store::is_quarantined(unit.tx(), print)? && sorted.wrong.iter().all(|(known, _)| known != print) {
        store::keep_bytes(unit, print, crate::words::json(signed)?.as_bytes())?;
        sorted.wrong.push((print.to_owned(), reason));
    }
    let state = RecordState::Quarantined;
    let answer = RecordAnswer { line, device: device.to_owned(), counter, state, flags: Vec::new(), why: Some(why) };
    sorted.answers.insert(line, answer);
    Ok(())
}

fn quarantine(
    unit: &mut Unit<'_>,
    call: &Call,
    sheet: &SheetRow,
    wrong: &[(String, &'static str)],
) -> Result<(), Refusal> {
    if wrong.is_empty() {
        return Ok(());
    }
    let records = wrong.iter().map(|(print, reason)| (print.clone(), (*reason).to_owned())).collect();
    unit.record(LaneRecordsQuarantined { sheet: sheet.sheet, records })?;
    let many = wrong.len();
    let what = Text::new(
        format!("通道 {} 送来 {many} 条签名不符或自相矛盾的离线记录,原文已留存:请找到设备核实。", sheet.lane),
        format!(
            "Lane {} sent {many} records whose signature is wrong or that contradict others; their bytes are kept: find the device and what was true.",
            sheet.lane
        ),
    );
    let subject = Subject::Lane(sheet.lane);
    conflict(unit, call, NewConflict { kind: "lane_record_quarantined", subject, area: sheet.area, what, seq: None })?;
    Ok(())
}

fn answer(line: i64, record: &LaneRecord, settled: Settled) -> RecordAnswer {
    let waits = || {
        Text::new(
            "已收到并留存;待前面的记录到齐、或该管封管后入表。",
            "Received and kept; it takes effect once the records before it are here and its tube is sealed.",
        )
    };
    let state = settled.state.unwrap_or(RecordState::Waiting);
    let why = settled.why.or_else(|| (state == RecordState::Waiting).then(waits));
    RecordAnswer { line, device: record.device.clone(), counter: record.counter, state, flags: settled.flags, why }
}

fn act_of(kind: &str, tube: Option<&TubeCode>, target: Option<i64>) -> Act {
    match (kind, tube, target) {
        ("swab", Some(tube), _) => Act::Swab(tube.clone()),
        ("seal", Some(tube), _) => Act::Seal(tube.clone()),
        ("undo", _, Some(target)) => Act::Undo(target),
        _ => Act::Done,
    }
}

fn came_of(record: &LaneRecord, print: String) -> LaneRecordCame {
    let target = match record.what {
        What::Undo { counter } => Some(counter),
        _ => None,
    };
    LaneRecordCame {
        counter: record.counter,
        at: record.at,
        ahead_ms: record.ahead_ms,
        kind: record.what.word().to_owned(),
        tube: record.what.tube().cloned(),
        target,
        print,
    }
}

/// Takes in the new records of one device and lets take effect what can.
fn take(
    unit: &mut Unit<'_>,
    call: &Call,
    sheet: &SheetRow,
    (device, new): (&str, &[New]),
    earlier: &mut Earlier,
) -> Result<BTreeMap<i64, Settled>, Refusal> {
    let mut came: Vec<LaneRecordCame> = new.iter().map(|new| came_of(&new.record, new.print.clone())).collect();
    came.sort_by_key(|row| row.counter);
    let mut rows: Vec<RecordRow> = store::records(unit.tx(), sheet.sheet, device)?;
    let known_wrong = shifted(sheet, &rows).values().any(|shift| *shift != 0);
    rows.extend(came.iter().map(|row| RecordRow {
        counter: row.counter,
        at: row.at,
        ahead_ms: row.ahead_ms,
        kind: row.kind.clone(),
        tube: row.tube.clone(),
        target: row.target,
        state: RecordState::Waiting,
        print: row.print.clone(),
    }));
    rows.sort_by_key(|row| row.counter);
    let settled = effect(unit, call, sheet, (device, &rows), sheet.returned_at.is_some(), earlier)?;
    let states = settled.iter().filter_map(|(counter, settled)| Some((*counter, settled.state?))).collect();
    unit.record(LaneRecordsTaken { sheet: sheet.sheet, device: device.to_owned(), came, settled: states })?;
    let shift = shifted(sheet, &rows).into_values().find(|shift| *shift != 0);
    if let Some(shift) = shift.filter(|_| !known_wrong) {
        wrong_clock(unit, call, sheet, device, shift)?;
    }
    Ok(settled)
}

/// By how much each moment of a device is moved, by counter.
fn shifted(sheet: &SheetRow, rows: &[RecordRow]) -> BTreeMap<i64, i64> {
    let first_at = rows.first().filter(|row| row.counter == 1).map(|row| row.at);
    rows.iter().map(|row| (row.counter, shift_ms(sheet, first_at, row.ahead_ms))).collect()
}

/// Lets every record take effect that can.
fn effect(
    unit: &mut Unit<'_>,
    call: &Call,
    sheet: &SheetRow,
    (device, rows): (&str, &[RecordRow]),
    close: bool,
    earlier: &mut Earlier,
) -> Result<BTreeMap<i64, Settled>, Refusal> {
    let noted: Vec<Noted> = rows
        .iter()
        .map(|row| Noted {
            counter: row.counter,
            act: act_of(&row.kind, row.tube.as_ref(), row.target),
            waits: row.state == RecordState::Waiting,
        })
        .collect();
    let acts = by_counter(&noted);
    let (shifts, prints) = (shifted(sheet, rows), rows.iter().map(|row| (row.counter, row.print.clone())).collect());
    let mut taking =
        Device { sheet, name: device, shifts: &shifts, prints: &prints, settled: BTreeMap::new(), earlier };
    for step in steps(&noted, close) {
        taking.take(unit, call, step, &acts)?;
    }
    Ok(taking.settled)
}

fn wrong_clock(unit: &mut Unit<'_>, call: &Call, sheet: &SheetRow, device: &str, shift: i64) -> Result<(), Refusal> {
    let minutes = shift / outpace_core::time::MINUTE_MS;
    let what = Text::new(
        format!("通道 {} 设备 {device} 的时钟不准,采样时间已按通道单改正 {minutes} 分钟,请校准时钟。", sheet.lane),
        format!(
            "The clock of device {device} at lane {} is wrong: its moments were put right by {minutes} minutes; set the clock.",
            sheet.lane
        ),
    );
    let subject = Subject::Lane(sheet.lane);
    conflict(unit, call, NewConflict { kind: "lane_clock", subject, area: sheet.area, what, seq: None })?;
    Ok(())
}

/// What is here of each device, and whether that is all: every device said that it is done and nothing of it is missing.
fn finish(unit: &mut Unit<'_>, sheet: &SheetRow) -> Result<(Vec<DeviceRecords>, bool), Refusal> {
    let mut devices = Vec::new();
    let mut all = true;
    for device in store::devices(unit.tx(), sheet.sheet)? {
        let rows = store::records(unit.tx(), sheet.sheet, &device)?;
        let told = here(sheet, device, &rows);
        let waits = rows.iter().any(|row| row.state == RecordState::Waiting);
        all &= told.missing.is_empty() && !waits && rows.iter().any(|row| row.kind == What::Done.word());
        devices.push(told);
    }
    let returned = sheet.returned_at.is_some() || (all && !devices.is_empty());
    if returned && sheet.returned_at.is_none() {
        unit.record(LaneSheetReturned { sheet: sheet.sheet, written_off: None })?;
        back(unit, sheet)?;
    }
    Ok((devices, returned))
}

fn here(sheet: &SheetRow, device: String, rows: &[RecordRow]) -> DeviceRecords {
    let counters: BTreeSet<i64> = rows.iter().map(|row| row.counter).collect();
    DeviceRecords {
        device,
        highest: counters.last().copied().unwrap_or(0),
        missing: missing(&counters, MISSING_TOLD_MAX),
        shifted_ms: shifted(sheet, rows).into_values().find(|shift| *shift != 0).unwrap_or(0),
    }
}

/// The lane is back: whoever is without a network has not handed over everything.
fn back(unit: &mut Unit<'_>, sheet: &SheetRow) -> Result<(), Refusal> {
    let (lane, round, area) = (sheet.lane, sheet.round, sheet.area);
    let is_offline = store::offline(unit.tx(), Some(round))?.iter().any(|(_, known, _, _)| *known == lane);
    if is_offline {
        unit.record(LaneConnectionChanged { lane, round, area, offline: false })?;
    }
    Ok(())
}

/// Writes a sheet off: nothing more will come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WriteOff {
    /// The sheet.
    pub sheet: SheetId,
    /// Why: the device broke, the lane never opened. 1 to 200 characters.
    pub reason: String,
}

/// Characters of the reason at most.
const REASON_MAX: usize = 200;

/// Writes a sheet off. What came takes effect, whatever is missing; what is missing gets an order.
///
/// # Errors
/// An unknown sheet, one outside the actor's area, no reason.
pub fn write_off(unit: &mut Unit<'_>, call: &Call, request: WriteOff) -> Result<MergeAnswer, Refusal> {
    said("reason", &request.reason, REASON_MAX)?;
    let sheet = known(unit, call, request.sheet)?;
    let (mut devices, mut earlier) = (Vec::new(), Earlier::new());
    for device in store::devices(unit.tx(), sheet.sheet)? {
        let rows = store::records(unit.tx(), sheet.sheet, &device)?;
        let settled = effect(unit, call, &sheet, (&device, &rows), true, &mut earlier)?;
        let states: Vec<_> =
            settled.into_iter().filter_map(|(counter, settled)| Some((counter, settled.state?))).collect();
        if !states.is_empty() {
            let came = Vec::new();
            unit.record(LaneRecordsTaken { sheet: sheet.sheet, device: device.clone(), came, settled: states })?;
        }
        let told = here(&sheet, device, &rows);
        if !told.missing.is_empty() {
            never_came(unit, call, &sheet, &told)?;
        }
        devices.push(told);
    }
    if sheet.returned_at.is_none() {
        unit.record(LaneSheetReturned { sheet: sheet.sheet, written_off: Some(request.reason) })?;
        back(unit, &sheet)?;
    }
    Ok(MergeAnswer { sheet: sheet.sheet, records: Vec::new(), devices, returned: true })
}

fn never_came(unit: &mut Unit<'_>, call: &Call, sheet: &SheetRow, device: &DeviceRecords) -> Result<(), Refusal> {
    let some: Vec<String> = device.missing.iter().take(10).map(ToString::to_string).collect();
    let (many, some, name) = (device.missing.len(), some.join(", "), &device.device);
    let what = Text::new(
        format!("通道 {} 设备 {name} 有 {many} 条记录始终未到(序号 {some}):请核对采样管与名单。", sheet.lane),
        format!(
            "{many} records of device {name} at lane {} never came ({some}): compare its tubes with the list.",
            sheet.lane
        ),
    );
    let subject = Subject::Lane(sheet.lane);
    conflict(unit, call, NewConflict { kind: "lane_records_missing", subject, area: sheet.area, what, seq: None })?;
    Ok(())
}
