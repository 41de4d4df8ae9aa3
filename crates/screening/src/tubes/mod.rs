//! Tubes at the lane: a whole tube at once or person by person, the checks before the swab, sealing.

pub mod check;
pub(crate) mod deadlines;
mod facts;
pub mod identify;
mod model;
pub mod pages;
mod place;
pub mod register;
mod rows;
pub(crate) mod store;
pub(crate) mod twice;

pub use check::{Check, Checked, Warning, check};
pub use facts::{Opening, SamplesFiled, SwabIdentified, SwabTaken, SwabsTaken, TubeFound, TubeSealed};
pub use identify::{IdentifySwab, identify_swab};
pub use model::{Counts, Flag, Home, Member, NoFile, Purpose, Stage, Swab, Tube, priority_of};
pub use pages::{TubeQuery, TubeView, show_tube};
pub(crate) use place::Earlier;
pub use register::{Placed, RegisterSwab, RegisterTube, Registered, SealTube, register_swab, register_tube, seal_tube};
pub use rows::{tube, tube_people};
pub(crate) use store::join;

use outpace_access::Routes;
use outpace_core::Permission;

/// The routes.
#[must_use]
pub fn routes() -> Routes {
    let sample = Permission::ScreeningSample;
    Routes::new()
        .command("/api/screening/check", sample.by_area(), "Before the swab: what speaks against it", check)
        .command("/api/screening/tubes", sample.by_area(), "Register a whole tube", register_tube)
        .command("/api/screening/swabs", sample.by_area(), "Register one person into a tube", register_swab)
        .command("/api/screening/tubes/seal", sample.by_area(), "Seal a tube", seal_tube)
        .command("/api/screening/swabs/identify", sample.by_area(), "Say whose an unidentified swab was", identify_swab)
        .query("/api/screening/tube", Permission::ScreeningRead.by_area(), "A tube: people, way, results", show_tube)
}
