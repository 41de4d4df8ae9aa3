//! What stands, and when it is told: at once when it is raised, again while it stands, once more when it is over.

use std::collections::BTreeMap;

use outpace_core::time::MINUTE_MS;
use outpace_core::{Text, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::AlarmKind;

/// An alarm that stands is told again so often.
pub(super) const REPEAT_MS: i64 = 15 * MINUTE_MS;
/// The gravest one so often.
pub(super) const REPEAT_GRAVE_MS: i64 = 5 * MINUTE_MS;
/// An alarm is over when its cause has been away for so long: one that comes and goes is told once.
pub(super) const CALM_MS: i64 = MINUTE_MS;

/// What happened to an alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = AlarmTurn)]
pub enum Turn {
    /// It was raised.
    Raised,
    /// It still stands.
    Repeated,
    /// It is over.
    Cleared,
}

impl Turn {
    /// Its word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Raised => "raised",
            Self::Repeated => "repeated",
            Self::Cleared => "cleared",
        }
    }
}

/// Something to be told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// What happened.
    pub event: Turn,
    /// What it is about.
    pub alarm: AlarmKind,
    /// Which one of its kind: a laboratory's key; empty where there is one only.
    pub subject: String,
    /// Since when it stands.
    pub since: Timestamp,
    /// When this was found.
    pub at: Timestamp,
    /// In words.
    pub text: Text,
}

/// An alarm that stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = RaisedAlarm)]
pub struct Raised {
    /// What it is about.
    pub alarm: AlarmKind,
    /// Its name.
    pub name: Text,
    /// Which one of its kind: a laboratory's key; empty where there is one only.
    pub subject: String,
    /// Since when.
    pub since: Timestamp,
    /// In words, as last seen.
    pub text: Text,
}

#[derive(Debug, Clone)]
struct Standing {
    since: Timestamp,
    told_at: Timestamp,
    /// Since when its cause is away.
    calm_since: Option<Timestamp>,
    text: Text,
}

/// How bad something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    /// Beyond the threshold at which an alarm is raised.
    Raise,
    /// Between the two thresholds: an alarm that stands goes on, none begins.
    Keep,
}

/// One thing that was found.
#[derive(Debug, Clone)]
pub(super) struct Reading {
    pub(super) alarm: AlarmKind,
    pub(super) subject: String,
    pub(super) level: Level,
    pub(super) text: Text,
}

/// The alarms that stand, by kind and subject.
#[derive(Debug, Clone, Default)]
pub struct Board(BTreeMap<(AlarmKind, String), Standing>);

impl Board {
    /// What stands, gravest first.
    pub fn raised(&self) -> impl Iterator<Item = Raised> + '_ {
        self.0.iter().map(|((alarm, subject), standing)| Raised {
            alarm: *alarm,
            name: alarm.name(),
            subject: subject.clone(),
            since: standing.since,
            text: standing.text.clone(),
        })
    }

    /// Follows what was read; answers what is to be told.
    pub(super) fn follow(&mut self, readings: Vec<Reading>, now: Timestamp) -> Vec<Event> {
        let mut events = Vec::new();
        let mut found: BTreeMap<(AlarmKind, String), Reading> =
            readings.into_iter().map(|reading| ((reading.alarm, reading.subject.clone()), reading)).collect();
        self.0.retain(|key, standing| {
            let event = |event, standing: &Standing| Event {
                event,
                alarm: key.0,
                subject: key.1.clone(),
                since: standing.since,
                at: now,
                text: standing.text.clone(),
            };
            match found.remove(key) {
                Some(reading) => {
                    standing.calm_since = None;
                    standing.text = reading.text;
                }
                None => {
                    let calm_since = *standing.calm_since.get_or_insert(now);
                    if now.since(calm_since) >= CALM_MS {
                        let mut over = event(Turn::Cleared, standing);
                        over.text = cleared(key.0, &key.1);
                        events.push(over);
                        return false;
                    }
                    return true;
                }
            }
            let every = if key.0 == AlarmKind::HeadMismatch { REPEAT_GRAVE_MS } else { REPEAT_MS };
            if now.since(standing.told_at) >= every {
                standing.told_at = now;
                events.push(event(Turn::Repeated, standing));
            }
            true
        });
        for ((alarm, subject), reading) in found.into_iter().filter(|(_, reading)| reading.level == Level::Raise) {
            let text = reading.text;
            events.push(Event {
                event: Turn::Raised,
                alarm,
                subject: subject.clone(),
                since: now,
                at: now,
                text: text.clone(),
            });
            self.0.insert((alarm, subject), Standing { since: now, told_at: now, calm_since: None, text });
        }
        events.sort_by_key(|event| event.alarm);
        events
    }
}

fn cleared(alarm: AlarmKind, subject: &str) -> Text {
    let name = alarm.name();
    let of = if subject.is_empty() { String::new() } else { format!(" {subject}") };
    Text::new(format!("已解除:{}{of}。", name.zh), format!("Over: {}{of}.", name.en))
}
