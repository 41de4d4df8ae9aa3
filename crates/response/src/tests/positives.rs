//! A positive pool and a positive single sample, from the result to people released or in care.

use outpace_core::{Role, TubeCode};
use outpace_isolation::RestrictionKind as Kind;
use outpace_screening::laboratory::{ExcludeResults, ExclusionReason, exclude_results};
use outpace_screening::tubes::Purpose;

use super::{CENTRE, House, member, officer};

fn pool() -> Vec<outpace_core::PersonId> {
    (0..10).map(|family| member(family, 1)).collect()
}

#[test]
fn members_of_a_positive_pool_are_held_at_once_sampled_singly_and_released_one_by_one() {
    let house = House::of(30);
    house.tested("P1", &pool(), Purpose::Routine, "positive");
    for person in pool() {
        assert_eq!(house.restrictions(person), [Kind::Hold]);
    }
    assert_eq!(house.orders("resample-member").len(), 10);
    assert_eq!(house.waiting(), Vec::<String>::new());
    house.assert_founded();
    house.wait_minutes(60);
    house.tested("S1", &[pool()[0]], Purpose::Retest, "negative");
    assert!(house.restrictions(pool()[0]).is_empty());
    assert_eq!(house.restrictions(pool()[1]), [Kind::Hold]);
    house.assert_rebuilds();
}

#[test]
fn a_void_plate_releases_everyone_it_held() {
    let house = House::of(30);
    house.tested("P1", &pool(), Purpose::Routine, "positive");
    house.wait_minutes(5);
    let request = ExcludeResults {
        laboratory: outpace_core::LaboratoryId(1),
        tubes: vec![TubeCode::from("P1")],
        reason: ExclusionReason::VoidPlate,
        finding: "negative control amplified".to_owned(),
        occurred_at: None,
    };
    house.system(move |unit, call| exclude_results(unit, call, request)).unwrap();
    house.settled();
    for person in pool() {
        assert!(house.restrictions(person).is_empty());
    }
    assert!(house.orders("resample-member").iter().all(|order| !order.state.is_pending()));
    house.assert_rebuilds();
}

#[test]
fn a_lapsed_hold_is_counted_as_our_failure() {
    let house = House::of(30);
    house.tested("P1", &pool(), Purpose::Routine, "positive");
    house.wait_minutes(6 * 60 + 1);
    house.tick();
    assert!(house.restrictions(pool()[0]).is_empty());
    assert_eq!(house.orders("answer-lapsed-hold").len(), 10);
    let lapsed = house.store.read(outpace_isolation::restrictions::store::retests_due).unwrap();
    assert_eq!(lapsed.len(), 10);
}

#[test]
fn a_positive_single_sample_opens_a_case_and_the_whole_plan_stands_at_once() {
    let house = House::of(90);
    let index = member(3, 0);
    house.tested("S1", &[index], Purpose::Routine, "positive");
    let case = house.store.read(|tx| outpace_contacts::active_case_of(tx, index)).unwrap().unwrap();
    assert_eq!(case.stage, outpace_contacts::Stage::Preliminary);
    // The case is held and isolated, the place of work is held, the messages are out: nobody waited for that.
    assert_eq!(house.restrictions(index).len(), 2);
    let held = house.store.read(|tx| outpace_zoning::hold_of_place(tx, CENTRE)).unwrap();
    assert!(held.is_some());
    for kind in ["send-ambulance", "report-up", "trace-report", "trace-movements", "trace-first-report"] {
        assert_eq!(house.orders(kind).len(), 1, "{kind}");
    }
    let messages = house.store.read(|tx| outpace_orders::notices::list(tx, false, super::COUNTY, None, 1000)).unwrap();
    assert_eq!(messages.iter().filter(|notice| notice.kind.starts_with("positive_")).count(), 2);
    assert!(messages.iter().filter(|notice| notice.kind.starts_with("positive_")).all(|notice| notice.receivers == 6));
    // What confines others waits: family and room, their families, the village, the place, the county.
    let waiting = house.waiting();
    let has = |part: &str| waiting.iter().any(|key| key.contains(part));
    assert!(has("facility_quarantine/close_contact"), "{waiting:?}");
    assert!(has("facility_quarantine/contact_of_contact"));
    assert!(has("zone/place/2/lockdown"));
    assert!(has("zone/area/140121202202/lockdown"));
    assert!(has("zone/area/140121/precaution"));
    let close = house.plan().lines.into_iter().find(|line| line.line.key.contains("close_contact")).unwrap();
    assert_eq!(close.count, 8);
    assert_eq!(house.restrictions(member(3, 1)), []);
    house.approve_all();
    assert_eq!(house.restrictions(member(3, 1)), [Kind::FacilityQuarantine]);
    assert_eq!(house.waiting(), Vec::<String>::new());
    let zones = house.store.read(outpace_zoning::in_force).unwrap();
    assert_eq!(zones.len(), 3);
    let open = house.store.read(|tx| outpace_isolation::transfers::open_of(tx, member(3, 1))).unwrap();
    assert!(open.is_some());
    house.assert_founded();
    house.assert_rebuilds();
}

#[test]
fn the_status_of_a_contact_is_derived_and_says_why() {
    let house = House::of(90);
    house.tested("S1", &[member(3, 0)], Purpose::Routine, "positive");
    house.approve_all();
    let query = |person| crate::status_page::StatusQuery { person };
    let contact =
        house.ask(officer(1, Role::Commander), |tx, call| crate::status_page::status_of(tx, call, query(member(3, 1))));
    assert_eq!(contact.status.colour, outpace_policy::StatusColour::Red);
    assert_eq!(contact.measures.len(), 1);
    let other = house
        .ask(officer(1, Role::Commander), |tx, call| crate::status_page::status_of(tx, call, query(member(80, 3))));
    assert!(other.measures.is_empty());
}

#[test]
fn an_excluded_case_lifts_all_that_hung_on_it_without_anyone_asking() {
    let house = House::of(90);
    let index = member(3, 0);
    house.tested("S1", &[index], Purpose::Routine, "positive");
    house.approve_all();
    let case = house.store.read(|tx| outpace_contacts::active_case_of(tx, index)).unwrap().unwrap().id;
    let request =
        outpace_contacts::cases::ExcludeCase { case, reason: "review negative".to_owned(), occurred_at: None };
    house.act(officer(9, Role::Tracer), move |unit, call| outpace_contacts::exclude_case(unit, call, request)).unwrap();
    house.settled();
    assert!(house.restrictions(index).is_empty());
    assert!(house.restrictions(member(3, 1)).is_empty());
    assert!(house.store.read(outpace_zoning::in_force).unwrap().is_empty());
    assert!(house.store.read(|tx| outpace_zoning::hold_of_place(tx, CENTRE)).unwrap().is_none());
    assert_eq!(house.waiting(), Vec::<String>::new());
    let people = house.store.read(outpace_isolation::people_conservation).unwrap();
    assert_eq!(people.difference, 0);
    house.assert_rebuilds();
}
