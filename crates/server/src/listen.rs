//! Takes connections in: as many as the machine can hold, none that says nothing for long, and always room for one that
//! talks. `axum::serve` has neither timer nor bound, so the connections are opened here, with what it is made of.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderValue, Request, header};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use outpace_access::{Figures, Peer};
use outpace_core::Refusal;
use parking_lot::Mutex;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tower::ServiceExt;

use crate::line::{Line, Opened};
use crate::mouth::{Mouth, plain_answer};
use crate::tls::Tls;

/// Files that are kept for the database, the data folder and the log.
const FILES_KEPT: usize = 256;
/// More open files than this serve nobody.
const FILES_MAX: u64 = 65_536;
/// Files that a process may open where the machine does not say.
const FILES_WHERE_UNKNOWN: u64 = 1_024;
/// How long the words of farewell may take.
const FAREWELL_MAX: Duration = Duration::from_secs(1);
/// Bytes thrown away at once.
const HEARD_OUT_AT_ONCE: usize = 16 * 1024;
/// How long to wait when no connection can be taken in at all.
const BREATH: Duration = Duration::from_millis(20);

/// How many connections there may be, and how long they may say nothing.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Connections at the same time.
    pub connections_max: usize,
    /// Of these, such as have not sent one whole request yet: beyond, the one that has been silent longest makes room.
    pub silent_max: usize,
    /// How long the first request's head may take.
    pub first_request_within: Duration,
    /// How long a connection may stay between two requests, and how long a later request's head may take.
    pub next_request_within: Duration,
}

impl Limits {
    /// What this machine can hold: raises the number of open files as far as the machine allows.
    #[must_use]
    pub fn of_machine() -> Self {
        let files = usize::try_from(raise_open_files()).unwrap_or(usize::MAX);
        let connections_max = files.saturating_sub(FILES_KEPT).max(64);
        Self {
            connections_max,
            silent_max: connections_max / 2,
            first_request_within: Duration::from_secs(10),
            next_request_within: Duration::from_secs(75),
        }
    }
}

/// Lets the process open as many files as the machine allows it; answers how many these are.
fn raise_open_files() -> u64 {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let wanted = limit.maximum.unwrap_or(FILES_MAX).min(FILES_MAX);
    let now = limit.current.unwrap_or(FILES_MAX);
    if now >= wanted {
        return now.min(FILES_MAX);
    }
    match setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum: limit.maximum }) {
        Ok(()) => wanted,
        Err(error) => {
            tracing::warn!(%error, now, wanted, "the number of open files could not be raised");
            limit.current.unwrap_or(FILES_WHERE_UNKNOWN)
        }
    }
}

/// Who is in: counted, and those who have said nothing yet in the order in which they came.
struct Hall {
    limits: Limits,
    figures: Figures,
    next: AtomicU64,
    open: AtomicUsize,
    silent: Mutex<BTreeMap<u64, Arc<Notify>>>,
    shown_open: Gauge,
    sent_away: Counter,
}

impl Hall {
    fn new(limits: Limits, figures: Figures) -> Self {
        let hall = Self {
            limits,
            figures,
            next: AtomicU64::new(0),
            open: AtomicUsize::new(0),
            silent: Mutex::default(),
            shown_open: Gauge::default(),
            sent_away: Counter::default(),
        };
        hall.figures.register(|registry| {
            registry.register("connections", "Open connections", hall.shown_open.clone());
            registry.register(
                "connections_sent_away",
                "Connections closed because they said nothing while others waited",
                hall.sent_away.clone(),
            );
        });
        hall
    }

    /// A seat for a connection; none when the hall is full of connections that talk.
    fn enter(self: &Arc<Self>) -> Option<Seat> {
        let open = self.open.fetch_add(1, Ordering::Relaxed) + 1;
        let (id, leave) = (self.next.fetch_add(1, Ordering::Relaxed), Arc::new(Notify::new()));
        let seat = Seat { hall: self.clone(), id, leave: leave.clone(), spoken: AtomicBool::new(false) };
        self.shown_open.set(i64::try_from(open).unwrap_or(i64::MAX));
        let mut silent = self.silent.lock();
        let full = open > self.limits.connections_max;
        if full || silent.len() >= self.limits.silent_max {
            match silent.pop_first() {
                Some((_, oldest)) => {
                    self.sent_away.inc();
                    oldest.notify_one();
                }
                None if full => {
                    drop(silent);
                    return None;
                }
                None => {}
            }
        }
        silent.insert(id, leave);
        drop(silent);
        Some(seat)
    }
}

/// One connection's place; given back when dropped.
struct Seat {
    hall: Arc<Hall>,
    id: u64,
    leave: Arc<Notify>,
    spoken: AtomicBool,
}

impl Seat {
    fn spoke(&self) {
        if !self.spoken.swap(true, Ordering::Relaxed) {
            self.hall.silent.lock().remove(&self.id);
        }
    }

    fn has_spoken(&self) -> bool {
        self.spoken.load(Ordering::Relaxed)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.hall.silent.lock().remove(&self.id);
        let open = self.hall.open.fetch_sub(1, Ordering::Relaxed) - 1;
        self.hall.shown_open.set(i64::try_from(open).unwrap_or(i64::MAX));
    }
}

/// Serves until the runtime ends.
///
/// # Errors
/// Never by itself: a connection that cannot be taken in is waited for.
pub(crate) async fn serve(
    listener: TcpListener,
    app: Router,
    limits: Limits,
    figures: Figures,
    tls: Option<Tls>,
) -> std::io::Result<()> {
    let tls = tls.map(Arc::new);
    let hall = Arc::new(Hall::new(limits, figures));
    // Made into routes once, and shared: a router that still waits for its state makes them anew for each request.
    let app: Router = app.with_state(());
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => match hall.enter() {
                Some(seat) => drop(tokio::spawn(attend((stream, peer, tls.clone()), app.clone(), seat))),
                None => {
                    let (line, full) = (Line::Plain(stream), no_room(limits.connections_max));
                    drop(tokio::spawn(farewell(line, hall.figures.clone(), full)));
                }
            },
            Err(error) => {
                // Mostly: no file left. Those who are in go on, and some of them end.
                tracing::warn!(%error, "a connection could not be taken in");
                tokio::time::sleep(BREATH).await;
            }
        }
    }
}

/// Opens the line of a connection, over TLS with its handshake, within the time of the first request.
async fn open_line(stream: TcpStream, tls: Option<&Tls>, seat: &Seat) -> Option<Line> {
    let within = seat.hall.limits.first_request_within;
    let opened = tokio::select! {
        opened = tokio::time::timeout(within, Line::open(stream, tls.map(|tls| &tls.acceptor))) => opened.ok(),
        () = seat.leave.notified() => None,
    };
    match opened {
        Some(Opened::Line(line)) => Some(line),
        Some(Opened::NotTls(stream)) => {
            farewell(Line::Plain(stream), seat.hall.figures.clone(), not_tls()).await;
            None
        }
        // Before the handshake there are no words that the other side would understand.
        Some(Opened::Nobody) | None => None,
    }
}

/// Answers the requests of one connection.
async fn attend((stream, peer, tls): (TcpStream, SocketAddr, Option<Arc<Tls>>), app: Router, seat: Seat) {
    // An answer that waits for the next packet to fill up only makes a lane wait.
    let _ = stream.set_nodelay(true);
    let seat = Arc::new(seat);
    let (limits, figures) = (seat.hall.limits, seat.hall.figures.clone());
    let begun = tokio::time::Instant::now();
    let Some(line) = open_line(stream, tls.as_deref(), &seat).await else { return };
    let insist = tls.as_deref().and_then(|tls| HeaderValue::from_str(&format!("max-age={}", tls.insist_s)).ok());
    let speaker = seat.clone();
    let service = service_fn(move |request: Request<Incoming>| {
        speaker.spoke();
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(Peer { address: peer, tls: insist.is_some() });
        let (answering, insist) = (app.clone().oneshot(request), insist.clone());
        async move {
            let mut answer = answering.await?;
            if let Some(insist) = insist {
                answer.headers_mut().insert(header::STRICT_TRANSPORT_SECURITY, insist);
            }
            Ok::<_, std::convert::Infallible>(answer)
        }
    });
    let io = TokioIo::new(Mouth::new(line, figures.clone()));
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.next_request_within)
        .serve_connection(io, service);
    let mut first = std::pin::pin!(tokio::time::sleep_until(begun + limits.first_request_within));
    let mut waits_for_first = true;
    let end = loop {
        tokio::select! {
            ended = &mut connection => break match ended {
                Err(error) if error.is_timeout() => End::Silent,
                Err(error) if error.is_parse() => End::Misunderstood,
                _ => End::Done,
            },
            () = seat.leave.notified() => break End::Silent,
            () = &mut first, if waits_for_first => {
                waits_for_first = false;
                if !seat.has_spoken() {
                    break End::Silent;
                }
            }
        }
    };
    let mouth = connection.into_parts().io.into_inner();
    let rests = !mouth.hears();
    let stream = mouth.into_inner();
    match end {
        End::Done => {}
        // Where no request has begun there is nothing to answer: words that cross the next one would be taken for its answer.
        End::Silent if rests => leave(stream).await,
        End::Silent => farewell(stream, figures, too_slow(limits)).await,
        End::Misunderstood => hear_out(stream).await,
    }
}

/// How a connection ended.
enum End {
    /// By itself.
    Done,
    /// It said nothing, or not enough, in its time.
    Silent,
    /// It said what is no request; the protocol has answered.
    Misunderstood,
}

/// Takes in what is still under way and throws it away: closing at once would take the answer away with it.
async fn hear_out(mut stream: Line) {
    let mut piece = vec![0; HEARD_OUT_AT_ONCE];
    let heard = async { while stream.read(&mut piece).await.is_ok_and(|bytes| bytes > 0) {} };
    // Whoever goes on talking has had his answer.
    let _ = tokio::time::timeout(FAREWELL_MAX, heard).await;
}

/// Closes without a word.
async fn leave(mut stream: Line) {
    // Whoever does not listen either has nobody to tell.
    let _ = tokio::time::timeout(FAREWELL_MAX, stream.shutdown()).await;
}

/// Says why and closes.
async fn farewell(mut stream: Line, figures: Figures, refusal: Refusal) {
    figures.refused(&refusal);
    let words = plain_answer(refusal);
    let said = async {
        stream.write_all(&words).await?;
        stream.shutdown().await
    };
    // Whoever does not listen either has nobody to tell.
    let _ = tokio::time::timeout(FAREWELL_MAX, said).await;
}

fn not_tls() -> Refusal {
    Refusal::new(
        400,
        "speak_tls",
        "connection",
        "http",
        "此处只接受加密连接:请把地址改为 https:// 开头再打开。",
        "Only encrypted connections are taken in here: open the address with https:// instead.",
    )
}

fn too_slow(limits: Limits) -> Refusal {
    let (first, next) = (limits.first_request_within.as_secs(), limits.next_request_within.as_secs());
    Refusal::new(
        408,
        "request_too_slow",
        "connection",
        "",
        format!("请求没有按时到达(首个请求 {first} 秒内,后续 {next} 秒内),未作任何更改;请重新连接并重发。"),
        format!(
            "No request came in time (the first within {first} s, later ones within {next} s); nothing was changed. \
             Connect and send again."
        ),
    )
}

fn no_room(most: usize) -> Refusal {
    Refusal::new(
        503,
        "too_many_connections",
        "connection",
        most,
        format!("已有 {most} 个连接,暂时不能再接受;未作任何更改,请稍候重试,采样可先用离线通道表。"),
        format!(
            "{most} connections are open, and no more fit; nothing was changed. Try again in a moment; lanes go on offline."
        ),
    )
}
