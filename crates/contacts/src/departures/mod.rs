//! Who left the area before the gates closed, and when: listed when a zone is drawn, letters are sent after them.

mod commands;
mod facts;
mod http;
pub(crate) mod store;

pub use commands::{RecordDeparture, RecordReturn, record_departure, record_return};
pub use facts::{DepartureRecorded, ReturnRecorded};
pub use http::{LeftAnswer, LeftQuery, left, routes};
pub use store::{departures_of, left_in_window};

pub(crate) use store::{SCHEMA, fold};

use outpace_core::{AreaId, PersonId, Seq, Timestamp, VehicleId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::visits::Evidence;

/// Someone left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Departure {
    /// Who.
    pub person: PersonId,
    /// The grid the person lives in.
    pub area: AreaId,
    /// When.
    pub left_at: Timestamp,
    /// Where to: any code of the country; `None` where nobody knows.
    pub to_area: Option<AreaId>,
    /// Where to, in words: a train, a street.
    pub to: String,
    /// In what, if it is one of ours.
    pub vehicle: Option<VehicleId>,
    /// How it is known.
    pub evidence: Evidence,
    /// When the person came back.
    pub returned_at: Option<Timestamp>,
    /// The fact.
    pub seq: Seq,
}
