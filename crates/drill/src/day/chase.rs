//! One positive tube, one order, one team: the members of a positive pool are sampled one by one where they are, and so
//! is whoever saw two lines.

use std::collections::BTreeSet;

use outpace_core::Timestamp;
use serde_json::{Map, json};

use super::flow::Label;
use super::orders::Order;
use super::play::Play;
use crate::client::{CallError, side_by_side};

/// Minutes from the order to the swab at the door.
const TO_THE_DOOR_MINUTES: i64 = 20;
/// Kinds of orders that ask for a single sample of a person.
const KINDS: [&str; 3] = ["resample-member", "confirm-antigen", "answer-lapsed-hold"];

/// Who is being sampled again.
#[derive(Debug, Default)]
pub(crate) struct Chase {
    seen: BTreeSet<i64>,
    due: Vec<(Timestamp, Order)>,
    tubes: u32,
}

impl Chase {
    /// Whether nobody waits for a sample of their own.
    pub(crate) fn is_over(&self) -> bool {
        self.due.is_empty()
    }
}

impl Play {
    /// Teams go to the doors, and take what they find with them.
    pub(crate) async fn chase(&mut self) -> Result<(), CallError> {
        for kind in KINDS {
            let query = [("open", "true".to_owned()), ("kind", kind.to_owned())];
            for order in super::orders::orders(&self.office.auditor, &query).await? {
                if order.subject.0 == "person" && self.retests.seen.insert(order.id) {
                    self.retests.due.push((self.now.plus_minutes(TO_THE_DOOR_MINUTES), order));
                }
            }
        }
        let now = self.now;
        let (due, later): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.retests.due).into_iter().partition(|(at, _)| *at <= now);
        self.retests.due = later;
        let mut done = Vec::new();
        let mut requests = Vec::new();
        for (at, order) in due {
            let person = order.subject.1.parse().ok().and_then(|id: i64| self.register.person_ref(id));
            let Some(person) = person else { continue };
            let Some((lane, staff, post)) = self.lane_near(self.county.grid_of(person)) else { continue };
            self.retests.tubes += 1;
            let code = format!("QXR-{:05}", self.retests.tubes);
            let body = json!({
                "tube": code, "lane": lane, "round": null, "purpose": "retest", "seal": true, "occurred_at": at,
                "people": [{ "person": self.register.person(person) }],
            });
            requests.push(async move { staff.tell("/api/screening/tubes", &body).await });
            self.flow.seal(&post, &code, &[person], at, Label::Retest);
            let answers = Map::from_iter([
                ("tube".to_owned(), json!(code)),
                ("sampled_at".to_owned(), json!(at)),
                ("cause".to_owned(), json!("单采送检中 / the single sample is under way")),
            ]);
            done.push((order, answers));
        }
        side_by_side(requests).await?;
        self.close(done).await
    }

    /// Finishes orders that the system has not closed by itself when it learned of the sample.
    async fn close(&mut self, done: Vec<(Order, Map<String, serde_json::Value>)>) -> Result<(), CallError> {
        if done.is_empty() {
            return Ok(());
        }
        let mut still_open = BTreeSet::new();
        for kind in KINDS {
            let query = [("open", "true".to_owned()), ("kind", kind.to_owned())];
            let open = super::orders::orders(&self.office.auditor, &query).await?;
            still_open
                .extend(open.into_iter().filter(|order| order.state != "done").map(|order| (order.id, order.state)));
        }
        let pending: Vec<_> = done
            .into_iter()
            .filter_map(|(mut order, answers)| {
                let (_, state) = still_open.iter().find(|(id, _)| *id == order.id)?;
                order.state.clone_from(state);
                Some((order, answers))
            })
            .collect();
        let (office, now) = (self.office.clone(), self.now);
        self.workers.finish(&office, &pending, now).await
    }
}
