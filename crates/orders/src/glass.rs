//! Breaking the glass: the request, the notice that makes it loud, the order that has it reviewed, the list for the auditor.
//! How an access then works at the door is `outpace_access::glass`'s.

use outpace_access::glass::{self, GlassBroken, Pane};
use outpace_access::{Call, Empty, Routes};
use outpace_core::{ActorId, AreaId, OrderId, Permission, PersonId, Refusal, Text, Timestamp};
use outpace_policy::SubjectKind;
use outpace_store::{Tx, Unit};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::errors::{OrdersError, said};
use crate::kinds::IssuedKind;
use crate::notices::{self, Audience, NewNotice};
use crate::orders::{self, Form, NewOrder};
use crate::{Subject, names};

/// The kind of the order by which the auditor reviews an access.
pub const REVIEW: IssuedKind = IssuedKind { key: "review-break-glass", subject: SubjectKind::Jurisdiction };
/// The fewest and the most characters of a reason.
const REASON_CHARACTERS_MIN: usize = 5;
const REASON_CHARACTERS_MAX: usize = 400;
/// Accesses in one list.
const PANES_MAX: i64 = 500;

/// The routes of break-glass access.
#[must_use]
pub fn routes() -> Routes {
    Routes::new()
        .command(
            "/api/access/break-glass",
            Permission::OrdersWork.own(),
            "Take access for a short time that one's role or area does not give, with a reason",
            break_glass,
        )
        .query("/api/access/glass", Permission::AuditRead.whole(), "Break-glass accesses, newest first", list)
}

/// What somebody needs to see, where, and why.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct BreakGlass {
    /// The permission that is needed; one that the profile lets be had so.
    pub permission: Permission,
    /// Over which area; absent where a person is named.
    #[serde(default)]
    pub area: Option<AreaId>,
    /// About which person: the access then reaches the grid of their home.
    #[serde(default)]
    pub person: Option<PersonId>,
    /// Why, in 5 to 400 characters; no names of people.
    pub reason: String,
}

/// The access.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Broken {
    /// Its number: send it as `x-outpace-glass` with each request that needs it.
    pub glass: i64,
    /// When it ends by itself.
    pub ends_at: Timestamp,
    /// The order by which it is reviewed.
    pub review: OrderId,
}

fn reach(tx: &mut Tx<'_>, request: &BreakGlass) -> Result<AreaId, Refusal> {
    let jurisdiction = AreaId(tx.jurisdiction());
    let area = match (request.person, request.area) {
        (Some(person), _) => {
            names::where_is(tx, &Subject::Person(person))?.ok_or_else(|| OrdersError::unknown("person", person))?
        }
        (None, Some(area)) => area,
        (None, None) => return Err(OrdersError::unknown("area", "").into()),
    };
    if jurisdiction.contains(area) { Ok(area) } else { Err(OrdersError::unknown("area", area).into()) }
}

/// Takes access that one's role or area does not give: recorded, told to the commander and the auditor, and reviewed.
///
/// # Errors
/// A permission that the profile does not let be had so, an unknown area or person, no reason.
pub fn break_glass(unit: &mut Unit<'_>, call: &Call, request: BreakGlass) -> Result<Broken, Refusal> {
    let rules = &call.rules.profile.break_glass;
    let reason = request.reason.trim().to_owned();
    said("reason", &reason, REASON_CHARACTERS_MAX)?;
    if reason.chars().count() < REASON_CHARACTERS_MIN {
        return Err(too_short());
    }
    if !rules.permissions.contains(&request.permission) {
        let may = rules.permissions.iter().map(|may| format!("{may:?}")).collect::<Vec<_>>().join(", ");
        return Err(Refusal::rule(
            "not_by_glass",
            "permission",
            format!("{:?}", request.permission),
            format!("应急查阅只限:{may}。"),
            format!("Break-glass access gives only: {may}."),
        ));
    }
    let area = reach(unit.tx(), &request)?;
    let (id, ends_at) = (unit.next(glass::COUNTER)?, call.now.plus_minutes(i64::from(rules.minutes)));
    let (actor, permission, person) = (call.actor.id, request.permission, request.person);
    let seq = unit.record(GlassBroken { id, actor, permission, area, person, reason: reason.clone(), ends_at })?;
    let because = Text::new(
        format!("账号 {actor} 启用应急查阅({permission:?},区域 {area}),理由:{reason}"),
        format!("Account {actor} took break-glass access ({permission:?}, area {area}), because: {reason}"),
    );
    tell(unit, call, id, &because)?;
    let review = orders::issue(unit, call, review_of(id, call, because, seq))?;
    Ok(Broken { glass: id, ends_at, review })
}

fn too_short() -> Refusal {
    Refusal::rule("reason_short", "reason", "", "请写明理由(至少 5 个字)。", "Say why, in at least 5 characters.")
}

fn tell(unit: &mut Unit<'_>, call: &Call, id: i64, what: &Text) -> Result<(), Refusal> {
    let notice = NewNotice {
        key: Some(format!("glass:{id}")),
        kind: "break_glass".to_owned(),
        audience: Audience::Receivers(vec!["commander".to_owned(), "auditor".to_owned()]),
        area: AreaId(unit.tx().jurisdiction()),
        title: Text::new("应急查阅", "Break-glass access"),
        body: what.clone(),
        reference: Subject::None,
        clause: None,
        deadline_at: None,
    };
    notices::publish(unit, call, notice).map(|_| ())
}

fn review_of(id: i64, call: &Call, because: Text, seq: outpace_core::Seq) -> NewOrder {
    let form = [("glass".to_owned(), id.into()), (BREAKER.to_owned(), call.actor.id.0.into())];
    NewOrder {
        key: format!("glass:{id}"),
        kind: REVIEW.key.to_owned(),
        subject: Subject::None,
        area: call.rules.profile.area,
        task_force: None,
        team: None,
        deadline_at: None,
        because,
        clause: None,
        cause: Some(seq),
        form: Form::from(form),
    }
}

/// Who took the access, in the form of its review.
const BREAKER: &str = "actor";

/// Who took the access that an order reviews; `None` for any other order.
#[must_use]
pub(crate) fn breaker(order: &orders::Order) -> Option<ActorId> {
    let of_review = order.kind == crate::kinds::spelled(REVIEW.key);
    of_review.then(|| order.form.get(BREAKER).and_then(serde_json::Value::as_i64).map(ActorId)).flatten()
}

/// Accesses that were taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Panes {
    /// Newest first.
    pub glass: Vec<Pane>,
}

fn list(tx: &mut Tx<'_>, _: &Call, _: Empty) -> Result<Panes, Refusal> {
    Ok(Panes { glass: glass::panes_of(tx, PANES_MAX)? })
}
