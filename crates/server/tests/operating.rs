//! The operating side over real connections: health, figures, and a door that bad requests do not get through.

// The helpers of a test may stop it, as its assertions do.
#![allow(clippy::unwrap_used)]

use std::net::SocketAddr;
use std::path::Path;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use outpace_access::actors::{self, totp};
use outpace_core::{Actor, ActorId, ActorKind, AreaId, Role, Timestamp};
use outpace_server::app::start_within;
use outpace_server::listen::Limits;
use outpace_server::office::Opening;
use outpace_server::{Opened, Running};
use outpace_store::{Place, StoreError, testing, writer};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const PASSWORD: &str = "a password for this test";

fn open(folder: &Path, place: Place) -> Opened {
    let opening = Opening { folder: folder.to_owned(), place, profile: None, pack: None, date: None, drill_from: None };
    let opened = outpace_server::open(opening).unwrap();
    actors::first_administrator(&opened.office.store, Some(PASSWORD.to_owned())).unwrap();
    opened
}

fn limits() -> Limits {
    Limits {
        connections_max: 400,
        silent_max: 100,
        first_request_within: Duration::from_secs(30),
        next_request_within: Duration::from_secs(30),
    }
}

async fn serve(opened: &Opened, limits: Limits) -> Running {
    start_within(opened.clone(), "127.0.0.1:0".parse().unwrap(), limits, None).await.unwrap()
}

/// Sends bytes as they are and reads until the server closes; answers status, head and body.
async fn raw(address: SocketAddr, bytes: &[u8]) -> (u16, String, String) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    // The server may answer and close before it has read everything.
    let _ = stream.write_all(bytes).await;
    let mut told = Vec::new();
    let _ = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut told)).await.unwrap();
    let text = String::from_utf8_lossy(&told).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default();
    (status, head.to_ascii_lowercase(), body.to_owned())
}

async fn get(address: SocketAddr, path: &str, more: &str) -> (u16, String, String) {
    raw(address, format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{more}\r\n").as_bytes()).await
}

async fn post(address: SocketAddr, path: &str, more: &str, body: &[u8]) -> (u16, String, String) {
    let head =
        format!("POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {}\r\n{more}\r\n", body.len());
    raw(address, &[head.as_bytes(), body].concat()).await
}

async fn sign_in(address: SocketAddr) -> String {
    let body = json!({ "name": "admin", "password": PASSWORD }).to_string();
    let (status, _, answer) = post(address, "/api/access/sign-in", "", body.as_bytes()).await;
    assert_eq!(status, 200, "{answer}");
    let bearer = |answer: &str| {
        let answer: Value = serde_json::from_str(answer).unwrap();
        format!("authorization: Bearer {}\r\n", answer["token"].as_str().unwrap_or_else(|| panic!("{answer}")))
    };
    // An administrator has an authenticator; it is set up here, on this machine's clock.
    let first = bearer(&answer);
    let (_, _, shown) = post(address, "/api/access/enrol", &first, b"{}").await;
    let shown: Value = serde_json::from_str(&shown).unwrap();
    let secret = totp::read_base32(shown["secret"].as_str().unwrap()).unwrap();
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let now = Timestamp(i64::try_from(since.as_millis()).unwrap());
    let confirm = json!({ "code": totp::code(&secret, totp::step_of(now)) }).to_string();
    let (_, _, confirmed) = post(address, "/api/access/confirm-enrolment", &first, confirm.as_bytes()).await;
    bearer(&confirmed)
}

async fn until_ready(address: SocketAddr) -> Value {
    let begun = Instant::now();
    loop {
        let (status, _, body) = get(address, "/readyz", "").await;
        if status == 200 {
            return serde_json::from_str(&body).unwrap();
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "{body}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// The value of a line of figures.
async fn figure(address: SocketAddr, line: &str) -> f64 {
    let (status, _, text) = get(address, "/metrics", "").await;
    assert_eq!(status, 200, "{text}");
    let found = text.lines().find_map(|found| found.strip_prefix(line)?.strip_prefix(' ')?.parse().ok());
    found.unwrap_or_default()
}

/// A refusal has a code, a text in both languages that differ, and is counted.
async fn refused(address: SocketAddr, asked: (u16, String, String), status: u16, code: &str, field: &str) {
    let problem: Value = serde_json::from_str(&asked.2).unwrap_or_else(|_| panic!("{status} {code}: {asked:?}"));
    assert_eq!(
        (asked.0, problem["code"].as_str(), problem["field"].as_str()),
        (status, Some(code), Some(field)),
        "{problem}"
    );
    let (zh, en) = (problem["zh"].as_str().unwrap(), problem["en"].as_str().unwrap());
    assert!(
        outpace_core::refusal::has_chinese(zh) && !outpace_core::refusal::has_chinese(en) && en.len() > 20,
        "{problem}"
    );
    assert!(asked.1.contains("application/problem+json"), "{}", asked.1);
    let counted = if code == "malformed" { "" } else { field };
    let line = format!("outpace_refusals_total{{code=\"{code}\",field=\"{counted}\"}}");
    assert!(figure(address, &line).await >= 1.0, "{line} is not counted");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_says_that_it_lives_that_it_is_ready_and_how_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let opened = open(folder.path(), testing::place(folder.path()));
    let address = serve(&opened, limits()).await.address;
    let (status, _, body) = get(address, "/healthz", "").await;
    assert_eq!(status, 200, "{body}");
    let ready = until_ready(address).await;
    assert_eq!(
        (ready["queue_depth"].as_i64(), ready["head"].as_i64()),
        (Some(0), Some(opened.office.store.head().seq.0))
    );
    let token = sign_in(address).await;
    let (status, head, text) = get(address, "/metrics", "").await;
    assert_eq!(status, 200);
    assert!(head.contains("application/openmetrics-text") && text.ends_with("# EOF\n"), "{head}");
    for name in [
        "outpace_ready 1",
        "outpace_writer_queue 0",
        "outpace_writer_oldest_seconds ",
        "outpace_writing_paused{trouble=\"full\"} 0",
        "outpace_commit_seconds_bucket",
        "outpace_commit_facts_bucket",
        "outpace_facts_total ",
        "outpace_requests_total{route=\"/api/access/sign-in\",status=\"200\"} 1",
        "outpace_request_seconds_bucket",
        "outpace_journal_head ",
        "outpace_tail_lag ",
        "outpace_jobs_waiting 0",
        "outpace_people_sampled 0",
        "outpace_tubes{stage=\"resulted\"} 0",
        "outpace_tubes_late{deadline=\"result\"} 0",
        "outpace_conservation_difference_tubes 0",
        "outpace_disk_free_bytes ",
        "outpace_memory_resident_bytes ",
        "outpace_connections ",
    ] {
        assert!(text.lines().any(|line| line.starts_with(name)), "{name} is missing in\n{text}");
    }
    // A proxy on the same machine speaks for others.
    refused(
        address,
        get(address, "/metrics", "x-forwarded-for: 10.0.0.9\r\n").await,
        401,
        "not_signed_in",
        "authorization",
    )
    .await;
    assert_eq!(get(address, "/metrics", &format!("x-forwarded-for: 10.0.0.9\r\n{token}")).await.0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_request_that_cannot_be_taken_is_refused_by_name_in_both_languages_and_counted() {
    let folder = tempfile::tempdir().unwrap();
    let opened = open(folder.path(), testing::place(folder.path()));
    let address = serve(&opened, limits()).await.address;
    let token = sign_in(address).await;
    let (path, before) = ("/api/access/add-device", opened.office.store.head());
    let device = json!({ "name": "lane 1", "role": "sampler", "area": opened.office.store.area().0 }).to_string();

    let huge = vec![b' '; 100_000_000];
    refused(address, post(address, path, &token, &huge).await, 413, "body_too_large", "body").await;
    refused(address, post(address, "/api/access/sign-in", "", &huge[..100_000]).await, 413, "body_too_large", "body")
        .await;
    let deep = format!("{{\"name\":{}{}}}", "[".repeat(10_000), "]".repeat(10_000));
    refused(address, post(address, path, &token, deep.as_bytes()).await, 400, "malformed", "name").await;
    refused(address, post(address, path, &token, b"{\"name\":\"\xff\xfe\"}").await, 400, "not_utf8", "body").await;
    let form = format!("{token}content-type: application/x-www-form-urlencoded\r\n");
    refused(address, post(address, path, &form, device.as_bytes()).await, 415, "not_json", "content-type").await;
    let more = device.replace("\"name\"", "\"nickname\":\"x\",\"name\"");
    refused(address, post(address, path, &token, more.as_bytes()).await, 400, "unknown_field", "field").await;
    refused(address, get(address, "/readyz?deep=yes", "").await, 400, "unknown_field", "field").await;
    for length in [20_000, 200_000, 2_000_000] {
        let asked = get(address, &format!("/readyz?{}", "a".repeat(length)), "").await;
        let (code, field) = if asked.0 == 431 { ("headers_too_large", "headers") } else { ("address_too_long", "url") };
        let status = if asked.0 == 431 { 431 } else { 414 };
        refused(address, asked, status, code, field).await;
    }
    refused(address, raw(address, b"this is no request\r\n\r\n").await, 400, "not_http", "request").await;
    refused(address, get(address, path, &token).await, 405, "other_method", "method").await;
    refused(address, get(address, "/api/no/such", "").await, 404, "no_such_route", "path").await;

    assert_eq!(opened.office.store.head(), before, "nothing was changed");
    assert_eq!(post(address, path, &token, device.as_bytes()).await.0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_say_nothing_make_room_for_those_that_talk() {
    let folder = tempfile::tempdir().unwrap();
    let opened = open(folder.path(), Place::Folder);
    let address = serve(&opened, limits()).await.address;
    let mut silent = Vec::new();
    for _ in 0..1_000 {
        silent.push(TcpStream::connect(address).await.unwrap());
        if silent.len() % 100 == 0 {
            let begun = Instant::now();
            assert_eq!(get(address, "/healthz", "").await.0, 200);
            assert!(begun.elapsed() < Duration::from_secs(5));
        }
    }
    // The one that came first was sent away, without words that it could take for the answer of what it asks next.
    let mut words = String::new();
    tokio::time::timeout(Duration::from_secs(10), silent[0].read_to_string(&mut words)).await.unwrap().unwrap();
    assert_eq!(words, "");
    let begun = Instant::now();
    while figure(address, "outpace_connections").await > 110.0 {
        assert!(begun.elapsed() < Duration::from_secs(10), "the others were not sent away");
    }
    assert!(figure(address, "outpace_connections_sent_away_total").await >= 900.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_comes_drop_by_drop_and_a_connection_that_falls_silent_are_ended() {
    let folder = tempfile::tempdir().unwrap();
    let opened = open(folder.path(), Place::Folder);
    let short = Duration::from_millis(400);
    let address =
        serve(&opened, Limits { first_request_within: short, next_request_within: short, ..limits() }).await.address;
    refused(address, raw(address, b"GET /healthz HTTP/1.1\r\nhost:").await, 408, "request_too_slow", "connection")
        .await;
    // One whole request, then silence: the answer, then the end. Words now could be taken for the answer of a request that
    // is under way.
    let whole: &[u8] = b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n";
    let (status, _, rest) = raw(address, whole).await;
    assert!(status == 200 && !rest.contains("408"), "{rest}");
    // A second request that never ends is told so.
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(whole).await.unwrap();
    let mut answer = [0; 16];
    stream.read_exact(&mut answer).await.unwrap();
    stream.write_all(b"GET /healthz HTTP/1.1\r\nhost:").await.unwrap();
    let mut rest = String::new();
    stream.read_to_string(&mut rest).await.unwrap();
    assert!(rest.contains("request_too_slow"), "{rest}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_answers_at_once_and_reading_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let opened = open(folder.path(), testing::place(folder.path()));
    let address = serve(&opened, limits()).await.address;
    until_ready(address).await;
    let token = sign_in(address).await;
    let store = &opened.office.store;
    let stranger = Actor::new(ActorId(9), ActorKind::Device, Role::Sampler, AreaId(store.area().0));
    let (release, released) = mpsc::channel::<()>();
    let (began, begun) = mpsc::channel();
    let held = move |_: &mut outpace_store::Unit<'_>| {
        let _ = began.send(());
        let _ = released.recv();
        Ok::<_, StoreError>(())
    };
    store.submit(&stranger, held, |_| {});
    begun.recv().unwrap();
    for _ in 0..=writer::QUEUE_MAX {
        store.submit(&stranger, |_| Ok::<_, StoreError>(()), |_| {});
    }
    let device = json!({ "name": "lane 1", "role": "sampler", "area": store.area().0 }).to_string();
    let asked = post(address, "/api/access/add-device", &token, device.as_bytes()).await;
    assert!(asked.1.contains("retry-after: 1"), "{}", asked.1);
    refused(address, asked, 503, "busy", "").await;
    assert_eq!(get(address, "/api/zoning/zones", &token).await.0, 200);
    let ready: Value = serde_json::from_str(&get(address, "/readyz", "").await.2).unwrap();
    assert!(ready["queue_depth"].as_u64().unwrap() >= writer::QUEUE_MAX as u64, "{ready}");
    drop(release);
    let begun = Instant::now();
    while post(address, "/api/access/add-device", &token, device.as_bytes()).await.0 != 200 {
        assert!(begun.elapsed() < Duration::from_secs(20));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_told_to_everyone_and_ends_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    let opened = open(folder.path(), Place::Folder);
    let store = &opened.office.store;
    testing::by_hand(store, "CREATE TABLE filler (bytes BLOB)").unwrap();
    testing::by_hand(store, "INSERT INTO filler VALUES (zeroblob(4000000))").unwrap();
    let address = serve(&opened, limits()).await.address;
    until_ready(address).await;
    let token = sign_in(address).await;
    let full = store.write(&store.system(), |unit| {
        let pages = unit.tx().number("PRAGMA page_count", &[])?;
        unit.tx().number(&format!("PRAGMA max_page_count = {pages}"), &[])
    });
    full.unwrap();
    let mut number = 0;
    let asked = loop {
        number += 1;
        let device = json!({ "name": format!("lane {number}"), "role": "sampler", "area": store.area().0 }).to_string();
        let asked = post(address, "/api/access/add-device", &token, device.as_bytes()).await;
        if asked.0 != 200 {
            break asked;
        }
        assert!(number < 2_000);
    };
    assert!(asked.1.contains("retry-after: 5"), "{}", asked.1);
    refused(address, asked, 503, "writing_paused", "").await;
    refused(address, get(address, "/readyz", "").await, 503, "not_ready", "writing").await;
    assert_eq!(figure(address, "outpace_writing_paused{trouble=\"full\"}").await, 1.0);
    assert_eq!(get(address, "/api/zoning/zones", &token).await.0, 200, "reading goes on");
    assert_eq!(get(address, "/healthz", "").await.0, 200);
    testing::by_hand(store, "DELETE FROM filler").unwrap();
    until_ready(address).await;
    let device = json!({ "name": "lane after", "role": "sampler", "area": store.area().0 }).to_string();
    assert_eq!(post(address, "/api/access/add-device", &token, device.as_bytes()).await.0, 200);
}
