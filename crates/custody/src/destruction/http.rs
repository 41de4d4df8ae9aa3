//! Routes of destruction. Carrying it out has none: it is done at the machine.

use outpace_access::{Call, Empty, Routes};
use outpace_core::{Permission, Refusal};
use outpace_store::Tx;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::commands::{due, order};
use super::{StandingOrder, store};
use crate::attest;

use Permission as P;

/// Orders that a list shows.
const ORDERS_MAX: i64 = 200;

/// The routes of destruction.
#[must_use]
pub fn routes() -> Routes {
    Routes::new()
        .query("/api/custody/due", P::AuditRead.whole(), "What is held by class and month, and when it ends", due)
        .query("/api/custody/destructions", P::AuditRead.whole(), "Orders to destroy data", destructions)
        .command("/api/custody/order-destruction", P::CommandDecide.whole(), "Order that data be destroyed", order)
        .recall(
            "/api/custody/attestation-key",
            P::Public.open(),
            "The public key under which destructions are attested",
            |office, _, _, _: Empty| {
                Ok(AttestationKey { key: attest::public_key(office.store.keys()).map_err(Refusal::from)? })
            },
        )
}

/// The key that attestations are checked with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AttestationKey {
    /// Ed25519, 64 hexadecimal digits.
    pub key: String,
}

/// Orders to destroy data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DestructionsAnswer {
    /// The newest 200, newest first.
    pub orders: Vec<StandingOrder>,
}

/// Orders to destroy data, newest first.
///
/// # Errors
/// What the store refused.
pub fn destructions(tx: &mut Tx<'_>, _: &Call, _: Empty) -> Result<DestructionsAnswer, Refusal> {
    Ok(DestructionsAnswer { orders: store::orders(tx, ORDERS_MAX)? })
}
