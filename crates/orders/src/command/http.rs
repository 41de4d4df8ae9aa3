//! Routes of the command.

use outpace_access::{Call, Empty, Routes};
use outpace_core::{ActorId, Permission, Refusal, Text, Timestamp};
use outpace_store::{Tx, Unit};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::model::{CommandState, HoldMeeting, Meeting, NewTarget, Switch, Target, Verbal};
use super::store;
use crate::Subject;
use crate::errors::OrdersError;

/// Records of one answer at the most.
pub const RECORDS_MAX: i64 = 200;

/// The routes of the command.
#[must_use]
pub fn routes() -> Routes {
    use Permission::{CommandDecide, CommandRead, OrdersManage};
    Routes::new()
        .query("/api/command/state", CommandRead.open(), "Where the switch stands, and who is at work", state)
        .command(
            "/api/command/switch",
            CommandDecide.whole(),
            "Turn the switch between peacetime and emergency",
            switch,
        )
        .command("/api/command/activate", CommandDecide.whole(), "Start task forces", activate)
        .command("/api/command/stand-down", CommandDecide.whole(), "Stop task forces", stand_down)
        .command("/api/command/take-duty", CommandDecide.whole(), "Come on duty as commander or deputy", take_duty)
        .command("/api/command/leave-duty", CommandDecide.whole(), "Go off duty", leave_duty)
        .command(
            "/api/command/record-verbal",
            OrdersManage.whole(),
            "Write down what command said earlier",
            record_verbal,
        )
        .query("/api/command/verbals", CommandRead.whole(), "What was said and written down later", verbals)
        .command("/api/command/hold-meeting", OrdersManage.whole(), "Record the dispatch meeting", hold_meeting)
        .query("/api/command/meetings", CommandRead.whole(), "Dispatch meetings", meetings)
        .command("/api/command/set-target", OrdersManage.by_area(), "Set a target", set_target)
        .command("/api/command/clear-target", OrdersManage.by_area(), "Clear a target", clear_target)
        .query("/api/command/targets", CommandRead.by_area(), "Targets, newest first", targets)
}

fn state(tx: &mut Tx<'_>, _: &Call, _: Empty) -> Result<CommandState, Refusal> {
    Ok(store::state(tx)?)
}

fn switch(unit: &mut Unit<'_>, call: &Call, request: Switch) -> Result<CommandState, Refusal> {
    call.covers(call.rules.profile.area)?;
    super::switch(unit, call, request)
}

/// Task forces by key.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TaskForceKeys {
    /// Keys of the jurisdiction profile.
    pub keys: Vec<String>,
}

fn activate(unit: &mut Unit<'_>, call: &Call, request: TaskForceKeys) -> Result<CommandState, Refusal> {
    call.covers(call.rules.profile.area)?;
    super::activate(unit, call, request.keys)?;
    Ok(store::state(unit.tx())?)
}

fn stand_down(unit: &mut Unit<'_>, call: &Call, request: TaskForceKeys) -> Result<CommandState, Refusal> {
    call.covers(call.rules.profile.area)?;
    super::stand_down(unit, call, request.keys)?;
    Ok(store::state(unit.tx())?)
}

fn take_duty(unit: &mut Unit<'_>, call: &Call, _: Empty) -> Result<CommandState, Refusal> {
    super::take_duty(unit, call)?;
    Ok(store::state(unit.tx())?)
}

fn leave_duty(unit: &mut Unit<'_>, call: &Call, _: Empty) -> Result<CommandState, Refusal> {
    super::leave_duty(unit, call)?;
    Ok(store::state(unit.tx())?)
}

/// What somebody in command said.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RecordVerbal {
    /// When it was said.
    pub said_at: Timestamp,
    /// By whom.
    pub said_by: ActorId,
    /// What was said.
    pub what: Text,
    /// About what.
    pub subject: Subject,
}

fn record_verbal(unit: &mut Unit<'_>, call: &Call, request: RecordVerbal) -> Result<Verbal, Refusal> {
    call.covers(call.rules.profile.area)?;
    super::record_verbal(unit, call, request.said_at, request.said_by, request.what, request.subject)
}

/// What was said.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct VerbalList {
    /// Newest record first.
    pub verbals: Vec<Verbal>,
}

fn verbals(tx: &mut Tx<'_>, _: &Call, _: Empty) -> Result<VerbalList, Refusal> {
    Ok(VerbalList { verbals: store::said(tx, RECORDS_MAX)? })
}

/// The number of a meeting.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
pub struct MeetingRef {
    /// Which meeting.
    pub meeting: i64,
}

fn hold_meeting(unit: &mut Unit<'_>, call: &Call, request: HoldMeeting) -> Result<MeetingRef, Refusal> {
    call.covers(call.rules.profile.area)?;
    Ok(MeetingRef { meeting: super::hold_meeting(unit, call, request)? })
}

/// Dispatch meetings.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct MeetingList {
    /// Newest first.
    pub meetings: Vec<Meeting>,
}

fn meetings(tx: &mut Tx<'_>, _: &Call, _: Empty) -> Result<MeetingList, Refusal> {
    Ok(MeetingList { meetings: store::meetings(tx, RECORDS_MAX)? })
}

/// The number of a target.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
pub struct TargetRef {
    /// Which target.
    pub target: i64,
}

fn set_target(unit: &mut Unit<'_>, call: &Call, request: NewTarget) -> Result<TargetRef, Refusal> {
    call.covers(request.area.unwrap_or(call.rules.profile.area))?;
    Ok(TargetRef { target: super::set_target(unit, call, request, None)? })
}

fn clear_target(unit: &mut Unit<'_>, call: &Call, request: TargetRef) -> Result<Empty, Refusal> {
    let known = store::target(unit.tx(), request.target)?.filter(|target| call.sees(target.area));
    known.ok_or_else(|| OrdersError::unknown("target", request.target))?;
    super::clear_target(unit, call, request.target)?;
    Ok(Empty {})
}

/// Targets.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TargetList {
    /// Newest first.
    pub targets: Vec<Target>,
}

fn targets(tx: &mut Tx<'_>, call: &Call, _: Empty) -> Result<TargetList, Refusal> {
    let mut targets = store::targets(tx, RECORDS_MAX)?;
    targets.retain(|target| call.sees(target.area));
    Ok(TargetList { targets })
}
