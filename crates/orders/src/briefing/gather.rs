//! What the briefing rests on, read in one go from the tables of this crate.

use std::collections::BTreeMap;

use outpace_access::Call;
use outpace_core::{Text, Timestamp};
use outpace_store::{Result, Tx, journal};

use super::model::HeadLine;
use crate::command::{self, CommandState, Meeting, Target};
use crate::conflicts::{self, Conflict};
use crate::notices::{self, Notice};
use crate::orders::{self, Order, Tallies};
use crate::teams::{self, Duty, Team, TeamState};
use crate::{kinds, names};

/// Rows of one list of the briefing at the most.
pub const ROWS_MAX: i64 = 20;
/// Teams read for the briefing at the most.
const TEAMS_MAX: i64 = 10_000;

/// An order in one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderLine {
    /// The order.
    pub order: Order,
    /// The name of its kind.
    pub title: Text,
    /// Who answers for it.
    pub owner: Text,
    /// Where.
    pub area: Text,
}

/// How many teams and people stand where.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TeamCounts {
    /// Teams.
    pub teams: u32,
    /// Their people; those who arrived where that is known.
    pub people: u32,
}

/// Everything that our sections of a briefing say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gathered {
    /// Whose briefing.
    pub jurisdiction: Text,
    /// The moment.
    pub at: Timestamp,
    /// From when it counts what was done.
    pub since: Timestamp,
    /// Minutes east of Greenwich.
    pub offset_minutes: i64,
    /// Whether it is a drill.
    pub drill: bool,
    /// The journal's head.
    pub head: HeadLine,
    /// The switch, the task forces, the duty.
    pub command: CommandState,
    /// Orders by state.
    pub tallies: Tallies,
    /// Names of the task forces and townships that the tallies speak of.
    pub names: BTreeMap<String, Text>,
    /// Orders that are owed, earliest deadline first.
    pub owed: Vec<OrderLine>,
    /// Orders done since, newest first.
    pub done: Vec<OrderLine>,
    /// Conflicts that wait, newest first.
    pub conflicts: Vec<Conflict>,
    /// How many of them.
    pub conflicts_open: i64,
    /// Teams by state.
    pub teams: BTreeMap<TeamState, TeamCounts>,
    /// Teams whose shift has ended and who were not relieved.
    pub teams_tired: Vec<Text>,
    /// Subjects on each responsibility list.
    pub responsibilities: Vec<(Duty, i64)>,
    /// Notices and messages since, newest first.
    pub notices: Vec<Notice>,
    /// Targets that are not cleared, earliest first.
    pub targets: Vec<Target>,
    /// The newest meeting.
    pub meeting: Option<Meeting>,
}

/// Reads it all. What was done is counted from `since`, or from the start of the emergency, or over the last day.
///
/// # Errors
/// What the store refused.
pub fn gather(tx: &mut Tx<'_>, call: &Call, since: Option<Timestamp>) -> Result<Gathered> {
    let command = command::state(tx)?;
    let since = since.or(command.since).unwrap_or_else(|| call.now.plus_days(-1));
    let tallies = orders::tallies(tx)?;
    let mut named: BTreeMap<String, Text> =
        tallies.task_forces.keys().map(|key| (key.clone(), names::task_force(&call.rules, key))).collect();
    for code in tallies.areas.keys() {
        named.insert(code.clone(), names::area(tx, outpace_core::AreaId(code.parse().unwrap_or_default()))?);
    }
    let owed = orders::next_due(tx, ROWS_MAX * 2)?;
    let done = orders::done_since(tx, since, ROWS_MAX)?;
    let all_teams = teams::list(tx, None, TEAMS_MAX)?;
    let area = call.rules.profile.area;
    let notices = notices::list(tx, false, area, None, notices::NOTICES_MAX)?;
    let profile = &call.rules.profile;
    Ok(Gathered {
        jurisdiction: Text::new(&profile.name_zh, &profile.name_en),
        at: call.now,
        since,
        offset_minutes: call.offset_minutes(),
        drill: call.drill,
        head: journal::head(tx)?.into(),
        tallies,
        names: named,
        owed: lines(tx, call, owed)?,
        done: lines(tx, call, done)?,
        conflicts: conflicts::list(tx, true, None, ROWS_MAX)?,
        conflicts_open: conflicts::open_count(tx)?,
        teams: team_counts(&all_teams),
        teams_tired: tired(&all_teams, call.now),
        responsibilities: teams::responsibility_counts(tx)?,
        notices: notices.into_iter().filter(|notice| notice.published_at >= since).collect(),
        targets: command::targets_open(tx, ROWS_MAX)?,
        meeting: command::meetings(tx, 1)?.into_iter().next(),
        command,
    })
}

fn lines(tx: &mut Tx<'_>, call: &Call, orders: Vec<Order>) -> Result<Vec<OrderLine>> {
    let mut lines = Vec::with_capacity(orders.len());
    for order in orders {
        let title = kinds::title(&call.rules, &order.kind);
        let (owner, area) = (names::owner(tx, &call.rules, &order.owner())?, names::area(tx, order.area)?);
        lines.push(OrderLine { order, title, owner, area });
    }
    Ok(lines)
}

fn team_counts(teams: &[Team]) -> BTreeMap<TeamState, TeamCounts> {
    let mut counts: BTreeMap<TeamState, TeamCounts> = BTreeMap::new();
    for team in teams {
        let row = counts.entry(team.state).or_default();
        row.teams += 1;
        row.people += team.people_arrived.unwrap_or(team.people);
    }
    counts
}

fn tired(teams: &[Team], now: Timestamp) -> Vec<Text> {
    let tired = |team: &&Team| team.state != TeamState::StoodDown && team.shift_ends_at.is_some_and(|end| end < now);
    teams.iter().filter(tired).map(|team| team.name.clone()).collect()
}
