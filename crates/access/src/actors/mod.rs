//! Accounts with passwords, devices with tokens. Facts say that an actor exists and which token hashes are good;
//! password hashes stand in a table of their own that is neither journal nor read model.

mod facts;
mod http;
mod password;
mod store;
#[cfg(test)]
mod tests;

pub use facts::{ActorAdded, ActorDisabled, TokenIssued, TokenRevoked};
pub use http::{AddAccount, AddDevice, Device, SignIn, SignedIn, add_device, routes};
pub(crate) use store::{Doors, doors};
pub use store::{by_id, by_token, capability, first_administrator, name_of};

use outpace_core::{Actor, ActorId, ActorKind, AreaId, Role};

/// Somebody who has not signed in, at a public route.
#[must_use]
pub fn nobody(area: AreaId) -> Actor {
    Actor { id: ActorId(-1), kind: ActorKind::Account, role: Role::Resident, area }
}

/// Whoever watches a drill at the machine: reads what an auditor reads, changes nothing.
#[must_use]
pub fn onlooker(area: AreaId) -> Actor {
    Actor { id: ActorId(-2), kind: ActorKind::Account, role: Role::Auditor, area }
}
