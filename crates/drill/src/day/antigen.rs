//! Antigen self-tests west of the river: kits from door to door, reports from home, a PCR sample for two lines.

use std::collections::BTreeMap;

use outpace_core::{AreaId, Text, Timestamp};
use serde_json::{Value, json};

use super::play::Play;
use crate::attendance;
use crate::client::{CallError, number, side_by_side};
use crate::population::PersonRef;
use crate::scenario::StepKey;

/// Minutes from the opening until a village has its kits, and until its people report; villages follow each other.
const KITS_MINUTES: i64 = 60;
const REPORTS_MINUTES: i64 = 100;
/// Minutes over which the villages report one after the other.
const SPREAD_MINUTES: i64 = 240;
/// Reports of one request.
const BATCH: usize = 4_000;

/// Villages that have still to report, by when.
#[derive(Debug, Default)]
pub(crate) struct Antigen {
    due: BTreeMap<(Timestamp, AreaId), Vec<PersonRef>>,
    kits_at: Option<Timestamp>,
}

impl Play {
    /// Opens the round; kits go out, people test themselves through the morning.
    pub(crate) async fn begin_antigen(&mut self) -> Result<(), CallError> {
        const PLAN: &str = "/api/screening/rounds/plan";
        let name = Text::new("河西片区抗原检测", "Antigen tests west of the river");
        let head = self.office.head("testing");
        let planned: Value = head
            .post(
                PLAN,
                &json!({
                    "key": "antigen-west", "name": name, "method": "antigen", "areas": self.names.west,
                    "starts_at": self.now, "ends_at": self.now.plus_minutes(12 * 60),
                }),
            )
            .await?;
        let round = self.open_round(number(PLAN, &planned, "/round")?).await?;
        self.names.antigen_round = Some(round);
        let villages = attendance::antigen_reporters(&self.county, &self.scenario.behaviour);
        let count = i64::try_from(villages.len().max(1)).unwrap_or(1);
        let begun = self.now;
        self.antigen.due = villages
            .into_iter()
            .zip(0..)
            .map(|((village, people), number)| {
                let at = begun.plus_minutes(REPORTS_MINUTES + number * SPREAD_MINUTES / count);
                ((at, village), people)
            })
            .collect();
        self.antigen.kits_at = Some(self.now.plus_minutes(KITS_MINUTES));
        Ok(())
    }

    /// Kits are handed out, villages report.
    pub(crate) async fn go_on_antigen(&mut self) -> Result<bool, CallError> {
        let Some(round) = self.names.antigen_round else { return Ok(true) };
        if self.antigen.kits_at.is_some_and(|at| at <= self.now) {
            self.antigen.kits_at = None;
            self.hand_out_kits(round).await?;
        }
        let later = self.antigen.due.split_off(&(Timestamp(self.now.0 + 1), AreaId(0)));
        let due = std::mem::replace(&mut self.antigen.due, later);
        let mut requests = Vec::new();
        for ((at, _), people) in due {
            for batch in people.chunks(BATCH) {
                let reports: Vec<Value> = batch
                    .iter()
                    .map(|person| {
                        let outcome = if self.bench.two_lines(*person, at) { "positive" } else { "negative" };
                        json!({ "person": self.register.person(*person), "outcome": outcome })
                    })
                    .collect();
                let (worker, body) = (self.office.grid_workers.clone(), json!({ "round": round, "reports": reports }));
                requests.push(async move { worker.tell("/api/screening/antigen-reports", &body).await });
            }
        }
        side_by_side(requests).await?;
        if !self.antigen.due.is_empty() || !self.lasted(StepKey::AntigenWest) {
            return Ok(false);
        }
        let body = json!({ "round": round, "reason": "各村(社区)已上报 / every village has reported" });
        self.office.head("testing").tell("/api/screening/rounds/close", &body).await?;
        Ok(true)
    }

    /// One kit for each resident of a grid, present or not: nobody at the door knows who is away.
    async fn hand_out_kits(&self, round: i64) -> Result<(), CallError> {
        let of_west = |grid: &&crate::population::Grid| self.names.west.contains(&grid.parent);
        let requests = self.county.grids.iter().filter(of_west).map(|grid| {
            let worker = self.office.grid_workers.clone();
            let body = json!({ "round": round, "grid": grid.area, "total": grid.people });
            async move { worker.tell("/api/screening/kits", &body).await }
        });
        side_by_side(requests.collect::<Vec<_>>()).await.map(|_: Vec<()>| ())
    }
}
