//! What happens to conflicts.

use outpace_core::{AreaId, ConflictId, OrderId, Seq, Text};

use crate::Subject;

facts! {
    /// An observation that cannot be was kept.
    ConflictFound = "orders.conflict_found" {
        /// Its number.
        conflict: ConflictId,
        /// Which rule of the world it breaks.
        kind: String,
        /// What it is about.
        subject: Subject,
        /// Where.
        area: AreaId,
        /// What was seen.
        what: Text,
        /// The fact that holds the observation.
        seq: Option<Seq>,
        /// The order to settle it.
        order: OrderId,
    }
    /// Somebody said what was true.
    ConflictSettled = "orders.conflict_settled" {
        /// Which.
        conflict: ConflictId,
        /// What was true.
        settlement: String,
    }
}
