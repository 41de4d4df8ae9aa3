//! A gate without a network: what it takes is what the office signed, in time, and nobody turned worse since.

use ed25519_dalek::SigningKey;
use outpace_access::{Office, Rulebook};
use outpace_core::{PersonId, Timestamp};
use outpace_policy::StatusColour;
use proptest::prelude::*;

use super::{House, PEOPLE};
use crate::gate::{GateKey, GateList, GateRefusal, LIST_FORMAT, SignedGateList, StatusPass, pass_for, verify};

fn office(house: &House) -> Office {
    Office::new(house.store.clone(), Rulebook::clone(&house.rules))
}

fn pass(house: &House, person: i64) -> String {
    let board = crate::display_of(&house.store).board();
    let call = house.call(&super::actor(7, outpace_core::Role::Gatekeeper));
    pass_for(&board, &office(house), &call, PersonId(person)).unwrap().text
}

fn fetched(house: &House) -> GateList {
    let call = house.call(&super::actor(7, outpace_core::Role::Gatekeeper));
    let signed = house.store.read(|tx| crate::gate::list_for_gate(&office(house), tx, &call)).unwrap();
    let key = signed.key.clone();
    signed.read(&key).unwrap()
}

fn quarantine(house: &House, person: i64) {
    let (now, ends) = (house.now(), house.now().plus_days(7));
    let new = outpace_isolation::NewRestriction {
        person: PersonId(person),
        kind: outpace_isolation::RestrictionKind::HomeQuarantine,
        ground: super::ground(),
        because_of: outpace_isolation::Because::Person(PersonId(person)),
        class: Some(outpace_policy::QuarantineClass::CloseContact),
        starts_at: now,
        ends_at: ends,
        test_days: Vec::new(),
        plan: None,
    };
    house.act(move |unit, call| outpace_isolation::restrict(unit, call, new)).unwrap();
}

#[test]
fn a_gate_that_fetched_its_list_goes_on_without_a_network() {
    let house = House::open();
    let (list, text) = (fetched(&house), pass(&house, 1));
    house.wait_minutes(200);
    let found = verify(&text, &list, house.now()).unwrap();
    assert_eq!((found.colour, found.last_negative_at), (StatusColour::Green, None));
    house.wait_minutes(41);
    assert_eq!(verify(&text, &list, house.now()), Err(GateRefusal::Over));
    assert!(text.len() < 125, "{} letters are much for a telephone", text.len());
}

#[test]
fn who_turns_worse_is_on_the_list_and_their_new_pass_is_not() {
    let house = House::open();
    let (old, neighbour) = (pass(&house, 1), pass(&house, 2));
    quarantine(&house, 1);
    let (list, new) = (fetched(&house), pass(&house, 1));
    assert_eq!(verify(&old, &list, house.now()), Err(GateRefusal::Revoked));
    assert_eq!(verify(&new, &list, house.now()).unwrap().colour, StatusColour::Red);
    assert_eq!(verify(&neighbour, &list, house.now()).unwrap().colour, StatusColour::Green);
    // A later one, when the alias of the first has changed: the old pass is still on the list while it holds.
    house.wait_minutes(200);
    assert_eq!(verify(&old, &fetched(&house), house.now()), Err(GateRefusal::Revoked));
}

#[test]
fn keys_change_by_themselves_and_a_gate_that_was_away_for_a_period_goes_on() {
    let house = House::open();
    let list = fetched(&house);
    house.wait_minutes(7 * 24 * 60);
    assert_eq!(verify(&pass(&house, 1), &list, house.now()).unwrap().colour, StatusColour::Green);
    house.wait_minutes(14 * 24 * 60);
    assert_eq!(verify(&pass(&house, 1), &list, house.now()), Err(GateRefusal::UnknownKey));
    assert_ne!(fetched(&house).keys, list.keys);
}

#[test]
fn another_offices_list_and_a_changed_one_are_not_used() {
    let (house, other) = (House::open(), House::open());
    let call = house.call(&super::actor(7, outpace_core::Role::Gatekeeper));
    let signed = house.store.read(|tx| crate::gate::list_for_gate(&office(&house), tx, &call)).unwrap();
    let theirs = other.store.read(|tx| crate::gate::list_for_gate(&office(&other), tx, &call)).unwrap();
    assert!(theirs.read(&signed.key).is_err());
    let changed = SignedGateList { list: signed.list.replace("140121", "140122"), ..signed.clone() };
    assert!(changed.read(&signed.key).is_err());
    assert_eq!(verify(&pass(&other, 1), &signed.read(&signed.key).unwrap(), house.now()), Err(GateRefusal::UnknownKey));
}

#[test]
fn the_page_and_the_server_read_the_same_bytes() {
    let fixture: serde_json::Value = serde_json::from_str(include_str!("../../../../web/fixtures/gate.json")).unwrap();
    let word = |name: &str| fixture[name].as_str().unwrap();
    let signed: SignedGateList = serde_json::from_value(fixture["signed"].clone()).unwrap();
    let (list, now) = (signed.read(&signed.key).unwrap(), Timestamp(fixture["now"].as_i64().unwrap()));
    let green = verify(word("green"), &list, now).unwrap();
    assert_eq!(green.colour, StatusColour::Green);
    assert_eq!(green.last_negative_at, Some(now.plus_minutes(-600)));
    assert_eq!(green.signed(&SigningKey::from_bytes(&[2; 32])), word("green"));
    assert_eq!(verify(word("red"), &list, now).unwrap().colour, StatusColour::Red);
    for (name, refusal) in [
        ("over", GateRefusal::Over),
        ("ahead", GateRefusal::NotYet),
        ("revoked", GateRefusal::Revoked),
        ("stranger", GateRefusal::UnknownKey),
    ] {
        assert_eq!(verify(word(name), &list, now), Err(refusal), "{name}");
    }
}

fn list(key: &SigningKey, revoked: &[[u8; 8]]) -> GateList {
    let mut revoked: Vec<String> = revoked.iter().map(hex::encode).collect();
    revoked.sort();
    GateList {
        format: LIST_FORMAT.to_owned(),
        jurisdiction: super::COUNTY,
        at: Timestamp(0),
        keys: vec![GateKey {
            key: hex::encode(key.verifying_key().as_bytes()),
            from: Timestamp(0),
            until: Timestamp(i64::MAX),
        }],
        revoked: revoked.concat(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn what_was_signed_comes_back_and_not_a_letter_of_it_may_change(
        alias in any::<[u8; 8]>(), colour in 0_usize..3, negative in proptest::option::of(1_i64..40_000_000),
        issued in 1_i64..40_000_000, minutes in 1_u16..2_000, at in 0_usize..110, letter in 0_u8..64,
        revoked in proptest::collection::vec(any::<[u8; 8]>(), 0..20),
    ) {
        use outpace_policy::Closed;
        let key = SigningKey::from_bytes(&[9; 32]);
        let pass = StatusPass {
            alias,
            colour: StatusColour::ALL[colour],
            last_negative_at: negative.map(|minute| Timestamp(minute * 60_000)),
            issued_at: Timestamp(issued * 60_000),
            minutes,
        };
        let (text, mut list) = (pass.signed(&key), list(&key, &revoked));
        let now = pass.issued_at;
        prop_assert_eq!(verify(&text, &list, now), if revoked.contains(&alias) { Err(GateRefusal::Revoked) } else { Ok(pass) });
        prop_assert_eq!(verify(&text, &list, pass.ends_at()), Err(GateRefusal::Over));
        prop_assert_eq!(verify(&text, &list, now.plus_minutes(-6)), Err(GateRefusal::NotYet));
        const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let mut changed = text.clone().into_bytes();
        let place = 5 + at % (changed.len() - 5);
        if changed[place] != LETTERS[usize::from(letter)] {
            changed[place] = LETTERS[usize::from(letter)];
            let refused = verify(&String::from_utf8(changed).unwrap(), &list, now);
            prop_assert!(refused.is_err() && refused != Err(GateRefusal::Revoked), "{:?}", refused);
        }
        list.keys[0].key = hex::encode(SigningKey::from_bytes(&[8; 32]).verifying_key().as_bytes());
        prop_assert_eq!(verify(&text, &list, now), Err(GateRefusal::UnknownKey));
    }

    #[test]
    fn no_text_stops_a_gate(text in ".{0,200}", coded in "[A-Za-z0-9_-]{0,140}") {
        let list = list(&SigningKey::from_bytes(&[9; 32]), &[]);
        prop_assert!(verify(&text, &list, Timestamp(0)).is_err());
        let coded = format!("OPS1.{coded}");
        prop_assert!(verify(&coded, &list, Timestamp(0)).is_err());
    }
}

#[test]
fn nobody_can_tell_from_two_passes_that_they_are_one_persons() {
    let house = House::open();
    let first: Vec<String> = (1..=PEOPLE).map(|person| pass(&house, person)).collect();
    house.wait_minutes(240);
    let second: Vec<String> = (1..=PEOPLE).map(|person| pass(&house, person)).collect();
    let list = fetched(&house);
    let aliases: std::collections::BTreeSet<[u8; 8]> = second
        .iter()
        .map(|text| verify(text, &list, house.now()).unwrap().alias)
        .chain(first.iter().map(|text| verify(text, &list, house.now().plus_minutes(-240)).unwrap().alias))
        .collect();
    assert_eq!(aliases.len() as i64, 2 * PEOPLE);
}
