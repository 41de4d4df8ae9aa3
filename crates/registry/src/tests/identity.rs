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
    let refusal = house.import(vec![row]).unwrap_err();
    assert_eq!((refusal.field.as_str(), refusal.value.as_str()), ("id_number", masked_number(&wrong).as_str()));
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
