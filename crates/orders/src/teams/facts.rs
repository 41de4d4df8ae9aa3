//! What happens to units, teams and responsibility lists.

use std::collections::BTreeMap;

use outpace_core::{AreaId, PersonId, TeamId, Text, Timestamp};

use super::model::{Duty, Holder, Post, WorkUnit};
use crate::Subject;

facts! {
    /// Units were registered, or registered anew with other numbers or another village.
    UnitsRegistered = "teams.units_registered" {
        /// All of them.
        units: Vec<WorkUnit>,
    }
    /// A team was formed.
    TeamFormed = "teams.team_formed" {
        /// Its number.
        team: TeamId,
        /// Its key.
        key: String,
        /// Its name.
        name: Text,
        /// The task force it belongs to.
        task_force: Option<String>,
        /// Units that its people come from.
        units: Vec<String>,
        /// How many people.
        people: u32,
        /// Members who are known one by one.
        members: Vec<PersonId>,
    }
    /// A team was sent to an area.
    TeamDeployed = "teams.team_deployed" {
        /// Which.
        team: TeamId,
        /// Where.
        area: AreaId,
    }
    /// A team was seen in its area.
    TeamArrived = "teams.team_arrived" {
        /// Which.
        team: TeamId,
        /// Where.
        area: AreaId,
        /// How many people.
        people: u32,
    }
    /// A team's shift was set.
    ShiftSet = "teams.shift_set" {
        /// Which.
        team: TeamId,
        /// When it begins.
        starts_at: Timestamp,
        /// When it ends.
        ends_at: Timestamp,
    }
    /// A shift ran out while the team was still out.
    ShiftEnded = "teams.shift_ended" {
        /// Which.
        team: TeamId,
        /// The end that passed.
        ends_at: Timestamp,
    }
    /// A team was relieved and rests.
    TeamRelieved = "teams.team_relieved" {
        /// Which.
        team: TeamId,
        /// Until when it rests.
        rests_until: Timestamp,
    }
    /// A team was dissolved.
    TeamStoodDown = "teams.team_stood_down" {
        /// Which.
        team: TeamId,
        /// Why.
        reason: String,
    }
    /// Posts of responsibility lists were filled; a holder that stood there before is replaced.
    ResponsibilityGiven = "teams.responsibility_given" {
        /// Which list.
        duty: Duty,
        /// For whom or what.
        subject: Subject,
        /// Who fills which post.
        holders: BTreeMap<Post, Holder>,
    }
    /// A subject left a list: the household is released, the compound is open.
    ResponsibilityEnded = "teams.responsibility_ended" {
        /// Which list.
        duty: Duty,
        /// For whom or what.
        subject: Subject,
        /// Why.
        reason: String,
    }
}
