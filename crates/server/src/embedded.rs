//! The page, built by Vite and embedded in the binary, so that it works with no network.

use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use outpace_access::door;
use outpace_access::problem::Problem;
use outpace_core::Refusal;
use rust_embed::RustEmbed;

/// How much of an unknown path is shown back.
const PATH_SHOWN_MAX: usize = 120;

#[derive(RustEmbed)]
#[folder = "../../web/dist"]
#[allow_missing = true]
struct Page;

fn no_route(path: &str) -> Refusal {
    let path: String = path.chars().take(PATH_SHOWN_MAX).collect();
    Refusal::unknown(
        "no_such_route",
        "path",
        format!("/{path}"),
        "没有这个接口;说明见 /openapi.json。",
        "There is no such route; see /openapi.json.",
    )
}

/// Answers a file of the page; unknown paths outside `/api` answer the page itself.
pub async fn serve(request: Request) -> Response {
    if let Err(refusal) = door::address(request.uri()) {
        return Problem(refusal).into_response();
    }
    let path = request.uri().path().trim_start_matches('/');
    if path.starts_with("api/") {
        return Problem(no_route(path)).into_response();
    }
    let wanted = if path.is_empty() { "index.html" } else { path };
    let Some((name, file)) = Page::get(wanted)
        .map(|file| (wanted, file))
        .or_else(|| Page::get("index.html").map(|file| ("index.html", file)))
    else {
        return (StatusCode::NOT_FOUND, "the page was not built into this binary: run `make build`").into_response();
    };
    let mut answer = file.data.into_response();
    let headers = answer.headers_mut();
    if let Ok(kind) = HeaderValue::from_str(file.metadata.mimetype()) {
        headers.insert(header::CONTENT_TYPE, kind);
    }
    // Vite names assets by their content; only the page itself may change under its name.
    let cache = if name.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    answer
}
