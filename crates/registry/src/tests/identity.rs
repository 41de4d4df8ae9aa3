use super::*;
use crate::people::identity::{
    Find, FindHousehold, LooksQuery, Reveal, find, find_household, is_id_number, looks_at, masked_name, masked_number,
    reveal,
};
use crate::people::{HouseholdContact, RegisterHousehold, register_household};
use outpace_core::PersonId;
use proptest::prelude::*;

const NAME: &str = "试甲子〇一";
const PHONE: &str = "10100000001";

/// The peopled house with one person whose identity is kept.
fn known() -> House {
    let house = House::peopled();
    let mut row = someone(6, 2, "1980-01-02");
    row.name = Some(NAME.to_owned());
    row.id_number = Some(id_number(12));
    row.phone = Some(PHONE.to_owned());
    row.address = Some("清徐县王答乡甲村试1巷".to_owned());
    house.import(vec![row]).unwrap();
    house
}

fn look(house: &House, request: Find) -> Vec<(i64, String, String)> {
    let found = house.act(|unit, call| find(unit, call, request)).unwrap();
    found.people.into_iter().map(|found| (found.person.id.0, found.name, found.id_number)).collect()
}

#[test]
fn a_person_is_found_by_each_of_three_ways_and_shown_masked() {
    let house = known();
    let expected = vec![(6, "试****".to_owned(), masked_number(&id_number(12)))];
    let by_number = Find { id_number: Some(id_number(12).to_lowercase()), ..Find::default() };
    assert_eq!(look(&house, by_number), expected);
    let by_phone = Find { phone: Some("101 0000-0001".to_owned()), ..Find::default() };
    assert_eq!(look(&house, by_phone), expected);
    let by_name = Find { name: Some(NAME.to_owned()), born: Some("1980-01-02".to_owned()), ..Find::default() };
    assert_eq!(look(&house, by_name), expected);
    let other_day = Find { name: Some(NAME.to_owned()), born: Some("1980-01-03".to_owned()), ..Find::default() };
    assert_eq!(look(&house, other_day), []);
    let name_alone = Find { name: Some(NAME.to_owned()), ..Find::default() };
    assert_eq!(house.act(|unit, call| find(unit, call, name_alone)).unwrap_err().code, "nothing_to_find");
}

#[test]
fn looking_for_people_by_trying_ends_soon_and_what_is_found_is_never_a_list() {
    use crate::people::limit::{FINDS_PER_HOUR_MAX, MISSES_PER_HOUR_MAX, SHOWN_MAX};
    let house = known();
    fn by_number(number: String) -> Find {
        Find { id_number: Some(number), ..Find::default() }
    }
    let right = || by_number(id_number(12));
    for tried in 0..MISSES_PER_HOUR_MAX {
        assert_eq!(look(&house, by_number(id_number(100 + tried))), []);
    }
    let refusal = house.act(move |unit, call| find(unit, call, right())).unwrap_err();
    assert_eq!((refusal.status, refusal.code.as_str()), (429, "too_many_finds"), "even the right one");
    // Hits are bounded too, only later; the houses are separate offices.
    let house = known();
    for _ in 0..FINDS_PER_HOUR_MAX {
        assert_eq!(look(&house, right()).len(), 1);
    }
    assert_eq!(house.act(move |unit, call| find(unit, call, right())).unwrap_err().code, "too_many_finds");
    // A telephone that many share would be a list.
    let house = House::peopled();
    let many: Vec<ImportPerson> = (0..=SHOWN_MAX as i64)
        .map(|number| {
            let mut row = someone(10 + number, 2, "1980-01-02");
            row.name = Some(format!("试甲{number}"));
            row.id_number = Some(id_number(100 + number as u32));
            row.phone = Some(PHONE.to_owned());
            row
        })
        .collect();
    house.import(many).unwrap();
    let by_phone = Find { phone: Some(PHONE.to_owned()), ..Find::default() };
    assert_eq!(house.act(|unit, call| find(unit, call, by_phone)).unwrap_err().code, "too_many_found");
}

#[test]
fn nobody_is_found_outside_ones_area() {
    let house = known();
    let request = Find { phone: Some(PHONE.to_owned()), ..Find::default() };
    let found = house.act_in(OTHER_VILLAGE, |unit, call| find(unit, call, request)).unwrap();
    assert_eq!(found.people, []);
    let request = Reveal { person: PersonId(6), purpose: "流调核实".to_owned() };
    let refusal = house.act_in(OTHER_VILLAGE, |unit, call| reveal(unit, call, request)).unwrap_err();
    assert_eq!(refusal.code, "unknown_id", "outside looks the same as unknown");
}

/// Whether somebody is registered elsewhere is not to be told from how long a look takes: it asks as many questions as a
/// look for somebody who is registered nowhere, by whatever it looks. Counted, since a busy machine makes any time true.
#[test]
fn a_look_for_somebody_of_another_area_costs_what_a_look_for_nobody_costs() {
    let house = known();
    let cost = |area: AreaId, request: Find| {
        let asked = move |unit: &mut Unit<'_>, call: &Call| {
            let before = unit.tx().asked();
            let found = find(unit, call, request)?.people.len();
            Ok::<_, Refusal>((found, unit.tx().asked() - before))
        };
        house.act_in(area, asked).unwrap()
    };
    let by_number = |number| Find { id_number: Some(number), ..Find::default() };
    let by_phone = |phone: &str| Find { phone: Some(phone.to_owned()), ..Find::default() };
    let by_name = |born: &str| Find { name: Some(NAME.to_owned()), born: Some(born.to_owned()), ..Find::default() };
    for (somebody, nobody) in [
        (by_number(id_number(12)), by_number(id_number(13))),
        (by_phone(PHONE), by_phone("10100009999")),
        (by_name("1980-01-02"), by_name("1980-01-03")),
    ] {
        let elsewhere = cost(OTHER_VILLAGE, somebody.clone());
        assert_eq!(elsewhere, cost(OTHER_VILLAGE, nobody.clone()), "{somebody:?}");
        // The look-up, the person, and what is opened of them: questions are counted.
        let (found, asked) = cost(COUNTY, somebody);
        assert!(found == 1 && asked > 2, "{found} found by {asked} questions");
    }
}

#[test]
fn a_look_in_clear_needs_a_purpose_and_is_a_fact() {
    let house = known();
    let head = house.store.head().seq;
    let silent = Reveal { person: PersonId(6), purpose: "  ".to_owned() };
    assert_eq!(house.act(|unit, call| reveal(unit, call, silent)).unwrap_err().code, "no_purpose");
    assert_eq!(house.store.head().seq, head);
    let request = Reveal { person: PersonId(6), purpose: "流调核实".to_owned() };
    let identity = house.act(|unit, call| reveal(unit, call, request)).unwrap();
    assert_eq!((identity.name.as_str(), identity.born.as_str()), (NAME, "1980-01-02"));
    let looks = house.ask(|tx, call| looks_at(tx, call, LooksQuery { person: PersonId(6) })).unwrap().looks;
    assert_eq!(looks.len(), 1);
    assert_eq!((looks[0].actor, looks[0].at, looks[0].purpose.as_str()), (ActorId(7), start(), "流调核实"));
    let nobody = Reveal { person: PersonId(1), purpose: "流调核实".to_owned() };
    assert_eq!(house.act(|unit, call| reveal(unit, call, nobody)).unwrap_err().code, "no_identity");
    house.assert_rebuilds();
}

#[test]
fn the_database_holds_no_name_number_or_address_in_clear() {
    let house = known();
    let folder = house.store.folder().to_owned();
    let secrets = [NAME.to_owned(), id_number(12), PHONE.to_owned(), "试1巷".to_owned(), "1980-01-02".to_owned()];
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        for secret in &secrets {
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "{secret} stands in {}", path.display());
        }
    }
}

#[test]
fn a_household_is_found_by_landlord_tenant_or_member() {
    let house = known();
    let contact = HouseholdContact {
        landlord_name: Some("试乙".to_owned()),
        landlord_phone: Some("10199999999".to_owned()),
        tenant_name: Some("试丙丁".to_owned()),
        tenant_phone: None,
        address: None,
    };
    let request =
        RegisterHousehold { area: VILLAGE, kind: HouseholdKind::Family, landlord: None, contact: Some(contact) };
    let rented = house.act(|unit, call| register_household(unit, call, request)).unwrap().id;
    let look = |phone: Option<&str>, name: Option<&str>| {
        let request = FindHousehold { phone: phone.map(str::to_owned), name: name.map(str::to_owned) };
        let found = house.act(|unit, call| find_household(unit, call, request)).unwrap().households;
        found.into_iter().map(|found| (found.household.id.0, found.landlord)).collect::<Vec<_>>()
    };
    let expected = vec![(rented.0, Some("试*".to_owned()))];
    assert_eq!(look(Some("10199999999"), None), expected);
    assert_eq!(look(None, Some("试丙丁")), expected);
    assert_eq!(look(Some(PHONE), None), [(2, None)], "a member's telephone leads to the household");
    house.assert_rebuilds();
}

#[test]
fn an_id_number_with_a_wrong_check_character_is_refused_masked() {
    let house = House::peopled();
    let mut row = someone(6, 2, "1980-01-02");
    row.name = Some(NAME.to_owned());
    let mut wrong = id_number(12);
    let last = if wrong.ends_with('1') { '2' } else { '1' };
    wrong.pop();
    wrong.push(last);
    row.id_number = Some(wrong.clone());
    let done = house.import(vec![row]).unwrap();
    let told = &done.told[0].reason.en;
    assert!(told.contains("id_number") && told.contains(&masked_number(&wrong)) && !told.contains(&wrong), "{told}");
}

fn row(reference: Option<i64>, household: i64, born: &str) -> ImportPerson {
    ImportPerson { reference, ..someone(0, household, born) }
}

#[test]
fn half_an_identity_is_kept_and_found() {
    let house = House::peopled();
    let mut child = row(Some(20), 1, "2021-01-01");
    (child.name, child.phone) = (Some("试丁".to_owned()), Some("10100000009".to_owned()));
    let mut number_only = row(Some(21), 1, "1980-01-02");
    number_only.id_number = Some(id_number(44));
    assert_eq!(house.import(vec![child, number_only]).unwrap().added, 2);
    let by_name = Find { name: Some("试丁".to_owned()), born: Some("20210101".to_owned()), ..Find::default() };
    assert_eq!(look(&house, by_name), [(6, "试*".to_owned(), String::new())]);
    let by_number = Find { id_number: Some(id_number(44)), ..Find::default() };
    assert_eq!(look(&house, by_number), [(7, String::new(), masked_number(&id_number(44)))]);
}

#[test]
fn the_same_thing_written_otherwise_is_found() {
    let house = House::peopled();
    let mut person = row(Some(20), 1, "19500101");
    person.name = Some("试甲•乙丙".to_owned());
    person.phone = Some("+86 101 0000 0077".to_owned());
    person.id_number = Some("Ｐ－１２３４５６７８".to_owned());
    assert_eq!(house.import(vec![person]).unwrap().added, 1);
    let ways = [
        Find { phone: Some("10100000077".to_owned()), ..Find::default() },
        Find { id_number: Some("p12345678".to_owned()), ..Find::default() },
        Find { name: Some("试甲\u{b7}乙丙".to_owned()), born: Some("1950-01-01".to_owned()), ..Find::default() },
        Find {
            name: Some("试甲 ・ 乙丙".to_owned()), born: Some("1950年1月1日".to_owned()), ..Find::default()
        },
    ];
    for way in ways {
        assert_eq!(look(&house, way.clone()).len(), 1, "{way:?}");
    }
}

/// A value that an earlier version hashed in its own spelling is found by that spelling, and after a rotation by any.
#[test]
fn what_was_kept_in_an_older_spelling_is_still_found() {
    let house = House::peopled();
    let (phone, born) = ("+8610100000088", "19500101");
    house
        .act(move |unit, _| {
            let plain = format!(r#"{{"name":"Test Aa","born":"{born}","id_number":"","phone":"{phone}"}}"#);
            let fields = [(2, phone), (3, "Test Aa|19500101")];
            Ok(outpace_store::vault::keep(unit, "identity", 1, plain.as_bytes(), &fields)?)
        })
        .unwrap();
    let by_phone = |phone: &str| Find { phone: Some(phone.to_owned()), ..Find::default() };
    let by_name =
        |born: &str| Find { name: Some("Test Aa".to_owned()), born: Some(born.to_owned()), ..Find::default() };
    assert_eq!((look(&house, by_phone(phone)).len(), look(&house, by_name(born)).len()), (1, 1));
    // A rotation of the keys hashes each value by what it is found by now.
    let plain = format!(r#"{{"name":"Test Aa","born":"{born}","id_number":"","phone":"{phone}"}}"#);
    let fields: Vec<(i64, String)> = crate::people::found_by(1, plain.as_bytes())
        .unwrap()
        .into_iter()
        .map(|(field, text)| (field, text.to_string()))
        .collect();
    assert_eq!(fields, [(3, "test aa|1950-01-01".to_owned()), (2, "10100000088".to_owned())]);
}

#[test]
fn one_number_is_one_person() {
    let house = known();
    let mut same = row(Some(30), 3, "1980-01-02");
    (same.name, same.id_number) = (Some(NAME.to_owned()), Some(id_number(12).to_lowercase()));
    let mut other = row(Some(31), 3, "1980-01-02");
    (other.name, other.id_number) = (Some("试庚".to_owned()), Some(id_number(12)));
    let mut fresh = row(Some(32), 1, "1980-01-02");
    (fresh.name, fresh.id_number) = (Some("试辛".to_owned()), Some(id_number(77)));
    let mut again = row(Some(33), 2, "1980-01-02");
    (again.name, again.id_number) = (Some("试辛".to_owned()), Some(id_number(77)));
    let done = house.import(vec![same, other, fresh, again]).unwrap();
    assert_eq!(done.ids, [Some(6), None, Some(7), Some(7)]);
    let differ: Vec<(u64, i64, String)> =
        done.different.iter().map(|row| (row.row, row.id, row.fields.join(","))).collect();
    assert_eq!(differ, [(1, 6, "household,reference".to_owned()), (4, 7, "household,reference".to_owned())]);
    assert!(done.different[0].text().en.contains("this number stands at person 6"));
    assert!(done.told[0].reason.en.contains("stands at person 6"), "{:?}", done.told);
    assert_eq!(done.ids.len() as i64, done.added + done.same + (done.different.len() + done.told.len()) as i64);
}

#[test]
fn rows_without_a_reference_come_in_once_by_who_they_are_and_how_many() {
    let house = House::peopled();
    let mut named = row(None, 1, "2019-05-05");
    named.name = Some("试壬".to_owned());
    let mut numbered = row(None, 2, "1980-01-02");
    numbered.id_number = Some(id_number(90));
    let rows = || vec![named.clone(), numbered.clone(), row(None, 3, "1985-01-01"), row(None, 3, "1985-02-02")];
    assert_eq!(house.import(rows()).unwrap().added, 4);
    let again = house.import(rows()).unwrap();
    assert_eq!((again.added, again.same), (0, 4));
    let mut more = rows();
    more.push(row(None, 3, "1985-03-03"));
    assert_eq!(house.import(more).unwrap().added, 1, "a third of whom nothing else is said");
    house.assert_rebuilds();
}

#[test]
fn what_differs_is_named_and_corrected_only_when_asked() {
    use crate::people::{ImportPeople, import_people_of};
    let house = known();
    let changed = |household| {
        let mut changed = row(Some(6), household, "1981-02-03");
        (changed.name, changed.phone) = (Some("试戊".to_owned()), Some("10100000002".to_owned()));
        changed.tags = [crate::CareTag::Dialysis].into();
        changed
    };
    let done = house.import(vec![changed(3)]).unwrap();
    assert_eq!(done.different[0].fields, ["household", "born", "tags", "name", "phone"]);
    let by_name = Find { name: Some(NAME.to_owned()), born: Some("1980-01-02".to_owned()), ..Find::default() };
    assert_eq!(look(&house, by_name).len(), 1, "not overwritten");
    let mut moved = row(Some(6), 3, "1980-01-02");
    moved.tags = [crate::CareTag::Dialysis].into();
    let request = ImportPeople { source: "test".to_owned(), by_reference: true, people: vec![moved] };
    let origin = crate::Origin { correct: true, ..crate::Origin::default() };
    let done = house.act(move |unit, call| import_people_of(unit, call, request, &origin)).unwrap();
    assert_eq!(done.changed[0].fields, ["household", "tags"]);
    let person = house.read(|tx| crate::person(tx, PersonId(6))).unwrap();
    assert_eq!((person.household.0, person.tags.len()), (3, 1));
    house.assert_rebuilds();
}

#[test]
fn nobody_is_born_in_2150_or_0050() {
    let house = House::peopled();
    for born in ["2150-01-01", "0050-01-01", "2022-12-31", "1850-01-01", "1990-02-30"] {
        let done = house.import(vec![row(Some(50), 1, born)]).unwrap();
        assert_eq!((done.added, done.told.len()), (0, 1), "{born}");
    }
}

#[test]
fn somebody_at_the_door_with_a_known_number_is_no_second_person() {
    use crate::people::{RegisterPerson, register_person};
    let house = known();
    let mut person = row(None, 3, "1980-01-02");
    (person.name, person.id_number) = (Some(NAME.to_owned()), Some(id_number(12)));
    let (elsewhere, here) = (RegisterPerson { person: person.clone() }, RegisterPerson { person });
    let refusal = house.act(move |unit, call| register_person(unit, call, here)).unwrap_err();
    assert_eq!((refusal.status, refusal.code.as_str()), (409, "number_taken"));
    assert!(refusal.text.en.contains("person 6"), "{refusal}");
    let refusal = house.act_in(OTHER_VILLAGE, move |unit, call| register_person(unit, call, elsewhere)).unwrap_err();
    assert!(!refusal.text.en.contains("person 6"), "who it is stays in the other village: {refusal}");
}

#[test]
fn names_and_numbers_are_masked() {
    assert_eq!(masked_name("张三"), "张*");
    assert_eq!(masked_name("欧阳某某"), "欧***");
    assert_eq!(masked_name(""), "");
    assert_eq!(masked_number("140100198001021234"), "1401**********1234");
    assert_eq!(masked_number("10100000001"), "101******01");
    assert_eq!(masked_number("P12345678"), "*******78");
    assert_eq!(masked_number("7"), "7".to_owned());
}

#[test]
fn id_numbers_are_checked() {
    assert!(is_id_number("11010519491231002X"), "the example of GB 11643");
    assert!(is_id_number("11010519491231002x"));
    assert!(!is_id_number("110105194912310021"));
    assert!(is_id_number("P12345678"));
    assert!(!is_id_number("") && !is_id_number("P 1") && !is_id_number("证件"));
}

/// Found by `make fuzz`: both ends of a number that was spread out are all of it.
#[test]
fn a_mask_of_a_number_in_groups_is_that_of_the_number() {
    assert!(is_id_number("1234-----------5678"));
    assert_eq!(masked_number("1234-----------5678"), "******78");
    assert_eq!(masked_number(" 1401 0019 8001 0212 34 "), "1401**********1234");
}

proptest! {
    #[test]
    fn a_mask_never_tells_more_than_half(number in "[0-9X]{1,30}") {
        let masked = masked_number(&number);
        prop_assert_eq!(masked.chars().count(), number.len());
        let shown = masked.chars().filter(|character| *character != '*').count();
        prop_assert!(shown <= 8 && (number.len() < 4 || shown * 2 <= number.len() + 1), "{}", masked);
    }
}
