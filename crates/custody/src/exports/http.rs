//! Routes of exports.

use outpace_access::{Call, Routes, actors};
use outpace_core::{Permission, PersonId, Refusal, Text, Timestamp};
use outpace_orders::names;
use outpace_store::Tx;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::commands::{Export, fetch, make, prepare};
use super::{Content, store};

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
        .query("/api/custody/own-exports", P::IdentityExport.own(), "What one let leave oneself", own_exports)
}

/// Which exports.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ExportsQuery {
    /// The oldest of the page before.
    pub before: Option<i64>,
    /// Only those that this person is in.
    pub person: Option<PersonId>,
}

/// An export, with who let it and where to look for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ExportRow {
    /// The export.
    pub export: Export,
    /// The account that made it.
    pub account: String,
    /// The area of a roster or a door list.
    pub area: Option<Text>,
}

/// Exports, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ExportsAnswer {
    /// At most 200.
    pub exports: Vec<ExportRow>,
    /// The moment of the answer.
    pub now: Timestamp,
    /// Minutes east of UTC.
    pub offset_minutes: i64,
}

/// What left, newest first.
///
/// # Errors
/// What the store refused.
pub fn exports(tx: &mut Tx<'_>, call: &Call, query: ExportsQuery) -> Result<ExportsAnswer, Refusal> {
    let before = query.before.unwrap_or(i64::MAX);
    let found = store::exports(tx, before, query.person, PAGE_MAX)?;
    told(tx, call, found)
}

/// Which of one's own.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct OwnExportsQuery {
    /// The oldest of the page before.
    pub before: Option<i64>,
}

/// What the caller let leave, newest first: who may export need not read what others did.
///
/// # Errors
/// What the store refused.
pub fn own_exports(tx: &mut Tx<'_>, call: &Call, query: OwnExportsQuery) -> Result<ExportsAnswer, Refusal> {
    let found = store::exports_by(tx, query.before.unwrap_or(i64::MAX), call.actor.id, PAGE_MAX)?;
    told(tx, call, found)
}

fn told(tx: &mut Tx<'_>, call: &Call, found: Vec<Export>) -> Result<ExportsAnswer, Refusal> {
    let mut exports = Vec::with_capacity(found.len());
    for export in found {
        let area = match &export.content {
            Content::Letter(_) => None,
            Content::Roster(area) | Content::Doors { area, .. } => Some(names::area(tx, *area)?),
        };
        let account = actors::name_of(tx, export.made_by)?.unwrap_or_default();
        exports.push(ExportRow { export, account, area });
    }
    Ok(ExportsAnswer { exports, now: call.now, offset_minutes: call.offset_minutes() })
}
