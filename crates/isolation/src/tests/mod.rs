//! Given facts, when a command, then facts: on a real temporary store, with the rules of the 8th edition.

mod moving;
mod planning;
mod restricting;
mod routes;
mod sequences;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use outpace_access::{Call, Rulebook};
use outpace_core::{
    Actor, ActorId, ActorKind, AreaId, BedId, CaseId, Clock, FacilityId, PersonId, Refusal, Role, Seq, Text, Timestamp,
    VehicleId,
};
use outpace_policy::{Date, Library};
use outpace_registry::areas::ImportAreas;
use outpace_registry::people::{ImportHousehold, ImportHouseholds, ImportPeople, ImportPerson};
use outpace_registry::places::{ImportVehicles, ImportedVehicle};
use outpace_registry::{HouseholdKind, Sex, VehicleKind};
use outpace_store::{Capabilities, Settings, Store, Unit};
use outpace_zoning::Ground;

use crate::facilities::{Bed, BedState, FacilityKind, NewFacility};
use crate::{Because, NewRestriction, NewTransfer, PassengerKind, RestrictionKind, TransferId};

pub(crate) const HOUR_MS: i64 = 3_600_000;
pub(crate) const COUNTY: AreaId = AreaId(140_121);
const VILLAGE: AreaId = AreaId(140_121_203_206);

pub(crate) struct Fixed(AtomicI64);

impl Clock for Fixed {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

/// A small house: one village, some people, buses, ambulances, a quarantine site and a hospital.
pub(crate) struct House {
    pub store: Store,
    clock: Arc<Fixed>,
    pub rules: Arc<Rulebook>,
    pub site: FacilityId,
    pub hospital: FacilityId,
    _folder: tempfile::TempDir,
}

/// How large the small house is.
pub(crate) struct Size {
    pub people: i64,
    pub buses: i64,
    pub seats: i64,
    pub rooms: u32,
    pub beds_per_room: u32,
}

impl Default for Size {
    fn default() -> Self {
        Self { people: 12, buses: 3, seats: 8, rooms: 10, beds_per_room: 1 }
    }
}

impl House {
    pub fn open() -> Self {
        Self::of(Size::default())
    }

    pub fn of(size: Size) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let start = Timestamp::parse_local("2022-04-13T16:00", 480).unwrap();
        let clock = Arc::new(Fixed(AtomicI64::new(start.0)));
        let settings = Settings {
            folder: folder.path().to_owned(),
            place: outpace_store::testing::place(folder.path()),
            area: COUNTY,
            drill: true,
            clock: Arc::clone(&clock) as _,
        };
        let capabilities = Capabilities::new(vec![
            outpace_registry::capability(),
            outpace_orders::capability(),
            outpace_zoning::capability(),
            crate::capability(),
        ]);
        let store = Store::open(settings, capabilities).unwrap();
        let library = Library::embedded();
        let rules = Arc::new(Rulebook {
            pack: library.pack("cn-2021-ed8", Date::constant(2022, 4, 13)).unwrap(),
            playbook: library.playbook().unwrap(),
            profile: library.profile("qingxu").unwrap(),
        });
        let mut house = Self { store, clock, rules, site: FacilityId(0), hospital: FacilityId(0), _folder: folder };
        house.furnish(&size);
        house
    }

    fn furnish(&mut self, size: &Size) {
        let facilities = vec![
            new_facility("site", FacilityKind::QuarantineSite, size.rooms, size.beds_per_room),
            new_facility("hospital", FacilityKind::Hospital, 2, 2),
        ];
        let (people, buses, seats) = (size.people, size.buses, size.seats);
        let ids = self
            .system(move |unit, call| {
                bring_in(unit, call, people, buses, seats)?;
                crate::facilities::import_facilities(unit, call, facilities)
            })
            .unwrap();
        (self.site, self.hospital) = (ids[0], ids[1]);
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub fn pass_ms(&self, ms: i64) {
        self.clock.0.fetch_add(ms, Ordering::SeqCst);
    }

    pub fn act<T: Send + 'static>(
        &self,
        actor: Actor,
        command: impl FnOnce(&mut Unit<'_>, &Call) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        let rules = Arc::clone(&self.rules);
        let done = self.store.write(&actor.clone(), move |unit| {
            let call = Call { actor, now: unit.now(), rules, drill: true };
            command(unit, &call)
        });
        done.map(|committed| committed.answer)
    }

    pub fn system<T: Send + 'static>(
        &self,
        command: impl FnOnce(&mut Unit<'_>, &Call) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        self.act(Actor::system(COUNTY), command)
    }

    /// Orders people to move, and answers their transfers.
    pub fn order(&self, people: &[i64], kind: PassengerKind) -> Vec<TransferId> {
        let to = if kind == PassengerKind::Case { self.hospital } else { self.site };
        let news = people.iter().map(|person| new_transfer(*person, kind, Some(to))).collect();
        self.system(move |unit, call| crate::order_transfers(unit, call, news)).unwrap()
    }

    /// What must hold after any command: no bed has two people, nobody two beds, the counts are those of the beds, and
    /// everyone ordered to move is somewhere.
    pub fn check_laws(&self) {
        let facilities = self.store.read(crate::facilities::facilities).unwrap();
        // Somebody may lie in one bed and have another reserved: a contact who became a case.
        let mut owners: BTreeSet<(PersonId, BedState)> = BTreeSet::new();
        for facility in facilities {
            let id = facility.id;
            let beds = self.store.read(|tx| crate::facilities::beds_of(tx, id, BedId(0), 10_000)).unwrap();
            for bed in &beds {
                let held = matches!(bed.state, BedState::Reserved | BedState::Occupied);
                assert_eq!(bed.person.is_some(), held, "{bed:?}");
                if let Some(person) = bed.person {
                    assert!(owners.insert((person, bed.state)), "{person} has two beds");
                }
            }
            let count = |state| i64::try_from(beds.iter().filter(|bed: &&Bed| bed.state == state).count()).unwrap();
            let counted = [
                count(BedState::Free),
                count(BedState::Reserved),
                count(BedState::Occupied),
                count(BedState::Cleaning),
            ];
            assert_eq!([facility.free, facility.reserved, facility.occupied, facility.cleaning], counted);
            let rooms: BTreeSet<_> = beds.iter().map(|bed| bed.room).collect();
            let taken: BTreeSet<_> =
                beds.iter().filter(|bed| bed.state != BedState::Free).map(|bed| bed.room).collect();
            assert_eq!(facility.rooms_free, i64::try_from(rooms.len() - taken.len()).unwrap());
        }
        let law = self.store.read(crate::people_conservation).unwrap();
        assert_eq!((law.difference, law.transfers.as_slice()), (0, [].as_slice()), "{law:?}");
        let counts = self.store.read(crate::tally::all).unwrap();
        let tally = |name: &str| counts.get(name).copied().unwrap_or(0);
        assert_eq!(
            [law.ordered, law.waiting, law.under_way, law.admitted, law.excused],
            [
                tally("transfers_ordered"),
                tally("transfers_waiting"),
                tally("transfers_under_way"),
                tally("transfers_admitted"),
                tally("transfers_excused"),
            ]
        );
    }

    pub fn check_rebuild(&self) {
        let rebuilt = self.store.rebuild().unwrap();
        assert_eq!(rebuilt.before, rebuilt.after, "{:?}", rebuilt.changed);
    }
}

fn bring_in(unit: &mut Unit<'_>, call: &Call, people: i64, buses: i64, seats: i64) -> Result<(), Refusal> {
    let parsed = outpace_registry::areas::parse_areas_csv(&format!("code,name\n{VILLAGE},某村\n"));
    let areas = ImportAreas { source: "test".to_owned(), areas: parsed.rows };
    outpace_registry::areas::import_areas(unit, call, areas)?;
    let household =
        ImportHousehold { reference: None, area: VILLAGE, kind: HouseholdKind::Family, landlord: None, contact: None };
    let households = vec![household; usize::try_from(people).unwrap()];
    let households = ImportHouseholds { source: "test".to_owned(), households };
    outpace_registry::people::import_households(unit, call, households)?;
    let people = (1..=people).map(new_person).collect();
    let people = ImportPeople { source: "test".to_owned(), by_reference: false, people };
    outpace_registry::people::import_people(unit, call, people)?;
    let bus = (1..=buses).map(|number| new_vehicle(VehicleKind::Bus, number, seats));
    let ambulance = (1..=2).map(|number| new_vehicle(VehicleKind::Ambulance, number, 3));
    let vehicles = ImportVehicles { source: "test".to_owned(), vehicles: bus.chain(ambulance).collect() };
    outpace_registry::places::import_vehicles(unit, call, vehicles)?;
    Ok(())
}

fn new_person(household: i64) -> ImportPerson {
    ImportPerson {
        reference: None,
        household,
        born: "1990-01-01".to_owned(),
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

fn new_vehicle(kind: VehicleKind, number: i64, seats: i64) -> ImportedVehicle {
    ImportedVehicle {
        reference: None,
        kind,
        plate: format!("{}-{number}", kind.word()),
        name: String::new(),
        name_en: String::new(),
        seats,
        drivers: 2,
        sealed: true,
    }
}

fn new_facility(code: &str, kind: FacilityKind, rooms: u32, beds_per_room: u32) -> NewFacility {
    NewFacility {
        code: code.to_owned(),
        kind,
        name: code.to_owned(),
        name_en: code.to_owned(),
        area: VILLAGE.unknown_grid(),
        place: None,
        lon: None,
        lat: None,
        rooms,
        beds_per_room,
        ready: true,
    }
}

pub(crate) fn commander() -> Actor {
    Actor::new(ActorId(7), ActorKind::Account, Role::Commander, COUNTY)
}

pub(crate) fn ground() -> Ground {
    Ground {
        reason: Text::new("同管阳性", "member of a positive pool"),
        clause: "screening guide ed. 3, pool positive".to_owned(),
        facts: vec![Seq(1)],
        assessment: None,
    }
}

pub(crate) fn new_restriction(person: i64, kind: RestrictionKind, at: Timestamp, hours: i64) -> NewRestriction {
    NewRestriction {
        person: PersonId(person),
        kind,
        ground: ground(),
        because_of: Because::Case(CaseId(1)),
        class: None,
        starts_at: at,
        ends_at: at.plus_hours(hours),
        test_days: Vec::new(),
        plan: None,
    }
}

pub(crate) fn new_transfer(person: i64, kind: PassengerKind, to: Option<FacilityId>) -> NewTransfer {
    NewTransfer {
        person: PersonId(person),
        to,
        kind,
        because_of: Because::Case(CaseId(1)),
        from_place: None,
        guardian: None,
        plan: None,
    }
}

pub(crate) fn bus(number: i64) -> VehicleId {
    VehicleId(number)
}

pub(crate) fn signed() -> Vec<ActorId> {
    vec![ActorId(1), ActorId(2)]
}
