//! Which rules were in force when: a fact names the pack, its date, its content by hash, and the profile.

use outpace_core::{Refusal, Seq, Timestamp};
use outpace_policy::Pack;
use outpace_store::{Capability, Fact, Result, Tx, Unit, values};
use serde::{Deserialize, Serialize};

use crate::office::Rulebook;

/// From now on these rules hold. Their content is not in the journal; its hash is, so that a file that was changed
/// afterwards can be told from the one that was used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RulesAdopted {
    /// The pack's id.
    pub pack: String,
    /// The day whose layers apply, `YYYY-MM-DD`.
    pub date: String,
    /// Hash of the pack's whole content.
    pub hash: String,
    /// The profile's id.
    pub profile: String,
}

impl Fact for RulesAdopted {
    const KIND: &'static str = "policy.rules_adopted";
}

impl RulesAdopted {
    fn of(pack: &Pack, profile: &str) -> Self {
        Self {
            pack: pack.id.clone(),
            date: pack.date.to_string(),
            hash: pack.content_hash(),
            profile: profile.to_owned(),
        }
    }
}

/// One adoption, as it stands in the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adoption {
    /// The fact that says so.
    pub seq: Seq,
    /// Since when.
    pub since: Timestamp,
    /// What was adopted.
    pub rules: RulesAdopted,
}

/// The capability: one table, one fold.
#[must_use]
pub fn capability() -> Capability {
    Capability::new("policy")
        .schema(&[
            "CREATE TABLE adoption (j BIGINT NOT NULL, seq BIGINT NOT NULL, since BIGINT NOT NULL, pack TEXT NOT NULL,
                   date TEXT NOT NULL, hash TEXT NOT NULL, profile TEXT NOT NULL, PRIMARY KEY (j, seq))",
        ])
        .table("adoption", "j, seq")
        .fold(|tx, entry, fact: &RulesAdopted| {
            let j = tx.jurisdiction();
            tx.execute(
                "INSERT INTO adoption (j, seq, since, pack, date, hash, profile) VALUES ($1, $2, $3, $4, $5, $6, $7)",
                values![j, entry.seq, entry.recorded_at, &fact.pack, &fact.date, &fact.hash, &fact.profile],
            )
            .map(|_| ())
        })
}

/// The rules adopted last.
///
/// # Errors
/// What the engine refused.
pub fn current(tx: &mut Tx<'_>) -> Result<Option<Adoption>> {
    let j = tx.jurisdiction();
    tx.first(
        "SELECT seq, since, pack, date, hash, profile FROM adoption WHERE j = $1 ORDER BY seq DESC LIMIT 1",
        values![j],
        |row| {
            let rules = RulesAdopted { pack: row.get(2)?, date: row.get(3)?, hash: row.get(4)?, profile: row.get(5)? };
            Ok(Adoption { seq: row.get(0)?, since: row.get(1)?, rules })
        },
    )
}

/// Records that these rules hold from now on; nothing when they already do.
///
/// # Errors
/// What the store refused.
pub fn adopt(unit: &mut Unit<'_>, rules: &Rulebook) -> Result<bool, Refusal> {
    let wanted = RulesAdopted::of(&rules.pack, &rules.profile.id);
    if current(unit.tx())?.is_some_and(|adoption| adoption.rules == wanted) {
        return Ok(false);
    }
    unit.record(wanted)?;
    Ok(true)
}
