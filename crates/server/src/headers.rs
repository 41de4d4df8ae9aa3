//! What every answer says to the browser: nothing is loaded from elsewhere, no script but our files runs, nobody frames us,
//! nothing that names people is kept in a cache.

use axum::http::{HeaderName, HeaderValue, header};
use axum::response::Response;

/// For the page. Scripts are files of this server; the map draws in a worker made from a blob; styles may stand in the printed
/// briefing. `'wasm-unsafe-eval'` lets WebAssembly run that came as a file of this server, and no text of a script.
const PAGE_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; \
     worker-src 'self' blob:; connect-src 'self'; object-src 'none'; frame-ancestors 'none'; base-uri 'none'; \
     form-action 'self'",
);
/// For scripts. A worker lives under the policy of its own file, not under the page's: the service worker fetches the files
/// that it keeps, and nothing from elsewhere.
const SCRIPT_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; frame-ancestors 'none'",
);
/// For everything that is neither page nor script.
const DATA_POLICY: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
const NOSNIFF: HeaderValue = HeaderValue::from_static("nosniff");
const NO_REFERRER: HeaderValue = HeaderValue::from_static("no-referrer");
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
const SAME_ORIGIN: HeaderValue = HeaderValue::from_static("same-origin");
const DENY: HeaderValue = HeaderValue::from_static("DENY");
const PERMISSIONS: HeaderName = HeaderName::from_static("permissions-policy");
/// A lane scans codes with the camera; nothing else of the device is used.
const CAMERA_ONLY: HeaderValue =
    HeaderValue::from_static("camera=(self), geolocation=(), microphone=(), payment=(), usb=()");

/// Adds them.
pub(crate) fn harden(mut answer: Response) -> Response {
    let headers = answer.headers_mut();
    let is = |kinds: &[&str]| {
        let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        kinds.contains(&kind.split(';').next().unwrap_or_default().trim())
    };
    let (page, script) = (is(&["text/html"]), is(&["text/javascript", "application/javascript"]));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, NOSNIFF);
    headers.insert(header::REFERRER_POLICY, NO_REFERRER);
    if page {
        headers.insert(header::CONTENT_SECURITY_POLICY, PAGE_POLICY);
        headers.insert(header::X_FRAME_OPTIONS, DENY);
        headers.insert(HeaderName::from_static("cross-origin-opener-policy"), SAME_ORIGIN);
        headers.insert(PERMISSIONS, CAMERA_ONLY);
    } else {
        headers.insert(header::CONTENT_SECURITY_POLICY, if script { SCRIPT_POLICY } else { DATA_POLICY });
    }
    headers.insert(HeaderName::from_static("cross-origin-resource-policy"), SAME_ORIGIN);
    // Files of the page say themselves how long they are kept.
    headers.entry(header::CACHE_CONTROL).or_insert(NO_STORE);
    answer
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn policy_of(kind: &'static str) -> String {
        let mut answer = Response::new(Body::empty());
        answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        harden(answer).headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap().to_owned()
    }

    #[test]
    fn the_service_worker_may_fetch_what_it_keeps_and_nothing_else() {
        for kind in ["text/javascript", "text/javascript; charset=utf-8", "application/javascript"] {
            let policy = policy_of(kind);
            assert!(policy.contains("connect-src 'self'") && policy.contains("default-src 'none'"), "{kind}: {policy}");
        }
        assert!(!policy_of("application/json").contains("connect-src"));
    }

    #[test]
    fn our_own_webassembly_runs_and_no_text_does() {
        for kind in ["text/html; charset=utf-8", "text/javascript"] {
            let policy = policy_of(kind);
            assert!(policy.contains("script-src 'self' 'wasm-unsafe-eval'"), "{kind}: {policy}");
            assert!(!policy.replace("'wasm-unsafe-eval'", "").contains("unsafe-eval"), "{kind}: {policy}");
        }
    }
}
