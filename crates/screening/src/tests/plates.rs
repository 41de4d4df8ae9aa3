//! Plates, files of results, and taking results back with one signature or two.

use std::sync::Arc;

use outpace_core::{LaboratoryId, Refusal, Role, TubeCode};
use proptest::prelude::*;

use super::way::report;
use super::{House, actor};
use crate::laboratory::sheet::tests::spreadsheet;
use crate::laboratory::{
    Control, ExcludeResults, Excluded, ExclusionReason, FileAnswer, LoadPlate, LoadWell, Outcome, PlateCode,
    PlateLoaded, ReportFile, SheetQuery, SignExclusion, VoidPlate, exclude_results, list_exclusions, load_plate,
    read_file, report_file, results_of, results_sheet, sign_exclusion, void_plate,
};
use crate::rounds::Method;
use crate::tubes::Stage;

fn plate(code: &str) -> PlateCode {
    PlateCode(code.to_owned())
}

fn load(house: &House, code: &str, wells: &[(&str, &str)]) -> Result<PlateLoaded, Refusal> {
    let well = |(position, tube): &(&str, &str)| LoadWell {
        position: (*position).to_owned(),
        tube: (*tube != "NC").then(|| (*tube).to_owned()),
        control: (*tube == "NC").then_some(Control::Negative),
    };
    let wells = wells.iter().map(well).collect();
    let request = LoadPlate { laboratory: house.laboratory, plate: plate(code), wells, occurred_at: None };
    house.act_as(&actor(30, Role::Laboratory), move |unit, call| load_plate(unit, call, request))
}

fn void(house: &House, code: &str, signer: i64) -> Result<Excluded, Refusal> {
    let request = VoidPlate {
        laboratory: house.laboratory,
        plate: plate(code),
        finding: "阴性对照扩增 / negative control amplified".to_owned(),
        occurred_at: None,
    };
    house.act_as(&actor(signer, Role::Laboratory), move |unit, call| void_plate(unit, call, request))
}

fn import(house: &House, csv: Option<String>, xlsx: Option<String>) -> Result<FileAnswer, Refusal> {
    let request = ReportFile { laboratory: house.laboratory, csv, xlsx };
    let read = house.ask(|tx, call| read_file(tx, call, request))?;
    house.act_as(&actor(30, Role::Laboratory), move |unit, call| report_file(unit, call, read))
}

fn outcome(house: &House, tube: &str) -> Option<Outcome> {
    house.read(|tx| crate::tube(tx, &TubeCode::from(tube))).unwrap().outcome
}

/// As a profile that asks for two signatures.
fn with_two_signatures() -> House {
    let mut house = House::small();
    let mut rules = (*house.rules).clone();
    rules.profile.two_persons_for_exclusion = true;
    house.rules = Arc::new(rules);
    house
}

#[test]
fn a_void_plate_takes_back_what_was_read_off_it_and_nothing_else() {
    let house = House::small();
    let round = house.open_round(Method::Pcr);
    for (code, person) in [("A", 1), ("B", 2), ("C", 3)] {
        house.tube(round, code, &[person]);
    }
    // B was tested on its own before it was loaded: that result has nothing to do with the plate.
    report(&house, &[("B", "inconclusive")]);
    let loaded = load(&house, "P-1", &[("A1", "A"), ("a02", "B"), ("H12", "NC"), ("Z9", "C")]).unwrap();
    assert_eq!((loaded.loaded, loaded.bad.len()), (3, 1));
    assert_eq!(load(&house, "P-1", &[("A1", "A"), ("A2", "C")]).unwrap().repeated, 1);
    house.wait_minutes(120);
    report(&house, &[("A", "positive"), ("B", "positive"), ("C", "positive")]);
    let results = house.read(|tx| results_of(tx, 2, &"B".into()));
    assert_eq!(results.iter().map(|one| one.plate.clone()).collect::<Vec<_>>(), [None, Some(plate("P-1"))]);

    let voided = void(&house, "P-1", 30).unwrap();
    assert_eq!((voided.results, voided.resample.as_slice(), voided.waits), (2, ["A".into()].as_slice(), None));
    assert_eq!(outcome(&house, "A"), None);
    assert_eq!(outcome(&house, "B"), Some(Outcome::Inconclusive), "what stood before the plate stands again");
    assert_eq!(outcome(&house, "C"), Some(Outcome::Positive), "was never on the plate");
    assert_eq!(void(&house, "P-1", 30).unwrap().results, 0);
    assert_eq!(load(&house, "P-1", &[("A3", "C")]).unwrap_err().code, "plate_void");
    assert_eq!(void(&house, "P-9", 30).unwrap_err().code, "unknown_plate");
    // Loaded again onto another plate, the next result stands on that one.
    load(&house, "P-2", &[("A1", "A")]).unwrap();
    house.wait_minutes(120);
    report(&house, &[("A", "negative")]);
    assert_eq!(outcome(&house, "A"), Some(Outcome::Negative));
    assert_eq!(void(&house, "P-2", 30).unwrap().results, 1);
    house.assert_balanced();
    house.assert_rebuilds();
}

#[test]
fn a_positive_falls_with_the_second_signature_where_the_profile_asks_for_two() {
    let house = with_two_signatures();
    let round = house.open_round(Method::Pcr);
    house.tube(round, "A", &[1]);
    load(&house, "P-1", &[("A1", "A")]).unwrap();
    report(&house, &[("A", "positive")]);
    let first = void(&house, "P-1", 30).unwrap();
    let exclusion = first.waits.unwrap();
    assert_eq!(outcome(&house, "A"), Some(Outcome::Positive), "one signature lifts nothing");
    assert_eq!(void(&house, "P-1", 30).unwrap().waits, Some(exclusion), "asked twice, waits once");
    let order = || house.read(|tx| outpace_orders::by_key(tx, &format!("sign-exclusion:{exclusion}"))).unwrap();
    assert!(!order().is_closed());
    assert_eq!(house.ask(|tx, call| list_exclusions(tx, call, Default::default())).unwrap().exclusions.len(), 1);
    let sign = |signer: i64| {
        let request = SignExclusion { exclusion };
        house.act_as(&actor(signer, Role::Laboratory), move |unit, call| sign_exclusion(unit, call, request))
    };
    assert_eq!(sign(30).unwrap_err().code, "same_signer");
    assert_eq!(outcome(&house, "A"), Some(Outcome::Positive));
    assert_eq!(sign(31).unwrap().results, 1);
    assert_eq!(sign(31).unwrap().results, 0);
    assert_eq!(outcome(&house, "A"), None);
    assert!(order().is_closed());
    assert!(house.ask(|tx, call| list_exclusions(tx, call, Default::default())).unwrap().exclusions.is_empty());
    house.assert_balanced();
    house.assert_rebuilds();
}

#[test]
fn taking_back_a_negative_needs_one_signature_only() {
    let house = with_two_signatures();
    let round = house.open_round(Method::Pcr);
    house.tube(round, "A", &[1]);
    report(&house, &[("A", "negative")]);
    let request = ExcludeResults {
        laboratory: house.laboratory,
        tubes: vec!["A".into()],
        reason: ExclusionReason::WrongEntry,
        finding: "录错管 / wrong tube".to_owned(),
        occurred_at: None,
    };
    let excluded = house.act_as(&actor(30, Role::Laboratory), move |unit, call| exclude_results(unit, call, request));
    assert_eq!(excluded.unwrap().results, 1);
}

#[test]
fn bad_cells_are_told_one_by_one_and_good_rows_go_in() {
    let house = House::small();
    let round = house.open_round(Method::Pcr);
    for (code, person) in [("A", 1), ("B", 2), ("C", 3), ("D", 4)] {
        house.tube(round, code, &[person]);
    }
    let rows: Vec<Vec<&str>> = vec![
        vec!["管码", "备注", "结果", "Ct ORF1ab", "Ct N", "检测时间"],
        vec!["A", "x", "阴性", "", "Undetermined", "2022-04-13 10:00"],
        vec!["B", "", "阳性", "28.5", "30", "2022/4/13 10:00"],
        vec!["not a code", "", "也许", "99", "", "昨天"],
        vec!["C", "", "positive", "abc"],
        vec!["D", "", "", ""],
    ];
    let csv = rows.iter().map(|row| row.join(",")).collect::<Vec<_>>().join("\n");
    let answer = import(&house, Some(csv), None).unwrap();
    assert_eq!((answer.rows, answer.good.recorded), (4, 2));
    assert_eq!(answer.good.positive, ["B".into()]);
    let told: Vec<_> = answer.bad.iter().map(|bad| (bad.row, bad.column.as_str(), bad.value.as_str())).collect();
    assert_eq!(
        told,
        [
            (4, "Ct ORF1ab", "99"),
            (4, "检测时间", "昨天"),
            (4, "管码", "not a code"),
            (4, "结果", "也许"),
            (5, "Ct ORF1ab", "abc")
        ]
    );
    assert!(answer.bad.iter().all(|bad| !bad.reason.zh.is_empty() && !bad.reason.en.is_empty()));
    let results = house.read(|tx| results_of(tx, 2, &"B".into()));
    assert_eq!(
        results[0].ct.iter().map(|(gene, ct)| (gene.as_str(), *ct)).collect::<Vec<_>>(),
        [("N", 30.0), ("ORF1ab", 28.5)]
    );
    // The same as a spreadsheet says nothing new.
    let again = import(&house, None, Some(spreadsheet(&rows))).unwrap();
    assert_eq!((again.good.recorded, again.good.repeated, again.bad.len()), (0, 2, 5));
    house.assert_balanced();
    house.assert_rebuilds();
}

#[test]
fn a_file_without_its_columns_or_rows_is_refused_with_what_would_be_right() {
    let house = House::small();
    let code = |csv: &str| import(&house, Some(csv.to_owned()), None).unwrap_err().code;
    assert_eq!(code("tube,ct\nA,3"), "no_column");
    assert_eq!(code(""), "no_column");
    assert_eq!(code("tube,outcome\n"), "empty");
    assert_eq!(import(&house, None, None).unwrap_err().code, "empty");
    assert_eq!(import(&house, None, Some("x".to_owned())).unwrap_err().code, "bad_file");
    let unknown =
        ReportFile { laboratory: LaboratoryId(99), csv: Some("tube,outcome\nA,阴性".to_owned()), xlsx: None };
    let read = house.ask(|tx, call| read_file(tx, call, unknown)).unwrap();
    let refused = house.act(move |unit, call| report_file(unit, call, read));
    assert_eq!(refused.unwrap_err().code, "unknown_laboratory");
}

#[test]
fn results_of_a_void_plate_are_told_and_left_out() {
    let house = House::small();
    let round = house.open_round(Method::Pcr);
    house.tube(round, "A", &[1]);
    load(&house, "P-1", &[("A1", "A")]).unwrap();
    void(&house, "P-1", 30).unwrap();
    let answer = import(&house, Some("tube,plate,outcome\nA,P-1,positive\n".to_owned()), None).unwrap();
    assert_eq!((answer.good.recorded, answer.bad[0].row, answer.bad[0].column.as_str()), (0, 2, "plate"));
    assert_eq!(outcome(&house, "A"), None);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10, failure_persistence: None, ..ProptestConfig::default() })]

    /// The sheet of a plate, filled in and sent back, records each result once; drawn up again and sent back it records
    /// nothing; and voiding the plate leaves no tube of it with a result.
    #[test]
    fn a_sheet_goes_out_and_comes_back(found in proptest::collection::vec((0_usize..4, 10_u32..45), 1..9), english: bool) {
        let house = House::small();
        let round = house.open_round(Method::Pcr);
        let codes: Vec<String> = (0..found.len()).map(|index| format!("T{index}")).collect();
        let wells: Vec<(String, &str)> =
            codes.iter().enumerate().map(|(index, code)| (format!("B{}", index + 1), code.as_str())).collect();
        for (index, code) in codes.iter().enumerate() {
            house.tube(round, code, &[index as i64 + 1]);
        }
        let wells: Vec<(&str, &str)> = wells.iter().map(|(position, tube)| (position.as_str(), *tube)).collect();
        load(&house, "P-1", &wells).unwrap();
        let sheet = || {
            let query = SheetQuery { laboratory: house.laboratory, plate: Some(plate("P-1")), english };
            house.ask(|tx, call| results_sheet(tx, call, query)).unwrap().text
        };
        let empty = sheet();
        prop_assert_eq!(empty.lines().count(), found.len() + 1);
        let filled: Vec<String> = empty
            .lines()
            .enumerate()
            .map(|(line, text)| match line.checked_sub(1).and_then(|index| found.get(index)) {
                Some((at, ct)) => {
                    let outcome = Outcome::ALL[*at];
                    let mut cells: Vec<String> = text.split(',').map(str::to_owned).collect();
                    cells[1] = if english { outcome.word() } else { outcome.zh() }.to_owned();
                    cells[4] = format!("{ct}.25");
                    cells.join(",")
                }
                None => text.to_owned(),
            })
            .collect();
        house.wait_minutes(60);
        let answer = import(&house, Some(filled.join("\n")), None).unwrap();
        prop_assert_eq!((answer.good.recorded, answer.bad), (found.len() as i64, Vec::new()));
        for (code, (at, ct)) in codes.iter().zip(&found) {
            prop_assert_eq!(outcome(&house, code), Some(Outcome::ALL[*at]));
            let tube = house.read(|tx| crate::tube(tx, &TubeCode::from(code.as_str()))).unwrap();
            let results = house.read(|tx| results_of(tx, tube.number, &tube.code));
            prop_assert_eq!(results[0].ct.get("ORF1ab"), Some(&(f64::from(*ct) + 0.25)));
        }
        house.wait_minutes(60);
        let again = import(&house, Some(sheet()), None).unwrap();
        prop_assert_eq!((again.good.recorded, again.good.repeated), (0, found.len() as i64));
        prop_assert_eq!(void(&house, "P-1", 30).unwrap().results, found.len() as i64);
        for code in &codes {
            let tube = house.read(|tx| crate::tube(tx, &TubeCode::from(code.as_str()))).unwrap();
            prop_assert_eq!((tube.outcome, tube.stage), (None, Stage::Invalid));
        }
        house.assert_balanced();
        house.assert_rebuilds();
    }
}
