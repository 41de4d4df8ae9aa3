//! Given facts, when a command, then facts: on a real temporary store, with the rules of the 8th edition.

mod cases;
mod others;
mod tracing;
mod visits;

use std::collections::BTreeSet;
use std::sync::Arc;

use outpace_access::{Call, Rulebook};
use outpace_core::{
    Actor, ActorId, ActorKind, AreaId, AreaLevel, Clock, PersonId, PlaceId, Refusal, Role, Timestamp, Trigger, trigger,
};
use outpace_policy::{Date, Library};
use outpace_registry::areas::{Area, ImportAreas, import_areas};
use outpace_registry::people::{
    HouseholdKind, ImportHousehold, ImportHouseholds, ImportPeople, ImportPerson, Sex, import_households, import_people,
};
use outpace_registry::places::{ImportPlaces, ImportVehicles, import_places, import_vehicles};
use outpace_store::{Capabilities, Capability, Settings, Store, StoreError, Tx, Unit, values};

use crate::cases::{Case, CaseDates, FoundHow, OpenCase, Stage, open_case};

pub(crate) const COUNTY: AreaId = AreaId(140_121);
pub(crate) const VILLAGE: AreaId = AreaId(140_121_203_206);

struct Fixed(Timestamp);

impl Clock for Fixed {
    fn now(&self) -> Timestamp {
        self.0
    }
}

/// A store with one village, three households of two people each, a park with a distribution centre, a shop, a bus.
pub(crate) struct House {
    pub(crate) store: Store,
    rules: Arc<Rulebook>,
    _folder: tempfile::TempDir,
}

pub(crate) const PARK: PlaceId = PlaceId(1);
pub(crate) const CENTRE: PlaceId = PlaceId(2);
pub(crate) const SHOP: PlaceId = PlaceId(3);

pub(crate) fn at(text: &str) -> Timestamp {
    Timestamp::parse_local(text, 480).unwrap()
}

pub(crate) fn now() -> Timestamp {
    at("2022-04-13T01:30")
}

fn person(household: i64) -> ImportPerson {
    ImportPerson {
        reference: None,
        household,
        born: "1980-01-02".to_owned(),
        sex: Sex::Male,
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

fn fill(unit: &mut Unit<'_>, call: &Call) -> Result<(), Refusal> {
    let source = "test".to_owned();
    let area = |id: i64| Area {
        id: AreaId(id),
        parent: None,
        level: AreaLevel::Village,
        name: id.to_string(),
        name_en: String::new(),
        lon: None,
        lat: None,
        seat_approximate: false,
        river_side: None,
        kind: None,
        residents: None,
    };
    let areas = vec![area(COUNTY.0), area(140_121_203), area(VILLAGE.0)];
    import_areas(unit, call, ImportAreas { source: source.clone(), areas })?;
    let household = |reference| ImportHousehold {
        reference: Some(reference),
        area: VILLAGE,
        kind: HouseholdKind::Family,
        landlord: None,
        contact: None,
    };
    let households = (1..=3).map(household).collect();
    import_households(unit, call, ImportHouseholds { source: source.clone(), households })?;
    let places = "reference,class,name,area,part_of\n1,logistics_park,园区,140121203206901,\n\
        2,distribution_centre,分拨中心,140121203206901,1\n3,shop,便利店,140121203206001,\n";
    let places = outpace_registry::places::parse_places_csv(places).rows;
    import_places(unit, call, ImportPlaces { source: source.clone(), places })?;
    let vehicles = outpace_registry::places::parse_vehicles_csv("kind,plate,seats\nline_bus,演A1,40\n").rows;
    import_vehicles(unit, call, ImportVehicles { source: source.clone(), vehicles })?;
    let people = [1, 1, 2, 2, 3, 3].map(person).to_vec();
    import_people(unit, call, ImportPeople { source, by_reference: true, people })?;
    Ok(())
}

impl House {
    pub(crate) fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(Fixed(now()));
        let settings = Settings {
            folder: folder.path().to_owned(),
            place: outpace_store::testing::place(folder.path()),
            area: COUNTY,
            drill: true,
            clock,
        };
        let listener = Capability::new("listener").work(trigger::RESPOND, |store, job| {
            let id = job.id;
            store.write(&store.system(), move |unit| unit.finish_job(id)).map(|_| ())
        });
        let capabilities =
            vec![outpace_registry::capability(), outpace_orders::capability(), crate::capability(), listener];
        let store = Store::open(settings, Capabilities::new(capabilities)).unwrap();
        let library = Library::embedded();
        let rules = Arc::new(Rulebook {
            pack: library.pack("cn-2021-ed8", Date::constant(2022, 4, 13)).unwrap(),
            playbook: library.playbook().unwrap(),
            profile: library.profile("qingxu").unwrap(),
        });
        let house = Self { store, rules, _folder: folder };
        house.act(fill).unwrap();
        house
    }

    pub(crate) fn call(&self) -> Call {
        let actor = Actor::new(ActorId(7), ActorKind::Account, Role::Tracer, COUNTY);
        Call { actor, now: now(), rules: Arc::clone(&self.rules), drill: true }
    }

    pub(crate) fn act<T: Send + 'static>(
        &self,
        command: impl FnOnce(&mut Unit<'_>, &Call) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        let call = self.call();
        Ok(self.store.write(&call.actor.clone(), move |unit| command(unit, &call))?.answer)
    }

    /// What the command makes the response look at.
    pub(crate) fn triggers<T: Send + 'static>(
        &self,
        command: impl FnOnce(&mut Unit<'_>, &Call) -> Result<T, Refusal> + Send + 'static,
    ) -> Vec<Trigger> {
        self.act(move |unit, call| {
            let newest = queued(unit.tx(), 0)?.last().map_or(0, |(id, _)| *id);
            command(unit, call)?;
            Ok(queued(unit.tx(), newest)?.into_iter().map(|(_, trigger)| trigger).collect())
        })
        .unwrap()
    }

    pub(crate) fn read<T>(&self, look: impl FnOnce(&mut Tx<'_>) -> outpace_store::Result<T>) -> T {
        self.store.read(look).unwrap()
    }

    pub(crate) fn ask<T>(&self, look: impl FnOnce(&mut Tx<'_>, &Call) -> Result<T, Refusal>) -> Result<T, Refusal> {
        let call = self.call();
        self.store.read(|tx| look(tx, &call))
    }

    pub(crate) fn case(&self, person: i64) -> Case {
        let request = OpenCase {
            person: PersonId(person),
            stage: Stage::Preliminary,
            found_how: FoundHow::ActiveScreening,
            found_at: None,
            dates: CaseDates { sampled_at: Some(at("2022-04-12T20:00")), ..CaseDates::default() },
            tube: None,
            evidence: None,
        };
        self.act(|unit, call| open_case(unit, call, request)).unwrap()
    }

    /// The kinds of conflicts that are open.
    pub(crate) fn conflicts(&self) -> i64 {
        self.read(outpace_orders::conflicts::open_count)
    }

    pub(crate) fn assert_rebuilds(&self) {
        let rebuilt = self.store.rebuild().unwrap();
        assert_eq!(rebuilt.before, rebuilt.after, "changed: {:?}", rebuilt.changed);
    }
}

fn queued(tx: &mut Tx<'_>, after: i64) -> Result<Vec<(i64, Trigger)>, StoreError> {
    let j = tx.jurisdiction();
    let rows = tx.query(
        "SELECT id, payload FROM job WHERE j = $1 AND id > $2 AND kind = $3 ORDER BY id",
        values![j, after, trigger::RESPOND],
        |row| Ok((row.get::<i64>(0)?, row.get::<String>(1)?)),
    )?;
    Ok(rows.into_iter().map(|(id, payload)| (id, serde_json::from_str(&payload).unwrap())).collect())
}

#[test]
fn the_routes_describe_themselves_under_names_of_their_own() {
    let routes = crate::routes().and(outpace_registry::routes());
    let document = outpace_access::openapi::document(&routes, "test");
    let schemas = document["components"]["schemas"].as_object().unwrap();
    for name in ["CaseStage", "RegistryPersonQuery", "RegistryAreaQuery"] {
        assert!(schemas.contains_key(name), "{name} is missing");
    }
    let text = document.to_string();
    for reference in text.split("#/components/schemas/").skip(1) {
        let name = reference.split('"').next().unwrap();
        assert!(schemas.contains_key(name), "{name} is referred to and not described");
    }
}
