//! Supplies: what is there in the evening before, and the trucks that arrive at night, unloaded one after the other and
//! counted into stock.

use outpace_core::Timestamp;
use serde_json::{Value, json};

use super::play::Play;
use crate::client::{CallError, number};
use crate::scenario::StepKey;

/// What the county has in the evening before, beside its antigen kits: pieces by item. An assumption.
const AT_FIRST: [(&str, i64); 6] = [
    ("sampling_tube", 20_000),
    ("swab", 200_000),
    ("protective_suit", 6_000),
    ("n95_mask", 20_000),
    ("gloves", 40_000),
    ("disinfectant", 2_000),
];
/// What one box of the trucks holds: pieces by item, trucks in turn. An assumption.
const LOADS: [(&str, i64); 5] =
    [("sampling_tube", 100), ("swab", 500), ("protective_suit", 20), ("n95_mask", 200), ("gloves", 500)];

/// The trucks of the night.
#[derive(Debug, Default)]
pub(crate) struct Supplies {
    depot: i64,
    shipment: Option<i64>,
    unloaded: usize,
}

impl Play {
    /// The county's depot with what is in it.
    pub(crate) async fn stock_up(&mut self) -> Result<(), CallError> {
        const DEPOT: &str = "/api/supplies/register-depot";
        let supplies = self.office.supplies.clone();
        supplies.tell("/api/supplies/register-items", &json!({ "items": [] })).await?;
        let seat = self.scenario.facilities.first().map_or(self.scenario.county, |facility| facility.area);
        let body = json!({ "name": "县级物资库", "name_en": "County depot", "kind": "depot", "area": seat });
        let depot: Value = supplies.post(DEPOT, &body).await?;
        self.supplies.depot = number(DEPOT, &depot, "/id")?;
        let kits = ("antigen_kit", self.scenario.amount("antigen_kits"));
        let lines: Vec<Value> = AT_FIRST
            .iter()
            .chain([&kits])
            .map(|(item, quantity)| json!({ "item": item, "quantity": quantity }))
            .collect();
        let body = json!({
            "depot": self.supplies.depot, "key": "evening-before", "from": "盘点 / stocktaking", "lines": lines,
        });
        supplies.tell("/api/supplies/receive", &body).await
    }

    /// Thirty trucks were announced in the evening; all of them come at the hour.
    pub(crate) async fn trucks_arrive(&mut self) -> Result<(), CallError> {
        const EXPECT: &str = "/api/supplies/expect-shipment";
        let boxes = self.scenario.rates.truck_boxes;
        let trucks: Vec<Value> = (0..self.standing.trucks.len())
            .map(|index| {
                let (item, pieces) = LOADS[index % LOADS.len()];
                let lines = json!([{ "item": item, "quantity": pieces * boxes }]);
                json!({ "plate": format!("演BT{:03}", index + 1), "boxes": boxes, "lines": lines })
            })
            .collect();
        let supplies = self.office.supplies.clone();
        let body = json!({
            "key": "night-trucks", "from": "省市物资储备 / reserves of province and city", "depot": self.supplies.depot,
            "expected_at": self.now, "trucks": trucks,
        });
        let expected: Value = supplies.post(EXPECT, &body).await?;
        let shipment = number(EXPECT, &expected, "/id")?;
        for truck in 1..=self.standing.trucks.len() {
            let body = json!({ "shipment": shipment, "truck": truck, "occurred_at": self.now });
            supplies.tell("/api/supplies/truck-arrived", &body).await?;
        }
        self.supplies.shipment = Some(shipment);
        Ok(())
    }

    /// Four groups unload side by side: a truck is empty whenever its share of the nine hours is over.
    pub(crate) async fn go_on_trucks(&mut self) -> Result<bool, CallError> {
        let Some(shipment) = self.supplies.shipment else { return Ok(true) };
        let count = self.standing.trucks.len();
        let minutes = self.scenario.step(StepKey::Trucks).map_or(0, |step| step.minutes);
        let Some(begun) = self.schedule.begun_at(StepKey::Trucks) else { return Ok(false) };
        let people = self.scenario.amount("unloaders");
        while self.supplies.unloaded < count {
            let truck = i64::try_from(self.supplies.unloaded + 1).unwrap_or(1);
            let all = i64::try_from(count.max(1)).unwrap_or(1);
            let empty_at = begun.plus_minutes(minutes * truck / all);
            if empty_at > self.now {
                return Ok(false);
            }
            self.unload(shipment, truck, (begun.plus_minutes(minutes * (truck - 1) / all), empty_at), people).await?;
            self.supplies.unloaded += 1;
        }
        self.office.supplies.tell("/api/supplies/hand-over", &json!({ "shipment": shipment })).await?;
        Ok(true)
    }

    async fn unload(
        &self,
        shipment: i64,
        truck: i64,
        (from, until): (Timestamp, Timestamp),
        people: i64,
    ) -> Result<(), CallError> {
        let supplies = &self.office.supplies;
        let body = json!({ "shipment": shipment, "truck": truck, "people": people, "occurred_at": from });
        supplies.tell("/api/supplies/start-unloading", &body).await?;
        let boxes = self.scenario.rates.truck_boxes;
        let body = json!({
            "shipment": shipment, "truck": truck, "boxes": boxes, "people": people, "occurred_at": until,
        });
        supplies.tell("/api/supplies/truck-unloaded", &body).await
    }
}
