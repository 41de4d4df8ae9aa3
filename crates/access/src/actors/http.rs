//! Routes: sign in, set up accounts and devices.

use outpace_core::time::{DAY_MS, HOUR_MS};
use outpace_core::{Actor, ActorId, ActorKind, AreaId, Permission, Refusal, Role, Timestamp};
use outpace_store::{Tx, Unit};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::facts::TokenIssued;
use super::{password, store};
use crate::office::Call;
use crate::routes::Routes;

/// How long a sign-in holds: one long shift.
const SESSION_MS: i64 = 12 * HOUR_MS;
/// How long a device's token holds.
const DEVICE_MS: i64 = 7 * DAY_MS;

/// Name and password.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SignIn {
    /// Login name.
    pub name: String,
    /// Password.
    pub password: String,
}

/// A token that acts for its holder until it ends.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SignedIn {
    /// Send it as `Authorization: Bearer`.
    pub token: String,
    /// Who signed in.
    pub actor: Actor,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// A new account.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AddAccount {
    /// Login name: a function ("commander-1"), not a person's name.
    pub name: String,
    /// At least 12 characters.
    pub password: String,
    /// The role.
    pub role: Role,
    /// Where the role holds.
    pub area: AreaId,
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
    /// The role that the device acts in.
    pub role: Role,
    /// Where it holds.
    pub area: AreaId,
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

/// The routes of accounts and devices.
#[must_use]
pub fn routes() -> Routes {
    Routes::new()
        .prepared("/api/access/sign-in", Permission::Public, "Sign in with name and password", check_password, sign_in)
        .prepared("/api/access/add-account", Permission::AccessManage, "Set up an account", seal_password, add_account)
        .command(
            "/api/access/add-device",
            Permission::AccessManage,
            "Set up a device and show its token once",
            add_device,
        )
}

fn wrong_sign_in() -> Refusal {
    Refusal::new(401, "wrong_sign_in", "password", "", "用户名或密码不正确。", "The name or the password is not right.")
}

fn issue(unit: &mut Unit<'_>, actor: ActorId, lasts_ms: i64) -> Result<(String, Timestamp), Refusal> {
    let token = password::random_text(32)?;
    let expires_at = Timestamp(unit.now().0 + lasts_ms);
    unit.record(TokenIssued { actor, hash: store::token_hash(&token), expires_at })?;
    Ok((token, expires_at))
}

/// What stands in for the kept password of a name that nobody has, so that the answer takes as long.
const NOBODYS_PASSWORD: [u8; 48] = [0; 48];

/// Finds the account and compares the password; beside the writer, since it takes long on purpose.
///
/// # Errors
/// 401 when name or password is wrong; neither the answer nor its time says which.
fn check_password(tx: &mut Tx<'_>, _: &Call, request: SignIn) -> Result<Actor, Refusal> {
    let found = store::by_name(tx, &request.name)?;
    let kept = found.as_ref().and_then(|(_, kept)| kept.as_deref()).unwrap_or(&NOBODYS_PASSWORD);
    let fits = password::fits(&request.password, kept)?;
    match found {
        Some((actor, Some(_))) if fits => Ok(actor),
        _ => Err(wrong_sign_in()),
    }
}

/// Hands out the token.
///
/// # Errors
/// What the store refused.
fn sign_in(unit: &mut Unit<'_>, _: &Call, actor: Actor) -> Result<SignedIn, Refusal> {
    let (token, expires_at) = issue(unit, actor.id, SESSION_MS)?;
    Ok(SignedIn { token, actor, expires_at })
}

fn free_name(unit: &mut Unit<'_>, name: &str) -> Result<(), Refusal> {
    if name.trim().is_empty() || name.chars().count() > 80 {
        return Err(Refusal::rule(
            "name_length",
            "name",
            name,
            "名称须为 1 至 80 个字。",
            "A name has 1 to 80 characters.",
        ));
    }
    if store::name_taken(unit.tx(), name)? {
        return Err(Refusal::conflict(
            "name_taken",
            "name",
            name,
            "该名称已被使用,请换一个。",
            "This name is taken; choose another.",
        ));
    }
    Ok(())
}

/// Checks a new account and seals its password, beside the writer.
fn seal_password(_: &mut Tx<'_>, call: &Call, request: AddAccount) -> Result<(AddAccount, Vec<u8>), Refusal> {
    call.covers(request.area)?;
    if request.password.chars().count() < password::PASSWORD_CHARACTERS_MIN {
        let least = password::PASSWORD_CHARACTERS_MIN;
        return Err(Refusal::rule(
            "password_short",
            "password",
            "",
            format!("密码至少 {least} 个字符。"),
            format!("A password has at least {least} characters."),
        ));
    }
    let sealed = password::seal(&request.password)?;
    Ok((request, sealed))
}

/// Sets up an account.
///
/// # Errors
/// A taken name.
fn add_account(unit: &mut Unit<'_>, _: &Call, (request, sealed): (AddAccount, Vec<u8>)) -> Result<Account, Refusal> {
    free_name(unit, &request.name)?;
    let actor = store::add(unit, ActorKind::Account, request.role, request.area, &request.name, Some(&sealed))?;
    Ok(Account { actor })
}

/// Sets up a device.
///
/// # Errors
/// A taken name, an area outside one's own.
pub fn add_device(unit: &mut Unit<'_>, call: &Call, request: AddDevice) -> Result<Device, Refusal> {
    call.covers(request.area)?;
    free_name(unit, &request.name)?;
    let actor = store::add(unit, ActorKind::Device, request.role, request.area, &request.name, None)?;
    let (token, expires_at) = issue(unit, actor.id, DEVICE_MS)?;
    Ok(Device { actor, token, expires_at })
}
