//! Status: everybody's colour with its reasons, last sample and last negative, answered from memory; check-ins at places.
//!
//! - [`rules`]: the colour as a pure function of the pack and of what bears on the person. Nobody sets one.
//! - [`board`]: sixteen bytes a person, and a drawer for the few who have a mark.
//! - [`due`]: how many of any area are due for routine screening today.
//! - `feed`: how facts of other capabilities reach the board; `restore`: how it is filled from the tables at start.
//! - [`gate`]: a status that a gate verifies without a network.
//! - [`http`]: the routes.
//!
//! The display waits for nothing: a status is answered where the request is taken in, from slots that are read without
//! a lock, while the writer is at work.

pub mod board;
pub mod due;
pub mod errors;
mod feed;
pub mod gate;
pub mod http;
pub mod model;
mod restore;
pub mod rules;
pub mod slots;
mod snapshot;
pub mod table;
#[cfg(test)]
mod tests;

pub use board::{Board, Display};
pub use errors::StatusError;
pub use http::{routes, tick};
pub use model::{Colour, ColourReason, Status};

use outpace_store::{Capability, Store};

/// The board with everything that it follows. It stands after the capabilities whose facts it follows.
#[must_use]
pub fn capability() -> Capability {
    let display = Display::default();
    let capability = feed::join(Capability::new("status"), &display);
    let shown = display.clone();
    capability
        .restore(move |tx, memory| {
            display.replace(restore::filled(tx)?);
            memory.put(display.clone());
            Ok(())
        })
        .snapshot(
            snapshot::NAME,
            |memory| snapshot::saved(&memory.get::<Display>()?.board()),
            move |memory, bytes| {
                shown.replace(snapshot::loaded(bytes)?);
                memory.put(shown.clone());
                Some(())
            },
        )
}

/// The board of a store; an empty one where the store was opened without this capability.
#[must_use]
pub fn display_of(store: &Store) -> Display {
    store.remembered(Display::clone).unwrap_or_default()
}
