//! Teams: who does the work, where they are, when they rest; and who answers for whom.
//!
//! Units (a bureau, a hospital) send people; a team is people from units and members, counted or known one by one.
//! [`mobilise`] sends people of several units to several villages in one step, one team and one order each.

mod facts;
mod http;
mod mobilise;
mod model;
mod responsibility;
mod store;

use outpace_access::Call;
use outpace_core::time::HOUR_MS;
use outpace_core::{AreaId, PersonId, Refusal, TeamId, Text, Timestamp};
use outpace_policy::SubjectKind;
use outpace_store::Unit;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Subject;
use crate::conflicts::clock_ahead;
use crate::errors::{OrdersError, SHORT_CHARACTERS_MAX, is_area, said};
use crate::kinds::IssuedKind;
use crate::{Form, NewConflict, NewOrder, conflict, orders};

pub use facts::*;
pub use http::*;
pub use mobilise::{MEMBERS_TO_VILLAGE, Mobilise, Mobilised, mobilise, shares};
pub use model::{Duty, Holder, Post, Responsibility, Team, TeamState, WorkUnit};
pub use responsibility::{end as end_responsibility, five_to_one_gaps, give as give_responsibility};
pub(crate) use store::{SCHEMA, join};
pub use store::{by_id, by_key, list, responsibility_counts, responsible_for, units};

/// Units registered in one request.
pub const UNITS_MAX: usize = 2_000;
/// Members of one team who are known one by one.
pub const MEMBERS_MAX: usize = 2_000;
/// The longest shift accepted, in hours. Our own setting: no document of the packs gives one.
pub const SHIFT_HOURS_MAX: i64 = 12;
/// The shortest rest after a shift, in hours. Our own setting, as above.
pub const REST_HOURS_MIN: i64 = 8;
/// The kind of the order that a shift's end opens.
pub const RELIEVE_SHIFT: IssuedKind = IssuedKind { key: "relieve-shift", subject: SubjectKind::Team };
/// Shifts looked at in one tick.
const TICK_SHIFTS_MAX: i64 = 1_000;

/// What it takes to form a team.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NewTeam {
    /// Its key: forming it again answers the first.
    pub key: String,
    /// Its name.
    pub name: Text,
    /// The task force it belongs to.
    #[serde(default)]
    pub task_force: Option<String>,
    /// Units that its people come from.
    #[serde(default)]
    pub units: Vec<String>,
    /// How many people, members included.
    pub people: u32,
    /// Members who are known one by one.
    #[serde(default)]
    pub members: Vec<PersonId>,
}

/// Registers units, or registers them anew.
///
/// # Errors
/// Too many at once, an empty key or name, a village that is none.
pub fn register_units(unit: &mut Unit<'_>, _: &Call, units: Vec<WorkUnit>) -> Result<(), Refusal> {
    if !(1..=UNITS_MAX).contains(&units.len()) {
        let (count, zh) = (units.len(), format!("一次须登记 1 至 {UNITS_MAX} 个单位。"));
        return Err(OrdersError::rule("units", "units", count, zh, format!("1 to {UNITS_MAX} units at once.")).into());
    }
    for one in &units {
        said("key", &one.key, SHORT_CHARACTERS_MAX)?;
        said("name", &one.name.zh, SHORT_CHARACTERS_MAX)?;
        one.village.map_or(Ok(()), is_area)?;
    }
    unit.record(UnitsRegistered { units })?;
    Ok(())
}

/// Forms a team. The same key twice gives the first answer.
///
/// # Errors
/// An empty key or name, an unknown unit, nobody in it, too many members.
pub fn form(unit: &mut Unit<'_>, _: &Call, new: NewTeam) -> Result<TeamId, Refusal> {
    said("key", &new.key, SHORT_CHARACTERS_MAX)?;
    said("name", &new.name.zh, SHORT_CHARACTERS_MAX)?;
    if let Some(known) = store::by_key(unit.tx(), &new.key)? {
        return Ok(known.id);
    }
    let known: Vec<String> = store::units(unit.tx())?.into_iter().map(|unit| unit.key).collect();
    if let Some(stranger) = new.units.iter().find(|key| !known.contains(key)) {
        return Err(OrdersError::unknown("unit", stranger).into());
    }
    let members = u32::try_from(new.members.len()).unwrap_or(u32::MAX);
    if new.people.max(members) == 0 || new.members.len() > MEMBERS_MAX {
        return Err(OrdersError::rule(
            "team_size",
            "people",
            new.people,
            format!("队伍至少 1 人,逐一登记的队员不超过 {MEMBERS_MAX} 人。"),
            format!("A team has at least one person, and at most {MEMBERS_MAX} members one by one."),
        )
        .into());
    }
    let team = TeamId(unit.next(TeamId::COUNTER)?);
    unit.record(TeamFormed {
        team,
        key: new.key,
        name: new.name,
        task_force: new.task_force,
        units: new.units,
        people: new.people.max(members),
        members: new.members,
    })?;
    Ok(team)
}

pub(crate) fn load(unit: &mut Unit<'_>, team: TeamId) -> Result<Team, Refusal> {
    Ok(store::by_id(unit.tx(), team)?.ok_or_else(|| OrdersError::unknown("team", team))?)
}

fn stepping(unit: &mut Unit<'_>, team: TeamId, to: TeamState) -> Result<Team, Refusal> {
    let team = load(unit, team)?;
    if team.state.allows(to) {
        return Ok(team);
    }
    let (now, then) = (team.state.name(), to.name());
    Err(OrdersError::state(
        "team_state",
        "team",
        team.id,
        format!("该队伍当前为“{}”,不能变为“{}”。", now.zh, then.zh),
        format!("The team is {}; it cannot become {}.", now.en, then.en),
    )
    .into())
}

/// Passes a team that may be given work now.
pub(crate) fn fit_for_work(unit: &mut Unit<'_>, call: &Call, team: TeamId) -> Result<Team, Refusal> {
    let team = load(unit, team)?;
    if team.state == TeamState::StoodDown {
        return Err(OrdersError::state(
            "team_stood_down",
            "team",
            team.id,
            "该队伍已解散,请选择其他队伍。",
            "The team was dissolved; choose another.",
        )
        .into());
    }
    if let Some(until) = team.rests_until.filter(|until| team.state == TeamState::Resting && *until > call.now) {
        let at = until.local(call.offset_minutes());
        return Err(OrdersError::state(
            "team_rests",
            "team",
            team.id,
            format!("该队伍休整至 {at},请选择其他队伍。"),
            format!("The team rests until {at}; choose another."),
        )
        .into());
    }
    Ok(team)
}

/// Sends a team to an area.
///
/// # Errors
/// An unknown, dissolved or resting team, a number that is no area.
pub fn deploy(unit: &mut Unit<'_>, call: &Call, team: TeamId, area: AreaId) -> Result<(), Refusal> {
    is_area(area)?;
    fit_for_work(unit, call, team)?;
    stepping(unit, team, TeamState::Deployed)?;
    unit.record(TeamDeployed { team, area })?;
    Ok(())
}

/// Records that a team was seen in an area. An observation: a team that was not sent there is kept as a conflict.
///
/// # Errors
/// An unknown team, a number that is no area.
pub fn arrived(
    unit: &mut Unit<'_>,
    call: &Call,
    team: TeamId,
    area: AreaId,
    people: Option<u32>,
    occurred_at: Option<Timestamp>,
) -> Result<(), Refusal> {
    is_area(area)?;
    let known = load(unit, team)?;
    if known.state == TeamState::InPlace && known.area == Some(area) {
        return Ok(());
    }
    let expected =
        known.state == TeamState::Deployed && known.area.is_some_and(|sent| sent.contains(area) || area.contains(sent));
    let people = people.unwrap_or(known.people);
    let at = occurred_at.unwrap_or(call.now);
    let seq = unit.record_at(TeamArrived { team, area, people }, at)?;
    clock_ahead(unit, call, Subject::Team(team), area, at, seq)?;
    if !expected {
        let sent = known.area.map_or_else(|| "-".to_owned(), |sent| sent.to_string());
        let what = Text::new(
            format!("队伍 {} 在区域 {area} 报到,但派往的是 {sent}。", known.name.zh),
            format!("Team {} reported in area {area}, but was sent to {sent}.", known.name.en),
        );
        conflict(
            unit,
            call,
            NewConflict { kind: "team_elsewhere", subject: Subject::Team(team), area, what, seq: Some(seq) },
        )?;
    }
    Ok(())
}

/// Sets a team's shift.
///
/// # Errors
/// An unknown or dissolved team, a shift that ends before it begins, is too long, or cuts into its rest.
pub fn set_shift(
    unit: &mut Unit<'_>,
    call: &Call,
    team: TeamId,
    starts_at: Timestamp,
    ends_at: Timestamp,
) -> Result<(), Refusal> {
    let known = load(unit, team)?;
    let rests = known.rests_until.is_some_and(|until| known.state == TeamState::Resting && until > starts_at);
    if known.state == TeamState::StoodDown || rests {
        fit_for_work(unit, call, team)?;
    }
    let length_ms = ends_at.since(starts_at);
    if length_ms <= 0 || length_ms > SHIFT_HOURS_MAX * HOUR_MS || ends_at <= call.now {
        return Err(OrdersError::rule(
            "shift_length",
            "ends_at",
            ends_at,
            format!("班次须在开始之后、现在之后结束,且不超过 {SHIFT_HOURS_MAX} 小时。"),
            format!("A shift ends after it begins and after now, and lasts at most {SHIFT_HOURS_MAX} hours."),
        )
        .into());
    }
    unit.record(ShiftSet { team, starts_at, ends_at })?;
    Ok(())
}

/// Relieves a team; it rests.
///
/// # Errors
/// An unknown team, one that rests already or was dissolved, a rest that is too short.
pub fn relieve(unit: &mut Unit<'_>, call: &Call, team: TeamId, rest_hours: i64) -> Result<(), Refusal> {
    if !(REST_HOURS_MIN..=7 * 24).contains(&rest_hours) {
        return Err(OrdersError::rule(
            "rest_hours",
            "rest_hours",
            rest_hours,
            format!("休整时间为 {REST_HOURS_MIN} 至 168 小时。"),
            format!("A rest lasts {REST_HOURS_MIN} to 168 hours."),
        )
        .into());
    }
    stepping(unit, team, TeamState::Resting)?;
    unit.record(TeamRelieved { team, rests_until: call.now.plus_hours(rest_hours) })?;
    Ok(())
}

/// The order to relieve a team was done: it rests, if it may.
pub(crate) fn relieved_by_order(unit: &mut Unit<'_>, call: &Call, team: TeamId, hours: i64) -> Result<(), Refusal> {
    let known = load(unit, team)?;
    if known.state.allows(TeamState::Resting) {
        unit.record(TeamRelieved { team, rests_until: call.now.plus_hours(hours.max(REST_HOURS_MIN)) })?;
    }
    Ok(())
}

/// Dissolves a team. Its open orders keep it as owner until they are reassigned.
///
/// # Errors
/// An unknown or dissolved team, no reason.
pub fn stand_down(unit: &mut Unit<'_>, _: &Call, team: TeamId, reason: &str) -> Result<(), Refusal> {
    said("reason", reason, SHORT_CHARACTERS_MAX)?;
    stepping(unit, team, TeamState::StoodDown)?;
    unit.record(TeamStoodDown { team, reason: reason.to_owned() })?;
    Ok(())
}

/// Marks shifts that ran out, each once, and asks for relief. Answers how many.
pub(crate) fn tick(unit: &mut Unit<'_>, call: &Call) -> Result<usize, Refusal> {
    let ended = store::shifts_ended(unit.tx(), call.now, TICK_SHIFTS_MAX)?;
    for (team, ends_at) in &ended {
        let known = load(unit, *team)?;
        unit.record(ShiftEnded { team: *team, ends_at: *ends_at })?;
        let area = known.area.unwrap_or(AreaId(unit.tx().jurisdiction()));
        orders::issue(
            unit,
            call,
            NewOrder {
                key: format!("relieve:{team}:{}", ends_at.0),
                kind: RELIEVE_SHIFT.key.to_owned(),
                subject: Subject::Team(*team),
                area,
                task_force: None,
                team: None,
                deadline_at: None,
                because: Text::new(
                    format!("队伍 {} 的班次已结束,须换班休整。", known.name.zh),
                    format!("The shift of team {} has ended; it must be relieved and rest.", known.name.en),
                ),
                clause: None,
                cause: None,
                form: Form::new(),
            },
        )?;
    }
    Ok(ended.len())
}
