//! What the rows of a laboratory's file say. Pure: nothing here knows which tubes there are.
//!
//! Tube and outcome decide whether a row goes in. Time, Ct and plate are optional: one that cannot be read is told and
//! left empty, and the outcome goes in all the same.

use std::collections::BTreeMap;

use outpace_core::{Text, Timestamp, TubeCode};
use outpace_files::{Cell, Column, Row, Table, Wanted, fold_width};

use super::blank::GENES;
use super::model::Outcome;
use super::plate::PlateCode;
use super::results::{CT_MAX, RESULTS_MAX};

const COLUMNS: &[Column] = &[
    Column::needed(
        "tube",
        &["管码", "tube code", "barcode", "样本管码", "采样管", "采样管编号", "条码", "条码号", "试管编号", "试管码"],
    ),
    Column::needed("outcome", &["结果", "result", "检测结果", "核酸结果", "核酸检测结果"]),
    Column::optional("tested_at", &["检测时间", "time", "test time", "检出时间", "检测日期"]),
    Column::optional("plate", &["板号", "孔板", "plate code"]),
    // The sheet's own words for what became of a row; read by nobody.
    // Our own sheet of a drill has its mark here, and nothing below it.
    Column::optional("drill", &["【演练】", "[Drill]"]),
    Column::optional("line", &["行号 line"]),
    Column::optional("reason", &["原因 reason"]),
];
/// What stands before the name of a gene in the key of its column.
const GENE: &str = "ct:";

/// The columns of a laboratory's file.
pub(super) fn wanted() -> Wanted<'static> {
    Wanted::of(COLUMNS).family(gene_of).rows_max(RESULTS_MAX)
}

/// The key of a column with Ct values: `Ct N`, `ct_ORF1ab`, `CT值(E)`, `N基因Ct值`.
fn gene_of(heading: &str) -> Option<String> {
    let marks: &[char] = &[' ', '_', '-', ':', '(', ')', '/'];
    let lower = heading.to_ascii_lowercase();
    let after = ["ct值", "ct"].iter().find_map(|mark| lower.strip_prefix(mark)).map(|rest| lower.len() - rest.len());
    let before = ["ct值", "ct"].iter().find_map(|mark| lower.strip_suffix(mark)).map(str::len);
    let name = match (after, before) {
        (Some(at), _) => &heading[at..],
        (None, Some(end)) if !heading[..end].ends_with(|last: char| last.is_ascii_alphabetic()) => &heading[..end],
        _ => return None,
    };
    let name = name.trim_matches(marks).trim_end_matches("基因").trim_matches(marks);
    let known = GENES.iter().find(|gene| gene.eq_ignore_ascii_case(name)).copied();
    let name = known.unwrap_or(name);
    (!name.is_empty() && name.len() <= 20).then(|| format!("{GENE}{name}"))
}

/// A tube as a cell names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Named {
    /// Text: the code itself.
    Text(TubeCode),
    /// The certain digits of a number cell, which is a code only if one tube alone can be meant.
    Number(String),
}

/// One row that has a tube and an outcome.
#[derive(Debug)]
pub(super) struct FileRow {
    /// Its place in [`Table::rows`].
    pub(super) at: usize,
    pub(super) tube: Named,
    pub(super) outcome: Outcome,
    pub(super) ct: BTreeMap<String, f64>,
    pub(super) tested_at: Option<Timestamp>,
    pub(super) plate: Option<PlateCode>,
}

/// The rows of a file.
#[derive(Debug)]
pub(super) struct FileRows {
    pub(super) table: Table,
    pub(super) rows: Vec<FileRow>,
    /// Rows of a sheet to fill in that nobody filled in: they say nothing.
    pub(super) unfilled: i64,
}

/// Reads the rows of a table; what is wrong is told in the table.
pub(super) fn read_rows(mut table: Table, offset_minutes: i64) -> FileRows {
    let (mut rows, mut told, mut unfilled) = (Vec::new(), Vec::new(), 0);
    for (at, row) in table.rows.iter().enumerate() {
        let says =
            |key: Option<&str>| key.is_some_and(|key| key == "outcome" || key == "tested_at" || key.starts_with(GENE));
        let full = |at: usize| row.at(at).is_some_and(|cell| *cell != Cell::Merged);
        let is_filled = row.sheet.headings.iter().any(|heading| {
            says(heading.key.as_deref())
                && (full(heading.at) || heading.key.as_deref() == Some("outcome") && row.at(heading.at).is_some())
        });
        if !is_filled {
            unfilled += 1;
            continue;
        }
        let (tube, outcome) = (tube_of(row), outcome_of(row));
        let mut optional = Vec::new();
        let tested_at = time_of(row, offset_minutes).unwrap_or_else(|why| {
            optional.push(row.tell_cell("tested_at", why));
            None
        });
        let plate = plate_of(row).unwrap_or_else(|why| {
            optional.push(row.tell_cell("plate", why));
            None
        });
        let mut ct = BTreeMap::new();
        for key in row.sheet.headings.iter().filter_map(|heading| heading.key.as_deref()) {
            let Some(gene) = key.strip_prefix(GENE) else { continue };
            match ct_of(row.cell(key)) {
                Ok(None) => {}
                Ok(Some(value)) => drop(ct.insert(gene.to_owned(), value)),
                Err(why) => optional.push(row.tell_cell(key, why)),
            }
        }
        match (tube, outcome) {
            (Ok(tube), Ok(outcome)) => rows.push(FileRow { at, tube, outcome, ct, tested_at, plate }),
            (tube, outcome) => {
                let wrong = [("tube", tube.err()), ("outcome", outcome.err())];
                let mut wrong = wrong.into_iter().filter_map(|(key, why)| Some((key, why?)));
                told.extend(wrong.next().map(|(key, why)| row.tell(key, why)));
                told.extend(wrong.map(|(key, why)| row.tell_cell(key, why)));
            }
        }
        told.extend(optional);
    }
    table.told.extend(told);
    FileRows { table, rows, unfilled }
}

fn tube_of(row: &Row) -> Result<Named, Text> {
    let malformed = || {
        Text::new("管码应为 1 至 40 位字母、数字或连字符。", "A tube's code has 1 to 40 letters, digits or hyphens.")
    };
    match row.cell("tube") {
        Some(Cell::Number(number)) => number.digits().map(Named::Number).map_err(|uncertain| uncertain.text()),
        Some(Cell::Moment(_)) => Err(Text::new(
            "单元格是日期,原码无法确定;请把该列设为“文本”后重新填写管码。",
            "The cell is a date, so the code is not certain; make the column a text column and enter the codes again.",
        )),
        Some(cell) => {
            let code = TubeCode(fold_width(&cell.words()?).trim().to_owned());
            if code.is_well_formed() { Ok(Named::Text(code)) } else { Err(malformed()) }
        }
        None => Err(malformed()),
    }
}

fn outcome_of(row: &Row) -> Result<Outcome, Text> {
    let words = row.text("outcome")?.unwrap_or_default();
    outcome_word(&words).ok_or_else(|| {
        Text::new(
            "结果应为:阴性、阳性、可疑、无效。",
            "The outcome is one of: negative, positive, inconclusive, invalid.",
        )
    })
}

fn outcome_word(word: &str) -> Option<Outcome> {
    let lower = fold_width(word).trim().to_lowercase();
    match lower.as_str() {
        "阴" | "未检出" | "-" | "neg" | "阴性(-)" => Some(Outcome::Negative),
        "阳" | "检出" | "+" | "pos" | "阳性(+)" => Some(Outcome::Positive),
        "灰区" | "待复核" | "±" => Some(Outcome::Inconclusive),
        other => Outcome::ALL.iter().copied().find(|outcome| outcome.word() == other || outcome.zh() == other),
    }
}

/// The time of the test; `None`: empty.
fn time_of(row: &Row, offset_minutes: i64) -> Result<Option<Timestamp>, Text> {
    let why = || {
        Text::new(
            "时间应写作 2022-04-14 09:30;结果已录入,时间留空。",
            "Write the time as 2022-04-14 09:30; the outcome was taken without it.",
        )
    };
    let Some(moment) = row.moment("tested_at").map_err(|_| why())? else { return Ok(None) };
    let written = format!("{}T{}", moment.date, moment.time.ok_or_else(why)?);
    Timestamp::parse_local(&written, moment.offset_minutes.unwrap_or(offset_minutes)).map(Some).ok_or_else(why)
}

fn plate_of(row: &Row) -> Result<Option<PlateCode>, Text> {
    let Some(words) = row.text("plate")? else { return Ok(None) };
    PlateCode::parse(&fold_width(&words)).map(Some).ok_or_else(|| {
        Text::new(
            "板号应为 1 至 40 位字母、数字或连字符;结果已录入,板号留空。",
            "A plate's code has 1 to 40 letters, digits or hyphens; the outcome was taken without it.",
        )
    })
}

/// A Ct value; machines write "Undetermined" and the like where there is none.
fn ct_of(cell: Option<&Cell>) -> Result<Option<f64>, Text> {
    let why = || {
        Text::new(
            "Ct 值应为 0 至 60 之间的数,未检出时留空;结果已录入,Ct 值留空。",
            "A Ct value is a number from 0 to 60, empty where nothing was found; the outcome was taken without it.",
        )
    };
    let number = match cell {
        None => return Ok(None),
        Some(Cell::Number(number)) => number.value,
        Some(Cell::Text(text)) => match fold_width(text).to_lowercase().as_str() {
            "undetermined" | "undet" | "noct" | "no ct" | "n/a" | "/" | "-" | "未检出" | "无" => return Ok(None),
            other => other.parse().map_err(|_| why())?,
        },
        Some(Cell::Error(_) | Cell::Merged | Cell::Moment(_)) => return Err(why()),
    };
    if (0.0..=CT_MAX).contains(&number) { Ok(Some(number)) } else { Err(why()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn genes_are_read_by_the_names_of_their_columns() {
        let named =
            [("Ct ORF1ab", "ORF1ab"), ("ct_N", "N"), ("CT值(E)", "E"), ("N基因Ct值", "N"), ("orf1AB ct", "ORF1ab")];
        for (heading, gene) in named {
            assert_eq!(gene_of(&fold_width(heading)), Some(format!("ct:{gene}")), "{heading}");
        }
        for heading in ["备注", "Ct", "product", "管码"] {
            assert_eq!(gene_of(heading), None, "{heading}");
        }
    }

    #[test]
    fn outcomes_are_read_as_laboratories_write_them() {
        for (word, outcome) in [("阴性", Outcome::Negative), ("+", Outcome::Positive), ("Positive ", Outcome::Positive)]
        {
            assert_eq!(outcome_word(word), Some(outcome), "{word}");
        }
        assert_eq!(outcome_word("也许"), None);
    }
}
