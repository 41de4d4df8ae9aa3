//! Two persons for what is grave: never the same one, by whatever hand, and never one's own case.

use outpace_access::actors::ActorAdded;
use outpace_core::{Actor, PersonId, Role};
use serde_json::json;

use crate::county::{County, commander};

#[tokio::test]
async fn the_same_person_twice_at_the_same_moment_is_one_person() {
    let county = County::undecided().await;
    let grave: Vec<String> = county.waiting().await.into_iter().filter(|(_, two)| *two).map(|(key, _)| key).collect();
    assert!(!grave.is_empty(), "nothing grave waits");
    let one = commander(1);
    // Two sessions of the same officer: the same number, in two requests that race for the writer.
    let (first, second) = tokio::join!(county.approve(&one), county.approve(&one));
    let (third, fourth) = tokio::join!(county.approve(&one), county.approve(&one));
    let answers = [first, second, third, fourth];
    // Otherwise nobody said anything, and there is nothing to count twice.
    assert!(answers.iter().any(|(status, _)| *status == 200), "{answers:?}");
    for (status, body) in answers {
        let applied = body["applied"].as_array().cloned().unwrap_or_default();
        assert!(status == 200 || status == 409 || status == 422, "{status} {body}");
        assert!(applied.iter().all(|key| !grave.iter().any(|grave| key == grave)), "one person decided {applied:?}");
    }
    county.settled();
    let still: Vec<String> = county.waiting().await.into_iter().map(|(key, _)| key).collect();
    assert!(grave.iter().all(|key| still.contains(key)), "{still:?} lacks one of {grave:?}");
    // Two different officers at the same moment: each line is decided once.
    let (two, three) = (commander(2), commander(3));
    let (second, third) = tokio::join!(county.approve(&two), county.approve(&three));
    let applied = |body: &serde_json::Value| body["applied"].as_array().cloned().unwrap_or_default();
    let (by_two, by_three) = (applied(&second.1), applied(&third.1));
    for key in &grave {
        let times = by_two.iter().chain(&by_three).filter(|applied| applied == &&json!(key)).count();
        assert_eq!(times, 1, "{key} was decided {times} times");
    }
}

#[tokio::test]
async fn whoever_records_anothers_yes_is_not_the_second_person() {
    let county = County::undecided().await;
    let key = county.waiting().await.into_iter().find(|(_, two)| *two).unwrap().0;
    let plan = county.done(Role::Commander, "/api/response/plan", json!({})).await["plan"].clone();
    let office = &county.opened.office;
    // The other officer is known to the house, so that a yes by word of mouth can be recorded for them.
    let other = commander(2);
    let known = ActorAdded { actor: other.clone(), name: "commander-2".to_owned(), post: None };
    office.store.write(&office.store.system(), move |unit| unit.record(known)).unwrap();
    let told = json!({ "plan": plan, "lines": [{ "line": key }], "said_at": county.now(), "said_by": other.id });
    let (status, body) = county.ask(&commander(1), "/api/response/approve", &told).await;
    assert_eq!(status, 200, "{body}");
    let own = json!({ "plan": plan, "lines": [{ "line": key }] });
    let (status, body) = county.ask(&commander(1), "/api/response/approve", &own).await;
    assert_ne!(status, 200, "one hand gave both yeses: {body}");
    let (status, body) = county.ask(&commander(3), "/api/response/approve", &own).await;
    assert_eq!(status, 200, "{body}");
}

#[tokio::test]
async fn nobody_decides_about_themselves_or_their_household() {
    let county = County::undecided().await;
    let all: Vec<String> = county.waiting().await.into_iter().map(|(key, _)| key).collect();
    // The contact of the case, and somebody who lives with them.
    for person in [7, 3] {
        let concerned = Actor { person: Some(PersonId(person)), ..commander(9) };
        let (status, body) = county.approve(&concerned).await;
        assert_eq!(status, 200, "{body}");
        let answered: usize =
            ["applied", "waiting_for_second"].iter().map(|list| body[list].as_array().map_or(0, Vec::len)).sum();
        assert!(answered < all.len(), "{person} answered everything, their own case as well");
    }
    let plan = county.done(Role::Commander, "/api/response/plan", json!({ "full": true })).await;
    let about = |line: &serde_json::Value| line["line"]["items"].to_string().contains("\"person\":7");
    let lines = plan["lines"].as_array().unwrap();
    let own = lines.iter().find(|line| about(line) && line["follows"] == json!(false)).expect("a line about person 7");
    let concerned = Actor { person: Some(PersonId(7)), ..commander(9) };
    let request = json!({ "plan": plan["plan"], "lines": [{ "line": own["line"]["key"] }] });
    let (status, body) = county.ask(&concerned, "/api/response/approve", &request).await;
    assert_eq!(status, 403, "{body}");
    let request = json!({ "plan": plan["plan"], "lines": [own["line"]["key"]], "reason": "not me" });
    let (status, body) = county.ask(&concerned, "/api/response/decline", &request).await;
    assert_eq!(status, 403, "{body}");
}
