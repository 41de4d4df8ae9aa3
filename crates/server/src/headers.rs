//! What every answer says to the browser: nothing is loaded from elsewhere, no script but our files runs, nobody frames us,
//! nothing that names people is kept in a cache.

use axum::http::{HeaderName, HeaderValue, header};
use axum::response::Response;

/// For the page. Scripts are files of this server; the map draws in a worker made from a blob; styles may stand in the printed
/// briefing.
const PAGE_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'self'; script-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; \
     worker-src 'self' blob:; connect-src 'self'; object-src 'none'; frame-ancestors 'none'; base-uri 'none'; \
     form-action 'self'",
);
/// For everything that is no page.
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
    let page = headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, NOSNIFF);
    headers.insert(header::REFERRER_POLICY, NO_REFERRER);
    if page {
        headers.insert(header::CONTENT_SECURITY_POLICY, PAGE_POLICY);
        headers.insert(header::X_FRAME_OPTIONS, DENY);
        headers.insert(HeaderName::from_static("cross-origin-opener-policy"), SAME_ORIGIN);
        headers.insert(PERMISSIONS, CAMERA_ONLY);
    } else {
        headers.insert(header::CONTENT_SECURITY_POLICY, DATA_POLICY);
    }
    headers.insert(HeaderName::from_static("cross-origin-resource-policy"), SAME_ORIGIN);
    // Files of the page say themselves how long they are kept.
    headers.entry(header::CACHE_CONTROL).or_insert(NO_STORE);
    answer
}
