//! The daily work on orders: whoever they are for takes them, does them, fills in the form, and somebody else looks.
//!
//! The playbook says what a kind asks for: checklist and form. The world says when it is done: some work takes its time,
//! some is done when what it is about has happened (a trip, a sample, a bed). The system closes many orders by itself
//! when the observation comes in; those are not touched here.

use std::collections::{BTreeMap, BTreeSet};

use outpace_core::Timestamp;
use serde_json::{Map, Value, json};

use crate::client::{CallError, Staff, list, side_by_side};
use crate::staff::Office;

/// Orders on one page of the system's list.
const PAGE: usize = 500;
/// Minutes of work on an order where its kind says nothing else here.
const MINUTES_USUAL: i64 = 25;

/// How long the work of a kind takes, as far as it is not the usual.
const MINUTES: [(&str, i64); 19] = [
    ("meet-and-activate", 5),
    ("report-up", 10),
    ("hold-place", 10),
    ("hold-goods", 60),
    ("disinfect", 90),
    ("trace-report", 60),
    ("trace-movements", 150),
    ("trace-first-report", 600),
    ("seal-zone", 40),
    ("care-visit", 90),
    ("way-out-pass", 15),
    ("hand-over-notice", 60),
    ("publish-notice", 5),
    ("close-post-and-parcels", 60),
    ("daily-duties", 300),
    ("open-site", 60),
    ("move-samplers", 45),
    ("visit-door", 240),
    ("antigen-distribution", 100),
];

/// Kinds that a step of the day does and finishes itself, or that the system closes when it learns of what happened.
const DONE_ELSEWHERE: [&str; 11] = [
    "courier-leg",
    "resample-member",
    "confirm-antigen",
    "sample-place",
    "transfer-people",
    "send-ambulance",
    "prepare-facility",
    "unload-trucks",
    "disinfect-vehicle",
    "name-guardian",
    "answer-lapsed-hold",
];

/// An order as far as the worker reads it.
#[derive(Debug, Clone)]
pub struct Order {
    /// Its number.
    pub id: i64,
    /// Its kind.
    pub kind: String,
    /// Where it stands.
    pub state: String,
    /// Its task force.
    pub task_force: Option<String>,
    /// What it is about: kind and id.
    pub subject: (String, String),
    /// Where.
    pub area: i64,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// Whether somebody else must look.
    pub verify: bool,
    /// What came with it.
    pub form: Map<String, Value>,
}

impl Order {
    fn read(view: &Value) -> Option<Self> {
        let order = view.get("order")?;
        let text = |key: &str| order.get(key).and_then(Value::as_str).map(str::to_owned);
        let subject = order.get("subject")?;
        let subject_id = match subject.get("id") {
            Some(Value::String(id)) => id.clone(),
            Some(id) => id.to_string(),
            None => String::new(),
        };
        Some(Self {
            id: order.get("id")?.as_i64()?,
            kind: text("kind")?,
            state: text("state")?,
            task_force: text("task_force"),
            subject: (subject.get("kind")?.as_str()?.to_owned(), subject_id),
            area: order.get("area")?.as_i64()?,
            issued_at: Timestamp(order.get("issued_at")?.as_i64()?),
            verify: order.get("verify")?.as_bool()?,
            form: order.get("form").and_then(Value::as_object).cloned().unwrap_or_default(),
        })
    }
}

/// All orders that match a query, newest first.
///
/// # Errors
/// What the system refused.
pub async fn orders(reader: &Staff, query: &[(&str, String)]) -> Result<Vec<Order>, CallError> {
    let mut found = Vec::new();
    let mut after: Option<i64> = None;
    loop {
        let mut asked: Vec<(&str, String)> = query.to_vec();
        asked.push(("limit", PAGE.to_string()));
        asked.extend(after.map(|id| ("after", id.to_string())));
        let page: Value = reader.get("/api/orders/list", &asked).await?;
        found.extend(list(&page, "/orders").iter().filter_map(Order::read));
        after = page.get("after").and_then(Value::as_i64);
        if after.is_none() {
            return Ok(found);
        }
    }
}

/// What the playbook asks of a kind.
#[derive(Debug, Clone, Default)]
struct Kind {
    lines: usize,
    fields: Vec<Value>,
    owner: String,
}

/// Works on orders.
#[derive(Debug, Default)]
pub struct Workers {
    kinds: BTreeMap<String, Kind>,
    /// Orders that were taken, with the hour at which they will be done.
    taken: BTreeMap<i64, Timestamp>,
    /// Someone who may be named where a form asks for a person, a vehicle, a facility.
    pub vehicle: i64,
    /// How many were finished.
    pub finished: usize,
    seen_done: BTreeSet<i64>,
}

impl Workers {
    /// Reads the playbook.
    ///
    /// # Errors
    /// What the system refused.
    pub async fn ready(reader: &Staff, vehicle: i64) -> Result<Self, CallError> {
        let answer: Value = reader.get("/api/orders/kinds", &[]).await?;
        let kinds = list(&answer, "/kinds").iter().filter_map(|kind| {
            let read = Kind {
                lines: list(kind, "/checklist").len(),
                fields: list(kind, "/fields").to_vec(),
                owner: kind.get("owner").and_then(Value::as_str).unwrap_or_default().to_owned(),
            };
            Some((kind.get("key")?.as_str()?.to_owned(), read))
        });
        Ok(Self { kinds: kinds.collect(), vehicle, ..Self::default() })
    }

    /// Takes what is open, finishes what had its time, has verified what must be.
    ///
    /// # Errors
    /// What the system refused.
    pub async fn go_on(&mut self, office: &Office, now: Timestamp) -> Result<(), CallError> {
        let open = orders(&office.auditor, &[("open", "true".to_owned())]).await?;
        let (mut takes, mut finishes, mut verifies) = (Vec::new(), Vec::new(), Vec::new());
        for order in &open {
            match order.state.as_str() {
                "open" | "reassigned" => {
                    self.taken.insert(order.id, order.issued_at.plus_minutes(minutes(&order.kind)));
                    let worker = self.worker(office, order);
                    takes.push(step(worker, "/api/orders/accept", json!({ "order": order.id })));
                }
                "accepted"
                    if !DONE_ELSEWHERE.contains(&order.kind.as_str())
                        && self.taken.get(&order.id).is_none_or(|due| *due <= now) =>
                {
                    let (worker, body) = (self.worker(office, order), self.report(order, now, &Map::new()));
                    self.finished += 1;
                    finishes.push(step(worker, "/api/orders/finish", body));
                }
                "done" if order.verify && self.seen_done.insert(order.id) => {
                    let auditor = office.auditor.clone();
                    verifies.push(step(auditor, "/api/orders/verify", json!({ "order": order.id })));
                }
                _ => {}
            }
        }
        side_by_side(takes).await?;
        side_by_side(finishes).await?;
        side_by_side(verifies).await?;
        Ok(())
    }

    /// Finishes orders that a step of the day did, whatever their kind; those that the system closed are passed over.
    ///
    /// # Errors
    /// What the system refused.
    pub async fn finish(
        &mut self,
        office: &Office,
        done: &[(Order, Map<String, Value>)],
        at: Timestamp,
    ) -> Result<(), CallError> {
        let mut steps = Vec::new();
        for (order, answers) in done {
            let worker = self.worker(office, order);
            let body = self.report(order, at, answers);
            let accept = order.state == "open" || order.state == "reassigned";
            let id = order.id;
            self.finished += 1;
            steps.push(async move {
                if accept {
                    worker.tell("/api/orders/accept", &json!({ "order": id })).await?;
                }
                worker.tell("/api/orders/finish", &body).await
            });
        }
        side_by_side(steps).await.map(|_: Vec<()>| ())
    }

    /// Finishes orders that may have been closed since they were read.
    ///
    /// # Errors
    /// What the system refused.
    pub async fn finish_open(
        &mut self,
        office: &Office,
        done: &[(Order, Map<String, Value>)],
        at: Timestamp,
    ) -> Result<(), CallError> {
        for (order, answers) in done {
            let worker = self.worker(office, order);
            if order.state == "open" || order.state == "reassigned" {
                step(worker.clone(), "/api/orders/accept", json!({ "order": order.id })).await?;
            }
            step(worker, "/api/orders/finish", self.report(order, at, answers)).await?;
            self.finished += 1;
        }
        Ok(())
    }

    /// Who does an order: whom the playbook names as its owner, and the head of its task force where that is somebody in
    /// the field who reports by what they do.
    fn worker(&self, office: &Office, order: &Order) -> Staff {
        let owner = self.kinds.get(&order.kind).map(|kind| kind.owner.as_str()).unwrap_or_default();
        let head = || order.task_force.as_deref().map(|key| office.head(key));
        let named = match owner {
            "commander" => Some(&office.commanders[0]),
            "task_force_head" => head(),
            "tracer" => Some(&office.tracer),
            "hospital" => Some(&office.hospital),
            "supplies" => Some(&office.supplies),
            "publisher" => Some(&office.publisher),
            "facility_staff" => Some(&office.facility_staff),
            "grid_worker" => Some(&office.grid_workers),
            _ => None,
        };
        match named {
            Some(owning) => {
                owning.was_named(&format!("order:{owner}"));
                owning.clone()
            }
            None => head().unwrap_or(&office.commanders[0]).clone(),
        }
    }

    /// The form of a finished order: what came with it, what the step knows, and what such a form usually says.
    fn report(&self, order: &Order, at: Timestamp, answers: &Map<String, Value>) -> Value {
        let kind = self.kinds.get(&order.kind).cloned().unwrap_or_default();
        let mut result = Map::new();
        for field in &kind.fields {
            let Some(key) = field.get("key").and_then(Value::as_str) else { continue };
            let known = answers.get(key).or_else(|| order.form.get(key)).cloned();
            let required = field.get("required").and_then(Value::as_bool).unwrap_or(false);
            let usual = if required { self.usual(order, field, at) } else { None };
            if let Some(answer) = known.or(usual) {
                result.insert(key.to_owned(), answer);
            }
        }
        let ticked: Vec<usize> = (0..kind.lines).collect();
        json!({ "order": order.id, "ticked": ticked, "result": result, "occurred_at": at })
    }

    fn usual(&self, order: &Order, field: &Value, at: Timestamp) -> Option<Value> {
        let subject = order.subject.1.parse::<i64>().ok();
        match field.get("kind").and_then(Value::as_str)? {
            "text" => Some(json!("按要求完成 / done as asked")),
            "count" => Some(json!(1)),
            "time" => Some(json!(at)),
            "yes_no" => Some(json!(true)),
            "choice" => field.pointer("/choices/0/key").cloned(),
            "signature" => Some(json!("值班岗 / post on duty")),
            "area" => Some(json!(order.area)),
            "vehicle" => Some(json!(self.vehicle)),
            "person" | "place" | "facility" => subject.map(|id| json!(id)),
            "tube" | "box" => Some(json!(if order.subject.1.is_empty() { "none" } else { order.subject.1.as_str() })),
            _ => None,
        }
    }
}

fn minutes(kind: &str) -> i64 {
    MINUTES.iter().find(|(key, _)| *key == kind).map_or(MINUTES_USUAL, |(_, minutes)| *minutes)
}

async fn step(worker: Staff, path: &'static str, body: Value) -> Result<(), CallError> {
    match worker.tell(path, &body).await {
        // The system closed or cancelled it in the meantime: nothing is left to do.
        Err(error) if error.status() == Some(409) => Ok(()),
        answer => answer,
    }
}
