//! Routes of status: what a person's colour is, and who was where. Check-ins are kept by contacts; the board tells
//! who is registered and who is a case, so that no check-in reads a table per person.

use std::sync::OnceLock;

use outpace_access::{Call, Empty, Routes};
use outpace_contacts::check_ins::{self, CheckIns, DeviceMarks, People, Taken};
use outpace_core::{Permission, PersonId, Refusal};
use outpace_store::{Tx, Unit};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::board::{Board, Display};
use crate::due::due_count;
use crate::errors::StatusError;
use crate::model::Status;

/// The routes of status.
#[must_use]
pub fn routes() -> Routes {
    // Found once: afterwards no request touches what the store keeps under its own lock.
    let display: OnceLock<Display> = OnceLock::new();
    crate::gate::routes()
        .look(
            "/api/status/person",
            Permission::StatusRead.by_area(),
            "A person's colour with its reasons, last sample and last negative",
            move |office, call, query| {
                let display = display.get_or_init(|| crate::display_of(&office.store));
                status(&display.board(), call, &query)
            },
        )
        .recall(
            "/api/status/due",
            Permission::ScreeningRead.by_area(),
            "How many of an area are due for routine screening today",
            |office, tx, call, query| due_count(&crate::display_of(&office.store).board(), tx, call, query),
        )
        .command(
            "/api/status/check-ins",
            Permission::CheckInRecord.by_area(),
            "Record who checked in at a place",
            check_in,
        )
        .recall(
            "/api/status/place-code",
            Permission::CheckInRecord.by_area(),
            "What the screen of a place shows as its code in the next minutes",
            check_ins::place_codes,
        )
        .command(
            "/api/status/print-place-code",
            Permission::RegistryFind.by_area(),
            "Print another code for a place; those printed before count no longer",
            check_ins::print_code,
        )
        .query(
            "/api/status/check-in-signals",
            Permission::TracingRead.by_area(),
            "Check-ins by codes that were passed on: signals, no evidence",
            check_ins::signals,
        )
        .query(
            "/api/status/check-in-marks",
            Permission::CheckInRecord.own(),
            "What is here of one's own check-ins",
            check_in_marks,
        )
}

impl People for Board {
    fn is_registered(&self, person: PersonId) -> bool {
        self.home(person).is_some()
    }

    fn is_case(&self, person: PersonId) -> bool {
        Self::is_case(self, person)
    }
}

/// Records check-ins that a device tells.
///
/// # Errors
/// A caller that is no device, an unknown place or one outside the device's area, a counter below 1, too many rows.
pub fn check_in(unit: &mut Unit<'_>, call: &Call, request: CheckIns) -> Result<Taken, Refusal> {
    let board = unit.remembered(|display: &Display| display.board()).unwrap_or_default();
    check_ins::take(unit, call, request, board.as_ref())
}

/// What is here of the device's check-ins: one that lost its memory goes on from there.
///
/// # Errors
/// What the store refused.
pub fn check_in_marks(tx: &mut Tx<'_>, call: &Call, _: Empty) -> Result<DeviceMarks, Refusal> {
    Ok(check_ins::device_marks(tx, call.actor.id)?)
}

/// Check-ins that have waited so long are filed even if no batch is full.
const FILE_AFTER_MINUTES: i64 = 10;

/// Looks at the clock. Doing it twice at the same moment changes nothing more.
///
/// # Errors
/// What the store refused.
pub fn tick(unit: &mut Unit<'_>, call: &Call) -> Result<(), Refusal> {
    check_ins::file_older_than(unit, call.now.plus_minutes(-FILE_AFTER_MINUTES))
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
