//! The routes as a caller sees them.

#![allow(clippy::unwrap_used)]

mod office;

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use office::{Desk, QINGXU, WANGDA, actor, new_order};
use outpace_access::actors::totp;
use outpace_access::{actors, matrix, openapi};
use outpace_core::{Permission, Role};
use outpace_orders::issue;
use outpace_orders::orders::{OrderVerb, actions};
use serde_json::{Value, json};
use tower::ServiceExt;

struct Edge {
    desk: Desk,
    admin: String,
}

async fn send(desk: &Desk, method: &str, path: &str, token: &str, body: Value) -> (StatusCode, Value) {
    let app = actors::routes().and(outpace_orders::routes()).mount(desk.office.clone());
    let mut request = Request::builder().method(method).uri(path);
    if !token.is_empty() {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let body = if method == "GET" { Body::empty() } else { Body::from(body.to_string()) };
    let answer = app.oneshot(request.body(body).unwrap()).await.unwrap();
    let status = answer.status();
    let bytes = to_bytes(answer.into_body(), 1 << 22).await.unwrap();
    (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
}

async fn sign_in(desk: &Desk, name: &str, password: &str) -> String {
    let body = json!({ "name": name, "password": password });
    let (_, answer) = send(desk, "POST", "/api/access/sign-in", "", body).await;
    let token = answer["token"].as_str().unwrap().to_owned();
    if answer["second_factor"] != "to_enrol" {
        return token;
    }
    let (_, shown) = send(desk, "POST", "/api/access/enrol", &token, json!({})).await;
    let secret = totp::read_base32(shown["secret"].as_str().unwrap()).unwrap();
    let code = totp::code(&secret, totp::step_of(desk.office.store.now()));
    let confirm = json!({ "code": code });
    let (_, answer) = send(desk, "POST", "/api/access/confirm-enrolment", &token, confirm).await;
    answer["token"].as_str().unwrap().to_owned()
}

impl Edge {
    async fn new() -> Self {
        let desk = Desk::new();
        let password = actors::first_administrator(desk.store(), None).unwrap().unwrap();
        let admin = sign_in(&desk, "admin", &password).await;
        Self { desk, admin }
    }

    async fn account(&self, name: &str, role: &str, area: i64) -> String {
        self.account_of(name, role, area, None).await
    }

    async fn account_of(&self, name: &str, role: &str, area: i64, task_force: Option<&str>) -> String {
        let password = "a long enough password";
        let body = json!({ "name": name, "password": password, "role": role, "area": area, "task_force": task_force });
        send(&self.desk, "POST", "/api/access/add-account", &self.admin, body).await;
        sign_in(&self.desk, name, password).await
    }

    async fn post(&self, path: &str, token: &str, body: Value) -> (StatusCode, Value) {
        send(&self.desk, "POST", path, token, body).await
    }

    async fn get(&self, path: &str, token: &str) -> (StatusCode, Value) {
        send(&self.desk, "GET", path, token, Value::Null).await
    }
}

fn by_hand(key: &str, area: i64) -> Value {
    json!({ "key": key, "kind": "members-to-village", "subject": { "kind": "area", "id": area }, "area": area,
            "because": { "zh": "测试", "en": "a test" } })
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_goes_its_way_over_http_and_says_at_each_step_what_may_be_done() {
    let edge = Edge::new().await;
    let head = edge.account_of("head", "task_force_head", QINGXU.0, Some("community")).await;
    let worker = edge.account("worker", "grid_worker", WANGDA.0).await;
    let (status, answer) = edge.post("/api/orders/issue", &head, by_hand("k", WANGDA.0)).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    let order = answer["order"].as_i64().unwrap();
    let (_, list) = edge.get("/api/orders/list?open=true&state=open&task_force=community", &worker).await;
    let view = &list["orders"][0];
    assert_eq!(
        (view["title"]["en"].as_str(), view["owner_name"]["zh"].as_str()),
        (Some("Members to the villages"), Some("社区防控专班"))
    );
    let may = |view: &Value, verb: &str| {
        view["actions"].as_array().unwrap().iter().find(|action| action["verb"] == verb).unwrap()["allowed"].clone()
    };
    assert_eq!(
        (may(view, "accept"), may(view, "finish"), may(view, "cancel")),
        (json!(true), json!(false), json!(false))
    );
    let early = edge.post("/api/orders/finish", &worker, json!({ "order": order })).await;
    assert_eq!((early.0, early.1["code"].as_str()), (StatusCode::CONFLICT, Some("order_state")));
    assert!(early.1["en"].as_str().unwrap().contains("It may become: accepted"));
    assert_eq!(edge.post("/api/orders/accept", &worker, json!({ "order": order })).await.0, StatusCode::OK);
    let report = json!({ "order": order, "ticked": [0, 1], "result": { "people": 12 } });
    assert_eq!(edge.post("/api/orders/finish", &worker, report).await.0, StatusCode::OK);
    let (_, summary) = edge.get("/api/orders/summary", &head).await;
    assert_eq!((summary["all"]["issued"].as_i64(), summary["all"]["done"].as_i64()), (Some(1), Some(1)));
    assert_eq!(
        edge.post("/api/orders/cancel", &worker, json!({ "order": order, "reason": "x" })).await.0,
        StatusCode::FORBIDDEN
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_force_acts_on_its_own_orders_alone() {
    let edge = Edge::new().await;
    let own = edge.account_of("own", "task_force_head", QINGXU.0, Some("community")).await;
    let other = edge.account_of("other", "task_force_head", QINGXU.0, Some("testing")).await;
    let (_, answer) = edge.post("/api/orders/issue", &own, by_hand("k", WANGDA.0)).await;
    let order = answer["order"].clone();
    for (path, body) in [
        ("/api/orders/accept", json!({ "order": order })),
        ("/api/orders/cancel", json!({ "order": order, "reason": "not mine" })),
    ] {
        let (status, answer) = edge.post(path, &other, body).await;
        assert_eq!((status, answer["code"].as_str()), (StatusCode::CONFLICT, Some("not_now")), "{path}: {answer}");
    }
    let (_, seen) = edge.get(&format!("/api/orders/one?order={order}"), &other).await;
    assert_eq!(seen["actions"][0]["why_not"]["en"], "The order belongs to another task force.");
    let mut theirs = by_hand("l", WANGDA.0);
    theirs["task_force"] = json!("community");
    let (_, refused) = edge.post("/api/orders/issue", &other, theirs).await;
    assert_eq!(refused["code"], "other_task_force");
    assert_eq!(edge.post("/api/orders/accept", &own, json!({ "order": order })).await.0, StatusCode::OK);
    // A head belongs to a task force that the jurisdiction has.
    for force in [None, Some("no-such-force")] {
        let body = json!({ "name": "nobody", "password": "a long enough password", "role": "task_force_head",
                           "area": QINGXU.0, "task_force": force });
        let (_, answer) = edge.post("/api/access/add-account", &edge.admin, body).await;
        assert_eq!(answer["code"], "unknown_task_force");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_outside_ones_area_looks_like_one_that_does_not_exist() {
    let edge = Edge::new().await;
    let head = edge.account_of("head", "task_force_head", QINGXU.0, Some("community")).await;
    let elsewhere = edge.account("elsewhere", "grid_worker", office::XUGOU.0).await;
    let (_, answer) = edge.post("/api/orders/issue", &head, by_hand("k", WANGDA.0)).await;
    let order = answer["order"].clone();
    let seen = edge.get(&format!("/api/orders/one?order={order}"), &elsewhere).await;
    let taken = edge.post("/api/orders/accept", &elsewhere, json!({ "order": order })).await;
    let nothing = edge.get("/api/orders/one?order=999", &elsewhere).await;
    for (status, answer) in [seen, taken, nothing] {
        assert_eq!((status, answer["code"].as_str()), (StatusCode::NOT_FOUND, Some("unknown_order")));
    }
    let (_, list) = edge.get(&format!("/api/orders/list?area={}", WANGDA.0), &elsewhere).await;
    assert_eq!(list["orders"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_is_refused_with_field_value_and_what_would_be_right() {
    let edge = Edge::new().await;
    let head = edge.account_of("head", "task_force_head", QINGXU.0, Some("community")).await;
    let cases = [
        (json!({ "kind": "no-such-kind" }), "unknown_kind", "kind"),
        (json!({ "task_force": "no-such-force" }), "unknown_task_force", "task_force"),
        (json!({ "deadline_at": 5 }), "in_the_past", "deadline_at"),
        (json!({ "area": 7 }), "forbidden", "area"),
        (json!({ "team": 99 }), "unknown_team", "team"),
        (json!({ "key": "" }), "text_length", "key"),
    ];
    for (change, code, field) in cases {
        let mut body = by_hand("k", WANGDA.0);
        for (key, value) in change.as_object().unwrap() {
            body[key] = value.clone();
        }
        let (_, answer) = edge.post("/api/orders/issue", &head, body).await;
        assert_eq!((answer["code"].as_str(), answer["field"].as_str()), (Some(code), Some(field)), "{answer}");
        assert!(!answer["zh"].as_str().unwrap().is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn command_teams_and_notices_answer_over_http() {
    let edge = Edge::new().await;
    let commander = edge.account("commander", "commander", QINGXU.0).await;
    let switch = json!({ "mode": "emergency", "level": "three", "reason": { "zh": "阳性", "en": "a positive" } });
    let (status, state) = edge.post("/api/command/switch", &commander, switch).await;
    assert_eq!((status, state["task_forces"].as_array().map(Vec::len)), (StatusCode::OK, Some(14)));
    assert_eq!(edge.post("/api/command/take-duty", &commander, json!({})).await.1["duty"][0]["role"], "commander");
    let team = json!({ "key": "t", "name": { "zh": "队", "en": "team" }, "people": 11 });
    let (status, team) = edge.post("/api/teams/form", &commander, team).await;
    assert_eq!(status, StatusCode::OK, "{team}");
    let deploy = json!({ "team": team["team"], "area": WANGDA.0 });
    assert_eq!(edge.post("/api/teams/deploy", &commander, deploy).await.0, StatusCode::OK);
    let (_, list) = edge.get("/api/teams/list?state=deployed", &commander).await;
    assert_eq!(list["teams"].as_array().map(Vec::len), Some(1));
    let given = json!({ "duty": "compound", "subject": { "kind": "place", "id": 3 },
                        "holders": { "compound_leader": { "kind": "title", "id": "bureau/head" } } });
    let (status, given) = edge.post("/api/teams/give-responsibility", &commander, given).await;
    assert_eq!((status, &given["missing"]), (StatusCode::OK, &json!([])));
    for nobody in [
        json!({ "kind": "actor", "id": 9_999 }),
        json!({ "kind": "team", "id": 9_999 }),
        json!({ "kind": "title", "id": " " }),
    ] {
        let wrong = json!({ "duty": "compound", "subject": { "kind": "place", "id": 3 }, "holders": { "compound_leader": nobody } });
        let (status, refused) = edge.post("/api/teams/give-responsibility", &commander, wrong).await;
        assert!(status.is_client_error(), "{refused}");
        assert_eq!(refused["field"], "holders");
    }
    let (_, lists) = edge.get("/api/teams/responsible?subject_kind=place&subject_id=3", &commander).await;
    assert_eq!(lists["lists"][0]["holders"]["compound_leader"]["id"], "bureau/head");
    let (status, public) = edge.get("/api/notices/public", "").await;
    assert_eq!((status, public["notices"][0]["kind"].as_str()), (StatusCode::OK, Some("emergency")));
}

#[test]
fn the_list_of_actions_and_the_routes_agree_on_who_may() {
    let desk = Desk::new();
    let new = new_order("k", "hold-place");
    let order = desk.system(move |unit, call| issue(unit, call, new)).unwrap();
    let order = desk.order(order);
    let call = desk.office.call(actor(9, Role::Courier));
    for action in actions(&call, &order) {
        if action.allowed {
            assert!(matrix::allows(Role::Courier, action.verb.permission()));
        } else {
            assert!(action.why_not.is_some());
        }
    }
    assert_eq!(OrderVerb::Cancel.permission(), Permission::OrdersManage);
}

#[test]
fn every_route_has_its_own_path_and_a_permission_and_commands_are_never_public() {
    let routes = outpace_orders::routes();
    let paths: std::collections::BTreeSet<_> = routes.list().iter().map(|route| route.path).collect();
    assert_eq!(paths.len(), routes.list().len());
    assert!(routes.list().iter().all(|route| !route.is_command || route.need.permission != Permission::Public));
}

fn references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(map) => map.iter().for_each(|(key, inner)| match (key.as_str(), inner.as_str()) {
            ("$ref", Some(target)) => found.push(target.to_owned()),
            _ => references(inner, found),
        }),
        Value::Array(list) => list.iter().for_each(|inner| references(inner, found)),
        _ => {}
    }
}

#[test]
fn the_document_of_the_routes_refers_to_nothing_that_is_not_in_it() {
    let document = openapi::document(&outpace_orders::routes(), "test");
    let mut found = Vec::new();
    references(&document, &mut found);
    let schemas = document["components"]["schemas"].as_object().unwrap();
    for target in found {
        let name = target.rsplit('/').next().unwrap();
        assert!(schemas.contains_key(name), "{name}");
    }
    assert!(schemas.contains_key("WorkSubject"));
}
