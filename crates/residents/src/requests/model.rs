//! A request and what became of it.

use outpace_core::{ActorId, AreaId, OrderId, PersonId, RequestId, RestrictionId, Seq, Text, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

outpace_registry::words! {
    /// What is asked.
    pub enum RequestKind {
        /// That a measure be looked at again (申诉).
        Appeal = "appeal",
        /// That something held about the person be corrected (更正).
        Correction = "correction",
    }
}

outpace_registry::words! {
    /// What shall be corrected.
    pub enum About {
        /// Name, number, telephone, address.
        Identity = "identity",
        /// Where the person lives, with whom.
        Residence = "residence",
        /// Needs for care.
        Care = "care",
        /// Where the person is said to have been.
        Visit = "visit",
        /// A sample or a result.
        Sample = "sample",
        /// With whom the person is said to have been.
        Contact = "contact",
        /// Something else.
        Other = "other",
    }
}

outpace_registry::words! {
    /// Who asked.
    pub enum AskedBy {
        /// The person.
        Own = "own",
        /// Somebody who acts for the person.
        Guardian = "guardian",
        /// Staff, for somebody who cannot write or has no telephone; read back to them.
        Paper = "paper",
    }
}

outpace_registry::words! {
    /// What was answered.
    pub enum Outcome {
        /// The measure stands (维持).
        Upheld = "upheld",
        /// The person is right: the ground of the measure was taken back (解除).
        Lifted = "lifted",
        /// It was corrected (已更正).
        Corrected = "corrected",
        /// It was not corrected (不更正).
        Declined = "declined",
    }
}

/// A request as the tables hold it: what the person wrote is sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestRow {
    /// The request, without words.
    pub request: Request,
    /// The key that sealed the words.
    pub key_name: String,
    /// The words, sealed.
    pub sealed: Vec<u8>,
}

/// A request and its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ResidentRequest)]
pub struct Request {
    /// Its number.
    pub id: RequestId,
    /// An appeal or a correction.
    pub kind: RequestKind,
    /// For whom.
    pub person: PersonId,
    /// Where they live.
    pub area: AreaId,
    /// The measure that an appeal is against.
    pub restriction: Option<RestrictionId>,
    /// What shall be corrected.
    pub about: Option<About>,
    /// In the person's words; absent where the time to keep them is over.
    pub words: Option<String>,
    /// Who asked.
    pub asked_by: AskedBy,
    /// When.
    pub asked_at: Timestamp,
    /// By when it must be answered.
    pub due_at: Timestamp,
    /// The order to answer it.
    pub order: OrderId,
    /// When it was answered.
    pub answered_at: Option<Timestamp>,
    /// By whom.
    pub answered_by: Option<ActorId>,
    /// What.
    pub outcome: Option<Outcome>,
    /// Why.
    pub reason: Option<Text>,
    /// The fact that makes a yes true.
    pub fact: Option<Seq>,
    /// The fact that holds the request.
    pub seq: Seq,
}

impl Request {
    /// Whether the answer came late, or is owed past its deadline.
    #[must_use]
    pub fn is_late(&self, now: Timestamp) -> bool {
        self.answered_at.unwrap_or(now) > self.due_at
    }
}
