//! Given facts, when a command, then facts: on a real temporary store, with the rules of the 8th edition.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use outpace_access::{Call, Rulebook};
use outpace_core::{
    Actor, ActorId, ActorKind, AreaId, Clock, PersonId, PlaceId, Refusal, Role, Seq, Text, Timestamp, ZoneId,
};
use outpace_policy::{Date, Library, ZoneLevel};
use outpace_store::{Capabilities, Settings, Store, Unit};
use proptest::prelude::*;

use crate::closures::{EndReason, ExtendHold, NewClosure, commands as closing};
use crate::passes::{self, NewPass};
use crate::zones::rules::{net_population, outermost};
use crate::zones::{DutyKind, Lift, NewZone, Zone, ZoneChange, ZonePopulation};
use crate::{Ground, ImposedBy};

const HOUR: i64 = 3_600_000;
const COUNTY: AreaId = AreaId(140_121);
const VILLAGE: AreaId = AreaId(140_121_203_206);

struct Fixed(AtomicI64);

impl Clock for Fixed {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

struct House {
    store: Store,
    clock: Arc<Fixed>,
    rules: Arc<Rulebook>,
    _folder: tempfile::TempDir,
}

impl House {
    fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let start = Timestamp::parse_local("2022-04-13T14:30", 480).unwrap();
        let clock = Arc::new(Fixed(AtomicI64::new(start.0)));
        let settings = Settings {
            folder: folder.path().to_owned(),
            place: outpace_store::testing::place(folder.path()),
            area: COUNTY,
            drill: true,
            clock: Arc::clone(&clock) as _,
        };
        let capabilities = Capabilities::new(vec![outpace_registry::capability(), crate::capability()]);
        let store = Store::open(settings, capabilities).unwrap();
        let library = Library::embedded();
        let rules = Arc::new(Rulebook {
            pack: library.pack("cn-2021-ed8", Date::constant(2022, 4, 13)).unwrap(),
            playbook: library.playbook().unwrap(),
            profile: library.profile("qingxu").unwrap(),
        });
        Self { store, clock, rules, _folder: folder }
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn pass_hours(&self, hours: i64) {
        self.clock.0.fetch_add(hours * HOUR, Ordering::SeqCst);
    }

    fn act<T: Send + 'static>(
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

    fn system<T: Send + 'static>(
        &self,
        command: impl FnOnce(&mut Unit<'_>, &Call) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        self.act(Actor::system(COUNTY), command)
    }
}

fn commander() -> Actor {
    Actor::new(ActorId(7), ActorKind::Account, Role::Commander, COUNTY)
}

fn ground() -> Ground {
    Ground {
        reason: Text::new("出现阳性", "a positive was found"),
        clause: "8th ed., zones".to_owned(),
        facts: vec![Seq(1)],
        assessment: None,
    }
}

fn lift() -> Lift {
    Lift { rule: Text::new("14天无新增", "14 days without a case"), earliest_at: None }
}

fn zone_of(areas: &[AreaId], level: ZoneLevel, at: Timestamp) -> NewZone {
    NewZone {
        name: Text::new("某村", "a village"),
        areas: areas.to_vec(),
        places: Vec::new(),
        level,
        risk: None,
        ground: ground(),
        starts_at: at,
        lift: lift(),
        plan: None,
        notice: None,
    }
}

fn closure(at: Timestamp) -> NewClosure {
    NewClosure { ground: ground(), starts_at: at, ends_at: None, lift: lift(), plan: None, notice: None }
}

#[test]
fn a_zone_counts_until_it_is_lifted_and_the_strictest_wins() {
    let house = House::open();
    let at = house.now();
    let inner = house
        .system(move |unit, call| {
            crate::declare(unit, call, zone_of(&[COUNTY], ZoneLevel::Precaution, at))?;
            let mut locked = zone_of(&[VILLAGE], ZoneLevel::Lockdown, at);
            locked.risk = Some(ZoneLevel::Medium);
            let first = crate::declare(unit, call, locked.clone())?;
            assert_eq!(crate::declare(unit, call, locked)?, first, "the same zone twice is one zone");
            Ok(first)
        })
        .unwrap();
    let level = |area: AreaId| house.store.read(|tx| crate::level_at(tx, area)).unwrap();
    let grid = AreaId(140_121_203_206_001);
    assert_eq!(level(grid), Some(ZoneLevel::Lockdown));
    assert_eq!(level(AreaId(140_121_100)), Some(ZoneLevel::Precaution));
    assert_eq!(level(AreaId(140_105)), None);
    house.system(move |unit, call| crate::lift(unit, call, inner, Text::new("达到条件", "met"))).unwrap();
    assert_eq!(level(grid), Some(ZoneLevel::Precaution));
    let zone = house.store.read(|tx| crate::zone(tx, inner)).unwrap().unwrap();
    assert_eq!(zone.lifted_at, Some(at));
    let rebuilt = house.store.rebuild().unwrap();
    assert_eq!(rebuilt.before, rebuilt.after);
}

#[test]
fn a_measure_without_a_reason_is_refused() {
    let house = House::open();
    let at = house.now();
    for break_it in [
        (|zone: &mut NewZone| zone.ground.reason.zh.clear()) as fn(&mut NewZone),
        |zone| zone.ground.reason.en.clear(),
        |zone| zone.ground.clause.clear(),
        |zone| zone.ground.facts.clear(),
    ] {
        let mut zone = zone_of(&[VILLAGE], ZoneLevel::Lockdown, at);
        break_it(&mut zone);
        let refused = house.system(move |unit, call| crate::declare(unit, call, zone)).unwrap_err();
        assert_eq!(refused.code, "no_reason");
    }
    let mut zone = zone_of(&[VILLAGE], ZoneLevel::Lockdown, at);
    zone.risk = Some(ZoneLevel::Control);
    assert_eq!(house.system(move |unit, call| crate::declare(unit, call, zone)).unwrap_err().code, "risk_beside");
    assert_eq!(house.store.head().seq, Seq(0), "a refusal leaves no fact");
}

#[test]
fn a_zone_outside_the_actors_area_is_refused() {
    let house = House::open();
    let at = house.now();
    let other = zone_of(&[AreaId(140_105)], ZoneLevel::Control, at);
    assert_eq!(house.act(commander(), move |unit, call| crate::declare(unit, call, other)).unwrap_err().status, 403);
}

#[test]
fn a_zone_keeps_the_history_of_its_levels_and_a_lifted_one_cannot_be_changed() {
    let house = House::open();
    let at = house.now();
    let id = house.system(move |unit, call| crate::declare(unit, call, zone_of(&[VILLAGE], ZoneLevel::Control, at)));
    let id = id.unwrap();
    let change = |level| ZoneChange { level, risk: None, ground: ground(), lift: lift(), plan: None, name: None };
    house.pass_hours(3);
    house.system(move |unit, call| crate::change(unit, call, id, change(ZoneLevel::Lockdown))).unwrap();
    let steps = house.store.read(|tx| crate::zones::store::steps(tx, id)).unwrap();
    let levels: Vec<_> = steps.iter().map(|step| (step.level, step.from_at)).collect();
    assert_eq!(levels, [(ZoneLevel::Control, at), (ZoneLevel::Lockdown, house.now())]);
    let called = |house: &House| house.store.read(|tx| crate::zone(tx, id)).unwrap().unwrap().name;
    let before = called(&house);
    let renamed = ZoneChange { name: Some(Text::new("管控区", "control")), ..change(ZoneLevel::Control) };
    house.system(move |unit, call| crate::change(unit, call, id, renamed)).unwrap();
    assert_ne!(called(&house), before, "a zone is not called by its old level");
    house.system(move |unit, call| crate::lift(unit, call, id, Text::new("解除", "lifted"))).unwrap();
    let refused = house.system(move |unit, call| crate::change(unit, call, id, change(ZoneLevel::Control)));
    assert_eq!(refused.unwrap_err().code, "zone_lifted");
}

#[test]
fn what_others_imposed_is_seen_and_enforces_nothing() {
    let house = House::open();
    let at = house.now();
    let by = ImposedBy { whom: "township office".to_owned(), order_number: None, known_by: "complaint".to_owned() };
    let mut zone = zone_of(&[VILLAGE], ZoneLevel::Lockdown, at);
    zone.ground.facts.clear();
    house.system(move |unit, call| crate::zones::observe(unit, call, zone, by)).unwrap();
    assert_eq!(house.store.read(|tx| crate::level_at(tx, VILLAGE)).unwrap(), None);
    assert!(house.store.read(crate::in_force).unwrap().is_empty());
    assert_eq!(house.store.read(crate::zones::observed).unwrap().len(), 1);
}

#[test]
fn a_lapsed_hold_of_a_place_was_warned_about_and_is_counted_as_our_failure() {
    let house = House::open();
    let at = house.now();
    let place = PlaceId(5);
    let id = house.system(move |unit, call| hold(unit, call, at)).unwrap();
    let again = house.system(move |unit, call| hold(unit, call, at)).unwrap();
    assert_eq!(id, again, "a held place is held once");
    let ends_at = house.store.read(|tx| crate::hold_of_place(tx, place)).unwrap().unwrap().ends_at.unwrap();
    assert_eq!(ends_at, at.plus_hours(12));
    house.pass_hours(11);
    assert_eq!(house.system(crate::tick).unwrap().warned, [id]);
    assert_eq!(house.system(crate::tick).unwrap(), crate::Ticked::default(), "a warning goes out once");
    house.pass_hours(1);
    assert_eq!(house.system(crate::tick).unwrap().lapsed, [id]);
    let closure = house.store.read(|tx| crate::closures::closure(tx, id)).unwrap().unwrap();
    assert_eq!(closure.ended_why, Some(EndReason::Lapsed));
    assert_eq!(house.store.read(crate::closures::store::holds_lapsed).unwrap(), 1);
    assert!(house.store.read(|tx| crate::hold_of_place(tx, place)).unwrap().is_none());
}

fn hold(unit: &mut Unit<'_>, call: &Call, at: Timestamp) -> Result<outpace_core::ClosureId, Refusal> {
    // A place without a row in the registry: the target is given whole.
    closing::begin_hold_at(unit, call, PlaceId(5), AreaId(140_121_203_206_001), closure(at))
}

#[test]
fn a_hold_is_extended_once_by_a_named_officer_with_a_reason() {
    let house = House::open();
    let at = house.now();
    let id = house.system(move |unit, call| hold(unit, call, at)).unwrap();
    let request = move || ExtendHold { closure: id, reason: Text::new("检测未完成", "tests are not done") };
    let by_system = house.system(move |unit, call| crate::extend_hold(unit, call, request()));
    assert_eq!(by_system.unwrap_err().code, "no_officer");
    let silent = ExtendHold { closure: id, reason: Text::new("", " ") };
    let without = house.act(commander(), move |unit, call| crate::extend_hold(unit, call, silent));
    assert_eq!(without.unwrap_err().code, "no_reason");
    let extended = house.act(commander(), move |unit, call| crate::extend_hold(unit, call, request())).unwrap();
    assert_eq!((extended.ends_at, extended.extended_by), (Some(at.plus_hours(24)), Some(ActorId(7))));
    let twice = house.act(commander(), move |unit, call| crate::extend_hold(unit, call, request()));
    assert_eq!(twice.unwrap_err().code, "hold_extended");
}

#[test]
fn a_class_of_places_is_closed_in_the_whole_county_until_it_is_reopened() {
    let house = House::open();
    let at = house.now();
    let id = house.system(move |unit, call| crate::close_class(unit, call, "express", COUNTY, closure(at))).unwrap();
    let closed = |class: &'static str| {
        house.store.read(|tx| crate::closures::class_closed_at(tx, class, VILLAGE)).unwrap().map(|found| found.id)
    };
    assert_eq!((closed("express"), closed("market")), (Some(id), None));
    house.system(move |unit, call| crate::reopen(unit, call, id, Text::new("恢复", "reopened"))).unwrap();
    assert_eq!(closed("express"), None);
}

#[test]
fn a_pass_opens_the_gates_for_its_holder_and_its_hours_only() {
    let house = House::open();
    let at = house.now();
    let zone = house.system(move |unit, call| crate::declare(unit, call, zone_of(&[VILLAGE], ZoneLevel::Lockdown, at)));
    let zone = zone.unwrap();
    let pass = move |vehicle| NewPass {
        zone,
        person: Some(PersonId(3)),
        vehicle,
        reason: Text::new("透析", "dialysis"),
        from_at: at,
        to_at: at.plus_hours(4),
        order: None,
    };
    let both = house.act(commander(), move |unit, call| passes::issue(unit, call, pass(Some(1.into()))));
    assert_eq!(both.unwrap_err().code, "pass_holder");
    let id = house.act(commander(), move |unit, call| passes::issue(unit, call, pass(None))).unwrap();
    let may = |person: i64, at| {
        house.store.read(|tx| passes::valid(tx, zone, Some(PersonId(person)), None, at)).unwrap().map(|pass| pass.id)
    };
    assert_eq!((may(3, at), may(4, at), may(3, at.plus_hours(4))), (Some(id), None, None));
    house.act(commander(), move |unit, call| passes::revoke(unit, call, id, Text::new("已返回", "back"))).unwrap();
    assert_eq!(may(3, at), None);
}

#[test]
fn the_earliest_lifting_is_recorded_once_when_it_passes() {
    let house = House::open();
    let at = house.now();
    let mut zone = zone_of(&[VILLAGE], ZoneLevel::Lockdown, at);
    zone.lift.earliest_at = Some(at.plus_hours(2));
    let id = house.system(move |unit, call| crate::declare(unit, call, zone)).unwrap();
    assert!(house.system(crate::tick).unwrap().lift_due.is_empty());
    house.pass_hours(2);
    assert_eq!(house.system(crate::tick).unwrap().lift_due, [id]);
    assert!(house.system(crate::tick).unwrap().lift_due.is_empty());
    let due = house.store.read(|tx| crate::due_between(tx, at, at.plus_hours(2))).unwrap();
    assert_eq!(due.len(), 1);
}

fn standing(id: i64, areas: Vec<AreaId>, level: ZoneLevel) -> Zone {
    Zone {
        id: ZoneId(id),
        name: Text::new("", ""),
        areas,
        places: Vec::new(),
        level,
        risk: None,
        ground: ground(),
        starts_at: Timestamp(0),
        level_since: Timestamp(0),
        lift: lift(),
        lift_due: false,
        lifted_at: None,
        lifted_because: None,
        plan: None,
        notice: None,
        imposed_by: None,
    }
}

#[test]
fn a_locked_zone_owes_the_duties_of_the_day_and_a_precaution_zone_none() {
    let house = House::open();
    let day = house.now().local_day(480);
    let mut zone = standing(9, vec![VILLAGE], ZoneLevel::Lockdown);
    zone.starts_at = house.now();
    let duties = crate::duties_due(&zone, day, &house.rules.pack, 480);
    let count = |kind| duties.iter().filter(|duty| duty.kind == kind).count();
    let counts = [
        count(DutyKind::Patrol),
        count(DutyKind::Test),
        count(DutyKind::Check),
        count(DutyKind::Disinfection),
        count(DutyKind::Report),
    ];
    assert_eq!(counts, [3, 2, 1, 1, 1], "三巡查、两检测、一监测、一消毒、一报告");
    assert!(crate::duties_due(&zone, day - 1, &house.rules.pack, 480).is_empty());
    zone.level = ZoneLevel::Precaution;
    assert!(crate::duties_due(&zone, day, &house.rules.pack, 480).is_empty());
}

/// A made-up county: 9 townships of 9 villages, 10 people each.
fn people(area: AreaId) -> ZonePopulation {
    let villages = match area.0.ilog10() + 1 {
        6 => 81,
        9 => 9,
        12 => 1,
        _ => 0,
    };
    ZonePopulation { residents: villages * 10, ..ZonePopulation::default() }
}

fn any_area() -> impl Strategy<Value = AreaId> {
    (0_i64..=9, 0_i64..=9).prop_map(|(township, village)| match (township, village) {
        (0, _) => COUNTY,
        (township, 0) => AreaId(140_121_000 + township),
        (township, village) => AreaId((140_121_000 + township) * 1000 + village),
    })
}

proptest! {
    #[test]
    fn everyone_in_a_zone_is_counted_once_at_the_strictest_level(
        drawn in prop::collection::vec((prop::collection::vec(any_area(), 1..4), 0_usize..6), 1..6)
    ) {
        let levels = [ZoneLevel::Lockdown, ZoneLevel::Control, ZoneLevel::Precaution, ZoneLevel::High, ZoneLevel::Medium, ZoneLevel::Low];
        let zones: Vec<Zone> = drawn.into_iter().map(|(areas, level)| standing(1, areas, levels[level])).collect();
        let net = net_population::<()>(&zones, |area| Ok(people(area))).unwrap();
        let all: Vec<AreaId> = zones.iter().flat_map(|zone| zone.areas.clone()).collect();
        let union: i64 = outermost(&all).into_iter().map(|area| people(area).residents).sum();
        prop_assert_eq!(net.values().map(|people| people.residents).sum::<i64>(), union);
        prop_assert!(net.values().all(|people| people.residents >= 0));
        for level in levels {
            let strictest: i64 = (1..=9).flat_map(|township| (1..=9).map(move |village| AreaId((140_121_000 + township) * 1000 + village)))
                .filter(|village| {
                    let around = zones.iter().filter(|zone| zone.contains(*village));
                    around.map(|zone| zone.level).max_by_key(|level| crate::strictness(*level)) == Some(level)
                })
                .count() as i64 * 10;
            prop_assert_eq!(net.get(&level).map_or(0, |people| people.residents), strictest);
        }
    }
}

/// Two villages, a park with a distribution centre in the first; one worker of each lives in the first, one of the
/// park in the second.
fn furnish(unit: &mut Unit<'_>, call: &Call) -> Result<(), Refusal> {
    use outpace_registry::{areas, people, places};
    let source = || "test".to_owned();
    let parsed = areas::parse_areas_csv("code,name\n140121203206,甲\n140121203207,乙\n");
    areas::import_areas(unit, call, areas::ImportAreas { source: source(), areas: parsed.rows })?;
    let parsed = places::parse_places_csv(
        "reference,class,name,area,part_of\n1,logistics,园区,140121203206,\n2,logistics,分拨中心,140121203206,1\n",
    );
    places::import_places(unit, call, places::ImportPlaces { source: source(), places: parsed.rows })?;
    let parsed = people::parse_households_csv(
        "reference,area,kind\n1,140121203206,family\n2,140121203206,family\n3,140121203207,family\n",
    );
    people::import_households(unit, call, people::ImportHouseholds { source: source(), households: parsed.rows })?;
    let parsed = people::parse_people_csv(
        "reference,household,born,sex,workplace\n1,1,1990-01-01,male,1\n2,2,1990-01-01,male,2\n3,3,1990-01-01,male,1\n",
    );
    assert!(parsed.bad.is_empty(), "{:?}", parsed.bad);
    let people = people::ImportPeople { source: source(), by_reference: true, people: parsed.rows };
    people::import_people(unit, call, people)?;
    Ok(())
}

#[test]
fn a_zone_counts_its_residents_and_those_who_work_at_its_places_and_live_elsewhere() {
    let house = House::open();
    house.system(furnish).unwrap();
    let at = house.now();
    let count = |areas: &[AreaId], places: &[PlaceId]| {
        let mut zone = standing(1, areas.to_vec(), ZoneLevel::Lockdown);
        zone.places = places.to_vec();
        let found = house.store.read(|tx| crate::population_of_zone(tx, &zone)).unwrap();
        (found.residents, found.at_places)
    };
    let (park, centre) = (PlaceId(1), PlaceId(2));
    assert_eq!(count(&[], &[park]), (0, 3), "a park is all its parts");
    assert_eq!(count(&[], &[park, centre]), (0, 3), "nobody is counted twice");
    assert_eq!(count(&[VILLAGE], &[park]), (2, 1));
    let mut zone = zone_of(&[VILLAGE], ZoneLevel::Lockdown, at);
    zone.places = vec![park];
    house.system(move |unit, call| crate::declare(unit, call, zone)).unwrap();
    house.system(move |unit, call| crate::declare(unit, call, zone_of(&[COUNTY], ZoneLevel::Precaution, at))).unwrap();
    let levels = house.store.read(|tx| crate::population_by_level(tx, at)).unwrap();
    assert_eq!((levels[&ZoneLevel::Lockdown].residents, levels[&ZoneLevel::Precaution].residents), (2, 1));
    assert_eq!(
        house.store.read(|tx| crate::level_of_place(tx, park, AreaId(140_105))).unwrap(),
        Some(ZoneLevel::Lockdown)
    );
}
