//! Devices: their tokens are renewed, listed, revoked.

use outpace_core::Clock;
use outpace_core::time::{HOUR_MS, MINUTE_MS};
use serde_json::json;

use crate::desk::{Desk, acts, administrator, ask, program};

#[tokio::test]
async fn a_device_renews_its_token_and_its_old_one_ends_soon() {
    let desk = Desk::new();
    let (admin, _) = administrator(&desk).await;
    let post = json!({ "kind": "lane", "id": 7 });
    let body = json!({ "name": "lane 7", "role": "sampler", "area": 140_121, "post": post });
    let added = ask(&desk, &program(&admin), "/api/access/add-device", body).await;
    let first = added.token();
    let at = |lane: i64| json!({ "lane": lane });
    assert_eq!(ask(&desk, &program(&first), "/api/test/lane", at(7)).await.status, 200);
    let elsewhere = ask(&desk, &program(&first), "/api/test/lane", at(8)).await;
    assert_eq!((elsewhere.code(), elsewhere.body["field"].as_str()), ((403, "forbidden"), Some("lane")));
    desk.wait(23 * HOUR_MS);
    let renew = |token: String| {
        let desk = &desk;
        async move { ask(desk, &program(&token), "/api/access/renew", json!({})).await }
    };
    let lost = renew(first.clone()).await.token();
    // The answer was lost on the way: the device asks again, and what was lost is worth nothing.
    let second = renew(first.clone()).await.token();
    assert_eq!((acts(&desk, &program(&lost)).await, acts(&desk, &program(&second)).await), (401, 200));
    desk.wait(15 * MINUTE_MS);
    assert_eq!((acts(&desk, &program(&first)).await, acts(&desk, &program(&second)).await), (401, 200));
    assert_eq!(renew(first).await.status, 401);
    desk.wait(24 * HOUR_MS);
    assert_eq!(acts(&desk, &program(&second)).await, 401);
}

#[tokio::test]
async fn a_device_is_listed_revoked_and_given_another_token() {
    let desk = Desk::new();
    let (admin, _) = administrator(&desk).await;
    let body = json!({ "name": "laboratory", "role": "laboratory", "area": 140_121, "post": { "kind": "laboratory", "id": 3 } });
    let added = ask(&desk, &program(&admin), "/api/access/add-device", body.clone()).await;
    let (token, id) = (added.token(), added.body["actor"]["id"].clone());
    desk.wait(5 * MINUTE_MS);
    assert_eq!(acts(&desk, &program(&token)).await, 200);
    let seen = ask(&desk, &program(&admin), "/api/access/actors", json!({})).await;
    let seen = seen.body["actors"].as_array().unwrap().iter().find(|one| one["name"] == "laboratory").unwrap().clone();
    assert_eq!((&seen["post"], seen["last_seen"].as_i64()), (&body["post"], Some(desk.clock.now().0)), "{seen}");
    let whom = json!({ "actor": id });
    assert_eq!(ask(&desk, &program(&admin), "/api/access/revoke", whom.clone()).await.status, 200);
    assert_eq!(acts(&desk, &program(&token)).await, 401);
    let anew = ask(&desk, &program(&admin), "/api/access/issue-token", whom.clone()).await.token();
    assert_eq!(acts(&desk, &program(&anew)).await, 200);
    let why = json!({ "actor": id, "reason": "broken" });
    assert_eq!(ask(&desk, &program(&admin), "/api/access/disable", why.clone()).await.status, 200);
    assert_eq!(acts(&desk, &program(&anew)).await, 401);
    assert_eq!(ask(&desk, &program(&admin), "/api/access/disable", why).await.code(), (404, "unknown_actor"));
    let grave = json!({ "name": "desk", "role": "commander", "area": 140_121 });
    assert_eq!(ask(&desk, &program(&admin), "/api/access/add-device", grave).await.code(), (422, "role_of_persons"));
}
