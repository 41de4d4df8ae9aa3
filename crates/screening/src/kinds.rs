//! The kinds of orders that this capability issues, by their keys in the playbook.

use outpace_orders::kinds::IssuedKind;
use outpace_policy::SubjectKind;

/// All of them.
pub const KINDS: &[IssuedKind] =
    &[VISIT_DOORS, HAND_OUT_KITS, CONFIRM_ANTIGEN, CARRY_BOX, RESAMPLE_TUBE, CHASE_TUBES, SIGN_EXCLUSION];

/// Visit the doors of a grid where people were due and did not come.
pub const VISIT_DOORS: IssuedKind = IssuedKind { key: "visit-door", subject: SubjectKind::Area };
/// Hand out antigen kits in a grid.
pub const HAND_OUT_KITS: IssuedKind = IssuedKind { key: "antigen-distribution", subject: SubjectKind::Area };
/// Sample someone alone whose antigen test was positive.
pub const CONFIRM_ANTIGEN: IssuedKind = IssuedKind { key: "confirm-antigen", subject: SubjectKind::Person };
/// Carry a box to a laboratory.
pub const CARRY_BOX: IssuedKind = IssuedKind { key: "courier-leg", subject: SubjectKind::Box };
/// Sample the people of a lost or void tube again.
pub const RESAMPLE_TUBE: IssuedKind = IssuedKind { key: "resample-tube", subject: SubjectKind::Tube };
/// Find the tubes that are late against a deadline.
pub const CHASE_TUBES: IssuedKind = IssuedKind { key: "chase-tubes", subject: SubjectKind::Jurisdiction };
/// Sign, as the second person, that suspicious results are taken back.
pub const SIGN_EXCLUSION: IssuedKind = IssuedKind { key: "sign-exclusion", subject: SubjectKind::Jurisdiction };
