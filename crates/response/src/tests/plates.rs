//! A void plate, from the signature to the last measure that hung on it.

use std::sync::Arc;

use outpace_core::{Role, TubeCode};
use outpace_isolation::RestrictionKind as Kind;
use outpace_screening::laboratory::{
    LoadPlate, LoadWell, PlateCode, SignExclusion, VoidPlate, load_plate, sign_exclusion, void_plate,
};
use outpace_screening::tubes::Purpose;

use super::{CENTRE, House, member, officer};

fn pool() -> Vec<outpace_core::PersonId> {
    (10..20).map(|family| member(family, 1)).collect()
}

/// A pool and a single sample lie on one plate and come out positive; what restricts was approved or waits.
fn on_one_plate(house: &House, approved: bool) {
    let wells = ["POOL", "SINGLE"].iter().enumerate().map(|(index, tube)| LoadWell {
        position: format!("A{}", index + 1),
        tube: Some((*tube).to_owned()),
        control: None,
    });
    let request = LoadPlate {
        laboratory: house.laboratory,
        plate: PlateCode("P-1".to_owned()),
        wells: wells.collect(),
        occurred_at: None,
    };
    house.system(move |unit, call| load_plate(unit, call, request)).unwrap();
    house.tested("POOL", &pool(), Purpose::Routine, "positive");
    house.tested("SINGLE", &[member(3, 0)], Purpose::Routine, "positive");
    assert_eq!(house.restrictions(pool()[0]), [Kind::Hold]);
    assert!(!house.orders("resample-member").is_empty());
    assert!(!house.waiting().is_empty(), "zones and quarantine wait for the officer");
    if approved {
        house.approve_all();
        assert_eq!(house.restrictions(member(3, 1)), [Kind::FacilityQuarantine]);
        assert!(!house.store.read(outpace_zoning::in_force).unwrap().is_empty());
    }
}

fn void(house: &House) -> outpace_screening::laboratory::Excluded {
    let request = VoidPlate {
        laboratory: house.laboratory,
        plate: PlateCode("P-1".to_owned()),
        finding: "阴性对照扩增 / negative control amplified".to_owned(),
        occurred_at: None,
    };
    let answer = house.act(officer(30, Role::Laboratory), move |unit, call| void_plate(unit, call, request)).unwrap();
    house.settled();
    answer
}

fn nothing_hangs_on_it(house: &House) {
    for person in pool().into_iter().chain((0..4).map(|number| member(3, number))) {
        assert_eq!(house.restrictions(person), [], "{person}");
    }
    assert!(house.store.read(|tx| outpace_contacts::active_case_of(tx, member(3, 0))).unwrap().is_none());
    assert!(house.store.read(outpace_zoning::in_force).unwrap().is_empty());
    assert!(house.store.read(|tx| outpace_zoning::hold_of_place(tx, CENTRE)).unwrap().is_none());
    assert_eq!(house.waiting(), Vec::<String>::new());
    for kind in ["resample-member", "send-ambulance", "trace-movements", "trace-report"] {
        assert!(house.orders(kind).iter().all(|order| !order.state.is_pending()), "{kind}");
    }
    // What the laboratory owes the people of the tubes is theirs: a sample again.
    for tube in ["POOL", "SINGLE"] {
        let again = house.store.read(|tx| outpace_orders::by_key(tx, &format!("resample:{tube}"))).unwrap();
        assert!(again.is_some_and(|order| !order.is_closed()), "{tube}");
        let known = house.store.read(|tx| outpace_screening::tube(tx, &TubeCode::from(tube))).unwrap().unwrap();
        assert_eq!(known.outcome, None);
    }
    assert_eq!(house.store.read(outpace_isolation::people_conservation).unwrap().difference, 0);
    house.assert_rebuilds();
}

#[test]
fn a_void_plate_lifts_every_hold_task_and_proposal_that_hung_on_it() {
    let house = House::of(90);
    on_one_plate(&house, false);
    assert_eq!(void(&house).results, 2);
    nothing_hangs_on_it(&house);
}

#[test]
fn a_void_plate_lifts_what_was_approved_as_well() {
    let house = House::of(90);
    on_one_plate(&house, true);
    assert_eq!(void(&house).results, 2);
    nothing_hangs_on_it(&house);
}

#[test]
fn everything_stands_until_the_second_signature_where_the_profile_asks_for_two() {
    let mut house = House::of(90);
    let mut rules = (*house.rules).clone();
    rules.profile.two_persons_for_exclusion = true;
    house.rules = Arc::new(rules);
    on_one_plate(&house, true);
    let exclusion = void(&house).waits.unwrap();
    assert_eq!(house.restrictions(pool()[0]), [Kind::Hold]);
    assert_eq!(house.restrictions(member(3, 1)), [Kind::FacilityQuarantine]);
    let request = SignExclusion { exclusion };
    let signer = officer(31, Role::TaskForceHead);
    house.act(signer, move |unit, call| sign_exclusion(unit, call, request)).unwrap();
    house.settled();
    nothing_hangs_on_it(&house);
}
