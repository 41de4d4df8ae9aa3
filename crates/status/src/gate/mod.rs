//! A status for a gate without a network: signed, short-lived, without an identity.
//!
//! A [`StatusPass`] is 88 bytes that fit a QR code: an alias that changes every few hours, the colour, the last negative,
//! the time. It is signed with a key that is used for some days only. While it has a network, a gate fetches the
//! [`GateList`]: the public keys, and the aliases of everybody whose colour has become worse since they may have been given
//! a pass; without one it verifies by these alone ([`verify`], and `web/src/lib/gate` as the page does it).
//!
//! The list needs no record of who was given a pass: aliases are keyed hashes of person, period and colour, so the server
//! makes those that must no longer count whenever it is asked.

mod http;
mod keys;
mod list;
mod pass;

pub use http::{GateKeys, PassAnswer, PassQuery, SignedGateList, list_for_gate, pass_for};
pub use list::{GateKey, GateList, LIST_FORMAT};
pub use pass::{ALIAS_BYTES, GateRefusal, PASS_HEAD, StatusPass, verify};

pub(crate) use http::routes;
