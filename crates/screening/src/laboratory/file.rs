//! Results from a laboratory's file, CSV or XLSX: every bad cell is told with its row, its column, its value and what
//! would be right; the good rows go in. The same file read twice records nothing twice.

use std::collections::BTreeMap;

use outpace_access::{Call, Document};
use outpace_core::{LaboratoryId, Refusal, Text, Timestamp, TubeCode};
use outpace_store::{Tx, Unit};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::model::Outcome;
use super::plate::{PlateCode, WellContent};
use super::results::{Reported, ReportedResult, ResultsAnswer, record};
use super::sheet::{Cell, SheetRow, rows_of_csv, rows_of_xlsx};
use super::{plate, store};
use crate::errors::ScreeningError;

/// Genes whose Ct values have a column in the sheet to fill in.
const GENES: [&str; 3] = ["ORF1ab", "N", "E"];
/// Tubes on a sheet to fill in at most.
const SHEET_MAX: i64 = 5_000;

/// Results from a file.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ReportFile {
    /// Who tested.
    pub laboratory: LaboratoryId,
    /// The file as a text with cells between commas, semicolons or tabs.
    #[serde(default)]
    pub csv: Option<String>,
    /// Or the file as a spreadsheet, in base64.
    #[serde(default)]
    pub xlsx: Option<String>,
}

/// A cell that cannot be, and so its row was left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BadCell {
    /// The row of the file, from 1; the heading is a row as well.
    pub row: i64,
    /// The column, as its heading has it.
    pub column: String,
    /// What stands there.
    pub value: String,
    /// What is wrong, and what would be right.
    pub reason: Text,
}

/// What became of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FileAnswer {
    /// Rows of the file that hold anything, without the heading.
    pub rows: i64,
    /// What became of the good ones.
    pub good: ResultsAnswer,
    /// What is wrong with the others.
    pub bad: Vec<BadCell>,
}

/// What a column holds.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Column {
    Tube,
    Outcome,
    TestedAt,
    Plate,
    Gene(String),
}

/// A file that was read beside the writer.
pub struct Read {
    laboratory: LaboratoryId,
    told: Told,
}

/// What the rows of a file say.
#[derive(Default)]
struct Told {
    rows: i64,
    good: Vec<(i64, Reported)>,
    bad: Vec<BadCell>,
}

fn column_of(heading: &str) -> Option<Column> {
    let word = heading.trim().to_lowercase();
    let plain: String = word.chars().filter(|letter| !letter.is_whitespace() && *letter != '_').collect();
    match plain.as_str() {
        "tube" | "tubecode" | "barcode" | "管码" | "样本管码" | "采样管" | "条码" | "试管编号" => {
            Some(Column::Tube)
        }
        "outcome" | "result" | "结果" | "检测结果" => Some(Column::Outcome),
        "testedat" | "time" | "检测时间" | "检出时间" => Some(Column::TestedAt),
        "plate" | "板号" | "孔板" => Some(Column::Plate),
        _ => {
            let gene = ["ct值", "ct"].iter().find_map(|mark| word.strip_prefix(mark)).map(|rest| {
                let start = heading.trim().len() - rest.len();
                heading.trim().get(start..).unwrap_or(rest).trim_matches([' ', '_', '-', ':', '(', ')']).to_owned()
            });
            gene.filter(|gene| !gene.is_empty() && gene.len() <= 20).map(Column::Gene)
        }
    }
}

fn outcome_of(word: &str) -> Option<Outcome> {
    let lower = word.trim().to_lowercase();
    match lower.as_str() {
        "阴" | "未检出" | "-" | "neg" => Some(Outcome::Negative),
        "阳" | "检出" | "+" | "pos" => Some(Outcome::Positive),
        "灰区" | "待复核" | "±" => Some(Outcome::Inconclusive),
        other => Outcome::ALL.iter().copied().find(|outcome| outcome.word() == other || outcome.zh() == other),
    }
}

/// A moment as it is written in files: `2022-04-14 09:30`, with slashes or a T as well, seconds or none. Local time.
fn moment_of(text: &str, offset_minutes: i64) -> Option<Timestamp> {
    let (date, time) = text.trim().split_once(['T', ' '])?;
    let numbers = |text: &str, separators: &[char]| -> Option<Vec<u32>> {
        text.trim().split(separators).map(|part| part.parse().ok()).collect()
    };
    let (date, time) = (numbers(date, &['-', '/', '.'])?, numbers(time.split('.').next()?, &[':'])?);
    let ([year, month, day], [hour, minute, rest @ ..]) = (date.as_slice(), time.as_slice()) else { return None };
    let second = rest.first().copied().unwrap_or(0);
    let written = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}");
    Timestamp::parse_local(&written, offset_minutes).filter(|_| rest.len() < 2)
}

/// Reads the rows of a sheet under their heading. Pure.
fn read(rows: Vec<SheetRow>, offset_minutes: i64) -> Result<Told, Refusal> {
    let mut rows = rows.into_iter();
    let headings: Vec<(usize, String, Column)> = rows
        .next()
        .map(|heading| {
            let named = heading.cells.iter().enumerate().filter_map(|(at, cell)| Some((at, cell.as_ref()?.shown())));
            named.filter_map(|(at, name)| column_of(&name).map(|column| (at, name, column))).collect()
        })
        .unwrap_or_default();
    for (field, wanted) in [("tube", Column::Tube), ("outcome", Column::Outcome)] {
        if !headings.iter().any(|(_, _, column)| *column == wanted) {
            return Err(ScreeningError::NoColumn { column: field }.into());
        }
    }
    let mut told = Told::default();
    for row in rows {
        // A row of a sheet to fill in that nobody filled in says nothing.
        let is_filled = headings.iter().any(|(at, _, column)| {
            !matches!(column, Column::Tube | Column::Plate) && row.cells.get(*at).is_some_and(Option::is_some)
        });
        if !is_filled {
            continue;
        }
        told.rows += 1;
        let before = told.bad.len();
        let reported = read_row(&row, &headings, offset_minutes, &mut told.bad);
        if told.bad.len() == before {
            told.good.push((row.row, reported));
        }
    }
    Ok(told)
}

fn read_row(
    row: &SheetRow,
    headings: &[(usize, String, Column)],
    offset_minutes: i64,
    bad: &mut Vec<BadCell>,
) -> Reported {
    let mut result =
        ReportedResult { tube: String::new(), outcome: String::new(), ct: BTreeMap::new(), tested_at: None };
    let mut on = None;
    for (at, name, column) in headings {
        let cell = row.cells.get(*at).and_then(Option::as_ref);
        let shown = cell.map(Cell::shown).unwrap_or_default();
        let mut wrong = |zh: &str, en: &str| {
            let reason = Text::new(zh, en);
            bad.push(BadCell { row: row.row, column: name.clone(), value: shown.clone(), reason });
        };
        match column {
            Column::Tube if TubeCode(shown.clone()).is_well_formed() => result.tube = shown,
            Column::Tube => wrong(
                "管码应为 1 至 40 位字母、数字或连字符。",
                "A tube's code has 1 to 40 letters, digits or hyphens.",
            ),
            Column::Outcome => match outcome_of(&shown) {
                Some(outcome) => result.outcome = outcome.word().to_owned(),
                None => wrong(
                    "结果应为:阴性、阳性、可疑、无效。",
                    "The outcome is one of: negative, positive, inconclusive, invalid.",
                ),
            },
            Column::TestedAt => match cell.map(|_| moment_of(&shown, offset_minutes)) {
                Some(None) => wrong("时间应写作 2022-04-14 09:30。", "Write the time as 2022-04-14 09:30."),
                at => result.tested_at = at.flatten(),
            },
            Column::Plate => match cell.map(|_| PlateCode::parse(&shown)) {
                Some(None) => wrong(
                    "板号应为 1 至 40 位字母、数字或连字符。",
                    "A plate's code has 1 to 40 letters, digits or hyphens.",
                ),
                code => on = code.flatten(),
            },
            Column::Gene(gene) => match ct_of(cell) {
                Ok(None) => {}
                Ok(Some(ct)) => {
                    result.ct.insert(gene.clone(), ct);
                }
                Err(()) => wrong(
                    "Ct 值应为 0 至 60 之间的数;未检出时留空。",
                    "A Ct value is a number from 0 to 60; leave it empty where nothing was found.",
                ),
            },
        }
    }
    Reported { result, plate: on }
}

/// A Ct value; machines write "Undetermined" and the like where there is none.
fn ct_of(cell: Option<&Cell>) -> Result<Option<f64>, ()> {
    let number = match cell {
        None => return Ok(None),
        Some(Cell::Number(number)) => *number,
        Some(Cell::Text(text)) => match text.to_lowercase().as_str() {
            "undetermined" | "undet" | "noct" | "no ct" | "n/a" | "/" | "-" | "未检出" => return Ok(None),
            other => other.parse().map_err(|_| ())?,
        },
        Some(Cell::Moment(_)) => return Err(()),
    };
    if (0.0..=super::results::CT_MAX).contains(&number) { Ok(Some(number)) } else { Err(()) }
}

/// Reads the file; runs beside the writer.
///
/// # Errors
/// No file or two, one that cannot be read, a heading without tube or outcome, no row that is filled in.
pub fn read_file(_: &mut Tx<'_>, call: &Call, request: ReportFile) -> Result<Read, Refusal> {
    let rows = match (&request.csv, &request.xlsx) {
        (Some(csv), None) => rows_of_csv(csv),
        (None, Some(xlsx)) => rows_of_xlsx(xlsx),
        _ => return Err(ScreeningError::Empty { field: "csv" }.into()),
    };
    let rows = rows.map_err(|unreadable| ScreeningError::BadSheet { reason: unreadable.0 })?;
    let told = read(rows, call.offset_minutes())?;
    if told.rows == 0 {
        return Err(ScreeningError::Empty { field: "outcome" }.into());
    }
    Ok(Read { laboratory: request.laboratory, told })
}

/// Records what was read.
///
/// # Errors
/// An unknown laboratory or one outside the actor's area.
pub fn report_file(unit: &mut Unit<'_>, call: &Call, read: Read) -> Result<FileAnswer, Refusal> {
    let Read { laboratory, told: Told { rows, good, mut bad } } = read;
    let lines: Vec<i64> = good.iter().map(|(row, _)| *row).collect();
    let reported = good.into_iter().map(|(_, reported)| reported).collect();
    let mut good = record(unit, call, laboratory, reported)?;
    // What only the record could tell (a void plate) is told by the row of the file.
    for wrong in good.bad.drain(..) {
        let row = usize::try_from(wrong.row - 1).ok().and_then(|at| lines.get(at)).copied().unwrap_or(wrong.row);
        bad.push(BadCell { row, column: wrong.column, value: wrong.value, reason: wrong.reason });
    }
    bad.sort_by(|a, b| (a.row, &a.column).cmp(&(b.row, &b.column)));
    Ok(FileAnswer { rows, good, bad })
}

/// Which sheet to draw up.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SheetQuery {
    /// Of which laboratory.
    pub laboratory: LaboratoryId,
    /// The wells of this plate; absent: what waits, first first.
    #[serde(default)]
    pub plate: Option<PlateCode>,
    /// In English; else in Chinese.
    #[serde(default)]
    pub english: bool,
}

/// A sheet to fill in, as CSV: the tubes of a plate or of the queue, with the results that stand. What was filled in goes
/// back by `/api/screening/results/file`.
///
/// # Errors
/// An unknown laboratory or plate.
pub fn results_sheet(tx: &mut Tx<'_>, call: &Call, query: SheetQuery) -> Result<Document, Refusal> {
    let laboratory = query.laboratory;
    store::laboratory(tx, laboratory)?
        .filter(|known| call.sees(known.spec.area))
        .ok_or(ScreeningError::UnknownLaboratory { laboratory })?;
    let mut out = csv::WriterBuilder::new().from_writer(Vec::new());
    let heading: [&str; 4] = if query.english {
        ["tube", "outcome", "plate", "tested_at"]
    } else {
        ["管码", "结果", "板号", "检测时间"]
    };
    let genes = GENES.map(|gene| format!("Ct {gene}"));
    let mut lines: Vec<Vec<String>> = vec![heading.iter().map(|word| (*word).to_owned()).chain(genes).collect()];
    match &query.plate {
        Some(code) => {
            let known = plate::plate_of(tx, laboratory, code)?
                .ok_or_else(|| ScreeningError::UnknownPlate { plate: code.to_string() })?;
            for well in known.wells {
                if let WellContent::Tube { tube, number } = well.content {
                    lines.push(line(tx, &query, number, &tube, Some(code), call.offset_minutes())?);
                }
            }
        }
        None => {
            for row in store::queue(tx, laboratory, SHEET_MAX)? {
                lines.push(line(tx, &query, row.tube.number, &row.tube.code, None, call.offset_minutes())?);
            }
        }
    }
    for line in &lines {
        // Writing into memory cannot fail; what could not be written would be missing in the sheet, not in the record.
        out.write_record(line).map_err(|_| Refusal::internal())?;
    }
    let bytes = out.into_inner().map_err(|_| Refusal::internal())?;
    // The mark by which spreadsheets know the encoding.
    let text = format!("\u{feff}{}", String::from_utf8_lossy(&bytes));
    Ok(Document { media: "text/csv; charset=utf-8", text })
}

/// A line of the sheet: the newest result of this laboratory that was not taken back, or room for one.
fn line(
    tx: &mut Tx<'_>,
    query: &SheetQuery,
    number: i64,
    code: &TubeCode,
    on: Option<&PlateCode>,
    offset_minutes: i64,
) -> Result<Vec<String>, Refusal> {
    let results = store::results_of(tx, number, code)?;
    let known = results.into_iter().rev().find(|known| known.laboratory == query.laboratory && !known.excluded);
    let outcome = known.as_ref().map_or("", |known| match query.english {
        true => known.outcome.word(),
        false => known.outcome.zh(),
    });
    let at = known.as_ref().map(|known| known.tested_at.local(offset_minutes)).unwrap_or_default();
    let mut line = vec![code.to_string(), outcome.to_owned(), on.map(ToString::to_string).unwrap_or_default(), at];
    line.extend(GENES.map(|gene| {
        let ct = known.as_ref().and_then(|known| known.ct.get(gene));
        ct.map(ToString::to_string).unwrap_or_default()
    }));
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_are_read_in_both_languages_and_genes_by_their_names() {
        assert_eq!(column_of("管码"), Some(Column::Tube));
        assert_eq!(column_of("Tube code"), Some(Column::Tube));
        assert_eq!(column_of("tested_at"), Some(Column::TestedAt));
        assert_eq!(column_of("Ct ORF1ab"), Some(Column::Gene("ORF1ab".to_owned())));
        assert_eq!(column_of("ct_N"), Some(Column::Gene("N".to_owned())));
        assert_eq!(column_of("CT值(E)"), Some(Column::Gene("E".to_owned())));
        assert_eq!(column_of("备注"), None);
    }

    #[test]
    fn moments_are_read_as_people_write_them() {
        let expected = Timestamp::parse_local("2022-04-14T09:05:00", 480);
        for text in ["2022-04-14 09:05", "2022/4/14 9:05", "2022-04-14T09:05:00", "2022.4.14 9:05:00"] {
            assert_eq!(moment_of(text, 480), expected, "{text}");
        }
        for text in ["2022-04-31 09:05", "14 April", "2022-04-14", "2022-04-14 9", "2022-04-14 09:05:00:00"] {
            assert_eq!(moment_of(text, 480), None, "{text}");
        }
    }
}
