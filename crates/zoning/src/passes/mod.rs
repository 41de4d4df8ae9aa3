//! Passes: leave to cross the gates of a zone, for a person or a vehicle, for a reason and a time.
//!
//! Care never waits for a gate: labour, dialysis, chemotherapy and emergencies leave a locked area with a pass, and so
//! do supplies and epidemic vehicles. A pass ends by itself.

pub mod commands;
pub mod store;

use std::fmt;

use outpace_core::{FromValue, OrderId, PersonId, Text, Timestamp, Value, ValueError, VehicleId, ZoneId};
use outpace_store::Fact;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use commands::{issue, revoke};
pub use store::{passes_of, valid};

/// One pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
pub struct PassId(pub i64);

impl PassId {
    /// The name of the counter that gives these ids.
    pub const COUNTER: &'static str = "pass";
}

impl fmt::Display for PassId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.0)
    }
}

impl From<PassId> for Value<'_> {
    fn from(id: PassId) -> Self {
        Value::Int(id.0)
    }
}

impl FromValue for PassId {
    fn from_value(value: Value<'_>) -> Result<Self, ValueError> {
        i64::from_value(value).map(Self)
    }
}

/// A pass to be issued. Exactly one of person and vehicle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NewPass {
    /// The zone whose gates it opens.
    pub zone: ZoneId,
    /// Who may cross.
    pub person: Option<PersonId>,
    /// Which vehicle may cross, with its crew.
    pub vehicle: Option<VehicleId>,
    /// What for: care, supply, work of the response.
    pub reason: Text,
    /// From when on.
    pub from_at: Timestamp,
    /// Until when.
    pub to_at: Timestamp,
    /// The order that it serves, such as taking someone to dialysis.
    pub order: Option<OrderId>,
}

/// A pass as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Pass {
    /// Its number.
    pub id: PassId,
    /// The zone.
    pub zone: ZoneId,
    /// Who may cross.
    pub person: Option<PersonId>,
    /// Which vehicle may cross.
    pub vehicle: Option<VehicleId>,
    /// What for.
    pub reason: Text,
    /// From when on.
    pub from_at: Timestamp,
    /// Until when.
    pub to_at: Timestamp,
    /// The order that it serves.
    pub order: Option<OrderId>,
    /// When it was taken back.
    pub revoked_at: Option<Timestamp>,
}

/// A pass was issued.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PassIssued {
    /// Its number.
    pub id: PassId,
    /// What it says.
    pub pass: NewPass,
}

impl Fact for PassIssued {
    const KIND: &'static str = "zoning.pass_issued";
}

/// A pass was taken back.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PassRevoked {
    /// Which.
    pub id: PassId,
    /// Why.
    pub reason: Text,
}

impl Fact for PassRevoked {
    const KIND: &'static str = "zoning.pass_revoked";
}
