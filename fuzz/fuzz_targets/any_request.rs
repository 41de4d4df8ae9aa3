//! Any request at the whole application, headers and all: path, method, tokens, cookies, origins, what a proxy says, a body.
//! The input reads as HTTP does; `TOKEN` stands for a token that is good. Never a 5xx, every answer with the strict headers.
#![no_main]

use std::net::SocketAddr;
use std::sync::LazyLock;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderName, HeaderValue, Request};
use libfuzzer_sys::fuzz_target;
use outpace_access::Peer;
use outpace_access::actors::{AddDevice, add_device};
use outpace_core::{Refusal, Role};
use outpace_server::office::Opening;
use outpace_store::Place;
use tokio::runtime::{Builder, Runtime};
use tower::ServiceExt;

const ANSWER_BYTES_MAX: usize = 64 * 1024 * 1024;
const PEERS: [&str; 4] = ["127.0.0.1:9", "10.0.0.3:9", "[::1]:9", "[2001:db8::1]:9"];

struct House {
    runtime: Runtime,
    app: Router,
    token: String,
    _folder: tempfile::TempDir,
}

static HOUSE: LazyLock<House> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let opening = Opening {
        folder: folder.path().to_owned(),
        place: Place::Folder,
        profile: None,
        pack: None,
        date: None,
        drill_from: None,
    };
    let opened = outpace_server::open(opening).unwrap();
    let office = opened.office.clone();
    let call = office.system_call();
    let request = AddDevice { name: "lane".to_owned(), role: Role::Sampler, area: office.store.area(), post: None };
    let added = office
        .store
        .write(&office.store.system(), move |unit| Ok::<_, Refusal>(add_device(unit, &call, request)?.token))
        .unwrap();
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let app = runtime.block_on(async { outpace_server::app::router(opened) });
    House { runtime, app, token: added.answer, _folder: folder }
});

/// The first line `PEER METHOD PATH`, headers, an empty line, the body; `None` for what no connection could hand over.
fn request(text: &[u8], token: &str) -> Option<Request<Body>> {
    let end = text.windows(2).position(|two| two == b"\n\n");
    let (head, body) = end.map_or((text, &b""[..]), |end| (&text[..end], &text[end + 2..]));
    let mut lines = head.split(|byte| *byte == b'\n');
    let mut words = lines.next()?.splitn(3, |byte| *byte == b' ');
    let peer = words.next()?.first()?;
    let mut asked = Request::builder().method(words.next()?).uri(words.next()?);
    for line in lines {
        let (name, value) = line.split_at_checked(line.iter().position(|byte| *byte == b':')?)?;
        let value = String::from_utf8_lossy(&value[1..]).trim().replace("TOKEN", token);
        asked = asked.header(HeaderName::from_bytes(name).ok()?, HeaderValue::from_str(&value).ok()?);
    }
    let address: SocketAddr = PEERS[usize::from(peer % 4)].parse().unwrap();
    asked.extension(Peer { address, tls: peer & 4 != 0 }).body(Body::from(body.to_vec())).ok()
}

fuzz_target!(|bytes: &[u8]| {
    let house = &*HOUSE;
    let Some(request) = request(bytes, &house.token) else { return };
    let shown = format!("{} {}", request.method(), request.uri());
    house.runtime.block_on(async {
        let answer = house.app.clone().oneshot(request).await.unwrap();
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        assert!(headers.contains_key("content-security-policy"), "{shown}: {headers:?}");
        // What goes on for ever is not waited for.
        if headers.get("content-type").is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream")) {
            return;
        }
        let body = to_bytes(answer.into_body(), ANSWER_BYTES_MAX).await.unwrap();
        // Whether the server is ready is no question of what was asked.
        assert!(status < 500 || shown.contains("/readyz"), "{shown}: {status} {}", String::from_utf8_lossy(&body));
        // The page's own paths are answered by the page; where it was not built, in plain words.
        let is_json = headers.get("content-type").is_some_and(|kind| kind.as_bytes().ends_with(b"json"));
        assert!(is_json || !shown.contains(" /api/") || status < 400, "{shown}: {status} {headers:?}");
        if (400..500).contains(&status) && is_json && !shown.starts_with("HEAD ") {
            let problem: serde_json::Value = serde_json::from_slice(&body).unwrap();
            assert!(problem["zh"].is_string() && problem["en"].is_string(), "{shown}: {problem}");
        }
    });
});
