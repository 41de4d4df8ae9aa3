//! Command: one switch between peacetime and emergency, two commanders and their deputies, the task forces at work,
//! what was said and written down later, the daily meeting, and the targets it sets.
//!
//! Who may approve a measure is a matter of the jurisdiction profile; [`deciders`] reads it with its time-outs.

mod facts;
mod http;
mod model;
mod store;

use outpace_access::Call;
use outpace_core::{ActorId, AreaId, Refusal, Role, Text, Timestamp};
use outpace_policy::{Effect, OrderTrigger, SubjectKind};
use outpace_store::Unit;

use crate::errors::{BODY_CHARACTERS_MAX, OrdersError, SHORT_CHARACTERS_MAX, is_area, said as says};
use crate::notices::{self, Audience, NewNotice};
use crate::orders::{self, Form, NewOrder};
use crate::{Subject, teams};

pub use facts::*;
pub use http::*;
pub use model::{
    ActiveTaskForce, CommandState, Deciders, HoldMeeting, Horizon, Meeting, Mode, NewTarget, OnDuty, ResponseLevel,
    Switch, Target, Verbal, deciders,
};
pub(crate) use store::{SCHEMA, join};
pub use store::{meetings, said, said_about, state, switches, target, targets, targets_open};

/// Decisions or targets of one meeting at the most.
pub const DECISIONS_MAX: usize = 200;
/// Targets looked at in one tick.
const TICK_TARGETS_MAX: i64 = 1_000;

/// Turns the switch. To emergency: names the level, starts the task forces, issues the orders of the first hour, tells
/// the public. Back to peacetime: stands the task forces down. Turning it to where it stands changes nothing.
///
/// # Errors
/// No reason, an emergency without a level, a task force that the profile does not have.
pub fn switch(unit: &mut Unit<'_>, call: &Call, request: Switch) -> Result<CommandState, Refusal> {
    for text in [&request.reason.zh, &request.reason.en] {
        says("reason", text, SHORT_CHARACTERS_MAX)?;
    }
    let level = match (request.mode, request.level) {
        (Mode::Emergency, None) => {
            return Err(OrdersError::rule(
                "level_needed",
                "level",
                "",
                "启动应急响应须注明级别:one、two、three 或 four。",
                "An emergency needs a level: one, two, three or four.",
            )
            .into());
        }
        (Mode::Emergency, level) => level,
        (Mode::Peacetime, _) => None,
    };
    let before = store::state(unit.tx())?;
    if before.mode == request.mode && before.level == level {
        return Ok(before);
    }
    unit.record(CommandSwitched { mode: request.mode, level, reason: request.reason.clone() })?;
    match (before.mode, request.mode) {
        (Mode::Peacetime, Mode::Emergency) => {
            match request.task_forces {
                Some(keys) if keys.is_empty() => {}
                Some(keys) => activate(unit, call, keys)?,
                None => activate_all(unit, call)?,
            }
            first_orders(unit, call, &request.reason)?;
        }
        (Mode::Emergency, Mode::Peacetime) => {
            stand_down(unit, call, before.task_forces.into_iter().map(|force| force.key).collect())?;
        }
        _ => {}
    }
    announce(unit, call, request.mode, level, &request.reason)?;
    Ok(store::state(unit.tx())?)
}

fn announce(
    unit: &mut Unit<'_>,
    call: &Call,
    mode: Mode,
    level: Option<ResponseLevel>,
    reason: &Text,
) -> Result<(), Refusal> {
    let title = match level {
        Some(level) => {
            Text::new(format!("启动{}", level.name().zh), format!("Emergency response started: {}", level.name().en))
        }
        None => Text::new("终止应急响应", "Emergency response ended"),
    };
    notices::publish(
        unit,
        call,
        NewNotice {
            key: None,
            kind: crate::words::word(&mode),
            audience: Audience::Public,
            area: call.rules.profile.area,
            title,
            body: reason.clone(),
            reference: Subject::None,
            clause: None,
            deadline_at: None,
        },
    )
    .map(|_| ())
}

/// The orders that the playbook starts with an emergency: one for the jurisdiction, or one for each area below it; an
/// order that brings a team is issued once for each tackle team of the profile, spread over the areas.
fn first_orders(unit: &mut Unit<'_>, call: &Call, because: &Text) -> Result<(), Refusal> {
    let profile = &call.rules.profile;
    for kind in call.rules.playbook.started_by(OrderTrigger::EmergencyStarted) {
        let mut places: Vec<(AreaId, Subject)> = Vec::new();
        if kind.subject == SubjectKind::Area && !profile.inner_areas.is_empty() {
            let areas = profile.inner_areas.len();
            let least = u32::try_from(areas).unwrap_or(u32::MAX);
            let brings_team = kind.effects.contains(&Effect::TeamInPlace);
            let orders = if brings_team { profile.tackle_teams.max(least) } else { least };
            for (area, count) in profile.inner_areas.iter().zip(teams::shares(orders, areas)) {
                places.extend((0..count).map(|_| (*area, Subject::Area(*area))));
            }
        } else if kind.subject == SubjectKind::Area {
            places.push((profile.area, Subject::Area(profile.area)));
        } else if kind.subject == SubjectKind::Jurisdiction {
            places.push((profile.area, Subject::None));
        }
        for (number, (area, subject)) in (1_u32..).zip(places) {
            orders::issue(
                unit,
                call,
                NewOrder {
                    key: format!("{}:{}:{}:{number}", OrderTrigger::EmergencyStarted.key(), call.now.0, kind.key),
                    kind: kind.key.clone(),
                    subject,
                    area,
                    task_force: None,
                    team: None,
                    deadline_at: None,
                    because: because.clone(),
                    clause: None,
                    cause: None,
                    form: Form::new(),
                },
            )?;
        }
    }
    Ok(())
}

/// Starts task forces. Those at work already stay as they are.
///
/// # Errors
/// A key that the profile does not have.
pub fn activate(unit: &mut Unit<'_>, call: &Call, keys: Vec<String>) -> Result<(), Refusal> {
    if let Some(stranger) = keys.iter().find(|key| call.rules.profile.task_force(key).is_none()) {
        return Err(OrdersError::unknown("task_force", stranger).into());
    }
    let at_work: Vec<String> = store::state(unit.tx())?.task_forces.into_iter().map(|force| force.key).collect();
    let keys: Vec<String> = keys.into_iter().filter(|key| !at_work.contains(key)).collect();
    if !keys.is_empty() {
        unit.record(TaskForcesActivated { keys })?;
    }
    Ok(())
}

/// Starts all task forces of the profile.
///
/// # Errors
/// What the store refused.
pub fn activate_all(unit: &mut Unit<'_>, call: &Call) -> Result<(), Refusal> {
    let keys = call.rules.profile.task_forces.iter().map(|force| force.key.clone()).collect();
    activate(unit, call, keys)
}

/// Stops task forces. Those not at work stay as they are.
///
/// # Errors
/// What the store refused.
pub fn stand_down(unit: &mut Unit<'_>, _: &Call, keys: Vec<String>) -> Result<(), Refusal> {
    let at_work: Vec<String> = store::state(unit.tx())?.task_forces.into_iter().map(|force| force.key).collect();
    let keys: Vec<String> = keys.into_iter().filter(|key| at_work.contains(key)).collect();
    if !keys.is_empty() {
        unit.record(TaskForcesStoodDown { keys })?;
    }
    Ok(())
}

/// Comes on duty as commander or deputy. Doing it again changes nothing.
///
/// # Errors
/// Any other role, more commanders than the profile has.
pub fn take_duty(unit: &mut Unit<'_>, call: &Call) -> Result<(), Refusal> {
    let role = call.actor.role;
    if !matches!(role, Role::Commander | Role::Deputy) {
        return Err(Refusal::forbidden(
            "role",
            crate::errors::role_word(role),
            "只有指挥长和副指挥长可以上岗值守。",
            "Only commanders and deputies come on duty.",
        ));
    }
    let duty = store::state(unit.tx())?.duty;
    if duty.iter().any(|one| one.actor == call.actor.id) {
        return Ok(());
    }
    let commanders = duty.iter().filter(|one| one.role == Role::Commander).count();
    let most = usize::try_from(call.rules.profile.commanders).unwrap_or(usize::MAX);
    if role == Role::Commander && commanders >= most {
        return Err(OrdersError::state(
            "commanders_on_duty",
            "actor",
            call.actor.id,
            format!("本辖区设 {most} 名指挥长,均已在岗;请先由一人离岗。"),
            format!("The jurisdiction has {most} commanders, and all are on duty; one must go off duty first."),
        )
        .into());
    }
    unit.record(DutyTaken { actor: call.actor.id, role })?;
    Ok(())
}

/// Goes off duty. One who is not on duty stays so.
///
/// # Errors
/// What the store refused.
pub fn leave_duty(unit: &mut Unit<'_>, call: &Call) -> Result<(), Refusal> {
    if store::state(unit.tx())?.duty.iter().any(|one| one.actor == call.actor.id) {
        unit.record(DutyLeft { actor: call.actor.id })?;
    }
    Ok(())
}

/// Writes down what somebody in command said. The record is kept even when it comes late, and says so.
///
/// # Errors
/// A profile that does not let it count, words that are empty, a moment that lies ahead.
pub fn record_verbal(
    unit: &mut Unit<'_>,
    call: &Call,
    said_at: Timestamp,
    said_by: ActorId,
    what: Text,
    subject: Subject,
) -> Result<Verbal, Refusal> {
    let rules = &call.rules.profile.verbal;
    if !rules.allowed {
        return Err(OrdersError::rule(
            "verbal_not_allowed",
            "what",
            &what.en,
            "本辖区不承认口头批准,请在系统内批准。",
            "The jurisdiction does not let spoken approvals count; approve in the system.",
        )
        .into());
    }
    for text in [&what.zh, &what.en] {
        says("what", text, SHORT_CHARACTERS_MAX)?;
    }
    if said_at > call.now {
        return Err(OrdersError::rule(
            "in_the_future",
            "said_at",
            said_at,
            format!("口头批准的时间不能晚于现在({})。", call.now),
            format!("What was said cannot lie after now ({}).", call.now),
        )
        .into());
    }
    let in_time = call.now <= said_at.plus_minutes(i64::from(rules.record_within_minutes));
    unit.record_at(
        VerbalRecorded { said_at, said_by, what: what.clone(), subject: subject.clone(), in_time },
        said_at,
    )?;
    let (recorded_at, recorded_by) = (call.now, call.actor.id);
    Ok(Verbal { said_at, said_by, recorded_at, recorded_by, what, subject, in_time })
}

/// Records the dispatch meeting and sets its targets. Answers the meeting's number.
///
/// # Errors
/// Empty words, too many decisions or targets, a wrong target.
pub fn hold_meeting(unit: &mut Unit<'_>, call: &Call, request: HoldMeeting) -> Result<i64, Refusal> {
    for text in [&request.found, &request.done, &request.late].into_iter().chain(&request.decisions) {
        says("decisions", &text.zh, BODY_CHARACTERS_MAX)?;
        says("decisions", &text.en, BODY_CHARACTERS_MAX)?;
    }
    let lines = request.decisions.len().max(request.targets.len());
    if lines > DECISIONS_MAX {
        let zh = format!("一次会议的决定和目标各不超过 {DECISIONS_MAX} 项。");
        let en = format!("A meeting has at most {DECISIONS_MAX} decisions and as many targets.");
        return Err(OrdersError::rule("decisions", "decisions", lines, zh, en).into());
    }
    let meeting = unit.next("meeting")?;
    let HoldMeeting { held_at, found, done, late, decisions, targets } = request;
    unit.record_at(MeetingHeld { meeting, found, done, late, decisions }, held_at.unwrap_or(call.now))?;
    for target in targets {
        set_target(unit, call, target, Some(meeting))?;
    }
    Ok(meeting)
}

/// Sets a target. Answers its number.
///
/// # Errors
/// Empty words, an unknown task force, a moment that is missing or lies behind.
pub fn set_target(unit: &mut Unit<'_>, call: &Call, new: NewTarget, meeting: Option<i64>) -> Result<i64, Refusal> {
    for text in [&new.what.zh, &new.what.en] {
        says("what", text, SHORT_CHARACTERS_MAX)?;
    }
    if let Some(stranger) = new.task_force.as_ref().filter(|key| call.rules.profile.task_force(key).is_none()) {
        return Err(OrdersError::unknown("task_force", stranger).into());
    }
    let area = new.area.unwrap_or(call.rules.profile.area);
    is_area(area)?;
    let due_at = new.horizon.due_at(call.now, call.offset_minutes()).or(new.due_at);
    let Some(due_at) = due_at.filter(|at| *at > call.now) else {
        return Err(OrdersError::rule(
            "target_due",
            "due_at",
            new.due_at.map_or_else(String::new, |at| at.to_string()),
            "“全面清”须给出晚于现在的完成时间 due_at。",
            "A target to be cleared entirely needs due_at, after now.",
        )
        .into());
    };
    let target = unit.next("target")?;
    unit.record(TargetSet {
        target,
        meeting,
        what: new.what,
        task_force: new.task_force,
        area,
        horizon: new.horizon,
        due_at,
    })?;
    Ok(target)
}

/// Clears a target (销号). Twice is once.
///
/// # Errors
/// An unknown target.
pub fn clear_target(unit: &mut Unit<'_>, _: &Call, id: i64) -> Result<(), Refusal> {
    let known = store::target(unit.tx(), id)?.ok_or_else(|| OrdersError::unknown("target", id))?;
    if known.cleared_at.is_none() {
        unit.record(TargetCleared { target: id })?;
    }
    Ok(())
}

/// Marks targets whose moment has passed, each once. Answers how many.
pub(crate) fn tick(unit: &mut Unit<'_>, call: &Call) -> Result<usize, Refusal> {
    let due = store::targets_due(unit.tx(), call.now, TICK_TARGETS_MAX)?;
    for target in &due {
        unit.record(TargetMissed { target: *target })?;
    }
    Ok(due.len())
}
