//! The OpenAPI document, made from the routes and their types, so that it cannot drift from them.

use std::collections::BTreeMap;

use outpace_core::{Need, Permission, Role};
use serde_json::{Map, Value, json};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::matrix;
use crate::routes::{Route, Routes, is_empty_type};

/// Request and answer of a route as schemas.
pub(crate) struct Described {
    request: Option<Value>,
    request_schema: Value,
    answer: Value,
    media: &'static str,
    schemas: Vec<(String, RefOr<Schema>)>,
}

fn reference<T: ToSchema>() -> Value {
    json!({ "$ref": format!("{REFERENCE}{}", T::name()) })
}

fn plain(schema: &RefOr<Schema>) -> Value {
    serde_json::to_value(schema).unwrap_or(Value::Null)
}

impl Described {
    pub(crate) fn of<Q: ToSchema + 'static, A: ToSchema + 'static>() -> Self {
        let mut schemas = Vec::new();
        Q::schemas(&mut schemas);
        A::schemas(&mut schemas);
        schemas.push((Q::name().into_owned(), <Q as PartialSchema>::schema()));
        schemas.push((A::name().into_owned(), <A as PartialSchema>::schema()));
        let request = (!is_empty_type::<Q>()).then(reference::<Q>);
        let request_schema = plain(&<Q as PartialSchema>::schema());
        Self { request, request_schema, answer: reference::<A>(), media: "application/json", schemas }
    }

    /// A route that answers with a document of one of some kinds, such as `text/*`.
    pub(crate) fn document<Q: ToSchema + 'static>(media: &'static str) -> Self {
        let mut schemas = Vec::new();
        Q::schemas(&mut schemas);
        let request = (!is_empty_type::<Q>()).then(reference::<Q>);
        schemas.push((Q::name().into_owned(), <Q as PartialSchema>::schema()));
        let request_schema = plain(&<Q as PartialSchema>::schema());
        Self { request, request_schema, answer: json!({ "type": "string" }), media, schemas }
    }
}

fn parameters(schema: &Value) -> Value {
    let required: Vec<&str> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let list = schema["properties"].as_object().into_iter().flatten().map(|(name, kind)| {
        json!({ "name": name, "in": "query", "required": required.contains(&name.as_str()), "schema": kind,
                "description": kind["description"].as_str().unwrap_or_default() })
    });
    Value::Array(list.collect())
}

/// Which roles have a permission; which of them the head of a task force has is the profile's to say.
fn roles(permission: Permission) -> Vec<Role> {
    Role::ALL.iter().copied().filter(|role| matrix::allows(*role, permission)).collect()
}

fn operation(route: &Route) -> Value {
    let mut operation = json!({
        "summary": route.summary,
        "operationId": route.path.trim_start_matches("/api").trim_start_matches('/').replace(['/', '-'], "_"),
        "tags": [tag(route)],
        "x-permission": route.need.permission,
        "x-scope": route.need.scope,
        "x-roles": roles(route.need.permission),
        "security": if route.need.permission == Permission::Public { json!([]) } else { json!([{ "token": [] }, { "session": [] }]) },
        "responses": responses(route),
    });
    match (&route.described.request, route.is_command) {
        (Some(schema), true) => {
            operation["requestBody"] =
                json!({ "required": true, "content": { "application/json": { "schema": schema } } });
        }
        (Some(_), false) => operation["parameters"] = parameters(&route.described.request_schema),
        (None, _) => {}
    }
    operation
}

/// What a route may answer: what it was asked for, or a refusal with one of the statuses that its kind knows.
fn responses(route: &Route) -> Value {
    let done = json!({ "description": "done",
        "content": { route.described.media: { "schema": route.described.answer } } });
    let mut responses = Map::from_iter([("200".to_owned(), done)]);
    for (status, when) in REFUSALS {
        let known = match status {
            // A command that is open to everyone is still refused when another site's page sends it.
            403 => route.is_command || route.need.permission != Permission::Public,
            408 | 413 | 415 => route.is_command,
            _ => true,
        };
        if known {
            responses.insert(status.to_string(), problem(when));
        }
    }
    Value::Object(responses)
}

/// What a refusal may answer, and when it does.
const REFUSALS: [(u16, &str); 15] = [
    (400, "what was sent cannot be read: the field, its value and what would be right"),
    (401, "nobody is signed in, or not with this name and password"),
    (403, "the role, the area or the task force does not reach so far, or it is one's own case"),
    (404, "there is no such thing, or not in one's area"),
    (405, "queries are GET, commands POST"),
    (408, "the request did not come in time"),
    (409, "it does not fit what stands: taken, decided or done already"),
    (413, "the request is too large"),
    (414, "the address is too long"),
    (415, "commands take application/json"),
    (422, "a rule forbids it: the field, its value and what would be right"),
    (431, "the head of the request is too large"),
    (429, "too many requests; come back later"),
    (500, "our failure; it is in the server's log"),
    (503, "busy, or nothing can be written for now; come back after Retry-After seconds"),
];

fn problem(when: &str) -> Value {
    json!({ "description": when,
        "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } } })
}

/// A route that is mounted by itself because it streams, moves the clock of a drill or tells about the server.
pub struct Beside {
    /// Its path.
    pub path: &'static str,
    /// What one must be allowed.
    pub need: Need,
    /// Whether it changes anything.
    pub is_command: bool,
    /// One sentence.
    pub summary: &'static str,
    /// What it answers with.
    pub media: &'static str,
}

/// Adds routes that are mounted by themselves to a document.
pub fn add_beside(document: &mut Value, beside: &[Beside]) {
    for route in beside {
        let mut responses = Map::from_iter([(
            "200".to_owned(),
            json!({ "description": "done", "content": { route.media: { "schema": {} } } }),
        )]);
        responses.extend(REFUSALS.iter().map(|(status, when)| (status.to_string(), problem(when))));
        let mut operation = json!({
            "summary": route.summary, "operationId": route.path.trim_start_matches('/').replace(['/', '-', '.'], "_"),
            "tags": ["server"], "x-permission": route.need.permission, "x-scope": route.need.scope,
            "x-roles": roles(route.need.permission),
            "security": if route.need.permission == Permission::Public { json!([]) } else { json!([{ "token": [] }]) },
            "responses": responses,
        });
        if route.is_command {
            operation["requestBody"] =
                json!({ "required": true, "content": { "application/json": { "schema": { "type": "object" } } } });
        }
        let method = if route.is_command { "post" } else { "get" };
        document["paths"][route.path] = json!({ method: operation });
    }
}

fn tag(route: &Route) -> &str {
    route.path.split('/').nth(2).unwrap_or("server")
}

/// Where a type's schema is referred to.
const REFERENCE: &str = "#/components/schemas/";

/// Two capabilities may each have a `Subject`: what differs from a schema of the same name that stands already, and
/// what refers to it, gets the name of its capability in front.
fn renames(known: &Map<String, Value>, own: &BTreeMap<String, Value>, tag: &str) -> BTreeMap<String, String> {
    let mut renamed: BTreeMap<String, String> = BTreeMap::new();
    loop {
        let differs = own.iter().find(|(name, schema)| {
            let shown = referring(&renamed, (*schema).clone());
            !renamed.contains_key(*name) && known.get(*name).is_some_and(|other| *other != shown)
        });
        let Some((name, _)) = differs else { return renamed };
        let mut letters = tag.chars();
        let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
        renamed.insert(name.clone(), format!("{first}{}{name}", letters.as_str()));
    }
}

/// The value with every reference to a renamed schema changed.
fn referring(renamed: &BTreeMap<String, String>, mut value: Value) -> Value {
    match &mut value {
        Value::String(text) => {
            if let Some(name) = text.strip_prefix(REFERENCE).and_then(|name| renamed.get(name)) {
                *text = format!("{REFERENCE}{name}");
            }
        }
        Value::Array(list) => list.iter_mut().for_each(|inner| *inner = referring(renamed, inner.take())),
        Value::Object(fields) => fields.values_mut().for_each(|inner| *inner = referring(renamed, inner.take())),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
    value
}

/// Says of a drill's document that its queries may be asked without a sign-in as well (ADR 5).
pub fn open_to_onlookers(document: &mut Value) {
    let paths = document["paths"].as_object_mut().into_iter().flat_map(|paths| paths.values_mut());
    for security in paths.filter_map(|path| path.pointer_mut("/get/security")).filter_map(Value::as_array_mut) {
        if !security.is_empty() {
            security.insert(0, json!({}));
        }
    }
}

/// The document for a list of routes.
#[must_use]
pub fn document(routes: &Routes, version: &str) -> Value {
    let mut paths = Map::new();
    let mut schemas = Map::new();
    for route in routes.list() {
        let method = if route.is_command { "post" } else { "get" };
        let own: BTreeMap<String, Value> =
            route.described.schemas.iter().map(|(name, schema)| (name.clone(), plain(schema))).collect();
        let renamed = renames(&schemas, &own, tag(route));
        paths.insert(route.path.to_owned(), json!({ method: referring(&renamed, operation(route)) }));
        for (name, schema) in own {
            let name = renamed.get(&name).cloned().unwrap_or(name);
            schemas.insert(name, referring(&renamed, schema));
        }
    }
    schemas.insert(
        "Problem".to_owned(),
        json!({ "type": "object", "required": ["type", "title", "status", "code", "field", "value", "zh", "en"],
            "properties": { "type": { "type": "string" }, "title": { "type": "string" },
                "status": { "type": "integer" }, "code": { "type": "string" }, "field": { "type": "string" },
                "value": { "type": "string" }, "zh": { "type": "string" }, "en": { "type": "string" } } }),
    );
    json!({
        "openapi": "3.1.0",
        "info": { "title": "Outpace", "version": version, "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" } },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "token": { "type": "http", "scheme": "bearer" },
                "session": { "type": "apiKey", "in": "cookie", "name": crate::admit::COOKIE,
                    "description": "the page's; commands must come from the page's own origin, as JSON" },
            },
        },
    })
}
