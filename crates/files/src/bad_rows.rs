//! The file of rows that were kept out, which goes back to the office.

use std::collections::BTreeMap;

use crate::written::{as_text_cell, csv_line};
use crate::{Table, Told};

/// Headings of the columns that are added; a file that comes back with them is read as it is.
const ADDED: [&str; 2] = ["行号 line", "原因 reason"];

/// What is known of one line.
#[derive(Default)]
struct Bad {
    is_kept_out: bool,
    reasons: Vec<String>,
    cells: Vec<String>,
}

/// The rows that `told` keeps out, as CSV in UTF-8 with its mark: line and reason first, then the original cells under
/// the original headings. Several sheets share headings of the same name. Empty where nothing was kept out.
///
/// `told` is what was wrong with the shape ([`Table::told`]) and with the rows.
#[must_use]
pub fn bad_rows(table: &Table, told: &[Told]) -> String {
    let mut reasons: BTreeMap<(Option<&str>, i64), Bad> = BTreeMap::new();
    for one in told.iter().filter(|one| one.line > 0) {
        let reason = match one.column.as_str() {
            "" => format!("{} / {}", one.reason.zh, one.reason.en),
            column => format!("{column}:{} / {}", one.reason.zh, one.reason.en),
        };
        let lines: Vec<(i64, Vec<String>)> = match one.cells.is_empty() {
            true => vec![(one.line, Vec::new())],
            false => one.cells.clone(),
        };
        for (line, cells) in lines {
            let entry = reasons.entry((one.sheet.as_deref(), line)).or_default();
            entry.is_kept_out |= one.rows > 0;
            entry.reasons.push(reason.clone());
            if !cells.is_empty() {
                entry.cells = cells;
            }
        }
    }
    for row in &table.rows {
        if let Some(entry) = reasons.get_mut(&(row.sheet.name.as_deref(), row.line)) {
            entry.cells = row.shown();
        }
    }
    let mut names: Vec<String> = Vec::new();
    for heading in table.sheets.iter().flat_map(|sheet| &sheet.headings) {
        if !names.contains(&heading.name) && !ADDED.contains(&heading.name.as_str()) {
            names.push(heading.name.clone());
        }
    }
    let mut out = String::from("\u{feff}");
    let line = |out: &mut String, cells: &[String]| {
        out.push_str(&csv_line(cells.iter().map(String::as_str)));
        out.push_str("\r\n");
    };
    let mut any = false;
    line(&mut out, &ADDED.iter().map(|name| (*name).to_owned()).chain(names.iter().cloned()).collect::<Vec<_>>());
    for ((sheet, number), bad) in reasons.into_iter().filter(|(_, bad)| bad.is_kept_out) {
        any = true;
        let headings = table.sheets.iter().find(|known| known.name.as_deref() == sheet).map(|known| &known.headings);
        let mut written = vec![String::new(); names.len()];
        for (at, cell) in bad.cells.iter().enumerate().filter(|(_, cell)| !cell.is_empty()) {
            let name = headings.and_then(|headings| headings.iter().find(|heading| heading.at == at));
            match name.filter(|heading| !ADDED.contains(&heading.name.as_str())) {
                Some(heading) => {
                    if let Some(to) = names.iter().position(|name| *name == heading.name) {
                        written[to] = as_text_cell(cell);
                    }
                }
                // A cell under no heading stands behind the others.
                None if headings.is_none_or(|headings| headings.iter().all(|heading| heading.at != at)) => {
                    written.push(as_text_cell(cell));
                }
                None => {}
            }
        }
        let mut cells = vec![number.to_string(), bad.reasons.join(" ")];
        cells.extend(written);
        line(&mut out, &cells);
    }
    if any { out } else { String::new() }
}
