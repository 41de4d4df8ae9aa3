//! Ambulances fetch cases, buses move contacts: opened as the system proposes them.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::play::Play;
use super::trips::{Minutes, proposed};
use crate::client::CallError;
use crate::scenario::StepKey;
use crate::setup::office::Driven;

/// Minutes of disinfection after a run.
const DISINFECTION_MINUTES: i64 = 30;
/// Minutes for the hand-over of one case, and of a bus.
const CASE_HAND_OVER_MINUTES: i64 = 10;
const BUS_HAND_OVER_MINUTES: i64 = 20;

impl Play {
    /// Sends ambulances for whoever waits for one, and buses for contacts outside the park once beds stand.
    pub(crate) async fn drive(&mut self) -> Result<(), CallError> {
        let takers = self.office.facility_staff.id();
        self.trips.go_on(self.now, takers).await?;
        self.note_isolation().await?;
        let head = self.office.head("transport").clone();
        let drafts = proposed(&head).await?;
        for draft in drafts.iter().filter(|draft| kind(draft) == "case") {
            self.send_ambulance(&head, draft).await?;
        }
        if self.schedule.done_at(StepKey::BedsReady).is_some() && self.schedule.begun_at(StepKey::Transfer).is_none() {
            self.send_spare_buses(&head, &drafts).await?;
        }
        self.close_finished().await
    }

    /// The hospital notes from when on a case was away from others: since the ambulance.
    async fn note_isolation(&mut self) -> Result<(), CallError> {
        let handed = self.trips.take_handed_over();
        if handed.is_empty() {
            return Ok(());
        }
        for case in self.cases().await? {
            let person = case.get("person").and_then(Value::as_i64).unwrap_or(0);
            let Some(trip) = handed.iter().find(|trip| trip.people.contains(&person)) else { continue };
            let body = json!({ "case": case.get("id"), "dates": { "isolated_at": trip.boarded_at } });
            self.office.hospital.tell("/api/contacts/set-case-dates", &body).await?;
        }
        Ok(())
    }

    async fn send_ambulance(&mut self, head: &crate::client::Staff, draft: &Value) -> Result<(), CallError> {
        let vehicle = draft.pointer("/trip/vehicle").and_then(Value::as_i64);
        let Some(driven) = find(&self.standing.ambulances, vehicle) else { return Ok(()) };
        let ride = self.scenario.rates.ambulance_minutes;
        let minutes = Minutes {
            // Half of the run is the way there.
            boarding: ride / 2,
            ride: ride - ride / 2,
            hand_over: CASE_HAND_OVER_MINUTES,
            disinfection: DISINFECTION_MINUTES,
        };
        let trip = draft.get("trip").cloned().unwrap_or_default();
        self.trips.open(head, &driven.driver, &trip, self.now, minutes).await.map(|_| ())
    }

    /// Contacts who do not work in the park go with the spare buses, so that the park's buses are for the park.
    async fn send_spare_buses(&mut self, head: &crate::client::Staff, drafts: &[Value]) -> Result<(), CallError> {
        let park = self.park_people();
        let waiting: Value = head
            .get("/api/isolation/transfers", &[("state", "waiting".to_owned()), ("limit", "1000".to_owned())])
            .await?;
        let mut others: Vec<(i64, Value)> = Vec::new();
        for transfer in crate::client::list(&waiting, "/transfers") {
            let person = transfer.get("person").and_then(Value::as_i64).unwrap_or(0);
            let free = transfer.get("trip").is_none_or(Value::is_null);
            let contact = transfer.get("kind").and_then(Value::as_str) == Some("contact");
            if free && contact && !park.contains(&person) {
                let stop = json!({ "area": transfer.get("area"), "place": transfer.get("from_place") });
                others.push((transfer.get("id").and_then(Value::as_i64).unwrap_or(0), stop));
            }
        }
        let Some(facility) = self.standing.facilities.last().copied() else { return Ok(()) };
        let spare: Vec<Driven> = self.standing.buses.iter().skip(self.standing.transfer_buses).cloned().collect();
        let proposed = |driven: &Driven| {
            drafts.iter().any(|draft| draft.pointer("/trip/vehicle").and_then(Value::as_i64) == Some(driven.vehicle))
        };
        let idle = spare.into_iter().filter(|driven| !self.trips.uses(driven.vehicle) && !proposed(driven));
        for (load, driven) in others.chunks(20).zip(idle.collect::<Vec<_>>()) {
            let mut stops: Vec<Value> = load.iter().map(|(_, stop)| stop.clone()).collect();
            stops.dedup();
            let transfers: Vec<i64> = load.iter().map(|(id, _)| *id).collect();
            let trip = json!({
                "vehicle": driven.vehicle, "facility": facility, "kind": "contact", "drivers": 2, "stops": stops,
                "transfers": transfers, "plan": null,
            });
            let minutes = self.bus_minutes();
            self.trips.open(head, &driven.driver, &trip, self.now, minutes).await?;
        }
        Ok(())
    }

    fn bus_minutes(&self) -> Minutes {
        let rates = &self.scenario.rates;
        Minutes {
            boarding: rates.bus_boarding_minutes,
            ride: rates.bus_ride_minutes,
            hand_over: BUS_HAND_OVER_MINUTES,
            disinfection: DISINFECTION_MINUTES,
        }
    }

    fn park_people(&self) -> BTreeSet<i64> {
        let workers = self.county.park.iter().flat_map(|park| park.workers.iter());
        workers.map(|one| self.register.person(*one)).collect()
    }

    /// The buses of the evening: as the system proposes them, one leaving after the other.
    pub(crate) async fn begin_transfer(&mut self) -> Result<(), CallError> {
        let head = self.office.head("transport").clone();
        let park = self.park_people();
        let drafts = proposed(&head).await?;
        let mut calls_at = self.now;
        for draft in drafts.iter().filter(|draft| kind(draft) == "contact") {
            let vehicle = draft.pointer("/trip/vehicle").and_then(Value::as_i64);
            let mut of_transfer = self.standing.buses.iter().take(self.standing.transfer_buses);
            let Some(driven) = of_transfer.find(|one| Some(one.vehicle) == vehicle).cloned() else { continue };
            let trip = draft.get("trip").cloned().unwrap_or_default();
            let minutes = self.bus_minutes();
            let id = self.trips.open(&head, &driven.driver, &trip, calls_at, minutes).await?;
            if self.trips.carries_any(id, &park) {
                self.transfer.push(id);
            }
            calls_at = calls_at.plus_minutes(self.scenario.rates.bus_departure_every_minutes);
        }
        Ok(())
    }

    /// Whether everybody of the evening's buses was handed over.
    pub(crate) fn go_on_transfer(&self) -> bool {
        !self.transfer.is_empty() && self.transfer.iter().all(|trip| self.trips.handed_over(*trip))
    }

    /// Orders of trips that are over, as far as the system did not close them by itself.
    async fn close_finished(&mut self) -> Result<(), CallError> {
        for over in self.trips.take_finished() {
            let answers = Map::from_iter([
                ("vehicle".to_owned(), json!(over.vehicle)),
                ("boarded".to_owned(), json!(over.people.len())),
                ("delivered".to_owned(), json!(over.people.len())),
                ("taken_at".to_owned(), json!(over.boarded_at)),
                ("delivered_at".to_owned(), json!(over.handed_at)),
                ("arrived_at".to_owned(), json!(over.arrived_at)),
                ("agent".to_owned(), json!("含氯消毒剂 / chlorine disinfectant")),
                ("done_at".to_owned(), json!(over.clean_at)),
                ("signed_by".to_owned(), json!(self.office.facility_staff.id())),
            ]);
            for kind in ["send-ambulance", "transfer-people", "disinfect-vehicle"] {
                let query = [("open", "true".to_owned()), ("kind", kind.to_owned())];
                let open = super::orders::orders(&self.office.auditor, &query).await?;
                let about = |order: &super::orders::Order| {
                    let id = order.subject.1.parse::<i64>().unwrap_or(0);
                    match order.subject.0.as_str() {
                        "person" => over.people.contains(&id),
                        "trip" => id == over.id,
                        "vehicle" => id == over.vehicle,
                        _ => false,
                    }
                };
                let own = open.into_iter().filter(|order| order.state != "done" && about(order));
                let done: Vec<_> = own.map(|order| (order, answers.clone())).collect();
                let (office, now) = (self.office.clone(), self.now);
                self.workers.finish(&office, &done, now).await?;
            }
        }
        Ok(())
    }
}

fn kind(draft: &Value) -> &str {
    draft.pointer("/trip/kind").and_then(Value::as_str).unwrap_or_default()
}

fn find(vehicles: &[Driven], id: Option<i64>) -> Option<Driven> {
    vehicles.iter().find(|one| Some(one.vehicle) == id).cloned()
}
