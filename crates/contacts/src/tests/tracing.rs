use super::*;
use crate::tracing::{
    Contact, ContactGap, ExcludeContact, NewExposure, Observation, RecordContacts, UpdateContact, contacts_of_case,
    contacts_of_person, exclude_contact, exposures_of, record_contacts, update_contact,
};
use crate::visits::Evidence;
use outpace_core::{CaseId, FacilityId};
use outpace_policy::{ContactClass, Setting};

fn exposure(person: i64, setting: Setting, from: &str, to: &str) -> NewExposure {
    NewExposure {
        person: PersonId(person),
        setting,
        class: None,
        place: None,
        vehicle: None,
        room: None,
        from: at(from),
        to: at(to),
        evidence: Evidence::Interview,
        via: None,
    }
}

fn record(house: &House, case: CaseId, exposures: Vec<NewExposure>) -> Vec<Contact> {
    let request = RecordContacts { case, found_how: FoundHow::Tracing, exposures };
    house.act(|unit, call| record_contacts(unit, call, request)).unwrap().contacts
}

const MEAL: [&str; 2] = ["2022-04-11T12:00", "2022-04-11T13:00"];

#[test]
fn the_class_of_a_contact_is_the_strictest_of_all_exposures() {
    let house = House::open();
    let case = house.case(1).id;
    let place = exposure(3, Setting::Place, "2022-04-10T12:00", "2022-04-10T12:01");
    let casual = record(&house, case, vec![place]);
    assert_ne!(casual[0].class, ContactClass::Close);
    let close = record(&house, case, vec![exposure(3, Setting::Meal, MEAL[0], MEAL[1])]);
    assert_eq!((close[0].class, close[0].setting), (ContactClass::Close, Setting::Meal));
    assert_eq!(close[0].first_exposure_at, at("2022-04-10T12:00"));
    assert_eq!(close[0].last_exposure_at, at(MEAL[1]));
    assert_eq!(close[0].seqs.len(), 2, "both facts carry it");
    record(&house, case, vec![exposure(3, Setting::Place, "2022-04-12T12:00", "2022-04-12T12:01")]);
    let found = house.read(|tx| contacts_of_case(tx, case));
    assert_eq!((found.len(), found[0].class), (1, ContactClass::Close), "a weaker exposure does not weaken it");
    assert_eq!(found[0].last_exposure_at, at("2022-04-12T12:01"), "but it moves day 0");
    house.assert_rebuilds();
}

#[test]
fn a_contact_of_a_contact_names_who_stands_between() {
    let house = House::open();
    let case = house.case(1).id;
    let second = NewExposure { via: Some(PersonId(3)), ..exposure(4, Setting::Household, MEAL[0], MEAL[1]) };
    let found = record(&house, case, vec![second]);
    assert_eq!((found[0].class, found[0].via), (ContactClass::ContactOfContact, Some(PersonId(3))));
}

#[test]
fn a_tracer_may_judge_and_it_shows() {
    let house = House::open();
    let case = house.case(1).id;
    let judged = NewExposure {
        class: Some(ContactClass::Close),
        ..exposure(3, Setting::Place, "2022-04-10T12:00", "2022-04-10T12:01")
    };
    record(&house, case, vec![judged]);
    let known = house.read(|tx| exposures_of(tx, case, PersonId(3)));
    assert!(known[0].0.judged);
    assert_eq!(known[0].0.class, ContactClass::Close);
}

#[test]
fn the_same_exposure_twice_is_one_fact() {
    let house = House::open();
    let case = house.case(1).id;
    let meal = exposure(3, Setting::Meal, MEAL[0], MEAL[1]);
    record(&house, case, vec![meal.clone()]);
    let head = house.store.head().seq;
    let request = RecordContacts { case, found_how: FoundHow::Tracing, exposures: vec![meal.clone(), meal] };
    let again = house.act(|unit, call| record_contacts(unit, call, request)).unwrap();
    assert_eq!((again.already, again.contacts.len()), (2, 1));
    assert_eq!(house.store.head().seq, head);
}

#[test]
fn what_is_missing_about_a_contact_is_named_until_it_is_known() {
    let house = House::open();
    let case = house.case(1).id;
    let found = record(&house, case, vec![exposure(3, Setting::Meal, MEAL[0], MEAL[1])]);
    assert_eq!(found[0].gaps(), [ContactGap::NotReached]);
    let update = |change: fn(&mut UpdateContact)| {
        let mut request = UpdateContact {
            case,
            person: PersonId(3),
            observation: None,
            facility: None,
            outcome: None,
            reached_at: None,
            left_area: None,
            whereabouts: None,
            release_due_at: None,
        };
        change(&mut request);
        house.act(|unit, call| update_contact(unit, call, request))
    };
    assert_eq!(update(|_| ()).unwrap_err().code, "nothing_to_change");
    let reached = update(|request| {
        request.reached_at = Some(now());
        request.observation = Some(Observation::Facility);
        request.left_area = Some(true);
    });
    assert_eq!(reached.unwrap().gaps(), [ContactGap::WaitingForTransfer, ContactGap::DestinationMissing]);
    let settled = update(|request| {
        request.reached_at = Some(now().plus_hours(5));
        request.facility = Some(FacilityId(1));
        request.whereabouts = Some(AreaId(140_105));
    })
    .unwrap();
    assert_eq!(settled.gaps(), []);
    assert_eq!(settled.reached_at, Some(now()), "the first time counts");
    house.assert_rebuilds();
}

#[test]
fn an_excluded_contact_is_none_until_someone_looks_again() {
    let house = House::open();
    let case = house.case(1).id;
    let meal = exposure(3, Setting::Meal, MEAL[0], MEAL[1]);
    record(&house, case, vec![meal.clone()]);
    let request = ExcludeContact { case, person: PersonId(3), reason: "当日不在".to_owned() };
    let triggers = house.triggers(|unit, call| exclude_contact(unit, call, request));
    assert_eq!(triggers, [Trigger::Person(PersonId(3))]);
    let found = house.read(|tx| contacts_of_person(tx, PersonId(3)));
    assert!(!found[0].is_active() && found[0].gaps().is_empty());
    let again = record(&house, case, vec![meal]);
    assert!(again[0].is_active());
    house.assert_rebuilds();
}

#[test]
fn an_exposure_that_cannot_be_is_kept_and_opens_an_order() {
    let house = House::open();
    let case = house.case(1).id;
    record(&house, case, vec![exposure(3, Setting::Meal, MEAL[1], MEAL[0])]);
    record(&house, case, vec![exposure(1, Setting::Meal, MEAL[0], MEAL[1])]);
    assert_eq!(house.conflicts(), 2);
    assert_eq!(house.read(|tx| contacts_of_case(tx, case)).len(), 2);
    house.assert_rebuilds();
}

#[test]
fn contacts_are_paged_by_area() {
    let house = House::open();
    let case = house.case(1).id;
    let exposures = (2..=6).map(|person| exposure(person, Setting::Meal, MEAL[0], MEAL[1])).collect();
    record(&house, case, exposures);
    let (mut seen, mut after_person) = (Vec::new(), None);
    loop {
        let after_case = after_person.map(|_| case);
        let query = crate::tracing::ContactsInQuery { area: None, after_case, after_person, limit: Some(2) };
        let page = house.ask(|tx, call| crate::tracing::contacts_in(tx, call, query)).unwrap().contacts;
        let Some(last) = page.last() else { break };
        after_person = Some(last.contact.person);
        seen.extend(page.iter().map(|row| row.contact.person.0));
    }
    assert_eq!(seen, [2, 3, 4, 5, 6]);
}

#[test]
fn an_unknown_case_or_person_is_refused() {
    let house = House::open();
    let request = RecordContacts { case: CaseId(9), found_how: FoundHow::Tracing, exposures: Vec::new() };
    assert_eq!(house.act(|unit, call| record_contacts(unit, call, request)).unwrap_err().field, "case");
    let case = house.case(1).id;
    let exposures = vec![exposure(77, Setting::Meal, MEAL[0], MEAL[1])];
    let request = RecordContacts { case, found_how: FoundHow::Tracing, exposures };
    assert_eq!(house.act(|unit, call| record_contacts(unit, call, request)).unwrap_err().field, "person");
}
