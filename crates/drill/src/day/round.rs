//! The round of the east: sites and lanes made ready, samplers posted, exemptions noted, six hours of sampling.

use outpace_core::Text;
use serde_json::{Value, json};

use super::play::Play;
use super::sampling::{Sampling, Sharing, queue_round};
use super::sites::{plan_round_sites, set_up};
use crate::attendance;
use crate::client::{CallError, list, number};
use crate::population::PersonRef;
use crate::scenario::StepKey;

/// Hours of the round.
const HOURS: i64 = 6;

impl Play {
    /// Sites and lanes are set up, and more laboratories begin to work.
    pub(crate) async fn prepare_round(&mut self) -> Result<(), CallError> {
        let pace = self.scenario.rates.lane_people_per_hour;
        let plans = plan_round_sites(&self.county, &self.names.east, pace);
        self.east.sites = set_up(&self.api, &self.office.administrator, plans, pace, None).await?;
        self.post_samplers().await
    }

    /// Samplers that the guide asks for beyond one a lane stand at the first lanes as seconds.
    async fn post_samplers(&self) -> Result<(), CallError> {
        let lanes: Vec<i64> = self.east.sites.iter().flat_map(|site| &site.lanes).map(|(id, _)| *id).collect();
        let all = usize::try_from(self.scenario.amount("samplers")).unwrap_or(0);
        let seconds: Vec<i64> = lanes.iter().copied().take(all.saturating_sub(lanes.len())).collect();
        if seconds.is_empty() {
            return Ok(());
        }
        let body = json!({
            "lanes": seconds, "samplers": 2, "from": self.now, "until": self.now.plus_hours(18), "team": null,
        });
        self.office.head("testing").tell("/api/screening/samplers", &body).await
    }

    /// The round is planned and opened with its hour; people queue as they come.
    pub(crate) async fn begin_round(&mut self) -> Result<(), CallError> {
        let kept = self.kept().await?;
        let attendance = attendance::east(&self.county, &self.scenario.behaviour, &kept);
        self.exempt(&attendance).await?;
        let name = Text::new("河东片区全员核酸检测", "PCR of all east of the river");
        let round = self
            .plan_and_open(json!({
                "key": "east-1", "name": name, "method": "pcr", "areas": self.names.east, "starts_at": self.now,
                "ends_at": self.now.plus_hours(HOURS),
            }))
            .await?;
        self.names.east_round = Some(round);
        let locked = self.locked_areas().await?;
        let sharing = |village: outpace_core::AreaId| {
            if locked.iter().any(|area| area.contains(village)) { Sharing::Household } else { Sharing::Pool(10) }
        };
        let mut sampling = Sampling::new(Some(round), None, "QXE");
        queue_round(&mut sampling, &self.county, &self.east.sites, &attendance, sharing, (self.now, HOURS));
        self.east.sampling = Some(sampling);
        Ok(())
    }

    async fn locked_areas(&self) -> Result<Vec<outpace_core::AreaId>, CallError> {
        let answer: Value = self.office.auditor.get("/api/zoning/zones", &[]).await?;
        let locked = list(&answer, "/zones")
            .iter()
            .filter(|view| view.pointer("/zone/level").and_then(Value::as_str) == Some("lockdown"))
            .flat_map(|view| list(view, "/zone/areas"))
            .filter_map(Value::as_i64);
        Ok(locked.map(outpace_core::AreaId).collect())
    }

    /// Those who need not come are noted before the round opens: the bedridden and the newborn.
    async fn exempt(&self, attendance: &attendance::Attendance) -> Result<(), CallError> {
        let infant = |person: &PersonRef| self.county.person(*person).age_on(self.county.day) == 0;
        let (infants, others): (Vec<PersonRef>, Vec<PersonRef>) = attendance.exempt.iter().copied().partition(infant);
        for (reason, people) in [("infant", infants), ("medical", others)] {
            let people: Vec<i64> = people.into_iter().map(|one| self.register.person(one)).collect();
            if !people.is_empty() {
                let body = json!({ "people": people, "reason": reason, "until": null });
                self.office.head("testing").tell("/api/screening/exempt", &body).await?;
            }
        }
        Ok(())
    }

    /// Tubes are filled, sealed and registered; after six hours the round is closed.
    pub(crate) async fn go_on_round(&mut self) -> Result<bool, CallError> {
        if let Some(mut sampling) = self.east.sampling.take() {
            self.seal_what_is_due(&mut sampling).await?;
            if !sampling.is_over() {
                self.east.sampling = Some(sampling);
            }
        }
        if !self.lasted(StepKey::RoundEast) {
            return Ok(false);
        }
        if let Some(round) = self.names.east_round {
            const CLOSE: &str = "/api/screening/rounds/close";
            let body = json!({ "round": round, "reason": "六小时采样结束 / the six hours are over" });
            let closed: Value = self.office.head("testing").post(CLOSE, &body).await?;
            let _doors = number(CLOSE, &closed, "/door_orders")?;
        }
        self.east.closed = true;
        Ok(true)
    }
}
