//! What each role may do, where, and what no role may: over every route, on a county in which everything happened in one
//! township.

// The helpers of a test may stop it, as its assertions do.
#![allow(clippy::unwrap_used)]

mod county;
mod edited;
mod extra;
mod glass;
mod least;
mod reach;
mod request;
mod two;
