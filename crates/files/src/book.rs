//! Spreadsheets (XLSX): visible sheets as rows of typed cells. Bounded in everything: what a small archive unpacks to is
//! counted before anything else reads it.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};

use calamine::{DataRef, Dimensions, Reader, SheetType, SheetVisible, Style, Xlsx};

use crate::table::COLUMNS_MAX;
use crate::{Cell, Number, Unreadable, unreadable};

/// Bytes that a spreadsheet may unpack to.
pub const UNPACKED_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Parts that a spreadsheet may have; a usual one has about a dozen.
const PARTS_MAX: usize = 1_000;
/// Digits of the number of texts that a spreadsheet may announce: the reader makes room for that many at once.
const ANNOUNCED_DIGITS_MAX: usize = 6;
/// Merged areas of a sheet.
const MERGED_MAX: usize = 5_000;

/// The rows of a visible sheet that hold anything, by their numbers from 1.
pub(crate) struct BookSheet {
    pub(crate) name: String,
    pub(crate) rows: Vec<(i64, Vec<Option<Cell>>)>,
    /// Where merged areas begin: row from 1, column from 0, last row.
    pub(crate) merged: Vec<(i64, usize, i64)>,
}

/// What a book holds.
pub(crate) struct Book {
    pub(crate) sheets: Vec<BookSheet>,
    /// Names of sheets that were not read, because the book hides them.
    pub(crate) hidden: Vec<String>,
}

/// Reads the visible sheets of a book.
///
/// # Errors
/// No spreadsheet, one that unpacks to more than [`UNPACKED_BYTES_MAX`], a sheet with too many rows, columns or merges.
pub(crate) fn read_book(bytes: &[u8], rows_max: usize) -> Result<Book, Unreadable> {
    weigh(bytes)?;
    // calamine adds up the names of cells without looking whether they fit. It is built so that it stops then, in every
    // profile (Cargo.toml): a cell is refused and never read as another one.
    catch_unwind(AssertUnwindSafe(|| sheets_of(bytes, rows_max))).unwrap_or_else(|_| Err(broken()))
}

pub(crate) fn broken() -> Unreadable {
    unreadable(
        "不是有效的 XLSX 文件,请用 Excel 或 WPS 另存为 .xlsx 后重试。",
        "Not a valid XLSX file; save it as .xlsx once more.",
    )
}

pub(crate) fn too_long(rows_max: usize) -> Unreadable {
    unreadable(
        format!("文件超过 {rows_max} 行,请分批导入。"),
        format!("The file has more than {rows_max} rows; import it in parts."),
    )
}

fn sheets_of(bytes: &[u8], rows_max: usize) -> Result<Book, Unreadable> {
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(|_| broken())?;
    let (mut names, mut hidden) = (Vec::new(), Vec::new());
    for sheet in book.sheets_metadata().iter().filter(|sheet| sheet.typ == SheetType::WorkSheet) {
        let into = if sheet.visible == SheetVisible::Visible { &mut names } else { &mut hidden };
        into.push(sheet.name.clone());
    }
    let mut sheets = Vec::new();
    let mut left = rows_max.saturating_add(crate::table::HEADING_WITHIN);
    for name in names {
        let mut rows = rows_of(&mut book, &name, left).map_err(|why| why.unwrap_or_else(|| too_long(rows_max)))?;
        left -= rows.len();
        let areas = book.merge_cells_by_sheet_name(&name).map_err(|_| broken())?;
        if areas.len() > MERGED_MAX {
            return Err(unreadable(
                format!("工作表“{name}”的合并单元格超过 {MERGED_MAX} 处,请取消合并后重试。"),
                format!("Sheet \"{name}\" has more than {MERGED_MAX} merged areas; unmerge them."),
            ));
        }
        let merged = hide_merged(&mut rows, &areas);
        sheets.push(BookSheet { name, rows: rows.into_iter().collect(), merged });
    }
    if sheets.is_empty() {
        return Err(broken());
    }
    Ok(Book { sheets, hidden })
}

type Rows = BTreeMap<i64, Vec<Option<Cell>>>;

/// The rows of a sheet; `Err(None)`: more than `left`.
fn rows_of(book: &mut Xlsx<Cursor<&[u8]>>, name: &str, left: usize) -> Result<Rows, Option<Unreadable>> {
    let is_1904 = book.has_1904_epoch();
    let mut reader = book.worksheet_cells_reader(name).map_err(|_| Some(broken()))?;
    let mut rows = Rows::new();
    while let Some((cell, style)) = reader.next_cell_with_style_id().map_err(|_| Some(broken()))? {
        let (row, column) = cell.get_position();
        let Some(value) = value_of(cell.get_value(), reader.styles().get(style), is_1904) else { continue };
        let column = column as usize;
        if column >= COLUMNS_MAX {
            return Err(Some(unreadable(
                format!("工作表“{name}”超过 {COLUMNS_MAX} 列,请只保留需要的列。"),
                format!("Sheet \"{name}\" has more than {COLUMNS_MAX} columns; keep those that are needed."),
            )));
        }
        let row = i64::from(row) + 1;
        if rows.len() >= left && !rows.contains_key(&row) {
            return Err(None);
        }
        let cells = rows.entry(row).or_default();
        if cells.len() <= column {
            cells.resize(column + 1, None);
        }
        // A cell twice is no spreadsheet's doing.
        if cells[column].replace(value).is_some() {
            return Err(Some(broken()));
        }
    }
    Ok(rows)
}

/// Marks the cells that merged areas hide, in rows with content; says where areas of several rows begin.
fn hide_merged(rows: &mut Rows, areas: &[Dimensions]) -> Vec<(i64, usize, i64)> {
    let mut begin = Vec::new();
    for area in areas {
        let (first, last) = (i64::from(area.start.0) + 1, i64::from(area.end.0) + 1);
        let (left, right) = (area.start.1 as usize, (area.end.1 as usize).min(COLUMNS_MAX - 1));
        if last < first || right < left {
            continue;
        }
        if last > first {
            begin.push((first, left, last));
        }
        for (row, cells) in rows.range_mut(first..=last) {
            if cells.len() <= right {
                cells.resize(right + 1, None);
            }
            for (column, cell) in cells.iter_mut().enumerate().take(right + 1).skip(left) {
                if (*row, column) != (first, left) {
                    *cell = Some(Cell::Merged);
                }
            }
        }
    }
    begin
}

fn value_of(value: &DataRef<'_>, style: Option<&Style>, is_1904: bool) -> Option<Cell> {
    let number = |value: f64| {
        let format = style.and_then(|style| style.number_format.as_ref());
        let format = format.map_or_else(|| "General".to_owned(), |format| format.format_code.clone());
        Some(Cell::Number(Box::new(Number { value, format, is_1904 })))
    };
    match value {
        DataRef::Int(whole) => Some(Cell::Text(whole.to_string())),
        DataRef::Float(value) => number(*value),
        DataRef::String(text) => Cell::of_text(text),
        DataRef::SharedString(text) => Cell::of_text(text),
        DataRef::Bool(flag) => Some(Cell::Text(flag.to_string())),
        DataRef::DateTime(moment) => {
            let (year, month, day, hour, minute, second, _) = moment.to_ymd_hms_milli();
            Some(Cell::Moment(format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")))
        }
        DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => Some(Cell::Moment(text.clone())),
        DataRef::Error(error) => Some(Cell::Error(error.to_string())),
        DataRef::Empty => None,
    }
}

/// Unpacks every part into nothing and counts: a bomb is found before anything keeps what comes out of it.
fn weigh(bytes: &[u8]) -> Result<(), Unreadable> {
    let large = || {
        let megabytes = UNPACKED_BYTES_MAX / 1024 / 1024;
        unreadable(
            format!("文件解压后超过 {megabytes} MB,已拒绝。"),
            format!("The file unpacks to more than {megabytes} MB and was refused."),
        )
    };
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|_| broken())?;
    if archive.len() > PARTS_MAX {
        return Err(large());
    }
    let mut left = UNPACKED_BYTES_MAX;
    let mut buffer = vec![0_u8; 64 * 1024];
    for index in 0..archive.len() {
        let mut part = archive.by_index(index).map_err(|_| broken())?;
        let texts = part.name().map_err(|_| broken())?.ends_with("sharedStrings.xml");
        let mut head = Vec::new();
        loop {
            let read = part.read(&mut buffer).map_err(|_| broken())?;
            if read == 0 {
                break;
            }
            left = left.checked_sub(read as u64).ok_or_else(large)?;
            if texts && head.len() < 8 * 1024 {
                head.extend_from_slice(&buffer[..read]);
            }
        }
        if texts && announces_too_much(&head) {
            return Err(large());
        }
    }
    Ok(())
}

/// Whether the part of shared texts announces more of them than can be, or hides its heading in another encoding.
pub(crate) fn announces_too_much(head: &[u8]) -> bool {
    let word = b"uniqueCount";
    let announced = head.windows(word.len()).enumerate().filter(|(_, found)| found == word).any(|(at, _)| {
        let after = &head[at + word.len()..head.len().min(at + word.len() + 80)];
        let digits = after.iter().skip_while(|byte| !byte.is_ascii_digit()).take_while(|byte| byte.is_ascii_digit());
        digits.count() > ANNOUNCED_DIGITS_MAX
    });
    announced || head.contains(&0)
}
