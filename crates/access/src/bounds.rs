//! The one reader of requests: every number, moment, text and list of a body or a query is held to the bounds that its
//! schema declares, before the request is read into its type and before any handler runs.
//!
//! A schema is compiled once, when its route is made. Reading walks the JSON by token and builds nothing, except where a
//! field of an object names its variant (`"kind": "box"`): that object is held whole, as its type holds it too. Texts and lists that declare no
//! length have the core's; numbers that declare none are found by a test over `/openapi.json`
//! (`server/tests/rights/extremes.rs`).

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use axum::body::Bytes;
use outpace_core::bounds::{
    EXACT_MAX, FormNumber, LIST_ITEMS_MAX, TEXT_CHARACTERS_MAX, list_too_long, moment_out_of_range, out_of_range,
    text_too_long,
};
use outpace_core::time::MOMENT_FORMAT;
use outpace_core::{Refusal, Timestamp};
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use utoipa::{PartialSchema, ToSchema};

use crate::door::{read_body, read_query};
use crate::office::Office;

/// The longest name of an entry that the sender makes up, such as a gene.
const KEY_CHARACTERS_MAX: usize = 200;
/// How much of a made-up name a refusal shows.
const KEY_SHOWN_CHARACTERS: usize = 80;
/// Where a type's schema is referred to.
const REFERENCE: &str = "#/components/schemas/";

/// The span of moments that a request may name, and the offset in which a refusal shows them.
#[derive(Debug, Clone, Copy)]
pub struct Span {
    earliest: Timestamp,
    latest: Timestamp,
    offset_minutes: i64,
}

impl Span {
    /// The years around a moment: for commands and rows of files.
    #[must_use]
    pub fn around(now: Timestamp, offset_minutes: i64) -> Self {
        let (earliest, latest) = now.years_around();
        Self { earliest, latest, offset_minutes }
    }

    /// Every moment that a request can name: for queries, which may start from the beginning.
    #[must_use]
    pub fn ever(offset_minutes: i64) -> Self {
        Self { earliest: Timestamp::EARLIEST, latest: Timestamp::LATEST, offset_minutes }
    }
}

/// What one spot of a request may hold. The kinds of values that it cannot hold at all are left to its type.
#[derive(Debug, Default)]
struct Shape {
    whole: Option<(i64, i64)>,
    number: Option<(f64, f64)>,
    is_moment: bool,
    text_max: usize,
    list_max: usize,
    items: Option<usize>,
    fields: BTreeMap<String, usize>,
    rest: Option<usize>,
    /// The field whose word names the variant of an object, and the shapes by that word.
    variants: Option<(String, BTreeMap<String, usize>)>,
}

/// The bounds of a type, compiled from its schema.
#[derive(Debug)]
pub struct Bounds {
    shapes: Vec<Shape>,
    root: usize,
}

impl Bounds {
    /// Compiles the bounds of a type.
    #[must_use]
    pub fn of<Q: ToSchema>() -> Self {
        let mut schemas = Vec::new();
        Q::schemas(&mut schemas);
        let plain = |schema| serde_json::to_value(schema).unwrap_or(Value::Null);
        let known = schemas.into_iter().map(|(name, schema)| (name, plain(schema))).collect();
        let mut compiler = Compiler { known, named: BTreeMap::new(), shapes: vec![free()] };
        let root = compiler.shape(vec![plain(<Q as PartialSchema>::schema())]);
        Self { shapes: compiler.shapes, root }
    }

    /// Checks what would be sent, such as a row of a file.
    ///
    /// # Errors
    /// 422 with the field, its value and its bounds.
    pub fn check(&self, value: &impl Serialize, span: Span) -> Result<(), Refusal> {
        match serde_json::to_vec(value) {
            Ok(json) => self.check_json(&json, span),
            Err(error) => {
                tracing::error!(%error, "a row could not be written as JSON");
                Err(Refusal::internal())
            }
        }
    }

    /// Checks JSON. What is not JSON passes: the reader that follows says what is wrong with it.
    fn check_json(&self, json: &[u8], span: Span) -> Result<(), Refusal> {
        let mut walk = Walk { shapes: &self.shapes, span, path: Vec::new(), refused: None };
        // An error without a refusal is a parser's, and the typed reader comes upon it again.
        let _ = At { walk: &mut walk, shape: self.root }.deserialize(&mut serde_json::Deserializer::from_slice(json));
        walk.refused.map_or(Ok(()), Err)
    }

    /// Checks the pairs of a query string.
    fn check_query(&self, query: &[u8], span: Span) -> Result<(), Refusal> {
        let mut walk = Walk { shapes: &self.shapes, span, path: Vec::new(), refused: None };
        let Some(root) = self.shapes.get(self.root) else { return Ok(()) };
        for (name, text) in form_urlencoded::parse(query) {
            let Some((name, shape)) = root.fields.get_key_value(&*name) else { continue };
            walk.path.push(Step::Field(Cow::Borrowed(name)));
            let spot = walk.shape(*shape);
            match text.parse::<i128>() {
                Ok(number) if spot.whole.is_some() || spot.number.is_some() => walk.whole(*shape, number),
                _ => match text.parse::<f64>() {
                    Ok(number) if spot.whole.is_some() || spot.number.is_some() => walk.number(*shape, number),
                    _ => walk.text(*shape, &text),
                },
            }
            walk.path.pop();
            if let Some(refusal) = walk.refused.take() {
                return Err(refusal);
            }
        }
        Ok(())
    }
}

/// What a spot without a schema of its own may hold, such as a field of an order's form.
fn free() -> Shape {
    Shape {
        whole: Some((-EXACT_MAX, EXACT_MAX)),
        number: Some((FormNumber::MIN, FormNumber::MAX)),
        is_moment: false,
        text_max: TEXT_CHARACTERS_MAX,
        list_max: LIST_ITEMS_MAX,
        items: Some(FREE),
        fields: BTreeMap::new(),
        rest: Some(FREE),
        variants: None,
    }
}

/// Where [`free`] stands among the shapes.
const FREE: usize = 0;

struct Compiler {
    known: BTreeMap<String, Value>,
    named: BTreeMap<String, usize>,
    shapes: Vec<Shape>,
}

/// The parts of a shape before its fields are compiled.
#[derive(Default)]
struct Parts {
    shape: Shape,
    is_free: bool,
    fields: BTreeMap<String, Vec<Value>>,
    items: Vec<Value>,
    rest: Vec<Value>,
    variants: Vec<(String, String, Value)>,
}

impl Compiler {
    /// The shape of a spot that takes what any of the schemas takes.
    fn shape(&mut self, schemas: Vec<Value>) -> usize {
        let name = match schemas.as_slice() {
            [one] => one["$ref"].as_str().map(str::to_owned),
            _ => None,
        };
        if let Some(known) = name.as_ref().and_then(|name| self.named.get(name)) {
            return *known;
        }
        let place = self.shapes.len();
        self.shapes.push(Shape::default());
        if let Some(name) = name {
            // A type that holds itself comes back to the same shape.
            self.named.insert(name, place);
        }
        let mut parts = Parts::default();
        schemas.iter().for_each(|schema| self.gather(schema, &mut parts));
        if parts.is_free && parts.fields.is_empty() && parts.rest.is_empty() {
            self.set(place, free());
            return place;
        }
        let mut shape = parts.shape;
        shape.text_max = if shape.text_max == 0 { TEXT_CHARACTERS_MAX } else { shape.text_max };
        shape.list_max = if shape.list_max == 0 { LIST_ITEMS_MAX } else { shape.list_max };
        shape.items = (!parts.items.is_empty()).then(|| self.shape(parts.items));
        shape.rest = (!parts.rest.is_empty()).then(|| self.shape(parts.rest));
        shape.fields = parts.fields.into_iter().map(|(name, schemas)| (name, self.shape(schemas))).collect();
        if let Some((tag, ..)) = parts.variants.first().cloned() {
            let own = parts.variants.into_iter().filter(|(name, ..)| *name == tag);
            let shapes = own.map(|(_, word, schema)| (word, self.shape(vec![schema]))).collect();
            shape.variants = Some((tag, shapes));
        }
        self.set(place, shape);
        place
    }

    /// The field of an object that names its variant, and the word there.
    fn tag(&self, schema: &Value) -> Option<(String, String)> {
        if let Some(name) = schema["$ref"].as_str().and_then(|name| name.strip_prefix(REFERENCE)) {
            return self.tag(self.known.get(name)?);
        }
        let fields = schema["properties"].as_object().into_iter().flatten();
        let mut tags = fields.filter_map(|(field, inner)| match inner["enum"].as_array().map(Vec::as_slice) {
            Some([Value::String(word)]) => Some((field.clone(), word.clone())),
            _ => None,
        });
        tags.next().or_else(|| schema["allOf"].as_array().into_iter().flatten().find_map(|part| self.tag(part)))
    }

    fn set(&mut self, place: usize, shape: Shape) {
        if let Some(spot) = self.shapes.get_mut(place) {
            *spot = shape;
        }
    }

    fn gather(&self, schema: &Value, parts: &mut Parts) {
        if let Some(name) = schema["$ref"].as_str().and_then(|name| name.strip_prefix(REFERENCE)) {
            if let Some(named) = self.known.get(name) {
                self.gather(named, parts);
            }
            return;
        }
        for choice in schema["oneOf"].as_array().into_iter().flatten() {
            parts.variants.extend(self.tag(choice).map(|(tag, word)| (tag, word, choice.clone())));
        }
        for several in ["oneOf", "anyOf", "allOf"] {
            schema[several].as_array().into_iter().flatten().for_each(|one| self.gather(one, parts));
        }
        let kinds: Vec<&str> = match &schema["type"] {
            Value::String(kind) => vec![kind],
            Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        for kind in kinds {
            gather_kind(kind, schema, parts);
        }
    }
}

fn gather_kind(kind: &str, schema: &Value, parts: &mut Parts) {
    let shape = &mut parts.shape;
    let length = |name: &str, otherwise| {
        schema[name].as_u64().and_then(|length| usize::try_from(length).ok()).unwrap_or(otherwise)
    };
    match kind {
        "integer" => {
            let own =
                (schema["minimum"].as_i64().unwrap_or(-EXACT_MAX), schema["maximum"].as_i64().unwrap_or(EXACT_MAX));
            shape.is_moment = schema["format"] == MOMENT_FORMAT;
            shape.whole = Some(shape.whole.map_or(own, |other| (own.0.min(other.0), own.1.max(other.1))));
        }
        "number" => {
            let own = (schema["minimum"].as_f64().unwrap_or(f64::MIN), schema["maximum"].as_f64().unwrap_or(f64::MAX));
            shape.number = Some(shape.number.map_or(own, |other| (own.0.min(other.0), own.1.max(other.1))));
        }
        "string" => shape.text_max = shape.text_max.max(length("maxLength", TEXT_CHARACTERS_MAX)),
        "array" => {
            shape.list_max = shape.list_max.max(length("maxItems", LIST_ITEMS_MAX));
            parts.items.extend(schema.get("items").cloned());
        }
        "object" => {
            let fields = schema["properties"].as_object();
            let rest = schema.get("additionalProperties").filter(|rest| rest.is_object());
            parts.is_free |= fields.is_none() && rest.is_none();
            parts.rest.extend(rest.cloned());
            for (name, inner) in fields.into_iter().flatten() {
                parts.fields.entry(name.clone()).or_default().push(inner.clone());
            }
        }
        _ => {}
    }
}

enum Step<'a> {
    Field(Cow<'a, str>),
    Item(usize),
}

/// A walk through a request, which ends at the first value beyond its bounds.
struct Walk<'a> {
    shapes: &'a [Shape],
    span: Span,
    path: Vec<Step<'a>>,
    refused: Option<Refusal>,
}

impl<'a> Walk<'a> {
    fn shape(&self, shape: usize) -> &'a Shape {
        static NONE: Shape = Shape {
            whole: None,
            number: None,
            is_moment: false,
            text_max: TEXT_CHARACTERS_MAX,
            list_max: LIST_ITEMS_MAX,
            items: None,
            fields: BTreeMap::new(),
            rest: None,
            variants: None,
        };
        self.shapes.get(shape).unwrap_or(&NONE)
    }

    /// `people[3].celsius`.
    fn field(&self) -> String {
        let mut field = String::new();
        for step in &self.path {
            match step {
                Step::Field(name) if field.is_empty() => field.push_str(name),
                Step::Field(name) => field.extend([".", &**name]),
                Step::Item(at) => field.extend(["[", &at.to_string(), "]"]),
            }
        }
        field
    }

    fn whole(&mut self, shape: usize, number: i128) {
        let shape = self.shape(shape);
        let Some((least, most)) = shape.whole else {
            if shape.number.is_some() {
                #[expect(
                    clippy::cast_precision_loss,
                    reason = "the bounds of fractions are far from where precision ends"
                )]
                self.fraction(shape, number as f64);
            }
            return;
        };
        if shape.is_moment {
            if number < i128::from(self.span.earliest.0) || number > i128::from(self.span.latest.0) {
                let span = (self.span.earliest, self.span.latest);
                self.refused = Some(moment_out_of_range(&self.field(), number, span, self.span.offset_minutes));
            }
        } else if number < i128::from(least) || number > i128::from(most) {
            self.refused = Some(out_of_range(&self.field(), number, i128::from(least), i128::from(most)));
        }
    }

    /// A number that was not written as a 64-bit whole one.
    fn number(&mut self, shape: usize, number: f64) {
        let shape = self.shape(shape);
        match (shape.number, shape.whole) {
            (Some(_), _) => self.fraction(shape, number),
            // Too large for 64 bits. A fraction within is left to the type, which says that it wants a whole number.
            #[expect(clippy::cast_precision_loss, reason = "2^53 and less keep it; 10^18 needs none")]
            (None, Some((least, most))) if !(least as f64..=most as f64).contains(&number) => {
                self.refused = Some(if shape.is_moment {
                    let span = (self.span.earliest, self.span.latest);
                    moment_out_of_range(&self.field(), number, span, self.span.offset_minutes)
                } else {
                    out_of_range(&self.field(), number, least as f64, most as f64)
                });
            }
            _ => {}
        }
    }

    fn fraction(&mut self, shape: &Shape, number: f64) {
        if let Some((least, most)) = shape.number.filter(|(least, most)| !(*least..=*most).contains(&number)) {
            self.refused = Some(out_of_range(&self.field(), number, least, most));
        }
    }

    fn text(&mut self, shape: usize, text: &str) {
        let characters_max = self.shape(shape).text_max;
        if text.len() > characters_max {
            let characters = text.chars().count();
            if characters > characters_max {
                self.refused = Some(text_too_long(&self.field(), characters, characters_max));
            }
        }
    }

    fn done<E: serde::de::Error>(&self) -> Result<(), E> {
        if self.refused.is_some() { Err(E::custom("beyond its bounds")) } else { Ok(()) }
    }
}

/// One spot of the walk.
struct At<'w, 'a> {
    walk: &'w mut Walk<'a>,
    shape: usize,
}

impl<'de> DeserializeSeed<'de> for At<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for At<'_, '_> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<(), E> {
        self.walk.whole(self.shape, i128::from(number));
        self.walk.done()
    }

    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<(), E> {
        self.walk.whole(self.shape, i128::from(number));
        self.walk.done()
    }

    fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<(), E> {
        self.walk.number(self.shape, number);
        self.walk.done()
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<(), E> {
        self.walk.text(self.shape, text);
        self.walk.done()
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let shape = self.walk.shape(self.shape);
        for at in 0.. {
            self.walk.path.push(Step::Item(at));
            let Some(items) = shape.items else {
                self.walk.path.pop();
                while list.next_element::<serde::de::IgnoredAny>()?.is_some() {}
                return Ok(());
            };
            let next = list.next_element_seed(At { walk: &mut *self.walk, shape: items })?;
            self.walk.path.pop();
            if next.is_none() {
                break;
            }
            if at >= shape.list_max {
                self.walk.refused = Some(list_too_long(&self.walk.field(), shape.list_max));
                return Err(A::Error::custom("too many"));
            }
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let shape = self.walk.shape(self.shape);
        if let Some((tag, variants)) = &shape.variants {
            let held = Value::deserialize(MapAccessDeserializer::new(map))?;
            // A word that names no variant is refused by the typed reader.
            let named = held[tag].as_str().and_then(|word| variants.get(word));
            return match named {
                Some(shape) => At { walk: self.walk, shape: *shape }.deserialize(held).map_err(A::Error::custom),
                None => Ok(()),
            };
        }
        let mut made_up = 0;
        while let Some(name) = map.next_key::<String>()? {
            let (step, inner) = match (shape.fields.get_key_value(&name), shape.rest) {
                (Some((name, inner)), _) => (Cow::Borrowed(name.as_str()), *inner),
                (None, Some(rest)) => {
                    made_up += 1;
                    (Cow::Owned(name.chars().take(KEY_SHOWN_CHARACTERS).collect()), rest)
                }
                (None, None) => {
                    // A field that nobody asked for is refused by the typed reader.
                    map.next_value::<serde::de::IgnoredAny>()?;
                    continue;
                }
            };
            if made_up > shape.list_max {
                self.walk.refused = Some(list_too_long(&self.walk.field(), shape.list_max));
                return Err(A::Error::custom("too many"));
            }
            self.walk.path.push(Step::Field(step));
            if name.len() > KEY_CHARACTERS_MAX && name.chars().count() > KEY_CHARACTERS_MAX {
                let characters = name.chars().count();
                self.walk.refused = Some(text_too_long(&self.walk.field(), characters, KEY_CHARACTERS_MAX));
                return Err(A::Error::custom("too long"));
            }
            map.next_value_seed(At { walk: &mut *self.walk, shape: inner })?;
            self.walk.path.pop();
        }
        Ok(())
    }
}

/// Reads requests of one type. A route has no other way to come by one.
pub(crate) struct Reader<Q> {
    bounds: Bounds,
    request: PhantomData<fn() -> Q>,
}

impl<Q: DeserializeOwned + ToSchema> Reader<Q> {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { bounds: Bounds::of::<Q>(), request: PhantomData })
    }

    /// Reads a body.
    ///
    /// # Errors
    /// 422 with the field beyond its bounds; 400 with the field that is wrong or that nobody asked for.
    pub(crate) fn body(&self, office: &Office, bytes: &Bytes) -> Result<Q, Refusal> {
        self.bounds.check_json(bytes, Span::around(office.store.now(), offset(office)))?;
        read_body(bytes)
    }

    /// Reads a query string.
    ///
    /// # Errors
    /// As for a body.
    pub(crate) fn query(&self, office: &Office, bytes: &Bytes) -> Result<Q, Refusal> {
        self.bounds.check_query(bytes, Span::ever(offset(office)))?;
        read_query(bytes)
    }
}

fn offset(office: &Office) -> i64 {
    i64::from(office.rulebook().profile.utc_offset_minutes)
}

#[cfg(test)]
mod tests {
    use outpace_core::bounds::{Ct, Days, Latitude};
    use serde_json::json;

    use super::*;

    #[derive(Serialize, ToSchema)]
    struct Row {
        #[schema(value_type = Days)]
        days_min: i64,
        #[schema(value_type = Option<Latitude>)]
        lat: Option<f64>,
        #[schema(value_type = BTreeMap<String, Ct>)]
        ct: BTreeMap<String, f64>,
    }

    #[expect(dead_code, reason = "only its schema is looked at")]
    #[derive(Serialize, ToSchema)]
    #[serde(rename_all = "snake_case")]
    enum Kind {
        Timed { at: Timestamp, note: String },
        Named { note: Option<String>, rows: Vec<Row> },
    }

    #[expect(dead_code, reason = "only its schema is looked at")]
    #[derive(Serialize, ToSchema)]
    #[serde(tag = "what", content = "id", rename_all = "snake_case")]
    enum About {
        Box(outpace_core::BoxCode),
        Area(outpace_core::AreaId),
        Team(outpace_core::TeamId),
        Words(String),
    }

    #[derive(Serialize, ToSchema)]
    struct Sent {
        kind: Kind,
        about: Option<About>,
        #[schema(value_type = Object)]
        form: Value,
    }

    fn told(sent: &Value) -> Option<(String, String)> {
        let now = Timestamp::parse_local("2022-04-13T01:00", 480).unwrap();
        let refusal = Bounds::of::<Sent>().check(sent, Span::around(now, 480)).err()?;
        assert!(!refusal.text.zh.is_empty() && !refusal.text.en.is_empty() && refusal.status == 422, "{refusal}");
        Some((refusal.code, refusal.field))
    }

    fn of(code: &str, field: &str) -> Option<(String, String)> {
        Some((code.to_owned(), field.to_owned()))
    }

    fn rows(row: &Value) -> Value {
        json!({ "kind": { "named": { "rows": [{ "days_min": 1 }, row] } } })
    }

    #[test]
    fn value_beyond_its_bounds_is_refused_by_its_way() {
        assert_eq!(told(&rows(&json!({ "days_min": 3_650, "lat": 37.6, "ct": { "N": 31.2, "ORF1ab": 30 } }))), None);
        for days in [json!(-1), json!(3_651), json!(i64::MIN), json!(u64::MAX), json!(1e30), json!(-1e300)] {
            assert_eq!(told(&rows(&json!({ "days_min": days }))), of("out_of_range", "kind.named.rows[1].days_min"));
        }
        assert_eq!(told(&rows(&json!({ "lat": 112.4 }))), of("out_of_range", "kind.named.rows[1].lat"));
        assert_eq!(told(&rows(&json!({ "lat": 112 }))), of("out_of_range", "kind.named.rows[1].lat"));
        assert_eq!(told(&rows(&json!({ "lat": null }))), None);
        assert_eq!(told(&rows(&json!({ "ct": { "N": -1e9 } }))), of("out_of_range", "kind.named.rows[1].ct.N"));
    }

    #[test]
    fn moment_far_from_now_is_refused_and_near_is_taken() {
        let at = |at: Value| told(&json!({ "kind": { "timed": { "at": at, "note": "n" } } }));
        assert_eq!(at(json!(1_649_784_600_000_i64)), None);
        for far in [
            json!(0),
            json!(-9_200_000_000_000_000_000_i64),
            json!(i64::MAX),
            json!(4_102_444_800_001_i64),
            json!(1e19),
        ] {
            assert_eq!(at(far), of("out_of_range", "kind.timed.at"));
        }
    }

    #[test]
    fn variant_is_held_to_its_own_bounds_wherever_its_tag_stands() {
        let about = |json: &str| told(&serde_json::from_str(&format!("{{\"about\":{json}}}")).unwrap());
        let long = "x".repeat(101);
        assert_eq!(about(&format!(r#"{{"what":"words","id":"{long}"}}"#)), None);
        assert_eq!(about(&format!(r#"{{"id":"{long}","what":"box"}}"#)), of("text_too_long", "about.id"));
        assert_eq!(about(r#"{"id":1000000000000000,"what":"team"}"#), None);
        assert_eq!(about(r#"{"id":1000000000000000,"what":"area"}"#), of("out_of_range", "about.id"));
        assert_eq!(about(r#"{"id":1000000000000000,"what":"nothing known"}"#), None);
    }

    #[test]
    fn text_list_and_form_have_lengths_of_their_own() {
        let note = |note: String| told(&json!({ "kind": { "timed": { "note": note } } }));
        assert_eq!(note("字".repeat(TEXT_CHARACTERS_MAX)), None);
        assert_eq!(note("字".repeat(TEXT_CHARACTERS_MAX + 1)), of("text_too_long", "kind.timed.note"));
        let list = vec![json!({}); LIST_ITEMS_MAX + 1];
        assert_eq!(told(&json!({ "kind": { "named": { "rows": list } } })), of("list_too_long", "kind.named.rows"));
        assert_eq!(told(&json!({ "form": { "doses": 12, "deep": [{ "x": 1.5 }] } })), None);
        assert_eq!(told(&json!({ "form": { "deep": [{ "x": 1e300 }] } })), of("out_of_range", "form.deep[0].x"));
    }
}
