//! Routes of units, teams and responsibility lists.

use std::collections::BTreeMap;

use outpace_access::{Call, Empty, Routes, actors};
use outpace_core::{AreaId, Permission, Refusal, TeamId, Timestamp};
use outpace_store::{Tx, Unit};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::model::{Duty, Holder, Post, Responsibility, Team, TeamState, WorkUnit};
use super::{Mobilise, Mobilised, NewTeam, store};
use crate::errors::{OrdersError, SHORT_CHARACTERS_MAX, said};
use crate::{Subject, names};

/// Teams of one answer at the most.
pub const TEAMS_MAX: i64 = 500;

/// The routes of teams.
#[must_use]
pub fn routes() -> Routes {
    Routes::new()
        .query("/api/teams/list", Permission::OrdersRead.by_area(), "Teams with their area, shift and rest", list)
        .query("/api/teams/units", Permission::OrdersRead.open(), "Units and the villages they are paired with", units)
        .command("/api/teams/register-units", Permission::OrdersManage.whole(), "Register units", register_units)
        .command("/api/teams/form", Permission::OrdersManage.whole(), "Form a team", form)
        .command("/api/teams/deploy", Permission::OrdersManage.by_area(), "Send a team to an area", deploy)
        .command("/api/teams/arrived", Permission::OrdersWork.by_area(), "Record that a team is in its area", arrived)
        .command(
            "/api/teams/mobilise",
            Permission::OrdersManage.by_area(),
            "Send people of units to villages",
            mobilise,
        )
        .command("/api/teams/set-shift", Permission::OrdersManage.by_area(), "Set a team's shift", set_shift)
        .command("/api/teams/relieve", Permission::OrdersManage.by_area(), "Relieve a team, so that it rests", relieve)
        .command("/api/teams/stand-down", Permission::OrdersManage.by_area(), "Dissolve a team", stand_down)
        .query("/api/teams/responsible", Permission::OrdersRead.by_area(), "Who answers for a subject", responsible)
        .command(
            "/api/teams/give-responsibility",
            Permission::OrdersManage.by_area(),
            "Fill posts of a responsibility list",
            give_responsibility,
        )
        .command(
            "/api/teams/end-responsibility",
            Permission::OrdersManage.by_area(),
            "Take a subject off a responsibility list",
            end_responsibility,
        )
}

/// Narrows the list of teams.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct ListTeams {
    /// Only this state.
    pub state: Option<TeamState>,
    /// Only this task force.
    pub task_force: Option<String>,
    /// Only those sent into this area.
    pub area: Option<AreaId>,
    /// From above this team.
    pub after: Option<TeamId>,
    /// At most this many; 500 when absent.
    pub limit: Option<i64>,
}

/// Teams.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TeamList {
    /// By number.
    pub teams: Vec<Team>,
    /// Where the next page begins; absent at the end.
    pub after: Option<TeamId>,
}

fn list(tx: &mut Tx<'_>, call: &Call, query: ListTeams) -> Result<TeamList, Refusal> {
    let limit = query.limit.unwrap_or(TEAMS_MAX).clamp(1, TEAMS_MAX);
    let page = store::list(tx, query.after, limit)?;
    let after = (page.len() as i64 == limit).then(|| page.last().map(|team| team.id)).flatten();
    let wanted = |team: &Team| {
        query.state.is_none_or(|state| team.state == state)
            && (query.task_force.is_none() || team.task_force == query.task_force)
            && query.area.is_none_or(|area| team.area.is_some_and(|sent| area.contains(sent)))
            // A team that is not sent anywhere belongs to the jurisdiction as a whole.
            && team.area.is_none_or(|sent| call.sees(sent))
    };
    Ok(TeamList { teams: page.into_iter().filter(wanted).collect(), after })
}

/// Units.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct UnitList {
    /// By key.
    pub units: Vec<WorkUnit>,
}

fn units(tx: &mut Tx<'_>, _: &Call, _: Empty) -> Result<UnitList, Refusal> {
    Ok(UnitList { units: store::units(tx)? })
}

fn register_units(unit: &mut Unit<'_>, call: &Call, request: UnitList) -> Result<Empty, Refusal> {
    super::register_units(unit, call, request.units)?;
    Ok(Empty {})
}

/// The number of a team.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
pub struct TeamRef {
    /// Which team.
    pub team: TeamId,
}

fn form(unit: &mut Unit<'_>, call: &Call, request: NewTeam) -> Result<TeamRef, Refusal> {
    Ok(TeamRef { team: super::form(unit, call, request)? })
}

/// Sends a team to an area.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
pub struct DeployTeam {
    /// Which team.
    pub team: TeamId,
    /// Where.
    pub area: AreaId,
}

fn deploy(unit: &mut Unit<'_>, call: &Call, request: DeployTeam) -> Result<Empty, Refusal> {
    call.covers(request.area)?;
    seen(unit, call, request.team)?;
    super::deploy(unit, call, request.team, request.area)?;
    Ok(Empty {})
}

/// A team was seen in its area.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
pub struct RecordArrival {
    /// Which team.
    pub team: TeamId,
    /// Where.
    pub area: AreaId,
    /// How many people; absent = all of the team.
    #[serde(default)]
    pub people: Option<u32>,
    /// When; absent = now.
    #[serde(default)]
    pub occurred_at: Option<Timestamp>,
}

fn arrived(unit: &mut Unit<'_>, call: &Call, request: RecordArrival) -> Result<Empty, Refusal> {
    call.covers(request.area)?;
    seen(unit, call, request.team)?;
    super::arrived(unit, call, request.team, request.area, request.people, request.occurred_at)?;
    Ok(Empty {})
}

/// What was mobilised.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct MobilisedTeams {
    /// One team for each village.
    pub teams: Vec<Mobilised>,
}

fn mobilise(unit: &mut Unit<'_>, call: &Call, request: Mobilise) -> Result<MobilisedTeams, Refusal> {
    request.villages.iter().try_for_each(|village| call.covers(*village))?;
    Ok(MobilisedTeams { teams: super::mobilise(unit, call, request)? })
}

/// A team's shift.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
pub struct SetShift {
    /// Which team.
    pub team: TeamId,
    /// When it begins.
    pub starts_at: Timestamp,
    /// When it ends.
    pub ends_at: Timestamp,
}

fn set_shift(unit: &mut Unit<'_>, call: &Call, request: SetShift) -> Result<Empty, Refusal> {
    seen(unit, call, request.team)?;
    super::set_shift(unit, call, request.team, request.starts_at, request.ends_at)?;
    Ok(Empty {})
}

/// A team is relieved.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
pub struct RelieveTeam {
    /// Which team.
    pub team: TeamId,
    /// How long it rests, in hours.
    pub rest_hours: i64,
}

fn relieve(unit: &mut Unit<'_>, call: &Call, request: RelieveTeam) -> Result<Empty, Refusal> {
    seen(unit, call, request.team)?;
    super::relieve(unit, call, request.team, request.rest_hours)?;
    Ok(Empty {})
}

/// A team is dissolved.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct StandDownTeam {
    /// Which team.
    pub team: TeamId,
    /// Why.
    pub reason: String,
}

fn stand_down(unit: &mut Unit<'_>, call: &Call, request: StandDownTeam) -> Result<Empty, Refusal> {
    seen(unit, call, request.team)?;
    super::stand_down(unit, call, request.team, &request.reason)?;
    Ok(Empty {})
}

/// A team outside one's area must look like one that does not exist.
fn seen(unit: &mut Unit<'_>, call: &Call, team: TeamId) -> Result<(), Refusal> {
    let known = super::load(unit, team)?;
    match known.area {
        Some(area) if !call.sees(area) => Err(OrdersError::unknown("team", team).into()),
        _ => Ok(()),
    }
}

/// Asks who answers for a subject.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct WhoIsResponsible {
    /// Type of the subject.
    pub subject_kind: String,
    /// Its id.
    pub subject_id: String,
}

/// Who answers for a subject.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ResponsibilityList {
    /// List by list.
    pub lists: Vec<Responsibility>,
}

/// Passes a subject in one's own area; one whose place is not known belongs to the jurisdiction as a whole.
fn near(tx: &mut Tx<'_>, call: &Call, subject: &Subject) -> Result<(), Refusal> {
    let area = names::where_is(tx, subject)?.unwrap_or(call.rules.profile.area);
    call.covers(area)
}

fn responsible(tx: &mut Tx<'_>, call: &Call, query: WhoIsResponsible) -> Result<ResponsibilityList, Refusal> {
    let subject = crate::subject_of(&query.subject_kind, &query.subject_id)?;
    near(tx, call, &subject)?;
    Ok(ResponsibilityList { lists: store::responsible_for(tx, &subject)? })
}

/// Fills posts of a list.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct GiveResponsibility {
    /// Which list.
    pub duty: Duty,
    /// For whom or what.
    pub subject: Subject,
    /// Who fills which post.
    pub holders: BTreeMap<Post, Holder>,
}

fn give_responsibility(
    unit: &mut Unit<'_>,
    call: &Call,
    request: GiveResponsibility,
) -> Result<Responsibility, Refusal> {
    near(unit.tx(), call, &request.subject)?;
    for holder in request.holders.values() {
        is_somebody(unit.tx(), holder)?;
    }
    super::give_responsibility(unit, call, request.duty, &request.subject, request.holders)
}

/// Nobody answers for anything who does not exist.
fn is_somebody(tx: &mut Tx<'_>, holder: &Holder) -> Result<(), Refusal> {
    let (known, number) = match holder {
        Holder::Actor(id) => (actors::by_id(tx, *id)?.is_some(), id.0),
        Holder::Person(id) => (outpace_registry::person(tx, *id)?.is_some(), id.0),
        Holder::Team(id) => (store::by_id(tx, *id)?.is_some(), id.0),
        Holder::Title(title) => return Ok(said("holders", title, SHORT_CHARACTERS_MAX)?),
    };
    if known { Ok(()) } else { Err(OrdersError::unknown("holders", number).into()) }
}

/// Takes a subject off a list.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct EndResponsibility {
    /// Which list.
    pub duty: Duty,
    /// For whom or what.
    pub subject: Subject,
    /// Why.
    pub reason: String,
}

fn end_responsibility(unit: &mut Unit<'_>, call: &Call, request: EndResponsibility) -> Result<Empty, Refusal> {
    near(unit.tx(), call, &request.subject)?;
    super::end_responsibility(unit, call, request.duty, &request.subject, &request.reason)?;
    Ok(Empty {})
}
