//! Who acts, what they may do, and the one way to mount a route.
//!
//! - [`office`]: the running office (store and rulebook) and the [`Call`] that every handler is given.
//! - [`routes`]: a capability lists its routes as plain synchronous functions over a transaction or a unit of work; a
//!   route cannot be mounted without a [`Permission`](outpace_core::Permission), so everything is denied by default.
//! - [`matrix`]: which role has which permission.
//! - [`adoption`]: which rules were in force when.
//! - [`actors`]: accounts with passwords and second factors, devices with tokens, sign-in.
//! - [`admit`]: who is behind a request, by token or cookie, and whether they may.
//! - [`door`]: how large, how slow and of what kind a request may be.
//! - [`figures`]: what the edge counts.
//! - [`glass`]: access for a short time that a role or an area does not give, loud and reviewed.
//! - [`health`]: whether the server lives, whether it can work, its figures.
//! - [`problem`]: refusals as problem+json.

pub mod actors;
pub mod admit;
pub mod adoption;
pub mod door;
pub mod figures;
pub mod glass;
pub mod health;
pub mod matrix;
pub mod office;
pub mod openapi;
pub mod problem;
pub mod routes;
mod watch;

pub use admit::Caller;
pub use figures::Figures;
pub use office::{Call, Office, Rulebook};
pub use routes::{Document, Empty, Peer, Routes};
