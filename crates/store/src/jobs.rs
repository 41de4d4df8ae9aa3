//! Follow-up work that commits with the facts that ask for it and runs right after: planning, escalation.
//!
//! Jobs are not facts and not read models; `rebuild` leaves them alone. A kind and payload that wait stand once. A job is
//! marked as taken up in a commit of its own before it runs, so that one that ends the process counts as failed at the next
//! start; what is asked for again while it runs stands beside it and runs again. Urgent jobs overtake others. A job that fails is tried again for as long as it
//! stands, after a pause that doubles each time up to [`PAUSE_MAX_MS`]. It never blocks the ones behind it, and one that
//! failed [`ATTEMPTS_MAX`] times is told as stuck.

use std::panic::{AssertUnwindSafe, catch_unwind};

use outpace_core::Timestamp;
use outpace_core::time::MINUTE_MS;

use crate::engine::{Result, Row, StoreError, Tx};
use crate::threads::panic_text;
use crate::unit::Unit;
use crate::values;
use crate::writer::Store;

/// How often a job fails before it is told to people as stuck. It is tried on all the same.
pub const ATTEMPTS_MAX: i64 = 5;
/// The pause after the first failure.
const PAUSE_FIRST_MS: i64 = 2_000;
/// The longest pause between two tries.
pub const PAUSE_MAX_MS: i64 = 5 * MINUTE_MS;

/// The longest payload: it stands in an index.
pub const PAYLOAD_BYTES_MAX: usize = 2_000;
/// Failed jobs that a list holds at most.
const LISTED_MAX: i64 = 1_000;

/// What overtakes what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    /// A positive, a case: before all others.
    First,
    /// Whatever names nothing else.
    #[default]
    Normal,
    /// What comes in masses and may wait: check-ins, filing.
    Later,
}

impl Urgency {
    pub(crate) fn rank(self) -> i64 {
        match self {
            Self::First => 0,
            Self::Normal => 1,
            Self::Later => 2,
        }
    }

    fn of(rank: i64) -> Self {
        match rank {
            ..=0 => Self::First,
            1 => Self::Normal,
            _ => Self::Later,
        }
    }
}

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
    /// What it overtakes.
    pub urgency: Urgency,
    /// When it was first asked for.
    pub queued_at: Timestamp,
}

/// The jobs whose time to be tried has come at a moment: those that never failed, and those whose pause is over;
/// the most urgent first, then the oldest.
/// A pause that ends later than any pause lasts was set by a clock that was wrong, and does not count.
///
/// # Errors
/// What the engine refused.
pub fn due(tx: &mut Tx<'_>, now: Timestamp, limit: i64) -> Result<Vec<Job>> {
    let jurisdiction = tx.jurisdiction();
    let latest = Timestamp(now.0.saturating_add(PAUSE_MAX_MS));
    tx.query(
        "SELECT id, kind, payload, attempts, urgency, queued_at FROM job
         WHERE j = $1 AND (next_try_at IS NULL OR next_try_at <= $2 OR next_try_at > $3) ORDER BY urgency, id LIMIT $4",
        values![jurisdiction, now, latest, limit],
        read,
    )
}

/// All jobs up to a limit, the most urgent first, then the oldest, whether or not their time has come.
///
/// # Errors
/// What the engine refused.
pub fn waiting(tx: &mut Tx<'_>, limit: i64) -> Result<Vec<Job>> {
    let jurisdiction = tx.jurisdiction();
    tx.query(
        "SELECT id, kind, payload, attempts, urgency, queued_at FROM job WHERE j = $1 ORDER BY urgency, id LIMIT $2",
        values![jurisdiction, limit],
        read,
    )
}

fn read(row: &Row<'_>) -> Result<Job> {
    Ok(Job {
        id: row.get(0)?,
        kind: row.get(1)?,
        payload: row.get(2)?,
        attempts: row.get(3)?,
        urgency: Urgency::of(row.get(4)?),
        queued_at: row.get(5)?,
    })
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
        "SELECT id, kind, payload, attempts, urgency, queued_at, error FROM job
         WHERE j = $1 AND attempts >= $2 ORDER BY urgency, id LIMIT $3",
        values![jurisdiction, attempts, LISTED_MAX],
        |row| Ok((read(row)?, row.get::<Option<String>>(6)?.unwrap_or_default())),
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

/// Lets a job be tried at once, although its pause is not over. The caller records who said so.
///
/// # Errors
/// What the engine refused.
pub fn try_now(unit: &mut Unit<'_>, id: i64) -> Result<()> {
    unit.open()?;
    unit.queued_work();
    let jurisdiction = unit.tx().jurisdiction();
    unit.tx().execute("UPDATE job SET next_try_at = NULL WHERE j = $1 AND id = $2", values![jurisdiction, id])
}

/// Where a job is: gone, waiting, or taken up.
fn taken(tx: &mut Tx<'_>, id: i64) -> Result<Option<bool>> {
    let jurisdiction = tx.jurisdiction();
    tx.first("SELECT taken FROM job WHERE j = $1 AND id = $2", values![jurisdiction, id], |row| {
        Ok(row.get::<i64>(0)? != 0)
    })
}

/// Jobs that stood as taken up when the process ended: what they did may be why. Each counts as failed and waits as after a
/// failure, so that a server that starts again thinks of everything else first.
pub(crate) fn put_off_what_ended_a_process(tx: &mut Tx<'_>, now: Timestamp) -> Result<()> {
    let jurisdiction = tx.jurisdiction();
    let begun = tx.query("SELECT id, attempts FROM job WHERE j = $1 AND taken <> 0", values![jurisdiction], |row| {
        Ok((row.get::<i64>(0)?, row.get::<i64>(1)?))
    })?;
    for (id, attempts) in begun {
        let failures = attempts.saturating_add(1);
        let next = Timestamp(now.0.saturating_add(pause_ms(failures)));
        tx.execute(
            "UPDATE job SET attempts = $3, next_try_at = $4, error = $5 WHERE j = $1 AND id = $2",
            values![jurisdiction, id, failures, next, "the process ended while it ran / 执行中进程退出"],
        )?;
    }
    Ok(())
}

impl Store {
    /// Does all jobs whose time has come, the most urgent first, until none is left. Several threads may call it; one
    /// works at a time, and the others wait, so that whoever returns sees the work done.
    ///
    /// # Errors
    /// What the store refused. A job's own failure or panic is recorded with the job and logged.
    pub fn work_off(&self) -> Result<()> {
        let _one_at_a_time = self.job_lock().lock();
        loop {
            let now = self.now();
            // One at a time: what is more urgent and came meanwhile is next.
            let Some(job) = self.read(|tx| due(tx, now, 1))?.into_iter().next() else { return Ok(()) };
            self.run_job(&job)?;
        }
    }

    /// Takes jobs up: marks that they run, for the case that the process ends over them, and lets what is asked for from now
    /// on stand beside them. Answers those that still stood. Whoever works on a job has taken it up before reading what the
    /// work rests on.
    ///
    /// # Errors
    /// What the store refused.
    pub fn take_up(&self, jobs: &[Job]) -> Result<Vec<Job>> {
        let jobs = jobs.to_vec();
        let taken = self.write(&self.system(), move |unit| {
            unit.open()?;
            let jurisdiction = unit.tx().jurisdiction();
            let mut taken = Vec::with_capacity(jobs.len());
            for job in jobs {
                let changed = unit.tx().count_changed(
                    "UPDATE job SET taken = id WHERE j = $1 AND id = $2",
                    values![jurisdiction, job.id],
                )?;
                if changed > 0 {
                    taken.push(job);
                }
            }
            Ok::<_, StoreError>(taken)
        })?;
        Ok(taken.answer)
    }

    fn run_job(&self, job: &Job) -> Result<()> {
        if self.take_up(std::slice::from_ref(job))?.is_empty() {
            return Ok(());
        }
        let done = catch_unwind(AssertUnwindSafe(|| match self.capabilities().work(&job.kind) {
            Some(work) => work(self, job),
            None => Err(StoreError::UnknownKind(job.kind.clone())),
        }))
        .unwrap_or_else(|panic| Err(StoreError::Panic(panic_text(&*panic))));
        if let Err(error) = &done
            && error.passes()
        {
            // No job is to blame: all of them wait until the store takes writes again.
            return done;
        }
        // Another server may have been faster: what was done here twice was refused with the job's end. Or the work told itself
        // which of several jobs failed.
        if self.read(|tx| taken(tx, job.id))? != Some(true) {
            return Ok(());
        }
        match done {
            Ok(()) => self.note_failure(job, "the work ended and did not finish the job"),
            Err(error) => self.note_failure(job, &error.to_string()),
        }
    }

    /// Records that a job failed, with why, and when it is tried again. Work that answers several jobs at once and finds
    /// out which of them fails says so itself. The same work that was asked for meanwhile is answered by the next try.
    ///
    /// # Errors
    /// What the store refused.
    pub fn note_failure(&self, job: &Job, error: &str) -> Result<()> {
        tracing::error!(job = job.id, kind = %job.kind, payload = %job.payload, error, "a job failed");
        self.pulse().job_failed(&job.kind);
        let (job, text, failures) = (job.clone(), error.to_owned(), job.attempts.saturating_add(1));
        // By the clock that says when it is due, not by the journal's, which may stand ahead of it.
        let next = Timestamp(self.now().0.saturating_add(pause_ms(failures)));
        self.write(&self.system(), move |unit| {
            unit.open()?;
            let jurisdiction = unit.tx().jurisdiction();
            let key = values![jurisdiction, job.id, job.kind.as_str(), job.payload.as_str()];
            let again = unit.tx().first(
                "SELECT MIN(urgency) FROM job WHERE j = $1 AND id <> $2 AND kind = $3 AND payload = $4 AND taken = 0",
                key,
                |row| row.get::<Option<i64>>(0),
            )?;
            unit.tx().execute(
                "DELETE FROM job WHERE j = $1 AND id <> $2 AND kind = $3 AND payload = $4 AND taken = 0",
                key,
            )?;
            let urgency = again.flatten().map_or(job.urgency, |rank| Urgency::of(rank).min(job.urgency));
            unit.tx().execute(
                "UPDATE job SET attempts = $3, error = $4, next_try_at = $5, urgency = $6, taken = 0
                 WHERE j = $1 AND id = $2",
                values![jurisdiction, job.id, failures, &text, next, urgency.rank()],
            )?;
            Ok::<(), StoreError>(())
        })?;
        Ok(())
    }
}
