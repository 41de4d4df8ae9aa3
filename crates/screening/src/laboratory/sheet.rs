//! A table from a laboratory's file: CSV text or a spreadsheet (XLSX), as rows of cells with the numbers that the reader
//! of the file sees. Bounded in everything: what a small archive unpacks to is counted before anything else reads it.

use std::io::{Cursor, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};

use base64::Engine;
use calamine::{DataRef, Reader, Xlsx};
use outpace_core::Text;

/// Rows of a file at most, the heading included.
pub const ROWS_MAX: usize = 5_001;
/// Columns that are read; further ones are left alone.
pub const COLUMNS_MAX: usize = 64;
/// Bytes that a spreadsheet may unpack to.
pub const UNPACKED_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Parts that a spreadsheet may have; a usual one has about a dozen.
const PARTS_MAX: usize = 1_000;
/// Digits of the number of texts that a spreadsheet may announce: the reader makes room for that many at once.
const ANNOUNCED_DIGITS_MAX: usize = 6;

/// One cell.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Words, without spaces around them.
    Text(String),
    /// A number.
    Number(f64),
    /// A date with its time, as written: `2022-04-14T09:30:00`.
    Moment(String),
}

impl Cell {
    /// The cell as somebody reads it in the file.
    #[must_use]
    pub fn shown(&self) -> String {
        match self {
            Self::Text(text) | Self::Moment(text) => text.chars().take(60).collect(),
            // A tube code of digits alone comes out of a spreadsheet as a number.
            Self::Number(number) => number.to_string(),
        }
    }
}

/// One row: its number in the file, from 1, and its cells; an empty cell is absent.
#[derive(Debug, Clone, PartialEq)]
pub struct SheetRow {
    /// The number of the row.
    pub row: i64,
    /// Its cells.
    pub cells: Vec<Option<Cell>>,
}

/// Why a file cannot be read at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable(pub Text);

fn unreadable(zh: impl Into<String>, en: impl Into<String>) -> Unreadable {
    Unreadable(Text::new(zh, en))
}

fn too_long() -> Unreadable {
    unreadable(
        format!("文件超过 {} 行,请分批导入。", ROWS_MAX - 1),
        format!("The file has more than {} rows; import it in parts.", ROWS_MAX - 1),
    )
}

/// The rows of a CSV text, with commas, semicolons or tabs between cells, whichever its first line has.
///
/// # Errors
/// More rows than [`ROWS_MAX`].
pub fn rows_of_csv(text: &str) -> Result<Vec<SheetRow>, Unreadable> {
    let text = text.trim_start_matches('\u{feff}');
    let heading = text.lines().next().unwrap_or_default();
    let delimiter = [b',', b';', b'\t']
        .into_iter()
        .max_by_key(|byte| (heading.bytes().filter(|found| found == byte).count(), *byte == b','));
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter.unwrap_or(b','))
        .from_reader(text.as_bytes());
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| {
            let line = error.position().map_or(0, csv::Position::line);
            unreadable(format!("第 {line} 行无法读取。"), format!("Line {line} cannot be read."))
        })?;
        let row = record.position().map_or(0, csv::Position::line) as i64;
        let cells: Vec<Option<Cell>> = record.iter().take(COLUMNS_MAX).map(text_cell).collect();
        if cells.iter().any(Option::is_some) {
            if rows.len() == ROWS_MAX {
                return Err(too_long());
            }
            rows.push(SheetRow { row, cells });
        }
    }
    Ok(rows)
}

fn text_cell(text: &str) -> Option<Cell> {
    let text = text.trim();
    (!text.is_empty()).then(|| Cell::Text(text.to_owned()))
}

/// The rows of the first sheet of a spreadsheet, which comes as base64.
///
/// # Errors
/// No base64, no spreadsheet, one that unpacks to more than [`UNPACKED_BYTES_MAX`], more rows than [`ROWS_MAX`].
pub fn rows_of_xlsx(content: &str) -> Result<Vec<SheetRow>, Unreadable> {
    let bytes = base64::engine::general_purpose::STANDARD
        .decode(content.trim())
        .map_err(|_| unreadable("xlsx 应为 base64 编码的文件内容。", "xlsx is the file's content as base64."))?;
    weigh(&bytes)?;
    // calamine adds up the names of cells without looking whether they fit. It is built so that it stops then, in every
    // profile (Cargo.toml): a cell is refused and never read as another one.
    catch_unwind(AssertUnwindSafe(|| rows_of_book(bytes))).unwrap_or_else(|_| Err(broken()))
}

fn broken() -> Unreadable {
    unreadable(
        "不是有效的 XLSX 文件,请用 Excel 或 WPS 另存为 .xlsx 后重试。",
        "Not a valid XLSX file; save it as .xlsx once more.",
    )
}

fn rows_of_book(bytes: Vec<u8>) -> Result<Vec<SheetRow>, Unreadable> {
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(|_| broken())?;
    let sheet = book.sheet_names().into_iter().next().ok_or_else(broken)?;
    let mut reader = book.worksheet_cells_reader(&sheet).map_err(|_| broken())?;
    let mut rows: Vec<SheetRow> = Vec::new();
    while let Some(cell) = reader.next_cell().map_err(|_| broken())? {
        let (row, column) = cell.get_position();
        let (Some(value), true) = (value_of(cell.get_value()), (column as usize) < COLUMNS_MAX) else { continue };
        let (row, column) = (i64::from(row) + 1, column as usize);
        if rows.last().is_none_or(|last| last.row != row) {
            if rows.len() == ROWS_MAX {
                return Err(too_long());
            }
            rows.push(SheetRow { row, cells: Vec::new() });
        }
        if let Some(last) = rows.last_mut() {
            if last.cells.len() <= column {
                last.cells.resize(column + 1, None);
            }
            last.cells[column] = Some(value);
        }
    }
    Ok(rows)
}

fn value_of(value: &DataRef<'_>) -> Option<Cell> {
    match value {
        DataRef::Int(number) => Some(Cell::Text(number.to_string())),
        DataRef::Float(number) => Some(Cell::Number(*number)),
        DataRef::String(text) => text_cell(text),
        DataRef::SharedString(text) => text_cell(text),
        DataRef::Bool(flag) => Some(Cell::Text(flag.to_string())),
        DataRef::DateTime(moment) => {
            let (year, month, day, hour, minute, second, _) = moment.to_ymd_hms_milli();
            Some(Cell::Moment(format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")))
        }
        DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => Some(Cell::Moment(text.clone())),
        // `#N/A` and its kin are no answer.
        DataRef::Error(_) | DataRef::Empty => None,
    }
}

/// Unpacks every part into nothing and counts: a bomb is found before anything keeps what comes out of it.
fn weigh(bytes: &[u8]) -> Result<(), Unreadable> {
    let broken = || unreadable("不是有效的 XLSX 文件。", "Not a valid XLSX file.");
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
fn announces_too_much(head: &[u8]) -> bool {
    let word = b"uniqueCount";
    let announced = head.windows(word.len()).enumerate().filter(|(_, found)| found == word).any(|(at, _)| {
        let after = &head[at + word.len()..head.len().min(at + word.len() + 80)];
        let digits = after.iter().skip_while(|byte| !byte.is_ascii_digit()).take_while(|byte| byte.is_ascii_digit());
        digits.count() > ANNOUNCED_DIGITS_MAX
    });
    announced || head.contains(&0)
}

#[cfg(test)]
pub(crate) mod tests {
    use std::io::Write;

    use proptest::prelude::*;

    use super::*;

    fn archive(parts: &[(&str, Vec<u8>)]) -> String {
        let mut out = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, content) in parts {
            out.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
            out.write_all(content).unwrap();
        }
        base64::engine::general_purpose::STANDARD.encode(out.finish().unwrap().into_inner())
    }

    fn parts(sheet: String) -> Vec<(&'static str, Vec<u8>)> {
        let head = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>"#;
        let types = "http://schemas.openxmlformats.org/package/2006/content-types";
        let links = "http://schemas.openxmlformats.org/package/2006/relationships";
        let office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
        let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
        let kind = "application/vnd.openxmlformats-officedocument.spreadsheetml";
        vec![
            (
                "[Content_Types].xml",
                format!(
                    r#"{head}<Types xmlns="{types}"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="{kind}.worksheet+xml"/></Types>"#
                )
                .into_bytes(),
            ),
            (
                "_rels/.rels",
                format!(
                    r#"{head}<Relationships xmlns="{links}"><Relationship Id="rId1" Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>"#
                )
                .into_bytes(),
            ),
            (
                "xl/workbook.xml",
                format!(
                    r#"{head}<workbook xmlns="{main}" xmlns:r="{office}"><sheets><sheet name="Sheet1" sheetId="1" r:id="rId1"/></sheets></workbook>"#
                )
                .into_bytes(),
            ),
            (
                "xl/_rels/workbook.xml.rels",
                format!(
                    r#"{head}<Relationships xmlns="{links}"><Relationship Id="rId1" Type="{office}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"#
                )
                .into_bytes(),
            ),
            (
                "xl/worksheets/sheet1.xml",
                format!(r#"{head}<worksheet xmlns="{main}"><sheetData>{sheet}</sheetData></worksheet>"#).into_bytes(),
            ),
        ]
    }

    /// A spreadsheet with these cells, as base64: numbers as numbers, the rest as texts.
    pub(crate) fn spreadsheet(rows: &[Vec<&str>]) -> String {
        let mut sheet = String::new();
        for (index, cells) in rows.iter().enumerate() {
            let row = index + 1;
            sheet.push_str(&format!(r#"<row r="{row}">"#));
            for (column, cell) in cells.iter().enumerate().filter(|(_, cell)| !cell.is_empty()) {
                let name = format!("{}{row}", char::from(b'A' + column as u8));
                match cell.parse::<f64>() {
                    Ok(number) => sheet.push_str(&format!(r#"<c r="{name}"><v>{number}</v></c>"#)),
                    Err(_) => {
                        let escaped = cell.replace('&', "&amp;").replace('<', "&lt;");
                        sheet.push_str(&format!(r#"<c r="{name}" t="inlineStr"><is><t>{escaped}</t></is></c>"#));
                    }
                }
            }
            sheet.push_str("</row>");
        }
        archive(&parts(sheet))
    }

    #[test]
    fn a_spreadsheet_reads_as_its_cells_with_the_numbers_of_their_rows() {
        let rows = rows_of_xlsx(&spreadsheet(&[vec!["管码", "结果"], vec![], vec!["T1", "", "28.5"]])).unwrap();
        assert_eq!(rows.iter().map(|row| row.row).collect::<Vec<_>>(), [1, 3]);
        assert_eq!(rows[1].cells, [Some(Cell::Text("T1".to_owned())), None, Some(Cell::Number(28.5))]);
    }

    #[test]
    fn a_bomb_is_refused_before_it_goes_off() {
        let mut parts = parts(String::new());
        parts.push(("xl/bomb.xml", vec![b'a'; UNPACKED_BYTES_MAX as usize + 1]));
        let bomb = archive(&parts);
        assert!(bomb.len() < 200_000, "small while it is packed: {}", bomb.len());
        let refused = rows_of_xlsx(&bomb).unwrap_err().0;
        assert!(refused.en.contains("64 MB"), "{refused:?}");
    }

    #[test]
    fn a_spreadsheet_reaches_no_file_and_grows_by_no_entity() {
        let secret = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(secret.path(), "what only this machine knows").unwrap();
        let laughs: String =
            (1..10).map(|at| format!(r#"<!ENTITY l{at} "{}">"#, format!("&l{};", at - 1).repeat(10))).collect();
        let heading = format!(
            r#"<!DOCTYPE worksheet [<!ENTITY file SYSTEM "file://{}"><!ENTITY l0 "ha">{laughs}]>"#,
            secret.path().display()
        );
        for entity in ["file", "l9"] {
            let cell = format!(r#"<row r="1"><c r="A1" t="inlineStr"><is><t>&{entity};</t></is></c></row>"#);
            let mut parts = parts(cell);
            let sheet = parts.last_mut().unwrap();
            let text =
                String::from_utf8(sheet.1.clone()).unwrap().replace("<worksheet", &format!("{heading}<worksheet"));
            sheet.1 = text.into_bytes();
            // Whether it is refused or read without the entity, nothing of what it points to comes in.
            let cells = rows_of_xlsx(&archive(&parts)).map(|rows| format!("{rows:?}")).unwrap_or_default();
            assert!(!cells.contains("only this machine") && cells.len() < 1_000, "{entity}: {cells}");
        }
    }

    #[test]
    fn a_part_that_announces_more_texts_than_can_be_is_refused() {
        for text in [r#"<sst uniqueCount="99999999999">"#, "<sst uniqueCount = '10000000'>", "\u{0}<sst>"] {
            let mut parts = parts(String::new());
            parts.push(("xl/sharedStrings.xml", text.as_bytes().to_vec()));
            assert!(rows_of_xlsx(&archive(&parts)).is_err(), "{text}");
        }
        assert!(!announces_too_much(br#"<sst count="12345678" uniqueCount="400" xmlns="http://x/2006/main">"#));
    }

    #[test]
    fn what_is_no_spreadsheet_is_refused_with_what_would_be_right() {
        for content in ["!!", "aGVsbG8=", ""] {
            let refused = rows_of_xlsx(content).unwrap_err().0;
            assert!(refused.zh.ends_with('。') && refused.en.ends_with('.'), "{refused:?}");
        }
    }

    /// Found by `make fuzz`.
    #[test]
    fn a_cell_whose_name_is_no_cells_is_refused_and_read_as_no_other() {
        for cell in ["FORKSHEETS1", "A99999999999", "AAAAAAAAAAAAAA1", "1", "字1"] {
            let sheet = format!(r#"<row r="1"><c r="{cell}"><v>28.5</v></c></row>"#);
            assert_eq!(rows_of_xlsx(&archive(&parts(sheet))), Err(broken()), "{cell}");
        }
    }

    #[test]
    fn a_file_that_is_too_long_is_refused() {
        let rows = vec![vec!["T"]; ROWS_MAX + 1];
        assert_eq!(rows_of_xlsx(&spreadsheet(&rows)), Err(too_long()));
        assert_eq!(rows_of_csv(&"T\n".repeat(ROWS_MAX + 1)), Err(too_long()));
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

        /// The same table reads the same from a spreadsheet and from a text, whatever stands between its cells.
        #[test]
        fn a_table_reads_the_same_from_both(
            table in proptest::collection::vec(proptest::collection::vec("[A-Za-z\u{9633}\u{9634}]{0,6}", 2..5), 1..12),
            delimiter in proptest::sample::select(vec![",", ";", "\t"]),
        ) {
            let mut rows: Vec<Vec<&str>> = table.iter().map(|row| row.iter().map(String::as_str).collect()).collect();
            rows.insert(0, vec!["a", "b", "c"]);
            let text = rows.iter().map(|row| row.join(delimiter)).collect::<Vec<_>>().join("\n");
            let full = |rows: Vec<SheetRow>| {
                rows.into_iter()
                    .map(|row| (row.row, row.cells.into_iter().enumerate().filter_map(|(at, cell)| Some((at, cell?))).collect()))
                    .collect::<Vec<(i64, Vec<(usize, Cell)>)>>()
            };
            prop_assert_eq!(full(rows_of_csv(&text).unwrap()), full(rows_of_xlsx(&spreadsheet(&rows)).unwrap()));
        }

        /// Whatever bytes come, they are read or refused.
        #[test]
        fn no_bytes_break_the_reader(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = rows_of_xlsx(&base64::engine::general_purpose::STANDARD.encode(&bytes));
            let _ = rows_of_csv(&String::from_utf8_lossy(&bytes));
        }
    }
}
