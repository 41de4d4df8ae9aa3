//! Routes of exports.

use outpace_access::{Call, Routes};
use outpace_core::{Permission, PersonId, Refusal};
use outpace_store::Tx;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::commands::{Export, fetch, make, prepare};
use super::store;

use Permission as P;

/// Exports that one page shows.
const PAGE_MAX: i64 = 200;

/// The routes of exports.
#[must_use]
pub fn routes() -> Routes {
    Routes::new()
        .prepared(
            "/api/custody/make-export",
            P::IdentityExport.by_area(),
            "Let a list with names leave: sealed, for a purpose, with an end",
            prepare,
            make,
        )
        .command(
            "/api/custody/fetch-export",
            P::IdentityExport.own(),
            "Fetch one's own export again before it ends",
            fetch,
        )
        .query("/api/custody/exports", P::AuditRead.whole(), "What left, who let it, what for, until when", exports)
}

/// Which exports.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ExportsQuery {
    /// The oldest of the page before.
    pub before: Option<i64>,
    /// Only those that this person is in.
    pub person: Option<PersonId>,
}

/// Exports, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ExportsAnswer {
    /// At most 200.
    pub exports: Vec<Export>,
}

/// What left, newest first.
///
/// # Errors
/// What the store refused.
pub fn exports(tx: &mut Tx<'_>, _: &Call, query: ExportsQuery) -> Result<ExportsAnswer, Refusal> {
    let before = query.before.unwrap_or(i64::MAX);
    Ok(ExportsAnswer { exports: store::exports(tx, before, query.person, PAGE_MAX)? })
}
