//! Transfers: people ordered to move, each until they are admitted or excused.
//!
//! The law: ordered = waiting + under way + admitted + excused. Each of the four is counted from evidence of its own
//! (the order, the boarding, the stay, the reason), so that a person who falls between two of them is found by
//! [`people_conservation`].

pub mod commands;
pub mod facts;
pub mod model;
pub mod store;

pub use commands::{excuse, order_transfer, order_transfers};
pub use model::{Conservation, Guardian, NewTransfer, Transfer, TransferState};
pub use store::{open_of, people_conservation, transfer, transfers, waiting};
