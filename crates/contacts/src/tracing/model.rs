//! Exposures and contacts, in the words of the field dictionary that tracers used in 2022.

use outpace_core::{AreaId, CaseId, ExposureId, FacilityId, PersonId, Seq, Timestamp};
use outpace_policy::{ContactClass, Setting};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::cases::FoundHow;
use crate::visits::{Evidence, Spot};

outpace_registry::words! {
    /// How a contact is observed.
    pub enum Observation {
        /// At home (居家).
        Home = "home",
        /// At a quarantine site (集中隔离).
        Facility = "facility",
        /// In a hospital (医院).
        Hospital = "hospital",
        /// Waiting to be moved (待转运).
        WaitingForTransfer = "waiting_for_transfer",
        /// Not known (不详).
        Unknown = "unknown",
    }
}

outpace_registry::words! {
    /// What became of a contact.
    pub enum Outcome {
        /// Observation goes on (继续观察).
        Continuing = "continuing",
        /// Became a confirmed case (转为确诊).
        BecameConfirmed = "became_confirmed",
        /// Became an infection without symptoms (转为阳性).
        BecamePositive = "became_positive",
        /// Released (解除).
        Released = "released",
    }
}

outpace_registry::words! {
    /// What is missing in a contact's record: the checks that were run every day.
    pub enum ContactGap {
        /// Nobody has spoken to the person.
        NotReached = "not_reached",
        /// Said to be at a quarantine site, but no site is named: waiting for transfer.
        WaitingForTransfer = "waiting_for_transfer",
        /// Left the area, and nobody says where to.
        DestinationMissing = "destination_missing",
    }
}

/// One exposure of one person to one case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Exposure {
    /// Its number.
    pub id: ExposureId,
    /// Who.
    pub person: PersonId,
    /// In what setting.
    #[schema(value_type = String)]
    pub setting: Setting,
    /// What that makes them, by the pack in force or a tracer's judgement.
    #[schema(value_type = String)]
    pub class: ContactClass,
    /// Where, as far as it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spot: Option<Spot>,
    /// The room, row or seat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<String>,
    /// From.
    pub from: Timestamp,
    /// To.
    pub to: Timestamp,
    /// How it is known.
    pub evidence: Evidence,
    /// The close contact in between, for a contact of a contact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub via: Option<PersonId>,
    /// Whether the class is a tracer's judgement and not the pack's rule.
    #[serde(default)]
    pub judged: bool,
}

/// One person's contact with one case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Contact {
    /// The case.
    pub case: CaseId,
    /// Who.
    pub person: PersonId,
    /// The grid the person lives in.
    pub area: AreaId,
    /// The strictest class of all exposures.
    #[schema(value_type = String)]
    pub class: ContactClass,
    /// The setting of the exposure that gives the class.
    #[schema(value_type = String)]
    pub setting: Setting,
    /// The close contact in between, for a contact of a contact.
    pub via: Option<PersonId>,
    /// How the contact was found.
    pub found_how: FoundHow,
    /// Start of the first exposure.
    pub first_exposure_at: Timestamp,
    /// End of the last exposure: day 0.
    pub last_exposure_at: Timestamp,
    /// How the contact is observed.
    pub observation: Observation,
    /// The quarantine site or hospital.
    pub facility: Option<FacilityId>,
    /// What became of it.
    pub outcome: Outcome,
    /// When somebody first spoke to the person.
    pub reached_at: Option<Timestamp>,
    /// Where the person is instead, after leaving the area.
    pub whereabouts: Option<AreaId>,
    /// Whether the person has left the area.
    pub left_area: bool,
    /// When release is due, as last told.
    pub release_due_at: Option<Timestamp>,
    /// Why it was no contact after all.
    pub excluded_because: Option<String>,
    /// The facts it rests on.
    pub seqs: Vec<Seq>,
}

impl Contact {
    /// Whether it is a reason for anything: not excluded, not over.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.excluded_because.is_none() && self.outcome == Outcome::Continuing
    }

    /// What is missing in the record.
    #[must_use]
    pub fn gaps(&self) -> Vec<ContactGap> {
        if !self.is_active() {
            return Vec::new();
        }
        let checks = [
            (ContactGap::NotReached, self.reached_at.is_none()),
            (
                ContactGap::WaitingForTransfer,
                self.observation == Observation::WaitingForTransfer
                    || (self.observation == Observation::Facility && self.facility.is_none()),
            ),
            (ContactGap::DestinationMissing, self.left_area && self.whereabouts.is_none()),
        ];
        checks.into_iter().filter(|(_, missing)| *missing).map(|(gap, _)| gap).collect()
    }
}
