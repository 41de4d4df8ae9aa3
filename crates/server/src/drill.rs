//! What exists only in a drill: its clock, its scenario as the page shows it, its report.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use outpace_access::problem::Problem;
use outpace_access::{Peer, door};
use outpace_core::time::MINUTE_MS;
use outpace_core::{Clock, Permission, Refusal, Timestamp};
use serde::{Deserialize, Serialize};

use crate::app::Server;
use crate::clock::DrillClock;
use crate::timekeeper;

/// Longest stretch that one request may move the clock, in minutes.
const STEP_MINUTES_MAX: i64 = 24 * 60;

/// Where the clock shall stand.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(crate) struct MoveClock {
    to: Timestamp,
}

/// Where the clock stands now.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Moved {
    now: Timestamp,
}

fn no_drill() -> Refusal {
    Refusal::conflict(
        "not_a_drill",
        "to",
        "",
        "只有标记为演练的数据目录才能调整时钟。",
        "Only a data folder that is marked as a drill's has a clock that can be moved.",
    )
}

/// Moves the drill's clock forward, minute by minute, and answers when everything that passed on the way is recorded
/// and followed up.
pub(crate) async fn move_clock(
    State(server): State<Server>,
    peer: Option<Extension<Peer>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Moved>, Problem> {
    server.permit(&headers, peer, Permission::DrillControl.whole(), true)?;
    let request: MoveClock = door::command_of(&headers, body).await?;
    let clock = server.drill_clock.clone().ok_or_else(no_drill)?;
    let office = server.office.clone();
    let moved = tokio::task::spawn_blocking(move || step(&office, &clock, request.to)).await;
    let now = moved.map_err(|_| Refusal::internal())??;
    Ok(Json(Moved { now }))
}

fn step(office: &outpace_access::Office, clock: &Arc<DrillClock>, to: Timestamp) -> Result<Timestamp, Refusal> {
    let from = clock.now();
    if to.since(from) > STEP_MINUTES_MAX * MINUTE_MS {
        return Err(Refusal::rule(
            "step_too_long",
            "to",
            to,
            "时钟一次最多前进 24 小时。",
            "The clock moves 24 hours at the most at a time.",
        ));
    }
    let mut at = from;
    while at < to {
        // Whole minutes, so that nothing takes effect more than a minute late.
        at = Timestamp((at.0 / MINUTE_MS + 1) * MINUTE_MS).min(to);
        clock.move_to(at);
        timekeeper::tick(office)?;
    }
    Ok(clock.now())
}

/// The scenario, its checkpoints so far and its report, as the player of the drill sets them.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Scene {
    #[serde(default)]
    pub(crate) scenario: serde_json::Value,
    #[serde(default)]
    pub(crate) timeline: serde_json::Value,
    #[serde(default)]
    pub(crate) report: serde_json::Value,
}

/// Sets what the page shows of the scenario.
pub(crate) async fn set_scene(
    State(server): State<Server>,
    peer: Option<Extension<Peer>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<serde_json::Value>, Problem> {
    server.permit(&headers, peer, Permission::DrillControl.whole(), true)?;
    let scene: Scene = door::command_of(&headers, body).await?;
    if server.drill_clock.is_none() {
        return Err(no_drill().into());
    }
    if !scene.report.is_null() {
        keep_report(&server, &scene.report)?;
    }
    *server.scene.write() = scene;
    server.touch();
    Ok(Json(serde_json::json!({})))
}

const REPORT: &str = "report.json";

fn keep_report(server: &Server, report: &serde_json::Value) -> Result<(), Refusal> {
    let file = server.office.store.folder().join(REPORT);
    std::fs::write(&file, report.to_string()).map_err(|error| {
        tracing::error!(%error, file = %file.display(), "the report could not be kept");
        Refusal::internal()
    })
}

/// The report of the drill; 404 while there is none.
pub(crate) async fn report(
    State(server): State<Server>,
    peer: Option<Extension<Peer>>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    server.permit(&headers, peer, Permission::CommandRead.whole(), false)?;
    let shown = server.scene.read().report.clone();
    let report = if shown.is_null() {
        let kept = std::fs::read(server.office.store.folder().join(REPORT)).ok();
        kept.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
    } else {
        shown
    };
    if report.is_null() {
        return Err(Refusal::unknown("no_report", "", "", "目前没有演练报告。", "There is no drill report yet.").into());
    }
    Ok(Json(report).into_response())
}
