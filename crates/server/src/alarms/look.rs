//! Reads the figures from which alarms are raised: what is in memory, and what needs the database beside it.

use std::sync::LazyLock;
use std::time::Instant;

use outpace_access::Office;
use outpace_access::alarms::{Seen, SilentLaboratory};
use outpace_access::health::thought;
use outpace_core::time::HOUR_MS;
use outpace_core::{Refusal, Seq, Text, Timestamp};
use outpace_screening::laboratory::{WaitingAt, waiting_at};
use outpace_store::{Tx, jobs, journal};

use super::backup_mark;

/// When this process began: until then nobody could have missed a backup.
static BEGAN: LazyLock<Instant> = LazyLock::new(Instant::now);

/// Starts a look beside the runtime.
pub(super) fn look(office: &Office, laboratory_hours: Option<i64>) -> tokio::task::JoinHandle<Seen> {
    let office = office.clone();
    LazyLock::force(&BEGAN);
    tokio::task::spawn_blocking(move || {
        let mut seen = in_memory(&office);
        let now = office.store.now();
        let backup = backup_mark::mark(office.store.folder());
        // A drill's clock is not that of the machine on which backups are made.
        seen.backup_hours = (!office.store.is_drill()).then(|| match &backup {
            Some(mark) => now.since(mark.made_at).max(0) / HOUR_MS,
            None => i64::try_from(BEGAN.elapsed().as_secs() / 3_600).unwrap_or(i64::MAX),
        });
        let hours_max =
            laboratory_hours.unwrap_or_else(|| i64::from(office.rulebook().pack.screening.tested_hours_max.value));
        let watched_since = Timestamp(now.0 - hours_max * HOUR_MS * 3 / 4);
        let read = office.store.read(|tx| {
            let standing = jobs::standing(tx)?;
            seen.stuck = standing.stuck;
            seen.oldest_work_s = standing.oldest_at.map(|at| (now.since(at) / 1_000).max(0));
            seen.laboratories =
                waiting_at(tx, watched_since)?.iter().filter_map(|one| silent(one, now, hours_max)).collect();
            if let Some(mark) = &backup {
                seen.heads.extend(differs(tx, mark.head_seq, &mark.head_hash)?);
            }
            Ok::<_, Refusal>(())
        });
        if let Err(refusal) = read {
            tracing::warn!(%refusal, "the database could not be read for alarms");
            seen.paused.get_or_insert_with(no_answer);
        }
        seen
    })
}

/// What can be seen while the database does not answer.
pub(super) fn without_the_database(office: &Office) -> Seen {
    let mut seen = in_memory(office);
    seen.paused.get_or_insert_with(no_answer);
    seen
}

fn no_answer() -> Text {
    Text::new("数据库没有响应", "the database does not answer")
}

fn in_memory(office: &Office) -> Seen {
    let disk = rustix::fs::statvfs(office.store.folder()).ok();
    Seen {
        clock_s: thought(office).last_tick_ms.map(|ms| ms / 1_000),
        paused: office.store.pulse().paused().map(|paused| paused.trouble.text()),
        disk: disk
            .map(|disk| (disk.f_bavail.saturating_mul(disk.f_frsize), disk.f_blocks.saturating_mul(disk.f_frsize))),
        ..Seen::default()
    }
}

/// The number of an entry that the journal has with another hash, or not at all.
fn differs(tx: &mut Tx<'_>, seq: i64, hash: &str) -> Result<Option<i64>, Refusal> {
    let found = journal::hash_at(tx, Seq(seq))?;
    Ok(found.is_none_or(|found| found.to_string() != hash).then_some(seq))
}

/// A laboratory whose tubes wait; silent since its last result or since the oldest of them came, whichever is later.
fn silent(waiting: &WaitingAt, now: Timestamp, hours_max: i64) -> Option<SilentLaboratory> {
    let last_sign = waiting.oldest_received_at.max(waiting.last_result_before.unwrap_or(waiting.oldest_received_at));
    let hours = now.since(last_sign) / HOUR_MS;
    (hours >= hours_max * 3 / 4).then(|| SilentLaboratory {
        key: waiting.key.clone(),
        name: waiting.name.clone(),
        pending: waiting.pending,
        hours,
        hours_max,
    })
}
