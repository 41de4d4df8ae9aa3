//! The edge as a caller sees it: who is let in, what a refusal looks like, what an answer carries.

// The helpers of a test may stop it, as its assertions do.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use outpace_access::actors::totp;
use outpace_access::{Call, Empty, Office, Routes, Rulebook, actors, adoption, matrix, openapi};
use outpace_core::{AreaId, Clock, Permission, Refusal, Role, Timestamp};
use outpace_policy::Library;
use outpace_store::{Capabilities, Settings, Store, StoreError, Tx, Unit};
use serde_json::{Value, json};
use tower::ServiceExt;

struct Hand(AtomicI64);

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

struct Desk {
    office: Office,
    clock: Arc<Hand>,
    password: String,
    admin: parking_lot::Mutex<Option<String>>,
    _folder: tempfile::TempDir,
}

fn desk(drill: bool) -> Desk {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(Hand(AtomicI64::new(1_649_784_600_000)));
    let settings = Settings {
        folder: folder.path().to_owned(),
        place: outpace_store::testing::place(folder.path()),
        area: AreaId(140_121),
        drill,
        clock: clock.clone(),
    };
    let store = Store::open(settings, Capabilities::new(vec![actors::capability(), adoption::capability()])).unwrap();
    let password = actors::first_administrator(&store, None).unwrap().unwrap();
    let library = Library::embedded();
    let rules = Rulebook {
        pack: library.pack("cn-2021-ed8", "2022-04-13".parse().unwrap()).unwrap(),
        playbook: library.playbook().unwrap(),
        profile: library.profile("qingxu").unwrap(),
    };
    Desk { office: Office::new(store, rules), clock, password, admin: parking_lot::Mutex::default(), _folder: folder }
}

fn look(_: &mut Tx<'_>, call: &Call, _: Empty) -> Result<Empty, Refusal> {
    call.covers(AreaId(140_121_203))?;
    Ok(Empty {})
}

fn act(_: &mut Unit<'_>, _: &Call, _: Empty) -> Result<Empty, Refusal> {
    Ok(Empty {})
}

fn busy(_: &mut Unit<'_>, _: &Call, _: Empty) -> Result<Empty, Refusal> {
    Err(StoreError::Busy.into())
}

fn routes() -> Routes {
    actors::routes()
        .query("/api/test/look", Permission::ZonesRead.by_area(), "Look", look)
        .command("/api/test/act", Permission::CommandDecide.by_area(), "Act", act)
        .command("/api/test/busy", Permission::Public.open(), "Always busy", busy)
}

fn app(desk: &Desk) -> Router {
    routes().mount(desk.office.clone())
}

async fn send(desk: &Desk, method: &str, path: &str, token: Option<&str>, body: Value) -> (StatusCode, Value, String) {
    let mut request = Request::builder().method(method).uri(path);
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let body = if method == "GET" { Body::empty() } else { Body::from(body.to_string()) };
    let answer = app(desk).oneshot(request.body(body).unwrap()).await.unwrap();
    let (status, seq) = (answer.status(), answer.headers().get("x-outpace-seq").cloned());
    let bytes = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
    let seq = seq.map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default();
    (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null), seq)
}

async fn sign_in(desk: &Desk, name: &str, password: &str) -> (StatusCode, Value, String) {
    send(desk, "POST", "/api/access/sign-in", None, json!({ "name": name, "password": password })).await
}

/// The administrator's token; signs in at the first call.
async fn administrator(desk: &Desk) -> String {
    let known = desk.admin.lock().clone();
    if let Some(token) = known {
        return token;
    }
    let token = signed_in(desk, "admin", &desk.password).await;
    *desk.admin.lock() = Some(token.clone());
    token
}

async fn account(desk: &Desk, name: &str, role: &str, area: i64) -> String {
    let admin = administrator(desk).await;
    let password = "a long enough password";
    let body = json!({ "name": name, "password": password, "role": role, "area": area });
    let (status, answer, _) = send(desk, "POST", "/api/access/add-account", Some(&admin), body).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    signed_in(desk, name, password).await
}

/// The token of somebody who signs in for the first time, with an authenticator where the role needs one.
async fn signed_in(desk: &Desk, name: &str, password: &str) -> String {
    let (status, answer, _) = sign_in(desk, name, password).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    let token = answer["token"].as_str().unwrap().to_owned();
    if answer["second_factor"] != "to_enrol" {
        return token;
    }
    let shown = send(desk, "POST", "/api/access/enrol", Some(&token), json!({})).await.1;
    let secret = totp::read_base32(shown["secret"].as_str().unwrap()).unwrap();
    let code = totp::code(&secret, totp::step_of(desk.clock.now()));
    let (status, answer, _) =
        send(desk, "POST", "/api/access/confirm-enrolment", Some(&token), json!({ "code": code })).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    answer["token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn without_a_token_nobody_reads_a_real_office_and_nobody_acts_anywhere() {
    let (real, drill) = (desk(false), desk(true));
    assert_eq!(send(&real, "GET", "/api/test/look", None, json!({})).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(send(&drill, "GET", "/api/test/look", None, json!({})).await.0, StatusCode::OK);
    for desk in [&real, &drill] {
        let (status, problem, _) = send(desk, "POST", "/api/test/act", None, json!({})).await;
        assert_eq!((status, problem["code"].as_str()), (StatusCode::UNAUTHORIZED, Some("not_signed_in")));
    }
}

#[tokio::test]
async fn a_role_without_the_permission_is_refused_and_one_with_it_acts_and_gets_the_head() {
    let desk = desk(false);
    let (sampler, commander) = (
        account(&desk, "sampler-1", "sampler", 140_121).await,
        account(&desk, "commander-1", "commander", 140_121).await,
    );
    let (status, problem, _) = send(&desk, "POST", "/api/test/act", Some(&sampler), json!({})).await;
    assert_eq!((status, problem["code"].as_str()), (StatusCode::FORBIDDEN, Some("forbidden")));
    assert!(problem["zh"].as_str().unwrap().contains("权限") && problem["en"].as_str().unwrap().contains("permission"));
    let (status, _, seq) = send(&desk, "POST", "/api/test/act", Some(&commander), json!({})).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(seq, desk.office.store.head().seq.to_string());
}

#[tokio::test]
async fn a_role_holds_only_in_its_area() {
    let desk = desk(false);
    let here = account(&desk, "grid-a", "grid_worker", 140_121_203).await;
    let elsewhere = account(&desk, "grid-b", "grid_worker", 140_121_100).await;
    assert_eq!(send(&desk, "GET", "/api/test/look", Some(&here), json!({})).await.0, StatusCode::OK);
    let (status, problem, _) = send(&desk, "GET", "/api/test/look", Some(&elsewhere), json!({})).await;
    assert_eq!((status, problem["field"].as_str()), (StatusCode::FORBIDDEN, Some("area")));
}

#[tokio::test]
async fn a_session_ends_by_the_clock() {
    let desk = desk(false);
    let token = account(&desk, "commander-1", "commander", 140_121).await;
    desk.clock.0.fetch_add(12 * 3_600_000 + 1, Ordering::SeqCst);
    assert_eq!(send(&desk, "POST", "/api/test/act", Some(&token), json!({})).await.0, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_wrong_name_and_a_wrong_password_get_the_same_answer() {
    let desk = desk(false);
    let (nobody, wrong) = (sign_in(&desk, "nobody", "x").await, sign_in(&desk, "admin", "x").await);
    assert_eq!((nobody.0, &nobody.1), (StatusCode::UNAUTHORIZED, &wrong.1));
}

#[tokio::test]
async fn what_is_malformed_names_what_would_be_right_and_a_full_queue_says_when_to_come_back() {
    let desk = desk(false);
    let (status, problem, _) = send(&desk, "POST", "/api/access/sign-in", None, json!({ "name": 7 })).await;
    assert_eq!((status, problem["code"].as_str()), (StatusCode::BAD_REQUEST, Some("malformed")));
    assert!(problem["en"].as_str().unwrap().contains("expected a string"));
    let nul = json!({ "name": "a\0b", "password": "x" });
    let (status, problem, _) = send(&desk, "POST", "/api/access/sign-in", None, nul).await;
    assert_eq!((status, problem["value"].as_str()), (StatusCode::BAD_REQUEST, Some("\\u0000")));
    // A backslash before the same letters is text like any other.
    let plain = json!({ "name": "a\\u0000b", "password": "x" });
    assert_eq!(send(&desk, "POST", "/api/access/sign-in", None, plain).await.0, StatusCode::UNAUTHORIZED);
    let request = Request::builder().method("POST").uri("/api/test/busy").body(Body::empty()).unwrap();
    let answer = app(&desk).oneshot(request).await.unwrap();
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.headers()["retry-after"], "1");
    assert_eq!(answer.headers()["content-type"], "application/problem+json");
}

#[tokio::test]
async fn a_short_password_and_a_taken_name_are_refused_and_leave_no_account() {
    let desk = desk(false);
    let admin = administrator(&desk).await;
    let add = |name: &str, password: &str| json!({ "name": name, "password": password, "role": "commander", "area": 140_121 });
    for (body, code) in
        [(add("commander-1", "short"), "password_short"), (add("admin", "a long enough password"), "name_taken")]
    {
        let (_, problem, _) = send(&desk, "POST", "/api/access/add-account", Some(&admin), body).await;
        assert_eq!(problem["code"], code);
    }
    assert_eq!(sign_in(&desk, "commander-1", "short").await.0, StatusCode::UNAUTHORIZED);
}

#[test]
fn the_document_names_every_route_with_its_permission() {
    let document = openapi::document(&routes(), "0");
    let look = &document["paths"]["/api/test/look"]["get"];
    assert_eq!(look["x-permission"], "zones_read");
    let sign_in = &document["paths"]["/api/access/sign-in"]["post"];
    assert_eq!((sign_in["x-permission"].as_str(), &sign_in["security"]), (Some("public"), &json!([])));
    assert_eq!(sign_in["requestBody"]["content"]["application/json"]["schema"]["$ref"], "#/components/schemas/SignIn");
    for schema in ["SignIn", "SignedIn", "Problem"] {
        assert!(document["components"]["schemas"][schema].is_object(), "{schema}");
    }
}

mod left {
    #[derive(serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
    pub struct Thing {
        pub left: i64,
    }
}

mod right {
    #[derive(serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
    pub struct Thing {
        pub right: i64,
    }

    #[derive(serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
    pub struct Box {
        pub thing: Thing,
    }
}

#[test]
fn two_types_of_one_name_are_told_apart_in_the_document() {
    let routes = Routes::new()
        .query::<Empty, left::Thing>("/api/left/thing", Permission::Public.open(), "L", |_, _, _| {
            Ok(left::Thing { left: 1 })
        })
        .query::<Empty, right::Box>("/api/right/box", Permission::Public.open(), "R", |_, _, _| {
            Ok(right::Box { thing: right::Thing { right: 1 } })
        });
    let schemas = openapi::document(&routes, "0")["components"]["schemas"].clone();
    assert!(schemas["Thing"]["properties"]["left"].is_object());
    assert!(schemas["RightThing"]["properties"]["right"].is_object());
    assert_eq!(schemas["Box"]["properties"]["thing"]["$ref"], "#/components/schemas/RightThing");
}

#[test]
fn the_system_and_residents_hold_no_staff_permission_and_only_decision_makers_approve() {
    let everyone = [Role::System, Role::Resident, Role::Sampler, Role::Administrator, Role::Auditor, Role::Driver];
    assert!(everyone.iter().all(|role| !matrix::allows(*role, Permission::PlanApprove)));
    assert!(matrix::allows(Role::Commander, Permission::PlanApprove));
    assert!(everyone.iter().all(|role| matrix::allows(*role, Permission::Public)));
}
