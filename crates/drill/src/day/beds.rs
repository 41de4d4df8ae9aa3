//! Quarantine sites made ready by orders: one site after the other, until all beds stand.

use outpace_core::Text;
use serde_json::{Map, Value, json};

use super::play::Play;
use crate::client::CallError;
use crate::scenario::StepKey;

impl Play {
    /// Each site gets its order, where the response has not issued one.
    pub(crate) async fn order_beds(&mut self) -> Result<(), CallError> {
        let because = Text::new("园区人员集中隔离需要床位", "beds for the people of the park who go to quarantine");
        for (facility, site) in self.standing.facilities.iter().zip(&self.scenario.facilities) {
            let body = json!({
                "key": format!("beds:{facility}"), "kind": "prepare-facility",
                "subject": { "kind": "facility", "id": facility }, "area": site.area,
                "deadline_at": self.now.plus_minutes(240), "because": because, "form": { "beds": site.beds },
            });
            self.office.head("quarantine").tell("/api/orders/issue", &body).await?;
        }
        Ok(())
    }

    /// Sites become ready one after the other over the time that the volunteers need.
    pub(crate) async fn go_on_beds(&mut self) -> Result<bool, CallError> {
        let minutes = self.scenario.step(StepKey::BedsReady).map_or(0, |step| step.minutes);
        let Some(begun) = self.schedule.begun_at(StepKey::BedsReady) else { return Ok(false) };
        let sites = i64::try_from(self.standing.facilities.len().max(1)).unwrap_or(1);
        while self.beds_ready < self.standing.facilities.len() {
            let share = i64::try_from(self.beds_ready + 1).unwrap_or(1);
            if begun.plus_minutes(minutes * share / sites) > self.now {
                return Ok(false);
            }
            self.make_ready(self.beds_ready).await?;
            self.beds_ready += 1;
        }
        Ok(true)
    }

    async fn make_ready(&mut self, index: usize) -> Result<(), CallError> {
        let (facility, site) = (self.standing.facilities[index], self.scenario.facilities[index].clone());
        let rooms: Vec<Value> =
            (1..=site.beds).map(|room| json!({ "name": format!("{}-{room:03}", index + 1), "beds": 1 })).collect();
        let body = json!({ "facility": facility, "rooms": rooms });
        self.office.head("quarantine").tell("/api/isolation/rooms-ready", &body).await?;
        let answers = self.beds_answers(site.beds);
        let query = [("open", "true".to_owned()), ("kind", "prepare-facility".to_owned())];
        let open = super::orders::orders(&self.office.auditor, &query).await?;
        let own = open.into_iter().filter(|order| order.subject.1 == facility.to_string() && order.state != "done");
        let done: Vec<_> = own.map(|order| (order, answers.clone())).collect();
        let (office, now) = (self.office.clone(), self.now);
        self.workers.finish(&office, &done, now).await
    }

    fn beds_answers(&self, beds: i64) -> Map<String, Value> {
        Map::from_iter([
            ("beds".to_owned(), json!(beds)),
            ("staff".to_owned(), json!(self.scenario.amount("volunteers"))),
            ("ready_at".to_owned(), json!(self.now)),
        ])
    }
}
