//! Before the swab: what speaks against it. An intention is warned while it can still be changed; the lane decides,
//! and what it then does is registered whatever this said.
//!
//! The answer carries year of birth and sex, so that the sampler sees whether the code shown is the person's own.

use outpace_access::Call;
use outpace_core::{LaneId, PersonId, Refusal, RoundId, Text};
use outpace_registry as registry;
use outpace_store::Unit;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::desk::{Desk, Seat};
use crate::errors::ScreeningError;
use crate::neighbours;
use crate::rounds::{Class, RoundState};
use crate::sites::{OpenState, SiteKind};
use crate::words::words;

words! {
    /// What speaks against a swab at this lane now.
    pub enum WarningKind {
        /// Already sampled in this round.
        AlreadySampled = "already_sampled" / "本轮已采样",
        /// The round does not cover the person.
        NotDue = "not_due" / "不在本轮名单",
        /// Exempt.
        Exempt = "exempt" / "免检",
        /// Registered as absent; a swab shows that the person is back.
        ThoughtAbsent = "thought_absent" / "登记为不在本地",
        /// Fever or an abnormal status, at a lane for everyone else.
        AbnormalHere = "abnormal_here" / "异常状态人员应到专用采样点",
        /// Nothing abnormal, at a lane for fever and abnormal status.
        OrdinaryHere = "ordinary_here" / "此为发热及异常状态专用采样点",
        /// The lane or its site is closed.
        LaneClosed = "lane_closed" / "通道未开放",
        /// The round is closed or was never opened.
        RoundNotOpen = "round_not_open" / "轮次未开放",
    }
}

/// One thing that speaks against it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Warning {
    /// What.
    pub kind: WarningKind,
    /// What to do instead.
    pub advice: Text,
}

/// Asks before a swab.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Check {
    /// Who stands at the lane.
    pub person: PersonId,
    /// Which lane.
    pub lane: LaneId,
    /// Which round; absent: outside any.
    #[serde(default)]
    pub round: Option<RoundId>,
    /// Whether the thermometer showed fever.
    #[serde(default)]
    pub fever: bool,
}

/// The answer to the sampler.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Checked {
    /// Who.
    pub person: PersonId,
    /// Year of birth, to be compared with the person at the lane.
    pub birth_year: i64,
    /// Sex as registered, for the same.
    pub sex: registry::Sex,
    /// What speaks against it; empty: go on.
    pub warnings: Vec<Warning>,
    /// People who may share a tube here.
    pub people_max: Option<i64>,
}

struct Found {
    open: bool,
    kind: SiteKind,
    area: outpace_core::AreaId,
    round_open: bool,
    seat: Option<Seat>,
    people_max: Option<i64>,
}

/// What speaks against sampling a person at a lane. Records nothing.
///
/// # Errors
/// An unknown person, lane or round; a lane outside the actor's area.
pub fn check(unit: &mut Unit<'_>, call: &Call, request: Check) -> Result<Checked, Refusal> {
    let (lane, round) = (request.lane, request.round);
    let look = |desk: &Desk| {
        let (site, lane_state) = desk.lanes.get(&lane).ok_or(ScreeningError::UnknownLane { lane })?;
        let brief = desk.sites.get(site).ok_or(ScreeningError::UnknownLane { lane })?;
        let in_round = match round {
            Some(round) => Some(desk.rounds.get(&round).ok_or(ScreeningError::UnknownRound { round })?),
            None => None,
        };
        Ok(Found {
            open: *lane_state == OpenState::Open && brief.state == OpenState::Open,
            kind: brief.kind,
            area: brief.area,
            round_open: in_round.is_none_or(|round| round.state == RoundState::Open),
            seat: in_round.and_then(|round| round.seats.as_ref()).map(|seats| seats.seat(request.person)),
            people_max: in_round.and_then(|round| round.pools.get(site)).map(|pool| pool.people_max),
        })
    };
    let found: Result<Found, ScreeningError> =
        unit.remembered(look).unwrap_or(Err(ScreeningError::UnknownLane { lane }));
    let found = found?;
    call.covers(found.area)?;
    let person =
        registry::person(unit.tx(), request.person)?.ok_or(ScreeningError::UnknownPerson { person: request.person })?;
    let abnormal = request.fever || neighbours::is_confined(unit.tx(), request.person)?;
    Ok(Checked {
        person: request.person,
        birth_year: person.birth_year,
        sex: person.sex,
        warnings: warnings(&found, round.is_some(), abnormal),
        people_max: found.people_max,
    })
}

fn warnings(found: &Found, in_round: bool, abnormal: bool) -> Vec<Warning> {
    let mut kinds = Vec::new();
    match found.seat {
        Some(Seat { tube: Some(_), .. }) => kinds.push(WarningKind::AlreadySampled),
        Some(Seat { home: Some((_, Class::Exempt)), .. }) => kinds.push(WarningKind::Exempt),
        Some(Seat { home: Some((_, Class::Absent)), .. }) => kinds.push(WarningKind::ThoughtAbsent),
        Some(Seat { home: None, .. }) => kinds.push(WarningKind::NotDue),
        Some(_) | None => {}
    }
    match (found.kind, abnormal) {
        (SiteKind::Ordinary, true) => kinds.push(WarningKind::AbnormalHere),
        (SiteKind::Abnormal, false) => kinds.push(WarningKind::OrdinaryHere),
        _ => {}
    }
    if !found.open {
        kinds.push(WarningKind::LaneClosed);
    }
    if in_round && !found.round_open {
        kinds.push(WarningKind::RoundNotOpen);
    }
    kinds.into_iter().map(|kind| Warning { kind, advice: advice(kind) }).collect()
}

fn advice(kind: WarningKind) -> Text {
    match kind {
        WarningKind::AlreadySampled => Text::new(
            "本轮已采样,无需重复;如确需再采,会记录为重复。",
            "Already sampled in this round; a second swab will be noted as such.",
        ),
        WarningKind::NotDue => {
            Text::new("不在本轮名单,可不采。", "The round does not cover this person; no swab is needed.")
        }
        WarningKind::Exempt => Text::new("已登记免检。", "Registered as exempt."),
        WarningKind::ThoughtAbsent => {
            Text::new("登记为不在本地,采样后将计入已采。", "Registered as absent; the swab will count.")
        }
        WarningKind::AbnormalHere => {
            Text::new("请引导至发热及异常状态专用采样点。", "Show the way to the site for fever and abnormal status.")
        }
        WarningKind::OrdinaryHere => Text::new("请引导至普通采样点。", "Show the way to an ordinary site."),
        WarningKind::LaneClosed => Text::new("通道未开放,请先开放。", "The lane is closed; open it first."),
        WarningKind::RoundNotOpen => Text::new("轮次未开放。", "The round is not open."),
    }
}
