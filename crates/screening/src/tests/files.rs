//! Laboratories' files, by what must become of each row: the cases in `tests/imports` and more of their kinds.
//!
//! Each tube of a file is registered with one person, sealed and received before the file is sent.

use base64::Engine;
use outpace_core::{Refusal, Role, TubeCode};
use outpace_files::samples::{SampleCell, book, rows, sheet};
use proptest::prelude::*;

use super::way::receive;
use super::{House, actor};
use crate::laboratory::{
    FileAnswer, Outcome, ReportFile, SheetQuery, read_file, report_file, results_of, results_sheet,
};
use crate::rounds::Method;

fn send(house: &House, bytes: &[u8]) -> Result<FileAnswer, Refusal> {
    let file = Some(base64::engine::general_purpose::STANDARD.encode(bytes));
    let request = ReportFile { laboratory: house.laboratory, csv: None, xlsx: None, file };
    let read = house.ask(|tx, call| read_file(tx, call, request))?;
    let answer = house.act_as(&actor(30, Role::Laboratory), move |unit, call| report_file(unit, call, read))?;
    assert_eq!(answer.counted.missing(), 0, "{}", answer.line.en);
    assert!(answer.bad.iter().all(|bad| !bad.reason.zh.is_empty() && !bad.reason.en.is_empty()));
    Ok(answer)
}

fn case(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/tests/imports/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

/// A house whose laboratory has received these tubes, of one person each.
fn with(tubes: &[&str]) -> House {
    let house = House::small();
    let round = house.open_round(Method::Pcr);
    for (index, tube) in tubes.iter().enumerate() {
        house.tube(round, tube, &[index as i64 + 1]);
    }
    receive(&house, None, tubes, false);
    house
}

fn outcome(house: &House, tube: &str) -> Option<Outcome> {
    house.read(|tx| crate::tube(tx, &TubeCode::from(tube))).unwrap().outcome
}

const NEGATIVE: Option<Outcome> = Some(Outcome::Negative);
const POSITIVE: Option<Outcome> = Some(Outcome::Positive);

/// What must become of a case: file, tubes at the laboratory with their outcomes after it, rows recorded and kept out,
/// and a word that what was told holds.
type Case = (&'static str, &'static [(&'static str, Option<Outcome>)], i64, i64, &'static str);

const CASES: &[Case] = &[
    (
        "k01_lab_unclosed_quote.csv",
        &[("K01-0", NEGATIVE), ("K01-1", None), ("K01-2", None), ("K01-3", None), ("K01-4", None)],
        1,
        4,
        "A quote opened in line 3 is not closed; lines 3..6 were not read.",
    ),
    (
        "k02_lab_18_digits_as_number.xlsx",
        &[("140121202205010001", None), ("140121202205010000", None)],
        0,
        1,
        "more than 15 digits",
    ),
    ("k02_lab_leading_zero_by_format.xlsx", &[("0777", None), ("777", None)], 0, 1, "leading zeros"),
    ("k02_lab_exponent.xlsx", &[("100000", None), ("1E5", None)], 0, 1, "exponent"),
    ("k03_lab_hidden_first_sheet.xlsx", &[("K03-1", POSITIVE)], 1, 0, "hidden sheet \"old\" was not read"),
    (
        "k06_lab_unreadable_time.csv",
        &[("K06-1", POSITIVE), ("K06-2", POSITIVE), ("K06-3", POSITIVE), ("K06-4", NEGATIVE)],
        4,
        0,
        "Write the time as",
    ),
    ("k07_lab_error_cells.xlsx", &[("K07-1", None), ("K07-2", None), ("K07-3", NEGATIVE)], 1, 2, "#N/A"),
    ("k24_lab_capitals.csv", &[("k24-abc", POSITIVE)], 1, 0, ""),
];

#[test]
fn each_case_of_a_laboratory_file_comes_out_right() {
    for (name, tubes, recorded, told, word) in CASES {
        let codes: Vec<&str> = tubes.iter().map(|(tube, _)| *tube).collect();
        let house = with(&codes);
        let answer = send(&house, &case(name)).unwrap();
        for (tube, expected) in *tubes {
            assert_eq!(outcome(&house, tube), *expected, "{name} {tube}: {:?}", answer.bad);
        }
        assert_eq!((answer.good.recorded, answer.counted.told), (*recorded, *told), "{name}: {:?}", answer.bad);
        let said: String = answer.bad.iter().map(|bad| bad.reason.en.as_str()).collect();
        assert!(said.contains(word), "{name}: {said}");
        assert_eq!(answer.bad_rows.is_empty(), *told == 0, "{name}");
        // Sent again, it records nothing.
        let again = send(&house, &case(name)).unwrap();
        assert_eq!((again.good.recorded, again.counted.same), (0, *recorded), "{name}");
        house.assert_balanced();
        house.assert_rebuilds();
    }
}

#[test]
fn two_outcome_columns_are_refused_with_both_headings() {
    let house = with(&["K04-1", "K04-2"]);
    let refused = send(&house, &case("k04_lab_two_outcome_columns.csv")).unwrap_err();
    assert!(refused.text.zh.contains("“结果”") && refused.text.zh.contains("“检测结果”"), "{refused:?}");
    assert_eq!(outcome(&house, "K04-1"), None);
}

#[test]
fn a_tube_twice_with_different_outcomes_is_recorded_by_none_and_settled_by_a_person() {
    let house = with(&["A", "B"]);
    let before = house.open_conflicts();
    let file = "管码,结果,Ct N\nA,阳性,20\nB,阴性,\na,阴性,\nB,阴性,\n";
    let answer = send(&house, file.as_bytes()).unwrap();
    assert_eq!((outcome(&house, "A"), outcome(&house, "B")), (None, NEGATIVE));
    assert_eq!((answer.counted.taken, answer.counted.same, answer.counted.told), (1, 1, 2));
    assert!(answer.bad[0].reason.zh.contains("第 2 行阳性、第 4 行阴性"), "{:?}", answer.bad);
    assert_eq!(house.open_conflicts(), before + 1);
    send(&house, file.as_bytes()).unwrap();
    assert_eq!(house.open_conflicts(), before + 1, "the same file twice asks once");
}

#[test]
fn a_number_is_a_code_only_where_one_tube_can_be_meant() {
    use SampleCell::{Number, Text};
    let file = |value, format| {
        book(&[sheet("S", rows(&[vec![Text("管码"), Text("结果")], vec![Number(value, format), Text("阳性")]]))])
    };
    let house = with(&["140121", "0777", "5E3", "888", "0888"]);
    assert_eq!(send(&house, &file("140121", 0)).unwrap().good.recorded, 1);
    assert_eq!(outcome(&house, "140121"), POSITIVE);
    assert_eq!(send(&house, &file("140121", 4)).unwrap().counted.same, 1, "known by the same file again");
    for (value, known) in [("777", "0777 is known"), ("5000", "5E3 is known"), ("888", "0888"), ("999", "no tube has")]
    {
        let answer = send(&house, &file(value, 0)).unwrap();
        assert_eq!((answer.good.recorded, answer.counted.told), (0, 1), "{value}");
        assert!(answer.bad[0].reason.en.contains(known), "{value}: {:?}", answer.bad);
    }
    // A spreadsheet that saved its codes as CSV has done the same to them.
    let answer = send(&house, "管码,结果\n777,阳性\n".as_bytes()).unwrap();
    assert!(answer.bad[0].reason.en.contains("0777 is known"), "{:?}", answer.bad);
    assert_eq!((outcome(&house, "0777"), outcome(&house, "888")), (None, None));
}

#[test]
fn capitals_that_leave_two_tubes_are_told_with_both() {
    let house = with(&["ab-1", "AB-1", "cd-1"]);
    let answer = send(&house, "管码,结果\nAb-1,阳性\nAB-1,阴性\nCD-1,阴性\n".as_bytes()).unwrap();
    assert!(answer.bad[0].reason.en.contains("AB-1, ab-1 is known"), "{:?}", answer.bad);
    assert_eq!((outcome(&house, "ab-1"), outcome(&house, "AB-1"), outcome(&house, "cd-1")), (None, NEGATIVE, NEGATIVE));
    // A scanner that changes capitals brings no tube that nobody registered.
    let scanned = receive(&house, None, &["Cd-1"], false);
    assert_eq!((scanned.repeated, scanned.unregistered.len()), (1, 0));
}

#[test]
fn a_file_in_another_encoding_reads_as_the_same() {
    let house = with(&["A", "B"]);
    let text = "管码;结果;检测时间\r\nA;阳性;2022年4月13日 9时5分\r\nB;阴性;\r\n";
    let utf16: Vec<u8> = std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    assert_eq!(send(&house, &utf16).unwrap().good.recorded, 2);
    assert_eq!(send(&house, text.as_bytes()).unwrap().counted.same, 2);
    assert_eq!(outcome(&house, "A"), POSITIVE);
}

#[test]
fn codes_leave_a_sheet_to_fill_in_as_text() {
    let house = with(&["0777", "140121202205010001", "K-1"]);
    let query = SheetQuery { laboratory: house.laboratory, plate: None, english: true };
    let text = house.ask(|tx, call| results_sheet(tx, call, query)).unwrap().text;
    assert!(text.contains("\"=\"\"0777\"\"\",") && text.contains("=\"\"140121202205010001\"\""), "{text}");
    let filled: String = text.lines().map(|line| line.replacen(",,,", ",negative,,", 1) + "\n").collect();
    assert_eq!(send(&house, filled.as_bytes()).unwrap().good.recorded, 3);
    assert_eq!(outcome(&house, "0777"), NEGATIVE);
}

#[test]
fn a_row_with_an_unreadable_plate_keeps_its_outcome() {
    let house = with(&["A"]);
    let answer = send(&house, "管码,结果,板号,Ct N\nA,阳性,第一板!,abc\n".as_bytes()).unwrap();
    assert_eq!((answer.good.recorded, answer.bad.len(), answer.counted.told), (1, 2, 0));
    let tube = house.read(|tx| crate::tube(tx, &"A".into())).unwrap();
    let results = house.read(|tx| results_of(tx, tube.number, &tube.code));
    assert!(results[0].ct.is_empty() && results[0].plate.is_none());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    /// However a file of results is damaged, its rows add up, no tube gets an outcome that the good file does not have,
    /// and a tube without its outcome stands in the file of bad rows or among the lines that were told.
    #[test]
    fn a_damaged_file_gives_no_tube_an_outcome_that_it_does_not_have(
        outcomes in proptest::collection::vec(any::<bool>(), 2..9),
        damage in 0_usize..6,
        at in 0_usize..200,
    ) {
        let codes: Vec<String> = (0..outcomes.len()).map(|index| format!("T{index}X")).collect();
        let house = with(&codes.iter().map(String::as_str).collect::<Vec<_>>());
        let word = |positive: bool| if positive { "阳性" } else { "阴性" };
        let mut text = "管码,结果,备注\n".to_owned();
        for (index, (code, positive)) in codes.iter().zip(&outcomes).enumerate() {
            text.push_str(&format!("{code},{},\"note, {index}\"\n", word(*positive)));
        }
        let body = text.find('\n').unwrap() + 1;
        let place = (body..text.len()).filter(|at| text.is_char_boundary(*at)).nth(at).unwrap_or(body);
        match damage {
            0 => text.insert(place, '"'),
            1 => text.insert(place, ','),
            2 => text.insert(place, '\n'),
            3 => drop(text.remove(place)),
            4 => text = text.replace('\n', "\r\n"),
            _ => text = text.replacen("备注", "结果", 1),
        }
        let Ok(answer) = send(&house, text.as_bytes()) else {
            prop_assert!(damage == 5, "{text}");
            return Ok(());
        };
        for (code, positive) in codes.iter().zip(&outcomes) {
            let expected = if *positive { POSITIVE } else { NEGATIVE };
            let found = outcome(&house, code);
            prop_assert!(found.is_none() || found == expected, "{code}: {found:?}\n{text}");
            // A damaged letter of a code leaves another code, which nobody registered: kept and flagged as such.
            let told = answer.bad.iter().any(|bad| bad.rows > 0) || answer.rows > codes.len() as i64
                || answer.good.recorded + answer.counted.told == answer.rows;
            prop_assert!(found == expected || told, "{code}\n{text}\n{:?}", answer.bad);
        }
        house.assert_balanced();
    }
}
