//! The score: what the system reached, held against what the report says.
//!
//! Every figure is asked of the system ([`measure`]), never of the player's own memory. A row is judged at its reported
//! hour; until then it shows what is reached so far, and since when. Only outcomes count.

pub mod board;
pub mod measure;
pub mod report;
mod table;

pub use board::Board;
pub use report::Report;
