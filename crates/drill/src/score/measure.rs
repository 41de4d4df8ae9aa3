//! How each figure is asked of the system: one query or a few, never what the player remembers.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use outpace_core::{AreaId, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

use super::report::JournalHead;
use crate::client::{CallError, Staff, list, side_by_side};
use crate::scenario::{Figure, Question};

/// The system, as the score asks it.
#[derive(Debug)]
pub struct System<'a> {
    /// Who asks: an auditor, who may read everything.
    pub reader: &'a Staff,
    /// The pack in force.
    pub pack: String,
    /// What the scenario's words are called in the system.
    pub names: &'a Names,
    /// What was asked before and stays as it is.
    pub asked: &'a Asked,
}

/// What the system calls what the questions are about; 0 where it is not known yet.
#[derive(Debug, Clone, Default)]
pub struct Names {
    /// The county.
    pub county: Option<AreaId>,
    /// The logistics park.
    pub park: i64,
    /// Its distribution centre.
    pub centre: i64,
    /// The round of the night.
    pub night_round: Option<i64>,
    /// The antigen round.
    pub antigen_round: Option<i64>,
    /// The round of the east.
    pub east_round: Option<i64>,
    /// Villages east of the river.
    pub east: Vec<AreaId>,
    /// Villages west of the river.
    pub west: Vec<AreaId>,
    /// Classes that post and parcels are, as the assessment names them.
    pub closed_classes: Vec<String>,
    /// Until when cases count as those of the night.
    pub night_ends_at: Option<Timestamp>,
}

/// What the system was asked once and does not change: where people work.
#[derive(Debug, Default)]
pub struct Asked {
    workplaces: Mutex<BTreeMap<i64, i64>>,
}

/// Questions that cost the system a walk through long lists: they are asked when their hour has come.
#[must_use]
pub fn is_heavy(question: Question) -> bool {
    question == Question::OrdersIncomplete
}

/// Keys of teams begin with these words, so that the score can count them by what they are.
pub mod teams {
    /// Tackle teams.
    pub const TACKLE: &str = "tackle";
    /// County staff.
    pub const COUNTY: &str = "county";
    /// Members sent to villages.
    pub const MEMBERS: &str = "members";
}

fn number(answer: &Value, pointer: &str) -> i64 {
    answer.pointer(pointer).and_then(Value::as_i64).unwrap_or(0)
}

fn word<'a>(answer: &'a Value, pointer: &str) -> &'a str {
    answer.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

fn numbers(answer: &Value, pointer: &str) -> Vec<i64> {
    list(answer, pointer).iter().filter_map(Value::as_i64).collect()
}

impl System<'_> {
    /// The figure that answers a question now; `None` where there is nothing to ask about yet.
    ///
    /// # Errors
    /// What the system refused.
    pub async fn ask(&self, question: Question) -> Result<Option<Figure>, CallError> {
        use Question as Q;
        match question {
            Q::FirstCase => self.cases().await.map(|cases| yes(!cases.is_empty())),
            Q::Emergency => self.command().await.map(|state| yes(word(&state, "/mode") == "emergency")),
            Q::TaskForces => self.command().await.map(|state| count(list(&state, "/task_forces").len())),
            Q::TackleTeams => self.people_of_teams(teams::TACKLE).await.map(|(teams, _, _)| count(teams)),
            Q::CountyStaff => self.people_of_teams(teams::COUNTY).await.map(|(_, people, _)| total(people)),
            Q::Members => self.people_of_teams(teams::MEMBERS).await.map(|(_, people, _)| total(people)),
            Q::MemberVillages => self.people_of_teams(teams::MEMBERS).await.map(|(_, _, areas)| count(areas)),
            Q::CentreHeld => self.centre_held().await,
            Q::NightSampled => self.sampled(self.names.night_round).await,
            Q::SampledInWindow => self.sampled(self.names.east_round).await,
            Q::NightPositivesGone => self.night_positives_gone().await,
            Q::AntigenWest => self.antigen_west().await,
            Q::Locked => self.locked().await,
            Q::EastControlled => self.east_controlled().await,
            Q::CountyPrecaution => self.county_precaution().await,
            Q::ParkMedium => self.park_medium().await,
            Q::PostClosed => self.post_closed().await,
            Q::Beds => self.beds().await,
            Q::TransferVehicles => self.moved().await.map(|(vehicles, _)| count(vehicles)),
            Q::Transferred => self.moved().await.map(|(_, people)| count(people)),
            Q::TrucksUnloaded => self.shipments().await.map(|(trucks, _)| total(trucks)),
            Q::BoxesInStock => self.shipments().await.map(|(_, boxes)| total(boxes)),
            Q::RoundResulted => self.round_resulted().await,
            Q::TubesDifference => self.tubes_difference().await,
            Q::PeopleDifference => {
                let law: Value = self.reader.get("/api/isolation/conservation", &[]).await?;
                Ok(total(number(&law, "/difference")))
            }
            Q::OrdersIncomplete => self.orders_incomplete().await,
        }
    }

    async fn cases(&self) -> Result<Vec<Value>, CallError> {
        let answer: Value = self.reader.get("/api/contacts/cases", &[("limit", "1000".to_owned())]).await?;
        Ok(list(&answer, "/cases").to_vec())
    }

    async fn command(&self) -> Result<Value, CallError> {
        self.reader.get("/api/command/state", &[]).await
    }

    /// Teams of a kind that are in place: how many, with how many people, in how many areas.
    async fn people_of_teams(&self, prefix: &str) -> Result<(usize, i64, usize), CallError> {
        let (mut teams, mut people, mut areas) = (0, 0, BTreeSet::new());
        let mut after: Option<i64> = None;
        loop {
            let query: Vec<(&str, String)> = after.map(|id| ("after", id.to_string())).into_iter().collect();
            let page: Value = self.reader.get("/api/teams/list", &query).await?;
            for team in list(&page, "/teams") {
                if word(team, "/key").starts_with(prefix) && team.get("arrived_at").is_some_and(|at| !at.is_null()) {
                    teams += 1;
                    people += number(team, "/people_arrived");
                    areas.insert(number(team, "/area"));
                }
            }
            after = page.get("after").and_then(Value::as_i64);
            if after.is_none() {
                return Ok((teams, people, areas.len()));
            }
        }
    }

    async fn closures(&self) -> Result<Vec<Value>, CallError> {
        let answer: Value = self.reader.get("/api/zoning/closures", &[("limit", "500".to_owned())]).await?;
        Ok(list(&answer, "/closures").to_vec())
    }

    async fn centre_held(&self) -> Result<Option<Figure>, CallError> {
        let held =
            self.closures().await?.iter().any(|closure| {
                closure.pointer("/target/place/place").and_then(Value::as_i64) == Some(self.names.centre)
            });
        Ok(yes(held))
    }

    async fn coverage(&self, round: i64, by: Option<&str>) -> Result<Value, CallError> {
        let mut query = vec![("round", round.to_string())];
        query.extend(self.names.county.map(|county| ("area", county.to_string())));
        query.extend(by.map(|level| ("by", level.to_owned())));
        self.reader.get("/api/screening/coverage", &query).await
    }

    async fn sampled(&self, round: Option<i64>) -> Result<Option<Figure>, CallError> {
        let Some(round) = round else { return Ok(None) };
        let coverage = self.coverage(round, None).await?;
        Ok(total(number(&coverage, "/total/sampled")))
    }

    /// Every case found in the night is in a bed of the designated hospital, moved there by a trip.
    async fn night_positives_gone(&self) -> Result<Option<Figure>, CallError> {
        let Some(ends_at) = self.names.night_ends_at else { return Ok(None) };
        let cases = self.cases().await?;
        let of_night: Vec<i64> = cases
            .iter()
            .filter(|case| number(case, "/found_at") <= ends_at.0 && word(case, "/stage") != "excluded")
            .map(|case| number(case, "/person"))
            .collect();
        let admitted: Value = self.transfers("admitted").await?;
        let gone: BTreeSet<i64> = list(&admitted, "/transfers")
            .iter()
            .filter(|transfer| word(transfer, "/kind") == "case")
            .map(|transfer| number(transfer, "/person"))
            .collect();
        Ok(yes(!of_night.is_empty() && of_night.iter().all(|person| gone.contains(person))))
    }

    async fn transfers(&self, state: &str) -> Result<Value, CallError> {
        self.reader.get("/api/isolation/transfers", &[("state", state.to_owned()), ("limit", "1000".to_owned())]).await
    }

    /// Kits for everybody who was due, and reports from every village.
    async fn antigen_west(&self) -> Result<Option<Figure>, CallError> {
        let Some(round) = self.names.antigen_round else { return Ok(None) };
        let antigen: Value = self.reader.get("/api/screening/antigen", &[("round", round.to_string())]).await?;
        let coverage = self.coverage(round, Some("village")).await?;
        let due = number(&coverage, "/total/sampled") + number(&coverage, "/total/missing");
        let reported: BTreeSet<i64> = list(&coverage, "/areas")
            .iter()
            .filter(|row| number(row, "/coverage/sampled") > number(row, "/coverage/missing"))
            .map(|row| number(row, "/area"))
            .collect();
        let everywhere = self.names.west.iter().all(|village| reported.contains(&village.0));
        Ok(yes(everywhere && due > 0 && number(&antigen, "/kits") >= due))
    }

    async fn zones(&self) -> Result<Vec<Value>, CallError> {
        let answer: Value = self.reader.get("/api/zoning/zones", &[]).await?;
        Ok(list(&answer, "/zones").iter().filter_map(|view| view.get("zone").cloned()).collect())
    }

    async fn locked(&self) -> Result<Option<Figure>, CallError> {
        let zones = self.zones().await?;
        let locked = zones.iter().filter(|zone| word(zone, "/level") == "lockdown");
        let grounds = locked.map(|zone| numbers(zone, "/areas").len() + numbers(zone, "/places").len());
        Ok(count(grounds.sum()))
    }

    async fn east_controlled(&self) -> Result<Option<Figure>, CallError> {
        let zones = self.zones().await?;
        let strict: Vec<AreaId> = zones
            .iter()
            .filter(|zone| matches!(word(zone, "/level"), "lockdown" | "control"))
            .flat_map(|zone| numbers(zone, "/areas"))
            .map(AreaId)
            .collect();
        let inside = |village: &AreaId| strict.iter().any(|area| area.contains(*village));
        Ok(yes(!self.names.east.is_empty() && self.names.east.iter().all(inside)))
    }

    async fn county_precaution(&self) -> Result<Option<Figure>, CallError> {
        let Some(county) = self.names.county else { return Ok(None) };
        let zones = self.zones().await?;
        let whole = |zone: &Value| word(zone, "/level") == "precaution" && numbers(zone, "/areas").contains(&county.0);
        Ok(yes(zones.iter().any(whole)))
    }

    async fn park_medium(&self) -> Result<Option<Figure>, CallError> {
        let zones = self.zones().await?;
        let medium = |zone: &Value| {
            let level = word(zone, "/level") == "medium" || word(zone, "/risk") == "medium";
            level && numbers(zone, "/places").contains(&self.names.park)
        };
        Ok(yes(zones.iter().any(medium)))
    }

    async fn post_closed(&self) -> Result<Option<Figure>, CallError> {
        let Some(county) = self.names.county else { return Ok(None) };
        let closed: BTreeSet<String> = self
            .closures()
            .await?
            .iter()
            .filter(|closure| number(closure, "/target/class/area") == county.0)
            .map(|closure| word(closure, "/target/class/class").to_owned())
            .collect();
        let classes = &self.names.closed_classes;
        Ok(yes(!classes.is_empty() && classes.iter().all(|class| closed.contains(class))))
    }

    async fn beds(&self) -> Result<Option<Figure>, CallError> {
        let answer: Value = self.reader.get("/api/isolation/facilities", &[]).await?;
        let ready = list(&answer, "/facilities")
            .iter()
            .filter(|facility| word(facility, "/kind") == "quarantine_site" && word(facility, "/state") == "ready");
        Ok(total(ready.map(|facility| number(facility, "/beds")).sum()))
    }

    /// Workers of the park who were taken in as contacts, and the vehicles that brought them.
    async fn moved(&self) -> Result<(usize, usize), CallError> {
        let admitted = self.transfers("admitted").await?;
        let contacts: Vec<(i64, i64)> = list(&admitted, "/transfers")
            .iter()
            .filter(|transfer| word(transfer, "/kind") == "contact")
            .map(|transfer| (number(transfer, "/person"), number(transfer, "/trip")))
            .collect();
        let people: Vec<i64> = contacts.iter().map(|(person, _)| *person).collect();
        let workplaces = self.workplaces(&people).await?;
        let of_park = |person: &i64| {
            let workplace = workplaces.get(person).copied().unwrap_or(0);
            workplace == self.names.park || workplace == self.names.centre
        };
        let moved = contacts.iter().filter(|(person, _)| of_park(person));
        let vehicles: BTreeSet<i64> = moved.clone().map(|(_, trip)| *trip).collect();
        Ok((vehicles.len(), moved.count()))
    }

    /// Where people work, as the registry says; each is asked for once.
    async fn workplaces(&self, people: &[i64]) -> Result<BTreeMap<i64, i64>, CallError> {
        let known = || self.asked.workplaces.lock().unwrap_or_else(PoisonError::into_inner);
        let new: Vec<i64> = {
            let known = known();
            people.iter().copied().filter(|person| !known.contains_key(person)).collect()
        };
        let asking = new.into_iter().map(|person| {
            let reader = self.reader.clone();
            async move {
                let found: Value = reader.get("/api/registry/person", &[("person", person.to_string())]).await?;
                Ok((person, number(&found, "/workplace")))
            }
        });
        let answers = side_by_side(asking.collect::<Vec<_>>()).await?;
        let mut known = known();
        known.extend(answers);
        Ok(known.clone())
    }

    /// Trucks that were unloaded, and the boxes that were counted in.
    async fn shipments(&self) -> Result<(i64, i64), CallError> {
        let answer: Value = self.reader.get("/api/supplies/shipments", &[("limit", "500".to_owned())]).await?;
        let trucks = list(&answer, "/shipments").iter().flat_map(|shipment| list(shipment, "/trucks"));
        let unloaded = trucks.filter(|truck| truck.get("unloaded_at").is_some_and(|at| !at.is_null()));
        Ok(unloaded.fold((0, 0), |(trucks, boxes), truck| (trucks + 1, boxes + number(truck, "/boxes_counted"))))
    }

    async fn round_resulted(&self) -> Result<Option<Figure>, CallError> {
        let Some(round) = self.names.east_round else { return Ok(None) };
        let flow: Value = self.reader.get("/api/screening/flow", &[("round", round.to_string())]).await?;
        let (mut done, mut other) = (0, 0);
        for row in list(&flow, "/stages") {
            let tubes = number(row, "/tubes");
            if word(row, "/stage") == "resulted" { done += tubes } else { other += tubes }
        }
        Ok(yes(done > 0 && other == 0))
    }

    async fn tubes_difference(&self) -> Result<Option<Figure>, CallError> {
        let law: Value = self.reader.get("/api/screening/conservation", &[]).await?;
        Ok(total(number(&law, "/difference") + number(&law, "/people_difference").abs()))
    }

    /// Orders that lack an owner, a deadline or a state.
    async fn orders_incomplete(&self) -> Result<Option<Figure>, CallError> {
        let mut incomplete = 0;
        let mut after: Option<i64> = None;
        loop {
            let mut query = vec![("limit", "500".to_owned())];
            query.extend(after.map(|id| ("after", id.to_string())));
            let page: Value = self.reader.get("/api/orders/list", &query).await?;
            incomplete += list(&page, "/orders").iter().filter(|view| !is_complete(view)).count();
            after = page.get("after").and_then(Value::as_i64);
            if after.is_none() {
                return Ok(count(incomplete));
            }
        }
    }

    /// Plans with their price.
    ///
    /// # Errors
    /// What the system refused.
    pub async fn plans(&self) -> Result<Vec<Value>, CallError> {
        let answer: Value = self.reader.get("/api/response/plans", &[("limit", "100".to_owned())]).await?;
        let price = |plan: &Value, key: &str| plan.pointer(&format!("/price/{key}")).cloned().unwrap_or_default();
        let rows = list(&answer, "/plans").iter().rev().map(|plan| {
            json!({
                "trigger": plan.get("trigger"), "wall_ms": number(plan, "/wall_ms"),
                "affected": price(plan, "affected"), "person_days": price(plan, "person_days"),
                "person_days_on_judgement": price(plan, "person_days_on_judgement"), "beds": price(plan, "beds"),
                "vehicles": price(plan, "vehicles"), "tubes": price(plan, "tubes"), "orders": price(plan, "orders"),
            })
        });
        Ok(rows.collect())
    }

    /// The newest entry of the journal.
    ///
    /// # Errors
    /// What the system refused.
    pub async fn head(&self) -> Result<JournalHead, CallError> {
        let health: Health = self.reader.get("/api/health", &[]).await?;
        Ok(health.head)
    }
}

#[derive(Deserialize)]
struct Health {
    head: JournalHead,
}

fn is_complete(view: &Value) -> bool {
    let owner = view.pointer("/owner/kind").and_then(Value::as_str).is_some_and(|kind| !kind.is_empty());
    let state = view.pointer("/order/state").and_then(Value::as_str).is_some_and(|state| !state.is_empty());
    owner && state && number(view, "/order/deadline_at") > 0
}

fn yes(yes: bool) -> Option<Figure> {
    Some(Figure::Yes(yes))
}

fn total(count: i64) -> Option<Figure> {
    Some(Figure::Count(count))
}

fn count(count: usize) -> Option<Figure> {
    i64::try_from(count).ok().map(Figure::Count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_without_owner_deadline_or_state_is_seen() {
        let good = json!({ "owner": { "kind": "team", "id": 3 }, "order": { "state": "open", "deadline_at": 5 } });
        assert!(is_complete(&good));
        for pointer in ["/owner/kind", "/order/state", "/order/deadline_at"] {
            let mut bad = good.clone();
            *bad.pointer_mut(pointer).unwrap() = Value::Null;
            assert!(!is_complete(&bad), "{pointer}");
        }
    }
}
