//! What a transfer is.

use outpace_core::{AreaId, BedId, FacilityId, PersonId, PlaceId, PlanId, StayId, Text, Timestamp, TripId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ids::TransferId;
use crate::restrictions::Because;
use crate::trips::PassengerKind;

/// Someone who goes along with a child or dependant, of their own will. They are exposed by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Guardian {
    /// Whom they accompany.
    pub of: PersonId,
    /// Whether they said yes.
    pub consented: bool,
}

/// An order to move one person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NewTransfer {
    /// Whom.
    pub person: PersonId,
    /// Where to; absent = the first facility of the right kind with a free room when a trip is planned.
    pub to: Option<FacilityId>,
    /// As a contact or as a case.
    pub kind: PassengerKind,
    /// What it hangs on.
    pub because_of: Because,
    /// From which place, where it is not their home.
    pub from_place: Option<PlaceId>,
    /// Set for a guardian who goes along.
    pub guardian: Option<Guardian>,
    /// The approved plan.
    pub plan: Option<PlanId>,
}

/// Where a transfer stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TransferState {
    /// Ordered, not aboard.
    Waiting,
    /// Aboard.
    UnderWay,
    /// In a facility.
    Admitted,
    /// Not to be moved after all, for a reason.
    Excused,
}

impl TransferState {
    /// The word in the table and the tally.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::UnderWay => "under_way",
            Self::Admitted => "admitted",
            Self::Excused => "excused",
        }
    }

    /// Whether the person is still to arrive.
    #[must_use]
    pub fn is_open(self) -> bool {
        matches!(self, Self::Waiting | Self::UnderWay)
    }
}

/// A transfer as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = PersonTransfer)]
pub struct Transfer {
    /// Its number.
    pub id: TransferId,
    /// Whom.
    pub person: PersonId,
    /// Where the person lives.
    pub area: AreaId,
    /// Where to.
    pub to: Option<FacilityId>,
    /// As a contact or as a case.
    pub kind: PassengerKind,
    /// What it hangs on.
    pub because_of: Because,
    /// From which place.
    pub from_place: Option<PlaceId>,
    /// Whom this person accompanies as a guardian.
    pub guardian_of: Option<PersonId>,
    /// The approved plan.
    pub plan: Option<PlanId>,
    /// Where it stands.
    pub state: TransferState,
    /// When it was ordered.
    pub ordered_at: Timestamp,
    /// The trip that it is planned for or was made with.
    pub trip: Option<TripId>,
    /// The bed reserved for it.
    pub bed: Option<BedId>,
    /// When the person boarded.
    pub boarded_at: Option<Timestamp>,
    /// When the person was admitted.
    pub admitted_at: Option<Timestamp>,
    /// The stay that it led to.
    pub stay: Option<StayId>,
    /// Why it was excused.
    pub excused_because: Option<Text>,
}

/// The law of people: ordered = waiting + under way + admitted + excused.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Conservation {
    /// Transfers that were ordered.
    pub ordered: i64,
    /// Ordered and not aboard.
    pub waiting: i64,
    /// Aboard and not handed over.
    pub under_way: i64,
    /// With a stay that the transfer led to.
    pub admitted: i64,
    /// With a reason not to move.
    pub excused: i64,
    /// Ordered less all others; 0 or an alarm.
    pub difference: i64,
    /// The transfers that are in none of the four, or in more than one, at most 1,000.
    pub transfers: Vec<TransferId>,
}
