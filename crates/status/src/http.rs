//! Routes of status.

use std::sync::OnceLock;

use outpace_access::{Call, Routes};
use outpace_core::{Permission, PersonId, Refusal};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::board::{Board, Display};
use crate::errors::StatusError;
use crate::model::Status;

/// The routes of status.
#[must_use]
pub fn routes() -> Routes {
    // Found once: afterwards no request touches what the store keeps under its own lock.
    let display: OnceLock<Display> = OnceLock::new();
    Routes::new().look(
        "/api/status/person",
        Permission::StatusRead,
        "A person's colour with its reasons, last sample and last negative",
        move |office, call, query| {
            let display = display.get_or_init(|| crate::display_of(&office.store));
            status(&display.board(), call, &query)
        },
    )
}

/// Whose status to show.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(as = PersonStatusQuery)]
pub struct StatusQuery {
    /// Whose.
    pub person: PersonId,
}

/// The status of a person.
///
/// # Errors
/// An unknown person, or one outside the actor's area.
pub fn status(board: &Board, call: &Call, query: &StatusQuery) -> Result<Status, Refusal> {
    board
        .home(query.person)
        .filter(|home| call.sees(*home))
        .and_then(|_| board.status(query.person, call.now, call.pack()))
        .ok_or_else(|| StatusError::UnknownPerson(query.person).into())
}
