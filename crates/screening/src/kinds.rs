//! The kinds of orders that this capability issues, by their keys in the playbook.

/// Visit the doors of those who were due and did not come.
pub const VISIT_DOORS: &str = "visit-door";
/// Hand out antigen kits in a grid.
pub const HAND_OUT_KITS: &str = "antigen-distribution";
/// Sample someone alone whose antigen test was positive.
pub const CONFIRM_ANTIGEN: &str = "confirm-antigen";
/// Carry a box to a laboratory.
pub const CARRY_BOX: &str = "courier-leg";
/// Sample the people of a lost or void tube again.
pub const RESAMPLE_TUBE: &str = "resample-tube";
/// Find the tubes that are late against a deadline.
pub const CHASE_TUBES: &str = "chase-tubes";
