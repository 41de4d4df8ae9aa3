//! Reading CSV tables: columns by name, every bad row with its line and what is wrong with it.

use std::collections::BTreeMap;
use std::str::FromStr;

use outpace_core::Text;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A row that could not be read, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BadRow {
    /// Its line in the file, from 1; 0 when the whole file is meant.
    pub line: u64,
    /// What is wrong and what would be right.
    pub reason: Text,
}

/// What a file holds: the rows that can be imported, and those that cannot.
#[derive(Debug, Clone, PartialEq)]
pub struct Parsed<T> {
    /// Good rows, in the order of the file.
    pub rows: Vec<T>,
    /// Bad rows.
    pub bad: Vec<BadRow>,
}

/// One row of a table, its fields by the names of their columns.
pub(crate) struct Fields<'a> {
    columns: &'a BTreeMap<String, usize>,
    record: &'a csv::StringRecord,
}

impl Fields<'_> {
    /// The text of a column; empty fields and absent columns are `None`.
    pub(crate) fn text(&self, column: &str) -> Option<&str> {
        let index = *self.columns.get(column)?;
        self.record.get(index).map(str::trim).filter(|text| !text.is_empty())
    }

    /// The text of a column that must be there.
    pub(crate) fn need(&self, column: &str) -> Result<&str, Text> {
        self.text(column).ok_or_else(|| {
            Text::new(format!("缺少 {column} 列的值。"), format!("The column {column} is empty; it must be given."))
        })
    }

    /// A column read into a type; `None` where it is empty.
    pub(crate) fn read<T: FromStr>(&self, column: &str) -> Result<Option<T>, Text> {
        self.text(column)
            .map(|text| {
                text.parse().map_err(|_| {
                    Text::new(
                        format!("{column} 列的值“{text}”无法识别。"),
                        format!("The column {column} holds {text:?}, which cannot be read."),
                    )
                })
            })
            .transpose()
    }

    /// A column with degrees on the earth. `NaN` and `inf` read as numbers and stand in no fact.
    pub(crate) fn degrees(&self, column: &str) -> Result<Option<f64>, Text> {
        let degrees: Option<f64> = self.read(column)?;
        if let Some(wrong) = degrees.filter(|degrees| !is_degrees(*degrees)) {
            return Err(Text::new(
                format!("{column} 列的值“{wrong}”应为 -180 至 180 之间的度数。"),
                format!("The column {column} holds {wrong}; it takes degrees from -180 to 180."),
            ));
        }
        Ok(degrees)
    }

    /// A column that must be there, read into a type.
    pub(crate) fn need_read<T: FromStr>(&self, column: &str) -> Result<T, Text> {
        self.need(column)?;
        self.read(column)?.ok_or_else(|| Text::new("缺值。", "A value is missing."))
    }

    /// A column that holds one of a closed list of words.
    pub(crate) fn word<T>(&self, column: &str, read: fn(&str) -> Option<T>, all: &str) -> Result<Option<T>, Text> {
        self.text(column)
            .map(|text| {
                read(text).ok_or_else(|| {
                    Text::new(
                        format!("{column} 列的值“{text}”不在可用值之内:{all}。"),
                        format!("The column {column} holds {text:?}; one of: {all}."),
                    )
                })
            })
            .transpose()
    }

    /// A column that holds true or false (also 1/0, 是/否); `None` where it is empty.
    pub(crate) fn yes(&self, column: &str) -> Result<Option<bool>, Text> {
        let read = |text: &str| match text {
            "true" | "1" | "yes" | "是" => Some(true),
            "false" | "0" | "no" | "否" => Some(false),
            _ => None,
        };
        self.word(column, read, "true, false")
    }
}

/// Whether a number can be a longitude or latitude in degrees.
#[must_use]
pub fn is_degrees(number: f64) -> bool {
    (-180.0..=180.0).contains(&number)
}

/// Reads a CSV text row by row. A byte-order mark, which spreadsheets write, is passed over.
pub(crate) fn read_csv<T>(text: &str, read: impl Fn(&Fields<'_>) -> Result<T, Text>) -> Parsed<T> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let mut parsed = Parsed { rows: Vec::new(), bad: Vec::new() };
    let columns: BTreeMap<String, usize> = match reader.headers() {
        Ok(headers) => {
            headers.iter().enumerate().map(|(index, name)| (name.trim().to_ascii_lowercase(), index)).collect()
        }
        Err(error) => {
            parsed
                .bad
                .push(BadRow {
                    line: 0, reason: Text::new(format!("无法读取表头:{error}。"), error.to_string())
                });
            return parsed;
        }
    };
    for record in reader.records() {
        match record {
            Ok(record) => {
                let line = record.position().map_or(0, csv::Position::line);
                match read(&Fields { columns: &columns, record: &record }) {
                    Ok(row) => parsed.rows.push(row),
                    Err(reason) => parsed.bad.push(BadRow { line, reason }),
                }
            }
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line);
                parsed
                    .bad
                    .push(BadRow {
                        line, reason: Text::new(format!("无法读取该行:{error}。"), error.to_string())
                    });
            }
        }
    }
    parsed
}
