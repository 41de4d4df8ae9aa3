//! Reading facilities from CSV. Pure.

use std::collections::BTreeMap;

use outpace_core::{AreaId, PlaceId, Text};
use outpace_registry::tables::{BadRow, Parsed, is_degrees};

use super::model::{FacilityKind, NewFacility};

/// Columns that must be there.
const NEEDED: [&str; 5] = ["code", "kind", "name", "area", "rooms"];

/// Reads facilities: columns `code`, `kind` (quarantine_site, hospital, shelter), `name`, `area` (any level of the tree),
/// `rooms`, and as far as they are known `name_en`, `place`, `lon`, `lat`, `beds_per_room` (1), `ready` (false). Others
/// are passed over; a bad row is answered with its line and what would be right.
#[must_use]
pub fn parse_facilities_csv(text: &str) -> Parsed<NewFacility> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let mut parsed = Parsed { rows: Vec::new(), bad: Vec::new() };
    let columns: BTreeMap<String, usize> = match reader.headers() {
        Ok(names) => names.iter().enumerate().map(|(at, name)| (name.trim().to_ascii_lowercase(), at)).collect(),
        Err(error) => {
            parsed.bad.push(bad(0, error.to_string()));
            return parsed;
        }
    };
    if let Some(missing) = NEEDED.iter().find(|name| !columns.contains_key(**name)) {
        let reason = Text::new(format!("缺少列 {missing}。"), format!("The column {missing} is missing."));
        parsed.bad.push(BadRow { line: 1, reason });
        return parsed;
    }
    for record in reader.records() {
        match record {
            Ok(record) => {
                let line = record.position().map_or(0, csv::Position::line);
                let field = |name: &str| {
                    let text = columns.get(name).and_then(|at| record.get(*at)).map(str::trim);
                    text.filter(|text| !text.is_empty())
                };
                match read(&field) {
                    Ok(facility) => parsed.rows.push(facility),
                    Err(reason) => parsed.bad.push(BadRow { line, reason }),
                }
            }
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line);
                parsed.bad.push(bad(line, error.to_string()));
            }
        }
    }
    parsed
}

fn bad(line: u64, error: String) -> BadRow {
    BadRow { line, reason: Text::new(format!("无法读取:{error}。"), error) }
}

fn read<'a>(field: &impl Fn(&str) -> Option<&'a str>) -> Result<NewFacility, Text> {
    let need = |name: &str| {
        field(name).ok_or_else(|| Text::new(format!("{name} 列为空。"), format!("The column {name} is empty.")))
    };
    let kind = need("kind")?;
    let kind =
        FacilityKind::from_word(kind).ok_or_else(|| wrong("kind", kind, "quarantine_site, hospital, shelter"))?;
    let area = need("area")?;
    let area = number::<i64>("area", area).map(AreaId)?;
    if area.level().is_none() {
        return Err(wrong("area", &area.to_string(), "2, 4, 6, 9, 12, 15 digits"));
    }
    let degrees = |name: &str| {
        let read = |text| number(name, text).ok().filter(|degrees| is_degrees(*degrees));
        field(name).map(|text| read(text).ok_or_else(|| wrong(name, text, "degrees from -180 to 180"))).transpose()
    };
    let name = need("name")?.to_owned();
    let beds_per_room = field("beds_per_room").map(|text| number("beds_per_room", text)).transpose()?;
    Ok(NewFacility {
        code: need("code")?.to_owned(),
        kind,
        name_en: field("name_en").unwrap_or(&name).to_owned(),
        name,
        area: area.unknown_grid(),
        place: field("place").map(|text| number("place", text).map(PlaceId)).transpose()?,
        lon: degrees("lon")?,
        lat: degrees("lat")?,
        rooms: number("rooms", need("rooms")?)?,
        beds_per_room: beds_per_room.unwrap_or(1),
        ready: matches!(field("ready"), Some("true" | "1" | "yes" | "是")),
    })
}

fn number<T: std::str::FromStr>(name: &str, text: &str) -> Result<T, Text> {
    text.parse().map_err(|_| wrong(name, text, "a number"))
}

fn wrong(name: &str, text: &str, right: &str) -> Text {
    Text::new(
        format!("{name} 列的值“{text}”无法识别,应为:{right}。"),
        format!("The column {name} holds {text:?}; right would be: {right}."),
    )
}
