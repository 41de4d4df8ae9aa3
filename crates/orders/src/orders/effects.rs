//! What finishing an order records beyond the order itself, as far as it lies in this crate.
//!
//! The playbook names effects from a closed list. Those about task forces, teams, conflicts and notices are recorded
//! here, in the same unit. The others belong to the capability that owns the thing (a bed, a zone, a tube): there the
//! observation comes in by its own route and finishes the order, not the other way round.

use outpace_access::Call;
use outpace_core::Refusal;
use outpace_policy::Effect;
use outpace_store::Unit;

use super::model::{Form, Order};
use crate::{Subject, command, conflicts, kinds, notices, teams};

/// Records what follows from an order that was just done with these answers.
pub(super) fn apply(unit: &mut Unit<'_>, call: &Call, order: &Order, result: &Form) -> Result<(), Refusal> {
    for effect in kinds::effects(&call.rules, &order.kind) {
        match (effect, &order.subject) {
            (Effect::TaskForcesActive, _) => command::activate_all(unit, call)?,
            (Effect::TeamInPlace, _) => {
                if let Some(team) = order.team {
                    teams::arrived(unit, call, team, order.area, count(result, "people"), None)?;
                }
            }
            (Effect::ConflictSettled, Subject::Conflict(conflict)) => {
                conflicts::settled_by_order(unit, *conflict, &settlement(result))?;
            }
            (Effect::NoticeHandedOver, Subject::Person(person)) => {
                notices::handed_over(unit, call, *person, result.get("notice").and_then(serde_json::Value::as_i64))?;
            }
            (Effect::ShiftRelieved, Subject::Team(team)) => {
                let hours = count(result, "rest_hours").map_or(teams::REST_HOURS_MIN, i64::from);
                teams::relieved_by_order(unit, call, *team, hours)?;
            }
            _ => {}
        }
    }
    Ok(())
}

fn count(result: &Form, key: &str) -> Option<u32> {
    result.get(key).and_then(serde_json::Value::as_u64).and_then(|count| u32::try_from(count).ok())
}

fn settlement(result: &Form) -> String {
    let said = ["finding", "reason"].iter().filter_map(|key| result.get(*key).and_then(serde_json::Value::as_str));
    let said = said.collect::<Vec<_>>().join(": ");
    if said.is_empty() { "order done".to_owned() } else { said }
}
