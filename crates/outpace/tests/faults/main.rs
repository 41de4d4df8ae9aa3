//! Faults: what is done to a running server here, a city would meet in its worst week. Each test does it to the real
//! program, over HTTP, as its users do; what was acknowledged must be there afterwards, once.
//!
//! Run as any test it takes seconds: a few kills. `OUTPACE_TORTURE=long` (`make torture`) makes it a hundred, and prints
//! a line of the table for each fault. `OUTPACE_TORTURE_SEED` chooses the moments of the kills; each run prints its own.
//! Where `OUTPACE_TEST_DB` names a PostgreSQL the forms for that engine run, each on a private one of its own, since
//! they kill it; in the long form both do.

// The helpers of a test may stop it, as its assertions do.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod abuse;
mod clocks;
mod crew;
mod damage;
mod disk;
mod disorder;
mod form;
mod house;
mod kills;
mod postgres;
