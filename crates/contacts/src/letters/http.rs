//! Routes of letters.

use outpace_access::{Call, Routes};
use outpace_core::{Permission, Refusal};
use outpace_store::Tx;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::commands::{answer_letter, push_letter, receive_letter, send_letter};
use super::{Letter, store};

use Permission as P;

/// The routes of letters.
#[must_use]
pub fn routes() -> Routes {
    Routes::new()
        .command("/api/contacts/send-letter", P::TracingRecord.whole(), "Record a letter to another area", send_letter)
        .command(
            "/api/contacts/receive-letter",
            P::TracingRecord.whole(),
            "Record a letter from another area",
            receive_letter,
        )
        .command("/api/contacts/push-letter", P::TracingRecord.whole(), "Push a letter down to a street", push_letter)
        .command(
            "/api/contacts/answer-letter",
            P::TracingRecord.by_area(),
            "Record the answer to a letter",
            answer_letter,
        )
        .query("/api/contacts/letters", P::TracingRead.by_area(), "Co-investigation letters", list)
}

/// Which letters.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct LettersQuery {
    /// The last letter of the page before.
    pub after: Option<i64>,
    /// At most 1,000.
    pub limit: Option<i64>,
}

/// A letter and whether it is late.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LetterRow {
    /// The letter.
    pub letter: Letter,
    /// Whether the answer came late, or is owed past its deadline.
    pub late: bool,
}

/// Letters, by number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LettersAnswer {
    /// The letters.
    pub letters: Vec<LetterRow>,
}

/// Co-investigation letters: those pushed down to a street, to that street; all of them, to who works for the whole
/// jurisdiction.
///
/// # Errors
/// What the store refused.
pub fn list(tx: &mut Tx<'_>, call: &Call, query: LettersQuery) -> Result<LettersAnswer, Refusal> {
    let limit = outpace_registry::page_limit(query.limit);
    let whole = outpace_core::AreaId(tx.jurisdiction());
    let found = store::letters(tx, query.after.unwrap_or(0), limit)?;
    let seen = found.into_iter().filter(|letter| letter.seen(call, whole));
    let letters = seen.map(|letter| LetterRow { late: letter.is_late(call.now), letter }).collect();
    Ok(LettersAnswer { letters })
}
