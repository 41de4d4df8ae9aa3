//! Values at the ends of their bounds and beyond: every number, moment, text and list of a request declares how large it
//! may be, every command is asked with the extremes of each of its fields, and the office lives through the days after.

use std::collections::BTreeSet;

use outpace_access::Call;
use outpace_core::bounds::TEXT_CHARACTERS_MAX;
use outpace_core::time::{MINUTE_MS, MOMENT_FORMAT};
use outpace_core::{Permission, PersonId, Refusal, Role, Text, Timestamp};
use outpace_isolation::RestrictionKind;
use outpace_isolation::restrictions::commands::ObserveRestriction;
use outpace_server::timekeeper;
use outpace_store::Unit;
use outpace_supplies::stock::{Item, ItemCategory, RegisterItems};
use outpace_zoning::ImposedBy;
use serde_json::{Value, json};

use crate::county::{COUNTY, County, GRID, actor, who_may};
use crate::request::Requests;

/// What ends the county itself or makes hundreds of passwords; its own tests ask it.
const NOT_ASKED: [&str; 2] = ["/api/access/change-password", "/api/access/sign-in"];
/// Days after the extremes through which the office must live.
const DAYS_AFTER: [i64; 4] = [0, 1, 2, 30];

fn is_of(schema: &Value, kinds: &[&str]) -> bool {
    match &schema["type"] {
        Value::String(own) => kinds.contains(&own.as_str()),
        Value::Array(several) => several.iter().filter_map(Value::as_str).any(|own| kinds.contains(&own)),
        _ => false,
    }
}

fn is_chosen(schema: &Value) -> bool {
    schema.get("enum").is_some() || schema.get("const").is_some()
}

/// Collects the fields of a schema that declare no bounds.
fn undeclared(requests: &Requests, schema: &Value, way: &str, within: &BTreeSet<String>, found: &mut BTreeSet<String>) {
    let name = schema["$ref"].as_str().unwrap_or_default().to_owned();
    if within.contains(&name) {
        return;
    }
    let mut within = within.clone();
    within.extend((!name.is_empty()).then_some(name));
    let schema = requests.resolved(schema);
    let lacks = |bound: &str| schema.get(bound).is_none_or(Value::is_null);
    if is_of(schema, &["integer", "number"]) && (lacks("minimum") || lacks("maximum")) {
        found.insert(format!("{way}: a number without minimum and maximum"));
    }
    if is_of(schema, &["string"]) && !is_chosen(schema) && lacks("maxLength") {
        found.insert(format!("{way}: a text without maxLength"));
    }
    if is_of(schema, &["array"]) && lacks("maxItems") {
        found.insert(format!("{way}: a list without maxItems"));
    }
    for several in ["oneOf", "anyOf", "allOf"] {
        let choices = schema[several].as_array().into_iter().flatten();
        choices.for_each(|choice| undeclared(requests, choice, way, &within, found));
    }
    for (field, inner) in schema["properties"].as_object().into_iter().flatten() {
        undeclared(requests, inner, &format!("{way}.{field}"), &within, found);
    }
    for part in ["items", "additionalProperties"] {
        if let Some(inner) = schema.get(part).filter(|inner| inner.is_object()) {
            undeclared(requests, inner, &format!("{way}[]"), &within, found);
        }
    }
}

#[test]
fn every_number_text_and_list_of_a_request_declares_its_bounds() {
    let routes = outpace_server::every_route::every_route();
    let requests = Requests::of(&routes, Timestamp(0));
    let mut found = BTreeSet::new();
    for route in routes.list() {
        for (name, schema) in requests.fields(route.path, route.is_command) {
            undeclared(&requests, &schema, &format!("{} {name}", route.path), &BTreeSet::new(), &mut found);
        }
    }
    assert!(
        found.is_empty(),
        "{} fields have no bounds:\n{}",
        found.len(),
        found.into_iter().collect::<Vec<_>>().join("\n")
    );
}

/// A value for a field, and whether its bounds forbid it.
struct Extreme {
    value: Value,
    is_beyond: bool,
}

fn within(value: Value) -> Extreme {
    Extreme { value, is_beyond: false }
}

fn beyond(value: Value) -> Extreme {
    Extreme { value, is_beyond: true }
}

fn whole_numbers(schema: &Value, now: Timestamp, is_command: bool) -> Vec<Extreme> {
    let (least, most) = (schema["minimum"].as_i64().unwrap_or(0), schema["maximum"].as_i64().unwrap_or(0));
    let mut list = vec![
        beyond(json!(i64::MIN)),
        beyond(json!(i64::MAX)),
        beyond(json!(u64::MAX)),
        beyond(json!(-9.2e18)),
        beyond(json!(least - 1)),
        beyond(json!(most + 1)),
    ];
    if schema["format"] == MOMENT_FORMAT {
        let (earliest, latest) = now.years_around();
        // A query may start from the beginning of time.
        list.extend([earliest.0 - 1, latest.0 + 1].map(|far| Extreme { value: json!(far), is_beyond: is_command }));
        list.extend([earliest, latest, now, now.plus_days(-1), now.plus_days(1)].map(|at| within(json!(at))));
    } else {
        list.extend([least, most, 0.max(least), 1.max(least)].map(|number| within(json!(number))));
    }
    list
}

/// The extremes of a spot that has no fields of its own.
fn extremes(schema: &Value, now: Timestamp, is_command: bool) -> Vec<Extreme> {
    if is_of(schema, &["integer"]) {
        return whole_numbers(schema, now, is_command);
    }
    if is_of(schema, &["number"]) {
        let ends = ["minimum", "maximum"].map(|end| within(schema[end].clone()));
        return [f64::MIN, f64::MAX].map(|end| beyond(json!(end))).into_iter().chain(ends).collect();
    }
    if is_of(schema, &["string"]) && !is_chosen(schema) {
        let most = schema["maxLength"].as_u64().and_then(|most| usize::try_from(most).ok()).unwrap_or(0);
        let mut list = vec![within(json!("")), within(json!("-1")), within(json!("9999-12-31"))];
        if most <= TEXT_CHARACTERS_MAX {
            list.extend([within(json!("长".repeat(most))), beyond(json!("长".repeat(most + 1)))]);
        }
        return list;
    }
    Vec::new()
}

/// A way through the request of a route.
struct Asked<'a> {
    requests: &'a Requests,
    now: Timestamp,
    is_command: bool,
}

impl Asked<'_> {
    /// The base with each of its fields in turn at each of its extremes.
    fn variants(&self, name: &str, schema: &Value, base: &Value, depth: u8) -> Vec<Extreme> {
        let schema = self.requests.resolved(schema);
        if depth == 0 {
            return Vec::new();
        }
        let mut list = extremes(schema, self.now, self.is_command);
        for several in ["oneOf", "anyOf", "allOf"] {
            for choice in schema[several].as_array().into_iter().flatten().filter(|choice| choice["type"] != "null") {
                list.extend(self.variants(name, choice, &self.requests.value(name, choice), depth - 1));
            }
        }
        for (field, inner) in schema["properties"].as_object().into_iter().flatten() {
            let own = base.get(field).cloned().unwrap_or_else(|| self.requests.value(field, inner));
            for extreme in self.variants(field, inner, &own, depth - 1) {
                let mut whole = if base.is_object() { base.clone() } else { json!({}) };
                whole[field] = extreme.value;
                list.push(Extreme { value: whole, ..extreme });
            }
        }
        if let Some(inner) = schema.get("items") {
            let own = base.get(0).cloned().unwrap_or_else(|| self.requests.value(name, inner));
            let items = self.variants(name, inner, &own, depth - 1);
            list.extend(items.into_iter().map(|extreme| Extreme { value: json!([extreme.value]), ..extreme }));
        }
        if let Some(inner) = schema.get("additionalProperties").filter(|inner| inner.is_object()) {
            let values = self.variants(name, inner, &self.requests.value(name, inner), depth - 1);
            list.extend(values.into_iter().map(|extreme| Extreme { value: json!({ "N": extreme.value }), ..extreme }));
        }
        list
    }
}

/// Moves the clock to the local midnights that follow, and does what the clock and the follow-up work do there.
fn live_through(county: &County) {
    let clock = county.opened.drill_clock.as_ref().unwrap();
    let first = county.now().local_day(480) + 1;
    for day in DAYS_AFTER {
        clock.move_to(Timestamp(Timestamp::start_of_local_day(first + day, 480).0 + MINUTE_MS));
        timekeeper::tick(&county.opened.office).unwrap();
        county.looked_at_everything();
    }
}

/// Goal: no value that a client can send ends in a failure of ours, at once or later. Method: every command and query of
/// the document, with one field after the other at its extremes; then the midnights of some days.
#[tokio::test]
async fn extremes_of_every_route_end_in_no_failure_and_the_midnights_after_pass() {
    let county = County::busy().await;
    let requests = Requests::of(&county.routes, county.now());
    let mut wrong = BTreeSet::new();
    let (mut answered, mut refused) = (0, 0);
    for route in county.routes.list().iter().filter(|route| !NOT_ASKED.contains(&route.path)) {
        let base = requests.make(route.path, route.is_command);
        // Others than whom the permission asks for get no further than the door.
        let asker = match route.need.permission {
            Permission::Public => actor(Role::Administrator, COUNTY),
            permission => actor(who_may(permission), COUNTY),
        };
        for (name, schema) in requests.fields(route.path, route.is_command) {
            let own = base.get(&name).cloned().unwrap_or_else(|| requests.value(&name, &schema));
            let asked = Asked { requests: &requests, now: county.now(), is_command: route.is_command };
            for extreme in asked.variants(&name, &schema, &own, 12) {
                let mut request = base.clone();
                request[&name] = extreme.value;
                let (status, body) = county.ask(&asker, route.path, &request).await;
                let shown = || request.to_string().chars().take(300).collect::<String>();
                answered += u32::from(status == 200);
                refused += u32::from(status == 422);
                if status >= 500 {
                    wrong.insert(format!("{} answers {status} to {}: {body}", route.path, shown()));
                }
                if extreme.is_beyond && status == 200 {
                    wrong.insert(format!("{} takes what is beyond its bounds: {}", route.path, shown()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.into_iter().collect::<Vec<_>>().join("\n"));
    assert!(answered > 500 && refused > 5_000, "{answered} answered, {refused} refused: the test asks too little");
    live_through(&county);
}

/// The two attacks that stopped the clock and the follow-up work until somebody edited the database.
#[tokio::test]
async fn moment_and_days_beyond_their_bounds_are_refused_by_name() {
    let county = County::quiet();
    let words = json!({ "zh": "外部", "en": "from outside" });
    let by = json!({ "whom": "街道", "known_by": "complaint" });
    let seen = json!({ "person": 9, "kind": "home_quarantine", "reason": words, "starts_at": -9_200_000_000_000_000_000_i64,
                       "imposed_by": by });
    let item = json!({ "key": "mask", "name": "口罩", "name_en": "mask", "unit": "只", "category": "protection",
                       "days_min": 1_000_000_000_000_000_000_i64 });
    for (path, request, field) in [
        ("/api/isolation/observe-restriction", seen, "starts_at"),
        ("/api/supplies/register-items", json!({ "items": [item] }), "items[0].days_min"),
    ] {
        let route = county.routes.list().iter().find(|route| route.path == path).unwrap();
        let asker = actor(who_may(route.need.permission), COUNTY);
        let (status, body) = county.ask(&asker, path, &request).await;
        let problem: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(
            (status, &problem["code"], &problem["field"]),
            (422, &json!("out_of_range"), &json!(field)),
            "{body}"
        );
        assert!(
            problem["zh"].as_str().unwrap().contains("超出范围")
                && problem["en"].as_str().unwrap().contains("out of range")
        );
    }
}

/// Gives a command as an older server took it: without the request reader.
fn past_the_reader(
    county: &County,
    command: impl FnOnce(&mut Unit<'_>, &Call) -> Result<(), Refusal> + Send + 'static,
) {
    let office = &county.opened.office;
    let call = office.call(actor(Role::Commander, COUNTY));
    office.store.write(&call.actor.clone(), move |unit| command(unit, &call)).unwrap();
}

/// Facts from before bounds existed still fold, and the clock passes them.
#[tokio::test]
async fn facts_beyond_the_bounds_that_stand_already_are_lived_with() {
    let county = County::busy().await;
    for starts_at in [i64::MIN, -9_200_000_000_000_000_000] {
        past_the_reader(&county, move |unit, call| {
            let seen = ObserveRestriction {
                person: PersonId(10),
                kind: RestrictionKind::HomeQuarantine,
                reason: Text::new("外部", "from outside"),
                starts_at: Timestamp(starts_at),
                ends_at: None,
                imposed_by: ImposedBy {
                    whom: starts_at.to_string(),
                    order_number: None,
                    known_by: "complaint".to_owned(),
                },
            };
            outpace_isolation::restrictions::observe(unit, call, seen).map(|_| ())
        });
    }
    past_the_reader(&county, |unit, call| {
        let item = Item {
            key: "mask".to_owned(),
            name: "口罩".to_owned(),
            name_en: "mask".to_owned(),
            unit: "只".to_owned(),
            category: ItemCategory::Protection,
            days_min: 1_000_000_000_000_000_000,
        };
        outpace_supplies::stock::register_items(unit, call, RegisterItems { items: vec![item] }).map(|_| ())
    });
    let depot = json!({ "name": "库", "kind": "depot", "area": GRID });
    let depot = county.done(Role::Supplies, "/api/supplies/register-depot", depot).await["id"].clone();
    let came = json!({ "depot": depot, "from": "county", "lines": [{ "item": "mask", "quantity": 10 }] });
    county.done(Role::Supplies, "/api/supplies/receive", came).await;
    let usage = json!({ "depot": depot, "item": "mask", "per_day": 5 });
    county.done(Role::Supplies, "/api/supplies/plan-usage", usage).await;
    live_through(&county);
}
