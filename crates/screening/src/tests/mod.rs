//! Given facts, when a command, then facts: on a real temporary store with its neighbours.

mod again;
mod antigen;
mod chase;
mod guards;
mod lane;
mod lanes;
mod laws;
mod missed;
mod plates;
mod round;
mod speed;
mod way;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use outpace_access::{Call, Rulebook};
use outpace_core::{
    Actor, ActorId, ActorKind, AreaId, AreaLevel, Clock, LaboratoryId, LaneId, PersonId, Refusal, Role, RoundId, Text,
    Timestamp, TubeCode, trigger,
};
use outpace_policy::{Date, Library};
use outpace_registry::areas::{Area, ImportAreas, import_areas};
use outpace_registry::people::{
    HouseholdKind, ImportHousehold, ImportHouseholds, ImportPeople, ImportPerson, Sex, import_households, import_people,
};
use outpace_store::{Capabilities, Capability, Settings, Store, Tx, Unit};

use crate::laboratory::{LaboratorySpec, SetLaboratory, set_laboratory};
use crate::rounds::{self, Method, OpenRound, PlanRound};
use crate::sites::{self, ImportSites, SiteKind, SiteRow};
use crate::tubes::{RegisterTube, Registered, Swab, register_tube};

pub(crate) const COUNTY: AreaId = AreaId(140_121);
/// Two villages; each has grids 001 and 002.
pub(crate) const VILLAGES: [AreaId; 2] = [AreaId(140_121_203_206), AreaId(140_121_100_201)];
/// People of a household in the test county.
pub(crate) const HOUSEHOLD: i64 = 4;

#[derive(Clone)]
struct Hands(Arc<AtomicI64>);

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::Relaxed))
    }
}

/// A county with two villages of people, one site with two lanes, one laboratory.
pub(crate) struct House {
    pub(crate) store: Store,
    hands: Hands,
    pub(crate) rules: Arc<Rulebook>,
    pub(crate) lanes: Vec<LaneId>,
    pub(crate) laboratory: LaboratoryId,
    _folder: tempfile::TempDir,
}

/// 13 April 2022, 14:30 in Qingxu.
pub(crate) fn start() -> Timestamp {
    Timestamp::parse_local("2022-04-13T14:30", 480).unwrap()
}

/// Someone in a role over the county.
pub(crate) fn actor(id: i64, role: Role) -> Actor {
    Actor::new(ActorId(id), ActorKind::Device, role, COUNTY)
}

fn area(id: i64) -> Area {
    Area {
        id: AreaId(id),
        parent: None,
        level: AreaLevel::Village,
        name: format!("区域{id}"),
        name_en: String::new(),
        lon: Some(112.4),
        lat: Some(37.6),
        seat_approximate: true,
        river_side: None,
        kind: None,
        residents: None,
    }
}

fn resident(reference: i64, household: i64, absent: bool) -> ImportPerson {
    ImportPerson {
        reference: Some(reference),
        household,
        born: "1985-03-01".to_owned(),
        sex: Sex::Female,
        tags: BTreeSet::new(),
        workplace: None,
        school: None,
        room: None,
        vehicle: None,
        absent,
        name: None,
        id_number: None,
        phone: None,
        address: None,
    }
}

/// A capability that takes the response's place: it finishes its jobs, so that a test sees what was asked of it.
fn response() -> Capability {
    Capability::new("response").work(trigger::RESPOND, |store, job| {
        let id = job.id;
        store.write(&store.system(), move |unit| unit.finish_job(id))?;
        Ok(())
    })
}

fn capabilities() -> Capabilities {
    Capabilities::new(vec![
        outpace_access::actors::capability(),
        outpace_registry::capability(),
        outpace_orders::capability(),
        outpace_zoning::capability(),
        outpace_isolation::capability(),
        crate::capability(),
        response(),
    ])
}

impl House {
    /// `people` residents over four grids, every tenth absent, in households of [`HOUSEHOLD`].
    pub(crate) fn of(people: i64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let hands = Hands(Arc::new(AtomicI64::new(start().0)));
        let clock = Arc::new(hands.clone());
        let settings = Settings {
            folder: folder.path().to_owned(),
            place: outpace_store::testing::place(folder.path()),
            area: COUNTY,
            drill: true,
            clock,
        };
        let store = Store::open(settings, capabilities()).unwrap();
        let library = Library::embedded();
        let rules = Arc::new(Rulebook {
            pack: library.pack("cn-2021-ed8", Date::constant(2022, 4, 13)).unwrap(),
            playbook: library.playbook().unwrap(),
            profile: library.profile("qingxu").unwrap(),
        });
        let mut house = Self { store, hands, rules, lanes: Vec::new(), laboratory: LaboratoryId(0), _folder: folder };
        house.settle(people);
        house.furnish();
        house
    }

    /// Forty people.
    pub(crate) fn small() -> Self {
        Self::of(40)
    }

    fn settle(&self, people: i64) {
        let codes = [140_121, 140_121_203, 140_121_100, VILLAGES[0].0, VILLAGES[1].0];
        let areas = codes.map(area).to_vec();
        self.act(|unit, call| import_areas(unit, call, ImportAreas { source: "test".to_owned(), areas })).unwrap();
        for first in (0..people).step_by(20_000) {
            let last = people.min(first + 20_000);
            let households = (first / HOUSEHOLD..(last + HOUSEHOLD - 1) / HOUSEHOLD)
                .map(|household| ImportHousehold {
                    reference: Some(household),
                    area: grid_of(household * HOUSEHOLD, people),
                    kind: HouseholdKind::Family,
                    landlord: None,
                    contact: None,
                })
                .collect();
            let request = ImportHouseholds { source: "test".to_owned(), households };
            self.act(move |unit, call| import_households(unit, call, request)).unwrap();
            let people = (first..last).map(|index| resident(index, index / HOUSEHOLD, index % 10 == 9)).collect();
            let request = ImportPeople { source: "test".to_owned(), by_reference: true, people };
            self.act(move |unit, call| import_people(unit, call, request)).unwrap();
        }
    }

    fn furnish(&mut self) {
        let site = |key: &str, kind| SiteRow {
            key: key.to_owned(),
            name: Text::new("一号点", "Site one"),
            area: VILLAGES[0].unknown_grid(),
            kind,
            lon: None,
            lat: None,
            lanes: 2,
            samplers: 1,
            people_per_hour: None,
            opens_minute: None,
            closes_minute: None,
            open: true,
        };
        let sites = vec![site("one", SiteKind::Ordinary), site("fever", SiteKind::Abnormal)];
        self.act(|unit, call| sites::import_sites(unit, call, ImportSites { sites })).unwrap();
        self.lanes = (1..=4).map(LaneId).collect();
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

    /// Moves the clock.
    pub(crate) fn wait_minutes(&self, minutes: i64) {
        self.hands.0.fetch_add(minutes * 60_000, Ordering::Relaxed);
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.hands.now()
    }

    fn call(&self, actor: &Actor) -> Call {
        Call { actor: actor.clone(), now: self.now(), rules: Arc::clone(&self.rules), drill: true }
    }

    pub(crate) fn act<T: Send + 'static>(
        &self,
        command: impl FnOnce(&mut Unit<'_>, &Call) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        self.act_as(&actor(7, Role::SiteManager), command)
    }

    pub(crate) fn act_as<T: Send + 'static>(
        &self,
        actor: &Actor,
        command: impl FnOnce(&mut Unit<'_>, &Call) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        let call = self.call(actor);
        Ok(self.store.write(actor, move |unit| command(unit, &call))?.answer)
    }

    pub(crate) fn ask<T>(&self, look: impl FnOnce(&mut Tx<'_>, &Call) -> Result<T, Refusal>) -> Result<T, Refusal> {
        let call = self.call(&self.store.system());
        self.store.read(|tx| look(tx, &call))
    }

    pub(crate) fn read<T>(&self, look: impl FnOnce(&mut Tx<'_>) -> outpace_store::Result<T>) -> T {
        self.store.read(look).unwrap()
    }

    pub(crate) fn plan(&self, method: Method, areas: &[AreaId]) -> rounds::RoundView {
        let areas = areas.to_vec();
        let ends_at = Some(self.now().plus_hours(6));
        self.act(move |unit, call| {
            let request = PlanRound {
                key: format!("{}-{}", method.word(), areas[0]),
                name: Text::new("第一轮", "Round one"),
                method,
                areas,
                places: Vec::new(),
                people: Vec::new(),
                starts_at: None,
                ends_at,
                pool_group: Some("control".to_owned()),
            };
            rounds::plan_round(unit, call, request)
        })
        .unwrap()
    }

    /// Plans and opens a round of the whole county, ten to a tube.
    pub(crate) fn open_round(&self, method: Method) -> RoundId {
        self.open_round_of(method, &[COUNTY])
    }

    /// Plans and opens a round of some areas; another list of areas is another round.
    pub(crate) fn open_round_of(&self, method: Method, areas: &[AreaId]) -> RoundId {
        let planned = self.plan(method, areas);
        let acknowledged = planned.forecast.map(|forecast| forecast.last_result_at);
        let request = OpenRound { round: planned.round, acknowledged_last_result_at: acknowledged };
        self.act(move |unit, call| rounds::open_round(unit, call, request)).unwrap().round
    }

    /// Registers a sealed tube of people at the first lane.
    pub(crate) fn tube(&self, round: RoundId, code: &str, people: &[i64]) -> Registered {
        self.register(request(round, self.lanes[0], code, people)).unwrap()
    }

    pub(crate) fn register(&self, request: RegisterTube) -> Result<Registered, Refusal> {
        self.act(move |unit, call| register_tube(unit, call, request))
    }

    /// The read models fold again to the same digest.
    pub(crate) fn assert_rebuilds(&self) {
        let rebuilt = self.store.rebuild().unwrap();
        assert_eq!(rebuilt.before, rebuilt.after, "changed: {:?}", rebuilt.changed);
    }

    /// Nothing is lost, and the coverage of every grid adds up.
    pub(crate) fn assert_balanced(&self) -> crate::flow::Balance {
        let query = crate::flow::ConservationQuery { round: None, recount: true };
        let balance = self.read(|tx| crate::conservation(tx, &query));
        assert_eq!((balance.difference, balance.people_difference), (0, 0), "{balance:?}");
        for round in self.read(|tx| crate::all_rounds(tx, None, 100)) {
            let grids = self.read(|tx| crate::coverage::by_area(tx, round.id, COUNTY, AreaLevel::Grid));
            for (grid, coverage) in grids {
                assert!(coverage.adds_up(), "{grid}: {coverage:?}");
            }
        }
        balance
    }

    pub(crate) fn open_conflicts(&self) -> i64 {
        self.read(outpace_orders::conflicts::open_count)
    }
}

/// The home grid of the person with this place in the import.
pub(crate) fn grid_of(index: i64, people: i64) -> AreaId {
    let quarter = (index * 4 / people.max(1)).min(3);
    AreaId(VILLAGES[usize::try_from(quarter / 2).unwrap()].0 * 1_000 + quarter % 2 + 1)
}

pub(crate) fn request(round: RoundId, lane: LaneId, code: &str, people: &[i64]) -> RegisterTube {
    RegisterTube {
        tube: TubeCode::from(code),
        lane,
        round: Some(round),
        purpose: None,
        people: people.iter().map(|id| Swab { person: Some(PersonId(*id)), ..Swab::default() }).collect(),
        seal: true,
        occurred_at: None,
    }
}
