//! Which column holds what, by the words above it.

use outpace_core::Text;

use crate::written::fold_width;
use crate::{Cell, Unreadable, unreadable};

/// A column that a reader knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Its name in code and in English.
    pub key: &'static str,
    /// Further names; the first one is Chinese and is shown in refusals.
    pub names: &'static [&'static str],
    /// Whether a file without it is refused.
    pub needed: bool,
}

impl Column {
    /// A column without which nothing can be read.
    #[must_use]
    pub const fn needed(key: &'static str, names: &'static [&'static str]) -> Self {
        Self { key, names, needed: true }
    }

    /// A column that may be absent.
    #[must_use]
    pub const fn optional(key: &'static str, names: &'static [&'static str]) -> Self {
        Self { key, names, needed: false }
    }

    fn zh(&self) -> &'static str {
        self.names.first().copied().unwrap_or(self.key)
    }
}

/// What a reader wants of a file.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    pub(crate) columns: &'a [Column],
    pub(crate) family: Option<fn(&str) -> Option<String>>,
    pub(crate) rows_max: usize,
}

impl<'a> Wanted<'a> {
    /// These columns, and at most 100,000 rows.
    #[must_use]
    pub const fn of(columns: &'a [Column]) -> Self {
        Self { columns, family: None, rows_max: 100_000 }
    }

    /// Further columns that have no fixed name, such as one for each gene: the key of a heading, or `None`.
    #[must_use]
    pub const fn family(mut self, key_of: fn(&str) -> Option<String>) -> Self {
        self.family = Some(key_of);
        self
    }

    /// Rows under the heading at most; a longer file is refused.
    #[must_use]
    pub const fn rows_max(mut self, rows: usize) -> Self {
        self.rows_max = rows;
        self
    }

    fn key_of(&self, heading: &str) -> Option<String> {
        let word = normal(heading);
        if word.is_empty() {
            return None;
        }
        let known =
            |column: &&Column| normal(column.key) == word || column.names.iter().any(|name| normal(name) == word);
        let key = self.columns.iter().find(known).map(|column| column.key.to_owned());
        key.or_else(|| self.family.and_then(|key_of| key_of(fold_width(heading).trim())))
    }

    /// What a row says if it is a heading.
    pub(crate) fn headings(&self, cells: &[Option<Cell>]) -> Vec<Heading> {
        let named = cells.iter().enumerate().filter_map(|(at, cell)| Some((at, cell.as_ref()?.shown())));
        let named = named.filter(|(_, name)| !name.is_empty());
        named.map(|(at, name)| Heading { at, key: self.key_of(&name), name }).collect()
    }

    pub(crate) fn has_all_needed(&self, headings: &[Heading]) -> bool {
        self.missing(headings).is_empty()
    }

    fn missing(&self, headings: &[Heading]) -> Vec<&'a Column> {
        let absent = |column: &&Column| !headings.iter().any(|heading| heading.key.as_deref() == Some(column.key));
        self.columns.iter().filter(|column| column.needed).filter(absent).collect()
    }

    /// Refuses a heading without the needed columns, or with two for one thing.
    pub(crate) fn check(&self, headings: &[Heading]) -> Result<(), Unreadable> {
        let missing = self.missing(headings);
        if !missing.is_empty() {
            let join = |words: Vec<String>, mark: &str| words.join(mark);
            let found: Vec<String> = headings.iter().map(|heading| short(&heading.name)).collect();
            let zh = missing.iter().map(|column| column.zh().to_owned()).collect();
            let en = missing.iter().map(|column| format!("{} ({})", column.key, column.zh())).collect();
            return Err(unreadable(
                format!("缺少以下列:{};文件中的列:{}。", join(zh, "、"), join(found.clone(), "、")),
                format!("These columns are missing: {}; found: {}.", join(en, ", "), join(found, ", ")),
            ));
        }
        for (index, heading) in headings.iter().enumerate().filter(|(_, heading)| heading.key.is_some()) {
            if let Some(first) = headings[..index].iter().find(|first| first.key == heading.key) {
                let (a, b) = (letters(first.at), letters(heading.at));
                let (one, two) = (short(&first.name), short(&heading.name));
                return Err(unreadable(
                    format!("{a} 列“{one}”与 {b} 列“{two}”表示同一内容,请只保留一列。"),
                    format!("Column {a} \"{one}\" and column {b} \"{two}\" mean the same thing; keep one of them."),
                ));
            }
        }
        Ok(())
    }
}

/// A heading of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heading {
    /// Its column, from 0.
    pub at: usize,
    /// Its words as they stand in the file.
    pub name: String,
    /// The key of the column it names; `None` where nobody knows it.
    pub key: Option<String>,
}

/// A heading without what makes no difference.
fn normal(heading: &str) -> String {
    let dropped = |letter: &char| !letter.is_whitespace() && !"_-*:./()[]\"'\u{feff}".contains(*letter);
    fold_width(heading).to_lowercase().chars().filter(dropped).collect()
}

pub(crate) fn short(text: &str) -> String {
    text.chars().take(60).collect()
}

/// A column's letters as spreadsheets show them: A, B, … Z, AA.
pub(crate) fn letters(column: usize) -> String {
    let last = char::from(b'A' + (column % 26) as u8);
    if column < 26 { last.to_string() } else { format!("{}{last}", letters(column / 26 - 1)) }
}

/// Names of columns that nobody knows, for a report.
pub(crate) fn unread_text(names: &[String]) -> Option<Text> {
    (!names.is_empty()).then(|| {
        Text::new(
            format!("以下列未识别,未读取:{}。", names.join("、")),
            format!("These columns are not known and were not read: {}.", names.join(", ")),
        )
    })
}
