//! What a request must look like before anybody reads it: how long its address and its body may be, how long it may take,
//! what kind of text it is, which fields it may have. Everything else is refused here, by name.

use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::http::{HeaderMap, Uri, header};
use outpace_core::Refusal;
use serde::de::DeserializeOwned;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};

/// The largest request body: an import of 20,000 people fits; anything larger comes in parts.
pub const BODY_BYTES_MAX: usize = 32 * 1024 * 1024;
/// The largest body of somebody who has not signed in.
pub const STRANGERS_BODY_BYTES_MAX: usize = 64 * 1024;
/// The longest address, with its query.
pub const ADDRESS_BYTES_MAX: usize = 8 * 1024;
/// A body may pause so long between two pieces.
pub const BODY_PAUSE_MAX: Duration = Duration::from_secs(15);
/// A whole body may take so long, on the slowest of lines.
pub const BODY_TIME_MAX: Duration = Duration::from_secs(300);
/// A body that is too large is still taken in and thrown away up to here, so that its sender hears why.
const THROWN_AWAY_BYTES_MAX: usize = 256 * 1024 * 1024;
/// So long, and with no longer pause.
const THROWN_AWAY_TIME_MAX: Duration = Duration::from_secs(10);
const THROWN_AWAY_PAUSE_MAX: Duration = Duration::from_secs(2);
/// Bodies above this size are large.
const LARGE_BYTES: usize = 1024 * 1024;
/// Large bodies taken in at the same time: together they stay below 512 MB.
const LARGE_AT_ONCE_MAX: usize = 16;
/// How much of what was sent is shown back.
const SHOWN_CHARACTERS_MAX: usize = 80;

/// The character 0 as JSON writes it.
const NUL: &[u8] = b"\\u0000";
const NUL_TOLD: &str = "文本中有空字符 · a text holds the character 0";

static LARGE: Semaphore = Semaphore::const_new(LARGE_AT_ONCE_MAX);

/// Refuses an address that is too long.
///
/// # Errors
/// 414 then.
pub fn address(uri: &Uri) -> Result<(), Refusal> {
    let bytes = uri.path_and_query().map_or(0, |both| both.as_str().len());
    if bytes > ADDRESS_BYTES_MAX { Err(address_too_long(bytes)) } else { Ok(()) }
}

fn address_too_long(bytes: usize) -> Refusal {
    Refusal::new(
        414,
        "address_too_long",
        "url",
        bytes,
        format!("网址有 {bytes} 字节,最多 {ADDRESS_BYTES_MAX} 字节;请把内容放进请求体。"),
        format!("The address has {bytes} bytes, at most {ADDRESS_BYTES_MAX} are read; put the content into the body."),
    )
}

/// Refuses what says of itself that it is something else than JSON.
///
/// # Errors
/// 415 then.
pub(crate) fn is_json(headers: &HeaderMap) -> Result<(), Refusal> {
    let Some(kind) = headers.get(header::CONTENT_TYPE) else { return Ok(()) };
    let kind = String::from_utf8_lossy(kind.as_bytes());
    let plain = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if plain == "application/json" || (plain.starts_with("application/") && plain.ends_with("+json")) {
        return Ok(());
    }
    Err(Refusal::new(
        415,
        "not_json",
        "content-type",
        shown(&kind),
        "请求体须为 JSON:请用 Content-Type: application/json。",
        "The body must be JSON: send Content-Type: application/json.",
    ))
}

fn too_large(most: usize) -> Refusal {
    Refusal::new(
        413,
        "body_too_large",
        "body",
        "",
        format!("请求体超过 {most} 字节,请分批提交。"),
        format!("The request is larger than {most} bytes; send it in parts."),
    )
}

fn too_slow() -> Refusal {
    let (pause, whole) = (BODY_PAUSE_MAX.as_secs(), BODY_TIME_MAX.as_secs());
    Refusal::new(
        408,
        "body_too_slow",
        "body",
        "",
        format!("请求体没有按时到达(中断不超过 {pause} 秒,全部不超过 {whole} 秒),未作任何更改;请重发,或分成小批。"),
        format!(
            "The body did not arrive in time (no pause over {pause} s, {whole} s in all); nothing was changed. \
             Send it again, or in smaller parts."
        ),
    )
}

fn broken_off() -> Refusal {
    Refusal::new(
        400,
        "body_broken_off",
        "body",
        "",
        "请求体未传完连接就中断,未作任何更改;请重发。",
        "The connection ended before the body did; nothing was changed. Send it again.",
    )
}

/// Takes in a body of at most so many bytes.
///
/// # Errors
/// 413 when it is larger, 408 when it does not come, 400 when it breaks off.
pub(crate) async fn take_in(mut body: Body, most: usize) -> Result<Bytes, Refusal> {
    let end = Instant::now() + BODY_TIME_MAX;
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if announced > most {
        throw_away(&mut body).await;
        return Err(too_large(most));
    }
    let mut large = if announced > LARGE_BYTES { Some(LARGE.acquire().await) } else { None };
    let mut taken = Vec::with_capacity(announced.min(LARGE_BYTES));
    while let Some(piece) = next_piece(&mut body, end, BODY_PAUSE_MAX).await? {
        if taken.len() + piece.len() > most {
            drop(taken);
            throw_away(&mut body).await;
            return Err(too_large(most));
        }
        if taken.is_empty() && body.is_end_stream() {
            return Ok(piece);
        }
        taken.extend_from_slice(&piece);
        if large.is_none() && taken.len() > LARGE_BYTES {
            large = Some(LARGE.acquire().await);
        }
    }
    Ok(Bytes::from(taken))
}

async fn next_piece(body: &mut Body, end: Instant, pause: Duration) -> Result<Option<Bytes>, Refusal> {
    loop {
        let next = std::future::poll_fn(|context| std::pin::Pin::new(&mut *body).poll_frame(context));
        let until = end.min(Instant::now() + pause);
        match timeout_at(until, next).await {
            Err(_) => return Err(too_slow()),
            Ok(None) => return Ok(None),
            Ok(Some(Err(_))) => return Err(broken_off()),
            Ok(Some(Ok(frame))) => {
                if let Ok(piece) = frame.into_data() {
                    return Ok(Some(piece));
                }
            }
        }
    }
}

/// Takes in what is left of a body that was refused, so that its sender comes to read the answer; not for long.
async fn throw_away(body: &mut Body) {
    let end = Instant::now() + THROWN_AWAY_TIME_MAX;
    let mut thrown = 0;
    while let Ok(Some(piece)) = next_piece(body, end, THROWN_AWAY_PAUSE_MAX).await {
        thrown += piece.len();
        if thrown > THROWN_AWAY_BYTES_MAX {
            return;
        }
    }
}

/// Reads a query string.
///
/// # Errors
/// 400 with the field that is wrong or that nobody asked for.
pub(crate) fn read_query<Q: DeserializeOwned>(bytes: &Bytes) -> Result<Q, Refusal> {
    let decoded: Vec<u8> = percent_encoding::percent_decode(bytes).collect();
    if std::str::from_utf8(&decoded).is_err() {
        return Err(not_text("query"));
    }
    if decoded.contains(&0) {
        return Err(malformed("query", "%00", NUL_TOLD));
    }
    let mut unknown = None;
    let parsed = serde_urlencoded::Deserializer::new(form_urlencoded::parse(bytes));
    let read = serde_ignored::deserialize(parsed, |path| unknown = unknown.take().or(Some(path.to_string())));
    match (read, unknown) {
        (Ok(_), Some(field)) => Err(unknown_field(&field)),
        (Ok(query), None) => Ok(query),
        (Err(error), _) => Err(malformed("query", &String::from_utf8_lossy(&decoded), &error.to_string())),
    }
}

/// Takes a whole body in and reads it, for a route that is mounted by itself.
///
/// # Errors
/// As for every command: 415 for another kind of text, 413, 408 or 400.
pub async fn command_of<Q: DeserializeOwned>(headers: &HeaderMap, body: Body) -> Result<Q, Refusal> {
    is_json(headers)?;
    read_body(&take_in(body, BODY_BYTES_MAX).await?)
}

/// Reads a body.
///
/// # Errors
/// 400 with the field that is wrong or that nobody asked for.
pub(crate) fn read_body<Q: DeserializeOwned>(bytes: &Bytes) -> Result<Q, Refusal> {
    let text: &[u8] = if bytes.is_empty() { b"{}" } else { bytes };
    // No device types it, no label bears it, and PostgreSQL cannot keep it in a text. JSON can write it in one way only.
    if text.contains(&b'\\') && writes_nul(text) {
        return Err(malformed("body", "\\u0000", NUL_TOLD));
    }
    let mut unknown = None;
    let mut parsed = serde_json::Deserializer::from_slice(text);
    let read: Result<Q, _> =
        serde_ignored::deserialize(&mut parsed, |path| unknown = unknown.take().or(Some(path.to_string())));
    match read.and_then(|request| parsed.end().map(|()| request)) {
        Ok(request) => match unknown {
            Some(field) => Err(unknown_field(&field)),
            None => Ok(request),
        },
        Err(_) if std::str::from_utf8(text).is_err() => Err(not_text("body")),
        // Read once more with a memory of the way, which only a request that is refused has to pay for.
        Err(error) => {
            Err(match serde_path_to_error::deserialize::<_, Q>(&mut serde_json::Deserializer::from_slice(text)) {
                Err(found) => {
                    let path = found.path().to_string();
                    let field = if path == "." { "body".to_owned() } else { path };
                    malformed(&field, "", &found.inner().to_string())
                }
                Ok(_) => malformed("body", "", &error.to_string()),
            })
        }
    }
}

/// Whether the character 0 is written in it; an escaped backslash before the same letters is not it.
fn writes_nul(json: &[u8]) -> bool {
    let mut rest = json;
    while let Some(at) = rest.iter().position(|byte| *byte == b'\\') {
        if rest[at..].starts_with(NUL) {
            return true;
        }
        rest = rest.get(at + 2..).unwrap_or_default();
    }
    false
}

/// As much of what was sent as a refusal shows back.
fn shown(text: &str) -> String {
    text.chars().take(SHOWN_CHARACTERS_MAX).collect()
}

fn not_text(field: &str) -> Refusal {
    Refusal::new(
        400,
        "not_utf8",
        field,
        "",
        "内容不是有效的 UTF-8 文本;请以 UTF-8 编码重发。",
        "This is not valid UTF-8; send it again encoded as UTF-8.",
    )
}

fn unknown_field(field: &str) -> Refusal {
    Refusal::new(
        400,
        "unknown_field",
        "field",
        shown(field),
        format!("没有名为 {} 的字段,未作任何更改;字段说明见 /openapi.json。", shown(field)),
        format!("There is no field {}; nothing was changed. The fields are described in /openapi.json.", shown(field)),
    )
}

fn malformed(field: &str, value: &str, error: &str) -> Refusal {
    let error = shown_error(error);
    Refusal::new(
        400,
        "malformed",
        shown(field).as_str(),
        shown(value),
        format!("请求格式不正确:{error}。字段说明见 /openapi.json。"),
        format!("The request is malformed: {error}. The fields are described in /openapi.json."),
    )
}

/// A parser's complaint, which may repeat what was sent, cut to a few lines.
fn shown_error(error: &str) -> String {
    error.chars().take(4 * SHOWN_CHARACTERS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::{Deserialize, Serialize};

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Lane {
        site: i64,
        #[serde(default)]
        people: Vec<Person>,
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Person {
        code: String,
    }

    fn refused(text: &[u8]) -> (u16, String, String, String) {
        let refusal = read_body::<Lane>(&Bytes::copy_from_slice(text)).err();
        refusal.map(|one| (one.status, one.code, one.field, one.value)).unwrap_or_default()
    }

    fn told(status: u16, code: &str, field: &str, value: &str) -> (u16, String, String, String) {
        (status, code.to_owned(), field.to_owned(), value.to_owned())
    }

    #[test]
    fn the_field_that_is_wrong_or_that_nobody_asked_for_is_named() {
        assert_eq!(
            refused(br#"{"site":1,"people":[{"code":"a"},{"code":7}]}"#),
            told(400, "malformed", "people[1].code", "")
        );
        assert_eq!(refused(br#"{"site":1,"lame":2}"#), told(400, "unknown_field", "field", "lame"));
        assert_eq!(
            refused(br#"{"site":1,"people":[{"code":"a","name":"b"}]}"#),
            told(400, "unknown_field", "field", "people.0.name")
        );
        assert_eq!(refused(b"{\"site\":1,\"people\":[{\"code\":\"\xff\"}]}"), told(400, "not_utf8", "body", ""));
        assert_eq!(refused(br#"{"site":1} {"#), told(400, "malformed", "body", ""));
        let right = read_body::<Lane>(&Bytes::from_static(br#"{"site":1,"people":[{"code":"a"}]}"#));
        assert_eq!(right.ok(), Some(Lane { site: 1, people: vec![Person { code: "a".to_owned() }] }));
    }

    #[test]
    fn ten_thousand_brackets_are_refused_and_not_followed() {
        let deep = "[".repeat(10_000) + &"]".repeat(10_000);
        assert_eq!(refused(deep.as_bytes()).0, 400);
        assert_eq!(refused(format!("{{\"site\":{deep}}}").as_bytes()).1, "malformed");
        assert_eq!(refused(format!("{{\"site\":1,\"other\":{deep}}}").as_bytes()).1, "unknown_field");
    }

    #[test]
    fn a_query_is_held_to_the_same() {
        let read = |text: &'static str| read_query::<Lane>(&Bytes::from_static(text.as_bytes()));
        assert_eq!(read("site=4").map(|lane| lane.site).ok(), Some(4));
        let told = |text| read(text).err().map(|one| (one.code, one.value)).unwrap_or_default();
        assert_eq!(told("site=4&sight=5"), ("unknown_field".to_owned(), "sight".to_owned()));
        assert_eq!(told("site=%ff"), ("not_utf8".to_owned(), String::new()));
        assert_eq!(told("site=four").0, "malformed");
    }
}
