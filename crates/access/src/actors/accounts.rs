//! What an administrator does with accounts and devices: sets up, lists, ends, lets in again.

use outpace_core::time::HOUR_MS;
use outpace_core::{Actor, ActorId, ActorKind, AreaId, PersonId, Refusal, Role, Text, Timestamp};
use outpace_policy::TaskForce;
use outpace_store::{Store, Tx, Unit};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zeroize::Zeroize;

use super::facts::{AccountUnlocked, ActorDisabled, PasswordChanged, SecondFactorReset, TokenRevoked};
use super::model::{Listed, Post, TokenKind, Whom};
use super::session::{Token, issue};
use super::store::{LISTED_MAX, NewActor};
use super::{errors, password, store};
use crate::admit::{Caller, CookieChange};
use crate::office::{Call, Office};
use crate::routes::{Empty, Entered};

/// A new account.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct AddAccount {
    /// Login name: a function ("commander-1"), not a person's name.
    pub name: String,
    /// At least 12 characters.
    pub password: String,
    /// The role.
    pub role: Role,
    /// Where the role holds.
    pub area: AreaId,
    /// The task force (专班) whose head or member they are, by its key in the profile; a head has one.
    #[serde(default)]
    pub task_force: Option<String>,
    /// Who they are in the registry: they never decide about themselves or their household.
    #[serde(default)]
    pub person: Option<PersonId>,
}

impl Drop for AddAccount {
    fn drop(&mut self) {
        self.password.zeroize();
    }
}

/// The account that was made.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Account {
    /// Who they are.
    pub actor: Actor,
}

/// A new device: lane, vehicle, laboratory.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AddDevice {
    /// A label, such as "lane 140121203-2".
    pub name: String,
    /// The role that the device acts in; none that signs in with a second factor.
    pub role: Role,
    /// Where it holds.
    pub area: AreaId,
    /// The one site, lane, laboratory or vehicle that it is for.
    #[serde(default)]
    pub post: Option<Post>,
}

/// The device, with its token, shown this once.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Device {
    /// Who it is.
    pub actor: Actor,
    /// Its token.
    pub token: String,
    /// When the token ends.
    pub expires_at: Timestamp,
}

/// A page of the list.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct ListActors {
    /// Begins after this id; from the start where nothing is said.
    #[serde(default)]
    pub after: Option<ActorId>,
    /// Only those of this role; everybody who works here where nothing is said, and no residents: they are not managed.
    #[serde(default)]
    pub role: Option<Role>,
}

/// A task force of the profile.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct NamedForce {
    /// Its key.
    pub key: String,
    /// Its name.
    pub name: Text,
}

/// What a new account or device may be.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(as = AccountOffer)]
pub struct Offer {
    /// Roles of accounts.
    pub roles: Vec<Role>,
    /// Of these, those that act with a second factor; no device has one.
    pub second_factor: Vec<Role>,
    /// Task forces of the profile.
    pub task_forces: Vec<NamedForce>,
}

/// Accounts and devices.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Actors {
    /// In the order of their ids.
    pub actors: Vec<Listed>,
    /// Where the next page begins; none after the last.
    pub next: Option<ActorId>,
    /// What another one may be.
    pub offer: Offer,
    /// The moment of the answer.
    pub now: Timestamp,
    /// Minutes east of UTC.
    pub offset_minutes: i64,
}

/// Whom, and why.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct WhomAndWhy {
    /// Whose.
    pub actor: ActorId,
    /// Why, for whoever reads it later.
    pub reason: String,
}

fn free_name(unit: &mut Unit<'_>, name: &str) -> Result<(), Refusal> {
    if name.trim().is_empty() || name.chars().count() > 80 {
        return Err(errors::name_length(name));
    }
    if store::name_taken(unit.tx(), name)? {
        return Err(errors::name_taken(name));
    }
    Ok(())
}

/// Checks a new account and seals its password, beside the writer.
pub(super) fn seal_password(
    _: &mut Tx<'_>,
    call: &Call,
    request: AddAccount,
) -> Result<(AddAccount, Vec<u8>), Refusal> {
    call.covers(request.area)?;
    let force = request.task_force.as_deref();
    let known = force.is_some_and(|key| call.rules.profile.task_force(key).is_some());
    if !known && (force.is_some() || request.role == Role::TaskForceHead) {
        return Err(errors::unknown_task_force(&call.rules.profile, force.unwrap_or_default()));
    }
    password::long_enough("password", &request.password)?;
    let sealed = password::seal(&request.password)?;
    Ok((request, sealed))
}

/// Sets up an account.
///
/// # Errors
/// A taken name.
pub(super) fn add_account(
    unit: &mut Unit<'_>,
    _: &Call,
    (request, sealed): (AddAccount, Vec<u8>),
) -> Result<Account, Refusal> {
    free_name(unit, &request.name)?;
    let AddAccount { role, area, name, task_force, person, .. } = &request;
    let (task_force, person) = (task_force.clone(), *person);
    let actor = Actor { task_force, person, ..Actor::new(ActorId(0), ActorKind::Account, *role, *area) };
    let actor = store::add(unit, NewActor { actor, name, post: None, sealed: Some(&sealed) })?;
    Ok(Account { actor })
}

/// Sets up a device.
///
/// # Errors
/// A taken name, an area outside one's own, a role that signs in with a second factor.
pub fn add_device(unit: &mut Unit<'_>, call: &Call, request: AddDevice) -> Result<Device, Refusal> {
    call.covers(request.area)?;
    if call.rules.profile.access.second_factor_roles.contains(&request.role) {
        return Err(errors::role_of_persons(request.role));
    }
    free_name(unit, &request.name)?;
    let AddDevice { role, area, name, post } = request;
    let actor = Actor::new(ActorId(0), ActorKind::Device, role, area);
    let actor = store::add(unit, NewActor { actor, name: &name, post, sealed: None })?;
    hand_out(unit, call, actor)
}

fn hand_out(unit: &mut Unit<'_>, call: &Call, actor: Actor) -> Result<Device, Refusal> {
    let expires_at = Timestamp(unit.now().0 + i64::from(call.rules.profile.access.device_token_hours) * HOUR_MS);
    let kind = TokenKind::Device;
    let token = issue(unit, call, &Token { actor: &actor, kind, second_factor: false, expires_at, follows: None })?;
    Ok(Device { actor, token, expires_at })
}

/// Somebody who may act and stands in the caller's area.
fn whom(unit: &mut Unit<'_>, call: &Call, id: ActorId) -> Result<Actor, Refusal> {
    let actor = store::by_id(unit.tx(), id)?.filter(|actor| call.sees(actor.area));
    actor.ok_or_else(|| errors::unknown_actor(id))
}

/// Gives a device another token, after a break that was longer than its last one held; whatever it had ends.
///
/// # Errors
/// 404 for somebody unknown, 422 for an account.
pub(super) fn issue_token(unit: &mut Unit<'_>, call: &Call, request: Whom) -> Result<Device, Refusal> {
    let actor = whom(unit, call, request.actor)?;
    if actor.kind != ActorKind::Device {
        return Err(errors::no_device(actor.id));
    }
    unit.record(TokenRevoked { actor: actor.id })?;
    hand_out(unit, call, actor)
}

/// Ends every token of an account or a device.
///
/// # Errors
/// 404 for somebody unknown.
pub(super) fn revoke(unit: &mut Unit<'_>, call: &Call, request: Whom) -> Result<Empty, Refusal> {
    let actor = whom(unit, call, request.actor)?;
    unit.record(TokenRevoked { actor: actor.id })?;
    Ok(Empty {})
}

/// Ends an account or a device for good; its name stays taken, since signatures outlive it.
///
/// # Errors
/// 404 for somebody unknown; 422 without a reason, for oneself, for the last administrator.
pub(super) fn disable(unit: &mut Unit<'_>, call: &Call, request: WhomAndWhy) -> Result<Empty, Refusal> {
    let actor = whom(unit, call, request.actor)?;
    reason_given(&request.reason)?;
    if actor.id == call.actor.id {
        return Err(errors::not_oneself(actor.id));
    }
    let administrator = actor.role == Role::Administrator && actor.kind == ActorKind::Account;
    if administrator && store::active_accounts(unit.tx(), Role::Administrator)? <= 1 {
        return Err(errors::last_administrator());
    }
    unit.record(ActorDisabled { actor: actor.id, reason: request.reason })?;
    Ok(Empty {})
}

/// Takes back an account's second factor, because its holder lost it. They set up another at their next sign-in, for which
/// they need their password, which the administrator does not have.
///
/// # Errors
/// 404 for somebody unknown; 409 where there is none; 422 without a reason or for oneself.
pub(super) fn reset_second_factor(unit: &mut Unit<'_>, call: &Call, request: WhomAndWhy) -> Result<Empty, Refusal> {
    let actor = whom(unit, call, request.actor)?;
    reason_given(&request.reason)?;
    if actor.id == call.actor.id {
        return Err(errors::not_oneself(actor.id));
    }
    take_back_second_factor(unit, actor.id, request.reason)?;
    Ok(Empty {})
}

/// Takes back a second factor and ends every sign-in that was made with it.
///
/// # Errors
/// 409 where there is none.
pub(super) fn take_back_second_factor(unit: &mut Unit<'_>, id: ActorId, reason: String) -> Result<(), Refusal> {
    if !store::has_second_factor(unit.tx(), id)? {
        return Err(errors::nothing_enrolled());
    }
    store::drop_secret(unit, id)?;
    unit.record(SecondFactorReset { actor: id, reason })?;
    unit.record(TokenRevoked { actor: id })?;
    Ok(())
}

/// Takes back a second factor at the machine itself, by login name: when the only administrator lost the phone.
///
/// # Errors
/// 404 for a name that nobody has, 409 where there is no second factor, 422 without a reason.
pub fn reset_second_factor_here(store: &Store, name: &str, reason: String) -> Result<(), Refusal> {
    reason_given(&reason)?;
    let name = name.to_owned();
    let done = store.write(&store.system(), move |unit| {
        let found = store::by_name(unit.tx(), &name)?.ok_or_else(|| errors::unknown_name(&name))?;
        take_back_second_factor(unit, found.actor.id, reason)
    });
    done.map(|_| ())
}

/// Gives an account another password at the machine itself, by login name: when the only administrator forgot it. Every
/// sign-in of the account ends; its second factor stays. Answers the password, to be shown once.
///
/// # Errors
/// 404 for a name that no account has, 422 without a reason.
pub fn new_password_here(store: &Store, name: &str, reason: String) -> Result<String, Refusal> {
    reason_given(&reason)?;
    let name = name.to_owned();
    let password = password::random_text(12)?;
    let sealed = password::seal(&password)?;
    store.write(&store.system(), move |unit| {
        let found = store::by_name(unit.tx(), &name)?.filter(|found| found.actor.kind == ActorKind::Account);
        let id = found.ok_or_else(|| errors::unknown_name(&name))?.actor.id;
        store::keep_password(unit, id, &sealed)?;
        unit.record(PasswordChanged { actor: id, reason: Some(reason) })?;
        unit.record(TokenRevoked { actor: id })?;
        Ok::<_, Refusal>(())
    })?;
    Ok(password)
}

fn reason_given(reason: &str) -> Result<(), Refusal> {
    let characters = reason.trim().chars().count();
    if (2..=500).contains(&characters) { Ok(()) } else { Err(errors::reason_length()) }
}

/// Forgets what was tried in vain, in memory; the rest is done on the writer.
pub(super) fn forgive(
    office: &Office,
    _: &Caller,
    call: &Call,
    tx: &mut Tx<'_>,
    request: Whom,
) -> Result<Whom, Refusal> {
    let actor = store::by_id(tx, request.actor)?.filter(|actor| call.sees(actor.area));
    let name = store::name_of(tx, request.actor)?;
    match actor.and(name) {
        Some(name) => office.watch.forgive(&name),
        None => return Err(errors::unknown_actor(request.actor)),
    }
    Ok(request)
}

/// Lets a locked account in again.
///
/// # Errors
/// What the store refused.
pub(super) fn unlock(unit: &mut Unit<'_>, _: &Caller, _: &Call, request: Whom) -> Result<Entered<Empty>, Refusal> {
    unit.record(AccountUnlocked { actor: request.actor })?;
    Ok(Entered { answer: Empty {}, cookie: CookieChange::Keep })
}

/// Lists accounts and devices of one's area, with what this server has heard of them.
///
/// # Errors
/// What the store refused.
pub(super) fn list(office: &Office, tx: &mut Tx<'_>, call: &Call, request: ListActors) -> Result<Actors, Refusal> {
    let mut actors = store::listed(tx, request.after.unwrap_or(ActorId(0)), request.role)?;
    let full = i64::try_from(actors.len()).is_ok_and(|found| found == LISTED_MAX);
    let next = if full { actors.last().map(|last| last.actor.id) } else { None };
    actors.retain(|one| call.sees(one.actor.area));
    let directory = office.doors.read();
    for one in &mut actors {
        let tokens = directory.tokens_of(one.actor.id, call.now, None);
        one.last_seen = tokens.iter().map(|token| token.last_seen).max();
        one.token_until = tokens.iter().map(|token| token.expires_at).max();
        one.locked_until = one.locked_until.filter(|until| *until > call.now);
    }
    Ok(Actors { actors, next, offer: offer(call), now: call.now, offset_minutes: call.offset_minutes() })
}

/// What may be set up here: everybody who works, nobody who does not.
fn offer(call: &Call) -> Offer {
    let profile = &call.rules.profile;
    let name = |force: &TaskForce| Text::new(&force.name_zh, &force.name_en);
    Offer {
        roles: Role::ALL.into_iter().filter(|role| !matches!(role, Role::System | Role::Resident)).collect(),
        second_factor: profile.access.second_factor_roles.clone(),
        task_forces: profile
            .task_forces
            .iter()
            .map(|force| NamedForce { key: force.key.clone(), name: name(force) })
            .collect(),
    }
}
