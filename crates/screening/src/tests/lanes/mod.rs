//! Capture without a network: sheets, records, merging, lanes that are not synced.

mod merging;
mod sheets;
mod unsynced;

use std::collections::BTreeSet;

use outpace_core::{PersonId, Refusal, RoundId, SheetId, Timestamp, TubeCode};
use outpace_registry::people::matching::Told;
use outpace_registry::people::{ImportPerson, RegisterPerson, Sex, register_person};

use super::House;
use crate::lanes::keys::{record_mac, seal};
use crate::lanes::{
    IssueSheet, LaneRecord, LaneSheet, MergeAnswer, MergeRecords, RecordState, SignedRecord, SignedSheet, What, Who,
    issue_sheet, merge_records, read_sheet,
};

pub(super) const NAME: &str = "试甲";
pub(super) const PHONE: &str = "10100000007";

/// A made-up number of an identity card whose check character fits.
pub(super) fn id_number(born: &str, serial: u32) -> String {
    let digits = format!("140121{born}{serial:03}");
    let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: u32 = digits.chars().filter_map(|digit| digit.to_digit(10)).zip(weights).map(|(a, b)| a * b).sum();
    digits + ["1", "0", "X", "9", "8", "7", "6", "5", "4", "3", "2"][(sum % 11) as usize]
}

pub(super) fn told(number: Option<&str>, name: Option<&str>, born: Option<&str>, sex: Option<Sex>) -> Told {
    let mut told = Told::default();
    told.id_number = number.map(str::to_owned);
    told.name = name.map(str::to_owned);
    told.born = born.map(str::to_owned);
    told.sex = sex;
    told
}

/// Registers somebody with an identity into the household of person 1.
pub(super) fn with_identity(house: &House, name: &str, born: &str, number: &str) -> PersonId {
    let person = ImportPerson {
        reference: None,
        household: 1,
        born: born.to_owned(),
        sex: Sex::Female,
        tags: BTreeSet::new(),
        workplace: None,
        school: None,
        room: None,
        vehicle: None,
        absent: false,
        name: Some(name.to_owned()),
        id_number: Some(number.to_owned()),
        phone: Some(PHONE.to_owned()),
        address: None,
    };
    house.act(move |unit, call| register_person(unit, call, RegisterPerson { person })).unwrap().id
}

/// Issues a sheet for the first lane.
pub(super) fn issue(house: &House, round: RoundId) -> SignedSheet {
    let request = IssueSheet { round, lane: house.lanes[0], areas: Vec::new(), hours: None };
    house.act(move |unit, call| issue_sheet(unit, call, request)).unwrap()
}

/// A device at a lane without a network.
pub(super) struct Device {
    pub(super) sheet: LaneSheet,
    pub(super) name: String,
    pub(super) records: Vec<SignedRecord>,
    pub(super) clock: Timestamp,
    pub(super) ahead_ms: Option<i64>,
}

impl Device {
    pub(super) fn with(house: &House, round: RoundId) -> Self {
        let signed = issue(house, round);
        let sheet = read_sheet(&signed, &signed.key).unwrap();
        Self { sheet, name: "device-0a1b2c3d".to_owned(), records: Vec::new(), clock: house.now(), ahead_ms: None }
    }

    pub(super) fn next(&self) -> i64 {
        self.records.len() as i64 + 1
    }

    pub(super) fn note(&mut self, what: What) -> i64 {
        let counter = self.next();
        self.clock = self.clock.plus_minutes(1);
        let (sheet, device, at, ahead_ms) = (self.sheet.sheet, self.name.clone(), self.clock, self.ahead_ms);
        let record = serde_json::to_string(&LaneRecord { sheet, device, counter, at, ahead_ms, what }).unwrap();
        let mac = record_mac(&hex::decode(&self.sheet.keys.record).unwrap(), &record);
        self.records.push(SignedRecord { record, mac });
        counter
    }

    pub(super) fn code(&mut self, tube: &str, person: i64) -> i64 {
        self.note(What::Swab {
            tube: TubeCode::from(tube),
            who: Who::Code { person: PersonId(person) },
            own: Some(true),
        })
    }

    pub(super) fn told(&mut self, tube: &str, told: &Told) -> i64 {
        let place = (self.sheet.sheet, self.name.as_str(), self.next());
        let plain = serde_json::to_vec(told).unwrap();
        let sealed = seal(&self.sheet.keys.seal, place, &plain).unwrap();
        self.note(What::Swab { tube: TubeCode::from(tube), who: Who::Sealed { sealed }, own: None })
    }

    pub(super) fn seal(&mut self, tube: &str) -> i64 {
        self.note(What::Seal { tube: TubeCode::from(tube) })
    }

    pub(super) fn done(&mut self) -> i64 {
        self.note(What::Done)
    }

    /// Tubes of ten, sealed, with everybody of a list.
    pub(super) fn tubes(&mut self, people: &[i64]) {
        for (index, tube) in people.chunks(10).enumerate() {
            let code = format!("OFF-{index}");
            for person in tube {
                self.code(&code, *person);
            }
            self.seal(&code);
        }
    }

    pub(super) fn send(&self, house: &House) -> MergeAnswer {
        send(house, self.sheet.sheet, self.records.clone()).unwrap()
    }
}

pub(super) fn send(house: &House, sheet: SheetId, records: Vec<SignedRecord>) -> Result<MergeAnswer, Refusal> {
    house.act(move |unit, call| merge_records(unit, call, MergeRecords { sheet, records }))
}

pub(super) fn states(answer: &MergeAnswer) -> Vec<RecordState> {
    answer.records.iter().map(|record| record.state).collect()
}
