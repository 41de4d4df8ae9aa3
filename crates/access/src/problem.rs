//! Refusals on their way out: `application/problem+json` (RFC 9457) with the field, the value and what would be right.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use outpace_core::Refusal;
use serde_json::json;

use crate::figures::RefusedAs;

/// Seconds after which a caller who was turned away may come back.
const RETRY_AFTER_S: u64 = 1;
/// Seconds after which it is worth trying again while nothing can be written.
const RETRY_PAUSED_AFTER_S: u64 = 5;

/// The body of a refusal.
#[must_use]
pub fn body(refusal: &Refusal) -> serde_json::Value {
    let Refusal { status, code, field, value, text } = refusal;
    json!({
        "type": format!("/problems/{code}"), "title": text.en, "status": status,
        "code": code, "field": field, "value": value, "zh": text.zh, "en": text.en,
    })
}

/// A refusal as an HTTP answer.
#[derive(Debug)]
pub struct Problem(pub Refusal);

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        Self(refusal)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mark = RefusedAs::of(&self.0);
        let status = StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let retry = match status {
            // Who asks too often is told in the value how many seconds to wait.
            StatusCode::TOO_MANY_REQUESTS => self.0.value.parse().unwrap_or(RETRY_AFTER_S),
            _ if self.0.code == "writing_paused" => RETRY_PAUSED_AFTER_S,
            _ => RETRY_AFTER_S,
        };
        let body = body(&self.0);
        let mut answer = (status, Json(body)).into_response();
        let headers = answer.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if matches!(status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS) {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(retry));
        }
        answer.extensions_mut().insert(mark);
        answer
    }
}

/// Nobody is signed in, or the token is not (any longer) known.
#[must_use]
pub fn not_signed_in() -> Refusal {
    Refusal::new(
        401,
        "not_signed_in",
        "authorization",
        "",
        "请先登录:请求头需带有效的 Authorization: Bearer 令牌。",
        "Sign in first: send a valid token as Authorization: Bearer.",
    )
}

/// Signed in, but the role does not have the permission.
#[must_use]
pub fn not_permitted(permission: outpace_core::Permission, role: outpace_core::Role) -> Refusal {
    Refusal::forbidden(
        "role",
        format!("{role:?}"),
        format!("该操作需要权限 {permission:?},您的角色没有。"),
        format!("This needs the permission {permission:?}, which your role does not have."),
    )
}
