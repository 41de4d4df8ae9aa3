//! The one way to mount a route.
//!
//! A query is `fn(&mut Tx, &Call, Q) -> Result<A, Refusal>` and runs on a reading connection; a command is
//! `fn(&mut Unit, &Call, Q) -> Result<A, Refusal>` and runs on the writer, answered after its commit with the
//! journal's head in `x-outpace-seq` and `x-outpace-head`. A look is a query that is answered from memory. Queries are
//! GET with a query string, commands POST with a JSON body; there are no path parameters, so a path is a noun and a
//! verb. All are plain synchronous functions: the command line and the tests call the same ones.

use std::any::TypeId;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use outpace_core::{Actor, Need, Permission, Refusal};
use outpace_store::{Head, Tx, Unit};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::admit::{self, Caller, CookieChange};
use crate::door::{self, read_body, read_query};
use crate::figures::RouteFigures;
use crate::glass;
use crate::office::{Call, Office};
use crate::openapi::Described;
use crate::problem::Problem;

/// How many costly preparations (a password takes 19 MiB) run at the same time.
const PREPARED_AT_ONCE_MAX: usize = 2;

/// Where a request came from, as the server that took its connection in says.
#[derive(Debug, Clone, Copy)]
pub struct Peer {
    /// From where.
    pub address: SocketAddr,
    /// Whether the connection is encrypted.
    pub tls: bool,
}

/// An answer that may change what the page holds.
pub struct Entered<A> {
    /// The answer.
    pub answer: A,
    /// What happens to the cookie.
    pub cookie: CookieChange,
}

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

/// The part of an entry that runs on the writer.
type Enter<P, A> = fn(&mut Unit<'_>, &Caller, &Call, P) -> Result<Entered<A>, Refusal>;
type Served = Pin<Box<dyn Future<Output = Result<Response, Problem>> + Send>>;
type Serve = Arc<dyn Fn(Office, Caller, Bytes) -> Served + Send + Sync>;

/// A route: where, what for, for whom.
pub struct Route {
    /// `/api/capability/verb`.
    pub path: &'static str,
    /// Whether it changes anything.
    pub is_command: bool,
    /// What one must be allowed, and how far that reaches.
    pub need: Need,
    /// One sentence.
    pub summary: &'static str,
    pub(crate) described: Described,
    serve: Serve,
}

impl Route {
    /// Answers a request of an actor who is known already: a query string for a query, a JSON body for a command.
    ///
    /// # Errors
    /// What [`admit::authorise`] and the handler refuse.
    pub async fn answer(&self, office: &Office, actor: Actor, input: Bytes) -> Result<Response, Problem> {
        admit::authorise(office, &actor, self.need)?;
        (self.serve)(office.clone(), Caller::within(actor), input).await
    }
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
        need: Need,
        summary: &'static str,
        handler: fn(&mut Tx<'_>, &Call, Q) -> Result<A, Refusal>,
    ) -> Self
    where
        Q: DeserializeOwned + ToSchema + Send + 'static,
        A: Serialize + ToSchema + Send + 'static,
    {
        let serve: Serve = Arc::new(move |office, Caller { actor, .. }, parameters| {
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
        self.list.push(Route { path, is_command: false, need, summary, described, serve });
        self
    }

    /// Adds a query that also looks at what capabilities keep in memory: GET, read only. It must let go of the memory at
    /// once, as the writer waits for it.
    #[must_use]
    pub fn recall<Q, A>(
        mut self,
        path: &'static str,
        need: Need,
        summary: &'static str,
        handler: fn(&Office, &mut Tx<'_>, &Call, Q) -> Result<A, Refusal>,
    ) -> Self
    where
        Q: DeserializeOwned + ToSchema + Send + 'static,
        A: Serialize + ToSchema + Send + 'static,
    {
        let serve: Serve = Arc::new(move |office, Caller { actor, .. }, parameters| {
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
        self.list.push(Route { path, is_command: false, need, summary, described, serve });
        self
    }

    /// Adds a query that answers with a document of its own kind: GET, read only.
    #[must_use]
    pub fn document<Q>(
        mut self,
        path: &'static str,
        need: Need,
        summary: &'static str,
        handler: fn(&mut Tx<'_>, &Call, Q) -> Result<Document, Refusal>,
    ) -> Self
    where
        Q: DeserializeOwned + ToSchema + Send + 'static,
    {
        let serve: Serve = Arc::new(move |office, Caller { actor, .. }, parameters| {
            Box::pin(async move {
                let query: Q = read_query(&parameters)?;
                let call = office.call(actor);
                let made = tokio::task::spawn_blocking(move || office.store.read(|tx| handler(tx, &call, query)))
                    .await
                    .map_err(|error| stopped(&error))??;
                Ok(([(header::CONTENT_TYPE, made.media)], made.text).into_response())
            })
        });
        let described = Described::document::<Q>("text/*");
        self.list.push(Route { path, is_command: false, need, summary, described, serve });
        self
    }

    /// Adds a look: GET, answered at once from what a capability keeps in memory. `look` must neither wait nor read
    /// the database: it runs where requests are taken in, so that no load on the writer or the disk delays it.
    #[must_use]
    pub fn look<Q, A>(
        mut self,
        path: &'static str,
        need: Need,
        summary: &'static str,
        look: impl Fn(&Office, &Call, Q) -> Result<A, Refusal> + Send + Sync + 'static,
    ) -> Self
    where
        Q: DeserializeOwned + ToSchema + Send + 'static,
        A: Serialize + ToSchema + Send + 'static,
    {
        let serve: Serve = Arc::new(move |office, Caller { actor, .. }, parameters| {
            let looked = read_query::<Q>(&parameters).and_then(|query| look(&office, &office.call(actor), query));
            Box::pin(std::future::ready(match looked {
                Ok(answer) => Ok(axum::Json(answer).into_response()),
                Err(refusal) => Err(refusal.into()),
            }))
        });
        let described = Described::of::<Q, A>();
        self.list.push(Route { path, is_command: false, need, summary, described, serve });
        self
    }

    /// Adds a look that answers with a document of a kind (`media`): GET, answered at once from memory.
    #[must_use]
    pub fn look_document(
        mut self,
        path: &'static str,
        need: Need,
        summary: &'static str,
        media: &'static str,
        look: impl Fn(&Office) -> Result<String, Refusal> + Send + Sync + 'static,
    ) -> Self {
        let serve: Serve = Arc::new(move |office, _: Caller, parameters| {
            let looked = read_query::<Empty>(&parameters).and_then(|_| look(&office));
            Box::pin(std::future::ready(match looked {
                Ok(text) => Ok(([(header::CONTENT_TYPE, media)], text).into_response()),
                Err(refusal) => Err(refusal.into()),
            }))
        });
        let described = Described::document::<Empty>(media);
        self.list.push(Route { path, is_command: false, need, summary, described, serve });
        self
    }

    /// Adds a command: POST, runs on the writer.
    #[must_use]
    pub fn command<Q, A>(
        mut self,
        path: &'static str,
        need: Need,
        summary: &'static str,
        handler: fn(&mut Unit<'_>, &Call, Q) -> Result<A, Refusal>,
    ) -> Self
    where
        Q: DeserializeOwned + ToSchema + Send + 'static,
        A: Serialize + ToSchema + Send + 'static,
    {
        let serve: Serve = Arc::new(move |office, Caller { actor, .. }, body| {
            Box::pin(async move {
                let request: Q = read_body(&body)?;
                let call = office.call(actor.clone());
                commit_on_writer(&office, actor, call, move |unit, call| handler(unit, call, request)).await
            })
        });
        let described = Described::of::<Q, A>();
        self.list.push(Route { path, is_command: true, need, summary, described, serve });
        self
    }

    /// Adds a command whose costly part (hashing a password) runs beside the writer: `prepare` on a reading connection,
    /// a few at a time, `commit` on the writer with what it found.
    #[must_use]
    pub fn prepared<Q, P, A>(
        mut self,
        path: &'static str,
        need: Need,
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
        let serve: Serve = Arc::new(move |office, Caller { actor, .. }, body| {
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
        self.list.push(Route { path, is_command: true, need, summary, described, serve });
        self
    }

    /// Adds a command that opens, changes or ends the caller's own session: prepared as others are, with what is known of
    /// who asks and from where; its answer may change the cookie.
    #[must_use]
    pub fn entry<Q, P, A>(
        mut self,
        path: &'static str,
        need: Need,
        summary: &'static str,
        prepare: fn(&Office, &Caller, &Call, &mut Tx<'_>, Q) -> Result<P, Refusal>,
        commit: Enter<P, A>,
    ) -> Self
    where
        Q: DeserializeOwned + ToSchema + Send + 'static,
        P: Send + 'static,
        A: Serialize + ToSchema + Send + 'static,
    {
        let at_once = Arc::new(tokio::sync::Semaphore::new(PREPARED_AT_ONCE_MAX));
        let serve: Serve = Arc::new(move |office, caller, body| {
            let at_once = at_once.clone();
            Box::pin(async move {
                let request: Q = read_body(&body)?;
                let (actor, call) = (caller.actor.clone(), office.call(caller.actor.clone()));
                let (asking, office_then, then) = (caller.clone(), office.clone(), call.clone());
                let permit = at_once.acquire_owned().await.map_err(|_| Refusal::internal())?;
                let prepared = tokio::task::spawn_blocking(move || {
                    let office = &office_then;
                    office.store.read(|tx| prepare(office, &asking, &then, tx, request))
                })
                .await
                .map_err(|error| stopped(&error))??;
                drop(permit);
                let wire = caller.wire;
                let commit = move |unit: &mut Unit<'_>, call: &Call| commit(unit, &caller, call, prepared);
                let (entered, head) = committed(&office, actor, call, commit).await?;
                let mut answer = with_head(axum::Json(entered.answer).into_response(), head);
                if let Some(cookie) = entered.cookie.header(wire) {
                    answer.headers_mut().append(header::SET_COOKIE, cookie);
                }
                Ok(answer)
            })
        });
        let described = Described::of::<Q, A>();
        self.list.push(Route { path, is_command: true, need, summary, described, serve });
        self
    }

    /// Adds a query about the caller's own session: GET, read only.
    #[must_use]
    pub(crate) fn own<Q, A>(
        mut self,
        path: &'static str,
        need: Need,
        summary: &'static str,
        handler: fn(&Office, &Caller, &Call, &mut Tx<'_>, Q) -> Result<A, Refusal>,
    ) -> Self
    where
        Q: DeserializeOwned + ToSchema + Send + 'static,
        A: Serialize + ToSchema + Send + 'static,
    {
        let serve: Serve = Arc::new(move |office, caller, parameters| {
            Box::pin(async move {
                let query: Q = read_query(&parameters)?;
                let call = office.call(caller.actor.clone());
                let ask = move || office.store.read(|tx| handler(&office, &caller, &call, tx, query));
                let answer = tokio::task::spawn_blocking(ask).await.map_err(|error| stopped(&error))??;
                Ok(axum::Json(answer).into_response())
            })
        });
        let described = Described::of::<Q, A>();
        self.list.push(Route { path, is_command: false, need, summary, described, serve });
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
            let figures = office.figures().of(route.path);
            router = router.route(route.path, method(&route, figures));
        }
        router.with_state(office)
    }
}

/// Runs a command on the writer and answers after its commit.
async fn commit_on_writer<A: Serialize + Send + 'static>(
    office: &Office,
    actor: Actor,
    call: Call,
    command: impl FnOnce(&mut Unit<'_>, &Call) -> Result<A, Refusal> + Send + 'static,
) -> Result<Response, Problem> {
    let (answer, head) = committed(office, actor, call, command).await?;
    Ok(with_head(axum::Json(answer).into_response(), head))
}

/// Runs a command on the writer and waits for its commit.
async fn committed<A: Send + 'static>(
    office: &Office,
    actor: Actor,
    mut call: Call,
    command: impl FnOnce(&mut Unit<'_>, &Call) -> Result<A, Refusal> + Send + 'static,
) -> Result<(A, Head), Problem> {
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
    Ok((committed.answer, committed.head))
}

fn method(route: &Route, figures: Arc<RouteFigures>) -> MethodRouter<Office> {
    let (path, need, is_command, serve) = (route.path, route.need, route.is_command, route.serve.clone());
    // Whoever watches over the server asks as often as he likes.
    let is_limited = need.permission == Permission::Public && route.path.starts_with("/api/");
    let handle = move |State(office): State<Office>, request: Request| async move {
        let begun = Instant::now();
        let answer = match handle(&office, (path, need, is_command, is_limited), request, &serve).await {
            Ok(answer) => answer,
            Err(problem) => {
                figures.refused(&problem.0);
                problem.into_response()
            }
        };
        figures.answered(answer.status().as_u16(), begun.elapsed());
        answer
    };
    if is_command { post(handle) } else { get(handle) }
}

async fn handle(
    office: &Office,
    (path, need, is_command, is_limited): (&'static str, Need, bool, bool),
    request: Request,
    serve: &Serve,
) -> Result<Response, Problem> {
    door::address(request.uri())?;
    let peer = request.extensions().get::<Peer>();
    let mut caller = admit::permit(office, request.headers(), peer, need, is_command)?;
    if let Some(pane) = caller.through.take() {
        caller.actor = glass::through(office, caller.actor, pane, path).await?;
    }
    // A drill's clock stands still for as long as nobody moves it, and would give nothing back.
    if is_limited && !office.store.is_drill() {
        office.watch.public(caller.address, office.store.now())?;
    }
    let input = if is_command {
        door::is_json(request.headers())?;
        let stranger = caller.signed.is_none();
        let most = if stranger { door::STRANGERS_BODY_BYTES_MAX } else { door::BODY_BYTES_MAX };
        door::take_in(request.into_body(), most).await?
    } else {
        Bytes::from(request.uri().query().unwrap_or_default().to_owned())
    };
    serve(office.clone(), caller, input).await
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
