//! Facts about goods.

use outpace_core::{CaseId, PlaceId};

use super::Hand;

outpace_registry::facts! {
    /// It became known where a lot is, who touched it, and that a case did. Adds to what was known.
    LotTraced = "contacts.lot_traced" {
        /// Its mark.
        code: String,
        /// What it is.
        what: String,
        /// Where it is now.
        place: Option<PlaceId>,
        /// The case that touched it.
        case: Option<CaseId>,
        /// Who had to do with it.
        hands: Vec<Hand>,
    }
}
