//! Tables of actors and tokens, and how facts fold into them and into the directory.

use outpace_core::{Actor, ActorId, ActorKind, Role, Timestamp};
use outpace_store::{Capability, Memory, Result, Row, Store, StoreError, Tx, Unit, Value, values};

use super::directory::{Directory, Doors, Held, Known, read_hash, token_hash};
use super::facts::{
    AccountLocked, AccountUnlocked, ActorAdded, ActorDisabled, PasswordChanged, SecondFactorEnrolled,
    SecondFactorReset, TokenEnded, TokenIssued, TokenRevoked,
};
use super::model::{Listed, Post, Signed};
use super::password;
use crate::admit;
use crate::office::Office;

/// How many accounts and devices one page lists.
pub(super) const LISTED_MAX: i64 = 500;

const SCHEMA: &[&str] = &[
    "
CREATE TABLE actor (
  j BIGINT NOT NULL, id BIGINT NOT NULL, kind TEXT NOT NULL, role TEXT NOT NULL, area BIGINT NOT NULL,
  name TEXT NOT NULL, disabled BIGINT NOT NULL, PRIMARY KEY (j, id));
CREATE UNIQUE INDEX actor_name ON actor (j, name);
CREATE TABLE token (
  j BIGINT NOT NULL, hash TEXT NOT NULL, actor BIGINT NOT NULL, expires_at BIGINT NOT NULL, revoked BIGINT NOT NULL,
  PRIMARY KEY (j, hash));
CREATE TABLE password (j BIGINT NOT NULL, actor BIGINT NOT NULL, sealed BLOB NOT NULL, PRIMARY KEY (j, actor));
",
    "
ALTER TABLE actor ADD COLUMN second_factor BIGINT NOT NULL DEFAULT 0;
ALTER TABLE actor ADD COLUMN locked_until BIGINT;
ALTER TABLE actor ADD COLUMN post_kind TEXT;
ALTER TABLE actor ADD COLUMN post BIGINT;
ALTER TABLE token ADD COLUMN kind TEXT NOT NULL DEFAULT 'program';
ALTER TABLE token ADD COLUMN second_factor BIGINT NOT NULL DEFAULT 0;
ALTER TABLE token ADD COLUMN issued_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE token ADD COLUMN idle_ms BIGINT;
ALTER TABLE token ADD COLUMN follows TEXT;
CREATE TABLE second_factor (
  j BIGINT NOT NULL, actor BIGINT NOT NULL, sealed BLOB NOT NULL, last_step BIGINT NOT NULL, PRIMARY KEY (j, actor));
",
    "
ALTER TABLE actor ADD COLUMN task_force TEXT;
ALTER TABLE actor ADD COLUMN person BIGINT;
",
];

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
    let capability = Capability::new("access").schema(SCHEMA).table("actor", "j, id").table("token", "j, hash");
    second_factors(tokens(people(capability))).restore(move |tx, memory| restore(tx, memory, &doors))
}

fn people(capability: Capability) -> Capability {
    capability
        .fold(|tx, _, fact: &ActorAdded| {
            let j = tx.jurisdiction();
            let (kind, role) = (word(&fact.actor.kind), word(&fact.actor.role));
            let post_kind = fact.post.map(|post| word(&post.kind));
            tx.execute(
                "INSERT INTO actor (j, id, kind, role, area, name, disabled, second_factor, post_kind, post,
                   task_force, person)
                 VALUES ($1, $2, $3, $4, $5, $6, 0, 0, $7, $8, $9, $10)",
                values![
                    j,
                    fact.actor.id,
                    &kind,
                    &role,
                    fact.actor.area,
                    &fact.name,
                    post_kind.as_deref(),
                    fact.post.map(|post| post.id),
                    fact.actor.task_force.as_deref(),
                    fact.actor.person
                ],
            )
            .map(|_| ())
        })
        .remember(|memory, _, fact: &ActorAdded| {
            let known = Known { actor: fact.actor.clone(), post: fact.post };
            memory.of::<Doors>().write().actors.insert(fact.actor.id, known);
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
        .fold(|tx, _, fact: &AccountLocked| {
            let j = tx.jurisdiction();
            let sql = "UPDATE actor SET locked_until = $3 WHERE j = $1 AND id = $2";
            tx.execute(sql, values![j, fact.actor, fact.until]).map(|_| ())
        })
        .remember(|memory, _, fact: &AccountLocked| {
            memory.of::<Doors>().write().locked.insert(fact.actor, fact.until);
        })
        .fold(|tx, _, fact: &AccountUnlocked| {
            let j = tx.jurisdiction();
            tx.execute("UPDATE actor SET locked_until = NULL WHERE j = $1 AND id = $2", values![j, fact.actor])
                .map(|_| ())
        })
        .remember(|memory, _, fact: &AccountUnlocked| {
            memory.of::<Doors>().write().locked.remove(&fact.actor);
        })
}

fn tokens(capability: Capability) -> Capability {
    capability
        .fold(|tx, entry, fact: &TokenIssued| fold_issued(tx, entry.recorded_at, fact))
        .remember(|memory, entry, fact: &TokenIssued| memory.of::<Doors>().write().issued(fact, entry.recorded_at))
        .fold(|tx, _, fact: &TokenEnded| {
            let j = tx.jurisdiction();
            tx.execute("UPDATE token SET revoked = 1 WHERE j = $1 AND hash = $2", values![j, &fact.hash]).map(|_| ())
        })
        .remember(|memory, _, fact: &TokenEnded| {
            if let Some(hash) = read_hash(&fact.hash) {
                memory.of::<Doors>().write().tokens.remove(&hash);
            }
        })
        .fold(|tx, _, fact: &TokenRevoked| {
            let j = tx.jurisdiction();
            tx.execute("UPDATE token SET revoked = 1 WHERE j = $1 AND actor = $2", values![j, fact.actor]).map(|_| ())
        })
        .remember(|memory, _, fact: &TokenRevoked| memory.of::<Doors>().write().forget_tokens(fact.actor))
}

fn fold_issued(tx: &mut Tx<'_>, at: Timestamp, fact: &TokenIssued) -> Result<()> {
    let j = tx.jurisdiction();
    if let Some(follows) = &fact.follows {
        tx.execute(
            "UPDATE token SET revoked = 1 WHERE j = $1 AND actor = $2 AND follows = $3",
            values![j, fact.actor, follows],
        )?;
        if let Some(until) = fact.follows_until {
            tx.execute(
                "UPDATE token SET expires_at = $3 WHERE j = $1 AND hash = $2 AND expires_at > $3",
                values![j, follows, until],
            )?;
        }
    }
    tx.execute(
        "INSERT INTO token (j, hash, actor, expires_at, revoked, kind, second_factor, issued_at, idle_ms, follows)
         VALUES ($1, $2, $3, $4, 0, $5, $6, $7, $8, $9)",
        values![
            j,
            &fact.hash,
            fact.actor,
            fact.expires_at,
            &word(&fact.kind),
            i64::from(fact.second_factor),
            at,
            fact.idle_ms,
            fact.follows.as_deref()
        ],
    )
    .map(|_| ())
}

fn second_factors(capability: Capability) -> Capability {
    capability
        .fold(|_, _, _: &PasswordChanged| Ok(()))
        .fold(|tx, _, fact: &SecondFactorEnrolled| mark_second_factor(tx, fact.actor, 1))
        .fold(|tx, _, fact: &SecondFactorReset| mark_second_factor(tx, fact.actor, 0))
}

fn mark_second_factor(tx: &mut Tx<'_>, actor: ActorId, mark: i64) -> Result<()> {
    let j = tx.jurisdiction();
    tx.execute("UPDATE actor SET second_factor = $3 WHERE j = $1 AND id = $2", values![j, actor, mark]).map(|_| ())
}

fn restore(tx: &mut Tx<'_>, memory: &mut Memory, doors: &Doors) -> Result<()> {
    let j = tx.jurisdiction();
    let mut directory = Directory::default();
    let sql = "SELECT id, kind, role, area, post_kind, post, locked_until, task_force, person
               FROM actor WHERE j = $1 AND disabled = 0";
    tx.each(sql, values![j], |row| {
        let actor = read_actor(row, 7)?;
        if let Some(until) = row.get::<Option<Timestamp>>(6)? {
            directory.locked.insert(actor.id, until);
        }
        directory.actors.insert(actor.id, Known { actor, post: read_post(row, 4)? });
        Ok(())
    })?;
    let sql = "SELECT hash, actor, expires_at, kind, second_factor, issued_at, idle_ms, follows
               FROM token WHERE j = $1 AND revoked = 0";
    tx.each(sql, values![j], |row| {
        if let Some(hash) = read_hash(&row.get::<String>(0)?) {
            directory.tokens.insert(hash, read_held(row)?);
        }
        Ok(())
    })?;
    // What was heard of tokens is known to memory only, and outlives a commit that failed.
    for (hash, before) in &doors.read().tokens {
        if let Some(held) = directory.tokens.get(hash) {
            let seen = before.seen.load(std::sync::atomic::Ordering::Relaxed);
            held.seen.fetch_max(seen, std::sync::atomic::Ordering::Relaxed);
        }
    }
    *doors.write() = directory;
    memory.put(doors.clone());
    Ok(())
}

fn read_held(row: &Row<'_>) -> Result<Held> {
    let issued_at: Timestamp = row.get(5)?;
    Ok(Held {
        actor: row.get(1)?,
        expires_at: row.get(2)?,
        kind: unword(&row.get::<String>(3)?)?,
        second_factor: row.get::<i64>(4)? == 1,
        issued_at,
        idle_ms: row.get(6)?,
        follows: row.get::<Option<String>>(7)?.as_deref().and_then(read_hash),
        seen: issued_at.0.into(),
    })
}

/// An actor: the first four columns, and task force and person from another one on.
fn read_actor(row: &Row<'_>, at: usize) -> Result<Actor> {
    Ok(Actor {
        id: row.get(0)?,
        kind: unword(&row.get::<String>(1)?)?,
        role: unword(&row.get::<String>(2)?)?,
        area: row.get(3)?,
        task_force: row.get(at)?,
        person: row.get(at + 1)?,
    })
}

fn read_post(row: &Row<'_>, at: usize) -> Result<Option<Post>> {
    match (row.get::<Option<String>>(at)?, row.get::<Option<i64>>(at + 1)?) {
        (Some(kind), Some(id)) => Ok(Some(Post { kind: unword(&kind)?, id })),
        _ => Ok(None),
    }
}

/// The directory of a store; an empty one where the store keeps no actors.
pub(crate) fn doors(store: &Store) -> Doors {
    store.remembered(|doors: &Doors| doors.clone()).unwrap_or_default()
}

/// Whose a token is and what it is good for, if it is good now. Waits for no writer.
#[must_use]
pub fn signed_by(office: &Office, token: &str) -> Option<Signed> {
    office.doors.read().admit(&token_hash(token), office.store.now())
}

/// As [`signed_by`], without noting that the token was heard: what a page asks by itself keeps no session alive.
#[must_use]
pub fn looked_at_by(office: &Office, token: &str) -> Option<Signed> {
    office.doors.read().look(&token_hash(token), office.store.now())
}

/// The actor behind a token that is good now, with the second factor where the role needs one. Waits for no writer.
#[must_use]
pub fn by_token(office: &Office, token: &str) -> Option<Actor> {
    signed_by(office, token).filter(|signed| !admit::wants_second_factor(office, signed)).map(|signed| signed.actor)
}

/// An account or device that may act, by its id.
///
/// # Errors
/// What the engine refused.
pub fn by_id(tx: &mut Tx<'_>, id: ActorId) -> Result<Option<Actor>> {
    let j = tx.jurisdiction();
    tx.first(
        "SELECT id, kind, role, area, task_force, person FROM actor WHERE j = $1 AND id = $2 AND disabled = 0",
        values![j, id],
        |row| read_actor(row, 4),
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

/// The one thing that an actor is for, if it is for one only.
///
/// # Errors
/// What the engine refused.
pub fn post_of(tx: &mut Tx<'_>, id: ActorId) -> Result<Option<Post>> {
    let j = tx.jurisdiction();
    let sql = "SELECT post_kind, post FROM actor WHERE j = $1 AND id = $2";
    Ok(tx.first(sql, values![j, id], |row| read_post(row, 0))?.flatten())
}

/// An account as a sign-in finds it: with its kept password and its sealed second factor, where it is in use.
pub(super) struct Found {
    pub(super) actor: Actor,
    pub(super) password: Option<Vec<u8>>,
    pub(super) second_factor: Option<Vec<u8>>,
    pub(super) last_step: i64,
}

const FOUND: &str = "SELECT a.id, a.kind, a.role, a.area, p.sealed,
       CASE WHEN a.second_factor = 1 THEN s.sealed END, COALESCE(s.last_step, 0),
       a.task_force, a.person
  FROM actor a LEFT JOIN password p ON p.j = a.j AND p.actor = a.id
  LEFT JOIN second_factor s ON s.j = a.j AND s.actor = a.id WHERE a.j = $1 AND a.disabled = 0";

fn read_found(row: &Row<'_>) -> Result<Found> {
    let actor = read_actor(row, 7)?;
    Ok(Found { actor, password: row.get(4)?, second_factor: row.get(5)?, last_step: row.get(6)? })
}

/// An account by its login name.
pub(super) fn by_name(tx: &mut Tx<'_>, name: &str) -> Result<Option<Found>> {
    let j = tx.jurisdiction();
    tx.first(&format!("{FOUND} AND a.name = $2"), values![j, name], read_found)
}

/// An account by its id, with what it signs in by.
pub(super) fn found(tx: &mut Tx<'_>, id: ActorId) -> Result<Option<Found>> {
    let j = tx.jurisdiction();
    tx.first(&format!("{FOUND} AND a.id = $2"), values![j, id], read_found)
}

/// Whether an account signs in with a second factor.
pub(super) fn has_second_factor(tx: &mut Tx<'_>, id: ActorId) -> Result<bool> {
    let j = tx.jurisdiction();
    let sql = "SELECT COUNT(*) FROM actor WHERE j = $1 AND id = $2 AND second_factor = 1";
    Ok(tx.number(sql, values![j, id])? > 0)
}

/// Whether any actor has this name.
pub(super) fn name_taken(tx: &mut Tx<'_>, name: &str) -> Result<bool> {
    let j = tx.jurisdiction();
    Ok(tx.number("SELECT COUNT(*) FROM actor WHERE j = $1 AND name = $2", values![j, name])? > 0)
}

/// Accounts in a role that may act.
pub(super) fn active_accounts(tx: &mut Tx<'_>, role: Role) -> Result<i64> {
    let j = tx.jurisdiction();
    let sql = "SELECT COUNT(*) FROM actor WHERE j = $1 AND role = $2 AND kind = 'account' AND disabled = 0";
    tx.number(sql, values![j, &word(&role)])
}

/// Accounts and devices after an id, in the order of their ids: of a role, or of everybody who works here.
pub(super) fn listed(tx: &mut Tx<'_>, after: ActorId, role: Option<Role>) -> Result<Vec<Listed>> {
    let j = tx.jurisdiction();
    let sql = "SELECT id, kind, role, area, post_kind, post, name, disabled, second_factor, locked_until,
                 task_force, person
               FROM actor WHERE j = $1 AND id > $2 AND (role = $4 OR ($4 = '' AND role <> 'resident'))
               ORDER BY id LIMIT $3";
    let role = role.map(|role| word(&role)).unwrap_or_default();
    tx.query(sql, values![j, after, LISTED_MAX, &role], |row| {
        Ok(Listed {
            actor: read_actor(row, 10)?,
            post: read_post(row, 4)?,
            name: row.get(6)?,
            disabled: row.get::<i64>(7)? == 1,
            second_factor: row.get::<i64>(8)? == 1,
            locked_until: row.get(9)?,
            last_seen: None,
            token_until: None,
        })
    })
}

/// Keeps a sealed password in place of an earlier one.
pub(super) fn keep_password(unit: &mut Unit<'_>, actor: ActorId, sealed: &[u8]) -> Result<()> {
    unit.open()?;
    let j = unit.tx().jurisdiction();
    let sql = "INSERT INTO password (j, actor, sealed) VALUES ($1, $2, $3)
               ON CONFLICT (j, actor) DO UPDATE SET sealed = excluded.sealed";
    unit.tx().execute(sql, values![j, actor, Value::Blob(sealed)]).map(|_| ())
}

/// Keeps a sealed secret in place of an earlier one. It counts only once [`SecondFactorEnrolled`] is recorded.
pub(super) fn keep_secret(unit: &mut Unit<'_>, actor: ActorId, sealed: &[u8]) -> Result<()> {
    unit.open()?;
    let j = unit.tx().jurisdiction();
    let sql = "INSERT INTO second_factor (j, actor, sealed, last_step) VALUES ($1, $2, $3, 0)
               ON CONFLICT (j, actor) DO UPDATE SET sealed = excluded.sealed, last_step = 0";
    unit.tx().execute(sql, values![j, actor, Value::Blob(sealed)]).map(|_| ())
}

/// An account's sealed secret, in use or not yet.
pub(super) fn secret(tx: &mut Tx<'_>, actor: ActorId) -> Result<Option<Vec<u8>>> {
    let j = tx.jurisdiction();
    let sql = "SELECT sealed FROM second_factor WHERE j = $1 AND actor = $2";
    tx.first(sql, values![j, actor], |row| row.get(0))
}

/// Forgets an account's secret.
pub(super) fn drop_secret(unit: &mut Unit<'_>, actor: ActorId) -> Result<()> {
    unit.open()?;
    let j = unit.tx().jurisdiction();
    unit.tx().execute("DELETE FROM second_factor WHERE j = $1 AND actor = $2", values![j, actor]).map(|_| ())
}

/// Uses a step up: answers whether it, or a later one, had been used already. Runs on the writer, so that two sign-ins with
/// one code cannot both be first.
pub(super) fn use_step(unit: &mut Unit<'_>, actor: ActorId, step: i64) -> Result<bool> {
    unit.open()?;
    let j = unit.tx().jurisdiction();
    let sql = "UPDATE second_factor SET last_step = $3 WHERE j = $1 AND actor = $2 AND last_step < $3";
    Ok(unit.tx().count_changed(sql, values![j, actor, step])? == 1)
}

/// Adds an actor and, for an account, keeps its password.
pub(super) fn add(unit: &mut Unit<'_>, fact: NewActor<'_>) -> Result<Actor> {
    let NewActor { actor, name, post, sealed } = fact;
    let actor = Actor { id: ActorId(unit.next(ActorId::COUNTER)?), ..actor };
    unit.record(ActorAdded { actor: actor.clone(), name: name.to_owned(), post })?;
    if let Some(sealed) = sealed {
        keep_password(unit, actor.id, sealed)?;
    }
    Ok(actor)
}

/// An actor to be added; the number comes when it is.
pub(super) struct NewActor<'a> {
    pub(super) actor: Actor,
    pub(super) name: &'a str,
    pub(super) post: Option<Post>,
    pub(super) sealed: Option<&'a [u8]>,
}

/// Makes the first administrator when there is no actor yet; answers the password that was set, once.
///
/// # Errors
/// A given password that is too short or too long; what the store refused.
pub fn first_administrator(store: &Store, password: Option<String>) -> Result<Option<String>> {
    let anybody = |tx: &mut Tx<'_>| tx.number("SELECT COUNT(*) FROM actor WHERE j = $1", values![tx.jurisdiction()]);
    if store.read(anybody)? > 0 {
        return Ok(None);
    }
    let password = match password {
        Some(password) => {
            let fine = password::long_enough("OUTPACE_ADMIN_PASSWORD", &password);
            fine.map_err(|refusal| StoreError::Folder(refusal.to_string()))?;
            password
        }
        None => password::random_text(12)?,
    };
    let sealed = password::seal(&password)?;
    let area = store.area();
    let made = store.write(&store.system(), move |unit| {
        let j = unit.tx().jurisdiction();
        if unit.tx().number("SELECT COUNT(*) FROM actor WHERE j = $1", values![j])? > 0 {
            return Ok::<bool, StoreError>(false);
        }
        let actor = Actor::new(ActorId(0), ActorKind::Account, Role::Administrator, area);
        add(unit, NewActor { actor, name: "admin", post: None, sealed: Some(&sealed) })?;
        Ok(true)
    })?;
    Ok(made.answer.then_some(password))
}
