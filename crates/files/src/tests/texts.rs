//! CSV: encodings, delimiters, lines, quotes, headings; dates and codes as they are written.

use jiff::civil::{date, time};

use super::*;
use crate::{Cell, Encoding, Moment, Number, Source, Uncertain, as_text_cell, bad_rows, csv_line, moment_of};

#[test]
fn an_unclosed_quote_tells_every_line_it_swallows() {
    let text = "管码,结果,检测时间,备注\nK1,阴性,,ok\nK2,阴性,,\"repeat swab\nK3,阳性,,\n\nK4,阳性,,\nK5,阴性,,\n";
    let table = read_it(text.as_bytes()).unwrap();
    assert_eq!((tubes(&table), table.content), (vec!["K1".to_owned()], 5));
    let told = &table.told[0];
    assert_eq!((told.line, told.to_line, told.rows), (3, 7, 4));
    assert_eq!(told.reason.en, "A quote opened in line 3 is not closed; lines 3..7 were not read.");
    assert_eq!(told.reason.zh, "第 3 行的引号未闭合,第 3 至 7 行未读取。");
}

#[test]
fn a_quote_that_closes_in_a_later_row_swallows_none() {
    for closing in ["K3,阳性,,\"ok\"", "K3,阳性,,ok\"", "K3,阳性,\"x\","] {
        let text = format!("管码,结果,检测时间,备注\nK1,阴性,,\"repeat swab\n{closing}\nK4,阳性,,\n");
        let table = read_it(text.as_bytes()).unwrap();
        assert_eq!((tubes(&table), table.content), (vec!["K4".to_owned()], 3), "{closing}");
        assert_eq!((table.told[0].line, table.told[0].to_line, table.told[0].rows), (2, 3, 2), "{closing}");
    }
}

#[test]
fn a_quoted_cell_of_several_lines_is_one_cell_and_lines_count_on() {
    for end in ["\n", "\r\n", "\r"] {
        let text = ["管码,结果,备注", "K1,阴性,\"first", "second\"\"\"", "", "K2,阳性,x", "K3,阳性"].join(end);
        let table = read_it(text.as_bytes()).unwrap();
        let lines: Vec<i64> = table.rows.iter().map(|row| row.line).collect();
        assert_eq!(lines, [2, 5, 6], "{end:?}");
        assert_eq!(table.rows[0].text("note").unwrap().unwrap(), "first\nsecond\"");
    }
}

#[test]
fn encodings_and_delimiters_read_as_the_same_table() {
    let text = "条码,检测结果,备注\nK1,阳性,测试\n";
    let (gb, _, _) = encoding_rs::GB18030.encode(text);
    let utf16 = |big: bool, mark: bool| -> Vec<u8> {
        let units = mark.then_some(0xfeff).into_iter().chain(text.encode_utf16());
        units.flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
    };
    let files = [
        (text.as_bytes().to_vec(), Encoding::Utf8),
        (format!("\u{feff}{text}").into_bytes(), Encoding::Utf8),
        (gb.into_owned(), Encoding::Gb18030),
        (utf16(true, true), Encoding::Utf16Be),
        (utf16(false, true), Encoding::Utf16Le),
        (utf16(false, false), Encoding::Utf16Le),
    ];
    for (bytes, encoding) in files {
        let table = read_it(&bytes).unwrap();
        assert_eq!(table.source, Source::Csv { encoding, delimiter: ',' });
        assert_eq!(table.rows[0].text("note").unwrap().as_deref(), Some("测试"), "{encoding:?}");
    }
    for delimiter in [";", "\t", "|"] {
        let table = read_it(text.replace(',', delimiter).as_bytes()).unwrap();
        assert_eq!(table.rows[0].text("outcome").unwrap().as_deref(), Some("阳性"), "{delimiter}");
    }
    assert_eq!(tubes(&read_it("sep=;\r\n管码;结果\r\nK1;阳性\r\n".as_bytes()).unwrap()), ["K1"]);
}

#[test]
fn a_broken_byte_in_utf8_is_told_and_not_read_as_another_encoding() {
    let mut bytes = "管码,结果,备注\nK1,阳性,测试人\nK2,阳性,甲乙\n".as_bytes().to_vec();
    let at = bytes.len() - 4;
    bytes[at] = 0xff;
    assert!(why(&bytes).en.contains("Line 3"), "{:?}", why(&bytes));
}

#[test]
fn surplus_cells_keep_their_row_out_and_trailing_delimiters_do_not() {
    let table = read_it("tube,outcome,note\nK1,阴性,a, b, c\nK2,阴性,,,,\nK3,阴性\n".as_bytes()).unwrap();
    assert_eq!(tubes(&table), ["K2", "K3"]);
    assert_eq!((table.told[0].line, table.told[0].rows), (2, 1));
    assert!(table.told[0].reason.en.starts_with("5 cells under 3 headings"), "{:?}", table.told);
}

#[test]
fn files_with_nothing_to_read_are_refused() {
    assert!(why(b"").en.contains("empty"));
    assert!(why(b"\n\n,,\n").en.contains("empty"));
    assert!(why("管码,结果\n\n".as_bytes()).en.contains("no rows"));
    assert!(why(b"\xd0\xcf\x11\xe0\xa1\xb1").en.contains(".xls"));
    let long = format!("tube,outcome\n{}", "K,阴性\n".repeat(5_001));
    assert!(why(long.as_bytes()).en.contains("5000 rows"));
}

#[test]
fn missing_columns_are_told_once_with_what_was_found() {
    let why = why("编号,姓名,备注\n1,甲,\n2,乙,\n".as_bytes());
    assert_eq!(why.zh, "缺少以下列:管码、结果;文件中的列:编号、姓名、备注。");
    assert_eq!(why.en, "These columns are missing: tube (管码), outcome (结果); found: 编号, 姓名, 备注.");
}

#[test]
fn two_columns_for_one_thing_are_refused_with_both() {
    let two = why("管码,结果,检测结果\nK1,阳性,阴性\n".as_bytes());
    assert!(two.en.contains("column C \"检测结果\"") && two.en.contains("Column B \"结果\""), "{two:?}");
    assert!(why("tube,outcome,Outcome\nK1,阳性,阴性\n".as_bytes()).zh.contains("表示同一内容"));
}

#[test]
fn headings_match_whatever_their_case_width_and_signs() {
    let text = "某实验室结果汇总\n Tube 管,x\n TUBE ,out_come*,Tested At,谁\nK1,阴性,2022-04-14,甲\n";
    let table = read_it(text.as_bytes()).unwrap();
    assert_eq!(tubes(&table), ["K1"]);
    assert!(table.rows[0].has("tested_at") && !table.rows[0].has("note"));
    let told: Vec<&str> = table.told.iter().map(|told| told.reason.en.as_str()).collect();
    assert!(told.iter().any(|told| told.contains("谁")), "{told:?}");
    assert!(told.iter().any(|told| told.contains("above the heading")), "{told:?}");
}

#[test]
fn moments_are_read_as_people_write_them() {
    let text = |text: &str| moment_of(&Cell::of_text(text).unwrap());
    let at = |offset_minutes| Some(Moment { date: date(2022, 4, 14), time: Some(time(9, 5, 0, 0)), offset_minutes });
    for same in [
        "2022-04-14 09:05",
        "2022/4/14 9:05",
        "2022-04-14T09:05:00",
        "2022.4.14 9:05:00.000",
        "20220414 9:05",
        "2022年4月14日 9时5分",
        "2022年04月14日9:05",
        "2022-04-14 09:05",
    ] {
        assert_eq!(text(same), at(None), "{same}");
    }
    assert_eq!(text("2022-04-14T09:05:00+08:00"), at(Some(480)));
    assert_eq!(text("2022-04-14T09:05:00Z"), at(Some(0)));
    let day = Some(Moment { date: date(1990, 6, 6), time: None, offset_minutes: None });
    for same in ["1990-06-06", "19900606", "1990/6/6", "1990年6月6日", "1990.6.6", "33030"] {
        assert_eq!(text(same), day, "{same}");
    }
    for wrong in [
        "01/12/2026 09:10",
        "2022-04-31 09:05",
        "14 April",
        "2022-04-14 9",
        "2022-04-14 09:05:00:00",
        "220414",
        "2022-04-260",
        "2022-04-14 25:00",
    ] {
        assert_eq!(text(wrong), None, "{wrong}");
    }
    let number = |value: f64, is_1904: bool| {
        moment_of(&Cell::Number(Box::new(Number { value, format: "General".to_owned(), is_1904 })))
    };
    assert_eq!(number(33_030.0, false), day);
    assert_eq!(number(31_568.0, true), day);
    assert_eq!(number(19_900_606.0, false), day);
    assert_eq!(number(44_665.0 + 545.0 / 1_440.0, false), at(None));
    assert_eq!(number(3.0, false), None);
}

#[test]
fn a_number_is_a_code_only_where_its_digits_are_certain() {
    let digits = |value: f64, format: &str| Number { value, format: format.to_owned(), is_1904: false }.digits();
    for format in ["General", "0", "@", "#,##0", "0.00", "0_ "] {
        assert_eq!(digits(140_121.0, format), Ok("140121".to_owned()), "{format}");
    }
    assert_eq!(digits(999_999_999_999_999.0, "0"), Ok("999999999999999".to_owned()));
    assert_eq!(digits(1.4012120220501e17, "0"), Err(Uncertain::Long));
    assert_eq!(digits(777.0, "0000"), Err(Uncertain::Padded));
    assert_eq!(digits(100_000.0, "0E+0"), Err(Uncertain::Exponent));
    assert_eq!(digits(7.0, "\"K\"0"), Err(Uncertain::Format));
    assert_eq!(digits(7.5, "General"), Err(Uncertain::NotWhole));
    let shown = |value, format: &str| Number { value, format: format.to_owned(), is_1904: false }.shown();
    assert_eq!((shown(777.0, "0000"), shown(1.4012120220501e17, "0")), ("0777".into(), "1.4012120220501E17".into()));
}

#[test]
fn codes_that_a_spreadsheet_would_change_leave_as_text_and_come_back() {
    for code in ["0777", "140121202205010001", "1E5", "3-4", "MAR-1", "TRUE", "-5", "12"] {
        let written = as_text_cell(code);
        assert_eq!(written, format!("=\"{code}\""));
        let file = format!("tube,outcome\n{}\n", csv_line([written.as_str(), "阴性"]));
        assert_eq!(tubes(&read_it(file.as_bytes()).unwrap()), [code]);
    }
    for text in ["K01-1", "阴性", "2022-04-14 09:30", "a, b", "", "Marta"] {
        assert_eq!(as_text_cell(text), text);
    }
}

#[test]
fn the_file_of_bad_rows_comes_back_corrected() {
    let text = "管码,结果,备注\nK1,阴性,\"x\nK2,阳性,y\n";
    let mut table = read_it(text.as_bytes()).unwrap();
    let back = bad_rows(&table, &table.told);
    assert_eq!(back.lines().count(), 3, "{back}");
    assert!(back.contains("K2,阳性,y") && back.contains("A quote opened in line 2"), "{back}");
    let again = read_it(back.as_bytes()).unwrap();
    assert_eq!(tubes(&again), ["K1", "K2"]);
    table.told.clear();
    assert_eq!(bad_rows(&table, &table.told), "");
    let mut one = read_it("管码,结果\n0777,阳\nK2,阴性\n".as_bytes()).unwrap();
    let told = one.rows[0].tell("outcome", outpace_core::Text::new("不识别。", "Not known."));
    one.told.push(told);
    assert!(bad_rows(&one, &one.told).ends_with("2,结果:不识别。 / Not known.,\"=\"\"0777\"\"\",阳\r\n"));
}
