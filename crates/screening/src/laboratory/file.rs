//! Results from a laboratory's file, CSV or XLSX. Every row with content is counted: recorded, known already, recorded
//! against an earlier result, or told with its line and the reason. The same file read twice records nothing twice.

use std::collections::BTreeMap;

use base64::Engine;
use outpace_access::Call;
use outpace_core::{LaboratoryId, Refusal, Text, TubeCode};
use outpace_files::{Counted, Told, Unreadable, bad_rows};
use outpace_orders::{NewConflict, Subject, conflict};
use outpace_store::{Tx, Unit};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::codes::meant;
use super::results::{Bench, Reported, ReportedResult, ResultsAnswer, bench_of, record};
use super::rows::{FileRow, FileRows, read_rows, wanted};
use crate::errors::ScreeningError;

/// Results from a file. One of `csv`, `xlsx` and `file` is given.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ReportFile {
    /// Who tested.
    pub laboratory: LaboratoryId,
    /// The file as a text with cells between commas, semicolons, tabs or bars.
    #[serde(default)]
    #[schema(max_length = 33_554_432)]
    pub csv: Option<String>,
    /// Or the file as a spreadsheet, in base64.
    #[serde(default)]
    #[schema(max_length = 33_554_432)]
    pub xlsx: Option<String>,
    /// Or the bytes of either kind in base64, whatever the encoding of the text: UTF-8, UTF-16 or GB18030.
    #[serde(default)]
    #[schema(max_length = 33_554_432)]
    pub file: Option<String>,
}

/// What is wrong with a row or a cell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BadCell {
    /// The sheet of a spreadsheet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sheet: Option<String>,
    /// The row of the file as an editor shows it, from 1; the heading is a row as well; 0: the whole file.
    pub row: i64,
    /// The last row that is meant, where there are several.
    #[serde(default)]
    pub to_row: i64,
    /// Rows with content that were not recorded because of it; 0: the row was recorded without this cell, or counted
    /// by another entry.
    #[serde(default)]
    pub rows: i64,
    /// The column, as its heading has it; empty: the row.
    pub column: String,
    /// What stands there.
    pub value: String,
    /// What is wrong, and what would be right.
    pub reason: Text,
}

impl From<&Told> for BadCell {
    fn from(told: &Told) -> Self {
        Self {
            sheet: told.sheet.clone(),
            row: told.line,
            to_row: told.to_line,
            rows: told.rows,
            column: told.column.clone(),
            value: told.value.clone(),
            reason: told.reason.clone(),
        }
    }
}

/// What became of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FileAnswer {
    /// Rows of the file that say anything, without the heading.
    pub rows: i64,
    /// What became of each of them. `different`: recorded, and contradicts an earlier result.
    pub counted: Counted,
    /// The same as one line.
    pub line: Text,
    /// Rows of a sheet to fill in that nobody filled in; they are not among `rows`.
    pub unfilled: i64,
    /// What became of the good ones.
    pub good: ResultsAnswer,
    /// What is wrong with rows and cells, by row.
    pub bad: Vec<BadCell>,
    /// The rows that were kept out as CSV, with their reasons, to be corrected and sent again; empty: none.
    pub bad_rows: String,
}

/// A file that was read beside the writer.
pub struct Read {
    laboratory: LaboratoryId,
    rows: FileRows,
}

/// Reads the file; runs beside the writer.
///
/// # Errors
/// No file or several, one that cannot be read, columns that are missing or double, no row that is filled in.
pub fn read_file(_: &mut Tx<'_>, call: &Call, request: ReportFile) -> Result<Read, Refusal> {
    let unreadable = |Unreadable(reason): Unreadable| ScreeningError::BadSheet { reason };
    let decoded = |text: &String| {
        base64::engine::general_purpose::STANDARD.decode(text.trim()).map_err(|_| ScreeningError::BadSheet {
            reason: Text::new("文件内容应为 base64 编码。", "The file's content is sent as base64."),
        })
    };
    let bytes = match (&request.csv, &request.xlsx, &request.file) {
        (Some(csv), None, None) => csv.clone().into_bytes(),
        (None, Some(bytes), None) | (None, None, Some(bytes)) => decoded(bytes)?,
        _ => return Err(ScreeningError::Empty { field: "csv" }.into()),
    };
    let table = outpace_files::read(&bytes, &wanted()).map_err(unreadable)?;
    let rows = read_rows(table, call.offset_minutes());
    if rows.table.content == rows.unfilled {
        return Err(ScreeningError::Empty { field: "outcome" }.into());
    }
    Ok(Read { laboratory: request.laboratory, rows })
}

/// Records what was read.
///
/// # Errors
/// An unknown laboratory or one outside the actor's area.
pub fn report_file(unit: &mut Unit<'_>, call: &Call, read: Read) -> Result<FileAnswer, Refusal> {
    let Read { laboratory, rows: FileRows { mut table, rows, unfilled } } = read;
    let bench = bench_of(unit, call, laboratory)?;
    let mut told = std::mem::take(&mut table.told);
    let mut tubes: BTreeMap<TubeCode, Vec<FileRow>> = BTreeMap::new();
    for row in rows {
        match meant(unit.tx(), &row.tube, row.outcome)? {
            Ok(code) => tubes.entry(code).or_default().push(row),
            Err(why) => told.push(table.rows[row.at].tell("tube", why)),
        }
    }
    let (mut same, mut reported, mut at) = (0, Vec::new(), Vec::new());
    for (code, rows) in tubes {
        let lines: Vec<i64> = rows.iter().map(|row| table.rows[row.at].line).collect();
        if rows.iter().any(|row| row.outcome != rows[0].outcome) {
            let why = disagree(unit, call, &bench, &code, &rows, &lines)?;
            told.extend(rows.iter().map(|row| table.rows[row.at].tell("outcome", why.clone())));
            continue;
        }
        same += rows.len() as i64 - 1;
        if let Some(row) = rows.into_iter().next() {
            let outcome = row.outcome.word().to_owned();
            let result = ReportedResult { tube: code.0, outcome, ct: row.ct, tested_at: row.tested_at };
            reported.push((row.at, Reported { result, plate: row.plate }));
        }
    }
    // In the order of the file, as its reader sees it.
    reported.sort_by_key(|(at, _)| *at);
    let reported = reported.into_iter().map(|(row, reported)| {
        at.push(row);
        reported
    });
    let mut good = record(unit, call, &bench, reported.collect())?;
    // What only the record could tell (a void plate) is told by the row of the file.
    for wrong in good.bad.drain(..) {
        let row =
            usize::try_from(wrong.row - 1).ok().and_then(|index| at.get(index)).and_then(|at| table.rows.get(*at));
        told.extend(row.map(|row| row.tell(&wrong.column, wrong.reason)));
    }
    told.sort_by(|a, b| (&a.sheet, a.line, &a.column).cmp(&(&b.sheet, b.line, &b.column)));
    let different = good.contradicting.len() as i64;
    let counted = Counted {
        content: table.content - unfilled,
        taken: good.recorded - different,
        same: good.repeated + same,
        different,
        told: told.iter().map(|told| told.rows).sum(),
    };
    let line = counted.line().unwrap_or_else(|lost| {
        tracing::error!(laboratory = laboratory.0, "{}", lost.en);
        lost
    });
    let bad_rows = bad_rows(&table, &told);
    let bad = told.iter().map(BadCell::from).collect();
    Ok(FileAnswer { rows: counted.content, counted, line, unfilled, good, bad, bad_rows })
}

/// A tube stands in the file with different outcomes: none is recorded, and somebody asks the laboratory.
fn disagree(
    unit: &mut Unit<'_>,
    call: &Call,
    bench: &Bench,
    code: &TubeCode,
    rows: &[FileRow],
    lines: &[i64],
) -> Result<Text, Refusal> {
    let zh: Vec<String> =
        rows.iter().zip(lines).map(|(row, line)| format!("第 {line} 行{}", row.outcome.zh())).collect();
    let en: Vec<String> =
        rows.iter().zip(lines).map(|(row, line)| format!("line {line}: {}", row.outcome.word())).collect();
    let why = Text::new(
        format!("采样管 {code} 在同一文件中结果不同({}),均未录入,请向实验室核实后单独上报。", zh.join("、")),
        format!(
            "Tube {code} has different outcomes in one file ({}); none was recorded. Ask the laboratory and report it alone.",
            en.join(", ")
        ),
    );
    let new = NewConflict {
        kind: "results_disagree",
        subject: Subject::Tube(code.clone()),
        area: bench.area,
        what: why.clone(),
        seq: None,
    };
    conflict(unit, call, new)?;
    Ok(why)
}
