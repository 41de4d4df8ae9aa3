//! Break-glass access: allowed, loud, reviewed, and over by itself.

use axum::body::{Body, to_bytes};
use axum::http::Request;
use outpace_access::actors::{AddDevice, add_device};
use outpace_core::{Role, Timestamp};
use outpace_server::app;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::county::{County, QUIET};

impl County {
    /// A token of somebody new of a role in the quiet township.
    fn token(&self, name: &str, role: Role) -> String {
        let (office, name) = (&self.opened.office, name.to_owned());
        let call = office.system_call();
        let added = office.store.write(&office.store.system(), move |unit| {
            add_device(unit, &call, AddDevice { name, role, area: QUIET, post: None })
        });
        added.unwrap().answer.token
    }

    /// A request over the door, with the access that it names.
    async fn by_token(&self, token: &str, method: &str, path: &str, glass: Option<i64>, body: &Value) -> (u16, Value) {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("content-type", "application/json")
            .header("authorization", format!("Bearer {token}"));
        if let Some(glass) = glass {
            request = request.header("x-outpace-glass", glass.to_string());
        }
        let body = if method == "GET" { Body::empty() } else { Body::from(body.to_string()) };
        let answer = app::router(self.opened.clone()).oneshot(request.body(body).unwrap()).await.unwrap();
        let status = answer.status().as_u16();
        let bytes = to_bytes(answer.into_body(), 1 << 22).await.unwrap();
        (status, serde_json::from_slice(&bytes).unwrap_or_default())
    }
}

const PERSON: &str = "/api/registry/person?person=5";

#[tokio::test]
async fn it_opens_what_was_asked_for_is_loud_is_reviewed_and_ends_by_itself() {
    let county = County::busy().await;
    let token = county.token("driver-9", Role::GridWorker);
    let nothing = json!({});
    assert_eq!(county.by_token(&token, "GET", PERSON, None, &nothing).await.0, 404);
    let ask = json!({ "permission": "registry_read", "person": 5, "reason": "found unconscious at the gate" });
    let (status, broken) = county.by_token(&token, "POST", "/api/access/break-glass", None, &ask).await;
    assert_eq!(status, 200, "{broken}");
    let glass = broken["glass"].as_i64();
    let (status, person) = county.by_token(&token, "GET", PERSON, glass, &nothing).await;
    assert_eq!((status, &person["id"]), (200, &json!(5)), "{person}");
    // Only what was asked for, and only for whom asked.
    let visits = "/api/contacts/case?case=2";
    assert_eq!(county.by_token(&token, "GET", visits, glass, &nothing).await.0, 403);
    let other = county.token("driver-10", Role::GridWorker);
    assert_eq!(county.by_token(&other, "GET", PERSON, glass, &nothing).await.0, 403);
    // Loud: each use is a fact, the command and the auditor are told, the figures count.
    let listed = county.done(Role::Auditor, "/api/access/glass", json!({})).await;
    assert_eq!((&listed["glass"][0]["uses"], &listed["glass"][0]["person"]), (&json!(1), &json!(5)));
    let notices = county.done(Role::Publisher, "/api/notices/list", json!({})).await;
    assert!(notices.to_string().contains("break_glass"), "{notices}");
    assert!(county.opened.office.figures().text().unwrap().contains("outpace_glass_uses_total 1"));
    // Reviewed: an open order to the auditor that whoever took the access cannot close.
    let review = json!({ "order": broken["review"] });
    let order = county.done(Role::Auditor, "/api/orders/one", review.clone()).await;
    assert_eq!(order["order"]["state"], "open", "{order}");
    let head = crate::county::actor(Role::Commander, crate::county::COUNTY);
    assert_ne!(county.ask(&head, "/api/orders/accept", &review).await.0, 200, "not the auditor");
    // It ends by itself; the review stays open until somebody looked.
    let ends = Timestamp(broken["ends_at"].as_i64().unwrap());
    county.opened.drill_clock.as_ref().unwrap().move_to(ends);
    assert_eq!(county.by_token(&token, "GET", PERSON, glass, &nothing).await.0, 403);
    let order = county.done(Role::Auditor, "/api/orders/one", review.clone()).await;
    assert_eq!(order["order"]["state"], "open");
    county.done(Role::Auditor, "/api/orders/accept", review).await;
    let done = json!({ "order": broken["review"], "ticked": [0, 1],
                       "result": { "finding": "justified", "reason": "an emergency" } });
    county.done(Role::Auditor, "/api/orders/finish", done).await;
}

#[tokio::test]
async fn nothing_is_decided_through_it_and_nobody_goes_without_a_reason() {
    let county = County::busy().await;
    let token = county.token("driver-9", Role::GridWorker);
    for ask in [
        json!({ "permission": "plan_approve", "area": 140_121, "reason": "I would like to" }),
        json!({ "permission": "access_manage", "area": 140_121, "reason": "I would like to" }),
        json!({ "permission": "registry_read", "person": 5, "reason": "why" }),
        json!({ "permission": "registry_read", "reason": "without a subject" }),
        json!({ "permission": "registry_read", "area": 3_101, "reason": "another city altogether" }),
    ] {
        let head = county.head();
        let (status, body) = county.by_token(&token, "POST", "/api/access/break-glass", None, &ask).await;
        assert!((400..500).contains(&status), "{ask}: {status} {body}");
        assert_eq!(county.head(), head, "{ask} left a fact");
    }
}
