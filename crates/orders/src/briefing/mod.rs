//! The briefing: what was found, what was done, what is late, what comes next, by task force and by area, at any
//! hour, with the journal's head as a witness.
//!
//! [`gather`] reads what lies in this crate; [`own_sections`] and [`compose`] are pure; [`markdown`] and [`html`]
//! print. Capabilities above this one hand in their own [`Section`]s; whoever sees all of them composes.

mod gather;
mod model;
mod print;
mod sections;

pub use gather::{Gathered, TeamCounts, gather};
pub use model::{Briefing, HeadLine, Language, Part, Section, compose};
pub use print::{html, markdown};
pub use sections::own_sections;
