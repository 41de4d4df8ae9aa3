//! A file as rows under their heading; whatever is wrong with its shape is told with lines.

use std::sync::Arc;

use outpace_core::Text;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::book::{BookSheet, read_book, too_long};
use crate::delimited::{Found, Lines, Piece};
use crate::encoding::decode;
use crate::heading::{letters, short, unread_text};
use crate::written::Moment;
use crate::{Cell, Encoding, Heading, Unreadable, Wanted, unreadable};

/// Columns of a file at most.
pub const COLUMNS_MAX: usize = 128;
/// Rows with content among which the heading is looked for: titles may stand above it.
pub(crate) const HEADING_WITHIN: usize = 10;

/// Where a table came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A text with this encoding and this sign between cells.
    Csv {
        /// Its encoding.
        encoding: Encoding,
        /// What stands between cells: `,` `;` tab or `|`.
        delimiter: char,
    },
    /// A spreadsheet.
    Xlsx,
}

/// A sheet with its headings; a CSV is one sheet without a name.
#[derive(Debug, PartialEq, Eq)]
pub struct Sheet {
    /// Its name; `None` for a CSV.
    pub name: Option<String>,
    /// Its headings, from left to right.
    pub headings: Vec<Heading>,
}

/// A row with content that has the shape of the table.
#[derive(Debug, Clone)]
pub struct Row {
    /// Its number as an editor shows it, from 1; for a CSV the line where it begins.
    pub line: i64,
    /// The sheet it stands in.
    pub sheet: Arc<Sheet>,
    pub(crate) cells: Vec<Option<Cell>>,
}

/// What is wrong with rows or cells, to be shown to whoever sent the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Told {
    /// The sheet of a spreadsheet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sheet: Option<String>,
    /// The first line it is about, from 1, as an editor shows it; 0: the whole file.
    pub line: i64,
    /// The last line.
    pub to_line: i64,
    /// Rows with content that it keeps out; 0 where only a cell was left out, or an earlier entry counts the row.
    pub rows: i64,
    /// The column as its heading has it; empty where the row is meant.
    pub column: String,
    /// What stands there.
    pub value: String,
    /// What is wrong and what would be right.
    pub reason: Text,
    /// The cells of rows that have no shape, for the file of bad rows.
    #[serde(skip)]
    pub(crate) cells: Vec<(i64, Vec<String>)>,
}

impl Told {
    /// About the file or a sheet as a whole; keeps no row out.
    #[must_use]
    pub fn of_file(sheet: Option<String>, reason: Text) -> Self {
        let (column, value, cells) = (String::new(), String::new(), Vec::new());
        Self { sheet, line: 0, to_line: 0, rows: 0, column, value, reason, cells }
    }
}

/// What a file holds.
#[derive(Debug)]
pub struct Table {
    /// Where it came from.
    pub source: Source,
    /// Its sheets; at least one.
    pub sheets: Vec<Arc<Sheet>>,
    /// Rows with content under the heading: `rows.len()` and the rows that `told` keeps out from the start.
    pub content: i64,
    /// Rows that have the shape of the table, in the order of the file.
    pub rows: Vec<Row>,
    /// What is wrong with the shape of the file; the reader adds what is wrong with the rows.
    pub told: Vec<Told>,
}

impl Table {
    /// Rows that were kept out, by what was told so far.
    #[must_use]
    pub fn kept_out(&self) -> i64 {
        self.told.iter().map(|told| told.rows).sum()
    }
}

impl Row {
    /// Whether the file has this column at all; one that it does not have says nothing about what stands.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        self.heading(key).is_some()
    }

    /// The heading of a column, if the file has it.
    #[must_use]
    pub fn heading(&self, key: &str) -> Option<&Heading> {
        self.sheet.headings.iter().find(|heading| heading.key.as_deref() == Some(key))
    }

    /// A cell by its column's key; `None`: empty, or no such column.
    #[must_use]
    pub fn cell(&self, key: &str) -> Option<&Cell> {
        self.at(self.heading(key)?.at)
    }

    /// A cell by its column, from 0.
    #[must_use]
    pub fn at(&self, column: usize) -> Option<&Cell> {
        self.cells.get(column)?.as_ref()
    }

    /// The words of a cell; `None`: empty, or no such column.
    ///
    /// # Errors
    /// Why the cell holds no words, see [`Cell::words`].
    pub fn text(&self, key: &str) -> Result<Option<String>, Text> {
        self.cell(key).map(Cell::words).transpose()
    }

    /// The moment in a cell, see [`crate::moment_of`]; `None`: empty, or no such column.
    ///
    /// # Errors
    /// What stands there is no date.
    pub fn moment(&self, key: &str) -> Result<Option<Moment>, Text> {
        let Some(cell) = self.cell(key) else { return Ok(None) };
        crate::moment_of(cell).map(Some).ok_or_else(|| {
            Text::new(
                "应写作 2022-04-14 或 2022-04-14 09:30。",
                "Write the date as 2022-04-14, with a time as 2022-04-14 09:30.",
            )
        })
    }

    /// The day in a cell; `None`: empty, or no such column.
    ///
    /// # Errors
    /// What stands there is no date.
    pub fn date(&self, key: &str) -> Result<Option<jiff::civil::Date>, Text> {
        Ok(self.moment(key)?.map(|moment| moment.date))
    }

    /// Tells that this row is kept out; `key`: because of this column, empty: because of the row.
    #[must_use]
    pub fn tell(&self, key: &str, reason: Text) -> Told {
        Told { rows: 1, ..self.tell_cell(key, reason) }
    }

    /// Tells that a cell was left out and the row taken.
    #[must_use]
    pub fn tell_cell(&self, key: &str, reason: Text) -> Told {
        let column = self.heading(key).map_or(key, |heading| &heading.name);
        let value = self.cell(key).map(Cell::shown).unwrap_or_default();
        Told {
            sheet: self.sheet.name.clone(),
            line: self.line,
            to_line: self.line,
            rows: 0,
            column: short(column),
            value: short(&value),
            reason,
            cells: Vec::new(),
        }
    }

    pub(crate) fn shown(&self) -> Vec<String> {
        self.cells.iter().map(|cell| cell.as_ref().map(Cell::shown).unwrap_or_default()).collect()
    }
}

/// Reads a file: XLSX by its first bytes, else CSV.
///
/// # Errors
/// What makes the whole file unreadable: encoding, no content, needed columns missing, two columns for one thing, bounds.
pub fn read(bytes: &[u8], wanted: &Wanted<'_>) -> Result<Table, Unreadable> {
    if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06") {
        return read_xlsx(bytes, wanted);
    }
    if bytes.starts_with(b"\xd0\xcf\x11\xe0") {
        return Err(unreadable(
            "这是旧版 .xls 文件或加密文件,请另存为 .xlsx 后重试。",
            "This is an old .xls file or an encrypted one; save it as .xlsx and try again.",
        ));
    }
    read_csv(bytes, wanted)
}

fn empty() -> Unreadable {
    unreadable("文件为空。", "The file is empty.")
}

fn heading_only() -> Unreadable {
    unreadable("文件只有表头,没有数据行。", "The file has a heading and no rows.")
}

fn too_wide() -> Unreadable {
    unreadable(
        format!("文件超过 {COLUMNS_MAX} 列,请只保留需要的列。"),
        format!("The file has more than {COLUMNS_MAX} columns; keep those that are needed."),
    )
}

/// Which of the first rows is the heading: the first with all needed columns, else the one with most known ones.
fn heading_of(rows: &[Vec<Option<Cell>>], wanted: &Wanted<'_>) -> usize {
    let headings: Vec<Vec<Heading>> = rows.iter().map(|cells| wanted.headings(cells)).collect();
    let known = |headings: &[Heading]| headings.iter().filter(|heading| heading.key.is_some()).count();
    headings.iter().position(|headings| wanted.has_all_needed(headings)).unwrap_or_else(|| {
        let best = (0..rows.len()).max_by_key(|at| (known(&headings[*at]), std::cmp::Reverse(*at)));
        best.unwrap_or(0)
    })
}

fn has_content(cells: &[Option<Cell>]) -> bool {
    cells.iter().any(|cell| !matches!(cell, None | Some(Cell::Merged)))
}

/// A table under construction.
struct Draft {
    sheets: Vec<Arc<Sheet>>,
    rows: Vec<Row>,
    told: Vec<Told>,
    content: i64,
}

impl Draft {
    fn finish(self, source: Source) -> Result<Table, Unreadable> {
        if self.content == 0 {
            return Err(heading_only());
        }
        let Self { sheets, rows, told, content } = self;
        Ok(Table { source, sheets, content, rows, told })
    }

    /// Tells once for each column without a known heading that it was not read.
    fn tell_unread(&mut self, sheet: &Sheet, unnamed: &[usize]) {
        let mut names: Vec<String> =
            sheet.headings.iter().filter(|heading| heading.key.is_none()).map(|heading| short(&heading.name)).collect();
        names.extend(unnamed.iter().map(|column| letters(*column)));
        self.told.extend(unread_text(&names).map(|reason| Told::of_file(sheet.name.clone(), reason)));
    }

    fn tell_above(&mut self, sheet: Option<&String>, first: i64, last: i64) {
        let reason = Text::new("表头以上的行未读取。", "Lines above the heading were not read.");
        self.told.push(Told { line: first, to_line: last, ..Told::of_file(sheet.cloned(), reason) });
    }
}

// --- CSV ---

/// The sign between cells that makes most known headings of the first lines; else the most frequent one.
fn delimiter_of(lines: &Lines<'_>, from: usize, wanted: &Wanted<'_>) -> u8 {
    let score = |delimiter: u8| {
        let (mut known, mut cells, mut seen, mut at) = (0, 0, 0, from);
        while at < lines.len() && seen < HEADING_WITHIN {
            let Found { last, piece, .. } = lines.piece(at, delimiter, 1);
            if let Piece::Record(record) = piece {
                let headings = wanted.headings(&record);
                known = known.max(headings.iter().filter(|heading| heading.key.is_some()).count());
                cells = if seen == 0 { record.len() } else { cells };
            }
            (seen, at) = (seen + 1, last + 1);
        }
        (known, cells)
    };
    // The first of equals: a comma.
    [b'|', b'\t', b';', b','].into_iter().max_by_key(|delimiter| score(*delimiter)).unwrap_or(b',')
}

fn read_csv(bytes: &[u8], wanted: &Wanted<'_>) -> Result<Table, Unreadable> {
    let (text, encoding) = decode(bytes)?;
    let lines = Lines::of(&text);
    // A line by which spreadsheets are told what stands between cells.
    let told = lines.line(0).strip_prefix("sep=").filter(|sign| matches!(*sign, "," | ";" | "\t" | "|"));
    let from = usize::from(told.is_some());
    let delimiter = match told.and_then(|sign| sign.bytes().next()) {
        Some(sign) => sign,
        None => delimiter_of(&lines, from, wanted),
    };
    let mut draft = Draft { sheets: Vec::new(), rows: Vec::new(), told: Vec::new(), content: 0 };
    let (sheet, next) = csv_heading(&lines, from, delimiter, wanted, &mut draft)?;
    let width = sheet.headings.last().map_or(0, |heading| heading.at + 1);
    let needed = wanted.columns.iter().filter(|column| column.needed).map(|column| column.key);
    let of_needed =
        |key: &str| sheet.headings.iter().find(|found| found.key.as_deref() == Some(key)).map(|found| found.at);
    let delimiters = needed.filter_map(of_needed).max().unwrap_or(0).max(1).min(width.saturating_sub(1));
    let mut unnamed: Vec<usize> = Vec::new();
    let mut at = next;
    while at < lines.len() {
        let Found { first, last, piece } = lines.piece(at, delimiter, delimiters);
        at = last + 1;
        match piece {
            Piece::Broken(reason) => draft.tell_broken(&lines, first, last, delimiter, reason),
            Piece::Record(cells) => draft.take(&sheet, first, last, cells, width, &mut unnamed),
        }
        if draft.content > i64::try_from(wanted.rows_max).unwrap_or(i64::MAX) {
            return Err(too_long(wanted.rows_max));
        }
    }
    draft.tell_unread(&sheet, &unnamed);
    draft.sheets.push(sheet);
    draft.finish(Source::Csv { encoding, delimiter: char::from(delimiter) })
}

/// Finds the heading; says where the rows begin.
fn csv_heading(
    lines: &Lines<'_>,
    from: usize,
    delimiter: u8,
    wanted: &Wanted<'_>,
    draft: &mut Draft,
) -> Result<(Arc<Sheet>, usize), Unreadable> {
    let (mut found, mut at) = (Vec::new(), from);
    while at < lines.len() && found.len() < HEADING_WITHIN {
        let Found { first, last, piece } = lines.piece(at, delimiter, 1);
        at = last + 1;
        match piece {
            Piece::Record(cells) if has_content(&cells) => found.push((first, last, cells)),
            Piece::Record(_) => {}
            Piece::Broken(reason) if found.is_empty() => return Err(Unreadable(reason)),
            // It stands below what may be the heading and is read again as a row.
            Piece::Broken(_) => break,
        }
    }
    let cells: Vec<Vec<Option<Cell>>> = found.iter().map(|(_, _, cells)| cells.clone()).collect();
    let index = heading_of(&cells, wanted);
    let Some((first, last, cells)) = found.into_iter().nth(index) else { return Err(empty()) };
    if cells.len() > COLUMNS_MAX {
        return Err(too_wide());
    }
    let headings = wanted.headings(&cells);
    wanted.check(&headings)?;
    if index > 0 {
        draft.tell_above(None, 1, first as i64);
    }
    Ok((Arc::new(Sheet { name: None, headings }), last + 1))
}

impl Draft {
    fn tell_broken(&mut self, lines: &Lines<'_>, first: usize, last: usize, delimiter: u8, reason: Text) {
        let full: Vec<usize> = (first..=last).filter(|line| lines.has_content(*line, delimiter)).collect();
        let raw = |line: &usize| {
            let cells =
                lines.line(*line).split(char::from(delimiter)).map(|cell| cell.trim().trim_matches('"').to_owned());
            (*line as i64 + 1, cells.collect())
        };
        let rows = full.len() as i64;
        self.content += rows;
        self.told.push(Told {
            line: first as i64 + 1,
            to_line: last as i64 + 1,
            rows,
            value: short(lines.line(first)),
            cells: full.iter().map(raw).collect(),
            ..Told::of_file(None, reason)
        });
    }

    fn take(
        &mut self,
        sheet: &Arc<Sheet>,
        first: usize,
        last: usize,
        mut cells: Vec<Option<Cell>>,
        width: usize,
        unnamed: &mut Vec<usize>,
    ) {
        if !has_content(&cells) {
            return;
        }
        self.content += 1;
        let full = cells.iter().rposition(Option::is_some).map_or(0, |at| at + 1);
        cells.truncate(full);
        let row = Row { line: first as i64 + 1, sheet: Arc::clone(sheet), cells };
        if full > width {
            let reason = Text::new(
                format!("表头有 {width} 列,该行有 {full} 个单元格;含分隔符的内容应加引号。"),
                format!("{full} cells under {width} headings; put quotes around a cell that holds the delimiter."),
            );
            let cells = vec![(row.line, row.shown())];
            self.told.push(Told { to_line: last as i64 + 1, cells, ..row.tell("", reason) });
            return;
        }
        note_unnamed(sheet, &row.cells, unnamed);
        self.rows.push(row);
    }
}

/// Notes columns without a heading that hold something.
fn note_unnamed(sheet: &Sheet, cells: &[Option<Cell>], unnamed: &mut Vec<usize>) {
    for (column, cell) in cells.iter().enumerate() {
        let full = !matches!(cell, None | Some(Cell::Merged));
        if full && !unnamed.contains(&column) && !sheet.headings.iter().any(|heading| heading.at == column) {
            unnamed.push(column);
        }
    }
}

// --- XLSX ---

fn read_xlsx(bytes: &[u8], wanted: &Wanted<'_>) -> Result<Table, Unreadable> {
    let book = read_book(bytes, wanted.rows_max)?;
    let mut draft = Draft { sheets: Vec::new(), rows: Vec::new(), told: Vec::new(), content: 0 };
    for name in book.hidden {
        let reason =
            Text::new(format!("隐藏的工作表“{name}”未读取。"), format!("The hidden sheet \"{name}\" was not read."));
        draft.told.push(Told::of_file(Some(name), reason));
    }
    let full: Vec<BookSheet> = book.sheets.into_iter().filter(|sheet| !sheet.rows.is_empty()).collect();
    let mut drawn: Vec<(BookSheet, usize, Vec<Heading>)> = Vec::new();
    for sheet in full {
        let first: Vec<Vec<Option<Cell>>> =
            sheet.rows.iter().take(HEADING_WITHIN).map(|(_, cells)| cells.clone()).collect();
        let index = heading_of(&first, wanted);
        let headings = first.get(index).map(|cells| wanted.headings(cells)).unwrap_or_default();
        drawn.push((sheet, index, headings));
    }
    if drawn.is_empty() {
        return Err(empty());
    }
    if !drawn.iter().any(|(_, _, headings)| wanted.has_all_needed(headings)) {
        let all: Vec<Heading> = drawn.into_iter().flat_map(|(_, _, headings)| headings).collect();
        // Several sheets that have all columns only together are none.
        wanted.check(&all)?;
        return Err(unreadable("没有一个工作表包含全部必需的列。", "No sheet holds all the columns that are needed."));
    }
    for (sheet, index, headings) in drawn {
        draft.take_sheet(sheet, index, headings, wanted)?;
    }
    if draft.content > i64::try_from(wanted.rows_max).unwrap_or(i64::MAX) {
        return Err(too_long(wanted.rows_max));
    }
    draft.finish(Source::Xlsx)
}

impl Draft {
    /// Reads a visible sheet. One without any needed column is told and not read; one with some of them refuses the file.
    fn take_sheet(
        &mut self,
        sheet: BookSheet,
        index: usize,
        headings: Vec<Heading>,
        wanted: &Wanted<'_>,
    ) -> Result<(), Unreadable> {
        let BookSheet { name, rows, merged } = sheet;
        let is_needed = |heading: &Heading| {
            wanted.columns.iter().any(|column| column.needed && heading.key.as_deref() == Some(column.key))
        };
        if !headings.iter().any(is_needed) {
            let reason = Text::new(
                format!("工作表“{name}”没有可识别的表头,未读取。"),
                format!("Sheet \"{name}\" has no known heading and was not read."),
            );
            self.told.push(Told::of_file(Some(name), reason));
            return Ok(());
        }
        wanted.check(&headings).map_err(|Unreadable(why)| {
            unreadable(format!("工作表“{name}”:{}", why.zh), format!("Sheet \"{name}\": {}", why.en))
        })?;
        if let (Some((first, _)), Some((last, _))) =
            (rows.first().filter(|_| index > 0), rows.get(index.wrapping_sub(1)))
        {
            self.tell_above(Some(&name), *first, *last);
        }
        let sheet = Arc::new(Sheet { name: Some(name), headings });
        let mut unnamed = Vec::new();
        for (line, cells) in rows.into_iter().skip(index + 1).filter(|(_, cells)| has_content(cells)) {
            self.content += 1;
            note_unnamed(&sheet, &cells, &mut unnamed);
            self.rows.push(Row { line, sheet: Arc::clone(&sheet), cells });
        }
        self.tell_merged(&sheet, &merged);
        self.tell_unread(&sheet, &unnamed);
        self.sheets.push(sheet);
        Ok(())
    }

    /// Tells where a merged cell was read for its first row only.
    fn tell_merged(&mut self, sheet: &Arc<Sheet>, merged: &[(i64, usize, i64)]) {
        for (line, column, last) in merged {
            let known = sheet.headings.iter().find(|heading| heading.at == *column && heading.key.is_some());
            let row = self.rows.iter().rfind(|row| row.line == *line && Arc::ptr_eq(&row.sheet, sheet));
            if let (Some(heading), Some(row)) = (known, row.filter(|row| row.at(*column).is_some())) {
                let reason = Text::new(
                    format!("第 {line} 至 {last} 行的该单元格已合并,内容只计入第 {line} 行。"),
                    format!("This cell is merged over lines {line} to {last}; it was read for line {line} only."),
                );
                let told = row.tell_cell(heading.key.as_deref().unwrap_or_default(), reason);
                self.told.push(told);
            }
        }
    }
}
