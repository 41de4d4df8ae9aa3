use super::*;
use crate::people::{
    MarkAbsent, MovePerson, RegisterHousehold, RegisterPerson, TagPerson, dependants_without_carer, each_person_in,
    mark_absent, move_person, parse_households_csv, parse_people_csv, people_page, register_household, register_person,
    tag_person,
};
use crate::{CareTag, Population, care_list, household_members, people_in, person, population_of};
use outpace_core::{HouseholdId, PersonId};
use proptest::prelude::*;
use std::time::Instant;

fn ids(numbers: impl IntoIterator<Item = i64>) -> Vec<PersonId> {
    numbers.into_iter().map(PersonId).collect()
}

#[test]
fn people_get_dense_ids_in_the_order_of_the_file() {
    let house = House::peopled();
    let answer = house.import(vec![someone(90, 2, "2000-01-01"), someone(70, 3, "2001-01-01")]).unwrap();
    assert_eq!((answer.ids, answer.added, answer.already), (vec![6, 7], 2, 0));
    assert_eq!(house.read(|tx| household_members(tx, HouseholdId(2))), ids([4, 6]));
}

#[test]
fn the_same_file_twice_gives_the_first_answer() {
    let house = House::peopled();
    let head = house.store.head();
    let again = house.import(vec![someone(2, 1, "2015-06-01"), someone(1, 1, "1985-03-01")]).unwrap();
    assert_eq!((again.ids, again.added, again.already), (vec![2, 1], 0, 2));
    assert_eq!(house.store.head().seq, head.seq, "nothing was recorded");
    let mixed = house.import(vec![someone(5, 3, "1970-01-01"), someone(6, 3, "1971-01-01")]).unwrap();
    assert_eq!((mixed.ids, mixed.added, mixed.already), (vec![5, 6], 1, 1));
}

#[test]
fn one_unknown_household_refuses_the_whole_batch() {
    let house = House::peopled();
    let head = house.store.head();
    let refusal = house.import(vec![someone(8, 1, "1980-01-01"), someone(9, 99, "1980-01-01")]).unwrap_err();
    assert_eq!((refusal.status, refusal.code.as_str(), refusal.value.as_str()), (404, "unknown_reference", "99"));
    assert_eq!(house.store.head().seq, head.seq);
    let next = house.import(vec![someone(8, 1, "1980-01-01")]).unwrap();
    assert_eq!(next.ids, [6], "a refused import gives its numbers back");
}

#[test]
fn a_reference_may_stand_once_in_a_batch() {
    let house = House::peopled();
    let refusal = house.import(vec![someone(8, 1, "1980-01-01"), someone(8, 1, "1980-01-01")]).unwrap_err();
    assert_eq!(refusal.code, "reference_twice");
}

#[test]
fn a_batch_has_an_end() {
    let house = House::peopled();
    let people = vec![someone(8, 1, "1980-01-01"); crate::BATCH_MAX + 1];
    assert_eq!(house.import(people).unwrap_err().code, "batch_too_large");
}

#[test]
fn a_household_needs_a_known_area_of_the_actor() {
    let house = House::open();
    let import = |house: &House, under, at| {
        let households = vec![household(1, at)];
        house
            .act_in(under, move |unit, call| {
                import_households(unit, call, ImportHouseholds { source: "test".to_owned(), households })
            })
            .map(|answer| answer.ids)
            .map_err(|refusal| refusal.code)
    };
    assert_eq!(import(&house, COUNTY, AreaId(140_121_203_299)), Err("unknown_area".to_owned()));
    assert_eq!(import(&house, COUNTY, COUNTY), Err("area_code".to_owned()));
    assert_eq!(import(&house, OTHER_VILLAGE, VILLAGE), Err("forbidden".to_owned()));
    assert_eq!(import(&house, VILLAGE, VILLAGE), Ok(vec![1]));
    let found = house.read(|tx| crate::household(tx, HouseholdId(1))).unwrap();
    assert_eq!(found.area, VILLAGE.unknown_grid(), "a village without grid is grid 000");
}

#[test]
fn the_population_is_a_tally_of_registered_and_present() {
    let house = House::peopled();
    let mut away = someone(6, 3, "1999-01-01");
    away.absent = true;
    house.import(vec![away]).unwrap();
    let population = |area| house.read(|tx| population_of(tx, area));
    assert_eq!(population(COUNTY), Population { registered: 6, present: 5, households: 3 });
    assert_eq!(population(OTHER_VILLAGE), Population { registered: 2, present: 1, households: 1 });
    let query = crate::areas::PopulationQuery { under: None, level: AreaLevel::Township };
    let split = house.ask(|tx, call| crate::areas::population(tx, call, query)).unwrap();
    assert_eq!(split.parts.len(), 2);
    assert_eq!(split.parts.iter().map(|part| part.population.registered).sum::<i64>(), split.total.registered);
    house.assert_rebuilds();
}

#[test]
fn who_really_lives_there_can_be_said() {
    let house = House::peopled();
    let request = MovePerson { person: PersonId(4), household: HouseholdId(3), occurred_at: None };
    let again = request.clone();
    let moved = house.act(|unit, call| move_person(unit, call, request)).unwrap();
    assert_eq!((moved.household, moved.area), (HouseholdId(3), OTHER_VILLAGE.unknown_grid()));
    assert_eq!(house.read(|tx| population_of(tx, VILLAGE)).registered, 3);
    assert_eq!(house.read(|tx| population_of(tx, OTHER_VILLAGE)).registered, 2);
    assert_eq!(house.act(|unit, call| move_person(unit, call, again)).unwrap_err().code, "lives_there");
    house.assert_rebuilds();
}

#[test]
fn care_needs_come_and_go_and_make_the_care_list() {
    let house = House::peopled();
    let tag = |add: &[CareTag], remove: &[CareTag]| {
        let request = TagPerson {
            person: PersonId(1),
            add: add.iter().copied().collect(),
            remove: remove.iter().copied().collect(),
        };
        house.act(|unit, call| tag_person(unit, call, request))
    };
    tag(&[CareTag::Pregnant, CareTag::Dialysis], &[]).unwrap();
    let head = house.store.head().seq;
    tag(&[CareTag::Pregnant], &[]).unwrap();
    assert_eq!(house.store.head().seq, head, "what already stands is no new fact");
    let person = tag(&[CareTag::InLabour], &[CareTag::Dialysis]).unwrap();
    assert_eq!(person.tags, [CareTag::Pregnant, CareTag::InLabour].into());
    assert_eq!(house.read(|tx| care_list(tx, VILLAGE)), std::slice::from_ref(&person));
    let query = |after| crate::people::CareQuery { area: COUNTY, after, limit: Some(1) };
    let page = house.ask(|tx, call| crate::people::care_page(tx, call, query(None))).unwrap().people;
    assert_eq!(page, [person]);
    let next = house.ask(|tx, call| crate::people::care_page(tx, call, query(Some(page[0].id)))).unwrap().people;
    assert_eq!(next, []);
    assert_eq!(tag(&[CareTag::Infant], &[CareTag::Infant]).unwrap_err().field, "add");
    house.assert_rebuilds();
}

#[test]
fn every_set_of_tags_survives_the_table() {
    for tag in CareTag::ALL {
        let one = [*tag].into();
        assert_eq!(CareTag::of_bits(CareTag::bits(&one)), one);
    }
    let all = CareTag::ALL.iter().copied().collect();
    assert_eq!(CareTag::of_bits(CareTag::bits(&all)), all);
}

#[test]
fn someone_away_is_registered_but_not_present() {
    let house = House::peopled();
    let request = MarkAbsent {
        person: PersonId(5),
        absent: true,
        whereabouts: Some(AreaId(140_105)),
        until: None,
        occurred_at: Some(start().plus_days(-2)),
    };
    assert!(!house.act(|unit, call| mark_absent(unit, call, request)).unwrap().present);
    assert_eq!(house.read(|tx| population_of(tx, OTHER_VILLAGE)).present, 0);
    let back = MarkAbsent { person: PersonId(5), absent: false, whereabouts: None, until: None, occurred_at: None };
    assert!(house.act(|unit, call| mark_absent(unit, call, back)).unwrap().present);
    assert_eq!(house.read(|tx| population_of(tx, OTHER_VILLAGE)).present, 1);
    house.assert_rebuilds();
}

#[test]
fn a_child_whose_only_carer_leaves_is_named() {
    let house = House::peopled();
    let left = house.read(|tx| dependants_without_carer(tx, &[PersonId(1)], start()));
    let who: Vec<_> = left.iter().map(|dependant| (dependant.person.0, dependant.reason.word())).collect();
    assert_eq!(who, [(2, "child"), (3, "frail")]);
    house.import(vec![someone(6, 1, "1988-01-01")]).unwrap();
    assert_eq!(house.read(|tx| dependants_without_carer(tx, &[PersonId(1)], start())), []);
    assert_eq!(house.read(|tx| dependants_without_carer(tx, &[PersonId(1), PersonId(6)], start())).len(), 2);
}

#[test]
fn people_are_paged_without_gaps() {
    let house = House::peopled();
    let all = house.read(|tx| people_in(tx, COUNTY));
    let (mut paged, mut after) = (Vec::new(), None);
    loop {
        let page = house.read(|tx| people_page(tx, COUNTY, after, 2));
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        paged.extend(page.iter().map(|person| person.id));
    }
    assert_eq!(paged, all);
    let mut walked = Vec::new();
    house.read(|tx| each_person_in(tx, COUNTY, |person| walked.push(person.id)));
    assert_eq!(walked, all);
}

#[test]
fn someone_found_at_the_door_is_registered_with_identity() {
    let house = House::open();
    let request = RegisterHousehold { area: VILLAGE, kind: HouseholdKind::Family, landlord: None, contact: None };
    let found = house.act(|unit, call| register_household(unit, call, request)).unwrap();
    let mut newcomer = someone(0, found.id.0, "1980-01-02");
    newcomer.reference = None;
    newcomer.name = Some("试甲".to_owned());
    newcomer.id_number = Some(id_number(1));
    let registered = house.act(|unit, call| register_person(unit, call, RegisterPerson { person: newcomer })).unwrap();
    assert_eq!((registered.household, registered.birth_year), (found.id, 1980));
    house.assert_rebuilds();
}

#[test]
fn bad_rows_of_people_and_households_are_named() {
    let good = id_number(4);
    let text = format!(
        "reference,household,born,sex,tags,absent,name,id_number\n1,1,1980-01-02,male,infant;dialysis,否,试甲,{good}\n\
         2,1,1980-13-02,male,,,,\n3,1,1980-01-02,none,,,,\n4,1,1980-01-02,male,tall,,,\n5,,1980-01-02,male,,,,\n\
         6,1,1980-01-02,male,,,试乙,000000198001020009\n"
    );
    let parsed = parse_people_csv(&text);
    assert_eq!(parsed.rows.len(), 1);
    assert_eq!(parsed.rows[0].tags, [CareTag::Infant, CareTag::Dialysis].into());
    assert_eq!(parsed.bad.iter().map(|bad| bad.line).collect::<Vec<_>>(), [3, 4, 5, 6, 7]);
    let last = &parsed.bad[4].reason.en;
    assert!(last.contains("0000**********0009"), "the number is masked: {last}");
    let parsed = parse_households_csv(
        "reference,area,kind,landlord_phone\n1,140121203206001,,101000\n2,x,,\n3,140121203206001,tent,\n",
    );
    assert_eq!((parsed.rows.len(), parsed.bad.len()), (1, 2));
    assert!(parsed.rows[0].contact.is_some());
}

/// How many people the speed test brings in: few in the daily run, a county when asked for.
fn many() -> usize {
    std::env::var("OUTPACE_TEST_PEOPLE").ok().and_then(|text| text.parse().ok()).unwrap_or(3_000)
}

#[test]
fn many_people_come_in_with_their_identities() {
    let house = House::open();
    let people = many();
    let households = people.div_ceil(3);
    let clock = Instant::now();
    for first in (0..households).step_by(crate::BATCH_MAX) {
        let batch = (first..households.min(first + crate::BATCH_MAX)).map(|index| {
            household(index as i64 + 1, AreaId(VILLAGE.0 * 1000 + index as i64 * 900 / households as i64))
        });
        let request = ImportHouseholds { source: "test".to_owned(), households: batch.collect() };
        house.act(|unit, call| import_households(unit, call, request)).unwrap();
    }
    for first in (0..people).step_by(crate::BATCH_MAX) {
        let batch = (first..people.min(first + crate::BATCH_MAX)).map(|index| {
            let mut row = someone(index as i64 + 1, index as i64 / 3 + 1, "1980-01-02");
            row.name = Some(format!("试甲{index}"));
            row.id_number = Some(format!("P{index:08}"));
            row.phone = Some(format!("101{index:08}"));
            row.address = Some("清徐县王答乡甲村试1巷1排1号".to_owned());
            row
        });
        house.import(batch.collect()).unwrap();
    }
    let seconds = clock.elapsed().as_secs_f64();
    eprintln!("{people} people in {seconds:.2} s: {:.0} people/s", people as f64 / seconds);
    assert_eq!(house.read(|tx| population_of(tx, COUNTY)).registered, people as i64);
    assert_eq!(house.read(|tx| person(tx, PersonId(people as i64))).unwrap().household.0, people.div_ceil(3) as i64);
}

#[derive(Debug, Clone)]
enum Step {
    Import { household: i64, absent: bool },
    Move { person: i64, household: i64 },
    Absent { person: i64, absent: bool },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (1_i64..=3, any::<bool>()).prop_map(|(household, absent)| Step::Import { household, absent }),
        (1_i64..=9, 1_i64..=3).prop_map(|(person, household)| Step::Move { person, household }),
        (1_i64..=9, any::<bool>()).prop_map(|(person, absent)| Step::Absent { person, absent }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn the_tally_is_always_what_a_count_would_give(steps in prop::collection::vec(step(), 1..12)) {
        let house = House::peopled();
        for step in steps {
            // Steps that cannot be are refused and must leave the tally alone too.
            let _ = match step {
                Step::Import { household, absent } => {
                    let mut row = someone(0, household, "1980-01-01");
                    row.reference = None;
                    row.absent = absent;
                    house.import(vec![row]).map(|_| ())
                }
                Step::Move { person, household } => {
                    let (person, household) = (PersonId(person), HouseholdId(household));
                    let request = MovePerson { person, household, occurred_at: None };
                    house.act(|unit, call| move_person(unit, call, request)).map(|_| ())
                }
                Step::Absent { person, absent } => {
                    let person = PersonId(person);
                    let request = MarkAbsent { person, absent, whereabouts: None, until: None, occurred_at: None };
                    house.act(|unit, call| mark_absent(unit, call, request)).map(|_| ())
                }
            };
        }
        for area in [COUNTY, VILLAGE, OTHER_VILLAGE] {
            let mut counted = Population { households: house.read(|tx| crate::households_in(tx, area)).len() as i64, ..Population::default() };
            house.read(|tx| each_person_in(tx, area, |person| {
                counted.registered += 1;
                counted.present += i64::from(person.present);
            }));
            prop_assert_eq!(house.read(|tx| population_of(tx, area)), counted);
        }
        house.assert_rebuilds();
    }
}
