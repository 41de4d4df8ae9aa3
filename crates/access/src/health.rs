//! Whether this server lives, whether it can work, and its figures: for whoever keeps it running, at any hour.
//!
//! All three answer from memory, so that they answer when nothing else does. What needs the database is found by a
//! watcher of the server beforehand and noted here.

use std::sync::Arc;
use std::time::{Duration, Instant};

use outpace_core::refusal::Text;
use outpace_core::{Permission, Refusal};
use outpace_store::Trouble;
use parking_lot::RwLock;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::office::{Call, Office};
use crate::routes::{Empty, Routes};

/// How old the watcher's last look may be before the database counts as silent.
pub const LOOK_AGE_MAX: Duration = Duration::from_secs(8);
/// How long ago the journal's tail may have been read.
pub const FOLLOWED_AGO_MAX: Duration = Duration::from_secs(10);
/// How long a command may wait before the queue counts as stuck. Callers are answered in milliseconds on any other day.
pub const WAIT_MAX: Duration = Duration::from_secs(10);

/// What a collector of Prometheus expects to hear.
const MEDIA: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Why writing is paused.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Why {
    trouble: &'static str,
}

/// What the watcher found, and the gauges that are set when the figures are read. Clones share it.
#[derive(Clone, Default)]
pub struct Health {
    looked: Arc<RwLock<Option<(Instant, bool)>>>,
    ready: Gauge,
    queue: Gauge,
    oldest: Gauge<f64, std::sync::atomic::AtomicU64>,
    followed: Gauge<f64, std::sync::atomic::AtomicU64>,
    lag: Gauge,
    head: Gauge,
    paused: Family<Why, Gauge>,
}

impl Health {
    pub(crate) fn of(figures: &crate::Figures) -> Self {
        let health = Self::default();
        figures.register(|registry| {
            registry.register("ready", "1 when /readyz says yes", health.ready.clone());
            registry.register("writer_queue", "Commands that wait for the writer", health.queue.clone());
            registry.register("writer_oldest_seconds", "Age of the oldest command that waits", health.oldest.clone());
            registry.register("writing_paused", "1 while nothing can be written, by reason", health.paused.clone());
            registry.register("tail_read_seconds", "Time since the journal's tail was read", health.followed.clone());
            registry.register("tail_lag", "Entries of other servers found at the last look", health.lag.clone());
            registry.register("journal_head", "Number of the journal's newest entry", health.head.clone());
        });
        health
    }

    /// The watcher looked at the database just now: it answered, or it did not.
    pub fn looked(&self, answered: bool) {
        *self.looked.write() = Some((Instant::now(), answered));
    }
}

/// Alive.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Alive {
    /// Always true: a process that does not live does not answer.
    pub alive: bool,
    /// The program's version.
    pub version: String,
}

/// Ready, with the figures that were looked at.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Ready {
    /// Always true: otherwise the answer is 503 with the reasons.
    pub ready: bool,
    /// Commands that wait for the writer.
    pub queue_depth: i64,
    /// Milliseconds that the oldest of them has waited.
    pub oldest_waiting_ms: i64,
    /// Milliseconds since the journal's tail was read.
    pub tail_read_ms: i64,
    /// Number of the journal's newest entry.
    pub head: i64,
}

fn milliseconds(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

/// Why the server cannot work as it should; empty when it can.
fn reasons(office: &Office) -> Vec<(&'static str, Text)> {
    let (pulse, looked) = (office.store.pulse(), *office.health().looked.read());
    let mut found = Vec::new();
    match looked {
        None => found.push(("store", Text::new("正在启动", "the server is starting"))),
        Some((at, answered)) if !answered || at.elapsed() > LOOK_AGE_MAX => {
            found.push(("store", Text::new("数据库没有响应", "the database does not answer")));
        }
        Some(_) => {}
    }
    if let Some(paused) = pulse.paused() {
        let why = paused.trouble.text();
        found.push((
            "writing",
            Text::new(
                format!("写入已暂停({}),查询照常", why.zh),
                format!("writing is paused ({}), reading goes on", why.en),
            ),
        ));
    }
    let ago = pulse.followed_ago();
    if ago > FOLLOWED_AGO_MAX {
        let seconds = ago.as_secs();
        found.push((
            "journal",
            Text::new(
                format!("已有 {seconds} 秒读不到日志的新事实"),
                format!("the journal's tail has not been read for {seconds} s"),
            ),
        ));
    }
    if let Some(age) = pulse.oldest().filter(|age| *age > WAIT_MAX) {
        let seconds = age.as_secs();
        found.push((
            "queue",
            Text::new(
                format!("最早的写入已等待 {seconds} 秒"),
                format!("the oldest command has waited for {seconds} s"),
            ),
        ));
    }
    found
}

fn alive(_: &Office, _: &Call, _: Empty) -> Result<Alive, Refusal> {
    Ok(Alive { alive: true, version: env!("CARGO_PKG_VERSION").to_owned() })
}

fn ready(office: &Office, _: &Call, _: Empty) -> Result<Ready, Refusal> {
    let pulse = office.store.pulse();
    let ready = Ready {
        ready: true,
        queue_depth: i64::try_from(pulse.waiting()).unwrap_or(i64::MAX),
        oldest_waiting_ms: milliseconds(pulse.oldest().unwrap_or_default()),
        tail_read_ms: milliseconds(pulse.followed_ago()),
        head: office.store.head().seq.0,
    };
    let reasons = reasons(office);
    if reasons.is_empty() {
        return Ok(ready);
    }
    let join = |language: fn(&Text) -> &String, between: &str| {
        reasons.iter().map(|(_, text)| language(text).clone()).collect::<Vec<_>>().join(between)
    };
    let fields: Vec<&str> = reasons.iter().map(|(field, _)| *field).collect();
    Err(Refusal::new(
        503,
        "not_ready",
        &fields.join(","),
        format!("queue_depth={} oldest_waiting_ms={}", ready.queue_depth, ready.oldest_waiting_ms),
        format!("尚不能正常工作:{}。", join(|text| &text.zh, ";")),
        format!("Not ready: {}.", join(|text| &text.en, "; ")),
    ))
}

fn figures(office: &Office) -> Result<String, Refusal> {
    let (pulse, health) = (office.store.pulse(), office.health());
    health.ready.set(i64::from(reasons(office).is_empty()));
    health.queue.set(i64::try_from(pulse.waiting()).unwrap_or(i64::MAX));
    health.oldest.set(pulse.oldest().unwrap_or_default().as_secs_f64());
    health.followed.set(pulse.followed_ago().as_secs_f64());
    health.lag.set(i64::try_from(pulse.lag()).unwrap_or(i64::MAX));
    health.head.set(office.store.head().seq.0);
    let paused = pulse.paused().map(|paused| paused.trouble);
    for trouble in Trouble::ALL {
        let stands = i64::from(paused == Some(trouble));
        health.paused.get_or_create(&Why { trouble: trouble.key() }).set(stands);
    }
    office.figures().text().map_err(|error| {
        tracing::error!(%error, "the figures could not be written");
        Refusal::internal()
    })
}

/// The routes of those who keep the server running.
#[must_use]
pub fn routes() -> Routes {
    Routes::new()
        .look("/healthz", Permission::Public.open(), "Whether the process lives", alive)
        .look(
            "/readyz",
            Permission::Public.open(),
            "Whether the server can work; 503 with the reasons otherwise",
            ready,
        )
        .look_document(
            "/metrics",
            Permission::FiguresRead.whole(),
            "The server's figures, as Prometheus reads them",
            MEDIA,
            figures,
        )
}
