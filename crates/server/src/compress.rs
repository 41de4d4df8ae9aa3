//! Which answers travel compressed: large lists and maps that were asked for. Files of the page are compressed when they are
//! built (`embedded`).
//!
//! An answer with a secret is never compressed. If part of it is chosen by somebody else, its length tells how much of the secret
//! was guessed (BREACH, CVE-2013-3587); so sign-ins, tokens, codes, passes and a resident's own file are left as they are, and so is
//! every answer that sets a cookie. The live stream is not: a compressor would hold its events back.

use axum::body::HttpBody;
use axum::extract::Request;
use axum::http::{Method, Response, header};
use axum::middleware::Next;
use tower_http::compression::predicate::Predicate;
use tower_http::compression::{CompressionLayer, CompressionLevel};

/// Below this an answer fits few packets either way, bytes.
const WORTH_BYTES: u64 = 4_096;
/// What begins so holds secrets, or is a stream.
const NEVER: [&str; 6] =
    ["/api/access/", "/api/mine/", "/api/residents/", "/api/live", "/api/status/pass", "/api/status/place-code"];

/// What the request was tells whether its answer may be compressed.
#[derive(Debug, Clone, Copy)]
struct MayCompress;

fn may(method: &Method, path: &str) -> bool {
    let data = path == "/openapi.json" || path.starts_with("/api/");
    *method == Method::GET && data && !NEVER.iter().any(|never| path.starts_with(never))
}

/// Marks answers that may be compressed.
pub(crate) async fn mark(request: Request, next: Next) -> axum::response::Response {
    let may = may(request.method(), request.uri().path());
    let mut answer = next.run(request).await;
    if may {
        answer.extensions_mut().insert(MayCompress);
    }
    answer
}

/// Of the marked ones those that are large, of a known length, text, and set no cookie.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Worth;

impl Predicate for Worth {
    fn should_compress<B: HttpBody>(&self, answer: &Response<B>) -> bool {
        let kind = answer.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let text = ["application/json", "application/geo+json", "application/problem+json", "text/csv"];
        answer.extensions().get::<MayCompress>().is_some()
            && !answer.headers().contains_key(header::SET_COOKIE)
            && text.iter().any(|text| kind.starts_with(text))
            && answer.body().size_hint().exact().is_some_and(|bytes| bytes >= WORTH_BYTES)
    }
}

/// Compresses them with gzip, at a level that costs 10 ms a megabyte.
pub(crate) fn layer() -> CompressionLayer<Worth> {
    CompressionLayer::new().gzip(true).quality(CompressionLevel::Fastest).compress_when(Worth)
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn answer(kind: &str, bytes: usize, marked: bool) -> Response<Body> {
        let mut answer = Response::new(Body::from(vec![b'x'; bytes]));
        answer.headers_mut().insert(header::CONTENT_TYPE, kind.parse().unwrap());
        if marked {
            answer.extensions_mut().insert(MayCompress);
        }
        answer
    }

    #[test]
    fn what_holds_a_secret_is_never_compressed() {
        for path in ["/api/access/sign-in", "/api/access/own", "/api/mine/file", "/api/mine/pass", "/api/status/pass"] {
            assert!(!may(&Method::GET, path), "{path}");
        }
        assert!(!may(&Method::POST, "/api/screening/tubes"));
        let mut cookie = answer("application/json", 100_000, true);
        cookie.headers_mut().insert(header::SET_COOKIE, "a=b".parse().unwrap());
        assert!(!Worth.should_compress(&cookie));
    }

    #[test]
    fn the_live_stream_is_never_compressed() {
        assert!(!may(&Method::GET, "/api/live"));
        let mut stream = answer("text/event-stream", 0, true);
        *stream.body_mut() = Body::from_stream(tokio_stream::iter([Ok::<_, std::io::Error>("data: x\n\n")]));
        assert!(!Worth.should_compress(&stream));
    }

    #[test]
    fn large_lists_and_maps_are_compressed_from_the_bound_on() {
        assert!(may(&Method::GET, "/api/registry/boundaries") && may(&Method::GET, "/api/status/gate-list"));
        let at = WORTH_BYTES as usize;
        assert!(Worth.should_compress(&answer("application/json", at, true)));
        assert!(!Worth.should_compress(&answer("application/json", at - 1, true)));
        assert!(!Worth.should_compress(&answer("application/json", at, false)));
        assert!(!Worth.should_compress(&answer("application/octet-stream", at, true)));
    }
}
