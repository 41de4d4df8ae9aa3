//! Follow-up work that commits with the facts that ask for it and runs right after: planning, escalation.
//!
//! Jobs are not facts and not read models; `rebuild` leaves them alone. A job that fails is tried again for as long as it
//! stands, after a pause that doubles each time up to [`PAUSE_MAX_MS`]. It never blocks the ones behind it, and one that
//! failed [`ATTEMPTS_MAX`] times is told as stuck.

use outpace_core::Timestamp;
use outpace_core::time::MINUTE_MS;

use crate::engine::{Result, Row, Tx};
use crate::values;
use crate::writer::Store;

/// How often a job fails before it is told to people as stuck. It is tried on all the same.
pub const ATTEMPTS_MAX: i64 = 5;
/// The pause after the first failure.
const PAUSE_FIRST_MS: i64 = 2_000;
/// The longest pause between two tries.
pub const PAUSE_MAX_MS: i64 = 5 * MINUTE_MS;

/// The pause before the next try of something that failed so often, in milliseconds: it doubles with every failure.
#[must_use]
pub fn pause_ms(failures: i64) -> i64 {
    let doublings = u32::try_from(failures.saturating_sub(1).clamp(0, 30)).unwrap_or(0);
    PAUSE_FIRST_MS.saturating_mul(1_i64 << doublings).min(PAUSE_MAX_MS)
}

/// One piece of follow-up work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Its number.
    pub id: i64,
    /// Which capability's work it is.
    pub kind: String,
    /// JSON, as enqueued.
    pub payload: String,
    /// How often it failed so far.
    pub attempts: i64,
}

/// The oldest jobs whose time to be tried has come at a moment: those that never failed, and those whose pause is over.
/// A pause that ends later than any pause lasts was set by a clock that was wrong, and does not count.
///
/// # Errors
/// What the engine refused.
pub fn due(tx: &mut Tx<'_>, now: Timestamp, limit: i64) -> Result<Vec<Job>> {
    let jurisdiction = tx.jurisdiction();
    let latest = Timestamp(now.0.saturating_add(PAUSE_MAX_MS));
    tx.query(
        "SELECT id, kind, payload, attempts FROM job
         WHERE j = $1 AND (next_try_at IS NULL OR next_try_at <= $2 OR next_try_at > $3) ORDER BY id LIMIT $4",
        values![jurisdiction, now, latest, limit],
        read,
    )
}

/// The oldest jobs, whether or not their time has come.
///
/// # Errors
/// What the engine refused.
pub fn waiting(tx: &mut Tx<'_>, limit: i64) -> Result<Vec<Job>> {
    let jurisdiction = tx.jurisdiction();
    tx.query(
        "SELECT id, kind, payload, attempts FROM job WHERE j = $1 ORDER BY id LIMIT $2",
        values![jurisdiction, limit],
        read,
    )
}

fn read(row: &Row<'_>) -> Result<Job> {
    Ok(Job { id: row.get(0)?, kind: row.get(1)?, payload: row.get(2)?, attempts: row.get(3)? })
}

/// Jobs that failed so often that people must hear of it, with their last error.
///
/// # Errors
/// What the engine refused.
pub fn stuck(tx: &mut Tx<'_>) -> Result<Vec<(Job, String)>> {
    failed(tx, ATTEMPTS_MAX)
}

/// Jobs whose last try failed, with its error.
///
/// # Errors
/// What the engine refused.
pub fn failing(tx: &mut Tx<'_>) -> Result<Vec<(Job, String)>> {
    failed(tx, 1)
}

fn failed(tx: &mut Tx<'_>, attempts: i64) -> Result<Vec<(Job, String)>> {
    let jurisdiction = tx.jurisdiction();
    tx.query(
        "SELECT id, kind, payload, attempts, error FROM job WHERE j = $1 AND attempts >= $2 ORDER BY id",
        values![jurisdiction, attempts],
        |row| Ok((read(row)?, row.get::<Option<String>>(4)?.unwrap_or_default())),
    )
}

/// What follow-up work stands there, in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Jobs that failed seldom or never.
    pub waiting: i64,
    /// Jobs that failed so often that people must hear of it.
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
    /// Does all jobs whose time has come, oldest first, until none is left. Several threads may call it; one
    /// works at a time, and the others wait, so that whoever returns sees the work done.
    ///
    /// # Errors
    /// What the store refused. A job's own failure is recorded with the job and logged.
    pub fn work_off(&self) -> Result<()> {
        let _one_at_a_time = self.job_lock().lock();
        loop {
            let now = self.now();
            let jobs = self.read(|tx| due(tx, now, 64))?;
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
        if error.passes() {
            // No job is to blame: all of them wait until the store takes writes again.
            return Err(error);
        }
        if !self.read(|tx| stands(tx, job.id))? {
            // Another server was faster; what was done here twice was refused with the job's end.
            return Ok(());
        }
        self.note_failure(job, &error.to_string())
    }

    /// Records that a job failed, with why, and when it is tried again. Work that answers several jobs at once and finds
    /// out which of them fails says so itself.
    ///
    /// # Errors
    /// What the store refused.
    pub fn note_failure(&self, job: &Job, error: &str) -> Result<()> {
        tracing::error!(job = job.id, kind = %job.kind, payload = %job.payload, error, "a job failed");
        let (id, failures, text) = (job.id, job.attempts.saturating_add(1), error.to_owned());
        // By the clock, as `due` is asked, and not by the journal's time, which never goes back: a clock that was ahead and is
        // right again must neither put a job off for long nor make it due for ever.
        let next = Timestamp(self.now().0.saturating_add(pause_ms(failures)));
        self.write(&self.system(), move |unit| {
            unit.open()?;
            let jurisdiction = unit.tx().jurisdiction();
            unit.tx().execute(
                "UPDATE job SET attempts = $3, error = $4, next_try_at = $5 WHERE j = $1 AND id = $2",
                values![jurisdiction, id, failures, &text, next],
            )?;
            Ok::<(), crate::StoreError>(())
        })?;
        Ok(())
    }
}
