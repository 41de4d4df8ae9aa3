//! Proposals to set follow-up work aside.

use outpace_store::{Capability, Result, Tx, values};

use super::Proposed;
use super::facts::{JobRetried, JobSetAside, SetAsideProposed};

/// Proposals that wait for a second person: the job, who proposed, who they are in the registry, when, why.
const SCHEMA: &[&str] = &["
CREATE TABLE job_proposal (
  j BIGINT NOT NULL, job BIGINT NOT NULL, actor BIGINT NOT NULL, person BIGINT, proposed_at BIGINT NOT NULL,
  reason TEXT NOT NULL, PRIMARY KEY (j, job));
"];

pub(super) fn join(capability: Capability) -> Capability {
    capability
        .schema(SCHEMA)
        .table("job_proposal", "j, job")
        .fold(|_, _, _: &JobRetried| Ok(()))
        .fold(|tx, entry, fact: &SetAsideProposed| {
            let j = tx.jurisdiction();
            tx.execute(
                "INSERT INTO job_proposal (j, job, actor, person, proposed_at, reason) VALUES ($1, $2, $3, $4, $5, $6)
                 ON CONFLICT (j, job) DO UPDATE SET actor = excluded.actor, person = excluded.person,
                   proposed_at = excluded.proposed_at, reason = excluded.reason",
                values![j, fact.job, entry.actor, fact.person, entry.recorded_at, &fact.reason],
            )
        })
        .fold(|tx, _, fact: &JobSetAside| {
            let j = tx.jurisdiction();
            tx.execute("DELETE FROM job_proposal WHERE j = $1 AND job = $2", values![j, fact.job])
        })
}

pub(super) fn proposed(tx: &mut Tx<'_>, job: i64) -> Result<Option<Proposed>> {
    let j = tx.jurisdiction();
    tx.first(
        "SELECT actor, person, proposed_at, reason FROM job_proposal WHERE j = $1 AND job = $2",
        values![j, job],
        |row| Ok(Proposed { by: row.get(0)?, person: row.get(1)?, at: row.get(2)?, reason: row.get(3)? }),
    )
}
