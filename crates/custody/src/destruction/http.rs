//! Routes of destruction. Carrying it out has none: it is done at the machine.

use outpace_access::{Call, Empty, Routes, actors};
use outpace_core::{Permission, Refusal};
use outpace_store::Tx;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::carry_out::statement;
use super::commands::{due, order};
use super::{StandingOrder, store};
use crate::attest::{self, Attestation};

use Permission as P;

/// Orders that a list shows.
const ORDERS_MAX: i64 = 200;

/// The routes of destruction.
#[must_use]
pub fn routes() -> Routes {
    Routes::new()
        .query("/api/custody/due", P::AuditRead.whole(), "What is held by class and month, and when it ends", due)
        .query("/api/custody/destructions", P::AuditRead.whole(), "Orders to destroy data", destructions)
        .recall(
            "/api/custody/attestation",
            P::AuditRead.whole(),
            "The signed word that an order to destroy was carried out",
            |office, tx, _, query: OrderQuery| -> Result<Attestation, Refusal> {
                let statement = statement(office, tx, query.order)?;
                Ok(attest::sign(office.store.keys(), &statement)?)
            },
        )
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

/// Which order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = DestructionOrderQuery)]
pub struct OrderQuery {
    /// Its number.
    pub order: i64,
}

/// An order to destroy data, with the accounts of both persons.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = DestructionOrderRow)]
pub struct OrderRow {
    /// The order.
    pub order: StandingOrder,
    /// The account that ordered it.
    pub account: String,
    /// The account that carried it out.
    pub carried_out_by: Option<String>,
}

/// Orders to destroy data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DestructionsAnswer {
    /// The newest 200, newest first.
    pub orders: Vec<OrderRow>,
}

/// Orders to destroy data, newest first.
///
/// # Errors
/// What the store refused.
pub fn destructions(tx: &mut Tx<'_>, _: &Call, _: Empty) -> Result<DestructionsAnswer, Refusal> {
    let mut orders = Vec::new();
    for order in store::orders(tx, ORDERS_MAX)? {
        let account = actors::name_of(tx, order.ordered_by)?.unwrap_or_default();
        let carried_out_by = match store::destruction_of(tx, order.order)? {
            Some(done) => Some(actors::name_of(tx, done.actor)?.unwrap_or_default()),
            None => None,
        };
        orders.push(OrderRow { order, account, carried_out_by });
    }
    Ok(DestructionsAnswer { orders })
}
