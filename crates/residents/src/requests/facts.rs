//! Facts about requests. What people write is sealed under a key of its class and month, so that destroying the key
//! destroys the words and leaves the chain whole.

use outpace_core::{OrderId, PersonId, RequestId, RestrictionId, Seq, Text, Timestamp};

use super::model::{About, AskedBy, Outcome, RequestKind};

outpace_registry::facts! {
    /// Somebody asked.
    RequestMade = "residents.request_made" {
        /// The number.
        request: RequestId,
        /// What is asked.
        kind: RequestKind,
        /// For whom.
        person: PersonId,
        /// The measure, for an appeal.
        restriction: Option<RestrictionId>,
        /// What shall be corrected.
        about: Option<About>,
        /// The key that sealed the words.
        key_name: String,
        /// The words, sealed, in hexadecimal.
        sealed: String,
        /// Who asked.
        asked_by: AskedBy,
        /// The order to answer it.
        order: OrderId,
        /// By when.
        due_at: Timestamp,
    }
    /// The order to answer a request was closed without an answer; another was issued.
    RequestOrdered = "residents.request_ordered" {
        /// The request.
        request: RequestId,
        /// The order now.
        order: OrderId,
    }
    /// A request was answered.
    RequestAnswered = "residents.request_answered" {
        /// The request.
        request: RequestId,
        /// What.
        outcome: Outcome,
        /// Why, as the person reads it.
        reason: Text,
        /// The fact that makes a yes true.
        fact: Option<Seq>,
    }
}
