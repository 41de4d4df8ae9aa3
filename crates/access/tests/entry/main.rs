//! Getting in, staying in and getting out, as somebody who should not would try it: sessions in cookies, second factors,
//! locks, renewals, tampering.

// The helpers of a test may stop it, as its assertions do.
#![allow(clippy::unwrap_used)]

mod desk;
mod devices;
mod guesses;
mod machine;
mod second_factors;
mod sessions;
