//! Getting in, staying in and getting out, as somebody who should not would try it: sessions in cookies, second factors,
//! locks, renewals, tampering.

// The helpers of a test may stop it, as its assertions do.
#![allow(clippy::unwrap_used)]

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use axum::body::{Body, to_bytes};
use axum::http::Request;
use outpace_access::actors::{PostKind, totp};
use outpace_access::{Call, Empty, Office, Peer, Routes, Rulebook, actors, adoption};
use outpace_core::time::{HOUR_MS, MINUTE_MS};
use outpace_core::{AreaId, Clock, Permission, Refusal, Timestamp};
use outpace_policy::Library;
use outpace_store::{Capabilities, Settings, Store, Unit};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tower::ServiceExt;
use utoipa::ToSchema;

struct Hand(AtomicI64);

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

struct Desk {
    office: Office,
    clock: Arc<Hand>,
    folder: tempfile::TempDir,
}

const PASSWORD: &str = "the first password";
const HOST: &str = "outpace.local:8088";

fn open(folder: &tempfile::TempDir, clock: Arc<Hand>) -> Office {
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
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(Hand(AtomicI64::new(1_649_784_600_000)));
        let office = open(&folder, clock.clone());
        actors::first_administrator(&office.store, Some(PASSWORD.to_owned())).unwrap();
        Self { office, clock, folder }
    }

    fn wait(&self, ms: i64) {
        self.clock.0.fetch_add(ms, Ordering::SeqCst);
    }

    /// The server ends and another one starts on the same folder.
    fn again(self) -> Self {
        let Self { office, clock, folder } = self;
        drop(office);
        let office = open(&folder, clock.clone());
        Self { office, clock, folder }
    }
}

fn act(_: &mut Unit<'_>, _: &Call, _: Empty) -> Result<Empty, Refusal> {
    Ok(Empty {})
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
struct AtLane {
    lane: i64,
}

fn at_lane(unit: &mut Unit<'_>, _: &Call, request: AtLane) -> Result<Empty, Refusal> {
    actors::at_post(unit, &[(PostKind::Site, 1), (PostKind::Lane, request.lane)])?;
    Ok(Empty {})
}

fn routes() -> Routes {
    actors::routes()
        .command("/api/test/act", Permission::OrdersWork.by_area(), "Act", act)
        .command("/api/test/lane", Permission::ScreeningSample.by_area(), "Act at a lane", at_lane)
        .command("/api/test/manage", Permission::AccessManage.by_area(), "Manage", act)
        .command("/api/test/public", Permission::Public.open(), "Anybody", act)
}

/// An answer: status, body, and the cookie as the browser would keep it.
struct Answer {
    status: u16,
    body: Value,
    cookie: Option<String>,
    retry_after: Option<String>,
}

impl Answer {
    fn code(&self) -> (u16, &str) {
        (self.status, self.body["code"].as_str().unwrap_or_default())
    }

    fn token(&self) -> String {
        self.body["token"].as_str().unwrap_or_else(|| panic!("{}", self.body)).to_owned()
    }
}

/// Somebody who asks: from an address, by a token, by a cookie, or as nobody.
#[derive(Clone)]
struct Who {
    headers: Vec<(&'static str, String)>,
    from: SocketAddr,
    tls: bool,
}

fn program(token: &str) -> Who {
    let mut who = nobody();
    if !token.is_empty() {
        who.headers.push(("authorization", format!("Bearer {token}")));
    }
    who
}

fn nobody() -> Who {
    Who { headers: Vec::new(), from: "10.0.0.7:50000".parse().unwrap(), tls: true }
}

/// A browser on our page, with what it holds.
fn page(cookie: &str) -> Who {
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

async fn ask(desk: &Desk, who: &Who, path: &str, body: Value) -> Answer {
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

fn credentials(name: &str, password: &str, code: Option<&str>, keep: &str) -> Value {
    json!({ "name": name, "password": password, "code": code, "keep": keep })
}

async fn sign_in(desk: &Desk, who: &Who, name: &str, password: &str, code: Option<&str>) -> Answer {
    ask(desk, who, "/api/access/sign-in", credentials(name, password, code, "token")).await
}

fn code(desk: &Desk, secret: &[u8], off: i64) -> String {
    totp::code(secret, totp::step_of(desk.clock.now()) + off)
}

/// Sets an authenticator up for whoever holds a token; answers the new token and the secret.
async fn enrol(desk: &Desk, token: &str) -> (String, Vec<u8>) {
    let shown = ask(desk, &program(token), "/api/access/enrol", json!({})).await;
    let secret = totp::read_base32(shown.body["secret"].as_str().unwrap()).unwrap();
    let given = json!({ "code": code(desk, &secret, 0) });
    let confirmed = ask(desk, &program(token), "/api/access/confirm-enrolment", given).await;
    (confirmed.token(), secret)
}

async fn administrator(desk: &Desk) -> (String, Vec<u8>) {
    let token = sign_in(desk, &nobody(), "admin", PASSWORD, None).await.token();
    enrol(desk, &token).await
}

async fn add_account(desk: &Desk, admin: &str, name: &str, role: &str) -> i64 {
    let body = json!({ "name": name, "password": "a long enough password", "role": role, "area": 140_121 });
    let added = ask(desk, &program(admin), "/api/access/add-account", body).await;
    added.body["actor"]["id"].as_i64().unwrap_or_else(|| panic!("{}", added.body))
}

/// A sampler on the page; answers the administrator's token and the cookie.
async fn sampler(desk: &Desk) -> (String, String) {
    let (admin, _) = administrator(desk).await;
    add_account(desk, &admin, "sampler-1", "sampler").await;
    (admin, enter(desk, &page("")).await)
}

async fn enter(desk: &Desk, who: &Who) -> String {
    let body = credentials("sampler-1", "a long enough password", None, "cookie");
    let answer = ask(desk, who, "/api/access/sign-in", body).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert!(answer.body["token"].is_null(), "a page is given no token");
    answer.cookie.unwrap()
}

async fn acts(desk: &Desk, who: &Who) -> u16 {
    ask(desk, who, "/api/test/act", json!({})).await.status
}

#[tokio::test]
async fn the_page_acts_by_its_cookie_and_another_site_never_does() {
    let desk = Desk::new();
    let (_, cookie) = sampler(&desk).await;
    assert!(cookie.starts_with("__Host-outpace="));
    assert_eq!(acts(&desk, &page(&cookie)).await, 200);
    let without = |name: &str| {
        let mut who = page(&cookie);
        who.headers.retain(|(header, _)| *header != name);
        who
    };
    let with = |name: &'static str, value: &str| {
        let mut who = without(name);
        who.headers.push((name, value.to_owned()));
        who
    };
    let mut told_nothing = without("origin");
    told_nothing.headers.retain(|(header, _)| *header != "sec-fetch-site");
    for forged in [
        with("origin", "https://evil.example"),
        with("origin", "null"),
        with("sec-fetch-site", "cross-site"),
        with("sec-fetch-site", "same-site"),
        with("host", "evil.example"),
        without("content-type"),
        told_nothing,
    ] {
        let answer = ask(&desk, &forged, "/api/test/act", json!({})).await;
        assert_eq!(answer.code(), (403, "other_site"), "{:?}", forged.headers);
    }
    assert_eq!(ask(&desk, &with("content-type", "text/plain"), "/api/test/act", json!({})).await.status, 415);
    // The same guard stands before the sign-in itself: nobody is signed in as somebody else from another site.
    let mut evil = page("");
    evil.headers.iter_mut().find(|(name, _)| *name == "origin").unwrap().1 = "https://evil.example".to_owned();
    let body = credentials("sampler-1", "a long enough password", None, "cookie");
    let answer = ask(&desk, &evil, "/api/access/sign-in", body).await;
    assert_eq!((answer.code(), &answer.cookie), ((403, "other_site"), &None));
}

#[tokio::test]
async fn a_session_that_was_offered_before_the_sign_in_is_never_taken_over() {
    let desk = Desk::new();
    let (_, first) = sampler(&desk).await;
    // One that somebody made up, and one of somebody else's that is good.
    let made_up = enter(&desk, &page("__Host-outpace=0123456789abcdef")).await;
    assert!(!made_up.contains("0123456789abcdef"));
    let second = enter(&desk, &page(&first)).await;
    assert_ne!(first, second);
    assert_eq!((acts(&desk, &page(&first)).await, acts(&desk, &page(&second)).await), (401, 200));
    assert_eq!(acts(&desk, &page("__Host-outpace=0123456789abcdef")).await, 401);
}

#[tokio::test]
async fn tokens_and_cookies_that_were_tampered_with_open_nothing() {
    let desk = Desk::new();
    let (admin, cookie) = sampler(&desk).await;
    for at in [0, 31, 63] {
        let mut letters: Vec<char> = admin.chars().collect();
        letters[at] = if letters[at] == '0' { '1' } else { '0' };
        let changed: String = letters.into_iter().collect();
        assert_eq!(ask(&desk, &program(&changed), "/api/test/manage", json!({})).await.status, 401);
    }
    let value = cookie.split_once('=').unwrap().1;
    for forged in [
        format!("__Host-outpace={}", value.to_uppercase()),
        format!("__Host-outpace={value}0"),
        format!("__Host-outpace={}", &value[1..]),
        // The name that counts without TLS does not count over it: anybody on the network could have set it.
        format!("outpace-local={value}"),
        // A program's token is no page's session.
        format!("__Host-outpace={admin}"),
    ] {
        assert_eq!(acts(&desk, &page(&forged)).await, 401, "{forged}");
    }
    // The hash that tables and facts hold opens nothing either.
    let hash = blake3::hash(admin.as_bytes()).to_hex().to_string();
    assert_eq!(ask(&desk, &program(&hash), "/api/test/manage", json!({})).await.status, 401);
}

#[tokio::test]
async fn a_page_left_alone_ends_before_its_time_and_one_in_use_at_its_time() {
    let desk = Desk::new();
    let (_, cookie) = sampler(&desk).await;
    desk.wait(59 * MINUTE_MS);
    assert_eq!(acts(&desk, &page(&cookie)).await, 200);
    // What a page reads by itself shows nobody who sits there.
    desk.wait(40 * MINUTE_MS);
    let own = ask(&desk, &page(&cookie), "/api/access/own", json!({})).await;
    assert!(own.body["signed_in"].is_object());
    desk.wait(20 * MINUTE_MS);
    assert_eq!(acts(&desk, &page(&cookie)).await, 401);
    let mut held = enter(&desk, &page("")).await;
    for _ in 0..23 {
        desk.wait(30 * MINUTE_MS);
        let renewed = ask(&desk, &page(&held), "/api/access/renew", json!({})).await;
        assert_eq!(renewed.status, 200, "{}", renewed.body);
        held = renewed.cookie.unwrap();
    }
    desk.wait(30 * MINUTE_MS - 1);
    assert_eq!(acts(&desk, &page(&held)).await, 200);
    desk.wait(1);
    assert_eq!(acts(&desk, &page(&held)).await, 401);
}

#[tokio::test]
async fn a_renewed_session_outlives_the_server_and_its_old_cookie_ends_soon() {
    let desk = Desk::new();
    let (_, old) = sampler(&desk).await;
    desk.wait(50 * MINUTE_MS);
    let new = ask(&desk, &page(&old), "/api/access/renew", json!({})).await.cookie.unwrap();
    assert_eq!((acts(&desk, &page(&old)).await, acts(&desk, &page(&new)).await), (200, 200));
    desk.wait(MINUTE_MS);
    assert_eq!((acts(&desk, &page(&old)).await, acts(&desk, &page(&new)).await), (401, 200));
    let desk = desk.again();
    desk.wait(40 * MINUTE_MS);
    assert_eq!((acts(&desk, &page(&old)).await, acts(&desk, &page(&new)).await), (401, 200));
}

#[tokio::test]
async fn who_signs_out_is_out_and_who_signs_out_everywhere_is_out_everywhere() {
    let desk = Desk::new();
    let (_, here) = sampler(&desk).await;
    let there = enter(&desk, &page("")).await;
    let body = credentials("sampler-1", "a long enough password", None, "token");
    let script = program(&ask(&desk, &nobody(), "/api/access/sign-in", body).await.token());
    let own = ask(&desk, &page(&here), "/api/access/own", json!({})).await;
    assert_eq!(own.body["signed_in"]["tokens"].as_array().unwrap().len(), 3, "{}", own.body);
    let out = ask(&desk, &page(&here), "/api/access/sign-out", json!({})).await;
    assert_eq!((out.status, out.cookie.as_deref()), (200, Some("__Host-outpace=")));
    assert_eq!((acts(&desk, &page(&here)).await, acts(&desk, &page(&there)).await), (401, 200));
    assert_eq!(ask(&desk, &page(&there), "/api/access/sign-out-everywhere", json!({})).await.status, 200);
    assert_eq!((acts(&desk, &page(&there)).await, acts(&desk, &script).await), (401, 401));
}

#[tokio::test]
async fn an_account_has_a_bounded_number_of_sign_ins_and_the_oldest_makes_room() {
    let desk = Desk::new();
    let (_, first) = sampler(&desk).await;
    let mut newest = String::new();
    for _ in 0..32 {
        desk.wait(1_000);
        newest = enter(&desk, &page("")).await;
    }
    assert_eq!((acts(&desk, &page(&first)).await, acts(&desk, &page(&newest)).await), (401, 200));
    let own = ask(&desk, &page(&newest), "/api/access/own", json!({})).await;
    assert_eq!(own.body["signed_in"]["tokens"].as_array().unwrap().len(), 32);
}

/// Whether a name exists is not to be told from how long the answer takes: both pay for a password.
#[tokio::test]
async fn a_name_that_nobody_has_takes_as_long_as_one_that_somebody_has() {
    let desk = Desk::new();
    sampler(&desk).await;
    let mut took = [Vec::new(), Vec::new()];
    for number in 0..7_u8 {
        for (which, name) in ["sampler-1", "nobody-here"].into_iter().enumerate() {
            // An address and a name's patience of their own for each try, so that none is delayed.
            desk.wait(24 * HOUR_MS);
            let mut who = nobody();
            who.from = SocketAddr::from(([10, 1, number, u8::try_from(which).unwrap()], 1));
            let since = std::time::Instant::now();
            assert_eq!(sign_in(&desk, &who, name, "a wrong password", None).await.status, 401);
            took[which].push(since.elapsed());
        }
    }
    let [known, unknown] = took.map(|mut all| {
        all.sort_unstable();
        all[0]
    });
    // The fastest of seven: an answer without a password hashed is a hundred times faster, whatever else the machine does.
    let (less, more) = (known.min(unknown), known.max(unknown));
    assert!(more < less * 3, "somebody {known:?}, nobody {unknown:?}");
}

#[tokio::test]
async fn another_password_ends_every_other_sign_in_and_needs_the_present_one() {
    let desk = Desk::new();
    let (_, here) = sampler(&desk).await;
    let there = enter(&desk, &page("")).await;
    let change = |old: &str, new: &str| json!({ "password": old, "new_password": new });
    let path = "/api/access/change-password";
    let wrong = ask(&desk, &page(&here), path, change("not the password", "another good password")).await;
    assert_eq!(wrong.code(), (401, "wrong_password"));
    for (new, told) in [("short", "password_short"), ("a long enough password", "same_password")] {
        let answer = ask(&desk, &page(&here), path, change("a long enough password", new)).await;
        assert_eq!(answer.code(), (422, told));
    }
    let done = ask(&desk, &page(&here), path, change("a long enough password", "another good password")).await;
    let renewed = done.cookie.unwrap();
    assert_eq!(acts(&desk, &page(&renewed)).await, 200);
    assert_eq!((acts(&desk, &page(&here)).await, acts(&desk, &page(&there)).await), (401, 401));
    let old = sign_in(&desk, &nobody(), "sampler-1", "a long enough password", None).await;
    assert_eq!(old.code(), (401, "wrong_sign_in"));
    assert_eq!(sign_in(&desk, &nobody(), "sampler-1", "another good password", None).await.status, 200);
}

#[tokio::test]
async fn over_a_network_without_tls_the_page_signs_nobody_in() {
    let desk = Desk::new();
    let (_, cookie) = sampler(&desk).await;
    let mut open = page("");
    open.tls = false;
    let body = credentials("sampler-1", "a long enough password", None, "cookie");
    assert_eq!(ask(&desk, &open, "/api/access/sign-in", body).await.code(), (403, "needs_tls"));
    let mut replayed = page(&cookie);
    replayed.tls = false;
    assert_eq!(acts(&desk, &replayed).await, 401);
}

#[tokio::test]
async fn an_account_that_needs_a_second_factor_can_do_nothing_but_set_one_up() {
    let desk = Desk::new();
    let first = sign_in(&desk, &nobody(), "admin", PASSWORD, None).await;
    assert_eq!(first.body["second_factor"], "to_enrol");
    let token = first.token();
    let refused = ask(&desk, &program(&token), "/api/test/manage", json!({})).await;
    assert_eq!(refused.code(), (403, "second_factor_required"));
    let early = ask(&desk, &program(&token), "/api/access/confirm-enrolment", json!({ "code": "123456" })).await;
    assert_eq!(early.code(), (409, "nothing_enrolled"));
    let (enrolled, secret) = enrol(&desk, &token).await;
    assert_eq!(ask(&desk, &program(&enrolled), "/api/test/manage", json!({})).await.status, 200);
    // What was handed out before the second factor is worth nothing any more.
    assert_eq!(ask(&desk, &program(&token), "/api/access/own", json!({})).await.status, 401);
    assert!(ask(&desk, &nobody(), "/api/access/own", json!({})).await.body["signed_in"].is_null());
    let again = ask(&desk, &program(&enrolled), "/api/access/enrol", json!({})).await;
    assert_eq!(again.code(), (409, "enrolled_already"));
    let desk = desk.again();
    assert_eq!(sign_in(&desk, &nobody(), "admin", PASSWORD, None).await.code(), (401, "code_needed"));
    desk.wait(totp::STEP_MS);
    let with = sign_in(&desk, &nobody(), "admin", PASSWORD, Some(&code(&desk, &secret, 0))).await;
    assert_eq!(with.body["second_factor"], "given");
    assert_eq!(ask(&desk, &program(&with.token()), "/api/test/manage", json!({})).await.status, 200);
}

#[tokio::test]
async fn a_code_counts_once_also_when_it_comes_twice_at_the_same_time() {
    let desk = Desk::new();
    let (_, secret) = administrator(&desk).await;
    // The code of the enrolment was used by it.
    let used = sign_in(&desk, &nobody(), "admin", PASSWORD, Some(&code(&desk, &secret, 0))).await;
    assert_eq!(used.code(), (401, "wrong_code"));
    desk.wait(10 * totp::STEP_MS);
    let one = code(&desk, &secret, 0);
    let who = nobody();
    let tries = (0..3).map(|_| sign_in(&desk, &who, "admin", PASSWORD, Some(&one)));
    let mut told = Vec::new();
    for answer in futures(tries).await {
        told.push(answer.status);
    }
    told.sort_unstable();
    assert_eq!(told, [200, 401, 401]);
    // A phone's clock may be half a minute off, and an older code than the last is never taken.
    desk.wait(10 * totp::STEP_MS);
    assert_eq!(sign_in(&desk, &who, "admin", PASSWORD, Some(&code(&desk, &secret, 2))).await.status, 401);
    assert_eq!(sign_in(&desk, &who, "admin", PASSWORD, Some(&code(&desk, &secret, -2))).await.status, 401);
    assert_eq!(sign_in(&desk, &who, "admin", PASSWORD, Some(&code(&desk, &secret, 1))).await.status, 200);
    assert_eq!(sign_in(&desk, &who, "admin", PASSWORD, Some(&code(&desk, &secret, 0))).await.status, 401);
}

/// Runs requests side by side.
async fn futures<F: Future<Output = Answer>>(all: impl Iterator<Item = F>) -> Vec<Answer> {
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

#[tokio::test]
async fn a_lost_second_factor_is_taken_back_by_another_administrator_and_never_by_oneself() {
    let desk = Desk::new();
    let (admin, _) = administrator(&desk).await;
    let other = add_account(&desk, &admin, "admin-2", "administrator").await;
    let token = sign_in(&desk, &nobody(), "admin-2", "a long enough password", None).await.token();
    let (second, _) = enrol(&desk, &token).await;
    let path = "/api/access/reset-second-factor";
    let lost = |actor: i64| json!({ "actor": actor, "reason": "the phone is lost" });
    assert_eq!(ask(&desk, &program(&second), path, lost(other)).await.code(), (422, "not_oneself"));
    let unsaid = json!({ "actor": other, "reason": " " });
    assert_eq!(ask(&desk, &program(&admin), path, unsaid).await.code(), (422, "reason_length"));
    assert_eq!(ask(&desk, &program(&admin), path, lost(other)).await.status, 200);
    assert_eq!(ask(&desk, &program(&second), "/api/test/manage", json!({})).await.status, 401);
    assert_eq!(ask(&desk, &program(&admin), path, lost(other)).await.code(), (409, "nothing_enrolled"));
    let anew = sign_in(&desk, &nobody(), "admin-2", "a long enough password", None).await;
    assert_eq!(anew.body["second_factor"], "to_enrol");
}

#[tokio::test]
async fn who_fails_too_often_waits_ever_longer_and_the_administrator_sees_and_ends_it() {
    let desk = Desk::new();
    let (admin, _) = sampler(&desk).await;
    let mut thief = nobody();
    thief.from = "10.6.6.6:1".parse().unwrap();
    let mut waited = Vec::new();
    for _ in 0..40 {
        let answer = sign_in(&desk, &thief, "sampler-1", "a wrong password", None).await;
        if answer.status == 429 {
            let seconds: i64 = answer.retry_after.unwrap().parse().unwrap();
            assert_eq!(answer.body["code"], "sign_in_delayed");
            waited.push(seconds);
            desk.wait(seconds * 1_000);
        }
        if waited.len() == 8 {
            break;
        }
    }
    assert_eq!(waited, [1, 2, 4, 8, 16, 32, 900, 900]);
    let listed = || async {
        let answer = ask(&desk, &program(&admin), "/api/access/actors", json!({})).await;
        answer.body["actors"].as_array().unwrap().iter().find(|one| one["name"] == "sampler-1").unwrap().clone()
    };
    let told = sign_in(&desk, &thief, "sampler-1", "a wrong password", None).await;
    assert_eq!(told.status, 401);
    let locked = loop {
        let seen = listed().await;
        if !seen["locked_until"].is_null() {
            break seen;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    };
    assert!(locked["locked_until"].as_i64().unwrap() > desk.clock.now().0, "{locked}");
    // From elsewhere nobody gets in, even with the right password; from where the account is known its holder does.
    let mut elsewhere = nobody();
    elsewhere.from = "10.9.9.9:1".parse().unwrap();
    let right = "a long enough password";
    assert_eq!(sign_in(&desk, &elsewhere, "sampler-1", right, None).await.status, 429);
    assert_eq!(sign_in(&desk, &nobody(), "sampler-1", right, None).await.status, 200);
    let pardon = json!({ "actor": locked["actor"]["id"] });
    assert_eq!(ask(&desk, &program(&admin), "/api/access/unlock", pardon).await.status, 200);
    assert!(listed().await["locked_until"].is_null());
    assert_eq!(sign_in(&desk, &elsewhere, "sampler-1", right, None).await.status, 200);
}

#[tokio::test]
async fn many_guesses_at_once_gain_no_more_than_one_after_the_other() {
    let desk = Desk::new();
    sampler(&desk).await;
    let mut thief = nobody();
    thief.from = "10.6.6.6:1".parse().unwrap();
    let tries = (0..24).map(|_| sign_in(&desk, &thief, "sampler-1", "a wrong password", None));
    let answers = futures(tries).await;
    let compared = answers.iter().filter(|answer| answer.status == 401).count();
    assert_eq!((compared, answers.iter().filter(|answer| answer.status == 429).count()), (4, 20));
}

#[tokio::test]
async fn one_address_cannot_drown_the_routes_that_are_open_to_everyone() {
    let desk = Desk::new();
    let mut refused = None;
    for _ in 0..700 {
        let answer = ask(&desk, &nobody(), "/api/test/public", json!({})).await;
        if answer.status == 429 {
            refused = Some(answer);
            break;
        }
    }
    let refused = refused.unwrap();
    assert_eq!((refused.code(), refused.retry_after.as_deref()), ((429, "too_many_requests"), Some("1")));
    let (zh, en) = (refused.body["zh"].as_str().unwrap(), refused.body["en"].as_str().unwrap());
    assert!(zh.contains('秒') && en.contains("again in 1 s"), "{zh} {en}");
    let mut other = nobody();
    other.from = "10.0.0.8:1".parse().unwrap();
    assert_eq!(ask(&desk, &other, "/api/test/public", json!({})).await.status, 200);
    desk.wait(1_000);
    assert_eq!(ask(&desk, &nobody(), "/api/test/public", json!({})).await.status, 200);
}

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

#[test]
fn a_first_password_that_is_too_short_makes_no_administrator() {
    let folder = tempfile::tempdir().unwrap();
    let office = open(&folder, Arc::new(Hand(AtomicI64::new(1_649_784_600_000))));
    let short = actors::first_administrator(&office.store, Some("short".to_owned()));
    assert!(short.unwrap_err().to_string().contains("at least 12 characters"));
    assert!(actors::first_administrator(&office.store, None).unwrap().is_some());
    // A folder that has one asks for no password any more.
    assert!(actors::first_administrator(&office.store, Some("short".to_owned())).unwrap().is_none());
}

#[tokio::test]
async fn nobody_ends_their_own_account_and_so_the_last_administrator_stays() {
    let desk = Desk::new();
    let (admin, _) = administrator(&desk).await;
    let why = |actor: i64| json!({ "actor": actor, "reason": "left the office" });
    let own = ask(&desk, &program(&admin), "/api/access/own", json!({})).await.body["signed_in"]["actor"]["id"]
        .as_i64()
        .unwrap();
    assert_eq!(ask(&desk, &program(&admin), "/api/access/disable", why(own)).await.code(), (422, "not_oneself"));
    let other = add_account(&desk, &admin, "sampler-2", "sampler").await;
    let token = sign_in(&desk, &nobody(), "sampler-2", "a long enough password", None).await.token();
    assert_eq!(ask(&desk, &program(&token), "/api/access/disable", why(own)).await.status, 403);
    assert_eq!(ask(&desk, &program(&admin), "/api/access/disable", why(other)).await.status, 200);
    assert_eq!(acts(&desk, &program(&token)).await, 401);
    let gone = sign_in(&desk, &nobody(), "sampler-2", "a long enough password", None).await;
    assert_eq!(gone.code(), (401, "wrong_sign_in"));
}

#[tokio::test]
async fn what_is_written_down_opens_nothing() {
    let desk = Desk::new();
    let (admin, secret) = administrator(&desk).await;
    let (encoded, digits) = (totp::base32(&secret), hex::encode(&secret));
    let Desk { office, folder, .. } = desk;
    drop(office);
    let mut files = 0;
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            files += 1;
            let bytes = std::fs::read(&path).unwrap();
            for needle in [admin.as_bytes(), PASSWORD.as_bytes(), &secret, encoded.as_bytes(), digits.as_bytes()] {
                let found = bytes.windows(needle.len()).any(|part| part == needle);
                assert!(!found, "{} holds it", path.display());
            }
        }
    }
    assert!(files >= 2);
}

#[tokio::test]
async fn a_lost_phone_of_the_only_administrator_is_forgiven_at_the_machine() {
    let desk = Desk::new();
    let (admin, _) = administrator(&desk).await;
    let lost = |name: &str, reason: &str| actors::reset_second_factor_here(&desk.office.store, name, reason.to_owned());
    assert_eq!(lost("nobody-here", "lost").unwrap_err().code, "unknown_actor");
    assert_eq!(lost("admin", " ").unwrap_err().code, "reason_length");
    lost("admin", "the phone fell into the Fen").unwrap();
    assert_eq!(ask(&desk, &program(&admin), "/api/test/manage", json!({})).await.status, 401);
    let anew = sign_in(&desk, &nobody(), "admin", PASSWORD, None).await;
    assert_eq!(anew.body["second_factor"], "to_enrol");
}

#[tokio::test]
async fn a_forgotten_password_of_the_only_administrator_is_replaced_at_the_machine() {
    let desk = Desk::new();
    let (admin, secret) = administrator(&desk).await;
    let another = |name: &str, reason: &str| actors::new_password_here(&desk.office.store, name, reason.to_owned());
    assert_eq!(another("nobody-here", "forgotten").unwrap_err().code, "unknown_actor");
    assert_eq!(another("admin", " ").unwrap_err().code, "reason_length");
    let password = another("admin", "forgotten over the holiday").unwrap();
    assert_eq!(ask(&desk, &program(&admin), "/api/test/manage", json!({})).await.status, 401);
    desk.wait(60_000);
    assert_eq!(sign_in(&desk, &nobody(), "admin", PASSWORD, None).await.status, 401);
    // The password alone opens nothing: the second factor stayed.
    assert_eq!(sign_in(&desk, &nobody(), "admin", &password, None).await.status, 401);
    let shown = code(&desk, &secret, 0);
    assert_eq!(sign_in(&desk, &nobody(), "admin", &password, Some(&shown)).await.status, 200);
}

#[tokio::test]
async fn who_may_get_in_follows_from_the_journal_alone() {
    let desk = Desk::new();
    let (admin, cookie) = sampler(&desk).await;
    ask(&desk, &page(&cookie), "/api/access/renew", json!({})).await;
    let body = json!({ "name": "lane 7", "role": "sampler", "area": 140_121, "post": { "kind": "lane", "id": 7 } });
    let device = ask(&desk, &program(&admin), "/api/access/add-device", body).await;
    let renewed = ask(&desk, &program(&device.token()), "/api/access/renew", json!({})).await.token();
    ask(&desk, &program(&renewed), "/api/access/renew", json!({})).await;
    let whom = json!({ "actor": device.body["actor"]["id"], "reason": "lost" });
    ask(&desk, &program(&admin), "/api/access/disable", whom).await;
    add_account(&desk, &admin, "deputy-1", "deputy").await;
    let token = sign_in(&desk, &nobody(), "deputy-1", "a long enough password", None).await.token();
    let (deputy, _) = enrol(&desk, &token).await;
    ask(&desk, &program(&deputy), "/api/access/sign-out", json!({})).await;
    let rebuilt = desk.office.store.rebuild().unwrap();
    assert!(rebuilt.changed.is_empty(), "{:?}", rebuilt.changed);
    assert!(rebuilt.entries > 12);
}
