//! Spreadsheets: sheets, typed cells, and archives that are meant to harm.

use proptest::prelude::*;

use super::*;
use crate::book::{announces_too_much, broken};
use crate::samples::{SampleCell, SampleSheet, archive, book, parts, rows, sheet, spreadsheet};
use crate::{Cell, UNPACKED_BYTES_MAX};
use SampleCell::{Empty, Error, Number, Text};

fn head() -> Vec<SampleCell<'static>> {
    vec![Text("管码"), Text("结果"), Text("备注"), Text("检测时间")]
}

#[test]
fn cells_are_typed_and_rows_have_their_numbers() {
    let table = vec![
        head(),
        vec![],
        vec![Number("777", 1), Error("#N/A"), Number("28.5", 0), Number("44665.375", 3)],
        vec![Text("T2"), Text("阴性")],
    ];
    let read = read_it(&book(&[sheet("S", rows(&table))])).unwrap();
    let lines: Vec<i64> = read.rows.iter().map(|row| row.line).collect();
    assert_eq!(lines, [3, 4]);
    let row = &read.rows[0];
    let Some(Cell::Number(number)) = row.cell("tube") else { panic!("{row:?}") };
    assert_eq!((number.value, number.format.as_str()), (777.0, "0000"));
    assert_eq!(row.cell("outcome"), Some(&Cell::Error("#N/A".to_owned())));
    assert_eq!(row.cell("tested_at"), Some(&Cell::Moment("2022-04-14T09:00:00".to_owned())));
    assert!(row.text("outcome").unwrap_err().en.contains("#N/A") && row.text("tube").is_err());
}

#[test]
fn hidden_sheets_are_told_and_not_read_and_all_visible_ones_are() {
    let one = |name: &str, tube, hidden| SampleSheet {
        hidden,
        ..sheet(name, rows(&[vec![Text("管码"), Text("结果")], vec![Text(tube), Text("阳性")]]))
    };
    let notes = sheet("说明", rows(&[vec![Text("无关")]]));
    let read = read_it(&book(&[one("old", "T0", true), one("a", "T1", false), one("b", "T2", false), notes])).unwrap();
    assert_eq!(tubes(&read), ["T1", "T2"]);
    assert_eq!(read.rows[1].sheet.name.as_deref(), Some("b"));
    let told: Vec<Option<&str>> = read.told.iter().map(|told| told.sheet.as_deref()).collect();
    assert_eq!(told, [Some("old"), Some("说明")]);
    let half = sheet("第二页", rows(&[vec![Text("管码"), Text("结论")], vec![Text("T3"), Text("阳性")]]));
    let why = why(&book(&[one("a", "T1", false), half]));
    assert!(why.en.contains("第二页") && why.en.contains("outcome"), "{why:?}");
}

#[test]
fn merged_cells_are_no_content_of_the_rows_they_hide() {
    let table = vec![head(), vec![Text("T1"), Text("阳性")], vec![Text("T2"), Empty], vec![Empty, Text("阴性")]];
    let mut merged = sheet("S", rows(&table));
    merged.merged = vec!["B2:B3".to_owned(), "A3:A4".to_owned(), "D9:D1048576".to_owned()];
    let read = read_it(&book(&[merged])).unwrap();
    assert_eq!(read.rows.len(), 3);
    assert_eq!(read.rows[1].cell("outcome"), Some(&Cell::Merged));
    assert_eq!(read.rows[2].cell("tube"), Some(&Cell::Merged));
    let told: Vec<i64> = read.told.iter().map(|told| told.line).collect();
    assert_eq!(told, [2, 3], "{:?}", read.told);
}

#[test]
fn a_column_without_a_heading_is_told_once() {
    let table = vec![head(), vec![Text("T1"), Text("阴性"), Empty, Empty, Text("?")], vec![Text("T2"), Text("阴性")]];
    let read = read_it(&book(&[sheet("S", rows(&table))])).unwrap();
    assert_eq!((read.rows.len(), read.told.len()), (2, 1));
    assert!(read.told[0].reason.en.ends_with("not read: E."), "{:?}", read.told);
}

#[test]
fn a_bomb_is_refused_before_it_goes_off() {
    let mut parts = parts(&[sheet("S", String::new())]);
    parts.push(("xl/bomb.xml".to_owned(), vec![b'a'; UNPACKED_BYTES_MAX as usize + 1]));
    let bomb = archive(&parts);
    assert!(bomb.len() < 200_000, "small while it is packed: {}", bomb.len());
    assert!(why(&bomb).en.contains("64 MB"));
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
        let cell =
            format!(r#"{}<row r="2"><c r="A2" t="inlineStr"><is><t>&{entity};</t></is></c></row>"#, rows(&[head()]));
        let mut parts = parts(&[sheet("S", cell)]);
        let sheet = parts.last_mut().unwrap();
        let text = String::from_utf8(sheet.1.clone()).unwrap().replace("<worksheet", &format!("{heading}<worksheet"));
        sheet.1 = text.into_bytes();
        // Whether it is refused or read without the entity, nothing of what it points to comes in.
        let cells = read_it(&archive(&parts)).map(|table| format!("{:?}", table.rows)).unwrap_or_default();
        assert!(!cells.contains("only this machine") && cells.len() < 1_000, "{entity}: {cells}");
    }
}

#[test]
fn a_part_that_announces_more_texts_than_can_be_is_refused() {
    for text in [r#"<sst uniqueCount="99999999999">"#, "<sst uniqueCount = '10000000'>", "\u{0}<sst>"] {
        let mut parts = parts(&[sheet("S", rows(&[head()]))]);
        parts.push(("xl/sharedStrings.xml".to_owned(), text.as_bytes().to_vec()));
        assert!(read_it(&archive(&parts)).is_err(), "{text}");
    }
    assert!(!announces_too_much(br#"<sst count="12345678" uniqueCount="400" xmlns="http://x/2006/main">"#));
}

/// Found by `make fuzz`.
#[test]
fn a_cell_whose_name_is_no_cells_is_refused_and_read_as_no_other() {
    for cell in ["FORKSHEETS1", "A99999999999", "AAAAAAAAAAAAAA1", "1", "字1"] {
        let row = format!(r#"<row r="1"><c r="{cell}"><v>28.5</v></c></row>"#);
        assert_eq!(read_it(&book(&[sheet("S", row)])).unwrap_err(), broken(), "{cell}");
    }
}

#[test]
fn what_is_no_spreadsheet_or_too_large_is_refused() {
    assert!(why(b"PK\x03\x04 and then nothing").en.contains("XLSX"));
    let long = vec![vec!["tube", "outcome"]; 5_012];
    assert!(why(&spreadsheet(&long)).en.contains("5000 rows"));
    let wide = vec![Text("x"); 1];
    let far = rows(&[head(), wide]).replace("r=\"A2\"", "r=\"XFD2\"");
    assert!(why(&book(&[sheet("S", far)])).en.contains("columns"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// The same table reads the same from a spreadsheet and from a text, whatever stands between its cells.
    #[test]
    fn a_table_reads_the_same_from_both(
        table in proptest::collection::vec(proptest::collection::vec("[A-Za-z\u{9633}\u{9634}]{0,6}", 2..4), 1..12),
        delimiter in proptest::sample::select(vec![",", ";", "\t", "|"]),
    ) {
        let mut cells: Vec<Vec<&str>> = table.iter().map(|row| row.iter().map(String::as_str).collect()).collect();
        cells.insert(0, vec!["tube", "outcome", "note"]);
        let text = cells.iter().map(|row| row.join(delimiter)).collect::<Vec<_>>().join("\n");
        let full = |table: Result<Table, Unreadable>| {
            table.map(|table| table.rows.iter().map(|row| (row.line, row.shown().join("\u{0}").trim_end_matches('\u{0}').to_owned())).collect::<Vec<_>>())
        };
        prop_assert_eq!(full(read_it(text.as_bytes())), full(read_it(&spreadsheet(&cells))));
    }

    /// Whatever bytes come, they are read or refused.
    #[test]
    fn no_bytes_break_the_reader(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = read_it(&bytes);
        let mut packed = b"PK\x03\x04".to_vec();
        packed.extend(&bytes);
        let _ = read_it(&packed);
    }
}
