//! Reading requests: those that wait, for who answers; all of a person's, for the person.

use outpace_access::{Call, Office};
use outpace_core::{PersonId, Refusal, RequestId};
use outpace_store::Tx;
use outpace_store::vault::Keys;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::model::{Request, RequestKind};
use super::store;

/// Requests of one answer at most.
const PAGE_MAX: i64 = 200;

/// Which page.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ListRequests {
    /// The last request of the page before.
    #[serde(default)]
    pub after: Option<RequestId>,
}

/// Requests that wait, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RequestList {
    /// At most 200.
    pub requests: Vec<Request>,
}

fn list(
    office: &Office,
    tx: &mut Tx<'_>,
    call: &Call,
    kind: RequestKind,
    query: &ListRequests,
) -> Result<RequestList, Refusal> {
    let rows = store::open(tx, kind, query.after.unwrap_or(RequestId(0)), PAGE_MAX)?;
    let seen = rows.into_iter().filter(|row| call.sees(row.request.area));
    Ok(RequestList { requests: seen.map(|row| store::opened(office.store.keys(), row)).collect() })
}

/// Appeals that wait for an answer.
///
/// # Errors
/// What the store refused.
pub fn appeals(office: &Office, tx: &mut Tx<'_>, call: &Call, query: ListRequests) -> Result<RequestList, Refusal> {
    list(office, tx, call, RequestKind::Appeal, &query)
}

/// Requests for correction that wait for an answer.
///
/// # Errors
/// What the store refused.
pub fn corrections(office: &Office, tx: &mut Tx<'_>, call: &Call, query: ListRequests) -> Result<RequestList, Refusal> {
    list(office, tx, call, RequestKind::Correction, &query)
}

/// All requests for a person with their words, oldest first.
///
/// # Errors
/// What the engine refused.
pub fn of_person(tx: &mut Tx<'_>, keys: &Keys, person: PersonId) -> outpace_store::Result<Vec<Request>> {
    Ok(store::of(tx, person)?.into_iter().map(|row| store::opened(keys, row)).collect())
}
