//! What makes the response look again. A capability that records one of these enqueues a job of the kind
//! [`RESPOND`] with the trigger as its payload; the response loads the closure of it, decides and plans.

use serde::{Deserialize, Serialize};

use crate::{AreaId, AssessmentId, CaseId, PersonId, PlaceId, TubeCode, ZoneId};

/// The kind of the job that makes the response look again.
pub const RESPOND: &str = "respond";

/// What changed, as narrowly as the recorder can say it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trigger {
    /// A pooled tube came back positive or inconclusive.
    Tube(TubeCode),
    /// A person's own result, status, stay or restriction changed.
    Person(PersonId),
    /// A case was opened, changed or excluded.
    Case(CaseId),
    /// A place was named, held or released.
    Place(PlaceId),
    /// An assessment was signed, expired or withdrawn.
    Assessment(AssessmentId),
    /// A zone's conditions may have changed (a round closed, a deadline passed).
    Zone(ZoneId),
    /// An area's facts changed as a whole (a round closed).
    Area(AreaId),
    /// Look at everything: another pack was adopted, or nobody knows what changed.
    Everything,
}
