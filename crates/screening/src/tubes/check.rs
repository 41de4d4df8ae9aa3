//! Before the swab: what speaks against it. An intention is warned while it can still be changed; the lane decides,
//! and what it then does is registered whatever this said.
//!
//! The answer carries year of birth and sex, so that the sampler sees whether the code shown is the person's own.

use outpace_access::Call;
use outpace_core::{LaneId, PersonId, Refusal, RoundId, SiteId, Text, TubeCode};
use outpace_registry as registry;
use outpace_store::Unit;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::desk::{Desk, Seat};
use crate::errors::ScreeningError;
use crate::neighbours;
use crate::rounds::{Class, RoundState};
use crate::sites::{OpenState, SiteKind};
use crate::tubes::Stage;
use crate::tubes::register::well_formed;
use crate::tubes::store::row_by_code;
use crate::tubes::twice::{are_close, elsewhere, sampled_in};
use crate::words::words;

words! {
    /// What speaks against a swab at this lane now.
    pub enum WarningKind {
        /// Already sampled in this round.
        AlreadySampled = "already_sampled" / "本轮已采样",
        /// The round does not cover the person.
        NotDue = "not_due" / "不在本轮名单",
        /// Sampled at another site a few minutes ago: is it the same person?
        TwoSites = "two_sites" / "几分钟前在另一采样点采过样",
        /// Sampled into another tube a few minutes ago.
        InTwoTubes = "in_two_tubes" / "几分钟前已采入另一管",
        /// In facility quarantine or isolation: tested there.
        Quarantined = "quarantined" / "集中隔离人员",
        /// The tube's code was in use before: at another lane, in another round, or it is sealed.
        TubeSeenBefore = "tube_seen_before" / "管码已被使用",
        /// The tube holds as many people as it may.
        TubeFull = "tube_full" / "本管已满",
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
    /// The tube that the swab would go into; absent: not looked at.
    #[serde(default)]
    pub tube: Option<TubeCode>,
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
    site: SiteId,
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
            site: *site,
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
    if !call.sees(found.area) {
        return Err(ScreeningError::UnknownLane { lane }.into());
    }
    let person =
        registry::person(unit.tx(), request.person)?.ok_or(ScreeningError::UnknownPerson { person: request.person })?;
    let mut kinds = twice(unit, call, &request, &found)?;
    kinds.extend(tube(unit, &request, &found)?);
    let abnormal = request.fever || neighbours::is_confined(unit.tx(), request.person)?;
    Ok(Checked {
        person: request.person,
        birth_year: person.birth_year,
        sex: person.sex,
        warnings: warnings(&found, round.is_some(), abnormal, kinds),
        people_max: found.people_max,
    })
}

/// Whether the person was sampled a few minutes ago: at another site, or here into another tube.
fn twice(unit: &mut Unit<'_>, call: &Call, request: &Check, found: &Found) -> Result<Vec<WarningKind>, Refusal> {
    let person = request.person;
    let last = match found.seat.and_then(|seat| seat.tube) {
        Some(tube) => sampled_in(unit.tx(), tube, person)?.filter(|last| are_close(call, call.now, last.at)),
        None => elsewhere(unit, call, request.round, person, call.now)?,
    };
    Ok(match last {
        Some(last) if last.site != found.site => vec![WarningKind::TwoSites],
        Some(_) if found.seat.is_none_or(|seat| seat.tube.is_none()) => vec![WarningKind::InTwoTubes],
        _ => Vec::new(),
    })
}

/// What speaks against the tube.
fn tube(unit: &mut Unit<'_>, request: &Check, found: &Found) -> Result<Vec<WarningKind>, Refusal> {
    let Some(code) = &request.tube else { return Ok(Vec::new()) };
    well_formed("tube", code.as_str(), code.is_well_formed())?;
    let Some(row) = row_by_code(unit.tx(), code)? else { return Ok(Vec::new()) };
    let tube = row.tube;
    let elsewhere = tube.lane.is_some_and(|lane| lane != request.lane) || tube.round != request.round;
    let mut kinds = Vec::new();
    if elsewhere || tube.stage != Stage::Open {
        kinds.push(WarningKind::TubeSeenBefore);
    } else if found.people_max.is_some_and(|most| tube.people >= most) && !tube.household {
        kinds.push(WarningKind::TubeFull);
    }
    Ok(kinds)
}

fn warnings(found: &Found, in_round: bool, abnormal: bool, mut kinds: Vec<WarningKind>) -> Vec<Warning> {
    match found.seat {
        Some(Seat { tube: Some(_), .. }) => kinds.push(WarningKind::AlreadySampled),
        Some(Seat { home: Some((_, Class::Exempt)), .. }) => kinds.push(WarningKind::Exempt),
        Some(Seat { home: Some((_, Class::Quarantined)), .. }) => kinds.push(WarningKind::Quarantined),
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
        WarningKind::TwoSites => Text::new(
            "几分钟前此人的码在另一采样点采过样:请核对出生年份和性别,确认是本人。",
            "This code was sampled at another site a few minutes ago: compare year of birth and sex; is it the same person?",
        ),
        WarningKind::InTwoTubes => Text::new(
            "几分钟前已采入另一管,无需再采;确需双采的请按复核登记。",
            "Sampled into another tube a few minutes ago; no second swab is needed unless it is a retest.",
        ),
        WarningKind::Quarantined => Text::new(
            "集中隔离人员在隔离点采样,请联系隔离点。",
            "Is tested where they are isolated; call the facility.",
        ),
        WarningKind::TubeSeenBefore => Text::new(
            "此管码已在别处使用或已封管,请换一支新管。",
            "This code is in use elsewhere, or the tube is sealed; take another tube.",
        ),
        WarningKind::TubeFull => {
            Text::new("本管人数已满,请封管换新管。", "The tube is full; seal it and take another.")
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
