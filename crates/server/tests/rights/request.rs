//! A request for any route, made from its description: whatever it names by number or code is something of the busy
//! township. So a route that is new is asked like all others.

use outpace_core::Timestamp;
use serde_json::{Map, Value, json};

use crate::county::{GRID, VILLAGE};

/// The description of every route, with the moment of the county.
pub struct Requests {
    document: Value,
    now: Timestamp,
}

impl Requests {
    pub fn of(routes: &outpace_access::Routes, now: Timestamp) -> Self {
        Self { document: outpace_access::openapi::document(routes, "test"), now }
    }

    /// A request for a route, in the words of its description.
    pub fn make(&self, path: &str, is_command: bool) -> Value {
        let mut request = if is_command {
            let body = &self.document["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"];
            self.value("", body)
        } else {
            let parameters = self.document["paths"][path]["get"]["parameters"].as_array().cloned().unwrap_or_default();
            let fields = parameters.iter().filter_map(|parameter| {
                let name = parameter["name"].as_str()?;
                let wanted = parameter["required"] == json!(true) || named(name, self.now).is_some();
                (wanted && !is_page(name)).then(|| (name.to_owned(), self.value(name, &parameter["schema"])))
            });
            Value::Object(fields.collect::<Map<_, _>>())
        };
        if let Value::Object(more) = by_hand(path, self.now) {
            let fields = request.as_object_mut().unwrap();
            fields.extend(more);
            fields.retain(|_, value| !value.is_null());
        }
        request
    }

    fn resolved<'a>(&'a self, schema: &'a Value) -> &'a Value {
        match schema["$ref"].as_str().and_then(|name| name.strip_prefix("#/components/schemas/")) {
            Some(name) => self.resolved(&self.document["components"]["schemas"][name]),
            None => schema,
        }
    }

    fn value(&self, name: &str, schema: &Value) -> Value {
        let schema = self.resolved(schema);
        if let Some(items) = schema.get("items") {
            return json!([self.value(singular(name), items)]);
        }
        if let Some(known) = named(name, self.now).filter(|_| schema.get("properties").is_none()) {
            return known;
        }
        if let Some(first) = schema["enum"].as_array().and_then(|words| words.first()) {
            return first.clone();
        }
        for either in ["oneOf", "anyOf", "allOf"] {
            if let Some(choices) = schema[either].as_array() {
                let choice = choices.iter().find(|choice| choice["type"] != json!("null"));
                return choice.map_or(Value::Null, |choice| self.value(name, choice));
            }
        }
        if let Some(fields) = schema["properties"].as_object() {
            let required: Vec<&str> =
                schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            let wanted = fields.iter().filter(|(field, _)| required.contains(&field.as_str()));
            return Value::Object(wanted.map(|(field, inner)| (field.clone(), self.value(field, inner))).collect());
        }
        let kind = schema["type"].as_array().and_then(|kinds| kinds.first()).unwrap_or(&schema["type"]);
        match kind.as_str() {
            Some("integer" | "number") => json!(1),
            Some("boolean") => json!(false),
            Some("string") => json!("some words"),
            _ => json!({}),
        }
    }
}

fn singular(name: &str) -> &str {
    match name {
        "people" | "members" => "person",
        "boxes" => "box",
        "facilities" => "facility",
        _ => name.strip_suffix('s').unwrap_or(name),
    }
}

fn is_page(name: &str) -> bool {
    name.starts_with("after") || ["limit", "before"].contains(&name)
}

/// What a name of a field stands for in the busy township.
fn named(name: &str, now: Timestamp) -> Option<Value> {
    Some(match name {
        "person" | "dependant" | "carer" => json!(5),
        "household" | "place" | "vehicle" | "closure" | "order" | "team" | "conflict" | "lane" | "site" | "round"
        | "laboratory" | "plan" | "assessment" | "transfer" | "trip" | "restriction" | "letter" | "target"
        | "sheet" | "stay" | "leg" | "exclusion" | "pass" | "meeting" | "depot" | "shipment" => json!(1),
        // Of the first round the public was told, the third is one person's own; the first zone is the rest of the county.
        "notice" => json!(3),
        "zone" | "case" | "infectee" => json!(2),
        "infector" => json!(1),
        "facility" => json!(2),
        "bed" => json!(31),
        "tube" => json!("TUBE-0003"),
        "box" => json!("BOX-1"),
        "area" | "under" | "village" => json!(VILLAGE),
        "grid" | "home" => json!(GRID),
        "from" | "left_at" | "starts_at" => json!(now.plus_days(-2)),
        "to" | "at" | "occurred_at" | "sampled_at" => json!(now),
        "to_at" | "ends_at" | "until" | "deadline_at" | "expires_at" => json!(now.plus_hours(3)),
        "from_at" => json!(now.plus_hours(1)),
        "level" => json!("village"),
        "subject" | "reference_subject" => json!({ "kind": "person", "id": 5 }),
        "subject_kind" => json!("person"),
        "subject_id" => json!("5"),
        "receiver" => json!("street"),
        "reason" | "because" | "settlement" | "finding" | "purpose" | "grounds" | "words" => return None,
        _ => return None,
    })
}

/// What no description tells: two words that must fit each other.
fn by_hand(path: &str, now: Timestamp) -> Value {
    let words = json!({ "zh": "话", "en": "words" });
    match path {
        "/api/contacts/visitors" => json!({ "vehicle": null }),
        "/api/contacts/lots" => json!({ "person": null }),
        "/api/contacts/open-case" => json!({ "person": 10, "stage": "suspected", "found_how": "tracing" }),
        "/api/contacts/change-stage" => json!({ "stage": "asymptomatic" }),
        "/api/contacts/set-case-dates" => json!({ "dates": { "onset_at": now.plus_days(-1) } }),
        "/api/contacts/report-case" => json!({ "to": "network" }),
        "/api/contacts/update-contact" => json!({ "person": 7, "left_area": true }),
        "/api/contacts/exclude-contact" => json!({ "person": 7 }),
        "/api/contacts/exposures" => json!({ "person": 7 }),
        "/api/contacts/contacts-of" => json!({ "person": 7 }),
        "/api/contacts/record-return" => json!({ "person": 8 }),
        "/api/contacts/record-visits" => {
            json!({ "visits": [{ "person": 10, "place": 1, "from": now.plus_hours(-9), "to": now.plus_hours(-8),
                                 "evidence": "interview" }] })
        }
        "/api/contacts/exclude-visit" => json!({ "place": 1, "from": now.plus_hours(-30) }),
        "/api/contacts/record-contacts" => {
            json!({ "found_how": "tracing", "exposures": [{ "person": 10, "setting": "meal", "evidence": "interview",
                    "from": now.plus_hours(-9), "to": now.plus_hours(-8) }] })
        }
        "/api/contacts/record-departure" => json!({ "person": 12, "to": "elsewhere", "evidence": "interview" }),
        "/api/contacts/answer-letter" => json!({ "answer": "done" }),
        "/api/screening/hand-overs/give" => json!({ "boxes": ["BOX-3"], "to": "laboratory", "laboratory": 1 }),
        "/api/screening/hand-overs/take" => json!({ "leg": 2 }),
        "/api/screening/lanes/set" | "/api/screening/sites/set" => json!({ "state": "closed" }),
        "/api/screening/losses" => json!({ "tubes": ["TUBE-0003"], "reason": "broken" }),
        "/api/screening/results/exclude" => json!({ "tubes": ["TUBE-0001"], "reason": "mixed_up" }),
        "/api/screening/results/file" => json!({ "csv": "tube,outcome\nTUBE-0003,negative\n" }),
        "/api/screening/rounds/plan" => {
            json!({ "key": "r9", "name": words, "method": "pcr", "areas": [VILLAGE], "starts_at": null, "ends_at": null })
        }
        "/api/screening/antigen-reports" => {
            json!({ "round": 2, "reports": [{ "person": 6, "outcome": "negative" }] })
        }
        "/api/screening/sites/import-csv" => {
            json!({ "csv": format!("key,name,name_en,area,lanes\ntwo,二,two,{VILLAGE},1\n") })
        }
        "/api/registry/register-household" => json!({ "kind": "family" }),
        "/api/registry/register-person" => {
            json!({ "person": { "household": 1, "born": "1990-01-01", "sex": "female", "tags": [], "absent": false } })
        }
        "/api/zoning/issue-pass" => json!({ "person": 6, "vehicle": null, "reason": words }),
        "/api/zoning/observe-zone" => {
            let ground = json!({ "reason": words, "clause": "", "facts": [] });
            json!({ "zone": { "name": words, "areas": [VILLAGE], "places": [], "level": "lockdown", "ground": ground,
                              "starts_at": now, "lift": { "rule": words } },
                    "imposed_by": { "whom": "街道", "known_by": "inspection" } })
        }
        "/api/screening/balance" => json!({ "by": "site" }),
        "/api/screening/households" | "/api/screening/doors" => json!({ "area": VILLAGE }),
        "/api/response/assess" => {
            json!({ "scope": { "areas": [VILLAGE] }, "finding": "chain_unclear", "reason": words })
        }
        "/api/notices/of-person" => json!({ "person": 9 }),
        "/api/orders/issue" => json!({ "kind": "settle_conflict", "subject": { "kind": "person", "id": 5 } }),
        "/api/registry/name-guardian" => json!({ "guardian": 6, "kind": "care" }),
        "/api/residents/hand-out-code" => json!({ "way": "door" }),
        "/api/registry/tag-person" => json!({ "add": ["pregnant"] }),
        "/api/registry/mark-absent" => json!({ "absent": true, "person": 9 }),
        "/api/registry/find" => json!({ "phone": "13900000004" }),
        "/api/registry/find-household" => json!({ "phone": "13900000004" }),
        "/api/zoning/observe-closure" => {
            json!({ "target": { "place": { "place": 1, "area": GRID } } })
        }
        _ => json!({}),
    }
}
