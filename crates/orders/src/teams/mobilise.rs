//! People of several units to several villages, in one step.

use outpace_access::Call;
use outpace_core::{AreaId, OrderId, Refusal, TeamId, Text, Timestamp};
use outpace_policy::SubjectKind;
use outpace_store::Unit;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{NewTeam, deploy, form};
use crate::errors::{OrdersError, SHORT_CHARACTERS_MAX, is_area, said};
use crate::kinds::IssuedKind;
use crate::orders::{self, NewOrder};
use crate::{Form, Subject};

/// Villages of one mobilisation.
pub const VILLAGES_MAX: usize = 500;
/// The kind of the orders, where none is named.
pub const MEMBERS_TO_VILLAGE: IssuedKind = IssuedKind { key: "members-to-village", subject: SubjectKind::Area };

/// People of some units go to some villages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Mobilise {
    /// Its key: mobilising again with the same key answers the same teams.
    pub key: String,
    /// Keys of the units.
    pub units: Vec<String>,
    /// The villages, one team each.
    pub villages: Vec<AreaId>,
    /// People in all.
    pub people: u32,
    /// The task force that leads them.
    #[serde(default)]
    pub task_force: Option<String>,
    /// Kind of the orders; absent = `members-to-village`.
    #[serde(default)]
    pub kind: Option<String>,
    /// Until when they must be there; absent = as the kind says.
    #[serde(default)]
    pub deadline_at: Option<Timestamp>,
    /// Why.
    pub because: Text,
}

/// One village's team.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Mobilised {
    /// The village.
    pub area: AreaId,
    /// The team.
    pub team: TeamId,
    /// Its order; done once the team has reported there.
    pub order: OrderId,
    /// How many people.
    pub people: u32,
}

/// Splits people over villages as evenly as whole people allow; the first ones get one more.
#[must_use]
pub fn shares(people: u32, villages: usize) -> Vec<u32> {
    let Ok(count) = u32::try_from(villages) else { return Vec::new() };
    (0..count).map(|at| people / count + u32::from(at < people % count)).collect()
}

/// Forms a team for each village, sends it there and issues its order.
///
/// # Errors
/// No village or too many, fewer people than villages, an unknown unit.
pub fn mobilise(unit: &mut Unit<'_>, call: &Call, request: Mobilise) -> Result<Vec<Mobilised>, Refusal> {
    said("key", &request.key, SHORT_CHARACTERS_MAX)?;
    let count = request.villages.len();
    if !(1..=VILLAGES_MAX).contains(&count) || usize::try_from(request.people).is_ok_and(|people| people < count) {
        return Err(OrdersError::rule(
            "villages",
            "villages",
            count,
            format!("须为 1 至 {VILLAGES_MAX} 个村,且每村至少 1 人。"),
            format!("1 to {VILLAGES_MAX} villages, and at least one person each."),
        )
        .into());
    }
    let mut mobilised = Vec::with_capacity(count);
    for (at, (area, people)) in request.villages.iter().zip(shares(request.people, count)).enumerate() {
        is_area(*area)?;
        mobilised.push(to_village(unit, call, &request, at, *area, people)?);
    }
    Ok(mobilised)
}

/// The units whose people go to the village at this position: with fewer units than villages a unit serves several,
/// with more, several share a village; every unit serves at least one.
fn units_of(units: &[String], villages: usize, at: usize) -> Vec<String> {
    if units.len() <= villages {
        return units.get(at % units.len().max(1)).cloned().into_iter().collect();
    }
    units.iter().enumerate().filter(|(place, _)| place % villages == at).map(|(_, unit)| unit.clone()).collect()
}

fn to_village(
    unit: &mut Unit<'_>,
    call: &Call,
    request: &Mobilise,
    at: usize,
    area: AreaId,
    people: u32,
) -> Result<Mobilised, Refusal> {
    let key = format!("{}:{area}", request.key);
    let known = super::by_key(unit.tx(), &key)?;
    let units = units_of(&request.units, request.villages.len(), at);
    let team = form(
        unit,
        call,
        NewTeam {
            key: key.clone(),
            name: Text::new(format!("驻村队伍 {area}"), format!("Team for village {area}")),
            task_force: request.task_force.clone(),
            units,
            people,
            members: Vec::new(),
        },
    )?;
    if known.is_none() {
        deploy(unit, call, team, area)?;
    }
    let order = orders::issue(
        unit,
        call,
        NewOrder {
            key,
            kind: request.kind.clone().unwrap_or_else(|| MEMBERS_TO_VILLAGE.key.to_owned()),
            subject: Subject::Area(area),
            area,
            task_force: request.task_force.clone(),
            team: Some(team),
            deadline_at: request.deadline_at,
            because: request.because.clone(),
            clause: None,
            cause: None,
            form: Form::from([("people".to_owned(), serde_json::Value::from(people))]),
        },
    )?;
    Ok(Mobilised { area, team, order, people })
}
