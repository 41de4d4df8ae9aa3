//! Tables of actors and tokens, and the directory in memory that answers each request.

use std::collections::BTreeMap;
use std::sync::Arc;

use outpace_core::{Actor, ActorId, ActorKind, AreaId, Role, Timestamp};
use outpace_store::{Capability, Memory, Result, Row, Store, StoreError, Tx, Unit, Value, values};

use parking_lot::RwLock;

use super::facts::{ActorAdded, ActorDisabled, TokenIssued, TokenRevoked};
use super::password;
use crate::office::Office;

const SCHEMA: &[&str] = &["
CREATE TABLE actor (
  j BIGINT NOT NULL, id BIGINT NOT NULL, kind TEXT NOT NULL, role TEXT NOT NULL, area BIGINT NOT NULL,
  name TEXT NOT NULL, disabled BIGINT NOT NULL, PRIMARY KEY (j, id));
CREATE UNIQUE INDEX actor_name ON actor (j, name);
CREATE TABLE token (
  j BIGINT NOT NULL, hash TEXT NOT NULL, actor BIGINT NOT NULL, expires_at BIGINT NOT NULL, revoked BIGINT NOT NULL,
  PRIMARY KEY (j, hash));
CREATE TABLE password (j BIGINT NOT NULL, actor BIGINT NOT NULL, sealed BLOB NOT NULL, PRIMARY KEY (j, actor));
"];

/// Good tokens and whose they are.
#[derive(Default)]
pub struct Directory {
    actors: BTreeMap<ActorId, Actor>,
    tokens: BTreeMap<String, (ActorId, Timestamp)>,
}

/// The directory as an office keeps it: under a lock of its own, so that no request waits for the writer.
pub(crate) type Doors = Arc<RwLock<Directory>>;

impl Directory {
    fn forget_tokens(&mut self, actor: ActorId) {
        self.tokens.retain(|_, (whose, _)| *whose != actor);
    }
}

fn word<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

fn unword<T: serde::de::DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_value(serde_json::Value::String(text.to_owned()))
        .map_err(|source| StoreError::Payload { kind: "actor".to_owned(), source })
}

/// The capability: tables, folds, memory.
#[must_use]
pub fn capability() -> Capability {
    // One directory for the life of the store: after a failed commit its content is restored, the handle stays.
    let doors = Doors::default();
    Capability::new("access")
        .schema(SCHEMA)
        .table("actor", "j, id")
        .table("token", "j, hash")
        .fold(|tx, _, fact: &ActorAdded| {
            let j = tx.jurisdiction();
            let (kind, role) = (word(&fact.actor.kind), word(&fact.actor.role));
            tx.execute(
                "INSERT INTO actor (j, id, kind, role, area, name, disabled) VALUES ($1, $2, $3, $4, $5, $6, 0)",
                values![j, fact.actor.id, &kind, &role, fact.actor.area, &fact.name],
            )
            .map(|_| ())
        })
        .remember(|memory, _, fact: &ActorAdded| {
            memory.of::<Doors>().write().actors.insert(fact.actor.id, fact.actor.clone());
        })
        .fold(|tx, _, fact: &ActorDisabled| {
            let j = tx.jurisdiction();
            tx.execute("UPDATE actor SET disabled = 1 WHERE j = $1 AND id = $2", values![j, fact.actor]).map(|_| ())
        })
        .remember(|memory, _, fact: &ActorDisabled| {
            let mut directory = memory.of::<Doors>().write();
            directory.actors.remove(&fact.actor);
            directory.forget_tokens(fact.actor);
        })
        .fold(|tx, _, fact: &TokenIssued| {
            let j = tx.jurisdiction();
            tx.execute(
                "INSERT INTO token (j, hash, actor, expires_at, revoked) VALUES ($1, $2, $3, $4, 0)",
                values![j, &fact.hash, fact.actor, fact.expires_at],
            )
            .map(|_| ())
        })
        .remember(|memory, _, fact: &TokenIssued| {
            memory.of::<Doors>().write().tokens.insert(fact.hash.clone(), (fact.actor, fact.expires_at));
        })
        .fold(|tx, _, fact: &TokenRevoked| {
            let j = tx.jurisdiction();
            tx.execute("UPDATE token SET revoked = 1 WHERE j = $1 AND actor = $2", values![j, fact.actor]).map(|_| ())
        })
        .remember(|memory, _, fact: &TokenRevoked| memory.of::<Doors>().write().forget_tokens(fact.actor))
        .restore(move |tx, memory| restore(tx, memory, &doors))
}

fn restore(tx: &mut Tx<'_>, memory: &mut Memory, doors: &Doors) -> Result<()> {
    let j = tx.jurisdiction();
    let mut directory = Directory::default();
    tx.each("SELECT id, kind, role, area FROM actor WHERE j = $1 AND disabled = 0", values![j], |row| {
        let actor = read_actor(row)?;
        directory.actors.insert(actor.id, actor);
        Ok(())
    })?;
    tx.each("SELECT hash, actor, expires_at FROM token WHERE j = $1 AND revoked = 0", values![j], |row| {
        directory.tokens.insert(row.get(0)?, (row.get(1)?, row.get(2)?));
        Ok(())
    })?;
    *doors.write() = directory;
    memory.put(doors.clone());
    Ok(())
}

fn read_actor(row: &Row<'_>) -> Result<Actor> {
    Ok(Actor {
        id: row.get(0)?,
        kind: unword(&row.get::<String>(1)?)?,
        role: unword(&row.get::<String>(2)?)?,
        area: row.get(3)?,
    })
}

/// The hash under which a token is known.
pub(super) fn token_hash(token: &str) -> String {
    blake3::hash(token.as_bytes()).to_hex().to_string()
}

/// The directory of a store; an empty one where the store keeps no actors.
pub(crate) fn doors(store: &Store) -> Doors {
    store.remembered(|doors: &Doors| doors.clone()).unwrap_or_default()
}

/// The actor behind a token, if it is good now. Waits for no writer.
#[must_use]
pub fn by_token(office: &Office, token: &str) -> Option<Actor> {
    let hash = token_hash(token);
    let directory = office.doors.read();
    let (actor, expires_at) = directory.tokens.get(&hash)?;
    (office.store.now() < *expires_at).then(|| directory.actors.get(actor).cloned()).flatten()
}

/// An account or device that may act, by its id.
///
/// # Errors
/// What the engine refused.
pub fn by_id(tx: &mut Tx<'_>, id: ActorId) -> Result<Option<Actor>> {
    let j = tx.jurisdiction();
    tx.first(
        "SELECT id, kind, role, area FROM actor WHERE j = $1 AND id = $2 AND disabled = 0",
        values![j, id],
        read_actor,
    )
}

/// The name an account or device signs in with, whether or not it may still act: signatures outlive accounts.
///
/// # Errors
/// What the engine refused.
pub fn name_of(tx: &mut Tx<'_>, id: ActorId) -> Result<Option<String>> {
    let j = tx.jurisdiction();
    tx.first("SELECT name FROM actor WHERE j = $1 AND id = $2", values![j, id], |row| row.get(0))
}

/// An account by its login name, with its kept password.
pub(super) fn by_name(tx: &mut Tx<'_>, name: &str) -> Result<Option<(Actor, Option<Vec<u8>>)>> {
    let j = tx.jurisdiction();
    tx.first(
        "SELECT a.id, a.kind, a.role, a.area, p.sealed FROM actor a LEFT JOIN password p ON p.j = a.j AND p.actor = a.id
         WHERE a.j = $1 AND a.name = $2 AND a.disabled = 0",
        values![j, name],
        |row| Ok((read_actor(row)?, row.get(4)?)),
    )
}

/// Whether any actor has this name.
pub(super) fn name_taken(tx: &mut Tx<'_>, name: &str) -> Result<bool> {
    let j = tx.jurisdiction();
    Ok(tx.number("SELECT COUNT(*) FROM actor WHERE j = $1 AND name = $2", values![j, name])? > 0)
}

/// Adds an actor and, for an account, keeps its password.
pub(super) fn add(
    unit: &mut Unit<'_>,
    kind: ActorKind,
    role: Role,
    area: AreaId,
    name: &str,
    sealed: Option<&[u8]>,
) -> Result<Actor> {
    let actor = Actor { id: ActorId(unit.next(ActorId::COUNTER)?), kind, role, area };
    unit.record(ActorAdded { actor: actor.clone(), name: name.to_owned() })?;
    if let Some(sealed) = sealed {
        let j = unit.tx().jurisdiction();
        unit.tx().execute(
            "INSERT INTO password (j, actor, sealed) VALUES ($1, $2, $3)",
            values![j, actor.id, Value::Blob(sealed)],
        )?;
    }
    Ok(actor)
}

/// Makes the first administrator when there is no actor yet; answers the password that was set, once.
///
/// # Errors
/// What the store refused.
pub fn first_administrator(store: &Store, password: Option<String>) -> Result<Option<String>> {
    let password = match password {
        Some(password) => password,
        None => password::random_text(12)?,
    };
    let sealed = password::seal(&password)?;
    let area = store.area();
    let made = store.write(&store.system(), move |unit| {
        let j = unit.tx().jurisdiction();
        if unit.tx().number("SELECT COUNT(*) FROM actor WHERE j = $1", values![j])? > 0 {
            return Ok::<bool, StoreError>(false);
        }
        add(unit, ActorKind::Account, Role::Administrator, area, "admin", Some(&sealed))?;
        Ok(true)
    })?;
    Ok(made.answer.then_some(password))
}
