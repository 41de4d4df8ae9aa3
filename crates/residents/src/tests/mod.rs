//! Given facts, when a command, then facts: on a real temporary store with everything that a file shows.

mod appeals;
mod cookie;
mod entering;
mod files;

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use outpace_access::actors::Keep;
use outpace_access::admit::Wire;
use outpace_access::{Call, Caller, Office, Rulebook, actors, adoption, glass};
use outpace_contacts::cases::{CaseDates, OpenCase};
use outpace_contacts::{FoundHow, Stage};
use outpace_core::{Actor, ActorId, ActorKind, AreaId, AreaLevel, Clock, PersonId, Refusal, Role, Text, Timestamp};
use outpace_isolation::Restriction;
use outpace_isolation::facilities::{FacilityKind, NewFacility, import_facilities};
use outpace_policy::{Date, Library};
use outpace_registry::areas::{Area, ImportAreas, import_areas};
use outpace_registry::people::{
    ImportHousehold, ImportHouseholds, ImportPeople, ImportPerson, import_households, import_people,
};
use outpace_registry::places::{ImportPlaces, import_places};
use outpace_registry::{HouseholdKind, Sex};
use outpace_response::approve::{Approve, approve};
use outpace_store::{Capabilities, Settings, Store, Tx, Unit};

use crate::entry::{EnterCode, HandOutCode, HandedOut, OwnSession, enter, hand_out_code};
use crate::file::{File, FileQuery};

pub(super) const COUNTY: AreaId = AreaId(140_121);
/// Families live in one and the other by turns.
const VILLAGES: [AreaId; 2] = [AreaId(140_121_203_206), AreaId(140_121_202_202)];
/// Families of three: an adult, another adult, a child of seven.
pub(super) const FAMILIES: i64 = 3;

struct Hands(Arc<AtomicI64>);

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

/// A village of families, with an office that responds.
pub(super) struct House {
    pub(super) store: Store,
    hands: Arc<AtomicI64>,
    rules: Arc<Rulebook>,
    _folder: tempfile::TempDir,
}

/// Somebody who works here, over the county.
pub(super) fn staff(id: i64, role: Role) -> Actor {
    Actor::new(ActorId(id), ActorKind::Account, role, COUNTY)
}

/// A member of a family: families count from 0, members from 0 to 2, the last a child.
pub(super) fn member(family: i64, number: i64) -> PersonId {
    PersonId(family * 3 + number + 1)
}

fn area(id: i64) -> Area {
    Area {
        id: AreaId(id),
        parent: None,
        level: AreaLevel::Village,
        name: format!("区域{id}"),
        name_en: format!("area {id}"),
        lon: None,
        lat: None,
        seat_approximate: true,
        river_side: None,
        kind: None,
        residents: None,
    }
}

fn person(family: i64, number: i64) -> ImportPerson {
    ImportPerson {
        reference: None,
        household: family,
        born: ["1985-03-01", "1986-03-01", "2015-06-01"][number as usize].to_owned(),
        sex: Sex::Female,
        tags: BTreeSet::new(),
        workplace: None,
        school: None,
        room: None,
        vehicle: None,
        absent: false,
        name: Some(format!("试验{}", ["甲", "乙", "丙"][number as usize].repeat(family as usize + 1))),
        id_number: Some(format!("TEST{family:03}{number:03}")),
        phone: None,
        address: None,
    }
}

impl House {
    pub(super) fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let start = Timestamp::parse_local("2022-04-13T09:00", 480).unwrap();
        let hands = Arc::new(AtomicI64::new(start.0));
        let settings = Settings {
            folder: folder.path().to_owned(),
            place: outpace_store::testing::place(folder.path()),
            area: COUNTY,
            drill: true,
            clock: Arc::new(Hands(hands.clone())),
        };
        let capabilities = Capabilities::new(vec![
            actors::capability(),
            adoption::capability(),
            glass::capability(),
            outpace_registry::capability(),
            outpace_orders::capability(),
            outpace_zoning::capability(),
            outpace_isolation::capability(),
            outpace_contacts::capability(),
            outpace_screening::capability(),
            outpace_status::capability(),
            outpace_custody::capability(),
            outpace_response::capability(),
            crate::capability(),
        ]);
        let store = Store::open(settings, capabilities).unwrap();
        let library = Library::embedded();
        let rules = Arc::new(Rulebook {
            pack: library.pack("cn-2021-ed8", Date::constant(2022, 4, 13)).unwrap(),
            playbook: library.playbook().unwrap(),
            profile: library.profile("qingxu").unwrap(),
        });
        let adopted = rules.clone();
        store.write(&store.system(), move |unit| adoption::adopt(unit, &adopted)).unwrap();
        let house = Self { store, hands, rules, _folder: folder };
        house.act(&Actor::system(COUNTY), settle).unwrap();
        house
    }

    pub(super) fn now(&self) -> Timestamp {
        self.store.now()
    }

    pub(super) fn wait_minutes(&self, minutes: i64) {
        self.hands.fetch_add(minutes * 60_000, Ordering::SeqCst);
    }

    pub(super) fn call(&self, actor: &Actor) -> Call {
        Call { actor: actor.clone(), now: self.now(), rules: self.rules.clone(), drill: true }
    }

    pub(super) fn act<T: Send + 'static>(
        &self,
        actor: &Actor,
        command: impl FnOnce(&mut Unit<'_>, &Call) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        let (actor, rules) = (actor.clone(), self.rules.clone());
        let done = self.store.write(&actor.clone(), move |unit| {
            let call = Call { actor, now: unit.now(), rules, drill: true };
            command(unit, &call)
        });
        done.map(|committed| committed.answer)
    }

    pub(super) fn office(&self) -> Office {
        Office::new(self.store.clone(), Rulebook::clone(&self.rules))
    }

    /// Asks as an account, beside what is kept in memory.
    pub(super) fn recall<T>(
        &self,
        actor: &Actor,
        look: impl FnOnce(&Office, &mut Tx<'_>, &Call) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let (office, call) = (self.office(), self.call(actor));
        self.store.read(|tx| look(&office, tx, &call))
    }

    /// A code handed out at the door.
    pub(super) fn code(&self, person: PersonId) -> String {
        let request = HandOutCode { person, way: HandedOut::Door };
        self.act(&staff(30, Role::GridWorker), move |unit, call| hand_out_code(unit, call, request)).unwrap().code
    }

    /// Signs in with a code, as a program does.
    pub(super) fn enter(&self, code: &str) -> Result<OwnSession, Refusal> {
        let nobody = actors::nobody(COUNTY);
        let caller = Caller {
            actor: nobody.clone(),
            signed: None,
            address: IpAddr::V4(Ipv4Addr::LOCALHOST),
            wire: Wire::Local,
            not_of_our_page: None,
            through: None,
        };
        let request = EnterCode { code: code.to_owned(), keep: Keep::Token };
        self.act(&nobody, move |unit, call| enter(unit, &caller, call, request)).map(|entered| entered.answer)
    }

    /// The account of a person who has signed in.
    pub(super) fn resident(&self, person: PersonId) -> Actor {
        let entered = self.enter(&self.code(person)).unwrap();
        actors::by_token(&self.office(), &entered.token.unwrap()).unwrap()
    }

    pub(super) fn file(&self, actor: &Actor, person: Option<PersonId>) -> Result<File, Refusal> {
        self.recall(actor, |office, tx, call| crate::file::file(office, tx, call, FileQuery { person }))
    }

    pub(super) fn settled(&self) {
        self.store.work_off().unwrap();
        let stuck = self.store.read(outpace_store::jobs::stuck).unwrap();
        assert!(stuck.is_empty(), "stuck: {stuck:?}");
    }

    pub(super) fn tick(&self) {
        self.act(&Actor::system(COUNTY), crate::tick).unwrap();
        self.act(&Actor::system(COUNTY), outpace_response::tick).unwrap();
        self.settled();
    }

    /// The first of a family is found infected; two commanders agree to what follows for the others.
    pub(super) fn outbreak_in(&self, family: i64) {
        let request = OpenCase {
            person: member(family, 0),
            stage: Stage::Confirmed,
            found_how: FoundHow::ActiveScreening,
            found_at: None,
            dates: CaseDates { sampled_at: Some(self.now()), ..CaseDates::default() },
            tube: None,
            evidence: None,
        };
        self.act(&staff(20, Role::Tracer), move |unit, call| outpace_contacts::open_case(unit, call, request)).unwrap();
        self.settled();
        for id in [1, 2] {
            let officer = staff(id, Role::Commander);
            let call = self.call(&officer);
            let query = outpace_response::pages::PlanQuery { full: false };
            let plan = self.store.read(|tx| outpace_response::pages::current(tx, &call, query)).unwrap().plan;
            let request = Approve { plan, lines: Vec::new(), said_at: None, said_by: None };
            self.act(&officer, move |unit, call| approve(unit, call, request)).unwrap();
            self.settled();
        }
    }

    pub(super) fn restrictions(&self, person: PersonId) -> Vec<Restriction> {
        self.store.read(|tx| outpace_isolation::in_force_of(tx, person)).unwrap()
    }

    pub(super) fn assert_rebuilds(&self) {
        let rebuilt = self.store.rebuild().unwrap();
        assert_eq!(rebuilt.before, rebuilt.after, "changed: {:?}", rebuilt.changed);
        let verified = self.store.read(|tx| outpace_store::journal::verify(tx, None)).unwrap();
        assert_eq!(verified.broken, Vec::<String>::new());
    }
}

fn settle(unit: &mut Unit<'_>, call: &Call) -> Result<(), Refusal> {
    let source = || "test".to_owned();
    let areas = [COUNTY.0, 140_121_203, 140_121_202, VILLAGES[0].0, VILLAGES[1].0].map(area).to_vec();
    import_areas(unit, call, ImportAreas { source: source(), areas })?;
    let households = (0..FAMILIES)
        .map(|family| ImportHousehold {
            reference: Some(family),
            area: AreaId(VILLAGES[(family % 2) as usize].0 * 1_000 + 1),
            kind: HouseholdKind::Family,
            landlord: None,
            contact: None,
        })
        .collect();
    import_households(unit, call, ImportHouseholds { source: source(), households })?;
    let people = (0..FAMILIES).flat_map(|family| (0..3).map(move |number| person(family, number))).collect();
    import_people(unit, call, ImportPeople { source: source(), by_reference: true, people })?;
    let places = "reference,class,name,area\n1,shop,便利店,140121203206001\n";
    let places = outpace_registry::places::parse_places_csv(places).rows;
    import_places(unit, call, ImportPlaces { source: source(), places })?;
    let facility = |code: &str, kind| NewFacility {
        code: code.to_owned(),
        kind,
        name: code.to_owned(),
        name_en: code.to_owned(),
        area: VILLAGES[0].unknown_grid(),
        place: None,
        lon: None,
        lat: None,
        rooms: 20,
        beds_per_room: 1,
        ready: true,
    };
    import_facilities(
        unit,
        call,
        vec![facility("site", FacilityKind::QuarantineSite), facility("hospital", FacilityKind::Hospital)],
    )?;
    Ok(())
}

pub(super) fn reason() -> Text {
    Text::new("经核查无接触", "looked into: there was no contact")
}
