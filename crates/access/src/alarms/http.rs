//! What stands, for the siren page and for whoever keeps the server running.

use outpace_core::{Permission, Refusal, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Raised;
use crate::office::{Call, Office};
use crate::routes::{Empty, Routes};

/// The alarms that stand.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AlarmsAnswer {
    /// Gravest first; empty where all is well.
    pub alarms: Vec<Raised>,
    /// When the server last looked; absent until it did. One that is minutes old means that nobody looks.
    pub looked_at: Option<Timestamp>,
    /// The present moment by the server's clock.
    pub now: Timestamp,
}

fn alarms(office: &Office, call: &Call, _: Empty) -> Result<AlarmsAnswer, Refusal> {
    let alarms = office.alarms();
    Ok(AlarmsAnswer {
        alarms: alarms.board.read().raised().collect(),
        looked_at: *alarms.looked_at.read(),
        now: call.now,
    })
}

/// The route of the alarms.
#[must_use]
pub fn routes() -> Routes {
    Routes::new().look(
        "/api/alarms",
        Permission::CommandRead.whole(),
        "Operations alarms that are raised now, answered from memory",
        alarms,
    )
}
