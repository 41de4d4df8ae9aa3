//! An office of its own for each test, and whoever asks there: by a token, by a cookie, as nobody.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use axum::body::{Body, to_bytes};
use axum::http::Request;
use outpace_access::actors::{PostKind, totp};
use outpace_access::{Call, Empty, Office, Peer, Routes, Rulebook, actors, adoption};
use outpace_core::{AreaId, Clock, Permission, Refusal, Timestamp};
use outpace_policy::Library;
use outpace_store::{Capabilities, Settings, Store, Unit};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tower::ServiceExt;
use utoipa::ToSchema;

pub struct Hand(pub AtomicI64);

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

pub struct Desk {
    pub office: Office,
    pub clock: Arc<Hand>,
    pub folder: tempfile::TempDir,
}

pub const PASSWORD: &str = "the first password";
pub const HOST: &str = "outpace.local:8088";

pub fn open(folder: &tempfile::TempDir, clock: Arc<Hand>) -> Office {
    let settings = Settings {
        folder: folder.path().to_owned(),
        place: outpace_store::testing::place(folder.path()),
        area: AreaId(140_121),
        drill: false,
        clock,
    };
    let store = Store::open(settings, Capabilities::new(vec![actors::capability(), adoption::capability()])).unwrap();
    let library = Library::embedded();
    let rules = Rulebook {
        pack: library.pack("cn-2021-ed8", "2022-04-13".parse().unwrap()).unwrap(),
        playbook: library.playbook().unwrap(),
        profile: library.profile("qingxu").unwrap(),
    };
    Office::new(store, rules)
}

impl Desk {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(Hand(AtomicI64::new(1_649_784_600_000)));
        let office = open(&folder, clock.clone());
        actors::first_administrator(&office.store, Some(PASSWORD.to_owned())).unwrap();
        Self { office, clock, folder }
    }

    pub fn wait(&self, ms: i64) {
        self.clock.0.fetch_add(ms, Ordering::SeqCst);
    }

    /// The server ends and another one starts on the same folder.
    pub fn again(self) -> Self {
        let Self { office, clock, folder } = self;
        drop(office);
        let office = open(&folder, clock.clone());
        Self { office, clock, folder }
    }
}

pub fn act(_: &mut Unit<'_>, _: &Call, _: Empty) -> Result<Empty, Refusal> {
    Ok(Empty {})
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct AtLane {
    pub lane: i64,
}

pub fn at_lane(unit: &mut Unit<'_>, _: &Call, request: AtLane) -> Result<Empty, Refusal> {
    actors::at_post(unit, &[(PostKind::Site, 1), (PostKind::Lane, request.lane)])?;
    Ok(Empty {})
}

pub fn routes() -> Routes {
    actors::routes()
        .command("/api/test/act", Permission::OrdersWork.by_area(), "Act", act)
        .command("/api/test/lane", Permission::ScreeningSample.by_area(), "Act at a lane", at_lane)
        .command("/api/test/manage", Permission::AccessManage.by_area(), "Manage", act)
        .command("/api/test/public", Permission::Public.open(), "Anybody", act)
}

/// An answer: status, body, and the cookie as the browser would keep it.
pub struct Answer {
    pub status: u16,
    pub body: Value,
    pub cookie: Option<String>,
    pub retry_after: Option<String>,
}

impl Answer {
    pub fn code(&self) -> (u16, &str) {
        (self.status, self.body["code"].as_str().unwrap_or_default())
    }

    pub fn token(&self) -> String {
        self.body["token"].as_str().unwrap_or_else(|| panic!("{}", self.body)).to_owned()
    }
}

/// Somebody who asks: from an address, by a token, by a cookie, or as nobody.
#[derive(Clone)]
pub struct Who {
    pub headers: Vec<(&'static str, String)>,
    pub from: SocketAddr,
    pub tls: bool,
}

pub fn program(token: &str) -> Who {
    let mut who = nobody();
    if !token.is_empty() {
        who.headers.push(("authorization", format!("Bearer {token}")));
    }
    who
}

pub fn nobody() -> Who {
    Who { headers: Vec::new(), from: "10.0.0.7:50000".parse().unwrap(), tls: true }
}

/// A browser on our page, with what it holds.
pub fn page(cookie: &str) -> Who {
    let mut who = nobody();
    who.headers = vec![
        ("host", HOST.to_owned()),
        ("origin", format!("https://{HOST}")),
        ("sec-fetch-site", "same-origin".to_owned()),
        ("content-type", "application/json".to_owned()),
    ];
    if !cookie.is_empty() {
        who.headers.push(("cookie", format!("other=1; {cookie}")));
    }
    who
}

pub async fn ask(desk: &Desk, who: &Who, path: &str, body: Value) -> Answer {
    let query = path.ends_with("/own") || path.ends_with("/actors");
    let mut request = Request::builder().method(if query { "GET" } else { "POST" }).uri(path);
    for (name, value) in &who.headers {
        request = request.header(*name, value);
    }
    let body = if query { Body::empty() } else { Body::from(body.to_string()) };
    let mut request = request.body(body).unwrap();
    request.extensions_mut().insert(Peer { address: who.from, tls: who.tls });
    let answer = routes().mount(desk.office.clone()).oneshot(request).await.unwrap();
    let text = |name: &str| answer.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
    let (status, set, retry_after) = (answer.status().as_u16(), text("set-cookie"), text("retry-after"));
    let bytes = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
    let cookie = set.map(|set| set.split(';').next().unwrap().to_owned());
    Answer { status, body: serde_json::from_slice(&bytes).unwrap_or(Value::Null), cookie, retry_after }
}

pub fn credentials(name: &str, password: &str, code: Option<&str>, keep: &str) -> Value {
    json!({ "name": name, "password": password, "code": code, "keep": keep })
}

pub async fn sign_in(desk: &Desk, who: &Who, name: &str, password: &str, code: Option<&str>) -> Answer {
    ask(desk, who, "/api/access/sign-in", credentials(name, password, code, "token")).await
}

pub fn code(desk: &Desk, secret: &[u8], off: i64) -> String {
    totp::code(secret, totp::step_of(desk.clock.now()) + off)
}

/// Sets an authenticator up for whoever holds a token; answers the new token and the secret.
pub async fn enrol(desk: &Desk, token: &str) -> (String, Vec<u8>) {
    let shown = ask(desk, &program(token), "/api/access/enrol", json!({})).await;
    let secret = totp::read_base32(shown.body["secret"].as_str().unwrap()).unwrap();
    let given = json!({ "code": code(desk, &secret, 0) });
    let confirmed = ask(desk, &program(token), "/api/access/confirm-enrolment", given).await;
    (confirmed.token(), secret)
}

pub async fn administrator(desk: &Desk) -> (String, Vec<u8>) {
    let token = sign_in(desk, &nobody(), "admin", PASSWORD, None).await.token();
    enrol(desk, &token).await
}

pub async fn add_account(desk: &Desk, admin: &str, name: &str, role: &str) -> i64 {
    let body = json!({ "name": name, "password": "a long enough password", "role": role, "area": 140_121 });
    let added = ask(desk, &program(admin), "/api/access/add-account", body).await;
    added.body["actor"]["id"].as_i64().unwrap_or_else(|| panic!("{}", added.body))
}

/// A sampler on the page; answers the administrator's token and the cookie.
pub async fn sampler(desk: &Desk) -> (String, String) {
    let (admin, _) = administrator(desk).await;
    add_account(desk, &admin, "sampler-1", "sampler").await;
    (admin, enter(desk, &page("")).await)
}

pub async fn enter(desk: &Desk, who: &Who) -> String {
    let body = credentials("sampler-1", "a long enough password", None, "cookie");
    let answer = ask(desk, who, "/api/access/sign-in", body).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert!(answer.body["token"].is_null(), "a page is given no token");
    answer.cookie.unwrap()
}

pub async fn acts(desk: &Desk, who: &Who) -> u16 {
    ask(desk, who, "/api/test/act", json!({})).await.status
}

/// Runs requests side by side.
pub async fn futures<F: Future<Output = Answer>>(all: impl Iterator<Item = F>) -> Vec<Answer> {
    let mut waiting: Vec<_> = all.map(Box::pin).collect();
    let mut done = Vec::new();
    std::future::poll_fn(|context| {
        waiting.retain_mut(|one| match one.as_mut().poll(context) {
            std::task::Poll::Ready(answer) => {
                done.push(answer);
                false
            }
            std::task::Poll::Pending => true,
        });
        if waiting.is_empty() { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    done
}
