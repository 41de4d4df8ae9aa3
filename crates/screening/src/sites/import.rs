//! Sites from a file: one row a site, with the number of its lanes. The same key again leaves the site as it is.

use std::collections::BTreeMap;

use outpace_access::Call;
use outpace_core::{AreaId, Refusal, SiteId, Text};
use outpace_files::{Column, Unreadable};
use outpace_registry::rows::{self, Imported, Origin, RowDiffers, RowTold, told_text};
use outpace_registry::tables::{Fields, FileRows, Parsed, parse_rows, read_rows};
use outpace_registry::{RegistryError, areas, is_latitude, is_longitude};
use outpace_store::Unit;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::facts::{NewSite, SitesAdded};
use super::model::{LANES_MAX, OpenState, Site, SiteKind, SiteSpec};
use super::store;
use super::verbs::{DAY_MINUTES, grid, new_lanes};
use crate::errors::{ScreeningError, said, some_of, within};

/// Sites in one request at most.
pub const IMPORT_MAX: usize = 20_000;

/// Columns of a file of sites.
pub const SITE_COLUMNS: &[Column] = &[
    Column::needed("key", &["编号", "编码", "采样点编号"]),
    Column::needed("name", &["名称", "采样点", "采样点名称"]),
    Column::needed("area", &["区划代码", "区域代码", "村代码", "社区代码", "网格代码"]),
    Column::optional("name_en", &["英文名称", "英文名", "english name"]),
    Column::optional("kind", &["类型", "类别"]),
    Column::optional("lon", &["经度", "longitude"]),
    Column::optional("lat", &["纬度", "latitude"]),
    Column::optional("lanes", &["通道数", "通道"]),
    Column::optional("samplers", &["采样员数", "采样员"]),
    Column::optional("people_per_hour", &["每小时人数"]),
    Column::optional("opens_minute", &["开始分钟"]),
    Column::optional("closes_minute", &["结束分钟"]),
    Column::optional("open", &["开放", "是否开放", "启用"]),
];

/// The keys of the columns; those after `area` may be empty or absent.
pub const CSV_COLUMNS: &str =
    "key,name,name_en,area,kind,lon,lat,lanes,samplers,people_per_hour,opens_minute,closes_minute,open";

/// One site to be set up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SiteRow {
    /// The jurisdiction's own key, unique.
    pub key: String,
    /// Its name.
    pub name: Text,
    /// The grid it stands in (a larger area: grid not known).
    pub area: AreaId,
    /// Who it is for.
    #[serde(default = "ordinary")]
    pub kind: SiteKind,
    /// Longitude, WGS-84 degrees.
    #[serde(default)]
    #[schema(value_type = Option<outpace_core::bounds::Longitude>)]
    pub lon: Option<f64>,
    /// Latitude, WGS-84 degrees.
    #[serde(default)]
    #[schema(value_type = Option<outpace_core::bounds::Latitude>)]
    pub lat: Option<f64>,
    /// How many lanes.
    #[serde(default)]
    #[schema(value_type = outpace_core::bounds::Count)]
    pub lanes: i64,
    /// Samplers at each lane when no shift says otherwise.
    #[serde(default)]
    #[schema(value_type = outpace_core::bounds::Count)]
    pub samplers: i64,
    /// People an hour of each lane; absent: as the pack plans.
    #[serde(default)]
    #[schema(value_type = Option<outpace_core::bounds::Count>)]
    pub people_per_hour: Option<i64>,
    /// Local minute of the day at which it opens; absent: 0.
    #[serde(default)]
    #[schema(value_type = Option<outpace_core::bounds::MinuteOfDay>)]
    pub opens_minute: Option<i64>,
    /// Local minute of the day at which it closes; absent: 1,440.
    #[serde(default)]
    #[schema(value_type = Option<outpace_core::bounds::MinuteOfDay>)]
    pub closes_minute: Option<i64>,
    /// Whether it works from the start.
    #[serde(default)]
    pub open: bool,
}

fn ordinary() -> SiteKind {
    SiteKind::Ordinary
}

/// Sites to be set up.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ImportSites {
    /// The sites.
    pub sites: Vec<SiteRow>,
}

/// A CSV text with the columns [`SITE_COLUMNS`].
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ImportSitesCsv {
    /// The text.
    #[schema(max_length = 33_554_432)]
    pub csv: String,
}

/// A row that was left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BadSite {
    /// Its line in the file, or its place in the list, from 1.
    pub line: u64,
    /// What is wrong, and what would be right.
    pub reason: Text,
}

/// What became of the rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SitesImported {
    /// Sites that are new.
    pub added: i64,
    /// Sites that stood there already: the same and the different ones.
    pub known: i64,
    /// Sites that stood there with what the row says.
    #[serde(default)]
    pub same: i64,
    /// Sites that stood there and of which the row says something else; they stay as they are.
    #[serde(default)]
    pub different: Vec<RowDiffers>,
    /// The ids, by key.
    pub sites: BTreeMap<String, SiteId>,
    /// Rows that were left out.
    pub bad: Vec<BadSite>,
}

impl SitesImported {
    /// The same as counts of rows.
    #[must_use]
    pub fn counted(self) -> Imported {
        Imported {
            ids: Vec::new(),
            added: self.added,
            already: self.known,
            same: self.same,
            changed: Vec::new(),
            different: self.different,
            told: self.bad.into_iter().map(|bad| RowTold { row: bad.line, reason: bad.reason }).collect(),
        }
    }
}

fn check(unit: &mut Unit<'_>, call: &Call, row: &SiteRow) -> Result<AreaId, Refusal> {
    said("key", &row.key, 80)?;
    said("name", &row.name.zh, 80)?;
    let area = grid(row.area.without_filling())?;
    call.covers(area)?;
    if !areas::is_known_ground(unit.tx(), area)? {
        return Err(RegistryError::UnknownArea(row.area).into());
    }
    let degrees = [("lon", row.lon, is_longitude as fn(f64) -> bool), ("lat", row.lat, is_latitude)];
    for (field, value, is_right) in degrees {
        if let Some(value) = value.filter(|value| !is_right(*value)) {
            let zh = "应为 WGS-84 经度(-180 至 180)或纬度(-90 至 90);经度和纬度可能写反了。";
            let en =
                "It is a longitude (-180 to 180) or latitude (-90 to 90, WGS-84); the two may be the wrong way round.";
            return Err(RegistryError::Value { field, value: value.to_string(), zh, en }.into());
        }
    }
    within("lanes", row.lanes, 0, LANES_MAX)?;
    within("samplers", row.samplers, 0, 20)?;
    within("people_per_hour", row.people_per_hour.unwrap_or(1), 1, 1_000)?;
    within("opens_minute", row.opens_minute.unwrap_or(0), 0, DAY_MINUTES)?;
    within("closes_minute", row.closes_minute.unwrap_or(DAY_MINUTES), 0, DAY_MINUTES)?;
    Ok(area)
}

/// What is known under the key of a row.
enum Standing {
    Nothing,
    Here(Box<Site>),
    Elsewhere,
}

fn standing(unit: &mut Unit<'_>, call: &Call, key: &str) -> Result<Standing, Refusal> {
    Ok(match store::site_by_key(unit.tx(), key)? {
        None => Standing::Nothing,
        Some(site) if call.sees(site.spec.area) => Standing::Here(Box::new(site)),
        Some(_) => Standing::Elsewhere,
    })
}

/// The columns in which a row differs from the site that has its key. What it leaves out contradicts nothing.
fn differing(known: &Site, row: &SiteRow, area: AreaId) -> Vec<String> {
    let spec = &known.spec;
    let columns = [
        ("name", spec.name.zh.trim() != row.name.zh.trim()),
        ("name_en", row.name.en != row.name.zh && spec.name.en.trim() != row.name.en.trim()),
        ("area", spec.area != area),
        ("kind", spec.kind != row.kind),
        ("lon", row.lon.is_some() && spec.lon != row.lon),
        ("lat", row.lat.is_some() && spec.lat != row.lat),
        ("lanes", row.lanes != 0 && known.lanes != row.lanes),
        ("opens_minute", row.opens_minute.is_some_and(|minute| minute != spec.opens_minute)),
        ("closes_minute", row.closes_minute.is_some_and(|minute| minute != spec.closes_minute)),
        ("open", row.open && known.state != OpenState::Open),
    ];
    columns.into_iter().filter(|(_, differs)| *differs).map(|(column, _)| column.to_owned()).collect()
}

/// Sets up sites with their lanes. Rows that cannot be are reported; the others go in.
///
/// # Errors
/// An empty list, or one of more than 20,000.
pub fn import_sites(unit: &mut Unit<'_>, call: &Call, request: ImportSites) -> Result<SitesImported, Refusal> {
    import_sites_of(unit, call, request.sites, &Origin::default())
}

/// Sets up sites whose rows stand in a file, as [`import_sites`] does.
///
/// # Errors
/// As [`import_sites`].
pub fn import_sites_of(
    unit: &mut Unit<'_>,
    call: &Call,
    sites: Vec<SiteRow>,
    origin: &Origin,
) -> Result<SitesImported, Refusal> {
    some_of("sites", &sites, IMPORT_MAX)?;
    add(unit, call, sites, origin, Vec::new())
}

/// Sets up sites from a CSV text.
///
/// # Errors
/// A text that cannot be read, or without a single row that can be.
pub fn import_sites_csv(unit: &mut Unit<'_>, call: &Call, request: ImportSitesCsv) -> Result<SitesImported, Refusal> {
    let Parsed { rows, lines, bad } = parse_sites_csv(&request.csv);
    if rows.is_empty() {
        let (line, reason) = bad.into_iter().next().map_or_else(
            || (0, Text::new("文件中没有数据行。", "The file has no rows.")),
            |bad| (bad.line, bad.reason),
        );
        return Err(ScreeningError::BadFile { line, reason_zh: reason.zh, reason_en: reason.en }.into());
    }
    some_of("csv", &rows, IMPORT_MAX)?;
    let bad = bad.into_iter().map(|bad| BadSite { line: bad.line, reason: bad.reason }).collect();
    add(unit, call, rows, &Origin { lines, ..Origin::default() }, bad)
}

fn add(
    unit: &mut Unit<'_>,
    call: &Call,
    specs: Vec<SiteRow>,
    origin: &Origin,
    mut bad: Vec<BadSite>,
) -> Result<SitesImported, Refusal> {
    let planned = i64::from(call.pack().screening.lane_people_per_hour.value);
    let mut sites = BTreeMap::new();
    let mut new = Vec::new();
    let (mut same, mut different) = (0, Vec::new());
    let twice = rows::twice(&specs, |row| Some(row.key.trim().to_uppercase()), origin);
    for (index, row) in specs.into_iter().enumerate() {
        let line = origin.line(index);
        let checked = match twice.get(&index) {
            Some(lines) => {
                Err(RegistryError::KeyTwice { field: "key", value: row.key.clone(), lines: lines.clone() }.into())
            }
            None => check(unit, call, &row),
        };
        let area = match checked {
            Ok(area) => area,
            Err(refusal) if refusal.is_internal() => return Err(refusal),
            Err(refusal) => {
                bad.push(BadSite { line, reason: told_text(&refusal) });
                continue;
            }
        };
        match standing(unit, call, &row.key)? {
            Standing::Nothing => {}
            Standing::Elsewhere => {
                let text = Text::new("该编号已被其他采样点使用。", "Another site has this key.");
                bad.push(BadSite { line, reason: text });
                continue;
            }
            Standing::Here(site) => {
                match differing(&site, &row, area) {
                    fields if fields.is_empty() => same += 1,
                    fields => {
                        different.push(RowDiffers { row: line, id: site.id.0, fields, known_by: String::new() });
                    }
                }
                sites.insert(row.key, site.id);
                continue;
            }
        }
        let id = SiteId(unit.next(SiteId::COUNTER)?);
        sites.insert(row.key.clone(), id);
        let lanes = new_lanes(unit, id, 0, row.lanes, row.people_per_hour.unwrap_or(planned), row.samplers)?;
        let spec = SiteSpec {
            key: row.key,
            name: row.name,
            kind: row.kind,
            area,
            lon: row.lon,
            lat: row.lat,
            opens_minute: row.opens_minute.unwrap_or(0),
            closes_minute: row.closes_minute.unwrap_or(DAY_MINUTES),
        };
        let state = if row.open { OpenState::Open } else { OpenState::Closed };
        new.push(NewSite { site: id, spec, state, lanes });
    }
    let added = new.len() as i64;
    if !new.is_empty() {
        unit.record(SitesAdded { sites: new })?;
    }
    bad.sort_by_key(|bad| bad.line);
    let known = same + different.len() as i64;
    Ok(SitesImported { added, known, same, different, sites, bad })
}

/// Reads a file of sites, see [`SITE_COLUMNS`].
///
/// # Errors
/// What makes the whole file unreadable.
pub fn read_sites(bytes: &[u8]) -> Result<FileRows<SiteRow>, Unreadable> {
    read_rows(bytes, SITE_COLUMNS, read_row)
}

/// Reads a text of sites, as [`read_sites`] reads a file.
#[must_use]
pub fn parse_sites_csv(text: &str) -> Parsed<SiteRow> {
    parse_rows(text, SITE_COLUMNS, read_row)
}

fn kind_of(text: &str) -> Option<SiteKind> {
    match text {
        "普通" => Some(SiteKind::Ordinary),
        "发热" | "异常" | "发热及异常状态" => Some(SiteKind::Abnormal),
        word => SiteKind::parse(&word.to_ascii_lowercase()),
    }
}

fn read_row(fields: &Fields<'_>) -> Result<SiteRow, Text> {
    let name = fields.need("name")?;
    let kind = fields.word("kind", kind_of, "ordinary 普通, abnormal 发热")?;
    Ok(SiteRow {
        key: fields.need("key")?,
        name: Text::new(name.clone(), fields.text("name_en")?.unwrap_or(name)),
        area: fields.area("area")?,
        kind: kind.unwrap_or(SiteKind::Ordinary),
        lon: fields.degrees("lon")?,
        lat: fields.degrees("lat")?,
        lanes: fields.read("lanes")?.unwrap_or(0),
        samplers: fields.read("samplers")?.unwrap_or(0),
        people_per_hour: fields.read("people_per_hour")?,
        opens_minute: fields.read("opens_minute")?,
        closes_minute: fields.read("closes_minute")?,
        open: fields.yes("open")?.unwrap_or(false),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn good_rows_are_read_and_bad_rows_are_told_with_their_line() {
        let text = format!(
            "{CSV_COLUMNS}\na,徐沟一号点,Xugou 1,140121101001001,ordinary,112.5,37.5,4,1,131,420,60,1\n\
             b,,,140121101001001,,,,,,,,,\nc,三号点,,village,,,,,,,,,\nd,发热点,,140121101001,abnormal,,,1,,,,,\n"
        );
        let Parsed { rows, lines, bad } = parse_sites_csv(&text);
        let keys: Vec<(u64, &str)> = lines.iter().copied().zip(rows.iter().map(|row| row.key.as_str())).collect();
        assert_eq!(keys, [(2, "a"), (5, "d")]);
        assert_eq!(bad.iter().map(|bad| bad.line).collect::<Vec<_>>(), [3, 4]);
        assert_eq!(rows[0].people_per_hour, Some(131));
        assert_eq!(rows[1].kind, SiteKind::Abnormal);
    }

    #[test]
    fn a_site_is_open_in_the_words_of_an_office_and_other_words_are_told() {
        for (word, open) in
            [("TRUE", true), ("Yes", true), ("Y", true), ("是", true), ("1", true), ("No", false), ("", false)]
        {
            let parsed = parse_sites_csv(&format!("key,name,area,open\na,甲,140121101001,{word}\n"));
            assert_eq!(parsed.rows[0].open, open, "{word}");
        }
        let parsed = parse_sites_csv("key,name,area,open\r\na,甲,140121101001,1\r\nb,乙,140121101001,maybe\r\n");
        assert_eq!((parsed.rows.len(), parsed.bad[0].line), (1, 3));
    }
}
