//! Looks at the server every second, so that health checks and figures answer from memory and never wait for a database
//! that does not answer.

use std::time::Duration;

use outpace_access::{Figures, Office};
use outpace_core::{Refusal, Text};
use outpace_screening::flow::{ConservationQuery, LateKind, conservation, late_counts};
use outpace_store::{Tx, jobs};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use tokio::sync::watch::Sender;

/// How often the server is looked at.
const EVERY: Duration = Duration::from_secs(1);
/// How long a look may take before it is told that the database does not answer.
const LOOK_TIME_MAX: Duration = Duration::from_secs(4);
/// Looks between two counts of what is on its way; counting walks tables.
const LOOKS_BETWEEN_COUNTS: u32 = 30;

/// Which tubes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct At {
    stage: &'static str,
}

/// Late against which deadline.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Against {
    deadline: &'static str,
}

/// The gauges that the watcher sets.
#[derive(Clone, Default)]
struct Gauges {
    jobs_waiting: Gauge,
    jobs_stuck: Gauge,
    jobs_oldest_ms: Gauge,
    sampled: Gauge,
    tubes: Family<At, Gauge>,
    late: Family<Against, Gauge>,
    difference: Gauge,
    people_difference: Gauge,
    disk_free: Gauge,
    memory: Gauge,
}

impl Gauges {
    fn on(figures: &Figures) -> Self {
        let gauges = Self::default();
        figures.register(|registry| {
            let plain = [
                ("jobs_waiting", "Follow-up work that waits: plans to be computed, escalations", &gauges.jobs_waiting),
                ("jobs_stuck", "Follow-up work that failed every time and waits for a person", &gauges.jobs_stuck),
                ("jobs_oldest_milliseconds", "Age of the oldest follow-up work that waits", &gauges.jobs_oldest_ms),
                ("people_sampled", "People sampled, in all rounds", &gauges.sampled),
                (
                    "conservation_difference_tubes",
                    "Tubes that the conservation law misses; must be 0",
                    &gauges.difference,
                ),
                (
                    "conservation_difference_people",
                    "People that the conservation law misses; must be 0",
                    &gauges.people_difference,
                ),
                ("disk_free_bytes", "Free space where the data folder stands", &gauges.disk_free),
                ("memory_resident_bytes", "Memory of this process", &gauges.memory),
            ];
            for (name, help, gauge) in plain {
                registry.register(name, help, gauge.clone());
            }
            registry.register("tubes", "Tubes by where they are", gauges.tubes.clone());
            registry.register("tubes_late", "Tubes that have passed a deadline", gauges.late.clone());
        });
        gauges
    }
}

/// Watches until nobody can be told any more; tells why writing is paused, while it is.
pub(crate) async fn watch(office: Office, paused: Sender<Option<Text>>) {
    let gauges = Gauges::on(office.figures());
    let mut looks = 0_u32;
    let mut looking = look(&office, &gauges, true);
    while !paused.is_closed() {
        match tokio::time::timeout(LOOK_TIME_MAX, &mut looking).await {
            Ok(answered) => {
                office.health().looked(answered.unwrap_or(false));
                looks = looks.wrapping_add(1);
                tokio::time::sleep(EVERY).await;
                looking = look(&office, &gauges, looks.is_multiple_of(LOOKS_BETWEEN_COUNTS));
            }
            // The look stands; another one beside it would only stand as well.
            Err(_) => office.health().looked(false),
        }
        let why = office.store.pulse().paused().map(|paused| paused.trouble.text());
        paused.send_if_modified(|told| {
            let changed = *told != why;
            *told = why;
            changed
        });
    }
}

fn look(office: &Office, gauges: &Gauges, count: bool) -> tokio::task::JoinHandle<bool> {
    let (office, gauges) = (office.clone(), gauges.clone());
    tokio::task::spawn_blocking(move || {
        look_at_machine(office.store.folder(), &gauges);
        let call = office.system_call();
        let looked = office.store.read(|tx| {
            look_at_jobs(tx, &gauges, call.now.0)?;
            if count {
                look_at_tubes(tx, &gauges, &call)?;
            }
            Ok::<_, Refusal>(())
        });
        if let Err(refusal) = &looked {
            tracing::warn!(%refusal, "the watcher could not look at the database");
        }
        looked.is_ok()
    })
}

fn look_at_jobs(tx: &mut Tx<'_>, gauges: &Gauges, now_ms: i64) -> Result<(), Refusal> {
    let standing = jobs::standing(tx)?;
    gauges.jobs_waiting.set(standing.waiting);
    gauges.jobs_stuck.set(standing.stuck);
    gauges.jobs_oldest_ms.set(standing.oldest_at.map_or(0, |at| now_ms.saturating_sub(at.0).max(0)));
    Ok(())
}

fn look_at_tubes(tx: &mut Tx<'_>, gauges: &Gauges, call: &outpace_access::Call) -> Result<(), Refusal> {
    let balance = conservation(tx, &ConservationQuery::default())?;
    gauges.sampled.set(balance.sampled);
    gauges.difference.set(balance.difference);
    gauges.people_difference.set(balance.people_difference);
    for (stage, tubes) in [
        ("open", balance.open),
        ("under_way", balance.under_way),
        ("pending", balance.pending),
        ("resulted", balance.resulted),
        ("invalid", balance.invalid),
        ("lost", balance.lost),
    ] {
        gauges.tubes.get_or_create(&At { stage }).set(tubes);
    }
    let late = late_counts(tx, call.actor.area)?;
    for kind in LateKind::ALL {
        let tubes = late.iter().find(|(found, _)| found == kind).map_or(0, |(_, tubes)| *tubes);
        gauges.late.get_or_create(&Against { deadline: kind.word() }).set(tubes);
    }
    Ok(())
}

fn look_at_machine(folder: &std::path::Path, gauges: &Gauges) {
    if let Ok(disk) = rustix::fs::statvfs(folder) {
        gauges.disk_free.set(i64::try_from(disk.f_bavail.saturating_mul(disk.f_frsize)).unwrap_or(i64::MAX));
    }
    // Linux tells a process its memory in this file; elsewhere the figure stays 0.
    let told = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let resident = told.lines().find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB")?.parse().ok());
    gauges.memory.set(resident.map_or(0, |kilobytes: i64| kilobytes * 1024));
}
