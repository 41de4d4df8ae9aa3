//! Offers requests over kept-open connections and keeps the time of each.
//!
//! Closed: each connection sends the next request when it has the answer to the last. Open: requests are due at fixed
//! moments whatever the server does, and the time counts from when each was due, so that a server that stalls is not
//! let off the waiting it caused.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::BenchError;

/// A request to come.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Path and query.
    pub path: String,
    /// The body of a command; `None` for a query.
    pub body: Option<String>,
    /// How much of the work it does: people in the tube, rows in the batch.
    pub count: i64,
}

/// What a load came to.
#[derive(Debug, Clone, Default)]
pub struct Measured {
    /// Units of work answered.
    pub count: i64,
    /// Requests answered with success.
    pub requests: i64,
    /// Requests answered otherwise.
    pub refused: i64,
    /// The first such answer.
    pub first_refusal: Option<String>,
    /// From the first request to the last answer.
    pub seconds: f64,
    pub(crate) latencies_us: Vec<u32>,
}

impl Measured {
    /// Units of work a second.
    #[must_use]
    pub fn rate(&self) -> f64 {
        self.count as f64 / self.seconds.max(1e-9)
    }

    /// The latency in milliseconds within which this share of the requests was answered.
    #[must_use]
    pub fn percentile_ms(&self, share: f64) -> f64 {
        let at = (self.latencies_us.len() as f64 * share) as usize;
        let last = self.latencies_us.len().saturating_sub(1);
        self.latencies_us.get(at.min(last)).map_or(0.0, |micros| f64::from(*micros) / 1e3)
    }

    fn join(parts: Vec<Self>, seconds: f64) -> Self {
        let mut whole = Self { seconds, ..Self::default() };
        for part in parts {
            whole.count += part.count;
            whole.requests += part.requests;
            whole.refused += part.refused;
            whole.first_refusal = whole.first_refusal.or(part.first_refusal);
            whole.latencies_us.extend(part.latencies_us);
        }
        whole.latencies_us.sort_unstable();
        whole
    }
}

/// Makes the request with a number, from 0; `None` ends the load.
pub type Maker = Arc<dyn Fn(i64) -> Option<Asked> + Send + Sync>;

/// How requests are paced.
#[derive(Debug, Clone, Copy)]
pub enum Pace {
    /// The next when the last is answered.
    Closed,
    /// So many a second over all connections.
    Open(f64),
}

/// A load.
#[derive(Clone)]
pub struct Load {
    /// Whom.
    pub address: SocketAddr,
    /// By what tokens; connections take them in turn. Empty: nobody signs in.
    pub tokens: Vec<String>,
    /// Over how many connections.
    pub connections: usize,
    /// For how long.
    pub lasts: Duration,
    /// At which pace.
    pub pace: Pace,
}

struct Connection {
    sender: SendRequest<Full<Bytes>>,
    authorization: Option<String>,
    host: String,
}

impl Connection {
    async fn open(load: &Load, index: usize) -> Result<Self, BenchError> {
        let stream = TcpStream::connect(load.address).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        // Ends with the connection; a failure shows in the requests that use it.
        tokio::spawn(connection);
        let token = load.tokens.get(index % load.tokens.len().max(1));
        let authorization = token.map(|token| format!("Bearer {token}"));
        Ok(Self { sender, authorization, host: load.address.to_string() })
    }

    async fn send(&mut self, asked: Asked) -> Result<(u16, Bytes), BenchError> {
        let method = if asked.body.is_some() { Method::POST } else { Method::GET };
        let mut request = Request::builder().method(method).uri(asked.path).header("host", &self.host);
        if let Some(authorization) = &self.authorization {
            request = request.header("authorization", authorization);
        }
        let body = Full::new(Bytes::from(asked.body.unwrap_or_default()));
        let request = request.body(body).map_err(|error| BenchError::Http(error.to_string()))?;
        self.sender.ready().await?;
        let answer = self.sender.send_request(request).await?;
        let status = answer.status().as_u16();
        Ok((status, answer.into_body().collect().await?.to_bytes()))
    }
}

async fn one_connection(load: Load, index: usize, next: Arc<AtomicI64>, make: Maker) -> Result<Measured, BenchError> {
    let mut connection = Connection::open(&load, index).await?;
    let mut measured = Measured::default();
    let began = Instant::now();
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        let due = match load.pace {
            Pace::Closed => Instant::now(),
            Pace::Open(rate) => began + Duration::from_secs_f64(number as f64 / rate),
        };
        if due.duration_since(began) >= load.lasts || began.elapsed() >= load.lasts {
            return Ok(measured);
        }
        tokio::time::sleep_until(due.into()).await;
        let Some(asked) = make(number) else { return Ok(measured) };
        let count = asked.count;
        let (status, answer) = connection.send(asked).await?;
        let micros = u32::try_from(due.elapsed().as_micros()).unwrap_or(u32::MAX);
        measured.latencies_us.push(micros);
        if (200..300).contains(&status) {
            measured.requests += 1;
            measured.count += count;
        } else {
            measured.refused += 1;
            let told = || format!("{status}: {}", String::from_utf8_lossy(&answer));
            measured.first_refusal.get_or_insert_with(told);
        }
    }
}

/// Offers a load and waits for its end.
///
/// # Errors
/// When a connection cannot be made or breaks.
pub async fn offer(load: &Load, make: Maker) -> Result<Measured, BenchError> {
    let next = Arc::new(AtomicI64::new(0));
    let began = Instant::now();
    let mut tasks = JoinSet::new();
    for index in 0..load.connections {
        tasks.spawn(one_connection(load.clone(), index, Arc::clone(&next), Arc::clone(&make)));
    }
    let mut parts = Vec::with_capacity(load.connections);
    while let Some(part) = tasks.join_next().await {
        parts.push(part.map_err(|error| BenchError::Http(error.to_string()))??);
    }
    Ok(Measured::join(parts, began.elapsed().as_secs_f64()))
}

/// Sends one request and answers status and body.
///
/// # Errors
/// When the connection cannot be made or breaks.
pub async fn once(address: SocketAddr, token: Option<&str>, asked: Asked) -> Result<(u16, Bytes), BenchError> {
    let load = Load {
        address,
        tokens: token.map(str::to_owned).into_iter().collect(),
        connections: 1,
        lasts: Duration::ZERO,
        pace: Pace::Closed,
    };
    Connection::open(&load, 0).await?.send(asked).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_all_requests() {
        let part = |latencies: &[u32]| Measured { latencies_us: latencies.to_vec(), count: 1, ..Measured::default() };
        let whole = Measured::join(vec![part(&[5_000, 1_000]), part(&[2_000, 9_000])], 2.0);
        assert_eq!((whole.percentile_ms(0.5), whole.percentile_ms(0.99)), (5.0, 9.0));
        assert_eq!(whole.rate(), 1.0);
    }

    #[test]
    fn nothing_measured_is_no_division_by_nothing() {
        let none = Measured::default();
        assert_eq!((none.percentile_ms(0.99), none.rate()), (0.0, 0.0));
    }
}
