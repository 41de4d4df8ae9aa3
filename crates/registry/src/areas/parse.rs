//! Reading areas from CSV and boundaries from GeoJSON. Pure.

use geojson::{GeoJson, GeometryValue};
use outpace_core::{AreaId, Text};

use super::model::{Area, AreaKind, Boundary, RiverSide};
pub use crate::tables::{BadRow, Parsed};
use crate::tables::{Fields, is_degrees, read_csv};

/// Reads areas: columns `code`, `name`, and as far as they are known `name_en`, `lon`, `lat` (or `lon_wgs84`,
/// `lat_wgs84`), `seat_source` (`known` or `approximate`), `river_side`, `kind`, `population`. Others are passed over.
#[must_use]
pub fn parse_areas_csv(text: &str) -> Parsed<Area> {
    read_csv(text, read_area)
}

fn read_area(fields: &Fields<'_>) -> Result<Area, Text> {
    let id = AreaId(fields.need_read("code")?);
    let Some(level) = id.level() else {
        return Err(Text::new(
            format!("{id} 不是区域代码(2、4、6、9、12 或 15 位)。"),
            format!("{id} is no area code (2, 4, 6, 9, 12 or 15 digits)."),
        ));
    };
    let name = fields.need("name")?.to_owned();
    let coordinate = |plain, other| Ok::<_, Text>(fields.degrees(plain)?.or(fields.degrees(other)?));
    Ok(Area {
        id,
        parent: id.parent(),
        level,
        name_en: fields.text("name_en").unwrap_or(&name).to_owned(),
        lon: coordinate("lon", "lon_wgs84")?,
        lat: coordinate("lat", "lat_wgs84")?,
        seat_approximate: fields.text("seat_source") == Some("approximate"),
        river_side: fields.word("river_side", RiverSide::from_word, &RiverSide::all_words())?,
        kind: fields.word("kind", AreaKind::from_word, &AreaKind::all_words())?,
        residents: fields.read("population")?,
        name,
    })
}

/// Reads boundaries from a GeoJSON FeatureCollection (WGS-84): each feature names its area by the property `code` or
/// `adcode`. The `line` of a bad row is the feature's number from 1.
#[must_use]
pub fn parse_boundaries_geojson(text: &str) -> Parsed<Boundary> {
    let mut parsed = Parsed { rows: Vec::new(), bad: Vec::new() };
    let features = match text.parse::<GeoJson>() {
        Ok(GeoJson::FeatureCollection(collection)) => collection.features,
        Ok(_) => {
            parsed.bad.push(BadRow {
                line: 0,
                reason: Text::new("文件须为 FeatureCollection。", "The file must be a FeatureCollection."),
            });
            return parsed;
        }
        Err(error) => {
            parsed.bad.push(BadRow {
                line: 0,
                reason: Text::new(format!("不是 GeoJSON:{error}。"), format!("This is no GeoJSON: {error}.")),
            });
            return parsed;
        }
    };
    for (line, feature) in (1..).zip(&features) {
        match read_boundary(feature) {
            Ok(boundary) => parsed.rows.push(boundary),
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
    let area = code.map(AreaId).filter(|area| area.level().is_some()).ok_or_else(|| {
        Text::new(
            "要素缺少属性 code 或 adcode(区域代码)。",
            "The feature has no property code or adcode (an area code).",
        )
    })?;
    let geometry =
        feature.geometry.as_ref().filter(|geometry| is_area(&geometry.value)).ok_or_else(|| {
            Text::new("边界须为 Polygon 或 MultiPolygon。", "A boundary is a Polygon or a MultiPolygon.")
        })?;
    let geometry = compact(geometry).ok_or_else(|| {
        Text::new(
            "边界的坐标须为 WGS-84 经纬度(度),且不能为空。",
            "The coordinates of a boundary are degrees of longitude and latitude (WGS-84), and there are some.",
        )
    })?;
    Ok(Boundary { area, geometry })
}

fn is_area(value: &GeometryValue) -> bool {
    matches!(value, GeometryValue::Polygon { .. } | GeometryValue::MultiPolygon { .. })
}

/// Whether a text is a GeoJSON Polygon or MultiPolygon.
pub(crate) fn is_polygon(text: &str) -> bool {
    matches!(text.parse::<GeoJson>(), Ok(GeoJson::Geometry(geometry)) if is_area(&geometry.value))
}

/// The geometry as text with six decimals of a degree, about 0.1 m: no boundary here is known better. Heights and whatever
/// else a file adds are left out; `None` for coordinates that are no degrees, and for none at all.
fn compact(geometry: &geojson::Geometry) -> Option<String> {
    let mut value = serde_json::to_value(geojson::Geometry::new(geometry.value.clone())).ok()?;
    flatten(value.get_mut("coordinates")?).then(|| value.to_string())
}

/// Whether positions stand there, each with degrees; rounds them.
fn flatten(value: &mut serde_json::Value) -> bool {
    let serde_json::Value::Array(items) = value else { return false };
    if !items.first().is_some_and(serde_json::Value::is_number) {
        return !items.is_empty() && items.iter_mut().all(flatten);
    }
    items.truncate(2);
    items.len() == 2
        && items.iter_mut().all(|item| {
            let degrees = item.as_f64().filter(|degrees| is_degrees(*degrees));
            let rounded = degrees.and_then(|degrees| serde_json::Number::from_f64((degrees * 1e6).round() / 1e6));
            rounded.map(|rounded| *item = rounded.into()).is_some()
        })
}
