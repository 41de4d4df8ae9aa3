//! Who works in the drill: everybody signed in with the least role that their part needs.
//!
//! Commanders, heads and those who sign have accounts with passwords; lanes, vehicles, laboratories and posts have devices
//! with tokens; whose role asks for it has an authenticator. Nobody signs in who has no part: the commanders answer in time,
//! so there is no deputy. Passwords exist for the length of a drill, in a data folder that is marked as one.

use std::collections::BTreeMap;

use outpace_core::{AreaId, Role};
use serde_json::{Value, json};

use crate::authenticator::Authenticator;
use crate::client::{Api, CallError, Staff, number, side_by_side, text};
use crate::parts::Badge;

/// The office's people. Lanes, vehicles and laboratories get their devices where they are set up.
#[derive(Debug, Clone)]
pub struct Office {
    /// Sets everything up and moves the drill's clock.
    pub administrator: Staff,
    /// The two commanders in chief.
    pub commanders: [Staff; 2],
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
    /// Everybody who signs in with a password.
    people: Vec<Person>,
}

/// Somebody with a password and, where the role needs one, an authenticator.
#[derive(Clone)]
pub struct Person {
    /// As whom they act.
    pub staff: Staff,
    name: String,
    password: String,
    authenticator: Option<Authenticator>,
}

/// Without password and secret.
impl std::fmt::Debug for Person {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Person({})", self.name)
    }
}

impl Office {
    /// The head of a task force; the first commander where it has none.
    #[must_use]
    pub fn head(&self, task_force: &str) -> &Staff {
        self.heads.get(task_force).unwrap_or(&self.commanders[0])
    }

    /// Everybody with a password signs in again, since a sign-in ends with the shift; devices renew their tokens.
    ///
    /// # Errors
    /// What the system refused.
    pub async fn begin_shift(&self, api: &Api) -> Result<(), CallError> {
        let signing = self.people.iter().map(|person| sign_in_again(api.clone(), person.clone()));
        side_by_side(signing.collect::<Vec<_>>()).await.map(|_: Vec<()>| ())?;
        side_by_side(api.devices().into_iter().map(renew)).await.map(|_: Vec<()>| ())
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
pub async fn administrator(api: &Api, password: &str) -> Result<Person, CallError> {
    sign_in(api, "admin", password).await
}

/// What the name of every head begins with.
const HEAD: &str = "head-";

const SIGN_IN: &str = "/api/access/sign-in";
const RENEW: &str = "/api/access/renew";

/// Signs in for the first time, and sets an authenticator up where the role asks for one.
async fn sign_in(api: &Api, name: &str, password: &str) -> Result<Person, CallError> {
    let signed_in: Value = api.anyone().post(SIGN_IN, &json!({ "name": name, "password": password })).await?;
    let (token, id) = (text(SIGN_IN, &signed_in, "/token")?, number(SIGN_IN, &signed_in, "/actor/id")?);
    let staff = api.staff(token, id, Badge::signed_in(&signed_in));
    let asked = text(SIGN_IN, &signed_in, "/second_factor")? == "to_enrol";
    let authenticator = if asked { Some(enrol(api, &staff).await?) } else { None };
    Ok(Person { staff, name: name.to_owned(), password: password.to_owned(), authenticator })
}

async fn enrol(api: &Api, staff: &Staff) -> Result<Authenticator, CallError> {
    const ENROL: &str = "/api/access/enrol";
    const CONFIRM: &str = "/api/access/confirm-enrolment";
    let shown: Value = staff.post(ENROL, &json!({})).await?;
    let lacks = || CallError::Lacks { path: ENROL.to_owned(), field: "/secret".to_owned() };
    let app = Authenticator::typed(&text(ENROL, &shown, "/secret")?).ok_or_else(lacks)?;
    let confirmed: Value = staff.post(CONFIRM, &json!({ "code": app.code(api.clock()) })).await?;
    staff.enter_again(text(CONFIRM, &confirmed, "/token")?, Badge::signed_in(&confirmed));
    Ok(app)
}

/// A sign-in holds for one long shift; afterwards the same person signs in again, with another code.
async fn sign_in_again(api: Api, person: Person) -> Result<(), CallError> {
    let code = person.authenticator.as_ref().map(|app| app.code(api.clock()));
    let body = json!({ "name": person.name, "password": person.password, "code": code });
    let signed_in: Value = api.anyone().post(SIGN_IN, &body).await?;
    person.staff.enter_again(text(SIGN_IN, &signed_in, "/token")?, Badge::signed_in(&signed_in));
    Ok(())
}

/// A device renews its token by itself, before it ends.
async fn renew(device: Staff) -> Result<(), CallError> {
    let renewed: Value = device.post(RENEW, &json!({})).await?;
    device.renew(text(RENEW, &renewed, "/token")?);
    Ok(())
}

fn password_of(name: &str) -> String {
    format!("drill-{name}-only")
}

/// Sets up an account and signs it in. The name of a head ends with the key of the task force.
async fn account(api: Api, administrator: Staff, name: String, role: Role, area: AreaId) -> Result<Person, CallError> {
    let password = password_of(&name);
    let task_force = name.strip_prefix(HEAD).filter(|_| role == Role::TaskForceHead);
    let body = json!({ "name": name, "password": password, "role": role, "area": area, "task_force": task_force });
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
    posted(api, administrator, name, role, area, None).await
}

/// Sets up a device that is for one lane, site, laboratory or vehicle only.
///
/// # Errors
/// As [`device`].
pub async fn posted(
    api: Api,
    administrator: Staff,
    name: String,
    role: Role,
    area: AreaId,
    post: Option<(&'static str, i64)>,
) -> Result<Staff, CallError> {
    const PATH: &str = "/api/access/add-device";
    let at = post.map(|(kind, id)| json!({ "kind": kind, "id": id }));
    let body = json!({ "name": name, "role": role, "area": area, "post": at });
    let added: Value = administrator.post(PATH, &body).await?;
    let badge = Badge::device(&added, post.map(|(kind, _)| kind));
    Ok(api.device(text(PATH, &added, "/token")?, number(PATH, &added, "/actor/id")?, badge))
}

/// Signs everybody of the office in.
///
/// # Errors
/// What the system refused.
pub async fn open_office(api: &Api, administrator: Person, county: AreaId) -> Result<Office, CallError> {
    let by = &administrator.staff;
    let signing = |name: &str, role: Role| account(api.clone(), by.clone(), name.to_owned(), role, county);
    let post = |name: &str, role: Role| device(api.clone(), by.clone(), name.to_owned(), role, county);
    let (first, second) =
        tokio::try_join!(signing("commander-1", Role::Commander), signing("commander-2", Role::Commander))?;
    let heads = TASK_FORCES.map(|key| signing(&format!("{HEAD}{key}"), Role::TaskForceHead));
    let heads = side_by_side(heads).await?;
    let (tracer, auditor, publisher) = tokio::try_join!(
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
    let signed = [&administrator, &first, &second, &tracer, &auditor, &publisher];
    let people = signed.into_iter().chain(&heads).cloned().collect();
    let heads = TASK_FORCES.iter().map(|key| (*key).to_owned()).zip(heads.into_iter().map(|head| head.staff));
    Ok(Office {
        administrator: administrator.staff,
        commanders: [first.staff, second.staff],
        heads: heads.collect(),
        tracer: tracer.staff,
        hospital,
        supplies,
        publisher: publisher.staff,
        facility_staff,
        grid_workers,
        auditor: auditor.staff,
        people,
    })
}
