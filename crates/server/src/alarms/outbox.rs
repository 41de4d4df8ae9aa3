//! What waits for one receiver: in order, bounded, retried with back-off. A receiver that is away for a night gets the newest
//! messages; those it lost are counted.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use serde_json::Value;
use tokio::sync::Notify;

use super::Channel;

/// Messages that wait for one receiver; beyond, the oldest is dropped.
const WAITING_MAX: usize = 64;
/// How long to wait after the first failure; each further one doubles it.
const BACK_OFF_FIRST: Duration = Duration::from_secs(1);
/// The longest wait.
const BACK_OFF_MAX: Duration = Duration::from_secs(300);

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Sent {
    channel: &'static str,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct To {
    channel: &'static str,
}

/// What was sent and what waits, by channel.
#[derive(Clone, Default)]
pub(super) struct Figures {
    sends: Family<Sent, Counter>,
    waiting: Family<To, Gauge>,
}

impl Figures {
    pub(super) fn on(figures: &outpace_access::Figures) -> Self {
        let own = Self::default();
        figures.register(|registry| {
            registry.register("alarm_sends", "Alarms sent, failed or dropped, by channel", own.sends.clone());
            registry.register("alarm_waiting", "Alarms that wait to be sent, by channel", own.waiting.clone());
        });
        own
    }

    fn count(&self, channel: &'static str, outcome: &'static str) {
        self.sends.get_or_create(&Sent { channel, outcome }).inc();
    }
}

/// Messages that wait for one receiver.
pub(super) struct Outbox {
    waiting: Arc<Waiting>,
}

struct Waiting {
    channel: &'static str,
    figures: Figures,
    messages: Mutex<VecDeque<(u64, Value)>>,
    put: Mutex<u64>,
    more: Notify,
}

impl Waiting {
    fn show(&self, length: usize) {
        self.figures
            .waiting
            .get_or_create(&To { channel: self.channel })
            .set(i64::try_from(length).unwrap_or(i64::MAX));
    }

    /// Takes a message away once it was delivered; it may have been dropped meanwhile.
    fn done(&self, number: u64) {
        let mut messages = self.messages.lock();
        if messages.front().is_some_and(|(first, _)| *first == number) {
            messages.pop_front();
        }
        self.show(messages.len());
    }
}

impl Outbox {
    /// Sends what is put in until the runtime ends.
    pub(super) fn open(channel: Channel, figures: Figures) -> Self {
        let waiting = Arc::new(Waiting {
            channel: channel.word(),
            figures,
            messages: Mutex::default(),
            put: Mutex::default(),
            more: Notify::new(),
        });
        tokio::spawn(send(channel, waiting.clone()));
        Self { waiting }
    }

    pub(super) fn put(&self, message: Value) {
        let waiting = &self.waiting;
        let number = {
            let mut put = waiting.put.lock();
            *put += 1;
            *put
        };
        let mut messages = waiting.messages.lock();
        if messages.len() >= WAITING_MAX {
            messages.pop_front();
            waiting.figures.count(waiting.channel, "dropped");
        }
        messages.push_back((number, message));
        waiting.show(messages.len());
        drop(messages);
        waiting.more.notify_one();
    }
}

async fn send(channel: Channel, waiting: Arc<Waiting>) {
    let mut back_off = BACK_OFF_FIRST;
    loop {
        let first = waiting.messages.lock().front().cloned();
        let Some((number, message)) = first else {
            waiting.more.notified().await;
            continue;
        };
        match channel.deliver(&message).await {
            Ok(()) => {
                waiting.figures.count(waiting.channel, "sent");
                waiting.done(number);
                back_off = BACK_OFF_FIRST;
            }
            Err(error) => {
                waiting.figures.count(waiting.channel, "failed");
                let wait_s = back_off.as_secs();
                tracing::error!(channel = waiting.channel, %error, wait_s, "an alarm could not be sent");
                tokio::time::sleep(back_off).await;
                back_off = (back_off * 2).min(BACK_OFF_MAX);
            }
        }
    }
}
