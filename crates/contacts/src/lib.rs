//! Cases, visits, exposures, contacts, chains: who is infected, who was with whom, who must be reached.
//!
//! - [`cases`]: what a case is and may become, the report up the chain with its deadlines, who infected whom.
//! - [`visits`]: a person at a place or in a vehicle, from–to, with the evidence; [`who_was_with`] reads them.
//! - [`check_ins`]: devices at places, many people a minute; tracing reads them as visits.
//! - [`tracing`]: exposures and contacts of a case, whether they were reached, how they are observed.
//! - [`letters`]: co-investigation (协查) with other areas, out and in.
//! - [`departures`]: who left the area, and when.
//! - [`goods`]: parcels and lots that a case touched, and who handled them.
//!
//! What follows from all this (zones, quarantine, tests) is decided elsewhere: every command here only records, and
//! makes the response look again.

pub mod cases;
pub mod check_ins;
mod closed;
pub mod departures;
mod errors;
pub mod goods;
pub mod letters;
#[cfg(test)]
mod tests;
pub mod tracing;
pub mod visits;

pub use cases::{
    Case, ChainLink, FoundHow, Severity, Stage, active_case_of, case, cases_in, chain_of, change_stage, contact_window,
    exclude_case, open_case, report_case, reports_of, set_case_dates,
};
pub use departures::{Departure, left_in_window, record_departure};
pub use errors::ContactsError;
pub use goods::{Lot, lots_of_case, trace_lot};
pub use letters::Letter;
pub use tracing::{
    Contact, Exposure, Observation, Outcome, contacts_of_case, contacts_of_person, record_contacts, update_contact,
};
pub use visits::{
    CasePlace, Evidence, Spot, Together, Visit, case_places, record_visits, visitors, visits_of, who_was_with,
};

use outpace_access::Routes;
use outpace_core::{Refusal, Trigger, trigger};
use outpace_store::{Capability, Unit};

/// The kinds of orders that contacts issue.
pub const KINDS: &[outpace_orders::kinds::IssuedKind] = &[letters::ANSWER_LETTER];
/// The most rows that one bulk command takes.
pub const BATCH_MAX: usize = 20_000;
/// The most characters of a free text.
pub const TEXT_CHARACTERS_MAX: usize = 2_000;
/// How far ahead of ours a clock may be before the observation is flagged, milliseconds.
pub const SKEW_MS_MAX: i64 = 2 * 60_000;

const SCHEMA: &[&str] = &[
    cases::SCHEMA,
    visits::SCHEMA,
    tracing::SCHEMA,
    letters::SCHEMA,
    departures::SCHEMA,
    goods::SCHEMA,
    check_ins::SCHEMA,
    check_ins::CODES_SCHEMA,
];

/// The tables and folds of contacts.
#[must_use]
pub fn capability() -> Capability {
    let capability = Capability::new("contacts").schema(SCHEMA);
    let capability = cases::fold(capability);
    let capability = visits::fold(capability);
    let capability = tracing::fold(capability);
    let capability = letters::fold(capability);
    let capability = departures::fold(capability);
    check_ins::join_filing(check_ins::fold(goods::fold(capability)))
}

/// The routes of contacts.
#[must_use]
pub fn routes() -> Routes {
    cases::routes()
        .and(visits::routes())
        .and(tracing::routes())
        .and(letters::routes())
        .and(departures::routes())
        .and(goods::routes())
}

/// Makes the response look again.
fn respond(unit: &mut Unit<'_>, trigger: &Trigger) -> Result<(), Refusal> {
    Ok(unit.enqueue(trigger::RESPOND, trigger)?)
}

/// A free text that is not longer than [`TEXT_CHARACTERS_MAX`]; empty ones only where `needed` is false.
fn text(field: &'static str, text: &str, needed: bool) -> Result<String, ContactsError> {
    let text = text.trim();
    if text.chars().count() > TEXT_CHARACTERS_MAX || (needed && text.is_empty()) {
        return Err(ContactsError::Text { field });
    }
    Ok(text.to_owned())
}
