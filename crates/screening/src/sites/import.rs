//! Sites from a file: one row a site, with the number of its lanes. The same key again leaves the site as it is.

use std::collections::BTreeMap;

use outpace_access::Call;
use outpace_core::{AreaId, Refusal, SiteId, Text};
use outpace_registry::tables::is_degrees;
use outpace_store::Unit;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::facts::{NewSite, SitesAdded};
use super::model::{LANES_MAX, OpenState, SiteKind, SiteSpec};
use super::store;
use super::verbs::{DAY_MINUTES, grid, new_lanes};
use crate::errors::{ScreeningError, said, some_of, within};

/// Sites in one request at most.
pub const IMPORT_MAX: usize = 20_000;

/// The columns of the file; those after `area` may be empty or absent.
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
    pub lon: Option<f64>,
    /// Latitude, WGS-84 degrees.
    #[serde(default)]
    pub lat: Option<f64>,
    /// How many lanes.
    #[serde(default)]
    pub lanes: i64,
    /// Samplers at each lane when no shift says otherwise.
    #[serde(default)]
    pub samplers: i64,
    /// People an hour of each lane; absent: as the pack plans.
    #[serde(default)]
    pub people_per_hour: Option<i64>,
    /// Local minute of the day at which it opens; absent: 0.
    #[serde(default)]
    pub opens_minute: Option<i64>,
    /// Local minute of the day at which it closes; absent: 1,440.
    #[serde(default)]
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

/// A CSV text with the columns [`CSV_COLUMNS`].
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ImportSitesCsv {
    /// The text.
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
    /// Sites that stood there already.
    pub known: i64,
    /// The ids, by key.
    pub sites: BTreeMap<String, SiteId>,
    /// Rows that were left out.
    pub bad: Vec<BadSite>,
}

fn check(call: &Call, row: &SiteRow) -> Result<AreaId, Refusal> {
    said("key", &row.key, 80)?;
    said("name", &row.name.zh, 80)?;
    let area = grid(row.area)?;
    call.covers(area)?;
    within("lanes", row.lanes, 0, LANES_MAX)?;
    within("samplers", row.samplers, 0, 20)?;
    within("people_per_hour", row.people_per_hour.unwrap_or(1), 1, 1_000)?;
    within("opens_minute", row.opens_minute.unwrap_or(0), 0, DAY_MINUTES)?;
    within("closes_minute", row.closes_minute.unwrap_or(DAY_MINUTES), 0, DAY_MINUTES)?;
    Ok(area)
}

/// Sets up sites with their lanes. Rows that cannot be are reported; the others go in.
///
/// # Errors
/// An empty list, or one of more than 20,000.
pub fn import_sites(unit: &mut Unit<'_>, call: &Call, request: ImportSites) -> Result<SitesImported, Refusal> {
    some_of("sites", &request.sites, IMPORT_MAX)?;
    let rows = request.sites.into_iter().enumerate().map(|(index, row)| (index as u64 + 1, row)).collect();
    add(unit, call, rows, Vec::new())
}

/// Sets up sites from a CSV text.
///
/// # Errors
/// A text without a single row that can be read.
pub fn import_sites_csv(unit: &mut Unit<'_>, call: &Call, request: ImportSitesCsv) -> Result<SitesImported, Refusal> {
    let (rows, bad) = parse_sites_csv(&request.csv);
    if rows.is_empty() {
        let (line, reason) = bad.into_iter().next().map_or_else(
            || (0, Text::new("文件中没有数据行。", "The file has no rows.")),
            |bad| (bad.line, bad.reason),
        );
        return Err(ScreeningError::BadFile { line, reason_zh: reason.zh, reason_en: reason.en }.into());
    }
    some_of("csv", &rows, IMPORT_MAX)?;
    add(unit, call, rows, bad)
}

fn add(
    unit: &mut Unit<'_>,
    call: &Call,
    rows: Vec<(u64, SiteRow)>,
    mut bad: Vec<BadSite>,
) -> Result<SitesImported, Refusal> {
    let planned = i64::from(call.pack().screening.lane_people_per_hour.value);
    let mut sites = BTreeMap::new();
    let mut new = Vec::new();
    let mut known = 0;
    for (line, row) in rows {
        let area = match check(call, &row) {
            Ok(area) => area,
            Err(refusal) => {
                bad.push(BadSite { line, reason: refusal.text });
                continue;
            }
        };
        if sites.contains_key(&row.key) {
            known += 1;
            continue;
        }
        if let Some(site) = store::site_by_key(unit.tx(), &row.key)? {
            sites.insert(row.key, site.id);
            known += 1;
            continue;
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
    Ok(SitesImported { added, known, sites, bad })
}

/// Reads a CSV text; bad rows are told with their line.
#[must_use]
pub fn parse_sites_csv(text: &str) -> (Vec<(u64, SiteRow)>, Vec<BadSite>) {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(text.as_bytes());
    let columns: BTreeMap<String, usize> = match reader.headers() {
        Ok(headers) => headers.iter().enumerate().map(|(index, name)| (name.to_ascii_lowercase(), index)).collect(),
        Err(error) => return (Vec::new(), vec![unreadable(0, &error)]),
    };
    let (mut rows, mut bad) = (Vec::new(), Vec::new());
    for record in reader.records() {
        match record {
            Ok(record) => {
                let line = record.position().map_or(0, csv::Position::line);
                match read_row(&Columns { columns: &columns, record: &record }) {
                    Ok(row) => rows.push((line, row)),
                    Err(reason) => bad.push(BadSite { line, reason }),
                }
            }
            Err(error) => bad.push(unreadable(error.position().map_or(0, csv::Position::line), &error)),
        }
    }
    (rows, bad)
}

fn unreadable(line: u64, error: &csv::Error) -> BadSite {
    BadSite {
        line, reason: Text::new(format!("无法读取该行:{error}。"), format!("The row cannot be read: {error}."))
    }
}

struct Columns<'a> {
    columns: &'a BTreeMap<String, usize>,
    record: &'a csv::StringRecord,
}

impl Columns<'_> {
    fn text(&self, column: &str) -> Option<&str> {
        self.record.get(*self.columns.get(column)?).filter(|text| !text.is_empty())
    }

    fn need(&self, column: &str) -> Result<&str, Text> {
        self.text(column)
            .ok_or_else(|| Text::new(format!("{column} 列为空。"), format!("The column {column} is empty.")))
    }

    fn number<T: std::str::FromStr>(&self, column: &str) -> Result<Option<T>, Text> {
        let read = |text: &str| text.parse().map_err(|_| not_a(column, text, "数字", "number"));
        self.text(column).map(read).transpose()
    }
}

/// A column with degrees on the earth. `NaN` and `inf` read as numbers and stand in no fact.
fn degrees(row: &Columns<'_>, column: &str) -> Result<Option<f64>, Text> {
    match (row.number(column)?, row.text(column)) {
        (Some(degrees), Some(text)) if !is_degrees(degrees) => {
            Err(not_a(column, text, "-180 至 180 之间的度数", "number of degrees from -180 to 180"))
        }
        (degrees, _) => Ok(degrees),
    }
}

fn not_a(column: &str, text: &str, zh: &str, en: &str) -> Text {
    Text::new(format!("{column} 列的“{text}”不是{zh}。"), format!("The column {column} holds {text:?}, not a {en}."))
}

fn read_row(row: &Columns<'_>) -> Result<SiteRow, Text> {
    let name = row.need("name")?;
    let area = row.need("area")?;
    let kind = row.text("kind").unwrap_or("ordinary");
    Ok(SiteRow {
        key: row.need("key")?.to_owned(),
        name: Text::new(name, row.text("name_en").unwrap_or(name)),
        area: area.parse().map(AreaId).map_err(|_| not_a("area", area, "区划代码", "area code"))?,
        kind: SiteKind::parse(kind)
            .ok_or_else(|| not_a("kind", kind, "ordinary 或 abnormal", "kind: ordinary, abnormal"))?,
        lon: degrees(row, "lon")?,
        lat: degrees(row, "lat")?,
        lanes: row.number("lanes")?.unwrap_or(0),
        samplers: row.number("samplers")?.unwrap_or(0),
        people_per_hour: row.number("people_per_hour")?,
        opens_minute: row.number("opens_minute")?,
        closes_minute: row.number("closes_minute")?,
        open: matches!(row.text("open"), Some("1" | "true" | "yes" | "是")),
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
        let (rows, bad) = parse_sites_csv(&text);
        assert_eq!(rows.iter().map(|(line, row)| (*line, row.key.as_str())).collect::<Vec<_>>(), [(2, "a"), (5, "d")]);
        assert_eq!(bad.iter().map(|bad| bad.line).collect::<Vec<_>>(), [3, 4]);
        assert_eq!(rows[0].1.people_per_hour, Some(131));
        assert_eq!(rows[1].1.kind, SiteKind::Abnormal);
    }
}
