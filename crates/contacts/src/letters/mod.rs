//! Co-investigation letters (协查函): asked of other areas, or asked by them; received, pushed down to the street,
//! answered, each within the pack's hours.

mod commands;
mod facts;
mod http;
mod store;

pub use commands::{
    AnswerLetter, PushLetter, ReceiveLetter, SendLetter, answer_letter, push_letter, receive_letter, send_letter,
};
pub use facts::{LetterAnswered, LetterPushed, LetterReceived, LetterSent};
pub use http::{LetterRow, LettersAnswer, LettersQuery, list, routes};
pub use store::{letter, letters, letters_of};

pub(crate) use store::{SCHEMA, fold};

use outpace_core::{AreaId, CaseId, OrderId, PersonId, Seq, Timestamp};
use outpace_orders::kinds::IssuedKind;
use outpace_policy::SubjectKind;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The counter that numbers letters.
pub const COUNTER: &str = "letter";
/// The kind of the order that a received letter opens.
pub const ANSWER_LETTER: IssuedKind = IssuedKind { key: "answer-co-investigation", subject: SubjectKind::Jurisdiction };

outpace_registry::words! {
    /// Which way a letter goes.
    pub enum Direction {
        /// Sent by us.
        Out = "out",
        /// Received by us.
        In = "in",
    }
}

/// A co-investigation letter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Letter {
    /// Its number here.
    pub id: i64,
    /// Which way.
    pub direction: Direction,
    /// The sender's number: the same number from the same area is the same letter.
    pub reference: String,
    /// The area it goes to or comes from.
    pub other: AreaId,
    /// The case it is about, if one of ours.
    pub case: Option<CaseId>,
    /// Whom it is about, as far as they are in the registry.
    pub people: Vec<PersonId>,
    /// What it asks, without names or numbers of people: those go to the vault by registering them.
    pub summary: String,
    /// When it was sent or received.
    pub at: Timestamp,
    /// By when the answer is due.
    pub answer_due_at: Timestamp,
    /// Where it was pushed down to.
    pub pushed_to: Option<AreaId>,
    /// When it was answered.
    pub answered_at: Option<Timestamp>,
    /// The answer.
    pub answer: Option<String>,
    /// The order to answer it, for a received one.
    pub order: Option<OrderId>,
    /// The fact that opened it.
    pub seq: Seq,
}

impl Letter {
    /// Whether the actor may see it: pushed down to their area, or all of them where they answer for the whole
    /// jurisdiction.
    #[must_use]
    pub fn seen(&self, call: &outpace_access::Call, jurisdiction: AreaId) -> bool {
        call.sees(jurisdiction) || self.pushed_to.is_some_and(|area| call.sees(area))
    }

    /// Whether the answer came late, or is owed past its deadline.
    #[must_use]
    pub fn is_late(&self, now: Timestamp) -> bool {
        self.answered_at.unwrap_or(now) > self.answer_due_at
    }
}
