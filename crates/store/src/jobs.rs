//! Follow-up work that commits with the facts that ask for it and runs right after: planning, escalation.
//!
//! Jobs are not facts and not read models; `rebuild` leaves them alone. A job that fails is tried again a few times,
//! then it stays with its error, and the server reports it; it never blocks the ones behind it.

use outpace_core::Timestamp;

use crate::engine::{Result, Tx};
use crate::values;
use crate::writer::Store;

/// How often a job is tried before it is left for a person to look at.
pub const ATTEMPTS_MAX: i64 = 5;

/// One piece of follow-up work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Its number.
    pub id: i64,
    /// Which capability's work it is.
    pub kind: String,
    /// JSON, as enqueued.
    pub payload: String,
}

/// The oldest jobs that may still be tried.
///
/// # Errors
/// What the engine refused.
pub fn waiting(tx: &mut Tx<'_>, limit: i64) -> Result<Vec<Job>> {
    let jurisdiction = tx.jurisdiction();
    tx.query(
        "SELECT id, kind, payload FROM job WHERE j = $1 AND attempts < $2 ORDER BY id LIMIT $3",
        values![jurisdiction, ATTEMPTS_MAX, limit],
        |row| Ok(Job { id: row.get(0)?, kind: row.get(1)?, payload: row.get(2)? }),
    )
}

/// Jobs that failed every time, with their last error.
///
/// # Errors
/// What the engine refused.
pub fn stuck(tx: &mut Tx<'_>) -> Result<Vec<(Job, String)>> {
    let jurisdiction = tx.jurisdiction();
    tx.query(
        "SELECT id, kind, payload, error FROM job WHERE j = $1 AND attempts >= $2 ORDER BY id",
        values![jurisdiction, ATTEMPTS_MAX],
        |row| {
            let job = Job { id: row.get(0)?, kind: row.get(1)?, payload: row.get(2)? };
            Ok((job, row.get::<Option<String>>(3)?.unwrap_or_default()))
        },
    )
}

/// What follow-up work stands there, in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Jobs that may still be tried.
    pub waiting: i64,
    /// Jobs that failed every time.
    pub stuck: i64,
    /// When the oldest of those that wait was queued.
    pub oldest_at: Option<Timestamp>,
}

/// Counts what stands there.
///
/// # Errors
/// What the engine refused.
pub fn standing(tx: &mut Tx<'_>) -> Result<Standing> {
    let jurisdiction = tx.jurisdiction();
    let found = tx.first(
        "SELECT COUNT(CASE WHEN attempts < $2 THEN 1 END), COUNT(CASE WHEN attempts >= $2 THEN 1 END),
           MIN(CASE WHEN attempts < $2 THEN queued_at END) FROM job WHERE j = $1",
        values![jurisdiction, ATTEMPTS_MAX],
        |row| Ok(Standing { waiting: row.get(0)?, stuck: row.get(1)?, oldest_at: row.get(2)? }),
    )?;
    Ok(found.unwrap_or(Standing { waiting: 0, stuck: 0, oldest_at: None }))
}

fn stands(tx: &mut Tx<'_>, id: i64) -> Result<bool> {
    let jurisdiction = tx.jurisdiction();
    let found = tx.first("SELECT id FROM job WHERE j = $1 AND id = $2", values![jurisdiction, id], |_| Ok(()))?;
    Ok(found.is_some())
}

impl Store {
    /// Does all waiting jobs, oldest first, until none is left that can be done. Several threads may call it; one
    /// works at a time, and the others wait, so that whoever returns sees the work done.
    ///
    /// # Errors
    /// What the store refused. A job's own failure is recorded with the job and logged.
    pub fn work_off(&self) -> Result<()> {
        let _one_at_a_time = self.job_lock().lock();
        loop {
            let jobs = self.read(|tx| waiting(tx, 64))?;
            if jobs.is_empty() {
                return Ok(());
            }
            for job in jobs {
                self.run_job(&job)?;
            }
        }
    }

    fn run_job(&self, job: &Job) -> Result<()> {
        let outcome = match self.capabilities().work(&job.kind) {
            Some(work) => work(self, job),
            None => Err(crate::StoreError::UnknownKind(job.kind.clone())),
        };
        let Err(error) = outcome else {
            return Ok(());
        };
        if !self.read(|tx| stands(tx, job.id))? {
            // Another server was faster; what was done here twice was refused with the job's end.
            return Ok(());
        }
        tracing::error!(job = job.id, kind = %job.kind, payload = %job.payload, %error, "a job failed");
        let (id, text) = (job.id, error.to_string());
        self.write(&self.system(), move |unit| {
            unit.open()?;
            let jurisdiction = unit.tx().jurisdiction();
            unit.tx().execute(
                "UPDATE job SET attempts = attempts + 1, error = $3 WHERE j = $1 AND id = $2",
                values![jurisdiction, id, &text],
            )?;
            Ok::<(), crate::StoreError>(())
        })?;
        Ok(())
    }
}
