//! What the command does.

use outpace_core::{ActorId, AreaId, Role, Text, Timestamp};

use super::model::{Horizon, Mode, ResponseLevel};
use crate::Subject;

facts! {
    /// The switch was turned, or the level changed.
    CommandSwitched = "command.switched" {
        /// To what.
        mode: Mode,
        /// Level of the response.
        level: Option<ResponseLevel>,
        /// Why.
        reason: Text,
    }
    /// Task forces started.
    TaskForcesActivated = "command.task_forces_activated" {
        /// Their keys.
        keys: Vec<String>,
    }
    /// Task forces stopped.
    TaskForcesStoodDown = "command.task_forces_stood_down" {
        /// Their keys.
        keys: Vec<String>,
    }
    /// A commander or deputy came on duty.
    DutyTaken = "command.duty_taken" {
        /// Who.
        actor: ActorId,
        /// In which role.
        role: Role,
    }
    /// A commander or deputy went off duty.
    DutyLeft = "command.duty_left" {
        /// Who.
        actor: ActorId,
    }
    /// Something that was said was written down.
    VerbalRecorded = "command.verbal_recorded" {
        /// When it was said.
        said_at: Timestamp,
        /// By whom.
        said_by: ActorId,
        /// What was said.
        what: Text,
        /// About what.
        subject: Subject,
        /// Whether it was written down within the time that the profile gives.
        in_time: bool,
    }
    /// The dispatch meeting was held.
    MeetingHeld = "command.meeting_held" {
        /// Its number.
        meeting: i64,
        /// What was found.
        found: Text,
        /// What was done.
        done: Text,
        /// What is late.
        late: Text,
        /// What was decided.
        decisions: Vec<Text>,
    }
    /// A target was set.
    TargetSet = "command.target_set" {
        /// Its number.
        target: i64,
        /// The meeting that set it.
        meeting: Option<i64>,
        /// What is to be cleared.
        what: Text,
        /// Which task force answers for it.
        task_force: Option<String>,
        /// Where.
        area: AreaId,
        /// By when, in words.
        horizon: Horizon,
        /// By when.
        due_at: Timestamp,
    }
    /// A target was cleared.
    TargetCleared = "command.target_cleared" {
        /// Which.
        target: i64,
    }
    /// The moment passed and a target was not cleared. Once for each target.
    TargetMissed = "command.target_missed" {
        /// Which.
        target: i64,
    }
}
