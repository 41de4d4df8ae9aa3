//! A status for a gate without a network: signed, short-lived, without an identity.
//!
//! A [`StatusPass`] is 86 bytes that fit a QR code: a place that changes every few hours, the colour, the last negative, the
//! time. It is signed with a key that is used for some days only. While it has a network, a gate fetches the [`GateList`]: the
//! public keys, and for each place the colour below which a pass counts no longer; without one it verifies by these alone
//! ([`verify`], and `web/src/lib/gate` as the page does it).
//!
//! The list is exact: nobody free is refused because of it. It takes two bits a place and period, 262 kB in base64 for a county of
//! 344,472 where everybody turned, and only what changed travels to a gate that has an older one. Neither needs a record of who was
//! given a pass: the order of places follows from a key and the period. ADR 18 says what was weighed.

mod http;
mod keys;
mod list;
mod map;
mod pass;
mod places;

pub use http::{GateKeys, GateListQuery, PassAnswer, PassQuery, SignedGateList, list_for_gate, pass_for};
pub use list::{GateHead, GateKey, GateList, GateMap, LIST_FORMAT};
pub use map::{ColourMap, MapUpdate};
pub use pass::{GateRefusal, PASS_HEAD, StatusPass, verify};

pub(crate) use http::routes;
pub(crate) use list::GateMemory;
