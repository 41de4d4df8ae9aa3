//! Reading areas from an office's file and boundaries from GeoJSON. Pure.

use geojson::{GeoJson, GeometryValue};
use outpace_core::{AreaId, Text};
use outpace_files::{Column, Unreadable};

use super::model::{Area, AreaKind, Boundary, RiverSide};
pub use crate::tables::{BadRow, Parsed};
use crate::tables::{Fields, FileRows, parse_rows, read_rows};
use crate::{is_latitude, is_longitude};

/// Columns of a file of areas.
pub const AREA_COLUMNS: &[Column] = &[
    Column::needed("code", &["区划代码", "行政区划代码", "统计用区划代码", "编码", "代码"]),
    Column::needed("name", &["名称", "区划名称"]),
    Column::optional("name_en", &["英文名称", "英文名", "english name"]),
    Column::optional("lon", &["经度", "longitude"]),
    Column::optional("lat", &["纬度", "latitude"]),
    Column::optional("lon_wgs84", &["经度 WGS84"]),
    Column::optional("lat_wgs84", &["纬度 WGS84"]),
    Column::optional("seat_source", &["坐标来源"]),
    Column::optional("river_side", &["河岸"]),
    Column::optional("kind", &["类型"]),
    Column::optional("population", &["人口", "常住人口"]),
];

/// Reads a file of areas, see [`AREA_COLUMNS`]. `seat_source` is `known` or `approximate`.
///
/// # Errors
/// What makes the whole file unreadable.
pub fn read_areas(bytes: &[u8]) -> Result<FileRows<Area>, Unreadable> {
    read_rows(bytes, AREA_COLUMNS, read_area)
}

/// Reads a text of areas, as [`read_areas`] reads a file.
#[must_use]
pub fn parse_areas_csv(text: &str) -> Parsed<Area> {
    parse_rows(text, AREA_COLUMNS, read_area)
}

fn side_of(text: &str) -> Option<RiverSide> {
    match text {
        "东" | "东岸" | "河东" => Some(RiverSide::East),
        "西" | "西岸" | "河西" => Some(RiverSide::West),
        word => RiverSide::from_word(&word.to_ascii_lowercase()),
    }
}

fn kind_of(text: &str) -> Option<AreaKind> {
    match text {
        "村" | "村委会" | "行政村" => Some(AreaKind::Village),
        "社区" | "居委会" => Some(AreaKind::Community),
        "小区" => Some(AreaKind::Compound),
        word => AreaKind::from_word(&word.to_ascii_lowercase()),
    }
}

fn read_area(fields: &Fields<'_>) -> Result<Area, Text> {
    let id = fields.area("code")?;
    let Some(level) = id.level() else {
        return Err(Text::new(
            format!("{id} 不是区域代码(2、4、6、9、12 或 15 位)。"),
            format!("{id} is no area code (2, 4, 6, 9, 12 or 15 digits)."),
        ));
    };
    let coordinate = |plain, other| Ok::<_, Text>(fields.degrees(plain)?.or(fields.degrees(other)?));
    Ok(Area {
        id,
        parent: id.parent(),
        level,
        name: fields.need("name")?,
        name_en: fields.text("name_en")?.unwrap_or_default(),
        lon: coordinate("lon", "lon_wgs84")?,
        lat: coordinate("lat", "lat_wgs84")?,
        seat_approximate: fields.text("seat_source")?.as_deref() == Some("approximate"),
        river_side: fields.word("river_side", side_of, &RiverSide::all_words())?,
        kind: fields.word("kind", kind_of, &AreaKind::all_words())?,
        residents: fields.read("population")?,
    })
}

/// Reads boundaries from a GeoJSON FeatureCollection (WGS-84): each feature names its area by the property `code` or
/// `adcode`. The `line` of a row is the feature's number from 1. A byte-order mark is passed over.
#[must_use]
pub fn parse_boundaries_geojson(text: &str) -> Parsed<Boundary> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let features = match text.parse::<GeoJson>() {
        Ok(GeoJson::FeatureCollection(collection)) => collection.features,
        Ok(_) => {
            let en = "The file must be a FeatureCollection.";
            return Parsed::unreadable(Text::new("文件须为 FeatureCollection。", en));
        }
        Err(error) => {
            let zh = format!("不是 GeoJSON:{error}。");
            return Parsed::unreadable(Text::new(zh, format!("This is no GeoJSON: {error}.")));
        }
    };
    if features.is_empty() {
        return Parsed::unreadable(Text::new("文件中没有要素。", "The file has no features."));
    }
    let mut parsed = Parsed { rows: Vec::new(), lines: Vec::new(), bad: Vec::new() };
    for (line, feature) in (1..).zip(&features) {
        match read_boundary(feature) {
            Ok(boundary) => {
                parsed.rows.push(boundary);
                parsed.lines.push(line);
            }
            Err(reason) => parsed.bad.push(BadRow { line, reason }),
        }
    }
    parsed
}

fn read_boundary(feature: &geojson::Feature) -> Result<Boundary, Text> {
    let code = ["code", "adcode"].into_iter().find_map(|name| feature.property(name)).and_then(|value| match value {
        serde_json::Value::String(text) => text.trim().parse::<i64>().ok(),
        other => other.as_i64(),
    });
    let area =
        code.map(|code| AreaId(code).without_filling()).filter(|area| area.level().is_some()).ok_or_else(|| {
            Text::new(
                "要素缺少属性 code 或 adcode(区域代码)。",
                "The feature has no property code or adcode (an area code).",
            )
        })?;
    let geometry = feature.geometry.as_ref().filter(|geometry| is_area(&geometry.value)).ok_or_else(no_polygon)?;
    Ok(Boundary { area, geometry: compact(geometry)? })
}

fn is_area(value: &GeometryValue) -> bool {
    matches!(value, GeometryValue::Polygon { .. } | GeometryValue::MultiPolygon { .. })
}

/// A boundary as compact text, from the text of a GeoJSON Polygon or MultiPolygon.
///
/// # Errors
/// Another kind of geometry, or rings that bound nothing.
pub(crate) fn rings_of(text: &str) -> Result<String, Text> {
    match text.parse::<GeoJson>() {
        Ok(GeoJson::Geometry(geometry)) if is_area(&geometry.value) => compact(&geometry),
        _ => Err(no_polygon()),
    }
}

fn no_polygon() -> Text {
    Text::new("边界须为 GeoJSON 的 Polygon 或 MultiPolygon。", "A boundary is a GeoJSON Polygon or MultiPolygon.")
}

/// The geometry as text with six decimals of a degree, about 0.1 m: no boundary here is known better. Heights and whatever
/// else a file adds are left out. Each ring has at least four positions (longitude, latitude) and ends where it began
/// (RFC 7946, 3.1.6).
fn compact(geometry: &geojson::Geometry) -> Result<String, Text> {
    let empty = || Text::new("边界没有坐标。", "The boundary has no coordinates.");
    let mut value = serde_json::to_value(geojson::Geometry::new(geometry.value.clone())).map_err(|_| empty())?;
    let depth = if matches!(geometry.value, GeometryValue::Polygon { .. }) { 1 } else { 2 };
    rings(value.get_mut("coordinates").ok_or_else(empty)?, depth)?;
    Ok(value.to_string())
}

/// Checks and rounds the rings that stand so many lists down.
fn rings(value: &mut serde_json::Value, depth: u8) -> Result<(), Text> {
    let serde_json::Value::Array(items) = value else {
        return Err(Text::new("边界的坐标须为数组。", "The coordinates of a boundary are lists."));
    };
    if items.is_empty() {
        return Err(Text::new("边界没有坐标。", "The boundary has no coordinates."));
    }
    if depth > 0 {
        return items.iter_mut().try_for_each(|item| rings(item, depth - 1));
    }
    for (index, position) in (1..).zip(items.iter_mut()) {
        round(position).map_err(|value| {
            Text::new(
                format!("第 {index} 个点({value})不是 WGS-84 经度(-180 至 180)和纬度(-90 至 90);经度和纬度可能写反了。"),
                format!(
                    "Position {index} ({value}) is no longitude (-180 to 180) and latitude (-90 to 90, WGS-84); the two may be the wrong way round."
                ),
            )
        })?;
    }
    let count = items.len();
    if count < 4 {
        return Err(Text::new(
            format!("一个环只有 {count} 个点,至少须有 4 个。"),
            format!("A ring has {count} positions; it needs at least 4."),
        ));
    }
    if items.first() != items.last() {
        return Err(Text::new(
            "环没有闭合:首尾两点须相同。",
            "A ring is open: its first and last position must be the same.",
        ));
    }
    Ok(())
}

/// Rounds one position; what stands there where it is none.
fn round(position: &mut serde_json::Value) -> Result<(), String> {
    let read = |value: &serde_json::Value| Some((value.get(0)?.as_f64()?, value.get(1)?.as_f64()?));
    match read(position) {
        Some((lon, lat)) if is_longitude(lon) && is_latitude(lat) => {
            let rounded = |degrees: f64| (degrees * 1e6).round() / 1e6;
            *position = serde_json::json!([rounded(lon), rounded(lat)]);
            Ok(())
        }
        Some((lon, lat)) => Err(format!("{lon}, {lat}")),
        None => Err(position.to_string().chars().take(60).collect()),
    }
}
