//! Rows of an office's file as the registry's types: `outpace_files` reads the file, a reader here each row. Whatever is
//! wrong is told with its line.

use std::collections::BTreeMap;
use std::str::FromStr;

use outpace_core::{AreaId, Text};
use outpace_files::{Column, Counted, Row, Table, Told, Unreadable, Wanted, bad_rows, fold_width};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::rows::{Imported, RowDiffers};

/// Rows of one file at most: the people of a city.
const FILE_ROWS_MAX: usize = 12_000_000;

/// A row that could not be read, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BadRow {
    /// Its line in the file, from 1; 0 when the whole file is meant.
    pub line: u64,
    /// What is wrong and what would be right.
    pub reason: Text,
}

/// What a text holds: the rows that can be imported, and those that cannot.
#[derive(Debug, Clone, PartialEq)]
pub struct Parsed<T> {
    /// Good rows, in the order of the file.
    pub rows: Vec<T>,
    /// The line of each good row.
    pub lines: Vec<u64>,
    /// Bad rows.
    pub bad: Vec<BadRow>,
}

impl<T> Parsed<T> {
    /// Nothing but what is wrong with the whole text.
    pub(crate) fn unreadable(reason: Text) -> Self {
        Self { rows: Vec::new(), lines: Vec::new(), bad: vec![BadRow { line: 0, reason }] }
    }
}

/// A file as typed rows, what is wrong with the others, and what became of each.
#[derive(Debug)]
pub struct FileRows<T> {
    /// Good rows, in the order of the file.
    pub rows: Vec<T>,
    /// The line of each good row.
    pub lines: Vec<u64>,
    /// What is wrong with the file, its rows and its cells.
    pub told: Vec<Told>,
    /// Known rows that were taken over, and those that differ and were left.
    pub changed: Vec<RowDiffers>,
    /// Known rows that differ and were left as they are.
    pub different: Vec<RowDiffers>,
    table: Table,
    at: Vec<usize>,
    taken: i64,
    same: i64,
}

impl<T> FileRows<T> {
    /// Notes what an import did with some of the rows.
    pub fn note(&mut self, done: &Imported) {
        self.taken += done.added + done.changed.len() as i64;
        self.same += done.same;
        self.changed.extend(done.changed.iter().cloned());
        self.different.extend(done.different.iter().cloned());
        let mut by_line: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
        for (at, line) in self.at.iter().zip(&self.lines).rev() {
            by_line.entry(*line).or_default().push(*at);
        }
        for told in &done.told {
            // Sheets have the same numbers of lines; the first that is left is taken.
            let row = by_line.get_mut(&told.row).and_then(Vec::pop).and_then(|at| self.table.rows.get(at));
            self.told.extend(row.map(|row| row.tell("", told.reason.clone())));
        }
    }

    /// What became of the rows: content = taken + same + different + told.
    #[must_use]
    pub fn counted(&self) -> Counted {
        Counted {
            content: self.table.content,
            taken: self.taken,
            same: self.same,
            different: self.different.len() as i64,
            told: self.told.iter().map(|told| told.rows).sum(),
        }
    }

    /// The file of the rows that were kept out, each with its reason; empty where there is none.
    #[must_use]
    pub fn bad_rows(&self) -> String {
        bad_rows(&self.table, &self.told)
    }
}

fn line_of(row: &Row) -> u64 {
    u64::try_from(row.line).unwrap_or_default()
}

/// Reads a file row by row.
///
/// # Errors
/// What makes the whole file unreadable: no known encoding, nothing in it, needed columns missing, two for one thing.
pub fn read_rows<T>(
    bytes: &[u8],
    columns: &[Column],
    read: impl Fn(&Fields<'_>) -> Result<T, Text>,
) -> Result<FileRows<T>, Unreadable> {
    let mut table = outpace_files::read(bytes, &Wanted::of(columns).rows_max(FILE_ROWS_MAX))?;
    let mut told = std::mem::take(&mut table.told);
    let (mut rows, mut lines, mut at) = (Vec::with_capacity(table.rows.len()), Vec::new(), Vec::new());
    for (index, row) in table.rows.iter().enumerate() {
        match read(&Fields { row }) {
            Ok(good) => {
                rows.push(good);
                lines.push(line_of(row));
                at.push(index);
            }
            Err(reason) => told.push(row.tell("", reason)),
        }
    }
    Ok(FileRows { rows, lines, told, changed: Vec::new(), different: Vec::new(), table, at, taken: 0, same: 0 })
}

/// Reads a text row by row, as [`read_rows`] reads a file: what keeps rows out is in `bad`.
pub fn parse_rows<T>(text: &str, columns: &[Column], read: impl Fn(&Fields<'_>) -> Result<T, Text>) -> Parsed<T> {
    match read_rows(text.as_bytes(), columns, read) {
        Err(Unreadable(reason)) => Parsed::unreadable(reason),
        Ok(file) => {
            let kept_out = file.told.into_iter().filter(|told| told.rows > 0);
            let bad =
                kept_out.map(|told| BadRow { line: u64::try_from(told.line).unwrap_or_default(), reason: told.reason });
            let mut bad: Vec<BadRow> = bad.collect();
            bad.sort_by_key(|bad| bad.line);
            Parsed { rows: file.rows, lines: file.lines, bad }
        }
    }
}

/// One row of a table, its fields by the keys of their columns.
pub struct Fields<'a> {
    row: &'a Row,
}

impl Fields<'_> {
    /// The words of a column; empty fields and absent columns are `None`.
    ///
    /// # Errors
    /// A cell that holds no words: an error of a formula, a merged cell, a code whose digits are not certain.
    pub fn text(&self, column: &str) -> Result<Option<String>, Text> {
        self.row.text(column).map_err(|why| about(column, &why))
    }

    /// The words of a column that must be there.
    ///
    /// # Errors
    /// An empty one.
    pub fn need(&self, column: &str) -> Result<String, Text> {
        self.text(column)?.ok_or_else(|| {
            Text::new(format!("缺少 {column} 列的值。"), format!("The column {column} is empty; it must be given."))
        })
    }

    /// A column read into a type, whatever the width of its digits; `None` where it is empty.
    ///
    /// # Errors
    /// Words that are none of the type.
    pub fn read<T: FromStr>(&self, column: &str) -> Result<Option<T>, Text> {
        let Some(text) = self.text(column)? else { return Ok(None) };
        let plain = fold_width(&text);
        let plain = plain.trim();
        // A spreadsheet saves whole numbers as 12.0, too.
        let read = plain.parse().or_else(|error| plain.strip_suffix(".0").map_or(Err(error), str::parse));
        read.map(Some).map_err(|_| {
            Text::new(
                format!("{column} 列的值“{text}”无法识别。"),
                format!("The column {column} holds {text:?}, which cannot be read."),
            )
        })
    }

    /// A column that must be there, read into a type.
    ///
    /// # Errors
    /// An empty one, or words that are none of the type.
    pub fn need_read<T: FromStr>(&self, column: &str) -> Result<T, Text> {
        self.need(column)?;
        self.read(column)?.ok_or_else(|| Text::new("缺值。", "A value is missing."))
    }

    /// An area's code that must be there; zeros by which statistics bureaus fill codes up are left out.
    ///
    /// # Errors
    /// An empty one, or no number.
    pub fn area(&self, column: &str) -> Result<AreaId, Text> {
        Ok(AreaId(self.need_read(column)?).without_filling())
    }

    /// A date that must be there, as `1953-02-11`.
    ///
    /// # Errors
    /// An empty one, or no date.
    pub fn date(&self, column: &str) -> Result<String, Text> {
        let day = self.row.date(column).map_err(|why| about(column, &why))?;
        day.map(|day| day.to_string()).map_or_else(|| self.need(column), Ok)
    }

    /// A column with degrees on the earth. `NaN` and `inf` read as numbers and stand in no fact.
    ///
    /// # Errors
    /// Something that is no number of degrees.
    pub fn degrees(&self, column: &str) -> Result<Option<f64>, Text> {
        let degrees: Option<f64> = self.read(column)?;
        if let Some(wrong) = degrees.filter(|degrees| !is_degrees(*degrees)) {
            return Err(Text::new(
                format!("{column} 列的值“{wrong}”应为 -180 至 180 之间的度数。"),
                format!("The column {column} holds {wrong}; it takes degrees from -180 to 180."),
            ));
        }
        Ok(degrees)
    }

    /// A column that holds one of a closed list of words.
    ///
    /// # Errors
    /// Another word.
    pub fn word<T>(&self, column: &str, read: impl Fn(&str) -> Option<T>, all: &str) -> Result<Option<T>, Text> {
        let Some(text) = self.text(column)? else { return Ok(None) };
        read(fold_width(&text).trim()).map(Some).ok_or_else(|| {
            Text::new(
                format!("{column} 列的值“{text}”不在可用值之内:{all}。"),
                format!("The column {column} holds {text:?}; one of: {all}."),
            )
        })
    }

    /// A column that holds yes or no, see [`yes_of`]; `None` where it is empty.
    ///
    /// # Errors
    /// Another word.
    pub fn yes(&self, column: &str) -> Result<Option<bool>, Text> {
        self.word(column, yes_of, YES_WORDS)
    }
}

fn about(column: &str, why: &Text) -> Text {
    Text::new(format!("{column} 列:{}", why.zh), format!("The column {column}: {}", why.en))
}

/// The words that [`yes_of`] reads, for the message that says what would be right.
pub const YES_WORDS: &str = "true, yes, y, 1, 是, 有; false, no, n, 0, 否, 无";

/// Yes or no, in the words and the case that offices write; `None` for any other word.
#[must_use]
pub fn yes_of(text: &str) -> Option<bool> {
    match text.trim().to_lowercase().as_str() {
        "true" | "t" | "1" | "yes" | "y" | "是" | "有" | "对" | "√" | "已" | "真" => Some(true),
        "false" | "f" | "0" | "no" | "n" | "否" | "无" | "未" | "×" | "假" => Some(false),
        _ => None,
    }
}

/// Whether a number can be a longitude or latitude in degrees.
#[must_use]
pub fn is_degrees(number: f64) -> bool {
    (-180.0..=180.0).contains(&number)
}
