//! Routes of departures.

use outpace_access::{Call, Routes};
use outpace_core::{AreaId, Permission, Refusal, Timestamp};
use outpace_store::Tx;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::commands::{record_departure, record_return};
use super::{Departure, store};

/// The routes of departures.
#[must_use]
pub fn routes() -> Routes {
    Routes::new()
        .command(
            "/api/contacts/record-departure",
            Permission::TracingRecord.by_area(),
            "Record that someone left the area",
            record_departure,
        )
        .command(
            "/api/contacts/record-return",
            Permission::TracingRecord.by_area(),
            "Record that someone came back",
            record_return,
        )
        .query("/api/contacts/left", Permission::TracingRead.by_area(), "Who left an area in a window", left)
}

/// Who left where and when.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct LeftQuery {
    /// The area; the actor's own when absent.
    pub area: Option<AreaId>,
    /// From; absent = the look-back window of the pack in force.
    pub from: Option<Timestamp>,
    /// To; absent = now.
    pub to: Option<Timestamp>,
}

/// Who left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LeftAnswer {
    /// From when was looked.
    pub from: Timestamp,
    /// By time.
    pub departures: Vec<Departure>,
}

/// Who left an area in a window.
///
/// # Errors
/// An area outside the actor's.
pub fn left(tx: &mut Tx<'_>, call: &Call, query: LeftQuery) -> Result<LeftAnswer, Refusal> {
    let area = query.area.unwrap_or(call.actor.area);
    call.covers(area)?;
    let days = i64::from(call.pack().lookback.leaver_days.value);
    let from = query.from.unwrap_or(call.now.plus_days(-days));
    let departures = store::left_in_window(tx, area, from, query.to.unwrap_or(call.now))?;
    Ok(LeftAnswer { from, departures })
}
