//! Screening: rounds, sites, tubes, boxes, laboratories, coverage, antigen rounds, and the law that nothing is lost
//! between two of them.
//!
//! # What can be refused, and what never is
//!
//! An *intention* that cannot be is refused with the field, the value and what would be right. What *happened* is kept
//! whatever it is; what is strange about it stands as a [`tubes::Flag`] at the record, and a conflict with an order
//! settles it.
//!
//! | refused | kept, flagged, settled |
//! |---|---|
//! | a code that no label can bear (wrong characters, too long) | a tube code that was in use before, at another lane, in another round |
//! | a lane, site, laboratory or round that does not exist; a round that was never opened | a swab after the round was closed, at a lane that is closed |
//! | an area outside one's own | an eleventh swab in a tube of ten; several households in a tube for one |
//! | opening a lane at a closed site | a swab into a sealed tube |
//! | sealing an empty tube | the same person twice in a round |
//! | opening a round without having seen its hour, without lanes or laboratories | a person whose code cannot be read, or whom the registry does not know |
//! | giving and taking a box with one signature | a position that is taken; a clock that runs ahead |
//! | declaring a tube lost that has a result | a box that was given and is not there, is there and was not given, or was never packed |
//! | excluding a result that does not exist | a tube in a box or at a laboratory that nobody registered, sealed or received |
//! | | a tube that turns up after it was declared lost |
//! | | a result that contradicts an earlier one |
//!
//! In batches (results, intake, packing, import) a row that cannot be read is told and left out; the others go in.
//! Before the swab, [`tubes::check`] warns; it never refuses, and what is then done is registered.
//!
//! Everything is idempotent by its natural key: a tube's code and position, a box's code, a hand-over's boxes and
//! giver, a laboratory's result by tube, outcome and time, a round's and a site's key.
//!
//! # Where to start
//! [`tubes::register`] is the hot path and says what it costs; [`flow::conservation`] is the law; [`rounds::forecast`] the
//! promise. The desk (`desk.rs`) keeps in memory what registration looks at, so that no random index is needed: tables
//! are keyed by tube number and position, the order by person is filed in sorted batches and read by [`reads`].

pub mod antigen;
pub mod carry;
pub mod coverage;
mod desk;
mod doors;
pub mod errors;
mod filing;
pub mod flow;
mod found;
pub mod kinds;
pub mod laboratory;
pub mod lanes;
mod neighbours;
pub mod person_set;
mod reach;
pub mod reads;
pub mod rounds;
pub mod routine;
pub mod sites;
#[cfg(test)]
mod tests;
mod tick;
pub mod times;
pub mod tubes;
mod words;

pub use errors::ScreeningError;
pub use flow::{conservation, sampled_total};
pub use reads::{
    AreaRound, LastResults, PersonSample, last_results, last_results_of, negative_rounds, rounds_of, samples_of,
};
pub use rounds::{round, round_by_key, rounds as all_rounds};
pub use tick::{REVISION_MS, Ticked, tick};
pub use tubes::{tube, tube_people};

use outpace_access::Routes;
use outpace_core::Permission;
use outpace_store::Capability;

/// Rows on a page where none are asked for.
const PAGE: i64 = 100;
/// Rows on a page at most.
pub const PAGE_MAX: i64 = 1_000;

const SCHEMA: &[&str] = &[
    sites::SCHEMA,
    rounds::store::SCHEMA,
    flow::tally::SCHEMA,
    tubes::store::SCHEMA,
    carry::store::SCHEMA,
    laboratory::store::SCHEMA,
    antigen::store::SCHEMA,
    flow::late::SCHEMA,
    lanes::SCHEMA,
    flow::late::OVERDUE,
    carry::store::BOX_STATE,
    laboratory::plate::SCHEMA,
    laboratory::exclusions::SCHEMA,
    coverage::reconcile::SCHEMA,
    rounds::store::FOLLOWS,
    routine::store::SCHEMA,
    antigen::store::UNPLACED,
];

/// The capability: tables, folds, memory, the job that files samples by person.
#[must_use]
pub fn capability() -> Capability {
    let capability = Capability::new("screening").schema(SCHEMA);
    let capability = tubes::join(rounds::store::join(sites::join(capability)));
    let capability = laboratory::join(carry::store::join(capability));
    let capability = lanes::join(flow::late::join(antigen::store::join(capability)));
    let capability = coverage::reconcile::join(routine::store::join(capability));
    filing::join(desk::join(capability))
}

/// The routes.
#[must_use]
pub fn routes() -> Routes {
    Routes::new()
        .and(rounds::routes())
        .and(sites::routes())
        .and(tubes::routes())
        .and(carry::routes())
        .and(laboratory::routes())
        .and(coverage::routes())
        .and(routine::routes())
        .and(antigen::routes())
        .and(flow::routes())
        .and(lanes::routes())
        .query(
            "/api/screening/person",
            Permission::ScreeningRead.by_area(),
            "A person's samples and last results",
            reads::person_samples,
        )
}

/// How many rows a page has: as asked, from 1 to [`PAGE_MAX`].
#[must_use]
pub(crate) fn page_limit(asked: Option<i64>) -> i64 {
    asked.unwrap_or(PAGE).clamp(1, PAGE_MAX)
}
