//! Given facts, when a command, then facts: on a real temporary store with every capability that the response reads.

mod answers;
mod destruction;
mod exports;
mod judgements;
mod plates;
mod positives;
mod speed;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use outpace_access::{Call, Rulebook, actors, adoption};
use outpace_core::{
    Actor, ActorId, ActorKind, AreaId, AreaLevel, Clock, LaboratoryId, LaneId, PersonId, PlaceId, Refusal, Role, Text,
    Timestamp, TubeCode,
};
use outpace_isolation::facilities::{FacilityKind, NewFacility, import_facilities};
use outpace_policy::{Date, Library};
use outpace_registry::areas::{Area, ImportAreas, import_areas};
use outpace_registry::people::{
    ImportHousehold, ImportHouseholds, ImportPeople, ImportPerson, import_households, import_people,
};
use outpace_registry::places::{ImportPlaces, ImportVehicles, ImportedPlace, ImportedVehicle};
use outpace_registry::{HouseholdKind, Sex, VehicleKind};
use outpace_screening::laboratory::{
    LaboratorySpec, ReportResults, ReportedResult, SetLaboratory, report_results, set_laboratory,
};
use outpace_screening::sites::{self, ImportSites, SiteKind, SiteRow};
use outpace_screening::tubes::{Purpose, RegisterTube, Swab, register_tube};
use outpace_store::{Capabilities, Settings, Store, Tx, Unit};

use crate::pages::{CurrentPlan, PlanQuery};

pub(crate) const COUNTY: AreaId = AreaId(140_121);
const VILLAGES: [AreaId; 2] = [AreaId(140_121_203_206), AreaId(140_121_202_202)];
pub(crate) const PARK: PlaceId = PlaceId(1);
pub(crate) const CENTRE: PlaceId = PlaceId(2);

struct Hands(Arc<AtomicI64>);

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

/// Two villages of families of four; the first of every family works in the park's distribution centre, six to a room.
pub(crate) struct House {
    pub(crate) store: Store,
    hands: Arc<AtomicI64>,
    pub(crate) rules: Arc<Rulebook>,
    laboratory: LaboratoryId,
    _folder: tempfile::TempDir,
}

pub(crate) fn start() -> Timestamp {
    Timestamp::parse_local("2022-04-13T01:00", 480).unwrap()
}

pub(crate) fn officer(id: i64, role: Role) -> Actor {
    Actor::new(ActorId(id), ActorKind::Account, role, COUNTY)
}

fn area(id: i64, name: &str) -> Area {
    Area {
        id: AreaId(id),
        parent: None,
        level: AreaLevel::Village,
        name: name.to_owned(),
        name_en: format!("area {id}"),
        lon: Some(112.4),
        lat: Some(37.6),
        seat_approximate: true,
        river_side: None,
        kind: None,
        residents: None,
    }
}

/// The reference of a member of a family: families count from 0, members from 0 to 3.
pub(crate) fn member(family: i64, number: i64) -> PersonId {
    PersonId(family * 4 + number + 1)
}

impl House {
    pub(crate) fn capabilities() -> Vec<outpace_store::Capability> {
        vec![
            actors::capability(),
            adoption::capability(),
            outpace_store::vault::capability(),
            outpace_registry::capability(),
            outpace_orders::capability(),
            outpace_zoning::capability(),
            outpace_isolation::capability(),
            outpace_contacts::capability(),
            outpace_screening::capability(),
            outpace_custody::capability(),
            crate::capability(),
        ]
    }

    pub(crate) fn of(families: i64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let hands = Arc::new(AtomicI64::new(start().0));
        let settings = Settings {
            folder: folder.path().to_owned(),
            place: outpace_store::testing::place(folder.path()),
            area: COUNTY,
            drill: true,
            clock: Arc::new(Hands(hands.clone())),
        };
        let capabilities = Capabilities::new(Self::capabilities()).classed(outpace_custody::class_of);
        let store = Store::open(settings, capabilities).unwrap();
        let library = Library::embedded();
        let rules = Arc::new(Rulebook {
            pack: library.pack("cn-2021-ed8", Date::constant(2022, 4, 13)).unwrap(),
            playbook: library.playbook().unwrap(),
            profile: library.profile("qingxu").unwrap(),
        });
        let adopted = rules.clone();
        store.write(&store.system(), move |unit| adoption::adopt(unit, &adopted)).unwrap();
        let mut house = Self { store, hands, rules, laboratory: LaboratoryId(0), _folder: folder };
        house.settle(families);
        house.furnish();
        house
    }

    fn settle(&self, families: i64) {
        let source = || "test".to_owned();
        let areas = [(140_121, "清徐县"), (140_121_203, "王答乡"), (140_121_202, "西谷乡")]
            .into_iter()
            .chain([(VILLAGES[0].0, "甲村"), (VILLAGES[1].0, "乙村")]);
        let areas = areas.map(|(id, name)| area(id, name)).collect();
        self.system(move |unit, call| import_areas(unit, call, ImportAreas { source: source(), areas })).unwrap();
        let place = |reference: i64, class: &str, name: &str, part_of| ImportedPlace {
            reference: Some(reference),
            class: class.to_owned(),
            name: name.to_owned(),
            name_en: class.to_owned(),
            area: AreaId(VILLAGES[0].0 * 1000 + 9),
            lon: None,
            lat: None,
            part_of,
            staff: 0,
        };
        let places = vec![
            place(1, "logistics_park", "物流园", None),
            place(2, "distribution_centre", "分拨中心", Some(1)),
            place(3, "office", "机关", None),
        ];
        self.system(move |unit, call| {
            outpace_registry::places::import_places(unit, call, ImportPlaces { source: source(), places })
        })
        .unwrap();
        for first in (0..families).step_by(5_000) {
            let last = families.min(first + 5_000);
            let households = (first..last)
                .map(|family| ImportHousehold {
                    reference: Some(family),
                    area: AreaId(VILLAGES[(family % 2) as usize].0 * 1000 + 1 + family % 3),
                    kind: HouseholdKind::Family,
                    landlord: None,
                    contact: None,
                })
                .collect();
            let people =
                (first..last).flat_map(|family| (0..4).map(move |number| person(families, family, number))).collect();
            self.system(move |unit, call| {
                import_households(unit, call, ImportHouseholds { source: source(), households })?;
                import_people(unit, call, ImportPeople { source: source(), by_reference: true, people })
            })
            .unwrap();
        }
    }

    fn furnish(&mut self) {
        let facility = |code: &str, kind, rooms| NewFacility {
            code: code.to_owned(),
            kind,
            name: code.to_owned(),
            name_en: code.to_owned(),
            area: VILLAGES[0].unknown_grid(),
            place: None,
            lon: None,
            lat: None,
            rooms,
            beds_per_room: 1,
            ready: true,
        };
        let facilities =
            vec![facility("site", FacilityKind::QuarantineSite, 200), facility("hospital", FacilityKind::Hospital, 20)];
        let vehicles = vec![ImportedVehicle {
            reference: Some(1),
            kind: VehicleKind::Bus,
            plate: "BUS-1".to_owned(),
            name: "1".to_owned(),
            name_en: "1".to_owned(),
            seats: 40,
            drivers: 2,
            sealed: true,
        }];
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
        let spec = LaboratorySpec {
            key: "lab".to_owned(),
            name: Text::new("县疾控", "County CDC"),
            area: VILLAGES[0],
            tubes_per_hour: 500,
            turnaround_minutes: 120,
            leg_minutes: 60,
        };
        self.laboratory = self
            .system(move |unit, call| {
                import_facilities(unit, call, facilities)?;
                let vehicles = ImportVehicles { source: "test".to_owned(), vehicles };
                outpace_registry::places::import_vehicles(unit, call, vehicles)?;
                sites::import_sites(unit, call, ImportSites { sites: vec![site] })?;
                Ok(set_laboratory(unit, call, SetLaboratory { spec })?.id)
            })
            .unwrap();
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.store.now()
    }

    pub(crate) fn wait_minutes(&self, minutes: i64) {
        self.hands.fetch_add(minutes * 60_000, Ordering::SeqCst);
    }

    pub(crate) fn act<T: Send + 'static>(
        &self,
        actor: Actor,
        command: impl FnOnce(&mut Unit<'_>, &Call) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        let rules = self.rules.clone();
        let done = self.store.write(&actor.clone(), move |unit| {
            let call = Call { actor, now: unit.now(), rules, drill: true };
            command(unit, &call)
        });
        done.map(|committed| committed.answer)
    }

    pub(crate) fn system<T: Send + 'static>(
        &self,
        command: impl FnOnce(&mut Unit<'_>, &Call) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        self.act(Actor::system(COUNTY), command)
    }

    pub(crate) fn ask<T>(&self, actor: Actor, look: impl FnOnce(&mut Tx<'_>, &Call) -> Result<T, Refusal>) -> T {
        let call = Call { actor, now: self.now(), rules: self.rules.clone(), drill: true };
        self.store.read(|tx| look(tx, &call)).unwrap()
    }

    /// Everything that was asked for is done.
    pub(crate) fn settled(&self) {
        self.store.work_off().unwrap();
        let stuck = self.store.read(outpace_store::jobs::stuck).unwrap();
        assert!(stuck.is_empty(), "stuck: {stuck:?}");
    }

    pub(crate) fn tick(&self) {
        self.system(crate::tick).unwrap();
        self.settled();
    }

    /// Samples people into one tube and reports its result.
    pub(crate) fn tested(&self, tube: &str, people: &[PersonId], purpose: Purpose, outcome: &str) {
        let swabs = people.iter().map(|id| Swab { person: Some(*id), ..Swab::default() }).collect();
        let request = RegisterTube {
            tube: TubeCode::from(tube),
            lane: LaneId(1),
            round: None,
            purpose: Some(purpose),
            people: swabs,
            seal: true,
            occurred_at: None,
        };
        self.system(move |unit, call| register_tube(unit, call, request)).unwrap();
        self.wait_minutes(1);
        let result = ReportedResult {
            tube: tube.to_owned(),
            outcome: outcome.to_owned(),
            ct: Default::default(),
            tested_at: None,
        };
        let request = ReportResults { laboratory: self.laboratory, results: vec![result] };
        self.system(move |unit, call| report_results(unit, call, request)).unwrap();
        self.settled();
    }

    pub(crate) fn plan(&self) -> CurrentPlan {
        self.ask(officer(1, Role::Commander), |tx, call| crate::pages::current(tx, call, PlanQuery { full: true }))
    }

    /// The keys of lines that wait for an officer.
    pub(crate) fn waiting(&self) -> Vec<String> {
        self.plan().lines.into_iter().filter(|line| line.line.waits()).map(|line| line.line.key).collect()
    }

    /// Both commanders say yes to everything that waits.
    pub(crate) fn approve_all(&self) {
        for id in [1, 2] {
            let plan = self.plan().plan;
            let request = crate::approve::Approve { plan, lines: Vec::new(), said_at: None, said_by: None };
            self.act(officer(id, Role::Commander), move |unit, call| crate::approve::approve(unit, call, request))
                .unwrap();
            self.settled();
        }
    }

    pub(crate) fn restrictions(&self, person: PersonId) -> Vec<outpace_isolation::RestrictionKind> {
        let found = self.store.read(|tx| outpace_isolation::in_force_of(tx, person)).unwrap();
        found.into_iter().map(|restriction| restriction.kind).collect()
    }

    pub(crate) fn orders(&self, kind: &str) -> Vec<outpace_orders::Order> {
        let filter = outpace_orders::orders::Filter { kind: Some(kind.to_owned()), ..Default::default() };
        self.store.read(|tx| outpace_orders::orders::list(tx, &filter, None, 10_000)).unwrap()
    }

    pub(crate) fn assert_rebuilds(&self) {
        let rebuilt = self.store.rebuild().unwrap();
        assert_eq!(rebuilt.before, rebuilt.after, "changed: {:?}", rebuilt.changed);
    }

    pub(crate) fn assert_founded(&self) {
        let verified = self.ask(officer(1, Role::Commander), crate::verify::by_the_rules);
        assert!(verified.unfounded.is_empty(), "{:?}", verified.unfounded);
        assert!(verified.checked > 0);
    }
}

/// The first of each family works: in a small town 60 in the distribution centre and all others in the park, in a large
/// one 277, 50, and all others in the county's offices.
fn person(families: i64, family: i64, number: i64) -> ImportPerson {
    let works = number == 0;
    let (centre, park) = if families > 327 { (277, 327) } else { (60, families) };
    let place = if family < centre {
        2
    } else if family < park {
        1
    } else {
        3
    };
    ImportPerson {
        reference: Some(family * 4 + number),
        household: family,
        born: ["1985-03-01", "1986-03-01", "2015-06-01", "1951-03-01"][number as usize].to_owned(),
        sex: Sex::Female,
        tags: BTreeSet::new(),
        workplace: works.then_some(place),
        school: None,
        room: works.then(|| format!("{}", family / 6)),
        vehicle: None,
        absent: false,
        name: None,
        id_number: None,
        phone: None,
        address: None,
    }
}
