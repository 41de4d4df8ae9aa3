//! What officers decide: assessments signed one after the other, plans approved by two, people named to look after
//! those who would be left alone.

use std::collections::{BTreeMap, BTreeSet};

use outpace_core::time::MINUTE_MS;
use outpace_core::{AreaId, Timestamp};
use serde_json::{Map, Value, json};

use super::play::Play;
use crate::client::{CallError, Staff, list, number};
use crate::population::{PersonRef, Population, RiverSide};
use crate::scenario::{Assessment, Finding, NamedPlace, Scenario, StepKey};
use crate::schedule::Pace;

/// Lines of one answer: the system takes 500.
const LINES: usize = 400;
/// Why contacts of contacts stay at home.
const NO_BEDS: &str = "集中隔离床位 500 张,优先安排密切接触者;密接的密接居家隔离,床位增加后再行研判 / \
                       there are 500 beds and close contacts go first; contacts of contacts stay at home until there are more";

/// How far the decisions are.
#[derive(Debug, Default)]
pub(crate) struct Decisions {
    signed: BTreeSet<String>,
    open: bool,
    named: BTreeSet<i64>,
    traced: BTreeSet<i64>,
    reported: BTreeSet<i64>,
}

impl Decisions {
    /// From now on plans are answered as they come.
    pub(crate) fn open_the_day(&mut self) {
        self.open = true;
    }
}

/// The classes of places that post and parcels are, by the scenario's assessment.
pub(crate) fn closed_classes(scenario: &Scenario) -> Vec<String> {
    let closing = scenario.assessments.iter().filter(|one| one.finding == Finding::CloseClasses);
    let classes = closing.flat_map(|one| one.classes.iter());
    classes.filter_map(|class| serde_json::to_value(class).ok()?.as_str().map(str::to_owned)).collect()
}

/// The areas of one side of the river with as few codes as there can be: whole townships, and villages of those that
/// lie on both sides.
pub(crate) fn areas_of_side(county: &Population, side: RiverSide) -> Vec<AreaId> {
    let mut areas = BTreeSet::new();
    for village in &county.villages {
        let township = village.township();
        let whole =
            county.villages.iter().filter(|one| one.township() == township).all(|one| one.river_side == Some(side));
        if village.river_side == Some(side) {
            areas.insert(if whole { township } else { village.area });
        }
    }
    areas.into_iter().collect()
}

impl Play {
    /// Signs the assessments whose hour has come; at once: one after the other, as fast as officers can.
    pub(crate) async fn sign_assessments(&mut self) -> Result<bool, CallError> {
        let begun = self.schedule.begun_at(StepKey::Assessments).unwrap_or(self.now);
        let each = self.scenario.rates.decision_minutes;
        for (assessment, number) in self.scenario.assessments.clone().into_iter().zip(1..) {
            let at = match self.pace {
                Pace::Reported => assessment.at,
                Pace::AtOnce => begun.plus_minutes(each * number),
            };
            if at <= self.now && !self.decisions.signed.contains(&assessment.key) {
                self.sign(&assessment).await?;
                self.decisions.signed.insert(assessment.key.clone());
            }
        }
        Ok(self.decisions.signed.len() == self.scenario.assessments.len())
    }

    async fn sign(&self, assessment: &Assessment) -> Result<(), CallError> {
        let mut areas = assessment.areas.clone();
        areas.extend(assessment.side.map(|side| areas_of_side(&self.county, side)).unwrap_or_default());
        let places: Vec<i64> = assessment
            .places
            .iter()
            .map(|place| match place {
                NamedPlace::Park => self.names.park,
                NamedPlace::DistributionCentre => self.names.centre,
            })
            .collect();
        let zone = |level: &str| json!({ "zone": { "level": level } });
        let finding = match assessment.finding {
            Finding::Lockdown => zone("lockdown"),
            Finding::Control => zone("control"),
            Finding::Precaution => zone("precaution"),
            Finding::Medium => zone("medium"),
            Finding::CloseContacts => json!({ "people_are_contacts": { "class": "close", "exposed_until": null } }),
            Finding::CloseClasses => json!({ "close_classes": { "classes": assessment.classes } }),
        };
        let [first, second] = &self.office.commanders;
        let body = json!({
            "scope": { "areas": areas, "places": places }, "finding": finding,
            "expires_at": self.now.plus_days(assessment.valid_days),
            "reason": assessment.text,
            "evidence": ["夜间结果与流调 / results of the night and tracing"], "signers": [second.id()],
        });
        first.tell("/api/response/assess", &body).await
    }

    /// Answers what waits for the officers; names carers where somebody would be left alone.
    pub(crate) async fn decide(&mut self) -> Result<(), CallError> {
        self.name_carers().await?;
        if self.pace == Pace::Reported && !self.decisions.open {
            return Ok(());
        }
        const PLAN: &str = "/api/response/plan";
        let [first, second] = self.office.commanders.clone();
        let current: Value = first.get(PLAN, &[("full", "true".to_owned())]).await?;
        let ready = Timestamp(self.now.0 - self.scenario.rates.decision_minutes * MINUTE_MS);
        let lines: Vec<Value> = list(&current, "/lines").iter().filter_map(|line| answer(line, ready)).collect();
        if lines.is_empty() {
            return Ok(());
        }
        let plan = number(PLAN, &current, "/plan")?;
        let words = words(&current);
        for part in lines.chunks(LINES) {
            let again = approve(&first, plan, part, &words).await?;
            let left: Vec<Value> = part
                .iter()
                .filter(|line| again.iter().any(|key| line.get("line").and_then(Value::as_str) == Some(key)))
                .cloned()
                .collect();
            if !left.is_empty() {
                approve(&second, plan, &left, &words).await?;
            }
        }
        self.name_carers().await
    }

    /// Whether the zones stand: nothing of the day's plan waits any more.
    pub(crate) async fn zones_are_published(&self) -> Result<bool, CallError> {
        if !self.lasted(StepKey::Zones) {
            return Ok(false);
        }
        let zones: Value = self.office.auditor.get("/api/zoning/zones", &[]).await?;
        Ok(!list(&zones, "/zones").is_empty())
    }

    /// Somebody of the same grid looks after each dependant whose carers must leave.
    async fn name_carers(&mut self) -> Result<(), CallError> {
        let query = [("open", "true".to_owned()), ("kind", "name-guardian".to_owned())];
        let orders = super::orders::orders(&self.office.auditor, &query).await?;
        let mut done = Vec::new();
        for order in orders.into_iter().filter(|order| order.state != "done") {
            let dependant = order.subject.1.parse::<i64>().unwrap_or(0);
            let Some(carer) = self.register.person_ref(dependant).and_then(|one| self.neighbour_of(one)) else {
                continue;
            };
            if self.decisions.named.insert(dependant) {
                let body = json!({
                    "dependant": dependant, "carer": carer, "goes_along": false,
                    "words": "邻居同意照看 / a neighbour agreed to look after them",
                });
                self.office.grid_workers.tell("/api/response/name-carer", &body).await?;
            }
            let answers =
                Map::from_iter([("guardian".to_owned(), json!(carer)), ("goes_along".to_owned(), json!(false))]);
            done.push((order, answers));
        }
        let (office, now) = (self.office.clone(), self.now);
        self.workers.finish_open(&office, &done, now).await
    }

    /// A grown-up of the same grid from another household, who does not work in the park.
    fn neighbour_of(&self, dependant: PersonRef) -> Option<i64> {
        let county = &self.county;
        let household = county.person(dependant).household;
        let park: BTreeSet<PersonRef> = county.park.iter().flat_map(|park| park.workers.iter().copied()).collect();
        let fits = |one: &PersonRef| {
            let person = county.person(*one);
            let age = person.age_on(county.day);
            person.is_present() && person.household != household && (25..=60).contains(&age) && !park.contains(one)
        };
        county.people_in(county.grid_of(dependant)).find(fits).map(|one| self.register.person(one))
    }

    /// Reports a new case up the chain, to everybody on it.
    async fn report_up(&mut self, case: i64) -> Result<(), CallError> {
        let shown: Value = self.office.tracer.get("/api/contacts/case", &[("case", case.to_string())]).await?;
        for report in list(&shown, "/reports") {
            let body = json!({ "case": case, "to": report.get("to"), "occurred_at": self.now });
            self.office.tracer.tell("/api/contacts/report-case", &body).await?;
        }
        Ok(())
    }

    /// The tracer reports each new case, asks where they were, and writes it down.
    pub(crate) async fn trace(&mut self) -> Result<(), CallError> {
        const HOUR: i64 = 60;
        const REPORT_MINUTES: i64 = 15;
        for case in self.cases().await? {
            let id = case.get("id").and_then(Value::as_i64).unwrap_or(0);
            let found = Timestamp(case.get("found_at").and_then(Value::as_i64).unwrap_or(i64::MAX));
            if found.plus_minutes(REPORT_MINUTES) <= self.now && self.decisions.reported.insert(id) {
                self.report_up(id).await?;
            }
            let person = case.get("person").and_then(Value::as_i64).and_then(|id| self.register.person_ref(id));
            let Some(person) = person else { continue };
            // An interview takes its hour; work does not wait for morning.
            if self.decisions.traced.contains(&id) || found.plus_minutes(HOUR) > self.now {
                continue;
            }
            self.decisions.traced.insert(id);
            let last = self.county.day;
            let first = last.saturating_sub(jiff::Span::new().days(4));
            let visits: Vec<Value> = self
                .county
                .visits(person, first, last)
                .into_iter()
                .filter(|visit| visit.from <= found)
                .map(|visit| {
                    json!({
                        "person": self.register.person(visit.person_ref),
                        "place": visit.place_ref.map(|place| self.register.place(place)),
                        "vehicle": visit.vehicle_ref.map(|vehicle| self.register.vehicle(vehicle)),
                        "from": visit.from, "to": visit.to.min(found), "evidence": "interview",
                        "room": visit.room_ref.map(|room| format!("room-{}", room.0)),
                    })
                })
                .collect();
            if !visits.is_empty() {
                self.office.tracer.tell("/api/contacts/record-visits", &json!({ "visits": visits })).await?;
            }
        }
        Ok(())
    }

    /// Holds that are about to end are extended once, by a named officer, with the reason: what they wait for is not
    /// decided yet.
    pub(crate) async fn keep_holds(&mut self) -> Result<(), CallError> {
        let closures: Value = self.office.auditor.get("/api/zoning/closures", &[("limit", "500".to_owned())]).await?;
        let head = self.office.head("quarantine");
        for hold in list(&closures, "/closures") {
            let warned = hold.get("warned_at").is_some_and(|at| !at.is_null());
            let place = hold.pointer("/target/place").is_some_and(|place| !place.is_null());
            let fresh = hold.get("extensions").and_then(Value::as_i64) == Some(0);
            if warned && place && fresh {
                let reason = json!({
                    "zh": "全员结果与分区研判尚未完成",
                    "en": "not all results are in, and the zones are not decided yet",
                });
                let body = json!({ "closure": hold.get("id"), "reason": reason });
                head.tell("/api/zoning/extend-hold", &body).await?;
            }
        }
        Ok(())
    }
}

/// What officers say to a line that has stood ready: yes; contacts of contacts stay at home.
fn answer(line: &Value, ready: Timestamp) -> Option<Value> {
    let waits = line.pointer("/line/needs/approval").is_some();
    let since = line.get("waits_since").and_then(Value::as_i64)?;
    if !waits || since > ready.0 {
        return None;
    }
    let key = line.pointer("/line/key")?.as_str()?;
    let word = line.pointer("/line/word")?.as_str()?;
    let second_ring =
        |item: &Value| item.pointer("/what/confine/class").and_then(Value::as_str) == Some("contact_of_contact");
    if word == "facility_quarantine" && list(line, "/line/items").iter().all(second_ring) {
        return Some(json!({ "line": key, "narrow": { "at_home": true }, "reason": NO_BEDS }));
    }
    Some(json!({ "line": key }))
}

/// The measure of each line of a plan, by the line's key.
fn words(plan: &Value) -> BTreeMap<String, String> {
    let text = |line: &Value, pointer: &str| line.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    let word = |line: &Value| Some((text(line, "/line/key")?, text(line, "/line/word")?));
    list(plan, "/lines").iter().filter_map(word).collect()
}

/// Approves lines, as one whom the profile names for their measures; answers those that wait for a second person.
async fn approve(
    officer: &Staff,
    plan: i64,
    lines: &[Value],
    words: &BTreeMap<String, String>,
) -> Result<Vec<String>, CallError> {
    let body = json!({ "plan": plan, "lines": lines });
    let answered: Value = officer.post("/api/response/approve", &body).await?;
    for word in lines.iter().filter_map(|line| words.get(line.get("line")?.as_str()?)) {
        officer.was_named(&format!("approves:{word}"));
    }
    let waiting = list(&answered, "/waiting_for_second").iter();
    Ok(waiting.filter_map(|key| key.as_str().map(str::to_owned)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contacts_of_contacts_stay_at_home_and_close_contacts_go() {
        let line = |class: &str| {
            json!({
                "waits_since": 0,
                "line": {
                    "key": "k", "word": "facility_quarantine", "needs": { "approval": {} },
                    "items": [{ "what": { "confine": { "class": class } } }],
                },
            })
        };
        let said = answer(&line("contact_of_contact"), Timestamp(1)).unwrap();
        assert_eq!(said.pointer("/narrow/at_home"), Some(&json!(true)));
        assert!(answer(&line("close_contact"), Timestamp(1)).unwrap().get("narrow").is_none());
        assert!(answer(&line("close_contact"), Timestamp(-1)).is_none(), "it has not stood ready long enough");
    }
}
