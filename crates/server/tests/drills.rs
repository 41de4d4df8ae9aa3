//! A drill whose clock jumps: people sign in by the real time, visitors sign in as its roles, and none of that exists where
//! the data are real.

// The helpers of a test may stop it, as its assertions do.
#![allow(clippy::unwrap_used)]

use std::net::SocketAddr;
use std::path::Path;

use axum::body::{Body, to_bytes};
use axum::http::Request;
use outpace_access::Peer;
use outpace_access::actors::{self, totp};
use outpace_core::{Clock, Timestamp};
use outpace_server::office::Opening;
use outpace_server::{Opened, SteadyClock, app};
use serde_json::{Value, json};
use tower::ServiceExt;

const PASSWORD: &str = "a password for this test";
const HERE: &str = "127.0.0.1:50000";
const ELSEWHERE: &str = "10.0.0.9:50000";

fn open(folder: &Path, drill: bool) -> Opened {
    let opened = outpace_server::open(Opening {
        folder: folder.to_owned(),
        place: outpace_store::testing::place(folder),
        profile: None,
        pack: None,
        date: None,
        drill_from: drill.then(|| Timestamp::parse_local("2022-04-13T01:00", 480).unwrap()),
    })
    .unwrap();
    actors::first_administrator(&opened.office.store, Some(PASSWORD.to_owned())).unwrap();
    opened
}

struct Asked<'a> {
    opened: &'a Opened,
    from: SocketAddr,
    token: String,
}

impl Asked<'_> {
    async fn ask(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        let mut request = Request::builder().method(method).uri(path).header("content-type", "application/json");
        if !self.token.is_empty() {
            request = request.header("authorization", format!("Bearer {}", self.token));
        }
        let mut request = request.body(Body::from(body.to_string())).unwrap();
        request.extensions_mut().insert(Peer { address: self.from, tls: true });
        let answer = app::router(self.opened.clone()).oneshot(request).await.unwrap();
        let status = answer.status().as_u16();
        let bytes = to_bytes(answer.into_body(), 1 << 22).await.unwrap();
        (status, serde_json::from_slice(&bytes).unwrap_or_default())
    }

    async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        self.ask("POST", path, body).await
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        self.ask("GET", path, json!({})).await
    }
}

fn nobody<'a>(opened: &'a Opened, from: &str) -> Asked<'a> {
    Asked { opened, from: from.parse().unwrap(), token: String::new() }
}

fn signed<'a>(opened: &'a Opened, answer: &Value) -> Asked<'a> {
    let token = answer["token"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned();
    Asked { token, ..nobody(opened, HERE) }
}

/// What a phone shows now.
fn shown_by_a_phone(secret: &str) -> String {
    let secret = totp::read_base32(secret).unwrap();
    totp::code(&secret, totp::step_of(SteadyClock::of_this_machine().now()))
}

/// On f97dd1c the code of a real phone was compared with the drill's clock: 401.
#[tokio::test]
async fn a_real_phone_signs_in_on_a_drill_and_its_session_outlives_jumps_of_the_clock() {
    let folder = tempfile::tempdir().unwrap();
    let opened = open(folder.path(), true);
    let door = nobody(&opened, HERE);
    let (_, first) = door.post("/api/access/sign-in", json!({ "name": "admin", "password": PASSWORD })).await;
    let first = signed(&opened, &first);
    let (_, shown) = first.post("/api/access/enrol", json!({})).await;
    let code = shown_by_a_phone(shown["secret"].as_str().unwrap());
    let (status, confirmed) = first.post("/api/access/confirm-enrolment", json!({ "code": code })).await;
    assert_eq!(status, 200, "{confirmed}");
    let administrator = signed(&opened, &confirmed);
    let device = json!({ "name": "lane 1", "role": "sampler", "area": 140_121 });
    let (_, device) = administrator.post("/api/access/add-device", device).await;
    let device = signed(&opened, &device);
    // Twenty days pass in the drill, and a moment for whoever sits at it.
    let clock = opened.drill_clock.as_ref().unwrap();
    clock.move_to(Timestamp(clock.now().0 + 20 * 86_400_000));
    for who in [&administrator, &device] {
        let (_, own) = who.get("/api/access/own").await;
        assert!(own["signed_in"].is_object(), "{own}");
    }
    assert_eq!(administrator.get("/api/access/actors").await.0, 200);
    let (_, listed) = administrator.get("/api/access/actors").await;
    assert!(listed["actors"].as_array().unwrap().iter().all(|one| !one["token_until"].is_null()), "{listed}");
}

/// The server ends and another one opens the same drill: whoever was signed in still is.
#[tokio::test]
async fn a_session_of_a_drill_outlives_the_server() {
    let folder = tempfile::tempdir().unwrap();
    let token = {
        let opened = open(folder.path(), true);
        let (status, answer) =
            nobody(&opened, HERE).post("/api/drill/sign-in-as", json!({ "actor": 1, "keep": "token" })).await;
        assert_eq!(status, 200, "{answer}");
        answer["token"].as_str().unwrap().to_owned()
    };
    let opened = open(folder.path(), true);
    let (_, own) = Asked { token, ..nobody(&opened, HERE) }.get("/api/access/own").await;
    assert_eq!(own["signed_in"]["second_factor"], "given", "{own}");
}

#[tokio::test]
async fn signing_in_as_a_role_of_a_drill_is_offered_here_and_to_the_network_only_by_a_flag() {
    let folder = tempfile::tempdir().unwrap();
    let opened = open(folder.path(), true);
    let as_admin = json!({ "actor": 1, "keep": "token" });
    for (from, status) in [(HERE, 200), (ELSEWHERE, 403)] {
        let who = nobody(&opened, from);
        assert_eq!(who.get("/api/drill/roles").await.0, status, "{from}");
        assert_eq!(who.post("/api/drill/sign-in-as", as_admin.clone()).await.0, status, "{from}");
    }
    let (_, refused) = nobody(&opened, ELSEWHERE).post("/api/drill/sign-in-as", as_admin.clone()).await;
    assert_eq!(refused["code"], "only_on_this_machine", "{refused}");
    opened.office.offer_drill_roles_to_all();
    let (status, answer) = nobody(&opened, ELSEWHERE).post("/api/drill/sign-in-as", as_admin).await;
    assert_eq!(status, 200, "{answer}");
    let (_, roles) = nobody(&opened, ELSEWHERE).get("/api/drill/roles").await;
    assert_eq!(roles["roles"][0]["name"], "admin", "{roles}");
    // Whoever became the administrator may do what one may, and nobody becomes who is not there.
    assert_eq!(signed(&opened, &answer).get("/api/access/actors").await.0, 200);
    let unknown = nobody(&opened, HERE).post("/api/drill/sign-in-as", json!({ "actor": 999 })).await;
    assert_eq!((unknown.0, unknown.1["code"].as_str()), (404, Some("unknown_actor")));
}

#[tokio::test]
async fn where_the_data_are_real_nobody_signs_in_without_a_password_whatever_the_flag() {
    let folder = tempfile::tempdir().unwrap();
    let opened = open(folder.path(), false);
    opened.office.offer_drill_roles_to_all();
    let who = nobody(&opened, HERE);
    let (_, mark) = who.get("/api/drill/mark").await;
    assert_eq!(mark["drill"], false);
    for (status, answer) in [
        who.get("/api/drill/roles").await,
        who.post("/api/drill/sign-in-as", json!({ "actor": 1 })).await,
        who.post("/api/drill/sign-in-as", json!({ "actor": 1, "keep": "token" })).await,
    ] {
        assert_eq!((status, answer["code"].as_str()), (404, Some("not_a_drill")), "{answer}");
    }
}

/// The mark is for everybody, also for who has not signed in, and carries the clock by which lanes and gates live.
#[tokio::test]
async fn the_mark_of_a_drill_is_told_to_everybody_with_its_clock() {
    let folder = tempfile::tempdir().unwrap();
    let opened = open(folder.path(), true);
    let (status, mark) = nobody(&opened, ELSEWHERE).get("/api/drill/mark").await;
    assert_eq!((status, &mark["drill"]), (200, &json!(true)));
    assert_eq!(mark["now"], opened.drill_clock.as_ref().unwrap().now().0);
}
