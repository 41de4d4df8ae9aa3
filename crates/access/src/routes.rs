//! The one way to mount a route.
//!
//! A query is `fn(&mut Tx, &Call, Q) -> Result<A, Refusal>` and runs on a reading connection; a command is
//! `fn(&mut Unit, &Call, Q) -> Result<A, Refusal>` and runs on the writer, answered after its commit with the
//! journal's head in `x-outpace-seq` and `x-outpace-head`. A look is a query that is answered from memory. Queries are
//! GET with a query string, commands POST with a JSON body; there are no path parameters, so a path is a noun and a
//! verb. All are plain synchronous functions: the command line and the tests call the same ones.

use std::any::TypeId;
use std::pin::Pin;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use outpace_core::{Actor, Permission, Refusal};
use outpace_store::{Head, Tx, Unit};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::actors;
use crate::matrix;
use crate::office::{Call, Office};
use crate::openapi::Described;
use crate::problem::{Problem, not_permitted, not_signed_in};

/// The largest request body: an import of 20,000 people fits; anything larger comes in parts.
pub const BODY_BYTES_MAX: usize = 32 * 1024 * 1024;

/// How many costly preparations (a password takes 19 MiB) run at the same time.
const PREPARED_AT_ONCE_MAX: usize = 2;

/// A request without parameters, or an answer without content.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Empty {}

/// A whole document instead of JSON: a page to read or to print.
pub struct Document {
    /// What it is, such as `text/html; charset=utf-8`.
    pub media: &'static str,
    /// The document.
    pub text: String,
}

/// The character 0 as JSON writes it.
const NUL: &[u8] = b"\\u0000";
const NUL_TOLD: &str = "文本中有空字符 · a text holds the character 0";

type Served = Pin<Box<dyn Future<Output = Result<Response, Problem>> + Send>>;
type Serve = Arc<dyn Fn(Office, Actor, Bytes) -> Served + Send + Sync>;

/// A route: where, what for, for whom.
pub struct Route {
    /// `/api/capability/verb`.
    pub path: &'static str,
    /// Whether it changes anything.
    pub is_command: bool,
    /// What one must be allowed.
    pub permission: Permission,
    /// One sentence.
    pub summary: &'static str,
    pub(crate) described: Described,
    serve: Serve,
}

/// The routes of one or more capabilities.
#[derive(Default)]
pub struct Routes {
    list: Vec<Route>,
}

impl Routes {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a query: GET, read only.
    #[must_use]
    pub fn query<Q, A>(
        mut self,
        path: &'static str,
        permission: Permission,
        summary: &'static str,
        handler: fn(&mut Tx<'_>, &Call, Q) -> Result<A, Refusal>,
    ) -> Self
    where
        Q: DeserializeOwned + ToSchema + Send + 'static,
        A: Serialize + ToSchema + Send + 'static,
    {
        let serve: Serve = Arc::new(move |office, actor, parameters| {
            Box::pin(async move {
                let query: Q = read_query(&parameters)?;
                let call = office.call(actor);
                let answer = tokio::task::spawn_blocking(move || office.store.read(|tx| handler(tx, &call, query)))
                    .await
                    .map_err(|error| stopped(&error))??;
                Ok(axum::Json(answer).into_response())
            })
        });
        let described = Described::of::<Q, A>();
        self.list.push(Route { path, is_command: false, permission, summary, described, serve });
        self
    }

    /// Adds a query that also looks at what capabilities keep in memory: GET, read only. It must let go of the memory at
    /// once, as the writer waits for it.
    #[must_use]
    pub fn recall<Q, A>(
        mut self,
        path: &'static str,
        permission: Permission,
        summary: &'static str,
        handler: fn(&Office, &mut Tx<'_>, &Call, Q) -> Result<A, Refusal>,
    ) -> Self
    where
        Q: DeserializeOwned + ToSchema + Send + 'static,
        A: Serialize + ToSchema + Send + 'static,
    {
        let serve: Serve = Arc::new(move |office, actor, parameters| {
            Box::pin(async move {
                let query: Q = read_query(&parameters)?;
                let call = office.call(actor);
                let answer =
                    tokio::task::spawn_blocking(move || office.store.read(|tx| handler(&office, tx, &call, query)))
                        .await
                        .map_err(|error| stopped(&error))??;
                Ok(axum::Json(answer).into_response())
            })
        });
        let described = Described::of::<Q, A>();
        self.list.push(Route { path, is_command: false, permission, summary, described, serve });
        self
    }

    /// Adds a query that answers with a document of its own kind: GET, read only.
    #[must_use]
    pub fn document<Q>(
        mut self,
        path: &'static str,
        permission: Permission,
        summary: &'static str,
        handler: fn(&mut Tx<'_>, &Call, Q) -> Result<Document, Refusal>,
    ) -> Self
    where
        Q: DeserializeOwned + ToSchema + Send + 'static,
    {
        let serve: Serve = Arc::new(move |office, actor, parameters| {
            Box::pin(async move {
                let query: Q = read_query(&parameters)?;
                let call = office.call(actor);
                let made = tokio::task::spawn_blocking(move || office.store.read(|tx| handler(tx, &call, query)))
                    .await
                    .map_err(|error| stopped(&error))??;
                Ok(([(header::CONTENT_TYPE, made.media)], made.text).into_response())
            })
        });
        let described = Described::document::<Q>();
        self.list.push(Route { path, is_command: false, permission, summary, described, serve });
        self
    }

    /// Adds a look: GET, answered at once from what a capability keeps in memory. `look` must neither wait nor read
    /// the database: it runs where requests are taken in, so that no load on the writer or the disk delays it.
    #[must_use]
    pub fn look<Q, A>(
        mut self,
        path: &'static str,
        permission: Permission,
        summary: &'static str,
        look: impl Fn(&Office, &Call, Q) -> Result<A, Refusal> + Send + Sync + 'static,
    ) -> Self
    where
        Q: DeserializeOwned + ToSchema + Send + 'static,
        A: Serialize + ToSchema + Send + 'static,
    {
        let serve: Serve = Arc::new(move |office, actor, parameters| {
            let looked = read_query::<Q>(&parameters).and_then(|query| look(&office, &office.call(actor), query));
            Box::pin(std::future::ready(match looked {
                Ok(answer) => Ok(axum::Json(answer).into_response()),
                Err(refusal) => Err(refusal.into()),
            }))
        });
        let described = Described::of::<Q, A>();
        self.list.push(Route { path, is_command: false, permission, summary, described, serve });
        self
    }

    /// Adds a command: POST, runs on the writer.
    #[must_use]
    pub fn command<Q, A>(
        mut self,
        path: &'static str,
        permission: Permission,
        summary: &'static str,
        handler: fn(&mut Unit<'_>, &Call, Q) -> Result<A, Refusal>,
    ) -> Self
    where
        Q: DeserializeOwned + ToSchema + Send + 'static,
        A: Serialize + ToSchema + Send + 'static,
    {
        let serve: Serve = Arc::new(move |office, actor, body| {
            Box::pin(async move {
                let request: Q = read_body(&body)?;
                let call = office.call(actor.clone());
                commit_on_writer(&office, actor, call, move |unit, call| handler(unit, call, request)).await
            })
        });
        let described = Described::of::<Q, A>();
        self.list.push(Route { path, is_command: true, permission, summary, described, serve });
        self
    }

    /// Adds a command whose costly part (hashing a password) runs beside the writer: `prepare` on a reading connection,
    /// a few at a time, `commit` on the writer with what it found.
    #[must_use]
    pub fn prepared<Q, P, A>(
        mut self,
        path: &'static str,
        permission: Permission,
        summary: &'static str,
        prepare: fn(&mut Tx<'_>, &Call, Q) -> Result<P, Refusal>,
        commit: fn(&mut Unit<'_>, &Call, P) -> Result<A, Refusal>,
    ) -> Self
    where
        Q: DeserializeOwned + ToSchema + Send + 'static,
        P: Send + 'static,
        A: Serialize + ToSchema + Send + 'static,
    {
        let at_once = Arc::new(tokio::sync::Semaphore::new(PREPARED_AT_ONCE_MAX));
        let serve: Serve = Arc::new(move |office, actor, body| {
            let at_once = at_once.clone();
            Box::pin(async move {
                let request: Q = read_body(&body)?;
                let call = office.call(actor.clone());
                let (reading, store) = (call.clone(), office.store.clone());
                let permit = at_once.acquire_owned().await.map_err(|_| Refusal::internal())?;
                let prepared = tokio::task::spawn_blocking(move || store.read(|tx| prepare(tx, &reading, request)))
                    .await
                    .map_err(|error| stopped(&error))??;
                drop(permit);
                commit_on_writer(&office, actor, call, move |unit, call| commit(unit, call, prepared)).await
            })
        });
        let described = Described::of::<Q, A>();
        self.list.push(Route { path, is_command: true, permission, summary, described, serve });
        self
    }

    /// Adds all routes of another list.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.list.extend(other.list);
        self
    }

    /// The routes, for documents and for tests that walk them all.
    #[must_use]
    pub fn list(&self) -> &[Route] {
        &self.list
    }

    /// Mounts everything on a router.
    pub fn mount(self, office: Office) -> Router {
        let mut router = Router::new();
        for route in self.list {
            router = router.route(route.path, method(&route));
        }
        router.with_state(office)
    }
}

/// Runs a command on the writer and answers after its commit.
async fn commit_on_writer<A: Serialize + Send + 'static>(
    office: &Office,
    actor: Actor,
    mut call: Call,
    command: impl FnOnce(&mut Unit<'_>, &Call) -> Result<A, Refusal> + Send + 'static,
) -> Result<Response, Problem> {
    let (send, receive) = tokio::sync::oneshot::channel();
    office.store.submit(
        &actor,
        move |unit| {
            call.now = unit.now();
            command(unit, &call)
        },
        move |answer| {
            // A caller that hung up has nobody to answer; its facts are on disk all the same.
            let _ = send.send(answer);
        },
    );
    let committed = receive.await.map_err(|_| Refusal::internal())??;
    Ok(with_head(axum::Json(committed.answer).into_response(), committed.head))
}

fn method(route: &Route) -> MethodRouter<Office> {
    let (permission, is_command, serve) = (route.permission, route.is_command, route.serve.clone());
    let handle = move |State(office): State<Office>, request: Request| async move {
        match handle(&office, permission, is_command, request, &serve).await {
            Ok(answer) => answer,
            Err(problem) => problem.into_response(),
        }
    };
    if is_command { post(handle) } else { get(handle) }
}

async fn handle(
    office: &Office,
    permission: Permission,
    is_command: bool,
    request: Request,
    serve: &Serve,
) -> Result<Response, Problem> {
    let actor = permit(office, request.headers(), permission, is_command)?;
    let input = if is_command {
        read_all(request.into_body()).await?
    } else {
        Bytes::from(request.uri().query().unwrap_or_default().to_owned())
    };
    serve(office.clone(), actor, input).await
}

/// Finds the actor behind a request and passes only one who has the permission.
///
/// # Errors
/// 401 without a known token, 403 without the permission.
pub fn permit(
    office: &Office,
    headers: &HeaderMap,
    permission: Permission,
    is_command: bool,
) -> Result<Actor, Refusal> {
    let token = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "));
    let actor = match token {
        Some(token) => actors::by_token(office, token.trim()).ok_or_else(not_signed_in)?,
        None if permission == Permission::Public => actors::nobody(office.store.area()),
        // A drill's people are made up, so whoever is at the machine may watch it; nobody may act without signing in.
        None if office.store.is_drill() && !is_command => actors::onlooker(office.store.area()),
        None => return Err(not_signed_in()),
    };
    if matrix::allows(actor.role, permission) { Ok(actor) } else { Err(not_permitted(permission, actor.role)) }
}

async fn read_all(body: Body) -> Result<Bytes, Refusal> {
    to_bytes(body, BODY_BYTES_MAX).await.map_err(|_| {
        Refusal::new(
            413,
            "body_too_large",
            "body",
            "",
            format!("请求体超过 {BODY_BYTES_MAX} 字节,请分批提交。"),
            format!("The request is larger than {BODY_BYTES_MAX} bytes; send it in parts."),
        )
    })
}

fn read_query<Q: DeserializeOwned>(bytes: &Bytes) -> Result<Q, Refusal> {
    let text = std::str::from_utf8(bytes).unwrap_or_default();
    if text.contains("%00") {
        return Err(malformed("query", "%00", NUL_TOLD));
    }
    serde_urlencoded::from_str(text).map_err(|error| malformed("query", text, &error.to_string()))
}

fn read_body<Q: DeserializeOwned>(bytes: &Bytes) -> Result<Q, Refusal> {
    let text: &[u8] = if bytes.is_empty() { b"{}" } else { bytes };
    // No device types it, no label bears it, and PostgreSQL cannot keep it in a text. JSON can write it in one way only.
    if text.contains(&b'\\') && writes_nul(text) {
        return Err(malformed("body", "\\u0000", NUL_TOLD));
    }
    serde_json::from_slice(text).map_err(|error| malformed("body", "", &error.to_string()))
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

fn malformed(field: &str, value: &str, error: &str) -> Refusal {
    Refusal::new(
        400,
        "malformed",
        field,
        value,
        format!("请求格式不正确:{error}。字段说明见 /openapi.json。"),
        format!("The request is malformed: {error}. The fields are described in /openapi.json."),
    )
}

fn stopped(error: &tokio::task::JoinError) -> Refusal {
    tracing::error!(%error, "a query stopped unexpectedly");
    Refusal::internal()
}

fn with_head(mut answer: Response, head: Head) -> Response {
    let headers = answer.headers_mut();
    headers.insert("x-outpace-seq", HeaderValue::from(head.seq.0));
    if let Ok(hash) = HeaderValue::from_str(&head.hash.to_string()) {
        headers.insert("x-outpace-head", hash);
    }
    *answer.status_mut() = StatusCode::OK;
    answer
}

/// Whether a type is [`Empty`].
pub(crate) fn is_empty_type<T: 'static>() -> bool {
    TypeId::of::<T>() == TypeId::of::<Empty>()
}
