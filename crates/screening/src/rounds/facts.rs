//! What happened to rounds.

use outpace_core::{AreaId, PersonId, RoundId, Timestamp};
use outpace_store::Fact;
use serde::{Deserialize, Serialize};

use super::forecast::Forecast;
use super::model::{Class, RosterGrid, RoundSpec, SitePool};
use crate::person_set::PersonSet;

/// A round was planned.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RoundPlanned {
    /// Its id.
    pub round: RoundId,
    /// What it is.
    pub spec: RoundSpec,
}

impl Fact for RoundPlanned {
    const KIND: &'static str = "screening.round_planned";
}

/// A round was opened, with its due list: whoever stands in it is counted by it, whatever the registry says later.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RoundOpened {
    /// Which.
    pub round: RoundId,
    /// The forecast that the officer saw.
    pub forecast: Forecast,
    /// The hour of the last result that the officer acknowledged.
    pub acknowledged_last_result_at: Timestamp,
    /// Everyone it covers, by home grid and class.
    pub roster: Vec<RosterGrid>,
    /// Pool sizes by site.
    pub pools: Vec<SitePool>,
}

impl Fact for RoundOpened {
    const KIND: &'static str = "screening.round_opened";
}

/// One person's class changed while the round was open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassChange {
    /// Who.
    pub person: PersonId,
    /// The home grid on the roster.
    pub grid: AreaId,
    /// Class before.
    pub from: Class,
    /// Class now.
    pub to: Class,
}

/// People of a round who are not yet sampled changed class: exempt, in quarantine, back again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RosterRevised {
    /// Which round.
    pub round: RoundId,
    /// Who changed.
    pub changes: Vec<ClassChange>,
}

impl Fact for RosterRevised {
    const KIND: &'static str = "screening.roster_revised";
}

/// Zones changed under sites, or sites were added: other pool sizes hold from now on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolsRevised {
    /// Which round.
    pub round: RoundId,
    /// The sites whose pool changed.
    pub pools: Vec<SitePool>,
}

impl Fact for PoolsRevised {
    const KIND: &'static str = "screening.pools_revised";
}

/// The hour of the last result was reckoned again and told to the public.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForecastRevised {
    /// Which round.
    pub round: RoundId,
    /// The forecast now.
    pub forecast: Forecast,
}

impl Fact for ForecastRevised {
    const KIND: &'static str = "screening.forecast_revised";
}

/// A round was closed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoundClosed {
    /// Which.
    pub round: RoundId,
    /// Why, where it was closed before everyone was sampled.
    pub reason: String,
}

impl Fact for RoundClosed {
    const KIND: &'static str = "screening.round_closed";
}

/// People are exempt from rounds until a moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeopleExempted {
    /// Who.
    pub people: PersonSet,
    /// Why.
    pub reason: super::exempt::ExemptReason,
    /// Until when; absent: until it is ended.
    pub until: Option<Timestamp>,
}

impl Fact for PeopleExempted {
    const KIND: &'static str = "screening.people_exempted";
}

/// Exemptions ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExemptionsEnded {
    /// Whose.
    pub people: PersonSet,
}

impl Fact for ExemptionsEnded {
    const KIND: &'static str = "screening.exemptions_ended";
}
