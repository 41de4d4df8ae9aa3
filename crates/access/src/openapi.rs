//! The OpenAPI document, made from the routes and their types, so that it cannot drift from them.

use std::collections::BTreeMap;

use outpace_core::Permission;
use serde_json::{Map, Value, json};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

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

    /// A route that answers with a document.
    pub(crate) fn document<Q: ToSchema + 'static>() -> Self {
        let mut schemas = Vec::new();
        Q::schemas(&mut schemas);
        let request = (!is_empty_type::<Q>()).then(reference::<Q>);
        schemas.push((Q::name().into_owned(), <Q as PartialSchema>::schema()));
        let request_schema = plain(&<Q as PartialSchema>::schema());
        Self { request, request_schema, answer: json!({ "type": "string" }), media: "text/*", schemas }
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

fn operation(route: &Route) -> Value {
    let problem = json!({ "description": "refused, with field, value and what would be right",
        "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } } });
    let mut operation = json!({
        "summary": route.summary,
        "operationId": route.path.trim_start_matches("/api").trim_start_matches('/').replace(['/', '-'], "_"),
        "tags": [tag(route)],
        "x-permission": route.permission,
        "security": if route.permission == Permission::Public { json!([]) } else { json!([{ "token": [] }, { "session": [] }]) },
        "responses": {
            "200": { "description": "done", "content": { route.described.media: { "schema": route.described.answer } } },
            "default": problem,
        },
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
