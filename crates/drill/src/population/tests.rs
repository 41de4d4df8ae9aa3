//! What must hold of every population, and how near it comes to the tables. The whole county is made once per test
//! that needs it; the others use three townships of it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use jiff::civil::date;
use proptest::prelude::*;

use super::tables::{TAIYUAN_AGE_GROUPS, TAIYUAN_MEAN_HOUSEHOLD, age_shares, household_size_shares};
use super::*;

const SEED: u64 = 20_220_413;
const COUNTY_PEOPLE: u32 = 344_472;

fn areas() -> Vec<AreaRow> {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../drills/qingxu-2022/areas.csv");
    read_areas(std::fs::File::open(file).unwrap()).unwrap()
}

fn part_of_county() -> Vec<AreaRow> {
    let townships = [140_121_203, 140_121_201, 140_121_202].map(AreaId);
    let inside = |row: &AreaRow| townships.iter().any(|township| township.contains(row.code));
    areas().into_iter().filter(inside).collect()
}

fn digest(county: &Population) -> String {
    format!("{:?} {:?} {:?} {:?}", county.people, county.households, county.places, county.vehicles)
}

fn share(part: usize, whole: usize) -> f64 {
    f64::from(u32::try_from(part).unwrap()) / f64::from(u32::try_from(whole).unwrap())
}

#[test]
fn the_areas_of_qingxu_sum_to_the_census() {
    let areas = areas();
    let people = |level: AreaLevel, inside: i64| -> u32 {
        let rows = areas.iter().filter(|row| row.level == level && AreaId(inside).contains(row.code));
        rows.filter_map(|row| row.population).sum()
    };
    assert_eq!(people(AreaLevel::Village, 140_121), COUNTY_PEOPLE);
    assert_eq!(people(AreaLevel::Township, 140_121), COUNTY_PEOPLE);
    assert_eq!(people(AreaLevel::County, 1401), 5_304_061);
    assert_eq!(areas.iter().filter(|row| row.level == AreaLevel::Village && row.population.is_some()).count(), 158);
}

#[test]
fn a_file_with_a_wrong_value_is_refused_with_its_line() {
    let text =
        "code,name,parent,level,population,population_method,lon,lat,seat_source,river_side\n1401,x,,moon,,,,,,\n";
    let refusal = read_areas(text.as_bytes()).unwrap_err().to_string();
    assert!(refusal.contains("line: 2") && refusal.contains("moon"), "{refusal}");
}

#[test]
fn the_county_has_everybody_once_and_keeps_to_the_tables() {
    let areas = areas();
    let start = Instant::now();
    let county = generate(SEED, &areas);
    eprintln!("{} people in {:?}", county.people.len(), start.elapsed());
    sums_are_exact(&county);
    nobody_is_in_two_households(&county);
    no_child_is_alone(&county);
    ages_and_sizes_keep_to_the_tables(&county);
    households_are_plausible(&county);
    the_park_has_its_workers(&county);
    care_needs_are_of_the_right_size(&county);
    grids_hold_some_hundreds_of_households(&county);
}

fn sums_are_exact(county: &Population) {
    assert_eq!(county.people.len(), COUNTY_PEOPLE as usize);
    assert_eq!(county.grids.iter().map(|grid| grid.people).sum::<u32>(), COUNTY_PEOPLE);
    for (index, village) in county.villages.iter().enumerate() {
        let here = county.households.iter().filter(|household| usize::from(household.village) == index);
        let people: u32 = here.map(|household| u32::from(household.size)).sum();
        assert_eq!(people, village.residents, "{}", village.name);
    }
    assert_eq!(county.villages.len(), 158);
}

fn nobody_is_in_two_households(county: &Population) {
    let mut next = PersonRef(1);
    for (index, household) in county.households.iter().enumerate() {
        assert_eq!(household.first, next);
        assert!(county.members(household).all(|member| county.person(member).household == HouseholdRef::at(index)));
        next = PersonRef(next.0 + u32::from(household.size));
    }
    assert_eq!(next.index(), county.people.len());
}

fn no_child_is_alone(county: &Population) {
    for household in &county.households {
        let members: Vec<&Person> = county.members(household).map(|member| county.person(member)).collect();
        let minor = members.iter().any(|person| person.age_on(DAY) < 18);
        let adult_at_home = members.iter().any(|person| person.age_on(DAY) >= 18 && person.is_present());
        assert!(!minor || adult_at_home, "{household:?}");
    }
}

// Tolerances: broad ages and single years are exact but for rounding (two people); sizes within a percentage point;
// the mean within 0.03 people.
fn ages_and_sizes_keep_to_the_tables(county: &Population) {
    let mut by_age = [0_u32; 256];
    for person in &county.people {
        by_age[usize::from(person.age_on(DAY))] += 1;
    }
    let total = f64::from(COUNTY_PEOPLE);
    for (age, share) in age_shares().into_iter().enumerate() {
        assert!((f64::from(by_age[age]) - share * total).abs() <= 2.0, "age {age}: {}", by_age[age]);
    }
    let city: u32 = TAIYUAN_AGE_GROUPS.iter().map(|group| group.2).sum();
    for (first, last, people) in TAIYUAN_AGE_GROUPS {
        let here: u32 = by_age[first..=last].iter().sum();
        assert!((f64::from(here) / total - f64::from(people) / f64::from(city)).abs() < 0.0001, "{first}-{last}");
    }
    let families = county.households.iter().filter(|household| household.kind == HouseholdKind::Family);
    let sizes: Vec<u8> = families.map(|household| household.size).collect();
    for (size, expected) in (1_u8..).zip(household_size_shares()) {
        let found = share(sizes.iter().filter(|one| **one == size).count(), sizes.len());
        assert!((found - expected).abs() < 0.01, "size {size}: {found:.4} instead of {expected:.4}");
    }
    let mean = f64::from(sizes.iter().map(|size| u32::from(*size)).sum::<u32>())
        / f64::from(u32::try_from(sizes.len()).unwrap());
    assert!((mean - TAIYUAN_MEAN_HOUSEHOLD).abs() < 0.03, "mean {mean}");
    let men = share(county.people.iter().filter(|person| person.sex == Sex::Male).count(), county.people.len());
    assert!((men - 0.513).abs() < 0.005, "men {men}");
}

fn households_are_plausible(county: &Population) {
    let age = |reference: PersonRef| county.person(reference).age_on(DAY);
    let old = county.people.iter().filter(|person| person.age_on(DAY) >= 65);
    let alone = old.clone().filter(|person| person.tags.has(CareTag::LivingAloneOld));
    let alone = share(alone.count(), old.count());
    assert!((0.12..0.18).contains(&alone), "65 and older who live alone: {alone:.3}");
    let (mut couples, mut near, mut mothers, mut fitting) = (0, 0, 0, 0);
    for household in &county.households {
        let with = |role: Role| county.members(household).filter(move |one| county.person(*one).role == role);
        let core: Vec<PersonRef> = with(Role::Core).collect();
        if let [first, second] = core[..] {
            assert_ne!(county.person(first).sex, county.person(second).sex);
            couples += 1;
            near += usize::from(age(first).abs_diff(age(second)) <= 10);
        }
        let mother = core.iter().find(|one| county.person(**one).sex == Sex::Female);
        if let (Some(mother), Some(eldest)) = (mother, with(Role::Child).map(age).max()) {
            mothers += 1;
            fitting += usize::from((17..45).contains(&(i16::from(age(*mother)) - i16::from(eldest))));
        }
    }
    assert!(share(near, couples) > 0.97, "{near} of {couples} couples are within ten years");
    assert!(share(fitting, mothers) > 0.995, "{fitting} of {mothers} mothers were 17 to 44");
}

fn the_park_has_its_workers(county: &Population) {
    let park = county.park.as_ref().unwrap();
    assert_eq!((park.workers.len(), park.distribution_centre_workers), (333, 278));
    assert_eq!(park.workers.iter().collect::<BTreeSet<_>>().len(), 333);
    let centre: Vec<PersonRef> = county.people_at_place(park.distribution_centre).collect();
    assert_eq!(centre.len(), 278);
    assert_eq!(park.workers.iter().filter(|one| centre.contains(one)).count(), 278);
    assert!(park.workers.iter().all(|worker| county.person(*worker).is_present()));
    let night = outpace_core::Timestamp::parse_local("2022-04-13T03:00", UTC_OFFSET_MINUTES).unwrap();
    let at_work = |one: PersonRef| {
        county
            .visits(one, date(2022, 4, 12), date(2022, 4, 12))
            .iter()
            .any(|visit| visit.from <= night && night < visit.to)
    };
    let lodger = |one: PersonRef| county.grid_of(one) == park.grid;
    assert!(centre.iter().all(|one| at_work(*one) || lodger(*one)), "all of the centre are on the site at 03:00");
    assert_eq!(county.people_in_room(RoomRef(u32::MAX)).count(), 0);
}

fn care_needs_are_of_the_right_size(county: &Population) {
    let mut counts = BTreeMap::new();
    for tag in county.people.iter().flat_map(|person| person.tags.iter()) {
        *counts.entry(tag).or_insert(0_u32) += 1;
    }
    eprintln!("{counts:?}");
    let expected = [
        (CareTag::LivingAloneOld, 4_000..7_000),
        (CareTag::Infant, 1_500..4_500),
        (CareTag::Pregnant, 1_000..3_000),
        (CareTag::Dialysis, 100..300),
        (CareTag::Chemotherapy, 100..350),
        (CareTag::AfterSurgery, 400..900),
        (CareTag::ChronicMedicine, 40_000..80_000),
    ];
    for (tag, range) in expected {
        assert!(range.contains(&counts[&tag]), "{tag:?}: {}", counts[&tag]);
    }
}

fn grids_hold_some_hundreds_of_households(county: &Population) {
    assert!(county.grids.is_sorted_by_key(|grid| grid.area));
    let park = county.park.as_ref().unwrap().grid;
    let small = county.grids.iter().filter(|grid| grid.households < 200 && grid.area != park).count();
    let largest = county.grids.iter().map(|grid| grid.households).max().unwrap();
    eprintln!("{} grids, {small} below 200 households, largest {largest}", county.grids.len());
    assert!(largest <= 530 && small < 20 && (350..500).contains(&county.grids.len()));
    let tree = |grid: &Grid| grid.area.parent() == Some(grid.parent) && grid.area.level() == Some(AreaLevel::Grid);
    assert!(county.grids.iter().all(tree));
}

#[test]
fn the_same_seed_gives_the_same_county_and_another_seed_another() {
    let areas = part_of_county();
    let first = digest(&generate(SEED, &areas));
    assert_eq!(first, digest(&generate(SEED, &areas)));
    assert_ne!(first, digest(&generate(SEED + 1, &areas)));
}

#[test]
fn no_areas_make_an_empty_county_and_a_hamlet_a_small_one() {
    assert!(generate(SEED, &[]).people.is_empty());
    let mut hamlet = part_of_county();
    hamlet.retain(|row| row.level == AreaLevel::Village);
    hamlet.truncate(1);
    hamlet[0].population = Some(7);
    assert_eq!(generate(SEED, &hamlet).people.len(), 7);
}

#[test]
fn every_identity_is_plainly_made_up() {
    let county = generate(SEED, &part_of_county());
    let mut numbers = BTreeSet::new();
    for row in county.person_rows() {
        let identity = row.identity;
        assert!(identity.name.starts_with(NAME_MARK) && identity.name.chars().count() == 5, "{}", identity.name);
        assert!(identity.id_number.starts_with(ID_REGION) && identity.id_number.len() == 18, "{}", identity.id_number);
        assert_eq!(identity.id_number[6..14], row.birth_date.replace('-', ""));
        assert!(identity.phone.is_none_or(|phone| phone.starts_with(PHONE_PREFIX) && phone.len() == 11));
        assert!(identity.address.starts_with("清徐县"), "{}", identity.address);
        assert!(numbers.insert(identity.id_number), "an ID number is given twice");
    }
}

#[test]
fn pupils_are_in_classes_and_workers_in_teams() {
    let county = generate(SEED, &part_of_county());
    let mut in_room = BTreeMap::<RoomRef, usize>::new();
    for person in &county.people {
        assert_eq!(person.room.is_some(), person.place.is_some());
        if let Some(room) = person.room {
            assert_eq!(Some(county.rooms[room.index()].place_ref), person.place);
            *in_room.entry(room).or_default() += 1;
        }
    }
    for (room, people) in in_room {
        let most = if county.rooms[room.index()].kind == RoomKind::Classroom { 42 } else { 10 };
        assert!(people <= most, "{people} in {:?}", county.rooms[room.index()]);
    }
    let pupils = county.people.iter().filter(|person| (6..15).contains(&person.age_on(DAY)));
    assert!(pupils.clone().all(|person| person.activity == Activity::Pupil));
}

#[test]
fn riders_fit_their_vehicle_and_places_stand_in_a_grid() {
    let county = generate(SEED, &part_of_county());
    for vehicle in &county.vehicles {
        assert_eq!(county.riders_of(vehicle.vehicle_ref).count(), vehicle.riders as usize);
        assert!(vehicle.riders <= vehicle.seats && vehicle.plate.starts_with('演'));
    }
    assert!(county.vehicles.iter().any(|vehicle| vehicle.kind == VehicleKind::Shuttle));
    assert!(county.places.iter().all(|place| county.grids.iter().any(|grid| grid.area == place.area)));
    let names: BTreeSet<&str> = county.places.iter().map(|place| place.name_zh.as_str()).collect();
    assert_eq!(names.len(), county.places.len());
}

#[test]
fn visits_to_a_place_are_the_visits_of_its_visitors() {
    let county = generate(SEED, &part_of_county());
    let (first, last) = (date(2022, 4, 10), date(2022, 4, 13));
    let shop = county.places.iter().find(|place| place.class == PlaceClass::Shop).unwrap();
    let visits = county.visits_at(shop.place_ref, first, last);
    assert!(visits.len() > 20, "{}", visits.len());
    for visit in visits {
        assert!(visit.from < visit.to && county.person(visit.person_ref).is_present());
        assert!(county.visits(visit.person_ref, first, last).contains(&visit));
    }
}

#[test]
fn the_people_of_an_area_are_those_who_live_in_its_grids() {
    let county = generate(SEED, &part_of_county());
    for village in &county.villages {
        assert_eq!(county.people_in(village.area).count(), village.residents as usize, "{}", village.name);
        assert!(county.people_in(village.area).all(|one| village.area.contains(county.grid_of(one))));
    }
    assert_eq!(county.people_in(AreaId(140_121)).count(), county.people.len());
    assert_eq!(county.people_in(AreaId(140_105)).count(), 0);
}

#[test]
fn batches_hold_every_row_once() {
    let county = generate(SEED, &part_of_county());
    let sizes: Vec<usize> = batches(county.person_rows(), 1000).map(|batch| batch.len()).collect();
    assert_eq!(sizes.iter().sum::<usize>(), county.people.len());
    assert!(sizes[..sizes.len() - 1].iter().all(|size| *size == 1000));
    let mut text = Vec::new();
    let written = write_ndjson(county.household_rows(), &mut text).unwrap();
    assert_eq!(written, text.iter().filter(|byte| **byte == b'\n').count() as u64);
    let row: PersonRow =
        serde_json::from_str(&serde_json::to_string(&county.person_row(PersonRef(1))).unwrap()).unwrap();
    assert_eq!(row, county.person_row(PersonRef(1)));
}

fn village_row(number: i64, residents: u32) -> AreaRow {
    AreaRow {
        code: AreaId(140_121_203_200 + number),
        name: format!("{number}村委会"),
        parent: Some(AreaId(140_121_203)),
        level: AreaLevel::Village,
        population: Some(residents),
        population_method: "test".to_owned(),
        lon: Some(112.4),
        lat: Some(37.5),
        seat_source: Some(SeatSource::Approximate),
        river_side: None,
        name_en: String::new(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_villages_hold_their_residents_and_no_minor_without_an_adult(
        seed: u64, residents in prop::collection::vec(200_u32..900, 1..4),
    ) {
        let areas: Vec<AreaRow> = (0_i64..).zip(&residents).map(|(number, people)| village_row(number, *people)).collect();
        let county = generate(seed, &areas);
        for (row, people) in areas.iter().zip(&residents) {
            prop_assert_eq!(county.people_in(row.code).count(), *people as usize);
        }
        for household in &county.households {
            let ages: Vec<u8> = county.members(household).map(|one| county.person(one).age_on(DAY)).collect();
            prop_assert!(ages.iter().any(|age| *age >= 18), "{:?}", ages);
        }
    }
}
