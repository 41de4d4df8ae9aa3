//! Given facts, when a command, then facts: on a real temporary store.

mod areas;
mod identity;
mod people;
mod places;

use std::collections::BTreeSet;
use std::sync::Arc;

use outpace_access::{Call, Rulebook};
use outpace_core::{Actor, ActorId, ActorKind, AreaId, AreaLevel, Clock, Refusal, Role, Timestamp};
use outpace_policy::{Date, Library};
use outpace_store::{Capabilities, Settings, Store, Tx, Unit};

use crate::areas::{Area, ImportAreas, import_areas};
use crate::people::{
    HouseholdKind, ImportHousehold, ImportHouseholds, ImportPeople, ImportPerson, Sex, import_households, import_people,
};

pub(crate) const COUNTY: AreaId = AreaId(140_121);
pub(crate) const VILLAGE: AreaId = AreaId(140_121_203_206);
pub(crate) const OTHER_VILLAGE: AreaId = AreaId(140_121_100_201);

struct Fixed(Timestamp);

impl Clock for Fixed {
    fn now(&self) -> Timestamp {
        self.0
    }
}

/// A store with the county, two townships and two villages in it.
pub(crate) struct House {
    pub(crate) store: Store,
    rules: Arc<Rulebook>,
    _folder: tempfile::TempDir,
}

pub(crate) fn start() -> Timestamp {
    Timestamp::parse_local("2022-04-13T14:30", 480).unwrap()
}

pub(crate) fn area(id: i64, name: &str) -> Area {
    Area {
        id: AreaId(id),
        parent: None,
        level: AreaLevel::Village,
        name: name.to_owned(),
        name_en: String::new(),
        lon: Some(112.4),
        lat: Some(37.6),
        seat_approximate: true,
        river_side: None,
        kind: None,
        residents: None,
    }
}

pub(crate) fn household(reference: i64, area: AreaId) -> ImportHousehold {
    ImportHousehold { reference: Some(reference), area, kind: HouseholdKind::Family, landlord: None, contact: None }
}

pub(crate) fn someone(reference: i64, household: i64, born: &str) -> ImportPerson {
    ImportPerson {
        reference: Some(reference),
        household,
        born: born.to_owned(),
        sex: Sex::Female,
        tags: BTreeSet::new(),
        workplace: None,
        school: None,
        room: None,
        vehicle: None,
        absent: false,
        name: None,
        id_number: None,
        phone: None,
        address: None,
    }
}

/// An ID number of the region 000000 with a right check character.
pub(crate) fn id_number(sequence: u32) -> String {
    let body = format!("00000019800102{:03}", sequence % 1000);
    let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: u32 = body.chars().filter_map(|digit| digit.to_digit(10)).zip(weights).map(|(a, b)| a * b).sum();
    format!("{body}{}", ['1', '0', 'X', '9', '8', '7', '6', '5', '4', '3', '2'][(sum % 11) as usize])
}

impl House {
    pub(crate) fn empty() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let settings = Settings {
            folder: folder.path().to_owned(),
            place: outpace_store::testing::place(folder.path()),
            area: COUNTY,
            drill: true,
            clock: Arc::new(Fixed(start())),
        };
        let store = Store::open(settings, Capabilities::new(vec![crate::capability()])).unwrap();
        let library = Library::embedded();
        let rules = Arc::new(Rulebook {
            pack: library.pack("cn-2021-ed8", Date::constant(2022, 4, 13)).unwrap(),
            playbook: library.playbook().unwrap(),
            profile: library.profile("qingxu").unwrap(),
        });
        Self { store, rules, _folder: folder }
    }

    pub(crate) fn open() -> Self {
        let house = Self::empty();
        let areas = [
            (140_121, "清徐县"),
            (140_121_203, "王答乡"),
            (140_121_100, "清源镇"),
            (VILLAGE.0, "甲村"),
            (OTHER_VILLAGE.0, "乙村"),
        ];
        let areas = areas.map(|(id, name)| area(id, name)).to_vec();
        house.act(|unit, call| import_areas(unit, call, ImportAreas { source: "test".to_owned(), areas })).unwrap();
        house
    }

    /// Two households in one village and one in another; five people, the first a landlord's family of three.
    pub(crate) fn peopled() -> Self {
        let house = Self::open();
        let households = vec![household(1, VILLAGE), household(2, VILLAGE), household(3, OTHER_VILLAGE)];
        house
            .act(|unit, call| import_households(unit, call, ImportHouseholds { source: "test".to_owned(), households }))
            .unwrap();
        let people = vec![
            someone(1, 1, "1985-03-01"),
            someone(2, 1, "2015-06-01"),
            someone(3, 1, "1938-01-01"),
            someone(4, 2, "1990-01-01"),
            someone(5, 3, "1970-01-01"),
        ];
        house.import(people).unwrap();
        house
    }

    pub(crate) fn import(&self, people: Vec<ImportPerson>) -> Result<crate::Imported, Refusal> {
        let request = ImportPeople { source: "test".to_owned(), by_reference: true, people };
        self.act(|unit, call| import_people(unit, call, request))
    }

    fn call(&self, actor: &Actor) -> Call {
        Call { actor: actor.clone(), now: start(), rules: Arc::clone(&self.rules), drill: true }
    }

    pub(crate) fn act<T: Send + 'static>(
        &self,
        command: impl FnOnce(&mut Unit<'_>, &Call) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        self.act_in(COUNTY, command)
    }

    /// Acts as a grid worker of an area.
    pub(crate) fn act_in<T: Send + 'static>(
        &self,
        area: AreaId,
        command: impl FnOnce(&mut Unit<'_>, &Call) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        let actor = Actor::new(ActorId(7), ActorKind::Account, Role::GridWorker, area);
        let call = self.call(&actor);
        Ok(self.store.write(&actor, move |unit| command(unit, &call))?.answer)
    }

    pub(crate) fn ask<T>(&self, look: impl FnOnce(&mut Tx<'_>, &Call) -> Result<T, Refusal>) -> Result<T, Refusal> {
        let call = self.call(&self.store.system());
        self.store.read(|tx| look(tx, &call))
    }

    pub(crate) fn read<T>(&self, look: impl FnOnce(&mut Tx<'_>) -> outpace_store::Result<T>) -> T {
        self.store.read(look).unwrap()
    }

    pub(crate) fn assert_rebuilds(&self) {
        let rebuilt = self.store.rebuild().unwrap();
        assert_eq!(rebuilt.before, rebuilt.after, "changed: {:?}", rebuilt.changed);
    }
}
