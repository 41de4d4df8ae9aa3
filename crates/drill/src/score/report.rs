//! The report of a drill: keys that stay stable, for the terminal, a file and the page.

use outpace_core::{Text, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::measure::System;
use super::table;
use crate::client::{CallError, Staff, list};
use crate::parts::Part;
use crate::scenario::{Figure, FigureKind, Scenario};
use crate::schedule::Pace;

/// A row of the table.
#[derive(Debug, Clone, Serialize)]
pub struct Checkpoint {
    /// Its key in the scenario.
    pub key: String,
    /// Its name.
    pub name: Text,
    /// Given, or to be reached.
    pub kind: FigureKind,
    /// When the report says so.
    pub at: Timestamp,
    /// What the report says.
    pub reported: Figure,
    /// What was reached.
    pub reached: Option<Figure>,
    /// Since when it stands so.
    pub reached_at: Option<Timestamp>,
    /// Whether it is as reported; `None` until it is judged.
    pub ok: Option<bool>,
}

/// The conservation laws at the end.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Conservation {
    /// Tubes that nobody can account for.
    pub difference: i64,
    /// Sealed.
    pub sealed: i64,
    /// Received by laboratories.
    pub received: i64,
    /// With a result.
    pub resulted: i64,
    /// Waiting at laboratories.
    pub pending: i64,
    /// Declared lost.
    pub lost: i64,
    /// People of transfers that nobody can account for.
    pub people_difference: i64,
}

/// Orders at the end.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Orders {
    /// Issued in all.
    pub issued: i64,
    /// Not taken.
    pub open: i64,
    /// Done, and nobody has to look.
    pub done: i64,
    /// Done, and somebody looked.
    pub verified: i64,
    /// Given back.
    pub declined: i64,
    /// Past their deadline and still owed.
    pub overdue: i64,
    /// No longer wanted.
    pub cancelled: i64,
}

/// The newest entry of the journal, as the system tells it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct JournalHead {
    /// Its number.
    pub seq: i64,
    /// Its hash, 64 hexadecimal digits.
    pub hash: String,
}

/// What a drill came to.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// The scenario's id.
    pub scenario: String,
    /// Its title.
    pub title: Text,
    /// The pack.
    pub pack: String,
    /// At the reported hours, or as early as possible.
    pub pace: Pace,
    /// Seconds that the whole drill took, setting up included.
    pub wall_seconds: f64,
    /// Largest memory of this process, in MB; `None` where the system does not say.
    pub memory_peak_mb: Option<u64>,
    /// People registered.
    pub people: i64,
    /// People sampled in tubes, as the system counted.
    pub sampled_total: i64,
    /// The table.
    pub checkpoints: Vec<Checkpoint>,
    /// Plans with their price.
    pub plans: Vec<Value>,
    /// The laws.
    pub conservation: Conservation,
    /// Orders by state.
    pub orders: Orders,
    /// Zones in force at the end.
    pub zones: Vec<Value>,
    /// What each part of the staff did: as whom, how they signed in, with which permissions.
    pub parts: Vec<Part>,
    /// What `at-once` takes for granted; empty at the reported pace.
    pub assumptions: Vec<Text>,
    /// The newest entry of the journal: what a witness writes down.
    pub head: JournalHead,
    /// Whether every outcome and every law holds.
    pub ok: bool,
    #[serde(skip)]
    pub(crate) offset_minutes: i64,
}

impl Report {
    /// Whether every outcome and every law holds.
    #[must_use]
    pub fn ok(&self) -> bool {
        self.ok
    }

    /// The table for a terminal.
    #[must_use]
    pub fn table(&self) -> String {
        table::of(self)
    }
}

/// Largest memory of this process, in MB, where the system says it.
#[must_use]
pub fn memory_peak_mb() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kilobytes| kilobytes / 1024)
}

/// Asks the system for everything that the report shows at the end.
///
/// # Errors
/// What the system refused.
pub async fn gather(
    system: &System<'_>,
    scenario: &Scenario,
    pace: Pace,
    checkpoints: Vec<Checkpoint>,
    wall_seconds: f64,
) -> Result<Report, CallError> {
    let reader = system.reader;
    let tubes: Value = reader.get("/api/screening/conservation", &[("recount", "true".to_owned())]).await?;
    let people: Value = reader.get("/api/isolation/conservation", &[]).await?;
    let summary: Value = reader.get("/api/orders/summary", &[]).await?;
    let area: Value = reader.get("/api/registry/area", &[("area", scenario.county.to_string())]).await?;
    let of = |answer: &Value, pointer: &str| answer.pointer(pointer).and_then(Value::as_i64).unwrap_or(0);
    let conservation = Conservation {
        difference: of(&tubes, "/difference"),
        sealed: of(&tubes, "/sealed"),
        received: of(&tubes, "/received"),
        resulted: of(&tubes, "/resulted"),
        pending: of(&tubes, "/pending"),
        lost: of(&tubes, "/lost"),
        people_difference: of(&people, "/difference"),
    };
    let orders = Orders {
        issued: of(&summary, "/all/issued"),
        open: of(&summary, "/all/open"),
        done: of(&summary, "/all/done"),
        verified: of(&summary, "/all/verified"),
        declined: of(&summary, "/all/declined"),
        overdue: of(&summary, "/all/overdue"),
        cancelled: of(&summary, "/all/cancelled"),
    };
    // People and tubes that cannot be accounted for fail the drill even where no row asks for them.
    let laws =
        conservation.difference == 0 && conservation.people_difference == 0 && of(&tubes, "/people_difference") == 0;
    let outcomes = checkpoints.iter().filter(|row| row.kind == FigureKind::Outcome).all(|row| row.ok == Some(true));
    Ok(Report {
        scenario: scenario.id.clone(),
        title: scenario.title.clone(),
        pack: system.pack.clone(),
        pace,
        wall_seconds,
        memory_peak_mb: memory_peak_mb(),
        people: of(&area, "/population/registered"),
        sampled_total: of(&tubes, "/sampled"),
        checkpoints,
        plans: system.plans().await?,
        conservation,
        orders,
        zones: zones(system).await?,
        parts: parts(reader).await?,
        assumptions: if pace == Pace::AtOnce { assumptions() } else { Vec::new() },
        head: system.head().await?,
        ok: laws && outcomes,
        offset_minutes: scenario.utc_offset_minutes,
    })
}

/// What each part of the staff did, in the permissions that the system's document names.
async fn parts(reader: &Staff) -> Result<Vec<Part>, CallError> {
    let document: Value = reader.get("/openapi.json", &[]).await?;
    let needs = |path: &str| {
        let operation = document.pointer("/paths")?.get(path)?.as_object()?.values().next()?;
        operation.get("x-permission")?.as_str().filter(|key| *key != "public").map(str::to_owned)
    };
    Ok(reader.api().parts().list(needs))
}

async fn zones(system: &System<'_>) -> Result<Vec<Value>, CallError> {
    let answer: Value = system.reader.get("/api/zoning/zones", &[]).await?;
    let rows = list(&answer, "/zones").iter().map(|view| {
        let people = |key: &str| view.pointer(&format!("/population/{key}")).and_then(Value::as_i64).unwrap_or(0);
        json!({
            "area": view.pointer("/zone/name"), "level": view.pointer("/zone/level"), "risk": view.pointer("/zone/risk"),
            "population": people("present") + people("at_places"), "from": view.pointer("/zone/starts_at"),
            "reason": view.pointer("/zone/ground/reason"), "lift_when": view.pointer("/zone/lift/rule"),
        })
    });
    Ok(rows.collect())
}

/// What `at-once` takes for granted.
fn assumptions() -> Vec<Text> {
    vec![
        Text::new(
            "每份方案形成后十分钟内获批;两名指挥长均在岗。",
            "Each plan is approved ten minutes after it stands ready; both commanders are on duty.",
        ),
        Text::new(
            "人员、车辆、物资与报道相同,且不早于其到位时间;报道中为夜间或傍晚到位的增援仍按当时到位(22:00 的车辆、午间可用的公交车与采样人员)。",
            "Staff, vehicles and stock are those of the report and are there no earlier than they could be: the trucks at \
             22:00, buses, samplers and helpers from noon.",
        ),
        Text::new(
            "采样、转运路程、实验室产能与周转时间不变。",
            "Swabs, ways, capacities and turnaround of the laboratories take the same time.",
        ),
        Text::new(
            "研判在夜间结果出齐后逐项签署,每项十分钟。",
            "Assessments are signed one after the other once the results of the night are in, ten minutes each.",
        ),
        Text::new("居民同样愿意在更早的时间到场采样。", "As many people come to be sampled at an earlier hour."),
    ]
}
