//! The axum application: routes, events, documents, the page, headers.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, Method, Uri, header};
use axum::middleware::map_response;
use axum::response::Response;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use outpace_access::openapi::Beside;
use outpace_access::problem::Problem;
use outpace_access::{Caller, Office, Peer, admit, openapi};
use outpace_core::{Need, Permission, Refusal, Text};
use parking_lot::RwLock;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_stream::wrappers::WatchStream;
use tokio_stream::{Stream, StreamExt};

use crate::clock::DrillClock;
use crate::drill::{self, Scene};
use crate::listen::{self, Limits};
use crate::office::Opened;
use crate::tls::Tls;
use crate::{embedded, every_route, headers, live, watcher};

/// What the handlers outside the capabilities share.
#[derive(Clone)]
pub(crate) struct Server {
    pub(crate) office: Office,
    pub(crate) drill_clock: Option<Arc<DrillClock>>,
    pub(crate) scene: Arc<RwLock<Scene>>,
    pub(crate) live: Arc<watch::Sender<Arc<str>>>,
    pub(crate) changed: Arc<tokio::sync::Notify>,
    pub(crate) writing: watch::Receiver<Option<Text>>,
}

impl Server {
    /// Passes whoever has the permission.
    pub(crate) fn permit(
        &self,
        headers: &HeaderMap,
        peer: Option<Extension<Peer>>,
        need: Need,
        is_command: bool,
    ) -> Result<Caller, Problem> {
        let peer = peer.map(|Extension(peer)| peer);
        Ok(admit::permit(&self.office, headers, peer.as_ref(), need, is_command)?)
    }

    /// Tells the page that something changed that is not in the journal.
    pub(crate) fn touch(&self) {
        self.changed.notify_one();
    }
}

/// A server that listens.
pub struct Running {
    /// Where.
    pub address: SocketAddr,
    /// Ends when the server ends.
    pub task: tokio::task::JoinHandle<std::io::Result<()>>,
}

/// Binds and serves until the process ends.
///
/// # Errors
/// When the address cannot be bound.
pub async fn start(opened: Opened, listen: SocketAddr, tls: Option<Tls>) -> std::io::Result<Running> {
    start_within(opened, listen, Limits::of_machine(), tls).await
}

/// Binds and serves within limits of one's own.
///
/// # Errors
/// When the address cannot be bound.
pub async fn start_within(
    opened: Opened,
    listen: SocketAddr,
    limits: Limits,
    tls: Option<Tls>,
) -> std::io::Result<Running> {
    if let Some(authority) = tls.as_ref().and_then(|tls| tls.authority.as_ref()) {
        opened.office.show_authority(authority.pem.clone());
    }
    let listener = TcpListener::bind(listen).await?;
    let address = listener.local_addr()?;
    if opened.drill_clock.is_none() {
        crate::timekeeper::keep(opened.office.clone())?;
    }
    let office = opened.office.clone();
    let figures = office.figures().clone();
    let (app, paused) = assemble(opened);
    tokio::spawn(watcher::watch(office, paused));
    let task = tokio::spawn(listen::serve(listener, app, limits, figures, tls));
    Ok(Running { address, task })
}

/// The whole application, without the watcher that a server has beside it.
pub fn router(opened: Opened) -> Router {
    assemble(opened).0
}

/// What is mounted here and not by a capability, for the document.
const BESIDE: [Beside; 6] = [
    beside(
        "/api/live",
        Permission::CommandRead.whole(),
        false,
        "What the page shows, again and again",
        "text/event-stream",
    ),
    beside("/api/health", Permission::Public.open(), false, "Whether the office works", "application/json"),
    beside("/openapi.json", Permission::Public.open(), false, "This document", "application/json"),
    beside("/api/drill/clock", Permission::DrillControl.whole(), true, "Move the clock of a drill", "application/json"),
    beside("/api/drill/scene", Permission::DrillControl.whole(), true, "Set what a drill shows", "application/json"),
    beside("/api/drill/report", Permission::CommandRead.whole(), false, "The report of a drill", "application/json"),
];

const fn beside(
    path: &'static str,
    need: Need,
    is_command: bool,
    summary: &'static str,
    media: &'static str,
) -> Beside {
    Beside { path, need, is_command, summary, media }
}

/// The application, and where its watcher tells why writing is paused.
fn assemble(opened: Opened) -> (Router, watch::Sender<Option<Text>>) {
    let Opened { office, drill_clock } = opened;
    let is_drill = drill_clock.is_some();
    let live = Arc::new(watch::Sender::new(Arc::from("")));
    let changed = Arc::new(tokio::sync::Notify::new());
    let (paused, writing) = watch::channel(None);
    let server = Server { office: office.clone(), drill_clock, scene: Arc::default(), live, changed, writing };
    let notify = server.changed.clone();
    office.store.on_commit(move |_| notify.notify_one());
    tokio::spawn(live::keep(server.clone()));
    let all = every_route::every_route();
    let mut document = openapi::document(&all, env!("CARGO_PKG_VERSION"));
    openapi::add_beside(&mut document, &BESIDE);
    if is_drill {
        openapi::open_to_onlookers(&mut document);
    }
    let document: Arc<str> = Arc::from(document.to_string());
    let own = Router::new()
        .route("/api/live", get(events))
        .route("/api/health", get(health))
        .route("/api/drill/clock", post(drill::move_clock))
        .route("/api/drill/scene", post(drill::set_scene))
        .route("/api/drill/report", get(drill::report))
        .route(
            "/openapi.json",
            get(move || async move { ([(header::CONTENT_TYPE, "application/json")], document.to_string()) }),
        )
        .with_state(server);
    let figures = office.figures().clone();
    let own = own.fallback(embedded::serve).layer(map_response(move |answer: Response| {
        figures.marked(&answer);
        std::future::ready(answer)
    }));
    let refusing = office.clone();
    let other = move |method: Method, uri: Uri| std::future::ready(other_method(&refusing, &method, uri.path()));
    let app = all
        .mount(office)
        .merge(own)
        .method_not_allowed_fallback(other)
        .layer(map_response(|answer| std::future::ready(headers::harden(answer))));
    (app, paused)
}

/// A route that is there, asked in the other way.
fn other_method(office: &Office, method: &Method, path: &str) -> Problem {
    let refusal = Refusal::new(
        405,
        "other_method",
        "method",
        method,
        format!("{path} 用另一种方法:查询用 GET,操作用 POST,说明见 /openapi.json。"),
        format!("{path} takes the other method: queries are GET, commands POST; see /openapi.json."),
    );
    office.figures().refused(&refusal);
    Problem(refusal)
}

/// Whether the office works: answers once the tables can be read.
async fn health(State(server): State<Server>) -> Result<Json<serde_json::Value>, Problem> {
    let head = server.office.store.head();
    let stuck = server.office.store.read(outpace_store::jobs::stuck).map_err(|error| Problem(error.into()))?;
    Ok(Json(serde_json::json!({
        "ok": stuck.is_empty(), "version": env!("CARGO_PKG_VERSION"), "stuck_jobs": stuck.len(),
        "head": { "seq": head.seq.0, "hash": head.hash.to_string() },
    })))
}

/// What the page shows, again and again.
async fn events(
    State(server): State<Server>,
    peer: Option<Extension<Peer>>,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Event, std::convert::Infallible>>>, Problem> {
    let caller = server.permit(&headers, peer, Permission::CommandRead.whole(), false)?;
    let stream = WatchStream::new(server.live.subscribe())
        .filter(|live| !live.is_empty())
        .map(|live| Ok(Event::default().event("live").data(&*live)));
    // Nobody may have watched until now: what stands in the channel is old, or nothing.
    server.touch();
    // Beside the figures: it must be told when the figures cannot be read, too.
    let writing = WatchStream::new(server.writing.clone())
        .map(|paused| Ok(Event::default().event("writing").data(serde_json::json!({ "paused": paused }).to_string())));
    let office = server.office.clone();
    // Whoever signed out, or was shown out, sees nothing more.
    let stream = stream.merge(writing).take_while(move |_| caller.still_may(&office, Permission::CommandRead.whole()));
    Ok(Sse::new(stream).keep_alive(KeepAlive::new().interval(std::time::Duration::from_secs(5)).text("alive")))
}
