//! A laboratory's results as a spreadsheet: bounded in rows, columns and memory. The first character says what the rest is: the
//! whole archive, or one of its parts in an archive that is otherwise right, so that checksums keep nobody out.
#![no_main]

use std::io::{Cursor, Write};

use base64::Engine;
use libfuzzer_sys::fuzz_target;
use outpace_screening::laboratory::sheet::{COLUMNS_MAX, ROWS_MAX, rows_of_xlsx};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

const LINKS: &str = "http://schemas.openxmlformats.org/package/2006/relationships";
const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const KIND: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml";

/// Every part of a small spreadsheet, with the letter by which an input takes its place.
fn parts() -> [(char, &'static str, String); 6] {
    let link = |id: u8, kind: &str, target: &str| {
        format!(r#"<Relationship Id="rId{id}" Type="{OFFICE}/{kind}" Target="{target}"/>"#)
    };
    let links = |inner: String| format!(r#"<Relationships xmlns="{LINKS}">{inner}</Relationships>"#);
    let types = "http://schemas.openxmlformats.org/package/2006/content-types";
    [
        (
            'c',
            "[Content_Types].xml",
            format!(
                r#"<Types xmlns="{types}"><Override PartName="/xl/workbook.xml" ContentType="{KIND}.sheet.main+xml"/></Types>"#
            ),
        ),
        ('l', "_rels/.rels", links(link(1, "officeDocument", "xl/workbook.xml"))),
        (
            'b',
            "xl/workbook.xml",
            format!(
                r#"<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets><sheet name="S" sheetId="1" r:id="rId1"/></sheets></workbook>"#
            ),
        ),
        (
            'r',
            "xl/_rels/workbook.xml.rels",
            links(link(1, "worksheet", "worksheets/sheet1.xml") + &link(2, "sharedStrings", "sharedStrings.xml")),
        ),
        ('t', "xl/sharedStrings.xml", format!(r#"<sst xmlns="{MAIN}"><si><t>outcome</t></si></sst>"#)),
        (
            's',
            "xl/worksheets/sheet1.xml",
            format!(
                r#"<worksheet xmlns="{MAIN}"><sheetData><row r="1"><c r="A1" t="s"><v>0</v></c></row></sheetData></worksheet>"#
            ),
        ),
    ]
}

fn archive(which: char, content: &[u8]) -> Vec<u8> {
    let mut out = ZipWriter::new(Cursor::new(Vec::new()));
    let stored = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (letter, name, right) in parts() {
        out.start_file(name, stored).unwrap();
        out.write_all(if letter == which { content } else { right.as_bytes() }).unwrap();
    }
    out.finish().unwrap().into_inner()
}

/// What stops calamine is caught where it is called and refused; whatever stops us is a finding.
fn catch_calamine() {
    let finding = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !panic.location().is_some_and(|at| at.file().contains("/calamine-")) {
            finding(panic);
        }
    }));
}

fuzz_target!(init: catch_calamine(), |bytes: &[u8]| {
    let Some((which, content)) = bytes.split_first() else { return };
    let archive = if *which == b'P' { bytes.to_vec() } else { archive(char::from(*which), content) };
    let content = base64::engine::general_purpose::STANDARD.encode(archive);
    if let Ok(rows) = rows_of_xlsx(&content) {
        assert!(rows.len() <= ROWS_MAX && rows.iter().all(|row| row.cells.len() <= COLUMNS_MAX));
    }
});
