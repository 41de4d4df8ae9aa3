//! A file holds everything about its person, and nobody else.

use outpace_access::glass::{GlassBroken, GlassUsed};
use outpace_contacts::check_ins::codes::{PlaceKey, step_of};
use outpace_core::{ActorId, AreaLevel, Permission, PersonId, PlaceId, Role};
use outpace_policy::{StatusColour, StatusReason};
use outpace_registry::people::{Reveal, reveal};
use serde_json::Value;

use super::{House, member, staff};
use crate::file::GlassLine;

/// Every number under a key that names a person.
fn people_in(value: &Value, found: &mut Vec<i64>) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                if ["person", "guardian", "via", "of", "by_way_of"].contains(&key.as_str()) {
                    found.extend(value.as_i64());
                }
                people_in(value, found);
            }
        }
        Value::Array(values) => values.iter().for_each(|value| people_in(value, found)),
        _ => {}
    }
}

#[test]
fn a_contact_reads_why_until_when_by_what_and_what_lifts_it_and_not_by_whom() {
    let house = House::open();
    house.outbreak_in(0);
    let own = house.resident(member(0, 1));
    let file = house.file(&own, None).unwrap();
    assert_eq!(file.colour, StatusColour::Red);
    let measure = file.measures.iter().find(|one| one.in_force).unwrap();
    assert!(!measure.clause.is_empty() && !measure.facts.is_empty(), "{measure:?}");
    assert!(measure.ends_at > house.now() && measure.starts_at <= house.now());
    assert!(!measure.lifted_by.zh.is_empty() && !measure.lifted_by.en.is_empty());
    assert!(file.notices.iter().any(|notice| notice.body.zh.contains("申诉")), "the notice tells of the appeal");
    let json = serde_json::to_value(&file).unwrap();
    let mut named = Vec::new();
    people_in(&json, &mut named);
    named.retain(|id| *id != member(0, 1).0);
    assert_eq!(named, Vec::<i64>::new(), "somebody else stands in the file");
    assert!(!json.to_string().contains("试验甲"), "the case's name stands in the contact's file");
    let free = house.file(&house.resident(member(1, 1)), None).unwrap();
    let theirs = free.reasons.iter().find(|why| why.reason == StatusReason::CloseContact);
    assert_eq!((theirs, free.measures.len()), (None, 0), "a neighbour who met nobody");
    house.assert_rebuilds();
}

#[test]
fn who_looked_and_what_for_is_told_to_whom_it_concerns() {
    let house = House::open();
    let person = member(0, 0);
    let request = Reveal { person, purpose: "上门核实住址".to_owned() };
    house.act(&staff(20, Role::Tracer), move |unit, call| reveal(unit, call, request)).unwrap();
    let file = house.file(&house.resident(person), None).unwrap();
    assert_eq!(file.looks.len(), 1);
    assert_eq!((file.looks[0].purpose.as_str(), file.looks[0].at), ("上门核实住址", house.now()));
    assert_eq!(file.identity.unwrap().name, "试验甲");
    let own_looks = house.store.read(|tx| outpace_registry::people::looks_of(tx, person)).unwrap();
    assert_eq!(own_looks.len(), 1, "reading one's own file is no look");
}

#[test]
fn who_looked_beyond_their_role_where_one_was_to_be_seen_is_told_with_the_reason() {
    let house = House::open();
    let (person, elsewhere) = (member(0, 0), member(1, 0));
    let village = house.file(&house.resident(person), None).unwrap().person.area.at(AreaLevel::Village).unwrap();
    let break_glass = |id, person, area, uses: i64| {
        let (permission, reason) = (Permission::IdentityReveal, format!("夜间核实{id}"));
        let (actor, ends_at) = (ActorId(20), house.now().plus_minutes(30));
        let broken = GlassBroken { id, actor, permission, area, person, reason, ends_at };
        let recorded = house.act(&staff(20, Role::Tracer), move |unit, _| {
            unit.record(broken)?;
            for _ in 0..uses {
                unit.record(GlassUsed { id, path: "/api/registry/reveal".to_owned() })?;
            }
            Ok(())
        });
        recorded.unwrap();
    };
    break_glass(1, Some(person), village.unknown_grid(), 0);
    break_glass(2, None, village, 2);
    break_glass(3, None, village, 0);
    break_glass(4, Some(member(0, 1)), village.unknown_grid(), 1);
    let told = |person| {
        let file = house.file(&house.resident(person), None).unwrap();
        let line = |one: &GlassLine| (one.glass, one.uses, one.about_me, one.reason.clone());
        file.glass.iter().map(line).collect::<Vec<_>>()
    };
    let reason = |id: i64| format!("夜间核实{id}");
    assert_eq!(told(person), [(2, 2, false, reason(2)), (1, 0, true, reason(1))], "not who was not looked at");
    assert_eq!(told(elsewhere), [], "another village");
    house.assert_rebuilds();
}

#[test]
fn stays_and_signals_are_told_apart() {
    let house = House::open();
    let (person, place) = (member(0, 0), PlaceId(1));
    let own = house.resident(person);
    let code = PlaceKey::of(house.store.keys(), place).unwrap().shown(step_of(house.now(), 30));
    let read = |code: String| {
        house.act(&own, move |unit, call| {
            let board = unit.remembered(|display: &outpace_status::Display| display.board()).unwrap_or_default();
            let taken = outpace_contacts::check_ins::take_own(unit, call, (PersonId(1), &code), board.as_ref())?;
            Ok(taken.1.signals)
        })
    };
    assert_eq!(read(code.clone()), Ok(0));
    house.wait_minutes(10);
    assert_eq!(read(code), Ok(1));
    let file = house.file(&own, None).unwrap();
    let told: Vec<(bool, &str)> = file.visits.iter().map(|one| (one.signal.is_some(), one.name.zh.as_str())).collect();
    assert_eq!(told, [(true, "便利店"), (false, "便利店")]);
}
