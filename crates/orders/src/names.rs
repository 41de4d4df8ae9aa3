//! Names for people's eyes: of areas, owners, task forces.

use outpace_access::{Call, Rulebook};
use outpace_core::{AreaId, Refusal, Text};
use outpace_store::{Result, Tx};

use crate::orders::Owner;
use crate::orders::store::COMMAND;
use crate::{Subject, kinds, teams};

/// The name of an area: its own, else that of the nearest area above which the registry knows, else its code.
///
/// # Errors
/// What the store refused.
pub fn area(tx: &mut Tx<'_>, area: AreaId) -> Result<Text> {
    let mut at = Some(area);
    while let Some(code) = at {
        if let Some(known) = outpace_registry::area(tx, code)? {
            return Ok(Text::new(known.name, known.name_en));
        }
        at = code.parent();
    }
    Ok(Text::new(area.to_string(), area.to_string()))
}

/// Where a subject stands, as far as the registry knows; `None` for what has no place of its own.
///
/// # Errors
/// What the store refused.
pub fn where_is(tx: &mut Tx<'_>, subject: &Subject) -> Result<Option<AreaId>> {
    Ok(match subject {
        Subject::Area(area) => Some(*area),
        Subject::Person(person) => outpace_registry::person(tx, *person)?.map(|known| known.area),
        Subject::Household(household) => outpace_registry::household(tx, *household)?.map(|known| known.area),
        Subject::Place(place) => outpace_registry::place(tx, *place)?.map(|known| known.area),
        _ => None,
    })
}

/// Passes a subject that stands in the actor's area, or has no place of its own.
///
/// # Errors
/// A subject elsewhere.
pub fn near(tx: &mut Tx<'_>, call: &Call, subject: &Subject) -> std::result::Result<(), Refusal> {
    where_is(tx, subject)?.map_or(Ok(()), |area| call.covers(area))
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
