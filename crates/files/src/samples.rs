//! Small spreadsheets for tests: cells are written as they are wanted, with few formats.

// A sample that cannot be written is a fault of the test that wants it.
#![expect(clippy::unwrap_used, reason = "compiled for tests only")]

use std::io::{Cursor, Write};

/// A sheet of a sample.
#[derive(Debug, Clone)]
pub struct SampleSheet {
    /// Its name.
    pub name: String,
    /// Whether the book hides it.
    pub hidden: bool,
    /// The XML of its rows.
    pub rows: String,
    /// Merged areas, such as `B2:B3`.
    pub merged: Vec<String>,
}

/// A cell of a sample.
#[derive(Debug, Clone, Copy)]
pub enum SampleCell<'a> {
    /// Nothing.
    Empty,
    /// Text.
    Text(&'a str),
    /// A number as it stands in the file, with one of [`FORMATS`].
    Number(&'a str, usize),
    /// An error, such as `#N/A`.
    Error(&'a str),
}

/// Formats of numbers, by their index: general, padded, exponent, date with time, whole.
pub const FORMATS: [&str; 5] = ["General", "0000", "0E+0", "yyyy-mm-dd hh:mm", "0"];

/// The XML of rows.
#[must_use]
pub fn rows(rows: &[Vec<SampleCell<'_>>]) -> String {
    let mut sheet = String::new();
    for (index, cells) in rows.iter().enumerate() {
        let row = index + 1;
        sheet.push_str(&format!(r#"<row r="{row}">"#));
        for (column, cell) in cells.iter().enumerate() {
            let name = format!("{}{row}", char::from(b'A' + column as u8));
            match cell {
                SampleCell::Empty => {}
                SampleCell::Number(value, format) => {
                    sheet.push_str(&format!(r#"<c r="{name}" s="{format}"><v>{value}</v></c>"#));
                }
                SampleCell::Error(error) => sheet.push_str(&format!(r#"<c r="{name}" t="e"><v>{error}</v></c>"#)),
                SampleCell::Text(text) => {
                    let escaped = text.replace('&', "&amp;").replace('<', "&lt;");
                    sheet.push_str(&format!(r#"<c r="{name}" t="inlineStr"><is><t>{escaped}</t></is></c>"#));
                }
            }
        }
        sheet.push_str("</row>");
    }
    sheet
}

/// A book of one sheet with these cells: what reads as a number is a number, the rest is text.
#[must_use]
pub fn spreadsheet(table: &[Vec<&str>]) -> Vec<u8> {
    let cells: Vec<Vec<SampleCell<'_>>> =
        table.iter().map(|row| row.iter().map(|text| guessed(text)).collect()).collect();
    archive(&parts(&[sheet("Sheet1", rows(&cells))]))
}

fn guessed(text: &str) -> SampleCell<'_> {
    match (text.is_empty(), text.parse::<f64>()) {
        (true, _) => SampleCell::Empty,
        (_, Ok(_)) => SampleCell::Number(text, 0),
        _ => SampleCell::Text(text),
    }
}

/// A visible sheet without merges.
#[must_use]
pub fn sheet(name: &str, rows: String) -> SampleSheet {
    SampleSheet { name: name.to_owned(), hidden: false, rows, merged: Vec::new() }
}

/// A book.
#[must_use]
pub fn book(sheets: &[SampleSheet]) -> Vec<u8> {
    archive(&parts(sheets))
}

/// Parts as an archive.
#[must_use]
pub fn archive(parts: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut out = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in parts {
        out.start_file(name.as_str(), zip::write::SimpleFileOptions::default()).unwrap();
        out.write_all(content).unwrap();
    }
    out.finish().unwrap().into_inner()
}

/// The parts of a book; the sheets are the last ones.
#[must_use]
pub fn parts(sheets: &[SampleSheet]) -> Vec<(String, Vec<u8>)> {
    let head = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>"#;
    let types = "http://schemas.openxmlformats.org/package/2006/content-types";
    let links = "http://schemas.openxmlformats.org/package/2006/relationships";
    let office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    let kind = "application/vnd.openxmlformats-officedocument.spreadsheetml";
    let mut listed = String::new();
    let mut linked = format!(r#"<Relationship Id="rIdS" Type="{office}/styles" Target="styles.xml"/>"#);
    for (index, sheet) in sheets.iter().enumerate() {
        let (id, state) = (index + 1, if sheet.hidden { "hidden" } else { "visible" });
        listed.push_str(&format!(r#"<sheet name="{}" sheetId="{id}" state="{state}" r:id="rId{id}"/>"#, sheet.name));
        linked.push_str(&format!(
            r#"<Relationship Id="rId{id}" Type="{office}/worksheet" Target="worksheets/sheet{id}.xml"/>"#
        ));
    }
    let formats: String = FORMATS
        .iter()
        .enumerate()
        .map(|(at, code)| format!(r#"<numFmt numFmtId="{}" formatCode="{code}"/>"#, 164 + at))
        .collect();
    let used: String = (0..FORMATS.len())
        .map(|at| format!(r#"<xf numFmtId="{}" fontId="0" fillId="0" borderId="0" xfId="0"/>"#, 164 + at))
        .collect();
    let mut parts = vec![
        (
            "[Content_Types].xml".to_owned(),
            format!(
                r#"{head}<Types xmlns="{types}"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="{kind}.worksheet+xml"/></Types>"#
            ),
        ),
        (
            "_rels/.rels".to_owned(),
            format!(
                r#"{head}<Relationships xmlns="{links}"><Relationship Id="rId1" Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>"#
            ),
        ),
        (
            "xl/workbook.xml".to_owned(),
            format!(r#"{head}<workbook xmlns="{main}" xmlns:r="{office}"><sheets>{listed}</sheets></workbook>"#),
        ),
        (
            "xl/_rels/workbook.xml.rels".to_owned(),
            format!(r#"{head}<Relationships xmlns="{links}">{linked}</Relationships>"#),
        ),
        (
            "xl/styles.xml".to_owned(),
            format!(
                r#"{head}<styleSheet xmlns="{main}"><numFmts count="{count}">{formats}</numFmts><fonts count="1"><font/></fonts><fills count="1"><fill/></fills><borders count="1"><border/></borders><cellXfs count="{count}">{used}</cellXfs></styleSheet>"#,
                count = FORMATS.len()
            ),
        ),
    ];
    for (index, sheet) in sheets.iter().enumerate() {
        let merged: String = sheet.merged.iter().map(|area| format!(r#"<mergeCell ref="{area}"/>"#)).collect();
        let merged = if merged.is_empty() { merged } else { format!("<mergeCells>{merged}</mergeCells>") };
        parts.push((
            format!("xl/worksheets/sheet{}.xml", index + 1),
            format!(r#"{head}<worksheet xmlns="{main}"><sheetData>{}</sheetData>{merged}</worksheet>"#, sheet.rows),
        ));
    }
    parts.into_iter().map(|(name, text)| (name, text.into_bytes())).collect()
}
