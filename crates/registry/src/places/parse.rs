//! Reading places and vehicles from an office's file. Pure.

use outpace_core::Text;
use outpace_files::{Column, Unreadable};

use super::classes::class_of;
use super::facts::{ImportedPlace, ImportedVehicle};
use super::model::VehicleKind;
use crate::tables::{Fields, FileRows, Parsed, parse_rows, read_rows};

/// Columns of a file of places.
pub const PLACE_COLUMNS: &[Column] = &[
    Column::optional("reference", &["编号", "场所编号"]),
    Column::needed("class", &["场所类别", "类别"]),
    Column::needed("name", &["名称", "场所名称"]),
    Column::needed("area", &["区划代码", "区域代码", "村代码", "社区代码", "网格代码", "网格"]),
    Column::optional("name_en", &["英文名称", "英文名", "english name"]),
    Column::optional("lon", &["经度", "longitude"]),
    Column::optional("lat", &["纬度", "latitude"]),
    Column::optional("part_of", &["所属场所编号", "上级场所编号"]),
    Column::optional("staff", &["人数", "员工数", "从业人数"]),
];

/// Columns of a file of vehicles.
pub const VEHICLE_COLUMNS: &[Column] = &[
    Column::optional("reference", &["编号", "车辆编号"]),
    Column::needed("kind", &["车辆类型", "类型", "用途"]),
    Column::needed("plate", &["车牌", "车牌号", "号牌", "车牌号码"]),
    Column::optional("name", &["名称", "线路"]),
    Column::optional("name_en", &["英文名称", "英文名", "english name"]),
    Column::optional("seats", &["座位数", "座位", "核载人数"]),
    Column::optional("drivers", &["驾驶员数", "司机数"]),
    Column::optional("sealed", &["密闭", "车窗密闭"]),
];

/// Reads a file of places, see [`PLACE_COLUMNS`]. `part_of` is a reference.
///
/// # Errors
/// What makes the whole file unreadable.
pub fn read_places(bytes: &[u8]) -> Result<FileRows<ImportedPlace>, Unreadable> {
    read_rows(bytes, PLACE_COLUMNS, read_place)
}

/// Reads a text of places, as [`read_places`] reads a file.
#[must_use]
pub fn parse_places_csv(text: &str) -> Parsed<ImportedPlace> {
    parse_rows(text, PLACE_COLUMNS, read_place)
}

fn read_place(fields: &Fields<'_>) -> Result<ImportedPlace, Text> {
    let class = fields.need("class")?;
    Ok(ImportedPlace {
        reference: fields.read("reference")?,
        class: class_of(&class).map_or(class, str::to_owned),
        name: fields.need("name")?,
        name_en: fields.text("name_en")?.unwrap_or_default(),
        area: fields.area("area")?,
        lon: fields.degrees("lon")?,
        lat: fields.degrees("lat")?,
        part_of: fields.read("part_of")?,
        staff: fields.read("staff")?.unwrap_or(0),
    })
}

/// Reads a file of vehicles, see [`VEHICLE_COLUMNS`].
///
/// # Errors
/// What makes the whole file unreadable.
pub fn read_vehicles(bytes: &[u8]) -> Result<FileRows<ImportedVehicle>, Unreadable> {
    read_rows(bytes, VEHICLE_COLUMNS, read_vehicle)
}

/// Reads a text of vehicles, as [`read_vehicles`] reads a file.
#[must_use]
pub fn parse_vehicles_csv(text: &str) -> Parsed<ImportedVehicle> {
    parse_rows(text, VEHICLE_COLUMNS, read_vehicle)
}

fn kind_of(text: &str) -> Option<VehicleKind> {
    match text {
        "客车" | "大巴" | "转运车" => Some(VehicleKind::Bus),
        "公交" | "公交车" | "班车" | "校车" => Some(VehicleKind::LineBus),
        "救护车" => Some(VehicleKind::Ambulance),
        "货车" => Some(VehicleKind::Truck),
        "送样车" => Some(VehicleKind::Courier),
        word => VehicleKind::from_word(&word.to_ascii_lowercase()),
    }
}

fn read_vehicle(fields: &Fields<'_>) -> Result<ImportedVehicle, Text> {
    fields.need("kind")?;
    let kind = fields.word("kind", kind_of, &VehicleKind::all_words())?;
    Ok(ImportedVehicle {
        reference: fields.read("reference")?,
        kind: kind.ok_or_else(|| Text::new("缺少车辆类别。", "The kind is missing."))?,
        plate: fields.need("plate")?,
        name: fields.text("name")?.unwrap_or_default(),
        name_en: fields.text("name_en")?.unwrap_or_default(),
        seats: fields.read("seats")?.unwrap_or(0),
        drivers: fields.read("drivers")?.unwrap_or(0),
        sealed: fields.yes("sealed")?.unwrap_or(false),
    })
}
