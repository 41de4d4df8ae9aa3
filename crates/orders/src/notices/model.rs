//! A notice, whom it is for, and what became of it.

use outpace_core::{ActorId, AreaId, NoticeId, PersonId, Text, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Subject;

/// Whom a notice is for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[schema(as = NoticeAudience)]
#[serde(tag = "kind", content = "to", rename_all = "snake_case")]
pub enum Audience {
    /// Everyone.
    Public,
    /// One person: the written notice of a measure, a certificate.
    Person(PersonId),
    /// Receivers by name or role, such as `city-command`; each must confirm.
    Receivers(Vec<String>),
}

impl Audience {
    /// Who must be reached, one by one; nobody for a public notice.
    #[must_use]
    pub fn receivers(&self) -> Vec<String> {
        match self {
            Self::Public => Vec::new(),
            Self::Person(person) => vec![Self::person(*person)],
            Self::Receivers(receivers) => {
                let mut receivers = receivers.clone();
                receivers.sort();
                receivers.dedup();
                receivers
            }
        }
    }

    /// The name under which a person stands among the receivers.
    #[must_use]
    pub fn person(person: PersonId) -> String {
        format!("person:{person}")
    }
}

/// What it takes to publish a notice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NewNotice {
    /// Idempotency: a notice with this key is published once; absent = always a new one.
    #[serde(default)]
    pub key: Option<String>,
    /// What sort of notice: `zone`, `round`, `result_promise`, `measure`, `positive`, …
    pub kind: String,
    /// Whom it is for.
    pub audience: Audience,
    /// Which area it is about.
    pub area: AreaId,
    /// Title.
    pub title: Text,
    /// Words.
    pub body: Text,
    /// What it is about.
    pub reference: Subject,
    /// The clause it rests on.
    #[serde(default)]
    pub clause: Option<String>,
    /// Until when receivers must confirm.
    #[serde(default)]
    pub deadline_at: Option<Timestamp>,
}

/// Other words for a notice that stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Revision {
    /// The words from now on.
    pub body: Text,
    /// Why they changed.
    pub reason: Text,
}

/// A notice that was published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Notice {
    /// Its number.
    pub id: NoticeId,
    /// What sort of notice.
    pub kind: String,
    /// Whom it is for.
    pub audience: Audience,
    /// Which area it is about.
    pub area: AreaId,
    /// Title.
    pub title: Text,
    /// Words as they stand now.
    pub body: Text,
    /// What it is about.
    pub reference: Subject,
    /// The clause it rests on.
    pub clause: Option<String>,
    /// When it was published.
    pub published_at: Timestamp,
    /// By whom.
    pub published_by: ActorId,
    /// Until when receivers must confirm.
    pub deadline_at: Option<Timestamp>,
    /// How often it was revised.
    pub revisions: u32,
    /// When it was last revised.
    pub revised_at: Option<Timestamp>,
    /// When it was taken back.
    pub withdrawn_at: Option<Timestamp>,
    /// Why.
    pub withdrawn_because: Option<String>,
    /// Receivers in all.
    pub receivers: u32,
    /// Receivers that it reached.
    pub delivered: u32,
    /// Receivers that confirmed.
    pub acknowledged: u32,
    /// Receivers that did not confirm by the deadline.
    pub unanswered: u32,
}

/// One receiver of one notice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Receipt {
    /// Who.
    pub receiver: String,
    /// When it reached them.
    pub delivered_at: Option<Timestamp>,
    /// When they confirmed.
    pub acknowledged_at: Option<Timestamp>,
    /// When their deadline was found to have passed.
    pub unanswered_at: Option<Timestamp>,
}
