//! Engines, journal, unit of work, writer, jobs, rebuild, vault, backup. It knows no domain word.
//!
//! A program composes [`Capability`] values, opens a [`Store`] on a data folder, and from then on writes only by
//! [`Store::write`] (or its asynchronous twin [`Store::submit`]) and reads only by [`Store::read`]. A write is one
//! function that gets a [`Unit`]: it looks, decides, records facts; each fact is chained into the journal and folded
//! into the read models at once; everything commits together with what other callers wrote in the same moment, and
//! the caller is answered after the commit. If the function answers an error, nothing of it remains.

pub mod backup;
pub mod capability;
mod counters;
pub mod destroy;
pub mod engine;
pub mod jobs;
pub mod journal;
pub mod memory;
mod migrate;
mod pause;
pub mod private;
pub mod pulse;
pub mod rebuild;
pub mod retrace;
pub mod snapshot;
mod tail;
mod task;
pub mod testing;
pub mod unit;
pub mod vault;
pub mod writer;

pub use capability::{Capabilities, Capability, Fact, Table};
pub use engine::{Join, Place, Result, Row, StoreError, Sums, Trouble, Tx};
pub use jobs::Job;
pub use journal::{Entry, Hash, Head};
pub use memory::Memory;
pub use outpace_core::Value;
pub use pulse::{Paused, Pulse};
pub use unit::Unit;
pub use vault::Keys;
pub use writer::{Committed, Settings, Store};
