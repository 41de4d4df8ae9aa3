//! Signed judgements (研判): what an officer or an expert group found, about what, until when. They are facts that decide()
//! uses like any other; who signs them is [`assess`](crate::assess).

use std::collections::BTreeSet;

use outpace_core::{AreaId, CaseId, PersonId, PlaceId, Seq, Text, Timestamp};
use outpace_policy::{ContactClass, ZoneLevel};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a signed judgement found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// The areas and places of the scope belong on this level.
    Zone {
        /// The level.
        #[schema(value_type = String)]
        level: ZoneLevel,
    },
    /// The people of the scope (or who work at its places) are contacts.
    PeopleAreContacts {
        /// Of which class.
        #[schema(value_type = String)]
        class: ContactClass,
        /// Their last exposure; the time of signing where it is not known.
        exposed_until: Option<Timestamp>,
    },
    /// The people of the scope are no contacts by what was known when it was signed: an appeal that was right. What
    /// becomes known later counts again.
    PeopleAreNoContacts,
    /// The places of the scope must be held before anything is confirmed.
    HoldPlaces,
    /// Goods at the places of the scope must be held.
    HoldGoods {
        /// Which goods, in words.
        goods: String,
    },
    /// The chain of transmission is unclear in the areas of the scope: rounds day after day where the pack asks for
    /// them, and the level that it draws where contacts are hard to trace.
    ChainUnclear,
    /// There is no risk of spread in the community in the areas of the scope.
    NoCommunitySpread,
    /// Classes of places in the areas of the scope must close.
    CloseClasses {
        /// Keys of place classes, such as `express_outlet`.
        classes: BTreeSet<String>,
    },
    /// The expert group agrees to the discharge of the cases of the scope: care ends when it was signed, for good.
    DischargeAgreed,
}

impl Finding {
    /// Whether it says who is a contact, or who is none.
    #[must_use]
    pub fn is_about_contacts(&self) -> bool {
        match self {
            Self::PeopleAreContacts { class, .. } => *class != ContactClass::None,
            Self::PeopleAreNoContacts => true,
            _ => false,
        }
    }
}

/// What a judgement is about. Lists that the finding does not ask for stay empty.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Scope {
    /// Areas.
    pub areas: BTreeSet<AreaId>,
    /// Places.
    pub places: BTreeSet<PlaceId>,
    /// People.
    pub people: BTreeSet<PersonId>,
    /// Cases.
    pub cases: BTreeSet<CaseId>,
}

/// A signed judgement (研判) that counts now or did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assessment {
    /// What it is about.
    pub scope: Scope,
    /// What it found.
    pub finding: Finding,
    /// When it was signed.
    pub signed_at: Timestamp,
    /// When it ends by itself.
    pub expires_at: Timestamp,
    /// Whether it was withdrawn.
    pub withdrawn: bool,
    /// The reason in words, for those affected.
    pub reason: Text,
    /// The fact.
    pub seq: Seq,
}

impl Assessment {
    /// Whether it counts at a moment.
    #[must_use]
    pub fn counts(&self, now: Timestamp) -> bool {
        !self.withdrawn && now < self.expires_at
    }
}
