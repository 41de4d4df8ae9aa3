//! Given facts, when a command, then the board: on a real temporary store with its neighbours.

mod check_ins;
mod gate;
mod laws;
mod place_codes;
mod stories;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use outpace_access::{Call, Rulebook};
use outpace_core::{
    Actor, ActorId, ActorKind, AreaId, AreaLevel, Clock, LaboratoryId, LaneId, PersonId, Refusal, Role, Seq, Text,
    Timestamp, TubeCode, trigger,
};
use outpace_policy::{Date, Library};
use outpace_registry::areas::{Area, ImportAreas, import_areas};
use outpace_registry::people::{
    HouseholdKind, ImportHousehold, ImportHouseholds, ImportPeople, ImportPerson, Sex, import_households, import_people,
};
use outpace_registry::places::{ImportPlaces, import_places};
use outpace_screening::laboratory::{LaboratorySpec, SetLaboratory, set_laboratory};
use outpace_screening::sites::{ImportSites, SiteKind, SiteRow, import_sites};
use outpace_store::{Capabilities, Capability, Settings, Store, Unit};
use outpace_zoning::Ground;

use crate::model::Status;

pub(crate) const COUNTY: AreaId = AreaId(140_121);
/// Two villages; people live in grid 001 of each.
pub(crate) const VILLAGES: [AreaId; 2] = [AreaId(140_121_203_206), AreaId(140_121_100_201)];
/// People of the test county, half in each village, two in a household.
pub(crate) const PEOPLE: i64 = 12;

#[derive(Clone)]
struct Hands(Arc<AtomicI64>);

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::Relaxed))
    }
}

/// A county with two villages of people, two shops, a site and a laboratory.
pub(crate) struct House {
    pub(crate) store: Store,
    hands: Hands,
    pub(crate) rules: Arc<Rulebook>,
    pub(crate) lane: LaneId,
    pub(crate) laboratory: LaboratoryId,
    folder: tempfile::TempDir,
}

fn area(id: i64) -> Area {
    Area {
        id: AreaId(id),
        parent: None,
        level: AreaLevel::Village,
        name: format!("区域{id}"),
        name_en: String::new(),
        lon: None,
        lat: None,
        seat_approximate: true,
        river_side: None,
        kind: None,
        residents: None,
    }
}

/// The grid of a household: 1 to 3 in the first village, the others in the second.
pub(crate) fn grid_of(household: i64) -> AreaId {
    AreaId(VILLAGES[usize::from(household > PEOPLE / 4)].0 * 1_000 + 1)
}

/// Every fourth works in the shop.
pub(crate) fn resident(index: i64) -> ImportPerson {
    ImportPerson {
        reference: None,
        household: index / 2 + 1,
        born: "1985-03-01".to_owned(),
        sex: Sex::Female,
        tags: BTreeSet::new(),
        workplace: (index % 4 == 0).then_some(1),
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

fn capabilities() -> Capabilities {
    let response = Capability::new("response").work(trigger::RESPOND, |store, job| {
        let id = job.id;
        store.write(&store.system(), move |unit| unit.finish_job(id))?;
        Ok(())
    });
    Capabilities::new(vec![
        outpace_registry::capability(),
        outpace_orders::capability(),
        outpace_zoning::capability(),
        outpace_isolation::capability(),
        outpace_contacts::capability(),
        outpace_screening::capability(),
        crate::capability(),
        response,
    ])
}

pub(crate) fn ground() -> Ground {
    Ground {
        reason: Text::new("密切接触者", "close contact"),
        clause: "8th ed., annex 5".to_owned(),
        facts: vec![Seq(1)],
        assessment: None,
    }
}

/// 25 April 2022, 08:00 in Qingxu: a missed round has a colour from this day on.
fn start() -> Timestamp {
    Timestamp::parse_local("2022-04-25T08:00", 480).unwrap()
}

fn open_at(folder: &std::path::Path, hands: &Hands) -> Store {
    let settings = Settings {
        folder: folder.to_owned(),
        place: outpace_store::testing::place(folder),
        area: COUNTY,
        drill: true,
        clock: Arc::new(hands.clone()),
    };
    Store::open(settings, capabilities()).unwrap()
}

impl House {
    pub(crate) fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let hands = Hands(Arc::new(AtomicI64::new(start().0)));
        let store = open_at(folder.path(), &hands);
        let library = Library::embedded();
        let rules = Arc::new(Rulebook {
            pack: library.pack("cn-2021-ed8", Date::constant(2022, 4, 25)).unwrap(),
            playbook: library.playbook().unwrap(),
            profile: library.profile("qingxu").unwrap(),
        });
        let lane = LaneId(1);
        let mut house = Self { store, hands, rules, lane, laboratory: LaboratoryId(0), folder };
        house.settle();
        house
    }

    /// The same folder as another server opens it.
    pub(crate) fn open_again(&self) -> Store {
        open_at(self.folder.path(), &self.hands)
    }

    fn settle(&mut self) {
        let source = || "test".to_owned();
        let areas = [140_121, 140_121_203, 140_121_100, VILLAGES[0].0, VILLAGES[1].0].map(area).to_vec();
        self.act(move |unit, call| import_areas(unit, call, ImportAreas { source: source(), areas })).unwrap();
        let households = (1..=PEOPLE / 2)
            .map(|household| ImportHousehold {
                reference: Some(household),
                area: grid_of(household),
                kind: HouseholdKind::Family,
                landlord: None,
                contact: None,
            })
            .collect();
        let request = ImportHouseholds { source: source(), households };
        self.act(move |unit, call| import_households(unit, call, request)).unwrap();
        let people = (0..PEOPLE).map(resident).collect();
        let places = "reference,class,name,area\n1,shop,便利店,140121203206001\n2,market,市场,140121100201001\n";
        let places = outpace_registry::places::parse_places_csv(places).rows;
        self.act(move |unit, call| import_places(unit, call, ImportPlaces { source: source(), places })).unwrap();
        let request = ImportPeople { source: source(), by_reference: true, people };
        self.act(move |unit, call| import_people(unit, call, request)).unwrap();
        let site = SiteRow {
            key: "one".to_owned(),
            name: Text::new("一号点", "Site one"),
            area: VILLAGES[0].unknown_grid(),
            kind: SiteKind::Ordinary,
            lon: None,
            lat: None,
            lanes: 2,
            samplers: 1,
            people_per_hour: None,
            opens_minute: None,
            closes_minute: None,
            open: true,
        };
        self.act(move |unit, call| import_sites(unit, call, ImportSites { sites: vec![site] })).unwrap();
        let spec = LaboratorySpec {
            key: "lab".to_owned(),
            name: Text::new("县疾控", "County CDC"),
            area: VILLAGES[0],
            tubes_per_hour: 500,
            turnaround_minutes: 120,
            leg_minutes: 60,
        };
        self.laboratory = self.act(|unit, call| set_laboratory(unit, call, SetLaboratory { spec })).unwrap().id;
    }

    pub(crate) fn wait_minutes(&self, minutes: i64) {
        self.hands.0.fetch_add(minutes * 60_000, Ordering::Relaxed);
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.hands.now()
    }

    pub(crate) fn call(&self, actor: &Actor) -> Call {
        Call { actor: actor.clone(), now: self.now(), rules: Arc::clone(&self.rules), drill: true }
    }

    pub(crate) fn act<T: Send + 'static>(
        &self,
        command: impl FnOnce(&mut Unit<'_>, &Call) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        self.act_as(&actor(7, Role::Commander), command)
    }

    pub(crate) fn act_as<T: Send + 'static>(
        &self,
        actor: &Actor,
        command: impl FnOnce(&mut Unit<'_>, &Call) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        let call = self.call(actor);
        Ok(self.store.write(actor, move |unit| command(unit, &call))?.answer)
    }

    /// What the board says of a person.
    pub(crate) fn status(&self, person: i64) -> Status {
        let board = crate::display_of(&self.store).board();
        board.status(PersonId(person), self.now(), &self.rules.pack).unwrap()
    }

    /// The read models fold again to the same digest.
    pub(crate) fn assert_rebuilds(&self) {
        let rebuilt = self.store.rebuild().unwrap();
        assert_eq!(rebuilt.before, rebuilt.after, "changed: {:?}", rebuilt.changed);
    }
}

/// Someone in a role over the county.
pub(crate) fn actor(id: i64, role: Role) -> Actor {
    Actor::new(ActorId(id), ActorKind::Account, role, COUNTY)
}

pub(crate) fn tube(number: usize) -> TubeCode {
    TubeCode::from(format!("T{number:06}").as_str())
}
