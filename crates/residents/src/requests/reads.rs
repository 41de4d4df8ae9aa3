//! Reading requests: those that wait, for who answers; all of a person's, for the person.

use outpace_access::{Call, Office};
use outpace_core::{PersonId, Refusal, RequestId, Timestamp};
use outpace_store::Tx;
use outpace_store::vault::Keys;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::model::{Request, RequestKind};
use super::store;
use super::waiting::{Waiting, waiting};

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
    pub requests: Vec<Waiting>,
    /// Where the next page begins; none after the last.
    pub next: Option<RequestId>,
    /// The moment of the answer.
    pub now: Timestamp,
    /// Minutes east of UTC.
    pub offset_minutes: i64,
}

fn list(
    office: &Office,
    tx: &mut Tx<'_>,
    call: &Call,
    kind: RequestKind,
    query: &ListRequests,
) -> Result<RequestList, Refusal> {
    let rows = store::open(tx, kind, query.after.unwrap_or(RequestId(0)), PAGE_MAX)?;
    let full = i64::try_from(rows.len()).is_ok_and(|found| found == PAGE_MAX);
    let next = if full { rows.last().map(|row| row.request.id) } else { None };
    let seen = rows.into_iter().filter(|row| call.sees(row.request.area)).collect();
    let requests = waiting(tx, office.store.keys(), call, kind, seen)?;
    Ok(RequestList { requests, next, now: call.now, offset_minutes: call.offset_minutes() })
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
