//! The page, built by Vite and embedded in the binary, so that it works with no network.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use outpace_access::door;
use outpace_access::problem::Problem;
use outpace_core::Refusal;
use rust_embed::RustEmbed;

/// How much of an unknown path is shown back.
const PATH_SHOWN_MAX: usize = 120;

/// In which a file may be kept beside itself, the shorter first: the header's word and the file's ending.
const CODINGS: [(&str, &str); 2] = [("br", "br"), ("gzip", "gz")];

#[derive(RustEmbed)]
#[folder = "../../web/dist"]
#[allow_missing = true]
struct Page;

/// Whether a browser reads a coding: named, and not with the weight 0.
fn accepts(headers: &HeaderMap, coding: &str) -> bool {
    let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|accepted| accepted.to_str().ok()).unwrap_or_default();
    accepted.split(',').any(|one| {
        let (name, weight) = one.split_once(';').unwrap_or((one, "q=1"));
        let weight: f32 = weight.trim().trim_start_matches("q=").parse().unwrap_or_default();
        name.trim().eq_ignore_ascii_case(coding) && weight > 0.0
    })
}

/// The first half of a digest is enough to tell two files of one name apart.
fn hex_of(digest: &[u8; 32]) -> String {
    digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

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

fn no_file(path: &str) -> Refusal {
    let path: String = path.chars().take(PATH_SHOWN_MAX).collect();
    Refusal::unknown(
        "no_such_file",
        "path",
        format!("/{path}"),
        "本服务器的页面没有这个文件:页面已更新,请重新打开。",
        "The page of this server has no such file: it was updated; open it again.",
    )
}

/// Answers a file of the page; unknown paths outside `/api` and `/assets` answer the page itself. A part of an older page that
/// is still open is not there any more: the page in its place would be read as a script.
pub async fn serve(request: Request) -> Response {
    if let Err(refusal) = door::address(request.uri()) {
        return Problem(refusal).into_response();
    }
    let path = request.uri().path().trim_start_matches('/');
    if path.starts_with("api/") {
        return Problem(no_route(path)).into_response();
    }
    let wanted = if path.is_empty() { "index.html" } else { path };
    let kept = Page::get(wanted);
    if kept.is_none() && path.starts_with("assets/") {
        return Problem(no_file(path)).into_response();
    }
    let Some((name, file)) =
        kept.map(|file| (wanted, file)).or_else(|| Page::get("index.html").map(|file| ("index.html", file)))
    else {
        return (StatusCode::NOT_FOUND, "the page was not built into this binary: run `make build`").into_response();
    };
    let packed = CODINGS
        .into_iter()
        .filter(|(coding, _)| accepts(request.headers(), coding))
        .find_map(|(coding, ending)| Page::get(&format!("{name}.{ending}")).map(|packed| (coding, packed)));
    let coding = packed.as_ref().map(|(coding, _)| *coding);
    let tag = format!("W/\"{}\"", hex_of(&file.metadata.sha256_hash()));
    let known = request.headers().get(header::IF_NONE_MATCH).and_then(|known| known.to_str().ok());
    let same = known.is_some_and(|known| known.split(',').any(|known| known.trim() == tag));
    let mut answer = if same {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        packed.map_or(file.data, |(_, packed)| packed.data).into_response()
    };
    let headers = answer.headers_mut();
    if let Ok(kind) = HeaderValue::from_str(file.metadata.mimetype()) {
        headers.insert(header::CONTENT_TYPE, kind);
    }
    if let (Some(coding), false) = (coding, same) {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding));
    }
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    // Vite names assets by their content; only the page itself may change under its name.
    let cache = if name.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    answer
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn asked(accepted: &str) -> HeaderMap {
        HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_str(accepted).unwrap())])
    }

    #[test]
    fn a_coding_counts_where_it_is_named_and_not_refused() {
        assert!(accepts(&asked("gzip, deflate, br, zstd"), "br"));
        assert!(accepts(&asked("GZIP;q=0.5"), "gzip"));
        assert!(!accepts(&asked("br;q=0, gzip"), "br"));
        assert!(!accepts(&asked("brotli"), "br"));
        assert!(!accepts(&HeaderMap::new(), "gzip"));
    }

    #[tokio::test]
    async fn a_part_of_an_older_page_is_told_as_missing() {
        let request = Request::builder().uri("/assets/Gate-AAAAAAAA.js").body(Body::empty()).unwrap();
        let answer = serve(request).await;
        assert_eq!(answer.status(), StatusCode::NOT_FOUND);
        let kind = answer.headers()[header::CONTENT_TYPE].to_str().unwrap().to_owned();
        assert!(kind.contains("json"), "{kind}: a script must not be answered with the page");
    }
}
