//! Letting records take effect: swabs go into tubes as if the lane had told them at once, in the order in which it noted
//! them. What cannot be is kept, flagged, and an order settles it.

use std::collections::{BTreeMap, BTreeSet};

use outpace_access::Call;
use outpace_core::{PersonId, Refusal, Text, Timestamp, TubeCode};
use outpace_orders::{NewConflict, Subject, conflict};
use outpace_registry::people::matching::{Matched, Told, match_or_register};
use outpace_store::Unit;

use super::clock::put_right;
use super::model::{LaneRecord, RecordState, SheetRow, What, Who};
use super::steps::{Act, Step};
use super::{keys, store};
use crate::tubes::register::{SWABS_MAX, register_by_sheet};
use crate::tubes::store::{members, row_by_code};
use crate::tubes::{Earlier, Flag, RegisterTube, SealTube, Swab, seal_tube};

/// What became of a record.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Settled {
    pub(super) state: Option<RecordState>,
    pub(super) flags: Vec<Flag>,
    pub(super) why: Option<Text>,
}

impl Settled {
    fn of(state: RecordState) -> Self {
        Self { state: Some(state), ..Self::default() }
    }
}

/// One device's records on their way into the tables.
pub(super) struct Device<'a> {
    pub(super) sheet: &'a SheetRow,
    pub(super) name: &'a str,
    /// By how much its moments are moved, milliseconds, by counter.
    pub(super) shifts: &'a BTreeMap<i64, i64>,
    /// Hash of each record's text by counter.
    pub(super) prints: &'a BTreeMap<i64, String>,
    pub(super) settled: BTreeMap<i64, Settled>,
    /// Who was sampled by this command already.
    pub(super) earlier: &'a mut Earlier,
}

impl Device<'_> {
    fn put(&mut self, counter: i64, settled: Settled) {
        self.settled.insert(counter, settled);
    }

    fn record(&self, unit: &mut Unit<'_>, counter: i64) -> Result<Option<LaneRecord>, Refusal> {
        let Some(print) = self.prints.get(&counter) else { return Ok(None) };
        let bytes = store::bytes(unit.tx(), print)?;
        Ok(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
    }

    fn moment(&self, record: &LaneRecord, now: Timestamp) -> Timestamp {
        put_right(self.sheet, record.at, self.shifts.get(&record.counter).copied().unwrap_or(0), now)
    }

    /// Lets one step take effect.
    ///
    /// # Errors
    /// Failures of ours; never a rule.
    pub(super) fn take(
        &mut self,
        unit: &mut Unit<'_>,
        call: &Call,
        step: Step,
        acts: &BTreeMap<i64, &Act>,
    ) -> Result<(), Refusal> {
        match step {
            Step::Tube { tube, swabs, seal } => self.tube(unit, call, &tube, &swabs, seal),
            Step::Undone { undo, swab } => {
                self.put(swab, Settled::of(RecordState::Undone));
                self.put(undo, Settled::of(RecordState::Merged));
                self.forget(unit, [swab, undo])
            }
            Step::UndoneLate { undo, swab } => self.undone_late(unit, call, undo, swab, acts.get(&swab).copied()),
            Step::Done { counter } => {
                self.put(counter, Settled::of(RecordState::Merged));
                self.forget(unit, [counter])
            }
        }
    }

    fn forget(&self, unit: &mut Unit<'_>, counters: impl IntoIterator<Item = i64>) -> Result<(), Refusal> {
        for counter in counters {
            if let Some(print) = self.prints.get(&counter) {
                store::drop_bytes(unit, print)?;
            }
        }
        Ok(())
    }

    fn tube(
        &mut self,
        unit: &mut Unit<'_>,
        call: &Call,
        tube: &TubeCode,
        swabs: &[i64],
        seal: Option<i64>,
    ) -> Result<(), Refusal> {
        let sealed_at = match seal {
            Some(counter) => self.record(unit, counter)?.map(|record| self.moment(&record, call.now)),
            None => None,
        };
        if swabs.is_empty() {
            return self.seal_alone(unit, call, tube, seal, sealed_at);
        }
        let known = match row_by_code(unit.tx(), tube)? {
            Some(row) => members(unit.tx(), row.tube.number)?.into_iter().map(|member| member.position).collect(),
            None => BTreeSet::new(),
        };
        let chunks: Vec<&[i64]> = swabs.chunks(SWABS_MAX).collect();
        for (index, counters) in chunks.iter().enumerate() {
            let last = index + 1 == chunks.len();
            self.swabs(unit, call, tube, counters, (seal.filter(|_| last), sealed_at), &known)?;
        }
        Ok(())
    }

    fn swabs(
        &mut self,
        unit: &mut Unit<'_>,
        call: &Call,
        tube: &TubeCode,
        counters: &[i64],
        (seal, sealed_at): (Option<i64>, Option<Timestamp>),
        known: &BTreeSet<i64>,
    ) -> Result<(), Refusal> {
        let mut people = Vec::with_capacity(counters.len());
        let mut unclear = BTreeSet::new();
        for counter in counters {
            let Some(record) = self.record(unit, *counter)? else { continue };
            let swab = self.swab(unit, call, &record)?;
            if swab.person.is_none() {
                unclear.insert(*counter);
            }
            people.push((*counter, swab));
        }
        let last = people.iter().filter_map(|(_, swab)| swab.taken_at).max();
        let request = RegisterTube {
            tube: tube.clone(),
            lane: self.sheet.lane,
            round: Some(self.sheet.round),
            purpose: None,
            people: people.iter().map(|(_, swab)| swab.clone()).collect(),
            seal: seal.is_some(),
            occurred_at: sealed_at.or(last),
        };
        match register_by_sheet(unit, call, &request, self.earlier) {
            Ok(registered) => {
                for ((counter, _), placed) in people.iter().zip(&registered.placed) {
                    let state = match (known.contains(&placed.position), placed.flags.is_empty()) {
                        (true, _) => RecordState::AlreadyThere,
                        (false, true) => RecordState::Merged,
                        (false, false) => RecordState::Flagged,
                    };
                    let settled = Settled { state: Some(state), flags: placed.flags.clone(), why: None };
                    self.put(*counter, settled);
                }
                // What was told of somebody whom nobody knows yet is kept: it is all that leads to them.
                let clear: Vec<i64> =
                    counters.iter().chain(&seal).copied().filter(|counter| !unclear.contains(counter)).collect();
                self.forget(unit, clear)?;
                if let Some(counter) = seal {
                    self.put(counter, Settled::of(RecordState::Merged));
                }
                Ok(())
            }
            Err(refusal) => self.keep_refused(unit, call, tube, counters.iter().copied().chain(seal), refusal),
        }
    }

    fn seal_alone(
        &mut self,
        unit: &mut Unit<'_>,
        call: &Call,
        tube: &TubeCode,
        seal: Option<i64>,
        sealed_at: Option<Timestamp>,
    ) -> Result<(), Refusal> {
        let Some(counter) = seal else { return Ok(()) };
        match seal_tube(unit, call, SealTube { tube: tube.clone(), occurred_at: sealed_at }) {
            Ok(sealed) => {
                let state = if sealed.repeated { RecordState::AlreadyThere } else { RecordState::Merged };
                self.put(counter, Settled::of(state));
                self.forget(unit, [counter])
            }
            Err(refusal) => self.keep_refused(unit, call, tube, [counter], refusal),
        }
    }

    /// What no table can hold (a code that no label bears, a tube sealed empty): its bytes stay, an order settles it.
    fn keep_refused(
        &mut self,
        unit: &mut Unit<'_>,
        call: &Call,
        tube: &TubeCode,
        counters: impl IntoIterator<Item = i64>,
        refusal: Refusal,
    ) -> Result<(), Refusal> {
        if refusal.is_internal() || refusal.status == 503 {
            return Err(refusal);
        }
        let what = Text::new(
            format!(
                "通道 {} 的离线记录无法入表(采样管 {tube}):{}原文已留存,请核实。",
                self.sheet.lane, refusal.text.zh
            ),
            format!(
                "Records of lane {} fit no table (tube {tube}): {} Their bytes are kept; find out what was true.",
                self.sheet.lane, refusal.text.en
            ),
        );
        self.order(unit, call, "lane_record_refused", Subject::Lane(self.sheet.lane), what)?;
        for counter in counters {
            let why = Some(refusal.text.clone());
            self.put(counter, Settled { state: Some(RecordState::Flagged), flags: Vec::new(), why });
        }
        Ok(())
    }

    fn undone_late(
        &mut self,
        unit: &mut Unit<'_>,
        call: &Call,
        undo: i64,
        swab: i64,
        act: Option<&Act>,
    ) -> Result<(), Refusal> {
        let tube = match act {
            Some(Act::Swab(tube)) => Some(tube.clone()),
            _ => None,
        };
        let named = tube.as_ref().map_or_else(String::new, |tube| format!(" {tube}"));
        let what = Text::new(
            format!(
                "通道 {} 撤销了已封管{named}中的一次登记(设备 {},序号 {swab})。登记保留,请核实该人是否采样。",
                self.sheet.lane, self.name
            ),
            format!(
                "Lane {} takes back a swab that stands already (tube{named}, device {}, record {swab}). It is kept; find out whether it was taken.",
                self.sheet.lane, self.name
            ),
        );
        let subject = tube.map_or(Subject::Lane(self.sheet.lane), Subject::Tube);
        self.order(unit, call, "lane_undone_late", subject, what.clone())?;
        self.put(undo, Settled { state: Some(RecordState::Flagged), flags: Vec::new(), why: Some(what) });
        self.forget(unit, [undo])
    }

    /// Opens an order; without a fact of its own the same matter opens one until it is settled.
    fn order(
        &self,
        unit: &mut Unit<'_>,
        call: &Call,
        kind: &'static str,
        subject: Subject,
        what: Text,
    ) -> Result<(), Refusal> {
        conflict(unit, call, NewConflict { kind, subject, area: self.sheet.area, what, seq: None }).map(|_| ())
    }

    fn swab(&self, unit: &mut Unit<'_>, call: &Call, record: &LaneRecord) -> Result<Swab, Refusal> {
        let mut swab = Swab { taken_at: Some(self.moment(record, call.now)), ..Swab::default() };
        let What::Swab { who, own, .. } = &record.what else { return Ok(swab) };
        swab.own = *own;
        match who {
            Who::Code { person } => swab.person = Some(*person),
            Who::Sealed { sealed } => {
                let place = (record.sheet, record.device.as_str(), record.counter);
                let plain = keys::unseal(unit.keys(), place, sealed)?;
                let told: Option<Told> = plain.and_then(|plain| serde_json::from_slice(&plain).ok());
                swab.person = match told {
                    Some(told) => self.whose(unit, call, &told)?,
                    None => None,
                };
            }
            Who::Nobody { no_file, slip } => {
                swab.no_file = *no_file;
                swab.slip = slip.clone().filter(|slip| TubeCode::from(slip.as_str()).is_well_formed());
            }
        }
        if swab.person.is_none() && swab.slip.is_none() {
            // A name of its own, so that two nameless swabs are never taken for one, and the order leads to the record.
            let device: String = self.name.chars().take(12).collect();
            swab.slip = Some(format!("L{}-{device}-{}", record.sheet, record.counter));
        }
        Ok(swab)
    }

    fn whose(&self, unit: &mut Unit<'_>, call: &Call, told: &Told) -> Result<Option<PersonId>, Refusal> {
        let (person, what) = match match_or_register(unit, call, self.sheet.area, told)? {
            Matched::Known(person) => return Ok(Some(person)),
            Matched::Unclear => return Ok(None),
            Matched::Arrived(person) => (
                person,
                Text::new(
                    format!("通道 {} 离线登记了无档案人员,已建档 {person}:请核实身份和住址。", self.sheet.lane),
                    format!(
                        "Lane {} sampled somebody without a file; person {person} was registered: find out who it is and where they live.",
                        self.sheet.lane
                    ),
                ),
            ),
        };
        self.order(unit, call, "lane_person_without_file", Subject::Person(person), what)?;
        Ok(Some(person))
    }
}
