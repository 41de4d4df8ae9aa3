//! Takes connections in, closes silent ones, and when there are too many drops the longest-idle ([`connection_limits`]).
//! `axum::serve` has neither timer nor bound, so the connections are opened here, with what it is made of.
//!
//! [`connection_limits`]: crate::connection_limits

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, Request, Response, header};
use hyper::body::{Body as HttpBody, Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use outpace_access::{Figures, Peer};
use outpace_core::Refusal;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceExt;

pub use crate::connection_limits::Limits;
use crate::connection_limits::{ConnectionLimiter, ConnectionSlot, InFlight};
use crate::line::{Line, Opened};
use crate::mouth::{Mouth, plain_answer};
use crate::tls::Tls;

/// How long the words of farewell may take.
const FAREWELL_MAX: Duration = Duration::from_secs(1);
/// Bytes thrown away at once.
const HEARD_OUT_AT_ONCE: usize = 16 * 1024;
/// How long to wait when no connection can be taken in at all.
const BREATH: Duration = Duration::from_millis(20);

/// The body of an answer, which keeps its connection busy until the last piece is handed on.
struct AnswerBody {
    body: Body,
    _in_flight: InFlight,
}

impl HttpBody for AnswerBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
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
    let limiter = Arc::new(ConnectionLimiter::new(limits, figures));
    // Made into routes once, and shared: a router that still waits for its state makes them anew for each request.
    let app: Router = app.with_state(());
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => match limiter.enter(peer.ip()) {
                Ok(slot) => drop(tokio::spawn(attend((stream, peer, tls.clone()), app.clone(), slot))),
                Err(full) => drop(tokio::spawn(farewell(Line::Plain(stream), limiter.figures.clone(), full))),
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
async fn open_line(stream: TcpStream, tls: Option<&Tls>, slot: &ConnectionSlot) -> Option<Line> {
    let within = slot.limiter.limits.first_request_within;
    let opened = tokio::select! {
        opened = tokio::time::timeout(within, Line::open(stream, tls.map(|tls| &tls.acceptor))) => opened.ok(),
        () = slot.leave.notified() => None,
    };
    match opened {
        Some(Opened::Line(line)) => Some(line),
        Some(Opened::NotTls(stream)) => {
            farewell(Line::Plain(stream), slot.limiter.figures.clone(), not_tls()).await;
            None
        }
        // Before the handshake there are no words that the other side would understand.
        Some(Opened::Nobody) | None => None,
    }
}

/// Answers the requests of one connection.
async fn attend((stream, peer, tls): (TcpStream, SocketAddr, Option<Arc<Tls>>), app: Router, slot: ConnectionSlot) {
    // An answer that waits for the next packet to fill up only makes a lane wait.
    let _ = stream.set_nodelay(true);
    let slot = Arc::new(slot);
    let (limits, figures) = (slot.limiter.limits, slot.limiter.figures.clone());
    let begun = tokio::time::Instant::now();
    let Some(line) = open_line(stream, tls.as_deref(), &slot).await else { return };
    let insist = tls.as_deref().and_then(|tls| HeaderValue::from_str(&format!("max-age={}", tls.insist_s)).ok());
    let asked = slot.clone();
    let service = service_fn(move |request: Request<Incoming>| {
        asked.request_began();
        let in_flight = InFlight(asked.clone());
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(Peer { address: peer, tls: insist.is_some() });
        let (answering, insist) = (app.clone().oneshot(request), insist.clone());
        async move {
            let mut answer: Response<Body> = answering.await?;
            if let Some(insist) = insist {
                answer.headers_mut().insert(header::STRICT_TRANSPORT_SECURITY, insist);
            }
            Ok::<_, std::convert::Infallible>(answer.map(|body| AnswerBody { body, _in_flight: in_flight }))
        }
    });
    let io = TokioIo::new(Mouth::new(line, figures.clone()));
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.next_request_within)
        .serve_connection(io, service);
    let mut first = std::pin::pin!(tokio::time::sleep_until(begun + limits.first_request_within));
    let (mut waits_for_first, mut leaving) = (true, false);
    let end = loop {
        tokio::select! {
            ended = &mut connection => break match ended {
                Err(error) if error.is_timeout() => End::Silent,
                Err(error) if error.is_parse() => End::Misunderstood,
                _ => End::Done,
            },
            () = slot.leave.notified(), if !leaving => {
                if !slot.has_spoken() {
                    break End::Silent;
                }
                // Closes at once between two requests; one that begins in this moment is still answered.
                leaving = true;
                Pin::new(&mut connection).graceful_shutdown();
            }
            () = &mut first, if waits_for_first => {
                waits_for_first = false;
                if !slot.has_spoken() {
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
