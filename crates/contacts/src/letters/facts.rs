//! Facts about letters.

use outpace_core::{AreaId, CaseId, OrderId, PersonId, Timestamp};

outpace_registry::facts! {
    /// A letter went out.
    LetterSent = "contacts.letter_sent" {
        /// Its number here.
        letter: i64,
        /// Its number on the paper.
        reference: String,
        /// Where to.
        to: AreaId,
        /// The case.
        case: Option<CaseId>,
        /// Whom it is about.
        people: Vec<PersonId>,
        /// What it asks.
        summary: String,
        /// When.
        at: Timestamp,
        /// By when the answer is due.
        answer_due_at: Timestamp,
    }
    /// A letter came in.
    LetterReceived = "contacts.letter_received" {
        /// Its number here.
        letter: i64,
        /// The sender's number.
        reference: String,
        /// Where from.
        from: AreaId,
        /// Whom it is about, as far as they are in the registry.
        people: Vec<PersonId>,
        /// What it asks.
        summary: String,
        /// When.
        at: Timestamp,
        /// By when the answer is due.
        answer_due_at: Timestamp,
        /// The order to answer it.
        order: OrderId,
    }
    /// A letter was pushed down.
    LetterPushed = "contacts.letter_pushed" {
        /// Which.
        letter: i64,
        /// To which street, village or grid.
        area: AreaId,
    }
    /// A letter was answered.
    LetterAnswered = "contacts.letter_answered" {
        /// Which.
        letter: i64,
        /// The answer.
        answer: String,
        /// When.
        at: Timestamp,
    }
}
