//! Who works in the drill: everybody signed in with the least role that their part needs.
//!
//! Commanders, deputies, heads and those who sign have accounts with passwords; lanes, vehicles, laboratories and posts
//! have devices with tokens. Passwords exist for the length of a drill, in a data folder that is marked as one.

use std::collections::BTreeMap;

use outpace_core::{AreaId, Role};
use serde_json::{Value, json};

use crate::client::{Api, CallError, Staff, number, side_by_side, text};

/// The office's people. Lanes, vehicles and laboratories get their devices where they are set up.
#[derive(Debug, Clone)]
pub struct Office {
    /// Sets everything up and moves the drill's clock.
    pub administrator: Staff,
    /// The two commanders in chief.
    pub commanders: [Staff; 2],
    /// Decides when they do not answer in time.
    pub deputy: Staff,
    /// Heads of task forces, by key.
    heads: BTreeMap<String, Staff>,
    /// The tracer.
    pub tracer: Staff,
    /// The designated hospital.
    pub hospital: Staff,
    /// Supplies.
    pub supplies: Staff,
    /// Publishes notices.
    pub publisher: Staff,
    /// Staff of the quarantine sites.
    pub facility_staff: Staff,
    /// Grid workers, as one post of the county.
    pub grid_workers: Staff,
    /// Looks at what was done, and at everything that the score asks.
    pub auditor: Staff,
}

impl Office {
    /// The head of a task force; the first commander where it has none.
    #[must_use]
    pub fn head(&self, task_force: &str) -> &Staff {
        self.heads.get(task_force).unwrap_or(&self.commanders[0])
    }

    /// Everybody with a password signs in again: a sign-in ends with the shift.
    ///
    /// # Errors
    /// What the system refused.
    pub async fn begin_shift(&self, api: &Api, admin_password: &str) -> Result<(), CallError> {
        let named = |name: &str, staff: &Staff| (name.to_owned(), password_of(name), staff.clone());
        let [first, second] = &self.commanders;
        let mut all = vec![
            ("admin".to_owned(), admin_password.to_owned(), self.administrator.clone()),
            named("commander-1", first),
            named("commander-2", second),
            named("deputy-1", &self.deputy),
            named("tracer-1", &self.tracer),
            named("auditor-1", &self.auditor),
            named("publisher-1", &self.publisher),
        ];
        all.extend(self.heads.iter().map(|(key, staff)| named(&format!("head-{key}"), staff)));
        let signing = all.into_iter().map(|(name, password, staff)| sign_in_again(api.clone(), staff, name, password));
        side_by_side(signing.collect::<Vec<_>>()).await.map(|_: Vec<()>| ())
    }
}

/// The task forces of the jurisdiction whose heads sign in.
pub const TASK_FORCES: [&str; 14] = [
    "testing",
    "medical",
    "traffic",
    "tracing",
    "quarantine",
    "logistics",
    "command",
    "publicity",
    "community",
    "transport",
    "disinfection",
    "supplies",
    "services",
    "supervision",
];

/// Signs the administrator in.
///
/// # Errors
/// A wrong password.
pub async fn administrator(api: &Api, password: &str) -> Result<Staff, CallError> {
    sign_in(api, "admin", password).await
}

const SIGN_IN: &str = "/api/access/sign-in";

async fn sign_in(api: &Api, name: &str, password: &str) -> Result<Staff, CallError> {
    let signed_in: Value = api.anyone().post(SIGN_IN, &json!({ "name": name, "password": password })).await?;
    Ok(api.staff(text(SIGN_IN, &signed_in, "/token")?, number(SIGN_IN, &signed_in, "/actor/id")?))
}

/// A sign-in holds for one long shift; after half a day the same person signs in again.
async fn sign_in_again(api: Api, staff: Staff, name: String, password: String) -> Result<(), CallError> {
    let signed_in: Value = api.anyone().post(SIGN_IN, &json!({ "name": name, "password": password })).await?;
    staff.renew(text(SIGN_IN, &signed_in, "/token")?);
    Ok(())
}

fn password_of(name: &str) -> String {
    format!("drill-{name}-only")
}

/// Sets up an account and signs it in.
async fn account(api: Api, administrator: Staff, name: String, role: Role, area: AreaId) -> Result<Staff, CallError> {
    let password = password_of(&name);
    let body = json!({ "name": name, "password": password, "role": role, "area": area });
    administrator.tell("/api/access/add-account", &body).await?;
    sign_in(&api, &name, &password).await
}

/// Sets up a device: a lane, a vehicle, a laboratory, a post.
///
/// # Errors
/// A name that is taken, an area outside the administrator's.
pub async fn device(
    api: Api,
    administrator: Staff,
    name: String,
    role: Role,
    area: AreaId,
) -> Result<Staff, CallError> {
    const PATH: &str = "/api/access/add-device";
    let body = json!({ "name": name, "role": role, "area": area });
    let added: Value = administrator.post(PATH, &body).await?;
    Ok(api.staff(text(PATH, &added, "/token")?, number(PATH, &added, "/actor/id")?))
}

/// Signs everybody of the office in.
///
/// # Errors
/// What the system refused.
pub async fn open_office(api: &Api, administrator: &Staff, county: AreaId) -> Result<Office, CallError> {
    let signing = |name: &str, role: Role| account(api.clone(), administrator.clone(), name.to_owned(), role, county);
    let post = |name: &str, role: Role| device(api.clone(), administrator.clone(), name.to_owned(), role, county);
    let (first, second) =
        tokio::try_join!(signing("commander-1", Role::Commander), signing("commander-2", Role::Commander))?;
    let heads = TASK_FORCES.map(|key| signing(&format!("head-{key}"), Role::TaskForceHead));
    let heads = side_by_side(heads).await?;
    let (deputy, tracer, auditor, publisher) = tokio::try_join!(
        signing("deputy-1", Role::Deputy),
        signing("tracer-1", Role::Tracer),
        signing("auditor-1", Role::Auditor),
        signing("publisher-1", Role::Publisher),
    )?;
    let (hospital, supplies, facility_staff, grid_workers) = tokio::try_join!(
        post("hospital", Role::Hospital),
        post("supplies", Role::Supplies),
        post("facility-staff", Role::FacilityStaff),
        post("grid-workers", Role::GridWorker),
    )?;
    Ok(Office {
        administrator: administrator.clone(),
        commanders: [first, second],
        deputy,
        heads: TASK_FORCES.iter().map(|key| (*key).to_owned()).zip(heads).collect(),
        tracer,
        hospital,
        supplies,
        publisher,
        facility_staff,
        grid_workers,
        auditor,
    })
}
