//! What others imposed beyond the rules is seen, counted and settled, and enforces nothing.

use outpace_core::Role;
use serde_json::{Value, json};

use crate::county::{BUSY, County};

impl County {
    async fn imposed(&self, person: i64, kind: &str) -> Value {
        let words = json!({ "zh": "外部", "en": "from outside" });
        let by = json!({ "whom": "街道", "order_number": "7", "known_by": "inspection" });
        let seen = json!({ "person": person, "kind": kind, "reason": words, "starts_at": self.now().plus_days(-3),
                           "imposed_by": by });
        self.done(Role::Auditor, "/api/isolation/observe-restriction", seen).await
    }

    async fn report(&self) -> Value {
        self.done(Role::Auditor, "/api/response/extra-layers", json!({})).await
    }
}

#[tokio::test]
async fn it_is_told_by_area_with_people_and_days_gets_an_order_and_restricts_nobody() {
    let county = County::quiet().charted().await.peopled().await;
    assert_eq!(county.report().await["total"], json!({ "measures": 0, "people": 0, "person_days": 0 }));
    let observed = county.imposed(4, "home_quarantine").await["restriction"].clone();
    county.imposed(8, "hold").await;
    let report = county.report().await;
    assert_eq!(report["total"], json!({ "measures": 2, "people": 2, "person_days": 6 }));
    let area = &report["areas"][0];
    assert_eq!((&area["area"], &area["not_asked"]["people"]), (&json!(BUSY), &json!(2)), "{report}");
    assert_eq!(report["measures"][0]["imposed_by"]["order_number"], "7");
    // It enforces nothing: nobody is restricted, and the page of the person shows no measure of ours.
    let person = county.done(Role::Auditor, "/api/isolation/person", json!({ "person": 4 })).await;
    assert_eq!(person["restrictions"], json!([]));
    // At the turn of the day the order to settle it goes out, once.
    for _ in 0..2 {
        county.looked_at_everything();
    }
    let orders = county.done(Role::Auditor, "/api/orders/list", json!({ "kind": "settle-extra-measure" })).await;
    let subjects: Vec<&Value> =
        orders["orders"].as_array().unwrap().iter().map(|order| &order["order"]["subject"]["id"]).collect();
    assert_eq!(subjects.len(), 2, "{orders}");
    assert!(subjects.contains(&&observed), "{orders}");
}

#[tokio::test]
async fn what_the_rules_ask_for_is_no_extra_layer() {
    let county = County::busy().await;
    // The contact of the case is under a measure of ours; a milder one from outside adds nothing.
    let milder = county.imposed(7, "home_monitoring").await["restriction"].clone();
    let stricter = county.imposed(7, "isolation").await["restriction"].clone();
    let report = county.report().await;
    let told: Vec<(&Value, &Value)> =
        report["measures"].as_array().unwrap().iter().map(|one| (&one["measure"]["id"], &one["beyond"])).collect();
    assert!(told.contains(&(&stricter, &json!("stricter"))), "{report}");
    assert!(told.iter().all(|(measure, _)| **measure != milder), "{report}");
}
