//! The page holds a resident's session as it holds anybody's: in a cookie that no script reads and no other site uses.

use axum::body::{Body, to_bytes};
use axum::http::Request;
use outpace_access::{Peer, actors};
use serde_json::{Value, json};
use tower::ServiceExt;

use super::{House, member};

const HOST: &str = "outpace.local:8088";
const PASSWORD: &str = "the first password";

/// A browser: the page's own site, or another one; over TLS, or not.
#[derive(Clone, Copy)]
struct Browser {
    site: &'static str,
    tls: bool,
}

const OURS: Browser = Browser { site: HOST, tls: true };

/// An answer: status, body, and the cookie as the browser would keep it.
struct Answer {
    status: u16,
    body: Value,
    cookie: Option<String>,
}

impl Answer {
    fn code(&self) -> (u16, &str) {
        (self.status, self.body["code"].as_str().unwrap_or_default())
    }
}

impl Browser {
    async fn ask(self, house: &House, cookie: &str, path: &str, body: Option<Value>) -> Answer {
        let request = Request::builder().uri(path).header("host", HOST).header("cookie", cookie);
        let request = match body {
            None => request.method("GET").body(Body::empty()),
            Some(body) => request
                .method("POST")
                .header("origin", format!("https://{}", self.site))
                .header("content-type", "application/json")
                .body(Body::from(body.to_string())),
        };
        let mut request = request.unwrap();
        request.extensions_mut().insert(Peer { address: "10.0.0.7:50000".parse().unwrap(), tls: self.tls });
        let routes = actors::routes().and(crate::routes()).mount(house.office());
        let answer = routes.oneshot(request).await.unwrap();
        let set = answer.headers().get("set-cookie").map(|value| value.to_str().unwrap().to_owned());
        let status = answer.status().as_u16();
        let bytes = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
        if let Some(set) = &set {
            assert!(set.contains("; HttpOnly; SameSite=Strict; Secure"), "{set}");
        }
        let cookie = set.map(|set| set.split(';').next().unwrap().to_owned());
        Answer { status, body: serde_json::from_slice(&bytes).unwrap_or(Value::Null), cookie }
    }

    async fn enter(self, house: &House, cookie: &str, code: &str) -> Answer {
        self.ask(house, cookie, "/api/mine/sign-in", Some(json!({ "code": code, "keep": "cookie" }))).await
    }
}

#[tokio::test]
async fn a_resident_reads_their_file_by_a_cookie_that_no_script_reads_and_no_other_site_uses() {
    let house = House::open();
    let code = house.code(member(0, 0));
    // What is refused at the door does not use the code up.
    let evil = Browser { site: "evil.example", ..OURS };
    assert_eq!(evil.enter(&house, "", &code).await.code(), (403, "other_site"));
    let open = Browser { tls: false, ..OURS };
    assert_eq!(open.enter(&house, "", &code).await.code(), (403, "needs_tls"));
    let entered = OURS.enter(&house, "", &code).await;
    assert_eq!((entered.status, &entered.body["token"]), (200, &Value::Null), "a page is given no token");
    let cookie = entered.cookie.unwrap();
    assert!(cookie.starts_with("__Host-outpace="));
    let file = OURS.ask(&house, &cookie, "/api/mine/file", None).await;
    assert_eq!((file.status, file.body["person"]["id"].as_i64()), (200, Some(member(0, 0).0)));
    assert_ne!(OURS.ask(&house, "", "/api/mine/file", None).await.status, 200);
    let wrong = json!({ "about": "other", "words": "不对" });
    let forged = evil.ask(&house, &cookie, "/api/mine/ask-correction", Some(wrong.clone())).await;
    assert_eq!(forged.code(), (403, "other_site"));
    assert_eq!(OURS.ask(&house, &cookie, "/api/mine/file", None).await.body["requests"], json!([]));
    assert_eq!(OURS.ask(&house, &cookie, "/api/mine/ask-correction", Some(wrong)).await.status, 200);
    let left = OURS.ask(&house, &cookie, "/api/access/sign-out", Some(json!({}))).await;
    assert_eq!((left.status, left.cookie.as_deref()), (200, Some("__Host-outpace=")));
    assert_ne!(OURS.ask(&house, &cookie, "/api/mine/file", None).await.status, 200, "who left has left");
}

#[tokio::test]
async fn a_browser_holds_one_session_and_whose_it_was_before_ends() {
    let house = House::open();
    actors::first_administrator(&house.store, Some(PASSWORD.to_owned())).unwrap();
    let body = json!({ "name": "admin", "password": PASSWORD, "keep": "cookie" });
    let staff = OURS.ask(&house, "", "/api/access/sign-in", Some(body)).await.cookie.unwrap();
    let own = OURS.enter(&house, &staff, &house.code(member(0, 0))).await.cookie.unwrap();
    for (cookie, role) in [(&staff, Value::Null), (&own, json!("resident"))] {
        let who = OURS.ask(&house, cookie, "/api/access/own", None).await;
        assert_eq!(who.body["signed_in"]["actor"]["role"], role);
    }
    // The next code ends the session that it was typed over, though both are the same person's.
    let next = OURS.enter(&house, &own, &house.code(member(0, 0))).await.cookie.unwrap();
    assert_ne!(OURS.ask(&house, &own, "/api/mine/file", None).await.status, 200);
    assert_eq!(OURS.ask(&house, &next, "/api/mine/file", None).await.status, 200);
}
