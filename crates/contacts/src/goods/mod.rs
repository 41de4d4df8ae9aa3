//! People, goods, chain (人物链条同防): parcels and lots that a case touched, who handled them and who got them.

mod commands;
mod facts;
mod http;
pub(crate) mod store;

pub use commands::{LotHand, TraceLot, trace_lot};
pub use facts::LotTraced;
pub use http::{LotsAnswer, LotsQuery, lots, routes};
pub use store::{lot, lots_of_case, lots_of_person};

pub(crate) use store::{SCHEMA, fold};

use outpace_core::{CaseId, PersonId, PlaceId, Seq, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

outpace_registry::words! {
    /// What someone had to do with a lot.
    pub enum HandRole {
        /// Sent it.
        Sent = "sent",
        /// Handled it on its way.
        Handled = "handled",
        /// Received it.
        Received = "received",
    }
}

/// A lot of goods or a parcel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Lot {
    /// Its mark: a waybill, a batch number.
    pub code: String,
    /// What it is, in words.
    pub what: String,
    /// Where it is now.
    pub place: Option<PlaceId>,
    /// Cases that touched it.
    pub cases: Vec<CaseId>,
    /// Who had to do with it, by time.
    pub hands: Vec<Hand>,
    /// The newest fact about it.
    pub seq: Seq,
}

/// Someone who had to do with a lot.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
pub struct Hand {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub person: PersonId,
    /// What they had to do with it.
    pub role: HandRole,
}
