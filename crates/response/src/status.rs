//! The colour of a person's status: derived from measures, cases, zones and missed rounds by the pack's lists of
//! reasons. Nobody sets it, and every colour names its reasons.

use std::collections::BTreeSet;

use outpace_policy::{Pack, QuarantineClass, StatusColour, StatusReason, ZoneLevel};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::items::Confinement;
use crate::situation::Stage;

/// What bears on a person's status.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Standing {
    /// Their case, while care lasts.
    pub case: Option<Stage>,
    /// Confinements in force.
    pub confined: Vec<(Confinement, Option<QuarantineClass>)>,
    /// Levels of the zones in force around their home.
    pub zones: BTreeSet<ZoneLevel>,
    /// Whether they missed a round by their own doing and still owe the test.
    pub missed_round: bool,
}

/// A status: the colour and every reason for one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Status {
    /// Green, yellow or red.
    #[schema(value_type = String)]
    pub colour: StatusColour,
    /// Why, as keys of the pack's reasons, with their Chinese names.
    pub reasons: Vec<StatusBecause>,
}

/// One reason of a status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StatusBecause {
    /// The colour that it gives.
    #[schema(value_type = String)]
    pub colour: StatusColour,
    /// The reason.
    #[schema(value_type = String)]
    pub reason: StatusReason,
    /// Its Chinese name.
    pub zh: String,
    /// The clause.
    pub clause: String,
}

fn reasons(standing: &Standing) -> BTreeSet<StatusReason> {
    let mut reasons = BTreeSet::new();
    match standing.case {
        // A preliminary positive is treated as a suspected case until it is reviewed.
        Some(Stage::Suspected | Stage::Preliminary) => {
            reasons.insert(StatusReason::Suspected);
        }
        Some(Stage::Confirmed) => {
            reasons.insert(StatusReason::Confirmed);
        }
        Some(Stage::Asymptomatic) => {
            reasons.insert(StatusReason::Asymptomatic);
        }
        Some(Stage::Excluded) | None => {}
    }
    for (kind, class) in &standing.confined {
        match kind {
            Confinement::FacilityQuarantine => reasons.insert(StatusReason::FacilityQuarantine),
            Confinement::HomeQuarantine => reasons.insert(StatusReason::HomeQuarantine),
            Confinement::Isolation | Confinement::HomeMonitoring => false,
        };
        match class {
            Some(QuarantineClass::CloseContact) => reasons.insert(StatusReason::CloseContact),
            Some(QuarantineClass::ContactOfContact) => reasons.insert(StatusReason::ContactOfContact),
            Some(QuarantineClass::OutbreakVenue) => reasons.insert(StatusReason::OutbreakVenue),
            Some(QuarantineClass::CasualContact) => reasons.insert(StatusReason::SameTimeAndPlace),
            _ => false,
        };
    }
    for level in &standing.zones {
        reasons.insert(match level {
            ZoneLevel::Lockdown => StatusReason::LockdownZone,
            ZoneLevel::Control => StatusReason::ControlZone,
            ZoneLevel::Precaution => StatusReason::PrecautionZone,
            ZoneLevel::High | ZoneLevel::Medium => StatusReason::RiskAreaStay,
            ZoneLevel::Low => continue,
        });
    }
    if standing.missed_round {
        reasons.insert(StatusReason::MissedRound);
    }
    reasons
}

/// Derives the status by the pack's lists.
#[must_use]
pub fn status(standing: &Standing, pack: &Pack) -> Status {
    let mut because = Vec::new();
    for reason in reasons(standing) {
        // A missed round has a rule of its own.
        let missed = &pack.missed_round.colour;
        let found = if reason == StatusReason::MissedRound {
            (missed.value != StatusColour::Green).then_some((missed.value, &missed.source))
        } else if pack.status.red.value.contains(&reason) {
            Some((StatusColour::Red, &pack.status.red.source))
        } else if pack.status.yellow.value.contains(&reason) {
            Some((StatusColour::Yellow, &pack.status.yellow.source))
        } else {
            None
        };
        if let Some((colour, source)) = found {
            let zh = reason.zh().to_owned();
            because.push(StatusBecause { colour, reason, zh, clause: source.clause.clone() });
        }
    }
    because.sort_by_key(|one| std::cmp::Reverse(one.colour));
    let colour = because.iter().map(|one| one.colour).max().unwrap_or(StatusColour::Green);
    Status { colour, reasons: because }
}
