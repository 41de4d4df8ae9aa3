//! Signing in as one of the roles of a drill, without its password: everybody there is made up, and whoever tries the system
//! out has no authenticator of theirs. In a folder with real data these routes answer 404, as if they did not exist.

use outpace_core::{Actor, ActorId, AreaId, Refusal, Role, Text, Timestamp};
use outpace_store::{Tx, Unit};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::model::{Post, TokenKind};
use super::session::{self, Keep, SignedIn};
use super::{errors, store};
use crate::admit::Caller;
use crate::office::{Call, Office};
use crate::routes::{Empty, Entered};

/// Whether this is a drill, and where its clock stands.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct DrillMark {
    /// Whether the folder is marked for ever as a drill's.
    pub drill: bool,
    /// The server's clock: in a drill the drill's own, by which sheets, passes and codes are good.
    pub now: Timestamp,
    /// Minutes east of Greenwich of the jurisdiction.
    pub offset_minutes: i64,
}

/// Somebody of a drill whom a visitor may sign in as.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct DrillRole {
    /// Who.
    pub actor: ActorId,
    /// Login name, or the label of a device.
    pub name: String,
    /// The role.
    pub role: Role,
    /// Where it holds.
    pub area: AreaId,
    /// The task force whose head they are.
    pub task_force: Option<Text>,
    /// The one thing that a device is for.
    pub post: Option<Post>,
}

/// The roles of a drill, in the order of the command.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct DrillRoles {
    /// Every account, and one device of each role that only devices have.
    pub roles: Vec<DrillRole>,
}

/// Whom to sign in as.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SignInAs {
    /// Somebody of [`DrillRoles`].
    pub actor: ActorId,
    /// What to answer with.
    #[serde(default)]
    pub keep: Keep,
}

/// Whoever a visitor becomes, checked.
pub(super) struct Becoming {
    actor: Actor,
    kind: TokenKind,
}

/// Says whether this is a drill. Open to everyone: every page is marked, also where nobody is signed in.
///
/// # Errors
/// None.
#[allow(clippy::unnecessary_wraps)]
pub(super) fn mark(_: &Office, call: &Call, _: Empty) -> Result<DrillMark, Refusal> {
    Ok(DrillMark { drill: call.drill, now: call.now, offset_minutes: call.offset_minutes() })
}

/// Passes on this machine, and on the network where whoever started the server said so; never outside a drill.
///
/// # Errors
/// 404 in a folder with real data; 403 from the network.
fn offered(office: &Office, caller: &Caller) -> Result<(), Refusal> {
    if !office.store.is_drill() {
        return Err(errors::no_drill());
    }
    if caller.address.is_loopback() || office.offers_drill_roles() { Ok(()) } else { Err(errors::drill_roles_here()) }
}

/// Lists whom one may sign in as.
///
/// # Errors
/// As [`offered`].
pub(super) fn roles(
    office: &Office,
    caller: &Caller,
    call: &Call,
    tx: &mut Tx<'_>,
    _: Empty,
) -> Result<DrillRoles, Refusal> {
    offered(office, caller)?;
    let mut roles = store::of_drill(tx)?;
    let place = |role: Role| Role::ALL.iter().position(|other| *other == role);
    roles.sort_by_key(|one| (place(one.actor.role), one.actor.id));
    let forces = &call.rules.profile.task_forces;
    let named = |key: &str| forces.iter().find(|force| force.key == key);
    let roles = roles.into_iter().map(|one| DrillRole {
        actor: one.actor.id,
        name: one.name,
        role: one.actor.role,
        area: one.actor.area,
        task_force: one.actor.task_force.as_deref().and_then(named).map(|one| Text::new(&one.name_zh, &one.name_en)),
        post: one.post,
    });
    Ok(DrillRoles { roles: roles.collect() })
}

/// Finds whom somebody becomes.
///
/// # Errors
/// As [`offered`]; 404 for a resident, and for who is unknown or ended.
pub(super) fn check(
    office: &Office,
    caller: &Caller,
    _: &Call,
    tx: &mut Tx<'_>,
    request: SignInAs,
) -> Result<Becoming, Refusal> {
    offered(office, caller)?;
    let kind = request.keep.kind(caller)?;
    let found = store::by_id(tx, request.actor)?.filter(|actor| !matches!(actor.role, Role::Resident | Role::System));
    let actor = found.ok_or_else(|| errors::unknown_actor(request.actor))?;
    Ok(Becoming { actor, kind })
}

/// Hands the session out, as if password and code had been given.
///
/// # Errors
/// What the store refused.
pub(super) fn enter(
    unit: &mut Unit<'_>,
    caller: &Caller,
    call: &Call,
    becoming: Becoming,
) -> Result<Entered<SignedIn>, Refusal> {
    let Becoming { actor, kind } = becoming;
    session::clear_the_way(unit, caller, actor.id)?;
    session::begin(unit, call, &actor, kind, true)
}
