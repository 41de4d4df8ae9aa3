//! Names for people's eyes: of areas, owners, task forces.

use outpace_access::Rulebook;
use outpace_core::{AreaId, Text};
use outpace_store::{Result, Tx};

use crate::orders::Owner;
use crate::orders::store::COMMAND;
use crate::{kinds, teams};

/// The name of an area; its code where the registry does not know it.
///
/// # Errors
/// What the store refused.
pub fn area(_: &mut Tx<'_>, area: AreaId) -> Result<Text> {
    Ok(Text::new(area.to_string(), area.to_string()))
}

/// The name of a task force, or of the command.
#[must_use]
pub fn task_force(rules: &Rulebook, key: &str) -> Text {
    if key == COMMAND { Text::new("指挥长", "commanders") } else { kinds::task_force_name(rules, key) }
}

/// The name of an owner.
///
/// # Errors
/// What the store refused.
pub fn owner(tx: &mut Tx<'_>, rules: &Rulebook, owner: &Owner) -> Result<Text> {
    Ok(match owner {
        Owner::Team(team) => match teams::by_id(tx, *team)? {
            Some(team) => team.name,
            None => Text::new(format!("队伍 {team}"), format!("team {team}")),
        },
        Owner::TaskForce(force) => task_force(rules, force),
        Owner::Command => task_force(rules, COMMAND),
    })
}
