//! Break-glass access (应急查阅): somebody at work needs to see what their role or area does not let them, now. The profile
//! says which permissions can be had so and for how long; a reason is always given; each request that goes through is a fact
//! before it is answered; it ends by itself. Reading and looking up alone: nothing is decided through it.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::http::{HeaderMap, HeaderName};
use outpace_core::{Actor, ActorId, AreaId, Need, Permission, PersonId, Refusal, Scope, Timestamp};
use outpace_store::{Capability, Fact, Memory, Result, Row, Store, Tx, values};
use parking_lot::RwLock;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::office::Office;

/// The header that names the access by which a request is made.
pub const HEADER: HeaderName = HeaderName::from_static("x-outpace-glass");
/// Accesses that are walked for one person's file: years of them.
const WALKED_MAX: i64 = 20_000;
/// The counter of their numbers.
pub const COUNTER: &str = "glass";

/// Somebody took access that their role or area does not give them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GlassBroken {
    /// Its number.
    pub id: i64,
    /// Who.
    pub actor: ActorId,
    /// What they may do by it.
    pub permission: Permission,
    /// Over which area.
    pub area: AreaId,
    /// About whom, where it is about one person; the area is then the grid of their home.
    #[serde(default)]
    pub person: Option<PersonId>,
    /// Why.
    pub reason: String,
    /// When it ends by itself.
    pub ends_at: Timestamp,
}

impl Fact for GlassBroken {
    const KIND: &'static str = "access.glass_broken";
}

/// A request was made by such an access. Recorded before it is answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GlassUsed {
    /// The access.
    pub id: i64,
    /// The route.
    pub path: String,
}

impl Fact for GlassUsed {
    const KIND: &'static str = "access.glass_used";
}

/// An access that was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = BrokenGlass)]
pub struct Pane {
    /// Its number.
    pub id: i64,
    /// Who took it.
    pub actor: ActorId,
    /// What they may do by it.
    pub permission: Permission,
    /// Over which area.
    pub area: AreaId,
    /// About whom, where it is about one person.
    pub person: Option<PersonId>,
    /// Why.
    pub reason: String,
    /// When it was taken.
    pub broken_at: Timestamp,
    /// When it ends by itself.
    pub ends_at: Timestamp,
    /// Requests made by it.
    pub uses: i64,
}

const SCHEMA: &[&str] = &["
CREATE TABLE glass (
  j BIGINT NOT NULL, id BIGINT NOT NULL, actor BIGINT NOT NULL, permission TEXT NOT NULL, area BIGINT NOT NULL,
  person BIGINT, reason TEXT NOT NULL, broken_at BIGINT NOT NULL, ends_at BIGINT NOT NULL, uses BIGINT NOT NULL,
  PRIMARY KEY (j, id));
"];

/// What stands open, under a lock of its own, so that no request waits for the writer to be told.
pub(crate) type Panes = Arc<RwLock<BTreeMap<i64, GlassBroken>>>;

/// The capability: one table, its folds, what stands open in memory.
#[must_use]
pub fn capability() -> Capability {
    let panes = Panes::default();
    Capability::new("glass")
        .schema(SCHEMA)
        .table("glass", "j, id")
        .fold(|tx, entry, fact: &GlassBroken| {
            let (j, permission) = (tx.jurisdiction(), permission_word(fact.permission));
            tx.execute(
                "INSERT INTO glass (j, id, actor, permission, area, person, reason, broken_at, ends_at, uses)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0)",
                values![
                    j,
                    fact.id,
                    fact.actor,
                    &permission,
                    fact.area,
                    fact.person,
                    &fact.reason,
                    entry.recorded_at,
                    fact.ends_at
                ],
            )
            .map(|_| ())
        })
        .remember(|memory, _, fact: &GlassBroken| {
            memory.of::<Panes>().write().insert(fact.id, fact.clone());
        })
        .fold(|tx, _, fact: &GlassUsed| {
            let j = tx.jurisdiction();
            tx.execute("UPDATE glass SET uses = uses + 1 WHERE j = $1 AND id = $2", values![j, fact.id]).map(|_| ())
        })
        .restore(move |tx, memory: &mut Memory| {
            let open = panes_of(tx, i64::MAX)?.into_iter().map(|pane| (pane.id, broken(pane)));
            *panes.write() = open.collect();
            memory.put(panes.clone());
            Ok(())
        })
}

fn broken(pane: Pane) -> GlassBroken {
    let Pane { id, actor, permission, area, person, reason, ends_at, .. } = pane;
    GlassBroken { id, actor, permission, area, person, reason, ends_at }
}

fn permission_word(permission: Permission) -> String {
    let word = serde_json::to_value(permission).ok();
    word.and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default()
}

fn read(row: &Row<'_>) -> Result<Pane> {
    let word = serde_json::Value::String(row.get(2)?);
    let permission = serde_json::from_value(word)
        .map_err(|source| outpace_store::StoreError::Payload { kind: GlassBroken::KIND.to_owned(), source })?;
    Ok(Pane {
        id: row.get(0)?,
        actor: row.get(1)?,
        permission,
        area: row.get(3)?,
        person: row.get(4)?,
        reason: row.get(5)?,
        broken_at: row.get(6)?,
        ends_at: row.get(7)?,
        uses: row.get(8)?,
    })
}

/// Accesses that were taken, newest first.
///
/// # Errors
/// What the engine refused.
pub fn panes_of(tx: &mut Tx<'_>, limit: i64) -> Result<Vec<Pane>> {
    let j = tx.jurisdiction();
    tx.query(
        "SELECT id, actor, permission, area, person, reason, broken_at, ends_at, uses FROM glass
         WHERE j = $1 ORDER BY id DESC LIMIT $2",
        values![j, limit],
        read,
    )
}

/// Accesses that touched a person, newest first: those that were about them, and those that were used over the area in which
/// they live. Accesses are rare: the newest of them are walked.
///
/// # Errors
/// What the engine refused.
pub fn panes_touching(tx: &mut Tx<'_>, person: PersonId, home: AreaId) -> Result<Vec<Pane>> {
    let touches = |pane: &Pane| match pane.person {
        Some(named) => named == person,
        None => pane.uses > 0 && pane.area.contains(home),
    };
    Ok(panes_of(tx, WALKED_MAX)?.into_iter().filter(touches).collect())
}

/// How many stand open at a moment.
///
/// # Errors
/// What the engine refused.
pub fn open_at(tx: &mut Tx<'_>, now: Timestamp) -> Result<i64> {
    let j = tx.jurisdiction();
    tx.number("SELECT COUNT(*) FROM glass WHERE j = $1 AND ends_at > $2", values![j, now])
}

/// What stands open in a store; nothing where it keeps none.
pub(crate) fn panes(store: &Store) -> Panes {
    store.remembered(|panes: &Panes| panes.clone()).unwrap_or_default()
}

fn not_through(id: &str) -> Refusal {
    Refusal::forbidden(
        "x-outpace-glass",
        id,
        "该应急查阅不是您的、已到期,或不包括此项操作。",
        "This break-glass access is not yours, has ended, or does not cover this route.",
    )
}

/// The access that a request names, if it names one: it must be the actor's own, still open and for this permission.
///
/// # Errors
/// One that does not open this route to this actor now.
pub(crate) fn named(
    office: &Office,
    headers: &HeaderMap,
    actor: &Actor,
    need: Need,
) -> Result<Option<GlassBroken>, Refusal> {
    let Some(value) = headers.get(HEADER) else { return Ok(None) };
    let id = value.to_str().unwrap_or_default().trim();
    let found = id.parse().ok().and_then(|id: i64| office.panes.read().get(&id).cloned());
    let now = office.store.now();
    let far_enough = |pane: &GlassBroken| need.scope != Scope::Whole || pane.area.contains(office.store.area());
    let opens = |pane: &GlassBroken| {
        pane.actor == actor.id && pane.permission == need.permission && now < pane.ends_at && far_enough(pane)
    };
    found.filter(opens).map(Some).ok_or_else(|| not_through(id))
}

/// Records that a request goes through, and answers as whom: the same actor over the area of the access.
///
/// # Errors
/// When it cannot be recorded; then nothing is looked at.
pub(crate) async fn through(
    office: &Office,
    actor: Actor,
    pane: GlassBroken,
    path: &'static str,
) -> Result<Actor, Refusal> {
    let (send, receive) = tokio::sync::oneshot::channel();
    let used = GlassUsed { id: pane.id, path: path.to_owned() };
    office.store.submit(
        &actor,
        move |unit| unit.record(used).map(|_| ()).map_err(Refusal::from),
        move |answer: std::result::Result<_, Refusal>| {
            // Nobody waits any more where the caller hung up; the fact is on disk all the same.
            let _ = send.send(answer.map(|_| ()));
        },
    );
    receive.await.map_err(|_| Refusal::internal())??;
    office.figures().looked_through_glass();
    Ok(Actor { area: pane.area, ..actor })
}
