//! The journal: one append-only chain of facts with one total order.
//!
//! Each entry's hash covers the previous hash, the entry's header and a salted digest of its payload, so that a
//! payload (with its salt) can be destroyed and the chain still holds. A journal cannot see that its own tail is
//! missing: heads go out with every answer, and [`verify`] compares with one that somebody kept.

use outpace_core::{ActorId, Seq, Timestamp, Value};

use crate::capability::Fact;
use crate::engine::{Result, Row, StoreError, Tx};
use crate::values;

/// Tables of the store itself.
pub(crate) const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS journal (
  j BIGINT NOT NULL, seq BIGINT NOT NULL, kind TEXT NOT NULL, occurred_at BIGINT NOT NULL,
  recorded_at BIGINT NOT NULL, actor BIGINT NOT NULL, cause BIGINT, salt BLOB, payload BLOB,
  digest BLOB NOT NULL, hash BLOB NOT NULL, PRIMARY KEY (j, seq));
CREATE TABLE IF NOT EXISTS counter (j BIGINT NOT NULL, name TEXT NOT NULL, value BIGINT NOT NULL, PRIMARY KEY (j, name));
CREATE TABLE IF NOT EXISTS job (
  j BIGINT NOT NULL, id BIGINT NOT NULL, kind TEXT NOT NULL, payload TEXT NOT NULL, queued_at BIGINT NOT NULL,
  attempts BIGINT NOT NULL, error TEXT, PRIMARY KEY (j, id));
CREATE TABLE IF NOT EXISTS write_probe (j BIGINT NOT NULL, id BIGINT NOT NULL, filler BLOB NOT NULL, PRIMARY KEY (j, id));
CREATE TABLE IF NOT EXISTS migration (name TEXT NOT NULL, version BIGINT NOT NULL, PRIMARY KEY (name, version));
CREATE TABLE IF NOT EXISTS vault (
  j BIGINT NOT NULL, subject BIGINT NOT NULL, key_name TEXT NOT NULL, sealed BLOB NOT NULL, PRIMARY KEY (j, subject));
CREATE TABLE IF NOT EXISTS vault_key (j BIGINT NOT NULL, name TEXT NOT NULL, print BLOB NOT NULL, PRIMARY KEY (j, name));
CREATE TABLE IF NOT EXISTS vault_lookup (
  j BIGINT NOT NULL, field BIGINT NOT NULL, hash BLOB NOT NULL, subject BIGINT NOT NULL,
  PRIMARY KEY (j, field, hash, subject)) WITHOUT ROWID;
";

/// A hash of the chain: 32 bytes, printed as hex.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// What the first entry names as its predecessor.
    pub const START: Self = Self([0; 32]);

    /// Reads 64 hex digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = hex::decode(text.trim()).ok()?;
        bytes.try_into().ok().map(Self)
    }
}

impl std::fmt::Display for Hash {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&hex::encode(self.0))
    }
}

impl std::fmt::Debug for Hash {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{self}")
    }
}

/// The newest entry of a journal: what a witness writes down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Its number; 0 for an empty journal.
    pub seq: Seq,
    /// Its hash.
    pub hash: Hash,
    /// When it was recorded.
    pub recorded_at: Timestamp,
}

impl Head {
    /// The head of an empty journal.
    pub const EMPTY: Self = Self { seq: Seq(0), hash: Hash::START, recorded_at: Timestamp(0) };
}

/// One recorded fact.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Its number in the journal.
    pub seq: Seq,
    /// The kind of fact.
    pub kind: String,
    /// When it happened, as the recorder says. A device whose clock runs ahead is recorded, not refused.
    pub occurred_at: Timestamp,
    /// When it was written, by the writer's clock.
    pub recorded_at: Timestamp,
    /// Who recorded it.
    pub actor: ActorId,
    /// The fact that led to it, if one did.
    pub cause: Option<Seq>,
    /// The fact as JSON; empty where it was destroyed.
    pub payload: Vec<u8>,
}

impl Entry {
    /// When it counts as having happened: as told (at `told`, where a part of the fact has a time of its own), but never
    /// after it was recorded. A device whose clock runs a year ahead must not outlast everything that follows.
    #[must_use]
    pub fn happened_at(&self, told: Option<Timestamp>) -> Timestamp {
        told.unwrap_or(self.occurred_at).min(self.recorded_at)
    }

    /// The fact itself.
    ///
    /// # Errors
    /// When the payload is not a fact of this kind.
    pub fn fact<F: Fact>(&self) -> Result<F> {
        serde_json::from_slice(&self.payload).map_err(|source| StoreError::Payload { kind: self.kind.clone(), source })
    }
}

/// The salted digest of a payload.
fn digest(salt: &[u8], payload: &[u8]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(salt);
    hasher.update(payload);
    *hasher.finalize().as_bytes()
}

/// The hash of an entry: previous hash, header, digest, each of fixed or prefixed length.
fn chain(previous: &Hash, jurisdiction: i64, entry: &Entry, digest: &[u8; 32]) -> Hash {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&previous.0);
    let cause = entry.cause.map_or(0, |seq| seq.0);
    for number in [
        jurisdiction,
        entry.seq.0,
        entry.occurred_at.0,
        entry.recorded_at.0,
        entry.actor.0,
        cause,
        entry.kind.len() as i64,
    ] {
        hasher.update(&number.to_le_bytes());
    }
    hasher.update(entry.kind.as_bytes());
    hasher.update(digest);
    Hash(*hasher.finalize().as_bytes())
}

const APPEND: &str =
    "INSERT INTO journal (j, seq, kind, occurred_at, recorded_at, actor, cause, salt, payload, digest, hash)
 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";

/// Writes an entry after `previous` and answers the new head.
pub(crate) fn append(tx: &mut Tx<'_>, previous: &Head, entry: &Entry, salt: &[u8; 16]) -> Result<Head> {
    let digest = digest(salt, &entry.payload);
    let hash = chain(&previous.hash, tx.jurisdiction(), entry, &digest);
    let jurisdiction = tx.jurisdiction();
    tx.execute(
        APPEND,
        values![
            jurisdiction,
            entry.seq,
            entry.kind.as_str(),
            entry.occurred_at,
            entry.recorded_at,
            entry.actor,
            entry.cause,
            salt,
            &entry.payload,
            &digest,
            &hash.0
        ],
    )?;
    Ok(Head { seq: entry.seq, hash, recorded_at: entry.recorded_at })
}

/// The newest entry.
///
/// # Errors
/// What the engine refused.
pub fn head(tx: &mut Tx<'_>) -> Result<Head> {
    let jurisdiction = tx.jurisdiction();
    let found = tx.first(
        "SELECT seq, hash, recorded_at FROM journal WHERE j = $1 ORDER BY seq DESC LIMIT 1",
        values![jurisdiction],
        |row| Ok((row.get::<Seq>(0)?, row.get::<Vec<u8>>(1)?, row.get::<Timestamp>(2)?)),
    )?;
    match found {
        None => Ok(Head::EMPTY),
        Some((seq, hash, recorded_at)) => {
            let hash = hash.try_into().map_err(|_| StoreError::Broken(format!("hash of {seq} is not 32 bytes")))?;
            Ok(Head { seq, hash: Hash(hash), recorded_at })
        }
    }
}

/// One entry by its number; `None` for a number that the journal does not have.
///
/// # Errors
/// What the engine refused.
pub fn entry(tx: &mut Tx<'_>, seq: Seq) -> Result<Option<Entry>> {
    let found = page_of(tx, Seq(seq.0.saturating_sub(1)), 1)?.pop();
    Ok(found.filter(|entry| entry.seq == seq))
}

/// The hash of an entry, as it stands in the chain.
///
/// # Errors
/// What the engine refused.
pub fn hash_at(tx: &mut Tx<'_>, seq: Seq) -> Result<Option<Hash>> {
    let jurisdiction = tx.jurisdiction();
    let found: Option<Vec<u8>> =
        tx.first("SELECT hash FROM journal WHERE j = $1 AND seq = $2", values![jurisdiction, seq], |row| row.get(0))?;
    let hash = |bytes: Vec<u8>| {
        bytes.try_into().map(Hash).map_err(|_| StoreError::Broken(format!("hash of {seq} is not 32 bytes")))
    };
    found.map(hash).transpose()
}

/// How many entries are read at a time when the whole journal is walked.
const PAGE: i64 = 2_000;

/// Reads a page of entries after a number, oldest first.
///
/// # Errors
/// What the engine refused.
pub fn page(tx: &mut Tx<'_>, after: Seq) -> Result<Vec<Entry>> {
    page_of(tx, after, PAGE)
}

fn page_of(tx: &mut Tx<'_>, after: Seq, limit: i64) -> Result<Vec<Entry>> {
    let jurisdiction = tx.jurisdiction();
    tx.query(
        "SELECT seq, kind, occurred_at, recorded_at, actor, cause, payload, salt IS NULL FROM journal
         WHERE j = $1 AND seq > $2 ORDER BY seq LIMIT $3",
        values![jurisdiction, after, limit],
        read,
    )
}

/// Entries of given kinds, newest first, at most `limit`: for audit and history pages.
///
/// # Errors
/// What the engine refused.
pub fn recent(tx: &mut Tx<'_>, kind_prefix: &str, limit: i64) -> Result<Vec<Entry>> {
    let jurisdiction = tx.jurisdiction();
    let pattern = format!("{kind_prefix}%");
    tx.query(
        "SELECT seq, kind, occurred_at, recorded_at, actor, cause, payload, salt IS NULL FROM journal
         WHERE j = $1 AND kind LIKE $2 ORDER BY seq DESC LIMIT $3",
        values![jurisdiction, &pattern, limit],
        read,
    )
}

/// Entries of these kinds after a number, newest first, at most `limit`. Walks what lies after it: the caller bounds that.
///
/// # Errors
/// What the engine refused.
pub fn newest_of(tx: &mut Tx<'_>, kinds: &[&str], after: Seq, limit: i64) -> Result<Vec<Entry>> {
    let places: Vec<String> = (0..kinds.len()).map(|place| format!("${}", place + 4)).collect();
    let sql = format!(
        "SELECT seq, kind, occurred_at, recorded_at, actor, cause, payload, salt IS NULL FROM journal
         WHERE j = $1 AND seq > $2 AND kind IN ({}) ORDER BY seq DESC LIMIT $3",
        places.join(", ")
    );
    let mut bound = vec![Value::Int(tx.jurisdiction()), Value::Int(after.0), Value::Int(limit)];
    bound.extend(kinds.iter().map(|kind| Value::Text(kind)));
    tx.query(&sql, &bound, read)
}

/// An entry from its header, payload, and whether its salt is gone, in the order of the columns.
pub(crate) fn read(row: &Row<'_>) -> Result<Entry> {
    Ok(Entry {
        seq: row.get(0)?,
        kind: row.get(1)?,
        occurred_at: row.get(2)?,
        recorded_at: row.get(3)?,
        actor: row.get(4)?,
        cause: row.get(5)?,
        // Without its salt an entry was destroyed: what somebody put back in its place is no fact.
        payload: if row.get::<bool>(7)? { Vec::new() } else { row.get::<Option<Vec<u8>>>(6)?.unwrap_or_default() },
    })
}

/// What a check of the chain found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Entries walked.
    pub entries: i64,
    /// Entries whose payload was destroyed (the chain holds without it).
    pub destroyed: i64,
    /// The head the walk ended at.
    pub head: Head,
    /// Whether the witness's hash stands in the chain; `None` without a witness.
    pub witness_found: Option<bool>,
    /// What does not fit, in words; empty when the chain is whole.
    pub broken: Vec<String>,
}

/// Walks the whole chain: numbers without gaps, each hash recomputed, each payload against its digest.
///
/// # Errors
/// What the engine refused. A broken chain is no error but a finding.
pub fn verify(tx: &mut Tx<'_>, witness: Option<Hash>) -> Result<Verified> {
    let mut verified = Verified {
        entries: 0,
        destroyed: 0,
        head: Head::EMPTY,
        witness_found: witness.map(|_| false),
        broken: Vec::new(),
    };
    let jurisdiction = tx.jurisdiction();
    tx.each(
        "SELECT seq, kind, occurred_at, recorded_at, actor, cause, salt, payload, digest, hash FROM journal
         WHERE j = $1 ORDER BY seq",
        values![jurisdiction],
        |row| {
            let entry = Entry {
                seq: row.get(0)?,
                kind: row.get(1)?,
                occurred_at: row.get(2)?,
                recorded_at: row.get(3)?,
                actor: row.get(4)?,
                cause: row.get(5)?,
                payload: row.get::<Option<Vec<u8>>>(7)?.unwrap_or_default(),
            };
            let salt: Option<Vec<u8>> = row.get(6)?;
            let stored_digest: Vec<u8> = row.get(8)?;
            let stored_hash: Vec<u8> = row.get(9)?;
            check_entry(&mut verified, jurisdiction, entry, salt, &stored_digest, &stored_hash, witness);
            Ok(())
        },
    )?;
    Ok(verified)
}

fn check_entry(
    verified: &mut Verified,
    jurisdiction: i64,
    entry: Entry,
    salt: Option<Vec<u8>>,
    stored_digest: &[u8],
    stored_hash: &[u8],
    witness: Option<Hash>,
) {
    verified.entries += 1;
    if entry.seq.0 != verified.head.seq.0 + 1 {
        verified.broken.push(format!("entry {} follows {}: a gap", entry.seq, verified.head.seq));
    }
    match salt {
        Some(salt) if digest(&salt, &entry.payload)[..] != *stored_digest => {
            verified.broken.push(format!("entry {} ({}): the payload was changed", entry.seq, entry.kind));
        }
        Some(_) => {}
        None if !entry.payload.is_empty() => {
            verified
                .broken
                .push(format!("entry {} ({}): content stands where it was destroyed", entry.seq, entry.kind));
        }
        None => verified.destroyed += 1,
    }
    let (Ok(stored_digest), Ok(stored_hash)) = (<[u8; 32]>::try_from(stored_digest), <[u8; 32]>::try_from(stored_hash))
    else {
        verified.broken.push(format!("entry {}: a hash is not 32 bytes", entry.seq));
        return;
    };
    if chain(&verified.head.hash, jurisdiction, &entry, &stored_digest).0 != stored_hash {
        verified.broken.push(format!("entry {} ({}): the hash does not fit", entry.seq, entry.kind));
    }
    if witness == Some(Hash(stored_hash)) {
        verified.witness_found = Some(true);
    }
    verified.head = Head { seq: entry.seq, hash: Hash(stored_hash), recorded_at: entry.recorded_at };
}
