//! Accounts with passwords and second factors, devices with tokens. Facts say that an actor exists and which token hashes
//! are good; password hashes and sealed secrets stand in tables of their own that are neither journal nor read model.

mod accounts;
mod directory;
mod enrolment;
mod errors;
mod facts;
mod http;
mod model;
mod password;
pub mod residents;
mod session;
mod store;
#[cfg(test)]
mod tests;
pub mod totp;

pub use accounts::{
    Account, Actors, AddAccount, AddDevice, Device, ListActors, WhomAndWhy, add_device, new_password_here,
    reset_second_factor_here,
};
pub(crate) use directory::Doors;
pub use enrolment::{ConfirmEnrolment, Enrolment};
pub use facts::{
    AccountLocked, AccountUnlocked, ActorAdded, ActorDisabled, PasswordChanged, SecondFactorEnrolled,
    SecondFactorReset, TokenEnded, TokenIssued, TokenRevoked,
};
pub use http::routes;
pub use model::{Listed, OwnToken, Post, PostKind, SecondFactor, Signed, TokenHash, TokenKind, Whom};
pub use session::{ChangePassword, Keep, Own, SignIn, SignedIn, WhoAsks};
pub(crate) use store::doors;
pub use store::{by_id, by_token, capability, first_administrator, looked_at_by, name_of, post_of, signed_by};

use outpace_core::{Actor, ActorId, ActorKind, AreaId, Refusal, Role};
use outpace_store::Unit;

/// Somebody who has not signed in, at a public route.
#[must_use]
pub fn nobody(area: AreaId) -> Actor {
    Actor::new(ActorId(-1), ActorKind::Account, Role::Resident, area)
}

/// Whoever watches a drill at the machine: reads what an auditor reads, changes nothing.
#[must_use]
pub fn onlooker(area: AreaId) -> Actor {
    Actor::new(ActorId(-2), ActorKind::Account, Role::Auditor, area)
}

/// Passes where a device that is for one thing is for these: what stands here of its kind must be it. Whoever is for none
/// acts by role and area.
///
/// # Errors
/// 403 for a device that is for another.
pub fn at_post(unit: &Unit<'_>, here: &[(PostKind, i64)]) -> Result<(), Refusal> {
    let own = unit.remembered(|doors: &Doors| doors.read().actors.get(&unit.actor().id).and_then(|known| known.post));
    let Some(post) = own.flatten() else { return Ok(()) };
    match here.iter().find(|(kind, id)| post.kind == *kind && post.id != *id) {
        Some((_, id)) => Err(errors::not_its_post(post, *id)),
        None => Ok(()),
    }
}
