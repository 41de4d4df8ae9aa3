//! Reading facilities from an office's file. Pure.

use outpace_core::{PlaceId, Text};
use outpace_files::{Column, Unreadable};
use outpace_registry::tables::{Fields, FileRows, Parsed, parse_rows, read_rows};

use super::model::{FacilityKind, NewFacility};

/// Columns of a file of facilities.
pub const FACILITY_COLUMNS: &[Column] = &[
    Column::needed("code", &["编码", "编号", "设施编码"]),
    Column::needed("kind", &["设施类型", "类型", "类别"]),
    Column::needed("name", &["名称", "设施名称"]),
    Column::needed("area", &["区划代码", "区域代码"]),
    Column::needed("rooms", &["房间数", "房间"]),
    Column::optional("name_en", &["英文名称", "英文名", "english name"]),
    Column::optional("place", &["场所编号"]),
    Column::optional("lon", &["经度", "longitude"]),
    Column::optional("lat", &["纬度", "latitude"]),
    Column::optional("beds_per_room", &["每间床位数", "每间床位"]),
    Column::optional("ready", &["启用", "已启用", "可用"]),
];

const KINDS: &str = "quarantine_site 隔离点, hospital 定点医院, shelter 方舱";

/// Reads a file of facilities, see [`FACILITY_COLUMNS`]: `area` is of any level of the tree, `beds_per_room` 1 and `ready`
/// no where they are empty.
///
/// # Errors
/// What makes the whole file unreadable.
pub fn read_facilities(bytes: &[u8]) -> Result<FileRows<NewFacility>, Unreadable> {
    read_rows(bytes, FACILITY_COLUMNS, read)
}

/// Reads a text of facilities, as [`read_facilities`] reads a file.
#[must_use]
pub fn parse_facilities_csv(text: &str) -> Parsed<NewFacility> {
    parse_rows(text, FACILITY_COLUMNS, read)
}

fn kind_of(text: &str) -> Option<FacilityKind> {
    match text {
        "隔离点" | "集中隔离点" => Some(FacilityKind::QuarantineSite),
        "医院" | "定点医院" => Some(FacilityKind::Hospital),
        "方舱" | "方舱医院" => Some(FacilityKind::Shelter),
        word => FacilityKind::from_word(&word.to_ascii_lowercase()),
    }
}

fn read(fields: &Fields<'_>) -> Result<NewFacility, Text> {
    fields.need("kind")?;
    let kind = fields.word("kind", kind_of, KINDS)?;
    let area = fields.area("area")?;
    if area.level().is_none() {
        return Err(Text::new(
            format!("{area} 不是区域代码(2、4、6、9、12 或 15 位)。"),
            format!("{area} is no area code (2, 4, 6, 9, 12 or 15 digits)."),
        ));
    }
    let name = fields.need("name")?;
    Ok(NewFacility {
        code: fields.need("code")?,
        kind: kind.ok_or_else(|| Text::new("缺少类型。", "The kind is missing."))?,
        name_en: fields.text("name_en")?.unwrap_or_else(|| name.clone()),
        name,
        area: area.unknown_grid(),
        place: fields.read("place")?.map(PlaceId),
        lon: fields.degrees("lon")?,
        lat: fields.degrees("lat")?,
        rooms: fields.need_read("rooms")?,
        beds_per_room: fields.read("beds_per_room")?.unwrap_or(1),
        ready: fields.yes("ready")?.unwrap_or(false),
    })
}
