//! What happened to transfers before anyone boarded; boarding and admission are facts of trips.

use outpace_core::{AreaId, FacilityId, Text};
use outpace_store::Fact;
use serde::{Deserialize, Serialize};

use super::model::NewTransfer;
use crate::ids::TransferId;

/// One transfer that was ordered.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Ordered {
    /// Its number.
    pub id: TransferId,
    /// Where the person lives.
    pub area: AreaId,
    /// What was ordered.
    pub transfer: NewTransfer,
}

/// People were ordered to move.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TransfersOrdered {
    /// Each of them.
    pub items: Vec<Ordered>,
}

impl Fact for TransfersOrdered {
    const KIND: &'static str = "isolation.transfers_ordered";
}

/// A transfer that waits goes elsewhere; a bed that was reserved for it is free again.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TransferRedirected {
    /// Which.
    pub id: TransferId,
    /// Where to now.
    pub to: FacilityId,
}

impl Fact for TransferRedirected {
    const KIND: &'static str = "isolation.transfer_redirected";
}

/// A person is not moved after all; a bed that was reserved is free again.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TransferExcused {
    /// Which.
    pub id: TransferId,
    /// Why.
    pub reason: Text,
}

impl Fact for TransferExcused {
    const KIND: &'static str = "isolation.transfer_excused";
}
