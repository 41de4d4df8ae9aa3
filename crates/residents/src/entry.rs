//! How a resident gets in: somebody who stands before them hands them a code, which opens one short session.
//!
//! A code is good once and for minutes; the next one ends it. Each is a fact with who handed it out, and stands in the
//! person's own file: nobody gets into a file by the back door without its owner seeing that. The session is held as that of
//! anybody who signs in: by the page in a cookie that no script reads, by a program as a token.

use outpace_access::actors::{Keep, residents};
use outpace_access::routes::Entered;
use outpace_access::{Call, Caller, Office, actors};
use outpace_core::{ActorId, PersonId, Refusal, Seq, Timestamp};
use outpace_store::vault::Keys;
use outpace_store::{Capability, Result, Tx, Unit, values};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::errors::ResidentsError;

/// Tables of codes and of whose file an account is for.
pub(crate) const SCHEMA: &str = "
CREATE TABLE resident (j BIGINT NOT NULL, actor BIGINT NOT NULL, person BIGINT NOT NULL, PRIMARY KEY (j, actor));
CREATE UNIQUE INDEX resident_person ON resident (j, person);
CREATE TABLE resident_code (
  j BIGINT NOT NULL, person BIGINT NOT NULL, seq BIGINT NOT NULL, hash TEXT NOT NULL, actor BIGINT NOT NULL,
  way TEXT NOT NULL, at BIGINT NOT NULL, expires_at BIGINT NOT NULL, ended BIGINT NOT NULL, used_at BIGINT,
  PRIMARY KEY (j, person, seq));
CREATE INDEX resident_code_hash ON resident_code (j, hash);
";

/// Entries of a file that tell who was let in, at most.
const ENTRIES_MAX: i64 = 100;

outpace_registry::words! {
    /// Where a code was handed out.
    pub enum HandedOut {
        /// At the door.
        Door = "door",
        /// At a sampling site.
        Site = "site",
        /// At a quarantine site.
        Facility = "facility",
    }
}

outpace_registry::facts! {
    /// A code was handed out.
    CodeHandedOut = "residents.code_handed_out" {
        /// For whose file.
        person: PersonId,
        /// The code's keyed hash; the code itself was shown once.
        hash: String,
        /// Where.
        way: HandedOut,
        /// Until when it may be used.
        expires_at: Timestamp,
    }
    /// A code was used: an account of the person is signed in.
    ResidentSignedIn = "residents.signed_in" {
        /// Whose.
        person: PersonId,
        /// Their account.
        actor: ActorId,
        /// The code's keyed hash.
        hash: String,
    }
}

pub(crate) fn fold(capability: Capability) -> Capability {
    capability
        .table("resident", "j, actor")
        .table("resident_code", "j, person, seq")
        .fold(|tx, entry, fact: &CodeHandedOut| {
            let j = tx.jurisdiction();
            tx.execute("UPDATE resident_code SET ended = 1 WHERE j = $1 AND person = $2", values![j, fact.person])?;
            tx.execute(
                "INSERT INTO resident_code (j, person, seq, hash, actor, way, at, expires_at, ended)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0)",
                values![
                    j,
                    fact.person,
                    entry.seq,
                    &fact.hash,
                    entry.actor,
                    fact.way,
                    entry.recorded_at,
                    fact.expires_at
                ],
            )
            .map(|_| ())
        })
        .fold(|tx, entry, fact: &ResidentSignedIn| {
            let j = tx.jurisdiction();
            tx.execute(
                "UPDATE resident_code SET ended = 1, used_at = $3 WHERE j = $1 AND hash = $2 AND ended = 0",
                values![j, &fact.hash, entry.recorded_at],
            )?;
            tx.execute(
                "INSERT INTO resident (j, actor, person) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
                values![j, fact.actor, fact.person],
            )
            .map(|_| ())
        })
}

/// The person whose file an account is for.
pub(crate) fn person_of(tx: &mut Tx<'_>, actor: ActorId) -> Result<Option<PersonId>> {
    let j = tx.jurisdiction();
    tx.first("SELECT person FROM resident WHERE j = $1 AND actor = $2", values![j, actor], |row| row.get(0))
}

fn account_of(tx: &mut Tx<'_>, person: PersonId) -> Result<Option<ActorId>> {
    let j = tx.jurisdiction();
    tx.first("SELECT actor FROM resident WHERE j = $1 AND person = $2", values![j, person], |row| row.get(0))
}

/// A code that was handed out for a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ResidentEntry)]
pub struct Entry {
    /// The fact.
    pub seq: Seq,
    /// Who handed it out.
    pub actor: ActorId,
    /// Where.
    pub way: HandedOut,
    /// When.
    pub at: Timestamp,
    /// When somebody signed in with it; absent where nobody did.
    pub used_at: Option<Timestamp>,
}

/// The codes that were handed out for a person's file, newest first, at most 100.
pub(crate) fn entries_of(tx: &mut Tx<'_>, person: PersonId) -> Result<Vec<Entry>> {
    let j = tx.jurisdiction();
    tx.query(
        "SELECT seq, actor, way, at, used_at FROM resident_code WHERE j = $1 AND person = $2
         ORDER BY seq DESC LIMIT $3",
        values![j, person, ENTRIES_MAX],
        |row| {
            let (seq, actor, way) = (row.get(0)?, row.get(1)?, row.get(2)?);
            Ok(Entry { seq, actor, way, at: row.get(3)?, used_at: row.get(4)? })
        },
    )
}

/// What a code is kept as. Fifty random bits could be tried one by one against a plain hash; not without the key.
fn hash(keys: &Keys, code: &str) -> Result<String> {
    let key = keys.derive("residents: codes")?;
    Ok(hex::encode(&blake3::keyed_hash(&key, code.as_bytes()).as_bytes()[..16]))
}

/// Hands a code to somebody.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct HandOutCode {
    /// Whose file it opens: who stands before you.
    pub person: PersonId,
    /// Where.
    pub way: HandedOut,
}

/// A code, shown this once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CodeAnswer {
    /// Ten letters and digits, to write on paper.
    pub code: String,
    /// Until when it may be used.
    pub expires_at: Timestamp,
}

/// Hands out a code for a person's file; one that was handed out before and not used ends.
///
/// # Errors
/// An unknown person, one outside the actor's area.
pub fn hand_out_code(unit: &mut Unit<'_>, call: &Call, request: HandOutCode) -> Result<CodeAnswer, Refusal> {
    let unknown = ResidentsError::UnknownPerson(request.person);
    outpace_registry::person(unit.tx(), request.person)?.filter(|person| call.sees(person.area)).ok_or(unknown)?;
    let code = residents::one_time_code()?;
    let expires_at = call.now.plus_minutes(i64::from(call.pack().codes.sign_in_minutes.value));
    let hash = hash(unit.keys(), &code)?;
    unit.record(CodeHandedOut { person: request.person, hash, way: request.way, expires_at })?;
    Ok(CodeAnswer { code, expires_at })
}

/// Signs in with a code.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct EnterCode {
    /// As it stands on the paper; spaces, hyphens and small letters do no harm.
    pub code: String,
    /// What to answer with.
    #[serde(default)]
    pub keep: Keep,
}

/// A session for one's own file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OwnSession {
    /// Send it as `Authorization: Bearer`; none where the page holds it in its cookie.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// Whose file.
    pub person: PersonId,
    /// When the session ends.
    pub expires_at: Timestamp,
}

/// Refuses a page that may hold no cookie before its code is used up.
///
/// # Errors
/// 403 on a connection that others can read, or for a request that another site may have sent.
pub fn at_the_door(
    _: &Office,
    caller: &Caller,
    _: &Call,
    _: &mut Tx<'_>,
    request: EnterCode,
) -> Result<EnterCode, Refusal> {
    if request.keep == Keep::Cookie {
        caller.may_hold_cookie()?;
    }
    Ok(request)
}

/// Opens a session for the person whom a code was handed out for.
///
/// # Errors
/// 401 for a code that nobody was handed, that was used, or whose time is over; the answer does not say which.
pub fn enter(
    unit: &mut Unit<'_>,
    caller: &Caller,
    call: &Call,
    request: EnterCode,
) -> Result<Entered<OwnSession>, Refusal> {
    let hash = hash(unit.keys(), &residents::normal_code(&request.code))?;
    let j = unit.tx().jurisdiction();
    let found: Option<(PersonId, Timestamp)> = unit.tx().first(
        "SELECT person, expires_at FROM resident_code WHERE j = $1 AND hash = $2 AND ended = 0",
        values![j, &hash],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    let (person, _) = found.filter(|(_, expires_at)| call.now < *expires_at).ok_or(ResidentsError::WrongCode)?;
    let home = outpace_registry::person(unit.tx(), person)?.ok_or(ResidentsError::WrongCode)?.area;
    let account = match account_of(unit.tx(), person)? {
        // An account that was shut stays shut.
        Some(account) => actors::by_id(unit.tx(), account)?.ok_or(ResidentsError::WrongCode)?,
        None => residents::add_resident(unit, home)?,
    };
    unit.record(ResidentSignedIn { person, actor: account.id, hash })?;
    let minutes = call.pack().codes.session_minutes.value;
    let Entered { answer, cookie } = residents::open_session(unit, (caller, request.keep), call, &account, minutes)?;
    Ok(Entered { answer: OwnSession { token: answer.token, person, expires_at: answer.expires_at }, cookie })
}
