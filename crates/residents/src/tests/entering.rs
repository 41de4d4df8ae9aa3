//! Getting in: a code is good once, for its person, for its time; nobody gets at another's file.

use outpace_access::actors;
use outpace_core::{PersonId, Refusal, RestrictionId, Role};
use outpace_registry::people::guardians::{EndGuardian, GuardianKind, NameGuardian, end_guardian, name_guardian};
use outpace_store::journal;
use proptest::prelude::*;

use super::{FAMILIES, House, member, staff};
use crate::file::FileQuery;
use crate::requests::{About, AskAppeal, AskCorrection, appeal, ask_correction};

fn code_of<T: std::fmt::Debug>(answer: Result<T, Refusal>) -> String {
    answer.unwrap_err().code
}

#[test]
fn a_code_opens_one_session_for_one_person_however_it_is_typed() {
    let house = House::open();
    let code = house.code(member(0, 0));
    let typed = format!("{}-{}", &code[..5].to_lowercase(), &code[5..]);
    let entered = house.enter(&typed).unwrap();
    assert_eq!(entered.person, member(0, 0));
    let account = actors::by_token(&house.office(), &entered.token.unwrap()).unwrap();
    assert_eq!(account.role, Role::Resident);
    assert_eq!(code_of(house.enter(&code)), "wrong_code", "used");
    assert_eq!(code_of(house.enter("0000000000")), "wrong_code", "nobody's");
    // The next code is for the same account; the one that was not used ends.
    let (second, third) = (house.code(member(0, 0)), house.code(member(0, 0)));
    assert_eq!(code_of(house.enter(&second)), "wrong_code", "replaced");
    let again = house.enter(&third).unwrap().token.unwrap();
    assert_eq!(actors::by_token(&house.office(), &again).unwrap().id, account.id);
    let late = house.code(member(0, 0));
    house.wait_minutes(31);
    assert_eq!(code_of(house.enter(&late)), "wrong_code", "over");
    assert_eq!(actors::by_token(&house.office(), &again).map(|actor| actor.id), Some(account.id));
    house.wait_minutes(60);
    assert!(actors::by_token(&house.office(), &again).is_none(), "a session is short");
    house.assert_rebuilds();
}

#[test]
fn who_was_let_in_by_whom_stands_in_the_file_and_no_code_in_the_journal() {
    let house = House::open();
    let mut codes = vec![house.code(member(0, 0))];
    let own = house.resident(member(0, 0));
    codes.push(house.code(member(0, 0)));
    let entries = house.file(&own, None).unwrap().entries;
    assert_eq!(entries.iter().map(|entry| entry.used_at.is_some()).collect::<Vec<_>>(), [false, true, false]);
    assert!(entries.iter().all(|entry| entry.actor.0 == 30));
    let entries = house.store.read(|tx| journal::page(tx, outpace_core::Seq(0))).unwrap();
    for entry in entries {
        let text = String::from_utf8_lossy(&entry.payload).into_owned();
        assert!(codes.iter().all(|code| !text.contains(code.as_str())), "{} holds a code", entry.kind);
    }
    house.assert_rebuilds();
}

#[test]
fn whoever_is_no_resident_has_no_file_here() {
    let house = House::open();
    for role in [Role::Commander, Role::Auditor, Role::GridWorker, Role::Administrator, Role::Resident] {
        let refused = house.file(&staff(9, role), Some(member(0, 0))).unwrap_err();
        assert_eq!(refused.status, 403, "{role:?}");
    }
}

#[test]
fn a_guardian_sees_the_child_as_long_as_they_are_one() {
    let house = House::open();
    let (parent, child) = (member(0, 0), member(0, 2));
    let own = house.resident(parent);
    assert_eq!(code_of(house.file(&own, Some(child))), "not_yours", "living together is not enough");
    let registrar = staff(30, Role::GridWorker);
    let name = |guardian, kind| NameGuardian { person: child, guardian, kind };
    let named = name(parent, GuardianKind::Child);
    house.act(&registrar, move |unit, call| name_guardian(unit, call, named)).unwrap();
    let file = house.file(&own, Some(child)).unwrap();
    assert_eq!(file.person.id, child);
    assert_eq!(
        file.people.iter().map(|one| (one.person, one.own)).collect::<Vec<_>>(),
        [(parent, true), (child, false)]
    );
    let by_child = name(child, GuardianKind::Child);
    assert!(house.act(&registrar, move |unit, call| name_guardian(unit, call, by_child)).is_err());
    house.wait_minutes(12 * 366 * 24 * 60);
    let grown = house.resident(parent);
    assert_eq!(code_of(house.file(&grown, Some(child))), "not_yours", "of age");
    let care = name(parent, GuardianKind::Care);
    house.act(&registrar, move |unit, call| name_guardian(unit, call, care)).unwrap();
    assert!(house.file(&grown, Some(child)).is_ok());
    let end = EndGuardian { person: child, guardian: parent };
    house.act(&registrar, move |unit, call| end_guardian(unit, call, end)).unwrap();
    assert_eq!(code_of(house.file(&grown, Some(child))), "not_yours");
    house.assert_rebuilds();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]
    #[test]
    fn no_resident_reaches_anothers_file_by_any_route(
        wards in proptest::collection::btree_set((1..=FAMILIES * 3, 1..=FAMILIES * 3), 0..6), own in 1..=FAMILIES * 3,
    ) {
        let house = House::open();
        let registrar = staff(30, Role::GridWorker);
        let mut named = std::collections::BTreeSet::new();
        for (ward, guardian) in wards {
            let request = NameGuardian { person: PersonId(ward), guardian: PersonId(guardian), kind: GuardianKind::Care };
            if house.act(&registrar, move |unit, call| name_guardian(unit, call, request)).is_ok() {
                named.insert((ward, guardian));
            }
        }
        let resident = house.resident(PersonId(own));
        for asked in 0..=FAMILIES * 3 + 1 {
            let mine = asked == own || named.contains(&(asked, own));
            let person = Some(PersonId(asked));
            let file = house.file(&resident, person);
            prop_assert_eq!(file.is_ok(), mine, "file of {} for {}", asked, own);
            let pass = house.recall(&resident, |office, tx, call| {
                let person = crate::whose::asked(tx, call, FileQuery { person }.person)?;
                outpace_status::gate::pass_for(&outpace_status::display_of(&office.store).board(), office, call, person)
            });
            prop_assert_eq!(pass.is_ok(), mine);
            let wrong = AskCorrection { person, about: About::Other, words: "x".to_owned() };
            let asking = house.act(&resident, move |unit, call| ask_correction(unit, call, wrong));
            prop_assert_eq!(asking.is_ok(), mine);
            let against = AskAppeal { person, restriction: RestrictionId(1), words: String::new() };
            let appealed = house.act(&resident, move |unit, call| appeal(unit, call, against)).unwrap_err();
            prop_assert_eq!(appealed.code.as_str(), if mine { "unknown_restriction" } else { "not_yours" });
        }
    }
}
