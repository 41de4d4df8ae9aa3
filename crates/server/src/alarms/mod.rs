//! Looks for what is wrong, and sends alarms out of the house: to a webhook, and to a program (for SMS gateways).
//!
//! What is wrong is decided in [`outpace_access::alarms`]; this is its edge. [`look`] reads the figures, [`outbox`] keeps
//! what waits for one receiver and retries, [`webhook`] and [`command`] deliver.

mod backup_mark;
mod command;
mod look;
mod outbox;
mod webhook;

use std::path::PathBuf;
use std::time::Duration;

use outpace_access::Office;
use outpace_access::alarms::{Event, Thresholds};
use serde_json::{Value, json};

pub use backup_mark::{BackupMark, keep_mark};
pub use webhook::{SIGNATURE, TIMESTAMP, Webhook, WebhookError, key_of, signature};

use outbox::Outbox;

/// How often the server looks for what is wrong.
const EVERY: Duration = Duration::from_secs(5);
/// How long a look may take before the database counts as silent.
const LOOK_TIME_MAX: Duration = Duration::from_secs(30);

/// Where alarms go, and from which figures.
#[derive(Default)]
pub struct Wanted {
    /// A receiver over HTTP.
    pub webhook: Option<Webhook>,
    /// A program that is run for each.
    pub command: Option<PathBuf>,
    /// Hours without a result after which a laboratory with tubes counts as silent; the pack's where nothing is said.
    pub laboratory_hours: Option<i64>,
    /// Figures from which alarms are raised.
    pub thresholds: Thresholds,
    /// How often to look; every five seconds where nothing is said.
    pub every: Option<Duration>,
}

/// A way out.
enum Channel {
    Webhook(Webhook),
    Command(PathBuf),
}

impl Channel {
    const fn word(&self) -> &'static str {
        match self {
            Self::Webhook(_) => "webhook",
            Self::Command(_) => "command",
        }
    }

    async fn deliver(&self, message: &Value) -> Result<(), String> {
        match self {
            Self::Webhook(webhook) => webhook.deliver(message).await,
            Self::Command(program) => command::deliver(program, message).await,
        }
    }
}

/// Looks until the runtime ends. Must be called within it.
pub fn keep(office: &Office, wanted: Wanted) {
    let Wanted { webhook, command, laboratory_hours, thresholds, every } = wanted;
    let channels = webhook.map(Channel::Webhook).into_iter().chain(command.map(Channel::Command));
    let figures = outbox::Figures::on(office.figures());
    let outboxes: Vec<Outbox> = channels.map(|channel| Outbox::open(channel, figures.clone())).collect();
    let office = office.clone();
    tokio::spawn(async move {
        let every = every.unwrap_or(EVERY);
        let mut looking = look::look(&office, laboratory_hours);
        loop {
            let seen = match tokio::time::timeout(LOOK_TIME_MAX, &mut looking).await {
                Ok(seen) => {
                    looking = look::look(&office, laboratory_hours);
                    seen.unwrap_or_else(|error| {
                        tracing::error!(%error, "the look for alarms stopped unexpectedly");
                        look::without_the_database(&office)
                    })
                }
                // The look stands, and another beside it would only stand as well.
                Err(_) => look::without_the_database(&office),
            };
            let now = office.store.now();
            for event in office.alarms().look(&seen, &thresholds, now) {
                tell(&office, &event, &outboxes);
            }
            tokio::time::sleep(every).await;
        }
    });
}

fn tell(office: &Office, event: &Event, outboxes: &[Outbox]) {
    tracing::warn!(alarm = event.alarm.word(), event = event.event.word(), text = %event.text.en, "alarm");
    let message = message(event, office.store.area().0, &office.rulebook().profile.id, office.store.is_drill());
    for outbox in outboxes {
        outbox.put(message.clone());
    }
}

/// What is sent, as JSON. A drill's says so in a field and in its words.
fn message(event: &Event, area: i64, profile: &str, drill: bool) -> Value {
    let (zh, en) = if drill { ("【演练】", "[DRILL] ") } else { ("", "") };
    let Event { event, alarm, subject, since, at, text } = event;
    json!({
        "version": 1,
        // The same for each retry: a receiver that has it already drops it.
        "id": format!("{area}-{}-{subject}-{}-{}-{}", alarm.word(), since.0, event.word(), at.0),
        "event": event.word(), "alarm": alarm.word(), "subject": subject, "since_ms": since.0, "at_ms": at.0,
        "drill": drill, "area": area, "profile": profile,
        "name_zh": alarm.name().zh, "name_en": alarm.name().en,
        "zh": format!("{zh}{}", text.zh), "en": format!("{en}{}", text.en),
    })
}
